"""Servers for the tests of this folder; what they are is in `serving`."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from neighbours import Bucket, Postgres
from serving import ServerProcess, User, start


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server for all tests that leave it as it is; everyone gets a user of their own there."""
    running = start(tmp_path_factory.mktemp("shared") / "data", "--anonymous", "--anonymous-per-hour=100000")
    yield running
    running.end()
    assert "Traceback" not in running.log.read_text()


@pytest.fixture
def somebody(server: ServerProcess) -> User:
    """A new user with a new session on the shared server."""
    return server.stranger()


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Start servers of your own; they are ended with the test."""
    running: list[ServerProcess] = []

    def begin(*options: str, data: Path | None = None, **more: Any) -> ServerProcess:
        running.append(start(data or tmp_path / "data", *options, **more))
        return running[-1]

    yield begin
    for each in running:
        each.end(signal.SIGKILL)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL server; tests make databases on it."""
    running = Postgres()
    yield running
    running.end()


@pytest.fixture(scope="session")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    """One server that speaks S3, with a bucket; tests use prefixes in it."""
    running = Bucket(tmp_path_factory.mktemp("s3") / "log")
    yield running
    running.end()
