from __future__ import annotations

import numpy as np
import pytest

from ipynemo.concepts.spectrum import NOTE, spectrum


def waves(side_px: int, wavelength_px: float) -> np.ndarray:
    across = 127.5 + 100 * np.cos(2 * np.pi * np.arange(side_px) / wavelength_px)
    return np.rint(np.broadcast_to(across[None, :, None], (side_px, side_px, 3))).astype(np.uint8)


@pytest.mark.parametrize("wavelength_px", [4, 8, 32])
def test_waves_of_a_length_are_found_at_that_length(wavelength_px: int) -> None:
    found = spectrum(waves(256, wavelength_px))
    assert found.wavelength_px[np.argmax(found.strength_db)] == wavelength_px
    # Upright stripes: two bright places left and right of the middle, in the same row.
    row, column = divmod(int(np.argmax(found.image)), 256)
    assert (row, abs(column - 128)) == (128, 256 // wavelength_px)


def test_fine_noise_is_as_strong_in_every_band() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 1), np.uint8).repeat(3, axis=2)
    found = spectrum(noise)
    assert found.image.shape == (300, 300)
    assert np.ptp(found.strength_db[10:]) < 3


def test_a_flat_picture_is_black_and_fails_nowhere() -> None:
    found = spectrum(np.full((16, 20, 3), 90, np.uint8))
    assert found.image.max() == 0
    assert found.strength_db.tolist() == [-120.0] * 8


def test_it_says_that_it_is_no_evidence() -> None:
    assert NOTE == "To look at, not evidence: a spectrum does not tell how a picture was made."


def test_what_is_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="8 pixels or more"):
        spectrum(np.zeros((7, 30, 3), np.uint8))
