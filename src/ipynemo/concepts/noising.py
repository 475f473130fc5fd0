"""Forward diffusion: how training spoils a picture, step by step, until nothing of it is left.

A picture after `t` steps is a weighted sum of the picture and of noise, and the weights are known beforehand:
√ᾱ for the picture, √(1 − ᾱ) for the noise. One noise sample, chosen by a seed, serves all steps, so that a slider or a
film shows one and the same noise growing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["STEPS", "Curve", "alpha_bar", "curve", "even_steps", "fixed_noise", "noised", "noised_frames"]

STEPS = 1000
FIRST_BETA, LAST_BETA = 1e-4, 0.02  # Ho et al., "Denoising diffusion probabilistic models", 2020, section 4

# Entry t is what is left after t steps: the product of 1 − β over the first t of them (Ho et al. 2020, eq. 4).
_ALPHA_BAR = np.concatenate([[1.0], np.cumprod(1 - np.linspace(FIRST_BETA, LAST_BETA, STEPS))])[:STEPS]


class Curve(NamedTuple):
    """The weights of picture and noise over the steps; their squares add up to 1.

    Parameters
    ----------
    t : ndarray, shape (points,), int
        Steps, from 0 to 999.
    signal : ndarray, shape (points,), float64, 0–1
        √ᾱ, the weight of the picture.
    noise : ndarray, shape (points,), float64, 0–1
        √(1 − ᾱ), the weight of the noise.
    """

    t: NDArray[np.int64]
    signal: NDArray[np.float64]
    noise: NDArray[np.float64]


def alpha_bar(t: int) -> float:
    """Return ᾱ after `t` steps, 0 <= t < 1000: the share of the picture in the variance.

    >>> round(alpha_bar(250) ** 0.5, 2), round((1 - alpha_bar(250)) ** 0.5, 2)
    (0.72, 0.69)
    """
    if not 0 <= t < STEPS:
        raise ValueError(f"step {t} is not on the schedule; it has the steps 0 to {STEPS - 1}")
    return float(_ALPHA_BAR[t])


def curve(points: int = STEPS) -> Curve:
    """Return the weights of picture and noise at `points` steps, evenly spread from the first to the last."""
    if not 2 <= points <= STEPS:
        raise ValueError(f"a curve needs 2 to {STEPS} points, not {points}")
    t = np.rint(np.linspace(0, STEPS - 1, points)).astype(np.int64)
    left = _ALPHA_BAR[t]
    return Curve(t, np.sqrt(left), np.sqrt(1 - left))


def even_steps(count: int, last: int = STEPS - 1) -> list[int]:
    """Return `count` steps from 0 to `last` between which a picture changes by about the same amount.

    Picture and noise are the two sides of a right angle (their weights' squares add up to 1); the steps are those that
    turn it evenly. Steps at equal distances would spend half of a film on noise.

    >>> even_steps(5)
    [0, 121, 258, 431, 999]
    """
    if count < 2 or not 0 < last < STEPS:
        raise ValueError(f"this needs 2 steps or more, and a last one from 1 to {STEPS - 1}")
    turned = np.arccos(np.sqrt(_ALPHA_BAR[: last + 1]))
    wanted = np.linspace(0, turned[-1], count)
    return [int(t) for t in np.rint(np.interp(wanted, turned, np.arange(last + 1)))]


def fixed_noise(height_px: int, width_px: int, *, seed: int = 0, block_px: int = 1) -> Floats:
    """Return one sample of Gaussian noise for a whole scene.

    Parameters
    ----------
    height_px, width_px : int
        Of the picture that it is for.
    seed : int
        The same seed gives the same noise.
    block_px : int
        Side of the squares that share one value. Fine noise is what video compresses worst: blocks of 4 pixels halve
        the file. They are a choice for the eye; the mathematics is the same with each block as a pixel.

    Returns
    -------
    ndarray, shape (height_px, width_px, 3), float32
        Mean 0, standard deviation 1, each channel by itself.
    """
    if block_px < 1:
        raise ValueError(f"blocks are at least 1 pixel wide, not {block_px}")
    rows, columns = -(-height_px // block_px), -(-width_px // block_px)
    coarse = np.random.default_rng(seed).standard_normal((rows, columns, 3), dtype=np.float32)
    fine: Floats = coarse.repeat(block_px, axis=0).repeat(block_px, axis=1)[:height_px, :width_px]
    return np.ascontiguousarray(fine)


def noised(image: Floats, t: int, *, seed: int = 0, block_px: int = 1, noise: Floats | None = None) -> Floats:
    """Return the picture after `t` steps of forward diffusion.

    Parameters
    ----------
    image : ndarray, shape (height_px, width_px, 3), float32, 0–1, RGB
    t : int
        Step, 0 <= t < 1000, on the linear schedule of Ho et al. 2020, eq. 4. 0 is the picture itself.
    seed, block_px : int
        See `fixed_noise`.
    noise : ndarray, optional
        Noise of the picture's shape, instead of that of `seed`.

    Returns
    -------
    ndarray, shape (height_px, width_px, 3), float32, 0–1, RGB
        Cut to 0–1 for display; diffusion itself goes on beyond black and white.
    """
    _check(image)
    left = alpha_bar(t)
    if noise is None:
        noise = fixed_noise(*image.shape[:2], seed=seed, block_px=block_px)
    elif noise.shape != image.shape:
        raise ValueError(f"noise of shape {noise.shape} does not fit a picture of shape {image.shape}")
    # Ho et al. 2020, eq. 4, on pictures scaled to −1…1 (section 3.3), and back to 0…1.
    signal, spread = np.float32(np.sqrt(left)), np.float32(np.sqrt(1 - left))
    shown: Floats = signal * (image - np.float32(0.5)) + spread * np.float32(0.5) * noise + np.float32(0.5)
    return np.clip(shown, 0, 1)


def noised_frames(image: Floats, steps: list[int], *, seed: int = 0, block_px: int = 1) -> NDArray[np.uint8]:
    """Return the picture after each of the given steps, all with the same noise.

    Read backwards, the frames illustrate the way back from noise to this picture. They are not a recording of how it
    was made.

    Returns
    -------
    ndarray, shape (len(steps), height_px, width_px, 3), uint8, sRGB
    """
    _check(image)
    noise = fixed_noise(*image.shape[:2], seed=seed, block_px=block_px)
    frames = np.empty((len(steps), *image.shape), np.uint8)
    for place, t in enumerate(steps):
        frames[place] = np.rint(255 * noised(image, t, noise=noise))
    return frames


def _check(image: Floats) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.size == 0 or not np.issubdtype(image.dtype, np.floating):
        raise ValueError(f"noising needs float32 (height, width, 3) from 0 to 1, not {image.dtype} {image.shape}")
