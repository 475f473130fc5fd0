"""Rows that somebody edited, back to a draft: what differs from what the rows had shown is written, all else is kept.

The rule that decides every doubt: the new draft shows exactly what the edited rows say. So a segment that merely
followed its predecessor gets a start of its own only where it would otherwise slip.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ipynemo.draft.edited import Edited, is_number, refuse
from ipynemo.draft.identify import identify
from ipynemo.draft.pieces import as_ms
from ipynemo.draft.rows import TEXT_KEYS, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["rebuild"]

_WRITTEN_BY = {"n": "name", "tx": "text", "src": "source", "vol": "volume", "d": "duration_s"}


@dataclass
class _Piece:
    item: Any  # the raw segment, ours to change once it is no longer the base's
    start_ms: int | None  # None: it follows the one before it
    duration_ms: int
    is_new: bool


class _Rebuilder:
    def __init__(self, base: Mapping[str, Any], edited: Edited) -> None:
        self.base, self.edited, self.shown = base, edited, read_rows(base)
        tracks = base.get("t")
        self.tracks: list[Any] = list(tracks) if isinstance(tracks, list) else []
        self.track_of = [self._track_number(row) for row in range(len(edited.labels))]
        self.origin = identify(edited, self.shown, self.track_of)

    def _track_number(self, row: int) -> int:
        hint = "Tracks are counted from 1."
        number = self.edited.whole(row, "track", hint)
        if number is None:
            refuse(self.edited.labels[row], "track", "it is empty", hint)
        return number

    def add_tracks(self) -> None:
        """Make the tracks that only new rows name; their numbers go on where the draft's end."""
        edited, count = self.edited, len(self.tracks)
        rows_of: dict[int, list[int]] = defaultdict(list)
        for row, number in enumerate(self.track_of):
            if not 1 <= number <= count:
                rows_of[number].append(row)
        for expected, number in enumerate(sorted(rows_of), count + 1):
            row = rows_of[number][0]
            has = f"the draft has 1–{count}" if count > 1 else "the draft has 1" if count else "the draft has none"
            if number != expected:
                refuse(
                    edited.labels[row],
                    "track",
                    f"there is no track {number}; {has}",
                    f"For a new track write {expected}, and its track_type (0 video, 1 audio, 7 text).",
                )
            types = [edited.whole(r, "track_type", "0 is video, 1 audio, 7 text.") for r in rows_of[number]]
            given = dict.fromkeys(value for value in types if value is not None)
            if len(given) != 1:
                problem = "a new track has one type" if given else f"there is no track {number} yet; {has}"
                refuse(edited.labels[row], "track_type", problem, "Write 0 for video, 1 for audio, or 7 for text.")
            track: dict[str, Any] = {"tt": next(iter(given))}
            names = [edited.text(r, "track_name") for r in rows_of[number]]
            if name := next((name for name in names if name is not None), None):
                track["n"] = name
            self.tracks.append({**track, "sg": []})

    def edit_tracks(self) -> None:
        """Rename tracks and change their types, where the rows that stayed on them agree about it."""
        for column, key in (("track_name", "n"), ("track_type", "tt")):
            if column not in self.edited.cells:
                continue
            told: dict[int, tuple[Any, Any]] = {}
            for row, origin in enumerate(self.origin):
                number, label = self.track_of[row], self.edited.labels[row]
                value: Any = (
                    self.edited.text(row, column) if key == "n" else self.edited.whole(row, column, "0, 1 or 7.")
                )
                if origin is None:
                    if key == "tt":
                        self._check_type(row, number, value)
                    continue
                was = getattr(self.shown, column)[origin]
                if self.shown.track[origin] != number or value == was:
                    continue
                if told.setdefault(number, (value, label))[0] != value:
                    first, other = told[number][0], told[number][1]
                    refuse(
                        label,
                        column,
                        f"{value!r} contradicts {first!r} in row {other!r}",
                        f"All rows of track {number} are one track; give it one {column}.",
                    )
            for number, (value, _) in told.items():
                self._set_track(number, key, value)

    def _check_type(self, row: int, number: int, value: int | None) -> None:
        track = self.tracks[number - 1]
        is_of = track.get("tt") if isinstance(track, dict) else None
        if value is not None and value != is_of:
            refuse(
                self.edited.labels[row],
                "track_type",
                f"track {number} is of type {is_of}, not {value}",
                f"Leave it empty, or write track {len(self.tracks) + 1} for a new one.",
            )

    def _set_track(self, number: int, key: str, value: Any) -> None:
        track = self.tracks[number - 1]
        changed = {k: v for k, v in (track if isinstance(track, dict) else {}).items() if k != key or value is not None}
        if value is not None:
            changed[key] = value
        self.tracks[number - 1] = changed

    def piece(self, row: int) -> _Piece:
        """Return the segment that a row describes."""
        origin, shown = self.origin[row], self.shown
        if origin is None:
            item: Any = {}
            was: dict[str, Any] = {}
        else:
            item = self.base["t"][shown.track[origin] - 1]["sg"][shown.segment[origin] - 1]
            was = {column: getattr(shown, column)[origin] for column in (*TEXT_KEYS, "volume")}
        changes: dict[str, Any] = {}
        for column, key in TEXT_KEYS.items():
            if column in self.edited.cells and (value := self.edited.text(row, column)) != was.get(column):
                changes[key] = value
        if "volume" in self.edited.cells and (volume := self._volume(row, was.get("volume"))) != was.get("volume"):
            changes["vol"] = volume
        start_ms, duration_ms = self._times(row, origin)
        if origin is None or duration_ms != shown.duration_ms[origin]:
            changes["d"] = duration_ms
        self._extra(row, item, changes)
        if "st" in changes:
            if origin is not None and start_ms != shown.start_ms[origin] and as_ms(changes["st"]) != start_ms:
                refuse(self.edited.labels[row], "st", "it contradicts the column start_s", "Change one of the two.")
            start_ms = as_ms(changes["st"])
        if changes:
            old = item if isinstance(item, dict) else {}
            merged = {**old, **changes}
            item = {key: value for key, value in merged.items() if key not in changes or value is not None}
        return _Piece(item, start_ms, as_ms(item.get("d")) or 0 if isinstance(item, dict) else 0, origin is None)

    def _volume(self, row: int, was: float | None) -> float | None:
        value, label = self.edited.cell(row, "volume"), self.edited.labels[row]
        if value is None or value == was:
            return was if value is not None else None
        if not is_number(value):
            refuse(label, "volume", f"{value!r} is no number", "Write 0 for silent to 1 for full.")
        if not 0 <= value <= 1:
            hint = (
                f"Write {float(value) / 100:g} for {float(value):g} %." if 1 < value <= 100 else "0 is silent, 1 full."
            )
            refuse(label, "volume", f"{value!r} is not between 0 and 1", hint)
        return value

    def _times(self, row: int, origin: int | None) -> tuple[int | None, int]:
        """Return start and length: of start, end and length, whichever changed count."""
        edited, label = self.edited, self.edited.labels[row]
        was_start = None if origin is None else self.shown.start_ms[origin]
        was_length = None if origin is None else self.shown.duration_ms[origin]
        was_end = None if was_start is None or was_length is None else was_start + was_length
        start = edited.ms(row, "start_s", was_start) if "start_s" in edited.cells else was_start
        end, length = edited.ms(row, "end_s", was_end), edited.ms(row, "duration_s", was_length)
        if was_length is None and end is None and length is None:
            refuse(label, "end_s", "a new segment has no length", "Give it end_s or duration_s.")
        end, length = None if end == was_end else end, None if length == was_length else length
        if end is not None:
            if start is None and length is not None:
                start = end - length
            if start is None:
                refuse(label, "start_s", "it is empty, and end_s needs it", "Give it start_s, or duration_s instead.")
            hint = "Change start_s and one of end_s and duration_s; the third follows."
            if end <= start or start < 0:
                refuse(label, "end_s", f"from {start / 1000:g} s to {end / 1000:g} s is no time", hint)
            if length is not None and abs(end - start - length) > 1:
                problem = f"{length / 1000:g} s is not from {start / 1000:g} s to {end / 1000:g} s"
                refuse(label, "duration_s", problem, hint)
            length = end - start
        if length is None:
            return start, was_length or 0
        if not length:
            refuse(label, "duration_s", "the segment would have no length", "Drop the row to remove the segment.")
        return start, length

    def _extra(self, row: int, item: Any, changes: dict[str, Any]) -> None:
        for key in self.edited.extra:
            value = self.edited.cell(row, key)
            was = item.get(key) if isinstance(item, dict) else None
            try:
                same = value is was or json.dumps(value, sort_keys=True) == json.dumps(was, sort_keys=True)
                json.dumps(value, allow_nan=False)
            except (TypeError, ValueError, RecursionError):
                refuse(self.edited.labels[row], key, f"{value!r} is nothing that JSON can say", "Write plain values.")
            if same:
                continue
            if key in changes and changes[key] != value:
                problem = f"it contradicts the column {_WRITTEN_BY.get(key, key)}"
                refuse(self.edited.labels[row], key, problem, "Change one of the two.")
            changes[key] = value

    def draft(self) -> dict[str, Any]:
        """Return the JSON object of the new draft."""
        self.add_tracks()
        self.edit_tracks()
        pieces: dict[int, list[_Piece]] = defaultdict(list)
        for row, number in enumerate(self.track_of):
            pieces[number].append(self.piece(row))
        end_ms = 0
        for number, track in enumerate(self.tracks, 1):
            items, track_end_ms = _laid_out(pieces[number])
            end_ms = max(end_ms, track_end_ms)
            had = track.get("sg") if isinstance(track, dict) else None
            if items or (isinstance(had, list) and had):
                self.tracks[number - 1] = {**(track if isinstance(track, dict) else {}), "sg": items}
        raw = dict(self.base)
        if self.tracks:
            raw["t"] = self.tracks
        self._set_length(raw, end_ms)
        return raw

    def _set_length(self, raw: dict[str, Any], end_ms: int) -> None:
        shown = self.shown
        was_end_ms = max((s + d for s, d in zip(shown.start_ms, shown.duration_ms, strict=True)), default=0)
        total_ms = as_ms(raw.get("d"))
        if not self.base:
            if self.track_of:
                raw["d"] = end_ms
        elif end_ms != was_end_ms and total_ms is not None and (total_ms == was_end_ms or total_ms < end_ms):
            raw["d"] = end_ms


