"""Listening to one turn: the message goes out once, events come in, and every silence has a limit.

No byte says that a stream has ended well. So what ends it is named here - the end of the body, a break, a limit, or
silence behind a finished text - and `ipynemo.client.turn` asks the state what it was worth.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Final

import httpx

from ipynemo.client.body import ACCEPT_ENCODING, Body
from ipynemo.client.secret import redact
from ipynemo.client.stream import SSEParser, TurnReader
from ipynemo.client.wire import MAX_ERROR_BYTES, NEVER_LEFT, Wire
from ipynemo.errors import NemoError, ProtocolError
from ipynemo.events import Event, Failure, Heartbeat, StillWorking, Text, TextDelta

__all__ = ["Cut", "Listener", "TooLong"]

log = logging.getLogger(__name__)

TAKE: Final = "take the message"
DELIVERED_HINT: Final = "The message may have arrived; look at the draft before sending it again."


class Cut(Exception):  # noqa: N818 - a signal between two modules, not an error of the tree
    """The stream broke after the message may have arrived."""


class TooLong(Exception):  # noqa: N818
    """A limit of the turn was reached."""


class Listener:
    """Delivers one message and hands on what comes.

    Parameters
    ----------
    emit : callable
        Takes each event; may wait, which holds the server up too.

    Attributes
    ----------
    reader : TurnReader
        What the events so far came to.
    began : float
        When listening began, on the monotonic clock.
    """

    def __init__(self, wire: Wire, session_id: str, text: str, emit: Callable[[Event], Awaitable[None]]) -> None:
        self._wire = wire
        self._timing = wire.timing
        self._session_id = session_id
        self._text = text
        self._emit_to = emit
        self.reader = TurnReader()
        self._last: Event | None = None
        self._payloads = 0  # heartbeats do not count
        self._held = False
        self.began = self._last_content = self._last_byte = self._told = time.monotonic()

    @property
    def looks_finished(self) -> bool:
        """Whether nothing more is to be expected: the last word was a text, and nobody is at work since.

        A backend that goes on sending heartbeats says that it is still at work.
        """
        said = isinstance(self._last, Text) or (isinstance(self._last, TextDelta) and self.reader.typed)
        beating = self._last_byte > self._last_content
        return said and not beating and not self.reader.open_calls and self.reader.fatal is None

    async def listen(self) -> bool:
        """Emit the stream's events; return whether its end looks like one.

        Raises
        ------
        Cut
            The connection broke.
        TooLong
            A limit was reached.
        NemoError
            The backend did not take the message, or answered with something else than a stream.
        """
        self.began = self._last_content = self._last_byte = self._told = time.monotonic()
        pump = asyncio.ensure_future(self._pump())
        try:
            while True:
                done, _ = await asyncio.wait({pump}, timeout=self._until_next_tick())
                if done:
                    return pump.result()
                if await self._tick():
                    return True
        finally:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)

    # -- limits -------------------------------------------------------------------------------------------------------

    def _until_next_tick(self) -> float:
        timing = self._timing
        due = min(
            self._told + (timing.still_working_s or timing.idle_limit_s),
            self._last_content + timing.idle_limit_s,
            self.began + timing.turn_limit_s,
        )
        return max(0.0, due - time.monotonic())

    async def _tick(self) -> bool:
        """Look at the clocks; return whether the turn has ended although the connection is still open."""
        timing = self._timing
        now = time.monotonic()
        if now >= self.began + timing.turn_limit_s:
            raise TooLong(f"The turn took longer than {timing.turn_limit_s:g} s.")
        if self._held:  # whoever takes the events is slow; that is no silence of the backend
            self._last_content = self._last_byte = self._told = now
            return False
        still_working_s = timing.still_working_s or timing.idle_limit_s
        if self.reader.fatal is not None and now >= self._last_byte + still_working_s:
            log.info("The stream of session %s stayed open behind its end; it was closed here.", self._session_id)
            return True
        if now >= self._last_content + timing.idle_limit_s:
            raise TooLong(f"Nothing but silence came for {timing.idle_limit_s:g} s.")
        if now >= self._told + still_working_s:
            self._told = now
            await self._emit_to(StillWorking(now - self.began))
        return False

    def _alive(self) -> None:
        self._last_content = self._told = time.monotonic()

    # -- the stream ---------------------------------------------------------------------------------------------------

    async def _pump(self) -> bool:
        broke = ""
        async with AsyncExitStack() as stack:
            response = await self._deliver(stack)
            await self._check_stream(response)
            body = Body(response)
            parser = SSEParser()
            head = b""  # while nothing came that a stream holds
            try:
                async for chunk in body.pieces():
                    self._last_byte = time.monotonic()
                    pending = parser.pending_bytes
                    payloads = parser.feed(chunk)
                    if not self._payloads and not payloads and len(head) < MAX_ERROR_BYTES:
                        head += chunk
                    await self._take(payloads)
                    if parser.pending_bytes > pending:
                        self._alive()  # a large event that comes slowly is no silence
            except (httpx.TransportError, httpx.DecodingError) as error:
                broke = redact(str(error)) or type(error).__name__
            except ProtocolError as error:  # an event beyond the limit
                error.session_id, error.hint = self._session_id, DELIVERED_HINT
                raise
            payloads, cut = parser.close()
            await self._take(payloads)
            if not broke and not self._payloads and head.lstrip()[:1] in (b"{", b"<"):
                self._refuse(response, head)
        if broke:
            raise Cut(broke)
        if isinstance(self._last, Failure):
            return True
        # Deltas without the text that they become are cut, unless the connection says that this was all.
        unfinished = isinstance(self._last, TextDelta) and not self.reader.typed and not body.framed
        return self._payloads > 0 and not (cut or body.cut or unfinished or self.reader.open_calls)

    async def _deliver(self, stack: AsyncExitStack) -> httpx.Response:
        """Send the message; again only where it never left."""
        body = {
            "app_name": "nemo_agent",
            "user_id": "me",
            "session_id": self._session_id,
            "new_message": {"parts": [{"text": self._text}]},
        }
        timing = self._timing
        tries = 0
        while True:
            tries += 1
            fault: NemoError
            try:
                return await stack.enter_async_context(
                    self._wire.opened(
                        "POST",
                        "/run_sse",
                        json=body,
                        headers={
                            "Accept": "text/event-stream",
                            "Accept-Encoding": ACCEPT_ENCODING,
                            "Cache-Control": "no-store",
                        },
                        kind="billed",
                        timeout=httpx.Timeout(None, connect=timing.connect_s),  # the clocks above hold the limits
                    )
                )
            except NEVER_LEFT as error:
                fault = self._wire.undelivered(error, "deliver the message", self._session_id, left=False)
            except httpx.TransportError as error:
                broke = redact(str(error)) or type(error).__name__
                break
            if tries >= timing.read_tries:
                raise fault
            await self._wire.endpoint.revive()
            await asyncio.sleep(timing.read_backoff_s * tries)
        raise Cut(broke)

    async def _check_stream(self, response: httpx.Response) -> None:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if 200 <= response.status_code < 300 and kind in ("text/event-stream", ""):
            return
        body = b""
        try:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_ERROR_BYTES:
                    break
        except (httpx.TransportError, httpx.DecodingError) as error:
            log.info("The answer to the message broke off: %s", type(error).__name__)
        self._refuse(response, body)

    def _refuse(self, response: httpx.Response, body: bytes) -> None:
        """Raise what an answer that is no stream means: an error, an HTML page, truncated JSON."""
        plain = httpx.Response(
            response.status_code,
            headers=[(k, v) for k, v in response.headers.items() if k in ("retry-after", "location")],
            content=body,
        )
        self._wire.open_answer(plain, doing=TAKE, session_id=self._session_id)
        kind = response.headers.get("content-type", "").partition(";")[0].strip() or "nothing"
        raise ProtocolError(
            f"Asked to {TAKE}, the backend answered with {kind} instead of a stream.",
            hint=DELIVERED_HINT,
            session_id=self._session_id,
            status=response.status_code,
            received=redact(body[:300].decode("utf-8", "replace")) or None,
        )

    async def _take(self, payloads: list[str | None]) -> None:
        for payload in payloads:
            events = self.reader.read(payload)
            if not events or not all(isinstance(event, Heartbeat) for event in events):
                self._alive()
                self._payloads += 1
            for event in events:
                if not isinstance(event, Heartbeat):
                    self._last = event
                self._held = True
                await self._emit_to(event)
                self._held = False
