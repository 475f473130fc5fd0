"""Which font draws which character: a chain of Noto fonts, asked in order, so that no script comes out as boxes.

The fonts lie in two packages of the extra `local`. Which characters a font has is read from its own table (`cmap`).
A character that no font has is drawn as � – seen, and seen to be missing.
"""

from __future__ import annotations

import bisect
import struct
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from PIL import ImageFont, features

__all__ = ["SUBSTITUTE", "Face", "clusters", "face_for", "has_shaping", "measure", "sized", "text_of"]

SUBSTITUTE = "\N{REPLACEMENT CHARACTER}"

_CJK_FACES = {"ja": 0, "ko": 1, "zh": 2}  # the same character is written differently in each
_JOINER, _EMOJI_STYLE, _TEXT_STYLE, _KEYCAP = "\u200d", "\ufe0f", "\ufe0e", "\u20e3"


@dataclass(frozen=True, slots=True)
class Face:
    """One font in a file. `key` is its name in the chain."""

    key: str
    path: str
    index: int = 0


def _table(data: memoryview, index: int) -> memoryview:
    """Return the `cmap` table of a font or of one in a collection."""
    start = 0
    if bytes(data[:4]) == b"ttcf":
        start = struct.unpack_from(">I", data, 12 + 4 * index)[0]
    for number in range(struct.unpack_from(">H", data, start + 4)[0]):
        tag, _, offset, length = struct.unpack_from(">4sIII", data, start + 12 + 16 * number)
        if tag == b"cmap":
            return data[offset : offset + length]
    return data[:0]


def _ranges(cmap: memoryview) -> list[tuple[int, int]]:
    """Return the character ranges of the best subtable (formats 12 and 4; OpenType 1.9, chapter cmap)."""
    if len(cmap) < 4:
        return []
    offsets = [struct.unpack_from(">HHI", cmap, 4 + 8 * n) for n in range(struct.unpack_from(">H", cmap, 2)[0])]
    tables = {struct.unpack_from(">H", cmap, offset)[0]: offset for _, _, offset in offsets}
    if 12 in tables:
        at = tables[12]
        count = struct.unpack_from(">I", cmap, at + 12)[0]
        return [struct.unpack_from(">II", cmap, at + 16 + 12 * n) for n in range(count)]
    if 4 not in tables:
        return []
    at = tables[4]
    half = struct.unpack_from(">H", cmap, at + 6)[0] // 2
    ends = struct.unpack_from(f">{half}H", cmap, at + 14)
    starts = struct.unpack_from(f">{half}H", cmap, at + 16 + 2 * half)
    found = []
    for number, (first, last) in enumerate(zip(starts, ends, strict=True)):
        if first == 0xFFFF:
            continue
        where = at + 16 + 6 * half + 2 * number
        jump = struct.unpack_from(">H", cmap, where)[0]
        if not jump:
            found.append((first, last))
            continue
        glyphs = struct.unpack_from(f">{last - first + 1}H", cmap, where + jump)
        found += [(first + place, first + place) for place, glyph in enumerate(glyphs) if glyph]
    return sorted(found)


@cache
def _coverage(face: Face) -> tuple[list[int], list[int]]:
    with Path(face.path).open("rb") as file:
        data = memoryview(file.read())
    ranges = sorted(_ranges(_table(data, face.index)))
    return [first for first, _ in ranges], [last for _, last in ranges]


def has_character(face: Face, character: str) -> bool:
    """Return whether a font has a glyph for a character."""
    firsts, lasts = _coverage(face)
    place = bisect.bisect_right(firsts, ord(character)) - 1
    return place >= 0 and ord(character) <= lasts[place]


@cache
def _chain(language: str) -> tuple[Face, ...]:
    folder = Path(str(files("manimgx_fonts")))
    scripts = sorted(p for p in folder.glob("NotoSans*.ttf") if "Italic" not in p.name)
    first = [p for p in scripts if p.name.startswith("NotoSans[")]
    symbols = [p for p in scripts if p.name.startswith("NotoSansSymbols")]
    others = [p for p in scripts if p not in first and p not in symbols]
    chain = [Face(p.name.split("[")[0], str(p)) for p in (*first, *others, *symbols)]
    cjk = sorted(Path(str(files("manimgx_fonts_cjk"))).glob("*.ttc"))
    chain += [Face("NotoSansCJK", str(path), _CJK_FACES[language]) for path in cjk]
    return (*chain, *(Face("NotoEmoji", str(p)) for p in sorted(folder.glob("NotoEmoji*.ttf"))))


