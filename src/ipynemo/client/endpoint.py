"""Where the backend is, and whose token opens it: the cloud, an address, or the embedded one.

An explicit argument counts; else `NEMO_API_URL`; else the cloud when `NEMO_TOKEN` is set; else the embedded backend.
The cloud is never contacted unless one of these names it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from ipynemo.client.secret import Secret
from ipynemo.client.tokens import AnonymousTokens, FixedToken, TokenSource
from ipynemo.errors import InvalidRequestError
from ipynemo.settings import DEFAULT_API_URL, Settings, data_dir

if TYPE_CHECKING:
    from ipynemo.client.wire import Wire

__all__ = ["Endpoint", "choose_endpoint"]

log = logging.getLogger(__name__)

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class LocalServer(Protocol):
    """What the endpoint needs of `ipynemo.backend.local.LocalBackend`."""

    base_url: str
    token: str

    async def ensure(self) -> None:
        """Start the server again where it has died."""

    async def stop(self) -> None:
        """Stop the server."""


class Endpoint:
    """An address with its tokens."""

    is_local = False
    tokens: TokenSource

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._pid = os.getpid()

    @property
    def host(self) -> str:
        """The host, as people are told it."""
        parts = urlsplit(self.base_url)
        return parts.netloc.rpartition("@")[2] or self.base_url

    @property
    def key(self) -> str:
        """What stands for this backend in the journal."""
        return self.base_url

    @property
    def where(self) -> str:
        """Where pictures go, in words."""
        return f"Cloud — {self.host}"

    async def ready(self, wire: Wire) -> None:  # noqa: ARG002 - for those that need it
        """Do what is needed before a request.

        Raises
        ------
        InvalidRequestError
            This process was forked from the one that made the client, whose connections it must not touch.
        """
        if self._pid != os.getpid():
            raise InvalidRequestError(
                "This client was made before the process was forked; its connections belong to the other process.",
                hint="Make a new one here: ipynemo.Nemo().",
            )

    async def revive(self) -> None:
        """Do what is needed after a request that could not be delivered."""

    async def aclose(self) -> None:
        """Let go of what the endpoint holds."""


class RemoteEndpoint(Endpoint):
    """A backend that somebody else runs."""

    def __init__(self, base_url: str, token: str | None, settings: Settings) -> None:
        super().__init__(base_url)
        self._client_id = settings.client_id
        if token is not None:
            self.tokens = FixedToken(Secret(token))
            parts = urlsplit(base_url)
            if parts.scheme == "http" and (parts.hostname or "") not in LOOPBACK:
                log.warning("The token goes to %s without encryption; use an https:// address.", self.host)

    async def ready(self, wire: Wire) -> None:
        """Make the source of anonymous tokens, which needs the wire that carries them."""
        await super().ready(wire)
        if not hasattr(self, "tokens"):
            self.tokens = AnonymousTokens(self.base_url, wire.anonymous_token, self._client_id)


class EmbeddedEndpoint(Endpoint):
    """The backend on this computer, started at the first request and started again where it died."""

    is_local = True

    def __init__(self, data: Path | None, options: dict[str, Any]) -> None:
        super().__init__("")
        self._data = (data or data_dir()).absolute()
        self._options = options
        self._server: LocalServer | None = None
        self._token: Secret | None = None
        self._lock = asyncio.Lock()
        self.tokens = TokenSource()

    @property
    def host(self) -> str:
        """The host, as people are told it."""
        return "this computer"

    @property
    def key(self) -> str:
        """What stands for this backend in the journal; the port changes, the data stays."""
        return f"local:{self._data}"

    @property
    def where(self) -> str:
        """Where pictures go, in words."""
        if scheduler := self._options.get("scheduler"):
            return (
                f"Local — but clips are made on the cluster at {urlsplit(scheduler).netloc}, which is sent the pictures"
            )
        return "Local — nothing leaves this computer"

    async def ready(self, wire: Wire) -> None:
        """Start the server at the first request, and again where it has died."""
        await super().ready(wire)
        async with self._lock:
            if self._server is None:
                from ipynemo.backend.local import LocalBackend  # the one place where the client reaches the backend

                self._server = await LocalBackend.start(self._data, **self._options)
            else:
                await self._server.ensure()
            token = Secret(self._server.token)
            if self._server.base_url != self.base_url or token != self._token:
                self._token = token
                self.base_url = self._server.base_url
                self.tokens = FixedToken(token)

    async def aclose(self) -> None:
        """Stop the server."""
        async with self._lock:
            server, self._server = self._server, None
            if server is not None:
                await server.stop()


def _address(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
        _ = parts.port  # looked at now, so that a wrong one is told here
    except ValueError as error:
        raise InvalidRequestError(f"{url!r} is not an address: {error}.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidRequestError(
            f"{url!r} is not a backend.", hint="Use 'local', 'cloud', or an address such as 'https://example.org'."
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidRequestError(
            "A backend's address holds no user name, password or query.", hint="Pass the token as token=…."
        )
    return url.strip().rstrip("/")


def choose_endpoint(
    backend: str | None, token: str | None, settings: Settings, data: Path | None, options: dict[str, Any]
) -> Endpoint:
    """Return the backend that the argument or the environment names, the embedded one where neither does.

    Raises
    ------
    InvalidRequestError
        The argument names none, or the token cannot stand in a header.
    """
    given = (token or "").strip() or settings.token
    if given is not None and not (given.isascii() and given.isprintable() and " " not in given):
        raise InvalidRequestError("The token holds characters that no token has.", hint="Copy it again, whole.")
    if backend is None:
        if settings.api_url is not None:
            backend = settings.api_url
        elif given is not None:
            backend = "cloud"
        else:
            backend = "local"
    if backend in ("local", "embedded"):
        return EmbeddedEndpoint(data, options)
    if backend == "cloud":
        backend = settings.api_url or DEFAULT_API_URL
    return RemoteEndpoint(_address(backend), given, settings)
