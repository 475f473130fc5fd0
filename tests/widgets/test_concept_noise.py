"""NoiseSlider: frames computed once, the step as a trait, the page's wishes, and what stays in a saved notebook."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from widget_kit import Wire, say

from ipynemo.errors import InvalidRequestError
from ipynemo.widgets import NoiseSlider

HALVES = np.zeros((240, 320, 3), np.uint8)
HALVES[:, 160:] = (255, 128, 0)


def frame(slider: NoiseSlider, t: int) -> Any:
    """Return the frame of a step, as the page cuts it out of the strip."""
    view = slider.view
    sheet = np.asarray(Image.open(io.BytesIO(slider._pictures["strip"])), np.float64)
    row, column = divmod(view["steps"].index(t), view["columns"])
    height, width = view["height"], view["width"]
    return sheet[row * height : (row + 1) * height, column * width : (column + 1) * width]


def test_the_strip_holds_the_picture_at_first_and_noise_at_last() -> None:
    slider = NoiseSlider(HALVES, language="en")
    first, middle, last = (frame(slider, t) for t in (0, 250, 999))
    assert np.abs(first - HALVES).mean() < 2
    # 0.72 of the way from grey to the colour, in the mean over the noise, before black and white are cut off.
    assert middle[:, 160:, 1].mean() == pytest.approx(128, abs=6)
    assert middle[:, :160, 1].mean() < 80 < 175 < middle[:, 160:, 0].mean()
    assert abs(last[:, :160].mean() - last[:, 160:].mean()) < 12
    assert last.std() > 80
    # Fine noise: a pixel does not tell what its neighbour is. In squares of 4 pixels it would be 0.75.
    assert np.corrcoef(last[:, :-1].ravel(), last[:, 1:].ravel())[0, 1] < 0.4


def test_the_step_is_the_nearest_one_computed_and_its_weights_are_those_of_the_schedule() -> None:
    slider = NoiseSlider(HALVES, t=251)
    assert slider.t == 250
    assert [round(weight, 2) for weight in slider.weights] == [0.72, 0.69]
    assert (slider.steps[0], slider.steps[-1], len(slider.steps)) == (0, 999, 40)
    for wrong in (-1, 1000):
        with pytest.raises(InvalidRequestError, match="not on the schedule"):
            slider.t = wrong


def test_the_page_gets_one_picture_and_its_step_is_not_sent_back() -> None:
    slider = NoiseSlider(HALVES, t=250)
    wire, seen = Wire(slider), []
    slider.observe(lambda change: seen.append(change["new"]), "t")
    say(slider, kind="ask")
    [message] = wire.messages
    assert (message["kind"], message["names"], message["key"], message["t"]) == (
        "pictures",
        ["strip"],
        slider.view["key"],
        250,
    )
    say(slider, kind="step", t=999)
    say(slider, kind="step", t=3)  # nothing that was computed
    say(slider, kind="step", t=[1])
    assert (slider.t, seen, wire.states("view")) == (999, [999], [])
    slider.t = 0
    assert [view["t"] for view in wire.states("view")] == [0]


def test_another_seed_is_other_noise_and_another_picture_other_frames() -> None:
    slider = NoiseSlider(HALVES)
    one, key = frame(slider, 999), slider.view["key"]
    slider.seed = 1
    other = frame(slider, 999)
    assert np.abs(one - other).mean() > 40
    assert slider.view["key"] != key
    slider.picture = HALVES[:, ::-1]
    assert np.abs(frame(slider, 0) - HALVES[:, ::-1]).mean() < 2


def test_a_large_photograph_stays_a_small_message_and_a_small_saved_form(tmp_path: Path) -> None:
    fine = np.random.default_rng(0).integers(0, 255, (900, 1200, 3), np.uint8)
    path = tmp_path / "<b>photo.png"
    Image.fromarray(fine).save(path)
    slider = NoiseSlider(path, language="en")
    assert len(slider._pictures["strip"]) < 2_500_000
    saved = slider._fallback_html()
    assert len(saved) < 150_000
    assert "<b>photo" not in saved
    assert "&lt;b&gt;photo.png" in saved
    assert "not a recording of how it was made" in saved
    assert "Step 258 of 999: 0.71 / 0.71" in saved
    assert str(tmp_path) not in saved + slider._fallback_text() + str(slider.get_state())
    assert len(str(slider.get_state()["view"])) < 10_000


def test_without_a_picture_it_says_how_to_give_one_and_refuses_what_is_none(tmp_path: Path) -> None:
    slider = NoiseSlider(language="en")
    assert slider.view == {"key": "", "empty": 'No picture yet. Give one: NoiseSlider("robot.png")'}
    (tmp_path / "text.png").write_text("no picture")
    for wrong, why in (
        (tmp_path / "text.png", "text.png cannot be opened: it is no picture"),
        (tmp_path / "none.png", "none.png cannot be opened: No such file"),
        (7, "takes the path of a picture or an array of pixels, not int"),
        (np.zeros((3, 3, 9), np.uint8), r"An array of shape \(3, 3, 9\) is no picture"),
        (np.zeros((3, 3, 3), np.int64), "Pixels are uint8, or numbers from 0 to 1, not int64"),
    ):
        with pytest.raises(InvalidRequestError, match=why):
            slider.picture = wrong
    with pytest.raises(TypeError, match="Did you mean picture"):
        NoiseSlider(pictur=HALVES)


def test_arrays_of_every_usual_kind_are_the_same_picture() -> None:
    floats = HALVES / 255
    see_through = np.concatenate([HALVES, np.full((240, 320, 1), 255, np.uint8)], axis=2)
    for same in (floats, see_through, Image.fromarray(HALVES), Image.fromarray(see_through)):
        assert np.array_equal(NoiseSlider(same).picture.pixels, HALVES)
    assert NoiseSlider(np.array([[0.0, 1.0]])).picture.pixels.tolist() == [[[0, 0, 0], [255, 255, 255]]]
