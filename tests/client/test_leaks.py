"""Nothing is left behind: no task, no connection, no request, however a turn is left."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpcore
import psutil
import pytest
from faulty import (
    FAST,
    TOKEN,
    World,
    answer,
    connections_to,
    delta,
    nothing_left,
    sse,
    stream,
    tasks_of_ours,
    text,
    until,
)

from ipynemo import AsyncNemo, AsyncSession, Nemo
from ipynemo.client.streaming import TurnStream
from ipynemo.errors import ConnectionFailedError
from ipynemo.events import Text, TextDelta

ENDLESS = stream(sse(delta("Hel")), ["stall"])


@pytest.fixture(autouse=True)
def endless(world: World) -> None:
    world.on("/run_sse", ENDLESS)


async def begun(session: AsyncSession) -> TurnStream:
    """Return a stream whose first event was taken."""
    turn = session.stream("make it better")
    assert await anext(turn) == TextDelta("Hel")
    assert tasks_of_ours()
    return turn


async def test_closed_from_another_task_while_it_waits(world: World, session: AsyncSession) -> None:
    turn = await begun(session)

    async def rest() -> list[object]:
        return [event async for event in turn]

    waiting = asyncio.create_task(rest())
    await asyncio.sleep(0.01)
    await turn.aclose()
    assert await waiting == []
    assert turn.reply is None
    await turn.aclose()
    await nothing_left(world)


async def test_closed_before_its_first_event_nothing_is_sent(world: World, session: AsyncSession) -> None:
    async with session.stream("make it better") as turn:
        pass
    assert [event async for event in turn] == []
    assert world.seen["arrivals"] == []


async def test_left_by_break_and_forgotten(world: World, session: AsyncSession) -> None:
    async for _ in session.stream("make it better"):
        break
    gc.collect()
    await nothing_left(world)


async def test_left_by_a_context(world: World, session: AsyncSession) -> None:
    async with session.stream("make it better") as turn:
        await anext(turn)
    await nothing_left(world)


async def test_forgotten_by_a_thread_that_is_gone(world: World, session: AsyncSession) -> None:
    held = [await begun(session)]
    dropping = threading.Thread(target=held.clear)
    dropping.start()
    dropping.join()
    gc.collect()
    await nothing_left(world)


async def test_cancelled_while_the_stream_is_still_held(world: World, session: AsyncSession) -> None:
    turn = session.stream("make it better")

    async def work() -> list[object]:
        return [event async for event in turn]

    task = asyncio.create_task(work())
    await until(world.messages, "the message")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await nothing_left(world)
    assert turn.reply is None


async def test_a_chat_that_is_cancelled(world: World, session: AsyncSession) -> None:
    task = asyncio.create_task(session.chat("make it better"))
    await until(world.messages, "the message")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await nothing_left(world)


async def test_given_up_by_a_timeout(world: World, session: AsyncSession) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(session.chat("make it better"), 0.2)
    turn = await begun(session)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(turn), 0.05)
    await nothing_left(world)


async def test_cancelled_in_every_moment_of_a_turn(world: World, session: AsyncSession) -> None:
    world.on("/run_sse", stream(["sleep", 0.01], sse(delta("Hel")), ["sleep", 0.01], sse(text("Hello."))))
    for moment in range(24):
        task = asyncio.create_task(session.chat("make it better"))
        await asyncio.sleep(moment * 0.002)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await nothing_left(world)


async def test_the_callers_loop_is_closed_in_the_middle(world: World, session: AsyncSession) -> None:
    def elsewhere() -> None:
        loop = asyncio.new_event_loop()
        waiting = loop.create_task(session.chat("make it better"))
        loop.call_later(0.2, loop.stop)
        loop.run_forever()
        waiting.cancel()
        loop.run_until_complete(asyncio.gather(waiting, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    await asyncio.to_thread(thread.join)
    await nothing_left(world)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the task that is torn down
async def test_a_loop_that_is_torn_down_leaves_the_turn_to_its_limits(world: World, own_home: Path) -> None:
    nemo = AsyncNemo(world.url, token=TOKEN, timing=replace(FAST, idle_limit_s=0.4), data=own_home)

    def elsewhere() -> None:
        loop = asyncio.new_event_loop()

        async def work() -> None:
            async for _ in nemo.session("s-1").stream("make it better"):
                loop.call_soon(loop.stop)

        task = loop.create_task(work())
        loop.run_forever()
        loop.close()
        del task

    thread = threading.Thread(target=elsewhere)
    thread.start()
    await asyncio.to_thread(thread.join)
    await nothing_left(world)
    gc.collect()
    await nemo.aclose()


async def test_one_stream_taken_from_two_loops(world: World, session: AsyncSession) -> None:
    world.on("/run_sse", stream(sse(delta("a"), delta("b"), text("ab"))))
    turn = session.stream("make it better")

    def elsewhere() -> object:
        async def take() -> object:
            return await anext(turn)

        return asyncio.run(take())

    assert await anext(turn) == TextDelta("a")
    assert await asyncio.to_thread(elsewhere) == TextDelta("b")
    assert [event async for event in turn] == [Text("ab")]
    assert turn.reply is not None
    assert turn.reply.text == "ab"


async def test_one_stream_taken_by_two_tasks_loses_and_doubles_nothing(world: World, session: AsyncSession) -> None:
    world.on("/run_sse", stream(sse(*(delta(f"{n} ") for n in range(50)), text("all"))))
    turn = session.stream("make it better")

    async def take() -> list[object]:
        return [event async for event in turn]

    first, second = await asyncio.gather(take(), take())
    assert len(first) + len(second) == 51
    assert {event.text for event in [*first, *second]} == {*(f"{n} " for n in range(50)), "all"}


async def test_a_stream_that_is_held_and_not_taken_fails_quietly(
    world: World, own_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with AsyncNemo(world.url, token=TOKEN, timing=replace(FAST, idle_limit_s=0.1), data=own_home) as nemo:
        turn = await begun(nemo.session("s-1"))
        await until(lambda: not tasks_of_ours(), "the end of the turn")
        del turn
        gc.collect()
    await nothing_left(world)
    assert "never retrieved" not in caplog.text


def test_a_blocking_stream_left_by_break(world: World, own_home: Path) -> None:
    with Nemo(world.url, token=TOKEN, timing=FAST, data=own_home) as nemo:
        for event in nemo.session("s-1").stream("make it better"):
            assert event == TextDelta("Hel")
            break
        gc.collect()
        asyncio.run(nothing_left(world))


async def test_thirty_interrupted_turns_leave_no_file_open(world: World, session: AsyncSession) -> None:
    process = psutil.Process()
    await (await begun(session)).aclose()
    await until(lambda: len(connections_to(world.port)) <= 1, "the closed connection")
    before = process.num_fds() if os.name == "posix" else process.num_handles()
    for _ in range(30):
        await (await begun(session)).aclose()
    await nothing_left(world)
    await until(lambda: process.num_fds() <= before, "the end of every file")


async def test_a_client_that_is_closed_holds_no_connection(world: World, own_home: Path) -> None:
    async with AsyncNemo(world.url, token=TOKEN, timing=FAST, data=own_home) as nemo:
        await nemo.credits()
        turn = await begun(nemo.session("s-1"))
        assert len(connections_to(world.port)) == 2
    assert connections_to(world.port) == []
    assert tasks_of_ours() == []
    del turn


async def test_a_client_that_is_closed_while_a_read_connects_leaves_no_connection_open(
    world: World, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connecting = threading.Event()
    connect = httpcore.AnyIOBackend.connect_tcp

    async def slow(*args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        connecting.set()
        await asyncio.sleep(0.2)
        return await connect(*args, **options)

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", slow)
    world.on("/simple", answer(200, '{"code": 0, "data": {"available": 60, "frozen": 0, "total": 100}}'))
    nemo = AsyncNemo(world.url, token=TOKEN, timing=FAST, data=own_home)
    reading = asyncio.create_task(nemo.credits())
    await until(connecting.is_set, "the connection")
    await nemo.aclose()
    with pytest.raises(ConnectionFailedError, match="Could not read the credits: the client was closed meanwhile"):
        await reading
    assert world.arrivals("/simple") == []
    await nothing_left(world)
    assert connections_to(world.port) == []
