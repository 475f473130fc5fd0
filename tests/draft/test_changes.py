"""Differences in words: the exact lines, that only real changes are told, and that none is missed."""

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipynemo.draft import Draft
from ipynemo.draft.changes import changes

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy


def video(*segments, **track):
    return {"tt": 0, "sg": list(segments), **track}


def title(*segments, **track):
    return {"tt": 7, "sg": list(segments), **track}


def music(*segments, **track):
    return {"tt": 1, "sg": list(segments), **track}


def draft(*tracks, **keys):
    return Draft({"t": list(tracks), **keys})


CITY = {"id": "c1", "st": 0, "d": 10000, "n": "city", "src": "a1"}
LOFI = {"id": "m1", "st": 0, "d": 10000, "n": "Lo-fi", "vol": 0.35}


def one(before, after):
    return changes(draft(video(before)), draft(video(after)))


def test_a_title_that_was_added_is_told_in_the_words_of_the_protocol():
    after = draft(video(CITY), title({"id": "t1", "tx": "Paradise Found", "st": 0, "d": 3000}))
    assert changes(draft(video(CITY)), after) == ["Title added: 'Paradise Found' (0–3 s)"]
    assert Draft().diff(draft(title({"tx": "Paradise Found", "d": 3000}))) == ["Title added: 'Paradise Found' (0–3 s)"]


def test_equal_drafts_have_no_difference_whatever_the_order_of_their_keys():
    assert changes(draft(video({"d": 1, "n": "x"})), draft(video({"n": "x", "d": 1}))) == []


@pytest.mark.parametrize(
    ("edit", "lines"),
    [
        ({"st": 2000}, ["Video 'city' moved: 0–10 s → 2–12 s", "Length: 10 s → 12 s"]),
        ({"d": 4500}, ["Video 'city' trimmed: 10 s → 4.5 s", "Length: 10 s → 4.5 s"]),
        ({"d": 12000}, ["Video 'city' lengthened: 10 s → 12 s", "Length: 10 s → 12 s"]),
        ({"st": 1000, "d": 9000}, ["Video 'city' trimmed: 0–10 s → 1–10 s"]),
        ({"st": 1000, "d": 8000}, ["Video 'city' moved and trimmed: 0–10 s → 1–9 s", "Length: 10 s → 9 s"]),
        ({"n": "town"}, ["Video renamed: 'city' → 'town'"]),
        ({"src": "a2"}, ["Video 'city' source replaced: 'a1' → 'a2'"]),
        ({"vol": 0.5}, ["Video 'city' volume: unset → 50%"]),
        ({"in": 1500}, ["Video 'city' starts in its source at: 0 s → 1.5 s"]),
        ({"m": {"motion": "zoom_in"}}, ["Video 'city' motion: still → zoom in"]),
        ({"m": {"motion": {"from": [0.5, 0.5, 1]}}}, ["Video 'city' motion: still → custom"]),
        (
            {"m": {"transition": {"kind": "crossfade", "d": 500}}},
            ["Video 'city' transition: cut → crossfade (0.5 s)"],
        ),
        ({"m": {"scene": "noise"}}, ["Video 1: m.scene changed"]),
        ({"x": 1}, ["Video 1: x changed"]),
        ({"st": 0.2}, ["Video 1: st changed"]),
        ({"id": "c2"}, ["Video 1: id changed"]),
    ],
)
def test_a_changed_segment_is_told_by_what_changed(edit, lines):
    assert one(CITY, {**CITY, **edit}) == lines


def test_a_volume_is_told_in_percent():
    assert changes(draft(music(LOFI)), draft(music({**LOFI, "vol": 0.5}))) == ["BGM 'Lo-fi' volume: 35% → 50%"]
    assert changes(draft(video(CITY)), draft(video(CITY), music(LOFI))) == ["BGM added: 'Lo-fi' (0–10 s, 35%)"]
    assert changes(draft(video(CITY), music(LOFI)), draft(video(CITY))) == ["BGM removed: 'Lo-fi' (0–10 s, 35%)"]


def test_a_text_is_told_with_both_its_words_with_and_without_ids():
    for key in ({}, {"id": "t1"}):
        before, after = (draft(title({**key, "tx": text, "st": 0, "d": 3000})) for text in "AB")
        assert changes(before, after) == ["Title changed: 'A' → 'B'"]


def test_a_style_is_told_by_its_parts():
    before = {"id": "t", "tx": "Hi", "d": 1000, "m": {"style": {"color": "#ffffff", "size": 84}}}
    after = {"id": "t", "tx": "Hi", "d": 1000, "m": {"style": {"color": "#ff0000", "bold": True, "size": 84}}}
    assert changes(draft(title(before)), draft(title(after))) == ["Title 'Hi' style changed: color, bold"]


