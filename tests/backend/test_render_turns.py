"""Thirty renders at once: nobody waits for all the others', and what waits takes no memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from ipynemo.backend import renders, runners
from ipynemo.backend.children import Child
from ipynemo.backend.config import BackendConfig
from ipynemo.backend.renders import RenderQueue
from ipynemo.backend.runners import ChildRunner, Job, Outcome
from ipynemo.backend.storage import LocalStorage
from ipynemo.backend.store import Store
from ipynemo.backend.store.models import Render
from ipynemo.backend.unavailable import UnavailableError


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(BackendConfig(data=tmp_path, token="t", anonymous=True, renders_at_once=2))
    await opened.open()
    yield opened
    await opened.aclose()


async def order(store: Store, name: str, *, user: str = "usr_local", session_id: str = "", draft: str = "{}") -> str:
    session_id = session_id or (await store.sessions.create(user, name, "en")).id
    render = Render(
        id=name, user_id=user, session_id=session_id, draft=draft, fingerprint="x", quality="high",
        status="pending", progress=0.0, lease_until=0.0, attempts=0, created_at=0.0,
    )  # fmt: skip
    await store.renders.submit(render)
    return session_id


async def status(store: Store, name: str) -> str:
    standing = await store.renders.find(name)
    assert standing is not None
    return standing.render.status


class Desk:
    """A runner that does what the test says, and notes what it was given."""

    def __init__(self, *failures: Exception) -> None:
        self.jobs: list[Job] = []
        self.at_once = self.most = 0
        self._failures = list(failures)

    async def run(self, job: Job, tell: Any) -> Outcome:
        self.jobs.append(job)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            tell(50.0)
            if self._failures:
                raise self._failures.pop(0)
            return Outcome({"size_bytes": 1, "duration_s": 1.0, "width_px": 2, "height_px": 2})
        finally:
            self.at_once -= 1


async def worked_off(store: Store, desk: Desk, names: list[str]) -> list[str]:
    """Let the queue run until all of these have ended; return the ids in the order in which they were begun."""
    queue = RenderQueue(store, BackendConfig(data=store.folder.root, token="t", renders_at_once=2))
    queue._runner = desk
    queue.start()
    try:
        while any([await status(store, name) in {"pending", "processing"} for name in names]):  # noqa: ASYNC110 - a row
            await asyncio.sleep(0.02)
    finally:
        await queue.aclose()
    return [job.name for job in desk.jobs]


async def test_a_user_who_orders_one_does_not_wait_for_the_thirty_of_another(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []  # the desk gets two that were taken together in either order
    claim = store.renders.claim

    async def noted(*args: Any, **options: Any) -> Render | None:
        if (render := await claim(*args, **options)) is not None:
            taken.append(render.id)
        return render

    monkeypatch.setattr(store.renders, "claim", noted)
    ann, ben = [(await store.users.anonymous_token(f"client-of-{name}")).user_id for name in ("ann", "ben")]
    thirty = [f"ann-{n:02}" for n in range(30)]
    for name in thirty:
        await order(store, name, user=ann)
    await order(store, "ben", user=ben)
    standing = await store.renders.find("ben")
    assert standing is not None
    assert standing.before == 1
    desk = Desk()
    begun = await worked_off(store, desk, [*thirty, "ben"])
    assert taken.index("ben") == 1
    assert [name for name in taken if name != "ben"] == thirty
    assert sorted(begun) == sorted(taken)
    assert desk.most <= 2


async def taken_one_by_one(store: Store) -> list[str]:
    taken = []
    while (render := await store.renders.claim("me")) is not None:
        taken.append(render.id)
        await store.renders.finish(render.id, "me", "clips/x", {})
    return taken


async def test_users_take_turns_also_when_one_render_has_ended_before_the_next_begins(store: Store) -> None:
    ann, ben = [(await store.users.anonymous_token(f"client-of-{name}")).user_id for name in ("ann", "ben")]
    for n in range(3):
        await order(store, f"ann-{n}", user=ann)
    for n in range(2):
        await order(store, f"ben-{n}", user=ben)
    assert await taken_one_by_one(store) == ["ann-0", "ben-0", "ann-1", "ben-1", "ann-2"]


async def test_the_sessions_of_one_user_take_turns_too(store: Store) -> None:
    first = await order(store, "first-0")
    for n in range(1, 5):
        await order(store, f"first-{n}", session_id=first)
    await order(store, "second")
    assert await taken_one_by_one(store) == ["first-0", "second", "first-1", "first-2", "first-3", "first-4"]


async def test_in_a_session_one_render_runs_at_a_time(store: Store) -> None:
    session_id = await order(store, "a")
    await order(store, "b", session_id=session_id)
    assert (await store.renders.claim("me")) is not None
    assert await store.renders.claim("me") is None


async def test_what_waits_stays_in_the_database(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    loads = json.loads
    monkeypatch.setattr(renders.json, "loads", lambda text: read.append(len(text)) or loads(text))
    names = [f"r{n}" for n in range(6)]
    for name in names:
        await order(store, name, draft=json.dumps({"x": "y" * 100_000}))
    standing = await store.renders.find("r5")
    assert standing is not None
    assert "draft" not in vars(standing.render)  # nor is it read to tell how far it is
    desk = Desk()
    await worked_off(store, desk, names)
    assert (len(read), desk.most <= 2) == (12, True)  # each when its turn came: to send it on, and to look for files


async def test_a_storage_that_is_away_costs_a_render_no_attempt(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renders, "REST_S", 0.0)
    await order(store, "r")
    outages = [UnavailableError.of("storage") for _ in range(5)]
    assert await worked_off(store, Desk(*outages), ["r"]) == ["r"] * 6
    standing = await store.renders.find("r")
    assert standing is not None
    assert (standing.render.status, standing.render.attempts) == ("completed", 1)


async def test_a_claim_that_ran_out_while_the_database_was_away_is_not_taken_by_its_own_server(store: Store) -> None:
    await order(store, "r")
    await store.renders.claim("me")
    async with store.database.writing() as db:
        await db.execute(update(Render).values(lease_until=1.0))
    assert await store.renders.claim("me", {"r"}) is None
    assert await store.renders.claim("you", take_up=False) is None
    taken = await store.renders.claim("you")
    assert taken is not None
    assert (taken.id, taken.attempts) == ("r", 2)


async def test_a_finished_render_is_told_to_a_database_that_comes_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renders, "TELL_S", 0.01)
    finish, calls = store.renders.finish, []

    async def away(*arguments: Any) -> bool:
        calls.append(arguments)
        if len(calls) < 4:
            raise UnavailableError.of("database")
        return await finish(*arguments)

    monkeypatch.setattr(store.renders, "finish", away)
    await order(store, "r")
    assert await worked_off(store, Desk(), ["r"]) == ["r"]
    assert (len(calls), await status(store, "r")) == (4, "completed")


async def test_after_an_outage_owners_have_the_time_of_a_lease_before_anybody_takes_up_their_renders(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renders, "LOOK_S", 0.01)
    takes: list[bool] = []

    async def claim(_owner: str, _holding: object, *, take_up: bool) -> None:
        takes.append(take_up)
        if len(takes) == 2:
            raise UnavailableError.of("database")

    monkeypatch.setattr(store.renders, "claim", claim)
    queue = RenderQueue(store, BackendConfig(data=store.folder.root, token="t", render_lease_s=0.3))
    queue.start()
    while len(takes) < 4 or not takes[-1]:  # noqa: ASYNC110 - the queue says no more
        await asyncio.sleep(0.02)
    await queue.aclose()
    assert takes[:3] == [True, True, False]


async def test_a_render_alone_has_all_processors_and_several_share_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    ends = asyncio.Event()

    class Worker(Child):
        async def start(self, order: dict[str, Any]) -> None:
            given.append(order["workers"])

        async def result(self, tell: Any, hear: Any = None) -> dict[str, Any]:
            await ends.wait()
            return {"error": {"type": "RenderFailedError", "message": "x"}}

    monkeypatch.setattr(runners, "Child", Worker)
    runner = ChildRunner(LocalStorage(tmp_path), cores=6)
    job = Job("r", {}, "high", {}, "clips/s/r-1.mp4")
    at_once = [asyncio.create_task(runner.run(job, print)) for _ in range(8)]
    while len(given) < 8:  # noqa: ASYNC110 - they say no more
        await asyncio.sleep(0)
    ends.set()
    await asyncio.gather(*at_once)
    await runner.run(job, print)
    assert given == [6, 3, 2, 1, 1, 1, 1, 1, 6]
