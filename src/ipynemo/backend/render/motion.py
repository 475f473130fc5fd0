"""Camera moves over a picture: progress in, the exact place of the picture in the frame out. No pixels here.

A move is two views, each a centre in the fitted picture and a scale, and an ease between them. The scale goes in equal
ratios, so that a zoom looks steady, and the centre follows it so that one point of the picture stays fixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ipynemo.backend.render.values import choice, number

__all__ = ["MOTIONS", "Camera", "Fit", "Motion", "Placement", "View", "fit_factor", "place", "smooth", "to_motion"]

Fit = Literal["cover", "contain", "blur"]

MOTIONS = ("still", "zoom_in", "zoom_out", "pan_left", "pan_right", "pan_up", "pan_down")
MAX_SCALE = 8.0
ZOOM_PER_S = 0.025  # gentle enough to read beside
ZOOM_LEAST, ZOOM_MOST = 0.06, 0.22
PAN_SCALE = 1.12  # room to move in where the picture has just the frame's shape
PAN_PER_S = 0.06  # of the frame's side; faster makes 30 frames a second stutter


class View(NamedTuple):
    """What the camera sees: the centre in the fitted picture, 0–1, and the scale, 1 for the whole fitted picture."""

    cx: float
    cy: float
    scale: float


@dataclass(frozen=True, slots=True)
class Motion:
    """A move as the draft asks for it: by name, or by its two views."""

    name: str = "still"
    start: View | None = None
    end: View | None = None
    eased: bool = True

    @property
    def stilled(self) -> Motion:
        """The same without anything that moves: a view that is held stays, and of a move the whole picture."""
        return self if self.start is not None and self.start == self.end else Motion()


class Placement(NamedTuple):
    """Where the picture lies in the frame: its top left corner in frame pixels, and frame pixels per picture pixel."""

    x: float
    y: float
    factor: float


def smooth(p: float) -> float:
    """Return the smoothstep of `p`: slow at both ends; 0 below 0 and 1 above 1."""
    p = min(max(p, 0.0), 1.0)
    return p * p * (3.0 - 2.0 * p)


def _view(value: Any) -> View | None:
    if not isinstance(value, list) or len(value) != 3:
        return None
    cx, cy, scale = value
    return View(number(cx, 0.5, 0, 1), number(cy, 0.5, 0, 1), number(scale, 1.0, 1.0, MAX_SCALE))


def to_motion(value: Any) -> Motion:
    """Read `m.motion`: a name, or `{"from": [cx, cy, scale], "to": [...], "ease": "smooth"}`; else no motion."""
    if isinstance(value, dict):
        start, end = _view(value.get("from")), _view(value.get("to"))
        if start is None and end is None:
            return Motion()
        first = start or View(0.5, 0.5, 1.0)
        eased = choice(value.get("ease"), ("smooth", "linear"), "smooth") == "smooth"
        return Motion("custom", first, end or first, eased)
    return Motion(choice(value, MOTIONS, "still"))


def fit_factor(fit: Fit, picture: tuple[int, int], frame: tuple[int, int]) -> float:
    """Return frame pixels per picture pixel at scale 1; sizes are (width_px, height_px)."""
    ratios = (frame[0] / picture[0], frame[1] / picture[1])
    return max(ratios) if fit == "cover" else min(ratios)


def place(view: View, fit: Fit, picture: tuple[int, int], frame: tuple[int, int]) -> Placement:
    """Return where the picture lies for a view; it never leaves a gap on an axis where it is larger than the frame."""
    factor = fit_factor(fit, picture, frame) * view.scale

    def corner(centre: float, size: int, room: int) -> float:
        length = size * factor
        if length <= room:
            return (room - length) / 2
        return min(max(room / 2 - centre * length, room - length), 0.0)

    return Placement(corner(view.cx, picture[0], frame[0]), corner(view.cy, picture[1], frame[1]), factor)


class Camera:
    """A motion for one picture in one frame over one length of time.

    Parameters
    ----------
    motion : Motion
    fit : {"cover", "contain", "blur"}
    picture, frame : tuple of int
        Width and height in pixels.
    duration_s : float
        How long the move takes; it sets how far the named moves go.
    """

    def __init__(
        self, motion: Motion, fit: Fit, picture: tuple[int, int], frame: tuple[int, int], duration_s: float
    ) -> None:
        self.fit: Fit = fit
        self.picture = picture
        self.frame = frame
        self.eased = motion.eased
        self.start, self.end = _views(motion, fit, picture, frame, duration_s)

    @property
    def moves(self) -> bool:
        """Whether anything changes over time."""
        return place(self.start, self.fit, self.picture, self.frame) != place(
            self.end, self.fit, self.picture, self.frame
        )

    @property
    def greatest_factor(self) -> float:
        """The most frame pixels per picture pixel over the whole move."""
        return fit_factor(self.fit, self.picture, self.frame) * max(self.start.scale, self.end.scale)

    def view(self, progress: float) -> View:
        """Return the view at a progress, 0–1."""
        a, b = self.start, self.end
        p = smooth(progress) if self.eased else min(max(progress, 0.0), 1.0)
        scale = a.scale * (b.scale / a.scale) ** p
        # The centre is bound to the window's width (1 / scale), which keeps the fixed point of a zoom where it is.
        along = p if abs(a.scale - b.scale) < 1e-9 else (1 / a.scale - 1 / scale) / (1 / a.scale - 1 / b.scale)
        return View(a.cx + (b.cx - a.cx) * along, a.cy + (b.cy - a.cy) * along, scale)

    def at(self, progress: float) -> Placement:
        """Return where the picture lies at a progress, 0–1."""
        return place(self.view(progress), self.fit, self.picture, self.frame)


def _views(
    motion: Motion, fit: Fit, picture: tuple[int, int], frame: tuple[int, int], duration_s: float
) -> tuple[View, View]:
    whole = View(0.5, 0.5, 1.0)
    if motion.start is not None and motion.end is not None:
        return motion.start, motion.end
    if motion.name == "still":
        return whole, whole
    near = View(0.5, 0.5, 1.0 + min(max(ZOOM_PER_S * duration_s, ZOOM_LEAST), ZOOM_MOST))
    if motion.name == "zoom_out":
        return near, whole
    if motion.name == "zoom_in":
        return whole, near
    axis = 0 if motion.name in ("pan_left", "pan_right") else 1
    length = picture[axis] * fit_factor(fit, picture, frame)
    scale = 1.0 if length >= frame[axis] * PAN_SCALE else PAN_SCALE
    length *= scale
    if length <= frame[axis]:
        return whole, near  # no room to pan in, as with a tall picture fitted whole: a zoom moves at least
    most = max(PAN_SCALE - 1, PAN_PER_S * duration_s) * frame[axis]
    reach = min(length - frame[axis], most) / length / 2
    towards = -reach if motion.name in ("pan_left", "pan_up") else reach
    if axis == 0:
        return View(0.5 - towards, 0.5, scale), View(0.5 + towards, 0.5, scale)
    return View(0.5, 0.5 - towards, scale), View(0.5, 0.5 + towards, scale)
