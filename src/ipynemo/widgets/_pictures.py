"""What the concept widgets share: a picture from a path or an array, and its way to the page.

Pixels travel as messages, when the page asks for them, and not as traits: a trait's value is kept in saved notebooks.
"""

from __future__ import annotations

import base64
import io
import os
import uuid
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ipynemo.errors import InvalidRequestError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

__all__ = ["PICTURE_WORDS", "Given", "Pictures", "as_jpeg", "as_png", "data_url", "given", "shrunk"]

MAX_PIXELS: Final = 40_000_000  # the kernel's memory is the user's
FORMATS: Final = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")

PICTURE_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "no_picture": "No picture yet. Give one: {call}",
        "array": "a picture from memory",
        "size": "{width} × {height} pixels",
        "illustration": "Illustration on your picture — not a recording of how it was made.",
    },
    "zh": {
        "no_picture": "还没有图片。请给一张：{call}",
        "array": "内存中的图片",
        "size": "{width} × {height} 像素",
        "illustration": "在你的图片上所作的演示，并不是它制作过程的记录。",
    },
}


@dataclass(frozen=True, eq=False)
class Given:
    """A picture that a widget was given: its pixels (uint8, RGB), and its file where there is one."""

    pixels: Bytes
    name: str
    path: Path | None = None
    data: bytes | None = None  # of a file that lies in memory only

    @property
    def width_px(self) -> int:
        """Its width."""
        return int(self.pixels.shape[1])

    @property
    def height_px(self) -> int:
        """Its height."""
        return int(self.pixels.shape[0])


def given(value: Any, widget: str, *, unseen: bool = False) -> Given | None:
    """Return the picture that a path, an array, a Pillow image or a picture of the tiny model is.

    With `unseen`, a file that is there but shows no picture is taken too, without pixels.

    Raises
    ------
    InvalidRequestError
        It is none of these, or cannot be read.
    """
    if value is None or isinstance(value, Given):
        return value
    if isinstance(value, (str, os.PathLike)):
        path = Path(os.fspath(value)).expanduser()
        try:
            return Given(_read(path, path.name), path.name, path)
        except InvalidRequestError:
            if not unseen or not path.is_file():
                raise
            return Given(_nothing(), path.name, path)
    if hasattr(value, "trajectory") and hasattr(value, "to_png"):  # a TinyPicture: its file is as good as saved
        data = value.to_png()
        name = "-".join(value.prompt.split()) or "picture"
        return Given(_read(io.BytesIO(data), name), f"{name}.png", data=data)
    if hasattr(value, "convert") and hasattr(value, "getexif"):
        return Given(_flat(value), "")
    if hasattr(value, "__array__"):
        return Given(_pixels(value), "")
    raise InvalidRequestError(
        f"{widget} takes the path of a picture or an array of pixels, not {type(value).__name__}.",
        hint=f'For example {widget}("robot.png").',
    )


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise InvalidRequestError(
            "To look at pictures, pillow is needed.", hint='pip install "ipynemo[local]"'
        ) from error
    return Image


def _read(file: Path | io.BytesIO, name: str) -> Bytes:
    image_of = _pillow()
    from PIL import ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", image_of.DecompressionBombWarning)  # pixels are counted below
            with image_of.open(file, formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise InvalidRequestError(
                        f"{name} has more than {MAX_PIXELS // 1_000_000} million pixels.", hint="Make it smaller first."
                    )
                return _flat(ImageOps.exif_transpose(image))
    except (OSError, ValueError, SyntaxError, image_of.DecompressionBombError) as error:
        why = getattr(error, "strerror", None) or "it is no picture that can be read here"
        raise InvalidRequestError(f"{name} cannot be opened: {why}.", hint="PNG, JPEG and WebP work.") from error


def _flat(image: Any) -> Bytes:
    """Return an image's pixels as red, green and blue; what is transparent lies on white."""
    import numpy as np

    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        whole = image.convert("RGBA")
        flat = _pillow().new("RGB", whole.size, "white")
        flat.paste(whole, mask=whole.getchannel("A"))
        image = flat
    return np.asarray(image.convert("RGB"), np.uint8).copy()


def _nothing() -> Bytes:
    import numpy as np

    return np.zeros((0, 0, 3), np.uint8)


def _pixels(value: Any) -> Bytes:
    import numpy as np

    array = np.asarray(value)
    if array.ndim == 2:
        array = array[..., None].repeat(3, axis=2)
    if array.ndim != 3 or array.shape[2] not in (3, 4) or not array.size:
        raise InvalidRequestError(
            f"An array of shape {array.shape} is no picture.", hint="Its shape is (height, width, 3)."
        )
    if np.issubdtype(array.dtype, np.floating):
        array = np.rint(np.clip(np.nan_to_num(array), 0, 1) * 255)
    elif array.dtype != np.uint8:
        raise InvalidRequestError(f"Pixels are uint8, or numbers from 0 to 1, not {array.dtype}.")
    return np.ascontiguousarray(array[..., :3].astype(np.uint8))


# -- on the way to the page ------------------------------------------------------------------------------------------


def shrunk(pixels: Bytes, side_px: int) -> Bytes:
    """Return a picture whose longer side has at most so many pixels."""
    import numpy as np

    image = _pillow().fromarray(pixels)
    image.thumbnail((side_px, side_px))
    return np.asarray(image, np.uint8)


def as_jpeg(pixels: Bytes, quality: int = 82) -> bytes:
    """Return a picture as JPEG, with all of its colour: noise has as much in it as in brightness."""
    out = io.BytesIO()
    _pillow().fromarray(pixels).save(out, "JPEG", quality=quality, subsampling=0)
    return out.getvalue()


def as_png(pixels: Bytes) -> bytes:
    """Return a picture as PNG: exact."""
    out = io.BytesIO()
    _pillow().fromarray(pixels).save(out, "PNG", optimize=True)
    return out.getvalue()


def data_url(data: bytes) -> str:
    """Return a picture for the saved form."""
    kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


class Pictures:
    """The pictures that a page may ask for. `key` changes with them, so that the page knows when to ask."""

    def __init__(self) -> None:
        self.key = ""
        self._files: dict[str, bytes] = {}

    def __getitem__(self, name: str) -> bytes:
        return self._files[name]

    def put(self, files: Mapping[str, bytes]) -> None:
        """Replace all pictures."""
        self._files = dict(files)
        self.key = uuid.uuid4().hex[:8]

    def push(self, send: Callable[[Mapping[str, Any], list[bytes]], None], **facts: Any) -> None:
        """Send all of them in one message."""
        send({"kind": "pictures", "key": self.key, "names": list(self._files), **facts}, list(self._files.values()))
