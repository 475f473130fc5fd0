"""Edits of time: shorter, longer, cut, split.

The pictures set the pace. What shortens or lengthens a clip of the main picture track closes the gap or makes room
(`ripple=True`), texts move along with the pictures that they belong to, and music ends with the pictures. With
`ripple=False` only the one segment changes and all else stays in place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipynemo.draft.drawn import is_drawn
from ipynemo.draft.pieces import as_text
from ipynemo.edits._ripple import advance, insert_time, limit_sound, remove_time, tail_of
from ipynemo.edits._work import MUSIC, Work, check_ms
from ipynemo.errors import DraftError

if TYPE_CHECKING:
    from ipynemo.draft.values import Draft, Segment

__all__ = ["cut_range", "set_duration", "split_segment", "trim_segment"]


def _span(segment: Segment) -> str:
    return f"{segment.start_s:g}–{segment.end_s:g} s"


def trim_segment(
    draft: Draft,
    track: int,
    segment: int,
    *,
    duration_s: float | None = None,
    cut_start_s: float = 0,
    cut_end_s: float = 0,
    ripple: bool = True,
) -> Draft:
    """Make one segment shorter or longer.

    Parameters
    ----------
    track, segment : int
        Counted from 1.
    duration_s : float, optional
        The new length; longer than now holds the segment longer.
    cut_start_s, cut_end_s : float
        How much to take off the start and the end, before `duration_s` counts.
    ripple : bool
        On the main picture track, whether later clips and the texts move along, so that no gap is left. Elsewhere, and
        with False, everything else stays in place.

    Raises
    ------
    NoSuchTrackError, NoSuchSegmentError, DraftError
        There is no such segment, or nothing of it would be left.

    Examples
    --------
    >>> draft = Draft({"t": [{"tt": 0, "sg": [{"d": 4000}, {"d": 6000}]}]})
    >>> [s.start_s for s in trim_segment(draft, 1, 1, duration_s=3).track(1).segments]
    [0.0, 3.0]
    """
    work = Work(draft)
    value = draft.track(track).segment(segment)
    off_start, off_end = check_ms(cut_start_s, "cut_start_s"), check_ms(cut_end_s, "cut_end_s")
    left = value.duration_ms - off_start - off_end
    if left <= 0 and (off_start or off_end):
        raise DraftError(f"Nothing would be left of segment {segment} on track {track} ({_span(value)}).")
    if duration_s is not None:
        wanted = check_ms(duration_s, "duration_s", least_ms=1)
        off_end, left = off_end + max(0, left - wanted), wanted
    longer = max(0, left - (value.duration_ms - off_start - off_end))
    rippling = ripple and track == work.main_track()
    old_end = work.pictures_end_ms()
    raw = work.segment(track, segment)
    kind = work.kind(track)
    if not rippling:
        work.pin(track)
        raw["st"], raw["d"] = value.start_ms + off_start, left
        advance(raw, off_start, kind)
        return work.done()
    numbers = [track, *work.numbers("text")]
    if off_end:
        for number in numbers:
            remove_time(work, number, value.end_ms - off_end, value.end_ms)
    if longer:
        for number in numbers:
            insert_time(work, number, value.end_ms, longer)
        raw["d"] = value.duration_ms + longer
    if off_start:
        for number in numbers:
            remove_time(work, number, value.start_ms, value.start_ms + off_start)
    limit_sound(work, old_end, work.pictures_end_ms())
    return work.done()


def cut_range(draft: Draft, from_s: float, to_s: float) -> Draft:
    """Cut a span of time out of the whole clip, on every track; what lies behind it moves up.

    A video or a sound file that goes on through the span is left in two pieces; a picture, a text and made music are
    shorter.

    Raises
    ------
    DraftError
        The span is empty, outside the clip, or all of it.
    """
    from_ms, to_ms = check_ms(from_s, "from_s"), check_ms(to_s, "to_s")
    to_ms = min(to_ms, draft.duration_ms)
    if from_ms >= to_ms:
        raise DraftError(f"There is nothing from {from_s:g} to {to_s:g} s; the clip is {draft.duration_s:g} s long.")
    if from_ms == 0 and to_ms == draft.duration_ms:
        raise DraftError("That would cut out the whole clip.", hint="Remove the tracks instead.")
    work = Work(draft)
    for number in list(work.numbers("video", "audio", "text", "other")):
        remove_time(work, number, from_ms, to_ms)
    return work.done()


def split_segment(draft: Draft, track: int, segment: int, at_s: float) -> Draft:
    """Split a segment in two at a moment of the timeline, in seconds.

    Raises
    ------
    NoSuchTrackError, NoSuchSegmentError, DraftError
        There is no such segment, or the moment does not lie inside it.
    """
    at_ms = check_ms(at_s, "at_s")
    value = draft.track(track).segment(segment)
    if not value.start_ms < at_ms < value.end_ms:
        raise DraftError(f"{at_s:g} s is not inside segment {segment} on track {track} ({_span(value)}).")
    work = Work(draft)
    work.pin(track)
    raw = work.segment(track, segment)
    tail = tail_of(work, raw, (value.start_ms, value.end_ms), at_ms, work.kind(track))
    raw["d"] = at_ms - value.start_ms
    meta, tail_meta = raw.get("m"), tail.get("m")
    if isinstance(meta, dict) and isinstance(tail_meta, dict):
        meta.pop("fade_out_ms", None)
        share = (at_ms - value.start_ms) / value.duration_ms
        _share_motion(meta, tail_meta, share)
        if is_drawn(meta):
            _share_scene(meta, tail_meta, share)
    work.segments(track).insert(segment, tail)
    return work.done()


def _share_motion(head: dict[str, object], tail: dict[str, object], share: float) -> None:
    """Let the second piece move on from where the first one ends, where the motion is given by its two views."""
    motion = head.get("motion")
    if not isinstance(motion, dict):
        return
    start, end = motion.get("from"), motion.get("to")
    if not all(isinstance(v, list) and all(isinstance(n, (int, float)) for n in v) for v in (start, end)):
        return
    eased = share if motion.get("ease") == "linear" else share * share * (3 - 2 * share)
    middle = [round(a + (b - a) * eased, 4) for a, b in zip(start or [], end or [], strict=False)]
    head["motion"], tail["motion"] = {**motion, "to": middle}, {**motion, "from": middle}


def _share_scene(head: dict[str, object], tail: dict[str, object], share: float) -> None:
    """Have the two halves of a drawn scene play it on, instead of each playing all of it."""
    given = head.get("part")
    begin, end = given if isinstance(given, list) and len(given) == 2 and all(map(_is_number, given)) else (0, 1)
    middle = round(begin + (end - begin) * share, 6)
    head["part"], tail["part"] = [begin, middle], [middle, end]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def set_duration(draft: Draft, duration_s: float) -> Draft:
    """Make the whole clip so long: every time is stretched or shrunk, and nothing is left out.

    Pictures, texts and made music take part whole; a sound file keeps its speed, and ends with the clip.

    Raises
    ------
    DraftError
        The draft is empty, or the length is not a positive number.
    """
    new_end = check_ms(duration_s, "duration_s", least_ms=1)
    old_end = draft.duration_ms
    if old_end == 0:
        raise DraftError("The draft is empty, so it has no length to change.")
    work = Work(draft)

    def scaled(ms: int) -> int:
        return round(ms * new_end / old_end)

    for number in list(work.numbers("video", "audio", "text", "other")):
        kind = work.kind(number)
        for raw, began, ended in work.pin(number):
            start, end = scaled(began), scaled(ended)
            plays_on = kind == "audio" and not (as_text(raw.get("src")) or "").startswith(MUSIC)
            if plays_on and ended != old_end:
                end = min(start + ended - began, new_end)
            raw["st"], raw["d"] = start, end - start
    return work.done()
