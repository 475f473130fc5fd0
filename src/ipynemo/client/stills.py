"""One frame of a clip as a small JPEG in a `data:` address, for a page that cannot or need not load the clip."""

from __future__ import annotations

import base64
import io
import logging
from pathlib import Path
from typing import Final

__all__ = ["still_of"]

log = logging.getLogger(__name__)

WIDTH_PX: Final = 480  # sharp on paper, five in a row, and 30 of them are less than a megabyte
QUALITY: Final = 75


def still_of(path: Path, at_s: float) -> str | None:
    """Return the frame at a time; None where there is no decoder, which the extra `local` brings, or no such frame."""
    try:
        import av
        import PIL.Image  # noqa: F401 - av makes the picture with it
    except ImportError:
        return None
    try:
        with av.open(str(path)) as video:
            frames = (frame for frame in video.decode(video=0) if frame.time is not None and frame.time >= at_s)
            frame = next(frames, None)
            picture = frame.to_image().convert("RGB") if frame is not None else None  # type: ignore[no-untyped-call]
    except (av.FFmpegError, OSError, IndexError) as error:
        log.info("No frame of %s: %s", path.name, type(error).__name__)
        return None
    if picture is None:
        return None
    picture.thumbnail((WIDTH_PX, WIDTH_PX))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
