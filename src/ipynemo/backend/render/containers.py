"""Opening films and sounds that strangers made: only real media formats, only the file itself, errors that name it.

FFmpeg also reads playlists, which may point at other files and at the network. So the formats are a list, and the one
protocol is `file`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ipynemo.backend.quiet_av import av
from ipynemo.backend.render.faults import BrokenAssetError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer

__all__ = ["DECODE_ERRORS", "open_media", "opened"]

DECODE_ERRORS = (av.error.FFmpegError, ValueError, OSError)

_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mp3,wav,w64,aac,ogg,flac,mpegts,mpeg",
}


def open_media(path: Path) -> InputContainer:
    """Open a film or a sound.

    Raises
    ------
    BrokenAssetError
        It cannot be read.
    """
    try:
        container = av.open(str(path.resolve()), "r", container_options=_OPTIONS, metadata_errors="replace")
    except DECODE_ERRORS as error:
        raise BrokenAssetError(f"{path.name} is no film, sound or picture that can be read.") from error
    return container


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """Open a film or a sound and close it again."""
    container = open_media(path)
    try:
        yield container
    finally:
        container.close()
