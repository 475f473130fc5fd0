"""Records hidden in pixels: NovelAI's, and those of a plug-in of the web UI, in the lowest bits of a picture.

The bits run down the columns. First a mark of 15 letters, then a length of 32 bits, then the record, packed by gzip or
not. A picture that was scaled, cropped or saved as JPEG has lost it.
"""

from __future__ import annotations

import json
import warnings
import zlib
from typing import TYPE_CHECKING, BinaryIO

from ipynemo.concepts.blocks import MAX_TEXT_BYTES, decoded, unpacked
from ipynemo.concepts.generators import from_png_texts, from_text
from ipynemo.concepts.statements import Statement, unreadable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MAX_PIXELS", "from_pixels"]

MAX_PIXELS = 20_000_000  # four times what generators make; decoding it takes 80 MB
_MARK_BITS, _LENGTH_BITS = 15 * 8, 32
_ALPHA = {b"stealth_pnginfo": False, b"stealth_pngcomp": True}
_COLOUR = {b"stealth_rgbinfo": False, b"stealth_rgbcomp": True}


def from_pixels(file: BinaryIO) -> list[Statement]:
    """Return the statements of a record in the pixels of an open PNG or WebP; empty where there is none."""
    import numpy as np
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file, formats=("PNG", "WEBP")) as picture:
                if picture.mode not in ("RGB", "RGBA") or picture.width * picture.height > MAX_PIXELS:
                    return []
                pixels = np.asarray(picture)
    except Exception:  # noqa: BLE001 - a decoder that is fed hostile bytes may fail in any way
        return []  # whoever shows the picture will say so
    down = pixels.transpose(1, 0, 2)
    if pixels.shape[2] == 4 and (found := _record(down[:, :, 3], _ALPHA)) is not None:
        return found
    return _record(down[:, :, :3], _COLOUR) or []


def _record(plane: NDArray[np.uint8], marks: dict[bytes, bool]) -> list[Statement] | None:
    import numpy as np

    head_bits = _MARK_BITS + _LENGTH_BITS
    columns = plane.shape[0]
    per_column = int(np.prod(plane.shape[1:]))
    if columns * per_column < head_bits:
        return None
    head = _packed(plane[: -(-head_bits // per_column)])[: head_bits // 8]
    if head[:15] not in marks:
        return None
    bits = int.from_bytes(head[15:19])
    needed = head_bits + bits
    if bits % 8 or bits // 8 > MAX_TEXT_BYTES or needed > columns * per_column:
        return [unreadable("pixels", "a record hidden in the pixels")]
    body = _packed(plane[: -(-needed // per_column)])[head_bits // 8 : needed // 8]
    text = unpacked(body, zlib.MAX_WBITS | 16) if marks[head[:15]] else body
    if text is None:
        return [unreadable("pixels", "a record hidden in the pixels")]
    return _statements(decoded(text))


def _packed(plane: NDArray[np.uint8]) -> bytes:
    import numpy as np

    return np.packbits(plane.reshape(-1) & 1).tobytes()


def _statements(text: str) -> list[Statement]:
    """NovelAI hides a table of the texts that it also writes openly; the plug-in hides the web UI's paragraph."""
    try:
        table = json.loads(text)
    except (ValueError, RecursionError):
        table = None
    if isinstance(table, dict):
        found = from_png_texts(
            "pixels", [(str(key)[:79], value) for key, value in table.items() if isinstance(value, str)]
        )
        if found:
            return found
    record = from_text("pixels", "parameters", text)
    return [record] if record else []
