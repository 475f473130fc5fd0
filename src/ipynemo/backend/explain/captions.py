"""Captions: sentences in, timed pieces out, short enough to read and shown long enough to be read.

Widths are counted in columns: a Latin letter takes one, a Chinese character two.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

__all__ = ["LEAST_MS", "LINE_COLUMNS", "Caption", "columns", "shorten", "timed"]

LINE_COLUMNS = 42  # the usual limit of subtitling guides for one line
MAX_LINES = 2
LEAST_MS = 1200


@dataclass(frozen=True, slots=True)
class Caption:
    """A piece of speech: text of at most two lines, and when it is shown."""

    start_ms: int
    duration_ms: int
    text: str


def columns(text: str) -> int:
    """Return the width of a text.

    Examples
    --------
    >>> columns("abc"), columns("图片")
    (3, 4)
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def shorten(text: str, most: int) -> str:
    """Return the text in at most so many columns, with an ellipsis where something is missing."""
    if columns(text) <= most:
        return text
    kept, width = "", 0
    for char in text:
        width += columns(char)
        if width > most - 1:
            break
        kept += char
    return kept.rstrip() + "…"


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"


def _starts_word(char: str, before: str) -> bool:
    if not before or before.endswith((" ", "，", "：", "；", "、")):
        return True
    if _is_wide(char):
        return not unicodedata.category(char).startswith("P") and not before.endswith("（")
    return _is_wide(before[-1]) and char.isalnum()


def _words(sentence: str) -> list[str]:
    """Return the pieces that a line may be broken between: words, and single wide characters with their stops."""
    words = [""]
    for char in sentence:
        if words[-1] and _starts_word(char, words[-1]):
            words.append("")
        words[-1] += char
    return [piece for word in words for piece in _chopped(word)]


def _chopped(word: str) -> list[str]:
    if columns(word) <= LINE_COLUMNS:
        return [word]
    pieces = [""]
    for char in word:
        if columns(pieces[-1] + char) > LINE_COLUMNS:
            pieces.append("")
        pieces[-1] += char
    return pieces


def _lines(sentence: str, most: int) -> list[str]:
    lines = [""]
    for word in _words(sentence):
        if lines[-1] and columns((lines[-1] + word).rstrip()) > most:
            lines.append("")
        lines[-1] += word
    return [line.strip() for line in lines if line.strip()]


def pieces(sentence: str) -> list[str]:
    """Return a sentence as captions of at most two lines, the lines about equally long."""
    lines = _lines(sentence, LINE_COLUMNS)
    shown = []
    for first in range(0, len(lines), MAX_LINES):
        pair = lines[first : first + MAX_LINES]
        if len(pair) == MAX_LINES and len(lines) == MAX_LINES:
            pair = _at_a_stop(sentence) or _balanced(sentence) or pair
        shown.append("\n".join(pair))
    return shown


def _at_a_stop(sentence: str) -> list[str] | None:
    """Break behind a comma or the like, where one stands near the middle."""
    width = columns(sentence)
    stops = [i + 1 for i, char in enumerate(sentence) if char in "，：；—" or sentence[i : i + 2] in (", ", "; ", ": ")]
    stops = [i for i in stops if width * 0.3 <= columns(sentence[:i]) <= width * 0.7]
    for stop in sorted(stops, key=lambda i: abs(columns(sentence[:i]) - width / 2)):
        pair = [sentence[:stop].strip(), sentence[stop:].strip()]
        if max(map(columns, pair)) <= LINE_COLUMNS:
            return pair
    return None


def _balanced(sentence: str) -> list[str] | None:
    tries = (_lines(sentence, most) for most in range(-(-columns(sentence) // 2), LINE_COLUMNS + 1))
    return next((lines for lines in tries if len(lines) <= MAX_LINES), None)


def _choose(sentences: list[str], duration_ms: int, columns_per_s: float) -> list[str]:
    chosen: list[str] = []
    for sentence in sentences:
        shown = chosen + pieces(sentence)
        width = sum(columns(piece) for piece in shown)
        fits = width <= columns_per_s * duration_ms / 1000 and len(shown) * LEAST_MS <= duration_ms
        if chosen and not fits:
            break
        chosen = shown
    return chosen[: max(1, duration_ms // LEAST_MS)]


def timed(sentences: list[str], start_ms: int, duration_ms: int, columns_per_s: float) -> list[Caption]:
    """Return as many of the sentences as there is time to read, the first one always, each for at least 1.2 s.

    Parameters
    ----------
    sentences : list of str
        In the order in which they are said, the most important first.
    start_ms, duration_ms : int
        The time that they have together.
    columns_per_s : float
        How fast people read this language comfortably.
    """
    shown = _choose(sentences, duration_ms, columns_per_s)
    spare = duration_ms - LEAST_MS * len(shown)
    weight = sum(columns(text) for text in shown) or 1
    captions, said, start = [], 0, start_ms
    for number, text in enumerate(shown, 1):
        said += columns(text)
        even = start_ms + round(duration_ms * number / len(shown))
        end = start_ms + LEAST_MS * number + round(spare * said / weight) if spare > 0 else even
        captions.append(Caption(start, end - start, text))
        start = end
    return captions
