"""Noise over a picture and the way back: the schedule's own numbers, one noise for all, and a badge in every frame."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from render_kit import picture_like
from scene_kit import FIELDS, clip_of, rgb_of

from ipynemo.backend.render.compose import Composer, Sheet
from ipynemo.backend.render.planes import for_frame
from ipynemo.backend.render.scene import to_scene
from ipynemo.backend.render.scenes.noising import BADGE, BADGE_ALONE, Denoising, Noising, badge_of
from ipynemo.backend.render.scenes.spoiling import Spoiled
from ipynemo.backend.render.scenes.stage import Moment, Stage
from ipynemo.concepts.noising import noised

if TYPE_CHECKING:
    from pathlib import Path

ABOUT = {"last": 999, "mark": 250, "labels": FIELDS}


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("noising") / "p.png"
    Image.fromarray(picture_like(240, 160)).save(path)
    return path


@pytest.mark.parametrize("t", [0, 1, 250, 600, 999])
def test_a_step_is_what_the_schedule_says_to_two_levels_of_light(t: int) -> None:
    pixels = picture_like(96, 64)
    sheet = Sheet.blank(128, 96)
    Spoiled(pixels, (16, 8), 4).draw(t, sheet.planes)
    wanted = for_frame(np.rint(255 * noised(pixels.astype(np.float32) / 255, t, block_px=4)).astype(np.uint8))
    light = sheet.planes.y[8:72, 16:112].astype(int) - wanted.y
    assert np.abs(light).max() <= 2
    assert np.abs(light).mean() < 0.6
    for mine, theirs in ((sheet.planes.u, wanted.u), (sheet.planes.v, wanted.v)):
        assert (
            np.abs(mine[4:36, 8:56].astype(int) - theirs).mean() < 4
        )  # of 50: the squares' edges are cut to 0–255 first here


def test_noise_is_one_sample_for_the_whole_scene(picture: Path) -> None:
    film = Composer(to_scene(clip_of("noising", ABOUT)), {"p": picture})
    with closing(film):
        film.frame(0)
        (take,) = film._takes.values()
        spoiled = take._scene._spoiled
        late = []
        for t in (700, 999):
            sheet = Sheet.blank(320, 180)
            sheet.planes.y[:] = 0
            spoiled.draw(t, sheet.planes)
            late.append(sheet.planes.y.astype(float)[sheet.planes.y > 0])
    assert np.corrcoef(late[0], late[1])[0, 1] > 0.97  # other noise would leave nothing in common


def test_steps_go_up_rest_at_the_marked_one_and_end_at_the_last() -> None:
    scene = Noising(ABOUT, None, Stage((320, 180)), 5.0)
    steps = [scene.state(Moment(p, 5.0))[0] for p in (0, 0.05, 0.25, 0.42, 0.5, 0.55, 0.75, 0.95, 1)]
    assert steps[:2] == [0, 0]
    assert steps[3:6] == [250, 250, 250]
    assert steps[-2:] == [999, 999]
    assert steps == sorted(steps)
    said = [scene.state(Moment(p, 5.0))[1] for p in (0.39, 0.45, 0.55, 1)]
    assert said[0] == 0
    assert 0 < said[1] < 1
    assert said[2:] == [1, 1]


@pytest.mark.parametrize(
    ("about", "last"),
    [({"last": "999"}, 999), ({"last": 10**12}, 999), ({"last": -5, "mark": 999}, 1), ({"last": 400}, 400)],
)
def test_a_last_step_that_is_none_is_brought_onto_the_schedule(about: dict[str, Any], last: int) -> None:
    assert Noising(about, None, Stage((64, 64)), 2.0).state(Moment(1.0, 2.0)) == (last, 0.0)


def test_the_way_back_begins_in_noise_and_ends_at_the_picture() -> None:
    scene = Denoising({"from": 999, "labels": FIELDS}, None, Stage((320, 180)), 5.0)
    steps = [scene.state(Moment(p, 5.0))[0] for p in (0, 0.06, 0.3, 0.6, 0.9, 1)]
    assert steps[:2] == [999, 999]
    assert steps[-2:] == [0, 0]
    assert steps == sorted(steps, reverse=True)


def test_there_and_back_show_the_picture_at_the_same_place(picture: Path) -> None:
    (there,) = rgb_of(clip_of("noising", {"labels": FIELDS}), picture, [0])
    (back,) = rgb_of(clip_of("denoising", {"labels": FIELDS}), picture, [-1])
    assert np.abs(there[40:140, 20:180].astype(int) - back[40:140, 20:180]).max() <= 1


HOSTILE = [
    {}, {"badge": ""}, {"badge": " \n\t"}, {"badge": None}, {"badge": 7}, {"badge": ["x"]}, {"badge": "x" * 5000},
    {"badge": "\u200b\u2060\ufeff" * 9}, {"badge": "\u2800" * 40}, {"badge": "\u3164" * 20}, {"badge": "…—·"},
    {"badge": "\u202e" * 50}, {"badge": "\ue000" * 30}, {"badge": " " * 500 + "x"},
]  # fmt: skip


@pytest.mark.parametrize("about", HOSTILE, ids=lambda about: repr(about.get("badge", "none"))[:12])
def test_a_badge_that_nobody_could_read_gives_way_to_our_own_words(about: dict[str, Any]) -> None:
    assert badge_of(about, alone=False) == BADGE == "Illustration on your picture — not a recording of how it was made"
    assert badge_of(about, alone=True) == BADGE_ALONE
    assert "picture was made" in BADGE_ALONE


def test_a_badge_in_the_clips_language_is_taken_as_it_is() -> None:
    words = "用你的图片所作的示意——不是它制作过程的记录"
    assert badge_of({"badge": f"  {words}\n"}, alone=False) == words


def _badge(frame: np.ndarray) -> tuple[int, int]:
    """Return how many pixels of the badge's place are amber, and how many are white."""
    head = frame[6:26, 8:260].astype(int)
    amber = (head[..., 0] > 130) & (head[..., 2] < 0.55 * head[..., 0]) & (head[..., 1] > 0.5 * head[..., 0])
    return int(amber.sum()), int((head.min(axis=2) > 170).sum())


