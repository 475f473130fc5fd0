"""Several servers, each with a data folder of its own, on one PostgreSQL and one bucket; and what dies among them."""

from __future__ import annotations

import io
import signal
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import av
import httpx
import psutil
import pytest
from neighbours import PASSWORD, QUOTED, S3_SECRET, Bucket, Postgres
from serving import ServerProcess, User, new_render_id, png, start, title_draft

pytestmark = pytest.mark.postgres

LONG_MS = 600_000  # some seconds of work
SECRETS = (PASSWORD, QUOTED, S3_SECRET)


@pytest.fixture(scope="module")
def url(postgres: Postgres) -> str:
    return postgres.new_database()


@pytest.fixture(scope="module")
def prefix() -> str:
    return uuid.uuid4().hex


@pytest.fixture(scope="module")
def two(
    tmp_path_factory: pytest.TempPathFactory, url: str, bucket: Bucket, prefix: str
) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    """Two servers; the last test of this file kills one of them."""
    environ = {"IPYNEMO_DATABASE_URL": url, **bucket.environment}
    options = (f"--storage=s3://{bucket.name}/{prefix}", "--renders-at-once=1")
    folder = tmp_path_factory.mktemp("servers")
    with ThreadPoolExecutor(2) as threads:  # at the same time: they race for an empty database and an empty bucket
        starts = [threads.submit(start, folder / name, *options, environ=environ) for name in ("one", "two")]
    first, second = (each.result() for each in starts)
    yield first, second
    for server in (first, second):
        server.end()
        log = server.log.read_text()
        assert not any(secret in log for secret in SECRETS)
        assert "Traceback" not in log


def as_on(other: ServerProcess, user: User) -> User:
    """Return the same user, talking to another server."""
    same = other.user(begin=False)
    same.session_id, same.task_id = user.session_id, user.task_id
    return same


def workers(server: ServerProcess) -> list[psutil.Process]:
    return psutil.Process(server.process.pid).children(recursive=True)


def at_work(servers: tuple[ServerProcess, ServerProcess], user: User, render_id: str) -> list[ServerProcess]:
    """Wait until a render has made some progress; return who makes it, then who does not."""
    until = time.monotonic() + 60
    while user.render(render_id)["progress"] < 5:
        assert time.monotonic() < until
        time.sleep(0.05)
    return sorted(servers, key=lambda server: not workers(server))


def test_what_goes_into_one_server_comes_out_of_the_other(
    two: tuple[ServerProcess, ServerProcess], bucket: Bucket, prefix: str, postgres: Postgres, url: str
) -> None:
    first, second = two
    here = first.user()
    there = as_on(second, here)
    picture = png("crimson", (640, 480))
    assert here.upload(("a.png", picture)).status_code == 200
    there.say("explain this image")
    [info] = there.state()["video_infos"]
    answer = httpx.get(info["cdn_url"].replace(second.base_url, first.base_url), headers={"Range": "bytes=10-99"})
    assert (answer.status_code, answer.content) == (206, picture[10:100])
    assert answer.headers["content-range"] == f"bytes 10-99/{len(picture)}"
    draft = title_draft(duration_ms=500)
    draft["t"].insert(0, {"tt": 0, "sg": [{"id": "p", "st": 0, "d": 500, "src": info["id"]}]})
    render_id = new_render_id()
    there.export(draft, render_id)
    here.wait(render_id, "completed")
    clips = [user.http.get(f"/api/render/proxy/{render_id}/download") for user in (here, there)]
    assert clips[0].headers["etag"] == clips[1].headers["etag"]
    assert clips[0].content == clips[1].content
    rest = here.http.get(
        f"/api/render/proxy/{render_id}/download",
        headers={"Range": "bytes=1000-", "If-Range": clips[1].headers["etag"]},
    )
    assert (rest.status_code, rest.content) == (206, clips[1].content[1000:])
    with av.open(io.BytesIO(clips[0].content)) as container:
        assert round((container.duration or 0) / 1_000_000, 1) == 0.5
    keys = [key.removeprefix(f"{prefix}/") for key in bucket.keys(prefix)]
    mine = [key for key in keys if here.session_id in key]
    assert [key.partition("/")[0] for key in mine] == ["clips", "files"]
    for server in two:  # nothing is left on either, but for copies
        assert not list(server.data.glob("spool/*")) + list(server.data.glob("cache/use/*"))
        command = " ".join(psutil.Process(server.process.pid).cmdline())
        assert not any(secret in command for secret in SECRETS)
    for (content,) in postgres.execute(url.rpartition("/")[2], "SELECT value FROM settings"):
        assert S3_SECRET not in content


