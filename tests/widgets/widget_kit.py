"""What the tests of the widgets share: a wire that is written down, and a session that needs no server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from ipynemo.client import AsyncNemo, AsyncSession, Clip
from ipynemo.draft import Draft
from ipynemo.loop import background
from ipynemo.widgets._base import Face

LIMIT_S = 30.0

ROBOT = Draft(
    {
        "t": [
            {"tt": 7, "sg": [{"tx": "Evidence", "d": 2000}, {"tx": "Noise <b>", "d": 3000}]},
            {"tt": 7, "m": {"role": "caption"}, "sg": [{"tx": "We look <first>.\n\n--> x", "st": 0, "d": 2000}]},
        ],
        "d": 5000,
        "m": {"title": "What is an AI image?"},
    }
)


class Wire:
    """In place of a widget's comm: what was sent on it."""

    def __init__(self, face: Face) -> None:
        self.sent: list[dict[str, Any]] = []
        face.comm.send = self._send

    def _send(self, data: Any = None, metadata: Any = None, buffers: Any = None) -> None:
        self.sent.append({**data, "buffers": buffers})

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The custom messages."""
        return [one["content"] for one in self.sent if one["method"] == "custom"]

    def states(self, name: str) -> list[Any]:
        """The values of one trait, in the order in which they went to the page."""
        return [one["state"][name] for one in self.sent if one["method"] == "update" and name in one["state"]]


def say(face: Face, *buffers: bytes, **content: Any) -> None:
    """Let the page send a message on the widget's own wire."""
    data = {"method": "custom", "content": content}
    face._handle_msg({"content": {"data": data}, "buffers": [memoryview(one) for one in buffers]})


def say_control(face: Face, **content: Any) -> None:
    """Let the page send a message on the second wire."""
    face.control._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})


def until(true: Callable[[], bool]) -> None:
    """Wait until it is so."""
    waited = threading.Event()
    for _ in range(int(LIMIT_S / 0.01)):
        if true():
            return
        waited.wait(0.01)
    raise AssertionError("It did not come to that.")


def on_loop(work: Callable[[], Any]) -> Any:
    """Run a coroutine function on ipynemo's loop and return its result."""
    future: Future[Any] = asyncio.run_coroutine_threadsafe(work(), background())
    return future.result(LIMIT_S)


def clip_at(path: Path, size_bytes: int = 4) -> Clip:
    """Return a clip with a file of so many bytes, which is no video."""
    path.write_bytes(b"\0" * size_bytes)
    return Clip(path, 5.0, 1280, 720, size_bytes, session_id="s", render_id=f"r-{path.name}")


def session(tmp_path: Path) -> AsyncSession:
    """Return a session of the embedded backend that nothing has been asked of."""
    return AsyncNemo("local", data=tmp_path / "data").session("ses_1", language="en")
