"""Titles, lower thirds, captions and cards: legible, inside the safe margins, where they were asked for."""

from __future__ import annotations

import numpy as np
import pytest
from render_kit import near

from ipynemo.backend.render.sprites import Sprite, draw_sprite
from ipynemo.backend.render.style import to_style

MARGIN = 0.05  # of the short side must stay free


def sprite(text: str, width: int = 640, height: int = 360, **style: object) -> Sprite:
    made = draw_sprite(text, to_style({"style": style}, {}), width, height)
    assert made is not None
    return made


def over(ground: int, made: Sprite, width: int = 640, height: int = 360) -> np.ndarray:
    """The sprite over a grey ground, by the plain formula."""
    frame = np.full((height + 400, width + 400, 3), ground, np.float64)
    rows = slice(200 + made.y, 200 + made.y + made.alpha.shape[0])
    columns = slice(200 + made.x, 200 + made.x + made.alpha.shape[1])
    frame[rows, columns] = frame[rows, columns] * (1 - made.alpha[..., None] / 255) + made.pixels
    return frame[200 : 200 + height, 200 : 200 + width]


def luminance(grey: float) -> float:
    value = grey / 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


LONG = "How does a model learn to make a picture out of nothing but noise, and what can the file tell us? " * 12


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (360, 360), (1920, 1080), (64, 64), (640, 64)])
@pytest.mark.parametrize("role", ["title", "lower_third", "caption", "card"])
@pytest.mark.parametrize("text", ["Short", LONG, "一张图片能告诉我们什么？" * 30, "W" * 400, "a\n" * 60])
def test_no_text_leaves_the_safe_margins(text: str, role: str, size: tuple[int, int]) -> None:
    made = sprite(text, *size, role=role, swatches=["#ff0000"] * 24 if text == "Short" else [])
    free = MARGIN * min(size)
    left, top, right, bottom = made.box
    assert left >= free - 1
    assert top >= free - 1
    assert right <= size[0] - free + 1
    assert bottom <= size[1] - free + 1
    # The strong pixels too, not only the box: shadows may reach out, letters may not.
    strong = np.argwhere((made.alpha > 250) & (made.pixels.min(axis=2) > 200))
    if len(strong):
        rows, columns = strong[:, 0] + made.y, strong[:, 1] + made.x
        assert rows.min() >= 0
        assert columns.min() >= 0
        assert rows.max() < size[1]
        assert columns.max() < size[0]


def test_a_text_that_fits_has_the_size_that_was_asked_for() -> None:
    assert sprite("Short", 1920, 1080).size == 84
    assert sprite("Short", 1920, 1080, size=120).size == 120
    assert sprite("Short", 640, 360, size=120).size == 40
    assert sprite("Short", 1080, 1920, role="caption").size == 40


def test_a_long_text_is_made_smaller_before_it_is_cut() -> None:
    made = sprite(LONG[:400], 640, 360)
    assert 6 < made.size < 28


@pytest.mark.parametrize(
    ("place", "x", "y"),
    [
        ("center", 0.5, 0.5), ("top", 0.5, None), ("bottom", 0.5, None), ("top_left", None, None),
        ([0.25, 0.3], 0.25, 0.3), ([0.75, 0.7], 0.75, 0.7), ([0.5, 5], 0.5, None), ("nowhere", 0.5, 0.5),
    ],
)  # fmt: skip
def test_a_text_stands_where_it_was_placed(place: object, x: float | None, y: float | None) -> None:
    left, top, right, bottom = sprite("Here", place=place, size=60).box
    if x is not None:
        assert (left + right) / 2 == pytest.approx(x * 640, abs=2)
    if y is not None:
        assert (top + bottom) / 2 == pytest.approx(y * 360, abs=2)
    if place == "top":
        assert top == pytest.approx(0.055 * 360, abs=1)
    if place in ("bottom", [0.5, 5]):
        assert bottom == pytest.approx(360 - 0.055 * 360, abs=1)
    if place == "top_left":
        assert (left, top) == pytest.approx((0.055 * 360, 0.055 * 360), abs=1)


@pytest.mark.parametrize("place", [[0, 0], [1, 1], [0, 0.5], [1, 0.5]])
def test_a_text_placed_at_the_edge_is_moved_inside(place: list[float]) -> None:
    left, top, right, bottom = sprite("Near the edge of it", place=place, size=60).box
    assert left >= 19
    assert top >= 19
    assert right <= 621
    assert bottom <= 341
    assert min(left - 19, 621 - right) < 2


