"""What the page asks for, as edits `Draft -> Draft`: drag an edge, move, write a cell, remove.

A drag is an edit of `ipynemo.edits`: the main picture track stays without gaps. A cell means what it means in the
DataFrame (`ipynemo.frames.from_frame`): the written value counts and all else stays.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from ipynemo import edits
from ipynemo.draft import Draft
from ipynemo.draft.edited import Edited
from ipynemo.draft.pairing import Place
from ipynemo.draft.pieces import as_index, as_number
from ipynemo.draft.rebuild import rebuild
from ipynemo.draft.rows import Rows, read_rows
from ipynemo.errors import DraftError, InvalidRequestError
from ipynemo.widgets._timeline_columns import main_track

__all__ = ["CELLS", "MAX_TEXT", "Edit", "frame_cells", "read_edit", "read_places"]

Kind = Literal["trim_start", "trim_end", "move", "cell", "remove"]

KINDS: Final[Mapping[str, Kind]] = {
    "trim_start": "trim_start",
    "trim_end": "trim_end",
    "move": "move",
    "cell": "cell",
    "remove": "remove",
}

CELLS: Final = {
    "name": "name",
    "text": "text",
    "start": "start_s",
    "end": "end_s",
    "duration": "duration_s",
    "volume": "volume",
}  # the page's columns → the frame's

MAX_TEXT: Final = 20_000  # characters of a cell that can be edited on the page
MAX_REMOVED: Final = 500  # segments at once

_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:[.,]\d+)?)")


@dataclass(frozen=True)
class Edit:
    """One edit of the page.

    Parameters
    ----------
    kind : {"trim_start", "trim_end", "move", "cell", "remove"}
    places : tuple of (track, segment)
        One, but for `remove`.
    to_s : float
        Where an edge, or the start, goes.
    column, value : str
        The cell, as it was typed.
    """

    kind: Kind
    places: tuple[Place, ...]
    to_s: float = 0.0
    column: str = ""
    value: str = ""

    def at(self, places: tuple[Place, ...]) -> Edit:
        """Return the same edit for the same segments under other numbers."""
        return replace(self, places=places)

    def make(self, draft: Draft) -> Draft:
        """Return the edited draft.

        Raises
        ------
        DraftError
            The draft cannot take it.
        """
        if self.kind == "remove":
            return _removed(draft, self.places)
        track, segment = self.places[0]
        draft.track(track).segment(segment)
        if self.kind == "cell":
            return _written(draft, track, segment, self.column, self.value)
        if self.kind == "move":
            return edits.move_segment(draft, track, segment, max(0.0, self.to_s))
        return _trimmed(draft, track, segment, self.to_s, at_start=self.kind == "trim_start")


def read_places(value: Any) -> tuple[Place, ...]:
    """Return pairs of numbers that came from a page or a user, as places.

    Raises
    ------
    InvalidRequestError
        They are no pairs of whole numbers from 1.
    """
    try:
        places = [[as_index(number) or 0 for number in pair] for pair in value]
    except TypeError:
        places = [[]]
    if any(len(place) != 2 or min(place) < 1 for place in places):
        raise InvalidRequestError(
            "A selection is a list of pairs (track, segment).", hint="Both are counted from 1: [(1, 2), (1, 3)]."
        )
    return tuple(dict.fromkeys((track, segment) for track, segment in places))


def read_edit(content: Mapping[str, Any]) -> Edit:
    """Return the edit that a message asks for.

    Raises
    ------
    InvalidRequestError
        It is no such message.
    """
    kind, to_s = str(content.get("edit")), as_number(content.get("to_s", 0))
    places = read_places(content.get("places"))
    column, value = content.get("column", ""), content.get("value", "")
    if len(places) > (MAX_REMOVED if kind == "remove" else 1):
        raise InvalidRequestError(f"{len(places)} segments are too many at once.", hint=f"At most {MAX_REMOVED}.")
    if kind not in KINDS or not places or to_s is None:
        raise InvalidRequestError("The page sent an edit that cannot be read.")
    if kind == "cell" and (column not in CELLS or not isinstance(value, str) or len(value) > MAX_TEXT):
        raise InvalidRequestError("The page sent a cell that cannot be read.")
    return Edit(KINDS[kind], places, to_s, str(column), str(value))


def frame_cells(rows: Rows) -> dict[str, list[Any]]:
    """Return the columns of the frame, without pandas."""
    spans = list(zip(rows.start_ms, rows.duration_ms, strict=True))
    return {
        "track": list(rows.track),
        "segment": list(rows.segment),
        "name": list(rows.name),
        "text": list(rows.text),
        "start_s": [start / 1000 for start, _ in spans],
        "end_s": [(start + length) / 1000 for start, length in spans],
        "duration_s": [length / 1000 for _, length in spans],
        "volume": list(rows.volume),
    }


def _rewritten(draft: Draft, track: int, segment: int, values: Mapping[str, Any]) -> Draft:
    """Return the draft that the frame with these cells describes."""
    rows = read_rows(draft._raw)
    cells = frame_cells(rows)
    here = next(i for i, place in enumerate(zip(rows.track, rows.segment, strict=True)) if place == (track, segment))
    for column, value in values.items():
        cells[column][here] = value
    labels = [f"{t}.{s}" for t, s in zip(rows.track, rows.segment, strict=True)]
    return Draft(rebuild(draft._raw, Edited(labels, cells)))


def _written(draft: Draft, track: int, segment: int, column: str, typed: str) -> Draft:
    if column in ("name", "text"):
        value = " ".join(typed.split()) if column == "name" else typed
        now = draft.track(track).segment(segment)
        if value == ((now.name if column == "name" else now.text) or ""):
            return draft
        return _rewritten(draft, track, segment, {column: value if value or column == "text" else None})
    if column == "volume":
        if typed.strip():
            return edits.set_volume(draft, track, _share(typed), segment)
        return _rewritten(draft, track, segment, {"volume": None})
    return _rewritten(draft, track, segment, {CELLS[column]: _seconds(typed)})


def _seconds(typed: str) -> float:
    """Return seconds that somebody typed.

    Examples
    --------
    >>> _seconds("3,5 s"), _seconds("1:05"), _seconds("1:00:02.5")
    (3.5, 65.0, 3602.5)
    """
    text = typed.strip().lower().removesuffix("seconds").removesuffix("s").removesuffix("秒").strip()
    if clock := _CLOCK.fullmatch(text):
        return int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + float(clock[3].replace(",", "."))
    seconds = _float(text)
    if seconds is None:
        raise DraftError(f"{typed.strip()[:40]!r} is no time.", hint="Write seconds, as in 3.5, or 1:05.")
    return seconds


def _share(typed: str) -> float:
    """Return a volume that somebody typed: `35%`, `35` and `0.35` are the same.

    Examples
    --------
    >>> _share("35 %"), _share("35"), _share("0,35"), _share("1")
    (0.35, 0.35, 0.35, 1.0)
    """
    text = typed.strip().replace("％", "%")
    percent = text.endswith("%")
    value = _float(text.removesuffix("%").strip())
    if value is None:
        raise DraftError(f"{typed.strip()[:40]!r} is no volume.", hint="Write percent: 35% is soft, 100% is full.")
    return value / 100 if percent or value > 1 else value


def _float(text: str) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _trimmed(draft: Draft, track: int, segment: int, to_s: float, *, at_start: bool) -> Draft:
    value = draft.track(track).segment(segment)
    if not at_start:
        if round(to_s * 1000) == value.end_ms:
            return draft
        return edits.trim_segment(draft, track, segment, duration_s=to_s - value.start_s)
    if to_s >= value.start_s:
        return edits.trim_segment(draft, track, segment, cut_start_s=to_s - value.start_s)
    if track == main_track(draft):
        raise DraftError(
            "The start of a clip can only be cut.", hint="Drag its end to make it longer: the clips before it stay."
        )
    start_s = max(0.0, to_s)
    return _rewritten(draft, track, segment, {"start_s": start_s, "duration_s": value.end_s - start_s})


def _removed(draft: Draft, places: tuple[Place, ...]) -> Draft:
    """Remove segments: the main track last, since texts go with its clips; from behind, so that the numbers hold."""
    main = main_track(draft)
    for track, segment in sorted(places, key=lambda place: (place[0] == main, -place[0], -place[1])):
        draft = edits.remove_segment(draft, track, segment)
    return draft
