"""How a text looks: what the draft says, and for the rest the defaults of its role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ipynemo.backend.render.values import Colour, choice, colour, flag, number, object_of, relative_luminance

__all__ = ["PLACES", "ROLES", "Role", "Style", "to_style"]

Role = Literal["title", "lower_third", "caption", "card"]

ROLES = ("title", "lower_third", "caption", "card")
PLACES = ("top", "center", "bottom", "top_left", "top_right", "bottom_left", "bottom_right")

WHITE = Colour(255, 255, 255)
INK = Colour(16, 20, 24)
ACCENT = Colour(79, 195, 247)
MAX_SWATCHES = 24


@dataclass(frozen=True, slots=True)
class Style:
    """The look of one text; `size` is in pixels where the frame's short side has 1080."""

    role: Role
    place: str | tuple[float, float]
    size: float
    colour: Colour
    background: Colour | None
    bold: bool
    fade_ms: float
    swatches: tuple[Colour, ...] = ()

    @property
    def halo(self) -> Colour:
        """The colour that the text stands out from best: dark behind light letters, light behind dark ones."""
        return INK if relative_luminance(self.colour) > 0.18 else WHITE


_DEFAULTS: dict[str, Style] = {
    "title": Style("title", "center", 84, WHITE, None, bold=True, fade_ms=300),
    "lower_third": Style("lower_third", "bottom_left", 48, WHITE, INK._replace(alpha=0.84), bold=True, fade_ms=300),
    "caption": Style("caption", "bottom", 40, WHITE, INK._replace(alpha=0.76), bold=False, fade_ms=200),
    "card": Style("card", "center", 44, WHITE, INK._replace(alpha=0.88), bold=False, fade_ms=300),
}


def _role(style: Mapping[str, Any], track: Mapping[str, Any]) -> str:
    given = choice(style.get("role"), ROLES, "")
    return given or choice(track.get("role"), ROLES, "caption" if track.get("role") == "subtitle" else "title")


def _place(value: Any, default: str | tuple[float, float]) -> str | tuple[float, float]:
    if isinstance(value, list) and len(value) == 2:
        return (number(value[0], 0.5, 0, 1), number(value[1], 0.5, 0, 1))
    return value if isinstance(value, str) and value in PLACES else default


def to_style(meta: Mapping[str, Any], track_meta: Mapping[str, Any]) -> Style:
    """Read the style of a text segment from its `m` and its track's `m`."""
    given = object_of(meta.get("style"))
    base = _DEFAULTS[_role(given, track_meta)]
    background = base.background
    if "background" in given:
        panel = given["background"]
        # An explicit null means no panel; an unreadable colour means the role's own.
        background = None if panel is None else colour(panel, base.background or INK._replace(alpha=0.84))
    swatches = given.get("swatches")
    fields = [colour(item, Colour(0, 0, 0, 0)) for item in swatches] if isinstance(swatches, list) else []
    return Style(
        role=base.role,
        place=_place(given.get("place"), base.place),
        size=number(given.get("size"), base.size, 12, 400),
        colour=colour(given.get("color"), base.colour),
        background=background,
        bold=flag(given.get("bold"), default=base.bold),
        fade_ms=number(given.get("fade_ms"), base.fade_ms, 0, 10_000),
        swatches=tuple(field for field in fields if field.alpha > 0)[:MAX_SWATCHES],
    )
