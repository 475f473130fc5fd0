"""Texts as pictures with alpha, drawn once: titles, lower thirds, captions, cards, and rows of colour fields.

Every role is one design: letters with a soft halo of the contrary lightness, or a rounded panel; measures hang on the
letters' size, so that it looks the same at every size. Whatever a draft says, a text stays inside the safe margins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw

from ipynemo.backend.render.fonts import has_shaping, measure, sized
from ipynemo.backend.render.lines import visual_runs
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


class _Canvas:
    """Premultiplied float RGBA to paint on."""

    def __init__(self, width: int, height: int) -> None:
        self.rgba = np.zeros((height, width, 4), np.float32)

    def paint(self, mask: np.ndarray, colour: Colour, opacity: float = 1.0, corner: tuple[int, int] = (0, 0)) -> None:
        """Lay a colour over the part that begins at `corner` (x, y), as strongly as the mask (0–1) says."""
        part = self.rgba[corner[1] : corner[1] + mask.shape[0], corner[0] : corner[0] + mask.shape[1]]
        cover = mask[: part.shape[0], : part.shape[1]] * np.float32(colour.alpha * opacity)
        part *= (1 - cover)[..., None]
        part[..., :3] += cover[..., None] * np.asarray(colour.rgb, np.float32)
        part[..., 3] += cover * 255


def _rounded(shape: tuple[int, int], box: tuple[float, float, float, float], radius: float) -> np.ndarray:
    """Return the mask of a rounded rectangle, with smooth edges: its signed distance, clipped."""
    height, width = shape
    left, top, right, bottom = box
    radius = min(radius, (right - left) / 2, (bottom - top) / 2)
    dx = np.abs(np.arange(width) + 0.5 - (left + right) / 2) - (right - left) / 2 + radius
    dy = np.abs(np.arange(height) + 0.5 - (top + bottom) / 2) - (bottom - top) / 2 + radius
    outside = np.hypot(np.maximum(dx, 0)[None, :], np.maximum(dy, 0)[:, None])
    inside = np.minimum(np.maximum(dx[None, :], dy[:, None]), 0)
    distance = outside + inside - radius
    mask: np.ndarray = np.clip(0.5 - distance, 0, 1).astype(np.float32)
    return mask


def _letters(block: Block, shape: tuple[int, int], left: float, top: float, align: str) -> dict[bool, np.ndarray]:
    """Return the masks of the letters: those of full strength (False), and the faint ones (True)."""
    layers = {faint: Image.new("L", (shape[1], shape[0]), 0) for faint in {line.faint for line in block.lines}}
    pens = {faint: ImageDraw.Draw(layer) for faint, layer in layers.items()}
    for placed in block.lines:
        spare = block.width - placed.line.width
        to_the_right = spare if align == "right" or (align == "left" and placed.rtl) else 0.0
        x = left + (spare / 2 if align == "center" else to_the_right)
        for run in visual_runs(placed.line.pieces, rtl=placed.rtl):
            font = sized(run.face, placed.size, placed.weight)
            direction = ("rtl" if run.rtl else "ltr") if has_shaping() else None
            pens[placed.faint].text((x, top + placed.baseline), run.text, 255, font, "ls", direction=direction)
            x += measure(run.text, run.face, placed.size, placed.weight)
    return {faint: np.asarray(layer, np.float32) / 255 for faint, layer in layers.items()}


def _grown(mask: np.ndarray, radius: float) -> np.ndarray:
    side = 2 * max(1, round(radius)) + 1
    grown: np.ndarray = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    return grown


def _blurred(mask: np.ndarray, sigma: float) -> np.ndarray:
    blurred: np.ndarray = cv2.GaussianBlur(mask, (0, 0), sigmaX=max(sigma, 0.3))
    return blurred


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
    canvas = _Canvas(shape[1], shape[0])
    box = (spare, spare, spare + outer[0], spare + outer[1])
    if panel:
        _paint_panel(canvas, shape, box, style, panel, block.size, bar)
    text_left = spare + bar + pad_x + (0 if align == "left" else (inner_w - block.width) * (0.5, 1)[align == "right"])
    if block.lines:
        _paint_letters(canvas, shape, block, (text_left, spare + pad_y), align, style, halo=panel is None)
    if fields:
        row_top = spare + pad_y + block.height + gap
        _paint_swatches(canvas, fields, style, (spare + bar + pad_x, row_top, inner_w), align)
    rgba = np.clip(np.rint(canvas.rgba), 0, 255).astype(np.uint8)
    frame_box = (left, top, left + outer[0], top + outer[1])
    pixels, alpha = np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3])
    return Sprite(int(left) - spare, int(top) - spare, pixels, alpha, frame_box, block.size)


def _alignment(style: Style) -> str:
    if style.role == "card":
        return "left"
    if isinstance(style.place, str) and style.place.endswith(("left", "right")):
        return style.place.rpartition("_")[2]
    return "left" if style.role == "lower_third" else "center"


def _paint_panel(
    canvas: _Canvas,
    shape: tuple[int, int],
    box: tuple[float, float, float, float],
    style: Style,
    panel: Colour,
    size: float,
    bar: float,
) -> None:
    radius = _RADII[style.role] * size
    mask = _rounded(shape, box, radius)
    shadow = _blurred(np.roll(mask, round(0.08 * size), axis=0), 0.22 * size)
    canvas.paint(shadow * (1 - mask), panel._replace(red=0, green=0, blue=0), 0.28)
    canvas.paint(mask, panel)
    if bar:
        strip = (box[0], box[1], box[0] + bar, box[3])
        canvas.paint(mask * _rounded(shape, strip, 0), ACCENT)


def _paint_letters(
    canvas: _Canvas,
    shape: tuple[int, int],
    block: Block,
    corner: tuple[float, float],
    align: str,
    style: Style,
    *,
    halo: bool,
) -> None:
    layers = _letters(block, shape, corner[0], corner[1], align)
    if halo:
        letters = np.maximum.reduce(list(layers.values()))
        size = block.size
        # White letters on a white picture: the two together leave a contrast of 4.5 : 1 along every edge.
        wide = np.clip(_blurred(letters, 0.24 * size) * 1.8, 0, 1)
        canvas.paint(wide, style.halo, 0.5)
        canvas.paint(_blurred(_grown(letters, 0.06 * size), 0.045 * size), style.halo, 0.72)
    for faint, letters in layers.items():
        canvas.paint(letters, style.colour, 0.82 if faint else 1.0)


def _paint_swatches(
    canvas: _Canvas,
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
        canvas.paint(_rounded(shape, box, 0.12 * fields.side), WHITE, 0.55, corner)
        canvas.paint(_rounded(shape, within, 0.12 * fields.side - edge), colour, 1.0, corner)
