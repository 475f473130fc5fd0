"""A picture at an exact place in the frame: smooth below one pixel, without aliasing, in the encoder's planes.

A slow zoom shows every flaw of a resampler: steps of a whole pixel, bands of blur that wander over the picture, detail
that flickers. So a moving picture is first brought, with a good filter, to little more detail than is ever shown, and
then spread over more pixels than that: between two of those, straight lines are as good as curves. Against a cubic
filter in floats that is 51 dB, and an edge moves with a jitter of less than 0.03 pixels.

`cv2.resize` draws straight lines three times as fast as `cv2.warpAffine`, but always begins amid a source pixel. So a
few more pixels are drawn than are needed, and the row and the column to begin with are those that fall nearest to the
place wanted. Where none falls near enough, about a scale of 2, `cv2.warpAffine` draws the frame from the same planes.
Where ipynemo's own sampler was built (`native`), that draws all of it, into the frame at once.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from ipynemo.backend.render.native import is_there, resample
from ipynemo.backend.render.planes import Plane, Planes

if TYPE_CHECKING:
    from ipynemo.backend.render.motion import Placement

__all__ = ["LEVEL", "SPARE_FILMED", "Prepared", "covers", "draw", "over", "prepare", "prepared_size", "sizes", "span"]

DETAIL = 1.2  # of what is shown at the greatest scale: what a picture is filtered to
SPARE = 1.7639  # what it is spread over; far from any simple fraction, so that rows begin at evenly many places
SPARE_FILMED = 1.28  # for what changes with nearly every frame: filtered and spread in one
NEAR, NEAR_COLOUR = 0.02, 0.05  # of a sample of the frame: what its place may be off
NEAR_ENOUGH = 0.008  # a place that is no further off is taken, without looking for a better one
LEVEL = 1.26  # between two sizes that a picture is prepared at; no named move goes further
TOUCH = 1e-3  # an edge this near to a pixel's border lies on it
MAX_PREPARED_PX = 24_000_000


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture ready for sampling: its planes with a border of `pad` pixels (of `y`) that repeats the edge.

    `scale_x` and `scale_y` are plane pixels per picture pixel.
    """

    planes: Planes
    scale_x: float
    scale_y: float
    pad: int

    @property
    def see_through(self) -> bool:
        """Whether the picture has alpha."""
        return self.planes.alpha is not None


class _Axis(NamedTuple):
    """One direction of one plane: which samples of the frame are touched, and where they lie in the source."""

    first: int
    length: int
    cover: tuple[float, float]  # 0–1, how much of the first and of the last sample lies within the picture
    start: float  # the source pixel that the first sample lies on
    step: float  # source pixels from one sample to the next


class _Cut(NamedTuple):
    """What of a source `cv2.resize` is given, and what of that which it draws is wanted."""

    source: tuple[slice, slice]
    drawn: tuple[int, int]
    wanted: tuple[slice, slice]


