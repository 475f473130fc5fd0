"""A picture for scenes that have none: a landscape of a few plain shapes, drawn here, and nobody's."""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["landscape"]

_SKY = ((58, 98, 156), (246, 190, 140))  # above, and at the horizon
_HILLS = (  # the height of the crest, how much it swings, how often, where it begins; the colour
    (0.56, 0.05, 1.3, 0.4, (128, 120, 150)),
    (0.66, 0.06, 0.9, 2.2, (86, 104, 112)),
    (0.78, 0.05, 1.1, 4.0, (48, 82, 70)),
)


def landscape(width_px: int, height_px: int) -> np.ndarray:
    """Return a landscape, shape (height_px, width_px, 3), uint8, RGB."""
    rows, columns = 2 * height_px, 2 * width_px  # averaged down, so that edges are smooth
    down, across = (np.arange(rows) + 0.5) / rows, (np.arange(columns) + 0.5) / columns
    fall = np.clip(down / 0.7, 0, 1)[:, None, None]
    above, below = (np.array(colour, np.float32) for colour in _SKY)
    canvas = np.repeat((above + (below - above) * fall).astype(np.float32), columns, axis=1)
    aside = (across - 0.68) * columns / min(rows, columns)
    apart = np.hypot(aside[None, :], ((down - 0.42) * rows / min(rows, columns))[:, None])
    canvas[apart < 0.085] = (255, 238, 196)
    for crest, swing, times, begin, colour in _HILLS:
        edge = crest + swing * np.sin(2 * np.pi * times * across + begin)
        canvas[down[:, None] > edge[None, :]] = colour
    small: np.ndarray = cv2.resize(canvas, (width_px, height_px), interpolation=cv2.INTER_AREA)
    pixels: np.ndarray = np.rint(small).astype(np.uint8)
    return pixels
