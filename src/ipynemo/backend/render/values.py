"""Reading values from a draft that anybody may have written: a wrong type is a missing value, never a traceback."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["Colour", "choice", "colour", "flag", "number", "object_of", "relative_luminance"]

_HEX = re.compile(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")


class Colour(NamedTuple):
    """An sRGB colour: red, green and blue 0–255, alpha 0–1."""

    red: int
    green: int
    blue: int
    alpha: float = 1.0

    @property
    def rgb(self) -> tuple[int, int, int]:
        """The colour without its alpha."""
        return (self.red, self.green, self.blue)


def object_of(value: Any) -> Mapping[str, Any]:
    """Return a JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def number(value: Any, default: float, low: float, high: float) -> float:
    """Return a number clamped to `low`–`high`, or `default` for what is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return default
    if isinstance(value, float) and not math.isfinite(value):
        return default
    return float(min(max(value, low), high))


def choice(value: Any, options: tuple[str, ...], default: str) -> str:
    """Return `value` where it is one of the options, else `default`."""
    return value if isinstance(value, str) and value in options else default


def flag(value: Any, *, default: bool) -> bool:
    """Return a JSON boolean, or `default` for anything else."""
    return value if isinstance(value, bool) else default


def colour(value: Any, default: Colour) -> Colour:
    """Return the colour that `#rgb`, `#rrggbb` or `#rrggbbaa` says, or `default`."""
    if not isinstance(value, str) or not _HEX.fullmatch(value.strip()):
        return default
    digits = value.strip()[1:]
    if len(digits) <= 4:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue, *alpha = bytes.fromhex(digits)
    return Colour(red, green, blue, alpha[0] / 255 if alpha else 1.0)


def relative_luminance(of: Colour) -> float:
    """Return the relative luminance, 0 for black and 1 for white (WCAG 2.2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in of.rgb)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
