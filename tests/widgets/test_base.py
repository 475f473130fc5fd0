"""Face: keywords, sessions, texts, work and its errors, both wires."""

from __future__ import annotations

import asyncio
import logging
import threading
from pathlib import Path
from typing import Any, ClassVar

import pytest
import traitlets
from widget_kit import Wire, on_loop, say, say_control, session, until

from ipynemo import Nemo
from ipynemo.errors import DraftError, InvalidRequestError, OutOfCreditsError, ServerError, SessionNotFoundError
from ipynemo.loop import background
from ipynemo.widgets._base import Face
from ipynemo.widgets._coalesce import INTERVAL_S, Coalescer
from ipynemo.widgets._control import answer_where_sent
from ipynemo.widgets._static import module, style
from ipynemo.widgets._words import Words


class Probe(Face):
    """A widget that writes down what happens to it."""

    _esm = module("credits.js")
    _css = style("credits.css")
    WORDS: ClassVar[Words] = {"en": {"hello": "Hello {name}"}, "zh": {"hello": "你好，{name}"}}

    volume = traitlets.Float(0.5).tag(sync=True)
    view = traitlets.Dict().tag(sync=True, outgoing=True)

    def __init__(self, *args: Any, **traits: Any) -> None:
        self.heard: list[Any] = []
        super().__init__(*args, **traits)

    def _attached(self) -> None:
        self.heard.append(("attached", self.session.session_id if self.session else None))

    def _receive(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        if content.get("kind") == "break":
            raise ZeroDivisionError
        if content.get("kind") == "refuse":
            raise ServerError("It would not.")
        self.heard.append((content, [bytes(one) for one in buffers]))

    def _receive_control(self, content: dict[str, Any]) -> None:
        self.heard.append(("control", content))


async def fail(error: Exception) -> None:
    raise error


def failing(error: Exception) -> Any:
    return lambda: fail(error)


# -- keywords and sessions --------------------------------------------------------------------------------------------


def test_an_unknown_keyword_is_refused_with_what_was_meant() -> None:
    with pytest.raises(TypeError, match=r"Probe takes no volum\. Did you mean volume\? It takes .*language.*volume\."):
        Probe(volum=0.3)


@pytest.mark.parametrize("name", ["busy", "error", "words", "control", "view", "_esm", "_view_name", "comm", "keys"])
def test_what_only_the_widget_sets_is_no_keyword(name: str) -> None:
    with pytest.raises(TypeError, match=f"Probe takes no {name}"):
        Probe(**{name: None})


def test_either_kind_of_session_will_do_and_nothing_else(tmp_path: Path) -> None:
    blocking = Nemo("local", data=tmp_path).session("ses_2")
    asynchronous = session(tmp_path)
    assert Probe(blocking).session is blocking._twin
    assert Probe(asynchronous).session is asynchronous
    probe = Probe()
    probe.session = blocking
    assert probe.session is blocking._twin
    assert probe.heard == [("attached", "ses_2")]
    with pytest.raises(InvalidRequestError, match="Probe needs an AsyncSession or a Session, not str"):
        Probe("ses_1")


def test_the_session_is_attached_when_the_wire_is_open(tmp_path: Path) -> None:
    seen: list[bool] = []

    class Late(Probe):
        def _attached(self) -> None:
            seen.append(self.comm is not None)

    Late(session(tmp_path))
    assert seen == [True]


def test_closing_ends_both_wires() -> None:
    probe = Probe()
    control = probe.control
    probe.close()
    assert probe.comm is None
    assert control.comm is None
    probe._push({"kind": "late"})


# -- texts ------------------------------------------------------------------------------------------------------------


def test_texts_follow_the_language_and_fall_back_to_english(tmp_path: Path) -> None:
    probe = Probe(language="zh")
    assert (probe._say("hello", name="你"), probe._say("retry")) == ("你好，你", "重试")
    probe.language = "fr"
    assert (probe._say("hello", name="toi"), probe.words["retry"]) == ("Hello toi", "Try again")
    assert Probe(Nemo("local", data=tmp_path).session("s", language="zh")).language == "zh"


# -- work -------------------------------------------------------------------------------------------------------------


def test_work_keeps_busy_and_takes_the_old_error_away() -> None:
    probe = Probe()
    probe._fail(ServerError("It would not."))
    go_on = asyncio.Event()
    seen: list[str] = []

    async def work() -> int:
        seen.append(threading.current_thread().name)
        await go_on.wait()
        return 3

    first, second = probe._start(work, what="test"), probe._start(work, what="test")
    assert probe.busy
    assert probe.error is None
    background().call_soon_threadsafe(go_on.set)
    assert (first.result(30), second.result(30)) == (3, 3)
    until(lambda: not probe.busy)
    assert seen == ["ipynemo", "ipynemo"]


def test_busy_ends_when_the_last_of_two_works_overtakes_the_other() -> None:
    class Crossing:
        """The widget's lock; one thread is held up just behind it, before it has shown what it counted."""

        def __init__(self, lock: Any) -> None:
            self.lock, self.is_there, self.go_on = lock, threading.Event(), threading.Event()

        def __enter__(self) -> None:
            self.lock.acquire()

        def __exit__(self, *_: object) -> None:
            self.lock.release()
            if threading.current_thread().name == "late" and not self.is_there.is_set():
                self.is_there.set()
                assert self.go_on.wait(30)

    probe = Probe()
    probe._count(+1)
    probe._count(+1)
    crossing = Crossing(probe._lock)
    probe._lock = crossing  # type: ignore[assignment]
    late = threading.Thread(target=probe._count, args=(-1,), name="late")
    late.start()
    assert crossing.is_there.wait(30)
    probe._count(-1)
    crossing.go_on.set()
    late.join(30)
    assert probe.busy is False


def test_an_error_is_shown_and_its_button_starts_the_work_again() -> None:
    probe, tries = Probe(language="en"), []

    async def work() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ServerError("The backend had a fault.", hint="Try again in a minute.")

    with pytest.raises(ServerError):
        probe._start(work, what="test").result(30)
    assert probe.error == {
        "message": "The backend had a fault.",
        "hint": "Try again in a minute.",
        "action": "retry",
        "link": None,
    }
    say(probe, kind="action", action="retry")
    until(lambda: len(tries) == 2 and not probe.busy)
    assert probe.error is None


def test_quiet_work_leaves_busy_error_and_retry_as_they_are() -> None:
    probe = Probe()
    probe._fail(ServerError("Still there."))
    seen: list[bool] = []

    async def work() -> None:
        seen.append(probe.busy)

    probe._start(work, what="look", aside=True).result(30)
    assert seen == [False]
    assert probe.error is not None
    assert probe._again is None


def test_an_error_that_nobody_foresaw_is_logged_and_said_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    probe = Probe(language="en")
    with caplog.at_level(logging.ERROR), pytest.raises(ZeroDivisionError):
        probe._start(failing(ZeroDivisionError("secret /home/x")), what="poster").result(30)
    assert probe.error is not None
    assert probe.error["message"] == "Something unexpected went wrong (poster)."
    assert "/home" not in str(probe.error)
    assert "Probe: poster failed." in caplog.text


def test_errors_name_what_to_do_next() -> None:
    probe = Probe(language="en")
    poor = OutOfCreditsError("code 2001")
    poor.link = "https://example.org/?bind=u1"
    expected = [
        (poor, "The credits are used up.", "top_up", "https://example.org/?bind=u1"),
        (SessionNotFoundError("HTTP 404"), "This session no longer exists on the backend.", "new_session", None),
        (DraftError("no segment 7"), "no segment 7", None, None),
    ]
    for error, message, action, link in expected:
        probe._fail(error)
        assert probe.error is not None
        assert (probe.error["message"], probe.error["action"], probe.error["link"]) == (message, action, link)
    say(probe, kind="action", action="dismiss")
    assert probe.error is None


def test_the_button_for_a_new_session_makes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = session(tmp_path)
    new = old.nemo.session("ses_new")

    async def create(name: str, *, language: str) -> Any:
        assert (name, language) == ("project", "en")
        return new

    monkeypatch.setattr(old.nemo, "create_session", create)
    probe = Probe(old)
    say(probe, kind="action", action="new_session")
    until(lambda: probe.session is new)
    assert probe.heard == [("attached", "ses_1"), ("attached", "ses_new")]


def test_an_observer_may_block_and_what_it_raises_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    probe, seen = Probe(), []

    def observer(change: Any) -> None:
        # What a user writes: a blocking call, which ipynemo's own thread would refuse.
        seen.append(on_loop(lambda: asyncio.sleep(0, change["new"])))
        raise ZeroDivisionError

    probe.observe(observer, "volume")
    with caplog.at_level(logging.ERROR):
        on_loop(lambda: probe._change(volume=0.9))
    assert seen == [0.9]
    assert probe.volume == 0.9
    assert "Whoever observes Probe.volume failed." in caplog.text


# -- wires ------------------------------------------------------------------------------------------------------------


def test_messages_come_on_two_wires() -> None:
    probe = Probe()
    assert probe.control.comm.comm_id != probe.comm.comm_id
    assert probe.get_state()["control"] == f"IPY_MODEL_{probe.control.model_id}"
    say(probe, b"abc", kind="chunk")
    say_control(probe, kind="stop")
    assert probe.heard == [({"kind": "chunk"}, [b"abc"]), ("control", {"kind": "stop"})]


@pytest.mark.parametrize("content", [None, "text", 3, ["kind"]])
def test_a_message_that_is_no_object_is_not_heard(content: Any) -> None:
    probe = Probe()
    for wire in (probe, probe.control):
        wire._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})
    assert probe.heard == []


