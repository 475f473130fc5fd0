"""After a stream that broke: the message is never sent again; the state says what came of it, or an error does."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest
from faulty import FAST, TOKEN, World, answer, call, delta, head, result, send, sse, stream, text, titled

from ipynemo import AsyncNemo, AsyncSession
from ipynemo.errors import OutOfCreditsError, StreamInterruptedError, TurnFailedError
from ipynemo.events import Event, Failure, StateChanged, StillWorking

DRAFT = titled("Urban Dreams")
ADDED = "Title added: 'Urban Dreams' (0–3 s)"

HALF = sse(delta("Hel"))
ZIPPED = gzip.compress(HALF)[:-4]
BREAKS = {
    "reset": stream(HALF, ["reset"]),
    "stopped without an end": stream(HALF),
    "closed in the middle of an event": stream(HALF, b'data: {"content": {"pa'),
    "closed in the middle of a word": stream(HALF, b"da"),
    "closed while a tool is at work": stream(HALF, sse(call("c"))),
    "shorter than its length": [send(head(Content_Length=9999) + HALF), ["close"]],
    "chunks without their end": [send(head(Transfer_Encoding="chunked") + b"%x\r\n" % 500 + HALF), ["close"]],
    "broken chunks": [send(head(Transfer_Encoding="chunked") + b"%x\r\n%s\r\nnonsense" % (len(HALF), HALF)), ["close"]],
    "gzip cut short": stream(gzip.compress(HALF + sse(text("Hello.")))[:-20], Content_Encoding="gzip"),
    "gzip cut short in a whole body": [send(head(Content_Encoding="gzip", Content_Length=len(ZIPPED)) + ZIPPED)],
    "no gzip at all": stream(HALF, Content_Encoding="gzip"),
    "a length that is too short": [send(head(Content_Length=len(HALF) + 9) + HALF + HALF), ["close"]],
    "nothing at all": stream(),
    "heartbeats, then the end": stream(b": ping\n\n" * 3),
    "reset before any answer": [["reset"]],
    "closed before any answer": [["close"]],
    "closed inside the head": [send(b"HTTP/1.1 200 OK\r\nContent-Ty"), ["close"]],
    "something that is not HTTP": [send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), ["close"]],
    "reset before the message was read": [["early"], ["reset"]],
}

LIKE_AN_END = {
    *("closed in the middle of an event", "closed in the middle of a word", "closed while a tool is at work"),
    *(
        "stopped without an end",
        "gzip cut short",
        "gzip cut short in a whole body",
        "a length that is too short",
        "nothing at all",
        "heartbeats, then the end",
    ),
}
WORDLESS = {
    *("no gzip at all", "nothing at all", "heartbeats, then the end", "reset before any answer"),
    *("closed before any answer", "closed inside the head", "something that is not HTTP"),
    "reset before the message was read",
}


@pytest.mark.parametrize("how", BREAKS)
async def test_without_a_change_it_is_an_error_that_helps(world: World, session: AsyncSession, how: str) -> None:
    world.on("/run_sse", BREAKS[how], drafts=[DRAFT])
    with pytest.raises(StreamInterruptedError, match="the draft has not changed since") as caught:
        await session.chat("make it better")
    assert caught.value.session_id == "s-1"
    assert caught.value.received == (None if how in WORDLESS else "Hel")
    assert "was not sent again" in str(caught.value)
    assert len(world.arrivals("/run_sse")) == 1
    # Before, five times after, and where the body ended without a fault of the connection once in between.
    assert len(world.arrivals("/latest")) == (7 if how in LIKE_AN_END else 6)


@pytest.mark.parametrize("how", BREAKS)
async def test_with_a_change_it_is_told_by_the_change(world: World, session: AsyncSession, how: str) -> None:
    world.on("/run_sse", BREAKS[how], drafts=[{}, {}, {}, DRAFT])
    seen: list[Event] = []
    reply = await session.chat("make it better", on_event=seen.append)
    assert reply.changes == (ADDED,)
    assert seen[-1] == StateChanged(("draft",))
    assert len(world.arrivals("/run_sse")) == 1
    assert len(world.arrivals("/latest")) == 4


async def test_a_change_at_the_third_look_is_reported(world: World, session: AsyncSession) -> None:
    world.on("/run_sse", stream(sse(call("c")), ["reset"]), drafts=[{}, {}, {}, DRAFT])
    reply = await session.chat("make it better")
    assert (reply.text, reply.changes) == (ADDED, (ADDED,))
    assert reply.draft is not None
    assert reply.draft.raw == DRAFT
    assert len(world.arrivals("/latest")) == 4
    assert world.messages() == ["make it better"]


async def test_the_words_that_came_stay_with_the_change(world: World, session: AsyncSession) -> None:
    world.on("/run_sse", stream(HALF, ["reset"]), drafts=[{}, DRAFT])
    reply = await session.chat("make it better")
    assert (reply.text, reply.changes) == ("Hel", (ADDED,))


async def test_an_edit_before_the_break_is_found_at_the_first_look(world: World, session: AsyncSession) -> None:
    world.on("/run_sse", stream(sse(call("c")), ["draft", DRAFT], ["reset"]), drafts=[{}])
    assert (await session.chat("make it better")).changes == (ADDED,)
    assert len(world.arrivals("/latest")) == 2


@pytest.mark.parametrize("how", ["Content-Length", "Transfer-Encoding"])
async def test_deltas_whose_text_never_comes_are_the_answer_where_the_body_is_whole(
    world: World, session: AsyncSession, how: str
) -> None:
    whole = head(Content_Length=len(HALF)) + HALF
    if how == "Transfer-Encoding":
        whole = head(Transfer_Encoding="chunked") + b"%x\r\n%s\r\n0\r\n\r\n" % (len(HALF), HALF)
    world.on("/run_sse", [send(whole)], drafts=[DRAFT])
    assert (await session.chat("make it better")).text == "Hel"
    assert len(world.arrivals("/latest")) == 2


async def test_a_text_whose_connection_broke_is_an_interruption_with_the_text(
    world: World, session: AsyncSession
) -> None:
    world.on("/run_sse", stream(sse(delta("Two"), text("Two clips.")), ["reset"]), drafts=[DRAFT])
    with pytest.raises(StreamInterruptedError) as caught:
        await session.chat("how many clips are there in it")
    assert caught.value.received == "Two clips."
    assert len(world.arrivals("/latest")) == 6


async def test_a_failure_whose_connection_broke_is_told_at_once(world: World, session: AsyncSession) -> None:
    world.on("/run_sse", stream(sse(call("c"), {"error": "RuntimeError: no GPU"}), ["reset"]), drafts=[DRAFT])
    with pytest.raises(TurnFailedError, match="no GPU"):
        await session.chat("make it better")
    assert len(world.arrivals("/latest")) == 2


async def test_waiting_for_the_state_is_told(world: World, own_home: Path) -> None:
    world.on("/run_sse", stream(HALF, ["reset"]), drafts=[{}, DRAFT])
    timing = replace(FAST, recovery_first_s=0.3, still_working_s=0.1)
    seen: list[Event] = []
    async with AsyncNemo(world.url, token=TOKEN, timing=timing, data=own_home) as nemo:
        await nemo.session("s-1").chat("make it better", on_event=seen.append)
    assert any(isinstance(event, StillWorking) for event in seen)


@pytest.mark.parametrize("fault", [answer(500, "oops"), answer(200, "<html>", "text/html"), answer(200, '{"code":0')])
async def test_a_state_that_cannot_be_read_is_said(world: World, session: AsyncSession, fault: list[object]) -> None:
    world.set(scripts={"/run_sse": [stream(HALF, ["reset"])], "/latest": [fault]})
    with pytest.raises(StreamInterruptedError, match="what came of it could not be read"):
        await session.chat("make it better")
    assert world.messages() == ["make it better"]


async def test_an_answer_stands_where_the_state_cannot_be_read(world: World, session: AsyncSession) -> None:
    world.set(scripts={"/run_sse": [stream(sse(text("Done.")))], "/latest": [answer(404, '{"code": 1002}')]})
    reply = await session.chat("make it better")
    assert (reply.text, reply.draft, reply.changes) == ("Done.", None, ())


# -- turns that end without an answer, or with a failure ---------------------------------------------------------------


async def test_nothing_said_and_nothing_changed_is_told_in_the_language_of_it(world: World, nemo: AsyncNemo) -> None:
    world.on("/run_sse", stream(sse(call("c"), result("c"))), drafts=[DRAFT])
    english = await nemo.session("s-1", language="en").chat("make it better")
    chinese = await nemo.session("s-1", language="zh-CN").chat("make it better")
    assert english.text == "The agent ended without an answer, and the draft has not changed."
    assert chinese.text == "智能体没有回答，草稿也没有变化。"


async def test_a_failure_of_the_agent_carries_what_was_done_before(world: World, session: AsyncSession) -> None:
    failing = sse(text("On it."), call("c"), result("c"), {"error": "RuntimeError: no GPU"})
    world.on("/run_sse", stream(failing, ["draft", DRAFT]), drafts=[{}])
    with pytest.raises(TurnFailedError) as caught:
        await session.chat("make it better")
    assert str(caught.value) == f"The agent failed: no GPU (RuntimeError) Until then it had done: {ADDED}"
    assert caught.value.reply.changes == (ADDED,)
    assert caught.value.received == "On it."


async def test_an_error_event_and_the_error_frame_after_it_are_shown_once(world: World, session: AsyncSession) -> None:
    first = {"author": "nemo_agent", "errorCode": "UNAVAILABLE", "errorMessage": "the model is overloaded"}
    world.on("/run_sse", stream(sse(first, {"error": "ServerError: the model is overloaded"})))
    seen: list[Event] = []
    with pytest.raises(TurnFailedError, match="the model is overloaded"):
        await session.chat("make it better", on_event=seen.append)
    assert seen == [Failure("UNAVAILABLE", "the model is overloaded")]


async def test_an_error_event_that_the_agent_overcame_is_no_failure(world: World, session: AsyncSession) -> None:
    first = {"author": "nemo_agent", "errorCode": "UNAVAILABLE", "errorMessage": "the model is overloaded"}
    world.on("/run_sse", stream(sse(first, text("Done after all."))))
    reply = await session.chat("make it better")
    assert (reply.text, [failure.code for failure in reply.failures]) == ("Done after all.", ["UNAVAILABLE"])


async def test_a_typed_failure_while_a_tool_is_at_work_ends_the_turn(world: World, session: AsyncSession) -> None:
    failing = sse({"type": "tool_call", "id": "c", "name": "trim"}, {"type": "error", "message": "no such clip"})
    world.on("/run_sse", stream(failing), drafts=[DRAFT])
    with pytest.raises(TurnFailedError, match="no such clip"):
        await session.chat("make it better")
    assert len(world.arrivals("/latest")) == 2


async def test_credits_that_end_in_the_middle_of_an_answer(world: World, session: AsyncSession) -> None:
    world.on("/run_sse", stream(sse(delta("Work"), {"code": 2001, "message": "insufficient credits"})))
    with pytest.raises(OutOfCreditsError, match="insufficient credits") as caught:
        await session.chat("make it better")
    assert (caught.value.code, caught.value.session_id, caught.value.received) == (2001, "s-1", "Work")
    assert caught.value.link == "https://nemovideo.com"
