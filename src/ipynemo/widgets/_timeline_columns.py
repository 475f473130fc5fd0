"""A draft as the page takes it: numbers in typed arrays, short texts in lists; and what is marked in it.

Ten thousand segments are a few messages' worth of bytes this way, and no object a segment is made on either side.
Everything that is shown is cleaned and shortened here, so that no name can break the page's lines.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ipynemo.draft import Draft
from ipynemo.draft.pairing import Place, pair
from ipynemo.draft.rows import read_rows
from ipynemo.draft.summary import plain, source_name, track_label

__all__ = [
    "MAX_SEGMENTS",
    "Marks",
    "columns",
    "differing",
    "has_place",
    "main_track",
    "marks_of",
    "shown_json",
    "source_key",
]

MAX_SEGMENTS: Final = 50_000
MAX_TRACKS: Final = 2_000
NAME_LIMIT: Final = 60
TEXT_LIMIT: Final = 120

CHANGED, ADDED, MOVED, PENDING, NAME_CUT, TEXT_CUT = 1, 2, 4, 8, 16, 32  # bits of a segment's flags


@dataclass(frozen=True)
class Marks:
    """What has changed from one draft to the next, by place in the later one."""

    changed: frozenset[Place] = frozenset()
    moved: frozenset[Place] = frozenset()
    added: frozenset[Place] = frozenset()
    removed: int = 0
    origin: Mapping[Place, Place] = field(default_factory=dict)  # before → after

    @property
    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        return {
            "changed": len(self.changed),
            "moved": len(self.moved),
            "added": len(self.added),
            "removed": self.removed,
        }


def _content(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key not in ("st", "d")}


def marks_of(before: Draft | None, after: Draft | None) -> Marks:
    """Return what differs; nothing where there was no draft before, or an empty one: then all of it is new."""
    if before is None or before.is_empty or after is None or before == after:
        return Marks()
    pairing = pair(before, after)
    changed, moved = set(), set()
    for (track, segment), place in pairing.segments.items():
        old = before.tracks[track - 1].segments[segment - 1]
        new = after.tracks[place[0] - 1].segments[place[1] - 1]
        if old.duration_ms != new.duration_ms or (old.raw != new.raw and _content(old.raw) != _content(new.raw)):
            changed.add(place)
        elif old.start_ms != new.start_ms or track != place[0]:
            moved.add(place)
    kept = set(pairing.segments.values())
    every = {(track.number, segment.number) for track in after.tracks for segment in track.segments}
    removed = sum(len(track.segments) for track in before.tracks) - len(pairing.segments)
    return Marks(frozenset(changed), frozenset(moved), frozenset(every - kept), removed, pairing.segments)


def differing(shown: Draft | None, confirmed: Draft | None) -> frozenset[Place]:
    """Return the places of a draft that are not as the confirmed one has them."""
    if confirmed is None and shown is not None:
        confirmed = Draft()
    marks = marks_of(confirmed, shown)
    return marks.changed | marks.moved | marks.added


def has_place(draft: Draft | None, place: Place) -> bool:
    """Return whether a draft has such a segment."""
    tracks = draft.tracks if draft is not None else ()
    return 1 <= place[0] <= len(tracks) and 1 <= place[1] <= len(tracks[place[0] - 1].segments)


def main_track(draft: Draft) -> int:
    """Return the number of the track whose clips follow one another; 0 where there is none."""
    return next((track.number for track in draft.tracks if track.kind == "video" and track.segments), 0)


def source_key(source: str) -> str:
    """Return a short name of a source, which may itself be a signed link and stays here."""
    return hashlib.blake2b(source.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def shown_json(value: Any) -> str:
    r"""Return JSON for reading: what cannot be seen, or turns a line around, is written as `\u…`.

    Examples
    --------
    >>> print(shown_json({"n": "a\u202eb 中"}))
    {
      "n": "a\u202eb 中"
    }
    """
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(
        c if c == "\n" or c.isprintable() else json.dumps(c)[1:-1]
        for c in text  # isprintable() is false for controls, bidirectional marks and lone surrogates
    )


def _tracks(draft: Draft) -> list[dict[str, Any]]:
    shown, first = [], 0
    for track in draft.tracks[:MAX_TRACKS]:
        count = max(0, min(len(track.segments), MAX_SEGMENTS - first))
        shown.append(
            {
                "kind": track.kind,
                "type": "" if track.type is None else plain(str(track.type), 12),
                "label": track_label(track),
                "name": plain(track.name or "", NAME_LIMIT),
                "first": first,
                "count": count,
            }
        )
        first += count
    return shown


def columns(draft: Draft, marks: Marks, pending: frozenset[Place]) -> tuple[dict[str, Any], list[bytes]]:
    """Return a draft as the content and the buffers of a message.

    The buffers are, one value a segment: starts and lengths in ms (float64), volumes (float32, NaN where unset), the
    index of the source (int32, -1 for none), flags (uint8).
    """
    rows = read_rows(draft._raw)
    tracks = _tracks(draft)
    n = sum(track["count"] for track in tracks)
    names = [plain(name, NAME_LIMIT) if name else "" for name in rows.name[:n]]
    texts = [plain(text, TEXT_LIMIT) if text else "" for text in rows.text[:n]]
    sources: dict[str, int] = {}
    at = [-1 if not source else sources.setdefault(source, len(sources)) for source in rows.source[:n]]
    flags = bytearray(n)
    for i in range(n):
        place = (rows.track[i], rows.segment[i])
        flags[i] = (
            (CHANGED if place in marks.changed else 0)
            | (ADDED if place in marks.added else 0)
            | (MOVED if place in marks.moved else 0)
            | (PENDING if place in pending else 0)
            | (NAME_CUT if names[i] != (rows.name[i] or "") else 0)
            | (TEXT_CUT if texts[i] != (rows.text[i] or "") else 0)
        )
    volume = [float("nan") if value is None else value for value in rows.volume[:n]]
    content = {
        "duration_ms": draft.duration_ms,
        "main": main_track(draft),
        "tracks": tracks,
        "names": names,
        "texts": texts,
        "sources": [{"key": source_key(source), "name": source_name(source)} for source in sources],
        "hidden": len(rows) - n,
    }
    times = [array("d", rows.start_ms[:n]).tobytes(), array("d", rows.duration_ms[:n]).tobytes()]
    return content, [*times, array("f", volume).tobytes(), array("i", at).tobytes(), bytes(flags)]
