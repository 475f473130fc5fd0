"""Answers in the protocol's envelope: `code` 0 with `data`, or an error with its code *and* an HTTP status."""

from __future__ import annotations

import errno
import logging
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from ipynemo import errors
from ipynemo.backend.store.renders import RenderConflictError
from ipynemo.backend.unavailable import UnavailableError

__all__ = ["add_handlers", "error_answer", "of_error"]

log = logging.getLogger(__name__)

# The first class that fits decides; 2001 comes as 403, because 402 means the plan.
STATUS: tuple[tuple[type[errors.NemoError], int, int], ...] = (
    (errors.AuthenticationError, 401, 1001),
    (errors.OutOfCreditsError, 403, 2001),
    (errors.PermissionDeniedError, 403, 403),
    (RenderConflictError, 409, 409),
    (errors.SessionNotFoundError, 404, 1002),
    (errors.PlanError, 402, 402),
    (errors.UnsupportedFileError, 415, 4001),
    (errors.FileTooLargeError, 413, 4002),
    (errors.RateLimitError, 429, 429),
    (errors.NothingToExportError, 400, 400),
    (errors.InvalidRequestError, 400, 400),
    (errors.DraftError, 400, 400),
    (errors.ConnectionFailedError, 400, 400),
    (errors.DeadlineError, 400, 400),
    (UnavailableError, 503, 503),
)
FULL = {errno.ENOSPC, errno.EDQUOT}


def error_answer(
    status: int,
    code: int,
    message: str,
    data: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """Return an error in the envelope."""
    content = {"code": code, "message": message, "data": data or {}, "success": False}
    return JSONResponse(content, status, headers)


def of_error(error: errors.NemoError) -> JSONResponse:
    """Return the answer to one of our own errors."""
    status, code = next(((s, c) for kind, s, c in STATUS if isinstance(error, kind)), (500, 500))
    headers: dict[str, str] = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, (errors.RateLimitError, UnavailableError)):
        headers["Retry-After"] = str(int(error.retry_after_s or 30))
    # The hint is the end of the message, for all readers; for itself it is there for those who show it apart.
    data = {"hint": error.hint} if error.hint else None
    return error_answer(status, code, str(error), data, headers)


def _say(problem: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in problem.get("loc", ())[1:]) or "the request"
    return f"{place}: {problem.get('msg', 'is wrong')}"


def add_handlers(app: FastAPI) -> None:
    """Let every error of the app leave as an envelope."""

    @app.exception_handler(errors.NemoError)
    async def ours(_request: Request, error: errors.NemoError) -> Response:
        return of_error(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        # What was sent is not repeated: it may be large, and it may be a secret.
        problems = [_say(problem)[:300] for problem in error.errors()[:10]]
        return error_answer(422, 422, "; ".join(problems), {"errors": problems})

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> Response:
        return error_answer(error.status_code, error.status_code, str(error.detail), headers=dict(error.headers or {}))

    @app.exception_handler(ClientDisconnect)
    async def gone(_request: Request, _error: ClientDisconnect) -> Response:
        return error_answer(400, 400, "The connection ended before the whole request had come.")

    @app.exception_handler(OSError)
    async def disk(_request: Request, error: OSError) -> Response:
        if error.errno in FULL:
            return error_answer(507, 507, "The disk of the backend is full.")
        log.error("the file system failed", exc_info=error)
        return error_answer(500, 500, "The backend failed; its log says more.")

    @app.exception_handler(Exception)
    async def bug(_request: Request, _error: Exception) -> Response:
        # Starlette logs it, by raising it again once this is sent.
        return error_answer(500, 500, "The backend failed; its log says more.")
