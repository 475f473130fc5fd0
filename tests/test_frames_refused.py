"""Rows that contradict each other or the draft are refused: by row and column, and with what to do."""

import pandas as pd
import pytest

from frame_samples import RAW
from ipynemo.draft import Draft
from ipynemo.errors import DraftError
from ipynemo.frames import from_frame


@pytest.fixture
def draft():
    return Draft(RAW)


@pytest.fixture
def frame(draft):
    return draft.to_frame()


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