class _Paper(threading.local):
    """Memory to draw on before it is laid into a frame, the same again and again.

    New memory has to be cleared first, which takes as long as to draw.
    """

    def __init__(self) -> None:
        self._rolls: dict[str, Plane] = {}

    def sheet(self, use: str, shape: tuple[int, int]) -> Plane:
        """Return a plane of a shape, with anything on it; good until the next one for the same use is asked for."""
        roll = self._rolls.get(use)
        if roll is None or roll.size < shape[0] * shape[1]:
            roll = self._rolls[use] = np.empty(shape[0] * shape[1] * 9 // 8, np.uint8)
        return roll[: shape[0] * shape[1]].reshape(shape)


_paper = _Paper()


def _even(length: float) -> int:
    return max(2, round(length / 2) * 2)


def prepared_size(picture: tuple[int, int], factor: float, spare: float) -> tuple[int, int]:
    """Return `spare` times the size of a picture that is drawn with `factor` frame pixels per picture pixel."""
    scale = min(factor * spare, math.sqrt(MAX_PREPARED_PX / (picture[0] * picture[1])))
    return _even(picture[0] * scale), _even(picture[1] * scale)


def sizes(picture: tuple[int, int], factor: float) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the size to filter a picture to, and the one to spread it over; see `prepared_size`."""
    detail, spread = prepared_size(picture, factor, DETAIL), prepared_size(picture, factor, SPARE)
    whole = (max(2, picture[0] // 2 * 2), max(2, picture[1] // 2 * 2))
    return (whole if detail[0] > whole[0] or detail[1] > whole[1] else detail), spread


def _begins(frame_side: int) -> int:
    """Return how many places a row or a column may begin at: enough to fall near any place at most scales."""
    return min(56, 16 + frame_side // 32)


def prepare(
    planes: Planes,
    picture: tuple[int, int],
    frame: tuple[int, int],
    *,
    spread: tuple[int, int] | None = None,
    bordered: bool = True,
) -> Prepared:
    """Return planes of a picture ready for sampling, in a frame of a size.

    Parameters
    ----------
    planes : Planes
        Of any size.
    picture, frame : tuple of int
        Width and height in pixels: those of the picture that places are told of, and of the frame.
    spread : tuple of int, optional
        The even width and height to spread the planes over, if not their own.
    bordered : bool
        False saves the border, where the picture is only ever taken to the pixel.
    """
    width, height = spread or planes.size
    # What lies outside is looked at from the first and the last pixels, and by what is drawn in vain before them.
    pad = 2 * math.ceil((_begins(max(frame)) + 2) * LEVEL * SPARE / 2) if bordered else 0
    return Prepared(planes.scaled((width, height), pad), width / picture[0], height / picture[1], pad)


def span(start: float, end: float, room: int) -> tuple[int, int, tuple[float, float]]:
    """Return the first and last pixel that an interval touches, and how much of those two it covers (0–1)."""
    first, last = max(0, math.floor(start + TOUCH)), min(room, math.ceil(end - TOUCH))
    last = max(last, first + 1)

    def cover(place: int) -> float:
        share = min(place + 1, end) - max(place, start)
        return 1.0 if share > 1 - 2 * TOUCH else max(share, 0.0)

    return first, last, (cover(first), cover(last - 1))


def _axis(
    place: float, factor: float, scale: float, source: int, pad: int, room: int, sample: tuple[float, int]
) -> _Axis:
    """Return one direction of a plane.

    `source` is the length of the plane with its borders, `room` that of the frame's; `sample` says where the frame's
    first sample lies and how far apart they are, in frame pixels.
    """
    origin, apart = sample
    per = apart * scale / factor
    begin = place / apart  # a sample stands for its own pixels, also where it does not lie amid them
    first, last, cover = span(begin, begin + (source - 2 * pad) / per, room)
    return _Axis(first, last - first, cover, (origin + first * apart - place) * scale / factor - 0.5 + pad, per)


def _axes(prepared: Prepared, at: Placement, frame: tuple[int, int], *, thin: bool) -> tuple[_Axis, _Axis]:
    """Return both directions of the planes of light, or of colour (`thin`)."""
    plane = prepared.planes.u if thin else prepared.planes.y
    part = 2 if thin else 1
    pad = prepared.pad // part
    # In the frame, colour samples lie on the left of their two columns and between their two rows.
    across, down = ((0.5, 2), (1.0, 2)) if thin else ((0.5, 1), (0.5, 1))
    return (
        _axis(at.x, at.factor, prepared.scale_x / part, plane.shape[1], pad, frame[0] // part, across),
        _axis(at.y, at.factor, prepared.scale_y / part, plane.shape[0], pad, frame[1] // part, down),
    )


def covers(prepared: Prepared, at: Placement, frame: tuple[int, int]) -> bool:
    """Return whether a picture hides all of a frame of a size (width_px, height_px)."""
    if prepared.see_through:
        return False
    pixels = prepared.planes.size
    for place, length, scale, room in zip(at, pixels, (prepared.scale_x, prepared.scale_y), frame, strict=False):
        end = place + (length - 2 * prepared.pad) / scale * at.factor
        if place > 2 * TOUCH or end < room - 2 * TOUCH:
            return False
    return True


def _begin(axis: _Axis, room: int, near: float) -> tuple[int, int, int] | None:
    """Return where to cut the source for `cv2.resize`, and which pixel of the result is the first; None if none is."""
    step = axis.step
    best, least = 0, math.inf
    wanted = axis.start + 0.5 - 0.5 * step
    for vain in range(_begins(axis.length)):
        if wanted < -0.5:
            break
        off = abs(wanted - round(wanted))
        if off < least:
            best, least = vain, off
            if off < NEAR_ENOUGH * step:
                break
        wanted -= step
    first = round(axis.start + 0.5 - (best + 0.5) * step)
    count = axis.length + best
    end = first + math.ceil(count * step) + 2
    if least > near * step or first < 0 or end > room:
        return None
    return first, end, best


def _cut(plane: Plane, across: _Axis, down: _Axis, near: float) -> _Cut | None:
    """Return how `cv2.resize` draws a plane; None where it would be too far off."""
    columns = _begin(across, plane.shape[1], near)
    rows = columns and _begin(down, plane.shape[0], near)
    if columns is None or rows is None:
        return None
    # What `cv2.resize` returns is as long as the part that it is given, divided by the step, to the nearest.
    drawn = (round((rows[1] - rows[0]) * (1 / down.step)), round((columns[1] - columns[0]) * (1 / across.step)))
    return _Cut(
        (slice(rows[0], rows[1]), slice(columns[0], columns[1])),
        drawn,
        (slice(rows[2], rows[2] + down.length), slice(columns[2], columns[2] + across.length)),
    )


def _resampled(
    plane: Plane, across: _Axis, down: _Axis, cut: _Cut | None, use: str, into: Plane | None = None
) -> Plane:
    """Return what a plane shows: `into`, if it was drawn there; else good until the next one for the same use."""
    near_x, near_y = round(across.start), round(down.start)
    on_pixels = max(abs(across.start - near_x), abs(down.start - near_y)) < TOUCH
    if on_pixels and max(abs(across.step - 1) * across.length, abs(down.step - 1) * down.length) < 2 * TOUCH:
        return plane[near_y : near_y + down.length, near_x : near_x + across.length]
    if is_there():
        drawn = _paper.sheet(use, (down.length, across.length)) if into is None else into
        if resample(plane, (across.start, across.step), (down.start, down.step), drawn):
            return drawn
    if cut is not None:
        part, paper = plane[cut.source], _paper.sheet(use, cut.drawn)
        drawn = cv2.resize(part, None, paper, 1 / across.step, 1 / down.step, cv2.INTER_LINEAR)
        return drawn[cut.wanted]
    to_source = np.array([[across.step, 0, across.start], [0, down.step, down.start]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size, paper = (across.length, down.length), _paper.sheet(use, (down.length, across.length))
    exact: Plane = cv2.warpAffine(plane, to_source, size, paper, flags, cv2.BORDER_REPLICATE)
    return exact


def draw(prepared: Prepared, at: Placement, frame: Planes) -> None:
    """Draw a picture at a place of a frame, over what is there."""
    source = prepared.planes
    for thin, near in ((False, NEAR), (True, NEAR_COLOUR)):
        across, down = _axes(prepared, at, frame.size, thin=thin)
        if across.length <= 0 or down.length <= 0:
            continue
        cover = source.thin if thin else source.alpha
        pairs = ((source.u, frame.u), (source.v, frame.v)) if thin else ((source.y, frame.y),)
        cut = None if is_there() else _cut(pairs[0][0], across, down, near)
        alpha = None if cover is None else _resampled(cover, across, down, cut, "alpha")
        for plane, target in pairs:
            part = target[down.first : down.first + down.length, across.first : across.first + across.length]
            at_once = alpha is None and min(*across.cover, *down.cover) >= 1
            pixels = _resampled(plane, across, down, cut, "pixels", part if at_once else None)
            if pixels is not part:
                _lay(pixels, alpha, part, across, down)


def _lay(pixels: Plane, alpha: Plane | None, part: Plane, across: _Axis, down: _Axis) -> None:
    """Lay pixels over a part of a plane; the outermost rows and columns may cover it in part."""
    edges = [(part[n, :], cover) for n, cover in zip((0, -1), down.cover, strict=True) if cover < 1]
    edges += [(part[:, n], cover) for n, cover in zip((0, -1), across.cover, strict=True) if cover < 1]
    before = [edge.astype(np.float32) for edge, _ in edges]
    if alpha is None:
        np.copyto(part, pixels)
    else:
        over(np.ascontiguousarray(pixels), np.ascontiguousarray(alpha), part)
    for (edge, cover), below in zip(edges, before, strict=True):
        edge[:] = np.rint(below + (edge - below) * cover)


def over(pixels: Plane, alpha: Plane, part: Plane) -> None:
    """Lay premultiplied pixels over a part of a plane."""
    left = cv2.multiply(part, cv2.bitwise_not(alpha), scale=1 / 255)
    cv2.add(left, pixels, dst=part)