def language_of(text: str) -> str:
    """Return which CJK forms a text wants, judged by its letters: `ja` with kana, `ko` with hangul, else `zh`."""
    for character in text:
        if "\u3040" <= character <= "\u30ff":
            return "ja"
        if "\uac00" <= character <= "\ud7a3" or "\u1100" <= character <= "\u11ff":
            return "ko"
    return "zh"


def _ignorable(character: str) -> bool:
    """Whether a character has no glyph of its own, and shapes its neighbours at most."""
    return unicodedata.category(character) == "Cf" or character in (_EMOJI_STYLE, _TEXT_STYLE)


def _is_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def clusters(text: str) -> list[str]:
    """Return the text in pieces that must stay together: letters with their accents, emoji sequences, flags."""
    pieces: list[str] = []
    for character in text:
        previous = pieces[-1] if pieces else ""
        joins = (
            unicodedata.category(character) in ("Mn", "Mc", "Me")
            or character in (_JOINER, _EMOJI_STYLE, _TEXT_STYLE, _KEYCAP)
            or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
            or "\U000e0020" <= character <= "\U000e007f"  # the letters of flags such as Scotland's
            or previous.endswith(_JOINER)
            or (_is_flag(character) and len(previous) == 1 and _is_flag(previous))
        )
        if previous and joins and not previous.isspace():
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _wants_emoji(cluster: str) -> bool:
    return _TEXT_STYLE not in cluster and (
        _EMOJI_STYLE in cluster or _KEYCAP in cluster or any(c >= "\U0001f000" for c in cluster[:1])
    )


@lru_cache(maxsize=8192)
def face_for(cluster: str, language: str = "zh", *, cjk_first: bool = False) -> tuple[Face, str]:
    """Return the font that draws a cluster, and the text to draw with it.

    Parameters
    ----------
    cluster : str
        One of `clusters`.
    language : {"zh", "ja", "ko"}
        Whose forms of CJK characters to take.
    cjk_first : bool
        Whether a CJK neighbour wants its own form of a sign that Latin text has too, such as “ and —.
    """
    chain = _chain(language)
    order = list(chain)
    if _wants_emoji(cluster):
        order.sort(key=lambda face: face.key != "NotoEmoji")
    elif cjk_first:
        order.sort(key=lambda face: face.key != "NotoSansCJK")
    needed = [c for c in cluster if not _ignorable(c)]
    for face in order:
        if all(has_character(face, c) for c in needed):
            return face, cluster
    plain = unicodedata.normalize("NFKC", cluster)
    if plain != cluster:  # such as a mathematical 𝕏, which an X stands for well
        return face_for(plain, language)
    for face in order:  # a letter without its accent says more than no letter
        if needed and has_character(face, needed[0]):
            known = "".join(c for c in cluster if _ignorable(c) or has_character(face, c))
            return face, known + SUBSTITUTE if has_character(face, SUBSTITUTE) else known
    return chain[0], SUBSTITUTE


def text_of(value: str) -> str:
    r"""Return a text with composed letters, line ends as `\\n`, and without control characters."""
    value = value.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    value = value.replace("\t", " ").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return "".join(c for c in unicodedata.normalize("NFC", value) if c == "\n" or unicodedata.category(c) != "Cc")


@cache
def has_shaping() -> bool:
    """Return whether this Pillow can shape text (Arabic, Indic scripts, emoji sequences)."""
    return bool(features.check("raqm"))


@lru_cache(maxsize=256)
def sized(face: Face, size: int, weight: int) -> ImageFont.FreeTypeFont:
    """Return a font at a size in pixels and a weight (400 regular, 700 bold), as near as the font has it."""
    engine = ImageFont.Layout.RAQM if has_shaping() else ImageFont.Layout.BASIC
    font = ImageFont.truetype(face.path, size, face.index, layout_engine=engine)
    axes = font.get_variation_axes()
    if axes:
        wanted: list[float] = [
            min(max(weight, int(axis["minimum"] or 0)), int(axis["maximum"] or 0))
            if axis["name"] in (b"Weight", b"wght")
            else int(axis["default"] or 0)
            for axis in axes
        ]
        font.set_variation_by_axes(wanted)
    return font


@lru_cache(maxsize=16384)
def measure(text: str, face: Face, size: int, weight: int) -> float:
    """Return how wide a text is, in pixels."""
    return float(sized(face, size, weight).getlength(text))
