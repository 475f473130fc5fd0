"""The spectrum of a picture: how much of it is coarse and how much is fine. To look at, never evidence.

Camera, compression, resizing and sharpening all leave their mark there; nothing about who or what made a picture
follows from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NOTE", "Spectrum", "spectrum"]

NOTE = "To look at, not evidence: a spectrum does not tell how a picture was made."
DARKEST_DB = 120.0  # below the strongest wave; 8-bit pictures have only rounding noise there


class Spectrum(NamedTuple):
    """How strong the waves of a picture are.

    Parameters
    ----------
    image : ndarray, shape (side, side), uint8
        Logarithmic strength, the coarsest waves in the middle, black 120 dB below white.
    wavelength_px : ndarray, shape (bands,), float64
        Length of a wave in each band, from coarse to fine; the finest is 2 pixels.
    strength_db : ndarray, shape (bands,), float64
        Mean strength of each band, in decibels below the strongest.
    """

    image: NDArray[np.uint8]
    wavelength_px: NDArray[np.float64]
    strength_db: NDArray[np.float64]


def spectrum(image: NDArray[np.uint8], side_px: int = 512) -> Spectrum:
    """Return the spectrum of brightness of the middle of a picture.

    Parameters
    ----------
    image : ndarray, shape (height_px, width_px, 3), uint8, sRGB
    side_px : int
        Side of the square that is cut from the middle; smaller where the picture is. Nothing is resized, because that
        would change the spectrum.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or min(image.shape[:2]) < 8:
        raise ValueError(f"a spectrum needs uint8 (height, width, 3) of 8 pixels or more, not {image.shape}")
    height, width = image.shape[:2]
    side = min(side_px, height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = image[top : top + side, left : left + side].astype(np.float64)
    bright = square @ np.array([0.299, 0.587, 0.114]) / 255  # Rec. ITU-R BT.601, section 2.5.1
    hann = np.hanning(side + 1)[:side]  # else the edges of the square show as a cross
    waves = np.abs(np.fft.fftshift(np.fft.fft2((bright - bright.mean()) * np.outer(hann, hann)))) ** 2
    strongest = max(float(waves.max()), 1e-12)
    decibels = 10 * np.log10(np.maximum(waves / strongest, 10 ** (-DARKEST_DB / 10)))
    middle = np.arange(side) - side // 2
    radius = np.rint(np.hypot(middle[:, None], middle[None, :])).astype(int).ravel()
    power = np.bincount(radius, waves.ravel()) / np.bincount(radius)
    bands = np.arange(1, side // 2 + 1)
    strength = 10 * np.log10(np.maximum(power[bands] / strongest, 10 ** (-DARKEST_DB / 10)))
    shown = np.rint(255 * (1 + decibels / DARKEST_DB)).astype(np.uint8)
    return Spectrum(shown, side / bands, strength)
