"""A file as an answer: whole, or the range that a resumed download asks for (RFC 9110, 13 and 14)."""

from __future__ import annotations

import re
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ipynemo.backend.envelope import error_answer

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from ipynemo.backend.storage import StoredFile

__all__ = ["file_answer"]

ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def _range(header: str, size: int) -> tuple[int, int] | None:
    """Return the first byte and the one behind the last; None for what may be ignored; empty if out of reach."""
    match = ONE_RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None  # several ranges, or none that we can read: the whole file is a good answer
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        return size - length, size
    start = int(first)
    if last and int(last) < start:
        return None
    return (start, min(int(last) + 1, size) if last else size) if start < size else (size, size)


class _Slice(StreamingResponse):
    def __init__(self, file: StoredFile, start: int, end: int, status: int, headers: dict[str, str], mime: str) -> None:
        super().__init__(file.blocks(start, end), status, headers, media_type=mime)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


def _matches(header: str, etag: str) -> bool:
    return header.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in header.split(","))


def file_answer(request: Request, file: StoredFile, *, mime: str, name: str) -> Response:
    """Return a file, or the part of it that the request's headers ask for.

    Parameters
    ----------
    request : Request
        `GET` or `HEAD`; `Range`, `If-Range` and `If-None-Match` are obeyed.
    file : StoredFile
        The file, open; it is closed when the answer has been sent.
    mime, name : str
        What it is, and what a browser should call it.
    """
    handed_on = False
    try:
        size, etag = file.size_bytes, file.etag
        headers = {
            "accept-ranges": "bytes",
            "cache-control": "private, no-cache",
            "content-disposition": f"inline; filename*=UTF-8''{quote(name, safe='')}",
            "content-security-policy": "sandbox; default-src 'none'",
            "etag": etag,
            "last-modified": formatdate(file.modified_at, usegmt=True),
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
        }
        asked = request.headers
        if "if-none-match" in asked and _matches(asked["if-none-match"], etag):
            return Response(status_code=304, headers=headers)
        start, end, code = 0, size, 200
        if_range = asked.get("if-range", "").strip()
        if "range" in asked and if_range in {"", etag, headers["last-modified"]}:
            wanted = _range(asked["range"], size)
            if wanted is not None and wanted[0] >= wanted[1]:
                return error_answer(
                    416, 416, f"The file has {size} bytes.", headers={"content-range": f"bytes */{size}"}
                )
            if wanted is not None:
                (start, end), code = wanted, 206
                headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
        headers["content-length"] = str(end - start)
        if request.method == "HEAD":
            return Response(status_code=code, headers=headers, media_type=mime)
        handed_on = True
        return _Slice(file, start, end, code, headers, mime)
    finally:
        if not handed_on:
            file.close()