def test_a_lower_third_leaves_room_for_the_caption_below() -> None:
    lower = sprite("Eileen Collins\nNASA", role="lower_third").box
    caption = sprite("Two lines of a caption that is long enough to need them both, and " * 2, role="caption").box
    assert lower[3] < caption[1]
    assert lower[0] < 30


@pytest.mark.parametrize(("role", "ground"), [(r, g) for r in ("title", "caption", "card") for g in (0, 128, 255)])
def test_letters_stand_out_from_any_ground(role: str, ground: int) -> None:
    made = sprite("Legible", 1280, 720, role=role)
    frame = over(ground, made, 1280, 720)
    letters = frame.min(axis=2) > 250
    if ground == 255:  # the ground itself is white too: only what lies within the letters' box
        inside = np.zeros_like(letters)
        left, top, right, bottom = (round(v) for v in made.box)
        inside[top:bottom, left:right] = True
        letters &= inside
    assert letters.sum() > 400
    ring = _ring(letters, 1, 3)
    beside = np.median(frame[ring].mean(axis=1))
    contrast = (1.0 + 0.05) / (luminance(float(beside)) + 0.05)
    assert contrast >= 4.5


def _ring(mask: np.ndarray, inner: int, outer: int) -> np.ndarray:
    def grown(by: int) -> np.ndarray:
        out = mask.copy()
        for dy in range(-by, by + 1):
            for dx in range(-by, by + 1):
                out |= np.roll(mask, (dy, dx), (0, 1))
        return out

    return grown(outer) & ~grown(inner)


def test_dark_letters_get_a_light_halo() -> None:
    frame = over(0, sprite("Dark", 1280, 720, color="#202020", size=120), 1280, 720)
    assert frame.max() > 150


def test_a_panel_has_its_own_colour_and_null_means_none() -> None:
    blue = sprite("Panel", role="caption", background="#0000ff")
    assert near(over(255, blue)[round(blue.box[1]) + 3, 320], (0, 0, 255))
    bare = sprite("Panel", role="caption", background=None)
    assert bare.box[2] - bare.box[0] < blue.box[2] - blue.box[0]


def test_swatches_are_a_row_of_fields_in_their_colours() -> None:
    made = sprite("Palette", 1280, 720, role="card", swatches=["#ff0000", "#00ff00", "#0000ff", "rubbish"])
    frame = over(128, made, 1280, 720)
    columns = {}
    for name, colour in (("red", (255, 0, 0)), ("green", (0, 255, 0)), ("blue", (0, 0, 255))):
        found = np.argwhere(np.abs(frame - colour).max(axis=2) < 3)
        assert len(found) > 600
        columns[name] = found[:, 1].mean()
    assert columns["red"] < columns["green"] < columns["blue"]


def test_swatches_need_no_text() -> None:
    assert sprite("", role="card", swatches=["#ff0000"]).alpha.max() == 255
    assert draw_sprite("  \n ", to_style({}, {}), 640, 360) is None


@pytest.mark.parametrize("pair", ["图象", "Жщ", "Ωλ", "😀🎉", "한글"])
def test_two_characters_give_two_pictures(pair: str) -> None:
    first, second = (over(0, sprite(character, size=200)) for character in pair)
    assert (np.abs(first - second).max(axis=2) > 100).sum() > 300
    assert (np.abs(first - over(0, sprite("\ue000", size=200))).max(axis=2) > 100).sum() > 300


def test_the_lines_of_a_title_are_of_about_equal_length() -> None:
    from ipynemo.backend.render.text import lay_out, paragraphs_of

    style = to_style({}, {})
    block = lay_out(paragraphs_of("What can this one file really tell us?", style), 84, 1100, 800, 1080, balanced=True)
    widths = [placed.line.width for placed in block.lines]
    assert len(widths) == 2
    assert min(widths) > 0.75 * max(widths)


def test_a_text_that_does_not_fit_at_all_ends_in_dots() -> None:
    from ipynemo.backend.render.text import lay_out, paragraphs_of

    block = lay_out(paragraphs_of(LONG, to_style({}, {})), 84, 500, 100, 1080, balanced=True)
    assert block.lines[-1].line.pieces[-1].text == "…"
    assert block.height <= 100
