"""Signed links: an address that works for a while without any header, and for one file alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from typing import Literal

from ipynemo.errors import PermissionDeniedError

__all__ = ["FileKind", "Links"]

FileKind = Literal["asset", "render"]


class Links:
    """Makes and checks signed links.

    Parameters
    ----------
    key : bytes
        The server's key.
    ttl_s : float
        How long a link works, in seconds.
    """

    def __init__(self, key: bytes, ttl_s: float) -> None:
        self._key = hmac.new(key, b"links", hashlib.sha256).digest()
        self._ttl_s = ttl_s

    def _signature(self, *parts: str) -> str:
        mac = hmac.new(self._key, "\n".join(parts).encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(mac).decode().rstrip("=")

    def path(self, kind: FileKind, file_id: str) -> str:
        """Return the path and query of a link to a file."""
        expires = str(int(time.time() + self._ttl_s))
        return f"/api/files/{kind}/{file_id}?expires={expires}&signature={self._signature(kind, file_id, expires)}"

    def check(self, kind: str, file_id: str, expires: int, signature: str) -> None:
        """Check a link that came.

        Raises
        ------
        PermissionDeniedError
            It was changed, or its time is over.
        """
        good = hmac.compare_digest(
            self._signature(kind, file_id, str(expires)).encode(), signature.encode("utf-8", "surrogatepass")
        )
        if not good or expires <= time.time():
            raise PermissionDeniedError(
                "This link has expired or was changed.", hint="Ask for the render again; its answer has a new one."
            )

    def claim_token(self, user_id: str, session_id: str, ttl_s: int) -> str:
        """Return a token that names a session for a browser, and is good for nothing else."""
        expires = str(int(time.time() + ttl_s))
        nonce = secrets.token_urlsafe(8)
        return f"clm_{expires}.{nonce}.{self._signature('claim', user_id, session_id, expires, nonce)}"
