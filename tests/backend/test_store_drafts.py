"""Undo and redo in the store: one turn is one step, and a new edit ends what could be redone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import update

from ipynemo.backend.config import BackendConfig
from ipynemo.backend.store import Store
from ipynemo.backend.store.drafts import KEPT_STEPS
from ipynemo.backend.store.models import Charge
from ipynemo.backend.store.users import Balance
from ipynemo.draft import Draft
from ipynemo.errors import OutOfCreditsError, SessionNotFoundError, TurnFailedError


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(BackendConfig(data=tmp_path, token="a token"))
    await opened.open()
    yield opened
    await opened.aclose()


@pytest_asyncio.fixture
async def sid(store: Store) -> str:
    session = await store.sessions.create("usr_local", "test", "en")
    assert await store.sessions.lock(session.id, "me")
    return session.id


def draft(name: str) -> Draft:
    return Draft({"m": {"title": name}})


async def edit(store: Store, sid: str, name: str, *, same_step: bool = False) -> int:
    return await store.drafts.record(sid, "me", draft(name), "edit", same_step=same_step)


async def standing(store: Store, sid: str) -> tuple[list[str | None], str | None, list[str | None]]:
    timeline = await store.drafts.timeline(sid)
    return [d.title for d in timeline.undo], timeline.draft.title, [d.title for d in timeline.redo]


async def test_a_new_session_has_the_empty_draft_and_nothing_to_undo(store: Store, sid: str) -> None:
    assert await standing(store, sid) == ([], None, [])
    assert (await store.drafts.current(sid)) == (Draft(), 0)


async def test_edits_of_one_turn_are_one_step(store: Store, sid: str) -> None:
    assert await edit(store, sid, "one") == 1
    assert await edit(store, sid, "two") == 2
    assert await edit(store, sid, "two and a half", same_step=True) == 3
    assert await standing(store, sid) == ([None, "one"], "two and a half", [])


async def test_undo_and_redo_walk_and_an_edit_ends_what_could_be_redone(store: Store, sid: str) -> None:
    for name in ("one", "two", "three"):
        await edit(store, sid, name)
    await store.drafts.record(sid, "me", draft("two"), "undo", same_step=False)
    await store.drafts.record(sid, "me", draft("one"), "undo", same_step=False)
    assert await standing(store, sid) == ([None], "one", ["three", "two"])
    await store.drafts.record(sid, "me", draft("two"), "redo", same_step=False)
    assert await standing(store, sid) == ([None, "one"], "two", ["three"])
    await edit(store, sid, "other")
    assert await standing(store, sid) == ([None, "one", "two"], "other", [])


async def test_one_undo_may_go_several_steps_and_to_the_empty_draft(store: Store, sid: str) -> None:
    for name in ("one", "two", "three"):
        await edit(store, sid, name)
    await store.drafts.record(sid, "me", draft("one"), "undo", same_step=False)
    assert (await standing(store, sid))[1] == "one"
    await store.drafts.record(sid, "me", Draft(), "undo", same_step=False)
    assert await standing(store, sid) == ([], None, ["three", "two", "one"])
    assert (await store.drafts.current(sid)) == (Draft(), 5)


async def test_only_the_last_steps_are_kept(store: Store, sid: str) -> None:
    for n in range(KEPT_STEPS + 5):
        await edit(store, sid, f"{n}")
    undo, current, _ = await standing(store, sid)
    assert (len(undo), undo[0], current) == (40, "4", "44")


async def test_a_draft_is_kept_as_it_is(store: Store, sid: str) -> None:
    odd = Draft({"t": [{"tt": 99, "x": [1.5, None, "火\u2028\x00\ud800"]}], "big": 10**40, "": {"deep": [[[]]]}})
    await store.drafts.record(sid, "me", odd, "edit", same_step=False)
    assert (await store.drafts.current(sid))[0] == odd


async def test_who_has_lost_the_lock_cannot_write(store: Store, sid: str) -> None:
    await edit(store, sid, "mine")
    await store.sessions.unlock(sid, "me")
    assert await store.sessions.lock(sid, "another")
    with pytest.raises(TurnFailedError, match="taken over"):
        await edit(store, sid, "too late")
    assert (await store.drafts.current(sid))[0].title == "mine"


async def test_a_lock_is_held_until_it_is_let_go_or_runs_out(tmp_path: Path) -> None:
    store = Store(BackendConfig(data=tmp_path, token="a token", lock_lease_s=0.0))
    await store.open()
    session = await store.sessions.create("usr_local", "test", "en")
    assert await store.sessions.lock(session.id, "first")
    assert await store.sessions.lock(session.id, "second")  # a lease of 0 s has run out at once
    await store.aclose()
    store = Store(BackendConfig(data=tmp_path, token="a token", lock_lease_s=60.0))
    await store.open()
    assert await store.sessions.lock(session.id, "second")
    assert not await store.sessions.lock(session.id, "third")
    assert await store.sessions.lock(session.id, "second")
    await store.aclose()


async def test_two_servers_never_spend_a_credit_twice(tmp_path: Path) -> None:
    config = BackendConfig(data=tmp_path, token="a token")
    stores = [Store(config), Store(config)]
    for store in stores:
        await store.open()
    spending = [store.users.freeze("usr_local", 10) for store in stores * 10]
    done = await asyncio.gather(*spending, return_exceptions=True)
    assert [type(each) for each in done if isinstance(each, Exception)] == [OutOfCreditsError] * 10
    assert (await stores[0].users.balance("usr_local")) == Balance(available=0, frozen=100, total=100)
    for store in stores:
        await store.aclose()


async def test_what_was_spent_a_week_ago_is_there_again(store: Store) -> None:
    for amount in (70, 20):
        await store.users.settle(await store.users.freeze("usr_local", amount), keep=True)
    assert (await store.users.balance("usr_local")).available == 10
    async with store.database.writing() as db:
        await db.execute(update(Charge).where(Charge.amount == 70).values(made_at=time.time() - 8 * 86_400))
    assert (await store.users.balance("usr_local")).available == 80


async def test_a_dropped_session_takes_everything_along(store: Store, sid: str) -> None:
    await edit(store, sid, "one")
    await store.sessions.say(sid, "user", "hello")
    await store.sessions.drop(sid)
    with pytest.raises(SessionNotFoundError):
        await store.sessions.get(sid, "usr_local")
    assert await store.sessions.history(sid) == ()


async def test_the_end_of_a_long_talk_is_told_and_stays_small(store: Store, sid: str) -> None:
    for number in range(105):
        await store.sessions.say(sid, "user" if number % 2 else "model", f"message {number}")
    told = await store.sessions.said(sid)
    assert (len(told), told[0], told[-1]) == (100, ("user", "message 5"), ("model", "message 104"))
    for letter in "abcdef":
        await store.sessions.say(sid, "model", letter * 10_000)
    told = await store.sessions.said(sid)
    assert [text[0] for _role, text in told] == ["b", "c", "d", "e", "f"]
    assert {text[1:] for _role, text in told} == {letter * 7_998 + "…" for letter in "bcdef"}
