"""A picture is numbers: from the whole of it down to single pixels with their values, and its most frequent colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np

from ipynemo.backend.render.motion import Placement
from ipynemo.backend.render.planes import Planes
from ipynemo.backend.render.scene import FPS
from ipynemo.backend.render.scenes.acting import DrawnScene
from ipynemo.backend.render.scenes.drawing import Drawing, come, filled, set_words, softened, words
from ipynemo.backend.render.scenes.pacing import FIELDS, Pace
from ipynemo.backend.render.scenes.stage import FAINT, GROUND, TEXT, Box, Moment, eased
from ipynemo.backend.render.scenes.standin import landscape
from ipynemo.backend.render.scenes.zooming import Halved, Path, Zoomed
from ipynemo.backend.render.stills import Cutting
from ipynemo.backend.render.values import Colour, colour, number, object_of, relative_luminance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ipynemo.backend.render.scenes.acting import Picture
    from ipynemo.backend.render.scenes.stage import Stage

__all__ = ["Pixels"]

CELLS = 84  # of the picture's pixels fill the frame in the end: 12 × 7 in a wide one
MOST_SWATCHES = 8
BLACK = Colour(0, 0, 0)
NUMBER = 0.20  # of a pixel's side: the size of the numbers on it
ZOOM = (0.06, 0.74)  # when it begins and ends
NUMBERS, SAYS, PALETTE = 0.72, 0.75, 0.82  # when they begin to come in


class _State(NamedTuple):
    """Where the picture lies, and its veil; how far in are: the count, numbers, what a pixel says, and the palette."""

    at: Placement
    gone: float
    veil: float
    counted: float
    numbers: float
    says: float
    palette: float


class Pixels(DrawnScene):
    """See `ipynemo.backend.render.scenes`; `about` holds `spot`, `swatches` and `labels`."""

    stills = (0.06, 0.36, 0.78, 1.0)

    def __init__(self, about: Mapping[str, Any], picture: Picture | None, stage: Stage, duration_s: float) -> None:
        super().__init__(about, picture, stage, duration_s)
        pixels = landscape(600, 400) if picture is None else picture.pixels()
        labels = object_of(about.get("labels"))
        self._bar, panel = self._palette(words(labels, "palette"))
        self._path, pixel = self._set_path(pixels, panel)
        self._ground = filled(softened(pixels, stage, 0.42, 0.03))
        self._end = self._path.at(1.0)
        top = stage.room.top
        self._count, top = self._panel(words(labels, "count"), top, 700)
        self._says, top = self._panel(words(labels, "pixel"), top, 500)
        self._numbers = self._set_numbers(pixels, pixel, top, panel)
        whole = Halved(pixels)
        self._pace = Pace(whole, self._path, stage.frame, round((ZOOM[1] - ZOOM[0]) * duration_s * FPS))
        self._zoomed = Zoomed(whole, self._path, stage.frame)
        self._washes: tuple[Planes, Planes] | None = None  # the colours of the first frame, and of the last one
        self._last: Planes | None = None  # the frame at the end of the zoom, which is shown for long

    def _set_path(self, pixels: np.ndarray, panel: Box | None) -> tuple[Path, tuple[int, int]]:
        """Return the zoom to the spot, and the pixel there, across and down."""
        stage, (height, width) = self.stage, pixels.shape[:2]
        given = self.about.get("spot")
        spot = given if isinstance(given, list) and len(given) == 2 else [0.5, 0.5]
        pixel = (
            min(int(number(spot[0], 0.5, 0, 1) * width), width - 1),
            min(int(number(spot[1], 0.5, 0, 1) * height), height - 1),
        )
        whole = min(stage.frame[0] / width, stage.frame[1] / height)
        last = max(whole, 2.0 * round((stage.frame[0] * stage.frame[1] / CELLS) ** 0.5 / 2))
        centre = (pixel[0] + 0.5, pixel[1] + 0.5)
        middle = (stage.frame[0] / 2, stage.frame[1] / 2)
        aim = (middle[0], (stage.room.middle[1] + middle[1]) / 2)
        if panel is not None and stage.shape == "wide":  # the row of pixels below the one that is named is free, too
            aim = (middle[0], min(aim[1], panel.top - 1.5 * last - stage.px(8)))
        if last <= whole:
            centre, aim = (width / 2, height / 2), middle
        else:  # so that in the end the pixels' edges lie on those of the frame's, and of its colour samples
            left, top = (2.0 * round((a - c * last) / 2) for a, c in zip(aim, centre, strict=True))
            aim = (left + centre[0] * last, top + centre[1] * last)
        return Path(whole, last, ((width / 2, height / 2), centre), (middle, aim)), pixel

    def _panel(self, text: str, top: float, weight: int) -> tuple[Cutting | None, float]:
        """Return a text on a panel at the left, and where the next one may begin."""
        if not text:
            return None, top
        stage, room = self.stage, self.stage.room
        pad = stage.px(24)
        most = room.width * (0.62 if stage.shape == "wide" else 1.0) - 2 * pad
        said = set_words(text, stage, 36, most, stage.px(130), weight=weight)
        box = Box(room.left, top, room.left + said.width + 2 * pad, top + said.height + stage.px(28))
        drawing = Drawing(stage, box.inset(-stage.px(24)))
        drawing.shadow(box, stage.px(12), stage.px(20), 0.3)
        drawing.panel(box, GROUND._replace(alpha=0.92), stage.px(12))
        drawing.write(said, box.left + pad, box.top + stage.px(14))
        return drawing.cut(), box.bottom + stage.px(14)

    def _swatches(self) -> list[tuple[Colour, float]]:
        """Return the colours, each with its part of the bar."""
        given = self.about.get("swatches")
        found = []
        for field in map(object_of, given[:MOST_SWATCHES] if isinstance(given, list) else []):
            tint = colour(field.get("color"), Colour(0, 0, 0, 0))
            if tint.alpha > 0:
                found.append((tint._replace(alpha=1.0), number(field.get("share"), 0.0, 0, 1)))
        whole = sum(share for _, share in found)
        return [(tint, share / whole if whole else 1 / len(found)) for tint, share in found]

    def _palette(self, text: str) -> tuple[Cutting | None, Box | None]:
        """Return the palette bar on its panel, and the panel's box."""
        fields = self._swatches()
        if not fields:
            return None, None
        stage, room = self.stage, self.stage.room
        pad, high = stage.px(24), stage.px(78)
        said = set_words(text, stage, 32, room.width - 2 * pad, stage.px(60), weight=500)
        above = said.height + stage.px(16) if said.height else 0.0
        box = Box(room.left, room.bottom - high - 2 * pad - above, room.right, room.bottom)
        drawing = Drawing(stage, box.inset(-stage.px(24)))
        drawing.shadow(box, stage.px(14), stage.px(24), 0.35)
        drawing.panel(box, GROUND._replace(alpha=0.92), stage.px(14))
        drawing.write(said, box.left + pad, box.top + pad)
        bar = Box(box.left + pad, box.bottom - pad - high, box.right - pad, box.bottom - pad)
        drawing.panel(bar, FAINT)
        left = bar.left + self._edge
        for tint, share in fields:
            right = left + share * (bar.width - 2 * self._edge)
            drawing.panel(Box(left, bar.top + self._edge, right, bar.bottom - self._edge), tint)
            left = right
        return drawing.cut(), box

    @property
    def _edge(self) -> float:
        """How wide the fine frame of the bar is, so that a dark colour stands out from the panel."""
        return max(1.0, float(round(self.stage.px(3))))

    def _set_numbers(self, pixels: np.ndarray, pixel: tuple[int, int], top: float, panel: Box | None) -> Cutting | None:
        """Return the values of the pixels that are large enough, free, and whole, and an edge around the one named."""
        stage, at = self.stage, self._end
        side = at.factor
        size = min(NUMBER * side / stage.px(1), 60.0)
        drawing = Drawing(stage, stage.all)
        bottom = stage.room.bottom if panel is None else panel.top
        covered = stage.room.left + (0.62 if stage.shape == "wide" else 1.0) * stage.room.width, top - stage.px(14)
        for y in range(max(0, int(-at.y / side)), min(pixels.shape[0], int((stage.frame[1] - at.y) / side) + 1)):
            for x in range(max(0, int(-at.x / side)), min(pixels.shape[1], int((stage.frame[0] - at.x) / side) + 1)):
                cell = Box(at.x + x * side, at.y + y * side, at.x + (x + 1) * side, at.y + (y + 1) * side)
                values = [int(value) for value in pixels[y, x]]
                light = relative_luminance(Colour(values[0], values[1], values[2]))
                ink = BLACK if light > 0.179 else TEXT  # the one of the two that has 4.5 : 1 at least
                drawing.panel(Box(cell.left, cell.top, cell.right, cell.top + 1), ink, 0, 0.24)
                drawing.panel(Box(cell.left, cell.top, cell.left + 1, cell.bottom), ink, 0, 0.24)
                whole = cell.left >= 0 and cell.top >= 0 and cell.right <= stage.frame[0] and cell.bottom <= bottom
                if whole and not (cell.top < covered[1] and cell.left < covered[0]):
                    text = "\n".join(map(str, values))
                    said = set_words(text, stage, size, side, side, colour=ink, weight=500, align="center")
                    drawing.write(said, cell.middle[0] - said.width / 2, cell.middle[1] - said.height / 2)
        x, y = pixel
        named = Box(at.x + x * side, at.y + y * side, at.x + (x + 1) * side, at.y + (y + 1) * side)
        wide = max(2.0, stage.px(5))
        drawing.outline(named.inset(-wide), BLACK, 2 * wide, stage.px(4))
        drawing.outline(named.inset(-wide / 2), TEXT, wide, stage.px(4))
        return drawing.cut()

    def state(self, now: Moment) -> _State:
        """Return where the picture lies, and what has come in."""
        gone = now.within(*ZOOM)
        at = self._end if gone >= 1 else self._path.at(self._pace.at(gone))
        bar = eased(now.came(PALETTE, 0.7)) if self._bar else 0.0
        counted, numbers, says = (round(now.came(begin), 3) for begin in (0.02, NUMBERS, SAYS))
        veil = 0.0 if now.settled else round(self._pace.veiled(gone), 3)
        return _State(at, gone if veil else 0.0, veil, counted, numbers, says, round(bar, 3))

    def paint(self, state: _State, frame: Planes) -> None:
        """Draw the picture at its place, and what stands over it."""
        if state.at != self._end:
            self._paint_picture(state.at, frame)
            if state.veil:
                self._paint_veil(state, frame)
        else:
            if self._last is None:
                self._paint_picture(state.at, frame)
                self._last = frame.copy()
            frame.put(self._last)
        come(self._numbers, frame, state.numbers, self.stage, rises=False)
        come(self._count, frame, state.counted, self.stage)
        come(self._says, frame, state.says, self.stage)
        come(self._bar, frame, state.palette, self.stage)

    def _paint_veil(self, state: _State, frame: Planes) -> None:
        if self._washes is None:
            self._washes = (self._washed(self._path.at(0.0), frame), self._washed(self._end, frame))
        mine = 1 - state.veil
        for (target, _), (first, _), (last, _) in zip(
            frame.each, self._washes[0].each, self._washes[1].each, strict=True
        ):
            veil = cv2.addWeighted(first, 1 - state.gone, last, state.gone, 0)
            target[:] = cv2.addWeighted(target, mine, veil, state.veil, 0)

    def _washed(self, at: Placement, frame: Planes) -> Planes:
        """Return the colours at a place without anything to be made out."""
        whole = frame.copy()
        self._paint_picture(at, whole)
        few = [cv2.resize(plane, (FIELDS, FIELDS), interpolation=cv2.INTER_AREA) for plane, _ in whole.each]
        sizes = [plane.shape[::-1] for plane, _ in whole.each]
        soft = [cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane, size in zip(few, sizes, strict=True)]
        return Planes(*soft)

    def _paint_picture(self, at: Placement, frame: Planes) -> None:
        frame.put(self._ground)
        self._zoomed.draw(at, frame)
