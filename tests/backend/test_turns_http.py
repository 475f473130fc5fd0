"""Chat turns over HTTP: events as ADK sends them, one turn at a time, a result also when nobody listens."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving import ServerProcess, User, frames, start, turn

ACTING = (str(Path(__file__).with_name("acting_server.py")),)


@pytest.fixture(scope="module")
def acting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server whose agent does as it is told, with a heartbeat every 0.2 s of silence."""
    server = start(tmp_path_factory.mktemp("acting") / "data", "--heartbeat-s=0.2", script=ACTING)
    yield server
    server.end()


@pytest.fixture
def user(acting: ServerProcess) -> User:
    return acting.user()


def words(user: User, text: str) -> list[dict[str, Any]]:
    """Say something and return what is not a heartbeat."""
    return [event for event in user.say(text) if event != {"type": "heartbeat"}]


def titles(user: User) -> list[str]:
    return [segment["tx"] for track in user.state()["draft"].get("t", []) for segment in track["sg"]]


def test_an_edit_is_a_call_a_result_and_a_state_change(user: User) -> None:
    call, result = words(user, "Paradise")
    assert call["content"] == {
        "parts": [{"functionCall": {"id": "fc-1", "args": {"text": "Paradise"}, "name": "add_title"}}],
        "role": "model",
    }
    assert result["content"]["parts"][0]["functionResponse"] == {
        "id": "fc-1",
        "name": "add_title",
        "response": {"status": "ok"},
    }
    assert result["content"]["role"] == "user"
    assert result["actions"]["stateDelta"]["timeline_version"] == 1
    assert call["invocationId"] == result["invocationId"]
    assert (call["author"], "partial" in call) == ("nemo_agent", False)
    assert titles(user) == ["Paradise"]
    assert user.state()["timeline_version"] == 1


def test_the_state_tells_what_was_said_and_what_a_silent_turn_did(user: User) -> None:
    assert user.state()["messages"] == []
    words(user, "sleep 0")
    words(user, "Paradise")
    assert user.state()["messages"] == [
        {"role": "user", "text": "sleep 0"},
        {"role": "model", "text": "Good morning."},
        {"role": "user", "text": "Paradise"},
        {"role": "model", "text": "Title added: 'Paradise' (0–1 s)"},
    ]


def test_a_turn_that_did_nothing_in_silence_has_an_answer_too(acting: ServerProcess) -> None:
    user = acting.user(begin=False)
    user.begin(language="zh")
    words(user, "silence")
    assert user.state()["messages"][1:] == [{"role": "model", "text": "完成。"}]
    user.begin(language="en")
    words(user, "silence")
    assert user.state()["messages"][1:] == [{"role": "model", "text": "Done."}]


def test_the_stream_says_what_it_is_and_is_not_kept(user: User) -> None:
    answer = user.http.post("/run_sse", json=turn(user.session_id, "sleep 0"))
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


def test_a_text_comes_in_pieces_and_then_whole(user: User) -> None:
    user.http.headers["accept"] = "text/event-stream"
    events = words(user, "odd")
    *partial, whole = events
    assert all(event["partial"] is True for event in partial)
    assert "partial" not in whole
    text = whole["content"]["parts"][0]["text"]
    assert text == 'Line\u2028end\u0085 "quoted"\n half \ud800 火'
    assert "".join(event["content"]["parts"][0]["text"] for event in partial) == text
    assert len(partial) > 1


def test_no_line_end_of_unicode_is_raw_in_the_stream(user: User) -> None:
    body = user.http.post("/run_sse", json=turn(user.session_id, "odd")).content
    assert "\u2028".encode() not in body
    assert "\u0085".encode() not in body
    assert "火".encode() in body


def test_silence_is_filled_with_heartbeats(user: User) -> None:
    events = user.say("sleep 1")
    beats = [event for event in events if event == {"type": "heartbeat"}]
    assert len(beats) >= 2
    assert events[-1]["content"]["parts"][0]["text"] == "Good morning."


def test_a_failure_is_the_last_frame_and_keeps_its_secret(acting: ServerProcess, user: User) -> None:
    events = words(user, "boom")
    assert events[-2]["content"]["parts"][0]["text"] == "One moment."
    assert events[-1]["error"] == "ServerError: The agent failed; the backend's log says more."
    assert events[-1]["error_details"]["error_type"] == "ServerError"
    assert "KeyError" in acting.log.read_text()
    assert acting.token not in acting.log.read_text()
    [event] = words(user, "known")
    assert event["error"] == "DraftError: The draft cannot take this."
    assert words(user, "after")[0]["content"]["parts"][0]["functionCall"]["name"] == "add_title"


