"""Whatever goes wrong: the message arrives at the server exactly once, and the error says what happened."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from faulty import FAST, TOKEN, Script, World, answer, delta, head, repeat, send, sse, stream, text, titled

from ipynemo import AsyncNemo, AsyncSession
from ipynemo.errors import (
    AuthenticationError,
    ConnectionFailedError,
    DeadlineError,
    FileTooLargeError,
    InvalidRequestError,
    NemoError,
    OutOfCreditsError,
    PermissionDeniedError,
    PlanError,
    ProtocolError,
    RateLimitError,
    ServerError,
    SessionNotFoundError,
    StreamInterruptedError,
    TurnFailedError,
    UnsupportedFileError,
)

MESSAGE = 'make it "better" 剪🎬 \x00 \u2028'
SHORT = replace(FAST, idle_limit_s=0.4, turn_limit_s=0.8)
PAGE = "<!DOCTYPE html><html><body>Log in to the school's network</body></html>"


def code(number: int, said: str = "said so") -> Script:
    return answer(200, json.dumps({"code": number, "message": said, "data": None}))


FAULTS: dict[str, tuple[Script, type[NemoError], str]] = {
    "HTTP 400": (answer(400, '{"message": "bad"}'), InvalidRequestError, "HTTP 400): bad"),
    "HTTP 401": (answer(401, '{"detail": "token expired"}'), AuthenticationError, "HTTP 401): token expired"),
    "HTTP 402": (answer(402, "{}"), PlanError, "credits do not help"),
    "HTTP 403": (answer(403, "no"), PermissionDeniedError, "HTTP 403"),
    "HTTP 404": (answer(404, '{"detail": "Session not found"}'), SessionNotFoundError, "Session not found"),
    "HTTP 413": (answer(413, PAGE, "text/html"), FileTooLargeError, "HTTP 413"),
    "HTTP 422": (
        answer(422, '{"detail": [{"loc": ["body", "session_id"], "msg": "Field required"}]}'),
        InvalidRequestError,
        "body.session_id: Field required",
    ),
    "HTTP 429": (answer(429, "{}"), RateLimitError, "Wait a little"),
    "HTTP 429 with seconds": (answer(429, "{}", Retry_After=7), RateLimitError, "Wait 7 s"),
    "HTTP 500": (answer(500, "Internal Server Error", "text/plain"), ServerError, "HTTP 500"),
    "HTTP 502": (answer(502, PAGE, "text/html"), ServerError, "HTTP 502"),
    "HTTP 503": (answer(503, "{}", Retry_After=9), ServerError, "Wait 9 s"),
    "HTTP 204": (answer(204, "", None), StreamInterruptedError, "not sent again"),
    "a redirect": (
        answer(307, "", None, Location="http://127.0.0.1:1/run_sse?token=x"),
        ProtocolError,
        "sends elsewhere to http://127.0.0.1 (HTTP 307)",
    ),
    "another protocol": (answer(101, "", None, Upgrade="h2c", Connection="Upgrade"), NemoError, ""),
    "code 1001": (code(1001), AuthenticationError, "code 1001): said so"),
    "code 1010": (code(1010), AuthenticationError, "code 1010): said so"),
    "code 1011": (code(1011), AuthenticationError, "code 1011): said so"),
    "code 1002": (code(1002), SessionNotFoundError, "code 1002): said so"),
    "code 2001": (code(2001), OutOfCreditsError, "code 2001): said so"),
    "code 4001": (code(4001), UnsupportedFileError, "Accepted: mp4 mov avi"),
    "code 4002": (code(4002), FileTooLargeError, "At most 200 MB"),
    "code 400": (code(400), InvalidRequestError, "code 400): said so"),
    "code 402": (code(402), PlanError, "code 402): said so"),
    "code 429": (code(429), RateLimitError, "code 429): said so"),
    "an unknown code": (code(7777), ServerError, "code 7777): said so"),
    "success false": (answer(200, '{"success": false, "error": "no"}'), ServerError, "no"),
    "JSON in place of a stream": (answer(200, '{"code": 0, "data": {}}'), ProtocolError, "application/json instead"),
    "truncated JSON": (answer(200, '{"code": 0, "da'), ProtocolError, "not JSON"),
    "an HTML page": (answer(200, PAGE, "text/html"), ProtocolError, "an HTML page"),
    "an HTML page that says it is a stream": (stream(PAGE.encode()), ProtocolError, "an HTML page"),
    "an HTML page without a type": (answer(200, PAGE, None), ProtocolError, "an HTML page"),
    "an envelope that says it is a stream": (stream(b'{"code": 2001}'), OutOfCreditsError, "code 2001"),
    "a page that breaks off": (
        [send(head(200, "text/html", Content_Length=999) + PAGE.encode()), ["reset"]],
        ProtocolError,
        "an HTML page",
    ),
    "a compressed error that is not": (
        answer(500, "no", Content_Encoding="gzip"),
        ServerError,
        "HTTP 500",
    ),
    "an error that never ends": (
        [send(head(500, "text/plain")), repeat(b"x" * 100_000, 0)],
        ServerError,
        "HTTP 500",
    ),
    "a reset": (stream(sse(delta("Hel")), ["reset"]), StreamInterruptedError, "not sent again"),
    "a reset before the answer": ([["reset"]], StreamInterruptedError, "not sent again"),
    "a reset before the message was read": ([["early"], ["reset"]], StreamInterruptedError, "not sent again"),
    "an end before the answer": ([["close"]], StreamInterruptedError, "not sent again"),
    "a cut": (stream(sse(text("Hello."))[:-20]), StreamInterruptedError, "not sent again"),
    "an end without an answer": (stream(), StreamInterruptedError, "not sent again"),
    "silence": ([["stall"]], DeadlineError, "not sent again"),
    "silence in the middle": (stream(sse(delta("Hel")), ["stall"]), DeadlineError, "not sent again"),
    "heartbeats only": (stream(repeat(b":\n\n", 0.02)), DeadlineError, "not sent again"),
    "no end": (stream(repeat(sse(delta("la ")), 0.02)), DeadlineError, "not sent again"),
    "a failure of the agent": (stream(sse({"error": "RuntimeError: boom"})), TurnFailedError, "boom"),
    "a typed failure": (stream(sse({"type": "error", "message": "boom"})), TurnFailedError, "boom"),
    "too large a head": (
        [send(b"HTTP/1.1 200 OK\r\nX-Filler: " + b"x" * 200_000 + b"\r\n\r\n"), ["close"]],
        StreamInterruptedError,
        "not sent again",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_message_arrives_exactly_once(world: World, own_home: Path, fault: str) -> None:
    script, kind, says = FAULTS[fault]
    world.on("/run_sse", script, drafts=[titled("Urban Dreams")])
    async with AsyncNemo(world.url, token=TOKEN, timing=SHORT, data=own_home) as nemo:
        with pytest.raises(NemoError) as caught:
            await nemo.session("s-1").chat(MESSAGE, as_is=True)
    assert type(caught.value) is kind or kind is NemoError
    assert says in str(caught.value)
    assert caught.value.session_id == "s-1"
    assert TOKEN not in str(caught.value)
    arrived = world.arrivals("/run_sse")
    assert len(arrived) == 1
    if arrived[0]["body"] is not None:
        assert world.messages() == [MESSAGE]


async def test_429_with_a_date_says_how_long_to_wait(world: World, session: AsyncSession) -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    world.on("/run_sse", answer(429, "{}", Retry_After=when))
    with pytest.raises(RateLimitError) as caught:
        await session.chat("make it better")
    assert caught.value.retry_after_s is not None
    assert 30 < caught.value.retry_after_s <= 90
    assert len(world.messages()) == 1


async def test_what_goes_well_arrives_exactly_once(world: World, session: AsyncSession) -> None:
    world.on("/run_sse", stream(sse(delta("Hel"), text("Hello."))))
    assert (await session.chat(MESSAGE, as_is=True)).text == "Hello."
    assert world.messages() == [MESSAGE]
    [arrived] = world.arrivals("/run_sse")
    assert json.loads(arrived["body"]) == {
        "app_name": "nemo_agent",
        "user_id": "me",
        "session_id": "s-1",
        "new_message": {"parts": [{"text": MESSAGE}]},
    }
    assert "Accept: text/event-stream" in arrived["head"]
    assert f"Authorization: Bearer {TOKEN}" in arrived["head"]
    for line in ("X-Skill-Source: what-is-ai-image", "X-Skill-Version: 1.0.0", "X-Skill-Platform: unknown"):
        assert line in arrived["head"]


# -- messages that never left ------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_where_the_connection_is_refused_first_the_message_is_delivered_once(
    world: World, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    world.on("/run_sse", stream(sse(text("Hello."))))
    refusals = 0

    async def revive() -> None:
        nonlocal refusals
        refusals += 1
        if refusals == 2:  # the first was the look at the state
            world.listen(port)

    timing = replace(FAST, read_tries=2)
    async with AsyncNemo(f"http://127.0.0.1:{port}/{world.name}", token=TOKEN, timing=timing, data=own_home) as nemo:
        monkeypatch.setattr(nemo._wire.endpoint, "revive", revive)
        assert (await nemo.session("s-1").chat("make it better")).text == "Hello."
    assert refusals == 2
    assert world.messages() == ["make it better"]


async def test_where_nobody_listens_the_error_says_so(own_home: Path) -> None:
    port = free_port()
    async with AsyncNemo(f"http://127.0.0.1:{port}", token=TOKEN, timing=FAST, data=own_home) as nemo:
        with pytest.raises(ConnectionFailedError) as caught:
            await nemo.session("s-1").chat("make it better")
    assert str(caught.value).startswith("Could not deliver the message: ")
    assert f"Is the network up, and 127.0.0.1:{port} the right address?" in str(caught.value)
    assert caught.value.session_id == "s-1"


async def test_half_a_character_in_a_message_is_a_helpful_error(world: World, session: AsyncSession) -> None:
    with pytest.raises(InvalidRequestError, match="half of a character, at position 4") as caught:
        await session.chat("add \ud83c")
    assert caught.value.session_id == "s-1"
    assert world.seen["arrivals"] == []


async def test_a_message_of_five_megabytes_arrives_whole(world: World, session: AsyncSession) -> None:
    world.on("/run_sse", stream(sse(text("Long."))))
    message = "剪" * 1_700_000
    assert (await session.chat(message, as_is=True)).text == "Long."
    assert world.messages() == [message]


async def test_two_turns_of_one_session_run_one_after_the_other(world: World, nemo: AsyncNemo) -> None:
    world.on("/run_sse", [["sleep", 0.2], *stream(sse(text("Done.")))])
    turns = [nemo.session("s-1").chat(words) for words in ("make it better", "make it better still")]
    assert [reply.text for reply in await asyncio.gather(*turns)] == ["Done.", "Done."]
    assert sorted(world.messages()) == ["make it better", "make it better still"]
    assert [arrival["open"] for arrival in world.arrivals()] == [1] * 6  # state, message, state; twice


async def test_turns_of_two_sessions_run_side_by_side(world: World, nemo: AsyncNemo) -> None:
    world.on("/run_sse", [["sleep", 0.3], *stream(sse(text("Done.")))])
    turns = [nemo.session(name).chat("make it better") for name in ("s-1", "s-2")]
    assert [reply.text for reply in await asyncio.gather(*turns)] == ["Done.", "Done."]
    assert max(arrival["open"] for arrival in world.arrivals("/run_sse")) == 2
