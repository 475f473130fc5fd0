"""One frame of a clip as a small JPEG, for a page that cannot or need not load the clip.

The decoder is that of the extra `local`; it is reached at the first use, and where there is none there is no still.
"""

from __future__ import annotations

import base64
import io
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["frame_of", "jpeg_of", "poster_of", "still_of"]

log = logging.getLogger(__name__)

WIDTH_PX: Final = 480  # sharp on paper, five in a row, and 30 of them are less than a megabyte
QUALITIES: Final = (75, 60, 45, 30, 15)
MAX_STILL_BYTES: Final = 100_000
MAX_POSTER_BYTES: Final = 30_000  # of each clip that a notebook shows
POSTER_AT_S: Final = 1.4  # past the fade of a title, within the first scene
NEAR_S: Final = 0.05  # a frame that is so early shows the same moment


def frame_of(path: Path, at_s: float) -> Image | None:
    """Return the frame at a time; None where there is no decoder, or no such frame."""
    try:
        import av
        import av.logging
        import PIL.Image  # noqa: F401 - av makes the picture with it
    except ImportError:
        return None
    # PyAV's way of hearing FFmpeg takes Python's lock in a decoder's thread, and can wait for it for ever.
    av.logging.restore_default_callback()
    av.logging.set_libav_level(av.logging.PANIC)
    try:
        # An open file, because a name can be read as an address; and no format that leads to other files.
        with path.open("rb") as file, av.open(file, "r", format="mp4") as video:
            stream = video.streams.video[0]
            video.seek(int(at_s / (stream.time_base or 1)), stream=stream)  # to the key frame before it
            for frame in video.decode(stream):
                if frame.time is None or frame.time >= at_s - NEAR_S:
                    picture: Image = frame.to_image().convert("RGB")  # type: ignore[no-untyped-call]
                    return picture
    except (av.FFmpegError, OSError, IndexError) as error:
        log.info("No frame of %s: %s", path.name, type(error).__name__)
    return None


def jpeg_of(picture: Image, width_px: int, most_bytes: int, qualities: tuple[int, ...] = QUALITIES) -> bytes | None:
    """Return the picture as a JPEG of at most this many pixels on its longer side, and bytes; None if it is none."""
    picture.thumbnail((width_px, width_px))
    for quality in qualities:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() <= most_bytes:
            return file.getvalue()
    return None


def still_of(path: Path, at_s: float, most_bytes: int = MAX_STILL_BYTES) -> str | None:
    """Return the frame at a time in a `data:` address; None where there is none."""
    picture = frame_of(path, at_s)
    data = jpeg_of(picture, WIDTH_PX, most_bytes) if picture is not None else None
    return None if data is None else "data:image/jpeg;base64," + base64.b64encode(data).decode()


def poster_of(path: Path, duration_s: float) -> str | None:
    """Return what stands for a clip until it plays, at most 30 kB; None where there is none."""
    return still_of(path, min(POSTER_AT_S, 0.35 * duration_s), MAX_POSTER_BYTES)
