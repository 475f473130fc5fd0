"""The timeline for editors: read back by OpenTimelineIO itself, with literal frames."""

import json
import sys

import opentimelineio as otio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipynemo.draft import Draft
from ipynemo.errors import DraftError, NemoError

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy

RAW = {
    "t": [
        {
            "tt": 0,
            "n": "Pictures",
            "sg": [
                {"id": "a", "st": 0, "d": 4000, "src": "a1", "m": {"transition": {"kind": "fade", "d": 500}}},
                {"id": "b", "st": 4000, "d": 2000, "in": 1600, "src": "a2",
                 "m": {"transition": {"kind": "crossfade", "d": 1000}}},
                {"id": "c", "st": 8000, "d": 2000, "n": "city"},
            ],
        },
        {"tt": 1, "sg": [{"d": 10000, "src": "music:lofi", "vol": 0.35}]},
        {
            "tt": 7,
            "sg": [
                {"tx": "Urban\nDreams", "d": 3000, "m": {"style": {"size": 84}}},
                {"tx": "Over", "st": 1000, "d": 3000},
            ],
        },
        {"tt": 9, "sg": []},
    ],
    "d": 10000,
    "m": {"title": "Dreams", "fps": 25},
}  # fmt: skip


def frames(item):
    return [int(item.source_range.start_time.value), int(item.source_range.duration.value)]


def written(timeline):
    """Return the timeline as OpenTimelineIO itself writes and reads it."""
    return otio.adapters.read_from_string(otio.adapters.write_to_string(timeline, "otio_json"), "otio_json")


def test_tracks_clips_gaps_and_transitions_stand_where_the_draft_has_them():
    timeline = written(Draft(RAW).to_otio())
    assert timeline.name == "Dreams"
    assert [(track.name, track.kind) for track in timeline.tracks] == [
        ("Pictures", "Video"), ("BGM", "Audio"), ("Title", "Video"), ("Title (2)", "Video"), ("Type 9", "Video"),
    ]  # fmt: skip
    pictures = timeline.tracks[0]
    assert [type(item).__name__ for item in pictures] == ["Transition", "Clip", "Transition", "Clip", "Gap", "Clip"]
    assert [frames(item) for item in pictures if not isinstance(item, otio.schema.Transition)] == [
        [0, 100], [40, 50], [0, 50], [0, 50],
    ]  # fmt: skip
    assert {item.source_range.duration.rate for item in timeline.find_clips()} == {25.0}
    assert timeline.duration() == otio.opentime.RationalTime(250, 25)
    assert [clip.media_reference.target_url for clip in list(pictures.find_clips())[:2]] == ["a1", "a2"]
    assert isinstance(list(pictures.find_clips())[2].media_reference, otio.schema.MissingReference)


def test_a_crossfade_lies_in_the_clip_that_comes_in():
    timeline = Draft(RAW).to_otio()
    fade, crossfade = (item for item in timeline.tracks[0] if isinstance(item, otio.schema.Transition))
    assert (crossfade.transition_type, crossfade.in_offset.value, crossfade.out_offset.value) == (
        "SMPTE_Dissolve",
        0,
        25,
    )
    assert (fade.transition_type, fade.out_offset.value) == ("Custom_Transition", 12)


def test_texts_and_music_are_generators():
    timeline = Draft(RAW).to_otio()
    title = timeline.tracks[2][0]
    assert title.name == "Urban Dreams"
    assert title.media_reference.generator_kind == "ipynemo.text"
    assert dict(title.media_reference.parameters)["text"] == "Urban\nDreams"
    assert timeline.tracks[1][0].media_reference.generator_kind == "ipynemo.music"
    assert timeline.tracks[1][0].media_reference.parameters["mood"] == "lofi"


def test_overlapping_segments_get_tracks_of_their_own_at_their_times():
    timeline = Draft(RAW).to_otio()
    assert frames(timeline.tracks[2][0]) == [0, 75]
    assert [frames(item) for item in timeline.tracks[3]] == [[0, 25], [0, 75]]
    assert timeline.tracks[3][1].range_in_parent().start_time.value == 25


def test_the_whole_draft_is_in_the_metadata():
    timeline = written(Draft(RAW).to_otio())
    assert json.loads(otio.core.serialize_json_to_string(timeline.metadata["ipynemo"])) == RAW
    assert timeline.tracks[0][1].metadata["ipynemo"]["id"] == "a"
    assert timeline.tracks[3].metadata["ipynemo"]["track"] == 3


def test_edges_are_rounded_one_by_one_so_that_nothing_drifts():
    thirds = [{"d": 333, "n": str(i)} for i in range(300)]
    timeline = Draft({"t": [{"tt": 0, "sg": thirds}]}).to_otio()
    assert timeline.duration() == otio.opentime.RationalTime(2997, 30)
    assert not [item for item in timeline.tracks[0] if isinstance(item, otio.schema.Gap)]


@pytest.mark.parametrize(
    "raw",
    [
        {"t": [{"tt": 0, "sg": [{"d": 1000, "big": 10**30}]}]},
        {"t": [{"tt": 0, "sg": [{"d": 1000, "m": {"OTIO_SCHEMA": "Clip.1"}}]}]},
        {"t": [{"tt": 7, "n": "\ud800", "sg": [{"d": 1000, "tx": "a\ud800\0"}]}]},
        {"t": [{"tt": 0, "sg": [{"d": 1000, "src": "\udfff"}, "no object", {"d": 0}]}]},
        {"m": {"fps": 1e300}},
        {"x": 5.838184901189462e16},
        {"m": {"fps": -1, "\ud800": 1}},
    ],
)
def test_what_metadata_cannot_hold_is_kept_as_text(raw):
    timeline = written(Draft(raw).to_otio())
    kept = json.loads(otio.core.serialize_json_to_string(timeline.metadata["ipynemo"]))
    assert (json.loads(kept["json"]) if "json" in kept else kept) == raw


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentimelineio", None)
    with pytest.raises(DraftError, match=r'pip install "ipynemo\[otio\]"') as caught:
        Draft().to_otio()
    assert isinstance(caught.value, NemoError)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
SEGMENT = st.fixed_dictionaries(
    {}, optional={"st": st.integers(0, 5000), "d": st.integers(0, 3000), "in": JSON, "tx": JSON, "src": JSON, "m": JSON}
)
TRACK = st.fixed_dictionaries(
    {}, optional={"tt": st.sampled_from([0, 1, 7, 9]), "n": JSON, "sg": st.lists(SEGMENT | JSON, max_size=5)}
)


@UNHURRIED
@given(st.lists(TRACK | JSON, max_size=3), JSON)
def test_any_draft_becomes_a_timeline_that_survives_its_own_file(tracks, meta):
    draft = Draft({"t": tracks, "m": meta})
    timeline = written(draft.to_otio())
    assert timeline.is_equivalent_to(draft.to_otio())
    fps = timeline.tracks[0].source_range.duration.rate if timeline.tracks and timeline.tracks[0].source_range else 30
    assert len(list(timeline.find_clips())) == sum(len(track.segments) for track in draft.tracks)
    ends = [track.available_range().end_time_exclusive().to_seconds() for track in timeline.tracks if len(track)]
    longest = max((s.end_ms for t in draft.tracks for s in t.segments), default=0)
    assert max(ends, default=0) == pytest.approx(longest / 1000, abs=1 / fps)
