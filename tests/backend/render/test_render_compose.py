"""What is seen at a moment: layers, transitions, texts at their times, and nothing drawn twice for nothing."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from render_kit import BLACK, BLUE, RED, WHITE, draft_of, near, plain, seg, text, video, write_film

from ipynemo.backend.render.compose import SHEETS, Composer, Sheet
from ipynemo.backend.render.scene import to_scene
from ipynemo.backend.render.takes import Take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def assets(tmp_path: Path) -> dict[str, Path]:
    return {
        "red": plain(tmp_path / "red.png", RED),
        "blue": plain(tmp_path / "blue.png", BLUE),
        "white": plain(tmp_path / "white.png", WHITE),
        "square": plain(tmp_path / "square.png", RED, (180, 180)),
    }


@pytest.fixture
def composer() -> Iterator[Callable[..., Composer]]:
    made: list[Composer] = []

    def compose(assets: dict[str, Path], *tracks: dict[str, object], **meta: object) -> Composer:
        made.append(Composer(to_scene(draft_of(*tracks, background="#102030", **meta)), assets))
        return made[-1]

    yield compose
    for one in made:
        one.close()


def middle(sheet: Sheet, x: float = 0.5, y: float = 0.5) -> tuple[int, ...]:
    pixels = sheet.rgb
    return tuple(int(v) for v in pixels[int(pixels.shape[0] * y), int(pixels.shape[1] * x)])


def test_a_red_picture_dissolves_into_a_blue_one_through_purple(
    assets: dict[str, Path], composer: Callable[..., Composer]
) -> None:
    fade = {"kind": "crossfade", "d": 1000}
    film = composer(assets, video(seg(0, 1000, src="red"), seg(1000, 2000, src="blue", transition=fade)))
    colours = [middle(film.frame(n)) for n in range(90)]
    assert near(colours[29], RED)
    assert near(colours[44], (132, 0, 123), 3)
    assert near(colours[45], (121, 0, 134), 3)
    assert near(colours[60], BLUE, 2)
    reds = [colour[0] for colour in colours[29:61]]
    assert reds == sorted(reds, reverse=True)


def test_a_cut_is_one_frame_to_the_next(assets: dict[str, Path], composer: Callable[..., Composer]) -> None:
    film = composer(assets, video(seg(0, 1000, src="red"), seg(1000, 1000, src="blue")))
    assert [near(middle(film.frame(n)), c, 2) for n, c in ((29, RED), (30, BLUE))] == [True, True]


def test_fades_come_from_the_background_and_go_to_it(
    assets: dict[str, Path], composer: Callable[..., Composer]
) -> None:
    fade = {"kind": "fade", "d": 1000}
    film = composer(assets, video(seg(0, 3000, src="white", transition=fade, fade_out_ms=1000)))
    ground = (16, 32, 48)
    assert near(middle(film.frame(0)), ground, 3)
    assert near(middle(film.frame(15)), tuple((g + 255) / 2 for g in ground), 14)
    assert near(middle(film.frame(45)), WHITE, 2)
    assert near(middle(film.frame(89)), ground, 3)


def test_gaps_show_the_background(assets: dict[str, Path], composer: Callable[..., Composer]) -> None:
    film = composer(assets, video(seg(0, 1000, src="red"), seg(2000, 1000, src="blue")))
    assert near(middle(film.frame(45)), (16, 32, 48), 2)


def test_the_outgoing_picture_keeps_moving_below_a_dissolve(
    tmp_path: Path, assets: dict[str, Path], composer: Callable[..., Composer]
) -> None:
    wedge = np.tile(np.linspace(0, 255, 640).astype(np.uint8)[None, :, None], (180, 1, 3))
    Image.fromarray(wedge).save(tmp_path / "wedge.png")
    assets["wedge"] = tmp_path / "wedge.png"
    fade = {"kind": "crossfade", "d": 1000}
    move = {"from": [0.25, 0.5, 1], "to": [0.75, 0.5, 1], "ease": "linear"}
    film = composer(assets, video(seg(0, 1000, src="wedge", motion=move), seg(1000, 1000, src="blue", transition=fade)))
    left = [int(film.frame(n).rgb[90, 100, 1]) for n in range(36)]  # blue has no green: what is green moves
    alone = left[:30]
    assert alone == sorted(alone)
    assert alone[29] - alone[0] > 50
    whole = [value / (1 - _smooth((n - 30 + 0.5) / 30)) if n >= 30 else value for n, value in enumerate(left)]
    assert np.diff(whole[25:36]).min() > 0.5  # it goes on past the cut at the same pace
    assert np.diff(whole[25:36]).max() < 5


def _smooth(p: float) -> float:
    return p * p * (3 - 2 * p)


def test_a_fitted_picture_leaves_bars_of_the_background(
    assets: dict[str, Path], composer: Callable[..., Composer]
) -> None:
    frame = composer(assets, video(seg(0, 1000, src="square", fit="contain"))).frame(5)
    assert near(middle(frame), RED, 2)
    assert near(middle(frame, 0.1), (16, 32, 48), 2)
    assert near(middle(frame, 0.9), (16, 32, 48), 2)


def test_a_blurred_ground_fills_the_bars_with_the_picture_darkened(
    assets: dict[str, Path], composer: Callable[..., Composer]
) -> None:
    frame = composer(assets, video(seg(0, 1000, src="square", fit="blur"))).frame(5)
    assert near(middle(frame), RED, 2)
    red, green, blue = middle(frame, 0.1)
    assert 90 < red < 150
    assert max(green, blue) < 25


def test_a_see_through_picture_lets_the_track_below_through(
    tmp_path: Path, assets: dict[str, Path], composer: Callable[..., Composer]
) -> None:
    Image.new("RGBA", (320, 180), (0, 0, 255, 128)).save(tmp_path / "glass.png")
    assets["glass"] = tmp_path / "glass.png"
    over_red = composer(assets, video(seg(0, 1000, src="red")), video(seg(0, 1000, src="glass")))
    assert near(middle(over_red.frame(3)), (127, 0, 128), 2)
    alone = composer(assets, video(seg(0, 1000, src="glass")))
    assert near(middle(alone.frame(3)), (8, 16, 152), 2)


def test_an_animation_plays_at_its_own_times(
    tmp_path: Path, assets: dict[str, Path], composer: Callable[..., Composer]
) -> None:
    pictures = [Image.new("RGB", (64, 36), colour) for colour in ("red", "lime", "blue")]
    pictures[0].save(tmp_path / "m.gif", save_all=True, append_images=pictures[1:], duration=[100, 300, 200], loop=0)
    assets["moving"] = tmp_path / "m.gif"
    film = composer(assets, video(seg(0, 2000, src="moving")))
    shown = "".join("rgb"[int(np.argmax(middle(film.frame(n))))] for n in range(36))
    assert shown == "rrrgggggggggbbbbbb" * 2


def test_a_film_starts_at_its_in_point_and_holds_its_last_picture(
    tmp_path: Path, assets: dict[str, Path], composer: Callable[..., Composer]
) -> None:
    shades = [(n / 30, (n * 4, 60, 200)) for n in range(60)]
    assets["film"] = write_film(tmp_path / "film.mp4", shades)
    film = composer(assets, video(seg(0, 2000, src="film", in_ms=1000)))
    for number, shade in ((0, 30), (10, 40), (29, 59), (45, 59)):
        assert near(middle(film.frame(number)), shades[shade][1], 6), number


def test_a_title_is_seen_only_at_its_time(assets: dict[str, Path], composer: Callable[..., Composer]) -> None:
    film = composer(assets, video(seg(0, 4000, src="red")), text(seg(1000, 2000, tx="Title", style={"fade_ms": 300})))
    ink = [int((film.frame(n).planes.y != 63).sum()) for n in (0, 29, 30, 36, 60, 89, 90, 119)]
    assert [ink[0], ink[1], ink[6], ink[7]] == [0, 0, 0, 0]
    assert min(ink[2:6]) > 0
    white = [int(film.frame(n).planes.y.max()) for n in (30, 34, 60, 86, 89)]
    assert white[0] < white[1] < white[2] == 235
    assert white[2] > white[3] > white[4]


def test_titles_stand_where_they_are_placed(assets: dict[str, Path], composer: Callable[..., Composer]) -> None:
    for place, rows, columns in (
        ("top", (0, 60), (0, 320)),
        ("bottom_left", (120, 180), (0, 160)),
        ([0.8, 0.5], (60, 120), (160, 320)),
    ):
        film = composer(
            assets, video(seg(0, 1000, src="red")), text(seg(0, 1000, tx="Hi", style={"place": place, "fade_ms": 0}))
        )
        letters = np.argwhere(film.frame(15).rgb[..., 1] > 200)
        assert len(letters) > 30
        assert letters[:, 0].min() >= rows[0]
        assert letters[:, 0].max() < rows[1]
        assert letters[:, 1].min() >= columns[0]
        assert letters[:, 1].max() < columns[1]


def test_a_title_comes_up_smoothly_while_it_fades_in(
    assets: dict[str, Path], composer: Callable[..., Composer]
) -> None:
    film = composer(assets, text(seg(0, 3000, tx="Up", style={"fade_ms": 500})), size=(640, 360))

    def height(number: int) -> float:
        light = np.clip(film.frame(number).rgb[..., 0].astype(float) - 17, 0, None)  # lighter than the background
        return float((light.sum(axis=1) * np.arange(360)).sum() / light.sum())

    heights = [height(n) for n in range(3, 17)]
    assert heights[0] > heights[-1] + 0.5
    assert all(a >= b - 0.05 for a, b in itertools.pairwise(heights))
    assert max(abs(a - b) for a, b in itertools.pairwise(heights)) < 1.0  # no step of a whole pixel


def test_text_alone_is_drawn_on_the_background(assets: dict[str, Path], composer: Callable[..., Composer]) -> None:
    frame = composer({}, text(seg(0, 1000, tx="Words"))).frame(15)
    assert near(middle(frame, 0.02, 0.02), (16, 32, 48), 2)
    assert frame.rgb.max() > 200


def test_later_tracks_are_on_top(assets: dict[str, Path], composer: Callable[..., Composer]) -> None:
    below = composer(assets, text(seg(0, 1000, tx="Hidden")), video(seg(0, 1000, src="red")))
    assert np.ptp(below.frame(15).planes.y) == 0


def test_what_does_not_change_is_not_drawn_again(assets: dict[str, Path], composer: Callable[..., Composer]) -> None:
    film = composer(assets, video(seg(0, 3000, src="red")), text(seg(0, 3000, tx="Still")))
    assert film.frame(40) is film.frame(41)
    assert film.frame(1) is not film.frame(2)  # the title fades in


def test_below_a_text_that_fades_the_picture_is_drawn_once(
    assets: dict[str, Path], composer: Callable[..., Composer], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    film = composer(assets, video(seg(0, 3000, src="red")), text(seg(0, 3000, tx="Slow", style={"fade_ms": 1400})))
    draw = Take.draw
    monkeypatch.setattr(Take, "draw", lambda self, at, frame: (drawn.append(1), draw(self, at, frame)))
    shown = [film.frame(n).rgb for n in range(40)]
    assert len(drawn) == 2  # for the first frame, and once to be kept
    assert len({frame.tobytes() for frame in shown}) == 40
    alone = composer(assets, video(seg(0, 3000, src="red")), text(seg(0, 3000, tx="Slow", style={"fade_ms": 1400})))
    assert np.array_equal(alone.frame(39).rgb, shown[39])


def test_a_frame_stays_as_it_is_while_others_are_drawn(
    assets: dict[str, Path], composer: Callable[..., Composer]
) -> None:
    film = composer(assets, video(seg(0, 3000, src="red", transition={"kind": "fade", "d": 1500})))
    first = film.frame(0)
    before = first.rgb
    for number in range(1, SHEETS):
        film.frame(number)
    assert np.array_equal(first.rgb, before)
    film.frame(SHEETS)
    assert not np.array_equal(first.rgb, before)


def test_any_order_of_frames_gives_the_same_pictures(
    tmp_path: Path, assets: dict[str, Path], composer: Callable[..., Composer]
) -> None:
    assets["film"] = write_film(tmp_path / "film.mp4", [(n / 30, (n * 4, 60, 200)) for n in range(60)])
    fade = {"kind": "crossfade", "d": 400}
    tracks = (
        video(
            seg(0, 1000, src="film", motion="zoom_in"), seg(1000, 1000, src="blue", transition=fade, motion="pan_left")
        ),
        text(seg(200, 1500, tx="Hello")),
    )
    forward = composer(assets, *tracks)
    in_order = {n: forward.frame(n).rgb for n in range(60)}
    jumping = composer(assets, *tracks)
    for number in (50, 3, 33, 59, 0, 20, 31):
        assert np.array_equal(jumping.frame(number).rgb, in_order[number]), number


def test_files_are_closed_once_their_shot_is_over(
    tmp_path: Path, assets: dict[str, Path], composer: Callable[..., Composer]
) -> None:
    film = composer(assets, video(*(seg(n * 100, 100, src="red") for n in range(20))))
    takes = set()
    for number in range(60):
        film.frame(number)
        takes.update(film._takes.values())
        assert len(film._takes) <= 2
    film.close()
    assert len(takes) == 20
    assert all(take.is_closed for take in takes)


def test_black_text_on_a_white_picture_is_black(assets: dict[str, Path], composer: Callable[..., Composer]) -> None:
    style = {"color": "#000000", "fade_ms": 0, "size": 200}
    frame = composer(assets, video(seg(0, 1000, src="white")), text(seg(0, 1000, tx="I", style=style))).frame(5)
    assert near(frame.rgb.reshape(-1, 3).min(axis=0), BLACK, 3)


_ANY = st.one_of(
    st.none(), st.booleans(), st.integers(-5000, 5000), st.floats(-10, 10), st.text(max_size=12),
    st.lists(st.floats(-2, 9), max_size=3), st.sampled_from(["zoom_in", "pan_up", "blur", "contain", "title", "card"]),
)  # fmt: skip
_STYLE = st.dictionaries(st.sampled_from(["role", "place", "size", "color", "background", "fade_ms", "swatches"]), _ANY)
_META = st.fixed_dictionaries(
    {},
    optional={
        "motion": _ANY | st.fixed_dictionaries({"from": _ANY, "to": _ANY}),
        "fit": st.sampled_from(["cover", "contain", "blur", 3]),
        "transition": _ANY | st.fixed_dictionaries({"kind": st.sampled_from(["crossfade", "fade"]), "d": _ANY}),
        "fade_out_ms": _ANY,
        "style": _ANY | _STYLE,
    },
)
_SEGMENT = st.fixed_dictionaries(
    {"st": st.integers(0, 900), "d": st.integers(0, 900), "src": st.just("p"), "tx": st.text(max_size=30), "m": _META}
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(_SEGMENT, min_size=1, max_size=4), st.lists(_SEGMENT, max_size=3), st.sampled_from([(64, 64), (96, 64)])
)
def test_any_draft_that_is_accepted_is_drawn(
    tmp_path_factory: pytest.TempPathFactory, shots: list[Any], words: list[Any], size: tuple[int, int]
) -> None:
    path = plain(tmp_path_factory.getbasetemp() / "any.png", RED, (37, 23))
    draft = draft_of(video(*shots), text(*words), size=size)
    if draft.duration_ms == 0:
        return
    film = Composer(to_scene(draft), {"p": path})
    for number in range(film.scene.frames):
        frame = film.frame(number)
        assert frame.planes.size == size
    film.close()