def test_only_the_pictures_that_are_looked_at_are_fetched_from_the_bucket(
    two: tuple[ServerProcess, ServerProcess], bucket: Bucket
) -> None:
    here = two[0].user()
    there = as_on(two[1], here)
    here.upload(*((f"{name}.png", png(name, (64, 48))) for name in ("red", "green", "blue")))
    ids = [info["id"] for info in there.state()["video_infos"]]

    def copies() -> int:
        return len(list(two[1].data.glob("cache/copies/*.png")))

    before = copies()
    there.say("what can you do?")
    assert copies() == before
    draft = title_draft(duration_ms=200)
    draft["t"].insert(0, {"tt": 0, "sg": [{"id": "p", "st": 0, "d": 200, "src": ids[1]}]})
    order = {"draft": draft, "at_s": 0, "height_px": 90}
    assert there.http.post(f"/api/preview/nemo_agent/me/{there.session_id}", json=order).status_code == 200
    assert copies() == before + 1
    there.say("explain the last picture")
    assert copies() == before + 2
    [previewer] = workers(two[1])  # it would stay for a minute, and other tests count who works
    previewer.kill()
    assert not psutil.wait_procs([previewer], timeout=30)[1]


def test_a_worker_process_is_given_no_secret(two: tuple[ServerProcess, ServerProcess]) -> None:
    user = two[0].user()
    render_id = new_render_id()
    user.export(title_draft(duration_ms=LONG_MS), render_id)
    worker = workers(at_work(two, user, render_id)[0])[0]
    environ = worker.environ()
    assert not any(secret in value for secret in (*SECRETS, two[0].token) for value in environ.values())
    assert "PATH" in environ
    assert user.http.post(f"/api/render/proxy/lambda/{render_id}/cancel").json()["status"] == "cancelled"
    assert not psutil.wait_procs([worker], timeout=30)[1]


def test_a_render_outlives_a_restart_of_the_database(
    two: tuple[ServerProcess, ServerProcess], postgres: Postgres, url: str
) -> None:
    user = two[0].user()
    render_id = new_render_id()
    user.export(title_draft(duration_ms=LONG_MS), render_id)
    _, idle = at_work(two, user, render_id)
    postgres.stop()
    try:
        for server in two:
            answer = as_on(server, user).http.get(f"/api/render/proxy/lambda/{render_id}")
            assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, 503, "5")
            assert answer.json()["message"].startswith("The database of the backend cannot be reached at the moment.")
        said = as_on(idle, user).http.post("/run_sse", json={}).status_code  # and what needs no database is as ever
        assert (said, idle.user(begin=False).http.get("/health").status_code) == (422, 200)
        time.sleep(4.5)  # longer than a lease
    finally:
        postgres.start()
    assert user.wait(render_id, "completed", limit_s=90)["output"]["duration"] == LONG_MS / 1000
    query = f"SELECT attempts FROM renders WHERE id = '{render_id}'"
    assert postgres.execute(url.rpartition("/")[2], query) == [(1,)]  # it was not begun again


def test_a_server_that_froze_lets_go_of_what_another_has_taken_up(
    two: tuple[ServerProcess, ServerProcess], bucket: Bucket, prefix: str
) -> None:
    user = two[0].user()
    render_id = new_render_id()
    user.export(title_draft(duration_ms=LONG_MS), render_id)
    frozen, living = at_work(two, user, render_id)
    old = workers(frozen)
    frozen.process.send_signal(signal.SIGSTOP)
    try:
        for worker in old:
            worker.suspend()
        until = time.monotonic() + 60
        while not workers(living):
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        frozen.process.send_signal(signal.SIGCONT)
        for worker in old:
            worker.resume()
    assert not psutil.wait_procs(old, timeout=30)[1]
    assert as_on(frozen, user).wait(render_id, "completed", limit_s=90)["progress"] == 100
    assert len([key for key in bucket.keys(f"{prefix}/clips/") if user.session_id in key]) == 1


def test_when_a_server_is_killed_in_the_middle_of_a_render_nothing_is_lost(
    two: tuple[ServerProcess, ServerProcess], bucket: Bucket, prefix: str
) -> None:
    users = [two[0].user() for _ in range(3)]
    ids = [new_render_id() for _ in users]
    users[0].export(title_draft("long", LONG_MS), ids[0])
    dying, living = at_work(two, users[0], ids[0])
    for user, render_id in zip(users[1:], ids[1:], strict=True):
        as_on(living, user).export(title_draft(render_id, 5_000), render_id)
    orphans = workers(dying)
    dying.end(signal.SIGKILL)
    assert not psutil.wait_procs(orphans, timeout=30)[1]
    for user, render_id in zip(users, ids, strict=True):
        mine = as_on(living, user)
        answer = mine.wait(render_id, "completed", limit_s=90)
        clip = mine.http.get(f"/api/render/proxy/{render_id}/download")
        assert (clip.status_code, len(clip.content)) == (200, answer["output"]["size"])
        clips = [key for key in bucket.keys(f"{prefix}/clips/") if user.session_id in key]
        assert len(clips) == 1
    assert not list(living.data.glob("spool/*"))
