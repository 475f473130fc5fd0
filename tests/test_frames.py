"""Draft ↔ DataFrame: the same reading as the values, nothing lost, and the idioms of pandas come back as edits."""

import copy
import json
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipynemo.draft import Draft
from ipynemo.draft.rows import read_rows
from ipynemo.errors import DraftError
from ipynemo.frames import from_frame

RAW = {
    "t": [
        {
            "id": "v",
            "tt": 0,
            "n": "Pictures",
            "sg": [
                {"id": "c1", "st": 0, "d": 4000, "n": "robot", "src": "a1", "m": {"motion": "zoom_in"}},
                {"id": "c2", "st": 4000, "d": 6000, "n": "city", "src": "a2", "vol": 1.0},
            ],
        },
        {"id": "m", "tt": 1, "n": "Music", "sg": [{"id": "m1", "d": 10000, "src": "music:lofi", "vol": 0.35}]},
        {
            "id": "x",
            "tt": 7,
            "sg": [
                {"id": "t1", "tx": "Hello", "d": 3000, "m": {"style": {"size": 84}}},
                {"id": "t2", "tx": "World", "d": 2000, "x": [1, {"y": None}]},
            ],
        },
    ],
    "d": 10000,
    "m": {"title": "Robots", "width": 1920, "height": 1080},
    "unknown": {"kept": True},
}
COLUMNS = [
    "track", "track_type", "track_name", "segment", "name", "text", "start_s", "end_s", "duration_s", "volume",
    "source",
]  # fmt: skip
DTYPES = {
    "track": "Int64", "track_type": "Int64", "track_name": "string", "segment": "Int64", "name": "string",
    "text": "string", "start_s": "float64", "end_s": "float64", "duration_s": "float64", "volume": "float64",
    "source": "string",
}  # fmt: skip


@pytest.fixture
def draft():
    return Draft(RAW)


@pytest.fixture
def frame(draft):
    return draft.to_frame()


def segments(draft, track):
    return draft.raw["t"][track - 1]["sg"]


def edited(path, value):
    """Return RAW with one value changed, to compare whole drafts: everything else must have stayed."""
    raw = copy.deepcopy(RAW)
    *way, last = path
    holder = raw
    for key in way:
        holder = holder[key]
    holder[last] = value
    return Draft(raw)


# -- there -------------------------------------------------------------------------------------------------------------


def test_a_frame_has_one_row_a_segment_and_the_columns_in_order(frame):
    assert list(frame.columns) == COLUMNS
    assert frame.index.tolist() == [0, 1, 2, 3, 4]
    assert frame["track"].tolist() == [1, 1, 2, 3, 3]
    assert frame["track_type"].tolist() == [0, 0, 1, 7, 7]
    assert frame["segment"].tolist() == [1, 2, 1, 1, 2]
    assert frame["start_s"].tolist() == [0.0, 4.0, 0.0, 0.0, 3.0]
    assert frame["end_s"].tolist() == [4.0, 10.0, 10.0, 3.0, 5.0]
    assert frame["duration_s"].tolist() == [4.0, 6.0, 10.0, 3.0, 2.0]
    assert frame["text"].fillna("-").tolist() == ["-", "-", "-", "Hello", "World"]
    assert frame["track_name"].fillna("-").tolist() == ["Pictures", "Pictures", "Music", "-", "-"]
    assert frame["volume"].fillna(-1).tolist() == [-1, 1.0, 0.35, -1, -1]
    assert frame["source"].fillna("-").tolist() == ["a1", "a2", "music:lofi", "-", "-"]


@pytest.mark.parametrize("raw", [RAW, {}, {"t": []}, {"t": [{"tt": 7, "sg": []}]}, {"t": "nonsense"}])
def test_every_frame_has_the_same_columns_and_types(raw):
    frame = Draft(raw).to_frame()
    assert {column: str(dtype) for column, dtype in frame.dtypes.items()} == DTYPES
    assert from_frame(frame) == Draft(raw)


