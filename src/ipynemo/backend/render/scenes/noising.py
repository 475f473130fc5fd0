"""Noise over a picture, step by step, with the curves that say how much is left; and the same frames backwards.

The way back bears a badge in every single frame: it is an illustration, and nobody is to take it for a recording.
"""

from __future__ import annotations

import bisect
import math
import unicodedata
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

from ipynemo.backend.render.painting import letters
from ipynemo.backend.render.scenes.acting import DrawnScene, reduced
from ipynemo.backend.render.scenes.drawing import Drawing, Words, come, filled, set_words, softened, tinted, words
from ipynemo.backend.render.scenes.graph import Graph, draw_key
from ipynemo.backend.render.scenes.spoiling import Spoiled
from ipynemo.backend.render.scenes.stage import FAINT, GROUND, NOISE, TEXT, Box, Moment, smooth
from ipynemo.backend.render.scenes.standin import landscape
from ipynemo.backend.render.stills import Cutting, cutting, lay
from ipynemo.backend.render.values import number, object_of
from ipynemo.concepts.noising import STEPS, even_steps

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from ipynemo.backend.render.planes import Planes
    from ipynemo.backend.render.scenes.acting import Picture
    from ipynemo.backend.render.scenes.stage import Stage

__all__ = ["BADGE", "BADGE_ALONE", "Denoising", "Noising", "badge_of"]

BADGE = "Illustration on your picture — not a recording of how it was made"
BADGE_ALONE = "Illustration — not a recording of how a picture was made"  # where there is no picture of the user's
BADGE_CHARACTERS, BADGE_LETTERS = 140, 4  # at most, so that it can be read; at least, so that there is something
BADGE_SIZE, BADGE_LEAST = 32, 22  # of its letters, in pixels at a short side of 1080
BLOCK_PX = 4  # of noise: finer noise doubles the file, and says no more
FINE = 1000  # places from the first to the last step, between which the picture changes evenly
PICTURE = {"wide": 0.60, "square": 0.58, "tall": 0.56}  # of the room
HEAD = {"wide": 76, "square": 70, "tall": 112}  # above the picture, for the badge
HARD = 6  # enlarged more often than this, the pixels of a tiny picture are shown as squares
LONGEST = 3  # times its width is the greatest height of a picture here
COUNTS_KEPT = 4
ON_BADGE = set("\u115f\u1160\u3164\uffa0")  # letters that leave nothing to be seen


def badge_of(about: Mapping[str, Any], *, alone: bool) -> str:
    """Return what the badge says: what the draft wants, where that is something to be read, else words of our own."""
    text = words(about, "badge", BADGE_CHARACTERS + 1).replace("\n", " ")
    letters = sum(unicodedata.category(c)[0] == "L" and c not in ON_BADGE for c in text)
    if len(text) > BADGE_CHARACTERS or letters < BADGE_LETTERS:
        return BADGE_ALONE if alone else BADGE
    return text


