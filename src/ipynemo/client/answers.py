"""Answers of the backend: the envelope opened, errors made into our tree.

`{"code": 0, "data": …}`, the render calls' `{"success": true, "data": …}` or bare object, the chat server's
`{"detail": …}`, and what proxies say instead. A code that is not 0 is an error also under HTTP 200.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from ipynemo.client.secret import redact
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
from ipynemo.formats import accepted_text

__all__ = ["TOKEN_CODES", "data_of", "error_from", "open_answer", "read_json", "read_whole", "retry_after_s"]

TOKEN_CODES = frozenset({1001, 1010, 1011})
MAX_QUOTE = 300  # characters of a foreign answer that an error quotes
MAX_ANSWER_BYTES = 256 << 20  # of a plain answer; a state is a few MB at most
MAX_ERROR_BYTES = 1 << 20  # of an error's body that is read

_BY_CODE: dict[int, type[NemoError]] = {
    1001: AuthenticationError,
    1010: AuthenticationError,
    1011: AuthenticationError,
    1002: SessionNotFoundError,
    2001: OutOfCreditsError,
    4001: UnsupportedFileError,
    4002: FileTooLargeError,
}
_BY_STATUS: dict[int, type[NemoError]] = {
    400: InvalidRequestError,
    401: AuthenticationError,
    402: PlanError,
    403: PermissionDeniedError,
    404: SessionNotFoundError,
    413: FileTooLargeError,
    415: UnsupportedFileError,
    422: InvalidRequestError,
    429: RateLimitError,
}
# Of these our own backend says what is wrong with what was asked, and what to do, in sentences that can stand alone.
_SAID_WHOLE = (InvalidRequestError, UnsupportedFileError, FileTooLargeError)
_HINTS: dict[type[NemoError], str] = {
    AuthenticationError: "Check the token (NEMO_TOKEN), or unset it to work with an anonymous one.",
    InvalidRequestError: "Look at what was asked; if that is right, a newer ipynemo may be needed for this backend.",
    PermissionDeniedError: "Ask whoever gave you the token for this right.",
    SessionNotFoundError: "It may have expired; make a new one with create_session().",
    OutOfCreditsError: "Top up your credits, or work on the embedded backend: ipynemo.AsyncNemo('local').",
    PlanError: "This needs another subscription; credits do not help.",
    UnsupportedFileError: f"Accepted: {accepted_text()}.",
    FileTooLargeError: "At most 200 MB a file; make the picture smaller or cut the video.",
    RateLimitError: "Wait a little before the next try.",
    ServerError: "The backend had a fault of its own; try again in a minute.",
    ProtocolError: "Something between here and the backend may have answered: check the address and the network.",
}


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:20]} is out of range")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def read_json(body: bytes | str) -> Any:
    """Read JSON strictly.

    Raises
    ------
    ValueError
        It is not JSON; infinite numbers and a nesting that would break the reader are not either.
    """
    try:
        return json.loads(body, parse_float=_finite, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the wait that `Retry-After` asks for, in seconds: a number or a date (RFC 9110, 10.2.3)."""
    value = (headers.get("retry-after") or "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            when = parsedate_to_datetime(value)
        except (ValueError, OverflowError, TypeError):
            return None
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        seconds = (when - (now or datetime.now(UTC))).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value):
        return int(value)
    return value if isinstance(value, int) else None


def _message(answer: Any) -> str | None:
    """Return what the backend says of an error, in whichever of the known places."""
    if not isinstance(answer, dict):
        return None
    for key in ("message", "msg", "detail", "error", "errorMessage"):
        value = answer.get(key)
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, dict) and isinstance(value.get("message"), str):
            return str(value["message"])
        if isinstance(value, list) and value and isinstance(value[0], dict):  # FastAPI's list of faults
            first = value[0]
            loc = first.get("loc")
            where = ".".join(str(part) for part in (loc if isinstance(loc, list) else ()))
            return f"{where}: {first.get('msg', '')}".strip(": ") or None
    return None


def _said_with_hint(answer: Any) -> tuple[str, str] | None:
    """Return message and hint, where an answer tells the hint apart, as that of the embedded backend does."""
    data = answer.get("data") if isinstance(answer, dict) else None
    hint = data.get("hint") if isinstance(data, dict) else None
    said = _message(answer) or ""
    if not isinstance(hint, str) or not hint.strip() or not said.endswith(hint):
        return None
    message = _quote(said.removesuffix(hint))
    return (message, _quote(hint)) if message else None


def _quote(text: str) -> str:
    """Return what a foreign answer says, fit to be shown: short, without control characters and tokens."""
    shown = "".join(c if c.isprintable() or c.isspace() else "\ufffd" for c in text[: MAX_QUOTE * 4])
    return " ".join(redact(shown).split())[:MAX_QUOTE]


