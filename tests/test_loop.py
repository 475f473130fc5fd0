"""One background loop: reached from any loop and from none, and left without a trace."""

from __future__ import annotations

import asyncio
import contextvars
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from ipynemo import loop
from ipynemo.errors import InvalidRequestError


def script(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    source = os.pathsep.join([os.path.dirname(os.path.dirname(loop.__file__)), os.environ.get("PYTHONPATH", "")])  # noqa: PTH120
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        env={**os.environ, "PYTHONPATH": source},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def which() -> tuple[str, asyncio.AbstractEventLoop]:
    return threading.current_thread().name, asyncio.get_running_loop()


async def fails() -> None:
    raise ZeroDivisionError


class Watched:
    """Work that waits for ever, and notes how it begins and ends."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.notes: list[str] = []

    async def work(self) -> None:
        self.began.set()
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0.05)  # closing takes a moment
            self.notes.append("cleaned up")


# -- awaiting ---------------------------------------------------------------------------------------------------------


async def test_work_is_awaited_on_the_one_background_loop_from_any_loop() -> None:
    name, ours = await loop.bridge(which())
    assert name == "ipynemo"
    assert ours is loop.background() is not asyncio.get_running_loop()
    assert await asyncio.to_thread(asyncio.run, loop.bridge(which())) == (name, ours)
    assert await loop.bridge(loop.bridge(which())) == (name, ours)
    with pytest.raises(ZeroDivisionError):
        await loop.bridge(fails())


async def test_whoever_stops_waiting_gets_control_back_when_the_work_has_cleaned_up() -> None:
    watched = Watched()
    waiting = asyncio.create_task(loop.bridge(watched.work()))
    await asyncio.to_thread(watched.began.wait)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert watched.notes == ["cleaned up"]


async def test_work_that_does_not_clean_up_holds_nobody_up_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "SETTLE_S", 0.05)
    began, let_go = threading.Event(), asyncio.Event()

    async def stubborn() -> None:
        began.set()
        try:
            await asyncio.sleep(3600)
        finally:
            await let_go.wait()

    waiting = asyncio.create_task(loop.bridge(stubborn()))
    await asyncio.to_thread(began.wait)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    loop.background().call_soon_threadsafe(let_go.set)


async def test_a_callback_is_called_where_the_caller_is_and_in_its_context() -> None:
    cell = contextvars.ContextVar("cell", default="none")
    cell.set("this one")
    told: list[Any] = []

    @loop.bridged
    async def work(*, on_progress: Callable[[int], object]) -> None:
        for number in range(3):
            on_progress(number)

    here = asyncio.get_running_loop()
    await work(on_progress=lambda number: told.append((number, cell.get(), asyncio.get_running_loop() is here)))
    await asyncio.sleep(0)
    assert told == [(0, "this one", True), (1, "this one", True), (2, "this one", True)]


def test_what_a_callback_raises_on_the_background_thread_is_logged_and_stops_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    async def work(on_event: Callable[[], None]) -> str:
        on_event()
        return "went on"

    assert loop.run(work(loop.here(broken))) == "went on"
    assert "A callback failed" in caplog.text


def test_leaving_the_program_in_a_callback_leaves_it_and_the_thread_lives_on() -> None:
    async def work(on_event: Callable[[int], None]) -> None:
        on_event(3)

    with pytest.raises(SystemExit, match="3"):
        loop.run(work(loop.here(sys.exit)))
    assert loop.run(which())[0] == "ipynemo"


# -- blocking ---------------------------------------------------------------------------------------------------------


def test_blocking_works_without_a_loop_and_in_threads() -> None:
    assert loop.run(which())[0] == "ipynemo"
    with pytest.raises(ZeroDivisionError):
        loop.run(fails())
    names: list[str] = []
    threads = [threading.Thread(target=lambda: names.append(loop.run(which())[0])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names == ["ipynemo"] * 8


NESTED = """
import asyncio
from ipynemo import loop

async def work():
    for _ in range(20):
        await asyncio.sleep(0.01)
    return "done"

async def fails():
    raise ZeroDivisionError

async def main():
    ticks = []
    async def tick():
        while True:
            ticks.append(1)
            await asyncio.sleep(0.01)
    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    before = len(ticks)
    assert loop.run(work()) == "done"
    assert len(ticks) > before + 3, ticks
    try:
        loop.run(fails())
    except ZeroDivisionError:
        pass
    assert await asyncio.gather(asyncio.to_thread(loop.run, work()), loop.bridge(work())) == ["done", "done"]
    ticking.cancel()
    print("ok")

asyncio.run(main())
"""


def test_blocking_inside_a_running_loop_keeps_that_loop_turning() -> None:
    done = script(NESTED, "-W", "default", "-W", "ignore::DeprecationWarning")
    assert (done.stdout, done.stderr) == ("ok\n", "")


def test_blocking_on_the_background_thread_is_a_helpful_error() -> None:
    async def work() -> None:
        loop.run(which())

    with pytest.raises(InvalidRequestError, match=r"would wait for itself\. Use ipynemo\.AsyncNemo and `await` here\."):
        loop.run(work())


async def test_a_loop_that_cannot_be_kept_turning_is_a_helpful_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import nest_asyncio2

    def refuse(_loop: object) -> None:
        raise ValueError("Can't patch loop of type <class 'uvloop.Loop'>")

    monkeypatch.setattr(nest_asyncio2, "apply", refuse)
    with pytest.raises(InvalidRequestError, match=r"cannot wait inside this event loop.*Use ipynemo\.AsyncNemo"):
        loop.run(which())


async def test_without_threads_the_running_loop_is_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "has_threads", lambda: False)
    _, there = await loop.bridge(which())
    assert there is asyncio.get_running_loop()
    assert await loop.off_loop(threading.current_thread) is threading.current_thread()
    with pytest.raises(InvalidRequestError, match="need threads"):
        loop.run(which())


# -- the process ------------------------------------------------------------------------------------------------------


def test_importing_starts_no_thread_and_changes_no_loop() -> None:
    done = script(
        "import asyncio, sys, threading\n"
        "task, run = asyncio.Task, asyncio.run\n"
        "import ipynemo\n"
        "ipynemo.Nemo('local')\n"
        "assert threading.active_count() == 1\n"
        "assert 'nest_asyncio2' not in sys.modules\n"
        "assert (asyncio.Task, asyncio.run) == (task, run)"
    )
    assert (done.returncode, done.stderr) == (0, "")


FORKED = """
import asyncio, os, sys, threading
from ipynemo import loop

async def which():
    return threading.current_thread().name, id(asyncio.get_running_loop())

parent = loop.run(which())
loop._lock.acquire()  # another thread holds it at this moment
child = os.fork()
if child == 0:
    mine = loop.run(which())
    assert mine[0] == "ipynemo" and mine[1] != parent[1]
    sys.exit(0)
loop._lock.release()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert loop.run(which()) == parent
print("ok")
"""


def test_a_forked_child_has_a_loop_of_its_own_and_leaves_the_parents_alone() -> None:
    done = script(FORKED, "-W", "error", "-W", "ignore::DeprecationWarning")
    assert (done.stdout, done.stderr) == ("ok\n", "")


AT_EXIT = """
import asyncio, atexit, threading, time
from ipynemo import loop

class Open:
    async def aclose(self):
        print("closed", flush=True)

async def work(began):
    began.set()
    try:
        await asyncio.sleep(3600)
    finally:
        await loop.off_loop(time.sleep, 0.01)
        print("cleaned up", flush=True)

held = Open()
loop.close_at_exit(held)
loop.close_at_exit(Open())  # nobody holds it
began = threading.Event()
asyncio.run_coroutine_threadsafe(work(began), loop.background())
began.wait()
async def late():
    return "late"
atexit.register(lambda: print(loop.run(late()), flush=True))
"""


def test_what_still_runs_at_exit_is_cancelled_and_cleans_up() -> None:
    done = script(AT_EXIT, "-W", "default")
    assert (done.stdout, done.stderr) == ("late\ncleaned up\nclosed\n", "")
