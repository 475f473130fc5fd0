"""Draft ↔ pandas DataFrame: one row a segment, and edits in the frame come back as a draft.

The frame carries its draft as JSON text in `frame.attrs`: text is copied for nothing, compared at once, and written
along by `to_parquet`. It survives what one does with a frame (selecting, sorting, `query`, `drop`, `copy`); a
`pd.concat` with rows from elsewhere drops it, and then `base` says which draft is meant. This is the one module that
imports pandas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ipynemo.draft.edited import Edited
from ipynemo.draft.html import draft_html as frame_html
from ipynemo.draft.rebuild import rebuild
from ipynemo.draft.rows import FRAME_COLUMNS, read_rows
from ipynemo.draft.values import Draft
from ipynemo.errors import DraftError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["frame_html", "from_frame", "table", "to_frame"]

DRAFT_ATTR, EXTRA_ATTR = "ipynemo_draft", "ipynemo_extra"

# Said outright, because what pandas infers differs between its versions, and an empty draft has nothing to infer from.
# Stored as Python strings: Arrow refuses the lone surrogates that JSON can hold.
_TEXT = pd.StringDtype("python")


def _whole(values: list[int | None]) -> Any:
    """Return an Int64 array."""
    mask = np.fromiter((value is None for value in values), bool, len(values))
    if not mask.any():
        return pd.array(np.array(values, np.int64), dtype="Int64")
    return pd.array(np.array(values, object), dtype="Int64")


def _text(values: list[str | None]) -> Any:
    return pd.array(np.array(values, object), dtype=_TEXT)


def _objects(values: list[Any]) -> Any:
    """Return an array of JSON values as they are; lists would else become rows of a matrix."""
    array = np.empty(len(values), object)
    array[:] = values if not any(isinstance(value, (list, dict)) for value in values) else None
    for place, value in enumerate(values):
        array[place] = value
    return array


def to_frame(draft: Draft, extra: Sequence[str] = ()) -> pd.DataFrame:
    """Return a draft as a table, one row a segment.

    Parameters
    ----------
    draft : Draft
        The draft; the frame keeps it in its `attrs`, so that `from_frame` needs no other.
    extra : sequence of str
        Raw keys of the segments that become columns too, such as `m` or `in`.

    Returns
    -------
    DataFrame
        `track`, `track_type`, `segment` (Int64), `track_name`, `name`, `text`, `source` (string), `start_s`, `end_s`,
        `duration_s`, `volume` (float64), and the extra keys (object). Tracks and segments are counted from 1.

    Raises
    ------
    DraftError
        An extra key has the name of another column.

    Examples
    --------
    >>> frame = to_frame(Draft({"t": [{"tt": 7, "sg": [{"tx": "Hello", "d": 3000}]}]}))
    >>> frame[["track", "segment", "text", "start_s", "end_s"]]
       track  segment   text  start_s  end_s
    0      1        1  Hello      0.0    3.0
    """
    if isinstance(extra, str):
        raise DraftError(f"extra={extra!r} is one text.", hint=f"Pass a list of keys: extra=[{extra!r}].")
    keys = list(dict.fromkeys(extra))
    if clashes := [key for key in keys if key in FRAME_COLUMNS or not isinstance(key, str)]:
        raise DraftError(f"The frame has a column {clashes[0]!r} already.", hint="extra names raw keys, such as 'm'.")
    raw = draft.raw if keys else draft._raw  # the values of extra keys are handed out, so they must be copies
    rows = read_rows(raw)
    start_ms, duration_ms = np.array(rows.start_ms, np.float64), np.array(rows.duration_ms, np.float64)
    columns: dict[str, Any] = {
        "track": _whole(list(rows.track)),
        "track_type": _whole(rows.track_type),
        "track_name": _text(rows.track_name),
        "segment": _whole(list(rows.segment)),
        "name": _text(rows.name),
        "text": _text(rows.text),
        "start_s": start_ms / 1000,
        "end_s": (start_ms + duration_ms) / 1000,
        "duration_s": duration_ms / 1000,
        "volume": np.array(rows.volume, np.float64),  # None becomes NaN
        "source": _text(rows.source),
    }
    for key in keys:
        columns[key] = _objects([item.get(key) for item in rows.raw])
    frame = pd.DataFrame(columns, copy=False)
    frame.attrs = {DRAFT_ATTR: draft.to_json(), EXTRA_ATTR: keys}
    return frame


def table(columns: Mapping[str, Sequence[str | None] | Sequence[float | None]]) -> pd.DataFrame:
    """Return columns as a table: those whose names have a unit (`_s`, `_mb`) are numbers, the others texts.

    Examples
    --------
    >>> float(table({"clip": ["robot.mp4", None], "duration_s": [6.0, None]})["duration_s"].sum())
    6.0
    """
    return pd.DataFrame(
        {
            name: np.array(values, np.float64) if name.endswith(("_s", "_mb")) else _text(list(values))  # type: ignore[arg-type]
            for name, values in columns.items()
        }
    )


def _cells(frame: pd.DataFrame, column: str) -> list[Any]:
    """Return a column as Python values, with None wherever it says "missing" in one of pandas' ways."""
    series = frame[column]
    values, missing = series.astype(object).tolist(), series.isna().tolist()
    return [
        None if gone else value.item() if isinstance(value, np.generic) else value
        for value, gone in zip(values, missing, strict=True)
    ]


