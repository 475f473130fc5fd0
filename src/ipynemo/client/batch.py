"""Many pictures, a clip each: a session of its own for every one, and what failed stands beside what worked.

The journal keeps which session a picture is in, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

from ipynemo.client.exports import QUALITIES, Target, clip_path
from ipynemo.client.journal import KnownPicture
from ipynemo.client.mp4 import measure
from ipynemo.client.patience import patiently
from ipynemo.client.results import Explanations
from ipynemo.client.sidecars import captioned
from ipynemo.client.transfer import Source, path_of
from ipynemo.client.values import Clip, Explained
from ipynemo.errors import (
    ConnectionFailedError,
    InvalidRequestError,
    NemoError,
    ProtocolError,
    RenderFailedError,
    SessionNotFoundError,
)
from ipynemo.loop import off_loop

if TYPE_CHECKING:
    from ipynemo.client.client import AsyncNemo
    from ipynemo.client.session import AsyncSession

__all__ = ["DEFAULT_MESSAGE", "Batch", "OnPicture"]

DEFAULT_MESSAGE: Final = "explain what an AI image is and how it was created"
MAX_CONCURRENCY: Final = 32

log = logging.getLogger(__name__)

OnPicture = Callable[[Explained, int, int], object]


class Batch:
    """One run of `AsyncNemo.explain_many`."""

    def __init__(
        self,
        nemo: AsyncNemo,
        message: str,
        *,
        folder: Source | None = None,
        quality: str = "high",
        resume: bool = False,
        captions: bool = False,
        on_picture: OnPicture | None = None,
    ) -> None:
        if quality not in QUALITIES:
            raise InvalidRequestError(f"quality={quality!r}.", hint=f"It is one of {', '.join(QUALITIES)}.")
        self._nemo = nemo
        self._message = message
        self._folder = Path.cwd() if folder is None else path_of(folder).absolute()
        self._quality = quality
        self._resume = resume
        self._captions = captions
        self._on_picture = on_picture
        self._closings = nemo._wire.closings

    async def run(self, sources: Sequence[Source], concurrency: int) -> Explanations:
        """Work on all of them, so many at once; return the results in order."""
        if not 1 <= concurrency <= MAX_CONCURRENCY:
            raise InvalidRequestError(f"concurrency={concurrency}.", hint=f"Use 1–{MAX_CONCURRENCY}.")
        try:
            await off_loop(self._folder.mkdir, parents=True, exist_ok=True)
        except OSError as error:
            what = f"The folder {self._folder.name!r} cannot be made: {error.strerror or error}."
            raise InvalidRequestError(what, hint="Name another one for the clips.") from error
        results: list[Explained | None] = [None] * len(sources)
        waiting = iter(enumerate(sources))
        done = 0

        async def work() -> None:
            nonlocal done
            for place, source in waiting:
                result = results[place] = await self._one(source)
                done += 1
                if self._on_picture is not None:
                    self._on_picture(result, done, len(sources))

        async with asyncio.TaskGroup() as group:
            for _ in range(min(concurrency, len(sources))):
                group.create_task(work())
        return Explanations(result for result in results if result is not None)

    async def _one(self, source: Source) -> Explained:
        session: AsyncSession | None = None
        clip: Clip | None = None
        name = os.fspath(source)
        # Half a character in a file's name cannot be sent.
        title = Explained(name).name.encode("utf-8", "replace").decode()
        try:
            if self._nemo._wire.closings != self._closings:
                hint = "With a new client, explain_many(…, resume=True) goes on from here."
                raise ConnectionFailedError("The client was closed before this picture's turn came.", hint=hint)
            picture = await off_loop(mark_of, source, self._message, self._nemo.language)
            known = await self._nemo._journal.picture(picture) if self._resume else None
            if known is not None:
                session = self._nemo.session(known.session_id)
                clip = await self._taken_up(session, known, title)
            if session is None or clip is None:
                session = await self._nemo.create_session(title)
                await session.upload(source)
                await self._nemo._journal.note_picture(picture, session.session_id, self._quality)
                await self._ask(session)
                clip = await self._exported(session, title)
            await self._nemo._journal.note_picture(picture, session.session_id, self._quality, clip)
        except NemoError as error:
            failed = error
        except Exception as error:  # one picture must not stop the others
            log.exception("%s could not be explained.", name)
            failed = NemoError(f"{PurePath(name).name!r} could not be explained: {type(error).__name__}: {error}")
        else:
            return Explained(name, clip=clip, session_id=session.session_id)
        return Explained(name, error=failed, session_id=session.session_id if session else None)

    async def _ask(self, session: AsyncSession) -> None:
        await patiently(self._nemo.timing, lambda: session.chat(self._message, as_is=True))

    async def _exported(self, session: AsyncSession, title: str) -> Clip:
        draft = await session.draft()
        clip = await session._exports.export(draft, self._target(title), None, self._quality)
        return await captioned(clip, draft, session._draft_or_none) if self._captions else clip

    def _target(self, title: str) -> Target:
        return Target(clip_path(title, self._folder), replace=False)

    async def _taken_up(self, session: AsyncSession, known: KnownPicture, title: str) -> Clip | None:
        """Go on with a picture of an earlier run; None where its session holds nothing to go on with."""
        if known.quality == self._quality:
            if clip := await off_loop(self._kept, known):
                return await captioned(clip, None, session._draft_or_none) if self._captions else clip
            for render in await session.renders():
                try:
                    clip = await session._exports.resume(render, self._target(title), None)
                    return await captioned(clip, None, session._draft_or_none) if self._captions else clip
                except (RenderFailedError, SessionNotFoundError) as error:  # cancelled, failed, or forgotten
                    log.info("Render %s of an earlier run cannot be taken up: %s", render.id, error.message)
        try:
            if (await session.draft()).is_empty:
                return None
        except SessionNotFoundError:
            return None
        return await self._exported(session, title)

    def _kept(self, known: KnownPicture) -> Clip | None:
        """Return the clip that an earlier run put into this folder, if it is still there, whole."""
        path = Path(known.clip) if known.clip else None
        if path is None or path.parent != self._folder or not path.is_file():
            return None
        try:
            duration_s, width_px, height_px = measure(path)
        except (OSError, ProtocolError):
            return None
        size, render = path.stat().st_size, known.render_id or ""
        return Clip(path, duration_s, width_px, height_px, size, session_id=known.session_id, render_id=render)


def mark_of(source: Source, message: str, language: str) -> str:
    """Return what tells a picture of a batch from all others: where it lies, what is in it, what is asked."""
    content = ""
    path = path_of(source)
    try:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        source = path.absolute()
    except (OSError, ValueError):
        log.debug("%r has no content here; an address, or missing.", os.fspath(source))
    parts = (os.fspath(source), content, message, language)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
