"""Taking time out of the timeline and putting time into it, track by track.

A picture that is shown (`m.media` is "image"), a text and made music are simply shorter or longer; a video or a sound
file keeps its own clock, so that taking time out of its middle leaves two pieces of it.
"""

from __future__ import annotations

import copy
from typing import Any

from ipynemo.draft.pieces import as_ms
from ipynemo.edits._work import MUSIC, Work

__all__ = ["advance", "insert_time", "limit_sound", "remove_time", "tail_of"]


def _keeps_clock(raw: dict[str, Any], kind: str) -> bool:
    if kind == "text":
        return False
    if kind == "audio":
        return not str(raw.get("src") or "").startswith(MUSIC)
    meta = raw.get("m")
    return not (isinstance(meta, dict) and meta.get("media") == "image")


def advance(raw: dict[str, Any], by_ms: int, kind: str) -> None:
    """Begin later in the source of a segment that keeps its own clock."""
    if by_ms and _keeps_clock(raw, kind) and (kind != "video" or "src" in raw or "in" in raw):
        raw["in"] = (as_ms(raw.get("in")) or 0) + by_ms


def tail_of(work: Work, raw: dict[str, Any], span: tuple[int, int], at_ms: int, kind: str) -> dict[str, Any]:
    """Return what is left of a segment from a moment on, as a segment of its own."""
    start, end = span
    tail = copy.deepcopy(raw)
    tail["st"], tail["d"] = at_ms, end - at_ms
    if isinstance(raw.get("id"), str):
        tail["id"] = work.new_id("s")
    meta = tail.get("m")
    if isinstance(meta, dict):
        meta.pop("transition", None)
        meta.pop("fade_in_ms", None)
    advance(tail, at_ms - start, kind)
    return tail


def remove_time(work: Work, number: int, from_ms: int, to_ms: int) -> None:
    """Take a span of time out of one track; what lies behind it moves up."""
    kind = work.kind(number)
    span = to_ms - from_ms
    pairs = work.pin(number)
    segments = work.segments(number)
    gone: set[int] = set()
    for raw, start, end in pairs:
        if end <= from_ms:
            continue
        if start >= to_ms:
            raw["st"] = start - span
        elif start >= from_ms and end <= to_ms:
            if end > start:
                gone.add(id(raw))
            else:
                raw["st"] = from_ms
        elif start >= from_ms:
            raw["st"], raw["d"] = from_ms, end - to_ms
            advance(raw, to_ms - start, kind)
        elif end <= to_ms:
            raw["d"] = from_ms - start
        elif _keeps_clock(raw, kind):
            tail = tail_of(work, raw, (start, end), to_ms, kind)
            tail["st"] = from_ms
            raw["d"] = from_ms - start
            _end_plainly(raw)
            segments.insert(_place_of(segments, raw) + 1, tail)
        else:
            raw["d"] = end - start - span
    segments[:] = [raw for raw in segments if id(raw) not in gone]


def _end_plainly(raw: dict[str, Any]) -> None:
    meta = raw.get("m")
    if isinstance(meta, dict):
        meta.pop("fade_out_ms", None)


def _place_of(segments: list[Any], raw: dict[str, Any]) -> int:
    return next(i for i, other in enumerate(segments) if other is raw)


def insert_time(work: Work, number: int, at_ms: int, span_ms: int) -> None:
    """Put time into one track; what begins there or later moves back."""
    for raw, start, _ in work.pin(number):
        if start >= at_ms:
            raw["st"] = start + span_ms


def limit_sound(work: Work, old_end_ms: int, new_end_ms: int, *kinds: str) -> None:
    """Let what accompanies the pictures end with them, after their end has moved.

    What reached the old end reaches the new one; what went beyond it keeps going beyond by as much; what would begin
    only after its new end is dropped.
    """
    delta = new_end_ms - old_end_ms
    for number in list(work.numbers(*(kinds or ("audio",)))):
        kept = []
        shown = {id(raw): (start, end) for raw, start, end in work.pin(number)}
        for raw in work.segments(number):
            if id(raw) not in shown:
                kept.append(raw)
                continue
            start, old = shown[id(raw)]
            end = old
            if delta < 0 and end > new_end_ms:
                end = max(new_end_ms, end + delta)
            elif delta > 0 and end == old_end_ms:
                end = new_end_ms
            if end > start or old == start:
                if end != old:
                    raw["d"] = max(0, end - start)
                kept.append(raw)
        work.segments(number)[:] = kept
