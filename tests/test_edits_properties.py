"""Properties of every edit on drafts that hypothesis makes: it gives a draft, or a DraftError, and loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ipynemo import edits
from ipynemo.draft import Draft
from ipynemo.errors import DraftError

if TYPE_CHECKING:
    from collections.abc import Callable

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
times = st.integers(0, 20_000)
segments = st.fixed_dictionaries(
    {"keep": st.integers()},
    optional={
        "d": times | json_values,
        "st": times | json_values,
        "in": times,
        "vol": st.floats(0, 1),
        "src": st.sampled_from(["a", "b", "music:calm"]),
        "tx": st.text(max_size=5),
        "id": st.sampled_from(["s1", "s2", "x"]),
        "m": json_values | st.fixed_dictionaries({"style": json_values, "media": st.sampled_from(["image", "video"])}),
    },
)
tracks = st.fixed_dictionaries(
    {"tt": st.sampled_from([0, 1, 7, 99]), "keep": st.integers()},
    optional={"sg": st.lists(segments | json_values, max_size=4) | json_values, "n": json_values, "m": json_values},
)
drafts = st.fixed_dictionaries(
    {"keep": json_values},
    optional={"t": st.lists(tracks | json_values, max_size=4), "d": json_values, "m": json_values},
).map(Draft)

numbers = st.integers(-1, 5)
seconds = st.floats(-1, 30) | st.integers(0, 20)

EDITS: dict[str, Callable[[Draft, Callable[[Any], Any]], Draft]] = {
    "trim": lambda d, x: edits.trim_segment(d, x(numbers), x(numbers), duration_s=x(seconds), ripple=x(st.booleans())),
    "trim start": lambda d, x: edits.trim_segment(d, x(numbers), x(numbers), cut_start_s=x(seconds)),
    "trim end": lambda d, x: edits.trim_segment(d, x(numbers), x(numbers), cut_end_s=x(seconds)),
    "cut": lambda d, x: edits.cut_range(d, x(seconds), x(seconds)),
    "split": lambda d, x: edits.split_segment(d, x(numbers), x(numbers), x(seconds)),
    "scale": lambda d, x: edits.set_duration(d, x(seconds)),
    "move": lambda d, x: edits.move_segment(d, x(numbers), x(numbers), x(seconds)),
    "reorder": lambda d, x: edits.reorder_segments(d, x(numbers), x(st.permutations([1, 2, 3]))),
    "remove": lambda d, x: edits.remove_segment(d, x(numbers), x(numbers), ripple=x(st.booleans())),
    "add text": lambda d, x: edits.add_caption(d, x(st.text()), start_s=x(seconds)),
    "set text": lambda d, x: edits.set_text(d, x(numbers), x(numbers), x(st.text())),
    "restyle": lambda d, x: edits.restyle_text(d, x(numbers), size_px=x(seconds), bold=True),
    "add picture": lambda d, x: edits.add_picture(d, "p", duration_s=x(seconds), position=x(numbers)),
    "motion": lambda d, x: edits.set_motion(d, "zoom_in", track=x(numbers)),
    "fit": lambda d, x: edits.set_fit(d, "blur"),
    "transition": lambda d, x: edits.set_transition(d, "crossfade", duration_s=x(seconds)),
    "fade picture": lambda d, x: edits.fade_picture(d, fade_in_s=1, fade_out_s=1),
    "aspect": lambda d, x: edits.set_aspect(d, "1:1"),
    "music": lambda d, x: edits.set_music(d, "happy"),
    "volume": lambda d, x: edits.set_volume(d, x(numbers), 0.5),
    "mute": lambda d, x: edits.mute(d, muted=x(st.booleans())),
    "fade audio": lambda d, x: edits.fade_audio(d, x(numbers), fade_in_s=x(seconds)),
    "title": lambda d, x: edits.set_title(d, x(st.text())),
    "rename track": lambda d, x: edits.rename_track(d, x(numbers), "n"),
}


def kept(raw: Any) -> dict[str, int]:
    """Count the marks of the tracks and segments that a draft has."""
    marks: dict[str, int] = {}
    for track in raw.get("t") or []:
        if isinstance(track, dict) and "keep" in track:
            marks["tracks"] = marks.get("tracks", 0) + 1
            inner = track.get("sg")
            for segment in inner if isinstance(inner, list) else []:
                if isinstance(segment, dict) and "keep" in segment:
                    marks[f"segment {segment['keep']}"] = 1
    return marks


@settings(max_examples=400, deadline=None)
@given(data=st.data(), draft=drafts, name=st.sampled_from(sorted(EDITS)))
def test_any_edit_gives_a_draft_or_a_draft_error_and_keeps_unknown_keys(
    data: st.DataObject, draft: Draft, name: str
) -> None:
    before = draft.to_json()
    try:
        after = EDITS[name](draft, data.draw)
    except DraftError:
        return
    finally:
        assert draft.to_json() == before
    assert after.raw["keep"] == draft.raw["keep"]
    assert all(s.start_ms >= 0 and s.duration_ms >= 0 for t in after.tracks for s in t.segments)
    had, has = kept(draft.raw), kept(after.raw)
    assert has.get("tracks", 0) == had.get("tracks", 0)
    if name not in ("cut", "remove", "trim", "trim start", "trim end", "music"):
        assert has == had


@settings(max_examples=150, deadline=None)
@given(
    lengths=st.lists(st.integers(200, 9000), min_size=2, max_size=6),
    which=st.integers(1, 6),
    cut=st.tuples(st.integers(0, 20_000), st.integers(1, 20_000)),
    total=st.integers(1000, 60_000),
)
def test_the_pictures_stay_free_of_gaps_whatever_is_done_to_their_times(
    lengths: list[int], which: int, cut: tuple[int, int], total: int
) -> None:
    draft = edits.blank()
    for ms in lengths:
        draft = edits.add_picture(draft, "p", duration_s=ms / 1000)
    which = min(which, len(lengths))
    for after in (
        edits.trim_segment(draft, 1, which, duration_s=0.1),
        edits.set_duration(draft, total / 1000),
        edits.remove_segment(draft, 1, which),
        edits.move_segment(draft, 1, which, cut[0] / 1000),
        edits.cut_range(draft, 0, min(cut[1], draft.duration_ms - 1) / 1000),
    ):
        ends = 0
        for segment in after.track(1).segments:
            assert segment.start_ms == ends
            ends = segment.end_ms
        assert after.raw["d"] == ends == after.duration_ms
