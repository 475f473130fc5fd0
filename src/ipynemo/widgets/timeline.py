"""Timeline: three views of one draft, always in step - drawn, as a table, as JSON - and edits in each of them.

The page gets the draft as columns (`_timeline_columns`) whenever it changes, and asks for it when a page is new. An
edit of the page is shown at once as pending; the session carries it out, and the state has the last word. Without a
session the edits change `draft` right here.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable
from typing import Any, ClassVar

import traitlets

from ipynemo.client import AsyncSession, Session
from ipynemo.draft import Draft
from ipynemo.draft.pairing import Place
from ipynemo.errors import DraftError, NemoError, NoSuchSegmentError
from ipynemo.loop import off_loop
from ipynemo.widgets._base import Face
from ipynemo.widgets._saved import escaped
from ipynemo.widgets._static import module, style
from ipynemo.widgets._timeline_carry import Steps, Way, carried_out, stepped
from ipynemo.widgets._timeline_columns import has_place
from ipynemo.widgets._timeline_edits import read_edit, read_places
from ipynemo.widgets._timeline_ledger import Ledger
from ipynemo.widgets._timeline_pages import Pages
from ipynemo.widgets._timeline_plays import first_sight_ms
from ipynemo.widgets._timeline_saved import saved_timeline
from ipynemo.widgets._timeline_screen import Screen
from ipynemo.widgets._timeline_sentence import same_rows
from ipynemo.widgets._timeline_thumbs import file_notes, given_thumbnails
from ipynemo.widgets._timeline_words import TIMELINE_WORDS
from ipynemo.widgets._words import Words

__all__ = ["Timeline"]


class Timeline(Face):
    """A draft to look at and to edit.

    Parameters
    ----------
    session : AsyncSession or Session, optional
        Where edits go: directly on the embedded backend, as a chat message on the cloud. Without one they change
        `draft` here.
    draft : Draft, optional
        What is shown; without it the session's own.
    selection : list of (track, segment), optional
        Both counted from 1.
    playhead_s : float, optional
    view : {"timeline", "table", "json"}, optional
    thumbnails : dict, optional
        Pictures by source or file name: a path, or a `data:` URL.

    Attributes
    ----------
    draft : Draft or None
        As the state has confirmed it; may be set and linked.
    busy : bool
        Whether an edit is on its way.
    """

    _esm = module("timeline.js")
    _css = style("timeline.css")

    WORDS: ClassVar[Words] = TIMELINE_WORDS

    draft: Draft | None = traitlets.Instance(Draft, allow_none=True)  # type: ignore[assignment]
    selection: Any = traitlets.Any(())  # a tuple of places; lists of pairs may be set
    playhead_s = traitlets.Float(0.0)
    view = traitlets.Enum(("timeline", "table", "json"), "timeline").tag(sync=True)
    thumbnails = traitlets.Dict()
    cursor = traitlets.Dict().tag(sync=True, outgoing=True)
    state = traitlets.Dict().tag(sync=True, outgoing=True)

    def __init__(self, session: AsyncSession | Session | None = None, **traits: Any) -> None:
        self._ledger = Ledger()
        self._pages = Pages()
        self._making, self._saving = asyncio.Lock(), asyncio.Lock()
        self._publishing = threading.RLock()
        self._is_own = False  # whether the draft shown is one that somebody set, and not the session's
        self._ours: Draft | None = None  # what we are about to set as `draft` ourselves
        self._steps = Steps()
        self._screen = Screen(self._start, self._previewed, self._push)
        self._note = ""
        self._is_reading = False
        self._heard: tuple[str, int] = ("", 0)
        super().__init__(session, **traits)
        self._publish()

    # -- what Python may call ------------------------------------------------------------------------------------------

    def edit(self, after: Draft) -> None:
        """Make the draft be this one, through the session; shown as pending until the state confirms it.

        Examples
        --------
        >>> timeline.edit(edits.set_volume(timeline.draft, track=2, volume=0.35))  # doctest: +SKIP
        """
        self._start(functools.partial(self._carry_out, lambda _shown: after), what="edit")

    def undo(self) -> None:
        """Take the last edit back."""
        self._start(functools.partial(self._step, "undo"), what="undo")

    def redo(self) -> None:
        """Make the edit again that was taken back last."""
        self._start(functools.partial(self._step, "redo"), what="redo")

    def refresh(self) -> None:
        """Show the session's draft as it is now."""
        if self.session is not None:
            self._is_own = False
            self._start(self._read, what="timeline")

    # -- reading -------------------------------------------------------------------------------------------------------

    def _attached(self) -> None:
        self._steps = Steps()
        if self.session is not None and self.draft is None:
            self._is_reading = True
            self._start(self._read, what="timeline", aside=True)
        elif self.session is not None:
            self._draw_thumbnails()
        self._publish()

    async def _read(self) -> None:
        session = self.session
        try:
            if session is not None:
                draft = await session.draft()
                if session is self.session and not self._is_own and not self._ledger.pending:
                    await self._confirm(draft)
        finally:
            self._is_reading = False
            await off_loop(self._publish)

    async def _look(self) -> None:
        try:
            await self._read()
        except NemoError:
            return  # nobody asked for it; what is asked for says what is wrong

    def _draw_thumbnails(self) -> None:
        session, draft = self.session, self.draft
        if session is None or draft is None or draft.is_empty:
            return

        async def work() -> None:
            self._pages.notes = await file_notes(session, draft, self._pages.notes)
            self._push_thumbnails()
            self._renew_saved()

        self._start(work, what="thumbnails", aside=True)

    def _previewed(self) -> tuple[AsyncSession, Draft | None] | None:
        """Return where the draft that is shown is drawn, and that draft; the session's own need not travel."""
        session, shown = self.session, self._ledger.shown
        if session is None or shown is None or shown.is_empty:
            return None
        return session, shown if self._is_own or self._ledger.pending else None

    # -- edits ---------------------------------------------------------------------------------------------------------

    async def _carry_out(self, make: Callable[[Draft], Draft], note: str = "") -> None:
        """Show an edit as pending, carry it out, take what has become of it."""
        try:
            async with self._making:
                shown = self._ledger.shown or Draft()
                after = await off_loop(make, shown)
                if after == shown:
                    return
                self._ledger.begin(after)
                self._note = ""
                await off_loop(self._publish)
            async with self._saving:
                if not self._ledger.is_waiting(after):
                    return  # it fell with one before it, which has said why
                before = self._ledger.confirmed or Draft()
                try:
                    session = self.session
                    result = await carried_out(session, before, after, self._say) if session else after
                except BaseException:
                    self._ledger.drop()
                    raise
                if session is None:
                    self._steps.note(before)
                whole = self._ledger.settle(after, result)
                self._note = note if same_rows(result, after) else self._say("differs")
                await self._confirm(result)
                if not whole:
                    raise DraftError(self._say("stale"))
        finally:
            self._push({"kind": "settled"})
            await off_loop(self._publish)

    async def _step(self, way: Way) -> None:
        """Undo or redo."""
        async with self._saving:
            session, before = self.session, self.draft
            draft = await stepped(session, way) if session else self._steps.step(way, before or Draft())
            is_none = draft is None or draft == before
            self._note = self._say(f"nothing_to_{way}") if is_none else ""
            if draft is not None:
                await self._confirm(draft)
            await off_loop(self._publish)

    async def _confirm(self, draft: Draft) -> None:
        """Take the session's word for the draft."""
        self._ours = draft
        await self._change(draft=draft)

    @traitlets.observe("draft")
    def _draft_changed(self, change: Any) -> None:
        new = change["new"]
        self._is_own = new is not None and new is not self._ours
        self._ledger.confirm(new)
        self._pages.before = change["old"] if isinstance(change["old"], Draft) else None
        self._publish()
        self._draw_thumbnails()
        self._renew_saved()

    # -- what is shown -------------------------------------------------------------------------------------------------

    def _publish(self) -> None:
        """Send what the page shows; the columns only when the draft, the marks or the pending edits differ."""
        with self._publishing:
            shown = self._ledger.shown
            if self._pages.is_news(self._ledger):
                content, buffers, moved = self._pages.build(self._ledger)
                self._push(content, buffers)
                if self.selection and (shown is not None or self.draft is None):
                    kept = tuple(moved[p] for p in self.selection if p in moved) if moved else self.selection
                    self.selection = tuple(place for place in kept if has_place(shown, place))
            session = self.session
            self.state = {
                "version": self._ledger.version,
                "pending": self._ledger.pending,
                "is_cloud": session is not None and not session.nemo.is_local,
                "can_preview": session is not None and session.nemo.is_local,
                "poster_ms": first_sight_ms(shown),
                "has_draft": shown is not None and not shown.is_empty,
                "is_reading": self._is_reading,
                "can_undo": bool(self._steps.undo) if session is None else self.draft is not None,
                "can_redo": bool(self._steps.redo) if session is None else self.draft is not None,
                "note": self._note,
                "changes": self._pages.changes(self.language),
                "counts": self._pages.counts,
            }

    def _push_thumbnails(self) -> None:
        self._push({"kind": "thumbs", "files": self._pages.files(self.thumbnails)})

    @traitlets.validate("selection")
    def _valid_selection(self, proposal: Any) -> tuple[Place, ...]:
        places = read_places(proposal["value"])
        shown = self._ledger.shown or self.draft
        if shown is not None and (missing := [place for place in places if not has_place(shown, place)]):
            raise NoSuchSegmentError(f"The draft has no segment {missing[0][1]} on track {missing[0][0]}.")
        return places

    @traitlets.validate("playhead_s")
    def _valid_playhead(self, proposal: Any) -> float:
        return max(0.0, float(proposal["value"]))

    @traitlets.validate("thumbnails")
    def _valid_thumbnails(self, proposal: Any) -> dict[str, str]:
        return given_thumbnails(proposal["value"])

    @traitlets.observe("thumbnails")
    def _thumbnails_changed(self, _change: Any) -> None:
        self._push_thumbnails()

    @traitlets.observe("selection", "playhead_s")
    def _cursor_changed(self, _change: Any) -> None:
        self._show_cursor()

    def _show_cursor(self) -> None:
        page, number = self._heard
        self.cursor = {
            "selection": [list(place) for place in self.selection],
            "playhead_s": self.playhead_s,
            "page": page,
            "number": number,
        }

    @traitlets.observe("language")
    def _words_changed(self, _change: Any) -> None:
        self._note = ""
        self._publish()

    # -- the page ------------------------------------------------------------------------------------------------------

    def _receive(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        kind = content.get("kind")
        if kind == "get":
            self._push(*self._pages.latest)
            self._push_thumbnails()
        elif kind == "cursor":
            self._take_cursor(content)
        elif kind == "view":
            self.view = str(content.get("view"))
        elif kind == "edit":
            self._take_edit(content)
        elif kind in ("moment", "play"):
            self._screen.want(content)
        elif kind in ("undo", "redo"):
            self._start(functools.partial(self._step, kind), what=kind)
        elif kind in ("json", "full", "copy"):
            answer = self._pages.answer(self._ledger.shown, content, self.words)
            self._push({**answer, "kind": kind, "id": content.get("id")})
        elif kind == "look" and not (self._is_own or self._ledger.pending or self.busy or self.session is None):
            self._start(self._look, what="timeline", aside=True)

    def _receive_control(self, content: dict[str, Any]) -> None:
        self._screen.control(content)

    def _take_cursor(self, content: dict[str, Any]) -> None:
        """Take the page's selection and playhead; it knows by the number which of its own messages came back."""
        self._heard = (str(content.get("page"))[:20], int(content.get("number") or 0))
        shown = self._ledger.shown
        try:
            with self.hold_trait_notifications():
                self.selection = tuple(p for p in read_places(content.get("selection")) if has_place(shown, p))
                self.playhead_s = float(content.get("playhead_s") or 0.0)
        finally:
            self._show_cursor()  # the page waits for its number, whatever an observer did

    def _take_edit(self, content: dict[str, Any]) -> None:
        edit = read_edit(content)
        places = self._ledger.places_now(edit.places, int(content.get("version") or 0))
        if places is None:
            self._push({"kind": "settled"})
            raise DraftError(self._say("stale"))
        note = self._say("removed") if edit.kind == "remove" else ""
        self._start(functools.partial(self._carry_out, edit.at(places).make, note), what="edit")

    def _fallback_text(self) -> str:
        draft = self.draft
        return draft.summary() if draft is not None else f"{self._say('name')}: {self._say('empty')}"

    def _fallback_html(self) -> str:
        draft = self.draft
        if draft is None or draft.is_empty:
            return f"<p>{escaped(self._say('empty'))}</p>"
        return saved_timeline(draft, self.words, {source: name for source, (name, _) in self._pages.notes.items()})
