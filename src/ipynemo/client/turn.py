"""One chat turn: the message goes out once, events come in, and the state has the last word.

There is no event that ends a stream, and a stream that was cut can look like a clean end. So the state is read before
and after every turn. A turn that broke is never sent again, because it would be charged and edited twice: the state is
looked at a few times instead, and what changed is told, or `StreamInterruptedError` with what had come.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Final

import httpx

from ipynemo.client.answers import open_answer
from ipynemo.client.stream import SSEParser, TurnReader, TurnText
from ipynemo.client.values import Reply
from ipynemo.client.wire import MAX_ERROR_BYTES, NEVER_LEFT, Wire
from ipynemo.draft import Draft
from ipynemo.errors import (
    DeadlineError,
    ProtocolError,
    StreamInterruptedError,
    TurnFailedError,
)
from ipynemo.events import Event, Failure, Heartbeat, StateChanged, StillWorking, Text, TextDelta, ToolCall
from ipynemo.intents import translate

__all__ = ["Turn"]

log = logging.getLogger(__name__)

TAKE: Final = "take the message"
NOTHING_SAID: Final = {
    "en": "The agent ended without an answer, and the draft has not changed.",
    "zh": "智能体没有回答，草稿也没有变化。",
}


class _Cut(Exception):  # noqa: N818 - a signal inside this module, not an error of the tree
    """The stream broke after the message may have arrived."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class _TooLong(Exception):  # noqa: N818
    """A limit of the turn was reached."""


