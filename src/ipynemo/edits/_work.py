"""The workbench of the edits: a draft's JSON, opened for change and handed back as a new draft.

Everything that an edit does not touch stays as it came, unknown keys and odd values included. Times are read the
tolerant way of `Draft` (a segment without `st` follows the one before); an edit that needs explicit times writes `st`
into the tracks that it touches, and only there. A draft may have ten thousand segments: what is read in between is
read from the JSON where it lies, and the values of a draft are made once, at the end.
"""

from __future__ import annotations

import math
import numbers
from typing import TYPE_CHECKING, Any

from ipynemo.draft.pieces import MAX_MS, as_index, kind_of, last_end_ms, objects_of, spans_of
from ipynemo.draft.values import Draft
from ipynemo.errors import DraftError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ipynemo.draft.pieces import TrackKind

__all__ = ["MUSIC", "Work", "check_ms", "check_share", "is_real"]

MAX_ID_DIGITS = 9  # a longer number was not counted by us
MUSIC = "music:"  # the source of music that the renderer makes itself, as in "music:calm"


def is_real(value: Any) -> bool:
    """Return whether this is a number of any kind, numpy's too; `True` is none."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def check_ms(seconds: float, name: str, *, least_ms: int = 0) -> int:
    """Return seconds as milliseconds.

    Raises
    ------
    DraftError
        It is not a number, or out of range.
    """
    if not is_real(seconds) or not abs(seconds) < math.inf:
        raise DraftError(f"{name} is {seconds!r}.", hint="It is a number of seconds.")
    ms = round(float(seconds) * 1000) if abs(seconds) <= MAX_MS else MAX_MS + 1
    if not least_ms <= ms <= MAX_MS:
        raise DraftError(
            f"{name} is {float(max(-1e15, min(seconds, 1e15))):g} s.",
            hint=f"It must be at least {least_ms / 1000:g} s.",
        )
    return ms


def check_share(value: float, name: str) -> float:
    """Return a number from 0 to 1.

    Raises
    ------
    DraftError
        It is something else.
    """
    if not is_real(value) or not 0 <= value <= 1:
        raise DraftError(f"{name} is {value!r}.", hint="It is a number from 0 to 1: 0.35 means 35 %.")
    return round(float(value), 4)


def _has(items: Any, number: int) -> bool:
    index = as_index(number)
    return isinstance(items, list) and index is not None and 1 <= index <= len(items)


def _ids_of(draft: Mapping[str, Any]) -> Iterator[str]:
    """Yield the identifiers of the tracks and segments of a draft's JSON object."""
    for track in objects_of(draft.get("t")):
        for item in (track, *objects_of(track.get("sg"))):
            if isinstance(raw_id := item.get("id"), str):
                yield raw_id


