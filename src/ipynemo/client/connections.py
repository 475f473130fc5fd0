"""Connections: one HTTP client for reads, one for billed calls, one for files on other hosts.

Billed calls have a connection of their own each: on a kept one that the server is just closing nobody could tell
whether the request arrived. Files on other hosts are fetched without any of our headers.

Closing ends each request that is under way, and waits for its end: a pool that is closed over somebody who is just
connecting leaves that connection open for good.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from ipynemo.client.secret import Secret
from ipynemo.errors import ConnectionFailedError
from ipynemo.settings import SKILL_SOURCE, SKILL_VERSION, Settings, Timing

__all__ = ["Bearer", "Connections"]


class Bearer(httpx.Auth):
    """Puts the token into the request at the last moment, so that no variable on the way holds it in the clear."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the request with the token."""
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        yield request


@cache
def _tls(*, trust_env: bool) -> ssl.SSLContext:
    """Return the one context of this process; to load the certificates takes longer than most calls."""
    return httpx.create_ssl_context(trust_env=trust_env)


def _attribution(settings: Settings) -> dict[str, str]:
    platform = "".join(c for c in settings.platform if c.isascii() and c.isprintable()) or "unknown"
    return {"X-Skill-Source": SKILL_SOURCE, "X-Skill-Version": SKILL_VERSION, "X-Skill-Platform": platform}


@dataclass(frozen=True, eq=False)
class _UnderWay:
    """A request: whose it is, what ends it, and its end."""

    task: asyncio.Task[object] | None
    limit: asyncio.Timeout
    ended: asyncio.Future[None]


class Connections:
    """The HTTP clients of one `AsyncNemo`; opened when they are needed.

    Parameters
    ----------
    local : bool
        Whether the backend is the embedded one.
    """

    def __init__(self, settings: Settings, timing: Timing, *, local: bool) -> None:
        self._settings = settings
        self._timing = timing
        self._local = local
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._under_way: set[_UnderWay] = set()

    def of(self, kind: str) -> httpx.AsyncClient:
        """Return the client for reads, billed calls, or files on other hosts, which get none of our headers."""
        client = self._clients.get(kind)
        if client is None:
            limits = httpx.Limits(max_connections=100, max_keepalive_connections=0 if kind == "billed" else 20)
            client = self._clients[kind] = httpx.AsyncClient(
                headers={} if kind == "foreign" else _attribution(self._settings),
                timeout=httpx.Timeout(self._timing.idle_limit_s, connect=self._timing.connect_s),
                limits=limits,
                follow_redirects=kind == "foreign",
                # The protocol has none; one that somebody sets must not tie two users of this client together.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                verify=_tls(trust_env=not self._local),
                # A school's proxy must not come between this computer and itself.
                trust_env=not self._local,
            )
        return client

    @asynccontextmanager
    async def request(self) -> AsyncIterator[None]:
        """Hold a request from before it is sent until its answer is closed.

        Raises
        ------
        ConnectionFailedError
            The client was closed meanwhile.
        """
        limit = asyncio.timeout(None)
        one = _UnderWay(asyncio.current_task(), limit, asyncio.get_running_loop().create_future())
        self._under_way.add(one)
        try:
            async with limit:
                yield
        except TimeoutError:
            if not limit.expired():
                raise
        else:
            return
        finally:
            self._under_way.discard(one)
            one.ended.set_result(None)
        raise ConnectionFailedError("The client was closed meanwhile.")

    async def aclose(self) -> None:
        """End what is under way and close them; the next request opens new ones."""
        clients, self._clients = list(self._clients.values()), {}
        running = [one for one in self._under_way if one.task is not asyncio.current_task()]
        for one in running:
            if not one.limit.expired():
                one.limit.reschedule(asyncio.get_running_loop().time())
        if running:
            await asyncio.wait([one.ended for one in running])
        for client in clients:
            await client.aclose()
