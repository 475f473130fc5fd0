"""Many pictures, a clip each: a session of its own for every one, and what failed stands beside what worked."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from ipynemo.client.exports import Target, clip_path
from ipynemo.client.patience import patiently
from ipynemo.client.transfer import Source, path_of
from ipynemo.client.values import Clip, Explained
from ipynemo.errors import InvalidRequestError, NemoError

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

    def __init__(self, nemo: AsyncNemo, message: str, folder: Source | None, on_picture: OnPicture | None) -> None:
        self._nemo = nemo
        self._message = message
        self._folder = Path.cwd() if folder is None else path_of(folder)
        self._on_picture = on_picture

    async def run(self, sources: Sequence[Source], concurrency: int) -> list[Explained]:
        """Work on all of them, so many at once; return the results in order."""
        if not 1 <= concurrency <= MAX_CONCURRENCY:
            raise InvalidRequestError(f"concurrency={concurrency}.", hint=f"Use 1–{MAX_CONCURRENCY}.")
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
        return [result for result in results if result is not None]

    async def _one(self, source: Source) -> Explained:
        session: AsyncSession | None = None
        name = os.fspath(source)
        # Half a character in a file's name cannot be sent.
        title = unquote(PurePath(name).stem).encode("utf-8", "replace").decode() or "picture"
        try:
            session = await self._nemo.create_session(title)
            clip = await self._clip(session, source, title)
        except NemoError as error:
            failed = error
        except Exception as error:  # one picture must not stop the others
            log.exception("%s could not be explained.", name)
            failed = NemoError(f"{PurePath(name).name!r} could not be explained: {type(error).__name__}: {error}")
        else:
            return Explained(name, clip=clip, session_id=session.session_id)
        return Explained(name, error=failed, session_id=session.session_id if session else None)

    async def _clip(self, session: AsyncSession, source: Source, title: str) -> Clip:
        await session.upload(source)
        await patiently(self._nemo.timing, lambda: session.chat(self._message, as_is=True))
        target = Target(clip_path(title, self._folder), replace=False)
        return await session._exports.export(await session.draft(), target, None)
