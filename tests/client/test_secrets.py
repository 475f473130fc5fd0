"""A token shows itself to nobody: no repr, log, traceback, pickle, address, error or foreign host holds it."""

from __future__ import annotations

import asyncio
import copy
import io
import logging
import pickle
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from faulty import FAST, TOKEN, Script, World, answer, delta, head, send, sse, stream, text

from ipynemo import AsyncNemo, Nemo
from ipynemo.client.secret import REDACTED, Secret, install_log_filter, redact
from ipynemo.errors import InvalidRequestError, NemoError
from ipynemo.loop import bridge
from ipynemo.settings import Settings

ECHO = answer(500, f'{{"message": "bad token {TOKEN}", "authorization": "Bearer {TOKEN}"}}')
FAULTS: dict[str, Script] = {
    "an echo": ECHO,
    "an echo in a page": answer(502, f"<p>{TOKEN}</p>", "text/html"),
    "an echo in a stream": stream(sse({"error": f"RuntimeError: token {TOKEN} is bad"})),
    "an echo in a typed stream": stream(sse({"type": "error", "message": f"Authorization: Bearer {TOKEN}"})),
    "401": answer(401, f'{{"detail": "{TOKEN}"}}'),
    "a reset": [["reset"]],
    "a cut": stream(sse(delta("Hel")), ["reset"]),
    "no HTTP": [send(f"{TOKEN}\r\n\r\n".encode()), ["close"]],
    "truncated JSON": answer(200, f'{{"token": "{TOKEN}'),
    "a redirect": answer(302, "", None, Location=f"https://example.org/?token={TOKEN}"),
    "a broken length": [send(head(200, "application/json", Content_Length=99) + b"{"), ["close"]],
    "no end within the limits": [["stall"]],
}
SAID_BY_THE_BACKEND = {name for name in FAULTS if "echo" in name} | {"401", "no HTTP", "truncated JSON", "a redirect"}


@pytest.fixture
def everything_logged() -> Iterator[io.StringIO]:
    """Log all of all loggers at the lowest level, as a curious user does."""
    told = io.StringIO()
    handler = logging.StreamHandler(told)
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield told
    root.removeHandler(handler)
    root.setLevel(level)


def all_of(error: BaseException, *, with_locals: bool) -> str:
    """Return everything that a traceback can show, of the error and what it carries along."""
    told = ""
    seen: BaseException | None = error
    while seen is not None:  # also what `from None` hides
        told += "".join(traceback.TracebackException.from_exception(seen, capture_locals=with_locals).format())
        told += repr(vars(seen)) + repr(seen)
        seen = seen.__cause__ or seen.__context__
    return told


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_fault_brings_the_token_to_light(
    world: World, own_home: Path, everything_logged: io.StringIO, fault: str
) -> None:
    script = FAULTS[fault]
    world.set(scripts={"/run_sse": [script], "/simple": [script], "/with-session/nemo_agent": [script]})
    timing = FAST if fault != "no end within the limits" else type(FAST)(idle_limit_s=0.2, read_budget_s=0.2)
    async with AsyncNemo(world.url, token=TOKEN, timing=timing, data=own_home) as nemo:
        for work in (nemo.session("s-1").chat("make it better"), nemo.credits(), nemo.create_session()):
            with pytest.raises(NemoError) as caught:
                await work
            # Where the backend itself says the token, only its answer in a variable holds it.
            assert TOKEN not in all_of(caught.value, with_locals=fault not in SAID_BY_THE_BACKEND)
            assert TOKEN not in pickle.dumps(caught.value).decode("latin-1")
            assert type(pickle.loads(pickle.dumps(caught.value))) is type(caught.value)
    assert TOKEN not in everything_logged.getvalue()
    assert "httpx" in everything_logged.getvalue() or fault == "no end within the limits"
    assert "httpcore" in everything_logged.getvalue()
    assert "Authorization: Bearer " + TOKEN in world.arrivals("/simple")[0]["head"]  # it is there to be found
    assert all(TOKEN not in arrival["path"] for arrival in world.arrivals())


async def test_no_error_drags_a_request_along(world: World, own_home: Path) -> None:
    world.set(scripts={"/run_sse": [[["reset"]]], "/simple": [[["reset"]]]})
    async with AsyncNemo(world.url, token=TOKEN, timing=FAST, data=own_home) as nemo:
        for work in (nemo.session("s-1").chat("make it better"), nemo.credits()):
            with pytest.raises(NemoError) as caught:
                await work
            chain: list[BaseException | None] = [caught.value]
            while chain[-1] is not None:
                chain.append(chain[-1].__cause__ or chain[-1].__context__)
            assert not any(type(error).__module__.startswith(("httpx", "httpcore")) for error in chain)


async def test_an_upload_that_fails_halfway_shows_no_token_in_any_variable(world: World, own_home: Path) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"x"
        raise InvalidRequestError("The file became shorter while it was read.")

    async with AsyncNemo(world.url, token=TOKEN, timing=FAST, data=own_home) as nemo:
        with pytest.raises(InvalidRequestError) as caught:
            await bridge(nemo._wire.send_body("/api/x", body, {"Content-Length": "9"}, doing="take it"))
    told = all_of(caught.value, with_locals=True)
    assert "in opened" in told
    assert TOKEN not in told


