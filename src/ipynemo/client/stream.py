"""Server-sent events: bytes in, events out. No network here, so every odd chunk boundary can be tested.

`SSEParser` cuts bytes into payloads (WHATWG HTML, "Server-sent events"); `TurnReader` turns payloads into the values of
`ipynemo.events`, in both dialects, told apart event by event; `TurnText` keeps what of them is the answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from ipynemo.errors import ProtocolError
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

MAX_EVENT_BYTES = 64 << 20  # six times the largest event seen; beyond, memory is at stake
BOM: Final = b"\xef\xbb\xbf"


class SSEParser:
    r"""Cut a byte stream into the data of its events.

    Only CR, LF and CRLF end a line: U+2028, U+2029 and U+0085 stand inside JSON. An event is complete at its blank
    line, a CR included, so nothing waits for the LF that may follow.
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._line = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._event = b""
        self._skip_lf = False
        self._head: bytes | None = b""

    @property
    def pending_bytes(self) -> int:
        """How much of an event has come that is not complete yet; comments do not count."""
        line = 0 if self._line.startswith(b":") else len(self._line)
        return self._size + line

    def feed(self, chunk: bytes) -> list[str | None]:
        """Take the next bytes; return the payloads that they complete, None for a sign of life without one.

        Raises
        ------
        ProtocolError
            One event is larger than the limit.
        """
        chunk = self._without_bom(chunk)
        if self._skip_lf and chunk:
            self._skip_lf = False
            if chunk.startswith(b"\n"):
                chunk = chunk[1:]
        if not chunk:
            return []
        self._skip_lf = chunk.endswith(b"\r")
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *whole, rest = chunk.split(b"\n")
        out: list[str | None] = []
        for line in whole:
            if self._line:
                self._line += line
                line = bytes(self._line)
                self._line.clear()
            self._take(line, out)
        self._line += rest
        if self._size + len(self._line) > self._max:
            raise ProtocolError(f"One event of the stream is larger than {self._max} bytes.")
        return out

    def close(self) -> tuple[list[str | None], bool]:
        """Tell that the body has ended.

        Returns
        -------
        payloads : list
            A last event that only lacked its blank line, when it is whole JSON: some servers leave that line out.
        cut : bool
            Whether the body ended inside an event.
        """
        out: list[str | None] = []
        if self._head:  # fewer bytes than a byte order mark has
            self._line += self._head
            self._head = None
        if self._line:
            self._take(bytes(self._line), out)
            self._line.clear()
        if not self._data:
            return out, False
        payload = b"\n".join(self._data).decode("utf-8", "replace")
        self._data.clear()
        try:
            json.loads(payload)
        except (ValueError, RecursionError):
            return out, bool(payload.strip())
        out.append(payload)
        return out, False

    def _without_bom(self, chunk: bytes) -> bytes:
        if self._head is None:
            return chunk
        head = self._head + chunk
        if len(head) < len(BOM) and BOM.startswith(head):
            self._head = head
            return b""
        self._head = None
        return head.removeprefix(BOM)

    def _take(self, line: bytes, out: list[str | None]) -> None:
        if not line:
            self._dispatch(out)
            return
        if line.startswith(b":"):
            out.append(None)
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._size += len(value)
            if self._size > self._max:
                raise ProtocolError(f"One event of the stream is larger than {self._max} bytes.")
            self._data.append(value)
        elif name == b"event":
            self._event = value

    def _dispatch(self, out: list[str | None]) -> None:
        payload = b"\n".join(self._data).decode("utf-8", "replace")
        had_field = bool(self._data or self._event)
        self._data.clear()
        self._size = 0
        self._event = b""
        if payload.strip():
            out.append(payload)
        elif had_field:
            out.append(None)


def _get(mapping: Mapping[str, Any], camel: str, snake: str) -> Any:
    value = mapping.get(camel)
    return mapping.get(snake) if value is None else value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


APOLOGY = "i encountered a temporary issue"

_ADK_KEYS = frozenset(
    {"content", "partial", "author", "invocationId", "invocation_id", "actions", "errorCode", "error_code"}
)


