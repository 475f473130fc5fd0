"""A cluster that goes away, a server and workers that have only a bucket in common, and addresses that are none."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from dask_cluster import Cluster
from neighbours import S3_SECRET, Bucket
from serving import ServerProcess, new_render_id, png, start, title_draft

from ipynemo.backend.cluster.cupboard import Cupboard
from ipynemo.backend.config import BackendConfig
from ipynemo.backend.runners import ChildRunner, runner_for
from ipynemo.backend.storage import LocalStorage
from ipynemo.backend.storage.base import part_key
from ipynemo.errors import BackendStartError, InvalidRequestError

pytestmark = pytest.mark.dask

LONG_MS = 80_000


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, bucket: Bucket) -> Iterator[Cluster]:
    running = Cluster(tmp_path_factory.mktemp("cluster"), workers=0)
    running.add_worker(**bucket.environment)
    yield running
    running.end()


@pytest.fixture(scope="module")
def prefix() -> str:
    return uuid.uuid4().hex


@pytest.fixture(scope="module")
def server(
    cluster: Cluster, bucket: Bucket, prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    running = start(
        tmp_path_factory.mktemp("server") / "data",
        f"--scheduler={cluster.address}",
        f"--storage=s3://{bucket.name}/{prefix}",
        environ=bucket.environment,
    )
    yield running
    running.end()
    log = running.log.read_text()
    assert "Traceback" not in log
    assert S3_SECRET not in log + cluster.log


def until(true: Callable[[], Any], limit_s: float = 40.0) -> Any:
    end = time.monotonic() + limit_s
    while not (value := true()):
        assert time.monotonic() < end
        time.sleep(0.005)
    return value


def test_when_the_scheduler_dies_the_render_waits_for_another_and_keeps_its_parts(
    server: ServerProcess, cluster: Cluster, bucket: Bucket, prefix: str
) -> None:
    user, render_id = server.user(), new_render_id()
    asset = user.upload(("a.png", png())).json()["data"]["files"][0]["id"]
    draft = title_draft(duration_ms=LONG_MS, width=160, height=90)
    draft["t"].insert(0, {"tt": 0, "sg": [{"id": "p", "st": 0, "d": LONG_MS, "src": asset}]})

    def parts() -> list[str]:
        return [key for key in bucket.keys(prefix) if "/parts/" in key]

    user.export(draft, render_id)
    shelf = server.data / "cache" / "parts"
    until(lambda: len(list(shelf.glob("*.mp4"))) > 2)
    cluster.scheduler.kill()
    cluster.scheduler.wait(20)
    user.wait(render_id, "pending")
    made = {path.name: path.stat().st_ino for path in shelf.glob("*.mp4")}
    assert 2 < len(made) < 11
    assert {key.rpartition("/")[2] for key in parts()} <= set(made)  # the last ones may not have been sent yet
    cluster.workers[0].wait(20)  # it goes with its scheduler
    until(lambda: "cannot be reached" in server.log.read_text())
    cluster.start_scheduler()
    worker = cluster.add_worker(**bucket.environment)
    user.wait(render_id, "completed")
    assert {name: (shelf / name).stat().st_ino for name in made} == made
    assert len(parts()) == 11
    kept = list(cluster.folder.glob("dask-scratch-space/*/ipynemo/*.png"))
    assert len(kept) == 1  # fetched by the worker: the file is here under its hash, and the folder of the first is gone
    first = user.http.get(f"/api/render/proxy/{render_id}/download").content
    with av.open(io.BytesIO(first)) as container:
        assert round((container.duration or 0) / 1_000_000, 1) == LONG_MS / 1000
    # A server that has nothing on its own disk finds everything in the bucket: no worker is needed any more.
    worker.kill()
    shutil.rmtree(shelf)
    user.export(draft, again := new_render_id())
    user.wait(again, "completed")
    assert user.http.get(f"/api/render/proxy/{again}/download").content == first
    # A part that is damaged is found when it is joined, and not kept for the next try.
    next(shelf.glob("*.mp4")).write_bytes(b"no film")
    user.export(draft, third := new_render_id())
    assert "render" in user.wait(third, "failed")["error"].lower()
    assert parts() == list(shelf.glob("*.mp4")) == []


@pytest.mark.parametrize(
    "address", ["8786", "host:8786", "http://host:8786", "tcp://host", "tcp://me:secret@host:1", ""]
)
def test_what_is_no_scheduler_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"no scheduler.*tcp://host:8786"):
        BackendConfig(data=tmp_path, token="t", scheduler=address)


def test_a_cluster_needs_its_packages_and_nobody_else_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = LocalStorage(tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert isinstance(runner_for(BackendConfig(data=tmp_path, token="t"), storage), ChildRunner)
    with pytest.raises(BackendStartError, match=r'pip install "ipynemo\[local,cluster\]"'):
        runner_for(BackendConfig(data=tmp_path, token="t", scheduler="tcp://host:1"), storage)


@pytest.mark.parametrize("name", ["../../secret.key", "a.mp4", f"{'a' * 40}.mp4/..", f"{'a' * 40}.png", "/etc/passwd"])
def test_a_part_has_no_other_name(name: str) -> None:
    assert part_key(f"{'a' * 40}.mp4") == f"parts/{'a' * 40}.mp4"
    with pytest.raises(InvalidRequestError):
        part_key(name)


async def test_parts_count_as_room_and_go_when_nobody_used_them(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    old, new = (storage.shelf / f"{name}.mp4" for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"part")
    assert await storage.used_bytes() == 8
    os.utime(old, (time.time() - 100, time.time() - 100))
    await storage.sweep_parts(50)
    assert list(storage.shelf.iterdir()) == [new]


def test_a_cupboard_keeps_what_it_was_sent_until_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipynemo.backend.cluster.cupboard.IN_USE_S", 0.0)
    cupboard = Cupboard(tmp_path / "kept", 250)
    contents = [bytes([number]) * 100 for number in range(3)]
    names = [f"{hashlib.sha256(content).hexdigest()}.png" for content in contents]
    assert not cupboard.take(names[0], tmp_path / "a")
    assert not cupboard.add("me", names[0], 0, contents[0][:60], 100)
    assert not cupboard.take(names[0], tmp_path / "a")
    assert cupboard.add("me", names[0], 60, contents[0][60:], 100)
    assert cupboard.take(names[0], tmp_path / "a")
    assert not cupboard.add("me", names[1], 0, contents[2], 100)  # not what it says it is
    assert not cupboard.take(names[1], tmp_path / "b")
    for name, content in zip(names[1:], contents[1:], strict=True):
        assert cupboard.add("me", name, 0, content, 100)
    assert [cupboard.take(name, tmp_path / name) for name in names] == [False, True, True]
    assert (tmp_path / "a").read_bytes() == contents[0]  # whoever uses it still has it
    assert not list((tmp_path / "kept").glob(".*"))
