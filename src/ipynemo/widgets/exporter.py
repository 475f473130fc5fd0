"""Exporter: from the draft to a file beside the notebook, with progress, cancel and a second try.

The export lives in the kernel, not in the page: a reloaded page shows it as it stands. A restarted kernel finds it in
the journal and takes it up when an Exporter is made for the session again.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import traitlets

from ipynemo.client import AsyncSession, Clip, Render, Session
from ipynemo.draft import Draft
from ipynemo.errors import NemoError, NothingToExportError, RenderCancelledError
from ipynemo.widgets._base import Face
from ipynemo.widgets._clips import clip_facts, clip_words
from ipynemo.widgets._coalesce import Coalescer
from ipynemo.widgets._pace import Pace
from ipynemo.widgets._rendering import Rendering, running, unfinished, wanted_name
from ipynemo.widgets._saved import escaped
from ipynemo.widgets._static import module, style
from ipynemo.widgets._words import Words

__all__ = ["Exporter"]

RENDER_SHARE = 0.95  # of the bar; the rest is fetching the file


class Exporter(Face):
    """Renders a draft and puts the video beside the notebook.

    Parameters
    ----------
    session : AsyncSession or Session, optional
    draft : Draft, optional
        What is rendered; without it the session's own, as it is at that moment.
    filename : str, optional
        The file's name; without it the draft's title. A file that is there is never replaced: a number is added.

    Attributes
    ----------
    clip : Clip or None
        The last finished video.
    busy : bool
        Whether an export is under way.
    """

    _esm = module("exporter.js")
    _css = style("exporter.css")

    WORDS: ClassVar[Words] = {
        "en": {
            "name": "Export",
            "no_session": "No session yet. Set exporter.session to one, and it can make a video of it.",
            "export": "Export video",
            "export_again": "Export again",
            "cancel": "Cancel",
            "filename": "File name",
            "filename_hint": "Saved beside this notebook. Existing files are never replaced.",
            "empty": "Nothing to export yet. Upload a picture and ask for an explanation; then the video can be made.",
            "ready": "Ready to make the video: {duration} s, in full quality, as an MP4.",
            "starting": "Handing the draft over…",
            "queued": "Waiting for its turn…",
            "render": "Making the video…",
            "download": "Fetching the file…",
            "cancelling": "Cancelling…",
            "cancelled": "Export cancelled. Nothing was saved.",
            "done": "Done",
            "taken_up": "Picked up the export that was already under way.",
            "left_seconds": "about {n} s left",
            "left_minutes": "about {n} min left",
            "percent": "{n} percent",
            "download_file": "Download",
            "saved_as": "Saved beside this notebook",
        },
        "zh": {
            "name": "导出",
            "no_session": "还没有会话。设置 exporter.session 后即可导出视频。",
            "export": "导出视频",
            "export_again": "再次导出",
            "cancel": "取消",
            "filename": "文件名",
            "filename_hint": "保存在此笔记本旁边，绝不覆盖已有文件。",
            "empty": "还没有可导出的内容。请先上传图片并提出要求。",
            "ready": "可以生成视频：{duration} 秒，高质量 MP4。",
            "starting": "正在提交草稿…",
            "queued": "正在排队…",
            "render": "正在生成视频…",
            "download": "正在获取文件…",
            "cancelling": "正在取消…",
            "cancelled": "已取消导出，未保存任何文件。",
            "done": "完成",
            "taken_up": "已接续之前进行中的导出。",
            "left_seconds": "约剩 {n} 秒",
            "left_minutes": "约剩 {n} 分钟",
            "percent": "百分之 {n}",
            "download_file": "下载",
            "saved_as": "已保存在此笔记本旁边",
        },
    }

    clip: Clip | None = traitlets.Instance(Clip, allow_none=True).tag(outgoing=True)  # type: ignore[assignment]
    draft: Draft | None = traitlets.Instance(Draft, allow_none=True)  # type: ignore[assignment]
    filename = traitlets.Unicode("").tag(sync=True)
    view = traitlets.Dict().tag(sync=True, outgoing=True)

    def __init__(self, session: AsyncSession | Session | None = None, **traits: Any) -> None:
        self._stage = "empty"
        self._percent = 0.0
        self._left_s: float | None = None
        self._is_taken_up = False
        self._known: Draft | None = None  # the session's own, as last read
        self._rendering: Rendering | None = None
        self._coalescer = Coalescer(lambda _news: self._show(), interval_s=0.2)
        super().__init__(session, **traits)
        self._rest()

    # -- what Python may call ------------------------------------------------------------------------------------------

    def export(self, filename: str | None = None) -> None:
        """Begin an export and return at once; `clip` is set when the file is there.

        One that is under way goes on; a second one does not begin beside it.
        """
        if filename is not None:
            self.filename = filename
        with self._lock:
            if self.session is None or self._rendering is not None:
                return
            rendering = self._rendering = Rendering(self.session, self._progress)
        self._start(functools.partial(self._export, rendering), what="export")

    def cancel(self) -> None:
        """Cancel the export that is under way."""
        rendering = self._rendering
        if rendering is not None:
            self._set_stage("cancelling")
            self._start(functools.partial(self._cancel, rendering), what="cancel", aside=True)

    def refresh(self) -> None:
        """Read the session's draft anew, to know whether there is something to export."""
        if self.session is not None and self.draft is None and self._rendering is None:
            self._start(self._look, what="draft", aside=True)

    # -- work ----------------------------------------------------------------------------------------------------------

    def _attached(self) -> None:
        self._known = None
        if self._rendering is None and self.clip is not None:  # a clip of another session
            self._stage, self.clip = "empty", None
        self._rest()
        if self.session is not None:
            self._start(self._look, what="draft", aside=True)
            self._start(self._look_for_unfinished, what="export", aside=True)

    async def _look(self) -> None:
        session = self.session
        if session is None:
            return
        try:
            draft = await session.draft()
        except NemoError:
            return  # the button stays off, and says so itself when it is tried
        if session is self.session:
            self._known = draft
            self._rest()

    async def _export(self, rendering: Rendering) -> None:
        session = self.session
        if rendering is not self._rendering:  # "Try again"
            if session is None or self._rendering is not None:
                return
            rendering = self._rendering = Rendering(session, self._progress)
        self._begin(taken_up=False)
        async with self._ending(rendering):
            draft = self.draft if self.draft is not None else await rendering.session.draft()
            if draft.is_empty:
                raise NothingToExportError("There is nothing to export yet: the draft has no segment.")
            name = wanted_name(self.filename, draft.title or rendering.session.task_name)
            await self._change(clip=await rendering.run(draft, name))

    async def _look_for_unfinished(self) -> None:
        session = self.session
        if session is not None and (rendering := running(session)) is not None:
            self._start(functools.partial(self._join, rendering), what="export")
            return
        render = await unfinished(session) if session is not None else None
        if render is not None and session is self.session:
            self._start(functools.partial(self._take_up, render), what="export")

    async def _join(self, rendering: Rendering) -> None:
        """Follow the export of another widget, as when a cell has run again."""
        with self._lock:
            if rendering.session.session_id != getattr(self.session, "session_id", None) or self._rendering is not None:
                return
            self._rendering = rendering
        self._begin(taken_up=True)
        async with self._ending(rendering):
            await self._change(clip=await rendering.join(self._progress))

    async def _take_up(self, render: Render) -> None:
        with self._lock:
            if self.session is None or self._rendering is not None:
                return
            rendering = self._rendering = Rendering(self.session, self._progress)
        self._begin(taken_up=True)
        async with self._ending(rendering):
            await self._change(clip=await rendering.take_up(render))

    @asynccontextmanager
    async def _ending(self, rendering: Rendering) -> AsyncIterator[None]:
        """Show how it ended, whichever way."""
        stage: str | None = None
        try:
            yield
            stage = "done"
        except RenderCancelledError:
            stage = "cancelled"
        finally:
            with self._lock:
                self._rendering = None if self._rendering is rendering else self._rendering
                self._left_s = None
                self._stage = stage or "empty"
            self._rest()
            self._renew_saved()

    async def _cancel(self, rendering: Rendering) -> None:
        try:
            await rendering.cancel()
        except NemoError:
            self._set_stage("render")  # it goes on; the error says why
            raise

    # -- what is shown -------------------------------------------------------------------------------------------------

    def _begin(self, *, taken_up: bool) -> None:
        self._pace = Pace()
        self._percent, self._left_s, self._is_taken_up = 0.0, None, taken_up
        self._set_stage("queued" if taken_up else "starting")

    def _progress(self, stage: str, percent: float) -> None:
        if stage == "render":
            self._percent = percent * RENDER_SHARE
            self._left_s = self._pace.left_s(percent) if percent else None
            now = "render" if percent else "queued"
        else:
            self._percent = 100 * RENDER_SHARE + percent * (1 - RENDER_SHARE)
            self._left_s = None
            now = "download"
        if self._stage != "cancelling":
            self._stage = now
        self._coalescer.add(news=True)

    def _rest(self) -> None:
        """Show what can be done now, unless work is under way or a result is to be seen."""
        with self._lock:
            if self._rendering is None and self._stage not in ("done", "cancelled"):
                self._stage = "ready" if self._can_export else "empty"
        self._show()

    def _set_stage(self, stage: str) -> None:
        self._stage = stage
        self._show()

    @property
    def _can_export(self) -> bool:
        draft = self.draft if self.draft is not None else self._known
        return self.session is not None and draft is not None and not draft.is_empty

    @traitlets.observe("draft")
    def _draft_changed(self, _change: Any) -> None:
        if self._rendering is None:
            self._stage = "empty"
        self._rest()

    @traitlets.observe("filename", "language")
    def _shown_changed(self, _change: Any) -> None:
        self._show()

    def _show(self) -> None:
        with self._lock:
            self.view = self._view()

    def _view(self) -> dict[str, Any]:
        draft = self.draft if self.draft is not None else self._known
        title = (draft.title if draft is not None else None) or (self.session.task_name if self.session else "")
        return {
            "stage": self._stage,
            "percent": round(self._percent, 1),
            "left_s": None if self._left_s is None else round(self._left_s),
            "taken_up": self._is_taken_up,
            "can_export": self._can_export,
            "has_session": self.session is not None,
            "name": wanted_name(self.filename, title or ""),
            "duration_s": draft.duration_s if draft is not None else 0,
            "clip": clip_facts(self.clip) if self.clip is not None else None,
        }

    # -- the page ------------------------------------------------------------------------------------------------------

    def _receive(self, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        kind = content.get("kind")
        if kind == "export":
            self.export(str(content.get("filename") or "")[:200])
        elif kind == "look":
            self.refresh()

    def _receive_control(self, content: dict[str, Any]) -> None:
        if content.get("kind") == "cancel":
            self.cancel()

    def _fallback_text(self) -> str:
        if self.clip is None:
            return f"{self._say('name')}: {self._say('empty')}"
        return f"{self._say('name')}: {clip_facts(self.clip)['name']} ({clip_words(self.clip)})"

    def _fallback_html(self) -> str:
        if self.clip is None:
            return super()._fallback_html()
        facts = clip_facts(self.clip)
        name = escaped(facts["name"])
        link = f'<a href="{escaped(facts["href"])}" download>{name}</a>' if facts["href"] else name
        return f"<p>{escaped(self._say('saved_as'))}: {link} ({escaped(facts['words'])})</p>"
