"""A text laid out for the frame: paragraphs wrapped, balanced, and made smaller until they fit.

Sizes are in pixels of the frame. What does not fit even at the smallest readable size is cut, and … says so.
"""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ipynemo.backend.render.fonts import text_of
from ipynemo.backend.render.lines import Line, is_right_to_left, shortened, widest_word, wrapped

if TYPE_CHECKING:
    from ipynemo.backend.render.style import Style

__all__ = ["Block", "Paragraph", "PlacedLine", "lay_out", "paragraphs_of"]

MAX_CHARACTERS = 4_000  # more was never readable on a screen
ASCENT, DESCENT = 0.80, 0.24  # of the size: what stands above and below the base line of most letters
PITCH = 1.30  # from one base line to the next; CJK needs the room
STEP = 0.94  # how much smaller each try is
WORD_STEPS_LEAST = 0.6  # to keep a long word whole, letters shrink to this; below it, the word breaks
SMALLEST = 0.016  # of the short side: 17 px where it has 1080


@dataclass(frozen=True, slots=True)
class Paragraph:
    """What stands between two line ends. `size` is relative to the style's, `before` the gap above in its own size."""

    text: str
    size: float = 1.0
    weight: int = 400
    faint: bool = False
    before: float = 0.0


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line and where it stands: its base line, in pixels from the top of the block."""

    line: Line
    baseline: float
    size: int
    weight: int
    rtl: bool
    faint: bool


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that fit. `size` is the size that was reached, in pixels."""

    lines: tuple[PlacedLine, ...]
    width: float
    height: float
    size: float


def paragraphs_of(text: str, style: Style) -> list[Paragraph]:
    """Return the paragraphs of a text, the first one a heading where its role has one."""
    text = text_of(text[: MAX_CHARACTERS * 2])[:MAX_CHARACTERS].strip("\n")
    weight = 700 if style.bold else 400
    parts = [Paragraph(part.strip(), weight=weight) for part in text.split("\n")] if text.strip() else []
    if style.role == "caption":
        return [replace(part, weight=700 if style.bold else 500) for part in parts]
    if style.role == "lower_third" and len(parts) > 1:
        rest = [replace(part, size=0.68, weight=400, faint=True, before=0.16) for part in parts[1:]]
        return [parts[0], *rest]
    if style.role == "card" and len(parts) > 1:
        rest = [replace(part, size=0.82, before=0.34 if part.text else 0.0) for part in parts[1:]]
        return [replace(parts[0], weight=700), *rest]
    return parts


def _stack(paragraphs: list[Paragraph], size: float, width: float, *, balanced: bool) -> Block:
    placed: list[PlacedLine] = []
    y, widest = 0.0, 0.0
    for paragraph in paragraphs:
        own = max(1, round(size * paragraph.size))
        lines = wrapped(paragraph.text, own, paragraph.weight, width)
        if balanced and len(lines) > 1:
            lines = _balanced(paragraph, own, width, len(lines))
        rtl = is_right_to_left(paragraph.text)
        for number, line in enumerate(lines):
            if placed:
                y += own * (PITCH + (paragraph.before if number == 0 else 0.0)) - own * (ASCENT + DESCENT)
            y += own * ASCENT
            placed.append(PlacedLine(line, y, own, paragraph.weight, rtl, paragraph.faint))
            y += own * DESCENT
            widest = max(widest, line.width)
    return Block(tuple(placed), widest, y, size)


def _balanced(paragraph: Paragraph, size: int, width: float, count: int) -> list[Line]:
    """Return as many lines at about equal lengths: no single word is left alone on the last one."""
    low, high = width / count * 0.8, width
    for _ in range(7):
        middle = (low + high) / 2
        if len(wrapped(paragraph.text, size, paragraph.weight, middle)) > count:
            low = middle
        else:
            high = middle
    lines = wrapped(paragraph.text, size, paragraph.weight, high)
    return lines if len(lines) == count else wrapped(paragraph.text, size, paragraph.weight, width)


def _cut(block: Block, width: float, height: float) -> Block:
    kept = [line for line in block.lines if line.baseline + line.size * DESCENT <= height] or list(block.lines[:1])
    if len(kept) < len(block.lines):
        last = kept[-1]
        kept[-1] = replace(last, line=shortened(last.line, last.size, last.weight, width))
    bottom = kept[-1].baseline + kept[-1].size * DESCENT
    return Block(tuple(kept), max(placed.line.width for placed in kept), bottom, block.size)


def lay_out(
    paragraphs: list[Paragraph], size: float, width: float, height: float, short_px: int, *, balanced: bool
) -> Block:
    """Return the paragraphs in lines that fit into `width` × `height` pixels.

    Parameters
    ----------
    paragraphs : list of Paragraph
    size : float
        The size asked for, in pixels.
    width, height : float
        The room, in pixels.
    short_px : int
        The frame's short side; what is readable depends on it.
    balanced : bool
        Whether lines are to be of about equal length.
    """
    if not paragraphs:
        return Block((), 0.0, 0.0, size)
    least = min(size, max(6.0, SMALLEST * short_px))

    def fits(tried: float) -> bool:
        block = _stack(paragraphs, tried, width, balanced=False)
        if block.height > height or block.width > width + 1:
            return False
        return tried < least / WORD_STEPS_LEAST or all(
            widest_word(part.text, max(1, round(tried * part.size)), part.weight) <= width for part in paragraphs
        )

    # The largest step that fits, by halving: setting a long text is the slow part.
    sizes = [size * STEP**n for n in range(round(math.log(least / size) / math.log(STEP)))] + [least]
    place = 0 if len(sizes) == 1 or fits(size) else bisect.bisect_left(sizes, True, lo=1, hi=len(sizes) - 1, key=fits)
    block = _stack(paragraphs, sizes[place], width, balanced=balanced)
    return block if block.height <= height and block.width <= width + 1 else _cut(block, width, height)
