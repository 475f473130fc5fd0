"""Player: a clip beside the notebook, with scenes to jump to, captions, a transcript, and a poster for where it cannot.

The page plays the file by its address relative to the notebook; where a page has no such addresses (the file lies
elsewhere, or the notebook is no page of a Jupyter server), it asks the kernel for the bytes.
"""

from __future__ import annotations

import base64
import functools
import os
from concurrent.futures import wait
from pathlib import Path
from typing import Any, ClassVar, Final

import traitlets

from ipynemo import captions
from ipynemo.client import AsyncSession, Clip, Session
from ipynemo.client.mp4 import measure
from ipynemo.draft import Draft
from ipynemo.errors import InvalidRequestError, NemoError
from ipynemo.loop import off_loop, on_our_loop
from ipynemo.widgets._base import Face
from ipynemo.widgets._clips import clip_facts, size_text
from ipynemo.widgets._poster import is_poster, poster_of
from ipynemo.widgets._saved import escaped, in_kernel
from ipynemo.widgets._scenes import scenes_of
from ipynemo.widgets._static import module, style
from ipynemo.widgets._transcript import described_in, transcript_html, transcript_view
from ipynemo.widgets._words import Words

__all__ = ["MAX_EMBED_BYTES", "Player"]

MAX_EMBED_BYTES: Final = 20_000_000  # a notebook a third larger than that still opens
MAX_SENT_BYTES: Final = 200_000_000  # by the kernel, to a page that cannot fetch the file
CHUNK_BYTES: Final = 1 << 20  # fits ten times into Jupyter's 10 MiB message limit
POSTER_AT_S: Final = 1.4  # past the fade of a title, within the first scene
POSTER_WAIT_S: Final = 3.0  # it takes a tenth of a second where nothing else is going on
SAME_LENGTH_S: Final = 0.2


