"""The storyboard and the renderer agree on scenes; drafts from before there were drawn ones are what they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ipynemo import edits
from ipynemo.backend.explain import AssetFacts, Wishes, storyboard
from ipynemo.backend.provenance import source_type_of
from ipynemo.backend.render.compose import Composer
from ipynemo.backend.render.scene import Shot, to_scene
from ipynemo.backend.render.scenes import SCENES
from ipynemo.backend.render.scenes.noising import BADGE
from ipynemo.draft import Draft
from ipynemo.draft.drawn import DRAWN


@pytest.fixture
def blue(tmp_path: Path) -> AssetFacts:
    path = tmp_path / "blue.png"
    Image.new("RGB", (320, 180), (20, 60, 200)).save(path)
    return AssetFacts("a1", "blue.png", "image", path, None, 320, 180, "png")


def shots(draft: Draft) -> list[Shot]:
    return [item for layer in to_scene(draft).layers for item in layer if isinstance(item, Shot)]


def before() -> Draft:
    """Return what the storyboard made once: every scene an ordinary shot, its words on cards."""
    names = ["open", "evidence", "numbers", "spoil", "undo", "prompt", "latent", "limits"]
    motion = {"from": [0.5, 0.5, 1.0], "to": [0.5, 0.5, 1.06], "ease": "smooth"}
    pictures: list[dict[str, Any]] = [
        {
            "st": n * 2000,
            "d": 2000,
            "n": "blue.png",
            "src": "a1",
            "m": {"scene": name, "motion": motion, "fit": "cover"},
        }
        for n, name in enumerate(names)
    ]
    cards = [{"st": 2300, "d": 1700, "tx": "Stated in the file: nothing found", "m": {"style": {"role": "card"}}}]
    tracks = [{"tt": 0, "sg": pictures}, {"tt": 7, "sg": cards, "m": {"role": "card"}}]
    return Draft({"t": tracks, "d": 16_000, "m": {"width": 320, "height": 180}})


def test_the_scenes_that_are_written_are_those_that_are_drawn(blue: AssetFacts) -> None:
    assert sorted(DRAWN) == sorted(SCENES)
    for language in ("en", "zh"):
        drawn = [shot.scene for shot in shots(storyboard([blue], Wishes(language=language)).draft)]
        assert drawn == [None, "evidence", "pixels", "noising", "denoising", "tiny_model", "latent_grid", "limits"]
    assert [shot.source for shot in shots(storyboard([], Wishes()).draft)] == [None] * 5


def test_the_badge_that_is_written_is_the_one_that_the_renderer_falls_back_on(blue: AssetFacts) -> None:
    draft = storyboard([blue], Wishes()).draft
    assert draft.track(1).segment(5).meta["about"]["badge"] == BADGE


def test_a_draft_from_before_is_rendered_as_the_picture_with_its_cards(blue: AssetFacts) -> None:
    assert {shot.scene for shot in shots(before())} == {None}
    composer = Composer(to_scene(before()), {"a1": blue.path})
    corners = [composer.frame(second * 30 + 45).rgb[4, 4] for second in range(0, 14, 2)]
    composer.close()
    assert np.abs(np.array(corners, int) - (20, 60, 200)).max() < 6


def test_a_draft_from_before_can_be_edited_as_it_was() -> None:
    moved = edits.set_motion(before(), "pan_left")
    assert {segment.meta["motion"] for segment in moved.track(1).segments} == {"pan_left"}
    assert edits.set_motion(before(), "still", track=1, segment=8).track(1).segment(8).meta["motion"] == "still"


def test_a_drawn_scene_is_moved_and_cut_and_keeps_what_it_shows(blue: AssetFacts) -> None:
    draft = storyboard([blue], Wishes()).draft
    about = draft.track(1).segment(2).meta["about"]
    shorter = edits.cut_range(draft, 4, 6)
    assert (shorter.track(1).segment(2).duration_s, shorter.track(1).segment(2).meta["about"]) == (4, about)
    first = edits.reorder_segments(draft, 1, [2, 1, *range(3, 9)])
    assert (first.track(1).segment(1).meta["about"], first.track(1).segment(1).start_s) == (about, 0)


def test_a_clip_that_shows_the_tiny_model_says_that_a_part_of_it_is_ai(blue: AssetFacts) -> None:
    draft = storyboard([blue], Wishes()).draft
    assert source_type_of(draft, [blue.path]) == "compositeSynthetic"
    short = storyboard([blue], Wishes(total_ms=6000)).draft  # too short for the tiny model
    assert source_type_of(short, [blue.path]) == "composite"
