"""The wire: requests with their tokens and limits, answers opened, one turn at a time in a session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote
from weakref import WeakValueDictionary

import httpx

from ipynemo.client.answers import MAX_ERROR_BYTES, TOKEN_CODES, data_of, error_from, open_answer, read_whole
from ipynemo.client.connections import Bearer, Connections
from ipynemo.client.endpoint import Endpoint
from ipynemo.client.retries import NEVER_LEFT, Retries
from ipynemo.client.secret import install_log_filter
from ipynemo.errors import (
    AuthenticationError,
    InvalidRequestError,
    NemoError,
    OutOfCreditsError,
    StreamInterruptedError,
)
from ipynemo.settings import Settings, Timing

__all__ = ["MAX_ERROR_BYTES", "NEVER_LEFT", "Wire", "data_of"]


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
        self._connections = Connections(settings, timing, local=endpoint.is_local)
        self._retries = Retries(endpoint, timing)
        self._long: dict[asyncio.Task[Any], bool] = {}  # whether this client's closing ended it
        self._turns: set[asyncio.Task[Any]] = set()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        install_log_filter()

    async def aclose(self) -> None:
        """End the turns and exports that still run, close the connections. A later request opens new ones."""
        self._retries.closings += 1
        running = [task for task in self._long if task is not asyncio.current_task()]
        for task in running:
            self._long[task] = True
            task.cancel()
        if running:
            await asyncio.wait(running)
        await self._connections.aclose()

    @property
    def closings(self) -> int:
        """How often this client was closed: work of many steps that began before one of them begins no further step."""
        return self._retries.closings

    def client(self, kind: str = "read") -> httpx.AsyncClient:
        """Return the client for `read`, `billed`, or `foreign`: files on other hosts, which get none of our headers."""
        return self._connections.of(kind)

    def undelivered(
        self, error: httpx.RequestError, doing: str, session_id: str | None = None, *, left: bool
    ) -> NemoError:
        """Return our error for one of the HTTP library's."""
        return self._retries.undelivered(error, doing, session_id, left=left)

    @asynccontextmanager
    async def turn(self, session_id: str) -> AsyncIterator[None]:
        """Hold a session for one turn: another one waits, and closing this client ends both.

        Raises
        ------
        StreamInterruptedError
            The client was closed.
        """
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("A turn runs in a task.")
        if task in self._turns:  # it holds the session already
            yield
            return
        lock = self._locks.setdefault(session_id, asyncio.Lock())
        fault = StreamInterruptedError(
            "The client was closed during the answer.",
            hint="The backend may have finished; look at `session.draft()` with a new client.",
            session_id=session_id,
        )
        self._turns.add(task)
        try:
            async with self.until_closed(lambda: fault), lock:
                yield
        finally:
            self._turns.discard(task)

    @asynccontextmanager
    async def until_closed(self, fault: Callable[[], NemoError]) -> AsyncIterator[None]:
        """Let work that takes many requests end when this client is closed, before it sends another one.

        Parameters
        ----------
        fault : callable
            Gives what is raised then.
        """
        task = asyncio.current_task()
        if task is None or task in self._long:
            yield
            return
        self._long[task] = False
        try:
            yield
        except asyncio.CancelledError:
            if not self._long[task]:
                raise
            task.uncancel()
        else:
            return
        finally:
            del self._long[task]
        raise fault()

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
        timing = self.timing
        # A read that stalls is tried again before the time for all tries is used up.
        timeout = None if billed else httpx.Timeout(timing.read_budget_s / 2, connect=timing.connect_s)
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"

        async def once() -> dict[str, Any]:
            async with self.opened(
                method,
                path,
                json=json,
                content=body,
                headers=headers,
                kind="billed" if billed else "read",
                timeout=timeout,
            ) as response:
                await read_whole(response)
                return self.open_answer(response, doing=doing, session_id=session_id, render_id=render_id)

        # The server's start and the first token do not count against the limit of the call.
        await self.endpoint.ready(self)
        await self.endpoint.tokens.get()
        return await self._retries.run(
            once,
            billed=billed,
            doing=doing,
            session_id=session_id,
            render_id=render_id,
            limit_s=timing.idle_limit_s if billed else timing.read_budget_s,
        )

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
                await read_whole(response)
                return self.open_answer(response, doing=doing, session_id=session_id)

        return await self._retries.run(once, billed=True, doing=doing, session_id=session_id)

    def open_answer(
        self, response: httpx.Response, *, doing: str, session_id: str | None = None, render_id: str | None = None
    ) -> dict[str, Any]:
        """Return the JSON object of a successful answer, or raise what it means, with what to do about it here."""
        try:
            return open_answer(response, doing=doing, session_id=session_id, render_id=render_id)
        except OutOfCreditsError as error:
            self.advise(error)
            raise

    def advise(self, error: NemoError) -> None:
        """Say where credits come from: another start, a registration, a top-up."""
        if not isinstance(error, OutOfCreditsError):
            return
        tokens = self.endpoint.tokens
        local = "or work on the embedded backend: ipynemo.AsyncNemo('local')."
        if self.endpoint.is_local:
            error.hint = "Start the embedded backend with more of them: ipynemo.AsyncNemo('local', credits=…)."
        elif tokens.anonymous:
            bind = f"/?bind={quote(tokens.user_id, safe='')}" if tokens.user_id else ""
            error.link = self.settings.web_url + bind
            error.hint = f"Register at {error.link} to get more, {local}"
        else:
            error.link = self.settings.web_url
            error.hint = f"Top up at {error.link}, {local}"

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
        timeout: httpx.Timeout | None = None,
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
            client = self.client(kind)
            fault: NemoError | None = None
            try:
                request = client.build_request(
                    method,
                    self.endpoint.base_url + path,
                    json=json,
                    content=content() if callable(content) else content,
                    headers=headers,
                    timeout=timeout or client.timeout,
                )
            except (httpx.InvalidURL, ValueError) as error:
                fault = InvalidRequestError(f"This request cannot be sent: {error}.")
            if fault is not None:
                raise fault
            async with self._connections.request():
                response = await client.send(request, stream=True, auth=Bearer(token))
                try:
                    if renewed or not await self._token_refused(response):
                        yield response
                        return
                    renewed = True
                    if not await self.endpoint.tokens.renew(token):
                        yield response
                        return
                finally:
                    await response.aclose()

    @asynccontextmanager
    async def elsewhere(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
        """Ask another host for a file, without any of our headers, and give its answer, unread."""
        async with self._connections.request(), self.client("foreign").stream("GET", url, headers=headers) as response:
            yield response

    async def _token_refused(self, response: httpx.Response) -> bool:
        """Return whether the answer says that the token is bad; only short JSON answers are looked into."""
        if not self.endpoint.tokens.anonymous:
            return False
        if response.status_code == 401:
            return True
        if response.status_code >= 300 or not _is_short_json(response):
            return False
        await read_whole(response)
        error = error_from(response.status_code, response.headers, response.content, doing="check the token")
        return isinstance(error, AuthenticationError) and error.code in TOKEN_CODES

    async def anonymous_token(self, client_id: str) -> dict[str, Any]:
        """Ask for an anonymous token; return the `data` of the answer."""
        doing = "get an anonymous token"
        timing = self.timing

        async def once() -> dict[str, Any]:
            sending = self.client().stream(
                "POST",
                self.endpoint.base_url + "/api/auth/anonymous-token",
                headers={"Accept": "application/json", "X-Client-Id": client_id},
                timeout=httpx.Timeout(timing.read_budget_s / 2, connect=timing.connect_s),
            )
            async with self._connections.request(), sending as response:
                await read_whole(response)
                return open_answer(response, doing=doing)

        answer = await self._retries.run(once, billed=False, doing=doing, limit_s=timing.read_budget_s)
        return data_of(answer, doing=doing)


def _is_short_json(response: httpx.Response) -> bool:
    kind: str = response.headers.get("content-type", "")
    return kind.partition(";")[0].strip().lower() == "application/json"