def _laid_out(pieces: list[_Piece]) -> tuple[list[Any], int]:
    """Return the raw segments of a track, with a start wherever they would else slip; and where the last one ends."""
    items: list[Any] = []
    follows_ms = end_ms = 0
    for piece in pieces:
        item = piece.item
        own_ms = as_ms(item.get("st")) if isinstance(item, dict) else None
        stands_ms = follows_ms if own_ms is None else own_ms
        start_ms = follows_ms if piece.start_ms is None else piece.start_ms
        if piece.start_ms is None and own_ms is not None:
            item = {key: value for key, value in item.items() if key != "st"}
        elif stands_ms != start_ms or (piece.is_new and own_ms is None):
            item = {**(item if isinstance(item, dict) else {}), "st": start_ms}
        items.append(item)
        follows_ms = start_ms + piece.duration_ms
        end_ms = max(end_ms, follows_ms)
    return items, end_ms


def rebuild(base: Mapping[str, Any], edited: Edited) -> dict[str, Any]:
    """Return the JSON object of the draft that edited rows describe.

    Parameters
    ----------
    base : mapping
        The JSON object that the rows were made of; empty for a draft made of the rows alone.
    edited : Edited
        The rows.

    Raises
    ------
    DraftError
        The rows contradict themselves or the draft; it names the row and the column.
    """
    return _Rebuilder(base, edited).draft()
