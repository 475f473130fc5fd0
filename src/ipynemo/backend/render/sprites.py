"""Texts as pictures with alpha, drawn once: titles, lower thirds, captions, cards, and rows of colour fields.

Every role is one design: letters with a soft halo of the contrary lightness, or a rounded panel; measures hang on the
letters' size, so that it looks the same at every size. Whatever a draft says, a text stays inside the safe margins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ipynemo.backend.render.painting import Canvas, blurred, grown, letters, rounded
from ipynemo.backend.render.style import ACCENT, WHITE
from ipynemo.backend.render.text import Block, lay_out, paragraphs_of

if TYPE_CHECKING:
    from ipynemo.backend.render.style import Style
    from ipynemo.backend.render.values import Colour

__all__ = ["Sprite", "draw_sprite"]

MARGIN = 0.055  # of the short side; television keeps 5 % free
REFERENCE_PX = 1080  # the short side that sizes are given for

_WIDTHS = {"title": 0.84, "lower_third": 0.62, "caption": 0.80, "card": 0.66}  # of the frame, at most
_WIDTHS_UPRIGHT = {"title": 0.88, "lower_third": 0.84, "caption": 0.86, "card": 0.86}
_PADS = {"title": (0.55, 0.38), "lower_third": (0.62, 0.46), "caption": (0.55, 0.34), "card": (0.95, 0.85)}
_RADII = {"title": 0.22, "lower_third": 0.14, "caption": 0.26, "card": 0.42}
_LIFT = {"lower_third": 0.16}  # of the height, from below: captions go underneath


@dataclass(frozen=True, slots=True)
class Sprite:
    """A picture with alpha and its place.

    Attributes
    ----------
    x, y : int
        The top left corner in the frame, pixels; may lie outside, where only a shadow reaches.
    pixels : ndarray, shape (height_px, width_px, 3), uint8, RGB, premultiplied
    alpha : ndarray, shape (height_px, width_px), uint8
    box : tuple of float
        Left, top, right, bottom of the panel, or of the letters where there is none, in the frame.
    size : float
        The size of the letters that was reached, pixels.
    """

    x: int
    y: int
    pixels: np.ndarray
    alpha: np.ndarray
    box: tuple[float, float, float, float]
    size: float


@dataclass(frozen=True, slots=True)
class _Swatches:
    """The measures of a row of colour fields, in pixels; several rows where one would not fit."""

    side: float
    gap: float
    columns: int
    rows: int

    @property
    def width(self) -> float:
        return self.columns * self.side + (self.columns - 1) * self.gap

    @property
    def height(self) -> float:
        return self.rows * self.side * 0.72 + (self.rows - 1) * self.gap


def _swatches(count: int, size: float, room: float) -> _Swatches | None:
    if not count:
        return None
    rows = 1 if count <= 8 else 2 if count <= 16 else 3
    columns = -(-count // rows)
    side = min(size * 2.3, room / (columns * 1.16))
    return _Swatches(side, side * 0.16, columns, rows)


def _anchor(style: Style, frame: tuple[int, int], size: tuple[float, float]) -> tuple[float, float]:
    """Return the left top corner of a box of `size` in a frame, inside the safe margins where it fits."""
    width, height = frame
    margin = MARGIN * min(frame)
    if isinstance(style.place, str):
        place = style.place
        lift = _LIFT.get(style.role, 0.0) * height if place.startswith("bottom") else 0.0
        x = margin if place.endswith("left") else width - margin - size[0] if place.endswith("right") else None
        y = margin if place.startswith("top") else height - margin - size[1] - lift if "bottom" in place else None
        left = (width - size[0]) / 2 if x is None else x
        top = (height - size[1]) / 2 if y is None else y
    else:
        left, top = style.place[0] * width - size[0] / 2, style.place[1] * height - size[1] / 2
    left = min(max(left, margin), width - margin - size[0]) if size[0] <= width - 2 * margin else (width - size[0]) / 2
    top = min(max(top, margin), height - margin - size[1]) if size[1] <= height - 2 * margin else (height - size[1]) / 2
    return round(left), round(top)


def draw_sprite(text: str, style: Style, width: int, height: int) -> Sprite | None:
    """Draw a text for a frame of `width` × `height` pixels; None where nothing would be seen."""
    short = min(width, height)
    margin = MARGIN * short
    size = style.size * short / REFERENCE_PX
    panel = style.background if style.background is not None and style.background.alpha > 0 else None
    pad_x, pad_y = (part * min(size, short * 0.09) for part in (_PADS[style.role] if panel else (0.0, 0.0)))
    bar = max(2.0, 0.11 * size) if style.role == "lower_third" and panel else 0.0
    share = (_WIDTHS_UPRIGHT if height > width else _WIDTHS)[style.role]
    room_x = min(share * width, width - 2 * margin) - 2 * pad_x - bar
    room_y = height - 2 * margin - 2 * pad_y - (0.4 * height if style.role in ("caption", "lower_third") else 0)
    paragraphs = paragraphs_of(text, style)
    fields = _swatches(len(style.swatches), min(size, short * 0.06), room_x)
    gap = 0.55 * size if fields and paragraphs else 0.0
    if fields:
        room_y -= fields.height + gap
    align = _alignment(style)
    block = lay_out(paragraphs, size, room_x, max(room_y, size), short, balanced=align == "center")
    inner_w = max(block.width, fields.width if fields else 0.0)
    inner_h = block.height + ((fields.height + gap) if fields else 0.0)
    if inner_w <= 0 or inner_h <= 0:
        return None
    outer = (inner_w + 2 * pad_x + bar, inner_h + 2 * pad_y)
    left, top = _anchor(style, (width, height), outer)
    spare = round(max(0.9 * block.size, 4))  # room for shadows, and for letters that reach out
    shape = (round(outer[1]) + 2 * spare, round(outer[0]) + 2 * spare)
    canvas = Canvas(shape[1], shape[0])
    box = (spare, spare, spare + outer[0], spare + outer[1])
    if panel:
        _paint_panel(canvas, shape, box, style, panel, block.size, bar)
    text_left = spare + bar + pad_x + (0 if align == "left" else (inner_w - block.width) * (0.5, 1)[align == "right"])
    if block.lines:
        _paint_letters(canvas, shape, block, (text_left, spare + pad_y), align, style, halo=panel is None)
    if fields:
        row_top = spare + pad_y + block.height + gap
        _paint_swatches(canvas, fields, style, (spare + bar + pad_x, row_top, inner_w), align)
    frame_box = (left, top, left + outer[0], top + outer[1])
    pixels, alpha = canvas.finished()
    return Sprite(int(left) - spare, int(top) - spare, pixels, alpha, frame_box, block.size)


def _alignment(style: Style) -> str:
    if style.role == "card":
        return "left"
    if isinstance(style.place, str) and style.place.endswith(("left", "right")):
        return style.place.rpartition("_")[2]
    return "left" if style.role == "lower_third" else "center"


def _paint_panel(
    canvas: Canvas,
    shape: tuple[int, int],
    box: tuple[float, float, float, float],
    style: Style,
    panel: Colour,
    size: float,
    bar: float,
) -> None:
    radius = _RADII[style.role] * size
    mask = rounded(shape, box, radius)
    shadow = blurred(np.roll(mask, round(0.08 * size), axis=0), 0.22 * size)
    canvas.paint(shadow * (1 - mask), panel._replace(red=0, green=0, blue=0), 0.28)
    canvas.paint(mask, panel)
    if bar:
        strip = (box[0], box[1], box[0] + bar, box[3])
        canvas.paint(mask * rounded(shape, strip, 0), ACCENT)


def _paint_letters(
    canvas: Canvas,
    shape: tuple[int, int],
    block: Block,
    corner: tuple[float, float],
    align: str,
    style: Style,
    *,
    halo: bool,
) -> None:
    layers = letters(block, shape, corner[0], corner[1], align)
    if halo:
        ink = np.maximum.reduce(list(layers.values()))
        size = block.size
        # White letters on a white picture: the two together leave a contrast of 4.5 : 1 along every edge.
        wide = np.clip(blurred(ink, 0.24 * size) * 1.8, 0, 1)
        canvas.paint(wide, style.halo, 0.5)
        canvas.paint(blurred(grown(ink, 0.06 * size), 0.045 * size), style.halo, 0.72)
    for faint, mask in layers.items():
        canvas.paint(mask, style.colour, 0.82 if faint else 1.0)


def _paint_swatches(
    canvas: Canvas,
    fields: _Swatches,
    style: Style,
    room: tuple[float, float, float],
    align: str,
) -> None:
    left, top, width = room
    left += {"left": 0.0, "center": 0.5, "right": 1.0}[align] * (width - fields.width)
    height = fields.side * 0.72
    edge = max(1.0, 0.02 * fields.side)
    for number, colour in enumerate(style.swatches):
        row, column = divmod(number, fields.columns)
        x, y = left + column * (fields.side + fields.gap), top + row * (height + fields.gap)
        corner = (int(x), int(y))
        box = (x - corner[0], y - corner[1], x - corner[0] + fields.side, y - corner[1] + height)
        shape = (int(height) + 3, int(fields.side) + 3)
        within = (box[0] + edge, box[1] + edge, box[2] - edge, box[3] - edge)
        # A fine frame, so that a dark field stands out from a dark panel.
        canvas.paint(rounded(shape, box, 0.12 * fields.side), WHITE, 0.55, corner)
        canvas.paint(rounded(shape, within, 0.12 * fields.side - edge), colour, 1.0, corner)