class TurnReader:
    """Turn payloads into events.

    Attributes
    ----------
    open_calls : set
        The tool calls that were not answered yet, by id, or by name where there is none.
    fatal : Failure or None
        The failure by which the backend ended the turn.
    """

    def __init__(self) -> None:
        self.open_calls: set[str] = set()
        self.fatal: Failure | None = None
        self._failures: list[str] = []
        self._thought = ""
        self._last_text: str | None = None
        self._pending_text = False
        self._answered = False

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
        if isinstance(event, Text):
            self._last_text = event.text
            self._pending_text = False
            self._answered = self._answered or bool(event.text.strip())
            # A dialect without results answers a call by going on.
            self.open_calls = {call for call in self.open_calls if not call.startswith("name:")}
        elif isinstance(event, TextDelta):
            self._last_text = None
            self._pending_text = True
            self.open_calls = {call for call in self.open_calls if not call.startswith("name:")}
        elif isinstance(event, ToolCall):
            self._last_text = None
            self._answered = self._answered or self._pending_text
            self._pending_text = False
            self.open_calls.add(event.id or f"name:{event.name}")
        elif isinstance(event, ToolResult):
            self._last_text = None
            self.open_calls.discard(event.id or f"name:{event.name}")
            self.open_calls.discard(f"name:{event.name}")

    def _read_object(self, raw: dict[str, Any]) -> list[Event]:
        if isinstance(raw.get("type"), str) and not isinstance(raw.get("content"), dict):
            return self._read_typed(raw)
        if "error" in raw and not isinstance(raw.get("content"), dict):
            return self._failure_frame(raw)
        if _ADK_KEYS & raw.keys():
            return self._read_adk(raw)
        if isinstance(raw.get("detail"), str):
            return self._failed(None, raw["detail"], fatal=True)
        return [Unknown(raw)]

    # -- the typed dialect --------------------------------------------------------------------------------------------

    def _read_typed(self, raw: dict[str, Any]) -> list[Event]:
        kind = raw["type"]
        if kind == "text" and isinstance(raw.get("content"), str):
            return [TextDelta(raw["content"])] if raw["content"] else [Heartbeat()]
        if kind == "heartbeat":
            return [Heartbeat()]
        if kind == "tool_call":
            return [ToolCall(_string(raw.get("id")), _string(raw.get("name")) or "tool", _mapping(raw.get("args")))]
        if kind == "tool_result":
            return [ToolResult(_string(raw.get("id")), _string(raw.get("name")) or "tool", raw.get("result"))]
        if kind == "error":
            message = raw.get("message")
            text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
            return self._failed(_string(raw.get("code")), text, fatal=False)
        return [Unknown(raw)]

    # -- the ADK dialect ----------------------------------------------------------------------------------------------

    def _read_adk(self, raw: dict[str, Any]) -> list[Event]:
        partial = raw.get("partial") is True
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
            message = _get(raw, "errorMessage", "error_message")
            events += self._failed(str(code), message if isinstance(message, str) else str(code), fatal=False)
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

    def _text(self, text: str, *, partial: bool) -> list[Event]:
        if partial:
            return [TextDelta(text)]
        if text == self._last_text:
            return []  # the aggregate of an aggregate says the same a second time
        if self._answered and text.strip().lower().startswith(APOLOGY):
            return [Text("")] if self._pending_text else []
        return [Text(text)]

    def _thinking(self, thought: str, *, partial: bool) -> list[Event]:
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
        text = error if isinstance(error, str) else json.dumps(error, ensure_ascii=False)
        kind, colon, rest = text.partition(": ")
        code = _string(_get(details, "error_type", "errorType")) or (kind if colon and kind.isidentifier() else None)
        message = _string(_get(details, "error_message", "errorMessage")) or (rest if code == kind and colon else text)
        return self._failed(code, message, fatal=True)

    def _failed(self, code: str | None, message: str, *, fatal: bool) -> list[Event]:
        failure = Failure(code, message, fatal)
        if fatal:
            self.fatal = failure
        if any(message in told or told in message for told in self._failures):
            return []  # said before, in other words
        self._failures.append(message)
        return [failure]


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
    start = answer.lower().rfind(APOLOGY)
    if start <= 0 or not answer[:start].strip():
        return answer
    tail = answer[start:]
    # One or two short sentences at the very end; a longer tail is a part of the answer.
    return answer[:start].rstrip() if len(tail) <= 200 and "\n\n" not in tail.strip() else answer
