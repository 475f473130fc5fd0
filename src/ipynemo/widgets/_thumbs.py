"""Tiny pictures of uploads: checked where the page made them, made here (where Pillow is) for files given by path."""

from __future__ import annotations

import base64
import binascii
import io
import logging
import re
import warnings
from pathlib import Path
from typing import Final

from ipynemo.formats import kind_of

__all__ = ["MAX_THUMB_BYTES", "THUMB_PX", "checked", "thumbnail"]

log = logging.getLogger(__name__)

MAX_THUMB_BYTES: Final = 6_000  # they are kept in the saved notebook
MAX_DECODED_PIXELS: Final = 40_000_000  # the kernel's memory is the user's
THUMB_PX: Final = 96

_DATA_URL = re.compile(r"data:image/(?:webp|jpeg|png);base64,([A-Za-z0-9+/]+={0,2})")


def checked(url: object) -> str:
    """Return a thumbnail that came from the page, as a `data:` URL; empty where it is none, or too large."""
    if not isinstance(url, str) or len(url) > 2 * MAX_THUMB_BYTES:
        return ""
    match = _DATA_URL.fullmatch(url)
    if match is None:
        return ""
    try:
        decoded = base64.b64decode(match[1], validate=True)
    except binascii.Error:
        return ""
    return url if len(decoded) <= MAX_THUMB_BYTES else ""


def thumbnail(path: Path) -> str:
    """Return a small picture of an image file as a `data:` URL; empty where there is none to be had."""
    if kind_of(path.name) != "image":
        return ""
    try:
        from PIL import Image, ImageOps
    except ImportError:  # a part of the extra `local`
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # pixels are counted below
            with Image.open(path, formats=["JPEG", "PNG", "GIF", "WEBP"]) as image:
                if image.width * image.height > MAX_DECODED_PIXELS:
                    return ""
                image.draft("RGB", (2 * THUMB_PX, 2 * THUMB_PX))
                small = ImageOps.exif_transpose(image).convert("RGBA")
        small.thumbnail((THUMB_PX, THUMB_PX))
        flat = Image.new("RGB", small.size, "white")
        flat.paste(small, mask=small.getchannel("A"))
        out = io.BytesIO()
        flat.save(out, "JPEG", quality=70)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        log.info("No thumbnail of an upload: %s", error)
        return ""
    return checked(f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}")
