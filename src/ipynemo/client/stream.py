"""The chat stream: payloads in, events out. No network here.

`SSEParser` (see `ipynemo.client.sse`) cuts bytes into payloads; `TurnReader` turns payloads into the values of
`ipynemo.events`, in both dialects, told apart event by event; `TurnText` keeps what of them is the answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from ipynemo.client.secret import redact
from ipynemo.client.sse import MAX_EVENT_BYTES, SSEParser
from ipynemo.events import (
    Event,
    Failure,
    Heartbeat,
    StateChanged,
    Text,
    TextDelta,
    Thought,
    ToolCall,
    ToolResult,
    Unknown,
)

__all__ = ["MAX_EVENT_BYTES", "SSEParser", "TurnReader", "TurnText"]

MIN_ECHO = 12  # characters that two failures must share before one counts as the other in other words

_APOLOGY: Final = re.compile(r"I encountered a temporary issue", re.IGNORECASE)
_ADK_KEYS: Final = frozenset(
    {"content", "partial", "author", "invocationId", "invocation_id", "actions", "errorCode", "error_code"}
)


def _get(mapping: Mapping[str, Any], camel: str, snake: str) -> Any:
    value = mapping.get(camel)
    return mapping.get(snake) if value is None else value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _whole(text: str) -> str:
    """Return text that can be printed: JSON can spell halves of a character, which no output takes."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _words(*candidates: Any) -> str:
    """Return the first that says something, as text."""
    for value in candidates:
        if value is not None and value != "":
            return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "no reason given"


