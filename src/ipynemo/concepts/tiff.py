"""TIFF directories, which are also what an EXIF block is: the tags that are asked for, and nothing else.

Directories point at one another by byte offsets, so a hostile file can make them a circle, or let a thousand tags claim
the same megabytes. Each directory is visited once, and no value is copied that was not asked for.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import mmap
    from collections.abc import Collection

__all__ = ["EXIF_DIRECTORY", "read_tags"]

EXIF_DIRECTORY = 0x8769  # the one directory that is followed; the one with places, 0x8825, never is
MAX_DIRECTORIES = 32  # pages of a file, or the two of an EXIF block
MAX_ENTRIES = 4_096
MAX_VALUE_BYTES = 4 << 20

# TIFF 6.0, section 2; EXIF 2.32, section 4.6.2; BigTIFF adds 16–18.
_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}


class _Layout(NamedTuple):
    items: struct.Struct
    entry: struct.Struct
    offset: struct.Struct


def read_tags(data: bytes | mmap.mmap, wanted: Collection[int]) -> dict[int, bytes]:
    """Return the raw values of tags, from the first directory and its EXIF directory.

    Raises
    ------
    ValueError
        The directories are broken, go in a circle, or are too many.
    """
    layout, first = _opened(data)
    found: dict[int, bytes] = {}
    seen: set[int] = set()
    at, number = first, 0
    while at:
        if at in seen or number >= MAX_DIRECTORIES:
            raise ValueError("the directories go in a circle, or there are too many")
        seen.add(at)
        exif, at = _directory(data, layout, at, wanted if number == 0 else (), found)
        if number == 0 and exif:
            if exif in seen:
                raise ValueError("the directories go in a circle")
            seen.add(exif)
            _directory(data, layout, exif, wanted, found)
        number += 1
    return found


def _opened(data: bytes | mmap.mmap) -> tuple[_Layout, int]:
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 8:
        raise ValueError("no TIFF header")
    (version,) = struct.unpack_from(f"{order}H", data, 2)
    if version == 42:
        layout = _Layout(struct.Struct(f"{order}H"), struct.Struct(f"{order}HHI4s"), struct.Struct(f"{order}I"))
        return layout, layout.offset.unpack_from(data, 4)[0]
    if version == 43 and len(data) >= 16:
        layout = _Layout(struct.Struct(f"{order}Q"), struct.Struct(f"{order}HHQ8s"), struct.Struct(f"{order}Q"))
        return layout, layout.offset.unpack_from(data, 8)[0]
    raise ValueError("no TIFF header")


def _directory(
    data: bytes | mmap.mmap, layout: _Layout, at: int, wanted: Collection[int], found: dict[int, bytes]
) -> tuple[int, int]:
    """Add what is wanted; return where the EXIF directory and the next one are, 0 for none."""
    if at + layout.items.size > len(data):
        raise ValueError("a directory lies outside")
    (count,) = layout.items.unpack_from(data, at)
    start = at + layout.items.size
    if count > MAX_ENTRIES or start + count * layout.entry.size > len(data):
        raise ValueError("a directory is too long")
    exif = 0
    for number in range(count):
        tag, kind, items, inline = layout.entry.unpack_from(data, start + number * layout.entry.size)
        if tag == EXIF_DIRECTORY and kind in (4, 13, 16, 18):
            exif = int(layout.offset.unpack(inline)[0]) if kind in (16, 18) or len(inline) == 4 else _long(inline, data)
        elif tag in wanted and tag not in found and kind in _BYTES:
            size = items * _BYTES[kind]
            place = layout.offset.unpack(inline)[0]
            if size <= len(inline):
                found[tag] = inline[:size]
            elif size <= MAX_VALUE_BYTES and place + size <= len(data):
                found[tag] = bytes(data[place : place + size])
            else:
                raise ValueError("a value lies outside, or is too large")
    end = start + count * layout.entry.size
    following = int(layout.offset.unpack_from(data, end)[0]) if end + layout.offset.size <= len(data) else 0
    return exif, following


def _long(inline: bytes, data: bytes | mmap.mmap) -> int:
    """Return a 32-bit offset that stands in the eight bytes of a BigTIFF entry."""
    return int(struct.unpack_from("<I" if data[:2] == b"II" else ">I", inline)[0])
