"""What a message becomes: a turn of the agent, an export, a look at the credits or the timeline, a word on uploads.

A job lives on ipynemo's loop. It adds what it has to say to the chat's talk, and tells how far it is.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ipynemo.client import AsyncSession, Reply
from ipynemo.client.streaming import TurnStream
from ipynemo.draft import Draft
from ipynemo.errors import NemoError, NothingToExportError, RenderCancelledError, TurnFailedError
from ipynemo.events import Event, StillWorking, Text, TextDelta, Thought, ToolCall
from ipynemo.intents import Action
from ipynemo.loop import off_loop
from ipynemo.widgets._chat_words import activity, chip_of
from ipynemo.widgets._clips import clip_facts
from ipynemo.widgets._live import Live, for_widgets
from ipynemo.widgets._rendering import Rendering, wanted_name
from ipynemo.widgets._talk import Chip, Role

if TYPE_CHECKING:
    from ipynemo.widgets.chat import Chat

__all__ = ["Credits", "Export", "Job", "Turn", "Upload"]

log = logging.getLogger(__name__)

_numbers = itertools.count(1)

LOOKS_AFTER_STOP_S: Final = (0.0, 2.0, 5.0)  # the backend may finish what it had begun


class Job:
    """One thing at a time that the chat does.

    Parameters
    ----------
    chat : Chat
    session : AsyncSession
    text : str
        What the user said.
    """

    begins_with = "reading"

    def __init__(self, chat: Chat, session: AsyncSession, text: str) -> None:
        self.chat = chat
        self.session = session
        self.number = next(_numbers)
        self.text = text
        self.is_stopping = False
        self.line = chat._say(self.begins_with)
        self._talk = chat._talk
        self._task: asyncio.Task[Any] | None = None

    async def run(self) -> Reply:
        """Do it; what it comes to is in the chat's talk when this returns."""
        self._task = asyncio.current_task()
        return await self._do()

    async def _do(self) -> Reply:
        draft = await self.session.draft()
        self.tell("note", self.chat._say("state_empty") if draft.is_empty else draft.summary())
        await self._offer("state")
        await self.chat._change(draft=draft)
        return Reply(text=draft.summary(), draft=draft)

    async def stop(self) -> None:
        """End it."""
        self.tell("note", self.chat._say("stopped_early"))
        if self._task is not None:
            self._task.cancel()

    async def _offer(self, action: str) -> bool:
        """Return whether somebody else does it, of those who asked for it by `Chat.on_action`."""

        def ask() -> bool:
            for handler in tuple(self.chat._handlers):
                try:
                    if handler(action):
                        return True
                except Exception:
                    log.exception("What was to do %s for the chat failed.", action)
            return False

        return await off_loop(ask) if self.chat._handlers else False

    def tell(self, role: Role, text: str, **more: Any) -> None:
        """Add to what was said; also when the chat has turned to another session meanwhile."""
        with self.chat._lock:
            self._talk.add(role, text, turn=self.number, **more)

    def view(self) -> dict[str, Any]:
        """Return how far it is, for the page."""
        state, line = ("stopping", self.chat._say("stopping")) if self.is_stopping else ("working", self.line)
        return {"state": state, "line": line, "turn": self.number}

    def news(self) -> dict[str, Any] | None:
        """Return what is new in the answer."""
        return None

    def whole(self) -> dict[str, Any] | None:
        """Return all of the answer so far, for a new page."""
        return None


class Credits(Job):
    """Tells the credits."""

    async def _do(self) -> Reply:
        say = self.chat._say
        if self.session.nemo.is_local:
            text = say("credits_local")
        else:
            count = await self.session.credits()
            text = say("credits_told", available=f"{count.available:g}", total=f"{count.total:g}")
            text += " " + say("credits_frozen", frozen=f"{count.frozen:g}") if count.frozen else ""
        self.tell("agent", text)
        return Reply(text=text)


class Upload(Job):
    """Shows where files go."""

    async def _do(self) -> Reply:
        text = self.chat._say("upload_elsewhere" if await self._offer("upload") else "upload_alone")
        self.tell("note", text)
        return Reply(text=text)


