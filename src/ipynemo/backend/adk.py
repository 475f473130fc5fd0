"""The frames of a chat turn, as ADK writes them: camelCase, text in pieces and then whole, calls, results, failures."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["HEARTBEAT", "Frames", "failure", "frame", "pieces"]

AUTHOR = "nemo_agent"
PIECE_LENGTH = 24  # characters that are sent at once, about a few words
LINE_ENDS = str.maketrans({"\u2028": "\\u2028", "\u2029": "\\u2029", "\u0085": "\\u0085"})


def frame(value: Mapping[str, Any]) -> bytes:
    """Return a JSON object as one server-sent event.

    Other line ends of Unicode are escaped: clients have been seen to break lines there. So is half a character, which
    has no bytes of its own.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(LINE_ENDS)
    return b"data: " + text.encode("utf-8", "backslashreplace") + b"\n\n"


HEARTBEAT = frame({"type": "heartbeat"})


def failure(error_type: str, message: str) -> bytes:
    """Return the last frame of a turn that failed."""
    details = {"error_type": error_type, "error_message": message, "timestamp": time.time()}
    return frame({"error": f"{error_type}: {message}", "error_details": details})


def pieces(text: str) -> Iterator[str]:
    """Cut a text into pieces for streaming, between words where there are some; joined, they are the text."""
    waiting = ""
    for word in re.findall(r"\s*\S{1,24}|\s+", text):
        waiting += word
        if len(waiting) >= PIECE_LENGTH:
            yield waiting
            waiting = ""
    if waiting:
        yield waiting


class Frames:
    """Writes the frames of one turn, which share an invocation."""

    def __init__(self) -> None:
        self._invocation_id = f"e-{uuid.uuid4()}"

    def _event(self, content: Mapping[str, Any] | None, delta: Mapping[str, Any] | None = None, **extra: Any) -> bytes:
        return frame(
            {
                **({"content": content} if content else {}),
                **extra,
                "invocationId": self._invocation_id,
                "author": AUTHOR,
                "actions": {
                    "stateDelta": delta or {},
                    "artifactDelta": {},
                    "requestedAuthConfigs": {},
                    "requestedToolConfirmations": {},
                },
                "id": str(uuid.uuid4()),
                "timestamp": time.time(),
            }
        )

    def text(self, text: str) -> Iterator[bytes]:
        """Return the frames of a text: its pieces, then the whole of it."""
        for piece in pieces(text):
            yield self._event({"parts": [{"text": piece}], "role": "model"}, partial=True)
        yield self._event({"parts": [{"text": text}], "role": "model"})

    def call(self, call_id: str, name: str, args: Mapping[str, Any]) -> bytes:
        """Return the frame of a tool's call."""
        part = {"functionCall": {"id": call_id, "args": dict(args), "name": name}}
        return self._event({"parts": [part], "role": "model"})

    def result(self, call_id: str, name: str, response: Mapping[str, Any], delta: Mapping[str, Any]) -> bytes:
        """Return the frame of a tool's result, with what it changed in the state."""
        part = {"functionResponse": {"id": call_id, "name": name, "response": dict(response)}}
        return self._event({"parts": [part], "role": "user"}, delta)