def _base(frame: pd.DataFrame, base: Draft | None) -> Draft:
    if base is not None:
        if not isinstance(base, Draft):
            raise DraftError(f"base is a Draft, not {type(base).__name__}.")
        return base
    kept = frame.attrs.get(DRAFT_ATTR)
    if isinstance(kept, str):
        return Draft.from_json(kept)
    if "segment" in frame.columns and frame["segment"].notna().any():
        raise DraftError(
            "The frame has segment numbers, but no longer knows the draft they are of (pd.concat and files drop it).",
            hint="Pass it: from_frame(frame, base=draft). For a draft of these rows alone, drop the column segment.",
        )
    return Draft()


def from_frame(frame: pd.DataFrame, base: Draft | None = None) -> Draft:
    """Return the draft that an edited frame describes.

    Changed cells are written, dropped rows remove their segments, the order of the rows is the order of the segments
    on their track, and a row with an empty `segment` is a new one. All else stays as it came. Of `start_s`, `end_s`
    and `duration_s`, those that changed count: a new start alone moves the segment, a new end or length alone trims
    it. A new number in `track` moves the segment to that track; one past the last, in a new row with a `track_type`,
    makes a new track. Columns of your own are left aside.

    Parameters
    ----------
    frame : DataFrame
        What `to_frame` gave, edited; or rows of your own with at least `track`, `track_type` and times.
    base : Draft, optional
        The draft that the frame was made of. By default the frame knows it; after `pd.concat` with other rows it
        does not.

    Raises
    ------
    DraftError
        Cells contradict each other or the draft; the message names the row and the column.

    Examples
    --------
    >>> frame = to_frame(Draft({"t": [{"tt": 7, "sg": [{"tx": "Hello", "d": 3000}]}]}))
    >>> frame.loc[0, "end_s"] = 5
    >>> from_frame(frame).raw
    {'t': [{'tt': 7, 'sg': [{'tx': 'Hello', 'd': 5000}]}]}
    """
    if not isinstance(frame, pd.DataFrame):
        raise DraftError(f"A DataFrame is needed, not {type(frame).__name__}.")
    if not frame.columns.is_unique:
        raise DraftError("The frame has two columns of one name.", hint="Drop or rename one of them.")
    draft = _base(frame, base)
    raw = draft._raw
    needed = ("track", "segment") if raw.get("t") else ("track",)
    for column in needed:
        if len(frame) and column not in frame.columns:
            raise DraftError(f"The frame has no column {column!r}, so its rows cannot be told apart.")
    extra = _extra(frame, draft)
    columns = [column for column in (*FRAME_COLUMNS, *extra) if column in frame.columns]
    edited = Edited(frame.index.tolist(), {column: _cells(frame, column) for column in columns}, extra)
    after = Draft(rebuild(raw, edited))
    return draft if after == draft else after


def _extra(frame: pd.DataFrame, draft: Draft) -> list[str]:
    """Return the columns that are raw keys: those asked for, and those that the draft's segments have."""
    asked = frame.attrs.get(EXTRA_ATTR)
    others = [column for column in frame.columns if isinstance(column, str) and column not in FRAME_COLUMNS]
    known = set(asked) if isinstance(asked, (list, tuple)) else set()
    if set(others) - known:
        known.update(key for item in read_rows(draft._raw).raw for key in item)
    return [column for column in others if column in known]
