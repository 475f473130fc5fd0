"""How an edit reaches the session: as it is on this computer, in words on the cloud; and undo where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from ipynemo.client import AsyncSession
from ipynemo.draft import Draft
from ipynemo.draft.summary import plain
from ipynemo.errors import DraftError, TurnFailedError
from ipynemo.loop import off_loop
from ipynemo.widgets._timeline_sentence import MAX_WISHES, wishes

__all__ = ["Steps", "Way", "carried_out", "stepped"]

UNDO_STEPS: Final = 100  # without a session; with one the backend keeps them

Way = Literal["undo", "redo"]
Say = Callable[..., str]


class Steps:
    """Undo and redo of a timeline without a session."""

    def __init__(self) -> None:
        self.undo: list[Draft] = []
        self.redo: list[Draft] = []

    def note(self, before: Draft) -> None:
        """Keep what an edit is about to replace."""
        self.undo, self.redo = [*self.undo[1 - UNDO_STEPS :], before], []

    def step(self, way: Way, now: Draft) -> Draft | None:
        """Return where a step leads; None where there is none."""
        source, target = (self.undo, self.redo) if way == "undo" else (self.redo, self.undo)
        if not source:
            return None
        target.append(now)
        return source.pop()


async def carried_out(session: AsyncSession, before: Draft, after: Draft, say: Say) -> Draft:
    """Ask the session for an edit; return the draft as its state has it then.

    Raises
    ------
    DraftError
        It cannot be said in one message.
    TurnFailedError
        The agent answered and did nothing.
    NemoError
        What the backend answered.
    """
    if session.nemo.is_local:
        return await session.save(after)
    told = await off_loop(wishes, before, after)
    if len(told) > MAX_WISHES:
        raise DraftError(say("too_many", n=len(told)), hint=say("too_many_hint"))
    reply = await session.chat(" ".join([*told, "Change nothing else."]), as_is=True)
    result = reply.draft if reply.draft is not None else await session.draft()
    if result == before:
        said = plain(reply.text, 200)
        raise TurnFailedError(f"{say('not_done')} {said}".strip(), hint=say("not_done_hint"))
    return result


async def stepped(session: AsyncSession, way: Way) -> Draft:
    """Let the session undo or redo; return the draft as its state has it then."""
    reply = await session.chat(way, as_is=True)
    return reply.draft if reply.draft is not None else await session.draft()
