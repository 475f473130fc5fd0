"""The scene "latent_grid": a picture in squares of eight pixels, and beside it the map that has one place for each.

The map is shown at its true relative size first, an eighth across, then enlarged. It is drawn from averages
(`concepts.pixels.latent_grid`), which the scene's note says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np

from ipynemo.backend.render.planes import Planes
from ipynemo.backend.render.scenes.acting import DrawnScene
from ipynemo.backend.render.scenes.drawing import Drawing, Words, come, filled, set_words, softened, words
from ipynemo.backend.render.scenes.stage import FAINT, GROUND, SIGNAL, TEXT, Box, Moment, smooth
from ipynemo.backend.render.scenes.standin import landscape
from ipynemo.backend.render.stills import Cutting, cutting, lay
from ipynemo.backend.render.values import object_of
from ipynemo.concepts.pixels import latent_grid

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from ipynemo.backend.render.scenes.acting import Picture
    from ipynemo.backend.render.scenes.stage import Stage

__all__ = ["LatentMap"]

PICTURE_PX = 512  # what Stable Diffusion 1 works on
SIZE, COUNT, TIMES, NOTE = 44, 36, 52, 34  # of letters, in pixels at a short side of 1080
CAPTION, NOTE_APART = 124, 16  # the height of the words below a square
LEAST_CELL = 4  # pixels; finer squares cannot be told apart
PAD = 40  # between the panel's edge and what is on it
LAYERS, LAYER_APART = 3, 12  # behind the map: it has four numbers for each place


class _State(NamedTuple):
    grid: float
    map: float
    side: int  # of the map, in pixels
    times: float
    note: float


class LatentMap(DrawnScene):
    """See the module."""

    stills = (0.12, 0.45, 1.0)

    def __init__(self, about: Mapping[str, Any], picture: Picture | None, stage: Stage, duration_s: float) -> None:
        super().__init__(about, picture, stage, duration_s)
        self._labels = object_of(about.get("labels"))
        most = 2 * PICTURE_PX
        pixels = landscape(PICTURE_PX, PICTURE_PX) if picture is None else picture.pixels((most, most))
        square = _square(pixels)
        self._map = latent_grid(square).to_rgb()
        self._arrange()
        self._base = self._ground(square)
        self._grid = self._squares(square)
        self._map_words = self._caption(self._right, "map", "map_count").cut()
        self._times = self._middle().cut()
        self._note = self._told().cut()
        self._layers: Cutting | None = self._behind().cut()
        self._shown: tuple[int, float, Cutting | None] = (0, 0.0, None)

    def _arrange(self) -> None:
        """Find the places of the two squares: side by side, in a tall frame below each other; words in between."""
        stage, room = self.stage, self.stage.room
        layers = stage.px(LAYERS * LAYER_APART)
        caption, note = stage.px(CAPTION), stage.px(NOTE * 1.7 + NOTE_APART)
        between = stage.px({"wide": 360, "square": 190, "tall": 120}[stage.shape])
        if stage.shape == "tall":
            side = min(room.width * 0.82, (room.height - 2 * caption - note - between) / 2)
        else:
            side = min((room.width - between - layers) / 2, room.height - caption - note - layers)
        cell = max(1, int(side / len(self._map)))
        side = float(cell * len(self._map))
        self._cell = cell
        spare = room.height - (2 * (side + caption) + between if stage.shape == "tall" else side + caption) - note
        top = round((room.top + max(spare / 2, layers)) / 2) * 2
        if stage.shape == "tall":
            left = round((room.left + (room.width - side) / 2) / 2) * 2
            second = round((top + side + caption + between) / 2) * 2
            self._left, self._right = (
                Box(left, top, left + side, top + side),
                Box(left, second, left + side, second + side),
            )
            self._gap = Box(room.left, top + side + caption, room.right, second - layers)
        else:
            left = round((room.left + (room.width - 2 * side - between - layers) / 2) / 2) * 2
            other = round((left + side + between) / 2) * 2
            self._left, self._right = Box(left, top, left + side, top + side), Box(other, top, other + side, top + side)
            inner = stage.px(12 if stage.shape == "square" else 24)
            self._gap = Box(left + side + inner, top, other - inner, top + side)
        bottom = self._right.bottom + caption
        bottom += stage.px(NOTE_APART)
        self._note_box = Box(room.left, bottom, room.right, min(bottom + stage.px(NOTE * 1.7), room.bottom))
        apart = stage.px(PAD)
        first, last = (
            (room.left, room.right)  # in a tall frame the note is wider than the squares
            if stage.shape == "tall"
            else (self._left.left - apart, self._right.right + layers + apart)
        )
        edge = stage.margin * 0.5
        self._panel = Box(
            max(first, edge),
            max(self._left.top - layers - apart, edge),
            min(last, stage.frame[0] - edge),
            self._note_box.bottom + apart * 0.4,
        )

    def _ground(self, square: np.ndarray) -> Planes:
        """Return what is there from the beginning: a panel over the softened picture, the picture and its numbers."""
        stage, side = self.stage, round(self._left.width)
        drawing = Drawing(stage, stage.all)
        drawing.canvas.rgba[..., :3] = softened(square, stage)
        drawing.canvas.rgba[..., 3] = 255
        drawing.panel(self._panel, GROUND, stage.px(14), 0.95)
        ground = filled(drawing.canvas.finished()[0])
        shown = _resized(square, side)
        for piece in (
            cutting(int(self._left.left), int(self._left.top), shown, None, self.stage.frame),
            self._caption(self._left, "picture", "picture_count").cut(),
        ):
            if piece is not None:
                lay(piece, ground)
        return ground

    def _squares(self, square: np.ndarray) -> Cutting | None:
        """Return the picture with a line around each of its squares."""
        if self._cell < LEAST_CELL:
            return None
        side = round(self._left.width)
        shown = _resized(square, side).astype(np.float32)
        lines = np.zeros((side, side), bool)
        lines[:: self._cell] = lines[:, :: self._cell] = True
        shown[lines] = shown[lines] * 0.35 + np.array(GROUND.rgb, np.float32) * 0.65
        whole = np.full((side, side), 255, np.uint8)
        return cutting(int(self._left.left), int(self._left.top), shown.astype(np.uint8), whole, self.stage.frame)

    def _caption(self, over: Box, size: str, count: str) -> Drawing:
        """Draw the two lines below a square."""
        stage = self.stage
        box = Box(over.left, over.bottom + stage.px(16), over.right, over.bottom + stage.px(CAPTION))
        drawing = Drawing(stage, box)
        first = set_words(
            words(self._labels, size, 60), stage, SIZE, box.width, stage.px(SIZE * 1.3), weight=700, align="center"
        )
        second = set_words(
            words(self._labels, count, 60), stage, COUNT, box.width, stage.px(COUNT * 1.3), colour=FAINT, align="center"
        )
        drawing.write(first, _centred(first, box), box.top)
        drawing.write(second, _centred(second, box), box.top + stage.px(SIZE + 14))
        return drawing

    def _middle(self) -> Drawing:
        """Draw the arrow from the picture to the map, and how much smaller that is."""
        stage, box = self.stage, self._gap
        drawing = Drawing(stage, box)
        text = words(self._labels, "times", 60)
        across, down = box.middle
        long, thick = stage.px({"wide": 170, "square": 110, "tall": 70}[stage.shape]), stage.px(6)
        if stage.shape == "tall":
            size = set_words(text, stage, TIMES, box.width * 0.6, box.height, colour=SIGNAL, weight=700, align="center")
            left = across - (size.width + stage.px(40) + thick * 5) / 2
            drawing.write(size, left + stage.px(40) + thick * 5, down - size.height / 2)
            _arrow(drawing, (left + thick * 2.5, down - long / 2), (0, long), thick)
            return drawing
        letters = TIMES if stage.shape == "wide" else TIMES * 0.72
        size = set_words(text, stage, letters, box.width, box.height / 2, colour=SIGNAL, weight=700, align="center")
        _arrow(drawing, (across - min(long, box.width) / 2, down), (min(long, box.width), 0), thick)
        drawing.write(size, _centred(size, box), down + stage.px(28))
        return drawing

    def _told(self) -> Drawing:
        box = self._note_box
        drawing = Drawing(self.stage, box)
        text = words(self._labels, "note", 160)
        line = set_words(text, self.stage, NOTE, box.width, box.height, colour=FAINT, align="center")
        drawing.write(line, _centred(line, box), box.top)
        return drawing

    def _behind(self) -> Drawing:
        """Draw the edges of the three layers behind the map."""
        step = self.stage.px(LAYER_APART)
        box = self._right
        drawing = Drawing(self.stage, Box(box.left, box.top - LAYERS * step, box.right + LAYERS * step, box.bottom))
        for n in range(LAYERS, 0, -1):
            sheet = Box(box.left + n * step, box.top - n * step, box.right + n * step, box.bottom - n * step)
            drawing.panel(sheet, GROUND)
            drawing.outline(sheet, FAINT, max(1.0, self.stage.px(3)), 0.0, 0.75)
        return drawing

    def state(self, now: Moment) -> Hashable:
        """Return how far everything has come in, and the map's size."""
        small, large = len(self._map) * self._left.width / PICTURE_PX, self._right.width
        grown = smooth(now.within(0.50, 0.74))
        side = round((small * (large / small) ** grown) / 2) * 2
        came = [round(now.came(begin, 0.4) * 64) / 64 for begin in (0.08, 0.24, 0.30, 0.66)]
        return _State(came[0], came[1], side, came[2], came[3])

    def _map_at(self, side: int, strength: float) -> Cutting | None:
        solid = strength >= 1
        if self._shown[:2] != (side, float(solid)):
            across, down = self._right.middle
            shown = cv2.resize(self._map, (side, side), interpolation=cv2.INTER_NEAREST_EXACT)
            alpha = None if solid else np.full((side, side), 255, np.uint8)
            corner = (round((across - side / 2) / 2) * 2, round((down - side / 2) / 2) * 2)
            self._shown = (side, float(solid), cutting(*corner, shown, alpha, self.stage.frame))
        return self._shown[2]

    def paint(self, state: Any, frame: Planes) -> None:
        """Draw the picture, its squares, the map and the words."""
        frame.put(self._base)
        stage = self.stage
        come(self._grid, frame, state.grid, stage, rises=False)
        large = round(self._right.width)
        come(self._layers, frame, state.map * min(1.0, max(0.0, (state.side / large - 0.6) / 0.4)), stage, rises=False)
        piece = self._map_at(state.side, state.map)
        if piece is not None and state.map > 0:
            lay(piece, frame, state.map)
        come(self._map_words, frame, state.map, stage)
        come(self._times, frame, state.times, stage)
        come(self._note, frame, state.note, stage)


def _square(pixels: np.ndarray) -> np.ndarray:
    """Return the middle of a picture as a square of 512 pixels."""
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return _resized(pixels[top : top + side, left : left + side], PICTURE_PX)


def _resized(pixels: np.ndarray, side: int) -> np.ndarray:
    way = cv2.INTER_AREA if side <= len(pixels) else cv2.INTER_CUBIC
    return np.ascontiguousarray(cv2.resize(pixels, (side, side), interpolation=way))


def _centred(text: Words, box: Box) -> float:
    return box.middle[0] - text.width / 2


def _arrow(drawing: Drawing, begin: tuple[float, float], by: tuple[float, float], thick: float) -> None:
    """Draw an arrow to the right, or down."""
    (x, y), (across, down) = begin, by
    head = thick * 2.5
    if across:
        drawing.panel(Box(x, y - thick / 2, x + across - head, y + thick / 2), TEXT)
        tip = [(x + across - head - 1, y - head), (x + across, y), (x + across - head - 1, y + head)]
    else:
        drawing.panel(Box(x - thick / 2, y, x + thick / 2, y + down - head), TEXT)
        tip = [(x - head, y + down - head - 1), (x, y + down), (x + head, y + down - head - 1)]
    drawing.shape_of([tip], TEXT)
