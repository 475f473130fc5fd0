"""The test's side of `faulty_server.py`: one process for all tests, a world of its own for each."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest
from worlds import PATIENCE_S, ask, running, unset_ours

from ipynemo import AsyncNemo, AsyncSession, Timing
from ipynemo.loop import background

TOKEN = "nmv_usr_1234567890abcdef"
CAPTURES = Path(__file__).parents[1] / "data" / "captures"
# Limits that are never reached where a test does not shorten them: what hangs outlasts every patience.
FAST = Timing(
    connect_s=20,
    still_working_s=300,
    idle_limit_s=300,
    turn_limit_s=400,
    recovery_first_s=0.01,
    recovery_every_s=0.01,
    retry_after_default_s=0.01,
    read_backoff_s=0.005,
    read_budget_s=20,
)
Step = list[Any]
Script = list[Step]

_numbers = count(1)


def send(data: bytes | str) -> Step:
    return ["send", base64.b64encode(data.encode() if isinstance(data, str) else data).decode()]


def dribble(data: bytes, size: int = 1, pause_s: float = 0.0) -> Step:
    return ["dribble", base64.b64encode(data).decode(), size, pause_s]


def repeat(data: bytes, pause_s: float) -> Step:
    return ["repeat", base64.b64encode(data).decode(), pause_s]


def head(status: int = 200, kind: str | None = "text/event-stream", **headers: object) -> bytes:
    """Return the head of an answer; without a length, so that the end of the connection is the end of the body."""
    lines = [f"HTTP/1.1 {status} Whatever"]
    if kind is not None:
        lines.append(f"Content-Type: {kind}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def answer(status: int, body: bytes | str, kind: str | None = "application/json", **headers: object) -> Script:
    """Return a script for a whole answer."""
    data = body.encode() if isinstance(body, str) else body
    return [send(head(status, kind, Content_Length=len(data), **headers) + data)]


def sse(*payloads: object) -> bytes:
    return b"".join(f"data: {json.dumps(payload, ensure_ascii=False)}\n\n".encode() for payload in payloads)


def stream(*steps: Step | bytes, **headers: object) -> Script:
    """Return a script for an event stream that ends with its connection."""
    return [send(head(**headers)), *(send(step) if isinstance(step, bytes) else step for step in steps), ["close"]]


def adk(*parts: dict[str, Any], partial: bool | None = None, **more: Any) -> dict[str, Any]:
    event: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}, "author": "nemo_agent", **more}
    return event if partial is None else {**event, "partial": partial}


def delta(text: str) -> dict[str, Any]:
    return adk({"text": text}, partial=True)


def text(words: str) -> dict[str, Any]:
    return adk({"text": words}, partial=False)


def call(call_id: str, name: str = "set_timeline") -> dict[str, Any]:
    return adk({"functionCall": {"id": call_id, "name": name, "args": {}}})


def result(call_id: str, name: str = "set_timeline") -> dict[str, Any]:
    return adk({"functionResponse": {"id": call_id, "name": name, "response": {}}})


def titled(words: str) -> dict[str, Any]:
    """Return a draft with one title."""
    return {"t": [{"tt": 7, "sg": [{"tx": words, "st": 0, "d": 3000}]}]}


class World:
    """One world on the server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.name = f"w{next(_numbers)}"
        self.url = f"http://127.0.0.1:{port}/{self.name}"

    def set(self, **options: Any) -> None:
        ask(self.url, options, "PUT")

    def on(self, path: str, *scripts: Script, **options: Any) -> None:
        """Script the answers of one path, one after the other; the last one stays. Other scripts are forgotten."""
        self.set(scripts={path: list(scripts)}, **options)

    def listen(self, port: int) -> None:
        """Let the server listen on one more port."""
        ask(f"http://127.0.0.1:{self.port}/_listen", {"port": port}, "PUT")

    @property
    def seen(self) -> dict[str, Any]:
        return ask(self.url)

    def arrivals(self, path: str = "") -> list[dict[str, Any]]:
        return [arrival for arrival in self.seen["arrivals"] if arrival["path"].endswith(path)]

    def messages(self) -> list[str]:
        """Return the messages that arrived at the chat endpoint, whole."""
        bodies = [json.loads(arrival["body"]) for arrival in self.arrivals("/run_sse") if arrival["body"]]
        return [body["new_message"]["parts"][0]["text"] for body in bodies]


async def until(there: Callable[[], Any], what: str) -> Any:
    """Wait until something shows."""
    limit = time.monotonic() + PATIENCE_S
    while time.monotonic() < limit:
        if found := there():
            return found
        await asyncio.sleep(0.005)
    raise AssertionError(f"it never came: {what}")


def tasks_of_ours() -> list[str]:
    """Return what runs on the background loop."""
    done = asyncio.run_coroutine_threadsafe(_tasks(), background())
    return done.result(PATIENCE_S)


async def _tasks() -> list[str]:
    return [repr(task) for task in asyncio.all_tasks() if task is not asyncio.current_task()]


def connections_to(port: int) -> list[str]:
    """Return this process's open connections to a port."""
    found = psutil.Process().net_connections("tcp")
    return [str(c) for c in found if c.raddr and c.raddr.port == port and c.status not in ("CLOSE", "TIME_WAIT")]


async def nothing_left(world: World) -> None:
    """Wait until no task is left here and no request there."""
    await until(lambda: not tasks_of_ours(), "the end of every task on the background loop")
    await until(lambda: world.seen["open"] == 0, "the end of every request on the server")


@pytest.fixture(scope="session")
def faulty_port() -> Iterator[int]:
    with running("faulty_server.py") as said:
        yield int(said)


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty home; no variable of ours, and no proxy, is set."""
    unset_ours(monkeypatch, proxies=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def world(faulty_port: int, own_home: Path) -> World:
    return World(faulty_port)


@pytest.fixture
async def nemo(world: World, own_home: Path) -> AsyncIterator[AsyncNemo]:
    """Give a client of the world; nothing of it may be left once it is closed."""
    async with AsyncNemo(world.url, token=TOKEN, timing=FAST, data=own_home, language="en") as client:
        yield client
    await nothing_left(world)
    await until(lambda: not connections_to(world.port), "the end of every connection")


@pytest.fixture
def session(nemo: AsyncNemo) -> AsyncSession:
    return nemo.session("s-1")
