"""Every text that is drawn has a contrast of at least 4.5 : 1 with what is behind it, over any picture (WCAG 2.2)."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ipynemo import Draft
from ipynemo.backend.render.compose import Composer
from ipynemo.backend.render.scene import to_scene
from ipynemo.backend.render.scenes import stage
from ipynemo.backend.render.style import ACCENT, ROLES, to_style
from ipynemo.backend.render.values import Colour, relative_luminance

BLACK, WHITE = Colour(0, 0, 0), Colour(255, 255, 255)
FAINT = 0.82  # how strongly the lesser lines of a card are drawn


def over(top: Colour, ground: Colour, strength: float = 1.0) -> Colour:
    alpha = top.alpha * strength
    return Colour(*(round(a * alpha + b * (1 - alpha)) for a, b in zip(top.rgb, ground.rgb, strict=True)))


def contrast(one: Colour, other: Colour) -> float:
    light, dark = sorted((relative_luminance(one), relative_luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast(WHITE, BLACK) == pytest.approx(21)
    assert contrast(Colour(119, 119, 119), WHITE) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(("role", "ground"), itertools.product(ROLES, (BLACK, WHITE)))
def test_the_letters_of_every_role_stand_out_from_its_panel_over_black_and_white(role: str, ground: Colour) -> None:
    style = to_style({}, {"role": role})
    # A title has no panel: its halo is painted twice along the edge of its letters, at a half and at 0.72.
    behind = over(style.halo, over(style.halo, ground, 0.5), 0.72) if style.background is None else None
    behind = over(style.background, ground) if style.background is not None else behind
    assert behind is not None
    assert contrast(style.colour, behind) >= 4.5
    assert contrast(over(style.colour, behind, FAINT), behind) >= 4.5


@pytest.mark.parametrize("ground", [BLACK, WHITE])
def test_the_bar_of_a_lower_third_is_seen_on_its_panel(ground: Colour) -> None:
    panel = to_style({}, {"role": "lower_third"}).background
    assert panel is not None
    assert contrast(ACCENT, over(panel, ground)) >= 3  # no text, but it must be seen


@pytest.mark.parametrize("name", ["TEXT", "FAINT", "SIGNAL", "NOISE"])
def test_the_colours_of_drawn_scenes_stand_out_from_their_ground(name: str) -> None:
    assert contrast(getattr(stage, name), stage.GROUND) >= 4.5


@pytest.mark.parametrize("level", ["signed", "stated", "none", "unread"])
def test_the_colour_of_every_level_of_evidence_can_be_read(level: str) -> None:
    assert contrast(stage.LEVELS[level], stage.GROUND) >= 4.5


def test_what_stands_on_the_softened_picture_can_be_read_also_over_a_white_one(tmp_path: Path) -> None:
    Image.new("RGB", (64, 36), (255, 255, 255)).save(tmp_path / "white.png")
    meta = {"scene": "evidence", "about": {"cards": [], "foot": "SynthID watermark: cannot be read offline"}}
    shot = {"d": 3000, "src": "a", "m": meta}
    scene = to_scene(Draft({"t": [{"tt": 0, "sg": [shot]}], "m": {"width": 1280, "height": 720}}))
    composer = Composer(scene, {"a": tmp_path / "white.png"})
    frame = composer.frame(85).frame.to_ndarray(format="rgb24")[:, 600:]
    composer.close()
    light = frame.mean(axis=2)
    ground, letters = Colour(*(round(float(np.median(frame[..., c]))) for c in range(3))), light > light.max() - 12
    assert 200 < letters.sum() < 20_000
    assert contrast(Colour(*(round(float(v)) for v in frame[letters].mean(axis=0))), ground) >= 4.5
