"""Text becomes lines: where a line may break, which font draws each piece, and in which direction it runs.

No pixels here. Breaks follow the habits of each script: at spaces, after hyphens, between any two CJK characters
except before a closing mark or after an opening one, and within a word only where it fits on no line.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from ipynemo.backend.render.fonts import Face, clusters, face_for, language_of, measure

__all__ = ["Line", "Piece", "Run", "is_right_to_left", "pieces_of", "shortened", "visual_runs", "wrapped"]

# Marks that must not begin a line, and those that must not end one (JIS X 4051, GB/T 15834).
_NOT_FIRST = set("、。，．・：；？！ー々〻ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ")
_NOT_FIRST |= set("」』）］｝〉》】〕〗”’…‥—～,.!?;:)]}%％℃°")
_NOT_LAST = set("「『（［｛〈《【〔〖“‘([{$￥¥£€#＃")
_BREAK_AFTER = set("-‐–—/\u200b")
_AMBIGUOUS = set("“”‘’…—·")  # CJK text has its own, wider forms of these


@dataclass(frozen=True, slots=True)
class Piece:
    """A cluster and its font. `breaks` says whether a line may end behind it."""

    text: str
    face: Face
    breaks: bool

    @property
    def is_space(self) -> bool:
        """Whether it is white space, which counts for nothing at the end of a line."""
        return self.text.isspace()


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring pieces in one font and one direction."""

    text: str
    face: Face
    rtl: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its pieces in reading order, and how wide they are in pixels."""

    pieces: tuple[Piece, ...]
    width: float


def _is_cjk(cluster: str) -> bool:
    return unicodedata.east_asian_width(cluster[0]) in ("W", "F")


def _may_break(here: str, following: str) -> bool:
    if following.isspace() or (not here.isspace() and following[0] in _NOT_FIRST | _BREAK_AFTER):
        return False
    if here.isspace():
        return here not in ("\u00a0", "\u202f")
    if here[-1] in _BREAK_AFTER:
        return not following[0].isdigit()
    return (_is_cjk(here) or _is_cjk(following)) and here[-1] not in _NOT_LAST


@lru_cache(maxsize=512)
def pieces_of(text: str) -> tuple[Piece, ...]:
    """Return one paragraph in pieces."""
    parts = clusters(text)
    language = language_of(text)
    pieces = []
    for number, part in enumerate(parts):
        following = parts[number + 1] if number + 1 < len(parts) else ""
        previous = parts[number - 1] if number else ""
        beside_cjk = part in _AMBIGUOUS and any(p and _is_cjk(p) for p in (previous, following))
        if part.isspace():
            face, drawn = face_for(" ")[0], " "
        else:
            face, drawn = face_for(part, language, cjk_first=beside_cjk)
        pieces.append(Piece(drawn, face, bool(following) and _may_break(part, following)))
    return tuple(pieces)


def _runs(pieces: tuple[Piece, ...]) -> list[Run]:
    runs: list[Run] = []
    for piece in pieces:
        if runs and (runs[-1].face == piece.face or piece.is_space):
            runs[-1] = Run(runs[-1].text + piece.text, runs[-1].face)
        else:
            runs.append(Run(piece.text, piece.face))
    return runs


def _width(pieces: tuple[Piece, ...], size: int, weight: int) -> float:
    return sum(measure(run.text, run.face, size, weight) for run in _runs(pieces))


def _trimmed(pieces: list[Piece]) -> tuple[Piece, ...]:
    while pieces and pieces[-1].is_space:
        pieces = pieces[:-1]
    return tuple(pieces)


def _words(pieces: tuple[Piece, ...]) -> list[tuple[Piece, ...]]:
    words: list[list[Piece]] = [[]]
    for piece in pieces:
        words[-1].append(piece)
        if piece.breaks:
            words.append([])
    return [tuple(word) for word in words if word]


def widest_word(text: str, size: int, weight: int) -> float:
    """Return the width of the widest piece that should stay on one line; long chains such as URLs do not count."""
    words = (_trimmed(list(word)) for word in _words(pieces_of(text)))
    return max((_width(word, size, weight) for word in words if len(word) <= 30), default=0.0)


def wrapped(text: str, size: int, weight: int, width: float) -> list[Line]:
    """Return one paragraph in lines that are at most `width` pixels wide; an empty one is one empty line."""
    lines: list[Line] = []
    current: list[Piece] = []
    used = 0.0

    def finish() -> None:
        nonlocal used
        kept = _trimmed(current)
        lines.append(Line(kept, _width(kept, size, weight)))
        current.clear()
        used = 0.0

    for word in _words(pieces_of(text)):
        whole = _width(word, size, weight)
        bare = _width(_trimmed(list(word)), size, weight)
        if current and used + bare > width:
            finish()
        if bare <= width:
            current += word
            used += whole
            continue
        for piece in word:  # wider than any line: it breaks where the line is full
            step = measure(piece.text, piece.face, size, weight)
            if current and used + step > width:
                finish()
            current.append(piece)
            used += step
    if current or not lines:
        finish()
    return lines


def shortened(line: Line, size: int, weight: int, width: float) -> Line:
    """Return a line that ends in … and still fits, to show that text was left out."""
    dots = pieces_of("…")
    pieces = line.pieces
    while pieces and _width((*pieces, *dots), size, weight) > width:
        pieces = pieces[:-1]
    pieces = (*_trimmed(list(pieces)), *dots)
    return Line(pieces, _width(pieces, size, weight))


def is_right_to_left(text: str) -> bool:
    """Return whether the first letter that has a direction runs from right to left (UAX #9, rule P2)."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("R", "AL"):
            return True
        if kind == "L":
            return False
    return False


def _kinds(pieces: tuple[Piece, ...]) -> list[str | None]:
    """Return for every piece L, R, EN (digits after right-to-left letters), or None where neighbours decide."""
    kinds: list[str | None] = []
    last = "L"
    for place, piece in enumerate(pieces):
        own = unicodedata.bidirectional(piece.text[0])
        if own in ("L", "R", "AL"):
            last = "L" if own == "L" else "R"
            kinds.append(last)
        elif own in ("EN", "AN"):
            kinds.append("L" if last == "L" else "EN")
        elif own == "CS" and kinds and kinds[-1] == "EN" and _is_digit(pieces, place + 1):
            kinds.append("EN")  # the point of 3.5 and the colon of 10:30 belong to the number
        else:
            kinds.append(None)
    return kinds


def _is_digit(pieces: tuple[Piece, ...], place: int) -> bool:
    return place < len(pieces) and unicodedata.bidirectional(pieces[place].text[0]) in ("EN", "AN")


def _levels(pieces: tuple[Piece, ...], base: int) -> list[int]:
    """Return embedding levels, 0–2: the part of the bidirectional algorithm that text without controls needs."""
    kinds = _kinds(pieces)
    own = {"L": 2 if base else 0, "R": 1, "EN": 2}
    beside = {"L": own["L"], "R": 1, "EN": 1}  # for what stands between, a number counts as right to left (rule N1)
    levels: list[int] = []
    for place, kind in enumerate(kinds):
        if kind is not None:
            levels.append(own[kind])
            continue
        before = next((beside[k] for k in reversed(kinds[:place]) if k), base)
        after = next((beside[k] for k in kinds[place + 1 :] if k), base)
        levels.append(before if before == after else base)
    return levels


def visual_runs(pieces: tuple[Piece, ...], *, rtl: bool) -> list[Run]:
    """Return the runs of a line from left to right, as they are drawn (UAX #9, rule L2)."""
    if all(unicodedata.bidirectional(c) not in ("R", "AL", "AN") for piece in pieces for c in piece.text):
        return _runs(pieces)
    levels = _levels(pieces, 1 if rtl else 0)
    stretches: list[tuple[int, list[Piece]]] = []
    for level, piece in zip(levels, pieces, strict=True):
        if stretches and stretches[-1][0] == level:
            stretches[-1][1].append(piece)
        else:
            stretches.append((level, [piece]))
    for least in (2, 1):
        ordered: list[tuple[int, list[Piece]]] = []
        group: list[tuple[int, list[Piece]]] = []
        for stretch in stretches:
            if stretch[0] >= least:
                group.append(stretch)
            else:
                ordered += [*reversed(group), stretch]
                group = []
        stretches = [*ordered, *reversed(group)]
    drawn: list[Run] = []
    for level, inside in stretches:
        runs = [Run(run.text, run.face, level == 1) for run in _runs(tuple(inside))]
        drawn.extend(reversed(runs) if level == 1 else runs)
    return drawn
