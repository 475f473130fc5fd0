"""Eight streams of a real server, byte for byte: the exact events of each, and what a whole turn makes of it."""

from __future__ import annotations

import pytest
from faulty import CAPTURES, World, dribble, stream, titled

from ipynemo import AsyncSession
from ipynemo.client.stream import SSEParser, TurnReader
from ipynemo.errors import TurnFailedError
from ipynemo.events import Event, Failure, StateChanged, Text, TextDelta, ToolCall, ToolResult

EXPLODED = 'render farm exploded: 火 \u2028 "quoted"\nsecond line'
EXPECTED: dict[str, list[Event]] = {
    "plain": [Text("echo: plain")],
    "stream": [
        TextDelta("Hello"),
        TextDelta(", "),
        TextDelta("I cut "),
        TextDelta("the clip"),
        TextDelta("."),
        Text("Hello, I cut the clip."),
    ],
    "tool": [
        ToolCall("fc-7", "trim_clip", {"clip": "a.mp4", "start": 1.5, "end": 4}),
        ToolResult("fc-7", "trim_clip", {"status": "ok", "snake_key": 1, "camelKey": 2}),
        Text("Trimmed."),
    ],
    "llm-tool": [
        TextDelta("On it. "),
        Text("On it. "),
        ToolCall("adk-45b71915-c3fd-42bf-a24e-3ddcff961762", "trim_clip", {"clip": "a.mp4"}),
        ToolResult("adk-45b71915-c3fd-42bf-a24e-3ddcff961762", "trim_clip", {"status": "ok", "clip": "a.mp4"}),
        StateChanged(("timeline_version",)),
        TextDelta("Tool trim_clip "),
        TextDelta("answered."),
        Text("Tool trim_clip answered."),
    ],
    "silent": [
        ToolCall("fc-8", "set_timeline", {"op": "split", "at_ms": 1200}),
        ToolResult("fc-8", "set_timeline", {"result": None}),
        StateChanged(("timeline_version", "user:tier", "nested_obj")),
    ],
    "stateonly": [StateChanged(("timeline_version",))],
    "boom": [
        TextDelta("Working "),
        ToolCall("fc-9", "render", {}),
        Failure("RuntimeError", EXPLODED, fatal=True),
    ],
    "unicode": [
        Text("emoji 🎬👩‍💻 CJK 剪辑视频 RTL مرحبا nl\n crlf\r\n tab\t ls\u2028 ps\u2029 nel\x85 ff\x0c nul\x00 end")
    ],
}


def events_of(data: bytes, size: int) -> list[Event]:
    parser, reader = SSEParser(), TurnReader()
    payloads = [payload for i in range(0, len(data), size) for payload in parser.feed(data[i : i + size])]
    rest, cut = parser.close()
    assert not cut
    return [event for payload in payloads + rest for event in reader.read(payload)]


def test_every_capture_has_its_expectation() -> None:
    assert {path.name.removesuffix(".true.sse") for path in CAPTURES.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("size", [1 << 20, 1, 7])
@pytest.mark.parametrize("name", EXPECTED)
def test_a_capture_gives_exactly_these_events(name: str, size: int) -> None:
    assert events_of((CAPTURES / f"{name}.true.sse").read_bytes(), size) == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_capture_with_other_line_ends_gives_the_same_events(name: str) -> None:
    data = (CAPTURES / f"{name}.true.sse").read_bytes()
    for end in (b"\r\n", b"\r"):
        assert events_of(data.replace(b"\n", end), 11) == EXPECTED[name]


# -- through a whole turn ----------------------------------------------------------------------------------------------

SAID = {
    "plain": "echo: plain",
    "stream": "Hello, I cut the clip.",
    "tool": "Trimmed.",
    "llm-tool": "On it. Tool trim_clip answered.",
    "silent": "The agent ended without an answer, and the draft has not changed.",
    "stateonly": "The agent ended without an answer, and the draft has not changed.",
    "unicode": ("emoji 🎬👩‍💻 CJK 剪辑视频 RTL مرحبا nl\n crlf\r\n tab\t ls\u2028 ps\u2029 nel\x85 ff\x0c nul\x00 end"),
}


@pytest.mark.parametrize("size", [0, 1, 100])
@pytest.mark.parametrize("name", SAID)
async def test_a_capture_over_the_wire_is_a_turn(world: World, session: AsyncSession, name: str, size: int) -> None:
    data = (CAPTURES / f"{name}.true.sse").read_bytes()
    world.on("/run_sse", stream(dribble(data, size) if size else data))
    seen: list[Event] = []
    reply = await session.chat("cut the clip", on_event=seen.append)
    assert reply.raw_text == ("" if "without an answer" in SAID[name] else SAID[name])
    assert reply.failures == ()
    assert reply.tools == tuple(event for event in EXPECTED[name] if isinstance(event, ToolCall))
    assert reply.text == SAID[name]
    assert seen == EXPECTED[name]
    assert world.messages() == ["cut the clip"]


async def test_the_capture_of_a_failure_is_told_with_what_came_before(world: World, session: AsyncSession) -> None:
    data = (CAPTURES / "boom.true.sse").read_bytes()
    world.on("/run_sse", stream(data))
    with pytest.raises(TurnFailedError) as caught:
        await session.chat("make it faster")
    assert str(caught.value) == f"The agent failed: {EXPLODED} (RuntimeError)"
    assert (caught.value.session_id, caught.value.received) == ("s-1", "Working ")
    assert caught.value.reply.failures == (Failure("RuntimeError", EXPLODED, fatal=True),)
    assert world.messages() == ["make it faster"]


async def test_a_silent_edit_is_told_from_the_difference_of_two_drafts(world: World, session: AsyncSession) -> None:
    data = (CAPTURES / "silent.true.sse").read_bytes()
    world.on("/run_sse", stream(data, ["draft", titled("Paradise Found")]), drafts=[{"t": []}])
    reply = await session.chat("add a title")
    assert reply.text == "Title added: 'Paradise Found' (0–3 s)"
    assert reply.changes == ("Title added: 'Paradise Found' (0–3 s)",)
    assert reply.raw_text == ""
