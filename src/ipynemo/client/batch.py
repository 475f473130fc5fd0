"""Many pictures, a clip each: a session of its own for every one, and what failed stands beside what worked."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from ipynemo.client.exports import free_path
from ipynemo.client.values import Clip, Explained
from ipynemo.errors import InvalidRequestError, NemoError, RateLimitError

if TYPE_CHECKING:
    from ipynemo.client.client import AsyncNemo
    from ipynemo.client.session import AsyncSession

__all__ = ["DEFAULT_MESSAGE", "Batch", "OnPicture"]

DEFAULT_MESSAGE: Final = "explain what an AI image is and how it was created"
MAX_CONCURRENCY: Final = 32

OnPicture = Callable[[Explained, int, int], object]
Source = str | os.PathLike[str]
T = TypeVar("T")


class Batch:
    """One run of `AsyncNemo.explain_many`."""

    def __init__(self, nemo: AsyncNemo, message: str, folder: Source | None, on_picture: OnPicture | None) -> None:
        self._nemo = nemo
        self._message = message
        self._folder = Path.cwd() if folder is None else Path(folder).expanduser()
        self._on_picture = on_picture
        self._names = asyncio.Lock()
        self._taken: set[Path] = set()

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
        try:
            session = await self._patiently(lambda: self._nemo.create_session(Path(name).stem or "picture"))
            clip = await self._clip(session, source)
        except NemoError as error:
            return Explained(name, error=error, session_id=session.session_id if session else None)
        return Explained(name, clip=clip, session_id=session.session_id)

    async def _clip(self, session: AsyncSession, source: Source) -> Clip:
        await self._patiently(lambda: session.upload(source))
        await self._patiently(lambda: session.chat(self._message, as_is=True))
        path = await self._path(Path(os.fspath(source)).stem)
        return await self._patiently(lambda: session.export(path))

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """Wait once where the backend asks for it; a request refused for its rate was not carried out."""
        try:
            return await call()
        except RateLimitError as error:
            timing = self._nemo.timing
            asked_s = timing.retry_after_default_s if error.retry_after_s is None else error.retry_after_s
            if asked_s > timing.retry_after_max_s:
                raise
            await asyncio.sleep(asked_s)
            return await call()

    async def _path(self, stem: str) -> Path:
        """Return a name of its own for each clip, also for two pictures of one name in two folders."""
        async with self._names:
            path = free_path(stem, self._folder)
            number = 2
            while path in self._taken or path.exists():
                path = self._folder / f"{path.stem.removesuffix(f'-{number - 1}')}-{number}.mp4"
                number += 1
            self._taken.add(path)
            return path
