"""The scene "tiny_model": a real, tiny model goes from noise to pictures, several seeds side by side.

What is seen are the model's own states, none invented between two of them. Where a draft asks for a prompt or for seeds
that are not kept, those that are kept are shown, under their own names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np

from ipynemo.backend.render.planes import Planes, for_frame, from_colour
from ipynemo.backend.render.scenes.acting import DrawnScene
from ipynemo.backend.render.scenes.drawing import Drawing, come, set_words, words
from ipynemo.backend.render.scenes.stage import APART_S, FAINT, GROUND, SIGNAL, TEXT, Box, Moment
from ipynemo.backend.render.scenes.trajectory import trajectories
from ipynemo.backend.render.stills import Cutting, cutting, lay
from ipynemo.backend.render.values import object_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from ipynemo.backend.render.scenes.acting import Picture
    from ipynemo.backend.render.scenes.stage import Stage
    from ipynemo.backend.render.values import Colour

__all__ = ["TinyModel"]

MOST_TILES = 4
FIRST_S, RUN_UNTIL = 0.5, 0.80  # when the model begins, in seconds; when it is done, in progress
PACE = 0.6  # most of the change comes in the last steps: they get more of the time
TITLE, PROMPT, LABEL, STEP, SIZE = 60, 46, 36, 40, 34  # of letters, in pixels at a short side of 1080
BAR, GAP = 8, 36


class _State(NamedTuple):
    head: float  # how far the heading has come in
    tiles: tuple[float, ...]
    step: int
    done: float


class TinyModel(DrawnScene):
    """See the module."""

    stills = (0.0, 0.45, 0.62, 1.0)

    def __init__(self, about: Mapping[str, Any], picture: Picture | None, stage: Stage, duration_s: float) -> None:
        super().__init__(about, picture, stage, duration_s)
        kept = trajectories()
        asked = about.get("seeds")
        seeds = [seed for seed in kept.seeds if isinstance(asked, list) and seed in asked] or list(kept.seeds)
        self._labels = object_of(about.get("labels"))
        self._is_asked_for = about.get("prompt") == kept.prompt
        self._prompt, self._seeds, self._steps = kept.prompt, seeds[:MOST_TILES], kept.steps
        self._states = [kept.states[kept.seeds.index(seed)] for seed in self._seeds]
        self._arrange()
        self._ground = from_colour(GROUND, *stage.frame)
        self._heading = self._head().cut()
        self._below = [self._under(n).cut() for n in range(len(self._seeds))]
        top = self._foot_box.top + stage.px(14)
        self._bar = Box(self._foot_box.left, top, self._foot_box.right, top + stage.px(BAR))
        self._below.append(self._foot().cut())
        self._whole: Planes | None = None  # all that stands still once it has come in
        self._frames = [self._outlines(FAINT, 0.35), self._outlines(TEXT, 0.9)]  # from the beginning; when it is done
        self._tiles: dict[tuple[int, int], Cutting | None] = {}
        self._progress: tuple[int, list[Cutting | None]] = (-1, [])

    def _arrange(self) -> None:
        """Find the places: a row of tiles between heading and step, or in a square frame both beside two rows."""
        stage, room = self.stage, self.stage.room
        head, foot = stage.px(TITLE + PROMPT + 72), stage.px(STEP + SIZE + BAR + 64)
        label, gap = stage.px(LABEL * 1.9), stage.px(GAP)
        count = len(self._seeds)
        beside = stage.shape == "square"
        columns = count if stage.shape == "wide" else min(count, 2)
        rows = -(-count // columns)
        words_x = room.width * 0.38 + gap if beside else 0.0
        words_y = 0.0 if beside else head + foot
        space_x = room.width - words_x - gap * (columns - 1)
        space_y = room.height - words_y - rows * label - gap * (rows - 1)
        side = min(space_x / columns, space_y / rows, room.height * 0.62)  # a single tile need not fill the frame
        pixels = self._states[0].shape[1]
        cell = max(1, int(side / pixels))
        cell -= cell % 2 if cell > 2 else 0  # colours have a sample every two pixels
        side = cell * pixels
        width, height = columns * side + gap * (columns - 1), rows * (side + label) + gap * (rows - 1)
        left = room.left + words_x + (room.width - words_x - width) / 2
        above = 0.0 if beside else head
        top = room.top + max(0.0, (room.height - words_y - height) / 2)
        places = [(n % columns * (side + gap), above + n // columns * (side + label + gap)) for n in range(count)]
        corners = [(round((left + x) / 2) * 2, round((top + y) / 2) * 2) for x, y in places]
        self._boxes = [Box(x, y, x + side, y + side) for x, y in corners]
        self._label_height = label
        if beside:
            edge, middle = room.left + words_x - gap, top + height * 0.55
            self._head_box = Box(room.left, top, edge, middle)
            self._foot_box = Box(room.left, middle, edge, top + height - label * 0.4)
        else:
            self._head_box = Box(left, top, left + max(width, room.width * 0.6), top + head)
            under = top + head + height
            self._foot_box = Box(left, under, left + width, min(room.bottom, under + foot))

    def _stack(self, drawing: Drawing, box: Box, *told: tuple[str, float, Colour, int]) -> None:
        """Write texts below each other: what they say, size, colour, weight."""
        stage, top = self.stage, box.top
        for text, size, colour, weight in told:
            most = max(box.bottom - top, stage.px(size * 1.3))
            laid = set_words(text, stage, size, box.width, most, colour=colour, weight=weight)
            drawing.write(laid, box.left, top)
            top += laid.height + stage.px(18) if text else 0.0

    def _head(self) -> Drawing:
        title = words(self._labels, "title", 80)
        prompt = words(self._labels, "prompt", 80) if self._is_asked_for else f"“{self._prompt}”"
        drawing = Drawing(self.stage, self._head_box)
        self._stack(drawing, self._head_box, (title, TITLE, TEXT, 700), (prompt, PROMPT, SIGNAL, 400))
        return drawing

    def _under(self, n: int) -> Drawing:
        """Draw what stands below a tile: its seed."""
        stage, tile = self.stage, self._boxes[n]
        box = Box(tile.left, tile.bottom + stage.px(10), tile.right, tile.bottom + self._label_height)
        drawing = Drawing(stage, box)
        text = words(self._labels, "seed", 40).replace("{seed}", str(self._seeds[n]))
        label = set_words(text, stage, LABEL, box.width, box.height, colour=FAINT)
        drawing.write(label, box.left, box.top)
        return drawing

    def _foot(self) -> Drawing:
        """Draw what stands below the tiles all the time: the bar's track, and how small the model is."""
        stage, box, bar = self.stage, self._foot_box, self._bar
        drawing = Drawing(stage, box)
        drawing.panel(bar, FAINT, bar.height / 2, 0.28)
        below = Box(box.left, bar.bottom + stage.px(18 + STEP * 1.04 + 18), box.right, box.bottom)
        self._stack(drawing, below, (words(self._labels, "size", 120), SIZE, FAINT, 400))
        return drawing

    def _stepped(self, step: int) -> list[Cutting | None]:
        """Return what says how far the model is: the bar's filled part and the words below it."""
        if self._progress[0] != step:
            stage, bar = self.stage, self._bar
            filled = Drawing(stage, bar)
            share = max(bar.height, bar.width * step / self._steps)
            filled.panel(Box(bar.left, bar.top, bar.left + share, bar.bottom), SIGNAL, bar.height / 2)
            text = words(self._labels, "step", 60).replace("{n}", str(step)).replace("{of}", str(self._steps))
            laid = set_words(text, stage, STEP, bar.width, stage.px(STEP * 1.3))
            top = bar.bottom + stage.px(18)
            told = Drawing(stage, Box(bar.left, top, bar.left + laid.width + 2, top + stage.px(STEP * 1.3)))
            told.write(laid, bar.left, top)
            self._progress = (step, [filled.cut(), told.cut()])
        return self._progress[1]

    def state(self, now: Moment) -> Hashable:
        """Return how far everything has come in, and the model's step."""
        begin = min(FIRST_S, self.duration_s * 0.2)
        end = RUN_UNTIL * self.duration_s
        run = min(max((now.s - begin) / max(end - begin, 1e-6), 0.0), 1.0)
        apart = APART_S * 0.5 / self.duration_s
        tiles = tuple(round(now.came(apart * n) * 64) / 64 for n in range(len(self._seeds)))
        done = round(now.came(RUN_UNTIL) * 64) / 64
        return _State(round(now.came(0.0) * 64) / 64, tiles, round(run**PACE * self._steps), done)

    def _tile(self, n: int, step: int) -> Cutting | None:
        """Return a state as squares; that of the beginning with alpha, so that it can come in."""
        if (n, step) not in self._tiles:
            small, box = self._states[n][step], self._boxes[n]
            side, corner = round(box.width), (int(box.left), int(box.top))
            if step and side % (2 * len(small)) == 0:
                self._tiles = {place: tile for place, tile in self._tiles.items() if place[0] != n}
                self._tiles[n, step] = Cutting(*corner, _enlarged(small, side))
            else:
                large = cv2.resize(small, (side, side), interpolation=cv2.INTER_NEAREST_EXACT)
                whole = np.full((side, side), 255, np.uint8)
                self._tiles[n, step] = cutting(*corner, large, whole, self.stage.frame)
        return self._tiles[n, step]

    def _outlines(self, colour: Colour, opacity: float) -> Cutting | None:
        width = max(1.0, self.stage.px(3))
        boxes = [box.inset(-2 * width) for box in self._boxes]
        drawing = Drawing(self.stage, Box(boxes[0].left, boxes[0].top, boxes[-1].right, boxes[-1].bottom))
        for box in boxes:
            drawing.outline(box, colour, width, 0.0, opacity)
        return drawing.cut()

    def paint(self, state: Any, frame: Planes) -> None:
        """Draw the heading, the tiles at their step, and the step."""
        came = state.head >= 1 and min(state.tiles) >= 1
        if came:
            frame.put(self._still())
        else:
            frame.put(self._ground)
            come(self._heading, frame, state.head, self.stage)
            come(self._frames[0], frame, state.tiles[-1], self.stage, rises=False)
            for piece, strength in zip(self._below, (*state.tiles, state.tiles[-1]), strict=True):
                come(piece, frame, strength, self.stage)
        for n, strength in enumerate(state.tiles):
            piece = self._tile(n, state.step)
            if piece is not None and strength > 0:
                lay(piece, frame, strength)
        for piece in self._stepped(state.step):
            come(piece, frame, state.tiles[-1], self.stage)
        come(self._frames[1], frame, state.done, self.stage, rises=False)

    def _still(self) -> Planes:
        if self._whole is None:
            self._whole = self._ground.copy()
            for piece in (self._heading, self._frames[0], *self._below):
                come(piece, self._whole, 1.0, self.stage)
        return self._whole


def _enlarged(small: np.ndarray, side: int) -> Planes:
    """Return a few pixels as squares of an even width: their colours are converted once, and then only repeated."""
    planes = for_frame(small.repeat(8, axis=0).repeat(8, axis=1))  # so large that no square tints its neighbours
    sizes = ((planes.y[4::8, 4::8], side), (planes.u[2::4, 2::4], side // 2), (planes.v[2::4, 2::4], side // 2))
    way = cv2.INTER_NEAREST_EXACT
    return Planes(*(cv2.resize(np.ascontiguousarray(plane), (to, to), interpolation=way) for plane, to in sizes))
