"""The test's side of `peer_server.py`: one server process for all tests, a world of its own for each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from worlds import PATIENCE_S, ask, running, unset_ours

from ipynemo import AsyncNemo, Timing

SOURCE = Path(__file__).parents[2] / "src"
WARNINGS = "default::ResourceWarning,default::RuntimeWarning"  # what is left open, what is never awaited
DRAFT = {"t": [{"tt": 0, "sg": [{"d": 3000, "n": "city"}]}], "m": {"title": "Urban Dreams"}}
FAST = Timing(
    retry_after_default_s=0.05,
    recovery_first_s=0.01,
    recovery_every_s=0.01,
    render_poll_s=0.005,
    render_poll_max_s=0.02,
    render_limit_s=30,
    read_backoff_s=0.005,
    read_budget_s=20,
)

_numbers = count(1)


class Peer:
    """One world on the server."""

    def __init__(self, ports: dict[str, int]) -> None:
        self.base = f"/w{next(_numbers)}"
        self.url = f"http://127.0.0.1:{ports['port']}{self.base}"
        self.foreign_url = f"http://localhost:{ports['foreign_port']}{self.base}"

    def set(self, **options: Any) -> None:
        """Change how the world answers from now on."""
        ask(f"{self.url}/_set", options)

    def log(self, pattern: str = "") -> list[dict[str, Any]]:
        """Return what has happened, in order; of it the requests whose "METHOD path" holds `pattern`."""
        entries: list[dict[str, Any]] = ask(f"{self.url}/_log")["log"]
        return [entry for entry in entries if pattern in f"{entry.get('method', '')} {entry.get('path', '')}"]

    @property
    def most_active(self) -> int:
        """The most requests that were open at once."""
        return int(ask(f"{self.url}/_log")["most_active"])

    def until(self, there: Callable[[list[dict[str, Any]]], Any]) -> Any:
        """Wait until the log shows something; return what `there` found."""
        limit = time.monotonic() + PATIENCE_S
        while time.monotonic() < limit:
            if found := there(self.log()):
                return found
            time.sleep(0.01)
        raise AssertionError(f"it never came; the log: {self.log()}")

    def until_noted(self, what: str) -> dict[str, Any]:
        """Wait until something of this name ("hanging", "gone") is in the log."""
        return dict(self.until(lambda log: next((entry for entry in log if what in entry), None)))


@pytest.fixture(scope="session")
def peer_ports() -> Iterator[dict[str, int]]:
    with running("peer_server.py") as said:
        yield json.loads(said)


@pytest.fixture
def clean_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty home; no variable of ours is set but the data folder."""
    unset_ours(monkeypatch)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("IPYNEMO_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return home


@pytest.fixture
def peer(peer_ports: dict[str, int], clean_home: Path) -> Peer:
    """Return a fresh world that has a draft."""
    world = Peer(peer_ports)
    world.set(draft=DRAFT)
    return world


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a real MP4: 64×48, 2 seconds, its header in front."""
    return make_video(tmp_path_factory.mktemp("video") / "clip.mp4")


def make_video(
    path: Path, *, width: int = 64, height: int = 48, frames: int = 20, fps: int = 10, movflags: str = "faststart"
) -> Path:
    """Write an MP4 of changing colours."""
    options = {"movflags": movflags} if movflags else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, fps)
        for number in range(frames):
            picture = np.full((height, width, 3), (number * 10 % 256, 80, 160), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


def nemo_of(peer: Peer) -> AsyncNemo:
    """Return a client of this world with a token of its user's own, which waits for nothing long."""
    return AsyncNemo(peer.url, token="nmv_usr_own", timing=FAST)


def left_in(folder: Path) -> list[str]:
    """Return the names of all that lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


def script_environment(peer: Peer | None = None, **more: str) -> dict[str, str]:
    """Return the environment for a client in a process of its own; call it inside a test with a clean home."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    if peer is not None:
        environment["NEMO_API_URL"] = peer.url
    return {**environment, "PYTHONPATH": str(SOURCE), "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": WARNINGS, **more}


def run_script(
    code: str, peer: Peer | None = None, *, check: bool = True, stdin: str = "", **more: str
) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own, to its end."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=script_environment(peer, **more),
        input=stdin,
        text=True,
        capture_output=True,
        timeout=PATIENCE_S * 4,
        check=False,
    )
    assert not check or done.returncode == 0, done.stderr
    return done
