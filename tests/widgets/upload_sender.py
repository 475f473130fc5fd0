"""The page's half of the uploader's protocol, for tests, and a backend that takes files or does not."""

from __future__ import annotations

import http.server
import json
import re
import threading
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from ipynemo.widgets import Uploader

CHUNK = 1 << 20


def pieces(data: bytes) -> list[bytes]:
    return [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)]


def total_of(data: bytes) -> int:
    """CRC-32 over the CRC-32s of the pieces, four bytes each, the highest first."""
    return zlib.crc32(b"".join(zlib.crc32(piece).to_bytes(4, "big") for piece in pieces(data)))


class Sender:
    """Says to an uploader what the page would say, and keeps what it is answered."""

    def __init__(self, uploader: Uploader, data: bytes, name: str = "film.mp4", row_id: str = "page-0001") -> None:
        self.uploader = uploader
        self.data = data
        self.name = name
        self.id = row_id
        self.answers: list[dict[str, Any]] = []

    def tell(self, content: dict[str, Any], *buffers: bytes) -> dict[str, Any] | None:
        """Send a message as the comm delivers it; return the answer to it."""
        self.uploader.send = lambda content, buffers=None: self.answers.append(content)
        before = len(self.answers)
        self.uploader._handle_custom_msg(content, [memoryview(buffer) for buffer in buffers])
        new = [answer for answer in self.answers[before:] if answer["kind"] != "sent"]
        return new[0] if new else None

    def begin(self, **other: Any) -> dict[str, Any]:
        content = {"kind": "begin", "id": self.id, "name": self.name, "size": len(self.data), "modified": 17, "n": 1}
        answer = self.tell(content | other)
        assert answer is not None
        return dict(answer["files"][content["id"]])

    def chunk(self, seq: int, **other: Any) -> dict[str, Any] | None:
        piece = other.pop("piece", None) or pieces(self.data)[seq]
        return self.tell({"kind": "chunk", "id": self.id, "seq": seq, "crc": zlib.crc32(piece)} | other, piece)

    def end(self, **other: Any) -> dict[str, Any]:
        answer = self.tell({"kind": "end", "id": self.id, "sum": total_of(self.data), "n": 2} | other)
        assert answer is not None
        return dict(answer["files"][self.id])

    def ask(self) -> dict[str, Any]:
        answer = self.tell({"kind": "ask", "ids": [self.id], "n": 3})
        assert answer is not None
        return dict(answer["files"][self.id])

    def whole(self) -> dict[str, Any]:
        """Send all of it; return the state after the end."""
        self.begin()
        for seq in range(len(pieces(self.data))):
            self.chunk(seq)
        return self.end()

    def control(self, **content: Any) -> None:
        """Send on the second wire."""
        self.uploader.control._handle_custom_msg(content, [])


class Backend(http.server.ThreadingHTTPServer):
    """A backend that keeps what it is sent, and answers as it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.uploads: list[tuple[str, bytes]] = []
        self.code = 0
        self.hold = threading.Event()
        self.hold.set()
        self.is_reached = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is what some tests are about."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Backend

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        server.is_reached.set()
        server.hold.wait(20)
        if "/with-session/" in self.path:
            self._answer({"code": 0, "data": {"session_id": "s-new", "task_id": "t-1", "user_id": "u"}})
        elif server.code:
            self._answer({"code": server.code, "message": "refused"})
        else:
            self._take(body)

    def _take(self, body: bytes) -> None:
        server = self.server
        if self.headers["Content-Type"].startswith("multipart/"):
            head, _, rest = body.partition(b"\r\n\r\n")
            name = re.search(rb'filename="([^"]*)"', head)
            content = rest.rsplit(b"\r\n--", 1)[0]
            server.uploads.append((name[1].decode() if name else "", content))
        else:
            server.uploads.append((json.loads(body)["urls"][0], b""))
        entry = {"filename": server.uploads[-1][0], "file_type": "image", "width": 640, "height": 480, "hash": "h"}
        self._answer({"code": 0, "data": {"files": [entry], "session_state_applied": True}})

    def _answer(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def backend() -> Iterator[Backend]:
    server = Backend()
    yield server
    server.hold.set()
    server.shutdown()
    server.server_close()
