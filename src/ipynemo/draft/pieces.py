"""Track and Segment: tolerant views of the JSON objects that a draft is made of.

A value of the wrong type counts as missing, a missing start means that segments follow one another, and what is no
JSON object at all keeps its place, so that everybody counts the same.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ipynemo.errors import NoSuchSegmentError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Segment",
    "Track",
    "TrackKind",
    "as_index",
    "as_ms",
    "as_number",
    "as_text",
    "kind_of",
    "last_end_ms",
    "objects_of",
    "read_track",
    "spans_of",
]

TrackKind = Literal["video", "audio", "text", "other"]

TRACK_KINDS: dict[int, TrackKind] = {0: "video", 1: "audio", 7: "text"}

MAX_MS = 10**12  # about 31 years; a time beyond is a mistake, not a time


def as_text(value: Any) -> str | None:
    """Return the text, or None where the value is none."""
    return value if isinstance(value, str) else None


def as_number(value: Any) -> float | None:
    """Return the number, or None where the value is none that a timeline can hold; `true` is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return float(value) if -MAX_MS <= value <= MAX_MS else None


def as_ms(value: Any) -> int | None:
    """Return the time in whole milliseconds, or None where the value is none; there is no time below 0."""
    number = as_number(value)
    return None if number is None or number < 0 else round(number)


def as_index(value: Any) -> int | None:
    """Return a whole number of any kind, numpy's too, as Python's own; None for anything else, and for `True`."""
    try:
        return None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        return None


def objects_of(value: Any) -> list[Mapping[str, Any]]:
    """Return the JSON objects of a list; what is no object keeps its place as an empty one, so that numbers agree."""
    if not isinstance(value, list):
        return []
    return [item if isinstance(item, dict) else {} for item in value]


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of a track.

    Parameters
    ----------
    number : int
        Its place in the track, from 1.
    id, name, text, source : str or None
        The keys `id`, `n`, `tx` and `src`.
    start_ms, duration_ms : int
        Where it stands on the timeline, and how long it is.
    in_ms : int
        Where in its source it begins.
    volume : float or None
        0–1, or None where the draft says nothing.
    raw : mapping
        The JSON object that this value reads; not to be changed.
    """

    number: int
    id: str | None
    name: str | None
    text: str | None
    start_ms: int
    duration_ms: int
    in_ms: int
    volume: float | None
    source: str | None
    raw: Mapping[str, Any]

    @property
    def end_ms(self) -> int:
        """The end on the timeline, in milliseconds."""
        return self.start_ms + self.duration_ms

    @property
    def start_s(self) -> float:
        """The start on the timeline, in seconds."""
        return self.start_ms / 1000

    @property
    def end_s(self) -> float:
        """The end on the timeline, in seconds."""
        return self.end_ms / 1000

    @property
    def duration_s(self) -> float:
        """The length, in seconds."""
        return self.duration_ms / 1000

    @property
    def meta(self) -> Mapping[str, Any]:
        """The segment's metadata (`m`), empty where there is none."""
        meta = self.raw.get("m")
        return meta if isinstance(meta, dict) else {}


@dataclass(frozen=True, slots=True)
class Track:
    """One row of the timeline.

    Parameters
    ----------
    number : int
        Its place in the draft, from 1.
    type : int or None
        `tt` as it came; None where it is missing or no whole number.
    kind : {"video", "audio", "text", "other"}
        What the type means.
    name : str or None
        The key `n`.
    segments : tuple of Segment
        In the order of the draft.
    raw : mapping
        The JSON object that this value reads; not to be changed.
    """

    number: int
    type: int | None
    kind: TrackKind
    name: str | None
    segments: tuple[Segment, ...]
    raw: Mapping[str, Any]

    @property
    def meta(self) -> Mapping[str, Any]:
        """The track's metadata (`m`), empty where there is none."""
        meta = self.raw.get("m")
        return meta if isinstance(meta, dict) else {}

    def segment(self, number: int) -> Segment:
        """Return a segment by its number, counted from 1.

        Raises
        ------
        NoSuchSegmentError
            The track has no such segment.
        """
        index = as_index(number)
        if index is not None and 1 <= index <= len(self.segments):
            return self.segments[index - 1]
        count = len(self.segments)
        has = "it has none" if not count else "it has 1" if count == 1 else f"it has 1–{count}"
        raise NoSuchSegmentError(f"no segment {number} on track {self.number} ({self.kind}); {has}")


def _read_segment(number: int, raw: Mapping[str, Any], follows_ms: int) -> Segment:
    start = as_ms(raw.get("st"))
    return Segment(
        number=number,
        id=as_text(raw.get("id")),
        name=as_text(raw.get("n")),
        text=as_text(raw.get("tx")),
        start_ms=follows_ms if start is None else start,
        duration_ms=as_ms(raw.get("d")) or 0,
        in_ms=as_ms(raw.get("in")) or 0,
        volume=as_number(raw.get("vol")),
        source=as_text(raw.get("src")),
        raw=raw,
    )


def spans_of(segments: Any) -> list[tuple[int, int]]:
    """Return the start and the end of each segment of a list, in milliseconds, as their views have them.

    Examples
    --------
    >>> spans_of([{"d": 4000}, {"d": 1000}, {"st": 9000}, None])
    [(0, 4000), (4000, 5000), (9000, 9000), (9000, 9000)]
    """
    spans: list[tuple[int, int]] = []
    end = 0
    for item in segments if isinstance(segments, list) else ():
        start, length = (item.get("st"), item.get("d")) if isinstance(item, dict) else (None, None)
        # Whole numbers, which nearly all are, without the calls: edits of long drafts live by this.
        start = start if type(start) is int and 0 <= start <= MAX_MS else as_ms(start)
        start = end if start is None else start
        end = start + (length if type(length) is int and 0 <= length <= MAX_MS else as_ms(length) or 0)
        spans.append((start, end))
    return spans


def last_end_ms(draft: Mapping[str, Any]) -> int | None:
    """Return where the last segment of a draft's JSON object ends; None where it has none."""
    ends = [end for track in objects_of(draft.get("t")) for _, end in spans_of(track.get("sg"))]
    return max(ends, default=None)


def kind_of(track: Mapping[str, Any]) -> TrackKind:
    """Return what the type of a track's JSON object means."""
    tt = track.get("tt")
    return TRACK_KINDS.get(tt, "other") if isinstance(tt, int) and not isinstance(tt, bool) else "other"


def read_track(number: int, raw: Mapping[str, Any]) -> Track:
    """Return the view of a track; a segment without a start follows the one before it."""
    segments: list[Segment] = []
    follows_ms = 0
    for place, item in enumerate(objects_of(raw.get("sg")), 1):
        segment = _read_segment(place, item, follows_ms)
        segments.append(segment)
        follows_ms = segment.end_ms
    given = raw.get("tt")
    tt = given if isinstance(given, int) and not isinstance(given, bool) else None
    return Track(number, tt, kind_of(raw), as_text(raw.get("n")), tuple(segments), raw)
