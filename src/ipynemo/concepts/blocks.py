"""The parts of a picture file that hold text about it, cut out of their containers without decoding the picture.

A picture library reads these while it opens the file, and gives up on all of them when one is hostile. Here each is cut
out by itself, within limits, and text that lies after the pixels is found as well.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Blocks", "cut"]

MAX_PARTS = 1_000_000  # chunks of a file; a 200 MB PNG with 8 KB of pixels in each has 25,000
MAX_BLOCK_BYTES = 4 << 20  # of one XMP or EXIF block; Photoshop's history makes them of a few MB
MAX_TEXT_BYTES = 1 << 20  # of one PNG text, unpacked; ComfyUI's largest graphs are about half of that
MAX_TEXTS = 100  # PNG texts, and blocks of each other kind

_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_JPEG_MORE_XMP = b"http://ns.adobe.com/xmp/extension/\x00"
_PNG_XMP = "XML:com.adobe.xmp"


@dataclass
class Blocks:
    """What was cut out of a file, as it stands there.

    Parameters
    ----------
    format : str
        "jpeg", "png", "gif", "webp", or "" for anything else.
    xmp, exif, iptc, comments : list of bytes
        XML; TIFF with or without its "Exif" mark; IIM data sets; free text.
    texts : list of (str, str)
        Keyword and text of the PNG text chunks.
    broken : list of str
        What was there but could not be cut out, in words.
    """

    format: str = ""
    xmp: list[bytes] = field(default_factory=list)
    exif: list[bytes] = field(default_factory=list)
    iptc: list[bytes] = field(default_factory=list)
    comments: list[bytes] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def add(self, kind: list[bytes], block: bytes) -> None:
        """Keep a block, within the limits."""
        if len(kind) < MAX_TEXTS and len(block) <= MAX_BLOCK_BYTES:
            kind.append(block)


def cut(path: Path) -> Blocks:
    """Return the blocks of a picture file; empty for any other file, and as far as they go for a broken one."""
    found = Blocks()
    with path.open("rb") as file:
        head = file.read(16)
        if len(head) < 16:
            return found
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                if head.startswith(b"\xff\xd8\xff"):
                    found.format = "jpeg"
                    _jpeg(data, found)
                elif head.startswith(b"\x89PNG\r\n\x1a\n"):
                    found.format = "png"
                    _png(data, found)
                elif head.startswith(b"RIFF") and head[8:12] == b"WEBP":
                    found.format = "webp"
                    _webp(data, found)
                elif head.startswith((b"GIF87a", b"GIF89a")):
                    found.format = "gif"
                    _gif(data, found)
            except (struct.error, IndexError):
                found.broken.append("the file ends in the middle of a part")
    return found


def _jpeg(data: mmap.mmap, found: Blocks) -> None:
    """Segments up to the first scan (ITU-T T.81, annex B; XMP specification part 3, section 1.1.3)."""
    at, more_xmp = 2, bytearray()
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in (0xD9, 0xDA):
            break
        (length,) = struct.unpack_from(">H", data, at + 2)
        body = data[at + 4 : at + 2 + length]
        if marker == 0xE1 and body.startswith(b"Exif\x00"):
            found.add(found.exif, body)
        elif marker == 0xE1 and body.startswith(_JPEG_XMP):
            found.add(found.xmp, body[len(_JPEG_XMP) :])
        elif marker == 0xE1 and body.startswith(_JPEG_MORE_XMP) and len(more_xmp) < MAX_BLOCK_BYTES:
            more_xmp += body[len(_JPEG_MORE_XMP) + 40 :]  # digest, full length, offset
        elif marker == 0xED and body.startswith(b"Photoshop 3.0\x00"):
            _photoshop(body, found)
        elif marker == 0xFE:
            found.add(found.comments, body)
        at += 2 + max(2, length)
    if more_xmp:
        found.add(found.xmp, bytes(more_xmp))


def _photoshop(body: bytes, found: Blocks) -> None:
    """Image resources; number 0x0404 holds IPTC (Adobe Photoshop file formats, image resource blocks)."""
    at = 14
    while body[at : at + 4] == b"8BIM":
        (number,) = struct.unpack_from(">H", body, at + 4)
        at += 7 + body[at + 6]
        at += at & 1
        (size,) = struct.unpack_from(">I", body, at)
        if number == 0x0404:
            found.add(found.iptc, body[at + 4 : at + 4 + size])
        at += 4 + size
        at += at & 1


def _png(data: mmap.mmap, found: Blocks) -> None:
    """Text and EXIF chunks, before and after the pixels (PNG third edition, sections 11.3.3 and 11.3.7)."""
    at = 8
    for _ in range(MAX_PARTS):
        if at + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IEND":
            return
        if kind == b"eXIf":
            found.add(found.exif, data[at + 8 : at + 8 + min(length, MAX_BLOCK_BYTES + 1)])
        elif kind in (b"tEXt", b"zTXt", b"iTXt") and len(found.texts) < MAX_TEXTS:
            _png_text(kind, data[at + 8 : at + 8 + min(length, MAX_BLOCK_BYTES)], found)
        at += 12 + length


def _png_text(kind: bytes, body: bytes, found: Blocks) -> None:
    raw_keyword, _, rest = body.partition(b"\x00")
    keyword = raw_keyword[:79].decode("latin-1")
    if kind == b"tEXt":
        text: bytes | None = rest[:MAX_TEXT_BYTES]
    elif kind == b"zTXt":
        text = _unpacked(rest[1:])
    else:
        packed, tail = rest[:1] == b"\x01", rest[2:].split(b"\x00", 2)
        text = None if len(tail) < 3 else _unpacked(tail[2]) if packed else tail[2]
    if text is None:
        found.broken.append(f"a text named {keyword!r}")
    elif keyword == _PNG_XMP:
        found.add(found.xmp, text)
    else:
        found.texts.append((keyword, _decoded(text)))


def _unpacked(packed: bytes) -> bytes | None:
    """Return unpacked text, or None where it is broken or larger than any real one (a bomb)."""
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(packed, MAX_TEXT_BYTES)
    except zlib.error:
        return None
    return text if inflater.eof else None


def _decoded(text: bytes) -> str:
    # Latin-1 by the standard; most generators write UTF-8, and UTF-8 is hardly ever anything else by accident.
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _webp(data: mmap.mmap, found: Blocks) -> None:
    """RIFF chunks "EXIF" and "XMP " (RFC 9649, section 2.7.1.5)."""
    at = 12
    for _ in range(MAX_PARTS):
        if at + 8 > len(data):
            return
        kind, length = struct.unpack_from("<4sI", data, at)
        if kind in (b"EXIF", b"XMP "):
            block = data[at + 8 : at + 8 + min(length, MAX_BLOCK_BYTES + 1)]
            found.add(found.exif if kind == b"EXIF" else found.xmp, block)
        at += 8 + length + (length & 1)


def _gif(data: mmap.mmap, found: Blocks) -> None:
    """XMP stands unblocked in its application extension, ended by a "magic trailer" (XMP part 3, section 1.1.2)."""
    at = data.find(b"\x21\xff\x0bXMP DataXMP")
    end = data.find(b"\x01\xff\xfe\xfd", at) if at >= 0 else -1
    if end > 0:
        found.add(found.xmp, data[at + 14 : min(end, at + 14 + MAX_BLOCK_BYTES + 1)])
