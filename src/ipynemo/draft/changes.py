"""What changed from one draft to the next, in words.

About a third of the edits on the cloud end without a word, so the difference of two drafts is what the user is told.
It never says "no change" where the JSON differs: what has no words of its own is named by its key.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from ipynemo.draft.pairing import Pairing, Place, canonical, pair
from ipynemo.draft.pieces import as_ms
from ipynemo.draft.summary import percent_text, plain, seconds_text, segment_name, source_name, track_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ipynemo.draft.values import Draft, Segment, Track

__all__ = ["changes"]

MAX_LINES = 20
TOLD_TOGETHER = 3  # from so many on, segments of a track that move by the same time share a line

_MISSING: Any = object()


def _same(before: Any, after: Any) -> bool:
    return before is after or (
        before is not _MISSING and after is not _MISSING and canonical(before) == canonical(after)
    )


def _changed_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    keys = dict.fromkeys((*before, *after))
    return [key for key in keys if not _same(before.get(key, _MISSING), after.get(key, _MISSING))]


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _name(segment: Segment, track: Track) -> str:
    text = plain(segment.text) if track.kind == "text" and segment.text else ""
    return f"'{text or segment_name(segment, track)}'"


def _span(segment: Segment) -> str:
    return f"{seconds_text(segment.start_ms)}–{seconds_text(segment.end_ms)} s"


def _whole(segment: Segment, track: Track) -> str:
    volume = f", {percent_text(segment.volume)}" if track.kind == "audio" and segment.volume is not None else ""
    return f"{_name(segment, track)} ({_span(segment)}{volume})"


def _quoted(value: str | None) -> str:
    return f"'{plain(value)}'" if value and plain(value) else "nothing"


def _word(value: Any, missing: str) -> str:
    """Return a setting such as a motion or a transition in a few words."""
    if isinstance(value, str):
        return plain(value, 24).replace("_", " ") or missing
    if isinstance(value, dict):
        kind = value.get("kind")
        if not isinstance(kind, str):
            return "custom"
        length_ms = as_ms(value.get("d"))
        return f"{_word(kind, missing)} ({seconds_text(length_ms)} s)" if length_ms else _word(kind, missing)
    return missing if value is _MISSING or value is None else "custom"


class _Teller:
    """Collects the lines; what has no effect on the clip (`minor`) is told only where nothing else is."""

    def __init__(self, before: Draft, after: Draft) -> None:
        self.before, self.after = before, after
        self.raw_before, self.raw_after = before.raw, after.raw
        self.pairing: Pairing = pair(before, after)
        self.origin: dict[Place, Place] = {now: was for was, now in self.pairing.segments.items()}
        self.lines: list[str] = []
        self.minor: list[str] = []
        self.shifts: dict[tuple[int, int], list[str]] = defaultdict(list)
        labels = Counter(track_label(track) for track in after.tracks)
        self.ambiguous = {label for label, count in labels.items() if count > 1}

    def _where(self, track: Track, number: int) -> str:
        label = "Segment" if track.type is None else track_label(track)
        return (
            f"{label} {number} (track {track.number})"
            if label in self.ambiguous or track.type is None
            else f"{label} {number}"
        )

    def _add(self, head: str, was: str, now: str, what: str) -> None:
        """Tell a change of value; where both read the same, only that there is one."""
        self.lines.append(f"{head}: {was} → {now}" if was != now else f"{what} changed")

    def segment(self, old: Segment, was: Track, new: Segment, now: Track) -> None:
        label, here = track_label(now), self._where(now, new.number)
        head = f"{label} {_name(new, now)}"
        moved_track = self.pairing.tracks.get(was.number) != now.number
        if moved_track:
            self.lines.append(f"{head} moved from track {was.number} to track {now.number}")
        before_raw, after_raw = was.raw["sg"][old.number - 1], now.raw["sg"][new.number - 1]
        if not (isinstance(before_raw, dict) and isinstance(after_raw, dict)):
            if not _same(before_raw, after_raw):
                self.lines.append(f"{here} changed")
            return
        keys = _changed_keys(before_raw, after_raw)
        if old.start_ms != new.start_ms or old.duration_ms != new.duration_ms:
            self._times(head, old, new, now)
            keys = [key for key in keys if key not in {"st", "d"}]
        for key in keys:
            if key == "tx":
                self._add(f"{label} changed", _quoted(old.text), _quoted(new.text), f"{here}: text")
            elif key == "n":
                self._add(f"{label} renamed", _quoted(old.name), _quoted(new.name), f"{here}: name")
            elif key == "src":
                source = [_quoted(source_name(value) if value else None) for value in (old.source, new.source)]
                self._add(f"{head} source replaced", source[0], source[1], f"{head} source")
            elif key == "vol":
                volume = ["unset" if v is None else percent_text(v) for v in (old.volume, new.volume)]
                self._add(f"{head} volume", volume[0], volume[1], f"{here}: volume")
            elif key == "in":
                times = [f"{seconds_text(ms)} s" for ms in (old.in_ms, new.in_ms)]
                self._add(f"{head} starts in its source at", times[0], times[1], f"{here}: in")
            elif key == "m":
                self._meta(head, here, before_raw.get("m", _MISSING), after_raw.get("m", _MISSING))
            else:
                told = self.minor if key == "id" else self.lines
                told.append(f"{here}: {plain(key) or 'a key'} changed")

    def _times(self, head: str, old: Segment, new: Segment, track: Track) -> None:
        change = new.duration_ms - old.duration_ms
        verb = "lengthened" if change > 0 else "trimmed"
        if not change:
            self.shifts[track.number, new.start_ms - old.start_ms].append(f"{head} moved: {_span(old)} → {_span(new)}")
        elif old.start_ms == new.start_ms:
            self._add(
                f"{head} {verb}",
                f"{seconds_text(old.duration_ms)} s",
                f"{seconds_text(new.duration_ms)} s",
                f"{head} length",
            )
        else:
            how = verb if old.end_ms == new.end_ms else f"moved and {verb}"
            self._add(f"{head} {how}", _span(old), _span(new), f"{head} time")

    def _meta(self, head: str, here: str, before: Any, after: Any) -> None:
        if not (isinstance(before, dict) or isinstance(after, dict)):
            self.lines.append(f"{here}: m changed")
            return
        told = False
        for key in _changed_keys(_object(before), _object(after)):
            told = True
            was, now = _object(before).get(key, _MISSING), _object(after).get(key, _MISSING)
            if key in {"motion", "transition"}:
                missing = "still" if key == "motion" else "cut"
                self._add(f"{head} {key}", _word(was, missing), _word(now, missing), f"{head} {key}")
            elif key == "style":
                parts = _changed_keys(_object(was), _object(now))
                shown = ", ".join(plain(part, 24) for part in parts[:6])
                self.lines.append(f"{head} style changed" + (f": {shown}" if shown else ""))
            else:
                self.lines.append(f"{here}: m.{plain(key) or 'a key'} changed")
        if not told:
            self.minor.append(f"{here}: m changed")

    def tell_shifts(self) -> None:
        for (number, delta), lines in self.shifts.items():
            if len(lines) < TOLD_TOGETHER:
                self.lines.extend(lines)
            else:
                way = "later" if delta > 0 else "earlier"
                label = track_label(self.after.tracks[number - 1])
                self.lines.append(f"{label}: {len(lines)} segments moved {seconds_text(abs(delta))} s {way}")

    def segments(self) -> None:
        for track in self.before.tracks:
            self.lines.extend(
                f"{track_label(track)} removed: {_whole(segment, track)}"
                for segment in track.segments
                if (track.number, segment.number) not in self.pairing.segments
            )
        for track in self.after.tracks:
            for segment in track.segments:
                place = self.origin.get((track.number, segment.number))
                if place is None:
                    self.lines.append(f"{track_label(track)} added: {_whole(segment, track)}")
                else:
                    was = self.before.tracks[place[0] - 1]
                    self.segment(was.segments[place[1] - 1], was, segment, track)
        self.tell_shifts()

    def tracks(self) -> None:
        pairing = self.pairing
        for track in self.before.tracks:
            if track.number not in pairing.tracks and not track.segments:
                self.lines.append(f"Track {track.number} removed: {track_label(track)} (empty)")
        kept = {now: was for was, now in pairing.tracks.items()}
        for track in self.after.tracks:
            if track.number in kept:
                self._track(self.before.tracks[kept[track.number] - 1], track)
            elif not track.segments:
                self.lines.append(f"Track {track.number} added: {track_label(track)} (empty)")
        order = [kept[number] for number in sorted(kept)]
        if order != sorted(order):
            self.lines.append("Tracks reordered")

    def _track(self, was: Track, now: Track) -> None:
        here = f"Track {now.number}"
        # The value reads what is no object as an empty one; here the difference counts.
        items = [self.raw_before["t"][was.number - 1], self.raw_after["t"][now.number - 1]]
        if not all(isinstance(item, dict) for item in items):
            if not _same(*items):
                self.lines.append(f"{here} changed")
            return
        for key in _changed_keys({**was.raw, "sg": None}, {**now.raw, "sg": None}):
            if key == "n":
                self._add(f"{here} renamed", _quoted(was.name), _quoted(now.name), f"{here}: name")
            elif key == "tt":
                self._add(f"{here} type", track_label(was), track_label(now), f"{here}: type")
            else:
                told = self.minor if key == "id" else self.lines
                told.append(f"{here}: {plain(key) or 'a key'} changed")
        old, new = was.raw.get("sg", _MISSING), now.raw.get("sg", _MISSING)
        if not (isinstance(old, list) and isinstance(new, list)) and not _same(old, new):
            self.minor.append(f"{here}: sg changed")
        stayed = [self.origin.get((now.number, segment.number)) for segment in now.segments]
        places = [place for place in stayed if place is not None and place[0] == was.number]
        if places != sorted(places):
            self.lines.append(f"{track_label(now)}: segments reordered")

    def draft(self) -> None:
        before, after = self.before, self.after
        old, new = _object(self.raw_before.get("m")), _object(self.raw_after.get("m"))
        length = [before.duration_ms, after.duration_ms]
        # Where one of the two is empty, the lines about its segments say the length already.
        told_length = length[0] != length[1] and not (before.is_empty or after.is_empty)
        if told_length:
            self.lines.append(f"Length: {seconds_text(length[0])} s → {seconds_text(length[1])} s")
        keys = _changed_keys(old, new)
        if {"width", "height"} & set(keys):
            self.lines.extend(_size(before, after))
        for key in keys:
            if key == "title":
                self._add("Draft title", _quoted(before.title), _quoted(after.title), "Draft: title")
            elif key not in {"width", "height"}:
                self.lines.append(f"Draft: m.{plain(key) or 'a key'} changed")
        for key in _changed_keys(self.raw_before, self.raw_after):
            lists = [isinstance(raw.get("t"), list) for raw in (self.raw_before, self.raw_after)]
            objects = isinstance(self.raw_before.get("m"), dict) and isinstance(self.raw_after.get("m"), dict)
            if (key == "t" and all(lists)) or (key == "m" and (keys or objects)):
                continue  # told piece by piece
            told = self.minor if (key == "d" and self.lines) or key in {"t", "m"} else self.lines
            told.append(f"Draft: {plain(key) or 'a key'} changed")


def _size(before: Draft, after: Draft) -> list[str]:
    sizes = [(draft.width_px or 0, draft.height_px or 0) for draft in (before, after)]
    pixels = [f"{width}×{height}" if width and height else "unset" for width, height in sizes]
    if pixels[0] == pixels[1]:
        return ["Draft: size changed"]
    ratios = [f"{w // math.gcd(w, h)}:{h // math.gcd(w, h)}" if w and h else "unset" for w, h in sizes]
    if ratios[0] == ratios[1]:
        return [f"Size: {pixels[0]} → {pixels[1]}"]
    return [f"Aspect ratio: {ratios[0]} → {ratios[1]} ({pixels[0]} → {pixels[1]})"]


def changes(before: Draft, after: Draft) -> list[str]:
    """Return in words what changes from one draft to the next; empty exactly where nothing does.

    At most 20 lines; a longer list ends with `and 37 more changes`.

    Examples
    --------
    >>> from ipynemo.draft import Draft
    >>> before = Draft({"t": [{"tt": 1, "sg": [{"n": "Lo-fi", "d": 10000, "vol": 0.35}]}]})
    >>> after = Draft({"t": [{"tt": 1, "sg": [{"n": "Lo-fi", "d": 8000, "vol": 0.5}]}]})
    >>> for line in changes(before, after):
    ...     print(line)
    BGM 'Lo-fi' trimmed: 10 s → 8 s
    BGM 'Lo-fi' volume: 35% → 50%
    Length: 10 s → 8 s
    """
    if before == after:
        return []
    teller = _Teller(before, after)
    teller.tracks()
    teller.segments()
    teller.draft()
    lines = teller.lines or teller.minor or ["Draft changed"]
    if len(lines) <= MAX_LINES:
        return lines
    more = len(lines) - MAX_LINES
    return [*lines[:MAX_LINES], f"and {more} more change{'' if more == 1 else 's'}"]
