"""Where things stand in a frame of any shape, and how they come in. No pixels here.

There are three layouts: wide (picture left, words right), square and tall (picture above, words below). All measures
hang on the short side, as those of texts do. The lowest part of every frame is left to captions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ipynemo.backend.render.sprites import MARGIN, REFERENCE_PX
from ipynemo.backend.render.values import Colour

__all__ = ["FAINT", "GROUND", "LEVELS", "NOISE", "SIGNAL", "TEXT", "Box", "Moment", "Stage", "eased", "smooth"]

GROUND = Colour(16, 20, 24)
TEXT = Colour(255, 255, 255)
FAINT = Colour(180, 186, 192)  # 9.5 : 1 on the ground
SIGNAL = Colour(86, 180, 233)  # Okabe & Ito: told apart also by the colour-blind
NOISE = Colour(230, 159, 0)
LEVELS = {"signed": SIGNAL, "stated": NOISE, "none": FAINT, "unread": FAINT}

CAPTIONS = {"wide": 0.17, "square": 0.19, "tall": 0.15}  # of the height, from below: no words of a scene stand there
ENTRANCE_S = 0.5
APART_S = 0.2  # between the entrances of things that come one after the other


def smooth(p: float) -> float:
    """Return the smoothstep of `p`: slow at both ends; 0 below 0 and 1 above 1."""
    p = min(max(p, 0.0), 1.0)
    return p * p * (3.0 - 2.0 * p)


def eased(p: float) -> float:
    """Return `p` quick at first and slow at the end (cubic): how something arrives at its place."""
    return 1 - (1 - min(max(p, 0.0), 1.0)) ** 3


class Moment(NamedTuple):
    """A moment of a scene.

    Attributes
    ----------
    p : float
        The progress, 0–1.
    duration_s : float
        How long the scene is, seconds.
    """

    p: float
    duration_s: float

    @property
    def s(self) -> float:
        """The time since the scene began, seconds."""
        return self.p * self.duration_s

    def within(self, begin: float, end: float) -> float:
        """Return how far a part of the scene is, 0–1; `begin` and `end` in progress."""
        if end <= begin:
            return 1.0 if self.p >= end else 0.0
        return min(max((self.p - begin) / (end - begin), 0.0), 1.0)

    def came(self, begin: float, over_s: float = ENTRANCE_S) -> float:
        """Return how far something has come in, 0–1, smoothly, that begins to at the progress `begin`.

        It takes `over_s` seconds, in a short scene less: never more than a quarter of the scene.
        """
        over = min(over_s, self.duration_s / 4)
        return smooth((self.s - begin * self.duration_s) / over) if over > 0 else float(self.p >= begin)


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the frame, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """From left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top

    @property
    def middle(self) -> tuple[float, float]:
        """The centre, across and down."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def inset(self, across: float, down: float | None = None) -> Box:
        """Return the box smaller by so much on each side."""
        down = across if down is None else down
        return Box(self.left + across, self.top + down, self.right - across, self.bottom - down)

    def fitted(self, size: tuple[float, float], across: float = 0.5, down: float = 0.5) -> Box:
        """Return the largest box of a shape within this one; `across` and `down` say where spare room goes, 0–1."""
        factor = min(self.width / size[0], self.height / size[1])
        width, height = size[0] * factor, size[1] * factor
        left = self.left + (self.width - width) * across
        top = self.top + (self.height - height) * down
        return Box(left, top, left + width, top + height)

    def columns(self, count: int, gap: float) -> list[Box]:
        """Return boxes side by side that fill this one, `gap` pixels apart."""
        width = (self.width - gap * (count - 1)) / count
        lefts = [self.left + n * (width + gap) for n in range(count)]
        return [Box(left, self.top, left + width, self.bottom) for left in lefts]

    def rows(self, count: int, gap: float) -> list[Box]:
        """Return boxes below each other that fill this one, `gap` pixels apart."""
        height = (self.height - gap * (count - 1)) / count
        tops = [self.top + n * (height + gap) for n in range(count)]
        return [Box(self.left, top, self.right, top + height) for top in tops]


class Stage:
    """The frame that a scene is drawn in.

    Parameters
    ----------
    frame : tuple of int
        Width and height in pixels, even.
    """

    def __init__(self, frame: tuple[int, int]) -> None:
        self.frame = frame
        self.short = min(frame)
        ratio = frame[0] / frame[1]
        self.shape = "wide" if ratio >= 1.25 else "tall" if ratio <= 0.8 else "square"
        self.margin = MARGIN * self.short

    def px(self, reference_px: float) -> float:
        """Return a measure that is given for a short side of 1080 pixels, in pixels of this frame."""
        return reference_px * self.short / REFERENCE_PX

    @property
    def all(self) -> Box:
        """The whole frame."""
        return Box(0, 0, *self.frame)

    @property
    def room(self) -> Box:
        """What lies inside the safe margins and above the captions."""
        width, height = self.frame
        return Box(self.margin, self.margin, width - self.margin, height * (1 - CAPTIONS[self.shape]))

    def split(self, picture: float = 0.5, gap: float = 48) -> tuple[Box, Box]:
        """Return the boxes of the picture and of the words.

        Parameters
        ----------
        picture : float
            The picture's part of the room, 0–1: of its width in a wide frame, else of its height.
        gap : float
            Between them, in pixels at a short side of 1080.
        """
        room, space = self.room, self.px(gap)
        if self.shape == "wide":
            edge = room.left + (room.width - space) * picture
            return Box(room.left, room.top, edge, room.bottom), Box(edge + space, room.top, room.right, room.bottom)
        edge = room.top + (room.height - space) * picture
        return Box(room.left, room.top, room.right, edge), Box(room.left, edge + space, room.right, room.bottom)