def test_captions_are_called_captions():
    before = draft({"tt": 7, "m": {"role": "caption"}, "sg": []})
    after = draft({"tt": 7, "m": {"role": "caption"}, "sg": [{"tx": "Look", "d": 2000}]})
    assert changes(before, after) == ["Caption added: 'Look' (0–2 s)"]


def test_one_put_in_front_is_one_addition_without_ids_and_without_starts():
    clips = [{"n": f"clip {i}", "d": 1000} for i in range(5)]
    lines = changes(draft(video(*clips)), draft(video({"n": "new", "d": 1000}, *clips)))
    assert lines == ["Video added: 'new' (0–1 s)", "Video: 5 segments moved 1 s later", "Length: 5 s → 6 s"]


def test_one_put_in_front_of_others_with_the_same_look_is_one_addition():
    clips = [{"st": i * 1000, "d": 1000, "src": "same"} for i in range(5)]
    after = draft(video({"st": 9000, "d": 500, "src": "other"}, *clips))
    assert changes(draft(video(*clips)), after) == ["Video added: 'other' (9–9.5 s)", "Length: 5 s → 9.5 s"]


def test_a_ripple_is_told_in_one_line():
    clips = [{"id": str(i), "st": i * 2000, "d": 2000, "n": f"c{i}"} for i in range(6)]
    after = [{**clips[0], "d": 1000}, *({**clip, "st": clip["st"] - 1000} for clip in clips[1:])]
    assert changes(draft(video(*clips)), draft(video(*after))) == [
        "Video 'c0' trimmed: 2 s → 1 s",
        "Video: 5 segments moved 1 s earlier",
        "Length: 12 s → 11 s",
    ]


def test_segments_with_other_ids_are_other_segments():
    before = draft(title({"id": "a", "tx": "A", "st": 0, "d": 1000}))
    after = draft(title({"id": "b", "tx": "B", "st": 0, "d": 1000}))
    assert changes(before, after) == ["Title removed: 'A' (0–1 s)", "Title added: 'B' (0–1 s)"]


def test_new_ids_on_the_same_content_are_no_replacement():
    before = draft(title({"id": "a", "tx": "A", "st": 0, "d": 1000}))
    after = draft(title({"id": "b", "tx": "A", "st": 500, "d": 1000}))
    assert changes(before, after) == ["Title 'A' moved: 0–1 s → 0.5–1.5 s", "Length: 1 s → 1.5 s"]


def test_moving_to_another_track_and_reordering_are_told():
    hello = {"id": "h", "tx": "Hello", "st": 0, "d": 1000}
    assert changes(draft(title(hello, id="x"), title(id="y")), draft(title(id="x"), title(hello, id="y"))) == [
        "Title 'Hello' moved from track 1 to track 2"
    ]
    bye = {"id": "b", "tx": "Bye", "st": 1000, "d": 1000}
    assert changes(draft(title(hello, bye)), draft(title(bye, hello))) == ["Title: segments reordered"]
    assert changes(draft(video(CITY), music(LOFI)), draft(music(LOFI), video(CITY))) == ["Tracks reordered"]


def test_an_id_given_anew_on_a_track_of_another_type_is_another_segment():
    card = {"id": "s5", "tx": "The end", "st": 8000, "d": 2000}
    happy = {"id": "s5", "n": "happy", "st": 0, "d": 10000, "vol": 0.3}
    before = draft(video(CITY, id="t1"), title(card, id="t2"))
    after = draft(video(CITY, id="t1"), title(id="t2"), music(happy, id="t3"))
    assert changes(before, after) == ["Title removed: 'The end' (8–10 s)", "BGM added: 'happy' (0–10 s, 30%)"]
    # the track's id given anew as well
    after = draft(video(CITY, id="t1"), music({**happy, "id": "s6"}, id="t2"), n=1)
    assert changes(before, after) == [
        *("Title removed: 'The end' (8–10 s)", "BGM added: 'happy' (0–10 s, 30%)", "Draft: n changed"),
    ]


def test_a_track_that_changes_its_type_keeps_its_segments():
    named = {**CITY, "vol": 0.5}
    before, after = draft(video(CITY, named | {"id": "c2"}, id="t1")), {"tt": 9, "id": "t1"}
    after = draft({**after, "sg": [CITY, named | {"id": "c2", "vol": 0.6}]})
    assert changes(before, after) == ["Track 1 type: Video → Type 9", "Type 9 'city' volume: 50% → 60%"]


def test_tracks_are_told_where_no_segment_tells_them():
    assert changes(draft(), draft(title())) == ["Track 1 added: Title (empty)"]
    assert changes(draft(video(CITY), {"tt": 9}), draft(video(CITY))) == ["Track 2 removed: Type 9 (empty)"]
    assert changes(draft(video(CITY, n="A")), draft(video(CITY, n="B"))) == ["Track 1 renamed: 'A' → 'B'"]
    assert changes(draft(video(CITY)), draft({"tt": 1, "sg": [CITY]})) == ["Track 1 type: Video → BGM"]
    assert changes(draft(video(CITY)), draft(video(CITY, m={"role": "x"}))) == ["Track 1: m changed"]
    assert changes(draft({"tt": 0}), draft({"tt": 0, "sg": []})) == ["Track 1: sg changed"]


