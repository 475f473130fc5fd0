"""Chat: what to make, said in words; the answer as it comes, and what the answer proposes as buttons.

Each message becomes one job: a turn of the agent, an export, a look at the credits or the timeline. There is one job at
a time, and Stop, which comes on the second wire, ends it. What was said is kept in Python (`_talk`), so that a reloaded
page shows it as it stands, also in the middle of an answer.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any, ClassVar, Final, overload

import traitlets

from ipynemo.client import AsyncSession, Clip, Reply, Session
from ipynemo.draft import Draft
from ipynemo.errors import InvalidRequestError, NemoError
from ipynemo.intents import Intent, route
from ipynemo.loop import off_loop
from ipynemo.widgets._base import Face
from ipynemo.widgets._chat_jobs import Job
from ipynemo.widgets._chat_orders import JOBS
from ipynemo.widgets._chat_words import CHAT_WORDS
from ipynemo.widgets._coalesce import Coalescer
from ipynemo.widgets._markdown import clean
from ipynemo.widgets._static import module, style
from ipynemo.widgets._talk import Chip, Entry, Talk, kept, messages_of
from ipynemo.widgets._words import Words

__all__ = ["Chat"]

MAX_MESSAGE: Final = 20_000  # characters
VIDEO_PIECE_BYTES: Final = 1 << 20
IDLE: Final = {"state": "idle", "line": "", "turn": 0}


class Chat(Face):
    """A conversation with the agent about one session.

    Parameters
    ----------
    session : AsyncSession or Session, optional
    playhead_s : float, optional
        Where "preview" begins in a video that is not short.

    Attributes
    ----------
    history : list of dict
        What was said, as the page shows it: `role` (user, agent, note, error), `text`, and more.
    draft : Draft or None
        The draft after the last turn.
    actions : tuple of Action
        What the last answer proposes to do next.
    clip : Clip or None
        The last video that the chat itself has exported.
    busy : bool
        Whether an answer is under way.
    """

    _esm = module("chat.js")
    _css = style("chat.css")

    WORDS: ClassVar[Words] = CHAT_WORDS

    history: list[dict[str, Any]] = traitlets.List().tag(sync=True, outgoing=True)  # type: ignore[assignment]
    turn = traitlets.Dict(IDLE).tag(sync=True, outgoing=True)
    view = traitlets.Dict().tag(sync=True, outgoing=True)
    draft: Draft | None = traitlets.Instance(Draft, allow_none=True).tag(outgoing=True)  # type: ignore[assignment]
    clip: Clip | None = traitlets.Instance(Clip, allow_none=True).tag(outgoing=True)  # type: ignore[assignment]
    actions = traitlets.Tuple().tag(outgoing=True)
    playhead_s = traitlets.Float(0.0)

    def __init__(self, session: AsyncSession | Session | None = None, **traits: Any) -> None:
        self._talk = Talk()
        self._job: Job | None = None
        self._handlers: list[Callable[[str], object]] = []
        self._failed: tuple[Intent, str] | None = None
        self._is_moving = False
        self._coalescer = Coalescer(lambda _news: self._show_turn())
        super().__init__(session, **traits)
        self._show()

    # -- what Python may call ------------------------------------------------------------------------------------------

    @overload
    def send(self, text: str) -> Future[Reply]: ...

    @overload
    def send(self, text: dict[str, Any], buffers: list[Any] | None = None) -> None: ...

    def send(self, text: str | dict[str, Any], buffers: list[Any] | None = None) -> Future[Reply] | None:
        """Say something and return at once; the answer appears in the chat.

        "export", "credits", "status" and "upload" are done right here, everything else goes to the agent.
        The future's `.result()` is the reply; `asyncio.wrap_future` makes it one to await.

        Raises
        ------
        InvalidRequestError
            There is no session, no text, or an answer is still under way.
        """
        if isinstance(text, dict):  # ipywidgets has the same name for what goes to the page
            return super().send(text, buffers)  # type: ignore[no-any-return]
        text = clean(text).strip() if isinstance(text, str) else ""
        refusal = self._refusal(text)
        if refusal is not None:
            raise InvalidRequestError(refusal, hint=self._say("keys") if not text else None)
        return self._begin(route(text), text, said=True)

    def stop(self) -> None:
        """End the answer that is under way; what the backend has begun may still be finished."""
        if (job := self._job) is not None and not job.is_stopping:
            job.is_stopping = True
            self._show_turn()
            self._start(job.stop, what="stop", aside=True)

    def clear(self) -> None:
        """Forget what was said, here; the session keeps its draft."""
        with self._lock:
            self._talk.entries.clear()
        self._show()
        self._renew_saved()

    def on_action(self, handler: Callable[[str], object]) -> None:
        """Let somebody else do what the user asks for beside the chat: "export", "upload", "state".

        The handler is called with that word, on a helper thread. Where it returns true the thing is done by it; else
        the chat exports by itself, and tells how to upload. The timeline is told in the chat in any case.
        """
        self._handlers.append(handler)

    # -- jobs ----------------------------------------------------------------------------------------------------------

    def _refusal(self, text: str) -> str | None:
        """Return why a message cannot be taken now."""
        if self.session is None:
            return self._say("locked")
        if not text:
            return self._say("nothing")
        if len(text) > MAX_MESSAGE:
            return self._say("too_long", n=MAX_MESSAGE)
        return self._say("wait") if self._job is not None else None

    def _begin(self, intent: Intent, text: str, *, said: bool) -> Future[Reply]:
        """Begin a job; `said` when the user's words are to be added to what was said."""
        with self._lock:
            if self._job is not None or self.session is None:
                raise InvalidRequestError(self._say("wait" if self._job is not None else "locked"))
            self._failed = None
            job = self._job = JOBS[intent](self, self.session, text)
            self._talk.settle()
            if said:
                self._talk.add("user", text)
        self._show()
        return self._start(functools.partial(self._work, job, intent), what="answer")

    async def _work(self, job: Job, intent: Intent) -> Reply:
        try:
            return await job.run()
        except Exception:
            self._failed = (intent, job.text)
            raise
        finally:
            with self._lock:
                self._job = None if self._job is job else self._job
            self._show()
            self._renew_saved()

    # -- errors: the last entry, with a button as long as nothing has followed ----------------------------------------

    @traitlets.observe("error")
    def _error_changed(self, change: Any) -> None:
        if change["new"] is None:
            return
        words = "\n".join(filter(None, (change["new"]["message"], change["new"]["hint"])))
        with self._lock:
            self._talk.add("error", words, error=change["new"])
        self._show()

    def _act(self, action: str) -> None:
        if self._job is not None:
            return
        with self._lock:
            self._talk.settle(forget=True)
        if action != "retry":
            super()._act(action)
        elif self._failed is not None:
            self._begin(*self._failed, said=False)
        else:
            self.error = None
            self._attached()  # what failed was the look at the session, not a message
        self._show()

    async def _new_session(self) -> None:
        said = next((entry.text for entry in reversed(self._talk.entries) if entry.role == "user"), "")
        self._is_moving = True
        try:
            await super()._new_session()
        finally:
            self._is_moving = False
        chips = (Chip(self._say("chip_again"), "say", said),) if said else ()
        with self._lock:
            self._talk.add("note", self._say("new"), chips=chips)
        self._show()

    # -- a session -----------------------------------------------------------------------------------------------------

    def _attached(self) -> None:
        self.stop()  # what is under way belongs to another session
        if (session := self.session) is not None:
            with self._lock:
                self._talk = kept(session, self._talk if self._is_moving else None)
            self._start(functools.partial(self._recall, session), what="state", aside=True)
        self._show()

    async def _recall(self, session: AsyncSession) -> None:
        """Take up a session: its draft, and what was said, where its state tells."""
        self._failed = None
        state = await session.state()
        with self._lock:
            if session is not self.session:
                return
            if not self._talk.entries:
                for role, text in messages_of(state):
                    self._talk.add(role, text)
        self._show()
        self._renew_saved()
        try:
            draft = Draft(state.get("draft") or None)
        except NemoError:
            return  # a turn reads it again and says what is the matter
        if not draft.is_empty and self.draft is None:
            await self._change(draft=draft)

    # -- what is shown -------------------------------------------------------------------------------------------------

    @traitlets.observe("language")
    def _language_news(self, _change: Any) -> None:
        self._show()

    def _show(self) -> None:
        with self._lock:
            self.history, is_cut = self._talk.view()
            self.view = {"has_session": self.session is not None, "is_cut": is_cut}
            self.turn = self._job.view() if self._job is not None else dict(IDLE)

    def _show_turn(self) -> None:
        """Show how far the job is: its line, and the news of its answer."""
        with self._lock:
            if self._job is not None:
                self.turn = self._job.view()
                if (news := self._job.news()) is not None:
                    self._push(news)

    # -- the page ------------------------------------------------------------------------------------------------------

    def _receive(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        kind, entry = content.get("kind"), self._talk.find(content.get("id"))
        if kind == "send":
            self._take_message(content)
        elif kind == "hello":
            with self._lock:
                if self._job is not None and (whole := self._job.whole()) is not None:
                    self._push(whole)
        elif kind == "copy" and entry is not None:
            self._push({"kind": "copy", "id": entry.id, "text": entry.text})
        elif kind == "video" and entry is not None:
            self._send_video(entry)
        elif kind == "more" and entry is not None and isinstance(part := content.get("part"), int) and part > 0:
            self._start(functools.partial(self._send_more, entry, part), what="text", aside=True)
        elif kind == "chip" and entry is not None:
            self._press(entry.chips, content.get("n"))

    def _take_message(self, content: dict[str, Any]) -> None:
        text = clean(str(content.get("text") or "")).strip()
        refusal = self._refusal(text)
        self._push({"kind": "taken", "nonce": content.get("nonce"), "refusal": refusal})
        if refusal is None:
            self._begin(route(text), text, said=True)

    async def _send_more(self, entry: Entry, part: int) -> None:
        self._push(await off_loop(entry.more, part))

    def _send_video(self, entry: Entry) -> None:
        pieces = [entry.mp4[at : at + VIDEO_PIECE_BYTES] for at in range(0, len(entry.mp4), VIDEO_PIECE_BYTES)]
        for number, piece in enumerate(pieces, 1):
            self._push({"kind": "video", "id": entry.id, "is_last": number == len(pieces)}, [piece])

    def _press(self, chips: Iterable[Chip], number: object) -> None:
        chip = dict(enumerate(chips)).get(number) if isinstance(number, int) else None
        if chip is None or self._job is not None or self.session is None:
            return
        if chip.do == "say":
            self._begin(route(chip.text), chip.text, said=True)
        elif chip.do in ("export", "credits", "state", "upload"):
            self._begin(Intent(chip.do), chip.label, said=True)

    def _receive_control(self, content: dict[str, Any]) -> None:
        if content.get("kind") == "stop":
            self.stop()

    # -- without a kernel ----------------------------------------------------------------------------------------------

    def _fallback_text(self) -> str:
        with self._lock:
            return self._talk.plain(self.words) or f"{self._say('name')}: {self._say('welcome')}"

    def _fallback_html(self) -> str:
        with self._lock:
            return self._talk.html(self.words) or super()._fallback_html()
