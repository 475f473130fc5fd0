"""EXIF and legacy IPTC: which camera or software the file names, and records that generators hide in comments.

Places are in EXIF too, and serial numbers, and names. They are never read here, not even to be thrown away later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipynemo.concepts.generators import from_text, speaks_of_ai
from ipynemo.concepts.statements import Statement, clean, unreadable
from ipynemo.concepts.tiff import read_tags

if TYPE_CHECKING:
    import mmap

__all__ = ["from_comment", "from_exif", "from_iptc"]

_TAGS = {0x010F: "Make", 0x0110: "Model", 0x0131: "Software", 0xA434: "LensModel"}
_EDITORS = {0xA43A: "RAWDevelopingSoftware", 0xA43B: "ImageEditingSoftware"}  # EXIF 3.0
_XP_COMMENT = 0x9C9C
_COMMENT_TAGS = {0x010E: "ImageDescription", _XP_COMMENT: "XPComment"}
_USER_COMMENT = 0x9286
_WANTED = frozenset({*_TAGS, *_EDITORS, *_COMMENT_TAGS, _USER_COMMENT})
_MEANINGS = {
    "Make": "the maker of a camera or phone",
    "Model": "a camera or phone",
    "LensModel": "a lens",
    "Software": "the software that wrote the file",
    "RAWDevelopingSoftware": "the software that developed the photograph",
    "ImageEditingSoftware": "the software that edited the picture",
}

# IPTC IIM 4.2, record 2.
_IPTC = {110: ("Credit", "who asks to be credited"), 65: ("OriginatingProgram", "the software that wrote the file")}
MAX_DATA_SETS = 1_000
MAX_FIELD_BYTES = 400  # of a name; longer ones can only be a record


def from_exif(block: bytes | mmap.mmap) -> list[Statement]:
    """Return the statements of one EXIF block, or of a TIFF file; a note where it is broken."""
    if block[:6] in (b"Exif\x00\x00", b"Exif\x00\xff"):
        block = block[6:]
    if not block:
        return []
    try:
        tags = read_tags(block, _WANTED)
    except ValueError:
        return [unreadable("EXIF", "the EXIF block")]
    found: list[Statement] = []
    for tag, field in {**_TAGS, **_EDITORS}.items():
        text = _text(tags, tag)
        record = from_text("EXIF", field, text) if len(text) > MAX_FIELD_BYTES or "{" in text else None
        if record:  # ComfyUI keeps its graph in Make and Model
            found.append(record)
        elif text:
            found.append(Statement("EXIF", field, clean(text), _MEANINGS[field], "stated"))
    comments = [(field, _text(tags, tag)) for tag, field in _COMMENT_TAGS.items()]
    for field, text in [*comments, ("UserComment", _user_comment(tags.get(_USER_COMMENT, b"")))]:
        if text and (record := from_text("EXIF", field, text)):
            found.append(record)
    return found


def _text(tags: dict[int, bytes], tag: int) -> str:
    value = tags.get(tag, b"")
    if tag == _XP_COMMENT:
        return value.decode("utf-16-le", "replace").strip("\x00 ")
    return value.partition(b"\x00")[0].decode("utf-8", "replace").strip()


def _user_comment(value: bytes) -> str:
    """Return a user comment by the code in its first eight bytes (EXIF 2.32, section 4.6.5)."""
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
            if value and (field != "Credit" or speaks_of_ai(value)):  # else it is a person's or an agency's name
                found.append(Statement("IPTC", field, value, meaning, "stated"))
        at += 5 + length
    return found


def from_comment(block: bytes) -> list[Statement]:
    """Return the statement of a comment that holds a generator's record; else nothing."""
    record = from_text("comment", "comment", block.decode("utf-8", "replace"))
    return [record] if record else []
