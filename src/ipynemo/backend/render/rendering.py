"""Draft in, MP4 out: planned in parts, encoded wherever there is room, joined. It appears under its name when whole."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ipynemo.backend.render.checking import check_scene, has_all
from ipynemo.backend.render.crew import Crew, are_ahead
from ipynemo.backend.render.keeping import forget_all
from ipynemo.backend.render.parts import encode_sound, join
from ipynemo.backend.render.plan import plan_scene, sound_track_of
from ipynemo.backend.render.scene import FPS, to_scene
from ipynemo.backend.render.sharing import Sharing
from ipynemo.backend.render.shelf import Shelf
from ipynemo.errors import NemoError, RenderCancelledError, RenderFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor, Future
    from pathlib import Path

    from ipynemo.backend.render.plan import Chunk
    from ipynemo.backend.render.scene import Scene
    from ipynemo.draft import Draft

__all__ = ["RenderedClip", "clear_up", "cores", "part_path", "render"]

WORTH_PX = 250_000_000  # pixels to draw in all, from which another process earns what its start costs
ENCODED = 97  # per cent of the way, when all is encoded; joining is the rest


@dataclass(frozen=True, slots=True)
class RenderedClip:
    """What was made."""

    path: Path
    duration_s: float
    width_px: int
    height_px: int
    fps: int
    size_bytes: int


def _silently(_percent: float) -> None:
    """Tell nobody."""


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def part_path(out: Path) -> Path:
    """Return where this process writes a film until it is whole; its parts lie beside it, in a folder `….parts`."""
    return out.with_name(f".{out.stem[:40]}.{os.getpid()}.part")


def clear_up(out: Path) -> None:
    """Take away what is unfinished of a film."""
    part_path(out).unlink(missing_ok=True)
    shutil.rmtree(part_path(out).with_suffix(".parts"), ignore_errors=True)


class _Progress:
    """Per cent done, told when another one is full; asks whether to stop, too."""

    def __init__(self, frames: int, tell: Callable[[float], None], should_stop: Callable[[], bool]) -> None:
        self._frames = frames
        self._tell = tell
        self._should_stop = should_stop
        self._told = 0
        tell(0.0)

    def look(self) -> None:
        if self._should_stop():
            raise RenderCancelledError("The render was cancelled.")

    def _say(self, percent: int) -> None:
        if percent > self._told:
            self._told = percent
            self._tell(float(percent))

    def encoded(self, frames: int) -> None:
        self.look()
        self._say(ENCODED * frames // self._frames)

    def joined(self, frames: int) -> None:
        self.look()
        self._say(ENCODED + (99 - ENCODED) * frames // self._frames)


def _workers(chunks: list[Chunk], asked: int | None) -> int:
    """Return how many processes to encode in, this one included."""
    work = sum(chunk.frames * chunk.scene.width * chunk.scene.height for chunk in chunks)
    return max(1, min(cores() if asked is None else asked, len(chunks), 1 + work // WORTH_PX))


def _make(
    scene: Scene,
    draft: Draft,
    assets: Mapping[str, Path],
    part: Path,
    shelf: Shelf,
    quality: str,
    progress: _Progress,
    executor: Executor | None,
    workers: int | None,
) -> None:
    chunks = plan_scene(scene, assets, quality)
    missing = [chunk for chunk in chunks if shelf.find(chunk) is None]
    track = sound_track_of(scene, assets)
    own = None if executor is not None else Crew(count - 1) if (count := _workers(missing, workers)) > 1 else None
    sharing = Sharing(missing, assets, shelf.folder, executor or own, here=executor is None)
    helper = Crew(1) if are_ahead() else None  # decoding pictures to look at them takes memory: not this process's
    with ThreadPoolExecutor(1, thread_name_prefix="ipynemo-beside") as side:
        try:
            beside: list[Future[Any]] = [(helper or side).submit(check_scene, scene, assets)]
            if helper is not None and shelf.find(track) is None:
                beside.append(helper.submit(encode_sound, track, assets, shelf.folder))
            elif shelf.find(track) is None:
                beside.append(side.submit(encode_sound, track, assets, shelf.folder, sharing.heed))
            before = scene.frames - sum(chunk.frames for chunk in missing)

            def look(done: int) -> None:
                if beside[0].done():
                    beside[0].result()
                progress.encoded(before + done)

            try:
                sharing.run(look)
            except RenderCancelledError:
                raise
            except Exception:
                beside[0].result()  # names every file that is damaged, and not just the first one that was met
                raise
            for work in beside:
                while not sharing.wait(work):
                    progress.look()
        finally:
            sharing.stop()
            for crew in (own, helper):
                if crew is not None:
                    crew.shutdown(cancel_futures=True)
    parts = [(chunk, shelf.find(chunk) or shelf.folder) for chunk in chunks]
    try:
        join(
            parts,
            shelf.find(track) or shelf.folder,
            part,
            title=scene.title,
            draft=draft,
            tick=progress.joined,
        )
    except (RenderFailedError, ValueError, OSError) as error:
        if isinstance(error, RenderCancelledError):
            raise
        for chunk in chunks:  # one of them may be damaged; the next try must not stumble over it again
            shelf.drop(chunk)
        shelf.drop(track)
        raise


def render(
    draft: Draft,
    assets: Mapping[str, Path],
    out: Path,
    *,
    quality: str = "high",
    on_progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    cache: Path | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
) -> RenderedClip:
    """Render a draft.

    Parameters
    ----------
    draft : Draft
    assets : mapping of str to Path
        The files by asset id.
    out : Path
        Where the MP4 goes. It is written beside it and renamed at the end, so that what is there is always whole.
    quality : {"high", "medium", "low"}
        `high` is the draft's own size; `medium` and `low` have at most 720 and 360 lines on the short side.
    on_progress : callable, optional
        Called with 0–100.
    should_stop : callable, optional
        Asked before every frame; True cancels.
    cache : Path, optional
        A folder that keeps finished parts: after an edit only what it changed is encoded, after a crash only the rest.
    executor : Executor, optional
        Encodes the parts instead of this computer's own processes; it must see the assets and the cache where this
        process does.
    workers : int, optional
        How many processes to encode in; by default as many as there are processors, and fewer for a short film.

    Returns
    -------
    RenderedClip

    Raises
    ------
    RenderFailedError
        The draft or an asset cannot be rendered; nothing is left behind. Its kinds: `MissingAssetError`,
        `BrokenAssetError`, `EmptyDraftError`, `DraftLimitError`.
    RenderCancelledError
        `should_stop` said so.
    """
    part = part_path(out)
    try:
        scene = to_scene(draft, quality)
        if not has_all(scene, assets):
            check_scene(scene, assets)
        progress = _Progress(scene.frames, on_progress or _silently, should_stop or (lambda: False))
        progress.look()
        if cache is not None:
            cache.parent.mkdir(parents=True, exist_ok=True)
        shelf = Shelf(cache if cache is not None else part.with_suffix(".parts"))
        _make(scene, draft, assets, part, shelf, quality, progress, executor, workers)
        size = part.stat().st_size
        part.replace(out)
        if cache is not None:
            shelf.tidy()
    except NemoError:
        raise
    except Exception as error:
        # A codec, a full disk, a bug of ours: whoever asked for the film gets one kind of error, with the cause in it.
        raise RenderFailedError(f"The render of {out.name} failed: {error or type(error).__name__}.") from error
    finally:
        clear_up(out)
        forget_all()
    (on_progress or _silently)(100.0)
    return RenderedClip(out, scene.duration_s, scene.width, scene.height, FPS, size)
