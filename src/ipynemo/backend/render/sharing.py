"""Chunks shared out among whoever can encode: this process, and the workers of an executor.

Each worker has a stretch of the film to itself, because neighbouring chunks often show the same picture; whoever is
done takes over from the longest stretch that is left. A chunk that several threads encode comes last of all. A worker
that dies costs only the chunk that it was at.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any

from ipynemo.backend.render.crew import Crew
from ipynemo.backend.render.parts import encode
from ipynemo.errors import RenderCancelledError, RenderFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from ipynemo.backend.render.plan import Chunk

__all__ = ["Sharing"]

LOOK_S = 0.05  # between two looks at what the others have done
TRIES = 3  # for a chunk whose worker dies; then it is the chunk


class Sharing:
    """Encodes chunks, all of them or none.

    Parameters
    ----------
    chunks : sequence of Chunk
    assets : mapping of str to Path
    folder : Path
        Where the parts go.
    executor : Executor or None
        Who else encodes.
    here : bool
        Whether this process encodes too.
    """

    def __init__(
        self,
        chunks: Sequence[Chunk],
        assets: Mapping[str, Path],
        folder: Path,
        executor: Executor | None,
        *,
        here: bool = True,
    ) -> None:
        self._assets = dict(assets)
        self._folder = folder
        self._executor = executor
        self._here = here or executor is None
        others = _places(executor)
        count = min(others + self._here, max(1, len(chunks)))
        self._stretches = _stretches([chunk for chunk in chunks if chunk.threads == 1], count)
        self._last = [chunk for chunk in chunks if chunk.threads > 1]
        self._free = list(range(int(self._here), count))  # stretches whose worker has nothing to do
        self._running: dict[Future[Any], tuple[Chunk, int]] = {}
        self._done = dict.fromkeys((chunk.key for chunk in chunks), 0)
        self._lost: dict[str, int] = {}
        self._stopped = threading.Event()

    def heed(self, _done: int) -> None:
        """Raise where all has been stopped; a tick for whoever works in another thread."""
        if self._stopped.is_set():
            raise RenderCancelledError("The render was cancelled.")

    def stop(self) -> None:
        """Have everybody stop; what an executor is at goes on to its end, and is not waited for."""
        self._stopped.set()
        for future in self._running:
            future.cancel()

    def wait(self, future: Future[Any]) -> bool:
        """Wait a moment for something else; return whether it is done, and raise what it raised."""
        done, _ = wait([future], LOOK_S)
        if done:
            future.result()
        return bool(done)

    def run(self, on_frames: Callable[[int], None]) -> None:
        """Encode; `on_frames` is told how many frames are done in all, before every frame that is encoded here.

        What it raises stops everybody.
        """
        while True:
            self._hand_out()
            mine = self._next(0) if self._here else None
            if mine is not None:

                def tick(done: int, chunk: Chunk = mine) -> None:
                    self._done[chunk.key] = done
                    self._collect(0)
                    self._hand_out()
                    on_frames(sum(self._done.values()))

                encode(mine, self._assets, self._folder, tick)
            elif self._running:
                self._collect(LOOK_S)
                on_frames(sum(self._done.values()))
            else:
                return

    def _next(self, stretch: int) -> Chunk | None:
        """Return what to encode next: of a stretch, or from the end of the longest one."""
        if self._stretches[stretch]:
            return self._stretches[stretch].popleft()
        longest = max(self._stretches, key=_frames)
        if longest:
            return longest.pop()
        return self._last.pop() if self._last else None

    def _hand_out(self) -> None:
        while self._executor is not None and self._free:
            chunk = self._next(self._free[-1])
            if chunk is None:
                return
            stretch = self._free.pop()
            args = (chunk, {source: self._assets[source] for source in chunk.sources}, self._folder)
            if isinstance(self._executor, Crew):
                future = self._executor.submit_told(self._hear(chunk), encode, *args)
            else:
                future = self._executor.submit(encode, *args)
            self._running[future] = (chunk, stretch)

    def _hear(self, chunk: Chunk) -> Callable[[int], None]:
        def hear(done: int) -> None:
            self._done[chunk.key] = done

        return hear

    def _collect(self, patience_s: float) -> None:
        """Take in what others have finished."""
        if not self._running or not (patience_s or any(future.done() for future in self._running)):
            return
        finished, _ = wait(self._running, patience_s, FIRST_COMPLETED)
        for future in finished:
            chunk, stretch = self._running.pop(future)
            self._free.append(stretch)
            try:
                future.result()
            except BrokenProcessPool as error:
                self._lost[chunk.key] = self._lost.get(chunk.key, 0) + 1
                self._done[chunk.key] = 0
                if self._lost[chunk.key] >= TRIES:
                    raise RenderFailedError(f"A part could not be encoded: {error}") from error
                self._stretches[stretch].appendleft(chunk)
            else:
                self._done[chunk.key] = chunk.frames


def _frames(chunks: Iterable[Chunk]) -> int:
    return sum(chunk.frames for chunk in chunks)


def _stretches(chunks: Sequence[Chunk], count: int) -> list[deque[Chunk]]:
    """Return the chunks in `count` stretches of about as many frames."""
    whole, done = max(1, _frames(chunks)), 0
    stretches: list[deque[Chunk]] = [deque() for _ in range(count)]
    for chunk in chunks:
        stretches[count * (2 * done + chunk.frames) // (2 * whole)].append(chunk)  # by where its middle lies
        done += chunk.frames
    return stretches


def _places(executor: Executor | None) -> int:
    """Return how many jobs an executor takes at once; more than that would wait in its queue instead of ours."""
    if executor is None:
        return 0
    workers = getattr(executor, "_max_workers", None)
    return workers if isinstance(workers, int) and workers > 0 else 64
