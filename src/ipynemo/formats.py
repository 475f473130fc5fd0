"""Which files may be uploaded: by name here, before a byte is sent; by content in the backend."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal

from ipynemo.errors import UnsupportedFileError

__all__ = ["ACCEPTED", "MAX_UPLOAD_BYTES", "MediaKind", "accepted_text", "check_name", "kind_of", "media_type"]

MediaKind = Literal["video", "image", "audio"]

MAX_UPLOAD_BYTES = 200 << 20  # the protocol's "200 MB", error 4002 beyond; read the generous way

ACCEPTED: dict[str, tuple[MediaKind, str]] = {
    "mp4": ("video", "video/mp4"),
    "mov": ("video", "video/quicktime"),
    "avi": ("video", "video/x-msvideo"),
    "webm": ("video", "video/webm"),
    "mkv": ("video", "video/x-matroska"),
    "jpg": ("image", "image/jpeg"),
    "jpeg": ("image", "image/jpeg"),
    "png": ("image", "image/png"),
    "gif": ("image", "image/gif"),
    "webp": ("image", "image/webp"),
    "mp3": ("audio", "audio/mpeg"),
    "wav": ("audio", "audio/wav"),
    "m4a": ("audio", "audio/mp4"),
    "aac": ("audio", "audio/aac"),
}


def _suffix(name: str) -> str:
    return PurePath(name).suffix.lower().removeprefix(".")


def kind_of(name: str) -> MediaKind | None:
    """Return what a file of this name holds, or None where the suffix is not accepted."""
    entry = ACCEPTED.get(_suffix(name))
    return entry[0] if entry else None


def media_type(name: str) -> str:
    """Return the media type (RFC 6838) for a file name; `application/octet-stream` where it is not accepted."""
    entry = ACCEPTED.get(_suffix(name))
    return entry[1] if entry else "application/octet-stream"


def accepted_text() -> str:
    """Return the accepted formats as people read them."""
    return " · ".join(
        " ".join(s for s, (k, _) in ACCEPTED.items() if k == kind) for kind in ("video", "image", "audio")
    )


def check_name(name: str) -> MediaKind:
    """Return what the file holds, judged by its name.

    Raises
    ------
    UnsupportedFileError
        The suffix is not an accepted one.
    """
    kind = kind_of(name)
    if kind is None:
        raise UnsupportedFileError(
            f"{name!r} is not a file that can be uploaded.", hint=f"Accepted: {accepted_text()}.", code=4001
        )
    return kind
