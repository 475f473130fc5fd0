"""The folder of a server, private to the user: what is on its way, logs, the server's key; and the names of files."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import uuid
from pathlib import Path

__all__ = ["DataFolder"]

KEY_BYTES = 32


class DataFolder:
    """The files below one folder.

    Parameters
    ----------
    root : Path
        The folder; made with its parents where it is missing.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().resolve()
        self.spool = self.root / "spool"
        self.logs = self.root / "logs"

    def make(self) -> None:
        """Make the folders, readable by the user alone."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (self.spool, self.logs):
            folder.mkdir(exist_ok=True, mode=0o700)

    def key(self) -> bytes:
        """Return the key of this folder's links and tokens; made at the first call, by whichever server is first."""
        path = self.root / "secret.key"
        if not path.exists():
            fresh = self.root / f".secret-{uuid.uuid4().hex}"
            descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(fresh, path)  # unlike a rename, this never replaces the key of a server that was faster
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_bytes()

    def spooled(self) -> Path:
        """Return a new path for a file that is still arriving."""
        return self.spool / f"{uuid.uuid4().hex}.part"

    @staticmethod
    def of_asset(session_id: str, asset_id: str, suffix: str) -> str:
        """Return the storage's key for an uploaded file; nothing of the user's is in it."""
        clean = re.sub(r"[^a-z0-9]", "", suffix.lower())[:8]
        return f"files/{session_id}/{asset_id}.{clean or 'bin'}"

    @staticmethod
    def of_clip(session_id: str, render_id: str, attempt: int) -> str:
        """Return the storage's key for a clip; its own at every attempt, so that two never collide."""
        digest = hashlib.sha256(render_id.encode()).hexdigest()[:24]
        return f"clips/{session_id}/{digest}-{attempt}.mp4"
