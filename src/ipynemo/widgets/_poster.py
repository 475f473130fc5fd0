"""A poster: one frame of a clip as a small JPEG, for the page before it plays and for the notebook when it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ipynemo.client.stills import frame_of, jpeg_of

__all__ = ["MAX_POSTER_BYTES", "is_poster", "poster_of"]

MAX_POSTER_BYTES: Final = 60_000
WIDTH_PX: Final = 640
QUALITIES: Final = (80, 65, 50, 35, 20)


def is_poster(data: bytes) -> bool:
    """Return whether these bytes, which came from a page, can be kept as a poster."""
    return len(data) <= MAX_POSTER_BYTES and data[:3] == b"\xff\xd8\xff" and data[-2:] == b"\xff\xd9"


def poster_of(path: Path, at_s: float) -> bytes | None:
    """Return the frame at a time as a JPEG of at most 60 kB; None where there is no decoder, or nothing to decode.

    Without one (the extra `local` brings it) the page makes the poster from the video that it plays.
    """
    picture = frame_of(path, at_s)
    return None if picture is None else jpeg_of(picture, WIDTH_PX, MAX_POSTER_BYTES, QUALITIES)
