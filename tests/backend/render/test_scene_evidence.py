"""The cards of what a file says, and what remains open: their order, their marks, and that all of it can be read."""

from __future__ import annotations

import itertools
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from render_kit import near, picture_like, plain
from scene_kit import clip_of, rgb_of

from ipynemo.backend.render.compose import Composer
from ipynemo.backend.render.scene import to_scene
from ipynemo.backend.render.scenes.drawing import Drawing, softened, words
from ipynemo.backend.render.scenes.evidence import Evidence
from ipynemo.backend.render.scenes.limits import Limits
from ipynemo.backend.render.scenes.marks import draw_mark
from ipynemo.backend.render.scenes.stage import FAINT, GROUND, LEVELS, Box, Moment, Stage
from ipynemo.backend.render.values import Colour, relative_luminance

if TYPE_CHECKING:
    from pathlib import Path

BLUE, AMBER, GREY = (86, 180, 233), (230, 159, 0), (180, 186, 192)
CARDS = [
    {"level": "signed", "label": "Signed", "text": "Signed by X", "source": "C2PA", "note": "We cannot check X."},
    {
        "level": "stated",
        "label": "Stated",
        "text": "Made with Y",
        "source": "PNG text",
        "note": "Anyone can write that.",
    },
    {"level": "none", "label": "Nothing else", "text": "No camera is named", "source": "EXIF", "note": ""},
]
LONG = "A statement that goes on and on, and is of no interest to anybody but those who wrote it down. " * 8


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evidence") / "p.png"
    Image.fromarray(picture_like(240, 160)).save(path)
    return path


SIZE = (640, 360)
LEFT = round(Stage(SIZE).split(0.45)[1].left)