@pytest.mark.parametrize("about", [{"badge": BADGE}, *HOSTILE[:2], HOSTILE[6], HOSTILE[8]])
@pytest.mark.parametrize("motion", [None, "reduced"])
def test_the_badge_is_in_every_frame_of_the_way_back(picture: Path, about: dict[str, Any], motion: str | None) -> None:
    draft = clip_of("denoising", about | {"labels": FIELDS}, d=700, **({"motion": motion} if motion else {}))
    seen = [_badge(frame) for frame in rgb_of(draft, picture, range(21))]
    assert min(amber for amber, _ in seen) > 150
    assert min(white for _, white in seen) > 100
    assert len(set(seen)) == 1  # and never changes


def test_adding_noise_bears_no_badge(picture: Path) -> None:
    (frame,) = rgb_of(clip_of("noising", {"badge": BADGE, "labels": FIELDS}), picture, [30])
    assert _badge(frame)[1] < 5


def test_without_a_picture_noise_lies_over_one_of_ours() -> None:
    first, last = rgb_of(clip_of("noising", ABOUT, src=None), None, [0, -1])
    part = (slice(60, 120), slice(40, 160))
    assert 8 < first[part].std() < 70  # a landscape
    assert last[part].std() > 66  # noise


def test_the_form_without_motion_shows_five_steps_and_nothing_between(picture: Path) -> None:
    film = Composer(to_scene(clip_of("noising", ABOUT, d=5000, motion="reduced")), {"p": picture})
    with closing(film):
        sheets = [film.frame(n) for n in range(150)]
        (take,) = film._takes.values()
        states = [take.seek(n, 30)[1] for n in range(150)]
    alone = [state[0][0] for state in states if len(state) == 1]
    assert len(set(alone)) == 5
    assert {0, 250, 999} < set(alone)
    assert len(alone) > 80  # still for most of the time
    dissolving = [state for state in states if len(state) == 3]
    assert len(dissolving) == 60  # four times half a second
    assert sheets[5] is sheets[25]
