"""Two servers on one data folder, and servers that are killed: no render is lost, none is made twice."""

from __future__ import annotations

import io
import signal
import time

import av
import httpx
import psutil
from serving import ServerProcess, User, new_render_id, png, title_draft

LONG_MS = 150_000
ENDLESS_MS = 1_500_000


def workers(server: ServerProcess) -> list[psutil.Process]:
    return psutil.Process(server.process.pid).children(recursive=True)


def busy_workers(server: ServerProcess, user: User, render_id: str) -> list[psutil.Process]:
    """Wait until the render has made some progress, and return the processes that make it."""
    while user.render(render_id)["progress"] < 5:
        time.sleep(0.05)
    return workers(server)


def gone(processes: list[psutil.Process], limit_s: float = 15.0) -> bool:
    return not psutil.wait_procs(processes, timeout=limit_s)[1]


def length_s(user: User, render_id: str) -> float:
    clip = user.http.get(f"/api/render/proxy/{render_id}/download")
    assert clip.status_code == 200
    with av.open(io.BytesIO(clip.content)) as container:
        return round((container.duration or 0) / 1_000_000, 1)


def test_a_render_survives_the_kill_of_its_server_and_a_restart(start_server) -> None:  # type: ignore[no-untyped-def]
    first = start_server()
    user = first.user()
    render_id, session_id = new_render_id(), user.session_id
    user.export(title_draft(duration_ms=LONG_MS), render_id)
    orphans = busy_workers(first, user, render_id)
    assert len(orphans) >= 1
    first.end(signal.SIGKILL)
    assert gone(orphans)
    user = start_server(data=first.data).user(begin=False)
    user.session_id = session_id
    assert user.wait(render_id, "completed", limit_s=90)["output"]["duration"] == 150.0
    assert length_s(user, render_id) == 150.0
    clips = list((first.data / "clips" / session_id).iterdir())
    assert [clip.suffix for clip in clips] == [".mp4"], clips


def test_a_living_server_takes_up_the_render_of_a_killed_one(start_server) -> None:  # type: ignore[no-untyped-def]
    first = start_server()
    second = start_server(data=first.data)
    user = first.user()
    render_id = new_render_id()
    user.export(title_draft(duration_ms=LONG_MS), render_id)
    busy_workers(first, user, render_id)
    dying, living = (first, second) if workers(first) else (second, first)
    assert (bool(workers(dying)), bool(workers(living))) == (True, False)
    dying.end(signal.SIGKILL)
    mine = living.user(begin=False)
    while not workers(living):
        assert mine.render(render_id)["status"] == "processing"  # until the lease has run out
        time.sleep(0.05)
    assert mine.wait(render_id, "completed", limit_s=90)["progress"] == 100


def test_a_server_that_is_told_to_stop_gives_its_render_back_at_once(start_server) -> None:  # type: ignore[no-untyped-def]
    first = start_server("--render-lease-s=600")
    user = first.user()
    render_id = new_render_id()
    user.export(title_draft(duration_ms=ENDLESS_MS), render_id)
    running = busy_workers(first, user, render_id)
    assert first.end(signal.SIGTERM) in {0, -signal.SIGTERM}
    assert gone(running)
    second = start_server("--render-lease-s=600", data=first.data).user(begin=False)
    second.wait(render_id, "processing")
    assert second.http.post(f"/api/render/proxy/lambda/{render_id}/cancel").json()["status"] == "cancelled"


def test_two_servers_share_the_queue_and_each_render_is_made_once(start_server) -> None:  # type: ignore[no-untyped-def]
    first = start_server("--renders-at-once=1")
    second = start_server("--renders-at-once=1", data=first.data)
    users = [first.user() for _ in range(4)]
    ids = [new_render_id() for _ in users]
    for user, render_id in zip(users, ids, strict=True):
        user.export(title_draft(render_id, 20_000), render_id)
    seen = {1: False, 2: False}
    other = second.user(begin=False)
    while not all(other.render(render_id)["status"] == "completed" for render_id in ids):
        seen[1] |= bool(workers(first))
        seen[2] |= bool(workers(second))
        time.sleep(0.02)
    assert seen == {1: True, 2: True}
    assert len(list(first.data.glob("clips/*/*.mp4"))) == 4


def test_cancel_through_another_server_stops_the_worker(start_server) -> None:  # type: ignore[no-untyped-def]
    first = start_server("--renders-at-once=1")
    user = first.user()
    render_id = new_render_id()
    user.export(title_draft(duration_ms=ENDLESS_MS), render_id)
    running = busy_workers(first, user, render_id)
    second = start_server("--renders-at-once=0", data=first.data)
    mine = second.user(begin=False)
    assert mine.http.post(f"/api/render/proxy/lambda/{render_id}/cancel").json()["status"] == "cancelled"
    assert gone(running)
    assert mine.render(render_id)["status"] == "cancelled"


def test_a_link_of_one_server_works_on_the_other(start_server) -> None:  # type: ignore[no-untyped-def]
    first = start_server()
    second = start_server(data=first.data)
    user = first.user()
    render_id = new_render_id()
    user.export(title_draft(duration_ms=300), render_id)
    url = user.wait(render_id, "completed")["output"]["url"]
    assert httpx.get(url.replace(first.base_url, second.base_url)).content == httpx.get(url).content


def test_a_render_that_breaks_its_worker_fails_and_is_not_tried_for_ever(start_server) -> None:  # type: ignore[no-untyped-def]
    server = start_server()
    user = server.user()
    render_id = new_render_id()
    user.export(title_draft(duration_ms=ENDLESS_MS), render_id)
    for process in busy_workers(server, user, render_id):
        process.kill()
    answer = user.wait(render_id, "failed")
    assert "broke off" in answer["error"]


def test_sessions_expire_and_their_files_go(start_server) -> None:  # type: ignore[no-untyped-def]
    first = start_server("--session-days=0.00002")  # 1.7 s
    user = first.user()
    assert user.upload(("a.png", png())).status_code == 200
    while (answer := user.http.get(f"/api/state/nemo_agent/me/{user.session_id}/latest")).status_code == 200:
        time.sleep(0.05)
    assert (answer.status_code, answer.json()["code"]) == (404, 1002)
    assert (first.data / "files" / user.session_id).exists()
    first.end()
    start_server(data=first.data)
    until = time.monotonic() + 20
    while (first.data / "files" / user.session_id).exists():
        assert time.monotonic() < until
        time.sleep(0.05)