def test_raw_keys_become_columns_on_request_and_are_copies(draft):
    frame = draft.to_frame(extra=["m", "id", "nowhere"])
    assert list(frame.columns) == [*COLUMNS, "m", "id", "nowhere"]
    assert frame.loc[3, "m"] == {"style": {"size": 84}}
    assert frame.loc[1, "m"] is None
    frame.loc[3, "m"]["style"]["size"] = 1
    assert draft == Draft(RAW)
    assert from_frame(frame) == edited(("t", 2, "sg", 0, "m", "style", "size"), 1)


@pytest.mark.parametrize("extra", ["m", ["name"], [3]])
def test_extra_keys_that_make_no_sense_are_refused(draft, extra):
    with pytest.raises(DraftError):
        draft.to_frame(extra=extra)


# -- and back ----------------------------------------------------------------------------------------------------------


def test_an_unedited_frame_is_the_same_draft(draft, frame):
    assert from_frame(frame) == draft
    assert from_frame(frame, draft) is draft
    assert Draft.from_frame(frame.copy(), base=draft) == draft


@pytest.mark.parametrize(
    ("row", "column", "value", "path", "raw"),
    [
        (0, "name", "android", ("t", 0, "sg", 0, "n"), "android"),
        (3, "text", "Hi", ("t", 2, "sg", 0, "tx"), "Hi"),
        (2, "volume", 0.5, ("t", 1, "sg", 0, "vol"), 0.5),
        (2, "source", "a9", ("t", 1, "sg", 0, "src"), "a9"),
        (3, "end_s", 2.5, ("t", 2, "sg", 0, "d"), 2500),
        (1, "duration_s", 5, ("t", 0, "sg", 1, "d"), 5000),
        (1, "start_s", 3.5, ("t", 0, "sg", 1, "st"), 3500),
    ],
)
def test_one_changed_cell_changes_one_value(frame, row, column, value, path, raw):
    frame.loc[row, column] = value
    after = from_frame(frame)
    expected = edited(path, raw)
    if column == "end_s":  # the next one followed; it stays where the frame says that it is
        expected = Draft(expected.raw | {"t": [*RAW["t"][:2], edited_text_track()]})
    assert after == expected


def edited_text_track():
    first, second = RAW["t"][2]["sg"]
    return RAW["t"][2] | {"sg": [first | {"d": 2500}, second | {"st": 3000}]}


def test_a_cleared_cell_removes_its_key(frame):
    frame.loc[2, "volume"] = None
    frame.loc[0, "name"] = pd.NA
    raw = from_frame(frame).raw
    assert "vol" not in raw["t"][1]["sg"][0]
    assert "n" not in raw["t"][0]["sg"][0]


def test_a_new_start_moves_and_a_new_end_trims(frame):
    frame.loc[1, "start_s"] = 5.0
    after = from_frame(frame)
    assert [segments(after, 1)[1][key] for key in ("st", "d")] == [5000, 6000]
    assert after.raw["d"] == 11000
    frame.loc[1, ["start_s", "end_s"]] = [5.0, 8.0]
    assert [segments(from_frame(frame), 1)[1][key] for key in ("st", "d")] == [5000, 3000]
    frame.loc[1, ["start_s", "end_s", "duration_s"]] = [5.0, 8.0, 3.0]
    assert [segments(from_frame(frame), 1)[1][key] for key in ("st", "d")] == [5000, 3000]


def test_whole_columns_can_be_computed(frame):
    frame["start_s"] += 1
    frame.loc[frame["track_type"] == 1, "volume"] *= 2
    frame["text"] = frame["text"].str.upper()
    after = from_frame(frame)
    assert [segment.start_ms for track in after.tracks for segment in track.segments] == [1000, 5000, 1000, 1000, 4000]
    assert segments(after, 2)[0]["vol"] == 0.7
    assert [segment["tx"] for segment in segments(after, 3)] == ["HELLO", "WORLD"]


