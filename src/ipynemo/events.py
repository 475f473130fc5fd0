"""What one chat turn can yield: small frozen values, the same for both dialects of the stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "Event",
    "Failure",
    "Heartbeat",
    "StateChanged",
    "StillWorking",
    "Text",
    "TextDelta",
    "Thought",
    "ToolCall",
    "ToolResult",
    "Unknown",
]


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A further piece of the answer; show it behind the pieces before it."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A finished text; it *replaces* the deltas since the last `Text`."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """The model's thinking; not part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The agent starts a tool. `id` is None in the dialect that has none."""

    id: str | None
    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The tool has answered. `id` is that of its `ToolCall`, where there is one."""

    id: str | None
    name: str
    result: Any = None


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The session's state changed under these keys."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The backend is alive and has nothing to say."""


@dataclass(frozen=True, slots=True)
class StillWorking:
    """Nothing has come for a while; `elapsed_s` is the time since the turn began, in seconds."""

    elapsed_s: float

    def __str__(self) -> str:
        return "⏳ Still working..."


@dataclass(frozen=True, slots=True)
class Failure:
    """The agent reports a failure. `fatal` when the backend ended the turn with it."""

    code: str | None
    message: str
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event of a kind that this version does not know, as it came."""

    raw: Any


Event = TextDelta | Text | Thought | ToolCall | ToolResult | StateChanged | Heartbeat | StillWorking | Failure | Unknown
