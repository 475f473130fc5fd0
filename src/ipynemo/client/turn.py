"""One chat turn: the message goes out once, events come in, and the state has the last word.

There is no event that ends a stream, and a stream that was cut can look like a clean end. So the state is read before
and after every turn. A turn that broke is never sent again, because it would be charged and edited twice: the state is
looked at a few times instead, and what changed is told, or `StreamInterruptedError` with what had come.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from ipynemo.client.answers import error_from
from ipynemo.client.listening import Cut, Listener, TooLong
from ipynemo.client.stream import TurnText
from ipynemo.client.values import Reply
from ipynemo.client.wire import Wire
from ipynemo.draft import Draft
from ipynemo.errors import (
    DeadlineError,
    InvalidRequestError,
    NemoError,
    ServerError,
    StreamInterruptedError,
    TurnFailedError,
)
from ipynemo.events import Event, Failure, StateChanged, StillWorking, Text, TextDelta, ToolCall
from ipynemo.intents import translate

__all__ = ["Turn"]

log = logging.getLogger(__name__)

NOTHING_SAID: Final = {
    "en": "The agent ended without an answer, and the draft has not changed.",
    "zh": "智能体没有回答，草稿也没有变化。",
}


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
        self._listener = Listener(wire, session_id, text, self._emit)
        self._reader = self._listener.reader
        self._answer = TurnText()
        self._tools: list[ToolCall] = []
        self._failures: list[Failure] = []
        self._answered = False

    async def run(self) -> Reply:
        """Send the message, emit what comes, return what it came to.

        Raises
        ------
        NemoError
            What the backend answered, or how the turn ended.
        """
        self._check_text()
        async with self._wire.turn(self._session_id):
            return await self._run()

    def _check_text(self) -> None:
        try:
            self._text.encode("utf-8")
        except UnicodeEncodeError as error:
            fault = InvalidRequestError(
                f"The message holds half of a character, at position {error.start}, and cannot be sent.",
                hint="It may have been cut in the middle of an emoji; type it again.",
                session_id=self._session_id,
            )
        else:
            return
        raise fault

    async def _run(self) -> Reply:
        before = await self._read_draft()
        ended = False
        broke = too_long = ""
        try:
            ended = await self._listener.listen()
        except Cut as cut:
            broke = str(cut)
        except TooLong as limit:
            too_long = str(limit)
        if broke and self._reader.fatal is None:
            return await self._recover(before, broke)
        after = await self._read_draft()
        if ended or self._reader.fatal is not None or _differ(before, after):
            return self._reply(before, after)
        if not too_long:
            return await self._recover(before, "it ended in the middle of the work")
        if self._listener.looks_finished:
            return self._reply(before, after)
        raise DeadlineError(
            too_long,
            hint="The agent may still be at work, and the message was not sent again; "
            "look at `session.draft()` in a while.",
            session_id=self._session_id,
            received=str(self._answer) or None,
        )

    async def _emit(self, event: Event) -> None:
        self._answer.add(event)
        if isinstance(event, ToolCall):
            self._tools.append(event)
        elif isinstance(event, Failure):
            self._failures.append(event)
            self._answered = False
        elif isinstance(event, (Text, TextDelta)) and event.text:
            self._answered = True
        await self._emit_to(event)

    # -- what it came to ----------------------------------------------------------------------------------------------

    def _reply(self, before: Draft | None, after: Draft | None) -> Reply:
        changes = tuple(before.diff(after)) if before is not None and after is not None else ()
        raw_text = str(self._answer)
        translation = translate(raw_text, language=self._language, asked=self._text)
        nothing = NOTHING_SAID.get(self._language[:2].lower(), NOTHING_SAID["en"])
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
            raise self._failed(fatal or self._failures[-1], reply)
        return reply

    def _failed(self, failure: Failure, reply: Reply) -> NemoError:
        """Return the error that a failure of the agent means."""
        done = f"Until then it had done: {'; '.join(reply.changes)}" if reply.changes else None
        code = failure.code or ""
        if code.isdigit():  # an envelope in the stream: out of credits in the middle of the work
            body = json.dumps({"code": int(code), "message": failure.message}).encode()
            known = error_from(200, {}, body, doing="finish the answer", session_id=self._session_id)
            if known is not None and not isinstance(known, ServerError):
                self._wire.advise(known)
                known.hint = " ".join(filter(None, (known.hint, done)))
                known.received = reply.raw_text or None
                return known
        error = TurnFailedError(
            f"The agent failed: {failure.message}" + (f" ({code})" if code and code != failure.message else ""),
            hint=done,
            session_id=self._session_id,
            received=reply.raw_text or None,
        )
        error.reply = reply
        return error

    async def _recover(self, before: Draft | None, why: str) -> Reply:
        """Look at the state a few times; never send the message again."""
        log.info("The stream of session %s broke: %s", self._session_id, why)
        timing = self._timing
        after: Draft | None = None
        for poll in range(timing.recovery_polls):
            await self._wait_telling(timing.recovery_every_s if poll else timing.recovery_first_s)
            after = await self._read_draft()
            if _differ(before, after):
                await self._emit_to(StateChanged(("draft",)))
                return self._reply(before, after)
        seen = (
            "the draft has not changed since"
            if before is not None and after is not None
            else "what came of it could not be read"
        )
        raise StreamInterruptedError(
            f"The answer was cut off ({why}), and {seen}.",
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
                await self._emit_to(StillWorking(time.monotonic() - self._listener.began))


def _differ(before: Draft | None, after: Draft | None) -> bool:
    return before is not None and after is not None and before != after