def test_a_message_that_cannot_be_handled_is_an_error_on_the_page() -> None:
    probe = Probe(language="en")
    say(probe, kind="break")
    assert probe.error is not None
    assert probe.error["message"] == "Something unexpected went wrong (break)."
    say(probe, kind="refuse")
    assert probe.error["message"] == "It would not."


def test_the_page_ends_with_the_latest_value_whichever_thread_set_it() -> None:
    probe = Probe()
    wire = Wire(probe)
    threads = [
        threading.Thread(target=lambda k=k: [setattr(probe, "view", {"n": n, "k": k}) for n in range(200)])
        for k in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wire.states("view")[-1] == probe.view


def test_a_comm_of_ipykernel_answers_where_the_page_sends() -> None:
    class Comm:
        _reply_subshell_id = None  # what ipykernel 7.4 remembers of the cell that opened it

        def _reply_subshell_for(self, data: Any, default: str | None) -> str | None:
            return self._reply_subshell_id

    comm = Comm()
    assert comm._reply_subshell_for({}, "subshell-1") is None
    answer_where_sent(comm)
    assert comm._reply_subshell_for({}, "subshell-1") == "subshell-1"
    answer_where_sent(object())


def test_news_are_joined_until_their_time_has_come() -> None:
    sent: list[dict[str, Any]] = []
    assert INTERVAL_S == 1 / 20
    coalescer = Coalescer(sent.append, interval_s=3600, joined=["text"])
    for n in range(2000):
        coalescer.add(kind="delta", text=f"{n},", percent=n)
    assert [one["percent"] for one in sent] == [0]
    coalescer.flush()
    assert [one["percent"] for one in sent] == [0, 1999]
    assert "".join(one["text"] for one in sent) == "".join(f"{n}," for n in range(2000))


def test_what_waits_is_sent_by_itself() -> None:
    sent: list[dict[str, Any]] = []
    coalescer = Coalescer(sent.append, joined=["text"])
    for n in range(100):
        coalescer.add(text=f"{n},")
    until(lambda: "".join(one["text"] for one in sent) == "".join(f"{n}," for n in range(100)))
