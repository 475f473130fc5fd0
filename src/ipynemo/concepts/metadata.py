"""What a file states about how it was made: signed records first, then text that anyone can write.

Nothing found is not evidence of anything: labels can be removed or invented. No file, however broken or hostile, makes
this fail; what cannot be read is said to be unreadable.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING

from ipynemo.concepts.containers import cut
from ipynemo.concepts.credentials import from_credentials, mime_of
from ipynemo.concepts.exif import from_comment, from_exif, from_iptc
from ipynemo.concepts.generators import from_png_texts
from ipynemo.concepts.statements import Statement, clean, unreadable
from ipynemo.concepts.stealth import from_pixels
from ipynemo.concepts.xmp import from_xmp

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Statement", "look", "stated"]

_ONLY_RECORDS = {"video/avi": "avi", "audio/wav": "wav", "audio/mpeg": "mp3"}  # of these only the C2PA record is read
MAX_DECODED_BYTES = 64 << 20
MAX_STATEMENTS = 200  # a file that says more is not listened to


def look(path: Path, *, trust_anchors: str | None = None) -> tuple[str, list[Statement]]:
    """Return a file's format ("" where it is none that is known) and its statements, the signed ones first."""
    with path.open("rb") as file:
        if not file.read(16)[15:]:
            return "", []
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            blocks = cut(data)
            kind = blocks.format or _ONLY_RECORDS.get(mime_of(data[:16]) or "", "")
            films = blocks.format in ("mp4", "mov")
            found = [
                *from_credentials(file, data, trust_anchors, record_bytes=blocks.record_bytes),
                *(statement for block in blocks.xmp for statement in from_xmp(block)),
                *(statement for block in blocks.iptc for statement in from_iptc(block)),
                *(statement for block in blocks.exif for statement in from_exif(block)),
                *(from_exif(data) if blocks.format == "tiff" else ()),
                *(statement for block in blocks.comments for statement in from_comment(block)),
                *from_png_texts("MP4" if films else "PNG text", blocks.texts),
                *(unreadable(blocks.format.upper(), clean(what)) for what in blocks.broken),
            ]
            # Who has an open record needs no hidden one, and looking for it decodes the picture. A library that is
            # given a file that was made to do harm would read what was left aside here.
            looked = any(statement.record for statement in found) or blocks.broken or len(data) > MAX_DECODED_BYTES
            if blocks.format in ("png", "webp") and not looked:
                file.seek(0)
                found += from_pixels(file)
    ordered = sorted(dict.fromkeys(found), key=lambda statement: statement.level != "signed")
    return kind, ordered[:MAX_STATEMENTS]


def stated(path: Path, *, trust_anchors: str | None = None) -> list[Statement]:
    """Return what a file states about how it was made, the signed statements first.

    Parameters
    ----------
    path : Path
        The file as it came; a copy that was saved again has lost some of it.
    trust_anchors : str, optional
        Certificates (PEM) of authorities that are trusted to know who signed a C2PA record.

    Returns
    -------
    list of Statement
        Empty where nothing is found. Places are never among them, and prompts only in `Statement.record`.
    """
    return look(path, trust_anchors=trust_anchors)[1]
