"""Duration and size of an MP4, from its own header (ISO/IEC 14496-12, boxes `mvhd` and `tkhd`).

The client has no media library: a clip that comes from the cloud is measured by these few boxes.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from ipynemo.errors import ProtocolError

__all__ = ["measure"]

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


def _moov(file: BinaryIO) -> bytes | None:
    while True:
        head = file.read(8)
        if len(head) < 8:
            return None
        size = int.from_bytes(head[:4], "big")
        used = 8
        if size == 1:
            size, used = int.from_bytes(file.read(8), "big"), 16
        if head[4:] == b"moov":
            return file.read(min(size - used, MAX_HEADER_BYTES)) if size else file.read(MAX_HEADER_BYTES)
        if size < used:
            return None
        file.seek(size - used, 1)


def measure(path: Path) -> tuple[float, int, int]:
    """Return duration in seconds, width and height in pixels as displayed.

    Raises
    ------
    ProtocolError
        It is not an MP4, or its header holds no video.
    """
    with path.open("rb") as file:
        moov = _moov(file)
    if moov is not None:
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
    raise ProtocolError(f"{path.name!r} is not a video that can be played.", hint="Export it again.")
