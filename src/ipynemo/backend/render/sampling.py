"""Pixels of a picture at an exact place in the frame: smooth below one pixel, and without aliasing.

A slow zoom shows every flaw of a resampler: steps of a whole pixel, bands of blur that wander over the picture, detail
that flickers. Pillow's `resize` with a box of floats weighs every source pixel that a target pixel covers, which keeps
flicker at a quarter of what an affine warp of a ready-scaled picture gives, at 25 ms a frame of 1920 × 1080.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from ipynemo.backend.render.motion import Placement

__all__ = ["Patch", "Prepared", "blurred_cover", "prepare", "sample"]

SPARE = 1.3  # of the greatest detail ever shown; more only costs time
CREW = min(4, os.cpu_count() or 1)
LARGE_PX = 300_000  # below this, handing over costs more than it saves
TOUCH = 1e-3  # an edge this near to a pixel's border lies on it
MAX_PREPARED_PX = 40_000_000

Pixels = np.ndarray


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture ready for sampling.

    `image` is the picture at `scale_x`, `scale_y` of its own size, with a border of `pad` pixels that repeats its edge.
    """

    image: Image.Image
    scale_x: float
    scale_y: float
    pad: int

    @property
    def see_through(self) -> bool:
        """Whether the picture has alpha."""
        return self.image.mode == "RGBa"


@dataclass(frozen=True, slots=True)
class Patch:
    """Pixels for a part of the frame.

    Attributes
    ----------
    x, y : int
        The top left corner in the frame, pixels.
    pixels : ndarray, shape (height_px, width_px, 3), uint8, RGB
        Premultiplied where there is alpha.
    alpha : ndarray, shape (height_px, width_px), uint8, or None
        None where every pixel is opaque.
    """

    x: int
    y: int
    pixels: Pixels
    alpha: Pixels | None

    def covers(self, width: int, height: int) -> bool:
        """Whether it hides all of a frame."""
        return self.alpha is None and self.pixels.shape[:2] == (height, width)


def prepare(image: Image.Image, greatest_factor: float, *, bordered: bool, moving: bool = True) -> Prepared:
    """Scale a picture down to what its largest appearance needs.

    Parameters
    ----------
    image : Image
        Mode RGB or RGBa.
    greatest_factor : float
        The most frame pixels per picture pixel that it will be drawn with.
    bordered : bool
        Whether its edges can be seen inside the frame.
    moving : bool
        Whether it will be sampled many times; a still is not scaled twice.
    """
    width, height = image.size
    if moving or width * height > MAX_PREPARED_PX:
        scale = min(1.0, greatest_factor * SPARE, math.sqrt(MAX_PREPARED_PX / (width * height)))
        if scale < 0.9:
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            image = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
    scale_x, scale_y = image.width / width, image.height / height
    pad = 0
    if bordered:
        pad = math.ceil(max(scale_x, scale_y) / greatest_factor * 2) + 2
        image = _padded(image, min(pad, 4096))
    return Prepared(image, scale_x, scale_y, pad)


