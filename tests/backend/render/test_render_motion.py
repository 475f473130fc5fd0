"""Moves of the camera: where they begin and end, that they never show a gap, and how they go."""

from __future__ import annotations

import pytest

from ipynemo.backend.render.motion import MOTIONS, Camera, View, place, smooth, to_motion


def camera(motion: object, picture: tuple[int, int] = (1600, 900), fit: str = "cover", seconds: float = 4) -> Camera:
    return Camera(to_motion(motion), fit, picture, (320, 180), seconds)


def test_a_still_fills_the_frame_and_stays() -> None:
    still = camera("still")
    assert not still.moves
    assert still.at(0.0) == still.at(1.0) == (0.0, 0.0, 0.2)


def test_zooming_in_makes_the_picture_larger_by_a_tenth_in_four_seconds() -> None:
    zoom = camera("zoom_in")
    assert zoom.at(0.0).factor == pytest.approx(0.2)
    assert zoom.at(1.0).factor == pytest.approx(0.22)
    assert zoom.at(1.0).x == pytest.approx(-16.0)


def test_zooming_out_is_zooming_in_backwards() -> None:
    assert camera("zoom_out").at(1.0) == pytest.approx(camera("zoom_in").at(0.0))
    assert camera("zoom_out").at(0.25) == pytest.approx(camera("zoom_in").at(0.75))


@pytest.mark.parametrize(
    ("name", "axis", "sign"), [("pan_left", 0, 1), ("pan_right", 0, -1), ("pan_up", 1, 1), ("pan_down", 1, -1)]
)
def test_the_picture_moves_against_the_camera(name: str, axis: int, sign: int) -> None:
    pan = camera(name)
    moved = pan.at(1.0)[axis] - pan.at(0.0)[axis]
    assert moved * sign > 10
    assert pan.at(1.0)[1 - axis] == pytest.approx(pan.at(0.0)[1 - axis])


@pytest.mark.parametrize("name", MOTIONS)
@pytest.mark.parametrize("picture", [(1600, 900), (400, 1200), (3000, 500), (7, 5)])
def test_a_covering_picture_never_leaves_a_gap(name: str, picture: tuple[int, int]) -> None:
    move = camera(name, picture)
    for step in range(11):
        x, y, factor = move.at(step / 10)
        assert x <= 1e-9
        assert y <= 1e-9
        assert x + picture[0] * factor >= 320 - 1e-9
        assert y + picture[1] * factor >= 180 - 1e-9


def test_a_fitted_picture_is_centred_and_whole() -> None:
    assert camera("still", (900, 900), "contain").at(0.0) == (70.0, 0.0, 0.2)


def test_views_of_the_drafts_own_are_taken_as_they_are() -> None:
    move = camera({"from": [0.5, 0.5, 1], "to": [0.25, 0.25, 2], "ease": "linear"})
    assert move.view(0.0) == (0.5, 0.5, 1.0)
    assert move.view(1.0) == pytest.approx((0.25, 0.25, 2.0))
    assert move.view(0.5).scale == pytest.approx(2**0.5)


def test_a_zoom_keeps_one_point_of_the_picture_where_it_is() -> None:
    move = camera({"from": [0.5, 0.5, 1], "to": [0.25, 0.25, 2], "ease": "smooth"})
    corners = [move.at(p / 20)[axis] for p in range(21) for axis in (0, 1)]
    assert corners == pytest.approx([0.0] * 42)  # the left top corner is the point


def test_a_smooth_move_starts_and_ends_slowly() -> None:
    steps = [smooth((n + 1) / 20) - smooth(n / 20) for n in range(20)]
    assert steps[0] < steps[5] < steps[9]
    assert sum(steps) == pytest.approx(1.0)
    assert (smooth(-1), smooth(2)) == (0.0, 1.0)


@pytest.mark.parametrize("value", [None, 3, "spin", [], {}, {"from": "here"}, {"from": [1, 2]}, {"to": None}])
def test_nonsense_is_a_still(value: object) -> None:
    assert to_motion(value).name == "still"


def test_wild_numbers_are_brought_into_range() -> None:
    move = to_motion({"from": [-5, 9, 0.01], "to": [0.5, "x", 1e9]})
    assert move.start == View(0, 1, 1)
    assert move.end == View(0.5, 0.5, 8)


def test_placing_respects_the_centre_where_there_is_room() -> None:
    at = place(View(0.25, 0.5, 1.0), "cover", (3200, 900), (320, 180))
    assert at == (0.0, 0.0, 0.2)
    at = place(View(0.5, 0.5, 1.0), "cover", (3200, 900), (320, 180))
    assert at == (-160.0, 0.0, 0.2)
