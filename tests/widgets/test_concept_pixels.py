"""PixelGrid: exact numbers, exact squares, and a map that says of itself that it is a stand-in."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from widget_kit import Wire, say

from ipynemo.concepts.pixels import LATENT_NOTE
from ipynemo.errors import InvalidRequestError
from ipynemo.widgets import PixelGrid

y, x = np.mgrid[0:300, 0:400]
RAMP = np.stack([x % 256, y % 256, (x + y) % 256], axis=-1).astype(np.uint8)


def test_the_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    Image.fromarray(RAMP).save(tmp_path / "ramp.png")
    grid = PixelGrid(tmp_path / "ramp.png", size_px=4, language="en")
    assert (grid.view["left"], grid.view["top"]) == (198, 148)
    assert grid.view["values"][0][:2] == [[198, 148, 90], [199, 148, 91]]
    assert grid.zoom is not None
    assert grid.zoom.text(3, 3) == "201 151 96"
    text = grid._fallback_text()
    assert "400 × 300 pixels × 3 colours = 360,000 numbers" in text
    assert "Pixels 199–202 across, 149–152 down" in text
    assert str(tmp_path) not in text + grid._fallback_html() + str(grid.get_state())


def test_the_page_and_python_look_elsewhere() -> None:
    grid = PixelGrid(RAMP, language="en")
    wire, seen = Wire(grid), []
    grid.observe(lambda change: seen.append(change["new"]), "centre")
    say(grid, kind="look", across=0, down=7)  # moved inside
    assert (grid.centre, seen) == ((0.0, 1.0), [(0.0, 1.0)])
    assert wire.states("view")[-1]["values"][-1][0] == [0, 299 % 256, 299 % 256]
    say(grid, kind="show", view="latent")
    assert grid.show == "latent"
    say(grid, kind="show", view="nonsense")
    assert grid.show == "latent"
    with pytest.raises(InvalidRequestError, match="centre"):
        grid.centre = (2, 0)


def test_squares_and_map_have_the_sizes_of_the_models() -> None:
    grid = PixelGrid(RAMP, language="en")
    wire = Wire(grid)
    say(grid, kind="ask")
    [message] = wire.messages
    assert message["names"] == ["picture", "patches", "before", "map", "spread"]
    sizes = [Image.open(io.BytesIO(data)).size for data in wire.sent[-1]["buffers"]]
    assert sizes == [(400, 300), (224, 224), (256, 256), (64, 64), (64, 64)]
    latent = grid.view["latent"]
    assert (latent["picture_numbers"], latent["map_numbers"], latent["times"]) == ("786,432", "16,384", "48")
    assert (grid.view["patches"]["rows"], grid.view["patches"]["columns"]) == (14, 14)
    assert sum(map(len, wire.sent[-1]["buffers"])) < 300_000


def test_the_map_never_goes_without_its_note() -> None:
    grid = PixelGrid(RAMP, language="en")
    assert grid.words["latent_note"] == LATENT_NOTE
    assert LATENT_NOTE in grid._fallback_text()
    assert LATENT_NOTE in grid._fallback_html()
    grid.language = "zh"
    assert "替代演示" in grid._fallback_html()
    assert len(grid._fallback_html()) < 60_000


def test_a_picture_of_one_pixel_is_a_picture() -> None:
    grid = PixelGrid(np.array([[[1, 2, 3]]], np.uint8), language="en")
    assert grid.view["values"] == [[[1, 2, 3]]]
    assert PixelGrid(language="en").view["empty"] == 'No picture yet. Give one: PixelGrid("robot.png")'


def test_the_saved_form_follows_when_the_place_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = PixelGrid(RAMP, language="en")
    renewed: list[str] = []
    monkeypatch.setattr(grid, "_renew_saved", lambda: renewed.append(grid._lines()[1]))
    for across in (0.1, 0.2, 1.0):
        say(grid, kind="look", across=across, down=0)
    assert renewed == []
    say(grid, kind="rest")
    assert renewed == ["Pixels 393–400 across, 1–8 down"]
