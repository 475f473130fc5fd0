"""From a whole picture down to single pixels, smoothly, in the planes of a frame.

As long as the picture is shown smaller than it is, it is sampled from copies of about the size that is shown, each
holding only what can still be seen. Enlarged, every pixel stays a square of its own colour, with edges that are soft
over one pixel of the frame: they glide instead of jumping.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ipynemo.backend.render.motion import Placement
from ipynemo.backend.render.planes import KB, KR
from ipynemo.backend.render.sampling import span

if TYPE_CHECKING:
    from ipynemo.backend.render.planes import Plane, Planes

__all__ = ["Halved", "Path", "Zoomed"]

LEVEL = 2**0.5  # between the sizes of two copies
FINER = 1.12  # how much smaller than what is shown a copy may be
SPARE = 4  # pixels of a copy around what is seen of it

_LUMA = np.array([KR, 1 - KR - KB, KB])
_TO_YUV = np.array(
    [
        [*(_LUMA * 219 / 255), 16],
        [*((np.array([0, 0, 1]) - _LUMA) / (1 - KB) / 2 * 224 / 255), 128],
        [*((np.array([1, 0, 0]) - _LUMA) / (1 - KR) / 2 * 224 / 255), 128],
    ]
)


@dataclass(frozen=True, slots=True)
class Path:
    """A zoom: from one place to another, in equal ratios, with a point of the picture that hardly moves.

    Attributes
    ----------
    first, last : float
        Frame pixels per picture pixel at the beginning and at the end.
    centres : tuple
        The point of the picture that is looked at, at the beginning and at the end, in picture pixels.
    anchors : tuple
        Where that point is seen, in frame pixels.
    """

    first: float
    last: float
    centres: tuple[tuple[float, float], tuple[float, float]]
    anchors: tuple[tuple[float, float], tuple[float, float]]

    def at(self, progress: float) -> Placement:
        """Return where the picture lies at a progress, 0–1."""
        factor = self.first * (self.last / self.first) ** progress
        along = progress
        if abs(self.last / self.first - 1) > 1e-9:
            along = (1 / self.first - 1 / factor) / (1 / self.first - 1 / self.last)
        (cx, cy), (ax, ay) = (
            tuple(a + (b - a) * along for a, b in zip(*pair, strict=True)) for pair in (self.centres, self.anchors)
        )
        return Placement(ax - cx * factor, ay - cy * factor, factor)

    def progress(self, factor: float) -> float:
        """Return when so many frame pixels show a picture pixel."""
        if abs(self.last / self.first - 1) < 1e-9:
            return 1.0
        return min(max(math.log(factor / self.first) / math.log(self.last / self.first), 0.0), 1.0)


class Halved:
    """A picture, and copies of half the size, of a quarter, …, each made when it is wanted.

    Parameters
    ----------
    pixels : ndarray, shape (height_px, width_px, 3), uint8, RGB
    """

    def __init__(self, pixels: np.ndarray) -> None:
        self.size = (pixels.shape[1], pixels.shape[0])
        self._copies = [pixels]

    def least(self, scale: float) -> np.ndarray:
        """Return the smallest copy that has at least `scale` of the picture's pixels in a row."""
        number = 0
        while True:
            width, height = (side // 2 for side in self._copies[number].shape[1::-1])
            if min(width, height) < 1 or min(width / self.size[0], height / self.size[1]) < scale:
                return self._copies[number]
            number += 1
            if number == len(self._copies):
                self._copies.append(cv2.resize(self._copies[-1], (width, height), interpolation=cv2.INTER_AREA))


@dataclass(frozen=True, slots=True)
class _Copy:
    """A part of the picture at a size: its planes, all of one size; its corner; its pixels per picture pixel."""

    planes: tuple[Plane, Plane, Plane]
    left: float
    top: float
    scale_x: float
    scale_y: float


class Zoomed:
    """A picture along a zoom into it.

    Parameters
    ----------
    picture : Halved
        It is not kept.
    path : Path
    frame : tuple of int
        Width and height in pixels.
    """

    def __init__(self, picture: Halved, path: Path, frame: tuple[int, int]) -> None:
        self._size = picture.size
        self._frame = frame
        self._copies: list[tuple[float, _Copy]] = []  # up to which factor each one serves
        scale, begin = min(1.0, path.first), path.first
        while True:
            end = path.last if scale >= 1 else min(scale * FINER, path.last)
            part = self._seen(path, begin, end)
            self._copies.append((end, _copied(picture, part, scale)))
            if end >= path.last:
                break
            scale, begin = min(1.0, scale * LEVEL), end

    def _seen(self, path: Path, begin: float, end: float) -> tuple[int, int, int, int]:
        """Return what part of the picture is seen between two factors: left, top, right, bottom."""
        first, last = path.progress(begin), path.progress(end)
        places = [path.at(first + (last - first) * n / 12) for n in range(13)]
        sides = []
        for axis in (0, 1):
            low = min(-at[axis] / at.factor - SPARE / min(at.factor, 1) for at in places)
            high = max((self._frame[axis] - at[axis]) / at.factor + SPARE / min(at.factor, 1) for at in places)
            low = min(max(math.floor(low), 0), self._size[axis] - 1)
            sides.append((low, min(max(math.ceil(high), low + 1), self._size[axis])))
        return sides[0][0], sides[1][0], sides[0][1], sides[1][1]

    def draw(self, at: Placement, frame: Planes) -> None:
        """Draw the picture at a place over a frame, as far as it lies within it."""
        copy = next((copy for end, copy in self._copies if at.factor <= end * (1 + 1e-9)), self._copies[-1][1])
        for number, (target, _) in enumerate(frame.each):
            _draw_plane(copy, number, at, self._size, target, 2 if number else 1)


def _copied(picture: Halved, part: tuple[int, int, int, int], scale: float) -> _Copy:
    pixels = picture.least(scale)
    across, down = pixels.shape[1] / picture.size[0], pixels.shape[0] / picture.size[1]
    left, top = math.floor(part[0] * across), math.floor(part[1] * down)
    seen = pixels[top : math.ceil(part[3] * down), left : math.ceil(part[2] * across)]
    height, width = seen.shape[:2]
    if scale < 1:
        size = (max(1, round(width * scale / across)), max(1, round(height * scale / down)))
        seen = cv2.resize(seen, size, interpolation=cv2.INTER_AREA)
    light, blue, red = cv2.split(cv2.transform(seen, _TO_YUV))
    scales = (seen.shape[1] / width * across, seen.shape[0] / height * down)
    return _Copy((light, blue, red), left / across, top / down, *scales)


def _draw_plane(copy: _Copy, number: int, at: Placement, size: tuple[int, int], target: Plane, apart: int) -> None:
    plane = copy.planes[number]
    rows, columns = target.shape
    x0, x1, cover_x = span(at.x / apart, (at.x + size[0] * at.factor) / apart, columns)
    y0, y1, cover_y = span(at.y / apart, (at.y + size[1] * at.factor) / apart, rows)
    if x1 <= x0 or y1 <= y0:
        return
    # Where the samples to draw lie in the copy; a colour sample lies on the left of its two columns.
    steps = (apart / at.factor * copy.scale_x, apart / at.factor * copy.scale_y)
    first_x = ((0.5 + apart * x0 - at.x) / at.factor - copy.left) * copy.scale_x
    first_y = ((apart / 2 + apart * y0 - at.y) / at.factor - copy.top) * copy.scale_y
    times = max(1, int(min(at.factor / copy.scale_x, at.factor / copy.scale_y) / apart))
    if times > 1:  # each pixel becomes a square, so that there is something to soften only at its edges
        left, right = _within(first_x, first_x + steps[0] * (x1 - x0), plane.shape[1])
        top, bottom = _within(first_y, first_y + steps[1] * (y1 - y0), plane.shape[0])
        few = plane[top:bottom, left:right]
        large = (few.shape[1] * times, few.shape[0] * times)
        plane = cv2.resize(few, large, interpolation=cv2.INTER_NEAREST_EXACT)
        first_x, first_y = first_x - left, first_y - top
    to_copy = np.array(
        [[steps[0] * times, 0, first_x * times - 0.5], [0, steps[1] * times, first_y * times - 0.5]], np.float64
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    drawn: Plane = cv2.warpAffine(plane, to_copy, (x1 - x0, y1 - y0), None, flags, cv2.BORDER_REPLICATE)
    part = target[y0:y1, x0:x1]
    edges = [(part[n, :], cover) for n, cover in zip((0, -1), cover_y, strict=True) if cover < 1]
    edges += [(part[:, n], cover) for n, cover in zip((0, -1), cover_x, strict=True) if cover < 1]
    before = [edge.astype(np.float32) for edge, _ in edges]
    np.copyto(part, drawn)
    for (edge, cover), below in zip(edges, before, strict=True):
        edge[:] = np.rint(below + (edge - below) * cover)


def _within(first: float, last: float, room: int) -> tuple[int, int]:
    low = min(max(math.floor(first) - 1, 0), room - 1)
    return low, min(max(math.ceil(last) + 1, low + 1), room)
