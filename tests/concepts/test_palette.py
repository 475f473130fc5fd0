"""Six colours that stand for a picture."""

from __future__ import annotations

import numpy as np
import pytest

from ipynemo.concepts.palette import palette, to_oklab

FLAG = [("#3c3b6e", 0.5), ("#b22234", 0.3), ("#ffffff", 0.2)]


def fields(shares: list[tuple[str, float]], height: int = 100, width: int = 100) -> np.ndarray:
    rows = [
        np.tile(np.frombuffer(bytes.fromhex(colour[1:]), np.uint8), (round(height * share), width, 1))
        for colour, share in shares
    ]
    return np.concatenate(rows)


def test_a_flat_picture_has_one_colour() -> None:
    assert palette(np.full((300, 400, 3), (18, 52, 86), np.uint8)) == [("#123456", 1.0)]


def test_a_single_pixel_has_one_colour() -> None:
    assert palette(np.zeros((1, 1, 3), np.uint8)) == [("#000000", 1.0)]


def test_plain_fields_come_back_exactly_the_most_frequent_first() -> None:
    assert palette(fields(FLAG)) == [("#3c3b6e", 0.5), ("#b22234", 0.3), ("#ffffff", 0.2)]


def test_plain_fields_of_a_large_picture_come_back_with_shares_to_within_a_hundredth() -> None:
    found = palette(fields(FLAG, 3000, 2000))
    assert [colour for colour, _ in found] == ["#3c3b6e", "#b22234", "#ffffff"]
    assert [share for _, share in found] == pytest.approx([0.5, 0.3, 0.2], abs=0.01)


def test_stripes_of_one_pixel_are_both_found() -> None:
    image = np.zeros((1024, 1024, 3), np.uint8)
    image[:, ::2] = (255, 200, 0)
    found = palette(image)
    assert [colour for colour, _ in sorted(found)] == ["#000000", "#ffc800"]
    assert [share for _, share in found] == pytest.approx([0.5, 0.5], abs=0.02)


def test_noise_around_four_colours_is_four_colours() -> None:
    random = np.random.default_rng(7)
    base = np.array([(200, 30, 30), (30, 160, 60), (40, 60, 200), (240, 240, 230)])
    image = base[random.integers(0, 4, (400, 400))] + random.normal(0, 2, (400, 400, 3))
    found = palette(np.clip(image, 0, 255).astype(np.uint8), 4)
    for colour in base:
        closest = min(np.abs(np.array(list(bytes.fromhex(name[1:]))) - colour).max() for name, _ in found)
        assert closest <= 6
    assert [share for _, share in found] == pytest.approx([0.25] * 4, abs=0.02)


def test_a_small_bright_field_is_not_lost_in_a_large_dull_one() -> None:
    image = np.full((200, 200, 3), 90, np.uint8) + np.random.default_rng(1).integers(0, 20, (200, 200, 1), np.uint8)
    image[:20, :40] = (255, 0, 80)  # 2 %
    assert ("#ff0050", 0.02) in [(colour, round(share, 3)) for colour, share in palette(image)]


def test_a_few_odd_pixels_take_no_place_in_the_palette() -> None:
    ramp = np.linspace(60, 200, 120).astype(np.uint8)
    image = np.stack([np.tile(ramp, (120, 1))] * 3, axis=2)
    for number, odd in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 0, 255), (0, 255, 255), (255, 255, 0)]):
        image[number * 7, number * 11] = odd
    assert min(share for _, share in palette(image)) > 0.05


def test_the_fields_settle_where_each_colour_is_nearest_to_its_own_average() -> None:
    ramp = np.rint(255 * np.linspace(0, 1, 120) ** 4).astype(np.uint8)
    image = np.stack([np.tile(ramp, (120, 1))] * 3, axis=2)
    assert [share for _, share in palette(image, 3)] == pytest.approx([0.625, 0.225, 0.15])


def test_a_photograph_gives_six_colours_that_are_in_it_and_the_same_ones_each_time() -> None:
    ramp = np.linspace(0, 255, 640)
    image = np.stack(np.broadcast_arrays(ramp[None, :], ramp[:480, None], 128.0), axis=2).astype(np.uint8)
    found = palette(image)
    assert len(found) == 6
    assert found == palette(image.copy())
    assert sum(share for _, share in found) == pytest.approx(1.0)
    assert [share for _, share in found] == sorted((share for _, share in found), reverse=True)
    assert all(abs(int(colour[5:], 16) - 128) <= 1 for colour, _ in found)


def test_colours_that_look_the_same_are_one() -> None:
    image = np.full((100, 100, 3), (120, 130, 140), np.uint8)
    image[50:] = (123, 133, 143)
    assert len(palette(image)) == 1


@pytest.mark.parametrize("colours", [1, 2, 3, 12])
def test_there_are_never_more_colours_than_asked_for(colours: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    assert len(palette(image, colours)) == colours


@pytest.mark.parametrize(
    ("image", "colours"),
    [
        (np.zeros((4, 4), np.uint8), 6),
        (np.zeros((4, 4, 4), np.uint8), 6),
        (np.zeros((4, 4, 3), np.float32), 6),
        (np.zeros((0, 4, 3), np.uint8), 6),
        (np.zeros((4, 4, 3), np.uint8), 0),
    ],
)
def test_what_is_not_a_picture_is_refused(image: np.ndarray, colours: int) -> None:
    with pytest.raises(ValueError, match="a palette needs"):
        palette(image, colours)


def test_oklab_has_the_values_of_its_paper() -> None:
    white, red = to_oklab(np.array([[255, 255, 255], [255, 0, 0]]))
    assert white == pytest.approx([1.0, 0.0, 0.0], abs=1e-3)
    assert red == pytest.approx([0.62796, 0.22486, 0.12585], abs=1e-4)
