"""Which track and which segment of one draft is which of another: by id where there is one, else by content.

An id counts among tracks of one type: a draft that was edited elsewhere may give the id of what was removed again.

So that a segment put in front is one addition, and not a change of everything behind it. Every step is a lookup in a
dictionary, so that the cost grows with the size of the drafts and not with its square.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from ipynemo.draft.values import Draft, Segment, Track

__all__ = ["Pairing", "Place", "canonical", "pair"]

T = TypeVar("T")
Place = tuple[int, int]  # (track number, segment number), both from 1


@dataclass
class Pairing:
    """What belongs together. A number or a place that is no key was removed; one that is no value was added.

    Parameters
    ----------
    tracks : dict
        Track numbers before → after.
    segments : dict
        Places before → after.
    """

    tracks: dict[int, int] = field(default_factory=dict)
    segments: dict[Place, Place] = field(default_factory=dict)


def canonical(value: Any) -> str:
    """Return JSON as text that is equal where the JSON is: `1`, `1.0` and `true` are three different things."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _match(
    before: Iterable[T], after: Iterable[T], key_before: Callable[[T], Hashable], key_after: Callable[[T], Hashable]
) -> list[tuple[T, T]]:
    """Return pairs of equal keys in order of appearance; None matches nothing."""
    waiting: dict[Hashable, deque[T]] = defaultdict(deque)
    for item in before:
        if (key := key_before(item)) is not None:
            waiting[key].append(item)
    pairs = []
    for item in after:
        key = key_after(item)
        if key is not None and waiting.get(key):
            pairs.append((waiting[key].popleft(), item))
    return pairs


def _unique_ids(items: Iterable[tuple[Any, Any]]) -> dict[Any, str]:
    """Return what has an id that nothing else has: item → id."""
    found = [(item, raw_id) for item, raw_id in items if isinstance(raw_id, str) and raw_id]
    counts = Counter(raw_id for _, raw_id in found)
    return {item: raw_id for item, raw_id in found if counts[raw_id] == 1}


class _Side:
    """One of the two drafts, with what its pieces are recognised by."""

    def __init__(self, draft: Draft) -> None:
        self.tracks: dict[int, Track] = {track.number: track for track in draft.tracks}
        self.segments: dict[Place, Segment] = {
            (track.number, segment.number): segment for track in draft.tracks for segment in track.segments
        }
        self.track_ids = _unique_ids((number, track.raw.get("id")) for number, track in self.tracks.items())
        self.segment_ids = _unique_ids((place, segment.id) for place, segment in self.segments.items())

    def known(self, place: Place) -> Hashable:
        """Return the id with the type of the track: an id that another draft gave anew names something else there."""
        raw_id = self.segment_ids.get(place)
        return None if raw_id is None else (self.tracks[place[0]].type, raw_id)

    def ids_on(self, number: int) -> set[str]:
        """Return the ids of a track's segments; none where one of them has none."""
        segments = self.tracks[number].segments
        ids = {raw_id for s in segments if (raw_id := self.segment_ids.get((number, s.number))) is not None}
        return ids if len(ids) == len(segments) else set()

    def known_in_track(self, place: Place) -> Hashable:
        """Return the id with its track's: one track can change its type and keep its segments."""
        ids = (self.track_ids.get(place[0]), self.segment_ids.get(place))
        return None if None in ids else ids

    def times(self, place: Place) -> Hashable:
        return (self.segments[place].start_ms, self.segments[place].duration_ms)

    def exact(self, place: Place) -> Hashable:
        raw = {key: value for key, value in self.segments[place].raw.items() if key != "id"}
        return (self.tracks[place[0]].type, canonical(raw))

    def content(self, place: Place) -> Hashable:
        raw = {key: value for key, value in self.segments[place].raw.items() if key not in {"id", "st"}}
        return (self.tracks[place[0]].type, canonical(raw))

    def likeness(self, place: Place) -> Hashable:
        segment = self.segments[place]
        names = (segment.name, segment.text, segment.source)
        # A different id says that it is another one, unless everything else is the same.
        return (self.tracks[place[0]].type, *names) if any(names) and place not in self.segment_ids else None


