"""An edit in words, for a backend that takes edits in the chat only: what differs between two drafts, as a request."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Final

from ipynemo.draft import Draft, Segment, Track
from ipynemo.draft.pairing import canonical, pair
from ipynemo.draft.summary import percent_text, plain, seconds_text, segment_name, track_label

__all__ = ["MAX_WISHES", "same_rows", "wishes"]

MAX_WISHES: Final = 20  # of one message; a model that is told more forgets some
MAX_QUOTED: Final = 2_000  # characters of one text
TOGETHER: Final = 3  # from so many on, segments that move by the same time share a sentence

_TOLD = {"st", "d", "tx", "n", "vol", "id"}


def _where(track: Track, segment: Segment) -> str:
    text = plain(segment.text or "") if track.kind == "text" else ""
    name = _quoted(text or segment_name(segment, track))
    return f"segment {segment.number} of track {track.number} ({track_label(track)} {name})"


def _quoted(text: str) -> str:
    return json.dumps(text[:MAX_QUOTED], ensure_ascii=False)


def wishes(before: Draft, after: Draft) -> list[str]:
    """Return what to ask for, one sentence a change, so that `before` becomes `after`.

    Numbers are those of `before`. What has no words of its own is told by `Draft.diff`.

    Examples
    --------
    >>> before = Draft({"t": [{"tt": 1, "sg": [{"n": "Lo-fi", "d": 9000, "vol": 1}]}]})
    >>> after = Draft({"t": [{"tt": 1, "sg": [{"n": "Lo-fi", "d": 9000, "vol": 0.35}]}]})
    >>> wishes(before, after)
    ['Set the volume of segment 1 of track 1 (BGM "Lo-fi") to 35%.']
    """
    pairing = pair(before, after)
    told: list[str] = []
    moved: dict[tuple[int, int], list[str]] = defaultdict(list)
    complete = len(after.tracks) == len(before.tracks)
    for track in before.tracks:
        for segment in track.segments:
            place = pairing.segments.get((track.number, segment.number))
            if place is None:
                told.append(f"Remove {_where(track, segment)}.")
                continue
            now = after.tracks[place[0] - 1].segments[place[1] - 1]
            complete = complete and place[0] == track.number and _is_told(segment, now)
            told += _changes(track, segment, now)
            if now.start_ms != segment.start_ms and now.duration_ms == segment.duration_ms:
                moved[track.number, now.start_ms - segment.start_ms].append(
                    f"Move {_where(track, segment)} so that it starts at {seconds_text(now.start_ms)} s."
                )
    for (number, by_ms), sentences in moved.items():
        if len(sentences) < TOGETHER:
            told += sentences
        else:
            way = "later" if by_ms > 0 else "earlier"
            told.append(
                f"On track {number}, {len(sentences)} segments then stand {seconds_text(abs(by_ms))} s {way} than now."
            )
    if set(pairing.segments.values()) != {(t.number, s.number) for t in after.tracks for s in t.segments}:
        complete = False
    if not complete or not told:
        told += [f"The result: {line}." for line in before.diff(after)]
    return told


def _is_told(old: Segment, new: Segment) -> bool:
    rest = [canonical({key: value for key, value in s.raw.items() if key not in _TOLD}) for s in (old, new)]
    return rest[0] == rest[1]


def _changes(track: Track, old: Segment, new: Segment) -> list[str]:
    where, told = _where(track, old), []
    if new.duration_ms != old.duration_ms:
        span = f"from {seconds_text(new.start_ms)} s to {seconds_text(new.end_ms)} s"
        told.append(f"Let {where} run {span} ({seconds_text(new.duration_ms)} s long).")
    if new.text != old.text:
        told.append(f"Change the text of {where} to {_quoted(new.text or '')}.")
    if new.name != old.name:
        told.append(f"Rename {where} to {_quoted(new.name or '')}.")
    if new.volume != old.volume and new.volume is not None:
        told.append(f"Set the volume of {where} to {percent_text(new.volume)}.")
    return told


def same_rows(one: Draft, other: Draft) -> bool:
    """Return whether two drafts show the same segments: what a backend adds of its own does not count."""

    def rows(draft: Draft) -> list[tuple[object, ...]]:
        return [
            (track.number, s.start_ms, s.duration_ms, s.name, s.text, None if s.volume is None else round(s.volume, 3))
            for track in draft.tracks
            for s in track.segments
        ]

    return rows(one) == rows(other)
