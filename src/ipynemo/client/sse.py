"""Server-sent events: bytes in, payloads out. No network here, so every odd chunk boundary can be tested.

What ends a line, what a field is and when an event is complete follow WHATWG HTML, "Server-sent events"
(https://html.spec.whatwg.org/multipage/server-sent-events.html).
"""

from __future__ import annotations

import json
from typing import Final

from ipynemo.errors import ProtocolError

__all__ = ["MAX_EVENT_BYTES", "SSEParser"]

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
        self._hold_limit(len(self._line))
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
        last = bytes(self._line)
        self._line.clear()
        if last:
            self._take(last, out)
        payload = b"\n".join(self._data).decode("utf-8", "replace")
        self._data.clear()
        self._size = 0
        if not payload.strip():
            # Nothing of the event's data has come, but perhaps the beginning of the word that announces it.
            return out, bool(last) and (b"data".startswith(last) or last.partition(b":")[0] == b"data")
        try:
            json.loads(payload)
        except (ValueError, RecursionError):
            return out, True
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

    def _hold_limit(self, further: int) -> None:
        if self._size + further > self._max:
            raise ProtocolError(f"One event of the stream is larger than {self._max} bytes.")

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
            self._size += len(value) + 1  # with its line end: empty lines fill the memory too
            self._hold_limit(0)
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
