"""The marks of the levels of evidence: each has a shape of its own, because colour alone does not reach everybody."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipynemo.backend.render.scenes.drawing import Drawing
    from ipynemo.backend.render.values import Colour

__all__ = ["draw_mark"]

Outline = list[tuple[float, float]]  # corners, in a square from -1 to 1


def _circle(radius: float, x: float = 0.0, y: float = 0.0, corners: int = 72, waves: float = 0.0) -> Outline:
    turns = [2 * math.pi * n / corners for n in range(corners)]
    return [
        (x + (radius + waves * math.cos(12 * t)) * math.cos(t), y + (radius + waves * math.cos(12 * t)) * math.sin(t))
        for t in turns
    ]


def _bar(x0: float, y0: float, x1: float, y1: float) -> Outline:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


_CHECK = [(-0.46, 0.02), (-0.30, -0.16), (-0.10, 0.06), (0.32, -0.38), (0.48, -0.22), (-0.10, 0.40)]
_BUBBLE = [
    (-0.72, -0.86), (0.72, -0.86), (0.86, -0.80), (0.92, -0.66), (0.92, 0.24), (0.86, 0.38), (0.72, 0.44),
    (-0.10, 0.44), (-0.50, 0.88), (-0.50, 0.44), (-0.72, 0.44), (-0.86, 0.38), (-0.92, 0.24), (-0.92, -0.66),
    (-0.86, -0.80),
]  # fmt: skip
_MARKS: dict[str, list[Outline]] = {
    "signed": [_circle(0.92, corners=240, waves=0.07), _CHECK],  # a seal
    "stated": [_BUBBLE, _bar(-0.56, -0.50, 0.56, -0.32), _bar(-0.56, -0.10, 0.22, 0.08)],  # somebody says so
    "none": [_circle(0.92), _circle(0.68)],  # an empty place
    "unread": [  # a warning
        [(0, -1.0), (1.0, 0), (0, 1.0), (-1.0, 0)],
        _bar(-0.11, -0.52, 0.11, 0.14),
        _circle(0.13, 0.0, 0.42),
    ],
}


def draw_mark(drawing: Drawing, level: str, middle: tuple[float, float], radius: float, colour: Colour) -> None:
    """Draw the mark of a level around a place of the frame; what is dark in it is what lies below."""
    x, y = middle
    drawing.shape_of([[(x + radius * a, y + radius * b) for a, b in line] for line in _MARKS[level]], colour)
