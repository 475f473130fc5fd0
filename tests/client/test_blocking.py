"""The blocking twins: the same names and signatures, in scripts, threads and running loops, and a clean Ctrl-C."""

from __future__ import annotations

import asyncio
import inspect
import signal
import subprocess
import sys
import threading
import typing
from pathlib import Path
from typing import Any

import pytest
from peer import FAST, PATIENCE_S, Peer, left_in, nemo_of, run_script, script_environment

from ipynemo import AsyncNemo, AsyncSession, Draft, Nemo, Session
from ipynemo.client.blocking import EventStream
from ipynemo.client.streaming import TurnStream
from ipynemo.errors import InvalidRequestError, NothingToExportError, UnsupportedFileError
from ipynemo.events import Text, TextDelta

# -- the same face ----------------------------------------------------------------------------------------------------

TWINS = {AsyncNemo: Nemo, AsyncSession: Session, TurnStream: EventStream}
OTHER_NAMES = {"aclose": "close", "__aenter__": "__enter__", "__aexit__": "__exit__", "__anext__": "__next__"}
PROTOCOL = {"__init__", "__enter__", "__exit__", "__next__", "__repr__"}


def face(kind: type) -> dict[str, Any]:
    """Return what users see of a class, under the blocking names."""
    members = {OTHER_NAMES.get(name, name): value for part in kind.__mro__[:-1] for name, value in vars(part).items()}
    return {name: value for name, value in members.items() if not name.startswith("_") or name in PROTOCOL}


def twin_of(hint: Any) -> Any:
    """Return the type that the blocking face has in place of this one."""
    if isinstance(hint, type) and hint in TWINS:
        return TWINS[hint]
    return hint


@pytest.mark.parametrize(("ours", "twin"), [(AsyncNemo, Nemo), (AsyncSession, Session)])
def test_both_faces_have_the_same_names(ours: type, twin: type, clean_home: Path) -> None:
    nemo = Nemo("local")
    one: object = nemo._twin if ours is AsyncNemo else nemo._twin.session("s-1")
    attributes = {name for name in vars(one) if not name.startswith("_")}
    assert set(face(ours)) | attributes == set(face(twin)) | ({"nemo"} & attributes)


METHODS = [
    (ours, name)
    for ours in (AsyncNemo, AsyncSession)
    for name, value in face(ours).items()
    if inspect.isfunction(value) and name not in ("__init__", "__exit__", "__repr__", "__enter__")
]


@pytest.mark.parametrize(("ours", "name"), METHODS, ids=lambda value: getattr(value, "__name__", value))
def test_both_faces_have_the_same_signatures(ours: type, name: str) -> None:
    twin = TWINS[ours]
    theirs, blocking = face(ours)[name], face(twin)[name]
    assert inspect.signature(theirs).parameters == inspect.signature(blocking).parameters
    assert not inspect.iscoroutinefunction(blocking)
    hints, twin_hints = typing.get_type_hints(theirs), typing.get_type_hints(blocking)
    assert twin_of(hints["return"]) == twin_hints["return"]
    assert blocking.__doc__


def test_both_are_made_in_the_same_way() -> None:
    assert inspect.signature(AsyncNemo) == inspect.signature(Nemo)


# -- everywhere -------------------------------------------------------------------------------------------------------


def test_a_whole_session_without_await(peer: Peer, video: Path) -> None:
    peer.set(video=str(video), says="I added a title.")
    Path("a.png").write_bytes(b"x" * 10)
    sent: list[tuple[int, int]] = []
    told: list[tuple[str, float]] = []
    with Nemo(peer.url, token="own", timing=FAST) as nemo:
        session = nemo.create_session("Robots")
        assert repr(session) == "<Session s-1 'Robots' on Cloud — " + nemo._twin._wire.endpoint.host + ">"
        assert [asset.name for asset in session.upload("a.png", on_progress=lambda *now: sent.append(now))] == ["a.png"]
        assert session.chat("add a title").text == "I added a title."
        assert session.draft().title == "Urban Dreams"
        assert session.credits().available == nemo.credits().available == 88
        clip = session.export("clip.mp4", on_progress=lambda *now: told.append(now))
        assert clip.duration_s == 2.0
        assert [render.id for render in session.renders()] == [clip.render_id]
        assert [info.session_id for info in nemo.sessions()] == ["s-1"]
        with pytest.raises(UnsupportedFileError):
            session.upload("a.txt")
        with pytest.raises(NothingToExportError):
            session.export(draft=Draft())
    assert sent == [(0, 10), (10, 10)]
    assert told[-1] == ("download", 100)