async def test_a_turn_that_goes_well_logs_no_token(
    world: World, own_home: Path, everything_logged: io.StringIO
) -> None:
    world.on("/run_sse", stream(sse(delta("Hel"), text("Hello."))))
    async with AsyncNemo(world.url, token=TOKEN, timing=FAST, data=own_home) as nemo:
        session = nemo.session("s-1")
        reply = await session.chat("make it better")
        shown = [repr(it) + str(it) for it in (nemo, session, reply, nemo._wire, nemo._wire.endpoint, nemo._journal)]
        shown += [repr(vars(it)) for it in (nemo, session, nemo._wire, nemo._wire.endpoint, nemo._wire.endpoint.tokens)]
    assert TOKEN not in "".join(shown)
    assert TOKEN not in everything_logged.getvalue()
    assert "HTTP Request: POST" in everything_logged.getvalue()


async def test_an_anonymous_token_is_as_secret(world: World, own_home: Path, everything_logged: io.StringIO) -> None:
    world.on("/run_sse", answer(500, '{"message": "nmv_usr_anonymous_1 is bad"}'))
    async with AsyncNemo(world.url, timing=FAST, data=own_home) as nemo:
        with pytest.raises(NemoError) as caught:
            await nemo.session("s-1").chat("make it better")
    assert "nmv_usr_anonymous" not in all_of(caught.value, with_locals=False) + everything_logged.getvalue()


def test_the_blocking_client_shows_no_token(world: World, own_home: Path) -> None:
    world.on("/simple", ECHO)
    with Nemo(world.url, token=TOKEN, timing=FAST, data=own_home) as nemo:
        with pytest.raises(NemoError) as caught:
            nemo.credits()
        assert TOKEN not in all_of(caught.value, with_locals=False) + repr(nemo) + repr(vars(nemo))


def test_an_uncaught_error_of_a_script_shows_no_token(world: World, own_home: Path) -> None:
    world.on("/with-session/nemo_agent", ECHO)
    code = f"""
import ipynemo, os
ipynemo.Nemo({world.url!r}, token=os.environ["T"], data={str(own_home)!r}).create_session()
"""
    environment = {"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "HOME": str(own_home), "T": TOKEN}
    command = [sys.executable, "-X", "dev", "-c", code]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "ServerError: The backend would not open a session (HTTP 500): bad token [secret]." in ended.stderr
    assert TOKEN not in ended.stdout + ended.stderr


# -- the value and the filter ------------------------------------------------------------------------------------------


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret(TOKEN)
    assert {repr(secret), str(secret), f"{secret}", f"{secret!r}"} == {REDACTED}
    assert TOKEN not in repr({"token": secret, "all": [secret]})
    assert secret.reveal() == TOKEN
    for work in (pickle.dumps, copy.deepcopy, copy.copy):
        with pytest.raises(TypeError, match="is not pickled"):
            work(secret)


def test_secrets_are_compared_by_value() -> None:
    assert Secret(TOKEN) == Secret(TOKEN)
    assert hash(Secret(TOKEN)) == hash(Secret(TOKEN))
    assert Secret(TOKEN) != Secret(TOKEN + "x")
    assert Secret(TOKEN) != TOKEN


def test_settings_show_no_token() -> None:
    assert TOKEN not in repr(Settings.from_environ({"NEMO_TOKEN": TOKEN}))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"token {TOKEN}!", "token [secret]!"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [secret]"),
        ("authorization: bearer abc", "authorization: bearer [secret]"),
        ("GET https://cdn.example.org/a.mp4?sig=abc&e=1 200", "GET https://cdn.example.org/a.mp4?[secret] 200"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_what_is_redacted(said: str, shown: str) -> None:
    Secret(TOKEN)
    assert redact(said) == shown


def test_every_logger_of_ours_and_of_the_http_library_is_filtered(everything_logged: io.StringIO) -> None:
    Secret(TOKEN)
    late = logging.getLogger("ipynemo.widgets.late")
    install_log_filter()
    for log in (late, logging.getLogger("ipynemo.client.turn"), logging.getLogger("httpx")):
        log.warning("one %s", TOKEN)
        log.warning("two %(t)s", {"t": TOKEN})
        try:
            raise ValueError(f"three {TOKEN}")
        except ValueError:
            log.exception("three")
    assert TOKEN not in everything_logged.getvalue()
    assert everything_logged.getvalue().count("[secret]") == 9


def test_a_record_whose_arguments_do_not_fit_is_left_to_the_handler(
    everything_logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_log_filter()
    monkeypatch.setattr(logging, "raiseExceptions", False)
    logging.getLogger("ipynemo").warning(*("%d of %d", 1))
    logging.getLogger("ipynemo").warning("after it")
    assert "after it" in everything_logged.getvalue()


async def test_a_token_that_no_header_takes_is_refused_without_showing_it(own_home: Path) -> None:
    for token in ("nmv_usr_äöü123", "nmv_usr_a b c 123", "nmv_usr_\n123456"):
        with pytest.raises(NemoError) as caught:
            AsyncNemo("https://example.org", token=token, data=own_home)
        assert token not in str(caught.value)
    await asyncio.sleep(0)
