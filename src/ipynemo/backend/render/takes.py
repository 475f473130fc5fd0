"""A shot with its picture and its camera: at any of its frames, what it shows, drawn into the frame's planes.

A picture that stands still is drawn once, with the best filter; one that moves, and a film, is prepared for sampling at
the size of its largest appearance, and again at smaller ones, where a zoom goes so far that fine detail would flicker.
"""

from __future__ import annotations

import itertools
import math
from collections import OrderedDict
from typing import TYPE_CHECKING

from ipynemo.backend.render.footage import open_footage
from ipynemo.backend.render.keeping import Keep
from ipynemo.backend.render.motion import Camera, Placement
from ipynemo.backend.render.planes import Planes, for_frame
from ipynemo.backend.render.sampling import (
    DETAIL,
    LEVEL,
    SPARE_FILMED,
    Prepared,
    covers,
    draw,
    prepare,
    prepared_size,
    sizes,
)
from ipynemo.backend.render.stills import Cutting, blurred_cover, drawn_once, lay

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

    from PIL import Image

    from ipynemo.backend.render.motion import Motion
    from ipynemo.backend.render.scene import Shot

__all__ = ["Take", "serials"]

serials = itertools.count()  # every take, of a picture or of a scene, has a number of its own

KEPT_BYTES = 48 << 20  # of the pictures of an animation that stands still

# Two pictures dissolve into each other; a part of a film begins with the one that the part before ended with.
_ready_ones: Keep[Prepared] = Keep(2)
_cut_ones: Keep[Cutting | None] = Keep(2)
_grounds: Keep[Planes] = Keep(2)


class Take:
    """A shot, ready to be drawn. `serial` is its own number.

    Parameters
    ----------
    shot : Shot
    path : Path
    frame : tuple of int
        Width and height of the frame in pixels.
    """

    def __init__(self, shot: Shot, path: Path, frame: tuple[int, int]) -> None:
        self.shot = shot
        self.serial = next(serials)
        self._frame = frame
        self._visible = max(1, shot.end + shot.tail_frames - shot.start - 1)
        zoom = _greatest_scale(shot.motion)
        self._footage = open_footage(path, (round(frame[0] * zoom * DETAIL), round(frame[1] * zoom * DETAIL)))
        self.camera = Camera(shot.motion, shot.fit, self._footage.size, frame, shot.duration_ms / 1000)
        self.is_closed = False
        self._number = -1
        self._picture: Image.Image | None = None
        self._prepared: tuple[tuple[int, int], Prepared] | None = None  # the picture's number and its level
        self._kept: Hashable = None  # what it is known by to those who come later
        self._cuttings: OrderedDict[int, Cutting | None] = OrderedDict()
        self._ground: tuple[int, Planes] | None = None

    def seek(self, frame: int, fps: int) -> tuple[int, Placement]:
        """Go to a frame of the scene; return the picture's number and its place: all that decides what is seen."""
        time_s = self.shot.in_ms / 1000 + max(0, frame - self.shot.start) / fps
        number = self._footage.seek(time_s)
        if number != self._number:
            self._number, self._picture = number, None
        return number, self.camera.at((frame - self.shot.start) / self._visible)

    @property
    def picture(self) -> Image.Image:
        """The picture that `seek` found."""
        if self._picture is None:
            factor = min(1.0, self.camera.greatest_factor * DETAIL)
            width, height = self._footage.size
            self._picture = self._footage.picture((max(1, round(width * factor)), max(1, round(height * factor))))
        return self._picture

    @property
    def _stands(self) -> bool:
        return not self.camera.moves and not self._footage.filmed

    def covers(self, at: Placement) -> bool:
        """Return whether the picture that `seek` found hides all of the frame."""
        if self._stands:
            cutting = self._cutting(at)
            return cutting is not None and cutting.covers(self._frame)
        return covers(self._ready(at), at, self._frame)

    def draw(self, at: Placement, frame: Planes) -> None:
        """Draw the picture that `seek` found over a frame."""
        if self.shot.fit == "blur" and not self.covers(at):
            frame.put(self._soft_ground())
        if not self._stands:
            draw(self._ready(at), at, frame)
        elif (cutting := self._cutting(at)) is not None:
            lay(cutting, frame)

    def _cutting(self, at: Placement) -> Cutting | None:
        if self._number not in self._cuttings:
            key = self._footage.key
            made = self._drawn(at) if key is None else _cut_ones.get((key, at, self._frame), lambda: self._drawn(at))
            self._cuttings[self._number] = made
            self._let_go()
            while len(self._cuttings) > 1 and sum(c.bytes for c in self._cuttings.values() if c) > KEPT_BYTES:
                self._cuttings.popitem(last=False)
        return self._cuttings[self._number]

    def _drawn(self, at: Placement) -> Cutting | None:
        return drawn_once(self.picture, self._footage.size, at, self._frame)

    def _ready(self, at: Placement) -> Prepared:
        greatest = self.camera.greatest_factor
        level = max(0, math.floor(math.log(greatest / at.factor) / math.log(LEVEL) + 1e-9))
        if self._prepared is None or self._prepared[0] != (self._number, level):
            self._prepared = ((self._number, level), self._prepare(greatest / LEVEL**level, at))
            self._let_go()
        return self._prepared[1]

    def _prepare(self, factor: float, at: Placement) -> Prepared:
        picture, key = self._footage.size, self._footage.key
        if not self._footage.filmed:
            detail, spread = sizes(picture, factor)

            def make() -> Prepared:
                return prepare(self._footage.planes(detail), picture, self._frame, spread=spread)

            if key is None:
                return make()
            self._kept = (key, detail, spread, self._frame)
            return _ready_ones.get(self._kept, make)
        taken = self._to_the_pixel(at)
        planes = self._footage.planes(prepared_size(picture, factor, 1.0 if taken else SPARE_FILMED))
        return prepare(planes, picture, self._frame, bordered=not taken)

    def _to_the_pixel(self, at: Placement) -> bool:
        """Return whether a film that does not move can be scaled to its place at once."""
        width, height = self._footage.size
        sides = (at.x, at.y, width * at.factor, height * at.factor)
        return not self.camera.moves and all(abs(side - round(side / 2) * 2) < 1e-6 for side in sides)

    def _let_go(self) -> None:
        """Let go of the picture, of which all that is needed has been made: it takes more memory than that."""
        if self.shot.fit != "blur":
            self._picture = None
            self._footage.release()

    def _soft_ground(self) -> Planes:
        if self._ground is None or self._ground[0] != self._number:
            key = self._footage.key
            made = self._soft() if key is None else _grounds.get((key, self._frame), self._soft)
            self._ground = (self._number, made)
        return self._ground[1]

    def _soft(self) -> Planes:
        return for_frame(blurred_cover(self.picture, *self._frame))

    def pass_by(self) -> None:
        """Note that the shot is over: what was prepared for it need not be kept."""
        _ready_ones.drop(self._kept)

    def close(self) -> None:
        """Close the file."""
        self.is_closed = True
        self._prepared = self._picture = self._ground = None
        self._cuttings.clear()
        self._footage.close()


def _greatest_scale(motion: Motion) -> float:
    if motion.start is not None and motion.end is not None:
        return max(motion.start.scale, motion.end.scale)
    return 1.25  # more than any named move