def _type_and_name(track: Track) -> Hashable:
    return (track.type, track.name)


def _type(track: Track) -> Hashable:
    return (track.type,)


def _pair_tracks(old: _Side, new: _Side, segments: dict[Place, Place]) -> dict[int, int]:
    ids = _match(old.track_ids, new.track_ids, old.track_ids.get, new.track_ids.get)
    shared = {(before[0], after[0]) for before, after in segments.items()}
    # An id that was given anew names a track of another type, with nothing in common.
    pairs = {was: now for was, now in ids if old.tracks[was].type == new.tracks[now].type or (was, now) in shared}
    taken = set(pairs.values())

    def add(before: int, after: int) -> None:
        if before not in pairs and after not in taken:
            pairs[before] = after
            taken.add(after)

    votes = Counter((before[0], after[0]) for before, after in segments.items())
    for (before, after), _ in sorted(votes.items(), key=lambda item: (-item[1], item[0])):
        if old.tracks[before].type == new.tracks[after].type:
            add(before, after)
    for named in (True, False):
        rest_old = [track for number, track in old.tracks.items() if number not in pairs]
        rest_new = [track for number, track in new.tracks.items() if number not in taken]
        key = _type_and_name if named else _type
        for was, now in _match(rest_old, rest_new, key, key):
            add(was.number, now.number)
    if len(old.tracks) == len(new.tracks):
        for number in old.tracks:  # what is left at the same place has changed its type, or is another one by its ids
            ids_old, ids_new = old.ids_on(number), new.ids_on(number)
            if not (ids_old and ids_new) or ids_old & ids_new:
                add(number, number)
    return pairs


def _gaps(track: Track, names: Mapping[Place, Place]) -> dict[Place | None, list[Place]]:
    """Return the places without a name, by the name of the last one before them that has one."""
    found: dict[Place | None, list[Place]] = defaultdict(list)
    anchor: Place | None = None
    for segment in track.segments:
        place = (track.number, segment.number)
        if place in names:
            anchor = names[place]
        else:
            found[anchor].append(place)
    return found


def _pair_the_rest(old: _Side, new: _Side, pairing: Pairing) -> None:
    """Pair what stands at the same place of the same track between two neighbours that are known."""
    names_old = {before: before for before in pairing.segments}
    names_new = {after: before for before, after in pairing.segments.items()}
    for before_number, after_number in pairing.tracks.items():
        rest_old = _gaps(old.tracks[before_number], names_old)
        for anchor, places in _gaps(new.tracks[after_number], names_new).items():
            candidates = rest_old.get(anchor, [])
            if len(candidates) == len(places):
                pairs = list(zip(candidates, places, strict=True))
            else:
                pairs = _match(candidates, places, old.times, new.times)
            for before, after in pairs:
                ids = (old.segment_ids.get(before), new.segment_ids.get(after))
                if None not in ids and ids[0] != ids[1]:
                    continue  # two ids, two segments
                pairing.segments[before] = after


def pair(before: Draft, after: Draft) -> Pairing:
    """Return what of `before` is what of `after`."""
    old, new = _Side(before), _Side(after)
    pairing = Pairing()
    taken: set[Place] = set()
    for key_old, key_new in (
        (old.known, new.known),
        (old.known_in_track, new.known_in_track),
        (old.exact, new.exact),
        (old.content, new.content),
        (old.likeness, new.likeness),
    ):
        rest_old = [place for place in old.segments if place not in pairing.segments]
        rest_new = [place for place in new.segments if place not in taken]
        if not rest_old or not rest_new:
            break
        for was, now in _match(rest_old, rest_new, key_old, key_new):
            pairing.segments[was] = now
            taken.add(now)
    pairing.tracks = _pair_tracks(old, new, pairing.segments)
    _pair_the_rest(old, new, pairing)
    return pairing
