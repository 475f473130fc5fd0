"""The test's side of `chat_server.py`, and a chat whose messages to the page are caught."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ipynemo.widgets.chat import Chat

PATIENCE_S = 30.0  # before a test gives up on something that has to come; the machine may be busy
TOKEN = "nmv_usr_of-the-tests"


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[str]:
    """Run a server; yield its address."""
    command = [sys.executable, str(Path(__file__).with_name("chat_server.py")), str(folder), *options]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    log = (folder / "server.log").open("wb")
    with log, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=env) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}"
        process.terminate()


class Caught(Chat):
    """A chat that keeps what it sends to the page."""

    def __init__(self, *args: Any, **traits: Any) -> None:
        self.pushed: list[dict[str, Any]] = []
        self.buffers: list[bytes] = []
        self.works: list[Future[Any]] = []
        super().__init__(*args, **traits)

    def _push(self, content: Any, buffers: Any = None) -> None:
        json.dumps(content).encode()
        self.pushed.append(dict(content))
        self.buffers += map(bytes, buffers or ())

    def _start(self, *args: Any, **options: Any) -> Any:
        future = super()._start(*args, **options)
        self.works.append(future)
        return future

    def end(self) -> None:
        """Stop what is under way, and wait for all of it, so that its connections can be closed."""
        self.stop()
        wait(self.works, PATIENCE_S)

    def said(self) -> list[tuple[str, str]]:
        """Return who said what."""
        return [(entry["role"], entry["text"]) for entry in self.history]

    def page(self, **content: Any) -> None:
        """Receive a message of the page."""
        self._handle_custom_msg(content, [])

    def finish(self) -> None:
        """Wait until nothing is under way."""
        until(lambda: self.turn["state"] == "idle" and not self.busy, "the end of the answer")

    def ask(self, text: str) -> None:
        """Say something as the page does, wait for the end."""
        self.page(kind="send", text=text, nonce=1)
        self.finish()

    def chip(self, label: str) -> dict[str, Any]:
        """Return the message that pressing the newest chip of this label sends."""
        for entry in reversed(self.history):
            for number, chip in enumerate(entry.get("chips", [])):
                if chip["label"] == label:
                    return {"kind": "chip", "id": entry["id"], "n": number}
        raise AssertionError(f"no chip {label!r}: {self.history}")


def until(there: Callable[[], Any], what: str) -> Any:
    """Wait until something shows."""
    limit = time.monotonic() + PATIENCE_S
    while time.monotonic() < limit:
        if found := there():
            return found
        time.sleep(0.01)
    raise AssertionError(f"it never came: {what}")


def written(pushed: list[dict[str, Any]]) -> tuple[list[Any], str]:
    """Return the blocks and the text that a page has after these messages; it counts in UTF-16 units."""
    blocks: list[Any] = []
    tail = b""
    for news in pushed:
        if news["kind"] != "delta":
            continue
        if news["from"] == news["had"] == news["at"] == 0:
            blocks, tail = [], b""
        assert news["had"] == len(blocks)
        assert 2 * news["at"] <= len(tail)
        blocks = blocks[: news["from"]] + news["blocks"]
        tail = tail[: 2 * news["at"]] + news["text"].encode("utf-16-le")
    return blocks, tail.decode("utf-16-le")
