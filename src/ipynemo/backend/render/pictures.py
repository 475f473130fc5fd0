"""Any picture file becomes upright 8-bit sRGB, with premultiplied alpha where it is see-through.

What is kept of a file: its pixels, its orientation (EXIF), its colour profile, its alpha, its animation. What is
refused: more pixels than a picture has, more frames than a picture shows, and every format with a program inside.
"""

from __future__ import annotations

import io
import warnings
from collections import OrderedDict
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from ipynemo.backend.render.faults import BrokenAssetError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Animation", "is_picture", "load_still", "pixels_of", "still_size", "upright_srgb"]

# Importing a plugin registers its format, and `formats=` below knows only registered ones. To load all that there are
# takes longer than to draw the first frame.
_PLUGINS = {
    "JPEG": JpegImagePlugin, "MPO": MpoImagePlugin, "PNG": PngImagePlugin, "GIF": GifImagePlugin,
    "WEBP": WebPImagePlugin, "BMP": BmpImagePlugin, "TIFF": TiffImagePlugin, "AVIF": AvifImagePlugin,
    "PPM": PpmImagePlugin,
}  # fmt: skip
FORMATS = tuple(name for name in _PLUGINS if name in Image.OPEN)
ANIMATED = ("GIF", "WEBP", "PNG", "AVIF")  # an MPO has several pictures too, but they are no animation
MAX_PIXELS = 120_000_000
MAX_FRAMES = 3_000
STRIP_PX = 32
MAX_ANIMATION_PIXELS = 3_000_000_000
CACHED_FRAME_BYTES = 192 << 20
SHORTEST_FRAME_S = 0.011  # browsers show shorter ones for 0.1 s, and files are made for browsers
DEFAULT_FRAME_S = 0.1

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION = 0x0112


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open a picture and turn whatever a broken file provokes into one error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata; the pixels decide
            with Image.open(path, formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise BrokenAssetError(
                        f"{path.name} has {image.width} × {image.height} pixels.",
                        hint=f"At most {MAX_PIXELS // 1_000_000} million can be rendered.",
                    )
                yield image
    except BrokenAssetError:
        raise
    except UnidentifiedImageError as error:
        raise BrokenAssetError(f"{path.name} is no picture that can be read.") from error
    except Image.DecompressionBombError as error:
        raise BrokenAssetError(f"{path.name} has too many pixels.") from error
    except (OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, TypeError, MemoryError) as error:
        # Pillow's decoders answer damaged files with any of these.
        raise BrokenAssetError(f"{path.name} is damaged: {error}.") from error


def is_picture(path: Path) -> bool:
    """Return whether the content of a file is a picture, whatever its name."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS):
                return True
    except Image.DecompressionBombError:
        return True
    except (OSError, ValueError, SyntaxError):
        return False


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return a picture of deep grey (16 bits, 32 bits, floats) as 8-bit grey; others as they are."""
    if not image.mode.startswith(("I", "F")):
        return image
    grey = np.asarray(image).astype(np.float32)
    if image.mode == "F":
        grey = np.nan_to_num(grey)
        whole = 1.0 if grey.max(initial=0) <= 1.0 else 255.0 if grey.max(initial=0) <= 255 else 65535.0
    else:
        whole = 65535.0
    flat = Image.fromarray(np.clip(grey * (255 / whole) + 0.5, 0, 255).astype(np.uint8))
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        flat.putalpha(Image.fromarray(np.where(np.asarray(image) == clear, 0, 255).astype(np.uint8)))
    return flat


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Return the picture in sRGB by its own colour profile; by the plain rule where the profile is unusable."""
    with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
        converted: Any = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        if isinstance(converted, Image.Image):
            return converted
    return image.convert("RGB")


def _orientation(image: Image.Image) -> int:
    with suppress(Exception):  # EXIF is free text from anywhere; without it the picture is as it is
        value = image.getexif().get(_ORIENTATION)
        return value if isinstance(value, int) else 1
    return 1


def upright_srgb(image: Image.Image, *, own: bool = False) -> Image.Image:
    """Return the pixels upright, as sRGB in mode RGB, or RGBa (premultiplied) where any pixel is see-through.

    `own` allows to return the very image that was given, where it is so already: a large one is not copied in vain.
    """
    turn, profile = _TURNS.get(_orientation(image)), image.info.get("icc_profile")
    image.load()
    image = _eight_bits(image)
    alpha: Image.Image | None = None
    if _has_alpha(image):
        whole = image.convert("RGBA")
        alpha = whole.getchannel("A")
        colours = whole.convert("RGB")
    elif image.mode in ("RGB", "L", "CMYK", "LAB"):
        colours = image
    else:
        colours = image.convert("RGB")
    if isinstance(profile, bytes) and profile:
        rgb = _to_srgb(colours, profile)
    else:
        rgb = colours if own and colours.mode == "RGB" else colours.convert("RGB")
    if alpha is not None and alpha.getextrema() != (255, 255):
        rgb.putalpha(alpha)
        rgb = rgb.convert("RGBa")
    return rgb.transpose(turn) if turn is not None else rgb


def _draft(image: Image.Image, least: tuple[int, int]) -> bool:
    """Have a picture decoded no smaller than `least`, where that is quicker; return whether it lies on its side."""
    turned = _orientation(image) in (5, 6, 7, 8)
    image.draft(None, least[::-1] if turned else least)
    return turned


def still_size(path: Path, least: tuple[int, int]) -> tuple[int, int] | None:
    """Return the size that `load_still` gives a picture, without loading it; None where only loading tells it."""
    with _opened(path) as image:
        if image.format not in ("JPEG", "PNG"):
            return None
        turned = _draft(image, least)
        return (image.height, image.width) if turned else image.size


def load_still(path: Path, least: tuple[int, int] | None = None) -> Image.Image:
    """Load a picture, or the first one of an animation.

    Parameters
    ----------
    path : Path
    least : tuple of int, optional
        Width and height in pixels that suffice; a large JPEG is then decoded smaller, which is several times faster.

    Raises
    ------
    BrokenAssetError
        It cannot be read, or has more pixels than can be rendered.
    """
    with _opened(path) as image:
        if least is not None:
            _draft(image, least)
        return upright_srgb(image, own=True)


def pixels_of(image: Image.Image) -> np.ndarray:
    """Return the pixels of a picture, in strips: as a whole, Pillow needs the memory for them twice.

    Returns
    -------
    ndarray, shape (height_px, width_px, bands), uint8
    """
    pixels = np.empty((image.height, image.width, len(image.getbands())), np.uint8)
    for top in range(0, image.height, STRIP_PX):
        part = image.crop((0, top, image.width, min(top + STRIP_PX, image.height)))
        pixels[top : top + STRIP_PX] = np.asarray(part)
    return pixels


class Animation:
    """An animated GIF, WebP or PNG, played at its own times, over and over.

    Parameters
    ----------
    path : Path

    Raises
    ------
    BrokenAssetError
        It cannot be read, or is larger than can be rendered.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ends_s: list[float] = []
        self._cache: OrderedDict[int, Image.Image] = OrderedDict()
        self._image: Image.Image | None = None
        with _opened(path) as image:
            count = int(getattr(image, "n_frames", 1)) if image.format in ANIMATED else 1
            if count > MAX_FRAMES or count * image.width * image.height > MAX_ANIMATION_PIXELS:
                raise BrokenAssetError(f"{path.name} is an animation of {count} pictures, more than can be rendered.")
            end_s = 0.0
            if count == 1:
                self.ends_s.append(DEFAULT_FRAME_S)
            for number in range(count if count > 1 else 0):
                image.seek(number)
                image.load()
                given = image.info.get("duration", 0)
                shown_s = float(given) / 1000 if isinstance(given, int | float) else 0.0
                end_s += shown_s if shown_s >= SHORTEST_FRAME_S else DEFAULT_FRAME_S
                self.ends_s.append(end_s)
            self.width, self.height = image.size
        self._most_cached = max(2, CACHED_FRAME_BYTES // max(1, self.width * self.height * 4))

    @property
    def moves(self) -> bool:
        """Whether there is more than one picture."""
        return len(self.ends_s) > 1

    def number_at(self, time_s: float) -> int:
        """Return which picture, from 0, is shown at a time."""
        # A thousandth of a second of tolerance: 0.1 s is not exactly the third frame of thirty a second.
        within = (time_s + 0.001) % self.ends_s[-1]
        return min(int(np.searchsorted(self.ends_s, within, side="right")), len(self.ends_s) - 1)

    def picture(self, number: int) -> Image.Image:
        """Return one of the pictures, as `upright_srgb` gives it."""
        if number in self._cache:
            self._cache.move_to_end(number)
            return self._cache[number]
        if self._image is None:
            self._image = Image.open(self.path, formats=FORMATS)
        try:
            self._image.seek(number)
            picture = upright_srgb(self._image)
        except (OSError, ValueError, SyntaxError, EOFError) as error:
            raise BrokenAssetError(f"{self.path.name} is damaged at its picture {number + 1}: {error}.") from error
        self._cache[number] = picture
        while len(self._cache) > self._most_cached:
            self._cache.popitem(last=False)
        return picture

    def close(self) -> None:
        """Close the file."""
        self._cache.clear()
        if self._image is not None:
            self._image.close()
            self._image = None
