"""What was said: the entries of a chat, as the page, the saved notebook and a terminal show them.

The whole text of an answer stays in Python; the page gets its beginning and asks for more. All of it is bounded, so
that a talkative backend fills neither the notebook nor the memory. A session's talk outlives its widget: a second
widget of the same session in this process shows what was said in the first.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from ipynemo.client import AsyncSession
from ipynemo.widgets._markdown import Node, clean, cut, part_tree
from ipynemo.widgets._saved import escaped

__all__ = ["Chip", "Entry", "Talk", "kept", "messages_of"]

Role = Literal["user", "agent", "note", "error"]

MAX_ENTRIES: Final = 100
MAX_TEXT: Final = 2_000_000  # characters of one answer that are kept
MAX_KEPT: Final = 8_000_000  # characters of all answers of one talk
MAX_SHOWN: Final = 80_000  # characters that the page has at once, without what it asked for
MAX_CHANGES: Final = 12
SAVED_ENTRIES: Final = 50
SAVED_LENGTH: Final = 60_000  # characters of the saved form
SAVED_TEXT: Final = 4_000  # of one entry
MAX_VIDEO_BYTES: Final = 48 << 20  # of all previews of one talk
KEPT_TALKS: Final = 16
MORE_PARTS: Final = 4  # at once

_kept: OrderedDict[tuple[str, str], Talk] = OrderedDict()


@dataclass(frozen=True)
class Chip:
    """A button below an entry: `do` is export, state, credits, upload, edit, or say (`text`)."""

    label: str
    do: str
    text: str = ""


@dataclass
class Entry:
    """One thing that was said, by whom, and what can be done with it; `turn` is the number of the job that said it."""

    id: int
    role: Role
    text: str
    chips: tuple[Chip, ...] = ()
    changes: tuple[str, ...] = ()
    link: dict[str, str] | None = None
    picture: str = ""  # a `data:` address of our own making
    mp4: bytes = field(default=b"", repr=False)  # a preview, of which the picture is the poster
    error: dict[str, Any] | None = None
    note: str = ""
    turn: int = 0
    _parts: list[str] = field(default_factory=list, repr=False)
    _nodes: list[Node] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self.text = clean(self.text[:MAX_TEXT])
        self._parts = cut(self.text)
        if self.role == "agent":
            self._nodes = part_tree(self._parts, 0)

    @property
    def shown_length(self) -> int:
        """How many characters of it the page gets at first."""
        return len(self._parts[0])

    def view(self) -> dict[str, Any]:
        """Return the entry for the page."""
        view: dict[str, Any] = {"id": self.id, "role": self.role, "text": self._parts[0], "parts": len(self._parts)}
        if self.role == "agent":
            view["nodes"] = self._nodes
        if self.chips:
            view["chips"] = [dataclasses.asdict(chip) for chip in self.chips]
        if self.changes:
            view["changes"] = [clean(change)[:200] for change in self.changes[:MAX_CHANGES]]
        optional = {"link": self.link, "error": self.error, "note": self.note, "turn": self.turn}
        optional |= {"picture": self.picture, "has_video": bool(self.mp4)}
        return view | {name: value for name, value in optional.items() if value}

    def more(self, part: int) -> dict[str, Any]:
        """Return a few parts from a number on."""
        last = min(part + MORE_PARTS, len(self._parts))
        nodes: list[Node] = []
        for number in range(part, last):
            nodes += part_tree(self._parts, number) if self.role == "agent" else [self._parts[number]]
        return {"kind": "more", "id": self.id, "part": part, "next": last, "nodes": nodes}

    @property
    def words(self) -> str:
        """All that it says, on one or more lines, for pages without a kernel."""
        said = [self.text[:SAVED_TEXT] + ("…" if len(self.text) > SAVED_TEXT else "")]
        said += [clean(change)[:200] for change in self.changes[:MAX_CHANGES]]
        if self.link:
            said.append(self.link["name"])
        return "\n".join(filter(None, [*said, self.note]))


class Talk:
    """The entries of one session; not locked, the widget does that."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._next_id = 1
        self._has_dropped = False

    def add(self, role: Role, text: str, **more: Any) -> Entry:
        """Add an entry; the oldest goes where there are too many."""
        entry = Entry(self._next_id, role, text, **more)
        self._next_id += 1
        self.entries.append(entry)
        kept = 0
        for one in reversed(self.entries):
            kept += len(one.mp4)
            one.mp4 = one.mp4 if kept <= MAX_VIDEO_BYTES else b""  # its picture stays
        while len(self.entries) > MAX_ENTRIES or (
            len(self.entries) > 1 and sum(len(each.text) for each in self.entries) > MAX_KEPT
        ):
            del self.entries[0]
            self._has_dropped = True
        return entry

    def settle(self, *, forget: bool = False) -> None:
        """Take the buttons off the errors; the last one goes altogether where it is to be forgotten."""
        if forget and self.last is not None and self.last.role == "error":
            del self.entries[-1]
        for entry in self.entries:
            entry.error = None

    def find(self, entry_id: object) -> Entry | None:
        """Return the entry of this id."""
        return next((entry for entry in self.entries if entry.id == entry_id), None)

    @property
    def last(self) -> Entry | None:
        """The newest entry."""
        return self.entries[-1] if self.entries else None

    def view(self) -> tuple[list[dict[str, Any]], bool]:
        """Return the newest entries for the page, as many as it is to have, and whether there were more."""
        shown: list[dict[str, Any]] = []
        length = 0
        for entry in reversed(self.entries):
            length += entry.shown_length
            if shown and length > MAX_SHOWN:
                break
            shown.append(entry.view())
        return shown[::-1], self._has_dropped or len(shown) < len(self.entries)

    # -- without a kernel ----------------------------------------------------------------------------------------------

    def _saved(self) -> Iterator[Entry]:
        length = 0
        for entry in reversed(self.entries[-SAVED_ENTRIES:]):
            length += len(entry.words)
            if length > SAVED_LENGTH:
                return
            yield entry

    def html(self, words: Mapping[str, str]) -> str:
        """Return what was said as escaped HTML."""
        rows = []
        for entry in reversed(list(self._saved())):
            speaker = f"<strong>{escaped(_speaker(entry, words))}</strong><br>" if _speaker(entry, words) else ""
            picture = f'<br><img src="{escaped(entry.picture)}" style="max-width:100%">' if entry.picture else ""
            rows.append(f'<p dir="auto" style="white-space:pre-wrap">{speaker}{escaped(entry.words)}{picture}</p>')
        return "".join(rows)

    def plain(self, words: Mapping[str, str]) -> str:
        """Return what was said as text."""
        return "\n\n".join(
            f"{name}: {entry.words}" if (name := _speaker(entry, words)) else entry.words
            for entry in reversed(list(self._saved()))
        )