class Work:
    """A draft opened for change.

    Parameters
    ----------
    draft : Draft
        What to start from; it stays as it is.
    """

    def __init__(self, draft: Draft) -> None:
        if not isinstance(draft, Draft):
            raise DraftError(f"An edit takes a Draft, not {type(draft).__name__}.")
        self.before = draft
        self.raw = draft.raw

    def done(self) -> Draft:
        """Return the new draft, its `d` corrected where it had one and the end has moved."""
        length, end_ms = self.raw.get("d"), last_end_ms(self.raw)
        stated = isinstance(length, (int, float)) and not isinstance(length, bool)
        has_length = stated or (self.before.is_empty and "d" not in self.raw)
        if has_length and end_ms is not None and (end_ms != self.before.duration_ms or self.before.is_empty):
            self.raw["d"] = length if length == end_ms else end_ms
        return Draft(self.raw)

    def tracks(self) -> list[Any]:
        """Return the list of tracks, made where there is none."""
        tracks = self.raw.setdefault("t", [])
        if not isinstance(tracks, list):
            raise DraftError("The draft's tracks (t) are not a list, so nothing can be added to them.")
        return tracks

    def track(self, number: int) -> dict[str, Any]:
        """Return a track's JSON object by its number."""
        if not _has(self.raw.get("t"), number):
            Draft(self.raw).track(number)  # says what there is
        track: Any = self.tracks()[number - 1]
        if not isinstance(track, dict):
            raise DraftError(f"Track {number} is not an object, so it cannot be edited.")
        return track

    def segments(self, number: int) -> list[Any]:
        """Return the list of a track's segments, made where there is none."""
        segments = self.track(number).setdefault("sg", [])
        if not isinstance(segments, list):
            raise DraftError(f"The segments (sg) of track {number} are not a list, so they cannot be edited.")
        return segments

    def segment(self, track: int, number: int) -> dict[str, Any]:
        """Return a segment's JSON object by its numbers."""
        tracks: Any = self.raw.get("t")
        holder = tracks[track - 1] if _has(tracks, track) else None
        if not (isinstance(holder, dict) and _has(holder.get("sg"), number)):
            Draft(self.raw).track(track).segment(number)  # says what there is
        segment: Any = self.segments(track)[number - 1]
        if not isinstance(segment, dict):
            raise DraftError(f"Segment {number} on track {track} is not an object, so it cannot be edited.")
        return segment

    @staticmethod
    def meta(holder: dict[str, Any], *inner: str) -> dict[str, Any]:
        """Return the metadata (`m`) of a track or segment, or an object inside it, made where there is none."""
        for key in ("m", *inner):
            holder = holder.setdefault(key, {})
            if not isinstance(holder, dict):
                raise DraftError(f"The metadata ({key}) is not an object, so it cannot be edited.")
        return holder

    def spans(self, number: int) -> list[tuple[int, int]]:
        """Return the start and the end of every segment of a track, in milliseconds."""
        track = self.tracks()[number - 1]
        return spans_of(track.get("sg")) if isinstance(track, dict) else []

    def kind(self, number: int) -> TrackKind:
        """Return the kind of a track."""
        return kind_of(objects_of(self.raw.get("t"))[number - 1])

    def pin(self, number: int) -> list[tuple[dict[str, Any], int, int]]:
        """Write the start of every segment of a track; return its objects, each with its start and its end."""
        spans = self.spans(number)
        if not spans:
            return []
        pairs = []
        for raw, (start, end) in zip(self.segments(number), spans, strict=True):
            if isinstance(raw, dict):
                raw["st"] = start
                pairs.append((raw, start, end))
        return pairs

    def numbers(self, *kinds: str) -> Iterator[int]:
        """Yield the numbers of the tracks of these kinds that can be edited."""
        for number, track in enumerate(objects_of(self.raw.get("t")), 1):
            if kind_of(track) in kinds and _has(track.get("sg"), 1):
                yield number

    def main_track(self) -> int | None:
        """Return the number of the track that carries the pictures: the first video track with a segment."""
        return next(self.numbers("video"), None)

    def pictures_end_ms(self) -> int:
        """Return where the last picture ends; 0 without pictures."""
        return max((end for number in self.numbers("video") for _, end in self.spans(number)), default=0)

    def new_id(self, prefix: str) -> str:
        """Return the identifier after the highest one, as in `s4`; counted, so that the same edits give the same draft.

        A gap is not filled: the id of a piece that was removed would make another piece pass for it. What this edit
        itself has removed counts too.
        """
        taken = (raw_id for draft in (self.before._raw, self.raw) for raw_id in _ids_of(draft))
        numbers = (raw_id.removeprefix(prefix) for raw_id in taken if raw_id.startswith(prefix))
        highest = max((int(n) for n in numbers if n.isascii() and n.isdecimal() and len(n) <= MAX_ID_DIGITS), default=0)
        return f"{prefix}{highest + 1}"

    def add_track(self, tt: int, name: str, role: str) -> int:
        """Add a track on top of the others and return its number."""
        track = {"id": self.new_id("t"), "tt": tt, "n": name, "sg": [], "m": {"role": role}}
        self.tracks().append(track)
        return len(self.tracks())

    def put(self, number: int, segment: dict[str, Any]) -> int:
        """Put a segment where its start belongs in the track, and return its number."""
        self.pin(number)
        segments = self.segments(number)
        starts = (start for start, _ in self.spans(number))
        place = next((i for i, start in enumerate(starts) if start > segment["st"]), len(segments))
        segments.insert(place, {"id": self.new_id("s"), **segment})
        return place + 1
