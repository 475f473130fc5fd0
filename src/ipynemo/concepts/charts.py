"""The curve that goes with noising: how much of the picture is left, how much is noise, and where we are.

Drawn as numbers, without text: whoever shows it writes the words beside it, in the language and font of the clip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ipynemo.concepts.noising import STEPS, alpha_bar, curve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Colour = tuple[int, int, int]

__all__ = ["NoisingChart"]

# Okabe & Ito's palette, told apart also by the colour-blind; both above 4.5:1 on the ground.
SIGNAL: Colour = (86, 180, 233)
NOISE: Colour = (230, 159, 0)
GROUND: Colour = (16, 20, 24)
AXIS: Colour = (150, 156, 162)


class NoisingChart:
    """The two curves, drawn once; each frame adds the marks.

    Parameters
    ----------
    width_px, height_px : int
        Of the chart; at least 64 by 48.
    """

    def __init__(self, width_px: int, height_px: int) -> None:
        if width_px < 64 or height_px < 48:
            raise ValueError(f"a chart needs 64 × 48 pixels or more, not {width_px} × {height_px}")
        self.width_px, self.height_px = width_px, height_px
        self._line_px = max(1.5, height_px / 90)
        self._dot_px = 3 * self._line_px
        self._margin_px = 2 * self._dot_px
        found = curve()
        canvas = np.empty((height_px, width_px, 3), np.float32)
        canvas[:] = GROUND
        self._frame(canvas)
        self._plot(canvas, found.noise, NOISE)
        self._plot(canvas, found.signal, SIGNAL)
        self._canvas = canvas

    def place(self, t: int) -> tuple[float, float, float]:
        """Return across, and down of signal and of noise, in pixels: where words may point to."""
        left = alpha_bar(t)
        across = self._margin_px + t / (STEPS - 1) * (self.width_px - 2 * self._margin_px)
        return across, self._down(left**0.5), self._down((1 - left) ** 0.5)

    def _down(self, weight: float) -> float:
        return self._margin_px + (1 - weight) * (self.height_px - 2 * self._margin_px)

    def _frame(self, canvas: NDArray[np.float32]) -> None:
        bottom, left = round(self._down(0)), round(self._margin_px)
        thin = max(1, round(self._line_px / 2))
        canvas[bottom : bottom + thin, left : self.width_px - left] = AXIS
        canvas[left : bottom + thin, left : left + thin] = AXIS

    def _plot(self, canvas: NDArray[np.float32], weights: NDArray[np.float64], colour: Colour) -> None:
        inner = self.width_px - 2 * self._margin_px
        middles = np.arange(self.width_px) + 0.5
        t = (middles - self._margin_px) / inner * (STEPS - 1)
        down = self._margin_px + (1 - np.interp(t, np.arange(STEPS), weights)) * (self.height_px - 2 * self._margin_px)
        steep = np.sqrt(1 + np.gradient(down) ** 2)  # from the vertical distance to that from the line
        rows = np.arange(self.height_px)[:, None] + 0.5
        cover = np.clip(self._line_px / 2 + 0.5 - np.abs(rows - down) / steep, 0, 1)
        cover[:, (t < 0) | (t > STEPS - 1)] = 0
        _paint(canvas, cover, colour)

    def at(self, t: int) -> Bytes:
        """Return the chart with step `t` marked, shape (height_px, width_px, 3), uint8, sRGB."""
        across, signal, noise = self.place(t)
        marked = np.rint(self._canvas).astype(np.uint8)
        first = max(0, int(across - self._dot_px) - 2)  # only the columns around the mark are painted anew
        last = min(self.width_px, int(across + self._dot_px) + 3)
        strip = self._canvas[:, first:last].copy()
        columns, rows = np.arange(first, last)[None, :] + 0.5, np.arange(self.height_px)[:, None] + 0.5
        upright = np.clip(self._line_px / 4 + 0.5 - np.abs(columns - across), 0, 1)
        inside = (rows >= self._margin_px) & (rows <= self.height_px - self._margin_px)
        _paint(strip, upright * inside, AXIS)
        for down, colour in ((noise, NOISE), (signal, SIGNAL)):
            _paint(strip, np.clip(self._dot_px + 0.5 - np.hypot(columns - across, rows - down), 0, 1), colour)
        marked[:, first:last] = np.rint(strip)
        return marked


def _paint(canvas: NDArray[np.float32], cover: NDArray[np.float64], colour: Colour) -> None:
    canvas += cover[..., None].astype(np.float32) * (np.array(colour, np.float32) - canvas)