def _speaker(entry: Entry, words: Mapping[str, str]) -> str:
    return words["you"] if entry.role == "user" else words["agent"] if entry.role == "agent" else ""


def kept(session: AsyncSession, talk: Talk | None = None) -> Talk:
    """Return the talk of a session as this process knows it; where it knows none, `talk` or a new one from now on."""
    key = (session._wire.endpoint.key, session.session_id)
    found = _kept.setdefault(key, talk or Talk())
    _kept.move_to_end(key)
    while len(_kept) > KEPT_TALKS:
        _kept.popitem(last=False)
    return found


def messages_of(state: Mapping[str, Any]) -> list[tuple[Role, str]]:
    """Return the messages that a session's state tells about, oldest first; none where it tells of none.

    Examples
    --------
    >>> messages_of({"messages": [{"role": "user", "text": "hi"}, {"role": "model", "content": "Hello!"}]})
    [('user', 'hi'), ('agent', 'Hello!')]
    """
    for name in ("messages", "history", "chat_history"):
        listed = state.get(name)
        items = [item for item in listed[-MAX_ENTRIES:] if isinstance(item, dict)] if isinstance(listed, list) else []
        said = [(_role_of(item), text) for item in items if (text := _text_of(item)).strip()]
        if said:
            return said
    return []


def _role_of(item: Mapping[str, Any]) -> Role:
    return "user" if item.get("role") == "user" else "agent"


def _text_of(item: Mapping[str, Any]) -> str:
    for name in ("text", "content", "parts"):
        value = item.get(name)
        if isinstance(value, dict):
            value = value.get("parts")
        if isinstance(value, list):
            texts = [part.get("text") for part in value if isinstance(part, dict) and not part.get("thought")]
            value = "".join(text for text in texts if isinstance(text, str))
        if isinstance(value, str) and value:
            return value
    return ""