def test_dropped_rows_are_removed_and_the_rest_stays_in_place(frame):
    after = from_frame(frame.drop(index=3))
    assert segments(after, 3) == [RAW["t"][2]["sg"][1] | {"st": 3000}]
    assert after.raw["t"][:2] == RAW["t"][:2]


def test_a_filtered_frame_is_what_is_left(frame):
    after = from_frame(frame.query("track_type == 7 and text == 'Hello'"))
    assert [len(track.segments) for track in after.tracks] == [0, 0, 1]
    assert segments(after, 3) == [RAW["t"][2]["sg"][0]]
    assert after.raw["unknown"] == {"kept": True}
    assert from_frame(frame[frame["text"].str.contains("Hel")]) == after
    assert from_frame(frame.iloc[[3]].reset_index(drop=True)) == after


def test_the_order_of_the_rows_is_the_order_of_the_segments(frame):
    after = from_frame(frame.sort_values("start_s", ascending=False))
    assert [segment["id"] for segment in segments(after, 1)] == ["c2", "c1"]
    assert [(s.id, s.start_ms) for s in after.track(3).segments] == [("t2", 3000), ("t1", 0)]
    assert from_frame(frame.sort_values("start_s", ascending=False, ignore_index=True)) == after
    assert from_frame(frame.sort_values(["track", "segment"])) == Draft(RAW)


def test_a_row_without_a_segment_number_is_a_new_segment(draft, frame):
    new = pd.DataFrame([{"track": 3, "text": "The end", "start_s": 8, "end_s": 10}])
    with pytest.raises(DraftError, match=r"from_frame\(frame, base=draft\)"):
        from_frame(pd.concat([frame, new]))
    for both in (pd.concat([frame, new]), pd.concat([new, frame], ignore_index=True).sort_values("segment")):
        after = from_frame(both, base=draft)
        assert segments(after, 3)[2] == {"tx": "The end", "st": 8000, "d": 2000}
        assert segments(after, 3)[:2] == RAW["t"][2]["sg"]
        assert after.raw["t"][:2] == RAW["t"][:2]


def test_a_row_can_be_added_in_place(frame):
    frame.loc[len(frame), ["track", "text", "start_s", "duration_s"]] = [3, "More", 5.0, 1.5]
    assert segments(from_frame(frame), 3)[2] == {"tx": "More", "st": 5000, "d": 1500}


def test_a_new_row_without_a_start_follows_the_one_before_it(frame):
    frame.loc[len(frame), ["track", "text", "duration_s"]] = [3, "More", 1.5]
    assert from_frame(frame).track(3).segment(3).start_ms == 5000


def test_a_copied_row_is_a_new_segment_once_its_number_is_cleared(draft, frame):
    twice = pd.concat([frame, frame.iloc[[3]].assign(start_s=6.0, end_s=9.0)])
    with pytest.raises(DraftError, match=r"row 3, column segment: segment 1 of track 3 is in row 3 already"):
        from_frame(twice, draft)
    new = frame.iloc[[3]].assign(start_s=6.0, end_s=9.0, segment=pd.array([pd.NA], "Int64"))
    copied = pd.concat([frame, new])
    assert segments(from_frame(copied, draft), 3)[2] == {"tx": "Hello", "st": 6000, "d": 3000}


def test_a_new_track_number_moves_the_segment_with_all_that_it_has(frame):
    raw = copy.deepcopy(RAW)
    raw["t"].append({"tt": 7, "n": "More", "sg": [{"id": "e", "tx": "End", "st": 0, "d": 1000}]})
    frame = Draft(raw).to_frame()
    frame.loc[3, "track"] = 4
    after = from_frame(frame)
    assert segments(after, 4) == [raw["t"][2]["sg"][0], raw["t"][3]["sg"][0]]
    assert segments(after, 3) == [raw["t"][2]["sg"][1] | {"st": 3000}]
    assert after.track(4).name == "More"


