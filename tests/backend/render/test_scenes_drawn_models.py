"""The scenes "tiny_model" and "latent_grid": a real model's own states, and a map that is as large as is said."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from render_kit import draft_of, video

import ipynemo
from ipynemo.backend.render.compose import Composer
from ipynemo.backend.render.scene import to_scene
from ipynemo.backend.render.scenes import trajectory
from ipynemo.backend.render.scenes.trajectory import trajectories
from ipynemo.concepts.tiny.judge import judge_of

GROUND = (16, 20, 24)
SIZES = [(640, 360), (360, 640), (360, 360)]
LABELS = {"title": "A model", "prompt": "Prompt: red cross", "seed": "seed {seed}", "step": "step {n} of {of}"}
MAP_LABELS = {"picture": "512", "picture_count": "many", "map": "64", "map_count": "few", "times": "less", "note": "!"}


def frames(
    about: Any, scene: str, at: list[float], size: tuple[int, int] = (640, 360), **files: Path
) -> list[np.ndarray]:
    """Return frames of a scene of four seconds, at parts of it."""
    segment: dict[str, Any] = {"st": 0, "d": 4000, "m": {"scene": scene, "about": about}}
    segment |= {"src": next(iter(files))} if files else {}
    composer = Composer(to_scene(draft_of(video(segment), size=size)), files)
    found = [composer.frame(round(part * 119)).rgb.astype(int) for part in at]
    composer.close()
    return found


def tiny(at: list[float], size: tuple[int, int] = (640, 360), **about: Any) -> list[np.ndarray]:
    return frames({"prompt": "red cross", "seeds": [1, 2, 3, 4], "labels": LABELS} | about, "tiny_model", at, size)


def drawn_box(frame: np.ndarray, ground: Any = GROUND) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of what differs from the ground."""
    apart = np.abs(frame - ground).max(axis=2) > 12
    columns, rows = np.flatnonzero(apart.any(axis=0)), np.flatnonzero(apart.any(axis=1))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def test_what_is_kept_goes_from_noise_to_what_was_asked_for_with_every_seed() -> None:
    kept = trajectories()
    assert (kept.prompt, kept.seeds, kept.steps) == ("red cross", (1, 2, 3, 4), 40)
    judge = judge_of("shapes")
    assert [judge.name(states[-1]) for states in kept.states] == ["red cross"] * 4
    assert [judge.name(states[0]) for states in kept.states] == [None] * 4
    assert len({states[0].tobytes() for states in kept.states}) == 4


def test_the_file_that_is_kept_says_what_made_it() -> None:
    path = Path(trajectory.__file__).parent / "data" / "tiny_trajectory.png"
    evidence = ipynemo.evidence(path)
    told = {(s.field, s.value) for s in evidence.statements}
    assert ("DigitalSourceType", "trainedAlgorithmicMedia") in told
    assert ("AISystemUsed", "ipynemo tiny diffusion model") in told
    assert {s.record.prompt for s in evidence.statements if s.record} == {"red cross"}


def test_the_tiles_show_the_models_own_states() -> None:
    begin, end = tiny([0.14, 1.0])
    kept = trajectories()
    left, top, right, _ = drawn_box(end)
    # In 640 × 360 a tile has 16 × 8 pixels a side: four of them, 12 apart, end where the drawing ends.
    for frame, step in ((begin, 0), (end, 40)):
        found = [
            frame[y : y + 128, x : x + 128].reshape(16, 8, 16, 8, 3)[:, 3:5, :, 3:5].mean(axis=(1, 3))
            for x, y in tile_corners(end)
        ]
        for tile, states in zip(found, kept.states, strict=True):
            assert np.abs(tile - states[step]).mean() < 4
    assert (left, right) >= (0, 0)
    assert top > 0


def tile_corners(frame: np.ndarray) -> list[tuple[int, int]]:
    """Return where the tiles begin, found by their white frames."""
    white = (frame.min(axis=2) > 150)[60:]
    row = 60 + int(np.argmax(white.sum(axis=1)))  # the upper edge of all four is the longest white line
    lines = np.flatnonzero(frame[row].min(axis=1) > 120)
    begins = [int(lines[0])] + [int(b) for a, b in itertools.pairwise(lines) if b - a > 3]
    return [(x + 2, row + 2) for x in begins]


