"""The embedded backend as a child process: it comes up, dies with its parent, and comes back on the same data."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import pytest_asyncio
from serving import SOURCES

from ipynemo.backend.local import LocalBackend
from ipynemo.errors import BackendStartError


async def call(backend: LocalBackend, path: str = "/api/credits/balance/simple") -> httpx.Response:
    async with httpx.AsyncClient(base_url=backend.base_url) as http:
        return await http.get(path, headers={"Authorization": f"Bearer {backend.token}"})


async def new_session(backend: LocalBackend) -> str:
    async with httpx.AsyncClient(base_url=backend.base_url) as http:
        answer = await http.post(
            "/api/tasks/me/with-session/nemo_agent",
            json={"task_name": "x"},
            headers={"Authorization": f"Bearer {backend.token}"},
        )
    return str(answer.json()["data"]["session_id"])


@pytest_asyncio.fixture
async def backend(tmp_path: Path) -> AsyncIterator[LocalBackend]:
    running = await LocalBackend.start(tmp_path / "data")
    yield running
    await running.stop()


async def test_it_answers_on_loopback_to_its_token_alone(backend: LocalBackend) -> None:
    assert backend.alive
    assert backend.base_url.startswith("http://127.0.0.1:")
    assert (await call(backend)).json()["data"] == {"available": 100, "frozen": 0, "total": 100}
    async with httpx.AsyncClient() as http:
        assert (await http.get(backend.base_url + "/api/credits/balance/simple")).status_code == 401


async def test_its_token_is_in_no_repr_and_on_no_command_line(backend: LocalBackend) -> None:
    assert backend.token not in repr(backend)
    assert len(backend.token) >= 40
    assert backend.pid is not None
    assert backend.token not in " ".join(psutil.Process(backend.pid).cmdline())


async def test_the_cloud_token_of_the_user_does_not_reach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEMO_TOKEN", "nmv_usr_secret")
    monkeypatch.setenv("PYTHONINSPECT", "1")
    backend = await LocalBackend.start(tmp_path)
    try:
        assert backend.pid is not None
        environ = psutil.Process(backend.pid).environ()
        assert "NEMO_TOKEN" not in environ
        assert "PYTHONINSPECT" not in environ
    finally:
        await backend.stop()


async def test_stop_ends_the_process(tmp_path: Path) -> None:
    backend = await LocalBackend.start(tmp_path)
    pid = backend.pid
    await backend.stop()
    assert not backend.alive
    assert backend.pid is None
    assert not psutil.pid_exists(pid or 0)
    await backend.stop()


async def test_after_a_kill_it_is_started_again_on_the_same_data(backend: LocalBackend) -> None:
    session_id = await new_session(backend)
    old_token = backend.token
    psutil.Process(backend.pid).kill()
    psutil.wait_procs([psutil.Process(backend.pid)] if backend.pid else [], timeout=10)
    assert not backend.alive
    await asyncio.gather(backend.ensure(), backend.ensure())
    assert backend.alive
    assert backend.token != old_token
    assert (await call(backend, f"/api/state/nemo_agent/me/{session_id}/latest")).status_code == 200


async def test_two_backends_share_a_folder_and_its_user(backend: LocalBackend, tmp_path: Path) -> None:
    second = await LocalBackend.start(tmp_path / "data")
    try:
        session_id = await new_session(backend)
        assert (await call(second, f"/api/state/nemo_agent/me/{session_id}/latest")).status_code == 200
    finally:
        await second.stop()


async def test_four_backends_on_a_new_folder_come_up_at_the_same_time(tmp_path: Path) -> None:
    backends = await asyncio.gather(*(LocalBackend.start(tmp_path / "new") for _ in range(4)))
    assert [(await call(each)).status_code for each in backends] == [200] * 4
    await asyncio.gather(*(each.stop() for each in backends))


async def test_prices_and_plan_are_passed_on(tmp_path: Path) -> None:
    backend = await LocalBackend.start(tmp_path, credits=7, edit_cost=3, plan_export=False)
    try:
        assert (await call(backend)).json()["data"]["total"] == 7
        assert backend.pid is not None
        assert {"--edit-cost=3", "--no-plan-export"} <= set(psutil.Process(backend.pid).cmdline())
    finally:
        await backend.stop()


async def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "Daten? #1 100% 火"
    backend = await LocalBackend.start(folder)
    try:
        assert (await call(backend)).status_code == 200
        assert "ipynemo.sqlite3" in os.listdir(folder)  # noqa: PTH208 - pathlib is no better here
        assert os.listdir(tmp_path) == [folder.name]  # noqa: PTH208
    finally:
        await backend.stop()


def test_it_starts_from_any_thread_and_stops_from_another(tmp_path: Path) -> None:
    found: list[Any] = []
    starting = threading.Thread(target=lambda: found.append(asyncio.run(LocalBackend.start(tmp_path))))
    starting.start()
    starting.join()
    [backend] = found
    assert httpx.get(backend.base_url + "/health").status_code == 200
    asyncio.run(backend.stop())
    assert not backend.alive


PARENT = """
import asyncio, os, sys, time
from pathlib import Path
from ipynemo.backend.local import LocalBackend
backend = asyncio.run(LocalBackend.start(Path(sys.argv[1])))
if sys.argv[2] == "fork":
    if os.fork() == 0:  # a child that holds the pipe open
        time.sleep(60)
        os._exit(0)
