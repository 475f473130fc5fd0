"""A draft as columns: one value a segment, read straight from the JSON, so that ten thousand rows cost milliseconds.

The same reading as `ipynemo.draft.pieces` (a test compares the two), without a Python object for every segment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ipynemo.draft.pieces import MAX_MS, as_ms, as_number

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FRAME_COLUMNS", "MAX_INT64", "TEXT_KEYS", "Rows", "read_rows"]

FRAME_COLUMNS = (
    "track",
    "track_type",
    "track_name",
    "segment",
    "name",
    "text",
    "start_s",
    "end_s",
    "duration_s",
    "volume",
    "source",
)

TEXT_KEYS = {"name": "n", "text": "tx", "source": "src"}  # column → raw key

MAX_INT64 = 2**63 - 1

_EMPTY: dict[str, Any] = {}


@dataclass(slots=True)
class Rows:
    """What the frame shows, before pandas sees it: one list a column, times in milliseconds, None for missing."""

    track: list[int] = field(default_factory=list)
    track_type: list[int | None] = field(default_factory=list)
    track_name: list[str | None] = field(default_factory=list)
    segment: list[int] = field(default_factory=list)
    name: list[str | None] = field(default_factory=list)
    text: list[str | None] = field(default_factory=list)
    start_ms: list[int] = field(default_factory=list)
    duration_ms: list[int] = field(default_factory=list)
    volume: list[float | None] = field(default_factory=list)
    source: list[str | None] = field(default_factory=list)
    raw: list[Mapping[str, Any]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.track)


def shown_type(value: Any) -> int | None:
    """Return the track type that the frame shows: a whole number that fits its column."""
    fits = type(value) is int and -MAX_INT64 <= value <= MAX_INT64
    return value if fits else None


def _texts(items: list[Mapping[str, Any]], key: str) -> list[str | None]:
    return [value if type(value := item.get(key)) is str else None for item in items]


def _read_times(rows: Rows, items: list[Mapping[str, Any]]) -> None:
    follows_ms = 0
    for item in items:
        # Whole numbers in range are what a draft holds; everything else takes the slow way.
        length: Any = item.get("d")
        if type(length) is not int or not 0 <= length <= MAX_MS:
            length = as_ms(length) or 0
        start: Any = item.get("st")
        if type(start) is not int or not 0 <= start <= MAX_MS:
            given = as_ms(start)
            start = follows_ms if given is None else given
        rows.start_ms.append(start)
        rows.duration_ms.append(length)
        follows_ms = start + length


def read_rows(raw: Mapping[str, Any]) -> Rows:
    """Return the columns of a draft's JSON object."""
    rows = Rows()
    tracks = raw.get("t")
    for number, track in enumerate(tracks if isinstance(tracks, list) else (), 1):
        given = track.get("sg") if isinstance(track, dict) else None
        if not isinstance(given, list) or not given:
            continue
        items: list[Mapping[str, Any]] = [item if type(item) is dict else _EMPTY for item in given]
        count = len(items)
        name = track.get("n")
        rows.track += [number] * count
        rows.track_type += [shown_type(track.get("tt"))] * count
        rows.track_name += [name if isinstance(name, str) else None] * count
        rows.segment += range(1, count + 1)
        rows.name += _texts(items, "n")
        rows.text += _texts(items, "tx")
        rows.source += _texts(items, "src")
        rows.volume += [None if (value := item.get("vol")) is None else as_number(value) for item in items]
        rows.raw += items
        _read_times(rows, items)
    return rows
