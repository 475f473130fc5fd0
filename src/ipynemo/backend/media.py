"""What an uploaded file really holds: its format, size, length and sound, and that it decodes.

The bytes decide (`sniff`), the name is only shown. Pillow reads the pictures (`pictures`), FFmpeg the films and the
sound (`streams`), both behind limits that are checked before anything large is allocated. Both are imported inside
functions: a server starts without them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from ipynemo.backend import pictures, sniff, streams
from ipynemo.backend.names import safe_name
from ipynemo.errors import InvalidRequestError, UnsupportedFileError
from ipynemo.formats import MediaKind, refusal_hint

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Format", "MediaInfo", "probe", "safe_name"]

Format = Literal["jpeg", "png", "gif", "webp", "mp4", "mov", "avi", "webm", "mkv", "mp3", "wav", "m4a", "aac"]

_MIME: dict[tuple[str, str], str] = {
    ("image", "jpeg"): "image/jpeg",
    ("image", "png"): "image/png",
    ("image", "gif"): "image/gif",
    ("image", "webp"): "image/webp",
    ("video", "mp4"): "video/mp4",
    ("video", "mov"): "video/quicktime",
    ("video", "avi"): "video/x-msvideo",
    ("video", "webm"): "video/webm",
    ("video", "mkv"): "video/x-matroska",
    ("audio", "mp3"): "audio/mpeg",
    ("audio", "wav"): "audio/wav",
    ("audio", "m4a"): "audio/mp4",
    ("audio", "aac"): "audio/aac",
    ("audio", "webm"): "audio/webm",
    ("audio", "mkv"): "audio/x-matroska",
    ("audio", "avi"): "video/x-msvideo",
}


@dataclass(frozen=True)
class MediaInfo:
    """What a media file holds.

    Parameters
    ----------
    kind : {"video", "image", "audio"}
        An animated GIF or WebP is an image with a `duration_s`; a song with a cover is audio.
    format : str
        "jpeg", "png", "gif", "webp", "mp4", "mov", "avi", "webm", "mkv", "mp3", "wav", "m4a" or "aac".
    mime : str
        The media type (RFC 6838) of this very file.
    duration_s : float or None
        None for a still picture.
    width_px, height_px : int or None
        As displayed: turned as the file says, and with square pixels. None for audio.
    fps : float or None
        Frames a second, on average; None for pictures and audio.
    has_audio : bool
        Whether there is sound.
    """

    kind: MediaKind
    format: Format
    mime: str
    duration_s: float | None
    width_px: int | None
    height_px: int | None
    fps: float | None
    has_audio: bool


def probe(path: Path, name: str = "") -> MediaInfo:
    """Return what a file holds, judged by its content, after one frame of it has been decoded.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        What the user calls it, for the messages; the name of `path` where empty.

    Raises
    ------
    UnsupportedFileError
        Not one of the accepted formats, whatever its name says (code 4001).
    FileTooLargeError
        More pixels, frames, streams or seconds than the limits (code 4002).
    InvalidRequestError
        The file is empty, cut short or broken.
    """
    shown = safe_name(name or path.name)
    with path.open("rb") as file:
        found = sniff.recognise(file)
        file.seek(0)
        head = file.read(sniff.HEAD_BYTES)
    if not head:
        raise InvalidRequestError(f"{shown} is empty.", hint="It has 0 bytes; upload it again.", status=400)
    if found is None:
        raise UnsupportedFileError(
            f"{shown} cannot be used: judged by its content it is {sniff.describe(head)}.",
            hint=refusal_hint(sniff.advised(head)),
            code=4001,
        )
    if found in ("jpeg", "png", "gif", "webp"):
        picture = pictures.examine(path, found, shown)
        return _info("image", found, picture.duration_s, picture.width_px, picture.height_px)
    inside = streams.examine(path, found, shown)
    if inside.width_px is None:
        audio_name = "m4a" if found in ("mp4", "mov") else found
        return _info("audio", audio_name, inside.duration_s, has_audio=True)
    return _info(
        "video", found, inside.duration_s, inside.width_px, inside.height_px, fps=inside.fps, has_audio=inside.has_audio
    )


def _info(
    kind: MediaKind,
    format_name: str,
    duration_s: float | None,
    width_px: int | None = None,
    height_px: int | None = None,
    *,
    fps: float | None = None,
    has_audio: bool = False,
) -> MediaInfo:
    mime = _MIME[kind, format_name]
    return MediaInfo(kind, cast("Format", format_name), mime, duration_s, width_px, height_px, fps, has_audio)
