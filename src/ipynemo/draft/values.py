"""Draft, Track, Segment: frozen values over the raw JSON.

The JSON is what counts: it is kept whole, and what the backend gets back for an export is what it sent. The values
read it tolerantly, because the vendor documents no more than `t`, `tt`, `sg`, `d` and `m`: a missing start means that
segments follow one another, unknown keys and unknown track types are kept and shown, a value of the wrong type counts
as missing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from ipynemo.errors import DraftError, NoSuchSegmentError, NoSuchTrackError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Draft", "Segment", "Track", "TrackKind"]

TrackKind = Literal["video", "audio", "text", "other"]

TRACK_KINDS: dict[int, TrackKind] = {0: "video", 1: "audio", 7: "text"}

MAX_MS = 10**12  # about 31 years; a time beyond is a mistake, not a time


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return float(value) if -MAX_MS <= value <= MAX_MS else None


def _ms(value: Any) -> int | None:
    number = _number(value)
    return None if number is None or number < 0 else round(number)


def _objects(value: Any) -> list[Mapping[str, Any]]:
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
        if isinstance(number, int) and 1 <= number <= len(self.segments):
            return self.segments[number - 1]
        count = len(self.segments)
        has = "it has none" if not count else "it has 1" if count == 1 else f"it has 1–{count}"
        raise NoSuchSegmentError(f"no segment {number} on track {self.number} ({self.kind}); {has}")


def _read_segment(number: int, raw: Mapping[str, Any], follows_ms: int) -> Segment:
    start = _ms(raw.get("st"))
    return Segment(
        number=number,
        id=_text(raw.get("id")),
        name=_text(raw.get("n")),
        text=_text(raw.get("tx")),
        start_ms=follows_ms if start is None else start,
        duration_ms=_ms(raw.get("d")) or 0,
        in_ms=_ms(raw.get("in")) or 0,
        volume=_number(raw.get("vol")),
        source=_text(raw.get("src")),
        raw=raw,
    )


def _read_track(number: int, raw: Mapping[str, Any]) -> Track:
    segments: list[Segment] = []
    follows_ms = 0
    for place, item in enumerate(_objects(raw.get("sg")), 1):
        segment = _read_segment(place, item, follows_ms)
        segments.append(segment)
        follows_ms = segment.end_ms
    given = raw.get("tt")
    tt = given if isinstance(given, int) and not isinstance(given, bool) else None
    kind: TrackKind = "other" if tt is None else TRACK_KINDS.get(tt, "other")
    return Track(number, tt, kind, _text(raw.get("n")), tuple(segments), raw)


class Draft:
    """A timeline, frozen: every edit gives a new one.

    Parameters
    ----------
    raw : mapping
        The JSON object that the backend sent. It is copied; later changes to it do not reach the draft.

    Raises
    ------
    DraftError
        It is not a JSON object, or holds something that JSON cannot say.

    Examples
    --------
    >>> draft = Draft({"t": [{"tt": 7, "sg": [{"tx": "Urban Dreams", "d": 3000}]}]})
    >>> draft.summary()
    'Timeline (1 track): 1. Title: "Urban Dreams" (0-3s)'
    """

    def __init__(self, raw: Mapping[str, Any] | None = None) -> None:
        if raw is not None and not isinstance(raw, Mapping):
            raise DraftError(
                f"A draft is a JSON object, not {type(raw).__name__}.", hint="Pass what `session.draft().raw` gives."
            )
        try:
            self._json = json.dumps(dict(raw or {}), allow_nan=False, separators=(",", ":"))
        except (TypeError, ValueError, RecursionError) as error:
            raise DraftError(f"This is not a JSON object: {error}.") from error
        self._raw: dict[str, Any] = json.loads(self._json)

    @classmethod
    def from_json(cls, text: str | bytes) -> Draft:
        """Read a draft from JSON text, as `to_json` writes it.

        Raises
        ------
        DraftError
            The text is not JSON, or not an object.
        """
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DraftError(f"This is not JSON: {error}.") from error
        if not isinstance(raw, dict):
            raise DraftError(f"A draft is a JSON object, not {type(raw).__name__}.")
        return cls(raw)

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the draft as JSON text."""
        return json.dumps(self._raw, indent=indent, ensure_ascii=False) if indent is not None else self._json

    @property
    def raw(self) -> dict[str, Any]:
        """The JSON object as it came; a copy of your own, which you may change."""
        copy: dict[str, Any] = json.loads(self._json)
        return copy

    @cached_property
    def tracks(self) -> tuple[Track, ...]:
        """The tracks, in the order of the draft."""
        return tuple(_read_track(n, raw) for n, raw in enumerate(_objects(self._raw.get("t")), 1))

    @property
    def meta(self) -> Mapping[str, Any]:
        """The draft's metadata (`m`), empty where there is none; not to be changed."""
        meta = self._raw.get("m")
        return meta if isinstance(meta, dict) else {}

    @property
    def title(self) -> str | None:
        """The draft's title."""
        return _text(self.meta.get("title"))

    @property
    def width_px(self) -> int | None:
        """The picture's width in pixels, where the draft says it."""
        return _ms(self.meta.get("width"))

    @property
    def height_px(self) -> int | None:
        """The picture's height in pixels, where the draft says it."""
        return _ms(self.meta.get("height"))

    @cached_property
    def duration_ms(self) -> int:
        """The end of the last segment; where there is none, the `d` of the draft itself."""
        ends = [segment.end_ms for track in self.tracks for segment in track.segments]
        return max(ends) if ends else _ms(self._raw.get("d")) or 0

    @property
    def duration_s(self) -> float:
        """The length, in seconds."""
        return self.duration_ms / 1000

    @property
    def is_empty(self) -> bool:
        """Whether no track has a segment, so that there is nothing to export."""
        return not any(track.segments for track in self.tracks)

    def track(self, number: int) -> Track:
        """Return a track by its number, counted from 1.

        Raises
        ------
        NoSuchTrackError
            The draft has no such track.
        """
        if isinstance(number, int) and 1 <= number <= len(self.tracks):
            return self.tracks[number - 1]
        count = len(self.tracks)
        has = "the draft has none" if not count else f"the draft has 1–{count}" if count > 1 else "the draft has 1"
        raise NoSuchTrackError(f"no track {number}; {has}")

    def tracks_of(self, kind: TrackKind) -> tuple[Track, ...]:
        """Return the tracks of one kind, in order."""
        return tuple(track for track in self.tracks if track.kind == kind)

    def summary(self) -> str:
        """Return the timeline in one line, in the protocol's form."""
        from ipynemo.draft.summary import summary_line

        return summary_line(self)

    def diff(self, after: Draft) -> list[str]:
        """Return in words what changes from this draft to `after`; empty where nothing does.

        Examples
        --------
        >>> after = Draft({"t": [{"tt": 7, "sg": [{"tx": "Paradise Found", "d": 3000}]}]})
        >>> Draft().diff(after)
        ["Title added: 'Paradise Found' (0–3 s)"]
        """
        from ipynemo.draft.changes import changes

        return changes(self, after)

    def to_frame(self, extra: Sequence[str] = ()) -> pd.DataFrame:
        """Return one row a segment; see `ipynemo.frames.to_frame`."""
        from ipynemo.frames import to_frame

        return to_frame(self, extra)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, base: Draft | None = None) -> Draft:
        """Return the draft that an edited frame describes; see `ipynemo.frames.from_frame`."""
        from ipynemo.frames import from_frame

        return from_frame(frame, base)

    def to_otio(self) -> Any:
        """Return an OpenTimelineIO timeline (extra `otio`); see `ipynemo.draft.otio.to_otio`."""
        from ipynemo.draft.otio import to_otio

        return to_otio(self)

    @cached_property
    def _canonical(self) -> str:
        # Compared as text, because Python holds 1, 1.0 and true for equal and JSON does not.
        return json.dumps(self._raw, sort_keys=True, separators=(",", ":"))

    def __eq__(self, other: object) -> bool:
        return self._canonical == other._canonical if isinstance(other, Draft) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._canonical)

    def __repr__(self) -> str:
        return f"<Draft {self.summary()}>"

    def _repr_html_(self) -> str | None:
        from ipynemo.frames import frame_html

        return frame_html(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Draft.from_json, (self._json,))
