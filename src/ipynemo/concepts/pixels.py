"""A picture as numbers: the values of a few pixels, and the squares that a model cuts it into.

The grid of patches is exact. The latent grid is a stand-in: a model such as Stable Diffusion computes its map with a
trained network, which is not here; averages of the same squares show how much smaller that map is, not what is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

__all__ = [
    "LATENT_CHANNELS",
    "LATENT_NOTE",
    "LATENT_PX",
    "LatentGrid",
    "Zoom",
    "enlarged",
    "latent_grid",
    "patches",
    "zoomed",
]

LATENT_PX = 8  # Rombach et al., "High-resolution image synthesis with latent diffusion models", 2022: f = 8
LATENT_CHANNELS = 4
LATENT_NOTE = (
    "Stand-in: averages of the picture, on a grid of the same size. "
    "A real model computes its map with a trained network; its numbers are other ones."
)


@dataclass(frozen=True)
class Zoom:
    """A few pixels of a picture, with their numbers.

    Parameters
    ----------
    values : ndarray, shape (rows, columns, 3), uint8, sRGB
        What is stored in the file for these pixels, red, green and blue, 0–255.
    top_px, left_px : int
        Where the block lies in the picture.
    """

    values: Bytes
    top_px: int
    left_px: int

    def text(self, row: int, column: int) -> str:
        """Return the numbers of one pixel as they are written: "red green blue"."""
        red, green, blue = (int(value) for value in self.values[row, column])
        return f"{red} {green} {blue}"


def zoomed(image: Bytes, size_px: int = 8, centre: tuple[float, float] = (0.5, 0.5)) -> Zoom:
    """Return the block of `size_px` by `size_px` pixels around a place, moved inside where it would stick out.

    Parameters
    ----------
    image : ndarray, shape (height_px, width_px, 3), uint8, sRGB
    size_px : int
        Side of the block; a smaller picture gives a smaller block.
    centre : (float, float)
        Across and down, 0–1.
    """
    _check(image)
    if size_px < 1:
        raise ValueError(f"a block has at least 1 pixel, not {size_px}")
    (across, down), (height, width) = centre, image.shape[:2]
    rows, columns = min(size_px, height), min(size_px, width)
    top = int(np.clip(round(down * height - rows / 2), 0, height - rows))
    left = int(np.clip(round(across * width - columns / 2), 0, width - columns))
    return Zoom(image[top : top + rows, left : left + columns].copy(), top, left)


def enlarged(image: Bytes, times: int) -> Bytes:
    """Return the picture `times` as large, every pixel a square of its own colour, nothing smoothed."""
    if times < 1:
        raise ValueError(f"a picture is enlarged at least 1 time, not {times}")
    return image.repeat(times, axis=0).repeat(times, axis=1)


def patches(image: Bytes, size_px: int = 16) -> Bytes:
    """Return the squares that a picture is cut into, as a vision transformer reads it (Dosovitskiy et al. 2021, eq. 1).

    Parameters
    ----------
    image : ndarray, shape (height_px, width_px, 3), uint8, sRGB
    size_px : int
        Side of a square. What does not fill a square at the right and at the bottom is left out.

    Returns
    -------
    ndarray, shape (rows, columns, size_px, size_px, 3), uint8
    """
    _check(image)
    height, width = image.shape[:2]
    if not 1 <= size_px <= min(height, width):
        raise ValueError(f"a picture of {width} × {height} pixels cannot be cut into squares of {size_px}")
    rows, columns = height // size_px, width // size_px
    whole = image[: rows * size_px, : columns * size_px]
    return whole.reshape(rows, size_px, columns, size_px, 3).swapaxes(1, 2).copy()


@dataclass(frozen=True)
class LatentGrid:
    """A grid of the size of Stable Diffusion's map of a picture, filled with averages. Show `note` with it.

    Parameters
    ----------
    values : ndarray, shape (rows, columns, 4), float32, 0–1
        Averages of red, green and blue over each square of 8 × 8 pixels, and their spread of brightness.
    picture_numbers, map_numbers : int
        How many numbers the picture has, and how many the map.
    note : str
        What it is and what it is not.
    """

    values: NDArray[np.float32]
    picture_numbers: int
    map_numbers: int
    note: str = LATENT_NOTE

    @property
    def times_smaller(self) -> float:
        """How many times fewer numbers the map has."""
        return self.picture_numbers / self.map_numbers

    def to_rgb(self) -> Bytes:
        """Return the three averages as a small picture, shape (rows, columns, 3), uint8."""
        shown: Bytes = np.rint(self.values[..., :3] * 255).astype(np.uint8)
        return shown


def latent_grid(image: Bytes) -> LatentGrid:
    """Return the stand-in for a latent map: a square of 8 × 8 pixels becomes 4 numbers.

    Parameters
    ----------
    image : ndarray, shape (height_px, width_px, 3), uint8, sRGB
        For Stable Diffusion's own numbers, 512 × 512: 786,432 numbers become 16,384.
    """
    squares = patches(image, LATENT_PX).astype(np.float32) / 255
    means = squares.mean(axis=(2, 3))
    spread = squares.mean(axis=4).std(axis=(2, 3))  # 0 in a flat square, 0.5 at most
    values = np.concatenate([means, 2 * spread[..., None]], axis=2).astype(np.float32)
    rows, columns = values.shape[:2]
    return LatentGrid(values, rows * columns * LATENT_PX**2 * 3, rows * columns * LATENT_CHANNELS)


def _check(image: Bytes) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise ValueError(f"this needs uint8 (height, width, 3), not {image.dtype} {image.shape}")
