"""Duration and size of an MP4, from its own header (ISO/IEC 14496-12, boxes `mvhd` and `tkhd`).

The client has no media library: a clip that comes from the cloud is measured by these few boxes. The boxes also tell
whether the file is whole, where the connection did not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ipynemo.errors import ProtocolError

__all__ = ["measure", "measured"]

MAX_HEADER_BYTES = 64 << 20  # `moov` of a day of video; more is not a header


def _boxes(data: bytes) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        head = 8
        if size == 1 and at + 16 <= len(data):
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        elif size == 0:
            size = len(data) - at
        if size < head:
            break
        found.setdefault(data[at + 4 : at + 8], []).append(data[at + head : at + size])
        at += size
    return found


def _outer_boxes(file: BinaryIO, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, begin and end of the contents of each box of the file; the end may lie behind the file's."""
    at = 0
    while at < end:
        file.seek(at)
        head = file.read(8)
        size, used = int.from_bytes(head[:4], "big"), 8
        if size == 1:
            size, used = int.from_bytes(file.read(8), "big"), 16
        elif size == 0:  # up to the end of the file
            size = end - at
        if len(head) < 8 or size < used:
            return
        yield head[4:], at + used, at + size
        at += size


def measure(path: Path) -> tuple[float, int, int]:
    """Return duration in seconds, width and height in pixels as displayed.

    Raises
    ------
    ProtocolError
        It is not an MP4, its header holds no video, or its end is missing.
    """
    with path.open("rb") as file:
        return measured(file)


def measured(file: BinaryIO) -> tuple[float, int, int]:
    """Return the same of an open file; see `measure`."""
    moov = b""
    end = file.seek(0, os.SEEK_END)
    for kind, begins, ends in _outer_boxes(file, end):
        if ends > end:
            raise ProtocolError(f"The video is not whole: {ends - end} bytes are missing.", hint="Export it again.")
        if kind == b"moov" and not moov and ends - begins <= MAX_HEADER_BYTES:
            file.seek(begins)
            moov = file.read(ends - begins)
    boxes = _boxes(moov)
    header = (boxes.get(b"mvhd") or [b""])[0]
    wide = header[:1] == b"\x01"
    at = 20 if wide else 12
    scale = int.from_bytes(header[at : at + 4], "big")
    duration = int.from_bytes(header[at + 4 : at + (12 if wide else 8)], "big")
    for track in boxes.get(b"trak", []):
        tkhd = (_boxes(track).get(b"tkhd") or [b""])[0]
        matrix = 52 if tkhd[:1] == b"\x01" else 40
        width = int.from_bytes(tkhd[matrix + 36 : matrix + 38], "big")
        height = int.from_bytes(tkhd[matrix + 40 : matrix + 42], "big")
        turned = any(tkhd[matrix + 4 : matrix + 8])  # the matrix's b: a quarter turn
        if scale and width and height:
            return duration / scale, *((height, width) if turned else (width, height))
    raise ProtocolError("What came is not a video that can be played.", hint="Export it again.")