class TurnReader:
    """Turn payloads into events.

    Attributes
    ----------
    fatal : Failure or None
        The failure by which the backend ended the turn.
    typed : bool
        Whether the last text came in the typed dialect, which never says that a text is finished.
    """

    def __init__(self) -> None:
        self.fatal: Failure | None = None
        self.typed = False
        self._open: dict[str, str] = {}  # name by id, or by itself where there is no id
        self._running_on: set[str] = set()  # calls that go on after the turn, so that nobody waits for them
        self._failures: list[str] = []
        self._thought = ""
        self._half = ""  # of a character that deltas were cut in
        self._last_text: str | None = None
        self._pending: list[str] = []  # deltas since the last finished text
        self._answered = False

    @property
    def open_calls(self) -> set[str]:
        """The tool calls that were not answered yet, by id, or by name where there is none."""
        return set(self._open)

    def read(self, payload: str | None) -> list[Event]:
        """Return the events of one payload of `SSEParser`; what cannot be read becomes `Unknown`."""
        if payload is None:
            return [Heartbeat()]
        try:
            raw = json.loads(payload)
        except (ValueError, RecursionError):
            return [Unknown(payload)]
        if not isinstance(raw, dict):
            return [Unknown(raw)]
        events = self._read_object(raw)
        for event in events:
            self._note(event)
        return events

    def _note(self, event: Event) -> None:
        if isinstance(event, Heartbeat):
            return
        if isinstance(event, TextDelta):
            self._last_text = None
            self._pending.append(event.text)
        elif isinstance(event, Text):
            self._last_text = event.text
            self._pending.clear()
            self._answered = self._answered or bool(event.text.strip())
        elif isinstance(event, ToolCall):
            self._last_text = None
            self._answered = self._answered or bool(self._pending)
            self._pending.clear()
            if event.id not in self._running_on:
                self._open[event.id or f"name:{event.name}"] = event.name
        elif isinstance(event, ToolResult):
            self._last_text = None
            self._close(event)
        if isinstance(event, (TextDelta, Text, Failure)):
            # A dialect without results answers a call by going on.
            self._open = {key: name for key, name in self._open.items() if not key.startswith("name:")}

    def _close(self, result: ToolResult) -> None:
        keys = [result.id, f"name:{result.name}"]
        if result.id is None:  # then by its name, the call that has waited longest
            keys += [key for key, name in self._open.items() if name == result.name][:1]
        for key in keys:
            self._open.pop(key or "", None)

    def _read_object(self, raw: dict[str, Any]) -> list[Event]:
        has_content = isinstance(raw.get("content"), dict)
        if isinstance(raw.get("type"), str) and not has_content:
            return self._read_typed(raw)
        if raw.get("error") and not has_content:
            return self._failure_frame(raw)
        if _ADK_KEYS & raw.keys():
            events = self._read_adk(raw)
            return events + self._failure_frame(raw) if raw.get("error") else events
        if isinstance(raw.get("detail"), str):
            return self._failed(None, raw["detail"], fatal=True)
        code = raw.get("code")
        if isinstance(code, int) and code not in (0, 200) and isinstance(raw.get("message"), str):
            return self._failed(str(code), _words(raw["message"]), fatal=True)  # the envelope of the other calls
        return [Unknown(raw)] if raw else [Heartbeat()]

    # -- the typed dialect --------------------------------------------------------------------------------------------

    def _read_typed(self, raw: dict[str, Any]) -> list[Event]:
        kind = raw["type"]
        if kind == "text" and isinstance(raw.get("content"), str):
            return self._delta(raw["content"], typed=True) if raw["content"] else [Heartbeat()]
        if kind == "heartbeat":
            return [Heartbeat()]
        if kind == "tool_call":
            return [ToolCall(_string(raw.get("id")), _string(raw.get("name")) or "tool", _mapping(raw.get("args")))]
        if kind == "tool_result":
            return [ToolResult(_string(raw.get("id")), _string(raw.get("name")) or "tool", raw.get("result"))]
        if kind == "error":
            inner = _mapping(raw.get("error")).get("message")
            message = _words(raw.get("message"), inner, raw.get("error"), raw.get("code"))
            return self._failed(_string(raw.get("code")), message, fatal=False)
        return [Unknown(raw)]

    # -- the ADK dialect ----------------------------------------------------------------------------------------------

    def _read_adk(self, raw: dict[str, Any]) -> list[Event]:
        partial = raw.get("partial") is True
        running_on = _get(raw, "longRunningToolIds", "long_running_tool_ids")
        if isinstance(running_on, list):
            self._running_on.update(call for call in running_on if isinstance(call, str))
        events: list[Event] = []
        text = ""
        thought = ""
        parts = _mapping(raw.get("content")).get("parts")
        for part in parts if isinstance(parts, list) else []:
            if not isinstance(part, dict):
                continue
            words = part.get("text")
            if isinstance(words, str):
                if part.get("thought") is True:
                    thought += words
                else:
                    text += words
                continue
            if text:
                events += self._text(text, partial=partial)
                text = ""
            if not partial:  # in a partial event a call is a preview
                events += self._tool_part(part)
        if text:
            events += self._text(text, partial=partial)
        if thought:
            events = [*self._thinking(thought, partial=partial), *events]
        delta = _get(_mapping(raw.get("actions")), "stateDelta", "state_delta")
        if isinstance(delta, dict) and delta:
            events.append(StateChanged(tuple(delta)))
        code = _get(raw, "errorCode", "error_code")
        if code:
            message = _words(_get(raw, "errorMessage", "error_message"), code)
            events += self._failed(_words(code), message, fatal=False)
        return events

    def _tool_part(self, part: Mapping[str, Any]) -> list[Event]:
        call = _get(part, "functionCall", "function_call")
        if isinstance(call, dict):
            return [ToolCall(_string(call.get("id")), _string(call.get("name")) or "tool", _mapping(call.get("args")))]
        answer = _get(part, "functionResponse", "function_response")
        if isinstance(answer, dict):
            name = _string(answer.get("name")) or "tool"
            return [ToolResult(_string(answer.get("id")), name, answer.get("response"))]
        return [Unknown(dict(part))] if part else []

    # -- text ---------------------------------------------------------------------------------------------------------

    def _delta(self, text: str, *, typed: bool) -> list[Event]:
        text = self._half + text
        cut = "\ud800" <= text[-1:] <= "\udbff"
        self._half = text[-1] if cut else ""
        self.typed = typed
        text = _whole(text[:-1] if cut else text)
        return [TextDelta(text)] if text else []

    def _text(self, text: str, *, partial: bool) -> list[Event]:
        if partial:
            return self._delta(text, typed=False)
        text = _without_apology(_whole(text))
        if text == self._last_text:
            return []  # the aggregate of an aggregate says the same a second time
        pending, self._half = "".join(self._pending), ""
        if _APOLOGY.match(text.lstrip()):
            if pending.strip() and not _APOLOGY.match(pending.lstrip()):
                return []  # the deltas before it are the answer; their own aggregate never came
            if self._answered:
                return [Text("")] if pending else []
        settled = [Text(pending)] if self.typed and pending.strip() and pending.strip() not in text else []
        self.typed = False
        return [*settled, Text(text)]

    def _thinking(self, thought: str, *, partial: bool) -> list[Event]:
        thought = _whole(thought)
        if partial:
            self._thought += thought
            return [Thought(thought)]
        told, self._thought = self._thought, ""
        rest = thought.removeprefix(told)
        return [Thought(rest)] if rest else []

    # -- failures -----------------------------------------------------------------------------------------------------

    def _failure_frame(self, raw: dict[str, Any]) -> list[Event]:
        details = _mapping(_get(raw, "error_details", "errorDetails"))
        error = raw["error"]
        if isinstance(error, dict):
            details, error = error, error.get("message")
        text = _words(error if isinstance(error, str) else None, raw.get("message"), error, details)
        kind, colon, rest = text.partition(": ")
        code = _string(_get(details, "error_type", "errorType")) or (kind if colon and kind.isidentifier() else None)
        message = _string(_get(details, "error_message", "errorMessage")) or (rest if code == kind and colon else text)
        return self._failed(code, message, fatal=True)

    def _failed(self, code: str | None, message: str, *, fatal: bool) -> list[Event]:
        message = redact(_whole(message))
        failure = Failure(code, message, fatal)
        if fatal:
            self.fatal = failure
        if any(_says_the_same(message, told) for told in self._failures):
            return []
        self._failures.append(message)
        return [failure]


def _says_the_same(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) >= MIN_ECHO and (one in other or other in one))


class TurnText:
    """What of a turn's events is the answer: finished texts, and the deltas since the last of them."""

    def __init__(self) -> None:
        self._finished: list[str] = []
        self._pending: list[str] = []

    def add(self, event: Event) -> None:
        """Take the next event of the turn."""
        if isinstance(event, TextDelta):
            self._pending.append(event.text)
        elif isinstance(event, Text):
            self._pending.clear()
            if event.text:
                self._finished.append(event.text)
        elif isinstance(event, ToolCall) and self._pending:
            self._finished.append("".join(self._pending))
            self._pending.clear()

    def __str__(self) -> str:
        texts = [*self._finished, "".join(self._pending)]
        answer = ""
        for text in filter(None, texts):
            gap = "\n\n" if answer and not answer[-1].isspace() and not text[0].isspace() else ""
            answer += gap + text
        return _without_apology(answer)


def _without_apology(answer: str) -> str:
    """Drop a trailing "I encountered a temporary issue…" behind a normal answer."""
    *_, last = [None, *_APOLOGY.finditer(answer)]
    if last is None or not answer[: last.start()].strip():
        return answer
    tail = answer[last.start() :]
    # One or two short sentences at the very end; a longer tail is a part of the answer.
    return answer[: last.start()].rstrip() if len(tail) <= 200 and "\n\n" not in tail.strip() else answer
