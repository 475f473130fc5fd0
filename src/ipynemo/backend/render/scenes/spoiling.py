"""A picture under noise, at any step, drawn straight into the planes of a frame, fast enough for every frame.

`concepts.noising` does the same in floats, for one picture; both follow Ho et al. 2020, eq. 4, with one noise sample
for all steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from ipynemo.backend.render.planes import KB, KR, Planes
from ipynemo.concepts.noising import alpha_bar, fixed_noise

if TYPE_CHECKING:
    from ipynemo.backend.render.planes import Plane

__all__ = ["Spoiled"]

_ACROSS, _DOWN = np.array([0.25, 0.5, 0.25]), np.array([0.5, 0.5])  # where a colour sample of a frame lies


class Spoiled:
    """A picture that can be drawn after any number of steps.

    Parameters
    ----------
    pixels : ndarray, shape (height_px, width_px, 3), uint8, RGB
        Of even width and height.
    corner : tuple of int
        Where it lies in the frame, even numbers of pixels: left, top.
    block_px : int
        Side of the squares of noise.
    """

    def __init__(self, pixels: np.ndarray, corner: tuple[int, int], block_px: int) -> None:
        self._x, self._y = corner
        noise = np.rint(127.5 * fixed_noise(*pixels.shape[:2], block_px=block_px)).astype(np.int16)
        pairs = [(pixels[..., n].astype(np.int16), noise[..., n].copy()) for n in range(3)]
        self._whole = pairs
        self._thin = [(_thinned(picture), _thinned(grain)) for picture, grain in pairs]

    def draw(self, t: int, frame: Planes) -> None:
        """Draw the picture after `t` steps, 0–999, over its part of a frame."""
        left = alpha_bar(t)
        signal, spread = left**0.5, (1 - left) ** 0.5
        red, green, blue = (_mixed(pair, signal, spread) for pair in self._whole)
        light = 219 / 255
        height, width = red.shape
        y = frame.y[self._y : self._y + height, self._x : self._x + width]
        y[:] = cv2.addWeighted(
            cv2.addWeighted(red, KR * light, green, (1 - KR - KB) * light, 16), 1, blue, KB * light, 0
        )
        red, green, blue = (_mixed(pair, signal, spread) for pair in self._thin)
        rows, columns = (slice(self._y // 2, (self._y + height) // 2), slice(self._x // 2, (self._x + width) // 2))
        colour = 224 / 255
        for target, own, mine, other, weight in (
            (frame.u, blue, red, green, KR / (1 - KB)),
            (frame.v, red, blue, green, KB / (1 - KR)),
        ):
            # What the two others take away first leaves 16 at least, so nothing is cut on the way.
            less = cv2.addWeighted(mine, -0.5 * weight * colour, other, -0.5 * (1 - weight) * colour, 128)
            target[rows, columns] = cv2.addWeighted(less, 1, own, 0.5 * colour, 0)


def _thinned(plane: np.ndarray) -> np.ndarray:
    soft = cv2.sepFilter2D(plane, -1, _ACROSS, _DOWN, anchor=(1, 0), borderType=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(soft[::2, ::2])


def _mixed(pair: tuple[np.ndarray, np.ndarray], signal: float, spread: float) -> Plane:
    """Return one colour of the picture under noise, cut to 0–255, as concepts.noising.noised does."""
    mixed: Plane = cv2.addWeighted(pair[0], signal, pair[1], spread, 127.5 * (1 - signal), None, cv2.CV_8U)
    return mixed
