"""The parts of a file that hold text about it, cut out of their containers without decoding the picture.

A picture library reads these while it opens the file, and gives up on all of them when one is hostile. Here each is cut
out by itself, within limits, and text that lies after the pixels is found as well.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

__all__ = ["MAX_BLOCK_BYTES", "MAX_TEXT_BYTES", "Blocks", "decoded", "large", "unpacked"]

MAX_PARTS = 1_000_000  # of a file; a GIF of 200 MB has 800,000 sub-blocks, a PNG of that size 25,000 chunks
MAX_BLOCK_BYTES = 4 << 20  # of one XMP or EXIF block; Photoshop's history makes them of a few MB
MAX_TEXT_BYTES = 1 << 20  # of one text, unpacked; ComfyUI's largest graphs are about half of that
MAX_TEXTS = 100  # texts, and blocks of each other kind
MAX_ALL_BYTES = 12 << 20  # of everything that is cut out of one file


@dataclass
class Blocks:
    """What was cut out of a file, as it stands there.

    Parameters
    ----------
    format : str
        "jpeg", "png", "gif", "webp", "tiff", "heif", "avif", "mp4", "mov", or "" for anything else.
    xmp, exif, iptc, comments : list of bytes
        XML; TIFF with or without its "Exif" mark; IIM data sets; free text.
    texts : list of (str, str)
        Keyword and text: the text chunks of a PNG, the tags of a film.
    record_bytes : int
        The length of the C2PA record, as far as the containers tell.
    broken : list of str
        What was there but could not be cut out, in words.
    """

    format: str = ""
    xmp: list[bytes] = field(default_factory=list)
    exif: list[bytes] = field(default_factory=list)
    iptc: list[bytes] = field(default_factory=list)
    comments: list[bytes] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    record_bytes: int = 0
    broken: list[str] = field(default_factory=list)
    _room: int = field(default=MAX_ALL_BYTES, repr=False)
    _parts: int = field(default=MAX_PARTS, repr=False)

    def step(self) -> None:
        """Count one more part of the file.

        Raises
        ------
        ValueError
            There are more than any real file has.
        """
        self._parts -= 1
        if self._parts < 0:
            raise ValueError("more parts than any real file has; the rest was not read")

    def add(self, kind: list[bytes], block: bytes, what: str) -> None:
        """Keep a block, within the limits."""
        if len(block) > MAX_BLOCK_BYTES:
            self.fail(f"{what}: {large(len(block))}")
        elif self.takes(len(block), len(kind)):
            kind.append(block)

    def text(self, keyword: str, text: bytes) -> None:
        """Keep a text, within the limits."""
        if len(text) > MAX_TEXT_BYTES:
            self.fail(f"a text named {keyword!r}: {large(len(text))}")
        elif self.takes(len(text), len(self.texts)):
            self.texts.append((keyword, decoded(text)))

    def takes(self, size_bytes: int, count: int) -> bool:
        """Return whether there is room for one more."""
        self._room -= size_bytes
        if self._room >= 0 and count < MAX_TEXTS:
            return True
        self.fail("more texts than any real file has; the rest was not read")
        return False

    def fail(self, what: str) -> None:
        """Note what could not be read."""
        if len(self.broken) < MAX_TEXTS and what not in self.broken:
            self.broken.append(what)


def large(size_bytes: int) -> str:
    """Return the note on a part that is too large to be read."""
    return f"{size_bytes / 1e6:.0f} MB, too large to be read"


def decoded(text: bytes) -> str:
    """Return text as UTF-8, else as Latin-1.

    Latin-1 by the standard of PNG; most generators write UTF-8, and UTF-8 is hardly ever anything else by accident.
    """
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def unpacked(packed: bytes, wbits: int = zlib.MAX_WBITS) -> bytes | None:
    """Return unpacked text, or None where it is broken or larger than any real one (a bomb)."""
    inflater = zlib.decompressobj(wbits)
    try:
        text = inflater.decompress(packed, MAX_TEXT_BYTES)
    except zlib.error:
        return None
    return text if inflater.eof else None
