"""The two weights of noising as curves over the steps, with the part that is done, and a mark on each for now.

The curves differ in colour and in their marks: a disc for the picture, a diamond for the noise.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ipynemo.backend.render.scenes.drawing import Drawing, filled, set_words, tinted
from ipynemo.backend.render.scenes.stage import FAINT, GROUND, NOISE, SIGNAL, Box
from ipynemo.backend.render.stills import lay
from ipynemo.concepts.noising import STEPS, alpha_bar, curve

if TYPE_CHECKING:
    from ipynemo.backend.render.planes import Planes
    from ipynemo.backend.render.scenes.stage import Stage
    from ipynemo.backend.render.values import Colour

__all__ = ["Graph", "draw_key"]

DIM = 0.36  # how strongly the part is seen that is still to come
DOT, LINE = 11.0, 5.0  # in pixels at a short side of 1080: the radius of a mark, the width of a curve


def draw_key(drawing: Drawing, middle: tuple[float, float], radius: float, *, noise: bool) -> None:
    """Draw the mark of a curve, as it moves along it, around a place of the frame."""
    x, y = middle
    if noise:
        reach = radius * 1.2
        drawing.shape_of([[(x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y)]], NOISE)
    else:
        drawing.panel(Box(x - radius, y - radius, x + radius, y + radius), SIGNAL, radius)


class Graph:
    """The curves in a box of the frame, on the ground's colour.

    Parameters
    ----------
    stage : Stage
    box : Box
        Of the whole graph, with its numbers; both sides lie on even pixels.
    last : int
        The step that is called the last one.
    """

    def __init__(self, stage: Stage, box: Box, last: int) -> None:
        self.stage = stage
        self.box = Box(*(round(side / 2) * 2 for side in (box.left, box.top, box.right, box.bottom)))
        self._line, self.dot = max(1.5, stage.px(LINE)), max(2.5, stage.px(DOT))
        zero, one, end = (set_words(text, stage, 22, 1e4, 1e4, colour=FAINT) for text in ("0", "1", f"{last}"))
        inner = self.box.inset(2 * self.dot)
        self.inner = Box(inner.left + one.width * 1.4, inner.top, inner.right, inner.bottom - one.height * 0.9)
        self._numbers = (zero, one, end)
        self._plain, self._bright = self._drawn(DIM), self._drawn(1.0)

    def across(self, t: int) -> float:
        """Return where a step lies, in pixels of the frame."""
        return self.inner.left + self.inner.width * t / (STEPS - 1)

    def down(self, weight: float) -> float:
        """Return where a weight lies, in pixels of the frame."""
        return self.inner.bottom - self.inner.height * weight

    def _drawn(self, strength: float) -> Planes:
        drawing = Drawing(self.stage, self.box)
        drawing.panel(self.box, GROUND)
        thin = max(1.0, self.stage.px(2))
        inner = self.inner
        drawing.panel(Box(inner.left - thin, inner.bottom, inner.right, inner.bottom + thin), FAINT, 0, 0.6)
        drawing.panel(Box(inner.left - thin, inner.top, inner.left, inner.bottom + thin), FAINT, 0, 0.6)
        drawing.panel(Box(inner.left, inner.top - thin / 2, inner.right, inner.top + thin / 2), FAINT, 0, 0.16)
        found = curve()
        self._plot(drawing, found.noise, NOISE, strength)
        self._plot(drawing, found.signal, SIGNAL, strength)
        zero, one, end = self._numbers
        left = inner.left - 1.7 * self.dot - one.width
        drawing.write(one, left, inner.top - one.height / 2)
        drawing.write(zero, left, inner.bottom - zero.height / 2)
        drawing.write(end, inner.right - end.width, inner.bottom + self.stage.px(8))
        return filled(drawing.canvas.finished()[0])

    def _plot(self, drawing: Drawing, weights: np.ndarray, colour: Colour, strength: float) -> None:
        columns = drawing.x + np.arange(drawing.shape[1]) + 0.5
        t = (columns - self.inner.left) / self.inner.width * (STEPS - 1)
        down = self.inner.bottom - self.inner.height * np.interp(t, np.arange(STEPS), weights)
        steep = np.sqrt(1 + np.gradient(down) ** 2)  # from the vertical distance to that from the line
        rows = drawing.y + np.arange(drawing.shape[0])[:, None] + 0.5
        cover = np.clip(self._line / 2 + 0.5 - np.abs(rows - down) / steep, 0, 1)
        cover[:, (t < 0) | (t > STEPS - 1)] = 0
        drawing.mask(cover.astype(np.float32), colour, (drawing.x, drawing.y), strength)

    def draw(self, t: int, begin: int, frame: Planes) -> None:
        """Draw the curves, brightly between the steps `begin` and `t`, and the marks at `t`."""
        first, last = sorted((self.across(begin), self.across(t)))
        x0, x1 = (round((edge - self.box.left) / 2) * 2 for edge in (first, last))
        left, top = int(self.box.left), int(self.box.top)
        for (target, _), (plain, _), (bright, _), step in zip(
            frame.each, self._plain.each, self._bright.each, (1, 2, 2), strict=True
        ):
            part = target[top // step :, left // step :][: plain.shape[0], : plain.shape[1]]
            part[:] = plain
            part[:, x0 // step : x1 // step] = bright[:, x0 // step : x1 // step]
        share = alpha_bar(t)
        for weight, noise in (((1 - share) ** 0.5, True), (share**0.5, False)):
            x, y = self.across(t), self.down(weight)
            reach = math.ceil(1.6 * self.dot) + 2
            left, top = int(x) - reach, int(y) - reach
            across, down = (np.arange(2 * reach + 1) + 0.5 + edge - at for edge, at in ((left, x), (top, y)))
            apart = np.hypot(across[None, :], down[:, None]) - self.dot
            if noise:
                apart = (np.abs(across[None, :]) + np.abs(down[:, None]) - 1.2 * self.dot) / 2**0.5
            for wider, colour in ((0.27 * self.dot, GROUND), (0.0, NOISE if noise else SIGNAL)):
                lay(tinted(self.stage, np.clip(0.5 + wider - apart, 0, 1), (left, top), colour), frame)
