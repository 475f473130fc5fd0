"""A picture at exact places: smooth below a pixel, no aliasing, edges that cover in part, near a filter in floats."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from render_kit import YUV, at_samples, picture_like, psnr

from ipynemo.backend.render import sampling
from ipynemo.backend.render.motion import Camera, Placement, to_motion
from ipynemo.backend.render.planes import Planes, from_rgb
from ipynemo.backend.render.sampling import SPARE, covers, draw, prepare, prepared_size, sizes

FRAME = (320, 180)

pytestmark = pytest.mark.usefixtures("drawn_by")  # all of this holds for both samplers


def blank(size: tuple[int, int] = FRAME) -> Planes:
    width, height = size
    half = np.zeros((height // 2, width // 2), np.uint8)
    return Planes(np.zeros((height, width), np.uint8), half, half.copy())


def half_white(width: int = 1600, height: int = 900, edge: int = 800) -> np.ndarray:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, edge:] = 255
    return pixels


def sampled(
    pixels: np.ndarray, places: list[Placement], greatest: float, frame: tuple[int, int] = FRAME
) -> list[Planes]:
    size = (pixels.shape[1], pixels.shape[0])
    detail, spread = sizes(size, greatest)
    ready = prepare(from_rgb(pixels, None, detail), size, frame, spread=spread)
    out = []
    for place in places:
        out.append(blank(frame))
        draw(ready, place, out[-1])
    return out


def edge_places(motion: object, pixels: np.ndarray, frames: int) -> np.ndarray:
    """Where the edge is seen, in frame pixels from the left, at every frame."""
    camera = Camera(to_motion(motion), "cover", (pixels.shape[1], pixels.shape[0]), FRAME, frames / 30)
    seen = sampled(pixels, [camera.at(n / (frames - 1)) for n in range(frames)], camera.greatest_factor)
    return np.array([320 - (frame.y[90].astype(float) - 16).sum() / 219 for frame in seen])


@pytest.mark.parametrize("size", [(1600, 900), (480, 270), (160, 90)], ids=["large", "fitting", "small"])
@pytest.mark.parametrize("scale", [1.2, 1.28 / 1.25, 1.001])
def test_a_slow_pan_moves_an_edge_without_steps(size: tuple[int, int], scale: float) -> None:
    # Six pixels of the frame in a hundred frames.
    pan = {"from": [0.5, 0.5, scale], "to": [0.5 + 6 / (320 * scale), 0.5, scale], "ease": "linear"}
    if scale < 1.1:  # a wider picture has room to move in
        size = (size[0], size[1] // 2)
        pan["to"] = [0.5 + 6 / (180 * 320 / 90 * scale), 0.5, scale]
    places = edge_places(pan, half_white(*size, edge=size[0] // 2), 100)
    assert places[0] - places[-1] == pytest.approx(6, abs=0.1)
    steps = -np.diff(places)
    assert steps.min() > 0.0
    assert steps.max() < 0.13
    straight = np.polyval(np.polyfit(np.arange(100), places, 1), np.arange(100))
    assert np.sqrt(((places - straight) ** 2).mean()) < 0.03


def test_a_slow_zoom_moves_every_edge_without_steps() -> None:
    places = edge_places(
        {"from": [0.5, 0.5, 1.0], "to": [0.5, 0.5, 1.05], "ease": "linear"}, half_white(edge=1200), 100
    )
    wanted = 160 + 80 * 1.05 ** (np.arange(100) / 99)
    assert np.sqrt(((places - wanted) ** 2).mean()) < 0.03


@pytest.mark.parametrize("drawn_by", ["opencv"], indirect=True)
def test_both_ways_of_sampling_give_the_same_picture(monkeypatch: pytest.MonkeyPatch, drawn_by: str) -> None:
    pixels = picture_like(900, 600)
    places = [Placement(-31.7, -20.3, 0.41), Placement(-5.2, -3.9, 0.397), Placement(-80.123, -60.456, 0.47)]
    quick = sampled(pixels, places, 0.47)
    monkeypatch.setattr(sampling, "NEAR", -1.0)  # nothing is near enough: always the slow, exact way
    monkeypatch.setattr(sampling, "NEAR_COLOUR", -1.0)
    exact = sampled(pixels, places, 0.47)
    for one, other in zip(quick, exact, strict=True):
        assert not np.array_equal(one.y, other.y)  # or one of the two was never tried
        for (a, _), (b, _) in zip(one.each, other.each, strict=True):
            assert np.abs(a.astype(int) - b).max() <= 4


@pytest.mark.parametrize("drawn_by", ["opencv"], indirect=True)
def test_where_no_pixel_is_near_enough_the_exact_way_is_taken(monkeypatch: pytest.MonkeyPatch, drawn_by: str) -> None:
    taken: list[tuple[int, ...]] = []
    warp = cv2.warpAffine
    monkeypatch.setattr(cv2, "warpAffine", lambda *a: (taken.append(a[0].shape), warp(*a))[1])
    planes = from_rgb(picture_like(960, 540))
    ready = prepare(planes, (960, 540), FRAME)
    draw(ready, Placement(-20.4, -20.0, 0.5), blank())  # two source pixels a step: every place is as far off
    assert len(taken) == 3
    draw(ready, Placement(-20.4, -20.0, 1 / 1.7639), blank())
    assert len(taken) == 3


@pytest.mark.parametrize("zoom", [1.0, 1.03, 1.07, 1.11, 1.15])
def test_a_moving_picture_is_as_good_as_a_cubic_filter_in_floats(zoom: float) -> None:
    pixels = picture_like(1500, 1000)
    factor = 960 / 1500 * zoom
    at = Placement(-(960 * zoom - 960) * 0.37, -(640 * zoom - 540) * 0.41, factor)
    frame = sampled(pixels, [at], 960 / 1500 * 1.15, (960, 540))[0]
    wanted = at_samples(pixels.astype(np.float32) @ YUV[0].T + YUV[1], at, (960, 540))
    assert psnr(frame.y, wanted[0]) > 50
    assert psnr(frame.u, wanted[1]) > 50
    assert psnr(frame.v, wanted[2]) > 50


def test_fine_detail_becomes_an_even_grey_and_does_not_flicker() -> None:
    stripes = np.zeros((900, 1600, 3), np.uint8)
    stripes[:, ::2] = 255  # far finer than the frame
    camera = Camera(to_motion("zoom_in"), "cover", (1600, 900), FRAME, 4)
    for frame in sampled(stripes, [camera.at(n / 60) for n in range(0, 61, 6)], camera.greatest_factor):
        assert abs(float(frame.y.mean()) - 125.5) < 1.5
        assert float(frame.y.std()) < 3


def test_a_picture_in_its_own_size_is_taken_to_the_pixel() -> None:
    planes = from_rgb(np.random.default_rng(0).integers(0, 255, (180, 320, 3), np.uint8))
    ready = prepare(planes, (320, 180), (160, 120), bordered=False)
    frame = blank((160, 120))
    draw(ready, Placement(-40.0, -30.0, 1.0), frame)
    assert np.array_equal(frame.y, planes.y[30:150, 40:200])


def test_an_edge_inside_the_frame_covers_its_last_pixel_in_part() -> None:
    white = from_rgb(np.full((100, 100, 3), 255, np.uint8))
    ready = prepare(white, (100, 100), FRAME)
    frame = blank()
    draw(ready, Placement(10.25, 40.0, 1.0), frame)
    assert frame.y[90, 9:12].tolist() == [0, 176, 235]  # three quarters
    assert frame.y[90, 109:112].tolist() == [235, 59, 0]  # one quarter
    assert frame.y[38:41, 50].tolist() == [0, 0, 235]
    assert not covers(ready, Placement(10.25, 40.0, 1.0), FRAME)
    assert covers(ready, Placement(-1.0, -70.0, 3.3), FRAME)


def test_a_picture_with_alpha_lets_through_what_it_does_not_cover() -> None:
    glass = np.zeros((90, 160, 3), np.uint8)
    alpha = np.zeros((90, 160), np.uint8)
    glass[:, 80:], alpha[:, 80:] = (128, 128, 128), 128  # white, half
    ready = prepare(from_rgb(glass, alpha), (160, 90), FRAME)
    frame = blank()
    frame.y[:] = 16
    frame.u[:] = frame.v[:] = 200
    at = Placement(0.0, 0.0, 2.0)
    assert not covers(ready, at, FRAME)
    draw(ready, at, frame)
    assert frame.y[90, 20] == 16
    assert frame.y[90, 300] == pytest.approx(126, abs=1)
    assert frame.u[45, 10] == 200
    assert frame.u[45, 150] == pytest.approx(164, abs=1)


def test_a_large_picture_is_prepared_no_larger_than_it_is_needed() -> None:
    assert sizes((3200, 1800), 0.1) == ((384, 216), (564, 318))
    assert sizes((160, 90), 2.0) == ((160, 90), (564, 318))
    width, height = prepared_size((3000, 2000), 8 * 1920 / 3000, SPARE)
    assert width * height < 25_000_000