class Player(Face):
    """Plays a clip in the notebook.

    Parameters
    ----------
    clip : Clip or path, optional
        What `session.export()` returned, or an MP4 in the notebook's folder.
    session : AsyncSession or Session, optional
        Its draft gives the scenes and the captions where no draft is given and the lengths agree.
    draft : Draft, optional
        What the clip shows: its scenes become marks to jump to, its captions can be switched on.
    embed : bool
        Keep the video itself in the saved notebook, up to 20 MB. Without it the file beside the notebook is played.
    """

    _esm = module("player.js")
    _css = style("player.css")

    WORDS: ClassVar[Words] = {
        "en": {
            "name": "Video player",
            "empty": "No video yet. When one has been exported, it plays here.",
            "missing": "The video file is not beside this notebook any more.",
            "missing_hint": "Put {name} next to the notebook, or export it again.",
            "loading": "Loading the video…",
            "play": "Play",
            "pause": "Pause",
            "seek": "Position",
            "position": "{now} of {all}",
            "scenes": "Scenes",
            "scene": "{name}, at {at}",
            "scene_unnamed": "Scene {n}",
            "mute": "Mute",
            "unmute": "Sound on",
            "volume": "Volume",
            "captions_on": "Show captions",
            "captions_off": "Hide captions",
            "captions": "Captions",
            "speed": "Speed",
            "fullscreen": "Full screen",
            "download": "Download",
            "poster": "A frame of {name}",
            "transcript": "Transcript",
            "said": "Caption",
            "written": "In the picture",
            "from_here": "Go to {at}",
            "elsewhere": "It lies outside the notebook's folder, so a saved page cannot play it.",
            "too_large": "{size} is too much to keep in a notebook (at most {limit}); the file is linked instead.",
        },
        "zh": {
            "name": "视频播放器",
            "empty": "还没有视频。导出后将在此播放。",
            "missing": "此笔记本旁边已没有该视频文件。",
            "missing_hint": "请将 {name} 放在笔记本旁边，或重新导出。",
            "loading": "正在加载视频…",
            "play": "播放",
            "pause": "暂停",
            "seek": "播放位置",
            "position": "{now}，共 {all}",
            "scenes": "场景",
            "scene": "{name}，位于 {at}",
            "scene_unnamed": "场景 {n}",
            "mute": "静音",
            "unmute": "打开声音",
            "volume": "音量",
            "captions_on": "显示字幕",
            "captions_off": "隐藏字幕",
            "captions": "字幕",
            "speed": "播放速度",
            "fullscreen": "全屏",
            "download": "下载",
            "poster": "{name} 的一帧画面",
            "transcript": "文字稿",
            "said": "字幕",
            "written": "画面文字",
            "from_here": "跳到 {at}",
            "elsewhere": "文件在笔记本文件夹之外，保存的页面无法播放。",
            "too_large": "{size} 太大，无法存入笔记本（上限 {limit}），已改为链接。",
        },
    }

    clip: Clip | None = traitlets.Any(None)  # type: ignore[assignment]
    draft: Draft | None = traitlets.Instance(Draft, allow_none=True)  # type: ignore[assignment]
    embed = traitlets.Bool(False)
    view = traitlets.Dict().tag(sync=True, outgoing=True)
    poster = traitlets.Unicode("").tag(sync=True, outgoing=True)

    def __init__(
        self,
        clip: Clip | str | os.PathLike[str] | None = None,
        *,
        session: AsyncSession | Session | None = None,
        **traits: Any,
    ) -> None:
        self._known: Draft | None = None
        super().__init__(session, clip=clip, **traits)
        self._show()

    # -- traits --------------------------------------------------------------------------------------------------------

    @traitlets.validate("clip")
    def _valid_clip(self, proposal: Any) -> Clip | None:
        value = proposal["value"]
        if value is None or isinstance(value, Clip):
            return value
        if isinstance(value, (str, os.PathLike)):
            return _clip_at(Path(os.fspath(value)))
        raise InvalidRequestError(
            f"A Player plays a Clip or a file, not {type(value).__name__}.",
            hint="Pass what session.export() returned; a session goes into Player(session=…).",
        )

    @traitlets.observe("clip")
    def _clip_changed(self, _change: Any) -> None:
        self.poster = ""
        self._show()
        if self.clip is not None:
            poster = self._start(functools.partial(self._make_poster, self.clip), what="poster", aside=True)
            if in_kernel() and not on_our_loop():
                # What comes after the cell has ended is lost to a notebook that runs without a page.
                wait([poster], POSTER_WAIT_S)
            self._read_draft()

    @traitlets.observe("draft", "embed", "language")
    def _shown_changed(self, _change: Any) -> None:
        self._show()

    def _attached(self) -> None:
        self._known = None
        self._read_draft()

    def _read_draft(self) -> None:
        if self.session is not None and self.clip is not None and self.draft is None:
            self._start(self._look, what="draft", aside=True)

    async def _look(self) -> None:
        session = self.session
        if session is None:
            return
        try:
            self._known = await session.draft()
        except NemoError:
            return  # it plays without scenes
        self._show()

    async def _make_poster(self, clip: Clip) -> None:
        data = await off_loop(poster_of, clip.path, min(POSTER_AT_S, 0.35 * clip.duration_s))
        if data is not None and clip is self.clip:
            self._keep_poster(data)

    def _keep_poster(self, data: bytes) -> None:
        self.poster = "data:image/jpeg;base64," + base64.b64encode(data).decode()
        self._renew_saved()

    # -- what is shown -------------------------------------------------------------------------------------------------

    @property
    def _shown_draft(self) -> Draft | None:
        """What the clip shows; the session's draft may have moved on, so it must at least be as long."""
        known, clip = self._known, self.clip
        if self.draft is not None or known is None or clip is None:
            return self.draft
        return known if abs(known.duration_s - clip.duration_s) <= SAME_LENGTH_S else None

    def _show(self) -> None:
        with self._lock:
            clip, draft = self.clip, self._shown_draft
            self.view = {
                "clip": clip_facts(clip) if clip is not None else None,
                "key": f"{clip.path.name}:{clip.size_bytes}:{clip.render_id}" if clip is not None else "",
                "can_send": clip is not None and clip.size_bytes <= MAX_SENT_BYTES,
                "scenes": scenes_of(draft) if draft is not None else [],
                "captions": captions.to_vtt(draft) if draft is not None else "",
                "alt": self._alt(draft),
                "transcript": transcript_view(draft, self.language),
                "note": self._note(),
            }
        self._renew_saved()

    def _alt(self, draft: Draft | None) -> str:
        """Return what the poster shows, in words."""
        clip = self.clip
        if clip is None:
            return ""
        if draft is None or draft.is_empty:
            return clip.description or self._say("poster", name=clip_facts(clip)["name"])
        at_s = min(POSTER_AT_S, 0.35 * clip.duration_s)
        return captions.alt_text(draft, at_s, described_in(draft, self.language))

    def _note(self) -> str:
        clip = self.clip
        if clip is None or not self.embed or clip.size_bytes <= MAX_EMBED_BYTES:
            return ""
        return self._say("too_large", size=size_text(clip.size_bytes), limit=size_text(MAX_EMBED_BYTES))

    # -- the page ------------------------------------------------------------------------------------------------------

    def _receive(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        kind = content.get("kind")
        if kind == "bytes" and self.clip is not None:
            offset = content.get("at")
            if isinstance(offset, int) and 0 <= offset <= self.clip.size_bytes <= MAX_SENT_BYTES:
                self._start(functools.partial(self._send_bytes, self.clip, offset), what="video", aside=True)
        elif kind == "poster" and buffers and not self.poster and content.get("key") == self.view["key"]:
            data = bytes(buffers[0])
            if is_poster(data):
                self._keep_poster(data)

    async def _send_bytes(self, clip: Clip, offset: int) -> None:
        def read() -> bytes:
            with clip.path.open("rb") as file:
                file.seek(offset)
                return file.read(CHUNK_BYTES)

        try:
            chunk = await off_loop(read)
        except OSError:
            self._push({"kind": "bytes", "key": self.view["key"], "at": offset, "gone": True})
            return
        self._push({"kind": "bytes", "key": self.view["key"], "at": offset, "total": clip.size_bytes}, [chunk])

    # -- what stays ----------------------------------------------------------------------------------------------------

    def _fallback_text(self) -> str:
        if self.clip is None:
            return f"{self._say('name')}: {self._say('empty')}"
        facts = clip_facts(self.clip)
        return f"{facts['name']} ({facts['words']})"

    def _fallback_html(self) -> str:
        if self.clip is None:
            return super()._fallback_html()
        facts = clip_facts(self.clip)
        name, words = escaped(facts["name"]), escaped(facts["words"])
        alt, transcript = escaped(self.view["alt"]), transcript_html(self.view["transcript"], self._say)
        source = self._source(facts)
        # Where video is stripped, what stands in it stays: the poster.
        picture = f'<img src="{self.poster}" alt="{alt}" style="max-width:100%">' if self.poster else ""
        if source is None:
            return f"{picture}<p>{name} ({words}). {escaped(self._say('elsewhere'))}</p>{transcript}"
        wide = (self.clip.width_px or 16) >= (self.clip.height_px or 9)
        width = min(self.clip.width_px or 640, 640 if wide else 360)
        poster = f' poster="{self.poster}"' if self.poster else ""
        link = f'<a href="{escaped(facts["href"])}" download>{name}</a>' if facts["href"] else name
        return (
            f'<video controls preload="metadata"{poster} src="{source}" aria-label="{name}" '
            f'style="max-width:100%;width:{width}px">{picture}</video><p>{link} ({words})</p>{transcript}'
        )

    def _source(self, facts: dict[str, Any]) -> str | None:
        clip = self.clip
        if clip is not None and self.embed and clip.size_bytes <= MAX_EMBED_BYTES and clip.path.is_file():
            self._saved.limit_bytes = 2 * MAX_EMBED_BYTES
            return "data:video/mp4;base64," + base64.b64encode(clip.path.read_bytes()).decode()
        return escaped(facts["href"]) if facts["href"] else None


def _clip_at(path: Path) -> Clip:
    """Return the clip that a file is."""
    try:
        duration_s, width_px, height_px = measure(path)
        size_bytes = path.stat().st_size
    except OSError as error:
        raise InvalidRequestError(f"{path.name!r} cannot be read: {error.strerror or error}.") from error
    return Clip(path, duration_s, width_px, height_px, size_bytes, session_id="", render_id="")
