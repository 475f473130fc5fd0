"""The work of `explain` and `resume`: pictures through a client; what failed stands beside what worked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ipynemo.cli.targets import stem_of
from ipynemo.cli.watching import Watch
from ipynemo.client import AsyncNemo, AsyncSession, Clip, Explained
from ipynemo.client.batch import DEFAULT_MESSAGE
from ipynemo.errors import NemoError
from ipynemo.events import Event, StillWorking

__all__ = ["Wish", "Work", "wording"]

log = logging.getLogger(__name__)

AT_ONCE: Final = 2  # while one clip is rendered, the next picture is uploaded and drafted
CHINESE_MESSAGE: Final = "解释什么是AI图像，以及它是如何生成的"


@dataclass(frozen=True)
class Wish:
    """What is asked for each picture.

    Parameters
    ----------
    message : str, optional
        For the agent; else what an AI image is, in the language.
    aspect : str, optional
        `16:9`, `9:16` or `1:1`.
    seconds : int, optional
        How long the clip is to be.
    language : str, optional
        Of the clip; else the locale's.
    narration, reduced_motion : bool
        A synthetic voice reads the captions aloud; pictures stand still.
    captions : bool
        Captions and a transcript are written beside the clip.
    """

    message: str | None = None
    aspect: str | None = None
    seconds: int | None = None
    language: str | None = None
    narration: bool = False
    reduced_motion: bool = False
    captions: bool = False


def wording(wish: Wish, language: str) -> str:
    """Return the message for the agent, with length and shape said in words.

    Examples
    --------
    >>> wording(Wish("explain this image", aspect="9:16", seconds=60), "en")
    'explain this image, 60 seconds, 9:16'
    """
    message = wish.message or (CHINESE_MESSAGE if language.startswith("zh") else DEFAULT_MESSAGE)
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in message)
    parts = [message]
    if wish.seconds is not None:
        parts.append(f"{wish.seconds}秒" if chinese else f"{wish.seconds} seconds")
    if wish.aspect is not None:
        parts.append(wish.aspect)
    if wish.narration:
        parts.append("加上旁白" if chinese else "with narration")
    if wish.reduced_motion:
        parts.append("减少动态" if chinese else "without motion")
    return ("，" if chinese else ", ").join(parts)


@dataclass
class Work:
    """One run; what is known when it is interrupted is in `results` and `drafted`.

    Parameters
    ----------
    sources, paths : list
        The pictures, and where their clips go.
    """

    sources: Sequence[str]
    paths: Sequence[Path]
    watch: Watch
    results: dict[int, Explained] = field(default_factory=dict)
    drafted: dict[int, str] = field(default_factory=dict)

    async def explain(self, nemo: AsyncNemo, wish: Wish) -> None:
        """Make a clip of each picture, two at once."""
        waiting = iter(range(len(self.sources)))

        async def worker() -> None:
            for place in waiting:
                self.results[place] = await self._explain_one(nemo, wish, place)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, len(self.sources))):
                group.create_task(worker())

    async def _explain_one(self, nemo: AsyncNemo, wish: Wish, place: int) -> Explained:
        source = self.sources[place]
        session: AsyncSession | None = None
        try:
            self.watch.stage(place, "upload")
            session = await nemo.create_session(stem_of(source), language=wish.language)
            clip = await self._clip(session, wording(wish, session.language), place, captions=wish.captions)
        except Exception as error:  # whatever it is, the other pictures are not to suffer from it
            log.debug("%s failed", source, exc_info=True)
            self.watch.stage(place, "failed")
            known = error if isinstance(error, NemoError) else NemoError(f"{type(error).__name__}: {error}")
            return Explained(source, error=known, session_id=session.session_id if session else None)
        self.watch.stage(place, "done")
        return Explained(source, clip=clip, session_id=session.session_id)

    async def _clip(self, session: AsyncSession, message: str, place: int, *, captions: bool) -> Clip:
        def uploaded(done: int, total: int) -> None:
            self.watch.stage(place, "upload", 100 * done / total if total else None)

        def told(event: Event) -> None:
            if isinstance(event, StillWorking):
                self.watch.still_working(place)

        await session.upload(self.sources[place], on_progress=uploaded)
        self.watch.stage(place, "chat")
        await session.chat(message, on_event=told, as_is=True)
        self.drafted[place] = session.session_id
        self.watch.stage(place, "render")
        return await session.export(
            self.paths[place],
            captions=captions,
            on_progress=lambda stage, percent: self.watch.stage(place, stage, percent),
        )

    async def resume(self, nemo: AsyncNemo, session_id: str, path: Path | None, *, captions: bool) -> Clip:
        """Fetch the newest render of a session, else render its draft."""
        session = nemo.session(session_id)
        self.drafted[0] = session_id

        def told(stage: str, percent: float) -> None:
            self.watch.stage(0, stage, percent)

        for render in await session.renders():
            if render.is_failed or render.is_cancelled or render.status in ("refused", "undelivered"):
                continue
            self.watch.stage(0, "render", render.progress)
            return await session.resume(render, path, captions=captions, on_progress=told)
        return await session.export(path, captions=captions, on_progress=told)
