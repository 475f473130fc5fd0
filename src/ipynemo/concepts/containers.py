"""JPEG, PNG, WebP, GIF and TIFF taken apart: each walks its own parts and hands the texts over, in one pass."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from ipynemo.concepts.blocks import MAX_BLOCK_BYTES, MAX_TEXT_BYTES, Blocks, large, unpacked
from ipynemo.concepts.boxes import brand_of, read_boxes
from ipynemo.concepts.tiff import read_tags

if TYPE_CHECKING:
    import mmap

__all__ = ["cut"]

_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_JPEG_MORE_XMP = b"http://ns.adobe.com/xmp/extension/\x00"
_PNG_XMP = "XML:com.adobe.xmp"
_IPTC_RESOURCE = 0x0404
_TIFF_XMP, _TIFF_IPTC, _TIFF_PHOTOSHOP = 700, 33723, 34377


def cut(data: mmap.mmap) -> Blocks:
    """Return the blocks of a file; empty for any other file, and as far as they go for a broken one."""
    found = Blocks()
    head = data[:16]
    reader = None
    if head.startswith(b"\xff\xd8\xff"):
        found.format, reader = "jpeg", _jpeg
    elif head.startswith(b"\x89PNG\r\n\x1a\n"):
        found.format, reader = "png", _png
    elif head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        found.format, reader = "webp", _webp
    elif head.startswith((b"GIF87a", b"GIF89a")):
        found.format, reader = "gif", _gif
    elif head.startswith((b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")):
        found.format, reader = "tiff", _tiff
    elif brand := brand_of(data):
        found.format, reader = brand, read_boxes
    if reader is not None:
        try:
            reader(data, found)
        except (struct.error, IndexError):
            found.fail("the file ends in the middle of a part")
        except ValueError as error:
            found.fail(str(error))
    return found


def _jpeg(data: mmap.mmap, found: Blocks) -> None:
    """Segments up to the first scan (ITU-T T.81, annex B; XMP specification part 3, section 1.1.3)."""
    at, more_xmp = 2, dict[bytes, list[tuple[int, bytes]]]()
    while at + 4 <= len(data) and data[at] == 0xFF:
        found.step()
        marker = data[at + 1]
        if marker == 0xFF or marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in (0xD9, 0xDA):
            break
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker in (0xE1, 0xEB, 0xED, 0xFE):
            body = data[at + 4 : at + 2 + length]
            if marker == 0xE1 and body.startswith(_JPEG_MORE_XMP):
                digest, offset = body[35:67], int.from_bytes(body[71:75])
                if found.takes(len(body), len(more_xmp)):
                    more_xmp.setdefault(digest, []).append((offset, body[75:]))
            else:
                _jpeg_part(marker, body, found)
        at += 2 + max(2, length)
    for pieces in more_xmp.values():
        found.add(found.xmp, b"".join(piece for _, piece in sorted(pieces)), "the XMP block")


def _jpeg_part(marker: int, body: bytes, found: Blocks) -> None:
    if marker == 0xE1 and body.startswith(b"Exif\x00"):
        found.add(found.exif, body, "the EXIF block")
    elif marker == 0xE1 and body.startswith(_JPEG_XMP):
        found.add(found.xmp, body[len(_JPEG_XMP) :], "the XMP block")
    elif marker == 0xEB and body.startswith(b"JP"):
        found.record_bytes += len(body)
    elif marker == 0xED and body.startswith(b"Photoshop 3.0\x00"):
        _photoshop(body[14:], found)
    elif marker == 0xFE:
        found.add(found.comments, body, "a comment")


def _photoshop(body: bytes, found: Blocks) -> None:
    """Image resources; number 0x0404 holds IPTC (Adobe Photoshop file formats, image resource blocks)."""
    at = 0
    while body[at : at + 4] == b"8BIM":
        (number,) = struct.unpack_from(">H", body, at + 4)
        at += 7 + body[at + 6]
        at += at & 1
        (size,) = struct.unpack_from(">I", body, at)
        if number == _IPTC_RESOURCE:
            found.add(found.iptc, body[at + 4 : at + 4 + size], "the IPTC block")
        at += 4 + size
        at += at & 1


def _png(data: mmap.mmap, found: Blocks) -> None:
    """Text and EXIF chunks, before and after the pixels (PNG third edition, sections 11.3.3 and 11.3.7)."""
    at = 8
    while at + 8 <= len(data):
        found.step()
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IEND":
            return
        if kind == b"eXIf":
            found.add(found.exif, data[at + 8 : at + 8 + min(length, MAX_BLOCK_BYTES + 1)], "the EXIF block")
        elif kind == b"caBX":
            found.record_bytes += length
        elif kind in (b"tEXt", b"zTXt", b"iTXt"):
            _png_text(kind, data[at + 8 : at + 8 + min(length, MAX_BLOCK_BYTES)], length, found)
        at += 12 + length


def _png_text(kind: bytes, body: bytes, length: int, found: Blocks) -> None:
    raw_keyword, _, rest = body.partition(b"\x00")
    keyword = raw_keyword[:79].decode("latin-1")
    if length > MAX_BLOCK_BYTES:
        found.fail(f"a text named {keyword!r}: {large(length)}")
        return
    if kind == b"tEXt":
        text: bytes | None = rest
    elif not found.takes(len(rest), len(found.texts)):
        return
    elif kind == b"zTXt":
        text = unpacked(rest[1:])
    else:
        packed, tail = rest[:1] == b"\x01", rest[2:].split(b"\x00", 2)
        text = None if len(tail) < 3 else unpacked(tail[2]) if packed else tail[2]
    if text is None:
        found.takes(MAX_TEXT_BYTES, 0)  # a bomb is cheap to pack and dear to unpack, so that only a few are tried
        found.fail(f"a text named {keyword!r}")
    elif keyword == _PNG_XMP:
        found.add(found.xmp, text, "the XMP block")
    elif keyword.lower().startswith("raw profile type "):
        _raw_profile(keyword.lower().rpartition(" ")[2], text, found)
    else:
        found.text(keyword, text)


def _raw_profile(name: str, text: bytes, found: Blocks) -> None:
    """Read a block that stands as hexadecimal digits, the way of ImageMagick: a name, a length, the digits."""
    digits = b"".join(text.split()[2:])
    try:
        block = bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        found.fail(f"the raw profile {name!r}")
        return
    if name in ("exif", "app1") and block.startswith(b"Exif"):
        found.add(found.exif, block, "the EXIF block")
    elif name in ("xmp", "app1"):
        found.add(found.xmp, block.removeprefix(_JPEG_XMP), "the XMP block")
    elif name in ("iptc", "8bim"):
        _photoshop(block, found)


def _webp(data: mmap.mmap, found: Blocks) -> None:
    """RIFF chunks "EXIF" and "XMP " (RFC 9649, section 2.7.1.5)."""
    at = 12
    while at + 8 <= len(data):
        found.step()
        kind, length = struct.unpack_from("<4sI", data, at)
        if kind in (b"EXIF", b"XMP "):
            block = data[at + 8 : at + 8 + min(length, MAX_BLOCK_BYTES + 1)]
            name = kind.decode().strip()
            found.add(found.exif if name == "EXIF" else found.xmp, block, f"the {name} block")
        elif kind == b"C2PA":
            found.record_bytes += length
        at += 8 + length + (length & 1)


def _gif(data: mmap.mmap, found: Blocks) -> None:
    """Extensions between the frames (GIF89a, sections 18–26; XMP part 3, section 1.1.2)."""
    at = 13 + _colours(data[10])
    while at < len(data) and data[at] != 0x3B:
        if data[at] == 0x2C:
            at = _past(data, found, at + 11 + _colours(data[at + 9]))
        elif data[at] != 0x21:
            raise ValueError("the file holds a part that no GIF has")
        elif data[at + 1 : at + 14] == b"\xff\x0bXMP DataXMP":
            # XMP stands unblocked there, ended by a "magic trailer" that reads as blocks from anywhere.
            end = data.find(b"\x01\xff\xfe\xfd", at)
            if end < 0:
                raise IndexError
            found.add(found.xmp, data[at + 14 : min(end, at + 14 + MAX_BLOCK_BYTES + 1)], "the XMP block")
            at = _past(data, found, end + 1)
        elif data[at + 1] == 0xFE:
            start, at = at + 2, _past(data, found, at + 2)
            found.add(found.comments, _joined(data, start, min(at, start + MAX_BLOCK_BYTES)), "a comment")
        else:
            start, at = at + 2, _past(data, found, at + 2)
            if data[start : start + 9] == b"\x0bC2PA_GIF":
                found.record_bytes += at - start


def _colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _past(data: mmap.mmap, found: Blocks, at: int) -> int:
    """Return where the sub-blocks that begin here end."""
    found.step()
    while size := data[at]:
        found.step()
        at += 1 + size
    return at + 1


def _joined(data: mmap.mmap, at: int, end: int) -> bytes:
    pieces = []
    while at < end and (size := data[at]):
        pieces.append(data[at + 1 : at + 1 + size])
        at += 1 + size
    return b"".join(pieces)


def _tiff(data: mmap.mmap, found: Blocks) -> None:
    """Read the first page's tags; those of EXIF are in its directories (TIFF 6.0; XMP part 3, section 1.1.7)."""
    tags = read_tags(data, (_TIFF_XMP, _TIFF_IPTC, _TIFF_PHOTOSHOP))
    if _TIFF_XMP in tags:
        found.add(found.xmp, tags[_TIFF_XMP], "the XMP block")
    if _TIFF_IPTC in tags:
        found.add(found.iptc, tags[_TIFF_IPTC], "the IPTC block")
    elif _TIFF_PHOTOSHOP in tags:
        _photoshop(tags[_TIFF_PHOTOSHOP], found)