def _rows(frame: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Return the rows that the bar of a level takes, at the left edge of its card."""
    return np.flatnonzero((np.abs(frame[:, LEFT - 1 : LEFT + 5].astype(int) - colour).max(axis=2) < 40).any(axis=1))


def test_cards_stand_below_each_other_in_the_order_given_each_in_its_levels_colour(picture: Path) -> None:
    for order in (CARDS, CARDS[::-1], [CARDS[1], CARDS[2], CARDS[0]]):
        (frame,) = rgb_of(clip_of("evidence", {"cards": order}, size=SIZE), picture, [-1])
        found = [_rows(frame, LEVELS[card["level"]].rgb) for card in order]
        assert min(map(len, found)) > 40
        assert found[0].max() < found[1].min() < found[1].max() < found[2].min()


def test_cards_come_in_one_after_the_other_and_stay(picture: Path) -> None:
    frames = rgb_of(clip_of("evidence", {"cards": CARDS}, d=4000, size=SIZE), picture, range(0, 120, 6))
    seen = [[len(_rows(frame, colour)) > 40 for colour in (BLUE, AMBER, GREY)] for frame in frames]
    first = [next(n for n, row in enumerate(seen) if row[card]) for card in range(3)]
    assert first[0] < first[1] < first[2]
    assert not any(seen[0])
    assert all(seen[-1])
    for card in range(3):
        assert all(row[card] for row in seen[first[card] :])


def test_in_the_form_without_motion_cards_do_not_rise(picture: Path) -> None:
    draft = clip_of("evidence", {"cards": CARDS}, d=2000, size=SIZE, motion="reduced")
    frames = rgb_of(draft, picture, range(0, 60, 3))
    assert len({frame.tobytes() for frame in frames[:10]}) == 1
    assert len({frame.tobytes() for frame in frames[10:]}) == 6  # half a second to dissolve in, then still
    assert len({tuple(_rows(frame, BLUE)[[0, -1]]) for frame in frames}) == 1


def test_a_level_is_told_by_the_shape_of_its_mark_too() -> None:
    stage = Stage((320, 180))
    masks = {}
    for level in LEVELS:
        drawing = Drawing(stage, Box(0, 0, 64, 64))
        draw_mark(drawing, level, (32, 32), 28, FAINT)
        masks[level] = drawing.canvas.rgba[..., 3] > 127
    for one, other in itertools.combinations(masks.values(), 2):
        assert (one != other).mean() > 0.15
    assert not masks["none"][32, 32]  # an empty place
    assert masks["stated"][23, 32]


def test_what_is_unknown_counts_as_unread(picture: Path) -> None:
    about = {"cards": [{"level": "proven", "text": "AI!"}]}
    (frame,) = rgb_of(clip_of("evidence", about, size=SIZE), picture, [-1])
    assert len(_rows(frame, GREY)) > 30
    assert len(_rows(frame, BLUE)) == len(_rows(frame, AMBER)) == 0


def test_the_picture_is_seen_whole(picture: Path) -> None:
    frame = rgb_of(clip_of("evidence", {"cards": CARDS}), picture, [-1])[0].astype(float)
    seen = frame[34:126, 10:138]
    wanted = Image.open(picture)
    best = 0.0
    for width in range(110, 140, 2):
        small = np.asarray(wanted.resize((width, round(width * 2 / 3))).convert("L"), float)
        for y, x in itertools.product(
            range(0, max(1, 92 - small.shape[0] + 1), 2), range(0, max(1, 128 - width + 1), 2)
        ):
            part = seen[y : y + small.shape[0], x : x + width].mean(axis=2)
            if part.shape == small.shape:
                best = max(best, float(np.corrcoef(part.ravel(), small.ravel())[0, 1]))
    assert best > 0.85


@pytest.mark.parametrize("size", [(320, 180), (180, 320), (180, 180)])
@pytest.mark.parametrize("cards", [CARDS, [{**card, "text": LONG, "source": LONG, "note": LONG} for card in CARDS * 2]])
def test_words_end_above_the_captions(tmp_path: Path, size: tuple[int, int], cards: list[dict[str, str]]) -> None:
    dark = plain(tmp_path / "dark.png", (20, 20, 20))
    about = {"cards": cards, "more": "and 2 more", "foot": LONG}
    (frame,) = rgb_of(clip_of("evidence", about, size=size), dark, [-1])
    kept = {(320, 180): 0.83, (180, 320): 0.85, (180, 180): 0.81}[size]
    assert frame[: round(size[1] * kept)].max() > 150
    assert frame[round(size[1] * kept) + 3 :].max() < 60
    assert frame[:, : round(0.04 * min(size))].max() < 60  # and inside the margin


def test_ten_thousand_cards_are_six() -> None:
    scene = Evidence({"cards": [{"text": f"card {n}"} for n in range(10_000)][:40]}, None, Stage((320, 180)), 5.0)
    assert len(scene.state(Moment(1.0, 5.0))) == 6
    assert set(scene.state(Moment(1.0, 5.0))) == {1.0}


@pytest.mark.parametrize("duration_s", [0.04, 0.5, 2.4, 15.0])
def test_however_short_it_is_all_is_there_in_the_end(duration_s: float) -> None:
    stage = Stage((96, 64))
    for scene in (
        Evidence({"cards": CARDS}, None, stage, duration_s),
        Limits({"lines": ["a"] * 6}, None, stage, duration_s),
    ):
        assert set(scene.state(Moment(1.0, duration_s))) == {1.0}
        begun = scene.state(Moment(0.0, duration_s))
        assert duration_s < 0.1 or max(begun) < 1


def test_what_remains_open_comes_line_by_line_on_a_card(picture: Path) -> None:
    about = {"heading": "What remains open", "lines": ["One thing.", "Another thing.", "A third one."]}
    frames = rgb_of(clip_of("limits", about, d=3000), picture, [0, 20, 40, 89])
    bright = [int((frame.min(axis=2) > 170).sum()) for frame in frames]
    assert bright[0] > 50  # the heading is there from the beginning
    assert bright == sorted(bright)
    assert bright[3] > bright[0] + 100
    assert near(np.median(frames[3][60:90, 60:260].reshape(-1, 3), axis=0), GROUND.rgb, 16)


@pytest.mark.parametrize("about", [{}, {"lines": "No"}, {"lines": [None, 3, {}]}, {"heading": ["x"], "lines": []}])
def test_limits_with_nothing_to_say_are_the_softened_picture(picture: Path, about: dict[str, Any]) -> None:
    (frame,) = rgb_of(clip_of("limits", about), picture, [-1])
    assert frame.max() < 130
    assert np.abs(np.diff(frame.astype(int), axis=1)).max() < 14


def _contrast(one: Colour, other: Colour) -> float:
    light, dark = sorted((relative_luminance(one), relative_luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_all_words_have_a_contrast_of_four_and_a_half_at_least() -> None:
    white = np.full((90, 160, 3), 255, np.uint8)
    ground = Colour(*(int(v) for v in softened(white, Stage((320, 180))).reshape(-1, 3).max(axis=0)))
    panel = Colour(*(round(0.9 * g + 0.1 * 255) for g in GROUND.rgb))  # a panel on the lightest picture
    for colour in (Colour(255, 255, 255), FAINT, *LEVELS.values()):
        assert _contrast(colour, panel) >= 4.5
    assert _contrast(Colour(255, 255, 255), ground) >= 4.5
    assert _contrast(FAINT, ground) >= 4.5


def test_texts_are_read_without_what_would_turn_them_round_or_fill_the_memory() -> None:
    assert words({"a": "one\u202e two\n\n  three\x00 "}, "a") == "one two\nthree"
    assert words({"a": 5}, "a") == words({}, "a") == words({"a": None}, "a") == ""
    assert len(words({"a": "x" * 10_000_000}, "a")) == 600


def test_no_statement_is_left_out_for_long_words(tmp_path: Path) -> None:
    dark = plain(tmp_path / "dark.png", (20, 20, 20))
    for size in ((640, 360), (360, 360)):
        cards = [{**CARDS[0], "text": LONG, "source": LONG, "note": LONG[:200]}] * 5
        draft = clip_of("evidence", {"cards": cards, "foot": LONG, "more": LONG}, size=size)
        with closing(Composer(to_scene(draft), {"p": dark})) as film:
            state = film._shot(0, 0, 59).place[0]
        assert len(state) == 7, size  # five cards, and two lines below them
