"""DataFrame → Draft: what one does with a frame in pandas comes back as edits, and all else stays as it was."""

import copy

import numpy as np
import pandas as pd
import pytest

from frame_samples import RAW, edited, segments
from ipynemo.draft import Draft
from ipynemo.errors import DraftError
from ipynemo.frames import from_frame


@pytest.fixture
def draft():
    return Draft(RAW)


@pytest.fixture
def frame(draft):
    return draft.to_frame()


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


def test_a_cleared_start_follows_from_the_other_two_times_or_from_the_one_before(frame):
    frame.loc[1, ["start_s", "end_s", "duration_s"]] = [None, 12.0, 3.0]
    assert [segments(from_frame(frame), 1)[1][key] for key in ("st", "d")] == [9000, 3000]
    frame = Draft(RAW).to_frame()
    frame.loc[1, "start_s"] = None
    after = from_frame(frame)
    assert "st" not in segments(after, 1)[1]
    assert after.track(1).segment(2).start_ms == 4000


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
