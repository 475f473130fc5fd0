"""Inside real kernels: blocking calls keep the kernel's loop turning, and the stop button stops the request."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernel import PATIENCE_S, Kernel, running_kernel
from kernel_envs import kernel_python
from peer import Peer, script_environment

pytestmark = pytest.mark.kernels

VERSIONS = ("6.31", "7.3", "7.4")


@pytest.fixture(scope="module", params=VERSIONS)
def kernel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """Return a kernel whose loop has nothing else to do; one for all tests of a version."""
    folder = tmp_path_factory.mktemp("kernel")
    environment = script_environment(HOME=str(folder), IPYTHONDIR=str(folder / "ipython"), MPLBACKEND="agg")
    environment = {name: value for name, value in environment.items() if not name.startswith(("NEMO_", "IPYNEMO_"))}
    environment["IPYNEMO_DATA_DIR"] = str(folder / "data")
    with running_kernel(kernel_python(request.param), folder, environment) as started:
        assert started.run("import ipykernel; print(ipykernel.__version__)").startswith(request.param)
        started.run(SETUP)
        yield started


SETUP = """
import asyncio, threading, time, ipynemo
from ipynemo import loop
ticks, order = [], []
def beside(work_s=0.0, rest_s=0.0):
    # A task of somebody else's on the kernel's loop; with nearly no rest an interrupt finds it at work.
    async def work():
        while True:
            ticks.append(1)
            until = time.monotonic() + work_s
            while time.monotonic() < until:
                pass
            await asyncio.sleep(rest_s)
    return asyncio.get_running_loop().create_task(work())

nemo = None
def use(url):
    global nemo, session, anemo, asession
    if nemo is not None:
        nemo.close()
        loop.run(anemo.aclose())
    nemo, anemo = ipynemo.Nemo(url, token="own"), ipynemo.AsyncNemo(url, token="own")
    session, asession = nemo.session("s-1"), anemo.session("s-1")
    order.clear()

async def busy():
    # What still runs on our loop, once what was cancelled has had its moment.
    for _ in range(500):
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        if not left:
            break
        await asyncio.sleep(0.01)
    return left
