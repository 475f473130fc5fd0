"""Down to single pixels: right colours with hard edges in the end, numbers that can be read, widths that are shares."""

from __future__ import annotations

import itertools
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from render_kit import near, picture_like, plain, psnr
from scene_kit import clip_of, rgb_of

from ipynemo.backend.render.compose import Composer
from ipynemo.backend.render.planes import from_colour, to_rgb_array
from ipynemo.backend.render.scene import to_scene
from ipynemo.backend.render.scenes.pacing import Pace, flicker
from ipynemo.backend.render.scenes.zooming import Halved, Path, Zoomed
from ipynemo.backend.render.values import Colour

if TYPE_CHECKING:
    from pathlib import Path as FilePath

SHARES = [("#ff0000", 0.5), ("#00c000", 0.3), ("#0000ff", 0.2)]
ABOUT = {
    "spot": [0.5, 0.5],
    "swatches": [{"color": colour, "share": share} for colour, share in SHARES],
    "labels": {"count": "240 × 160 × 3 = 115,200 numbers", "pixel": "Pixel", "palette": "Most frequent colours"},
}


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> FilePath:
    """Make a picture in which every pixel has a colour of its own, soft enough for its colours to be drawn."""
    path = tmp_path_factory.mktemp("pixels") / "p.png"
    rng = np.random.default_rng(3)
    Image.fromarray(rng.integers(40, 216, (160, 240, 3), dtype=np.uint8)).save(path)
    return path


def test_in_the_end_pixels_are_squares_of_the_files_own_colours(fields: FilePath) -> None:
    draft = clip_of("pixels", {"spot": [0.5, 0.5]}, size=(640, 360))
    with closing(Composer(to_scene(draft), {"p": fields})) as film:
        frame = film.frame(59).rgb
        (take,) = film._takes.values()
        at = take._scene._end
    pixels = np.asarray(Image.open(fields)).astype(int)
    side = int(at.factor)
    assert at.factor == side == 52  # 12.3 × 6.9 of them
    assert (at.x % 2, at.y % 2) == (0, 0)
    left, top = -int(at.x) // side + 1, -int(at.y) // side + 1
    for row, column in itertools.product(range(4), range(10)):
        if max(abs(top + row - 80), abs(left + column - 120)) <= 1:
            continue  # the pixel that is named has an edge around it
        y, x = int(at.y) + (top + row) * side, int(at.x) + (left + column) * side
        whole = frame[y : y + side, x : x + side].astype(int)
        for inner in (whole[2:6, 2:-2], whole[-6:-1, 2:-1]):  # above and below the numbers, up to the edges
            assert np.abs(inner - pixels[top + row, left + column]).max() <= 6, (row, column)


def test_the_spot_is_the_pixel_that_gets_the_edge(fields: FilePath) -> None:
    for spot, pixel in (([0.5, 0.5], (120, 80)), ([0.0, 1.0], (0, 159)), ([0.25, 0.1], (60, 16))):
        with closing(Composer(to_scene(clip_of("pixels", {"spot": spot}, size=(640, 360))), {"p": fields})) as film:
            frame = film.frame(59).rgb
            (take,) = film._takes.values()
            at = take._scene._end
        x, y = (at.x + (pixel[0] + 0.5) * at.factor, at.y + (pixel[1] + 0.5) * at.factor)
        ring = frame[int(y - 26) : int(y + 26), int(x - 27) : int(x - 24)]
        assert 0 < x < 640
        assert 0 < y < 306  # above the captions
        assert ring.min(axis=2).max() > 235


def test_it_begins_with_the_whole_picture(fields: FilePath) -> None:
    (first,) = rgb_of(clip_of("pixels", {}), fields, [0])
    whole = Image.open(fields).resize((270, 180), Image.Resampling.BOX)
    seen = np.asarray(Image.fromarray(first[:, 25:295]).resize((27, 18), Image.Resampling.BOX)).astype(int)
    assert np.abs(seen - np.asarray(whole.resize((27, 18), Image.Resampling.BOX))).mean() < 6
    assert first[:, :20].mean() < 90  # the ground beside it