def test_a_segment_moved_to_a_place_that_was_freed_is_not_mistaken_for_the_one_that_was_there(frame):
    frame.loc[0, "track"] = 3
    after = from_frame(frame.drop(index=3))
    assert [segment["id"] for segment in segments(after, 3)] == ["c1", "t2"]
    assert [segment["id"] for segment in segments(after, 1)] == ["c2"]


def test_a_number_past_the_last_makes_a_track(draft, frame):
    new = pd.DataFrame([{"track": 4, "track_type": 7, "track_name": "Notes", "text": "Hm", "start_s": 1, "end_s": 2}])
    after = from_frame(pd.concat([frame, new]), draft)
    assert after.raw["t"][3] == {"tt": 7, "n": "Notes", "sg": [{"tx": "Hm", "st": 1000, "d": 1000}]}
    assert after.raw["t"][:3] == RAW["t"]


def test_tracks_are_renamed_and_retyped_by_their_rows(frame):
    frame.loc[frame["track"] == 1, "track_name"] = "Photos"
    assert from_frame(frame) == edited(("t", 0, "n"), "Photos")
    frame = Draft(RAW).to_frame()
    frame.loc[2, "track_name"] = None
    assert "n" not in from_frame(frame).raw["t"][1]
    frame = Draft(RAW).to_frame()
    frame.loc[frame["track"] == 3, "track_type"] = 9
    assert from_frame(frame) == edited(("t", 2, "tt"), 9)


def test_the_length_of_the_draft_follows_its_end(frame):
    frame.loc[2, "end_s"] = 20.0
    assert from_frame(frame).raw["d"] == 20000


def test_extra_columns_come_back_and_columns_of_ones_own_do_not(draft):
    frame = draft.to_frame(extra=["m", "x", "hint"])
    frame["long"] = frame["duration_s"] > 3
    frame.at[1, "m"] = {"motion": "still"}
    frame.at[4, "x"] = None
    frame.loc[0, "hint"] = "look here"
    raw = from_frame(frame).raw
    assert raw["t"][0]["sg"][1]["m"] == {"motion": "still"}
    assert "x" not in raw["t"][2]["sg"][1]
    assert raw["t"][0]["sg"][0]["hint"] == "look here"
    assert not any("long" in segment for track in raw["t"] for segment in track["sg"])


def test_raw_times_and_shown_times_must_not_contradict(draft):
    frame = draft.to_frame(extra=["st", "d", "n"])
    frame.loc[1, "st"] = 7000
    assert segments(from_frame(frame), 1)[1]["st"] == 7000
    frame.loc[1, "start_s"] = 8.0
    with pytest.raises(DraftError, match="row 1, column st: it contradicts the column start_s"):
        from_frame(frame)
    frame = draft.to_frame(extra=["n"])
    frame.loc[0, "n"], frame.loc[0, "name"] = "one", "two"
    with pytest.raises(DraftError, match="row 0, column n: it contradicts the column name"):
        from_frame(frame)


