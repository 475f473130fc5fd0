"""Edits of order: move, reorder, remove, rename.

Clips of a picture track follow one another without a gap, and the texts that begin while a clip is shown travel with
it. A text or a sound stands where it is put.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from ipynemo.edits._ripple import limit_sound, remove_time
from ipynemo.edits._work import Work, check_ms
from ipynemo.errors import DraftError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ipynemo.draft.values import Draft

__all__ = [
    "move_segment",
    "remove_segment",
    "remove_track",
    "rename_track",
    "reorder_segments",
    "set_title",
]


def move_segment(draft: Draft, track: int, segment: int, start_s: float) -> Draft:
    """Move a segment to another moment.

    A text or a sound then starts exactly there. A clip of a picture track takes its place among the other clips, the
    nearest to that moment, so that neither a gap nor an overlap comes about.

    Raises
    ------
    NoSuchTrackError, NoSuchSegmentError, DraftError
        There is no such segment, or the moment is before the start.
    """
    start_ms = check_ms(start_s, "start_s")
    value = draft.track(track).segment(segment)
    if draft.track(track).kind == "video":
        others = [s for s in draft.track(track).segments if s.number != segment]
        clock, order = min(s.start_ms for s in draft.track(track).segments), [s.number for s in others]
        place = 0
        for other in others:
            if start_ms < clock + other.duration_ms / 2:
                break
            clock += other.duration_ms
            place += 1
        order.insert(place, segment)
        return reorder_segments(draft, track, order)
    work = Work(draft)
    work.pin(track)
    raw = work.segment(track, segment)
    if start_ms != value.start_ms:
        raw["st"] = start_ms
    return work.done()


def reorder_segments(draft: Draft, track: int, order: Sequence[int]) -> Draft:
    """Put the segments of a track in another order.

    Parameters
    ----------
    order : sequence of int
        Every segment number of the track once, as in `[2, 1, 3]`: what is second now comes first.

    Raises
    ------
    NoSuchTrackError, DraftError
        There is no such track, or the order does not name each segment once.
    """
    segments = draft.track(track).segments
    if sorted(order) != [s.number for s in segments]:
        raise DraftError(
            f"The order {list(order)} does not name each segment of track {track} once.",
            hint=f"It has {len(segments)}: say for example {[s.number for s in reversed(segments)][:8]}.",
        )
    work = Work(draft)
    if list(order) == [s.number for s in segments]:
        return draft
    work.pin(track)
    raws = work.segments(track)
    if draft.track(track).kind == "video":
        clock = min(s.start_ms for s in segments)
        moves: list[tuple[int, int, int]] = []
        for number in order:
            value, raw = segments[number - 1], raws[number - 1]
            if isinstance(raw, dict):
                raw["st"] = clock
            moves.append((value.start_ms, value.end_ms, clock - value.start_ms))
            clock += value.duration_ms
        if track == work.main_track():
            _carry_texts(work, moves)
        raws[:] = [raws[number - 1] for number in order]
        return work.done()
    starts = sorted(s.start_ms for s in segments)
    for start, number in zip(starts, order, strict=True):
        if isinstance(raws[number - 1], dict):
            raws[number - 1]["st"] = start
    raws[:] = [raws[number - 1] for number in order]
    return work.done()


def _carry_texts(work: Work, moves: list[tuple[int, int, int]]) -> None:
    for number in list(work.numbers("text")):
        texts = sorted(work.pin(number), key=lambda text: text[1])
        for (raw, start, _), by_ms in zip(texts, _moved([start for _, start, _ in texts], moves), strict=True):
            raw["st"] = start + by_ms
        segments = work.segments(number)
        if all(isinstance(raw, dict) for raw in segments):
            segments.sort(key=lambda raw: raw["st"])


def _moved(moments: list[int], moves: list[tuple[int, int, int]]) -> Iterator[int]:
    """Yield by how much each moment moves, from early to late: as the first move does, of those that it lies in."""
    coming = sorted(((start, place) for place, (start, _, _) in enumerate(moves)), reverse=True)
    begun: list[int] = []  # a heap of the places of those moves that have begun
    for moment in moments:
        while coming and coming[-1][0] <= moment:
            heappush(begun, coming.pop()[1])
        while begun and moves[begun[0]][1] <= moment:
            heappop(begun)
        yield moves[begun[0]][2] if begun else 0


def remove_segment(draft: Draft, track: int, segment: int, *, ripple: bool = True) -> Draft:
    """Remove a segment.

    Parameters
    ----------
    ripple : bool
        On the main picture track: whether the gap closes, and the texts over the clip go with it. The only clip there
        is leaves the texts where they are.

    Raises
    ------
    NoSuchTrackError, NoSuchSegmentError
        There is no such segment.
    """
    value = draft.track(track).segment(segment)
    work = Work(draft)
    main, old_end = work.main_track(), work.pictures_end_ms()
    work.pin(track)
    del work.segments(track)[segment - 1]
    if ripple and track == main and len(draft.track(track).segments) > 1 and value.duration_ms:
        for number in [track, *work.numbers("text")]:
            remove_time(work, number, value.start_ms, value.end_ms)
        limit_sound(work, old_end, work.pictures_end_ms())
    return work.done()


def remove_track(draft: Draft, track: int) -> Draft:
    """Remove a track with everything on it; the tracks behind it move up by one number.

    Raises
    ------
    NoSuchTrackError
        There is no such track.
    """
    work = Work(draft)
    draft.track(track)
    del work.tracks()[track - 1]
    return work.done()


def rename_track(draft: Draft, track: int, name: str) -> Draft:
    """Give a track another name.

    Raises
    ------
    NoSuchTrackError
        There is no such track.
    """
    work = Work(draft)
    work.track(track)["n"] = name
    return work.done()


def set_title(draft: Draft, title: str) -> Draft:
    """Name the whole draft; the name is not drawn, but it is the clip's title in a player."""
    work = Work(draft)
    work.meta(work.raw)["title"] = title
    return work.done()
