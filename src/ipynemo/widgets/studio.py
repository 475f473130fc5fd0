"""Studio: the whole job in one cell - upload, ask, look, export, play - made of the other widgets.

The parts do the work; the studio opens the session that they share, hands the draft and the clip from one to the next,
and says in words where things stand.
"""

from __future__ import annotations

import asyncio
import functools
from concurrent.futures import Future
from typing import Any, ClassVar, TypeVar

import traitlets
from ipywidgets import widget_serialization  # type: ignore[import-untyped]

from ipynemo.client import AsyncNemo, AsyncSession, Nemo, Session
from ipynemo.draft import Draft
from ipynemo.errors import InvalidRequestError
from ipynemo.loop import bridged
from ipynemo.widgets._base import Face
from ipynemo.widgets._saved import escaped
from ipynemo.widgets._static import module, style
from ipynemo.widgets._studio_past import Earlier, client_of, earlier_work
from ipynemo.widgets._studio_words import STUDIO_WORDS
from ipynemo.widgets._words import Words
from ipynemo.widgets.chat import Chat
from ipynemo.widgets.credits import CreditsBadge
from ipynemo.widgets.exporter import Exporter
from ipynemo.widgets.player import Player
from ipynemo.widgets.timeline import Timeline
from ipynemo.widgets.uploader import Uploader

__all__ = ["Studio"]

F = TypeVar("F", bound=Face)


class Part(traitlets.Instance[F]):
    """One of the studio's parts: made when it is first asked for, in the studio's language."""

    def default(self, obj: Any = None) -> F | None:
        """Make the part."""
        kind: Any = self.klass
        return kind(language=obj.language) if obj is not None else None