class Export(Job):
    """Makes the video, unless somebody else does."""

    begins_with = "exporting"

    def __init__(self, chat: Chat, session: AsyncSession, text: str) -> None:
        super().__init__(chat, session, text)
        self._rendering = Rendering(session, self._progress)

    async def _do(self) -> Reply:
        say = self.chat._say
        if await self._offer("export"):
            self.tell("note", say("export_elsewhere"))
            return Reply(text=say("export_elsewhere"))
        draft = await self.session.draft()
        if draft.is_empty:
            raise NothingToExportError("There is nothing to export yet: the draft has no segment.")
        try:
            clip = await self._rendering.run(draft, wanted_name("", draft.title or self.session.task_name))
        except RenderCancelledError:
            self.tell("note", say("export_cancelled"))
            return Reply(text=say("export_cancelled"), draft=draft)
        facts = clip_facts(clip)
        link = {"name": f"{facts['name']} ({facts['words']})", "href": facts["href"] or ""}
        self.tell("agent", say("exported"), link=link)
        await self.chat._change(clip=clip)
        return Reply(text=f"{say('exported')} {link['name']}", draft=draft, clip=clip)

    async def stop(self) -> None:
        """Cancel the export."""
        await self._rendering.cancel()

    def _progress(self, stage: str, percent: float) -> None:
        say = self.chat._say
        if stage == "render":
            self.line = say("exporting_percent", n=int(percent)) if percent else say("exporting")
        else:
            self.line = say("fetching")
        self.chat._coalescer.add(news=True)


class Turn(Job):
    """A turn of the agent."""

    begins_with = "thinking"

    def __init__(self, chat: Chat, session: AsyncSession, text: str) -> None:
        super().__init__(chat, session, text)
        self._live = Live(self.number, session.language, text)
        self._stream: TurnStream = session.stream(text)

    async def _do(self) -> Reply:
        try:
            async for event in self._stream:
                self._hear(event)
        except NemoError as error:
            self._tell_rest(note=self.chat._say("cut_off"))
            reply = error.reply if isinstance(error, TurnFailedError) else None
            if isinstance(reply, Reply) and reply.draft is not None:
                await self.chat._change(draft=reply.draft)
            raise
        finally:
            await self._stream.aclose()
        reply = self._stream.reply
        return await self._stopped() if reply is None else await self._answered(reply)

    def _hear(self, event: Event) -> None:
        chat = self.chat
        with chat._lock:
            self._live.add(event)
        if isinstance(event, ToolCall):
            self.line = activity(event.name, chat.words)
        elif isinstance(event, StillWorking):
            minutes = int(event.elapsed_s // 60)
            self.line = chat._say("still_minutes", n=minutes) if minutes else chat._say("still")
        elif isinstance(event, (Text, TextDelta)):
            self.line = ""
        elif isinstance(event, Thought):
            self.line = chat._say("thinking")
        else:
            return
        chat._coalescer.add(news=True)

    async def _answered(self, reply: Reply) -> Reply:
        text, names = for_widgets(reply.text)
        changes = () if reply.text == "\n".join(reply.changes) else reply.changes
        self.tell("agent", text, changes=changes, chips=_chips(reply.actions, names, self.chat.words))
        self.chat._show()
        await self.chat._change(actions=reply.actions)
        if reply.draft is not None:
            await self.chat._change(draft=reply.draft)
        return reply

    async def _stopped(self) -> Reply:
        say = self.chat._say
        text = self._tell_rest(note="")
        if self.session is self.chat.session:
            again = Chip(say("chip_again"), "say", self.text)
            self.tell("note", say("stopped"), chips=(again,))
            looking = functools.partial(self._look_after_stop, self.chat.draft)
            self.chat._start(looking, what="state", aside=True)
        return Reply(text=text)

    def _tell_rest(self, *, note: str) -> str:
        """Keep what had come of an answer that has no end."""
        text = self._live.text.strip()
        if text:
            self.tell("agent", text, note=note)
        return text

    async def _look_after_stop(self, before: Draft | None) -> None:
        chat = self.chat
        for wait_s in LOOKS_AFTER_STOP_S:
            await asyncio.sleep(wait_s)
            if chat._job is not None or self.session is not chat.session:
                return  # the next turn tells what there is
            draft = await self.session.draft()
            if draft == before:
                continue
            changes = before.diff(draft, chat.language) if before is not None else ()
            if changes:
                comma = "；" if chat.language.startswith("zh") else "; "
                self.tell("note", chat._say("done_anyway", changes=comma.join(changes)))
                chat._show()
            before = draft
            await chat._change(draft=draft)

    async def stop(self) -> None:
        """Leave off listening; the backend may finish what it has begun."""
        await self._stream.aclose()

    def news(self) -> dict[str, Any] | None:
        """Return what is new in the answer."""
        return self._live.news()

    def whole(self) -> dict[str, Any] | None:
        """Return all of the answer so far, for a new page."""
        return self._live.whole()


def _chips(actions: tuple[Action, ...], names: tuple[str, ...], words: Mapping[str, str]) -> tuple[Chip, ...]:
    """Return the buttons for what an answer proposes; a button that the answer names says that name to the agent."""
    kinds = dict.fromkeys(chip_of(action) for action in actions)
    proposed = [Chip(words[f"chip_{kind}"], kind) for kind in kinds if not (kind == "edit" and names)]
    return (*(Chip(name, "say", name) for name in names), *proposed)
