"""How large a picture is, in pixels and frames, before anything decodes it; then one frame, to see that it decodes.

A few kilobytes can promise a billion pixels, and Pillow believes some of them (the canvas of a WebP, the frames of a
GIF) as soon as it opens the file. So the sizes are read here from the container alone, held against the limits, and
only then does Pillow see the file.
"""

from __future__ import annotations

import mmap
import re
import struct
import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ipynemo.errors import FileTooLargeError, InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["MAX_ANIMATION_FRAMES", "MAX_ANIMATION_PIXELS", "MAX_IMAGE_PIXELS", "Layout", "examine"]

MAX_IMAGE_PIXELS = 89_478_485  # where Pillow begins to warn; 358 MB as RGBA. The largest common camera makes 61 million
MAX_IMAGE_SIDE_PX = 65_535  # what JPEG and GIF can say; a longer PNG is a strip that no frame could show
MAX_ANIMATION_FRAMES = 5_000  # over three minutes at 24 frames a second, which is longer than any GIF should be
MAX_ANIMATION_PIXELS = 2_000_000_000  # frames × canvas: a minute of 1080p at 16 frames a second; 20 s of decoding
MAX_JPEG_PASSES = 100  # progressive photographs have about ten; each pass costs a walk over the whole picture
MAX_BLOCKS = 1_000_000  # chunks, sub-blocks: a 200 MB GIF has 800,000, more are made to keep readers busy

_PILLOW_NAMES = {"jpeg": "JPEG", "png": "PNG", "gif": "GIF", "webp": "WEBP"}
_ONE_AT_A_TIME = threading.Lock()  # so that the memory for decoding is that of one picture, however many are uploaded
_JPEG_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # in a scan: neither a stuffed 00, nor a restart, nor filling


@dataclass(frozen=True)
class Layout:
    """What a picture file promises.

    Parameters
    ----------
    width_px, height_px : int
        Of the canvas.
    frames : int
        1 for a still picture.
    duration_s : float or None
        Of one round of an animation; None for a still picture.
    passes : int
        Scans of a progressive JPEG; 1 for the others.
    """

    width_px: int
    height_px: int
    frames: int = 1
    duration_s: float | None = None
    passes: int = 1