class Studio(Face):
    """Turns a picture into an explainer video, in one cell.

    Parameters
    ----------
    session : AsyncSession or Session, optional
        To go on with; without it a new one is opened.
    nemo : AsyncNemo, Nemo or str, optional
        Whose sessions; or the name of a backend: "local", "cloud", an address. Without it the environment says, and
        where it says nothing, everything stays on this computer.
    title : str
        What a new session is called in lists.
    language : str, optional
        Of the texts and the answers; else the user's.

    Attributes
    ----------
    uploader, chat, timeline, exporter, player, credits : Face
        The parts; each can be shown by itself, too.

    Examples
    --------
    >>> ipynemo.Studio()  # doctest: +SKIP
    >>> studio = ipynemo.Studio(nemo="cloud", language="zh")  # doctest: +SKIP
    >>> studio.timeline.draft.to_frame()  # doctest: +SKIP
    """

    _esm = module("studio.js")
    _css = style("studio.css")

    WORDS: ClassVar[Words] = STUDIO_WORDS

    title = traitlets.Unicode("What is an AI image?")
    uploader = Part(Uploader).tag(sync=True, outgoing=True, **widget_serialization)
    chat = Part(Chat).tag(sync=True, outgoing=True, **widget_serialization)
    timeline = Part(Timeline).tag(sync=True, outgoing=True, **widget_serialization)
    exporter = Part(Exporter).tag(sync=True, outgoing=True, **widget_serialization)
    player = Part(Player).tag(sync=True, outgoing=True, **widget_serialization)
    credits = Part(CreditsBadge).tag(sync=True, outgoing=True, **widget_serialization)
    view = traitlets.Dict().tag(sync=True, outgoing=True)
    earlier: list[dict[str, Any]] = traitlets.List().tag(sync=True, outgoing=True)  # type: ignore[assignment]

    def __init__(
        self,
        session: AsyncSession | Session | None = None,
        *,
        nemo: AsyncNemo | Nemo | str | None = None,
        **traits: Any,
    ) -> None:
        self._is_linked = False
        self._seated: AsyncSession | None = None
        self._past: dict[str, Earlier] = {}
        session = self._twin_of(session)
        self._nemo = session.nemo if session is not None else client_of(nemo, traits.get("language"))
        super().__init__(session, **traits)
        self._link()
        self._show()
        self._opening: Future[AsyncSession] | None = None
        if session is None:
            self._opening = self._start(self._open_session, what="session")

    @bridged
    async def ready(self) -> AsyncSession:
        """Wait until the session is open; return it.

        Raises
        ------
        NemoError
            It could not be opened; the studio shows why, with a button to try again.
        """
        if self.session is not None:
            return self.session
        if self._opening is None:
            raise InvalidRequestError(
                "The studio's session was taken away.", hint="Set studio.session, or make another."
            )
        return await asyncio.wrap_future(self._opening)

    # -- the parts -----------------------------------------------------------------------------------------------------

    @property
    def _parts(self) -> tuple[Face, ...]:
        return (self.uploader, self.chat, self.timeline, self.exporter, self.player, self.credits)

    def _link(self) -> None:
        """Let each part hear of what the others have made."""
        for part in self._parts:
            part.observe(self._part_moved, "session")
        self.chat.on_action(self._do)
        self.chat.observe(self._draft_from_chat, "draft")
        self.chat.observe(self._chat_rests, "busy")
        self.timeline.observe(self._draft_from_timeline, "draft")
        traitlets.dlink((self.timeline, "playhead_s"), (self.chat, "playhead_s"))
        self.exporter.observe(self._clip_made, "clip")
        self.player.observe(self._keep, ["clip", "poster"])
        for part, names in (
            (self.uploader, ["assets", "busy"]),
            (self.chat, ["busy"]),
            (self.timeline, ["draft", "busy"]),
            (self.exporter, ["clip", "busy", "view"]),
            (self.player, ["clip"]),
        ):
            part.observe(self._news, names)
        self._is_linked = True

    def _draft_from_chat(self, change: Any) -> None:
        if change["new"] is not None and change["new"] != self.timeline.draft:
            self.timeline.draft = change["new"]

    def _draft_from_timeline(self, change: Any) -> None:
        draft = change["new"]
        if draft != self.chat.draft:
            self.chat.draft = draft
        self.exporter.refresh()
        self._keep()

    def _chat_rests(self, change: Any) -> None:
        if not change["new"]:
            if not self._nemo.is_local:
                self.credits.refresh()
            self._keep()

    def _clip_made(self, change: Any) -> None:
        if change["new"] is not None:
            self.player.clip = change["new"]
            self._push({"kind": "focus", "part": "player"})
        self._keep()

    def _do(self, action: str) -> bool:
        """Do what the chat was asked for, in the panel that is there for it."""
        if action == "export" and not self.exporter.busy:
            self.exporter.export()
        if action in ("export", "upload"):
            self._push({"kind": "focus", "part": action})
        return action in ("export", "upload")

    # -- sessions ------------------------------------------------------------------------------------------------------

    async def _open_session(self) -> AsyncSession:
        session = await self._nemo.create_session(self.title, language=self.language)
        await self._change(session=session)
        return session

    def _attached(self) -> None:
        session = self.session
        if session is None:
            return
        self._nemo = session.nemo
        if self._seated not in (None, session):
            self._clear_table()
        self._seated = session
        for part in self._parts:
            if part.session is not session:
                part.session = session
        self._start(functools.partial(self._look_back, session), what="earlier work", aside=True)
        self._show()

    def _clear_table(self) -> None:
        """Take away what belongs to another session; files that have not arrived go to the new one."""
        for row in self.uploader.files:
            if row["state"] == "done":
                self.uploader.remove(row["id"])
        self.timeline.draft = None
        self.chat.draft = None
        self.exporter.clip = None
        self.player.clip = None

    def _part_moved(self, change: Any) -> None:
        """Follow a part that went to a new session because the old one was gone."""
        if self._is_linked and change["new"] is not None and change["new"] is not self.session:
            self.session = change["new"]

    async def _look_back(self, session: AsyncSession) -> None:
        found = await earlier_work(session.nemo, session)
        if session is self.session:
            self._past = {one.info.session_id: one for one in found}
            self.earlier = [self._told(one) for one in found]

    def _told(self, one: Earlier) -> dict[str, Any]:
        return {
            "id": one.info.session_id,
            "title": (one.draft.title or one.info.task_name or self._say("untitled"))[:120],
            "duration": self._say("seconds", duration=f"{one.draft.duration_s:.1f}".removesuffix(".0")),
            "used_at": one.info.used_at,
            "is_exporting": one.is_exporting,
        }

    # -- where things stand --------------------------------------------------------------------------------------------

    @traitlets.observe("language")
    def _language_news(self, _change: Any) -> None:
        if self._is_linked:
            for part in self._parts:
                part.language = self.language
            self._show()

    @traitlets.observe("busy", "error")
    def _own_news(self, _change: Any) -> None:
        if self._is_linked:
            self._show()

    def _news(self, _change: Any) -> None:
        self._show()

    def _keep(self, _change: Any = None) -> None:
        self._renew_saved()

    @property
    def _draft(self) -> Draft | None:
        draft = self.timeline.draft
        return draft if draft is not None and not draft.is_empty else None

    def _show(self) -> None:
        with self._lock:
            is_local = self._nemo.is_local
            host = self._nemo.where.partition(" — ")[2]
            self.view = {
                "is_local": is_local,
                "where": self._say("where_local") if is_local else self._say("where_cloud", host=host),
                "line": self._line(),
                "is_working": self.busy or any(part.busy for part in self._parts),
                "is_bad": self.session is None and not self.busy,
                "steps": self._steps(),
                "has_session": self.session is not None,
                "has_clip": self.player.clip is not None,
            }

    def _steps(self) -> dict[str, str]:
        """Return for each step: locked, open (it can be taken), done."""
        draft, has_clip = self._draft, self.player.clip is not None
        has_files = bool(self.uploader.assets) or draft is not None
        return {
            "upload": "done" if has_files else "open",
            "ask": "done" if draft is not None else "open" if has_files else "locked",
            "look": "locked" if draft is None else "done" if has_clip else "open",
            "export": "locked" if draft is None else "done" if has_clip else "open",
        }

    def _line(self) -> str:
        draft = self._draft
        if self.session is None:
            return self._say("setting_up" if self.busy else "failed" if self.error else "not_set_up")
        if self.exporter.busy:
            percent = int(self.exporter.view.get("percent", 0))
            return self._say("exporting_percent", n=percent) if percent else self._say("exporting")
        for part, words in ((self.chat, "thinking"), (self.uploader, "uploading"), (self.timeline, "editing")):
            if part.busy:
                return self._say(words)
        if draft is None:
            return self._say("ready_ask" if self.uploader.assets else "ready_upload")
        if self.player.clip is not None:
            return self._say("done")
        return self._say("ready_look", duration=f"{draft.duration_s:.1f}".removesuffix(".0"))

    # -- the page ------------------------------------------------------------------------------------------------------

    def _receive(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        kind = content.get("kind")
        if kind == "fresh" and not self.busy:
            self._opening = self._start(self._open_session, what="session")
        elif kind == "go_on" and (one := self._past.get(str(content.get("id")))) is not None:
            info = one.info
            session = self._nemo.session(info.session_id, task_id=info.task_id, language=info.language)
            self._start(functools.partial(self._change, session=session), what="session")

    def close(self) -> None:
        """Close the studio and its parts; the session stays, and work that runs goes on."""
        self._is_linked = False
        for part in self._parts:
            part.close()
        super().close()

    # -- what stays ----------------------------------------------------------------------------------------------------

    @property
    def _told_parts(self) -> list[tuple[str, Face]]:
        """The parts that have something to tell, under the names of their steps."""
        told: list[tuple[str, Face]] = []
        if self.uploader.assets:
            told.append(("upload", self.uploader))
        if self.chat.history:
            told.append(("ask", self.chat))
        if self._draft is not None:
            told.append(("look", self.timeline))
        if self.player.clip is not None:
            told.append(("export", self.player))
        return told

    def _fallback_text(self) -> str:
        told = [f"{self._say(name)}\n{part._fallback_text()}" for name, part in self._told_parts]
        return "\n\n".join([self._say("name"), *(told or [self._say("saved_nothing")])])

    def _fallback_html(self) -> str:
        told = [f"<h4>{escaped(self._say(name))}</h4>{part._fallback_html()}" for name, part in self._told_parts]
        title = f"<p><strong>{escaped(self._say('name'))}</strong></p>"
        return title + ("".join(told) or f"<p>{escaped(self._say('saved_nothing'))}</p>")
