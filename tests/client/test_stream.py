"""Payloads in, events out: both dialects and their oddities."""

from __future__ import annotations

import json
from typing import Any

import pytest
from faulty import adk, call, delta, result, text
from hypothesis import given
from hypothesis import strategies as st

from ipynemo.client.stream import TurnReader, TurnText
from ipynemo.events import (
    Event,
    Failure,
    Heartbeat,
    StateChanged,
    Text,
    TextDelta,
    Thought,
    ToolCall,
    ToolResult,
    Unknown,
)


def read(*payloads: object, reader: TurnReader | None = None) -> list[Event]:
    reader = reader or TurnReader()
    raw = [p if p is None or isinstance(p, str) else json.dumps(p) for p in payloads]
    return [event for payload in raw for event in reader.read(payload)]


def answer_of(events: list[Event]) -> str:
    answer = TurnText()
    for event in events:
        answer.add(event)
    return str(answer)


# -- the typed dialect -------------------------------------------------------------------------------------------------


def test_the_typed_dialect() -> None:
    assert read(
        {"type": "text", "content": "Done"},
        {"type": "tool_call", "name": "trim", "args": {"at": 1}},
        {"type": "heartbeat"},
        {"type": "tool_result", "name": "trim", "result": {"ok": True}},
        {"type": "text", "content": ""},
        {"type": "error", "message": "no such clip"},
        {"type": "usage", "tokens": 3},
    ) == [
        TextDelta("Done"),
        ToolCall(None, "trim", {"at": 1}),
        Heartbeat(),
        ToolResult(None, "trim", {"ok": True}),
        Heartbeat(),
        Failure(None, "no such clip"),
        Unknown({"type": "usage", "tokens": 3}),
    ]


def test_both_dialects_in_one_stream_lose_no_text() -> None:
    events = read({"type": "text", "content": "First."}, text("Second."), {"type": "text", "content": "Third."})
    assert events == [TextDelta("First."), Text("First."), Text("Second."), TextDelta("Third.")]
    assert answer_of(events) == "First.\n\nSecond.\n\nThird."


def test_an_adk_aggregate_replaces_the_typed_deltas_that_it_repeats() -> None:
    events = read({"type": "text", "content": "Hel"}, {"type": "text", "content": "lo."}, text("Hello."))
    assert answer_of(events) == "Hello."


# -- text shown once ---------------------------------------------------------------------------------------------------


def test_the_aggregate_replaces_the_deltas_also_where_it_differs() -> None:
    assert answer_of(read(delta("I cut teh"), delta(" clip"), text("I cut the clip."))) == "I cut the clip."


def test_an_aggregate_that_never_comes_leaves_the_deltas() -> None:
    assert answer_of(read(delta("I cut "), delta("it."))) == "I cut it."
    assert answer_of(read(delta("One. "), call("c"), result("c"), delta("Two."))) == "One. Two."


def test_an_aggregate_said_twice_is_shown_once() -> None:
    assert read(text("Done."), text("Done.")) == [Text("Done.")]


def test_the_same_words_after_a_tool_are_a_second_text() -> None:
    assert answer_of(read(text("Done."), call("c"), result("c"), text("Done."))) == "Done.\n\nDone."


def test_several_aggregates_of_one_turn_stand_one_after_the_other() -> None:
    events = read(delta("On it."), text("On it."), call("c"), result("c"), delta("Cut."), text("Cut."))
    assert answer_of(events) == "On it.\n\nCut."


def test_thoughts_are_told_once_and_are_not_the_answer() -> None:
    def thought(words: str) -> dict[str, Any]:
        return {"text": words, "thought": True}

    events = read(
        adk(thought("Hm, "), partial=True),
        adk(thought("cut it."), partial=True),
        adk(thought("Hm, cut it. Yes."), {"text": "Cut."}, partial=False),
    )
    assert events == [Thought("Hm, "), Thought("cut it."), Thought(" Yes."), Text("Cut.")]
    assert answer_of(events) == "Cut."


