"""What the page is sent: the columns with their marks; names and pictures of files; on request JSON and whole texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ipynemo.draft import Draft
from ipynemo.draft.changes import changes
from ipynemo.draft.pairing import Place
from ipynemo.draft.summary import plain
from ipynemo.widgets._timeline_columns import columns, differing, has_place, marks_of, shown_json, source_key
from ipynemo.widgets._timeline_edits import MAX_TEXT
from ipynemo.widgets._timeline_ledger import Ledger
from ipynemo.widgets._timeline_thumbs import FileNotes

__all__ = ["Pages"]

MAX_PIECE: Final = 20_000  # characters of JSON of one track
MAX_JSON: Final = 200_000  # of all that is shown
MAX_COPIED: Final = 5_000_000
TOLD_UP_TO: Final = 3_000  # segments; the difference of larger drafts is counted, not told
MAX_TRACKS: Final = 40  # whose JSON is shown

Message = dict[str, Any]

_TURNING: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")  # what turns a line around in a field


class Pages:
    """The messages of one timeline.

    Attributes
    ----------
    before : Draft or None
        What the marks compare with.
    notes : dict
        Of the session's files.
    """

    def __init__(self) -> None:
        self.before: Draft | None = None
        self.notes: FileNotes = {}
        self.latest: tuple[Message, list[bytes]] = ({"kind": "draft", "version": 0}, [])
        self.changes: list[str] = []
        self.counts: dict[str, int] = {}
        self._sent: tuple[Draft | None, Draft | None, Draft | None] = (None, None, None)

    def is_news(self, ledger: Ledger) -> bool:
        """Return whether the page shows something else than it should."""
        now = (ledger.shown, ledger.confirmed, self.before)
        return ledger.version == 0 or any(a is not b for a, b in zip(now, self._sent, strict=True))

    def build(self, ledger: Ledger) -> tuple[Message, list[bytes], Mapping[Place, Place]]:
        """Return the message of a new version, and where the segments of the last one have gone."""
        was = self._sent[0]
        shown = ledger.shown
        self._sent = (shown, ledger.confirmed, self.before)
        moved = marks_of(was, shown)
        marks = moved if was is self.before else marks_of(self.before, shown)
        pending = differing(shown, ledger.confirmed) if ledger.pending else frozenset()
        self.counts = marks.counts if any(marks.counts.values()) else {}
        small = shown is not None and sum(len(track.segments) for track in shown.tracks) <= TOLD_UP_TO
        told = small and self.before is not None and not self.before.is_empty
        self.changes = [plain(line, 200) for line in changes(self.before, shown)] if told else []  # type: ignore[arg-type]
        content, buffers = columns(shown or Draft(), marks, pending)
        self.latest = ({"kind": "draft", "version": ledger.publish(), **content}, buffers)
        return (*self.latest, moved.origin)

    def files(self, given: Mapping[str, str]) -> Message:
        """Return names and pictures by the key of their source."""
        files = {
            source_key(source): {"name": name, "thumb": given.get(source) or given.get(name) or thumb}
            for source, (name, thumb) in self.notes.items()
        }
        for source, thumb in given.items():
            files.setdefault(source_key(source), {"name": "", "thumb": thumb})
        return files

    def answer(self, draft: Draft | None, asked: Mapping[str, Any], words: Mapping[str, str]) -> Message:
        """Return what the page asked for: `full` text of a cell, `json` to read, `copy` for the clipboard."""
        kind, shown = asked.get("kind"), draft or Draft()
        if kind == "copy":
            text = shown.to_json(indent=2)
            return {"text": text if len(text) <= MAX_COPIED else None}
        place = (_number(asked.get("track")), _number(asked.get("segment")))
        segment = shown.track(place[0]).segment(place[1]) if has_place(shown, place) else None
        if kind == "full":
            value = (segment.name if asked.get("column") == "name" else segment.text) if segment is not None else None
            text = _TURNING.sub("", value or "").encode("utf-8", "replace").decode()
            return {"text": text if len(text) <= MAX_TEXT and segment is not None else None}
        picked = None
        if segment is not None:
            title = words["json_selected"].format(track=place[0], segment=place[1])
            picked = self._piece(segment.raw, title, words)
        return {"selected": picked, "pieces": self._pieces(shown, words)}

    def _pieces(self, draft: Draft, words: Mapping[str, str]) -> list[Message]:
        pieces = [self._piece({k: v for k, v in draft._raw.items() if k != "t"}, words["json_draft"], words)]
        for track in draft.tracks[:MAX_TRACKS]:
            kind = words[f"kind_{track.kind}"].format(type="" if track.type is None else plain(str(track.type), 12))
            name = plain(track.name or "") or kind
            title = words["json_track"].format(track=track.number, name=name, segments=len(track.segments))
            room = MAX_JSON - sum(len(piece["text"]) for piece in pieces)
            pieces.append(self._piece(track.raw, title, words, min(MAX_PIECE, max(0, room))))
        if more := len(draft.tracks) - len(pieces) + 1:
            pieces.append({"title": words["more_rows"].format(n=more), "text": "", "cut": ""})
        return pieces

    @staticmethod
    def _piece(raw: Any, title: str, words: Mapping[str, str], limit: int = MAX_PIECE) -> Message:
        text = shown_json(raw)
        rest = len(text) - limit
        return {"title": title, "text": text[:limit], "cut": words["json_cut"].format(n=rest) if rest > 0 else ""}


def _number(value: Any) -> int:
    return value if type(value) is int else 0
