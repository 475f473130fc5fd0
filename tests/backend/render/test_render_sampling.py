"""Pixels at exact places: smooth below a pixel, no aliasing, edges that cover in part."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ipynemo.backend.render.motion import Camera, Placement, to_motion
from ipynemo.backend.render.sampling import Prepared, blurred_cover, prepare, sample

FRAME = (320, 180)


def half_white(width: int = 1600, height: int = 900, edge: int = 800) -> Image.Image:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, edge:] = 255
    return Image.fromarray(pixels)


def edge_places(motion: object, picture: Image.Image, frames: int) -> np.ndarray:
    """Where the edge is seen, in frame pixels from the left, at every frame."""
    camera = Camera(to_motion(motion), "cover", picture.size, FRAME, frames / 30)
    ready = prepare(picture, camera.greatest_factor, bordered=False)
    rows = [sample(ready, camera.at(n / (frames - 1)), *FRAME).pixels[90, :, 0].astype(float) for n in range(frames)]
    return np.array([320 - row.sum() / 255 for row in rows])


@pytest.mark.parametrize("size", [(1600, 900), (480, 270), (160, 90)], ids=["large", "fitting", "small"])
def test_a_slow_pan_moves_an_edge_without_steps(size: tuple[int, int]) -> None:
    picture = half_white(*size, edge=size[0] // 2)
    # Six pixels of the frame in sixty frames: a tenth of a pixel each.
    pan = {"from": [0.5, 0.5, 1.2], "to": [0.5 + 6 / (320 * 1.2), 0.5, 1.2], "ease": "linear"}
    places = edge_places(pan, picture, 61)
    assert places[0] - places[-1] == pytest.approx(6, abs=0.1)
    steps = -np.diff(places)
    assert steps.min() > 0.05
    assert steps.max() < 0.15
    jitter = places - np.polyval(np.polyfit(np.arange(61), places, 1), np.arange(61))
    assert np.sqrt((jitter**2).mean()) < 0.02


def test_a_slow_zoom_moves_every_edge_without_steps() -> None:
    picture = half_white(1600, 900, edge=1200)
    places = edge_places({"from": [0.5, 0.5, 1.0], "to": [0.5, 0.5, 1.05], "ease": "linear"}, picture, 60)
    assert places[0] == pytest.approx(240, abs=0.05)
    assert places[-1] == pytest.approx(160 + 80 * 1.05, abs=0.05)
    wanted = 160 + 80 * 1.05 ** (np.arange(60) / 59)
    assert np.sqrt(((places - wanted) ** 2).mean()) < 0.02


def test_fine_detail_becomes_an_even_grey_and_does_not_flicker() -> None:
    stripes = np.zeros((900, 1600, 3), np.uint8)
    stripes[:, ::2] = 255  # far finer than the frame
    picture = Image.fromarray(stripes)
    camera = Camera(to_motion("zoom_in"), "cover", picture.size, FRAME, 4)
    ready = prepare(picture, camera.greatest_factor, bordered=False)
    for n in range(0, 61, 6):
        pixels = sample(ready, camera.at(n / 60), *FRAME).pixels
        assert abs(float(pixels.mean()) - 127.5) < 1.5
        assert float(pixels.std()) < 3


def test_a_still_of_the_frames_size_is_taken_to_the_pixel() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (180, 320, 3), np.uint8)
    ready = prepare(Image.fromarray(pixels), 1.0, bordered=False, moving=False)
    patch = sample(ready, Placement(0.0, 0.0, 1.0), *FRAME)
    assert patch.covers(*FRAME)
    assert np.array_equal(patch.pixels, pixels)


def test_a_crop_on_whole_pixels_is_not_blurred() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    ready = prepare(Image.fromarray(pixels), 1.0, bordered=False, moving=False)
    assert np.array_equal(sample(ready, Placement(0.0, -30.0, 1.0), *FRAME).pixels, pixels[30:210])


def test_an_edge_inside_the_frame_covers_its_last_pixel_in_part() -> None:
    white = Image.new("RGB", (100, 100), (255, 255, 255))
    ready = prepare(white, 1.0, bordered=True)
    patch = sample(ready, Placement(10.25, 40.0, 1.0), *FRAME)
    assert (patch.x, patch.y, patch.pixels.shape) == (10, 40, (100, 101, 3))
    assert patch.alpha is not None
    assert patch.alpha[50, 0] == 191  # three quarters
    assert patch.alpha[50, 1] == 255
    assert patch.alpha[50, 100] == 64  # one quarter
    assert patch.pixels[50, 0].tolist() == [191, 191, 191]


def test_a_picture_with_alpha_stays_premultiplied() -> None:
    glass = np.zeros((90, 160, 4), np.uint8)
    glass[:, 80:] = (100, 50, 25, 128)
    ready = prepare(Image.frombytes("RGBa", (160, 90), glass.tobytes()), 2.0, bordered=False)
    patch = sample(ready, Placement(0.0, 0.0, 2.0), *FRAME)
    assert patch.alpha is not None
    assert patch.alpha[90, 300] == 128
    assert patch.pixels[90, 300].tolist() == [100, 50, 25]
    assert patch.alpha[90, 20] == 0
    assert (patch.pixels <= patch.alpha[..., None]).all()


def test_a_large_picture_is_prepared_no_larger_than_it_is_needed() -> None:
    ready = prepare(half_white(3200, 1800), 0.1, bordered=False)
    assert ready.image.size == (416, 234)
    assert ready.scale_x == pytest.approx(0.13)


def test_a_picture_in_bands_is_the_picture_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (1000, 1400, 3), np.uint8)
    ready = Prepared(Image.fromarray(pixels), 1.0, 1.0, 0)
    at = Placement(-3.3, -4.4, 0.71)
    monkeypatch.setattr("ipynemo.backend.render.sampling.CREW", 3)
    parts = sample(ready, at, 960, 600).pixels.astype(int)
    monkeypatch.setattr("ipynemo.backend.render.sampling.CREW", 1)
    whole = sample(ready, at, 960, 600).pixels.astype(int)
    assert np.abs(parts - whole).max() <= 1


def test_the_soft_ground_fills_the_frame_darker_than_the_picture() -> None:
    tall = np.zeros((400, 100, 3), np.uint8)
    tall[:200], tall[200:] = (200, 60, 60), (60, 60, 200)
    ground = blurred_cover(Image.fromarray(tall), *FRAME)
    assert ground.shape == (180, 320, 3)
    top, middle, bottom = (ground[row].mean(axis=0) for row in (5, 90, 175))
    assert top[0] > top[2] + 20
    assert bottom[2] > bottom[0] + 20
    assert abs(middle[0] - middle[2]) < 12
    assert ground.max() < 130
