"""A scene at work: the time goes in, a state comes out, and the state is drawn.

The state of a scene is everything that decides what is seen, as a value; where it is the same as for the frame before,
nothing is drawn. So a scene is a function of what it is told, its picture, the frame's size, the time and nothing else.
"""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from ipynemo.backend.render.footage import open_footage
from ipynemo.backend.render.planes import Planes
from ipynemo.backend.render.scenes.stage import GROUND, Moment, Stage, smooth
from ipynemo.backend.render.takes import serials
from ipynemo.backend.render.values import object_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from pathlib import Path

    from ipynemo.backend.render.scene import Shot

__all__ = ["DrawnScene", "Picture", "SceneTake", "reduced"]

CROSSFADE_S = 0.5  # between the moments of the form that stands still


class Picture:
    """The picture that a scene is about; of a film, the one at the shot's in-point.

    Parameters
    ----------
    path : Path
    in_ms : float
    """

    def __init__(self, path: Path, in_ms: float = 0) -> None:
        self._path, self._in_s = path, in_ms / 1000

    def pixels(self, least: tuple[int, int] | None = None) -> np.ndarray:
        """Return the picture as an ndarray of shape (height_px, width_px, 3), uint8, RGB; what is clear is ground.

        Parameters
        ----------
        least : tuple of int, optional
            Width and height that suffice, pixels; a large picture may come smaller, and then costs less. Without it,
            every pixel comes as it is in the file.

        Raises
        ------
        BrokenAssetError
            It cannot be read.
        """
        footage = open_footage(self._path, least or (1 << 20, 1 << 20))
        try:
            footage.seek(self._in_s)
            image = footage.picture(footage.size)
            pixels = np.array(image)
        finally:
            footage.close()
        if pixels.shape[2] == 4:  # premultiplied
            clear = (255 - pixels[..., 3:].astype(np.uint16)) * np.array(GROUND.rgb, np.uint16)
            pixels = (pixels[..., :3] + (clear + 127) // 255).astype(np.uint8)
        return pixels

    def within(self, width_px: float, height_px: float) -> np.ndarray:
        """Return the picture, fitted into a size and no larger than that, as `pixels` does."""
        pixels = self.pixels((max(1, math.ceil(width_px)), max(1, math.ceil(height_px))))
        return reduced(pixels, width_px, height_px)


def reduced(pixels: np.ndarray, width_px: float, height_px: float) -> np.ndarray:
    """Return a picture, fitted into a size where it is larger than that."""
    factor = min(width_px / pixels.shape[1], height_px / pixels.shape[0])
    if factor >= 1:
        return pixels
    size = (max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor)))
    smaller: np.ndarray = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return smaller


class DrawnScene(ABC):
    """One scene of a film.

    Parameters
    ----------
    about : mapping
        What it is told, from the draft: of any content, so it is read like the draft itself, by `values` and `words`.
    picture : Picture or None
    stage : Stage
    duration_s : float
        How long it is.
    """

    # The progress of the moments that the form without motion shows, each with everything in its place.
    stills: tuple[float, ...] = (1.0,)

    def __init__(self, about: Mapping[str, Any], picture: Picture | None, stage: Stage, duration_s: float) -> None:
        self.about = about
        self.picture = picture
        self.stage = stage
        self.duration_s = duration_s

    @abstractmethod
    def state(self, now: Moment) -> Hashable:
        """Return everything that decides what is seen at a moment."""

    @abstractmethod
    def paint(self, state: Any, frame: Planes) -> None:
        """Draw a state over all of a frame."""


class SceneTake:
    """A drawn scene, as `takes.Take` is a picture or a film.

    Parameters
    ----------
    shot : Shot
    kind : type
        Of the scene.
    path : Path or None
        Of the picture.
    frame : tuple of int
        Width and height of the frame in pixels.
    reduced : bool
        Whether only a few moments are shown, each dissolving into the next.
    """

    def __init__(
        self, shot: Shot, kind: type[DrawnScene], path: Path | None, frame: tuple[int, int], *, reduced: bool = False
    ) -> None:
        self.shot = shot
        self.serial = next(serials)
        self.is_closed = False
        self._frame = frame
        self._reduced = reduced
        picture = None if path is None else Picture(path, shot.in_ms)
        self._begin, self._share = shot.part[0], shot.part[1] - shot.part[0]
        self._duration_s = shot.duration_ms / 1000 / self._share
        about = object_of(json.loads(shot.about or "{}"))
        self._scene: DrawnScene | None = kind(about, picture, Stage(frame), self._duration_s)
        self._kept: dict[Hashable, Planes] = {}

    def seek(self, frame: int, fps: int) -> tuple[int, Hashable]:
        """Go to a frame of the film; return all that decides what is seen there."""
        if self._scene is None:
            raise ValueError(f"{self.shot.where} is closed")
        local = min(max((frame - self.shot.start) / max(1, self.shot.end - self.shot.start - 1), 0.0), 1.0)
        p = self._begin + self._share * local
        if not self._reduced:
            return 0, (self._scene.state(Moment(p, self._duration_s)),)
        stills = self._scene.stills
        part = p * len(stills)
        number = min(int(part), len(stills) - 1)
        fade = min(CROSSFADE_S * fps * len(stills) * self._share / max(1, self.shot.end - self.shot.start), 0.9)
        mix = smooth((part - number) / fade) if number else 1.0
        here = self._still(number)
        return 0, (here,) if mix >= 1 else (self._still(number - 1), here, round(mix * 256) / 256)

    def _still(self, number: int) -> Hashable:
        if self._scene is None:
            raise ValueError(f"{self.shot.where} is closed")
        return self._scene.state(Moment(self._scene.stills[number], self.shot.duration_ms / 1000, settled=True))

    def covers(self, _at: Hashable) -> bool:
        """Return whether it hides all of the frame, as every scene does."""
        return True

    def draw(self, at: Any, frame: Planes) -> None:
        """Draw what `seek` found over a frame."""
        if self._scene is None:
            raise ValueError(f"{self.shot.where} is closed")
        if len(at) == 1:
            self._scene.paint(at[0], frame)
            return
        before, after, mix = at
        self._kept = {state: self._painted(state, frame) for state in (before, after)}
        one, other = self._kept[before], self._kept[after]
        for (target, _), (mine, _), (theirs, _) in zip(frame.each, one.each, other.each, strict=True):
            target[:] = cv2.addWeighted(mine, 1 - mix, theirs, mix, 0)

    def _painted(self, state: Hashable, frame: Planes) -> Planes:
        if state not in self._kept and self._scene is not None:
            made = frame.copy()
            self._scene.paint(state, made)
            return made
        return self._kept[state]

    def close(self) -> None:
        """Let go of everything."""
        self.is_closed = True
        self._scene = None
        self._kept.clear()
