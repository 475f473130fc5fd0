"""Answers opened without a network: the envelope table, `Retry-After`, and everything that is not the protocol."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipynemo.client.answers import data_of, error_from, open_answer, read_json, read_whole, retry_after_s
from ipynemo.errors import (
    AuthenticationError,
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
    UnsupportedFileError,
)

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def error_of(status: int, body: Any, **headers: str) -> NemoError | None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return error_from(status, headers, data, doing="read the state", session_id="s-1", render_id="r-1")


def opened(status: int, body: bytes, **headers: str) -> dict[str, Any]:
    return open_answer(httpx.Response(status, headers=headers, content=body), doing="read the state", session_id="s-1")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1001, AuthenticationError),
        (1010, AuthenticationError),
        (1011, AuthenticationError),
        (1002, SessionNotFoundError),
        (2001, OutOfCreditsError),
        (4001, UnsupportedFileError),
        (4002, FileTooLargeError),
        (400, InvalidRequestError),
        (401, AuthenticationError),
        (402, PlanError),
        (403, PermissionDeniedError),
        (404, SessionNotFoundError),
        (413, FileTooLargeError),
        (422, InvalidRequestError),
        (429, RateLimitError),
        (9999, ServerError),
        (-1, ServerError),
    ],
)
@pytest.mark.parametrize("status", [200, 500])
def test_a_code_that_is_not_0_is_an_error_under_any_status(status: int, code: int, kind: type[NemoError]) -> None:
    for value in (code, str(code)):
        error = error_of(status, {"code": value, "message": "so it is", "data": None})
        assert error is not None
        assert type(error) is kind
        assert (error.code, error.status, error.session_id, error.render_id) == (code, status, "s-1", "r-1")
        assert error.message == f"The backend would not read the state (code {code}): so it is."


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequestError),
        (401, AuthenticationError),
        (402, PlanError),
        (403, PermissionDeniedError),
        (404, SessionNotFoundError),
        (409, InvalidRequestError),
        (413, FileTooLargeError),
        (415, UnsupportedFileError),
        (418, InvalidRequestError),
        (422, InvalidRequestError),
        (429, RateLimitError),
        (500, ServerError),
        (502, ServerError),
        (503, ServerError),
        (599, ServerError),
    ],
)
@pytest.mark.parametrize(
    "body", [b"", b"no", b"<html></html>", b'{"code": 0}', b"{", b"[]", b"\xff", b'{"code": true}']
)
def test_a_status_is_an_error_under_any_body(status: int, kind: type[NemoError], body: bytes) -> None:
    error = error_of(status, body)
    assert type(error) is kind
    assert error.status == status
    assert f"(HTTP {status})" in str(error)
    assert error.hint


@pytest.mark.parametrize(
    "answer", [{"code": 0, "data": {}}, {"code": "0"}, {"code": 200}, {"success": True}, {"id": "r"}]
)
def test_success_in_all_its_shapes(answer: dict[str, Any]) -> None:
    assert error_of(200, answer) is None
    assert opened(200, json.dumps(answer).encode()) == answer


def test_success_false_is_an_error() -> None:
    assert type(error_of(200, {"success": False, "message": "queue full"})) is ServerError


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"message": "m"}, "m"),
        ({"msg": "m"}, "m"),
        ({"detail": "m"}, "m"),
        ({"error": {"message": "m"}}, "m"),
        ({"detail": [{"loc": ["body", 0, "text"], "msg": "Field required"}]}, "body.0.text: Field required"),
        ({"detail": [{"loc": 5, "msg": "odd"}]}, "odd"),
        ({"detail": [{"loc": None}]}, None),
        ({"detail": ["odd"]}, None),
        ({"message": " \n"}, None),
        ({"message": 5}, None),
    ],
)
def test_what_the_backend_says_is_found_wherever_it_stands(body: dict[str, Any], said: str | None) -> None:
    error = error_of(500, body)
    assert error is not None
    assert error.message == "The backend would not read the state (HTTP 500)" + (f": {said}." if said else ".")


def test_what_the_backend_says_is_made_fit_to_be_shown() -> None:
    error = error_of(500, {"message": "red \x1b[31mink\x00 " + "x" * 10_000})
    assert error is not None
    assert "red \ufffd[31mink\ufffd xxx" in str(error)
    assert len(str(error)) < 500


@pytest.mark.parametrize("code", ["--5", "5-", "", "٣", "1" * 30, 1.5, None, [], {}, True, 10**30])
def test_a_code_that_is_none_does_not_break_anything(code: Any) -> None:
    error = error_of(404, {"code": code})
    assert type(error) is SessionNotFoundError


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 0.5 ", 0.5),
        ("-3", 0.0),
        ("Thu, 01 Jan 2026 12:01:30 GMT", 90.0),
        ("Thu, 01 Jan 2026 12:01:30", 90.0),
        ("Thu, 01 Jan 2026 13:01:30 +0100", 90.0),
        ("Wed, 31 Dec 2025 12:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2015 99:99:99 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 +999999999999", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value: str, seconds: float | None) -> None:
    assert retry_after_s({"retry-after": value}, NOW) == seconds


@given(st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, \d{1,30} [A-Z][a-z]{2} \d{1,30} \d+:\d+:\d+ [-+]?\w{1,9}"))
def test_no_retry_after_breaks_anything(value: str) -> None:
    seconds = retry_after_s({"retry-after": value}, NOW)
    assert seconds is None or seconds >= 0


def test_the_wait_is_told() -> None:
    error = error_of(429, {}, **{"retry-after": "7"})
    assert isinstance(error, RateLimitError)
    assert (error.retry_after_s, error.hint) == (7.0, "Wait 7 s before the next try.")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<!DOCTYPE html><p>Log in", "an HTML page."),
        (b"  <HTML>hello</HTML>", "an HTML page."),
        (b'{"code": 0, "da', "something that is not JSON (Unterminated string"),
        (b"[1, 2]", "something that is not JSON (it is list, not an object)."),
        (b'{"a": NaN}', "something that is not JSON (NaN is not JSON)."),
        (b'{"a": 1e999}', "something that is not JSON (the number 1e999 is out of range)."),
        (b'{"a":' * 100_000, "something that is not JSON (it is nested too deeply)."),
        (b"\xff\xfe\x00", "something that is not JSON"),
        (b"", "nothing."),
    ],
)
def test_what_is_not_the_protocol_is_a_protocol_error(body: bytes, says: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        opened(200, body)
    assert f"Asked to read the state, the backend answered with {says}" in str(caught.value)
    assert (caught.value.session_id, caught.value.status) == ("s-1", 200)
    assert "check the address and the network" in str(caught.value)


def test_a_redirect_is_told_without_its_query() -> None:
    with pytest.raises(ProtocolError) as caught:
        opened(302, b"", location="https://example.org/login?ticket=secret")
    assert "sends elsewhere to https://example.org (HTTP 302); that is not followed" in str(caught.value)
    assert "ticket" not in str(caught.value)


def test_data_that_is_missing_is_a_protocol_error() -> None:
    for answer in ({}, {"data": None}, {"data": []}):
        with pytest.raises(ProtocolError, match="holds no data"):
            data_of(answer, doing="read the state")


@given(st.binary(max_size=60) | st.text(max_size=40).map(str.encode), st.sampled_from([200, 204, 302, 404, 429, 500]))
def test_no_body_makes_anything_but_an_error_of_ours(body: bytes, status: int) -> None:
    with suppress(NemoError):
        assert isinstance(opened(status, body), dict)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["code", "message", "detail", "error", "success", "data", "msg"])


@given(st.dictionaries(KEYS, JSON, max_size=5), st.sampled_from([200, 404, 500]))
def test_no_envelope_makes_anything_but_an_error_of_ours(envelope: dict[str, Any], status: int) -> None:
    with suppress(NemoError):
        assert opened(status, json.dumps(envelope).encode()) == envelope


@given(JSON)
def test_json_is_read_as_the_standard_library_reads_it(value: Any) -> None:
    assert read_json(json.dumps(value)) == value


async def test_of_an_error_only_the_beginning_is_read_and_of_an_answer_not_more_than_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ipynemo.client.answers.MAX_ERROR_BYTES", 100)
    monkeypatch.setattr("ipynemo.client.answers.MAX_ANSWER_BYTES", 1 << 20)

    async def endless() -> Any:
        while True:
            await asyncio.sleep(0)
            yield b"x" * 60

    failed = httpx.Response(500, content=endless())
    await read_whole(failed)
    assert failed.content == b"x" * 60
    with pytest.raises(ProtocolError, match="larger than 1 MiB"):
        await read_whole(httpx.Response(200, content=endless()))


def test_a_refusal_that_says_what_to_do_is_told_as_it_is() -> None:
    said = {
        "code": 400,
        "message": "The link to 127.0.0.1 cannot be fetched. Upload the file.",
        "data": {"hint": "Upload the file."},
    }
    error = error_of(400, said)
    assert type(error) is InvalidRequestError
    assert (error.message, error.hint) == ("The link to 127.0.0.1 cannot be fetched.", "Upload the file.")
    assert (error.code, error.status, error.session_id) == (400, 400, "s-1")


@pytest.mark.parametrize("data", [{"hint": "Else."}, {"hint": 3}, {"hint": ""}, {"hint": "It is wrong."}, [], None])
def test_a_hint_that_is_none_of_the_message_changes_nothing(data: Any) -> None:
    error = error_of(400, {"code": 400, "message": "It is wrong.", "data": data})
    assert error is not None
    assert error.message == "The backend would not read the state (code 400): It is wrong."
    assert error.hint == "Look at what was asked; if that is right, a newer ipynemo may be needed for this backend."