def _padded(image: Image.Image, pad: int) -> Image.Image:
    pixels = cv2.copyMakeBorder(np.asarray(image), pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    return Image.frombytes(image.mode, (pixels.shape[1], pixels.shape[0]), pixels.tobytes())


def _span(start: float, end: float, room: int) -> tuple[int, int, np.ndarray]:
    """Return the first and last pixel that an interval touches, and how much of each it covers (0–1)."""
    first, last = max(0, math.floor(start + TOUCH)), min(room, math.ceil(end - TOUCH))
    last = max(last, first + 1)
    places = np.arange(first, last)
    cover = np.clip(np.minimum(places + 1, end) - np.maximum(places, start), 0, 1)
    cover[cover > 1 - 2 * TOUCH] = 1
    return first, last, cover


@cache
def _crew() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(CREW, thread_name_prefix="ipynemo-sample")


def _resized(image: Image.Image, target: tuple[int, int], box: tuple[float, float, float, float]) -> Pixels:
    """Resample in bands, one a core; Pillow lets go of the interpreter meanwhile."""
    width, height = target
    bands = CREW if width * height >= LARGE_PX else 1
    out = np.empty((height, width, len(image.getbands())), np.uint8)
    edges = [height * number // bands for number in range(bands + 1)]
    per_row = (box[3] - box[1]) / height

    def band(number: int) -> None:
        first, last = edges[number], edges[number + 1]
        top = box[1] + first * per_row
        bottom = box[3] if last == height else box[1] + last * per_row
        part = image.resize((width, last - first), Image.Resampling.BICUBIC, box=(box[0], top, box[2], bottom))
        out[first:last] = np.asarray(part)

    if bands == 1:
        band(0)
    else:
        list(_crew().map(band, range(bands)))
    return out


def sample(prepared: Prepared, at: Placement, width: int, height: int) -> Patch:
    """Return what is seen of a picture in a frame of `width` × `height` pixels."""
    content_w = prepared.image.width - 2 * prepared.pad
    content_h = prepared.image.height - 2 * prepared.pad
    per_x, per_y = prepared.scale_x / at.factor, prepared.scale_y / at.factor  # prepared pixels per frame pixel
    x0, x1, cover_x = _span(at.x, at.x + content_w / per_x, width)
    y0, y1, cover_y = _span(at.y, at.y + content_h / per_y, height)
    box = (
        max((x0 - at.x) * per_x + prepared.pad, 0.0),
        max((y0 - at.y) * per_y + prepared.pad, 0.0),
        min((x1 - at.x) * per_x + prepared.pad, float(prepared.image.width)),
        min((y1 - at.y) * per_y + prepared.pad, float(prepared.image.height)),
    )
    target = (x1 - x0, y1 - y0)
    whole = [round(side) for side in box]
    to_the_pixel = max(abs(side - near) for side, near in zip(box, whole, strict=True)) < TOUCH
    if to_the_pixel and (whole[2] - whole[0], whole[3] - whole[1]) == target:
        pixels = np.array(prepared.image.crop((whole[0], whole[1], whole[2], whole[3])))
    else:
        pixels = _resized(prepared.image, target, box)
    alpha = None
    if prepared.see_through:
        pixels, alpha = np.ascontiguousarray(pixels[..., :3]), np.ascontiguousarray(pixels[..., 3])
        # A resampler may overshoot at an edge; no premultiplied colour is larger than its alpha.
        pixels = np.minimum(pixels, alpha[..., None])
    if cover_x.min() < 1 or cover_y.min() < 1:
        pixels, alpha = _feathered(pixels, alpha, cover_x, cover_y)
    return Patch(x0, y0, pixels, alpha)


def _feathered(pixels: Pixels, alpha: Pixels | None, cover_x: Pixels, cover_y: Pixels) -> tuple[Pixels, Pixels]:
    """Return pixels and alpha with edges that cover their last pixels in part."""
    if alpha is None:
        alpha = np.full(pixels.shape[:2], 255, np.uint8)
    for row in {0, len(cover_y) - 1}:
        alpha[row] = np.rint(alpha[row] * cover_y[row])
        pixels[row] = np.rint(pixels[row] * cover_y[row])
    for column in {0, len(cover_x) - 1}:
        alpha[:, column] = np.rint(alpha[:, column] * cover_x[column])
        pixels[:, column] = np.rint(pixels[:, column] * cover_x[column])
    return pixels, alpha


def blurred_cover(image: Image.Image, width: int, height: int) -> Pixels:
    """Return a soft, darkened copy of a picture that fills the frame; the ground that a fitted picture lies on.

    Returns
    -------
    ndarray, shape (height, width, 3), uint8, RGB
    """
    small = (max(2, width // 12), max(2, height // 12))
    factor = max(width / image.width, height / image.height)
    box_w, box_h = width / factor, height / factor
    left, top = (image.width - box_w) / 2, (image.height - box_h) / 2
    box = (max(left, 0.0), max(top, 0.0), min(left + box_w, image.width), min(top + box_h, image.height))
    crop = np.asarray(image.resize(small, Image.Resampling.BOX, box=box, reducing_gap=2.0))[..., :3]
    soft = cv2.GaussianBlur(crop.astype(np.float32), (0, 0), sigmaX=min(small) * 0.055)
    soft = cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC)
    grey = soft.mean(axis=2, keepdims=True)
    soft = (grey + (soft - grey) * 0.85) * 0.5
    # A fixed grain of half a step hides the bands that a dark gradient shows in 8 bits.
    soft += np.random.default_rng(0).uniform(-0.5, 0.5, soft.shape[:2]).astype(np.float32)[..., None]
    ground: Pixels = np.clip(np.rint(soft), 0, 255).astype(np.uint8)
    return ground
