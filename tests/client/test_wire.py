"""Plain calls against a real server: what is tried again and what never is, tokens, limits, other hosts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from faulty import (
    FAST,
    TOKEN,
    Script,
    World,
    answer,
    connections_to,
    delta,
    dribble,
    head,
    nothing_left,
    send,
    sse,
    stream,
    text,
    until,
)

from ipynemo import AsyncNemo, AsyncSession, Credits
from ipynemo.errors import (
    AuthenticationError,
    ConnectionFailedError,
    NemoError,
    OutOfCreditsError,
    PermissionDeniedError,
    ProtocolError,
    RateLimitError,
    ServerError,
    StreamInterruptedError,
)
from ipynemo.loop import bridge

CREDITS = json.dumps({"code": 0, "data": {"available": 60, "frozen": 0, "total": 100}})
GOOD = answer(200, CREDITS)
SIXTY = Credits(60, 0, 100)
YESTERDAY = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)


@pytest.fixture
async def anonymous(world: World, own_home: Path) -> AsyncIterator[AsyncNemo]:
    """Give a client without a token of its own."""
    async with AsyncNemo(world.url, timing=FAST, data=own_home) as client:
        yield client
    await nothing_left(world)


# -- reads -------------------------------------------------------------------------------------------------------------

PASSING: dict[str, Script] = {
    "HTTP 500": answer(500, "oops"),
    "HTTP 502": answer(502, "<html>", "text/html"),
    "HTTP 503": answer(503, "{}"),
    "HTTP 503 with seconds": answer(503, "{}", Retry_After=0),
    "HTTP 504": answer(504, ""),
    "HTTP 429": answer(429, "{}"),
    "HTTP 429 with seconds": answer(429, "{}", Retry_After="0.01"),
    "HTTP 429 with a date": answer(429, "{}", Retry_After=YESTERDAY),
    "HTTP 429 with nonsense": answer(429, "{}", Retry_After="soon"),
    "code 429": answer(200, '{"code": 429, "message": "slow down"}'),
    "a reset": [["reset"]],
    "a reset in the head": [send(b"HTTP/1.1 200 OK\r\nCont"), ["reset"]],
    "a reset in the body": [send(head(200, "application/json", Content_Length=999) + b'{"code"'), ["reset"]],
    "an end in the body": [send(head(200, "application/json", Content_Length=999) + b'{"code"'), ["close"]],
    "no gzip": answer(200, CREDITS, Content_Encoding="gzip"),
}


@pytest.mark.parametrize("fault", PASSING)
async def test_a_read_is_tried_again(world: World, nemo: AsyncNemo, fault: str) -> None:
    world.on("/simple", PASSING[fault], GOOD)
    assert await nemo.credits() == SIXTY
    assert len(world.arrivals("/simple")) == 2


@pytest.mark.parametrize(
    ("fault", "tries", "kind"),
    [
        (answer(500, "oops"), 4, ServerError),
        (answer(503, "{}", Retry_After=0), 4, ServerError),
        (answer(503, "{}", Retry_After=10_000), 1, ServerError),
        (answer(429, "{}", Retry_After=0), 2, RateLimitError),
        (answer(429, "{}", Retry_After=10_000), 1, RateLimitError),
        ([["reset"]], 4, ConnectionFailedError),
        (answer(403, "{}"), 1, PermissionDeniedError),
        (answer(401, "{}"), 1, AuthenticationError),
        (answer(200, '{"code": 1001}'), 1, AuthenticationError),
        (answer(200, '{"code": 9999}'), 1, ServerError),
        (answer(200, '{"code": 0, "da'), 1, ProtocolError),
        (answer(200, "<html>hello</html>", "text/html"), 1, ProtocolError),
        (answer(200, "[1]"), 1, ProtocolError),
        (answer(200, '{"code": 0}'), 1, ProtocolError),
        (answer(200, '{"code": 0, "data": {"available": "many"}}'), 1, ProtocolError),
        (answer(200, '{"a":' * 100_000), 1, ProtocolError),
        (answer(200, '{"available": NaN}'), 1, ProtocolError),
        (answer(200, b"\xff\xfe\xfd"), 1, ProtocolError),
        (answer(200, ""), 1, ProtocolError),
        (answer(302, "", None, Location="https://example.org/login?x=1"), 1, ProtocolError),
    ],
)
async def test_a_fault_that_stays_is_an_error_of_ours(
    world: World, nemo: AsyncNemo, fault: Script, tries: int, kind: type[NemoError]
) -> None:
    world.on("/simple", fault)
    with pytest.raises(NemoError) as caught:
        await nemo.credits()
    assert type(caught.value) is kind
    assert len(world.arrivals("/simple")) == tries


async def test_a_read_that_stalls_is_given_up_and_tried_again(world: World, own_home: Path) -> None:
    world.on("/simple", [["stall"]], GOOD)
    async with AsyncNemo(world.url, token=TOKEN, timing=replace(FAST, read_budget_s=2), data=own_home) as nemo:
        assert await nemo.credits() == SIXTY
    assert len(world.arrivals("/simple")) == 2


async def test_a_read_that_dribbles_without_end_has_a_limit(world: World, own_home: Path) -> None:
    body = dribble(b" " * 100_000, 1, 0.05)
    world.on("/simple", [send(head(200, "application/json", Content_Length=100_000)), body])
    async with AsyncNemo(world.url, token=TOKEN, timing=replace(FAST, read_budget_s=0.4), data=own_home) as nemo:
        with pytest.raises(ConnectionFailedError, match=r"Could not read the credits within 0\.4 s"):
            await nemo.credits()
    await nothing_left(world)


async def test_the_waits_of_a_read_stay_within_its_budget(world: World, own_home: Path) -> None:
    world.on("/simple", answer(503, "{}", Retry_After=5))
    async with AsyncNemo(world.url, token=TOKEN, timing=replace(FAST, read_budget_s=1), data=own_home) as nemo:
        with pytest.raises(ServerError) as caught:
            await nemo.credits()
    assert (caught.value.status, caught.value.retry_after_s) == (503, 5)
    assert len(world.arrivals("/simple")) == 1


# -- billed calls ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["HTTP 500", "HTTP 503", "HTTP 429", "a reset", "an end in the body", "no gzip"])
async def test_a_billed_call_is_never_sent_again(world: World, nemo: AsyncNemo, fault: str) -> None:
    world.on("/order", PASSING[fault])
    with pytest.raises(NemoError):
        await bridge(nemo._wire.call("POST", "/api/order", json={}, doing="order", billed=True))
    assert len(world.arrivals("/order")) == 1


async def test_a_billed_call_has_a_limit(world: World, own_home: Path) -> None:
    world.on("/with-session/nemo_agent", [["stall"]])
    async with AsyncNemo(world.url, token=TOKEN, timing=replace(FAST, idle_limit_s=0.3), data=own_home) as nemo:
        with pytest.raises(ConnectionFailedError, match="It may have arrived"):
            await nemo.create_session()
    assert len(world.arrivals("/with-session/nemo_agent")) == 1


async def test_billed_calls_have_connections_of_their_own(world: World, nemo: AsyncNemo) -> None:
    whole = [send(head(Content_Length=len(sse(text("Done.")))) + sse(text("Done.")))]  # the server would keep it open
    world.on("/run_sse", whole)
    await nemo.credits()
    await nemo.session("s-1").chat("make it better")
    await until(lambda: len(connections_to(world.port)) == 1, "only the connection for reads")


# -- anonymous tokens --------------------------------------------------------------------------------------------------


def client_ids(world: World) -> list[str]:
    heads = [arrival["head"] for arrival in world.arrivals("/anonymous-token")]
    return [line.split(": ")[1] for head in heads for line in head.split("\r\n") if line.startswith("X-Client-Id")]


@pytest.mark.parametrize(
    "refusal", [answer(401, "{}"), *(answer(200, json.dumps({"code": code})) for code in (1001, 1010, 1011))]
)
async def test_a_refused_anonymous_token_is_renewed_once(world: World, anonymous: AsyncNemo, refusal: Script) -> None:
    world.on("/run_sse", refusal, stream(sse(delta("Hel"), text("Hello."))))
    assert (await anonymous.session("s-1").chat("make it better")).text == "Hello."
    tokens = [line for a in world.arrivals("/run_sse") for line in a["head"].split("\r\n") if "Authorization" in line]
    assert tokens == [f"Authorization: Bearer nmv_usr_anonymous_{n}" for n in (1, 2)]
    first, second = client_ids(world)
    assert first == second


async def test_a_token_that_is_refused_twice_is_an_error(world: World, anonymous: AsyncNemo) -> None:
    world.on("/run_sse", answer(401, "{}"))
    with pytest.raises(AuthenticationError):
        await anonymous.session("s-1").chat("make it better")
    assert len(world.arrivals("/run_sse")) == 2
    assert len(world.arrivals("/anonymous-token")) == 2


async def test_many_calls_at_once_fetch_one_token(world: World, anonymous: AsyncNemo) -> None:
    assert await asyncio.gather(*(anonymous.credits() for _ in range(8))) == [SIXTY] * 8
    assert len(world.arrivals("/anonymous-token")) == 1


async def test_a_users_own_token_is_not_replaced(world: World, nemo: AsyncNemo) -> None:
    world.on("/simple", answer(401, "{}"))
    with pytest.raises(AuthenticationError, match="Check the token"):
        await nemo.credits()
    assert world.arrivals("/anonymous-token") == []


async def test_out_of_credits_says_where_an_anonymous_user_registers(world: World, anonymous: AsyncNemo) -> None:
    world.on("/run_sse", answer(200, '{"code": 2001, "message": "insufficient credits"}'))
    with pytest.raises(OutOfCreditsError, match="Register at") as caught:
        await anonymous.session("s-1").chat("make it better")
    assert caught.value.link == "https://nemovideo.com/?bind=u-7"
    assert caught.value.link in str(caught.value)


async def test_out_of_credits_says_where_a_registered_user_tops_up(world: World, nemo: AsyncNemo) -> None:
    world.on("/run_sse", answer(402, '{"code": 2001, "message": "insufficient credits"}'))
    with pytest.raises(OutOfCreditsError, match=r"Top up at https://nemovideo\.com"):
        await nemo.session("s-1").chat("make it better")


# -- other hosts, other users ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_takes_a_request_or_its_token_elsewhere(
    world: World, faulty_port: int, nemo: AsyncNemo, status: int
) -> None:
    elsewhere = World(faulty_port)
    redirect = answer(status, "", None, Location=f"{elsewhere.url.replace('127.0.0.1', 'localhost')}/run_sse")
    world.set(scripts={"/run_sse": [redirect], "/simple": [redirect], "/with-session/nemo_agent": [redirect]})
    for work in (nemo.session("s-1").chat("make it better"), nemo.credits(), nemo.create_session()):
        with pytest.raises(ProtocolError, match="that is not followed"):
            await work
    assert elsewhere.seen["arrivals"] == []


async def test_cookies_are_not_kept(world: World, nemo: AsyncNemo) -> None:
    world.on("/simple", answer(200, CREDITS, Set_Cookie="sid=somebody; Path=/"))
    await nemo.credits()
    await nemo.credits()
    assert not any("cookie" in arrival["head"].lower() for arrival in world.arrivals())


# -- closing -----------------------------------------------------------------------------------------------------------


async def test_closing_the_client_ends_a_turn_with_an_error_that_says_so(world: World, own_home: Path) -> None:
    world.on("/run_sse", stream(sse(delta("Hel")), ["stall"]))
    nemo = AsyncNemo(world.url, token=TOKEN, timing=FAST, data=own_home)
    turn = asyncio.ensure_future(nemo.session("s-1").chat("make it better"))
    await until(world.messages, "the message")
    await nemo.aclose()
    with pytest.raises(StreamInterruptedError, match="The client was closed during the answer"):
        await turn
    await nothing_left(world)
    assert connections_to(world.port) == []
    assert world.messages() == ["make it better"]


async def test_closing_the_client_ends_a_read_and_its_retries(world: World, own_home: Path) -> None:
    world.on("/simple", [["stall"]])
    nemo = AsyncNemo(world.url, token=TOKEN, timing=FAST, data=own_home)
    read = asyncio.ensure_future(nemo.credits())
    await until(lambda: world.arrivals("/simple"), "the request")
    await nemo.aclose()
    with pytest.raises(ConnectionFailedError, match="the client was closed meanwhile"):
        await read
    await nothing_left(world)
    assert connections_to(world.port) == []


async def test_closing_the_client_ends_the_turns_that_wait_too(world: World, own_home: Path) -> None:
    world.on("/run_sse", stream(sse(delta("Hel")), ["stall"]))
    nemo = AsyncNemo(world.url, token=TOKEN, timing=FAST, data=own_home)
    turns = [asyncio.ensure_future(nemo.session("s-1").chat("make it better")) for _ in range(3)]
    await until(lambda: world.messages() and len(nemo._wire._turns) == 3, "the message, and two turns behind it")
    await nemo.aclose()
    for turn in turns:
        with pytest.raises(StreamInterruptedError):
            await turn
    await nothing_left(world)
    assert world.messages() == ["make it better"]


async def test_a_connection_that_the_server_closed_meanwhile_costs_nothing(world: World, session: AsyncSession) -> None:
    world.on("/simple", [*GOOD, ["close"]])
    assert [await session.credits() for _ in range(3)] == [SIXTY] * 3
