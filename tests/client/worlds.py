"""What the sides of `peer_server.py` and `faulty_server.py` share: a child process, its worlds, an empty home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PATIENCE_S = 30.0  # before a test gives up on something that has to come; the machine may be busy


@contextmanager
def running(script: str) -> Iterator[bytes]:
    """Run a server of this folder; give the line that it says when it listens."""
    command = [sys.executable, str(Path(__file__).with_name(script))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline()
        process.stdin.close()
        process.wait(PATIENCE_S)


def ask(url: str, value: Any = None, method: str | None = None) -> dict[str, Any]:
    """Tell a world something, or ask it."""
    body = None if value is None else json.dumps(value).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data=body, method=method)) as reply:
        return dict(json.load(reply))


def unset_ours(monkeypatch: pytest.MonkeyPatch, *, proxies: bool = False) -> None:
    """Take our variables out of the environment; with `proxies`, those of proxies, too."""
    for name in [*os.environ]:
        ours = name.startswith(("NEMO_", "IPYNEMO_")) or name == "SKILL_SOURCE"
        if ours or (proxies and name.lower().endswith("_proxy")):
            monkeypatch.delenv(name)