def test_a_stream_without_await(peer: Peer) -> None:
    peer.set(says="I added a title.")
    with Nemo(peer.url, token="own", timing=FAST) as nemo, nemo.session("s-1").stream("add a title") as stream:
        events = list(stream)
        assert [event.text for event in events if isinstance(event, TextDelta)] == ["I ", "added ", "a ", "title."]
        assert [event.text for event in events if isinstance(event, Text)] == ["I added a title."]
        assert stream.reply is not None
        assert stream.reply.text == "I added a title."
        with pytest.raises(StopIteration):
            next(stream)


def test_a_stream_that_is_left_in_the_middle_is_closed(peer: Peer) -> None:
    peer.set(hang_chat=True)
    with Nemo(peer.url, token="own", timing=FAST) as nemo:
        for _ in nemo.session("s-1").stream("add a title"):
            break
        peer.until_noted("gone")


async def test_inside_a_running_loop_other_tasks_go_on_and_callbacks_come(peer: Peer, video: Path) -> None:
    # In a process of its own, because keeping a loop turning changes asyncio for good.
    peer.set(video=str(video), credits_delay_s=0.3)
    code = """
import asyncio, threading, ipynemo
async def main():
    ticks, told, threads = [], [], set()
    async def tick():
        while True:
            ticks.append(1)
            await asyncio.sleep(0.01)
    ticking = asyncio.create_task(tick())
    with ipynemo.Nemo(token="own") as nemo:
        before = len(ticks)
        nemo.credits()
        assert len(ticks) > before + 3
        session = nemo.session("s-1")
        session.export("clip.mp4", on_progress=lambda *now: (told.append(now), threads.add(threading.current_thread())))
        assert told[-1] == ("download", 100.0), told
        assert threads == {threading.main_thread()}
        assert [type(event).__name__ for event in session.stream("hello")] == ["TextDelta", "Text"]
    ticking.cancel()
    print("ok")
asyncio.run(main())
"""
    done = await asyncio.to_thread(run_script, code, peer)
    assert (done.stdout, done.stderr) == ("ok\n", "")


