"""The few colours that stand for a picture, and how much of it each one covers.

Colours are grouped where they look alike: k-means in Oklab, a space in which distance is about what the eye sees. The
same picture gives the same palette every time, because samples and starting points are chosen by rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["palette", "to_oklab"]

MAX_SAMPLES_A_SIDE = 128  # 16,384 samples: a colour that covers 5 % is found to within 0.2 %
LEVELS = 32  # a channel, for counting: 32,768 bins, of which a photograph fills some 2,000
MAX_ROUNDS = 16  # of k-means; what still moves after that is less than the eye sees
SAME_COLOUR = 0.025  # Oklab distance; about the least that is told apart in two fields side by side

# Ottosson, "A perceptual color space for image processing", 2020: linear sRGB -> LMS -> (cube root) -> Lab.
_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)


def palette(image_rgb: NDArray[np.uint8], colours: int = 6) -> list[tuple[str, float]]:
    """Return the colours that stand for a picture, the most frequent first.

    Parameters
    ----------
    image_rgb : ndarray, shape (height_px, width_px, 3), uint8, sRGB
        The picture.
    colours : int
        How many at most; a flat picture has fewer.

    Returns
    -------
    list of (str, float)
        "#rrggbb" and the share of the picture, 0–1; the shares add up to 1.

    Raises
    ------
    ValueError
        Not an array of that shape and type, or empty, or `colours` below 1.
    """
    if image_rgb.ndim != 3 or image_rgb.shape[2] != 3 or image_rgb.dtype != np.uint8 or image_rgb.size == 0:
        raise ValueError(f"a palette needs uint8 (height, width, 3), not {image_rgb.dtype} {image_rgb.shape}")
    if colours < 1:
        raise ValueError(f"a palette needs at least one colour, not {colours}")
    means, counts = _binned(_sampled(image_rgb))
    points = to_oklab(means)
    labels = _clustered(points, counts, colours)
    fields = []
    for label in np.unique(labels):
        member = labels == label
        share = float(counts[member].sum() / counts.sum())
        # The average in light, shown as the member next to it: a colour that is in the picture, to within its bin.
        centre = np.average(points[member], axis=0, weights=counts[member])
        nearest = np.flatnonzero(member)[np.argmin(((points[member] - centre) ** 2).sum(axis=1))]
        red, green, blue = np.rint(means[nearest]).astype(int)
        fields.append((f"#{red:02x}{green:02x}{blue:02x}", share))
    return sorted(fields, key=lambda field: (-field[1], field[0]))


def to_oklab(rgb: NDArray[Any]) -> Floats:
    """Return sRGB colours, 0–255 in the last axis, as Oklab (lightness 0–1, green–red, blue–yellow)."""
    unit = np.asarray(rgb, np.float32) / 255
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)  # IEC 61966-2-1
    lab: Floats = (np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T).astype(np.float32)
    return lab


def _sampled(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return pixels, shape (count, 3): all of a small picture, one at a random place in each cell of a grid otherwise.

    Averages would invent colours between two fields; a plain grid would fall in step with stripes.
    """
    height, width = image.shape[:2]
    if height * width <= MAX_SAMPLES_A_SIDE**2:
        return image.reshape(-1, 3)
    rows, columns = min(height, MAX_SAMPLES_A_SIDE), min(width, MAX_SAMPLES_A_SIDE)
    random = np.random.default_rng(0)
    down = (np.arange(rows)[:, None] + random.random((rows, columns))) * height / rows
    across = (np.arange(columns)[None, :] + random.random((rows, columns))) * width / columns
    samples: NDArray[np.uint8] = image[down.astype(int), across.astype(int)].reshape(-1, 3)
    return samples


def _binned(pixels: NDArray[np.uint8]) -> tuple[Floats, NDArray[np.int64]]:
    """Return the mean colour and the count of every bin that is not empty."""
    coarse = (pixels >> 3).astype(np.int32)
    keys = (coarse[:, 0] * LEVELS + coarse[:, 1]) * LEVELS + coarse[:, 2]
    _, where, counts = np.unique(keys, return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(where, pixels[:, channel], len(counts)) for channel in range(3)], axis=1)
    return (sums / counts[:, None]).astype(np.float32), counts.astype(np.int64)


def _clustered(points: Floats, counts: NDArray[np.int64], colours: int) -> NDArray[np.intp]:
    """Return the cluster of every point: k-means, weighted by the counts."""
    centres = _seeds(points, counts, colours)
    labels = _nearest(points, centres)
    for _ in range(MAX_ROUNDS):
        weight = np.bincount(labels, counts, len(centres))
        kept = weight > 0
        sums = np.stack([np.bincount(labels, counts * points[:, axis], len(centres)) for axis in range(3)], axis=1)
        centres = (sums[kept] / weight[kept, None]).astype(np.float32)
        moved = _nearest(points, centres)
        if kept.all() and np.array_equal(moved, labels):
            break
        labels = moved
    return labels


def _nearest(points: Floats, centres: Floats) -> NDArray[np.intp]:
    # |p − c|² without |p|², which is the same for every centre
    apart = (centres**2).sum(axis=1) - 2 * (points @ centres.T)
    nearest: NDArray[np.intp] = np.argmin(apart, axis=1)
    return nearest


def _seeds(points: Floats, counts: NDArray[np.int64], colours: int) -> Floats:
    """Return starting points: the most frequent colour, then always the one that is worst represented so far."""
    chosen = [int(np.argmax(counts))]
    distance = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < colours and distance.max() > SAME_COLOUR**2:
        chosen.append(int(np.argmax(distance * counts)))
        distance = np.minimum(distance, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
    return points[chosen]
