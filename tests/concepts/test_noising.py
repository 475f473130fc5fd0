from __future__ import annotations

import numpy as np
import pytest

from ipynemo.concepts.noising import alpha_bar, curve, even_steps, fixed_noise, noised, noised_frames


def gradient() -> np.ndarray:
    across = np.linspace(0, 1, 96, dtype=np.float32)
    return np.broadcast_to(across[None, :, None], (64, 96, 3)).copy()


def test_the_schedule_is_the_linear_one_of_ho_et_al() -> None:
    # By hand: 1 − 0.0001, then times 1 − (0.0001 + 0.0199/999).
    assert alpha_bar(0) == 1
    assert alpha_bar(1) == pytest.approx(0.9999, abs=1e-12)
    assert alpha_bar(2) == pytest.approx(0.9999 * (1 - 0.0001 - 0.0199 / 999), abs=1e-12)
    assert alpha_bar(999) == pytest.approx(4.1e-5, abs=2e-6)


def test_after_250_steps_072_of_the_picture_and_069_of_noise() -> None:
    assert round(alpha_bar(250) ** 0.5, 2) == 0.72
    assert round((1 - alpha_bar(250)) ** 0.5, 2) == 0.69


def test_the_curve_falls_from_1_and_its_squares_add_up_to_1() -> None:
    found = curve(5)
    assert found.t.tolist() == [0, 250, 500, 749, 999]
    assert found.signal.round(2).tolist() == [1.0, 0.72, 0.28, 0.06, 0.01]
    assert found.noise.round(2).tolist() == [0.0, 0.69, 0.96, 1.0, 1.0]
    assert np.allclose(curve().signal ** 2 + curve().noise ** 2, 1)
    assert len(curve().t) == 1000


def test_after_0_steps_the_picture_is_as_it_was() -> None:
    assert np.allclose(noised(gradient(), 0), gradient(), atol=1e-7)


def test_after_999_steps_nothing_of_the_picture_is_left() -> None:
    image = gradient()
    black, late = noised(np.zeros_like(image), 999), noised(image, 999)
    assert late.dtype == np.float32
    assert np.abs(late - black).max() < 0.01
    assert 0.45 < late.mean() < 0.55


def test_the_weights_can_be_measured_in_a_noised_picture() -> None:
    image, noise = np.full((64, 96, 3), 0.6, np.float32), fixed_noise(64, 96, seed=7) * 0.2  # stays within 0–1
    found = noised(image, 250, noise=noise)
    assert found.mean() == pytest.approx(0.5 + 0.724 * 0.1, abs=0.003)
    assert found.std() == pytest.approx(0.690 * 0.5 * 0.2, abs=0.002)


def test_the_same_seed_gives_the_same_noise_and_another_another() -> None:
    image = gradient()
    assert (noised(image, 300, seed=1) == noised(image, 300, seed=1)).all()
    assert (noised(image, 300, seed=1) != noised(image, 300, seed=2)).any()
    assert fixed_noise(2, 2, seed=0)[0, 0].round(3).tolist() == pytest.approx(
        np.random.default_rng(0).standard_normal(3, np.float32).round(3).tolist()
    )


def test_blocks_of_4_pixels_share_their_noise_also_at_the_edges() -> None:
    noise = fixed_noise(10, 9, seed=3, block_px=4)
    assert noise.shape == (10, 9, 3)
    assert (noise[:4, :4] == noise[0, 0]).all()
    assert (noise[8:, 8:] == noise[8, 8]).all()
    assert (noise[0, 0] != noise[0, 4]).all()


def test_frames_show_one_noise_growing_and_nothing_flickers() -> None:
    frames = noised_frames(gradient(), [0, 100, 101, 400], seed=1)
    assert (frames.shape, frames.dtype) == ((4, 64, 96, 3), np.uint8)
    assert (frames[0] == np.rint(gradient() * 255)).all()
    assert np.abs(frames[1].astype(int) - frames[2]).max() <= 3
    assert np.abs(frames[1].astype(int) - frames[3]).max() > 60
    assert (frames[3] == np.rint(255 * noised(gradient(), 400, seed=1))).all()


@pytest.mark.parametrize("t", [-1, 1000])
def test_a_step_off_the_schedule_is_refused(t: int) -> None:
    with pytest.raises(ValueError, match="it has the steps 0 to 999"):
        noised(gradient(), t)


@pytest.mark.parametrize("image", [np.zeros((4, 4), np.float32), np.zeros((4, 4, 3), np.uint8), np.zeros((0, 4, 3))])
def test_what_is_not_a_picture_in_floats_is_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="noising needs float32"):
        noised(image, 10)


def test_other_odd_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="does not fit a picture"):
        noised(gradient(), 10, noise=fixed_noise(2, 2))
    with pytest.raises(ValueError, match="at least 1 pixel wide"):
        fixed_noise(2, 2, block_px=0)
    with pytest.raises(ValueError, match="2 to 1000 points"):
        curve(1)


def test_even_steps_change_the_picture_evenly() -> None:
    steps = even_steps(9)
    assert (steps[0], steps[-1]) == (0, 999)
    angles = np.degrees(np.arccos([alpha_bar(t) ** 0.5 for t in steps]))
    assert np.diff(angles).round().tolist() == [11.0] * 8
    assert even_steps(3, last=400)[-1] == 400
    with pytest.raises(ValueError, match="2 steps or more"):
        even_steps(1)
