"""ISO base media files - HEIC, AVIF, MP4, MOV - taken apart: the boxes that hold text, found without recursion.

Only a few paths are walked (ISO/IEC 14496-12 and 23008-12, QuickTime file format, XMP part 3), so a file that nests
boxes without end gets no further than they do. Places in films (`©xyz`, `location.ISO6709`) are not among the tags.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from ipynemo.concepts.blocks import MAX_BLOCK_BYTES, Blocks

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator

__all__ = ["brand_of", "read_boxes"]

MAX_ITEMS = 10_000

_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_RECORD_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_AVIF = frozenset({b"avif", b"avis", b"avio"})
_HEIF = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"mif2", b"miaf"})

# Tags of a film -> how the field is called. Anything else, above all names and places, is left unread.
_FILM_TAGS: dict[bytes, str] = {
    b"\xa9too": "Encoder",
    b"\xa9swr": "Software",
    b"\xa9mak": "Make",
    b"\xa9mod": "Model",
    b"\xa9cmt": "Comment",
    b"desc": "Description",
    b"\xa9des": "Description",
}
_FILM_KEYS: dict[str, str] = {
    "com.apple.quicktime.make": "Make",
    "com.apple.quicktime.model": "Model",
    "com.apple.quicktime.software": "Software",
    "com.android.manufacturer": "Make",
    "com.android.model": "Model",
    **{name: name for name in ("prompt", "workflow", "parameters", "comment", "description", "AIGC", "encoder")},
}

Span = tuple[bytes, int, int]


def brand_of(data: mmap.mmap) -> str:
    """Return "heif", "avif", "mp4" or "mov" by the first box; "" for any other file."""
    if data[4:8] != b"ftyp" or len(data) < 16:
        return "mov" if data[4:8] in (b"moov", b"wide", b"mdat") and len(data) >= 16 else ""
    end = min(int.from_bytes(data[:4]), 256)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, end - 3, 4))}
    if data[8:12] in _AVIF or (data[8:12] in _HEIF and brands & _AVIF):
        return "avif"
    if data[8:12] in _HEIF:
        return "heif"
    return "mov" if data[8:12] == b"qt  " else "mp4"


def _boxes(data: mmap.mmap, found: Blocks, start: int, end: int) -> Iterator[Span]:
    """Give the boxes between two places: type, start and end of what they hold."""
    at = start
    while at + 8 <= end:
        found.step()
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        elif size == 0:
            size = end - at
        if size < head or at + size > end:
            raise ValueError("the file ends in the middle of a part")
        yield kind, at + head, at + size
        at += size


def read_boxes(data: mmap.mmap, found: Blocks) -> None:
    """Hand over the texts of the file, in the order in which they lie there."""
    for kind, start, end in _boxes(data, found, 0, len(data)):
        if kind == b"uuid":
            _uuid(data, start, end, found)
        elif kind == b"meta":
            _items(data, start + 4, end, found)
        elif kind == b"moov":
            _film(data, start, end, found)


def _block(data: mmap.mmap, start: int, end: int) -> bytes:
    return data[start : min(end, start + MAX_BLOCK_BYTES + 1)]


def _uuid(data: mmap.mmap, start: int, end: int, found: Blocks) -> None:
    name = data[start : start + 16]
    if name == _XMP_UUID:
        found.add(found.xmp, _block(data, start + 16, end), "the XMP block")
    elif name == _RECORD_UUID:
        found.record_bytes += end - start


def _items(data: mmap.mmap, start: int, end: int, found: Blocks) -> None:
    """Read the items of a still picture: one is its EXIF block, one may be XMP."""
    inside = {kind: (a, b) for kind, a, b in _boxes(data, found, start, end)}
    if b"iinf" not in inside or b"iloc" not in inside:
        return
    wanted = _wanted_items(data, found, *inside[b"iinf"])
    idat = inside.get(b"idat", (0, 0))[0]
    for item, pieces in _places(data, *inside[b"iloc"], idat):
        kind = wanted.pop(item, None)  # an item that is named twice is read once
        if kind is None or sum(size for _, size in pieces) > MAX_BLOCK_BYTES:
            if kind is not None:
                found.fail(f"the {kind} block: too large to be read")
            continue
        block = b"".join(data[at : at + size] for at, size in pieces)
        if kind == "XMP":
            found.add(found.xmp, block, "the XMP block")
        else:
            skip = int.from_bytes(block[:4])  # to the TIFF header, ISO/IEC 23008-12, annex A
            found.add(found.exif, block[4 + skip :], "the EXIF block")


def _wanted_items(data: mmap.mmap, found: Blocks, start: int, end: int) -> dict[int, str]:
    count_bytes = 2 if data[start] == 0 else 4
    wanted: dict[int, str] = {}
    for kind, a, b in _boxes(data, found, start + 4 + count_bytes, end):
        version = data[a]
        if kind != b"infe" or version < 2:
            continue
        id_bytes = 2 if version == 2 else 4
        item = int.from_bytes(data[a + 4 : a + 4 + id_bytes])
        at = a + 4 + id_bytes + 2
        what = data[at : at + 4]
        if what == b"Exif":
            wanted[item] = "EXIF"
        elif what == b"mime" and b"application/rdf+xml" in data[at + 4 : min(b, at + 200)]:
            wanted[item] = "XMP"
    return wanted


def _places(data: mmap.mmap, start: int, end: int, idat: int) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Give the places of the items (ISO/IEC 14496-12, section 8.11.3)."""
    version = data[start]
    sizes, more = data[start + 4], data[start + 5]
    offset_bytes, length_bytes, base_bytes = sizes >> 4, sizes & 15, more >> 4
    index_bytes = more & 15 if version in (1, 2) else 0
    id_bytes = 4 if version == 2 else 2
    at = start + 6

    def number(count: int) -> int:
        nonlocal at
        if at + count > end:
            raise ValueError("the file ends in the middle of a part")
        at += count
        return int.from_bytes(data[at - count : at])

    extents = 0
    for _ in range(min(number(id_bytes), MAX_ITEMS)):
        item = number(id_bytes)
        method = number(2) & 15 if version in (1, 2) else 0
        number(2)  # data reference
        base = number(base_bytes)
        pieces = []
        for _ in range(number(2)):
            extents += 1
            if extents > MAX_ITEMS:
                raise ValueError("more parts than any real file has; the rest was not read")
            number(index_bytes)
            place, size = base + number(offset_bytes), number(length_bytes)
            pieces.append((place + (idat if method == 1 else 0), size))
        if method in (0, 1):
            yield item, pieces


