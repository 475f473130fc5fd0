"""Whose token: the user's own, or an anonymous one that is kept with its expiry and fetched anew when refused."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ipynemo.client.secret import Secret
from ipynemo.errors import ProtocolError
from ipynemo.loop import off_loop
from ipynemo.settings import config_dir

__all__ = ["AnonymousTokens", "FixedToken", "TokenSource", "write_private"]

log = logging.getLogger(__name__)

LIFE_S = 7 * 24 * 3600.0  # of an anonymous token, where the answer names no expiry
MARGIN_S = 60.0  # a token about to expire is not begun with


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


class TokenSource:
    """Where a token comes from."""

    anonymous = False
    user_id: str | None = None

    async def get(self) -> Secret:
        """Return the token for the next request."""
        raise TypeError("A token source has to say where its tokens come from.")

    async def renew(self, refused: Secret) -> bool:  # noqa: ARG002 - for those that can
        """Get another token in place of one that was refused; return whether there is one."""
        return False


class FixedToken(TokenSource):
    """A user's own token, which nothing replaces."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    async def get(self) -> Secret:
        """Return the token."""
        return self._token


@dataclass(frozen=True)
class _Kept:
    token: Secret
    user_id: str | None
    expires_at: float  # Unix time, seconds

    @property
    def fresh(self) -> bool:
        return self.expires_at - MARGIN_S > time.time()


def _expiry(value: Any) -> float:
    """Return a Unix time in seconds from what servers send: seconds, milliseconds or an ISO 8601 date."""
    if isinstance(value, str):
        try:
            when = datetime.fromisoformat(value)
        except ValueError:
            value = float(value) if value.replace(".", "", 1).isdigit() else None
        else:
            return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e15:
        return float(value) / 1000 if value > 1e11 else float(value)
    return time.time() + LIFE_S


class AnonymousTokens(TokenSource):
    """Free tokens, one per client id per 7 days, kept in the user's own folder (0600) and reused.

    Parameters
    ----------
    base_url : str
        The backend; each has tokens of its own.
    fetch : callable
        Asks the backend for a token, given the client id; returns the `data` of the answer.
    client_id : str, optional
        `NEMO_CLIENT_ID`; else the one kept on this computer, made at first use.
    """

    anonymous = True

    def __init__(
        self, base_url: str, fetch: Callable[[str], Awaitable[dict[str, Any]]], client_id: str | None = None
    ) -> None:
        self._base_url = base_url
        self._fetch = fetch
        self._client_id = client_id
        self._kept: _Kept | None = None
        self._lock = asyncio.Lock()

    @property
    def _file(self) -> Path:
        return config_dir() / "tokens.json"

    def client_id(self) -> str:
        """Return the client id, made and kept at the first use."""
        if self._client_id is None:
            path = config_dir() / "client_id"
            try:
                self._client_id = path.read_text("utf-8").strip()[:200] or None
            except (OSError, UnicodeDecodeError):
                self._client_id = None
            if self._client_id is None:
                self._client_id = str(uuid.uuid4())
                self._keep(path, self._client_id + "\n")
        return self._client_id

    def _keep(self, path: Path, text: str) -> None:
        try:
            write_private(path, text)
        except OSError as error:
            log.warning("%s could not be written (%s); it is kept in memory only.", path.name, error.strerror)

    def _read_all(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _load(self) -> _Kept | None:
        entry = self._read_all().get(self._base_url)
        if not isinstance(entry, dict) or not isinstance(entry.get("token"), str):
            return None
        if entry.get("client_id") != self.client_id():
            return None
        return _Kept(Secret(entry["token"]), entry.get("user_id"), _expiry(entry.get("expires_at")))

    async def get(self) -> Secret:
        """Return a token that has not expired, from memory, the file, or the backend."""
        async with self._lock:
            if self._kept is None or not self._kept.fresh:
                self._kept = await off_loop(self._load)
            if self._kept is None or not self._kept.fresh:
                await self._fetch_new()
            return self._current().token

    async def renew(self, refused: Secret) -> bool:
        """Get a new token with the same client id, unless another request already did."""
        async with self._lock:
            if self._kept is None or self._kept.token == refused:
                await self._fetch_new()
            return True

    def _current(self) -> _Kept:
        if self._kept is None:
            raise ProtocolError("The backend gave no anonymous token.")
        self.user_id = self._kept.user_id
        return self._kept

    async def _fetch_new(self) -> None:
        client_id = await off_loop(self.client_id)
        data = await self._fetch(client_id)
        token = data.get("token")
        # A header cannot carry control characters or what is not Latin; such a "token" is no token.
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            raise ProtocolError(
                "The backend's answer holds no anonymous token.", hint="Set NEMO_TOKEN to use your own."
            )
        user_id = data.get("user_id")
        expires_at = _expiry(data.get("expires_at"))
        self._kept = _Kept(Secret(token), str(user_id) if user_id else None, expires_at)
        entry = {"token": token, "user_id": self._kept.user_id, "expires_at": expires_at, "client_id": client_id}
        everything = {**self._read_all(), self._base_url: entry}
        await off_loop(self._keep, self._file, json.dumps(everything))