def examine(path: Path, kind: str, name: str) -> Layout:
    """Return the layout of a picture as it is displayed, after one frame of it has been decoded.

    Parameters
    ----------
    path : Path
        The file.
    kind : str
        "jpeg", "png", "gif" or "webp", as `sniff.recognise` says.
    name : str
        For the messages.

    Raises
    ------
    FileTooLargeError
        More pixels, frames or passes than the limits.
    InvalidRequestError
        The file is cut short or broken.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            layout = _READERS[kind](data)
        except (struct.error, IndexError) as error:
            raise _broken(name, kind, "its header is incomplete") from error
    _check(layout, name)
    with _ONE_AT_A_TIME:
        turned = _decode(path, kind, name, layout)
    if not turned:
        return layout
    return Layout(layout.height_px, layout.width_px, layout.frames, layout.duration_s, layout.passes)


def _broken(name: str, kind: str, why: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"{name} begins like a {kind.upper()} picture but cannot be read: {why}.",
        hint="It may have been cut short on the way; open it in a picture viewer, save it again and upload that.",
        status=400,
    )


def _check(layout: Layout, name: str) -> None:
    width, height = layout.width_px, layout.height_px
    if width < 1 or height < 1:
        raise InvalidRequestError(f"{name} is a picture of {width} × {height} pixels.", status=400)
    if width * height > MAX_IMAGE_PIXELS or max(width, height) > MAX_IMAGE_SIDE_PX:
        limit = f"{MAX_IMAGE_PIXELS / 1e6:.0f} million pixels, and {MAX_IMAGE_SIDE_PX} on a side"
        raise _too_large(f"{name} has {width} × {height} pixels; the limit is {limit}.", "Save it smaller.")
    if layout.frames > MAX_ANIMATION_FRAMES or layout.frames * width * height > MAX_ANIMATION_PIXELS:
        limit = f"{MAX_ANIMATION_FRAMES} frames, and {MAX_ANIMATION_PIXELS / 1e9:.0f} billion pixels in all of them"
        raise _too_large(
            f"{name} is an animation of {layout.frames} frames of {width} × {height} pixels; the limit is {limit}.",
            "Save it as an MP4, or smaller.",
        )
    if layout.passes > MAX_JPEG_PASSES:
        raise _too_large(
            f"{name} is a JPEG in {layout.passes} passes; the limit is {MAX_JPEG_PASSES}.", "Save it again."
        )


def _too_large(message: str, hint: str) -> FileTooLargeError:
    return FileTooLargeError(message, hint=hint, code=4002, status=413)


def _decode(path: Path, kind: str, name: str, layout: Layout) -> bool:
    """Decode the first frame; return whether the picture is turned by a quarter (EXIF or XMP orientation 5–8)."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd metadata is no reason to refuse a picture that decodes
        try:
            with Image.open(path, formats=(_PILLOW_NAMES[kind],)) as image:
                if image.width * image.height > MAX_IMAGE_PIXELS:
                    raise _broken(name, kind, "it states two sizes")
                # A JPEG can be decoded at an eighth of its size, which reads every byte and costs a 64th of the memory.
                image.draft(None, (max(1, layout.width_px // 8), max(1, layout.height_px // 8)))
                image.load()
                return _orientation(image) in (5, 6, 7, 8)
        except InvalidRequestError:
            raise
        except Exception as error:  # a decoder that is fed hostile bytes may fail in any way
            raise _broken(name, kind, str(error).partition("\n")[0][:200] or type(error).__name__) from error


def _orientation(image: object) -> int:
    try:
        return int(image.getexif().get(0x0112, 1))  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - broken EXIF means no orientation, which is what viewers do too
        return 1


def _jpeg(data: mmap.mmap) -> Layout:
    """ITU-T T.81, annex B: marker segments; the frame header holds the size, each scan begins with SOS."""
    at, width, height, passes = 2, 0, 0, 0
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            break
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            rows, columns = struct.unpack_from(">HH", data, at + 5)
            width, height = max(width, columns), max(height, rows)
        at += 2 + max(2, length)
        if marker == 0xDA:
            passes += 1
            found = _JPEG_MARKER.search(data, at)
            if found is None or passes > MAX_JPEG_PASSES:
                break
            at = found.start()
    return Layout(width, height, passes=passes)


def _png(data: mmap.mmap) -> Layout:
    """PNG third edition: IHDR; acTL counts the frames of an animation, each fcTL has a delay."""
    width, height = struct.unpack_from(">II", data, 16)
    at, frames, duration_s = 8, 1, 0.0
    for _ in range(MAX_BLOCKS):
        if at + 8 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"acTL":
            (frames,) = struct.unpack_from(">I", data, at + 8)
        elif kind == b"fcTL":
            numerator, denominator = struct.unpack_from(">HH", data, at + 28)
            duration_s += numerator / (denominator or 100)
        elif kind == b"IEND":
            break
        at += 12 + length
    else:
        raise IndexError("too many chunks")
    return Layout(width, height, frames, duration_s if frames > 1 else None)


def _gif(data: mmap.mmap) -> Layout:
    """GIF89a: extensions and images, each a list of sub-blocks; a frame may reach beyond the stated canvas."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    frames, duration_s, delay_cs, blocks = 0, 0.0, 0, 0
    while at < len(data) and data[at] in (0x21, 0x2C):
        if data[at] == 0x21:
            if data[at + 1] == 0xF9:
                (delay_cs,) = struct.unpack_from("<H", data, at + 4)
            at += 2
        else:
            left, top, columns, rows, flags = struct.unpack_from("<HHHHB", data, at + 1)
            width, height = max(width, left + columns), max(height, top + rows)
            frames += 1
            duration_s += (delay_cs if delay_cs > 1 else 10) / 100  # browsers show 0 and 1 as a tenth of a second
            at += 11 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
        while at < len(data) and data[at]:
            at += 1 + data[at]
            blocks += 1
        at += 1
        blocks += 1
        if blocks > MAX_BLOCKS:
            raise IndexError("too many blocks")
    return Layout(width, height, max(1, frames), duration_s if frames > 1 else None)


def _webp(data: mmap.mmap) -> Layout:
    """RFC 9649: VP8X has the canvas, ANMF a frame with its duration; without VP8X the bitstream has the size."""
    at, width, height, frames, duration_s = 12, 0, 0, 0, 0.0
    for _ in range(MAX_BLOCKS):
        if at + 8 > len(data):
            break
        kind, length = struct.unpack_from("<4sI", data, at)
        body = at + 8
        if kind == b"VP8X":
            width, height = 1 + _u24(data, body + 4), 1 + _u24(data, body + 7)
        elif kind == b"VP8 " and not width:
            columns, rows = struct.unpack_from("<HH", data, body + 6)
            width, height = columns & 0x3FFF, rows & 0x3FFF
        elif kind == b"VP8L" and not width:
            (bits,) = struct.unpack_from("<I", data, body + 1)
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        elif kind == b"ANMF":
            frames += 1
            duration_s += _u24(data, body + 12) / 1000
        at = body + length + (length & 1)
    else:
        raise IndexError("too many chunks")
    return Layout(width, height, max(1, frames), duration_s if frames > 1 else None)


def _u24(data: mmap.mmap, at: int) -> int:
    return data[at] | data[at + 1] << 8 | data[at + 2] << 16


_READERS: dict[str, Callable[[mmap.mmap], Layout]] = {"jpeg": _jpeg, "png": _png, "gif": _gif, "webp": _webp}
