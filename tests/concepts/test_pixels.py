from __future__ import annotations

import numpy as np
import pytest

from ipynemo.concepts.pixels import LATENT_NOTE, enlarged, latent_grid, patches, zoomed


def numbered(height: int, width: int) -> np.ndarray:
    """A picture whose red is the row and whose green is the column."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, np.full_like(rows, 7)], axis=2).astype(np.uint8)


def test_a_zoom_shows_the_numbers_that_are_in_the_file() -> None:
    found = zoomed(numbered(40, 60), 8)
    assert (found.top_px, found.left_px) == (16, 26)
    assert found.values.shape == (8, 8, 3)
    assert found.values[0, 0].tolist() == [16, 26, 7]
    assert found.text(1, 2) == "17 28 7"


@pytest.mark.parametrize(
    ("centre", "corner"), [((0, 0), (0, 0)), ((1, 1), (32, 52)), ((0.5, 2.0), (32, 26)), ((0.25, 0.5), (16, 11))]
)
def test_a_zoom_stays_inside_the_picture(centre: tuple[float, float], corner: tuple[int, int]) -> None:
    found = zoomed(numbered(40, 60), 8, centre)
    assert (found.top_px, found.left_px) == corner
    assert found.values.shape == (8, 8, 3)


def test_a_picture_smaller_than_the_zoom_is_shown_whole() -> None:
    assert zoomed(numbered(3, 5), 8).values.shape == (3, 5, 3)


def test_enlarged_pixels_are_squares_of_one_colour() -> None:
    large = enlarged(numbered(2, 3), 4)
    assert large.shape == (8, 12, 3)
    assert (large[4:, 8:] == [1, 2, 7]).all()


def test_patches_are_the_squares_from_left_to_right_and_downwards() -> None:
    found = patches(numbered(35, 50), 16)
    assert found.shape == (2, 3, 16, 16, 3)
    assert found[0, 0, 0, 0].tolist() == [0, 0, 7]
    assert found[1, 2, 0, 0].tolist() == [16, 32, 7]
    assert found[1, 2, 15, 15].tolist() == [31, 47, 7]


def test_a_picture_of_512_by_512_gives_a_map_48_times_smaller() -> None:
    found = latent_grid(np.zeros((512, 512, 3), np.uint8))
    assert found.values.shape == (64, 64, 4)
    assert (found.picture_numbers, found.map_numbers, found.times_smaller) == (786432, 16384, 48)


def test_the_stand_in_says_that_it_is_one() -> None:
    assert latent_grid(np.zeros((8, 8, 3), np.uint8)).note == LATENT_NOTE
    assert LATENT_NOTE.startswith("Stand-in: averages")


def test_the_stand_in_holds_averages_and_the_spread_of_brightness() -> None:
    image = np.zeros((8, 16, 3), np.uint8)
    image[:, 4:8] = 255
    image[:, 8:] = [255, 51, 0]
    found = latent_grid(image)
    assert found.values[0, 0].tolist() == pytest.approx([0.5, 0.5, 0.5, 1.0])
    assert found.values[0, 1].tolist() == pytest.approx([1, 0.2, 0, 0], abs=1e-6)
    assert found.to_rgb()[0].tolist() == [[128, 128, 128], [255, 51, 0]]


@pytest.mark.parametrize("image", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.float32)])
def test_what_is_not_a_picture_in_bytes_is_refused(image: np.ndarray) -> None:
    for look in (zoomed, patches, latent_grid):
        with pytest.raises(ValueError, match="needs uint8"):
            look(image)


def test_sizes_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="5 × 4 pixels cannot be cut into squares of 16"):
        patches(numbered(4, 5), 16)
    with pytest.raises(ValueError, match="at least 1 pixel"):
        zoomed(numbered(4, 5), 0)
    with pytest.raises(ValueError, match="at least 1 time"):
        enlarged(numbered(4, 5), 0)