class Noising(DrawnScene):
    """See `ipynemo.backend.render.scenes`; `about` holds `last`, `mark` and `labels`."""

    stills: tuple[float, ...] = (0.0, 0.25, 0.5, 0.72, 1.0)
    back = False

    def __init__(self, about: Mapping[str, Any], picture: Picture | None, stage: Stage, duration_s: float) -> None:
        super().__init__(about, picture, stage, duration_s)
        self._labels = object_of(about.get("labels"))
        self._last = int(number(about.get("from" if self.back else "last"), STEPS - 1, 1, STEPS - 1))
        self._steps = even_steps(FINE + 1, self._last)
        mark = int(number(about.get("mark"), 0, 0, self._last))
        self._mark = mark if words(self._labels, "mark") and not self.back else 0
        self._counts: OrderedDict[int, Cutting | None] = OrderedDict()
        head, place, side = self._places()
        drawing = Drawing(stage, stage.all)
        pixels = self._pixels(place)
        drawing.canvas.rgba[..., :3] = softened(pixels, stage)
        drawing.canvas.rgba[..., 3] = 255
        box = self._picture_box(pixels, place)
        if stage.shape == "wide":  # as high as the picture, as far as that suits the curves
            half, middle = min(max(box.height, 0.85 * side.width), side.height, 1.05 * side.width) / 2, box.middle[1]
            side = Box(side.left, middle - half, side.right, middle + half)
        radius = min(stage.px(14), box.width / 2, box.height / 2)
        drawing.shadow(box, radius, stage.px(36))
        self._set_side(drawing, side)
        if self.back:
            self._draw_badge(drawing, head)
        ground = drawing.canvas.finished()[0]
        self._ground = filled(ground)
        self._corners = _corners(ground, box, radius, stage)
        whole = Drawing(stage, box)
        whole.picture(pixels, box, hard=box.width > HARD * pixels.shape[1])
        corner = (int(box.left), int(box.top))
        self._spoiled = Spoiled(whole.canvas.finished()[0], corner, max(1, round(stage.px(BLOCK_PX))))

    def _places(self) -> tuple[Box, Box, Box]:
        """Return the boxes of the badge, of the picture and of the curves; the same ones there and back."""
        stage = self.stage
        room, head = stage.room, stage.px(HEAD[stage.shape])
        place, side = stage.split(PICTURE[stage.shape], 44)
        place = Box(place.left, room.top + head, place.right, place.bottom)
        if stage.shape == "wide":
            side = Box(side.left, place.top, side.right, side.bottom)
        return Box(room.left, room.top, room.right, room.top + head - stage.px(16)), place, side

    def _pixels(self, place: Box) -> np.ndarray:
        if self.picture is None:
            return landscape(max(2, round(place.width)), max(2, round(place.height)))
        pixels = self.picture.pixels((round(place.width), round(place.height)))
        height, width = pixels.shape[:2]
        if max(width, height) > LONGEST * min(width, height):  # of a strip, the middle: noise is to be seen in it
            wide, high = min(width, LONGEST * height), min(height, LONGEST * width)
            top, left = (height - high) // 2, (width - wide) // 2
            pixels = pixels[top : top + high, left : left + wide]
        return reduced(pixels, place.width, place.height)

    @staticmethod
    def _picture_box(pixels: np.ndarray, place: Box) -> Box:
        fitted = place.fitted((pixels.shape[1], pixels.shape[0]))
        left, top = (round(side / 2) * 2 for side in (fitted.left, fitted.top))
        width, height = (max(2, round(side / 2) * 2) for side in (fitted.width, fitted.height))
        return Box(left, top, left + width, top + height)

    def _set_side(self, drawing: Drawing, side: Box) -> None:
        """Draw the panel of the curves, and find the places of what changes on it."""
        stage = self.stage
        drawing.shadow(side, stage.px(14), stage.px(20), 0.3)
        drawing.panel(side, GROUND, stage.px(14))
        drawing.outline(side, FAINT, max(1.0, stage.px(1.5)), stage.px(14), 0.22)
        inner = side.inset(stage.px(30), stage.px(26))
        beside = side.height < 0.62 * side.width
        texts = Box(inner.left + 0.52 * inner.width, inner.top, inner.right, inner.bottom) if beside else inner
        gap = stage.px(14)
        wide, high = texts.width, inner.height
        self._most = set_words(self._count_text(self._last), stage, 42, wide, 0.14 * high, weight=700)
        keys = [(set_words(words(self._labels, key), stage, 31, wide - stage.px(46), 0.13 * high), noise)
                for key, noise in (("signal", False), ("noise", True))]  # fmt: skip
        mark = words(self._labels, "mark") if self._mark else ""
        said = set_words(mark, stage, 29, wide, 0.24 * high, weight=600)
        below = sum(text.height + gap for text, _ in keys if text.height) + (said.height + gap if mark else 0)
        if beside:
            top = texts.top + max(0.0, texts.height - self._most.height - gap - below) / 2
            self._graph = Graph(stage, Box(inner.left, inner.top, texts.left - stage.px(24), inner.bottom), self._last)
            self._count_at = (texts.left, top)
            top += self._most.height + 2 * gap
        else:
            self._count_at = (texts.left, texts.top)
            top = texts.bottom - below + gap
            edge = texts.top + self._most.height + gap / 2
            self._graph = Graph(stage, Box(inner.left, edge, inner.right, top - gap / 2), self._last)
        for text, noise in keys:
            if text.height:
                middle = (texts.left + stage.px(14), top + text.block.lines[0].size * 0.52)
                draw_key(drawing, middle, self._graph.dot, noise=noise)
                drawing.write(text, texts.left + stage.px(46), top)
                top += text.height + gap
        self._said = self._mark_pieces(said, (texts.left, top)) if mark else ()

    def _mark_pieces(self, said: Words, at: tuple[float, float]) -> tuple[Cutting | None, ...]:
        """Return what shows the marked step: its words, and a dashed line in the graph."""
        drawing = Drawing(
            self.stage, Box(at[0], at[1], at[0] + said.width, at[1] + said.height).inset(-said.block.size)
        )
        drawing.write(said, *at)
        x, inner, thin = self._graph.across(self._mark), self._graph.inner, max(1.0, self.stage.px(2))
        line = Drawing(self.stage, Box(x - thin, inner.top, x + thin, inner.bottom))
        dash = self.stage.px(9)
        for number_ in range(int(inner.height / dash / 2) + 1):
            y = inner.top + 2 * number_ * dash
            line.panel(Box(x - thin / 2, y, x + thin / 2, min(y + dash, inner.bottom)), TEXT, 0, 0.8)
        return drawing.cut(), line.cut()

    def _draw_badge(self, drawing: Drawing, head: Box) -> None:
        stage = self.stage
        pad, mark = stage.px(20), stage.px(15)
        room = head.width - 2 * pad - 2 * mark - stage.px(14)
        own = badge_of(self.about, alone=self.picture is None)
        for text in (own, BADGE_ALONE if self.picture is None else BADGE):
            badge = set_words(text, stage, BADGE_SIZE, room, head.height - stage.px(14), weight=600)
            if badge.block.size >= stage.px(BADGE_LEAST):
                break
        box = Box(head.left, head.bottom - badge.height - stage.px(16), head.left, head.bottom)
        box = Box(box.left, box.top, box.left + badge.width + 2 * pad + 2 * mark + stage.px(14), box.bottom)
        radius = min(stage.px(18), box.height / 2)
        drawing.panel(box, GROUND, radius)
        drawing.outline(box, NOISE, max(1.0, stage.px(2.5)), radius)
        x, y = box.left + pad + mark, box.middle[1]
        drawing.outline(Box(x - mark, y - mark, x + mark, y + mark), NOISE, max(1.0, stage.px(3)), mark)
        thin = stage.px(2)
        drawing.panel(Box(x - thin, y - stage.px(2), x + thin, y + stage.px(8)), NOISE, 0)
        drawing.panel(Box(x - thin, y - stage.px(8), x + thin, y - stage.px(4)), NOISE, 0)
        drawing.write(badge, box.left + pad + 2 * mark + stage.px(14), (box.top + box.bottom - badge.height) / 2)

    def _count_text(self, t: int) -> str:
        template = words(self._labels, "step")
        return template.replace("{t}", f"{t}".rjust(len(f"{self._last}"), "\N{FIGURE SPACE}"))

    def _count(self, t: int) -> Cutting | None:
        """Return the words that tell the step."""
        if t not in self._counts:
            x, y = self._count_at
            size = self._most.block.size
            text = set_words(self._count_text(t), self.stage, size / self.stage.px(1), 1e5, 1e5, weight=700)
            shape = (round(self._most.height + size), round(self._most.width + size))
            left, top = int(x - size / 2), int(y - size / 2)
            masks = letters(text.block, shape, x - left, y - top, "left")
            self._counts[t] = tinted(self.stage, masks[False], (left, top), TEXT) if masks else None
            if len(self._counts) > COUNTS_KEPT:
                self._counts.popitem(last=False)
        return self._counts[t]

    def _way(self, p: float) -> float:
        """Return how far the way to the last step is gone, 0–1; at the marked step it rests for a while."""
        if not self._mark:
            return smooth((p - 0.06) / 0.86)
        rest = bisect.bisect_left(self._steps, self._mark) / FINE
        return rest * smooth((p - 0.05) / 0.35) + (1 - rest) * smooth((p - 0.56) / 0.37)

    def state(self, now: Moment) -> Hashable:
        """Return the step, and how far the words about the marked one have come in."""
        return self._steps[round(self._way(now.p) * FINE)], round(now.came(0.40), 3) if self._mark else 0.0

    def paint(self, state: tuple[int, float], frame: Planes) -> None:
        """Draw a step."""
        t, said = state
        frame.put(self._ground)
        self._spoiled.draw(t, frame)
        for piece in self._corners:
            lay(piece, frame)
        self._graph.draw(t, self._last if self.back else 0, frame)
        for place, part in enumerate(self._said):
            come(part, frame, said, self.stage, rises=place == 0)
        come(self._count(t), frame, 1.0, self.stage)


class Denoising(Noising):
    """The same backwards; `about` holds `badge`, `from` and `labels`."""

    stills = (0.0, 0.4, 0.62, 1.0)
    back = True

    def _way(self, p: float) -> float:
        return 1 - smooth((p - 0.07) / 0.80)


def _corners(ground: np.ndarray, box: Box, radius: float, stage: Stage) -> list[Cutting]:
    """Return what lies outside of a picture's rounded corners, to be laid over it."""
    side = math.ceil(radius)
    apart = np.hypot(*np.meshgrid(*[np.arange(side) + 0.5 - radius] * 2))
    outside = np.clip(apart - radius + 0.5, 0, 1)  # of the top left corner
    pieces = []
    for flip_x, x in ((1, int(box.left)), (-1, int(box.right) - side)):
        for flip_y, y in ((1, int(box.top)), (-1, int(box.bottom) - side)):
            cover = outside[::flip_y, ::flip_x]
            rgb = np.rint(ground[y : y + side, x : x + side] * cover[..., None]).astype(np.uint8)
            piece = cutting(x, y, rgb, np.rint(255 * cover).astype(np.uint8), stage.frame)
            if piece is not None:
                pieces.append(piece)
    return pieces
