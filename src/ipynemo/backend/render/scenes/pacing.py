"""How a zoom goes without flashing: slower where the picture changes much, and veiled where time is short.

What counts as too much is the measure of FFmpeg's filter `photosensitivity`: the change of the mean colours in 8 × 8
fields from one frame to the next, added up over a second, later ones counting more.
"""

from __future__ import annotations

import cv2
import numpy as np

from ipynemo.backend.render.planes import from_colour, to_rgb_array
from ipynemo.backend.render.scenes.stage import GROUND
from ipynemo.backend.render.scenes.zooming import Halved, Path, Zoomed

__all__ = ["Pace", "flicker"]

FIELDS = 8
PLACES = 96  # along the zoom, where it is looked at
SMALL_PX = 64  # the long side of the frame that it is looked at in
STEADY = 0.45  # of the pace goes by the zoom itself, the rest by what changes
RAMP = 0.16  # of the time, to get going and to come to rest
WINDOW = 30  # frames
FLASH = 80.0  # the mean change of a field, 0–255, that makes a frame a flash by itself
MOST = 0.85  # of what the filter lets pass
VEILS = (0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0)


def flicker(fields: np.ndarray) -> float:
    """Return the worst second of a film, 1 being too much.

    Parameters
    ----------
    fields : ndarray, shape (frames, 8, 8, 3), float, 0–255
        The mean colours of every frame.
    """
    changes = np.abs(np.diff(fields, axis=0)).mean(axis=(1, 2, 3)) / FLASH
    return float(np.convolve(changes, np.arange(WINDOW, 0, -1) / WINDOW).max(initial=0))


class Pace:
    """When a zoom is where.

    Parameters
    ----------
    picture : Halved
    path : Path
        In a frame of the size `frame`.
    frame : tuple of int
    frames : int
        How many frames it takes.

    Attributes
    ----------
    veil : float
        How strongly the picture is to be veiled on the way, at most: by a wash of colours that goes from those of the
        beginning to those of the end.
    """

    def __init__(self, picture: Halved, path: Path, frame: tuple[int, int], frames: int) -> None:
        places = np.linspace(0, 1, PLACES)
        seen = _looked_at(picture, path, frame, places)
        changes = np.abs(np.diff(seen, axis=0)).mean(axis=(1, 2, 3))
        shares = changes / max(float(changes.sum()), 1e-6)
        each: np.ndarray = STEADY / (PLACES - 1) + (1 - STEADY) * shares
        each = np.convolve(
            np.pad(each, 4, mode="edge"), np.full(9, 1 / 9), mode="valid"
        )  # so that it does not hesitate
        self._times = np.concatenate([[0.0], np.cumsum(each / each.sum())])
        self._places = places
        times = np.linspace(0, 1, max(frames, 2))
        gone = np.array([self.at(float(time)) for time in times])
        spots = np.clip(np.rint(gone * (PLACES - 1)).astype(int), 0, PLACES - 2)
        rest = (gone * (PLACES - 1) - spots)[:, None, None, None]
        film = seen[spots] * (1 - rest) + seen[spots + 1] * rest
        self.veil = 1.0
        humps = np.array([self.veiled(float(time)) for time in times])[:, None, None, None]
        veil = seen[0] + (seen[-1] - seen[0]) * times[:, None, None, None]
        worst = {one: flicker(film + (veil - film) * humps * one) for one in VEILS}
        self.veil = next((one for one in VEILS if worst[one] < MOST), min(worst, key=lambda one: worst[one]))

    def at(self, progress: float) -> float:
        """Return how far the zoom has gone at a progress, both 0–1."""
        return float(np.interp(_ramped(progress), self._times, self._places))

    def veiled(self, progress: float) -> float:
        """Return how strongly the picture is veiled then."""
        return self.veil * _ramped(min(progress, 1 - progress) / 0.25) if 0 < progress < 1 else 0.0


def _ramped(p: float) -> float:
    """Return `p` at a steady pace but for a ramp at both ends."""
    p = min(max(p, 0.0), 1.0)
    fastest = 1 / (1 - RAMP)
    if p < RAMP:
        return fastest * p * p / (2 * RAMP)
    if p > 1 - RAMP:
        return 1 - fastest * (1 - p) ** 2 / (2 * RAMP)
    return fastest * (p - RAMP / 2)


def _looked_at(picture: Halved, path: Path, frame: tuple[int, int], places: np.ndarray) -> np.ndarray:
    """Return the mean colours of the fields at places of a zoom, from a small copy of it."""
    times = SMALL_PX / max(frame)
    size = (max(FIELDS, round(frame[0] * times / 2) * 2), max(FIELDS, round(frame[1] * times / 2) * 2))
    anchors = tuple((x * times, y * times) for x, y in path.anchors)
    small = Path(path.first * times, path.last * times, path.centres, (anchors[0], anchors[1]))
    zoomed = Zoomed(picture, small, size)
    seen = []
    for place in places:
        planes = from_colour(GROUND, *size)
        zoomed.draw(small.at(float(place)), planes)
        seen.append(cv2.resize(to_rgb_array(planes), (FIELDS, FIELDS), interpolation=cv2.INTER_AREA))
    return np.array(seen, np.float32)
