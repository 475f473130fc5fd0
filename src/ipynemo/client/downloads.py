"""Files down: streamed, with progress, in constant memory.

Into `*.part`, resumed with `Range` and `If-Range` after a break, the length compared, looked at, then renamed, so that
a file with the final name is always whole.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import IO, Final

import httpx

from ipynemo.client.answers import error_from
from ipynemo.client.names import Target, place
from ipynemo.client.transfer import CHUNK_BYTES, Progress, open_file
from ipynemo.errors import (
    ConnectionFailedError,
    InvalidRequestError,
    NemoError,
    ProtocolError,
    RateLimitError,
    ServerError,
)
from ipynemo.loop import off_loop
from ipynemo.settings import Timing

__all__ = ["Opener", "download"]

MAX_ATTEMPTS: Final = 100  # a server that gives a few bytes a time must not keep us for ever
RESUMES: Final = 5  # breaks without a new byte between them before a download is given up
MAX_WAIT_S: Final = 2.0  # between two attempts
MAX_ERROR_BYTES: Final = 1 << 16  # of an error's body that is read

Opener = Callable[[dict[str, str]], AbstractAsyncContextManager[httpx.Response]]


async def download(
    opened: Opener,
    target: Target,
    *,
    doing: str,
    timing: Timing,
    on_progress: Progress | None = None,
    check: Callable[[Path], object] | None = None,
) -> Path:
    """Fetch a file and return where it is.

    Parameters
    ----------
    opened : callable
        Sends the request with further headers and gives the answer, unread.
    target : Target
        Where to put it, and whether a file there is replaced.
    on_progress : callable, optional
        Called with the bytes that have come and their total (0 where it is not known).
    check : callable, optional
        Looks at the whole file before it gets its name; what it raises is raised.

    Raises
    ------
    ConnectionFailedError
        It broke off again and again without a new byte.
    ProtocolError
        What came is not a video.
    InvalidRequestError
        It cannot be written there.
    NemoError
        What the answer's status means.
    """
    path = target.path
    part = path.with_name(f"{path.stem[:40]}.{secrets.token_hex(4)}.part")
    try:
        await off_loop(path.parent.mkdir, parents=True, exist_ok=True)
        try:
            await _Download(opened, part, doing, timing, on_progress).run()
            if check is not None:
                await off_loop(check, part)
            return await off_loop(place, part, target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise InvalidRequestError(
            f"{path.name!r} could not be written: {error.strerror or error}.",
            hint="Is the disk full, or the folder write-protected?",
        ) from error


class _Again(Exception):  # noqa: N818 - a signal inside this module, not an error of the tree
    """The answer was not what was asked for; the file is asked for again from its beginning."""


class _Download:
    def __init__(self, opened: Opener, part: Path, doing: str, timing: Timing, on_progress: Progress | None) -> None:
        self._opened = opened
        self._part = part
        self._doing = doing
        self._timing = timing
        self._on_progress = on_progress
        self._start_over()

    def _start_over(self) -> None:
        self._done = 0
        self._total: int | None = None
        self._validator: str | None = None

    async def run(self) -> int:
        breaks = 0
        waited_for_rate = False
        for _ in range(MAX_ATTEMPTS):
            before = self._done
            asked_s = None
            try:
                await self._attempt()
                if self._total is None or self._done == self._total:
                    return self._done
                raise httpx.ReadError(f"{self._done} of {self._total} bytes came")
            except (httpx.RequestError, _Again) as error:
                fault: Exception = error
            except RateLimitError as error:
                if waited_for_rate:
                    raise
                waited_for_rate, fault = True, error
                asked_s = self._timing.retry_after_default_s if error.retry_after_s is None else error.retry_after_s
            except httpx.InvalidURL as error:
                raise ProtocolError(f"Could not {self._doing}: its link is no address ({error}).") from None
            except ServerError as error:
                fault, asked_s = error, error.retry_after_s
            breaks = 0 if self._done > before else breaks + 1
            if breaks > RESUMES or (asked_s or 0) > self._timing.retry_after_max_s:
                if isinstance(fault, NemoError):
                    raise fault
                why = str(fault) or type(fault).__name__
                raise ConnectionFailedError(
                    f"Could not {self._doing}: it broke off after {self._done} bytes ({why}).",
                    hint="Try again; the finished video is kept by the backend.",
                ) from None
            await asyncio.sleep(
                min(self._timing.read_backoff_s * 2**breaks, MAX_WAIT_S) if asked_s is None else asked_s
            )
        raise ConnectionFailedError(f"Could not {self._doing}: it broke off {MAX_ATTEMPTS} times.")

    async def _attempt(self) -> None:
        headers = {"Accept-Encoding": "identity"}  # a length that can be compared, and a range of the file itself
        resuming = bool(self._done and self._validator)
        if resuming:
            headers |= {"Range": f"bytes={self._done}-", "If-Range": self._validator or ""}
        async with self._opened(headers) as response:
            if resuming and response.status_code == 416 and self._done == self._total:
                return
            if resuming and response.status_code in (206, 416):
                if response.status_code == 416 or not self._continues(response):
                    self._start_over()
                    raise _Again("another part of the file came than asked for")
            else:
                await self._raise_for(response)
                self._start_over()
            self._note(response)
            await self._pour(response)

    async def _raise_for(self, response: httpx.Response) -> None:
        if response.status_code < 400:
            if response.status_code == 200:
                return
            raise ProtocolError(f"Asked to {self._doing}, the backend answered HTTP {response.status_code}.")
        body = b""
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_ERROR_BYTES:
                break
        error: NemoError | None = error_from(response.status_code, response.headers, body, doing=self._doing)
        raise error or ProtocolError(f"Could not {self._doing}: HTTP {response.status_code}.")

    def _continues(self, response: httpx.Response) -> bool:
        """Return whether this is the rest of the very file that was begun, also where `If-Range` was not heeded."""
        came: str = response.headers.get("content-range", "")
        total = came.rpartition("/")[2]
        return (
            came.startswith(f"bytes {self._done}-")
            and _validator(response) in (None, self._validator)
            and (self._total is None or not total.isdigit() or int(total) == self._total)
        )

    def _note(self, response: httpx.Response) -> None:
        if "content-encoding" in response.headers:
            return  # not the file's own bytes: neither its length nor a range of it can be used
        length = response.headers.get("content-length", "")
        if length.isdigit():
            self._total = self._done + int(length)
        self._validator = _validator(response) or self._validator

    async def _pour(self, response: httpx.Response) -> None:
        file = await open_file(self._part, "r+b" if self._done else "wb")
        try:
            file.seek(self._done)
            waiting = bytearray()
            try:
                async for chunk in response.aiter_bytes():
                    waiting += chunk
                    if len(waiting) >= CHUNK_BYTES:
                        await self._write(file, waiting, response)
            finally:
                await self._write(file, waiting, response)  # also what had come before a break
            await off_loop(file.flush)
            await off_loop(os.fsync, file.fileno())
        finally:
            file.close()

    async def _write(self, file: IO[bytes], waiting: bytearray, response: httpx.Response) -> None:
        if not waiting:
            return
        if self._done == 0:
            _check_video(bytes(waiting[:200]), response, self._doing)
        await off_loop(file.write, bytes(waiting))
        self._done += len(waiting)
        waiting.clear()
        if self._on_progress is not None:
            self._on_progress(self._done, self._total or 0)


def _validator(response: httpx.Response) -> str | None:
    etag: str = response.headers.get("etag", "")
    if etag:
        # A weak validator does not promise the same bytes (RFC 9110, 13.1.5).
        return None if etag.startswith("W/") else etag
    modified: str | None = response.headers.get("last-modified")
    return modified


def _check_video(first: bytes, response: httpx.Response, doing: str) -> None:
    """Refuse a page in place of the file: a proxy's login page comes with status 200."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    head = first[:200].lstrip().lower()
    if kind in ("text/html", "application/json", "application/xml", "text/xml") or head.startswith((b"<", b"{")):
        raise ProtocolError(
            f"Asked to {doing}, the backend sent {kind or 'a page'} instead of a video.",
            hint="Something between here and the backend may have answered.",
            received=first[:200].decode("utf-8", "replace"),
        )
