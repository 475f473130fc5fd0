"""Draft → DataFrame: the columns, their types, the same reading as the values; and that nothing is lost on the way."""

import copy
import json
import pickle

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from frame_samples import RAW, edited
from ipynemo.draft import Draft
from ipynemo.draft.rows import read_rows
from ipynemo.errors import DraftError
from ipynemo.frames import from_frame

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy

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


def test_the_frame_can_be_copied_pickled_compared_and_stored(draft, frame, tmp_path):
    for same in (copy.deepcopy(frame), frame.copy(), pickle.loads(pickle.dumps(frame)), frame.convert_dtypes()):
        assert from_frame(same) == draft
    pd.testing.assert_frame_equal(frame, draft.to_frame())
    assert len(pd.concat([frame, frame])) == 10
    assert json.dumps(frame.attrs)  # what to_parquet writes along
    frame.to_csv(tmp_path / "draft.csv", index=False)
    assert from_frame(pd.read_csv(tmp_path / "draft.csv"), draft) == draft


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


@UNHURRIED
@given(DRAFT)
def test_any_draft_survives_a_frame(raw):
    draft = Draft(raw)
    frame = draft.to_frame(extra=["m", "x"])
    assert list(frame.columns) == [*COLUMNS, "m", "x"]
    assert from_frame(frame) == draft
    assert from_frame(frame.copy().sort_index(), draft) == draft


@UNHURRIED
@example(
    {"t": [{"sg": [{"d": -5}, {"d": 10**13}, {"st": -1, "d": 0.6}, {"st": 10**13}, {"st": 10**12, "d": True}, {}]}]}
)
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


@UNHURRIED
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