def test_two_turns_in_one_session_wait_for_each_other(user: User) -> None:
    with ThreadPoolExecutor(5) as pool:
        for events in pool.map(user.say, ["a", "b", "c", "d", "e"]):
            assert len([event for event in events if "content" in event]) == 2
    assert sorted(titles(user)) == ["a", "b", "c", "d", "e"]
    assert user.state()["timeline_version"] == 5


def test_two_turns_through_two_servers_wait_for_each_other(acting: ServerProcess, user: User, start_server) -> None:  # type: ignore[no-untyped-def]
    second = start_server("--heartbeat-s=0.2", data=acting.data, script=ACTING)
    other = second.user(begin=False)
    other.session_id = user.session_id
    with ThreadPoolExecutor(6) as pool:
        said = [pool.submit(speaker.say, f"{n}") for n, speaker in enumerate([user, other] * 3)]
        for each in said:
            each.result()
    assert sorted(titles(user)) == sorted(titles(other)) == ["0", "1", "2", "3", "4", "5"]


def test_turns_of_two_sessions_run_side_by_side(acting: ServerProcess, user: User) -> None:
    quick = acting.user()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(user.say, "sleep 3")
        quick.say("quick")
        assert not slow.done()
        slow.result()


def test_too_many_waiting_turns_are_429(acting: ServerProcess, user: User) -> None:
    with ThreadPoolExecutor(10) as pool:
        order = turn(user.session_id, "sleep 0.3")
        answers = list(pool.map(lambda _: user.http.post("/run_sse", json=order), range(10)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] * 8 + [429] * 2
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["code"] == 429
    assert refused.headers["retry-after"] == "30"


def test_a_turn_goes_on_when_the_client_goes_away(acting: ServerProcess, user: User) -> None:
    order = turn(user.session_id, "left behind")
    with (
        httpx.Client(base_url=acting.base_url, headers=user.http.headers) as client,
        client.stream("POST", "/run_sse", json=order) as answer,
    ):
        assert answer.status_code == 200
    until = time.monotonic() + 20
    while titles(user) != ["left behind"]:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_killed_server_lets_the_session_go(acting: ServerProcess, user: User, start_server) -> None:  # type: ignore[no-untyped-def]
    dying = start_server("--lock-lease-s=1", data=acting.data, script=ACTING)
    mortal = dying.user(begin=False)
    order = turn(user.session_id, "sleep 60")
    with mortal.http.stream("POST", "/run_sse", json=order) as answer:
        assert answer.status_code == 200
        waiting = ThreadPoolExecutor(1)
        behind = waiting.submit(user.say, "behind")
        time.sleep(0.5)  # long enough for the second turn to stand behind the first
        assert not behind.done()
        dying.process.kill()
        assert len([event for event in behind.result() if "content" in event]) == 2
        waiting.shutdown()
    assert titles(user) == ["behind"]


@pytest.mark.parametrize(
    "change",
    [
        {"app_name": "other"},
        {"new_message": {"parts": []}},
        {"new_message": {"parts": [{"text": ""}]}},
        {"new_message": {"parts": [{"text": "  \n"}]}},
        {"new_message": {"parts": [{"text": "x" * 20_001}]}},
        {"new_message": {"parts": [{"text": 5}]}},
        {"new_message": {"parts": [{"inlineData": {}}]}},
        {"new_message": None},
        {"session_id": "../x"},
        {"session_id": None},
    ],
)
def test_a_message_that_is_none_is_refused(user: User, change: dict[str, object]) -> None:
    answer = user.http.post("/run_sse", json={**turn(user.session_id, "hi"), **change})
    assert (answer.status_code, answer.json()["code"]) == (422, 422)
    assert json.dumps("x" * 500) not in answer.text


def test_the_parts_of_a_message_are_one_message(user: User) -> None:
    order = turn(user.session_id, "sleep")
    order["new_message"]["parts"] = [{"text": "first"}, {"text": "second"}]
    user.http.post("/run_sse", json=order)
    assert titles(user) == ["first\nsecond"]


def test_frames_of_the_helper_are_those_of_the_body() -> None:
    assert frames('data: {"a":1}\n\ndata: {"b":2}\n\n') == [{"a": 1}, {"b": 2}]
