"""A draft is read tolerantly, and what cannot be rendered is refused in plain words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render_kit import audio, draft_of, seg, text, video

from ipynemo.backend.render.faults import DraftLimitError, EmptyDraftError
from ipynemo.backend.render.scene import Shot, Sound, Words, to_scene
from ipynemo.draft import Draft
from ipynemo.errors import NothingToExportError, RenderFailedError


def test_times_become_the_nearest_frames() -> None:
    scene = to_scene(draft_of(video(seg(0, 1990, src="a"), seg(1990, 2010, src="b"))))
    first, second = scene.layers[0]
    assert (first.start, first.end, second.start, second.end) == (0, 60, 60, 120)
    assert (scene.frames, scene.samples, scene.duration_s) == (120, 192_000, 4.0)


def test_a_draft_without_a_size_is_full_hd() -> None:
    scene = to_scene(Draft({"t": [text(seg(0, 1000, tx="Hello"))]}))
    assert (scene.width, scene.height) == (1920, 1080)


@pytest.mark.parametrize("size", [(1080, 1920), (1080, 1080), (1920, 1080), (64, 3840)])
def test_the_size_is_the_drafts(size: tuple[int, int]) -> None:
    scene = to_scene(draft_of(text(seg(0, 1000, tx="Hello")), size=size))
    assert (scene.width, scene.height) == size


def test_odd_sides_are_made_even() -> None:
    scene = to_scene(draft_of(text(seg(0, 1000, tx="Hello")), size=(641, 361)))
    assert (scene.width, scene.height) == (640, 360)


@pytest.mark.parametrize(("quality", "size"), [("low", (640, 360)), ("medium", (1280, 720)), ("high", (1920, 1080))])
def test_a_lower_quality_has_fewer_lines(quality: str, size: tuple[int, int]) -> None:
    scene = to_scene(draft_of(text(seg(0, 1000, tx="Hello")), size=(1920, 1080)), quality)
    assert (scene.width, scene.height) == size


@pytest.mark.parametrize("size", [(2, 2), (100_000, 100_000), (-1920, 1080), (1920, 0), (1e300, 1080)])
def test_absurd_sizes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(DraftLimitError, match="64–3840"):
        to_scene(draft_of(text(seg(0, 1000, tx="Hello")), size=size))


def test_more_than_two_hours_are_refused() -> None:
    with pytest.raises(DraftLimitError, match=r"2\.5 hours long.*At most 2 hours"):
        to_scene(draft_of(text(seg(0, 9_000_000, tx="Hello"))))


@pytest.mark.parametrize("raw", [{}, {"t": []}, {"t": [{"tt": 0, "sg": []}]}, {"t": [{"tt": 0, "sg": [{"d": 0}]}]}])
def test_a_draft_without_any_duration_is_empty(raw: dict[str, object]) -> None:
    with pytest.raises(EmptyDraftError) as caught:
        to_scene(Draft(raw))
    assert isinstance(caught.value, RenderFailedError)
    assert isinstance(caught.value, NothingToExportError)


def test_a_crossfade_lets_the_shot_before_go_on() -> None:
    fade = {"kind": "crossfade", "d": 500}
    scene = to_scene(draft_of(video(seg(0, 2000, src="a"), seg(2000, 2000, src="b", transition=fade))))
    first, second = scene.layers[0]
    assert (first.end, first.tail_frames) == (60, 15)
    assert (second.transition, second.transition_frames) == ("crossfade", 15)


def test_a_crossfade_after_a_gap_is_a_fade() -> None:
    fade = {"kind": "crossfade", "d": 500}
    scene = to_scene(draft_of(video(seg(0, 1000, src="a"), seg(1500, 2000, src="b", transition=fade))))
    assert [shot.transition for shot in scene.layers[0]] == ["cut", "fade"]


def test_a_transition_is_never_longer_than_its_segment() -> None:
    fade = {"kind": "fade", "d": 5000}
    scene = to_scene(draft_of(video(seg(0, 1000, src="a", transition=fade))))
    assert scene.layers[0][0].transition_frames == 30


def test_a_film_is_heard_with_its_picture() -> None:
    scene = to_scene(
        draft_of(video(seg(1000, 2000, src="a", vol=0.5, in_ms=700)), audio(seg(0, 3000, src="music:calm")))
    )
    own, music = scene.sounds
    assert own == Sound("segment 1 of track 1 (video)", "a", 48_000, 96_000, 700, 0.5, 0, 0, own=True)
    assert (music.mood, music.length, music.own) == ("calm", 144_000, False)


def test_wrong_types_become_defaults() -> None:
    odd = {
        "st": 0, "d": 2000, "src": "a", "vol": "loud",
        "m": {"motion": 7, "fit": ["cover"], "transition": "fade", "fade_out_ms": {}, "scene": 3},
    }  # fmt: skip
    words = {
        "st": 0,
        "d": 2000,
        "tx": "Hi",
        "m": {"style": {"size": "big", "color": 1, "place": [], "swatches": "red"}},
    }
    scene = to_scene(
        Draft({"t": [{"tt": 0, "sg": [odd]}, {"tt": 7, "sg": [words], "m": "title"}], "m": {"width": "x"}})
    )
    shot, label = scene.layers[0][0], scene.layers[1][0]
    assert isinstance(shot, Shot)
    assert (shot.fit, shot.motion.name, shot.transition, shot.fade_out_frames, shot.volume) == (
        "cover",
        "still",
        "cut",
        0,
        1.0,
    )
    assert isinstance(label, Words)
    assert (label.style.role, label.style.size, label.style.place) == ("title", 84, "center")


def test_unknown_tracks_are_left_out() -> None:
    scene = to_scene(draft_of({"tt": 99, "sg": [seg(0, 5000)]}, text(seg(0, 1000, tx="Hi"))))
    assert (len(scene.layers), scene.frames) == (1, 150)


_KEYS = (
    "t tt sg d st m src tx in vol motion from to fit style place size swatches transition kind width height background"
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8) | st.sampled_from(["cover", "zoom_in", "#ff0000", "title", "fade", "music:calm"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS.split()), inner, max_size=6),
    max_leaves=30,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["st", "d", "m", "src", "tx", "vol", "in"]), _JSON), max_size=3), _JSON)
def test_any_draft_is_read_or_refused_in_our_own_words(segments: list[dict[str, object]], meta: object) -> None:
    draft = Draft({"t": [{"tt": tt, "sg": segments, "m": meta} for tt in (0, 1, 7)], "m": meta})
    try:
        scene = to_scene(draft)
    except RenderFailedError:
        return
    assert scene.frames >= 1
    assert scene.width % 2 == scene.height % 2 == 0
