"""What scenes are made of: words, panels, pictures and marks, each drawn once and then only laid on.

A drawing is made on a canvas as large as the frame's part that it needs, and becomes a `Cutting`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from ipynemo.backend.render.fonts import text_of
from ipynemo.backend.render.painting import Canvas, blurred, letters, rounded
from ipynemo.backend.render.planes import Planes, for_frame, from_colour
from ipynemo.backend.render.scenes.stage import GROUND, TEXT, Box
from ipynemo.backend.render.stills import Cutting, cutting, lay
from ipynemo.backend.render.text import Block, Paragraph, lay_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ipynemo.backend.render.scenes.stage import Stage
    from ipynemo.backend.render.values import Colour

__all__ = ["Drawing", "Words", "come", "filled", "set_words", "softened", "tinted", "words"]

MOST_CHARACTERS = 600  # of one text of a scene
_TURNS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])  # would make what follows run backwards
GRAIN_PX = 256
RISE = 0.014  # of the short side: how far things come up while they come in


def words(about: Mapping[str, Any], key: str, most: int = MOST_CHARACTERS) -> str:
    """Return a text that a scene is told, on one line or several, or "" where there is none."""
    value = about.get(key)
    if not isinstance(value, str):
        return ""
    lines = (" ".join(line.translate(_TURNS).split()) for line in text_of(value[: 2 * most])[:most].split("\n"))
    return "\n".join(line for line in lines if line)


@dataclass(frozen=True, slots=True)
class Words:
    """A text laid out: its lines, and how it is drawn."""

    block: Block
    colour: Colour
    align: str

    @property
    def width(self) -> float:
        """Pixels across."""
        return self.block.width

    @property
    def height(self) -> float:
        """Pixels down."""
        return self.block.height


def set_words(
    text: str | Sequence[Paragraph],
    stage: Stage,
    size: float,
    width: float,
    height: float,
    *,
    colour: Colour = TEXT,
    weight: int = 400,
    align: str = "left",
) -> Words:
    """Lay a text out in a room of `width` × `height` pixels; letters shrink until it fits.

    Parameters
    ----------
    text : str, or sequence of Paragraph
    stage : Stage
    size : float
        Of the letters, in pixels at a short side of 1080.
    width, height : float
        The room, in pixels of the frame.
    colour : Colour
    weight : int
        400 regular, 700 bold; for a text that is a str.
    align : {"left", "center", "right"}
    """
    if isinstance(text, str):
        text = [Paragraph(line, weight=weight) for line in text.split("\n")] if text else []
    block = lay_out(list(text), stage.px(size), max(width, 1.0), max(height, 1.0), stage.short, balanced=True)
    return Words(block, colour, align)


class Drawing:
    """A part of the frame to draw on, whose measures are the frame's own.

    Parameters
    ----------
    stage : Stage
    box : Box
        What is drawn on; nothing is seen outside of it.
    """

    def __init__(self, stage: Stage, box: Box) -> None:
        self.stage = stage
        self.x, self.y = math.floor(box.left), math.floor(box.top)
        self.shape = (max(1, math.ceil(box.bottom) - self.y), max(1, math.ceil(box.right) - self.x))
        self.canvas = Canvas(self.shape[1], self.shape[0])

    def _local(self, box: Box) -> tuple[float, float, float, float]:
        return box.left - self.x, box.top - self.y, box.right - self.x, box.bottom - self.y

    def _around(self, box: Box, reach: float = 0) -> tuple[tuple[int, int], tuple[int, int], Box]:
        """Return the part of the canvas that a box lies in: its corner, its shape, and the box as seen from there."""
        left, top, right, bottom = self._local(box.inset(-reach))
        x, y = max(0, math.floor(left) - 1), max(0, math.floor(top) - 1)
        shape = (min(self.shape[0], math.ceil(bottom) + 1) - y, min(self.shape[1], math.ceil(right) + 1) - x)
        left, top, right, bottom = self._local(box)
        return (x, y), (max(0, shape[0]), max(0, shape[1])), Box(left - x, top - y, right - x, bottom - y)

    def panel(self, box: Box, colour: Colour, radius: float = 0.0, opacity: float = 1.0) -> None:
        """Draw a rounded panel."""
        corner, shape, inside = self._around(box)
        self.canvas.paint(_rounded(shape, inside, radius), colour, opacity, corner)

    def outline(self, box: Box, colour: Colour, width: float, radius: float = 0.0, opacity: float = 1.0) -> None:
        """Draw the edge of a panel, inside its box."""
        corner, shape, inside = self._around(box)
        mask = _rounded(shape, inside, radius) - _rounded(shape, inside.inset(width), max(0.0, radius - width))
        self.canvas.paint(np.clip(mask, 0, 1), colour, opacity, corner)

    def shadow(self, box: Box, radius: float, reach: float, opacity: float = 0.4) -> None:
        """Draw the soft shadow of a panel."""
        corner, shape, inside = self._around(box, 2 * reach)
        if not min(shape):
            return
        lower = Box(inside.left, inside.top + reach / 3, inside.right, inside.bottom + reach / 3)
        mask = blurred(_rounded(shape, lower, radius), reach / 2)
        self.canvas.paint(mask, GROUND._replace(red=0, green=0, blue=0), opacity, corner)

    def write(self, text: Words, left: float, top: float, *, opacity: float = 1.0, halo: float = 0.0) -> None:
        """Write words whose box begins at a place; `halo` gives them a dark ground of their own, 0–1."""
        if not text.block.lines:
            return
        box = Box(left, top, left + text.width, top + text.height)
        corner, shape, inside = self._around(box, text.block.size)  # letters reach out
        if not min(shape):
            return
        masks = letters(text.block, shape, inside.left, inside.top, text.align)
        if halo:
            ink = np.maximum.reduce(list(masks.values()))
            self.canvas.paint(np.clip(blurred(ink, 0.16 * text.block.size) * 2.4, 0, 1), GROUND, halo, corner)
        for faint, mask in masks.items():
            self.canvas.paint(mask, text.colour, opacity * (0.82 if faint else 1.0), corner)

    def mask(self, mask: np.ndarray, colour: Colour, corner: tuple[int, int], opacity: float = 1.0) -> None:
        """Paint a colour through a mask (0–1) whose top left pixel lies at a place of the frame."""
        x, y = corner[0] - self.x, corner[1] - self.y
        mask = mask[max(0, -y) :, max(0, -x) :]
        self.canvas.paint(mask, colour, opacity, (max(0, x), max(0, y)))

    def shape_of(self, outlines: Iterable[Sequence[tuple[float, float]]], colour: Colour, opacity: float = 1.0) -> None:
        """Paint polygons, given by their corners in the frame, with smooth edges; where two lie, there is a hole."""
        lines = [np.array(line, np.float64) for line in outlines]
        (left, top), (right, bottom) = (way([way(line, axis=0) for line in lines], axis=0) for way in (np.min, np.max))
        (x, y), shape, _ = self._around(Box(float(left), float(top), float(right), float(bottom)), 1)
        if not min(shape):
            return
        fine = 64  # OpenCV is told corners in 64ths of a pixel
        times = 4  # drawn so much larger, then averaged: smoother than OpenCV's own edges
        large = np.zeros((shape[0] * times, shape[1] * times), np.uint8)
        corners = [np.rint(((line - (self.x + x, self.y + y)) * times - 0.5) * fine).astype(np.int32) for line in lines]
        cv2.fillPoly(large, corners, (255,), cv2.LINE_8, 6)
        small = cv2.resize(large, shape[::-1], interpolation=cv2.INTER_AREA)
        self.canvas.paint(small.astype(np.float32) / 255, colour, opacity, (x, y))

    def picture(self, pixels: np.ndarray, box: Box, radius: float = 0.0, *, hard: bool = False) -> None:
        """Draw a picture (ndarray of RGB, uint8) into a box, with rounded corners; `hard` keeps its pixels square."""
        left, top, right, bottom = (round(side) for side in self._local(box))
        size = (max(1, right - left), max(1, bottom - top))
        shrinks = size[0] <= pixels.shape[1] and size[1] <= pixels.shape[0]
        way = cv2.INTER_NEAREST_EXACT if hard else cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        scaled = cv2.resize(pixels, size, interpolation=way)
        part = self.canvas.rgba[max(0, top) : bottom, max(0, left) : right]
        seen = scaled[max(0, -top) :, max(0, -left) :][: part.shape[0], : part.shape[1]]
        cover = _rounded(
            part.shape[:2], Box(min(0, left), min(0, top), min(0, left) + size[0], min(0, top) + size[1]), radius
        )
        part *= (1 - cover)[..., None]
        part[..., :3] += seen * cover[..., None]
        part[..., 3] += cover * 255

    def cut(self) -> Cutting | None:
        """Return what was drawn, ready to be laid on frames; None if that is nothing."""
        return cutting(self.x, self.y, *self.canvas.finished(), self.stage.frame)


def _rounded(shape: tuple[int, int], box: Box, radius: float) -> np.ndarray:
    return rounded(shape, (box.left, box.top, box.right, box.bottom), radius)


def come(piece: Cutting | None, frame: Planes, strength: float, stage: Stage, *, rises: bool = True) -> None:
    """Lay a piece on a frame as far as it has come in (`strength`, 0–1): it grows stronger, and rises to its place."""
    if piece is None or strength <= 0:
        return
    lay(piece, frame, strength, RISE * stage.short * (1 - strength) ** 2 if rises and strength < 1 else 0.0)


def filled(pixels: np.ndarray) -> Planes:
    """Return pixels of the whole frame (ndarray of RGB, uint8) in planes, to begin a frame with."""
    return for_frame(pixels)


def softened(pixels: np.ndarray, stage: Stage, light: float = 0.30, blur: float = 0.055) -> np.ndarray:
    """Return a soft and dark copy of a picture that fills the frame, as a ground for words.

    Parameters
    ----------
    pixels : ndarray, shape (height_px, width_px, 3), uint8, RGB
    stage : Stage
    light : float
        How much of its light is left, 0–1. At 0.30 nothing is lighter than a grey of 5.5 : 1 against white.
    blur : float
        Standard deviation, of the short side.
    """
    width, height = stage.frame
    small = (max(2, width // 12), max(2, height // 12))
    factor = max(small[0] / pixels.shape[1], small[1] / pixels.shape[0])
    box = (small[0] / factor, small[1] / factor)
    left, top = (pixels.shape[1] - box[0]) / 2, (pixels.shape[0] - box[1]) / 2
    x0, y0 = int(left), int(top)
    part = pixels[y0 : max(y0 + 1, math.ceil(top + box[1])), x0 : max(x0 + 1, math.ceil(left + box[0]))]
    few: np.ndarray = cv2.resize(part, small, interpolation=cv2.INTER_AREA).astype(np.float32)
    few = np.asarray(GROUND.rgb, np.float32) * (1 - light) + few * light
    few = cv2.GaussianBlur(few, (0, 0), sigmaX=max(0.3, min(small) * blur))
    soft: np.ndarray = cv2.resize(few, (width, height), interpolation=cv2.INTER_CUBIC)
    # A fixed grain of half a step hides the bands that a dark gradient shows in 8 bits.
    grain = np.random.default_rng(0).uniform(-0.5, 0.5, (GRAIN_PX, GRAIN_PX)).astype(np.float32)
    soft += np.tile(grain, (height // GRAIN_PX + 1, width // GRAIN_PX + 1))[:height, :width, None]
    ground: np.ndarray = cv2.convertScaleAbs(soft)  # to the nearest
    return ground


def tinted(stage: Stage, mask: np.ndarray, corner: tuple[int, int], colour: Colour) -> Cutting:
    """Return a shape of one colour, ready to be laid on frames; quicker than a `Drawing`, for what changes every frame.

    Parameters
    ----------
    stage : Stage
    mask : ndarray
        0–1; rows and columns are brought to even numbers.
    corner : tuple of int
        Where its top left pixel lies in the frame.
    colour : Colour
    """
    mask = mask[max(0, -corner[1]) : stage.frame[1] - corner[1], max(0, -corner[0]) : stage.frame[0] - corner[0]]
    x, y = max(0, corner[0]), max(0, corner[1])
    odd = (y % 2, (y + mask.shape[0]) % 2, x % 2, (x + mask.shape[1]) % 2)
    cover = cv2.copyMakeBorder(np.asarray(mask, np.float32), *odd, cv2.BORDER_CONSTANT, value=(0,))
    # As in `planes`: a colour sample lies on the left of its two columns, and between its two rows.
    thin = cv2.sepFilter2D(cover, -1, np.array([0.25, 0.5, 0.25]), np.array([0.5, 0.5]), anchor=(1, 0))[::2, ::2]
    light, blue, red = (float(plane[0, 0]) for plane, _ in from_colour(colour, 2, 2).each)

    def scaled(part: np.ndarray, factor: float) -> np.ndarray:
        return cv2.convertScaleAbs(np.ascontiguousarray(part), alpha=factor)

    planes = Planes(scaled(cover, light), scaled(thin, blue), scaled(thin, red), scaled(cover, 255), scaled(thin, 255))
    return Cutting(x - odd[2], y - odd[0], planes)
