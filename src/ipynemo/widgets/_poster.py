"""A poster: one frame of a clip as a small JPEG, for the page before it plays and for the notebook when it cannot."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["MAX_POSTER_BYTES", "is_poster", "poster_of"]

log = logging.getLogger(__name__)

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
    try:
        import av
        import PIL.Image  # noqa: F401 - av makes the picture with it
    except ImportError:
        return None
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            container.seek(int(at_s / (stream.time_base or 1)), stream=stream)
            for frame in container.decode(stream):
                if frame.time is None or frame.time >= at_s - 0.05:
                    return _small(frame.to_image())  # type: ignore[no-untyped-call]
    except (av.FFmpegError, OSError, IndexError) as error:
        log.info("No poster of %s: %s", path.name, type(error).__name__)
    return None


def _small(picture: Image) -> bytes | None:
    picture = picture.convert("RGB")
    picture.thumbnail((WIDTH_PX, WIDTH_PX))
    for quality in QUALITIES:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() <= MAX_POSTER_BYTES:
            return file.getvalue()
    return None
