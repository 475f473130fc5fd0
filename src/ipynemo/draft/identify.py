"""Which segment an edited row is: by its track and number, and where those were edited, by its place and content.

A row of the frame knows its segment by two columns that a user may change: `track`, to move a segment, and the order
of the rows. The frame's index usually still tells, but not after a `reset_index`. So there are up to two candidates,
and the row's other cells decide between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ipynemo.draft.edited import Edited, refuse

if TYPE_CHECKING:
    from ipynemo.draft.rows import Rows

__all__ = ["identify"]

_LIKENESS = ("track_type", "track_name", "name", "text", "volume", "source")
ENOUGH = 2  # equal cells that make an index label believable where nothing else speaks for it


def _likeness(edited: Edited, row: int, shown: Rows, origin: int) -> int:
    """Return how many cells of a row are still what the frame had shown for a segment."""
    pairs: list[tuple[Any, Any]] = [(edited.cell(row, name), getattr(shown, name)[origin]) for name in _LIKENESS]
    start, length = shown.start_ms[origin], shown.duration_ms[origin]
    for column, ms in (("start_s", start), ("end_s", start + length), ("duration_s", length)):
        pairs.append((edited.cell(row, column), ms / 1000))
    return sum(was is not None and type(was) is not bool and cell == was for cell, was in pairs)


def _candidate(edited: Edited, row: int, shown: Rows, by_number: int | None, by_label: int | None) -> int | None:
    if by_label is None or by_label == by_number:
        return by_number
    if by_number is None:
        return by_label if _likeness(edited, row, shown, by_label) >= ENOUGH else None
    more = _likeness(edited, row, shown, by_label) > _likeness(edited, row, shown, by_number)
    return by_label if more else by_number


def identify(edited: Edited, shown: Rows, tracks: list[int]) -> list[int | None]:
    """Return for each row the row it was in the frame as shown, or None where it is new.

    Raises
    ------
    DraftError
        A row names a segment that the draft does not have, or one that another row names too.
    """
    places = {place: origin for origin, place in enumerate(zip(shown.track, shown.segment, strict=True))}
    origins: list[int | None] = []
    claimed: dict[int, Any] = {}
    for row, label in enumerate(edited.labels):
        number = edited.whole(row, "segment", "Segments are counted from 1; leave it empty to add one.")
        if number is None:
            origins.append(None)
            continue
        in_frame = isinstance(label, int) and 0 <= label < len(shown) and shown.segment[label] == number
        origin = _candidate(edited, row, shown, places.get((tracks[row], number)), label if in_frame else None)
        if origin is None:
            refuse(
                label,
                "segment",
                f"the draft has no segment {number} on track {tracks[row]}",
                "Leave it empty to add a segment; to move one to another track, keep the frame's index.",
            )
        if origin in claimed:
            refuse(
                label,
                "segment",
                f"segment {number} of track {tracks[row]} is in row {claimed[origin]!r} already",
                "Leave segment empty in a copied row to add it as a new one.",
            )
        claimed[origin] = label
        origins.append(origin)
    return origins
