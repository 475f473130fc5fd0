"""Whole turns against a real server: the same answer however it comes, and streams that do not end."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from faulty import FAST, TOKEN, World, call, delta, dribble, head, repeat, result, send, sse, stream, text, titled

from ipynemo import AsyncNemo, AsyncSession, Reply, Timing
from ipynemo.errors import DeadlineError, ProtocolError, TurnFailedError
from ipynemo.events import Event, Heartbeat, StillWorking, Text, TextDelta

HELLO = sse(delta("Hel"), delta("lo 剪🎬."), text("Hello 剪🎬."))
DRAFT = titled("Urban Dreams")


async def chat(world: World, home: Path, timing: Timing, language: str = "en") -> tuple[Reply, list[Event]]:
    """Run one turn with a client of its own."""
    seen: list[Event] = []
    async with AsyncNemo(world.url, token=TOKEN, timing=timing, data=home, language=language) as nemo:
        return await nemo.session("s-1").chat("make it better", on_event=seen.append), seen


def chunked(data: bytes, size: int = 1000, trailer: bytes = b"") -> bytes:
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n" + trailer + b"\r\n"


# -- the same answer, however it comes ---------------------------------------------------------------------------------

ZIPPED = gzip.compress(HELLO)
BODIES = {
    "in one piece": stream(HELLO),
    "a byte at a time": stream(dribble(HELLO)),
    "cut in the middle of a character": stream(HELLO[:130], ["sleep", 0.02], HELLO[130:]),
    "with CRLF": stream(HELLO.replace(b"\n", b"\r\n")),
    "with CR": stream(dribble(HELLO.replace(b"\n", b"\r"), 50)),
    "with a byte order mark": stream(b"\xef\xbb", b"\xbf" + HELLO),
    "with comments and empty data": stream(b": hi\n\n" + HELLO.replace(b"\n\n", b"\n\n:\n\ndata:\n\n")),
    "with event, id and retry": stream(HELLO.replace(b"data", b"id: 7\nevent: message\nretry: 9\ndata")),
    "gzipped in two members": stream(gzip.compress(HELLO[:40]) + gzip.compress(HELLO[40:]), Content_Encoding="gzip"),
    "deflated": stream(zlib.compress(HELLO), Content_Encoding="deflate"),
    "deflated without a header": stream(zlib.compress(HELLO, wbits=-15), Content_Encoding="deflate"),
    "gzipped": stream(ZIPPED, Content_Encoding="gzip"),
    "gzipped, a byte at a time": stream(dribble(ZIPPED), Content_Encoding="gzip"),
    "in chunks": [send(head(Transfer_Encoding="chunked") + chunked(HELLO, 11))],
    "in chunks with a trailer": [send(head(Transfer_Encoding="chunked") + chunked(HELLO, 99, b"X-Sum: 1\r\n"))],
    "with a length": [send(head(Content_Length=len(HELLO)) + HELLO)],
    "without a content type": [send(head(kind=None) + HELLO), ["close"]],
    "with a charset": [send(head(kind="text/event-stream; charset=utf-8") + HELLO), ["close"]],
    "after informational answers": [send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n"), *stream(HELLO)],
    # With a length: a server that closes with the message unread resets the connection behind its answer.
    "before the message was read": [["early"], send(head(Content_Length=len(HELLO)) + HELLO)],
    "without the last blank line": stream(HELLO.rstrip(b"\n")),
}


@pytest.mark.parametrize("how", BODIES)
async def test_the_answer_is_the_same(world: World, session: AsyncSession, how: str) -> None:
    world.on("/run_sse", BODIES[how], drafts=[DRAFT])
    seen: list[Event] = []
    reply = await session.chat("make it better", on_event=seen.append)
    assert reply.text == "Hello 剪🎬."
    assert [e for e in seen if not isinstance(e, Heartbeat)] == [
        TextDelta("Hel"),
        TextDelta("lo 剪🎬."),
        Text("Hello 剪🎬."),
    ]
    assert len(world.arrivals("/run_sse")) == 1


async def test_every_cut_of_a_short_stream_over_the_wire(world: World, session: AsyncSession) -> None:
    data = 'data: {"type":"text","content":"é剪🎬"}\r\n\r\n'.encode()
    scripts = [stream(data[:cut], ["sleep", 0.001], data[cut:]) for cut in range(1, len(data))]
    world.on("/run_sse", *scripts)
    for _ in scripts:
        assert (await session.chat("make it better")).text == "é剪🎬"
    assert len(world.arrivals("/run_sse")) == len(scripts)


async def test_an_event_of_ten_megabytes(world: World, session: AsyncSession) -> None:
    long = "剪" * 3_500_000
    data = sse(text(long))
    assert len(data) > 10_000_000
    world.on("/run_sse", stream(dribble(data, 100_000)))
    assert (await session.chat("make it better")).raw_text == long


async def test_an_event_beyond_64_mib_is_refused(world: World, session: AsyncSession) -> None:
    world.on("/run_sse", [send(head() + sse(delta("Hel"))), repeat(b"data: " + b"x" * (1 << 20) + b"\n", 0)])
    with pytest.raises(ProtocolError, match="larger than 67108864 bytes") as caught:
        await session.chat("make it better")
    assert caught.value.session_id == "s-1"
    assert "look at the draft" in str(caught.value)
    assert world.messages() == ["make it better"]


# -- streams that do not end -------------------------------------------------------------------------------------------


async def test_silence_ends_at_the_idle_limit(world: World, own_home: Path) -> None:
    world.on("/run_sse", stream(sse(delta("Hel")), ["stall"]))
    with pytest.raises(DeadlineError, match=r"Nothing but silence came for 0\.3 s") as caught:
        await chat(world, own_home, replace(FAST, idle_limit_s=0.3))
    assert (caught.value.session_id, caught.value.received) == ("s-1", "Hel")
    assert world.messages() == ["make it better"]


async def test_a_server_that_never_answers_ends_at_the_idle_limit(world: World, own_home: Path) -> None:
    world.on("/run_sse", [["stall"]])
    with pytest.raises(DeadlineError, match=r"Nothing but silence came for 0\.2 s"):
        await chat(world, own_home, replace(FAST, idle_limit_s=0.2))
    assert world.messages() == ["make it better"]


@pytest.mark.parametrize("beat", [b": ping\n\n", sse({"type": "heartbeat"}), b"data:\n\n", b": a comment without end"])
async def test_nothing_but_heartbeats_ends_at_the_idle_limit(world: World, own_home: Path, beat: bytes) -> None:
    world.on("/run_sse", stream(repeat(beat, 0.02)))
    with pytest.raises(DeadlineError, match=r"Nothing but silence came for 0\.3 s"):
        await chat(world, own_home, replace(FAST, idle_limit_s=0.3))
    assert world.messages() == ["make it better"]


async def test_a_large_event_that_comes_slowly_is_no_silence(world: World, own_home: Path) -> None:
    data = sse(text("x" * 400))
    world.on("/run_sse", stream(dribble(data, 20, 0.05)))
    reply, _ = await chat(world, own_home, replace(FAST, idle_limit_s=0.6))
    assert reply.text == "x" * 400


async def test_an_answer_that_never_ends_is_ended_at_the_limit_of_a_turn(world: World, own_home: Path) -> None:
    world.on("/run_sse", stream(repeat(sse(delta("la ")), 0.01)))
    with pytest.raises(DeadlineError, match=r"The turn took longer than 0\.4 s") as caught:
        await chat(world, own_home, replace(FAST, turn_limit_s=0.4))
    assert (caught.value.received or "").startswith("la la")


async def test_a_limit_after_an_edit_gives_what_changed(world: World, own_home: Path) -> None:
    world.on("/run_sse", stream(sse(call("c"), result("c")), ["draft", DRAFT], ["stall"]), drafts=[{}])
    reply, _ = await chat(world, own_home, replace(FAST, idle_limit_s=0.3))
    assert reply.changes == ("Title added: 'Urban Dreams' (0–3 s)",)


async def test_a_silent_edit_is_told_in_the_sessions_language(world: World, own_home: Path) -> None:
    world.on("/run_sse", stream(sse(call("c"), result("c")), ["draft", DRAFT]), drafts=[{}])
    reply, _ = await chat(world, own_home, FAST, language="zh-CN")
    assert reply.text == "已添加标题：“Urban Dreams”（0–3 秒）"
    assert reply.changes == (reply.text,)


async def test_silence_behind_a_text_is_waited_out_because_more_may_come(world: World, own_home: Path) -> None:
    world.on("/run_sse", stream(HELLO, ["sleep", 0.5], sse(text("And more."))), drafts=[DRAFT])
    reply, seen = await chat(world, own_home, replace(FAST, still_working_s=0.2))
    assert reply.text == "Hello 剪🎬.\n\nAnd more."
    assert any(isinstance(event, StillWorking) for event in seen)


async def test_a_connection_left_open_behind_the_last_text_is_an_answer(world: World, own_home: Path) -> None:
    world.on("/run_sse", stream(HELLO, ["stall"]), drafts=[DRAFT])
    reply, _ = await chat(world, own_home, replace(FAST, idle_limit_s=0.6))
    assert reply.text == "Hello 剪🎬."


async def test_nothing_but_heartbeats_behind_a_text_is_a_timeout_with_the_text(world: World, own_home: Path) -> None:
    world.on("/run_sse", stream(HELLO, repeat(b": ping\n\n", 0.02)), drafts=[DRAFT])
    with pytest.raises(DeadlineError, match=r"Nothing but silence came for 0\.6 s") as caught:
        await chat(world, own_home, replace(FAST, still_working_s=0.2, idle_limit_s=0.6))
    assert caught.value.received == "Hello 剪🎬."


async def test_a_typed_answer_on_a_connection_left_open_is_an_answer(world: World, own_home: Path) -> None:
    world.on("/run_sse", stream(sse({"type": "text", "content": "Done."}), ["stall"]), drafts=[DRAFT])
    reply, _ = await chat(world, own_home, replace(FAST, idle_limit_s=0.3))
    assert reply.text == "Done."


async def test_a_failure_on_a_connection_left_open_is_told_soon(world: World, own_home: Path) -> None:
    world.on("/run_sse", stream(sse(call("c"), {"error": "RuntimeError: no GPU"}), ["stall"]))
    with pytest.raises(TurnFailedError, match="no GPU"):
        await chat(world, own_home, replace(FAST, still_working_s=0.2))


async def test_silence_is_told_and_told_again(world: World, own_home: Path) -> None:
    world.on("/run_sse", stream(sse(call("c")), ["sleep", 0.5], sse(result("c"), text("Done."))))
    reply, seen = await chat(world, own_home, replace(FAST, still_working_s=0.1))
    told = [event for event in seen if isinstance(event, StillWorking)]
    assert reply.text == "Done."
    assert len(told) >= 2
    assert [event.elapsed_s for event in told] == sorted(event.elapsed_s for event in told)
    assert str(told[0]) == "⏳ Still working..."


async def test_who_takes_the_events_slowly_is_not_taken_for_a_silent_backend(
    world: World, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipynemo.client.streaming.MAX_WAITING", 2)
    words = [delta(f"{n} ") for n in range(20)]
    world.on("/run_sse", stream(sse(*words, text("All."))))
    timing = replace(FAST, idle_limit_s=0.4, still_working_s=0.1)
    async with AsyncNemo(world.url, token=TOKEN, timing=timing, data=own_home) as nemo:
        turn = nemo.session("s-1").stream("make it better")
        seen = [await anext(turn)]
        await asyncio.sleep(1.0)
        seen += [event async for event in turn]
    assert seen == [*(TextDelta(f"{n} ") for n in range(20)), Text("All.")]