def test_nothing_is_made_up_between_two_states() -> None:
    scene = to_scene(draft_of(video({"st": 0, "d": 4000, "m": {"scene": "tiny_model", "about": {"labels": LABELS}}})))
    composer = Composer(scene, {})
    different = {composer.frame(number).rgb.tobytes() for number in range(40, 90)}
    composer.close()
    assert len(different) < 41


def test_a_prompt_that_is_not_kept_is_not_claimed() -> None:
    (asked,) = tiny([1.0])
    (other,) = tiny([1.0], prompt="blue square", labels=LABELS | {"prompt": "Prompt: blue square"})
    (third,) = tiny([1.0], prompt="white ring", labels=LABELS | {"prompt": "Prompt: white ring"})
    assert (other == third).all()
    assert (other != asked).any()


def test_only_the_seeds_that_were_asked_for_are_shown() -> None:
    (four,), (one,) = tiny([1.0]), tiny([1.0], seeds=[3, 77, "x"])
    assert np.count_nonzero(np.abs(one - GROUND).max(axis=2) > 12) < np.count_nonzero(
        np.abs(four - GROUND).max(axis=2) > 12
    )


@pytest.mark.parametrize("size", SIZES)
def test_the_lowest_part_is_left_to_captions_and_the_margins_are_kept(size: tuple[int, int]) -> None:
    margin = 0.055 * min(size) - 4  # a frame around a tile is 2 pixels wide
    begin, end = frames({"labels": MAP_LABELS}, "latent_grid", [0.0, 1.0], size)
    for box in (*map(drawn_box, tiny([0.5, 1.0], size)), drawn_box(end, begin)):
        left, top, right, bottom = box
        assert left >= margin
        assert top >= margin
        assert right <= size[0] - margin
        assert bottom <= size[1] * 0.86


@pytest.fixture
def halves(tmp_path: Path) -> Path:
    """Write a picture, red on the left and blue on the right."""
    pixels = np.zeros((512, 512, 3), np.uint8)
    pixels[:, :256], pixels[:, 256:] = (200, 30, 30), (30, 30, 200)
    path = tmp_path / "halves.png"
    Image.fromarray(pixels).save(path)
    return path


def reddest(frame: np.ndarray) -> np.ndarray:
    """Return where a frame is about (200, 30, 30)."""
    return np.asarray(np.abs(frame - (200, 30, 30)).max(axis=2) < 40)


def test_the_map_is_an_eighth_across_first_and_then_as_large_as_the_picture(halves: Path) -> None:
    small, large = frames({"labels": {}}, "latent_grid", [0.45, 1.0], (1280, 720), a=halves)
    right_half = slice(640, None)
    across, down = (int(reddest(small)[:, right_half].any(axis=axis).sum()) for axis in (0, 1))
    assert (across, down) == (pytest.approx(24, abs=1), 48)  # where red meets blue, colours share a sample
    assert int(reddest(large)[:, right_half].any(axis=1).sum()) == 384


def test_the_picture_bears_a_line_at_every_eighth_of_its_512_pixels(halves: Path) -> None:
    bare, lined = frames({"labels": {}}, "latent_grid", [0.0, 1.0], (1280, 720), a=halves)
    row = 300
    assert reddest(bare)[row, :640].sum() == pytest.approx(192, abs=1)
    dark = (lined[row, :640, 0] < 140) & reddest(bare)[row, :640]
    assert 30 <= np.count_nonzero(dark) <= 34  # 32 squares, each 6 pixels wide


def test_without_a_picture_there_is_one_all_the_same() -> None:
    bare, lined = frames({"labels": {}}, "latent_grid", [0.0, 1.0])
    left, top, right, bottom = drawn_box(lined, bare)
    assert (right - left) > 250  # the words amid, and the map
    assert (bottom - top) > 150


@pytest.mark.parametrize("scene", ["tiny_model", "latent_grid"])
@pytest.mark.parametrize(
    "about",
    [
        {},
        {"labels": 7, "seeds": "x", "prompt": []},
        {
            "labels": {"title": "x" * 10_000, "seed": 3, "step": "{n}{n}{0.__class__}", "note": "\n" * 500},
            "seeds": [None],
        },
    ],
)
def test_whatever_a_stranger_wrote_is_drawn(scene: str, about: dict[str, Any]) -> None:
    for frame in frames(about, scene, [0.0, 0.5, 1.0], (160, 90)):
        assert frame.shape == (90, 160, 3)