@pytest.mark.parametrize(
    ("row", "column", "value", "message"),
    [
        (1, "end_s", 2.0, r"row 1, column end_s: from 4 s to 2 s is no time"),
        (1, "start_s", -1.0, r"row 1, column start_s: -1.0 is negative"),
        (1, "duration_s", 0.0, r"row 1, column duration_s: the segment would have no length"),
        (1, "duration_s", float("inf"), r"row 1, column duration_s: inf is no number of seconds"),
        (1, "start_s", 1e12, r"row 1, column start_s: 1000000000000.0 is too long"),
        (2, "volume", 35.0, r"row 2, column volume: 35.0 is not between 0 and 1. Write 0.35 for 35 %"),
        (2, "volume", -0.1, r"row 2, column volume: -0.1 is not between 0 and 1"),
        (1, "track", 9, r"row 1, column track: there is no track 9; the draft has 1–3. For a new track write 4"),
        (1, "track", 0, r"row 1, column track: there is no track 0"),
        (1, "track", pd.NA, r"row 1, column track: it is empty"),
        (1, "segment", 7, r"row 1, column segment: the draft has no segment 7 on track 1"),
        (1, "segment", 1, r"row 1, column segment: segment 1 of track 1 is in row 0 already"),
    ],
)
def test_a_contradiction_names_its_row_and_column_and_what_to_do(frame, row, column, value, message):
    frame.loc[row, column] = value
    with pytest.raises(DraftError, match=message) as caught:
        from_frame(frame)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("start_s", "3s", r"row 1, column start_s: '3s' is no number of seconds"),
        ("start_s", True, r"row 1, column start_s: True is no number of seconds"),
        ("text", 2024, r'row 1, column text: 2024 is no text. Write it in quotes: "2024"'),
        ("volume", "loud", r"row 1, column volume: 'loud' is no number"),
        ("track", "one", r"row 1, column track: 'one' is no whole number"),
        ("track", 1.5, r"row 1, column track: 1.5 is no whole number"),
        ("track", float("inf"), r"row 1, column track: inf is no whole number"),
        ("segment", 10**30, r"row 1, column segment: 1000000000000000000000000000000 is too large"),
    ],
)
def test_what_is_no_number_or_no_text_is_refused_by_name(frame, column, value, message):
    frame = frame.astype({column: object})
    frame.at[1, column] = value
    with pytest.raises(DraftError, match=message):
        from_frame(frame)


def test_three_times_that_disagree_are_refused(frame):
    frame.loc[1, ["end_s", "duration_s"]] = [12.0, 3.0]
    with pytest.raises(DraftError, match="row 1, column duration_s: 3 s is not from 4 s to 12 s"):
        from_frame(frame)


def test_names_and_types_of_one_track_must_agree(draft, frame):
    frame.loc[[0, 1], "track_name"] = ["A", "B"]
    with pytest.raises(DraftError, match="row 1, column track_name: 'B' contradicts 'A' in row 0"):
        from_frame(frame)
    new = pd.DataFrame([{"track": 1, "track_type": 7, "text": "Hm", "start_s": 1, "end_s": 2}])
    with pytest.raises(DraftError, match="row 0, column track_type: track 1 is of type 0, not 7"):
        from_frame(pd.concat([draft.to_frame(), new]), draft)
    new = pd.DataFrame([{"track": 4, "text": "Hm", "start_s": 1, "end_s": 2}])
    with pytest.raises(DraftError, match="column track_type: there is no track 4 yet"):
        from_frame(pd.concat([draft.to_frame(), new]), draft)


def test_a_new_segment_needs_a_length(draft, frame):
    new = pd.DataFrame([{"track": 3, "text": "Hm", "start_s": 1}])
    with pytest.raises(DraftError, match="column end_s: a new segment has no length"):
        from_frame(pd.concat([frame, new]), draft)


def test_rows_alone_make_a_draft():
    rows = pd.DataFrame(
        {
            "track": [1, 2, 2],
            "track_type": [0, 7, 7],
            "track_name": ["Pictures", None, None],
            "source": ["a1", None, None],
            "text": [None, "One", "Two"],
            "start_s": [0, 0, 2.5],
            "duration_s": [5, 2.5, 2.5],
        }
    )
    assert from_frame(rows).raw == {
        "t": [
            {"tt": 0, "n": "Pictures", "sg": [{"src": "a1", "st": 0, "d": 5000}]},
            {"tt": 7, "sg": [{"tx": "One", "st": 0, "d": 2500}, {"tx": "Two", "st": 2500, "d": 2500}]},
        ],
        "d": 5000,
    }


def test_columns_that_were_dropped_change_nothing(draft, frame):
    assert from_frame(frame[["track", "segment", "text"]]) == draft
    with pytest.raises(DraftError, match="no column 'segment'"):
        from_frame(frame[["track", "text"]])


def test_what_is_no_frame_of_a_draft_is_refused(frame, draft):
    with pytest.raises(DraftError, match="A DataFrame is needed, not list"):
        from_frame([1])
    with pytest.raises(DraftError, match="two columns of one name"):
        from_frame(pd.concat([frame, frame], axis=1))
    with pytest.raises(DraftError, match="base is a Draft, not dict"):
        from_frame(frame, {})


