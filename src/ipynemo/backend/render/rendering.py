"""Draft in, MP4 out. One thread draws ahead while another encodes; the file appears under its name only when whole."""

from __future__ import annotations

import os
import queue
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ipynemo.backend.render.checking import check_scene
from ipynemo.backend.render.compose import Composer
from ipynemo.backend.render.encode import AUDIO_FRAME, Encoder
from ipynemo.backend.render.mixing import Mixer
from ipynemo.backend.render.scene import FPS, SAMPLE_RATE, to_scene
from ipynemo.errors import NemoError, RenderCancelledError, RenderFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import numpy as np

    from ipynemo.backend.render.scene import Scene
    from ipynemo.draft import Draft

__all__ = ["RenderedClip", "part_path", "render"]

FRAMES_AHEAD = 4  # enough to even out a slow frame; each is 6 MB at 1920 × 1080
SOUND_AHEAD = 8 * AUDIO_FRAME


@dataclass(frozen=True, slots=True)
class RenderedClip:
    """What was made."""

    path: Path
    duration_s: float
    width_px: int
    height_px: int
    fps: int
    size_bytes: int


class _Ahead:
    """Draws the frames of a scene in a thread of its own, a few ahead of whoever takes them."""

    def __init__(self, scene: Scene, assets: Mapping[str, Path]) -> None:
        self._scene = scene
        self._assets = assets
        self._frames: queue.Queue[np.ndarray | BaseException] = queue.Queue(FRAMES_AHEAD)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ipynemo-compose", daemon=True)

    def _put(self, item: np.ndarray | BaseException) -> None:
        while not self._stopped.is_set():
            with suppress(queue.Full):
                self._frames.put(item, timeout=0.1)
                return

    def _run(self) -> None:
        composer = Composer(self._scene, self._assets)
        try:
            for number in range(self._scene.frames):
                if self._stopped.is_set():
                    return
                self._put(composer.frame(number))
        except Exception as error:  # noqa: BLE001 - it is raised where the frame is taken
            self._put(error)
        finally:
            composer.close()

    def __enter__(self) -> Iterator[np.ndarray]:
        self._thread.start()
        return self._take()

    def _take(self) -> Iterator[np.ndarray]:
        for _ in range(self._scene.frames):
            item = self._frames.get()
            if isinstance(item, BaseException):
                raise item
            yield item

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()


def _silently(_percent: float) -> None:
    """Tell nobody."""


def part_path(out: Path) -> Path:
    """Return where this process writes a film until it is whole."""
    return out.with_name(f".{out.stem[:40]}.{os.getpid()}.part")


def _encode(
    scene: Scene,
    assets: Mapping[str, Path],
    part: Path,
    quality: str,
    on_progress: Callable[[float], None],
    should_stop: Callable[[], bool],
) -> None:
    mixer = Mixer(scene.sounds, assets, scene.samples)
    encoder = Encoder(part, scene.width, scene.height, quality=quality, title=scene.title)
    finished, heard, told = False, 0, -1
    try:
        with _Ahead(scene, assets) as frames:
            for number, picture in enumerate(frames, 1):
                if should_stop():
                    raise RenderCancelledError("The render was cancelled.")
                encoder.picture(picture)
                # The sound keeps up with the picture, so that a player finds both in the same place of the file.
                while heard < min(number * SAMPLE_RATE // FPS, scene.samples):
                    samples = mixer.read(SOUND_AHEAD)
                    heard += len(samples)
                    encoder.sound(samples)
                percent = 99 * number // scene.frames
                if percent > told:
                    told = percent
                    on_progress(float(percent))
        encoder.finish()
        finished = True
    finally:
        mixer.close()
        if not finished:
            with suppress(Exception):  # what went wrong before is what counts
                encoder.abandon()


def render(
    draft: Draft,
    assets: Mapping[str, Path],
    out: Path,
    *,
    quality: str = "high",
    on_progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
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
    stop = should_stop or (lambda: False)
    tell = on_progress or _silently
    part = part_path(out)
    try:
        scene = to_scene(draft, quality)
        check_scene(scene, assets)
        if stop():
            raise RenderCancelledError("The render was cancelled.")
        tell(0.0)
        _encode(scene, assets, part, quality, tell, stop)
        size = part.stat().st_size
        part.replace(out)
    except NemoError:
        part.unlink(missing_ok=True)
        raise
    except Exception as error:
        part.unlink(missing_ok=True)
        # A codec, a full disk, a bug of ours: whoever asked for the film gets one kind of error, with the cause in it.
        raise RenderFailedError(f"The render of {out.name} failed: {error or type(error).__name__}.") from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    tell(100.0)
    return RenderedClip(out, scene.duration_s, scene.width, scene.height, FPS, size)
