"""Which files may be uploaded: by name here, before a byte is sent; by content in the backend."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal

from ipynemo.errors import UnsupportedFileError

__all__ = [
    "ACCEPTED",
    "ADVICE",
    "ADVISED",
    "MAX_UPLOAD_BYTES",
    "MediaKind",
    "accepted_text",
    "check_name",
    "kind_of",
    "media_type",
    "refusal_hint",
]

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

# What people try most that is not accepted: how to make something of it that is, by language.
ADVICE: dict[str, dict[str, str]] = {
    "heic": {
        "en": "Save it as JPEG; on an iPhone: Settings → Camera → Formats → Most Compatible.",
        "zh": "请另存为 JPEG；iPhone 上：设置 → 相机 → 格式 → 兼容性最佳。",
    },
    "picture": {
        "en": "Open it in a picture program and save it as JPEG or PNG.",
        "zh": "请用图片程序打开，另存为 JPEG 或 PNG。",
    },
    "drawing": {
        "en": "Open it in a drawing program and export it as PNG.",
        "zh": "请用绘图程序打开，导出为 PNG。",
    },
    "document": {
        "en": "Save the page as a PNG or JPEG picture, or make a screenshot of it.",
        "zh": "请将页面另存为 PNG 或 JPEG 图片，或截屏。",
    },
    "photoshop": {
        "en": "In the program that made it, export it as PNG or JPEG.",
        "zh": "请在制作它的程序中导出为 PNG 或 JPEG。",
    },
    "raw": {
        "en": "It is a camera's raw data: export it as JPEG from a photo program, or let the camera save JPEG.",
        "zh": "这是相机的原始数据：请用照片程序导出为 JPEG，或让相机直接保存 JPEG。",
    },
}

ADVISED: dict[str, str] = {
    **dict.fromkeys(("heic", "heif", "hif"), "heic"),
    **dict.fromkeys(("avif", "bmp", "tif", "tiff", "jxl", "jp2"), "picture"),
    **dict.fromkeys(("svg", "ai", "eps"), "drawing"),
    **dict.fromkeys(("pdf", "ppt", "pptx", "doc", "docx"), "document"),
    **dict.fromkeys(("psd", "xcf", "kra"), "photoshop"),
    **dict.fromkeys(("raw", "dng", "cr2", "cr3", "nef", "arw", "orf", "rw2", "raf"), "raw"),
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


def refusal_hint(kind: str | None) -> str:
    """Return what to do instead: the advice for a kind of `ADVICE`, where there is one, and what is accepted."""
    advice = f"{ADVICE[kind]['en']} " if kind is not None else ""
    return f"{advice}Accepted: {accepted_text()}."


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
            f"{name!r} is not a file that can be uploaded.", hint=refusal_hint(ADVISED.get(_suffix(name))), code=4001
        )
    return kind