def test_the_frame_the_title_and_unknown_keys_of_the_draft_are_told():
    wide, tall, small = ({"width": w, "height": h} for w, h in ((1920, 1080), (1080, 1920), (1280, 720)))
    assert changes(draft(m=wide), draft(m=tall)) == ["Aspect ratio: 16:9 → 9:16 (1920×1080 → 1080×1920)"]
    assert changes(draft(m=wide), draft(m=small)) == ["Size: 1920×1080 → 1280×720"]
    assert changes(draft(m={"title": "A"}), draft(m={"title": "B"})) == ["Draft title: 'A' → 'B'"]
    assert changes(draft(m={"fps": 30}), draft(m={"fps": 25})) == ["Draft: m.fps changed"]
    assert changes(draft(), draft(zoom=2)) == ["Draft: zoom changed"]
    assert changes(Draft(), draft()) == ["Draft: t changed"]
    assert changes(draft(d=1), draft(d=1.0)) == ["Draft: d changed"]


def test_two_tracks_of_one_kind_are_told_apart():
    before = draft(title({"tx": "A", "d": 1000}), title({"tx": "B", "d": 1000}))
    after = draft(title({"tx": "A", "d": 1000}), title({"tx": "B", "d": 1000, "x": True}))
    assert changes(before, after) == ["Title 1 (track 2): x changed"]


def test_a_long_list_ends_with_the_number_of_the_rest():
    after = draft(title(*({"tx": str(i), "d": 1000} for i in range(57))))
    lines = changes(Draft({"t": []}), after)
    assert len(lines) == 21
    assert lines[0] == "Title added: '0' (0–1 s)"
    assert lines[-1] == "and 37 more changes"


def test_names_cannot_break_a_line():
    (line,) = changes(draft(title()), draft(title({"tx": "a\n\u202eb" + "x" * 500, "d": 1000})))
    assert line.startswith("Title added: 'a bxxx")
    assert len(line) < 80


def test_ten_thousand_segments_are_looked_up_and_not_compared_pair_by_pair(monkeypatch):
    from ipynemo.draft import pairing

    calls = 0

    def counting(value):
        nonlocal calls
        calls += 1
        return canonical(value)

    canonical = pairing.canonical
    monkeypatch.setattr(pairing, "canonical", counting)
    clips = [{"st": i * 1000, "d": 1000, "tx": f"t{i}"} for i in range(10_000)]
    after = [{"st": 0, "d": 1, "tx": "new"}, *({**clip, "x": 1} for clip in clips)]
    assert changes(draft(title(*clips)), draft(title(*after)))[-1] == "and 9981 more changes"
    assert calls <= 60_000


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.5, 1.0, 1e300])
    | st.sampled_from(["", "a", "b\n"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "d", "m"]), inner, max_size=3),
    max_leaves=6,
)


def keyed(**fields):
    return st.fixed_dictionaries({}, optional={key: value | JSON for key, value in fields.items()})


SEGMENT = keyed(
    id=st.sampled_from("abc"), st=st.integers(0, 3), d=st.integers(0, 3), n=st.sampled_from("ab"), vol=JSON, tx=JSON,
    src=JSON, m=keyed(motion=JSON, transition=JSON, style=JSON, scene=JSON), x=JSON,
)  # fmt: skip
TRACK = keyed(
    id=st.sampled_from("ab"), tt=st.sampled_from([0, 1, 7, 9]), n=JSON, m=JSON, sg=st.lists(SEGMENT | JSON, max_size=4)
)
RAW = keyed(t=st.lists(TRACK | JSON, max_size=3), d=JSON, m=keyed(title=JSON, width=JSON, height=JSON), x=JSON)


@UNHURRIED
@given(RAW, RAW)
def test_no_change_is_told_exactly_where_there_is_none(before, after):
    a, b = Draft(before), Draft(after)
    assert (changes(a, b) == []) == (a == b)


@UNHURRIED
@given(RAW, st.data())
def test_a_single_edit_anywhere_is_never_missed(raw, data):
    after = copy.deepcopy(raw)
    places = []

    def walk(value):
        for key in range(len(value)) if isinstance(value, list) else value:
            places.append((value, key))
            if isinstance(value[key], (dict, list)):
                walk(value[key])

    walk(after)
    if places:
        holder, key = data.draw(st.sampled_from(places))
        holder[key] = data.draw(JSON)
    lines = changes(Draft(raw), Draft(after))
    assert (lines == []) == (Draft(raw) == Draft(after))
    assert all(line and "\n" not in line and len(line) < 400 for line in lines)