def test_the_palettes_widths_are_the_shares(fields: FilePath) -> None:
    (last,) = rgb_of(clip_of("pixels", ABOUT, size=(640, 360)), fields, [-1])
    rows = [row for row in last[150:300] if near(row[60].tolist(), (255, 0, 0), 12)]
    assert len(rows) > 20
    row = rows[len(rows) // 2].astype(int)
    widths = []
    for colour in ((255, 0, 0), (0, 192, 0), (0, 0, 255)):
        columns = np.flatnonzero(np.abs(row - colour).max(axis=1) < 40)
        assert np.diff(columns).max() == 1
        widths.append(len(columns))
    whole = sum(widths)
    assert [round(width / whole, 2) for width in widths] == pytest.approx([0.5, 0.3, 0.2], abs=0.011)


@pytest.mark.parametrize(
    "swatches", [[], None, "#fff", [{"color": "red"}], [7, None, {}], [{"share": 1}]], ids=lambda value: repr(value)[:9]
)
def test_colours_that_are_none_leave_no_bar(fields: FilePath, swatches: Any) -> None:
    with_none, without = (
        rgb_of(clip_of("pixels", about), fields, [-1])[0] for about in ({"swatches": swatches}, {"spot": [0.5, 0.5]})
    )
    assert np.array_equal(with_none, without)


def test_colours_without_shares_get_equal_ones(fields: FilePath) -> None:
    about = {"swatches": [{"color": "#f00"}, {"color": "#00f", "share": "much"}]}
    (last,) = rgb_of(clip_of("pixels", about, size=(640, 360)), fields, [-1])
    row = next(row for row in last[150:300] if near(row[60].tolist(), (255, 0, 0), 12)).astype(int)
    red, blue = (int((np.abs(row - colour).max(axis=1) < 40).sum()) for colour in ((255, 0, 0), (0, 0, 255)))
    assert abs(red - blue) <= 4


def test_no_words_stand_where_captions_do(tmp_path: FilePath) -> None:
    grey = plain(tmp_path / "grey.png", (128, 128, 128))
    about = ABOUT | {"labels": {"count": "many numbers " * 30, "pixel": "a pixel " * 40, "palette": "colours " * 30}}
    bare, full = (rgb_of(clip_of("pixels", one, d=1000), grey, [-1])[0] for one in ({}, about))
    assert np.abs(bare[158:].astype(int) - full[158:]).max() < 45  # the lines between the pixels, at most
    assert np.abs(bare[:150].astype(int) - full[:150]).max() > 100


def test_a_tiny_picture_and_a_strip_are_shown_too(tmp_path: FilePath) -> None:
    for size in ((1, 1), (2, 3), (8, 8), (2000, 7), (3, 900)):
        path = tmp_path / f"{size}.png"
        Image.new("RGB", size, (200, 60, 60)).save(path)
        first, last = rgb_of(clip_of("pixels", {"spot": [1, 0]}), path, [0, -1])
        assert first[90, 160, 0] - int(first[90, 160, 2]) > 60, size
        assert min(np.abs(last.reshape(-1, 3).astype(int) - (200, 60, 60)).max(axis=1)) < 6


def test_the_zoom_glides_and_matches_a_filter_in_floats() -> None:
    """A picture that is enlarged: between the squares, edges are soft over one pixel, wherever they fall."""
    pixels = picture_like(60, 40)
    path = Path(5.4, 60.0, ((30.0, 20.0), (22.0, 11.0)), ((160.0, 90.0), (160.0, 90.0)))
    zoomed = Zoomed(Halved(pixels), path, (320, 180))
    for progress in (0.35, 0.6, 0.9):
        at = path.at(progress)
        planes = from_colour(Colour(0, 0, 0), 320, 180)
        zoomed.draw(at, planes)
        fine = 5  # samples a pixel and direction, averaged: what an edge of a square covers
        columns = ((np.arange(320 * fine) + 0.5) / fine - at.x) / at.factor
        rows = ((np.arange(180 * fine) + 0.5) / fine - at.y) / at.factor
        wide = pixels[np.clip(rows.astype(int), 0, 39)][:, np.clip(columns.astype(int), 0, 59)].astype(np.float32)
        wanted = wide.reshape(180, fine, 320, fine, 3).mean(axis=(1, 3))
        light = np.array([0.2126, 0.7152, 0.0722])
        assert psnr(to_rgb_array(planes) @ light, wanted @ light) > 38, progress


def test_where_much_changes_the_zoom_takes_its_time_or_is_veiled() -> None:
    rings = np.hypot(*np.meshgrid(np.arange(600) - 300, np.arange(400) - 200))
    loud = np.repeat(np.where(np.log2(rings + 1) * 2 % 2 < 1, 250, 5).astype(np.uint8)[..., None], 3, axis=2)
    path = Path(0.5, 50.0, ((300.0, 200.0), (300.5, 200.5)), ((160.0, 90.0), (160.0, 90.0)))
    short, long = (Pace(Halved(loud), path, (320, 180), frames) for frames in (60, 600))
    assert short.veil > 0.4
    assert long.veil < short.veil
    quiet = Pace(Halved(np.full_like(loud, 90)), path, (320, 180), 60)
    assert quiet.veil == 0
    for pace in (short, long, quiet):
        places = [pace.at(n / 50) for n in range(51)]
        assert (places[0], places[-1]) == (0, 1)
        assert places == sorted(places)
        assert (pace.veiled(0), pace.veiled(1)) == (0, 0)


def test_flicker_counts_a_flash_and_not_a_slow_change() -> None:
    frames = np.zeros((60, 8, 8, 3))
    frames[10:13] = 255
    assert flicker(frames) > 3
    slow = np.repeat(np.linspace(0, 120, 60)[:, None, None, None], 8, axis=1) * np.ones((1, 8, 8, 3))
    assert flicker(slow) < 0.5