@pytest.mark.parametrize(
    "events",
    [
        [text("Cut it."), text("I encountered a temporary issue. Please try again.")],
        [text("Cut it."), delta("I encountered"), delta(" a temporary issue"), text("I encountered a temporary issue")],
        [text("Cut it.\n\nI encountered a temporary issue, sorry.")],
        [delta("Cut it."), text("i encountered a TEMPORARY issue.")],
        [{"type": "text", "content": "Cut it. "}, {"type": "text", "content": "I encountered a temporary issue."}],
        [delta("Cut it."), call("c"), result("c"), text("I encountered a temporary issue.")],
    ],
)
def test_an_apology_behind_an_answer_is_dropped(events: list[Any]) -> None:
    assert answer_of(read(*events)) == "Cut it."


def test_an_apology_alone_is_the_answer() -> None:
    assert answer_of(read(text("I encountered a temporary issue."))) == "I encountered a temporary issue."
    assert answer_of(read(delta("I encountered a temporary issue."))) == "I encountered a temporary issue."


def test_an_apology_behind_letters_that_grow_in_lower_case_is_cut_at_the_right_place() -> None:
    assert answer_of(read(delta("İİİ kesildi. I encountered a temporary issue."))) == "İİİ kesildi."


def test_words_about_an_issue_inside_a_long_answer_stay() -> None:
    words = "The caption says: I encountered a temporary issue.\n\nIt stands at the bottom for three seconds."
    assert answer_of(read(text(words))) == words


def test_a_character_cut_in_two_deltas_is_put_together() -> None:
    events = read('{"type":"text","content":"a\\ud83c"}', '{"type":"text","content":"\\udfacb"}')
    assert events == [TextDelta("a"), TextDelta("🎬b")]


def test_half_a_character_that_stays_alone_is_replaced() -> None:
    events = read('{"content":{"parts":[{"text":"a\\ud83c b\\udfac"}]}}')
    assert events == [Text("a\ufffd b\ufffd")]


# -- tools -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payloads",
    [
        [call("c"), result("c")],
        [{"type": "tool_call", "name": "trim"}, {"type": "tool_result", "name": "trim"}],
        [{"type": "tool_call", "name": "trim"}, {"type": "text", "content": "Trimmed."}],
        [{"type": "tool_call", "id": "c", "name": "trim"}, {"type": "tool_result", "name": "trim"}],
        [call("a"), call("b"), result("b"), result("a")],
        [call("a", "trim"), call("b", "trim"), {"type": "tool_result", "name": "trim"}, result("b", "trim")],
        [{**call("c"), "longRunningToolIds": ["c"]}],  # it goes on after the turn
    ],
)
def test_calls_that_are_answered_leave_nothing_open(payloads: list[Any]) -> None:
    reader = TurnReader()
    read(*payloads, reader=reader)
    assert reader.open_calls == set()


@pytest.mark.parametrize("payloads", [[call("c")], [call("c"), result("d", "other")], [call("c"), text("One moment.")]])
def test_a_call_without_its_answer_stays_open(payloads: list[Any]) -> None:
    reader = TurnReader()
    read(*payloads, reader=reader)
    assert reader.open_calls == {"c"}


def test_a_call_in_a_partial_event_is_a_preview() -> None:
    preview = {**call("c"), "partial": True}
    assert read(preview, call("c")) == [ToolCall("c", "set_timeline", {})]


def test_snake_case_is_read_as_camel_case_is() -> None:
    event = {
        "content": {"parts": [{"function_call": {"id": "c", "name": "trim", "args": {"a": 1}}}]},
        "actions": {"state_delta": {"draft": 1}},
        "error_code": "SAFETY",
        "error_message": "blocked for safety",
    }
    assert read(event) == [
        ToolCall("c", "trim", {"a": 1}),
        StateChanged(("draft",)),
        Failure("SAFETY", "blocked for safety"),
    ]