class Turn:
    """Runs one turn on the background loop.

    Parameters
    ----------
    read_draft : callable
        Gives the session's draft now, or None where the state cannot be read.
    emit : callable
        Takes each event; may wait, which holds the server up too.
    """

    def __init__(
        self,
        wire: Wire,
        session_id: str,
        text: str,
        *,
        language: str,
        read_draft: Callable[[], Awaitable[Draft | None]],
        emit: Callable[[Event], Awaitable[None]],
    ) -> None:
        self._wire = wire
        self._timing = wire.timing
        self._session_id = session_id
        self._text = text
        self._language = language
        self._read_draft = read_draft
        self._emit_to = emit
        self._reader = TurnReader()
        self._answer = TurnText()
        self._tools: list[ToolCall] = []
        self._failures: list[Failure] = []
        self._answered = False
        self._last: Event | None = None
        self._events = 0
        self._began = self._last_content = self._told = time.monotonic()

    async def run(self) -> Reply:
        """Send the message, emit what comes, return what it came to.

        Raises
        ------
        NemoError
            What the backend answered, or how the turn ended.
        """
        before = await self._read_draft()
        self._began = self._last_content = self._told = time.monotonic()
        try:
            ended_whole = await self._listen()
        except _Cut as cut:
            log.info("The stream of session %s broke: %s", self._session_id, cut.why)
            return await self._recover(before, cut.why)
        except _TooLong as limit:
            after = await self._read_draft()
            if _differ(before, after) or self._looks_finished:
                return self._reply(before, after)
            raise DeadlineError(
                str(limit),
                hint="The agent may still be at work, and the message was not sent again; "
                "look at `session.draft()` in a while.",
                session_id=self._session_id,
                received=str(self._answer),
            ) from None
        after = await self._read_draft()
        if not ended_whole and not _differ(before, after) and self._reader.fatal is None:
            return await self._recover(before, "it ended in the middle of the work")
        return self._reply(before, after)

    # -- listening ----------------------------------------------------------------------------------------------------

    async def _listen(self) -> bool:
        """Emit the stream's events, hold the limits; return whether the stream's end looks like one."""
        pump = asyncio.ensure_future(self._pump())
        try:
            while True:
                done, _ = await asyncio.wait({pump}, timeout=self._until_next_tick())
                if done:
                    return pump.result()
                await self._tick()
        finally:
            if not pump.done():
                pump.cancel()
                await asyncio.gather(pump, return_exceptions=True)

    def _until_next_tick(self) -> float:
        timing = self._timing
        due = min(
            self._told + timing.still_working_s,
            self._last_content + timing.idle_limit_s,
            self._began + timing.turn_limit_s,
        )
        return max(0.0, due - time.monotonic())

    async def _tick(self) -> None:
        now = time.monotonic()
        if now >= self._began + self._timing.turn_limit_s:
            raise _TooLong(f"The turn took longer than {self._timing.turn_limit_s:g} s.")
        if now >= self._last_content + self._timing.idle_limit_s:
            raise _TooLong(f"Nothing but silence came for {self._timing.idle_limit_s:g} s.")
        if now >= self._told + self._timing.still_working_s:
            self._told = now
            await self._emit(StillWorking(now - self._began))

    async def _pump(self) -> bool:
        async with AsyncExitStack() as stack:
            response = await self._deliver(stack)
            await self._check_stream(response)
            parser = SSEParser()
            try:
                async for chunk in response.aiter_bytes():
                    pending = parser.pending_bytes
                    await self._take(parser.feed(chunk))
                    if parser.pending_bytes > pending:
                        self._alive()  # a large event that comes slowly is no silence
            except (httpx.TransportError, httpx.DecodingError) as error:
                raise _Cut(str(error) or type(error).__name__) from error
            payloads, cut = parser.close()
            await self._take(payloads)
        return self._events > 0 and not cut and not self._reader.open_calls

    async def _deliver(self, stack: AsyncExitStack) -> httpx.Response:
        """Send the message; again only where it never left."""
        body = {
            "app_name": "nemo_agent",
            "user_id": "me",
            "session_id": self._session_id,
            "new_message": {"parts": [{"text": self._text}]},
        }
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        tries = 0
        while True:
            tries += 1
            try:
                return await stack.enter_async_context(
                    self._wire.opened("POST", "/run_sse", json=body, headers=headers, kind="billed")
                )
            except NEVER_LEFT as error:
                if tries >= self._timing.read_tries:
                    raise self._wire.undelivered(error, "deliver the message", self._session_id, left=False) from None
                await self._wire.endpoint.revive()
                await asyncio.sleep(self._timing.read_backoff_s * tries)
            except httpx.TransportError as error:
                raise _Cut(str(error) or type(error).__name__) from error

    async def _check_stream(self, response: httpx.Response) -> None:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if response.status_code < 300 and kind in ("text/event-stream", ""):
            return
        body = b""
        try:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_ERROR_BYTES:
                    break
        except (httpx.TransportError, httpx.DecodingError) as error:
            log.info("The answer to the message broke off: %s", error)
        plain = httpx.Response(
            response.status_code,
            headers=[(k, v) for k, v in response.headers.items() if k == "retry-after"],
            content=body,
        )
        open_answer(plain, doing=TAKE, session_id=self._session_id)  # an error, an HTML page, truncated JSON
        raise ProtocolError(
            f"Asked to {TAKE}, the backend answered with {kind or 'nothing'} instead of a stream.",
            hint="The message may have arrived; look at the draft before sending it again.",
            session_id=self._session_id,
            status=response.status_code,
            received=body[:300].decode("utf-8", "replace") or None,
        )

    async def _take(self, payloads: list[str | None]) -> None:
        for payload in payloads:
            for event in self._reader.read(payload):
                await self._emit(event)

    def _alive(self) -> None:
        self._last_content = self._told = time.monotonic()

    async def _emit(self, event: Event) -> None:
        self._answer.add(event)
        if isinstance(event, ToolCall):
            self._tools.append(event)
        elif isinstance(event, Failure):
            self._failures.append(event)
            self._answered = False
        elif isinstance(event, (Text, TextDelta)) and event.text:
            self._answered = True
        if not isinstance(event, (Heartbeat, StillWorking)):
            self._alive()
            self._events += 1
            self._last = event
        await self._emit_to(event)

    # -- what it came to ----------------------------------------------------------------------------------------------

    @property
    def _looks_finished(self) -> bool:
        return isinstance(self._last, Text) and not self._reader.open_calls and self._reader.fatal is None

    def _reply(self, before: Draft | None, after: Draft | None) -> Reply:
        changes = tuple(before.diff(after)) if before is not None and after is not None else ()
        raw_text = str(self._answer)
        translation = translate(raw_text, language=self._language)
        nothing = NOTHING_SAID.get(self._language, NOTHING_SAID["en"])
        reply = Reply(
            text=translation.text or "\n".join(changes) or nothing,
            tools=tuple(self._tools),
            changes=changes,
            draft=after,
            failures=tuple(self._failures),
            actions=translation.actions,
            raw_text=raw_text,
        )
        fatal = self._reader.fatal
        if fatal is not None or (self._failures and not self._answered and not changes):
            failure = fatal or self._failures[-1]
            error = TurnFailedError(
                f"The agent failed: {failure.message}" + (f" ({failure.code})" if failure.code else ""),
                hint="; ".join(changes) and f"Until then it had done: {'; '.join(changes)}",
                session_id=self._session_id,
                received=raw_text or None,
            )
            error.reply = reply
            raise error
        return reply

    async def _recover(self, before: Draft | None, why: str) -> Reply:
        """Look at the state a few times; never send the message again."""
        timing = self._timing
        for poll in range(timing.recovery_polls):
            await self._wait_telling(timing.recovery_every_s if poll else timing.recovery_first_s)
            after = await self._read_draft()
            if _differ(before, after):
                await self._emit_to(StateChanged(("draft",)))
                return self._reply(before, after)
        if self._reader.fatal is not None:
            return self._reply(before, await self._read_draft())
        raise StreamInterruptedError(
            f"The answer was cut off ({why}), and the draft has not changed since.",
            hint="The message was not sent again, because it may have been charged; look at `session.draft()` "
            "in a while, then ask once more if nothing came of it.",
            session_id=self._session_id,
            received=str(self._answer) or None,
        )

    async def _wait_telling(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(left, self._timing.still_working_s or left))
            if time.monotonic() < until:
                await self._emit_to(StillWorking(time.monotonic() - self._began))


def _differ(before: Draft | None, after: Draft | None) -> bool:
    return before is not None and after is not None and before != after
