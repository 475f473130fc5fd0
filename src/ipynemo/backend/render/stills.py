"""What does not move is drawn once, with a filter that no moving picture could afford, and then only laid on.

Pillow's `resize` with a box of floats weighs every source pixel that a target pixel covers. The outcome is a cutting: a
part of a frame in the encoder's planes, at its place, as texts are too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from ipynemo.backend.render.planes import Plane, Planes, for_frame
from ipynemo.backend.render.sampling import TOUCH, over, span

if TYPE_CHECKING:
    from ipynemo.backend.render.motion import Placement

__all__ = ["Cutting", "blurred_cover", "cutting", "drawn_once", "lay"]


@dataclass(frozen=True, slots=True)
class Cutting:
    """Pixels for a part of the frame; `x` and `y` are those of its top left corner, even numbers of pixels."""

    x: int
    y: int
    planes: Planes

    def covers(self, frame: tuple[int, int]) -> bool:
        """Whether it hides all of a frame of a size."""
        return self.planes.alpha is None and self.planes.size == frame

    @property
    def bytes(self) -> int:
        """How much memory it takes, about."""
        return self.planes.y.size * (3 if self.planes.alpha is None else 6) // 2


def cutting(x: int, y: int, rgb: np.ndarray, alpha: np.ndarray | None, frame: tuple[int, int]) -> Cutting | None:
    """Return pixels at a place of a frame; None where nothing of them would be seen.

    Parameters
    ----------
    x, y : int
        Where the top left corner lies; it may lie outside of the frame.
    rgb : ndarray, shape (height_px, width_px, 3), uint8
        Premultiplied where there is alpha.
    alpha : ndarray, shape (height_px, width_px), uint8, or None
    frame : tuple of int
        Width and height of the frame in pixels, even.
    """
    top, left = max(0, -y), max(0, -x)
    bottom, right = min(rgb.shape[0], frame[1] - y), min(rgb.shape[1], frame[0] - x)
    if alpha is not None and bottom > top and right > left:
        columns, rows = np.flatnonzero(alpha.any(axis=0)), np.flatnonzero(alpha.any(axis=1))
        if not len(rows):
            return None
        top, bottom = max(top, int(rows[0])), min(bottom, int(rows[-1]) + 1)
        left, right = max(left, int(columns[0])), min(right, int(columns[-1]) + 1)
    if bottom <= top or right <= left:
        return None
    odd = ((y + top) % 2, (y + bottom) % 2, (x + left) % 2, (x + right) % 2)
    rgb = rgb[top:bottom, left:right]
    if alpha is not None:
        alpha = alpha[top:bottom, left:right]
    elif any(odd):
        alpha = np.full(rgb.shape[:2], 255, np.uint8)
    if any(odd) and alpha is not None:  # colours have a sample every two pixels, so a part has to begin at even places
        rgb = cv2.copyMakeBorder(rgb, *odd, cv2.BORDER_CONSTANT, value=(0, 0, 0))
        alpha = cv2.copyMakeBorder(alpha, *odd, cv2.BORDER_CONSTANT, value=(0,))
    ready = for_frame(rgb, None if alpha is None else np.ascontiguousarray(alpha))
    return Cutting(x + left - odd[2], y + top - odd[0], ready)


def drawn_once(image: Image.Image, picture: tuple[int, int], at: Placement, frame: tuple[int, int]) -> Cutting | None:
    """Return what is seen of a picture at a place of a frame.

    Parameters
    ----------
    image : Image
        Mode RGB, or RGBa (premultiplied).
    picture : tuple of int
        The width and height that the place is told for; the image may have been loaded smaller.
    at : Placement
    frame : tuple of int
        Width and height in pixels.
    """
    per_x = image.width / picture[0] / at.factor  # image pixels per frame pixel
    per_y = image.height / picture[1] / at.factor
    x0, x1, cover_x = span(at.x, at.x + picture[0] * at.factor, frame[0])
    y0, y1, cover_y = span(at.y, at.y + picture[1] * at.factor, frame[1])
    if x1 <= x0 or y1 <= y0:
        return None
    # A partly covered pixel at the edge is seen through the picture's last row, as if that went on.
    pad = math.ceil(max(per_x, per_y) * 2) + 2 if min(*cover_x, *cover_y) < 1 else 0
    if pad:
        pixels = cv2.copyMakeBorder(np.asarray(image), pad, pad, pad, pad, cv2.BORDER_REPLICATE)
        image = Image.frombuffer(image.mode, (pixels.shape[1], pixels.shape[0]), pixels, "raw", image.mode, 0, 1)
    box = (
        max((x0 - at.x) * per_x + pad, 0.0),
        max((y0 - at.y) * per_y + pad, 0.0),
        min((x1 - at.x) * per_x + pad, float(image.width)),
        min((y1 - at.y) * per_y + pad, float(image.height)),
    )
    target = (x1 - x0, y1 - y0)
    whole = [round(side) for side in box]
    to_the_pixel = max(abs(side - near) for side, near in zip(box, whole, strict=True)) < TOUCH
    if to_the_pixel and (whole[2] - whole[0], whole[3] - whole[1]) == target:
        part = image.crop((whole[0], whole[1], whole[2], whole[3]))
    else:
        part = image.resize(target, Image.Resampling.BICUBIC, box=box, reducing_gap=3.0)
    pixels, alpha = np.array(part), None
    if image.mode == "RGBa":
        alpha = np.ascontiguousarray(pixels[..., 3])
        # A resampler may overshoot at an edge; no premultiplied colour is larger than its alpha.
        pixels = np.minimum(pixels[..., :3], alpha[..., None])
    if min(*cover_x, *cover_y) < 1:
        pixels, alpha = _feathered(pixels, alpha, cover_x, cover_y)
    return cutting(x0, y0, pixels, alpha, frame)


def _feathered(
    pixels: np.ndarray, alpha: Plane | None, across: tuple[float, float], down: tuple[float, float]
) -> tuple[np.ndarray, Plane]:
    """Return pixels and alpha with edges that cover their last pixels in part."""
    if alpha is None:
        alpha = np.full(pixels.shape[:2], 255, np.uint8)
    for place, row, column in zip((0, -1), down, across, strict=True):
        alpha[place], pixels[place] = np.rint(alpha[place] * row), np.rint(pixels[place] * row)
        alpha[:, place] = np.rint(alpha[:, place] * column)
        pixels[:, place] = np.rint(pixels[:, place] * column)
    return pixels, alpha


def lay(piece: Cutting, frame: Planes, strength: float = 1.0, rise: float = 0.0) -> None:
    """Lay a cutting over a frame; one with alpha as strongly as asked (0–1), and `rise` pixels below its place."""
    mine = piece.planes
    parts = (
        (mine.y, mine.alpha, frame.y, 1),
        (mine.u, mine.thin, frame.u, 2),
        (mine.v, mine.thin, frame.v, 2),
    )
    for plane, alpha, target, step in parts:
        x, y = piece.x // step, piece.y // step
        if alpha is None:
            np.copyto(target[y : y + plane.shape[0], x : x + plane.shape[1]], plane)
            continue
        if rise:
            plane, alpha = _lowered(plane, rise / step), _lowered(alpha, rise / step)
        height = min(plane.shape[0], target.shape[0] - y)
        part = target[y : y + height, x : x + plane.shape[1]]
        if strength < 1:
            plane = cv2.convertScaleAbs(plane, alpha=strength)
            alpha = cv2.convertScaleAbs(alpha, alpha=strength)
        over(plane[:height], alpha[:height], part)


def _lowered(plane: Plane, by: float) -> Plane:
    down = np.array([[1, 0, 0], [0, 1, by]], np.float64)
    lowered: Plane = cv2.warpAffine(plane, down, (plane.shape[1], plane.shape[0] + math.ceil(by)))
    return lowered


def blurred_cover(image: Image.Image, width: int, height: int) -> np.ndarray:
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
    ground: np.ndarray = np.clip(np.rint(soft), 0, 255).astype(np.uint8)
    return ground
