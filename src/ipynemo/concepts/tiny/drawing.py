"""The training pictures of the tiny model, drawn by formula: digits from strokes, coloured shapes from distances.

Every picture that the model has ever seen is made here, from a seed; there is no other data, and nothing to download.
No two are alike: place, size, slant, thickness and colour vary.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["COLOURS", "DIGITS", "SHAPES", "draw_digits", "draw_shapes"]

DIGIT_PX = 8
SHAPE_PX = 16

COLOURS: dict[str, tuple[float, float, float]] = {  # sRGB, 0–1
    "red": (0.90, 0.16, 0.16),
    "green": (0.20, 0.72, 0.25),
    "blue": (0.18, 0.36, 0.95),
    "yellow": (0.96, 0.85, 0.15),
    "white": (0.94, 0.94, 0.94),
}

# Points from 0 to 1, x to the right and y downwards; a stroke joins its points.
_ARC = [(0.5 + 0.5 * np.cos(a), 0.5 + 0.5 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 13)]


def _ellipse(left: float, top: float, right: float, bottom: float) -> list[tuple[float, float]]:
    return [(left + (right - left) * x, top + (bottom - top) * y) for x, y in _ARC]


DIGITS: dict[str, list[list[tuple[float, float]]]] = {
    "0": [_ellipse(0.15, 0.0, 0.85, 1.0)],
    "1": [[(0.3, 0.2), (0.55, 0.0), (0.55, 1.0)]],
    "2": [[(0.15, 0.2), (0.35, 0.0), (0.7, 0.0), (0.85, 0.25), (0.7, 0.5), (0.15, 1.0), (0.9, 1.0)]],
    "3": [[(0.15, 0.0), (0.85, 0.0), (0.45, 0.4), (0.8, 0.55), (0.85, 0.8), (0.55, 1.0), (0.1, 0.92)]],
    "4": [[(0.6, 0.0), (0.1, 0.65), (0.95, 0.65)], [(0.7, 0.35), (0.7, 1.0)]],
    "5": [[(0.85, 0.0), (0.2, 0.0), (0.2, 0.42), (0.65, 0.4), (0.88, 0.65), (0.7, 0.97), (0.15, 1.0)]],
    "6": [[(0.75, 0.0), (0.3, 0.35), (0.15, 0.7)], _ellipse(0.15, 0.45, 0.85, 1.0)],
    "7": [[(0.1, 0.0), (0.9, 0.0), (0.4, 1.0)]],
    "8": [_ellipse(0.22, 0.0, 0.78, 0.46), _ellipse(0.12, 0.46, 0.88, 1.0)],
    "9": [_ellipse(0.15, 0.0, 0.85, 0.55), [(0.85, 0.3), (0.75, 0.7), (0.45, 1.0)]],
}


def _grid(side_px: int) -> tuple[Floats, Floats]:
    """Return x and y of the middle of every pixel, −1 to 1."""
    middles = (np.arange(side_px, dtype=np.float32) + 0.5) * (2 / side_px) - 1
    x, y = np.meshgrid(middles, middles)
    return x.ravel(), y.ravel()


def draw_digits(labels: NDArray[np.int64], random: np.random.Generator) -> Floats:
    """Return drawn digits, bright on dark.

    Parameters
    ----------
    labels : ndarray, shape (count,), int, 0–9
    random : numpy.random.Generator
        Of place, size, slant and thickness.

    Returns
    -------
    ndarray, shape (count, 8, 8), float32, 0–1
    """
    count = len(labels)
    height = random.uniform(0.62, 0.82, (count, 1)).astype(np.float32)
    width = height * random.uniform(0.6, 0.85, (count, 1)).astype(np.float32)
    slant = random.uniform(-0.18, 0.18, (count, 1)).astype(np.float32)
    thick = random.uniform(0.12, 0.2, (count, 1)).astype(np.float32)
    shift_x, shift_y = random.uniform(-0.12, 0.12, (2, count, 1)).astype(np.float32)
    x, y = _grid(DIGIT_PX)
    # From the page into the digit's own square, −1 to 1.
    v = (y - shift_y) / height
    u = (x - shift_x) / width + slant * v
    drawn = np.zeros((count, DIGIT_PX**2), np.float32)
    for number, strokes in enumerate(DIGITS.values()):
        mine = np.flatnonzero(labels == number)
        nearest = np.full((len(mine), DIGIT_PX**2), np.inf, np.float32)
        for stroke in strokes:
            for start, end in pairwise(stroke):
                nearest = np.minimum(nearest, _to_segment(u[mine], v[mine], height[mine], width[mine], start, end))
        drawn[mine] = np.clip((thick[mine] - nearest) * (DIGIT_PX / 2) + 0.5, 0, 1)
    return drawn.reshape(count, DIGIT_PX, DIGIT_PX)


def _to_segment(
    u: Floats, v: Floats, height: Floats, width: Floats, start: tuple[float, float], end: tuple[float, float]
) -> Floats:
    """Return the distance on the page, in its half-widths, from every pixel to a piece of a stroke."""
    ax, ay = (2 * start[0] - 1) * width, (2 * start[1] - 1) * height
    bx, by = (2 * end[0] - 1) * width, (2 * end[1] - 1) * height
    px, py = u * width - ax, v * height - ay
    dx, dy = bx - ax, by - ay
    along = np.clip((px * dx + py * dy) / (dx * dx + dy * dy), 0, 1)
    away: Floats = np.hypot(px - along * dx, py - along * dy).astype(np.float32)
    return away


def _circle(x: Floats, y: Floats) -> Floats:
    return (np.hypot(x, y) - 0.92).astype(np.float32)


def _square(x: Floats, y: Floats) -> Floats:
    return (np.maximum(np.abs(x), np.abs(y)) - 0.82).astype(np.float32)


def _triangle(x: Floats, y: Floats) -> Floats:
    sides = 0.894 * np.abs(x) - 0.447 * y - 0.447
    triangle: Floats = np.maximum(sides, y - 0.8).astype(np.float32)
    return triangle


def _cross(x: Floats, y: Floats) -> Floats:
    across = np.maximum(np.abs(x) - 0.98, np.abs(y) - 0.3)
    down = np.maximum(np.abs(x) - 0.3, np.abs(y) - 0.98)
    cross: Floats = np.minimum(across, down).astype(np.float32)
    return cross


def _ring(x: Floats, y: Floats) -> Floats:
    return (np.abs(np.hypot(x, y) - 0.72) - 0.22).astype(np.float32)


# Signed distance to the edge, below 0 inside, for a shape that fills −1 to 1.
SHAPES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "cross": _cross,
    "ring": _ring,
}


def draw_shapes(colours: NDArray[np.int64], shapes: NDArray[np.int64], random: np.random.Generator) -> Floats:
    """Return coloured shapes on a dark ground.

    Parameters
    ----------
    colours, shapes : ndarray, shape (count,), int
        Numbers into `COLOURS` and `SHAPES`.
    random : numpy.random.Generator
        Of place, size, tilt, shade and ground.

    Returns
    -------
    ndarray, shape (count, 16, 16, 3), float32, 0–1, RGB
    """
    count = len(colours)
    radius = random.uniform(0.5, 0.72, (count, 1)).astype(np.float32)
    shift_x, shift_y = random.uniform(-0.15, 0.15, (2, count, 1)).astype(np.float32)
    tilt = random.uniform(-0.12, 0.12, (count, 1)).astype(np.float32)  # radians
    shade = random.uniform(-0.05, 0.05, (count, 1, 3)).astype(np.float32)
    ground = random.uniform(0.05, 0.12, (count, 1, 1)).astype(np.float32)
    x, y = _grid(SHAPE_PX)
    x, y = (x - shift_x) / radius, (y - shift_y) / radius
    x, y = x * np.cos(tilt) + y * np.sin(tilt), y * np.cos(tilt) - x * np.sin(tilt)
    distance = np.zeros((count, SHAPE_PX**2), np.float32)
    for number, shape in enumerate(SHAPES.values()):
        mine = np.flatnonzero(shapes == number)
        distance[mine] = shape(x[mine], y[mine])
    inside = np.clip(0.5 - distance * radius * (SHAPE_PX / 2), 0, 1)[:, :, None]
    paint = np.array(list(COLOURS.values()), np.float32)[colours][:, None, :] + shade
    drawn: Floats = np.clip(ground + inside * (paint - ground), 0, 1).astype(np.float32)
    return drawn.reshape(count, SHAPE_PX, SHAPE_PX, 3)
