"""EXIF and legacy IPTC: which camera or software the file names, and records that generators hide in comments.

Places are in EXIF too. They are never read here, not even to be thrown away later.
"""

from __future__ import annotations

import warnings

from ipynemo.concepts.generators import from_text
from ipynemo.concepts.statements import Statement, clean, unreadable

__all__ = ["from_comment", "from_exif", "from_iptc"]

_EXIF_IFD = 0x8769
_TAGS = {0x010F: "Make", 0x0110: "Model", 0x0131: "Software"}
_EXIF_TAGS = {0xA434: "LensModel"}
_COMMENT_TAGS = {0x010E: "ImageDescription", 0x9C9C: "XPComment"}
_USER_COMMENT = 0x9286
_MEANINGS = {
    "Make": "the maker of a camera or phone",
    "Model": "a camera or phone",
    "LensModel": "a lens",
    "Software": "the software that wrote the file",
}

# IPTC IIM 4.2, record 2.
_IPTC = {110: ("Credit", "who asks to be credited"), 65: ("OriginatingProgram", "the software that wrote the file")}
MAX_DATA_SETS = 1_000


def from_exif(block: bytes) -> list[Statement]:
    """Return the statements of one EXIF block; a note where it is broken."""
    from PIL import Image

    exif = Image.Exif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exif.load(block)
            first = dict(exif)
            inner = dict(exif.get_ifd(_EXIF_IFD))
    except Exception:  # noqa: BLE001 - a parser that is fed hostile bytes may fail in any way
        return [unreadable("EXIF", "the EXIF block")]
    found: list[Statement] = []
    for tag, field in _TAGS.items():
        text = _text(first.get(tag))
        record = from_text("EXIF", field, text) if text else None  # ComfyUI keeps its graph in Make and Model
        if record:
            found.append(record)
        elif text:
            found.append(Statement("EXIF", field, clean(text), _MEANINGS[field], "stated"))
    for tag, field in _EXIF_TAGS.items():
        if text := _text(inner.get(tag)):
            found.append(Statement("EXIF", field, clean(text), _MEANINGS[field], "stated"))
    comments = [(field, _text(first.get(tag))) for tag, field in _COMMENT_TAGS.items()]
    for field, text in [*comments, ("UserComment", _user_comment(inner.get(_USER_COMMENT)))]:
        if text and (record := from_text("EXIF", field, text)):
            found.append(record)
    return found


def _text(value: object) -> str:
    if isinstance(value, bytes):
        wide = b"\x00" in value[:8:2] or b"\x00" in value[1:8:2]  # Windows' XP fields are UTF-16
        return value.decode("utf-16-le" if wide else "utf-8", "replace").strip("\x00 ")
    return value.strip("\x00 ") if isinstance(value, str) else ""


def _user_comment(value: object) -> str:
    """Return a user comment by the code in its first eight bytes (EXIF 2.32, section 4.6.5)."""
    if not isinstance(value, bytes):
        return _text(value)
    code, body = value[:8], value[8:]
    if code == b"UNICODE\x00":
        # By the standard in the byte order of the file, which writers do not keep to; the zeros tell.
        big = body[:200:2].count(0) >= body[1:200:2].count(0)
        return body.decode("utf-16-be" if big else "utf-16-le", "replace").strip("\x00 ")
    return (body if code in (b"ASCII\x00\x00\x00", bytes(8)) else value).decode("utf-8", "replace").strip("\x00 ")


def from_iptc(block: bytes) -> list[Statement]:
    """Return the statements of one block of IPTC data sets (IIM 4.2, section 1.5)."""
    found: list[Statement] = []
    at = 0
    for _ in range(MAX_DATA_SETS):
        if at + 5 > len(block) or block[at] != 0x1C:
            break
        record, number, length = block[at + 1], block[at + 2], int.from_bytes(block[at + 3 : at + 5])
        if length & 0x8000:  # an extended data set: a picture preview or the like, nothing of interest
            break
        if record == 2 and number in _IPTC:
            field, meaning = _IPTC[number]
            raw = block[at + 5 : at + 5 + length]
            try:
                value = clean(raw.decode("utf-8"))
            except UnicodeDecodeError:
                value = clean(raw.decode("latin-1"))
            if value:
                found.append(Statement("IPTC", field, value, meaning, "stated"))
        at += 5 + length
    return found


def from_comment(block: bytes) -> list[Statement]:
    """Return the statement of a JPEG comment that holds a generator's record; else nothing."""
    record = from_text("comment", "comment", block.decode("utf-8", "replace"))
    return [record] if record else []
