"""What changed from one draft to the next, in words.

About a third of the edits on the cloud end without a word, so the difference of two drafts is what the user is told.
It never says "no change" where the JSON differs: what has no words of its own is named by its key.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from ipynemo.draft.pairing import Pairing, Place, canonical, pair
from ipynemo.draft.phrases import Phrases
from ipynemo.draft.pieces import as_ms
from ipynemo.draft.summary import percent_text, plain, seconds_text, segment_name, source_name, track_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ipynemo.draft.values import Draft, Segment, Track

__all__ = ["changes"]

MAX_LINES = 20
TOLD_TOGETHER = 3  # from so many on, segments of a track that move by the same time share a line

UNTITLED = "untitled"  # what a segment without any name is called
SAME = {"lengthened": "length", "trimmed": "length"}  # which phrase tells a change of value that does not show

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


class _Teller:
    """Collects the lines; what has no effect on the clip (`minor`) is told only where nothing else is."""

    def __init__(self, before: Draft, after: Draft, language: str) -> None:
        self.before, self.after = before, after
        self.raw_before, self.raw_after = before.raw, after.raw
        self.pairing: Pairing = pair(before, after)
        self.origin: dict[Place, Place] = {now: was for was, now in self.pairing.segments.items()}
        self.lines: list[str] = []
        self.minor: list[str] = []
        self.shifts: dict[tuple[int, int], list[str]] = defaultdict(list)
        self.phrases = Phrases(language)
        self.say, self.quoted = self.phrases.say, self.phrases.quoted
        labels = Counter(track_label(track) for track in after.tracks)
        self.ambiguous = {label for label, count in labels.items() if count > 1}

    # -- names and values ----------------------------------------------------------------------------------------------

    def label(self, track: Track) -> str:
        return self.phrases.named(track_label(track))

    def name(self, segment: Segment, track: Track) -> str:
        text = plain(segment.text) if track.kind == "text" and segment.text else ""
        name = text or segment_name(segment, track)
        return self.say("quoted", text=self.say("untitled") if name == UNTITLED and not segment.name else name)

    def seconds(self, ms: int) -> str:
        return self.say("seconds", n=seconds_text(ms))

    def span(self, segment: Segment) -> str:
        return self.say("span", start=seconds_text(segment.start_ms), end=seconds_text(segment.end_ms))

    def whole(self, segment: Segment, track: Track) -> str:
        name, span = self.name(segment, track), self.span(segment)
        if track.kind == "audio" and segment.volume is not None:
            return self.say("whole_loud", name=name, span=span, volume=percent_text(segment.volume))
        return self.say("whole", name=name, span=span)

    def word(self, value: Any, missing: str) -> str:
        """Return a setting such as a motion or a transition in a few words."""
        if isinstance(value, str):
            return self.phrases.named(plain(value, 24).replace("_", " ") or missing)
        if isinstance(value, dict):
            kind = value.get("kind")
            if not isinstance(kind, str):
                return self.say("custom")
            length_ms, told = as_ms(value.get("d")), self.word(kind, missing)
            return self.say("kind_timed", kind=told, length=self.seconds(length_ms)) if length_ms else told
        return self.phrases.named(missing) if value is _MISSING or value is None else self.say("custom")

    def key(self, key: str) -> str:
        return plain(key) or self.say("a_key")

    def where(self, track: Track, number: int) -> str:
        label = self.say("piece") if track.type is None else self.label(track)
        many = track.type is None or track_label(track) in self.ambiguous
        return self.say("here_track" if many else "here", label=label, n=number, track=track.number)

    def add(self, what: str, was: str, now: str, **places: str) -> None:
        """Tell a change of value; where both read the same, only that there is one."""
        if was != now:
            self.lines.append(self.say("change", head=self.say(f"of_{what}", **places), was=was, now=now))
        else:
            self.lines.append(self.say("changed", what=self.say(f"the_{SAME.get(what, what)}", **places)))

    # -- segments ------------------------------------------------------------------------------------------------------

    def segment(self, old: Segment, was: Track, new: Segment, now: Track) -> None:
        label, here = self.label(now), self.where(now, new.number)
        head = self.say("head", label=label, name=self.name(new, now))
        places = {"label": label, "here": here, "head": head}
        if self.pairing.tracks.get(was.number) != now.number:
            self.lines.append(self.say("changed_track", head=head, was=was.number, now=now.number))
        before_raw, after_raw = was.raw["sg"][old.number - 1], now.raw["sg"][new.number - 1]
        if not (isinstance(before_raw, dict) and isinstance(after_raw, dict)):
            if not _same(before_raw, after_raw):
                self.lines.append(self.say("changed", what=here))
            return
        keys = _changed_keys(before_raw, after_raw)
        if old.start_ms != new.start_ms or old.duration_ms != new.duration_ms:
            self._times(head, old, new, now)
            keys = [key for key in keys if key not in {"st", "d"}]
        for key in keys:
            if key == "tx":
                self.add("text", self.quoted(old.text), self.quoted(new.text), **places)
            elif key == "n":
                self.add("name", self.quoted(old.name), self.quoted(new.name), **places)
            elif key == "src":
                source = [self.quoted(source_name(value) if value else None) for value in (old.source, new.source)]
                self.add("source", source[0], source[1], **places)
            elif key == "vol":
                volume = [self.say("unset") if v is None else percent_text(v) for v in (old.volume, new.volume)]
                self.add("volume", volume[0], volume[1], **places)
            elif key == "in":
                self.add("in", self.seconds(old.in_ms), self.seconds(new.in_ms), **places)
            elif key == "m":
                self._meta(head, here, before_raw.get("m", _MISSING), after_raw.get("m", _MISSING))
            else:
                told = self.minor if key == "id" else self.lines
                told.append(self.say("key_changed", where=here, key=self.key(key)))

    def _times(self, head: str, old: Segment, new: Segment, track: Track) -> None:
        change = new.duration_ms - old.duration_ms
        verb = "lengthened" if change > 0 else "trimmed"
        if not change:
            line = self.say("moved", head=head, was=self.span(old), now=self.span(new))
            self.shifts[track.number, new.start_ms - old.start_ms].append(line)
        elif old.start_ms == new.start_ms:
            self.add(verb, self.seconds(old.duration_ms), self.seconds(new.duration_ms), head=head)
        else:
            how = verb if old.end_ms == new.end_ms else f"moved_{verb}"
            was, now = self.span(old), self.span(new)
            if was != now:
                self.lines.append(self.say("change", head=self.say(f"of_{how}", head=head), was=was, now=now))
            else:
                self.lines.append(self.say("changed", what=self.say("the_time", head=head)))

    def _meta(self, head: str, here: str, before: Any, after: Any) -> None:
        if not (isinstance(before, dict) or isinstance(after, dict)):
            self.lines.append(self.say("key_changed", where=here, key="m"))
            return
        told = False
        for key in _changed_keys(_object(before), _object(after)):
            told = True
            was, now = _object(before).get(key, _MISSING), _object(after).get(key, _MISSING)
            if key in {"motion", "transition"}:
                missing = "still" if key == "motion" else "cut"
                self.add(key, self.word(was, missing), self.word(now, missing), head=head)
            elif key == "style":
                parts = _changed_keys(_object(was), _object(now))
                shown = ", ".join(plain(part, 24) for part in parts[:6])
                self.lines.append(self.say("style_parts" if shown else "style", head=head, parts=shown))
            else:
                self.lines.append(self.say("key_changed", where=here, key=f"m.{self.key(key)}"))
        if not told:
            self.minor.append(self.say("key_changed", where=here, key="m"))

    def tell_shifts(self) -> None:
        for (number, delta), lines in self.shifts.items():
            if len(lines) < TOLD_TOGETHER:
                self.lines.extend(lines)
            else:
                way = "moved_later" if delta > 0 else "moved_earlier"
                label, by = self.label(self.after.tracks[number - 1]), seconds_text(abs(delta))
                self.lines.append(self.say(way, label=label, count=len(lines), by=by))

    def segments(self) -> None:
        for track in self.before.tracks:
            self.lines.extend(
                self.say("removed", label=self.label(track), what=self.whole(segment, track))
                for segment in track.segments
                if (track.number, segment.number) not in self.pairing.segments
            )
        for track in self.after.tracks:
            for segment in track.segments:
                place = self.origin.get((track.number, segment.number))
                if place is None:
                    self.lines.append(self.say("added", label=self.label(track), what=self.whole(segment, track)))
                else:
                    was = self.before.tracks[place[0] - 1]
                    self.segment(was.segments[place[1] - 1], was, segment, track)
        self.tell_shifts()

    # -- tracks and the draft ------------------------------------------------------------------------------------------

    def tracks(self) -> None:
        pairing = self.pairing
        for track in self.before.tracks:
            if track.number not in pairing.tracks and not track.segments:
                self.lines.append(self.say("track_removed", n=track.number, label=self.label(track)))
        kept = {now: was for was, now in pairing.tracks.items()}
        for track in self.after.tracks:
            if track.number in kept:
                self._track(self.before.tracks[kept[track.number] - 1], track)
            elif not track.segments:
                self.lines.append(self.say("track_added", n=track.number, label=self.label(track)))
        order = [kept[number] for number in sorted(kept)]
        if order != sorted(order):
            self.lines.append(self.say("tracks_reordered"))

    def _track(self, was: Track, now: Track) -> None:
        here = self.say("track", n=now.number)
        # The value reads what is no object as an empty one; here the difference counts.
        items = [self.raw_before["t"][was.number - 1], self.raw_after["t"][now.number - 1]]
        if not all(isinstance(item, dict) for item in items):
            if not _same(*items):
                self.lines.append(self.say("changed", what=here))
            return
        for key in _changed_keys({**was.raw, "sg": None}, {**now.raw, "sg": None}):
            if key == "n":
                self.add("track_name", self.quoted(was.name), self.quoted(now.name), head=here)
            elif key == "tt":
                self.add("track_type", self.label(was), self.label(now), head=here)
            else:
                told = self.minor if key == "id" else self.lines
                told.append(self.say("key_changed", where=here, key=self.key(key)))
        old, new = was.raw.get("sg", _MISSING), now.raw.get("sg", _MISSING)
        if not (isinstance(old, list) and isinstance(new, list)) and not _same(old, new):
            self.minor.append(self.say("key_changed", where=here, key="sg"))
        stayed = [self.origin.get((now.number, segment.number)) for segment in now.segments]
        places = [place for place in stayed if place is not None and place[0] == was.number]
        if places != sorted(places):
            self.lines.append(self.say("segments_reordered", label=self.label(now)))

    def draft(self) -> None:
        before, after, here = self.before, self.after, self.say("draft")
        old, new = _object(self.raw_before.get("m")), _object(self.raw_after.get("m"))
        # Where one of the two is empty, the lines about its segments say the length already.
        if before.duration_ms != after.duration_ms and not (before.is_empty or after.is_empty):
            was, now = self.seconds(before.duration_ms), self.seconds(after.duration_ms)
            self.lines.append(self.say("length", was=was, now=now))
        keys = _changed_keys(old, new)
        if {"width", "height"} & set(keys):
            self.lines.append(self._size())
        for key in keys:
            if key == "title":
                self.add("title", self.quoted(before.title), self.quoted(after.title))
            elif key == "motion" and "reduced" in (old.get(key), new.get(key)):
                self.lines.append(self.say("motion_reduced" if new.get(key) == "reduced" else "motion_back"))
            elif key not in {"width", "height"}:
                self.lines.append(self.say("key_changed", where=here, key=f"m.{self.key(key)}"))
        for key in _changed_keys(self.raw_before, self.raw_after):
            lists = [isinstance(raw.get("t"), list) for raw in (self.raw_before, self.raw_after)]
            objects = isinstance(self.raw_before.get("m"), dict) and isinstance(self.raw_after.get("m"), dict)
            if (key == "t" and all(lists)) or (key == "m" and (keys or objects)):
                continue  # told piece by piece
            told = self.minor if (key == "d" and self.lines) or key in {"t", "m"} else self.lines
            told.append(self.say("key_changed", where=here, key=self.key(key)))

    def _size(self) -> str:
        sizes = [(draft.width_px or 0, draft.height_px or 0) for draft in (self.before, self.after)]
        unset = self.say("unset")
        pixels = [f"{width}×{height}" if width and height else unset for width, height in sizes]
        if pixels[0] == pixels[1]:
            return self.say("size_changed")
        ratios = [f"{w // math.gcd(w, h)}:{h // math.gcd(w, h)}" if w and h else unset for w, h in sizes]
        if ratios[0] == ratios[1]:
            return self.say("size", was=pixels[0], now=pixels[1])
        return self.say("aspect", was=ratios[0], now=ratios[1], pixels_was=pixels[0], pixels_now=pixels[1])


def changes(before: Draft, after: Draft, language: str = "en") -> list[str]:
    """Return in words what changes from one draft to the next; empty exactly where nothing does.

    At most 20 lines; a longer list ends with `and 37 more changes`. Of the languages, there are `en` and `zh`.

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
    teller = _Teller(before, after, language)
    teller.tracks()
    teller.segments()
    teller.draft()
    lines = teller.lines or teller.minor or [teller.say("draft_changed")]
    if len(lines) <= MAX_LINES:
        return lines
    more = len(lines) - MAX_LINES
    return [*lines[:MAX_LINES], teller.say("more_one" if more == 1 else "more_many", n=more)]