def test_the_frame_can_be_copied_pickled_compared_and_stored(draft, frame, tmp_path):
    for same in (copy.deepcopy(frame), frame.copy(), pickle.loads(pickle.dumps(frame)), frame.convert_dtypes()):
        assert from_frame(same) == draft
    pd.testing.assert_frame_equal(frame, draft.to_frame())
    assert len(pd.concat([frame, frame])) == 10
    assert json.dumps(frame.attrs)  # what to_parquet writes along
    frame.to_csv(tmp_path / "draft.csv", index=False)
    assert from_frame(pd.read_csv(tmp_path / "draft.csv"), draft) == draft


def test_the_values_of_numpy_are_written_as_json(draft):
    frame = draft.to_frame(extra=["in"])
    frame.at[1, "in"] = np.int64(1500)
    frame.loc[2, "volume"] = np.float32(0.5)
    raw = from_frame(frame).raw
    assert raw["t"][0]["sg"][1]["in"] == 1500
    assert raw["t"][1]["sg"][0]["vol"] == 0.5
    frame.at[1, "in"] = pd.Timestamp("2026-01-01")
    with pytest.raises(DraftError, match=r"row 1, column in: .* is nothing that JSON can say"):
        from_frame(frame)


# -- anything ----------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(), max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


def keyed(**fields):
    return st.dictionaries(st.text(max_size=2), JSON, max_size=2).flatmap(
        lambda others: st.fixed_dictionaries({}, optional={k: v | JSON for k, v in fields.items()}).map(
            lambda known: {**others, **known}
        )
    )


SEGMENT = keyed(
    id=st.text(max_size=2), st=st.integers(0, 9000), d=st.integers(1, 9000), n=st.text(), tx=st.text(), src=st.text(),
    vol=st.floats(0, 1), m=JSON,
)  # fmt: skip
TRACK = keyed(tt=st.sampled_from([0, 1, 7]), n=st.text(), sg=st.lists(SEGMENT | JSON, max_size=4))
DRAFT = keyed(t=st.lists(TRACK | JSON, max_size=4), d=st.integers(0, 9000))


@given(DRAFT)
def test_any_draft_survives_a_frame(raw):
    draft = Draft(raw)
    frame = draft.to_frame(extra=["m", "x"])
    assert list(frame.columns) == [*COLUMNS, "m", "x"]
    assert from_frame(frame) == draft
    assert from_frame(frame.copy().sort_index(), draft) == draft


@given(DRAFT)
def test_the_rows_say_what_the_values_say(raw):
    draft = Draft(raw)
    rows = read_rows(draft.raw)
    values = [(track, segment) for track in draft.tracks for segment in track.segments]
    assert rows.track == [track.number for track, _ in values]
    assert rows.track_name == [track.name for track, _ in values]
    assert rows.segment == [segment.number for _, segment in values]
    for column in ("name", "text", "start_ms", "duration_ms", "volume", "source"):
        assert getattr(rows, column) == [getattr(segment, column) for _, segment in values]


@given(DRAFT, st.data())
def test_the_new_draft_shows_what_the_edited_rows_say(raw, data):
    draft = Draft(raw)
    frame = draft.to_frame()
    if len(frame):
        keep = data.draw(st.lists(st.sampled_from(range(len(frame))), unique=True, min_size=1))
        frame = frame.iloc[keep]
        row = data.draw(st.sampled_from(keep))
        frame.loc[row, ["start_s", "end_s", "duration_s"]] = [1.5, 4.0, 2.5]
        frame.loc[row, "name"] = "new"
    after = from_frame(frame)
    expected = frame.sort_values("track", kind="stable").drop(columns="segment").reset_index(drop=True)
    pd.testing.assert_frame_equal(after.to_frame().drop(columns="segment"), expected)