def test_many_threads_share_one_client(peer: Peer) -> None:
    found: list[float] = []
    with Nemo(peer.url, timing=FAST) as nemo:
        threads = [threading.Thread(target=lambda: found.append(nemo.credits().available)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [88] * 12
    assert len(peer.log("/anonymous-token")) == 1


def test_a_blocking_call_in_a_callback_of_the_background_thread_is_told_to_await(
    peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caught: list[BaseException] = []

    def blocking(_event: object) -> None:
        try:
            nemo.credits()
        except InvalidRequestError as error:
            caught.append(error)

    with Nemo(peer.url, token="own", timing=FAST) as nemo:
        nemo.session("s-1").chat("add a title", on_event=blocking)
    said = "A blocking call was made from ipynemo's own thread, where it would wait for itself."
    assert {str(error) for error in caught} == {f"{said} Use ipynemo.AsyncNemo and `await` here."}


async def test_a_client_that_was_closed_opens_again_when_it_is_used(peer: Peer) -> None:
    nemo = nemo_of(peer)
    await nemo.credits()
    await nemo.aclose()
    assert (await nemo.credits()).total == 100
    await nemo.aclose()


# -- Ctrl-C, fork, exit -----------------------------------------------------------------------------------------------

CALLS = {
    "credits": ("nemo.credits()", {"on": "GET /api/credits.*", "hang": True}),
    "chat": ("session.chat('add a title')", None),
    "stream": ("for event in session.stream('add a title'): pass", None),
    "upload": ("session.upload('a.mp4')", {"on": "POST /api/upload-video/.*", "hang": True}),
    "export": ("session.export('clip.mp4')", {"on": "GET /files/.*", "hang": True}),
    "download": ("session.export('clip.mp4')", None),
}


@pytest.mark.parametrize("name", CALLS)
def test_ctrl_c_in_a_script_cancels_the_request_and_leaves_nothing(peer: Peer, video: Path, name: str) -> None:
    call, fault = CALLS[name]
    Path("a.mp4").write_bytes(b"x" * (8 << 20))
    peer.set(video=str(video), faults=[fault] if fault else [], hang_chat=True, cuts=[1000], hang_download=True)
    code = f"""
import os, sys, ipynemo
nemo = ipynemo.Nemo(token="own")
session = nemo.session("s-1")
try:
    {call}
except KeyboardInterrupt:
    print(sorted(os.listdir()), flush=True)  # at this very moment nothing is left any more
    sys.stdin.readline()  # the process lives on, as a notebook does
"""
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=script_environment(peer),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as script:
        peer.until_noted("hanging")
        script.send_signal(signal.SIGINT)
        assert script.stdout is not None
        assert script.stdout.readline() == "['a.mp4']\n"
        peer.until_noted("gone")
        output, errors = script.communicate("\n", timeout=PATIENCE_S)
    assert (script.returncode, output, errors) == (0, "", "")
    assert left_in(Path.cwd()) == ["a.mp4"]


def test_a_client_from_before_a_fork_is_told_to_make_a_new_one_which_works(peer: Peer) -> None:
    code = """
import os, sys, ipynemo
nemo = ipynemo.Nemo(token="own")
nemo.credits()
child = os.fork()
if child == 0:
    try:
        nemo.credits()
    except ipynemo.errors.InvalidRequestError as error:
        assert "Make a new one here" in str(error), error
    else:
        raise AssertionError("it touched its parent's connections")
    assert ipynemo.Nemo(token="own").credits().total == 100
    sys.exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert nemo.credits().total == 100
print("ok")
"""
    done = run_script(code, peer, PYTHONWARNINGS="ignore")
    assert (done.stdout, done.stderr) == ("ok\n", "")
    assert len(peer.log("/credits/")) == 3


AT_EXIT: dict[str, str] = {
    "an open stream": "stream = session.stream('add a title'); next(stream)",
    "a stream that was never begun": "stream = session.stream('add a title')",
    "an upload in a thread": "go(session.upload, 'a.mp4')",
    "a download in a thread": "go(session.export, 'clip.mp4')",
    "a turn in a thread": "go(session.chat, 'add a title')",
    "an async stream": "import asyncio; stream = nemo._twin.session('s-1').stream('x'); asyncio.run(anext(stream))",
    "nothing": "",
}


@pytest.mark.parametrize("name", AT_EXIT)
def test_a_script_ends_quietly_and_at_once_whatever_is_open(peer: Peer, video: Path, name: str) -> None:
    Path("a.mp4").write_bytes(b"x" * (8 << 20))
    faults = [{"on": "POST /api/upload-video/.*", "hang": True}]
    peer.set(video=str(video), faults=faults, hang_chat=True, cuts=[1000], hang_download=True)
    code = f"""
import threading, time, ipynemo
def go(work, *args):
    threading.Thread(target=work, args=args, daemon=True).start()
nemo = ipynemo.Nemo(token="own")
session = nemo.session("s-1")
nemo.credits()
{AT_EXIT[name]}
time.sleep({0.3 if "thread" in name else 0})
"""
    done = run_script(code, peer)
    assert (done.stdout, done.stderr) == ("", "")
    assert left_in(Path.cwd()) == ["a.mp4"]


def test_a_program_that_is_told_to_end_by_a_callback_ends(peer: Peer) -> None:
    code = """
import sys, ipynemo
with ipynemo.Nemo(token="own") as nemo:
    nemo.session("s-1").chat("add a title", on_event=lambda event: sys.exit(7))
"""
    assert run_script(code, peer, check=False).returncode == 7
