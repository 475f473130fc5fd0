"""The store on a real PostgreSQL: what several servers do to each other there, and what its restart does to them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from neighbours import PASSWORD, QUOTED, Postgres
from sqlalchemy.exc import DBAPIError

from ipynemo.backend.config import BackendConfig
from ipynemo.backend.running import NoSecrets
from ipynemo.backend.store import Store
from ipynemo.backend.store.models import Asset, Base, Render
from ipynemo.backend.store.news import listening
from ipynemo.backend.unavailable import UnavailableError
from ipynemo.draft import Draft
from ipynemo.errors import BackendStartError, InvalidRequestError

pytestmark = pytest.mark.postgres

OLD = Path(__file__).parent / "data" / "schema_0001.postgresql.sql"
Open = Callable[..., Awaitable[Store]]


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.new_database()


@pytest.fixture
async def open_store(tmp_path: Path, url: str) -> AsyncIterator[Open]:
    """Open stores of one database, each with a data folder of its own, and one folder for files."""
    opened: list[Store] = []

    async def begin(**more: object) -> Store:
        folder = tmp_path / f"server-{len(opened)}"
        files = f"file://{tmp_path}/shared"
        store = Store(BackendConfig(data=folder, token="a token", database=url, storage=files, **more))  # type: ignore[arg-type]
        opened.append(store)
        await store.open()
        return store

    yield begin
    for store in opened:
        await store.aclose()


async def order(store: Store, user_id: str, name: str, *, session_id: str | None = None) -> str:
    session_id = session_id or (await store.sessions.create(user_id, name, "en")).id
    render = Render(
        id=name, user_id=user_id, session_id=session_id, draft="{}", fingerprint="x", quality="high",
        status="pending", progress=0.0, lease_until=0.0, attempts=0, created_at=0.0,
    )  # fmt: skip
    await store.renders.submit(render)
    return session_id


async def somebody(store: Store, name: str) -> str:
    return (await store.users.anonymous_token(f"client-of-{name}")).user_id


async def test_servers_that_start_at_once_migrate_once_and_agree(
    open_store: Open, postgres: Postgres, url: str
) -> None:
    stores = await asyncio.gather(*(open_store() for _ in range(4)))
    assert len({store.key for store in stores}) == 1
    assert len({(store.folder.root / "secret.key").read_bytes() for store in stores}) == 4
    name = url.rpartition("/")[2]
    assert postgres.execute(name, "SELECT version_num FROM alembic_version") == [("0004",)]
    issued = await stores[0].users.anonymous_token("one-and-the-same")
    assert (await stores[3].users.anonymous_token("one-and-the-same")).token == issued.token


async def test_a_database_of_the_first_release_opens_with_everything_in_it(
    open_store: Open, postgres: Postgres, url: str
) -> None:
    postgres.execute(url.rpartition("/")[2], OLD.read_text(), "SELECT 1")
    store = await open_store()
    assert (await store.drafts.timeline("ses_old")).draft.raw["t"][0]["sg"][0]["tx"] == "Two"
    assert await store.sessions.history("ses_old") == (("user", "Add a title"), ("model", "Done."))
    await store.sessions.say("ses_old", "user", "Go on")  # the sequence goes on, too
    assert len(await store.sessions.history("ses_old")) == 3
    found = await store.renders.find("render_old", "usr_local")
    assert found is not None
    assert (found.render.status, found.render.path) == ("completed", "clips/ses_old/x-1.mp4")
    async with store.database.engine.connect() as connection:
        difference = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), Base.metadata)
        )
    assert difference == []


async def test_a_draft_comes_back_letter_for_letter(open_store: Open) -> None:
    store = await open_store()
    session = await store.sessions.create("usr_local", "odd \x00 name".replace("\x00", ""), "en")
    assert await store.sessions.lock(session.id, "me")
    odd = Draft({"z": 1, "a": {"tx": "NUL \x00, half \ud800, 火"}, "n": 10**40, "f": 1.0, "t": []})
    await store.drafts.record(session.id, "me", odd, "edit", same_step=False)
    back, _ = await store.drafts.current(session.id)
    assert back.to_json() == odd.to_json()
    assert list(back.raw) == ["z", "a", "n", "f", "t"]


async def test_leases_go_by_the_clock_of_the_database(open_store: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = await open_store(render_lease_s=30.0), await open_store(render_lease_s=30.0)
    session_id = await order(first, "usr_local", "r")
    assert (claimed := await first.renders.claim("first")) is not None
    assert await first.sessions.lock(session_id, "first")
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3600)  # the other server's clock is an hour ahead
    assert await second.renders.claim("second") is None
    assert not await second.sessions.lock(session_id, "second")
    monkeypatch.setattr(time, "time", lambda: real() - 3600)
    assert await second.renders.renew("r", "first", 1.0)
    assert await first.renders.claim("third") is None
    assert claimed.lease_until > real() + 20


async def test_thirty_renders_of_three_users_are_taken_in_turn(open_store: Open) -> None:
    store = await open_store(anonymous=True)
    ann, ben, cho = [await somebody(store, name) for name in ("ann", "ben", "cho")]
    for n in range(20):
        await order(store, ann, f"ann-{n:02}")
    same = await order(store, ben, "ben-0")
    for n in range(1, 5):
        await order(store, ben, f"ben-{n}", session_id=same)
    for n in range(5):
        await order(store, cho, f"cho-{n}")
    last = await store.renders.find("cho-4")
    assert last is not None
    assert last.before == 14  # five turns of Ann's, five of Ben's, four of Cho's own
    taken = []
    while (render := await store.renders.claim("one server")) is not None:
        taken.append(render.id)
        await store.renders.finish(render.id, "one server", f"clips/{render.id}", {})
    assert taken[:9] == ["ann-00", "ben-0", "cho-0", "ann-01", "ben-1", "cho-1", "ann-02", "ben-2", "cho-2"]
    assert taken[15:] == [f"ann-{n:02}" for n in range(5, 20)]
    assert len(taken) == 30


async def test_servers_that_claim_at_once_take_each_render_once_and_one_of_a_session(open_store: Open) -> None:
    stores = [await open_store(anonymous=True) for _ in range(3)]
    users = [await somebody(stores[0], str(n)) for n in range(3)]
    for n in range(0, 24, 3):
        session_id = await order(stores[0], users[n % 9 // 3], f"r{n:02}")
        for more in (n + 1, n + 2):
            await order(stores[0], users[n % 9 // 3], f"r{more:02}", session_id=session_id)
    taken: list[str] = []
    running: set[str] = set()

    async def work(store: Store, owner: str) -> None:
        while len(taken) < 24:
            render = await store.renders.claim(owner)
            if render is None:
                continue
            assert render.session_id not in running
            running.add(render.session_id)
            taken.append(render.id)
            await asyncio.sleep(0.01)
            running.discard(render.session_id)
            assert await store.renders.finish(render.id, owner, "clips/x", {})

    await asyncio.gather(*(work(store, f"srv_{n}") for n, store in enumerate(stores)))
    assert sorted(taken) == [f"r{n:02}" for n in range(24)]


async def test_a_server_that_was_slow_to_claim_sees_that_the_session_is_busy_by_now(
    open_store: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast, slow = await open_store(), await open_store()
    session_id = await order(fast, "usr_local", "first")
    await order(fast, "usr_local", "second", session_id=session_id)
    look = slow.renders._lines

    async def look_and_dawdle(*arguments: object) -> object:
        lines = await look(*arguments)  # type: ignore[arg-type]
        assert (await fast.renders.claim("fast")) is not None
        return lines

    monkeypatch.setattr(slow.renders, "_lines", look_and_dawdle)
    assert await slow.renders.claim("slow") is None
    second = await fast.renders.find("second")
    assert second is not None
    assert (second.render.status, second.before) == ("pending", 1)


async def test_uploads_at_once_into_several_sessions_do_not_pass_the_room_of_their_user(open_store: Open) -> None:
    store = await open_store(anonymous=True, user_data_bytes=100)
    user = await somebody(store, "ann")
    sessions = [(await store.sessions.create(user, "test", "en")).id for _ in range(8)]

    def asset(session_id: str) -> Asset:
        return Asset(
            id=f"ast_{session_id}", session_id=session_id, name="a.png", kind="image", format="png", mime="image/png",
            path=f"files/{session_id}", size_bytes=40, sha256="", has_audio=False,
        )  # fmt: skip

    told = await asyncio.gather(
        *(store.assets.add(session_id, [asset(session_id)]) for session_id in sessions), return_exceptions=True
    )
    assert [type(answer) for answer in told if answer is not None] == [InvalidRequestError] * 6


async def test_no_more_connections_are_used_than_were_allowed(open_store: Open) -> None:
    store = await open_store(database_connections=3)
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'ipynemo'"

    async def look() -> int:
        async with store.database.reading() as db:
            await db.execute(sa.text("SELECT pg_sleep(0.02)"))
            return int((await db.execute(sa.text(count))).scalar_one())

    assert max(await asyncio.gather(*(look() for _ in range(30)))) == 3


async def test_news_of_one_server_reach_the_others(open_store: Open) -> None:
    first, second = await open_store(), await open_store()
    heard = asyncio.Semaphore(0)
    async with listening(second.database, heard.release):
        await heard.acquire()  # it listens now
        await order(first, "usr_local", "r")
        await asyncio.wait_for(heard.acquire(), 30)


async def test_what_was_told_twice_because_the_answer_got_lost_counts_once(open_store: Open) -> None:
    store = await open_store()
    await order(store, "usr_local", "r")
    await store.renders.claim("me")
    assert await store.renders.finish("r", "me", "clips/r-1", {"size_bytes": 5})
    assert await store.renders.finish("r", "me", "clips/r-1", {"size_bytes": 5})
    assert not await store.renders.finish("r", "me", "clips/r-2", {})
    assert not await store.renders.finish("r", "you", "clips/r-1", {})


async def test_while_the_database_restarts_calls_fail_clearly_and_then_work_again(
    open_store: Open, postgres: Postgres
) -> None:
    store = await open_store()
    heard = asyncio.Semaphore(0)
    async with listening(store.database, heard.release):
        await heard.acquire()
        await asyncio.to_thread(postgres.stop)
        try:
            for call in (store.users.balance("usr_local"), store.renders.claim("me")):
                with pytest.raises(UnavailableError, match=r"^The database of the backend cannot be reached"):
                    await call
            other = store.database.engine.url.render_as_string(hide_password=False)
            with pytest.raises(BackendStartError, match=rf"database at 127.0.0.1:{postgres.port} cannot be reached"):
                await Store(
                    BackendConfig(data=store.folder.root, token="t", database=other, database_wait_s=0.0)
                ).open()
        finally:
            await asyncio.to_thread(postgres.start)
        assert (await store.users.balance("usr_local")).total == 100
        await asyncio.wait_for(heard.acquire(), 60)  # it listens again


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (QUOTED, "wrong", 'password authentication failed for user "nemo".'),
        ("/nemo_", "/no_such_", 'database "no_such_'),
    ],
)
async def test_a_database_that_refuses_is_told_in_its_own_words(
    tmp_path: Path, url: str, old: str, new: str, says: str
) -> None:
    store = Store(BackendConfig(data=tmp_path, token="t", database=url.replace(old, new)))
    with pytest.raises(BackendStartError, match=r"^The database at 127.0.0.1:\d+ cannot be used: ") as raised:
        await store.open()
    assert says in str(raised.value)
    assert "wrong" not in str(raised.value)


async def test_a_mistake_of_ours_is_not_taken_for_an_outage(open_store: Open) -> None:
    store = await open_store()
    with pytest.raises(DBAPIError, match="no_such_table"):
        async with store.database.writing() as db:
            await db.execute(sa.text("SELECT * FROM no_such_table"))


async def test_a_storage_of_another_database_is_refused(
    open_store: Open, postgres: Postgres, tmp_path: Path, url: str
) -> None:
    store = await open_store()
    await store.sessions.create("usr_local", "test", "en")
    other = postgres.new_database()
    taken = BackendConfig(data=tmp_path / "x", token="t", database=other, storage=f"file://{tmp_path}/shared")
    with pytest.raises(BackendStartError, match="belongs to another database"):
        await Store(taken).open()
    lonely = BackendConfig(data=tmp_path / "y", token="t", database=url)  # its own folder, that nobody else sees
    with pytest.raises(BackendStartError, match=r"is not the storage of this database\. All servers .* same --storage"):
        await Store(lonely).open()


async def test_the_password_is_in_no_text_that_anybody_reads(open_store: Open, url: str) -> None:
    store = await open_store()
    config = BackendConfig(data=store.folder.root, token="a token", database=url)
    shown = f"{config!r} {store.database.engine!r} {store.database.engine.url} {store.storage!r}"
    logged = NoSecrets(*config.secrets).clean(f"{url} and {PASSWORD} and {QUOTED}")
    for text in (shown, logged):
        assert PASSWORD not in text
        assert QUOTED not in text
