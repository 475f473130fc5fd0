"""Renders on a real Dask cluster: what is made, what is sent, and who dies. The cluster shrinks from test to test."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Container, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import psutil
import pytest
from dask_cluster import Cluster
from distributed import Client
from neighbours import S3_SECRET, Bucket
from serving import ServerProcess, User, new_render_id, png, start, title_draft

from ipynemo import AsyncNemo, Draft
from ipynemo.backend.cluster import tasks
from ipynemo.backend.cluster.hands import Hands, OrderedFile
from ipynemo.backend.render import plan, render, sound_track
from ipynemo.backend.render.parts import encode
from ipynemo.errors import RenderFailedError

pytestmark = pytest.mark.dask

CHUNK_MS = 8_000  # as long as a part may be
LONG_MS = 10 * CHUNK_MS
PARTS = 12  # with the sound
SMALL = {"width": 160, "height": 90}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, bucket: Bucket) -> Iterator[Cluster]:
    running = Cluster(tmp_path_factory.mktemp("cluster"), **bucket.environment)
    yield running
    running.end()


@pytest.fixture(scope="module")
def servers(
    cluster: Cluster, bucket: Bucket, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, ServerProcess]]:
    """A server, one to be killed, and one that has only a bucket in common with the workers; all start at once."""
    folder = tmp_path_factory.mktemp("servers")
    environ = {**bucket.environment, "AWS_SECRET_ACCESS_KEY": S3_SECRET}
    more = {"near": "", "dying": "--render-lease-s=1", "far": f"--storage=s3://{bucket.name}/far"}
    with ThreadPoolExecutor(3) as threads:
        starting = {
            name: threads.submit(
                start, folder / name, *filter(None, (f"--scheduler={cluster.address}", option)), environ=environ
            )
            for name, option in more.items()
        }
    running = {name: each.result() for name, each in starting.items()}
    yield running
    for each in running.values():
        each.end()
        log = each.log.read_text()
        assert "Traceback" not in log
        assert S3_SECRET not in log + cluster.log


@pytest.fixture
def server(servers: dict[str, ServerProcess]) -> ServerProcess:
    return servers["near"]


def until(true: Callable[[], Any], limit_s: float = 120.0) -> Any:
    end = time.monotonic() + limit_s
    while not (value := true()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return value


def conductors(server: ServerProcess) -> list[psutil.Process]:
    """Return the child processes that have renders made, once they are what they are."""
    children = psutil.Process(server.process.pid).children()
    return [child for child in children if "ipynemo.backend.cluster.conductor" in child.cmdline()]


def parts(server: ServerProcess, but: Container[str] = ()) -> dict[str, int]:
    """Return the finished parts, and what would change if one were made again."""
    return {path.name: path.stat().st_ino for path in server.data.glob("parts/*.mp4") if path.name not in but}


def clip(user: User, render_id: str, limit_s: float = 120.0) -> bytes:
    user.wait(render_id, "completed", limit_s=limit_s)
    return user.http.get(f"/api/render/proxy/{render_id}/download").content


def picture_draft(asset: str, duration_ms: int) -> dict[str, Any]:
    draft = title_draft(duration_ms=duration_ms, **SMALL)
    shown = {"id": "p", "st": 0, "d": duration_ms, "src": asset, "m": {"motion": "zoom_in"}}
    draft["t"].insert(0, {"tt": 0, "sg": [shown]})
    draft["t"].append({"tt": 1, "sg": [{"id": "m", "st": 0, "d": duration_ms, "src": "music:calm"}]})
    return draft


def test_a_film_made_by_the_cluster_is_that_of_this_computer_byte_for_byte(
    server: ServerProcess, cluster: Cluster, tmp_path: Path
) -> None:
    user = server.user()
    picture = png("crimson", (640, 480))
    asset = user.upload(("a.png", picture)).json()["data"]["files"][0]["id"]
    draft, render_id = picture_draft(asset, 10_000), new_render_id()
    user.export(draft, render_id)
    conductor = until(lambda: conductors(server))[0]
    environ = conductor.environ()
    (tmp_path / "a.png").write_bytes(picture)
    render(Draft(draft), {asset: tmp_path / "a.png"}, tmp_path / "here.mp4")
    here, there = (tmp_path / "here.mp4").read_bytes(), clip(user, render_id)
    assert there.startswith(here)  # behind it is only what the server adds to every clip
    assert len(there) - len(here) < 2000
    assert len(parts(server)) == 4
    secrets = (S3_SECRET, server.token)
    assert not any(secret in text for secret in secrets for text in environ.values())
    assert not any(secret in cluster.log for secret in secrets)
    # The same once more, with another title: only the parts in which it is seen are made, the sound is not.
    before = parts(server)
    draft["t"][1]["sg"][0].update(tx="Hallo", d=5_000)
    user.export(draft, again := new_render_id())
    clip(user, again)
    after = parts(server)
    assert {name: after[name] for name in before} == before
    assert len(after) == 7


async def test_who_shares_nothing_with_the_server_is_sent_each_file_once_and_sends_the_parts_back(
    cluster: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(png() + os.urandom(9 << 20))  # it is sent in two blocks
    assets = {"ast_1": tmp_path / "a.png"}
    draft = Draft(picture_draft("ast_1", 3 * CHUNK_MS))
    todo = [sound_track(draft, assets), *plan(draft, assets)]
    files = {"ast_1": OrderedFile(assets["ast_1"], {"path": str(assets["ast_1"])})}
    got: dict[str, bytes | None] = {}
    sent: list[tuple[str, str]] = []

    def take(part: Any, content: bytes | None) -> bool:
        got[part.key] = content
        return True

    async with Hands(cluster.address, files, str(tmp_path / "nowhere"), "beacon") as hands:
        send = hands._send_blocks

        async def noted(worker: str, name: str) -> None:
            sent.append((worker, name))
            await send(worker, name)

        hands._send_blocks = noted  # type: ignore[method-assign]
        await hands.encode(todo, lambda: None, take)
        assert hands.frames == {part.key: getattr(part, "frames", 0) for part in todo}
    assert len(sent) == len(set(sent)) == 2
    (tmp_path / "parts").mkdir()
    chunk = todo[1]
    assert got[chunk.key] == encode(chunk, assets, tmp_path / "parts").read_bytes()  # type: ignore[arg-type]
    assert None not in got.values()
    assert len(got) == 5
    kept = list(cluster.folder.glob("dask-scratch-space/*/ipynemo/*"))
    assert [path.name for path in kept] == [files["ast_1"].name] * 2
    assert not list(cluster.folder.glob("dask-scratch-space/*/ipynemo-*"))


FULL = """
from ipynemo.backend.cluster import tasks
def full(*_):
    raise OSError(28, "No space left on device")
