"""Connections: one HTTP client for reads, one for billed calls, one for files on other hosts.

Billed calls have a connection of their own each: on a kept one that the server is just closing nobody could tell
whether the request arrived. Files on other hosts are fetched without any of our headers.
"""

from __future__ import annotations

import ssl
from collections.abc import Generator
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from ipynemo.client.secret import Secret
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

    async def aclose(self) -> None:
        """Close them; the next request opens new ones."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.aclose()
