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
from ipynemo.errors import InvalidRequestError, ProtocolError
from ipynemo.loop import off_loop
from ipynemo.settings import config_dir

__all__ = ["AnonymousTokens", "FixedToken", "TokenSource", "write_private"]

log = logging.getLogger(__name__)

LIFE_S = 7 * 24 * 3600.0  # of an anonymous token, where the answer names no expiry
MARGIN_S = 60.0  # a token about to expire is not begun with
MAX_ID_CHARS = 200  # of a client id; a UUID has 36


def write_private(path: Path, text: str, *, replace: bool = True) -> None:
    """Write a file that only its owner can read, whole or not at all.

    Raises
    ------
    FileExistsError
        It is there already, and is not to be replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        if replace:
            part.replace(path)
        else:
            path.hardlink_to(part)
    finally:
        part.unlink(missing_ok=True)


def _fits_header(value: str) -> bool:
    # A header cannot carry control characters or what is not Latin.
    return value.isascii() and value.isprintable() and " " not in value


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
            if "-" in value:
                when = datetime.fromisoformat(value)
                return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
            value = float(value)
        except (ValueError, OverflowError):
            value = None
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
        if client_id is not None and not _fits_header(client_id):
            raise InvalidRequestError(
                "NEMO_CLIENT_ID holds characters that no id has.", hint="Use a UUID, or unset it."
            )
        self._client_id = client_id
        self._chosen = client_id is not None
        self._kept: _Kept | None = None
        self._lock = asyncio.Lock()
        self._warned = False

    def client_id(self) -> str:
        """Return the client id, made and kept at the first use."""
        if self._client_id is None:
            self._client_id = self._kept_id() or self._new_id()
        return self._client_id

    def _kept_id(self) -> str | None:
        try:
            kept = (config_dir() / "client_id").read_text("utf-8").strip()
        except (OSError, ValueError, RuntimeError):
            return None
        return kept if 0 < len(kept) <= MAX_ID_CHARS and _fits_header(kept) else None

    def _new_id(self) -> str:
        """Make an id and keep it; where another process was faster with a good one, that one counts."""
        made = str(uuid.uuid4())
        if not self._keep("client_id", made + "\n", replace=False) and (kept := self._kept_id()):
            return kept
        if self._kept_id() != made:  # what is there cannot be used
            self._keep("client_id", made + "\n")
        return made

    def _keep(self, name: str, text: str, *, replace: bool = True) -> bool:
        try:
            write_private(config_dir() / name, text, replace=replace)
        except FileExistsError:
            return False
        except (OSError, RuntimeError) as error:  # RuntimeError: there is no home
            log.log(
                logging.DEBUG if self._warned else logging.WARNING,
                "%s could not be written (%s); it is kept in memory only.",
                *(name, getattr(error, "strerror", None) or error),
            )
            self._warned = True
            return False
        return True

    def _read_all(self) -> dict[str, Any]:
        try:
            kept = json.loads((config_dir() / "tokens.json").read_text("utf-8"))
        except (OSError, ValueError, RuntimeError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _load(self) -> _Kept | None:
        """Return the kept token, where it is ours and has not expired."""
        entry = self._read_all().get(self._base_url)
        if not isinstance(entry, dict) or entry.get("client_id") != self.client_id():
            return None
        token, user_id = entry.get("token"), entry.get("user_id")
        if not isinstance(token, str) or not token or not _fits_header(token):
            return None
        kept = _Kept(Secret(token), user_id if isinstance(user_id, str) else None, _expiry(entry.get("expires_at")))
        return kept if kept.fresh else None

    async def get(self) -> Secret:
        """Return a token that has not expired, from memory, the file, or the backend."""
        async with self._lock:
            if self._kept is None or not self._kept.fresh:
                self._kept = await off_loop(self._load)
            if self._kept is None:
                await self._fetch_new()
            return self._current().token

    async def renew(self, refused: Secret) -> bool:
        """Get a new token with the same client id, unless another request or another process already did."""
        async with self._lock:
            if self._kept is None or self._kept.token == refused:
                self._kept = await off_loop(self._load)
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
        try:
            data = await self._fetch(client_id)
        except InvalidRequestError:
            if self._chosen:
                raise
            client_id = self._client_id = await off_loop(self._another_id)
            data = await self._fetch(client_id)
        token = data.get("token")
        if not isinstance(token, str) or not token or not _fits_header(token):
            raise ProtocolError(
                "The backend's answer holds no anonymous token.", hint="Set NEMO_TOKEN to use your own."
            )
        user_id = data.get("user_id")
        expires_at = _expiry(data.get("expires_at"))
        if expires_at - MARGIN_S <= time.time():
            # Just made and yet too old: one of the two clocks is wrong. The backend says so when it does expire.
            expires_at = time.time() + LIFE_S
        self._kept = _Kept(Secret(token), str(user_id) if user_id else None, expires_at)
        entry = {"token": token, "user_id": self._kept.user_id, "expires_at": expires_at, "client_id": client_id}
        await off_loop(lambda: self._keep("tokens.json", json.dumps({**self._read_all(), self._base_url: entry})))

    def _another_id(self) -> str:
        made = str(uuid.uuid4())
        self._keep("client_id", made + "\n")
        return made