tasks.before, tasks._encode = tasks._encode, full
"""
FREE = "from ipynemo.backend.cluster import tasks; tasks._encode = tasks.before"


async def test_a_worker_with_a_full_disk_leaves_its_work_to_the_others(cluster: Cluster) -> None:
    todo = plan(Draft(title_draft("full", 4 * CHUNK_MS, **SMALL)), {})
    got: list[str] = []

    def take(part: Any, content: bytes | None) -> bool:
        got.append(part.key)
        return content is not None

    async with (
        Client(cluster.address, set_as_default=False, asynchronous=True) as client,
        Hands(cluster.address, {}, "/nowhere", "beacon") as hands,
    ):
        first, second = await client.nthreads()
        await client.run(exec, FULL, workers=[first])
        await hands.encode(todo, lambda: None, take)
        assert sorted(got) == sorted(part.key for part in todo)
        await client.run(exec, FULL, workers=[second])
        with pytest.raises(RenderFailedError, match=r"could not be encoded: .*No space left on device"):
            await hands.encode(todo[:1], lambda: None, take)
        await client.run(exec, FREE)
    assert "No space left" not in cluster.log  # where Dask logs an error, it also logs the order


async def test_workers_of_another_build_are_refused_before_anything_is_rendered(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = tasks.describe()
    [chunk] = plan(Draft(title_draft()), {})

    def hands() -> Hands:
        return Hands(cluster.address, {}, "/nowhere", "beacon")

    monkeypatch.setattr(tasks, "describe", lambda: {**ours, "av": "1.2.3", "build": "0123"})
    tasks.describe.__module__, tasks.describe.__qualname__ = tasks.__name__, "describe"  # over there, it is their own
    words = rf"{re.escape(cluster.address)} does not fit.* av {ours['av']} instead of 1\.2\.3\. Install the same"
    with pytest.raises(RenderFailedError, match=words):
        async with hands():
            pytest.fail("it was not refused")
    monkeypatch.setattr(tasks, "describe", lambda: {**ours, "build": "0123"})
    tasks.describe.__module__, tasks.describe.__qualname__ = tasks.__name__, "describe"
    with pytest.raises(RenderFailedError, match="another build: other fonts, options or code of the renderer"):
        async with hands():
            pytest.fail("it was not refused")
    monkeypatch.undo()
    async with hands() as late:  # a worker that came when the render had begun
        late._build = "0123"
        with pytest.raises(RenderFailedError, match="has another build"):
            await late.encode([chunk], lambda: None, lambda *_: pytest.fail("it was encoded"))
    monkeypatch.setattr(tasks, "ready", lambda: "0.0.0")
    tasks.ready.__module__, tasks.ready.__qualname__ = tasks.__name__, "ready"
    with pytest.raises(RenderFailedError, match=r"the scheduler has another build: ipynemo \S+ instead of 0\.0\.0"):
        async with hands():
            pytest.fail("it was not refused")


def test_cancel_stops_a_part_in_its_middle(server: ServerProcess, cluster: Cluster) -> None:
    user, render_id = server.user(), new_render_id()
    user.export(title_draft(duration_ms=CHUNK_MS, width=3840, height=2160), render_id)
    with Client(cluster.address, set_as_default=False) as client:

        def busy() -> dict[str, int]:
            return {key: done for each in client.run(tasks.progress).values() for key, done in each.items()}

        until(lambda: any(2 < done < 100 for done in busy().values()))
        answer = user.http.post(f"/api/render/proxy/lambda/{render_id}/cancel").json()
        assert answer["status"] == "cancelled"
        until(lambda: not busy())
    chunk = plan(Draft(title_draft(duration_ms=CHUNK_MS, width=3840, height=2160)), {})[0]
    assert f"{chunk.key}.mp4" not in parts(server)  # where its worker would have put it
    assert not psutil.wait_procs(psutil.Process(server.process.pid).children(), timeout=10)[1]
    assert not list(server.data.glob("parts/.*"))


def test_a_worker_that_is_killed_costs_its_own_parts_only(server: ServerProcess, cluster: Cluster) -> None:
    user, render_id, others = server.user(), new_render_id(), parts(server)
    user.export(title_draft(duration_ms=LONG_MS, **SMALL), render_id)
    until(lambda: parts(server, others))
    dying = cluster.workers[0]
    dying.send_signal(signal.SIGSTOP)  # it has work, and will not finish it
    made = until(lambda: (found := parts(server, others)) and len(found) > 7 and found)
    assert until(lambda: (told := user.render(render_id)["progress"]) > 5 and told) < 97
    dying.kill()
    assert clip(user, render_id)
    after = parts(server, others)
    assert len(after) == PARTS
    assert {name: after[name] for name in made} == made


async def test_the_embedded_backend_goes_on_with_the_parts_of_a_server_that_was_killed(
    servers: dict[str, ServerProcess], cluster: Cluster, tmp_path: Path
) -> None:
    # The only worker that is left stands still in the middle, so that the server is killed before the end.
    first = servers["dying"]
    user, render_id = first.user(), new_render_id()
    user.export(title_draft(duration_ms=LONG_MS, **SMALL), render_id)
    until(lambda: len(parts(first)) > 1)
    cluster.workers[1].send_signal(signal.SIGSTOP)
    await asyncio.sleep(0.1)
    made = parts(first)
    children = psutil.Process(first.process.pid).children()
    first.end(signal.SIGKILL)
    assert not psutil.wait_procs(children, timeout=10)[1]
    assert 1 < len(made) < PARTS
    cluster.workers[1].send_signal(signal.SIGCONT)
    async with AsyncNemo("local", data=first.data, language="en", scheduler=cluster.address) as nemo:
        assert nemo.where.startswith(f"Local — but clips are made on the cluster at 127.0.0.1:{cluster.port}")
        clip = await nemo.session(user.session_id).resume(render_id, tmp_path / "a.mp4")
        assert clip.duration_s == pytest.approx(LONG_MS / 1000, abs=0.05)
    after = parts(first)
    assert len(after) == PARTS
    assert {name: after[name] for name in made} == made


def test_when_the_scheduler_dies_the_render_waits_for_another_and_keeps_its_parts(
    servers: dict[str, ServerProcess], cluster: Cluster, bucket: Bucket
) -> None:
    far = servers["far"]
    user, render_id = far.user(), new_render_id()
    asset = user.upload(("a.png", png())).json()["data"]["files"][0]["id"]
    draft = title_draft(duration_ms=LONG_MS, **SMALL)
    draft["t"].insert(0, {"tt": 0, "sg": [{"id": "p", "st": 0, "d": LONG_MS, "src": asset}]})

    def kept_parts() -> list[str]:
        return [key for key in bucket.keys("far") if "/parts/" in key]

    user.export(draft, render_id)
    shelf = far.data / "cache" / "parts"
    until(lambda: len(list(shelf.glob("*.mp4"))) > 2)
    cluster.scheduler.kill()
    cluster.scheduler.wait(20)
    user.wait(render_id, "pending")
    made = {path.name: path.stat().st_ino for path in shelf.glob("*.mp4")}
    assert 2 < len(made) < PARTS
    assert {key.rpartition("/")[2] for key in kept_parts()} <= set(made)  # the last ones may not have been sent yet
    cluster.start_scheduler()
    worker = cluster.add_worker(**bucket.environment)
    cluster.workers[1].wait(20)  # it goes with its scheduler
    assert "cannot be reached" in far.log.read_text()
    user.wait(render_id, "completed")
    assert {name: (shelf / name).stat().st_ino for name in made} == made
    assert len(kept_parts()) == PARTS
    name = f"{hashlib.sha256(png()).hexdigest()}.png"
    assert len(list(cluster.folder.glob(f"dask-scratch-space/*/ipynemo/{name}"))) == 1  # that of the first is gone
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
    assert kept_parts() == list(shelf.glob("*.mp4")) == []