def error_from(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    doing: str,
    session_id: str | None = None,
    render_id: str | None = None,
) -> NemoError | None:
    """Return the error that an answer means, or None where it means success.

    Parameters
    ----------
    doing : str
        What was asked, as it stands behind "could not": "read the state".
    """
    try:
        answer = read_json(body) if body.strip() else None
    except ValueError:
        answer = None
    code = _whole(answer.get("code")) if isinstance(answer, dict) else None
    failed = code not in (None, 0, 200) or (isinstance(answer, dict) and answer.get("success") is False)
    if status < 400 and not failed:
        return None
    kind = _BY_CODE.get(code or 0) or _BY_STATUS.get(code or 0) if failed else None
    if kind is None and status >= 400:
        kind = _BY_CODE.get(code or 0) or _BY_STATUS.get(status)
        kind = kind or (ServerError if status >= 500 else InvalidRequestError)
    kind = kind or ServerError
    said = _quote(_message(answer) or "")
    where = f"HTTP {status}" if code in (None, 0) else f"code {code}"
    message = f"The backend would not {doing} ({where}){f': {said}' if said else ''}".rstrip(".") + "."
    hint = _HINTS.get(kind)
    if kind in _SAID_WHOLE and (whole := _said_with_hint(answer)):
        message, hint = whole
    error = kind(
        message,
        hint=hint,
        status=status,
        code=code,
        session_id=session_id,
        render_id=render_id,
        received=None if said else _quote(body[: MAX_QUOTE * 4].decode("utf-8", "replace")) or None,
    )
    if isinstance(error, (RateLimitError, ServerError)):
        error.retry_after_s = retry_after_s(headers)
        if error.retry_after_s is not None:
            error.hint = f"Wait {error.retry_after_s:.0f} s before the next try."
    return error


def open_answer(
    response: httpx.Response, *, doing: str, session_id: str | None = None, render_id: str | None = None
) -> dict[str, Any]:
    """Return the JSON object of a successful answer.

    Raises
    ------
    NemoError
        The answer means an error; `ProtocolError` where it is not the protocol's at all.
    """
    body = response.content
    error = error_from(
        response.status_code, response.headers, body, doing=doing, session_id=session_id, render_id=render_id
    )
    if error is not None:
        raise error
    if 300 <= response.status_code < 400:
        parts = urlsplit(response.headers.get("location", ""))
        to = f" to {parts.scheme}://{parts.hostname}" if parts.scheme and parts.hostname else ""
        raise ProtocolError(
            f"Asked to {doing}, the backend sends elsewhere{to} (HTTP {response.status_code}); that is not followed.",
            hint="Use the address that it names, if you trust it.",
            status=response.status_code,
            session_id=session_id,
            render_id=render_id,
        )
    try:
        answer = read_json(body)
    except ValueError as fault:
        why = str(fault)[:120]  # not the fault itself, which carries the whole body along
    else:
        if isinstance(answer, dict):
            return answer
        why = f"it is {type(answer).__name__}, not an object"
    html = b"<html" in body[:2000].lower() or b"<!doctype" in body[:2000].lower()
    what = "an HTML page" if html else "something that is not JSON" if body else "nothing"
    raise ProtocolError(
        f"Asked to {doing}, the backend answered with {what}" + ("." if html or not body else f" ({why})."),
        hint=_HINTS[ProtocolError],
        status=response.status_code,
        session_id=session_id,
        render_id=render_id,
        received=_quote(body[: MAX_QUOTE * 4].decode("utf-8", "replace")) or None,
    )


def data_of(answer: dict[str, Any], *, doing: str, session_id: str | None = None) -> dict[str, Any]:
    """Return the `data` of an envelope.

    Raises
    ------
    ProtocolError
        There is none.
    """
    data = answer.get("data")
    if not isinstance(data, dict):
        raise ProtocolError(f"Asked to {doing}, the backend's answer holds no data.", session_id=session_id)
    return data


async def read_whole(response: httpx.Response) -> None:
    """Read the body into the response, up to a limit; of an error's body the beginning is enough.

    Raises
    ------
    ProtocolError
        The answer is larger than any of the protocol's.
    """
    if response.is_stream_consumed or hasattr(response, "_content"):
        return
    failed = response.status_code >= 400
    limit = MAX_ERROR_BYTES if failed else MAX_ANSWER_BYTES
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > limit:
            if failed:
                break
            raise ProtocolError(f"The answer is larger than {limit >> 20} MiB.")
        chunks.append(chunk)
    # What httpx's own aread() does, which has no limit.
    response._content = b"".join(chunks)
