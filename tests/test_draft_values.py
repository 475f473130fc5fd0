"""The draft itself: anything that is a JSON object goes in, comes out as it was, and can be looked at."""

import copy
import json
import pickle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipynemo.draft import Draft
from ipynemo.errors import DraftError, NoSuchSegmentError, NoSuchTrackError

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["\ud800", "\0", "\u2028", "<script>"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=15,
)


def keyed(*keys):
    """Return objects in which the keys that a draft has turn up often, with right and wrong values."""
    return st.dictionaries(st.sampled_from(keys) | st.text(max_size=3), JSON, max_size=len(keys))


SEGMENT = keyed("id", "st", "d", "n", "tx", "src", "vol", "in", "m")
TRACK = st.builds(lambda raw, sg: {**raw, "sg": sg}, keyed("id", "tt", "n", "m"), st.lists(SEGMENT | JSON, max_size=4))
DRAFT = st.builds(lambda raw, t: {**raw, "t": t}, keyed("d", "m", "x"), st.lists(TRACK | JSON, max_size=4))
ANY = DRAFT | st.dictionaries(st.text(max_size=3), JSON, max_size=4)


def same(a, b):
    """Compare as JSON: Python holds 1, 1.0 and true for equal."""
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)


@UNHURRIED
@given(ANY)
def test_any_json_object_goes_in_and_comes_out_as_it_was(raw):
    before = copy.deepcopy(raw)
    draft = Draft(raw)
    assert same(draft.raw, before)
    assert same(raw, before)
    for again in (
        Draft.from_json(draft.to_json()),
        Draft.from_json(draft.to_json(indent=2)),
        Draft.from_json(draft.to_json().encode()),
        pickle.loads(pickle.dumps(draft)),
        copy.copy(draft),
        copy.deepcopy(draft),
        Draft(draft.raw),
    ):
        assert again == draft
        assert hash(again) == hash(draft)


@UNHURRIED
@given(ANY, ANY)
def test_any_json_object_can_be_looked_at(raw, other):
    draft = Draft(raw)
    shown = [draft.summary(), repr(draft), draft._repr_html_()]
    for text in shown:
        text.encode()
        assert "\n" not in text
    assert "<script" not in shown[2]
    assert draft.diff(draft) == []
    assert isinstance(draft.diff(Draft(other)), list)
    assert len(draft.to_frame()) == sum(len(track.segments) for track in draft.tracks)
    assert draft.duration_ms >= 0
    assert (draft.title, draft.width_px, draft.height_px, draft.is_empty) is not None


@UNHURRIED
@given(ANY)
def test_what_the_draft_hands_out_is_not_what_it_keeps(raw):
    draft = Draft(raw)
    draft.raw.clear()
    raw["t"] = "changed"
    assert draft.raw is not draft.raw
    assert Draft(draft.raw) == draft


def nested(depth, kind):
    value = []
    for _ in range(depth):
        value = [value] if kind is list else {"t": value}
    return value


@pytest.mark.parametrize("kind", [list, dict])
def test_nesting_is_taken_up_to_a_limit_and_refused_beyond_by_name(kind):
    deep = {"t": [{"sg": [{"m": nested(150, kind)}]}]}
    draft = Draft(deep)
    assert Draft.from_json(draft.to_json(indent=1)) == draft
    assert draft.diff(Draft({"t": [{"sg": [{}]}]})) == [f"Segment 1 (track 1): m{'' if kind is list else '.t'} changed"]
    assert draft.to_frame(extra=["m"]).shape == (1, 12)
    for depth in (201, 900, 5_000, 100_000):
        with pytest.raises(DraftError):
            Draft({"t": nested(depth, kind)})
        text = '{"t":' + ("[" * depth + "]" * depth if kind is list else '{"t":' * depth + "1" + "}" * depth) + "}"
        with pytest.raises(DraftError):
            Draft.from_json(text)


@pytest.mark.parametrize(
    "raw", [[], "text", 3, True, {"a": float("nan")}, {"a": float("inf")}, {"a": {1, 2}}, {"a": b""}]
)
def test_what_is_no_json_object_is_refused(raw):
    with pytest.raises(DraftError):
        Draft(raw)


@pytest.mark.parametrize("text", ["", "nope", "[]", "3", '{"a": NaN}', '{"a": 1e999}', '{"a"', b"\xff\xfe", None, 3])
def test_what_is_no_json_text_is_refused(text):
    with pytest.raises(DraftError):
        Draft.from_json(text)


def test_one_and_one_point_zero_and_true_are_different():
    assert len({Draft({"d": 1}), Draft({"d": 1.0}), Draft({"d": True})}) == 3
    assert Draft({"d": 1}) != Draft({"d": 1.0})
    assert Draft({"a": 1, "b": 2}) == Draft({"b": 2, "a": 1})
    assert Draft() != {}


def test_wrong_types_count_as_missing_and_places_are_kept():
    draft = Draft({"t": [7, {"tt": "0", "n": 5, "sg": ["x", {"st": "1", "d": -5, "vol": True, "tx": None}]}, None]})
    assert [track.number for track in draft.tracks] == [1, 2, 3]
    track = draft.track(2)
    assert (track.type, track.kind, track.name, len(track.segments)) == (None, "other", None, 2)
    segment = track.segment(2)
    assert (segment.start_ms, segment.duration_ms, segment.volume, segment.text) == (0, 0, None, None)


def test_segments_without_a_start_follow_one_another():
    draft = Draft({"t": [{"tt": 0, "sg": [{"d": 1000}, {"st": 5000, "d": 1000}, {"d": 500}]}]})
    assert [(s.start_ms, s.end_ms) for s in draft.track(1).segments] == [(0, 1000), (5000, 6000), (6000, 6500)]
    assert draft.duration_ms == 6500


def test_numbers_count_from_one_and_a_wrong_one_says_what_there_is():
    draft = Draft({"t": [{"tt": 7, "sg": [{}, {}, {}]}]})
    with pytest.raises(NoSuchSegmentError, match=r"no segment 7 on track 1 \(text\); it has 1–3"):
        draft.track(1).segment(7)
    with pytest.raises(NoSuchTrackError, match="no track 0; the draft has 1"):
        draft.track(0)
    with pytest.raises(NoSuchTrackError, match="no track 1; the draft has none"):
        Draft().track(1)


def test_the_picture_of_a_draft_is_small_escaped_and_closed():
    raw = {"t": [{"tt": 7, "n": "<b>&", "sg": [{"tx": "<script>alert(1)</script>" + "x" * 999, "d": 1000}] * 100}]}
    html = Draft(raw)._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert html.count("<tr>") == 31
    assert "… and 70 more" in html
    assert len(html) < 60_000
    assert html.count("<div") == html.count("</div>") == 1
    assert Draft()._repr_html_() == (
        '<div class="ipynemo-draft"><p style="margin:0 0 .4em">Timeline (0 tracks)</p></div>'
    )


def test_showing_a_draft_does_not_load_pandas():
    import subprocess
    import sys

    code = (
        "import sys; from ipynemo.draft import Draft; d = Draft({'t': [{'tt': 0, 'sg': [{'d': 1}]}]}); "
        "d.summary(); d._repr_html_(); d.diff(Draft()); assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