print(backend.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("way", ["alone", "fork"])
def test_it_dies_with_its_parent_however_that_dies(tmp_path: Path, sign: int, way: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "data"), way],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": SOURCES},
        start_new_session=True,
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    assert child.is_running()
    parent.send_signal(sign)
    parent.wait(10)
    try:
        assert psutil.wait_procs([child], timeout=15)[1] == []
    finally:
        if way == "fork":
            os.killpg(parent.pid, signal.SIGKILL)
        parent.stdout.close()


async def test_an_interrupt_of_the_notebook_does_not_reach_it(backend: LocalBackend) -> None:
    assert backend.pid is not None
    assert os.getpgid(backend.pid) != os.getpgid(0)
    assert os.getsid(backend.pid) != os.getsid(0)


ELSEWHERE = """
import sys
sys.path.insert(0, sys.argv[1])
import asyncio
from pathlib import Path
from ipynemo.backend.local import LocalBackend
backend = asyncio.run(LocalBackend.start(Path(sys.argv[2])))
print(backend.alive)
asyncio.run(backend.stop())
"""


def test_files_in_the_working_folder_do_not_stand_in_for_packages(tmp_path: Path) -> None:
    for name in ("uvicorn", "random", "token", "ipynemo"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module')")
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-I", "-c", ELSEWHERE, SOURCES, str(tmp_path / "data")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=env,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr


async def test_missing_packages_are_named_with_the_command_that_installs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in {"av", "fastapi"} else there(name))
    with pytest.raises(BackendStartError) as caught:
        await LocalBackend.start(tmp_path)
    assert str(caught.value) == (
        'The embedded backend needs more packages: av, fastapi. Install it: pip install "ipynemo[local]"'
    )


async def test_what_the_child_said_is_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "ipynemo.sqlite3").write_bytes(b"this is not a database, it is a text of some length" * 100)
    with pytest.raises(BackendStartError) as caught:
        await LocalBackend.start(tmp_path)
    assert "file is not a database" in caught.value.message
    assert caught.value.hint == f"Its log is {tmp_path / 'logs' / 'backend.log'}."
    assert "Application startup failed" in (caught.value.received or "")


async def test_a_folder_that_cannot_be_made_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BackendStartError, match="cannot be written"):
        await LocalBackend.start(tmp_path / "file" / "data")


async def test_a_long_log_is_put_aside_at_the_next_start(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "backend.log").write_bytes(b"x" * ((1 << 20) + 1))
    (logs / "backend.log.1").write_text("older")
    backend = await LocalBackend.start(tmp_path)
    await backend.stop()
    assert (logs / "backend.log.1").stat().st_size == (1 << 20) + 1
    assert (logs / "backend.log.2").read_text() == "older"
    assert (logs / "backend.log").stat().st_size < 1000


LOADED = "import sys, json; import {module}; print(json.dumps(sorted(m for m in sys.modules if '.' not in m)))"


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("ipynemo.backend.local", {"fastapi", "sqlalchemy", "uvicorn", "av", "cv2", "numpy"}),
        ("ipynemo.backend.serve", {"fastapi", "sqlalchemy", "uvicorn", "av", "cv2"}),
        (
            "ipynemo.backend.running, ipynemo.backend.app",
            {"av", "cv2", "PIL", "alembic", "asyncpg", "fsspec", "s3fs", "distributed"},
        ),
    ],
)
def test_nothing_is_loaded_before_it_is_needed(module: str, absent: set[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(module=module)],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": SOURCES},
    )
    assert absent & set(json.loads(done.stdout)) == set()