def test_parts_of_an_unknown_kind_are_kept() -> None:
    part = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}
    assert read(adk({"text": "See:"}, part)) == [Text("See:"), Unknown(part)]


# -- failures ----------------------------------------------------------------------------------------------------------


def test_a_failure_said_twice_is_told_once() -> None:
    reader = TurnReader()
    first = {"author": "nemo_agent", "errorCode": "UNAVAILABLE", "errorMessage": "the model is overloaded"}
    second = {"error": "ServerError: the model is overloaded", "error_details": {"error_type": "ServerError"}}
    assert read(first, second, reader=reader) == [Failure("UNAVAILABLE", "the model is overloaded")]
    assert reader.fatal == Failure("ServerError", "the model is overloaded", fatal=True)


def test_two_failures_are_two() -> None:
    first = {"type": "error", "message": "no"}
    second = {"error": "RuntimeError: no space left"}
    assert read(first, second) == [Failure(None, "no"), Failure("RuntimeError", "no space left", fatal=True)]


@pytest.mark.parametrize(
    ("payload", "failure"),
    [
        ({"type": "error"}, Failure(None, "no reason given")),
        ({"type": "error", "error": {"message": "boom", "x": 1}}, Failure(None, "boom")),
        ({"type": "error", "message": {"x": 1}}, Failure(None, '{"x": 1}')),
        ({"error": {"message": "boom", "error_type": "E"}}, Failure("E", "boom", fatal=True)),
        ({"error": True, "message": "boom"}, Failure(None, "boom", fatal=True)),
        ({"detail": "Session not found"}, Failure(None, "Session not found", fatal=True)),
        ({"code": 2001, "message": "out of credits"}, Failure("2001", "out of credits", fatal=True)),
        ({"author": "a", "errorCode": "MAX_TOKENS"}, Failure("MAX_TOKENS", "MAX_TOKENS")),
        ({"content": {"parts": []}, "error": "late failure"}, Failure(None, "late failure", fatal=True)),
    ],
)
def test_failures_in_all_their_shapes(payload: object, failure: Failure) -> None:
    assert read(payload) == [failure]


def test_an_error_that_is_null_is_none() -> None:
    reader = TurnReader()
    assert read({"content": None, "error": None, "author": "a"}, reader=reader) == []
    assert reader.fatal is None


def test_a_failure_without_words_hides_no_other() -> None:
    events = read({"author": "a", "errorCode": "X", "errorMessage": ""}, {"error": "RuntimeError: boom"})
    assert [event for event in events if isinstance(event, Failure)] == [
        Failure("X", "X"),
        Failure("RuntimeError", "boom", fatal=True),
    ]


# -- whatever comes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", ["[DONE]", "<html>", '"text"', "12", "[1, 2]", "1" * 5000, '{"a":' * 5000])
def test_what_cannot_be_read_is_kept(payload: str) -> None:
    [event] = read(payload)
    assert isinstance(event, Unknown)


KEYS = st.sampled_from(
    [
        *(
            "type",
            "content",
            "partial",
            "author",
            "actions",
            "stateDelta",
            "errorCode",
            "errorMessage",
            "error",
            "parts",
        ),
        *("error_details", "detail", "code", "message", "text", "thought", "functionCall", "functionResponse", "id"),
        *("name", "args", "result", "response", "longRunningToolIds", "role", "parts"),
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["text", "tool_call", "tool_result", "error", "\ud83c", "I encountered a temporary issue"]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=5),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(KEYS, JSON, max_size=6) | JSON, max_size=6))
def test_no_json_makes_the_reader_fail(values: list[Any]) -> None:
    reader, answer = TurnReader(), TurnText()
    for value in values:
        for event in reader.read(json.dumps(value)):
            answer.add(event)
            assert not isinstance(event, (Text, TextDelta, Thought)) or event.text.encode() is not None
    str(answer).encode()