"""


def test_six_queued_cells_run_in_order_although_some_of_them_block(kernel: Kernel, peer: Peer) -> None:
    peer.set(credits_delay_s=0.3, word_delay_s=0.05, says="one two three four")
    kernel.run(f"use({peer.url!r}); ticking = beside(rest_s=0.01)")
    cells = [
        "before = len(ticks); nemo.credits(); order.append((1, len(ticks) - before > 3))",
        "order.append(2); print('two')",
        "before = len(ticks); said = session.chat('a title').text; order.append((3, said, len(ticks) - before > 3))",
        "await asyncio.sleep(0.05); order.append(4)",
        "order.append((5, [type(event).__name__ for event in session.stream('again')]))",
        "order.append((6, nemo.credits().total, (await anemo.credits()).total))",
    ]
    sent = [kernel.queue(code) for code in cells]
    results = [kernel.result(cell) for cell in sent]
    assert [result.status for result in results] == ["ok"] * 6, [result.errors for result in results]
    assert results[1].printed == "two\n"
    assert eval(kernel.run("print(order)")) == [
        (1, True),
        2,
        (3, "one two three four", True),
        4,
        (5, ["TextDelta"] * 4 + ["Text"]),
        (6, 100, 100),
    ]
    assert kernel.run("print(ticking.done(), ticking.cancel())") == "False True\n"


INTERRUPTED = {
    "credits": ("nemo.credits()", "KeyboardInterrupt"),
    "chat": ("session.chat('add a title')", "KeyboardInterrupt"),
    "stream": ("for event in session.stream('add a title'): pass", "KeyboardInterrupt"),
    "download": ("session.export('clip.mp4')", "KeyboardInterrupt"),
    "await chat": ("await asession.chat('add a title')", "CancelledError"),
    "async stream": ("async for event in asession.stream('add a title'): pass", "CancelledError"),
}


def stop(kernel: Kernel, peer: Peer, video: Path, name: str) -> None:
    """Run one of the cells against a server that holds its answer back for ever, and press the stop button."""
    faults = [{"on": "GET /api/credits.*", "hang": True}] if name == "credits" else []
    peer.set(video=str(video), faults=faults, hang_chat=True, cuts=[1000], hang_download=True)
    kernel.run(f"use({peer.url!r})")
    code, error = INTERRUPTED[name]
    cell = kernel.queue(code)
    peer.until_noted("hanging")
    kernel.interrupt()
    peer.until_noted("gone")  # which can only be the work of the interrupt, as can the cell's end
    stopped = kernel.result(cell)
    assert stopped.error == error, stopped.errors


@pytest.mark.parametrize("name", INTERRUPTED)
def test_the_stop_button_cancels_the_request_and_the_next_cell_works(
    kernel: Kernel, peer: Peer, video: Path, name: str
) -> None:
    # Nothing else happens on the kernel's loop: an awaiting cell sleeps as deeply as a user's does.
    stop(kernel, peer, video, name)
    assert kernel.run("print(nemo.credits().total)") == "100\n"
    marks = [next(iter({"hanging", "gone"} & entry.keys()), entry.get("path")) for entry in peer.log()]
    assert marks.index("hanging") < marks.index("gone") < len(marks) - 1
    assert marks[-1] == "/api/credits/balance/simple"
    assert kernel.run("print(loop.run(busy()))") == "[]\n"
    assert kernel.run("import glob; print(glob.glob('*.part'))") == "[]\n"


@pytest.mark.parametrize("name", INTERRUPTED)
def test_the_stop_button_leaves_what_runs_beside_the_call_alone(
    kernel: Kernel, peer: Peer, video: Path, name: str
) -> None:
    kernel.run("other = beside(work_s=0.02)")
    stop(kernel, peer, video, name)
    assert kernel.run("before = len(ticks); await asyncio.sleep(0.1); print(len(ticks) > before)") == "True\n"
    assert kernel.run("print(other.done(), other.cancel())") == "False True\n"


def test_a_call_that_a_callback_makes_is_interrupted_too(kernel: Kernel, peer: Peer, video: Path) -> None:
    peer.set(video=str(video), hang_chat=True)
    kernel.run(f"use({peer.url!r})")
    cell = kernel.queue("session.export('d.mp4', on_progress=lambda *now: session.chat('add a title'))")
    peer.until_noted("hanging")
    kernel.interrupt()
    peer.until_noted("gone")
    assert kernel.result(cell).error == "KeyboardInterrupt"
    assert kernel.run("print(nemo.credits().total)") == "100\n"


def test_a_second_interrupt_ends_a_callback_that_never_returns(
    kernel: Kernel, peer: Peer, video: Path, tmp_path: Path
) -> None:
    peer.set(video=str(video))
    kernel.run(f"use({peer.url!r})")
    sign = tmp_path / "stuck"
    stuck = f"def stuck(*now):\n    open({str(sign)!r}, 'w').close()\n    while True: pass\n"
    cell = kernel.queue(f"{stuck}session.export('e.mp4', on_progress=stuck)")
    limit = time.monotonic() + PATIENCE_S
    while not sign.exists():
        assert time.monotonic() < limit, "the callback was not called"
        time.sleep(0.01)
    kernel.interrupt()
    time.sleep(0.3)  # two signals at once may come as one
    kernel.interrupt()
    assert kernel.result(cell).error == "KeyboardInterrupt"
    assert kernel.run("print(nemo.credits().total)") == "100\n"


def test_awaiting_works_in_cells_also_for_several_at_once(kernel: Kernel, peer: Peer, video: Path) -> None:
    peer.set(video=str(video), says="I added a title.")
    kernel.run(f"use({peer.url!r})")
    assert kernel.run("print((await asession.chat('add a title')).text)") == "I added a title.\n"
    assert kernel.run("print([type(e).__name__ async for e in asession.stream('x')][-1])") == "Text\n"
    several = "print([c.total for c in await asyncio.gather(*(anemo.credits() for _ in range(5)))])"
    assert kernel.run(several) == "[100, 100, 100, 100, 100]\n"
    assert kernel.run("print((await asession.export('a.mp4')).duration_s)") == "2.0\n"


@pytest.mark.parametrize("call", ["session.export", "await asession.export"])
def test_what_a_callback_prints_stands_in_the_cell_that_asked_for_it(
    kernel: Kernel, peer: Peer, video: Path, call: str
) -> None:
    peer.set(video=str(video), plans=[[{"status": "processing", "progress": 40}, {"status": "completed"}]])
    kernel.run(f"use({peer.url!r})")
    cell = kernel.queue(
        f"clip = {call}('b.mp4', on_progress=lambda *now: print(*now, threading.current_thread().name))"
    )
    after = kernel.queue("print('the next cell')")
    assert kernel.result(cell).printed.splitlines() == [
        "render 40.0 MainThread",
        "render 100.0 MainThread",
        "download 100.0 MainThread",
        "download 100.0 MainThread",
    ]
    assert kernel.result(after).printed == "the next cell\n"


def test_a_clip_as_the_last_line_of_a_cell_plays_by_a_relative_path(kernel: Kernel, peer: Peer, video: Path) -> None:
    peer.set(video=str(video))
    kernel.run(f"use({peer.url!r})")
    page = kernel.run("print(session.export('c.mp4')._repr_html_())")
    assert 'src="c.mp4"' in page
