"""Files up and down: streamed, with progress, in constant memory.

Up: one multipart part, read from the disk off the loop. Down: into `*.part`, resumed with `Range` and `If-Range` after
a break, the length compared, then renamed, so that a file with the final name is always whole.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from ipynemo.client.answers import error_from
from ipynemo.errors import (
    ConnectionFailedError,
    FileTooLargeError,
    InvalidRequestError,
    NemoError,
    ProtocolError,
)
from ipynemo.formats import MAX_UPLOAD_BYTES, check_name, media_type
from ipynemo.loop import off_loop

__all__ = ["UploadFile", "check_upload", "download"]

UPLOAD_CHUNK_BYTES: Final = 1 << 20  # large enough that the disk is not asked too often
MAX_ATTEMPTS: Final = 100  # a server that gives a few bytes a time must not keep us for ever
RESUMES: Final = 5  # breaks without a new byte between them before a download is given up

Opener = Callable[[dict[str, str]], AbstractAsyncContextManager[httpx.Response]]
Progress = Callable[[int, int], object]


def check_upload(path: Path) -> int:
    """Return the size of a file that may be uploaded, in bytes; nothing has been sent yet.

    Raises
    ------
    InvalidRequestError
        There is no such file, or it is empty.
    UnsupportedFileError
        Its suffix is not an accepted one.
    FileTooLargeError
        It is larger than 200 MB.
    """
    check_name(path.name)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise InvalidRequestError(f"{path.name!r} {what}.", hint=f"Looked in {path.absolute().parent}.")
    size = path.stat().st_size
    if size == 0:
        raise InvalidRequestError(f"{path.name!r} is empty.", hint="Save or download it again.")
    if size > MAX_UPLOAD_BYTES:
        raise FileTooLargeError(
            f"{path.name!r} has {size / 1e6:.0f} MB; at most 200 MB are taken.",
            hint="Make the picture smaller, or cut or compress the video.",
            code=4002,
        )
    return size


@dataclass
class UploadFile:
    """A file on its way up, as `multipart/form-data` (RFC 7578) with one part `files`."""

    path: Path
    size: int
    on_sent: Callable[[int], None]
    """Called with the bytes of the file that have gone, again from 0 when the request is repeated."""

    def __post_init__(self) -> None:
        self._boundary = f"ipynemo-{secrets.token_hex(16)}"
        # As HTML's forms do it (WHATWG HTML, "multipart form data"): a name cannot end the header it stands in.
        name = self.path.name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        self._head = (
            f'--{self._boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
            f"Content-Type: {media_type(self.path.name)}\r\n\r\n"
        ).encode("utf-8", "surrogateescape")
        self._tail = f"\r\n--{self._boundary}--\r\n".encode()

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the request."""
        return {
            "Content-Type": f"multipart/form-data; boundary={self._boundary}",
            "Content-Length": str(len(self._head) + self.size + len(self._tail)),
            "Accept": "application/json",
        }

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the request's body."""
        left = self.size
        self.on_sent(0)
        yield self._head
        file = await off_loop(self.path.open, "rb")
        try:
            while left:
                chunk = await off_loop(file.read, min(UPLOAD_CHUNK_BYTES, left))
                if not chunk:
                    raise InvalidRequestError(f"{self.path.name!r} became shorter while it was read.")
                left -= len(chunk)
                yield chunk
                self.on_sent(self.size - left)
        finally:
            file.close()
        yield self._tail


async def download(opened: Opener, target: Path, *, doing: str, on_progress: Progress | None = None) -> int:
    """Fetch a file into `target`; return its size in bytes.

    Parameters
    ----------
    opened : callable
        Sends the request with further headers and gives the answer, unread.
    on_progress : callable, optional
        Called with the bytes that have come and their total (0 where it is not known).

    Raises
    ------
    ConnectionFailedError
        It broke off again and again without a new byte.
    ProtocolError
        What came is not a video.
    NemoError
        What the answer's status means.
    """
    part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    await off_loop(target.parent.mkdir, parents=True, exist_ok=True)
    try:
        size = await _Download(opened, part, doing, on_progress).run()
        await off_loop(part.replace, target)
    except OSError as error:
        raise InvalidRequestError(
            f"{target.name!r} could not be written: {error.strerror or error}.",
            hint="Is the disk full, or the folder write-protected?",
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return size


class _Download:
    def __init__(self, opened: Opener, part: Path, doing: str, on_progress: Progress | None) -> None:
        self._opened = opened
        self._part = part
        self._doing = doing
        self._on_progress = on_progress
        self._done = 0
        self._total: int | None = None
        self._validator: str | None = None

    async def run(self) -> int:
        breaks = 0
        for _ in range(MAX_ATTEMPTS):
            before = self._done
            try:
                await self._attempt()
            except (httpx.TransportError, httpx.DecodingError) as error:
                breaks = 0 if self._done > before else breaks + 1
                if breaks > RESUMES:
                    raise ConnectionFailedError(
                        f"Could not {self._doing}: it broke off after {self._done} bytes ({type(error).__name__}).",
                        hint="Try again; the finished video is kept by the backend.",
                    ) from None
                await asyncio.sleep(min(0.1 * 2**breaks, 2.0))
                continue
            if self._total is not None and self._done != self._total:
                raise ProtocolError(f"Asked to {self._doing}, {self._done} of {self._total} bytes came.")
            return self._done
        raise ConnectionFailedError(f"Could not {self._doing}: it broke off {MAX_ATTEMPTS} times.")

    async def _attempt(self) -> None:
        headers = {"Accept-Encoding": "identity"}  # a length that can be compared, and a range of the file itself
        if self._done and self._validator:
            headers |= {"Range": f"bytes={self._done}-", "If-Range": self._validator}
        async with self._opened(headers) as response:
            if response.status_code == 416 and self._done and self._done == self._total:
                return
            if response.status_code != 206:
                await self._raise_for(response)
                self._done = 0
            elif not self._continues(response):
                raise ProtocolError(
                    f"Asked to {self._doing}, the backend sent another part of the file than asked for."
                )
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
            if len(body) > 1 << 16:
                break
        error: NemoError | None = error_from(response.status_code, response.headers, body, doing=self._doing)
        raise error or ProtocolError(f"Could not {self._doing}: HTTP {response.status_code}.")

    def _continues(self, response: httpx.Response) -> bool:
        came: str = response.headers.get("content-range", "")
        return came.startswith(f"bytes {self._done}-")

    def _note(self, response: httpx.Response) -> None:
        length = response.headers.get("content-length", "")
        if length.isdigit() and "content-encoding" not in response.headers:
            self._total = self._done + int(length)
        etag = response.headers.get("etag", "")
        # A weak validator does not promise the same bytes (RFC 9110, 13.1.5).
        self._validator = etag if etag and not etag.startswith("W/") else response.headers.get("last-modified")

    async def _pour(self, response: httpx.Response) -> None:
        file = await off_loop(self._part.open, "r+b" if self._done else "wb")
        try:
            file.seek(self._done)
            async for chunk in response.aiter_bytes(UPLOAD_CHUNK_BYTES):
                if self._done == 0:
                    _check_video(chunk, response, self._doing)
                await off_loop(file.write, chunk)
                self._done += len(chunk)
                if self._on_progress is not None:
                    self._on_progress(self._done, self._total or 0)
            await off_loop(file.flush)
            await off_loop(os.fsync, file.fileno())
        finally:
            file.close()


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
