"""What is thrown away: expired sessions, the oldest clips when room is short, and what nobody owns."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from sqlalchemy import update

from ipynemo.backend.cleanup import clean
from ipynemo.backend.config import BackendConfig
from ipynemo.backend.store import Store
from ipynemo.backend.store.models import Asset, Render, Session

ROOM = 1000
DAY_S = 86_400


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(BackendConfig(data=tmp_path, token="a token"))
    await opened.open()
    yield opened
    await opened.aclose()


def root(store: Store) -> Path:
    return store.folder.root


async def session_with(store: Store, *, file_bytes: int = 0, clips: tuple[int, ...] = ()) -> str:
    session = await store.sessions.create("usr_local", "test", "en")
    if file_bytes:
        asset = Asset(
            id=f"ast_{session.id}", session_id=session.id, name="a.png", kind="image", format="png", mime="image/png",
            path=f"files/{session.id}/a.png", size_bytes=file_bytes, sha256="x", has_audio=False,
        )  # fmt: skip
        await store.assets.add(session.id, [asset])
        path = root(store) / asset.path
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(file_bytes))
    for n, size in enumerate(clips):
        render = Render(
            id=f"render_{session.id}_{n}", user_id="usr_local", session_id=session.id, draft="{}", fingerprint="x",
            quality="high", status="completed", progress=100.0, path=f"clips/{session.id}/{n}.mp4", size_bytes=size,
            lease_until=0.0, attempts=1, created_at=time.time(), finished_at=1000.0 + n,
        )  # fmt: skip
        await store.renders.submit(render)
        path = root(store) / f"clips/{session.id}/{n}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
    return session.id


async def change(store: Store, session_id: str, **values: float) -> None:
    async with store.database.writing() as db:
        await db.execute(update(Session).where(Session.id == session_id).values(**values))


def there(store: Store, session_id: str) -> list[str]:
    return sorted(path.name for folder in ("files", "clips") for path in (root(store) / folder / session_id).glob("*"))


async def test_a_session_that_has_expired_goes_with_its_files(store: Store) -> None:
    old = await session_with(store, file_bytes=10, clips=(10,))
    new = await session_with(store, file_bytes=10, clips=(10,))
    await change(store, old, expires_at=time.time() - 1)
    await clean(store, ROOM)
    assert there(store, old) == []
    assert there(store, new) == ["0.mp4", "a.png"]
    assert await store.renders.find(f"render_{old}_0") is None


async def test_short_of_room_the_oldest_clips_go_first_and_their_renders_say_so(store: Store) -> None:
    sid = await session_with(store, file_bytes=500, clips=(300, 300, 300))
    await clean(store, ROOM)
    assert there(store, sid) == ["2.mp4", "a.png"]
    first = await store.renders.find(f"render_{sid}_0")
    assert first is not None
    assert (first.render.status, first.render.error) == ("failed", "The clip was removed to make room. Export again.")


async def test_then_the_sessions_that_were_not_used_for_the_longest_but_none_of_today(store: Store) -> None:
    oldest = await session_with(store, file_bytes=600)
    older = await session_with(store, file_bytes=600)
    today = await session_with(store, file_bytes=900)
    await change(store, oldest, used_at=time.time() - 3 * DAY_S)
    await change(store, older, used_at=time.time() - 2 * DAY_S)
    await clean(store, 1600)
    assert (there(store, oldest), there(store, older), there(store, today)) == ([], ["a.png"], ["a.png"])
    await clean(store, 100)
    assert (there(store, older), there(store, today)) == ([], ["a.png"])


async def test_what_nobody_owns_goes_once_it_is_old(store: Store) -> None:
    names = {"old": 2 * 3600, "new": 60}
    for name, age_s in names.items():
        part = store.folder.spool / f"{name}.part"
        part.write_bytes(b"x")
        os.utime(part, (time.time() - age_s,) * 2)
    for name, age_s in {"ses_lost": 2 * DAY_S, "ses_just_made": 60}.items():
        folder = (root(store) / "files") / name
        folder.mkdir()
        (folder / "a.png").write_bytes(b"x")
        os.utime(folder, (time.time() - age_s,) * 2)
    await clean(store, ROOM)
    assert [path.name for path in store.folder.spool.iterdir()] == ["new.part"]
    assert [path.name for path in (root(store) / "files").iterdir()] == ["ses_just_made"]


async def test_a_part_of_a_film_that_no_render_used_for_a_day_goes(store: Store) -> None:
    for name, age_s in (("used.mp4", DAY_S - 60), ("unused.mp4", DAY_S + 60)):
        part = root(store) / "parts" / name
        part.write_bytes(b"part")
        os.utime(part, (time.time() - age_s,) * 2)
    await clean(store, ROOM)
    assert [path.name for path in (root(store) / "parts").iterdir()] == ["used.mp4"]
