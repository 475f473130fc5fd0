"""Requests: headers, tokens, what is sent again and what never is.

Reads are tried again with full jitter within a budget (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture
Blog, 2015) and honour `Retry-After`. Billed calls are sent again only if they never left, and each has a connection
of its own: on a kept one that the server is just closing nobody could tell whether the request arrived.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx

from ipynemo.client.answers import TOKEN_CODES, error_from, open_answer
from ipynemo.client.endpoint import Endpoint
from ipynemo.client.secret import install_log_filter
from ipynemo.errors import (
    AuthenticationError,
    ConnectionFailedError,
    InvalidRequestError,
    NemoError,
    ProtocolError,
    RateLimitError,
    ServerError,
)
from ipynemo.settings import SKILL_SOURCE, SKILL_VERSION, Settings, Timing

__all__ = ["NEVER_LEFT", "Wire"]

log = logging.getLogger(__name__)

NEVER_LEFT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
MAX_ANSWER_BYTES: Final = 256 << 20  # of a plain answer; a state is a few MB at most
MAX_ERROR_BYTES: Final = 1 << 20  # of an error's body that is read


def _attribution(settings: Settings) -> dict[str, str]:
    platform = "".join(c for c in settings.platform if c.isascii() and c.isprintable()) or "unknown"
    return {"X-Skill-Source": SKILL_SOURCE, "X-Skill-Version": SKILL_VERSION, "X-Skill-Platform": platform}


class Wire:
    """The HTTP side of one `AsyncNemo`; lives on the background loop.

    Parameters
    ----------
    endpoint : Endpoint
        Where the backend is, and whose token opens it.
    """

    def __init__(self, endpoint: Endpoint, settings: Settings, timing: Timing) -> None:
        self.endpoint = endpoint
        self.settings = settings
        self.timing = timing
        self._clients: dict[str, httpx.AsyncClient] = {}
        install_log_filter()

    def client(self, kind: str = "read") -> httpx.AsyncClient:
        """Return the client for reads, billed calls, or files on other hosts, which get none of our headers."""
        client = self._clients.get(kind)
        if client is None:
            limits = httpx.Limits(max_connections=100, max_keepalive_connections=0 if kind == "billed" else 20)
            client = self._clients[kind] = httpx.AsyncClient(
                headers={} if kind == "foreign" else _attribution(self.settings),
                timeout=httpx.Timeout(self.timing.idle_limit_s, connect=self.timing.connect_s),
                limits=limits,
                follow_redirects=kind == "foreign",
                # A school's proxy must not come between this computer and itself.
                trust_env=not self.endpoint.is_local,
            )
        return client

    async def aclose(self) -> None:
        """Close the connections."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.aclose()

    # -- plain calls --------------------------------------------------------------------------------------------------

    async def call(
        self,
        method: str,
        path: str,
        *,
        doing: str,
        json: Any = None,
        body: bytes | None = None,
        billed: bool = False,
        session_id: str | None = None,
        render_id: str | None = None,
    ) -> dict[str, Any]:
        """Send a request and return the JSON object of its answer.

        Parameters
        ----------
        doing : str
            What is asked, as it stands behind "could not": "read the state".
        billed : bool
            Whether it must not arrive twice.

        Raises
        ------
        NemoError
            Whatever the answer means, or what kept it from coming.
        """
        headers = {"Accept": "application/json"}
        content = body
        if body is not None:
            headers["Content-Type"] = "application/json"

        async def once() -> dict[str, Any]:
            async with self.opened(
                method, path, json=json, content=content, headers=headers, kind="billed" if billed else "read"
            ) as response:
                await _read_whole(response, MAX_ANSWER_BYTES)
                return open_answer(response, doing=doing, session_id=session_id, render_id=render_id)

        return await self._with_retries(once, billed=billed, doing=doing, session_id=session_id, render_id=render_id)

    async def send_body(
        self,
        path: str,
        body: Callable[[], AsyncIterator[bytes]],
        headers: Mapping[str, str],
        *,
        doing: str,
        session_id: str | None = None,
    ) -> dict[str, Any]:
        """Send a large body, made anew for each try, and return the JSON object of the answer."""

        async def once() -> dict[str, Any]:
            async with self.opened("POST", path, content=body, headers=headers, kind="billed") as response:
                await _read_whole(response, MAX_ANSWER_BYTES)
                return open_answer(response, doing=doing, session_id=session_id)

        return await self._with_retries(once, billed=True, doing=doing, session_id=session_id, render_id=None)

    async def _with_retries(
        self,
        once: Callable[[], Awaitable[dict[str, Any]]],
        *,
        billed: bool,
        doing: str,
        session_id: str | None,
        render_id: str | None,
    ) -> dict[str, Any]:
        timing = self.timing
        began = time.monotonic()
        waited_for_rate = False
        tries = 0
        while True:
            tries += 1
            wait_s = random.uniform(0, timing.read_backoff_s * 2 ** min(tries - 1, 6))  # noqa: S311 - jitter
            try:
                return await once()
            except httpx.TransportError as error:
                left = not isinstance(error, NEVER_LEFT)
                if (billed and left) or tries >= timing.read_tries:
                    raise self.undelivered(error, doing, session_id, render_id, left=left) from None
                if not left:
                    await self.endpoint.revive()
            except RateLimitError as error:
                if billed or waited_for_rate:
                    raise
                waited_for_rate = True
                asked = timing.retry_after_default_s if error.retry_after_s is None else error.retry_after_s
                if asked > timing.retry_after_max_s:
                    raise
                log.info("Too many requests; waiting %.1f s.", asked)
                await asyncio.sleep(asked)
                continue
            except ServerError as error:
                if billed or (error.status or 0) < 500 or tries >= timing.read_tries:
                    raise
                if error.retry_after_s is not None:
                    if error.retry_after_s > timing.retry_after_max_s:
                        raise
                    wait_s = error.retry_after_s
            if time.monotonic() - began + wait_s > timing.read_budget_s:
                raise ConnectionFailedError(
                    f"Could not {doing} within {timing.read_budget_s:g} s.",
                    hint="The backend may be busy; try again in a minute.",
                    session_id=session_id,
                    render_id=render_id,
                )
            await asyncio.sleep(wait_s)

    def undelivered(
        self,
        error: httpx.TransportError,
        doing: str,
        session_id: str | None = None,
        render_id: str | None = None,
        *,
        left: bool,
    ) -> NemoError:
        """Return our error for one of the HTTP library's."""
        what = str(error) or type(error).__name__
        if isinstance(error, httpx.UnsupportedProtocol):
            return InvalidRequestError(f"{self.endpoint.base_url!r} is not the address of a backend.")
        hint = (
            "It may have arrived; it was not sent again. Look at the state before trying once more."
            if left
            else f"Is the network up, and {self.endpoint.host} the right address?"
        )
        return ConnectionFailedError(
            f"Could not {doing}: {what}.", hint=hint, session_id=session_id, render_id=render_id
        )

    # -- one request --------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def opened(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | Callable[[], AsyncIterator[bytes]] | None = None,
        headers: Mapping[str, str] | None = None,
        kind: str = "read",
    ) -> AsyncIterator[httpx.Response]:
        """Send one request with the token and give its answer, unread.

        An anonymous token that is refused is renewed once.

        Raises
        ------
        httpx.TransportError
            The request or the answer was lost on the way.
        """
        renewed = False
        while True:
            await self.endpoint.ready(self)
            token = await self.endpoint.tokens.get()
            sent = {**(headers or {}), "Authorization": f"Bearer {token.reveal()}"}
            try:
                request = self.client(kind).build_request(
                    method,
                    self.endpoint.base_url + path,
                    json=json,
                    content=content() if callable(content) else content,
                    headers=sent,
                )
            except (httpx.InvalidURL, UnicodeEncodeError, ValueError) as error:
                raise InvalidRequestError(f"This request cannot be sent: {error}.") from None
            response = await self.client(kind).send(request, stream=True)
            try:
                if not renewed and await self._token_refused(response):
                    renewed = True
                    if await self.endpoint.tokens.renew(token):
                        continue
                yield response
                return
            finally:
                await response.aclose()

    async def _token_refused(self, response: httpx.Response) -> bool:
        """Return whether the answer says that the token is bad; only short JSON answers are looked into."""
        if not self.endpoint.tokens.anonymous:
            return False
        if response.status_code == 401:
            return True
        if response.status_code >= 300 or not _is_short_json(response):
            return False
        await _read_whole(response, MAX_ANSWER_BYTES)
        error = error_from(response.status_code, response.headers, response.content, doing="check the token")
        return isinstance(error, AuthenticationError) and error.code in TOKEN_CODES

    async def anonymous_token(self, client_id: str) -> dict[str, Any]:
        """Ask for an anonymous token; return the `data` of the answer."""

        async def once() -> dict[str, Any]:
            response = await self.client().post(
                self.endpoint.base_url + "/api/auth/anonymous-token", headers={"X-Client-Id": client_id}
            )
            return open_answer(response, doing="get an anonymous token")

        answer = await self._with_retries(
            once, billed=False, doing="get an anonymous token", session_id=None, render_id=None
        )
        return data_of(answer, doing="get an anonymous token")


def data_of(answer: dict[str, Any], *, doing: str, session_id: str | None = None) -> dict[str, Any]:
    """Return the `data` of an envelope.

    Raises
    ------
    ProtocolError
        There is none.
    """
    data = answer.get("data")
    if not isinstance(data, dict):
        raise ProtocolError(f"Asked to {doing}, the backend's answer holds no data.", session_id=session_id)
    return data


def _is_short_json(response: httpx.Response) -> bool:
    kind: str = response.headers.get("content-type", "")
    return kind.partition(";")[0].strip().lower() == "application/json"


async def _read_whole(response: httpx.Response, limit: int) -> None:
    """Read the body into the response, up to a limit."""
    if response.is_stream_consumed or hasattr(response, "_content"):
        return
    limit = min(limit, MAX_ERROR_BYTES) if response.status_code >= 400 else limit
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > limit:
            if response.status_code >= 400:
                break
            raise ProtocolError(f"The answer is larger than {limit >> 20} MiB.")
        chunks.append(chunk)
    # What httpx's own aread() does, which has no limit.
    response._content = b"".join(chunks)