def _film(data: mmap.mmap, start: int, end: int, found: Blocks) -> None:
    for kind, a, b in _boxes(data, found, start, end):
        if kind == b"meta":
            _tags(data, a, b, found)
        elif kind == b"udta":
            for name, c, d in _boxes(data, found, a, b):
                if name == b"meta":
                    _tags(data, c, d, found)
                elif name == b"XMP_":
                    found.add(found.xmp, _block(data, c, d), "the XMP block")
                elif name in _FILM_TAGS and d - c > 4:  # QuickTime: a length, a language, the text
                    found.text(_FILM_TAGS[name], _block(data, c + 4, d))


def _tags(data: mmap.mmap, start: int, end: int, found: Blocks) -> None:
    """Tags by number, of which a table has the names, or by four letters (QuickTime file format, "Metadata")."""
    if data[start + 4 : start + 8] != b"hdlr":
        start += 4  # a full box
    inside = {kind: (a, b) for kind, a, b in _boxes(data, found, start, end)}
    if b"ilst" not in inside:
        return
    names = _keys(data, *inside[b"keys"]) if b"keys" in inside else []
    for kind, a, b in _boxes(data, found, *inside[b"ilst"]):
        place = int.from_bytes(kind) - 1
        name = _FILM_KEYS.get(names[place]) if 0 <= place < len(names) else _FILM_TAGS.get(kind)
        if name:
            for inner, c, d in _boxes(data, found, a, b):
                if inner == b"data":
                    found.text(name, _block(data, c + 8, d))


def _keys(data: mmap.mmap, start: int, end: int) -> list[str]:
    names: list[str] = []
    at = start + 8
    while at + 8 <= end and len(names) < MAX_ITEMS:
        size = int.from_bytes(data[at : at + 4])
        if size < 8:
            raise ValueError("a table of names is broken")
        names.append(data[at + 8 : min(at + size, at + 108, end)].decode("utf-8", "replace"))
        at += size
    return names
