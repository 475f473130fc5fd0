"""A multipart upload, written to disk while it arrives: never whole in memory, never on disk twice."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from ipynemo.errors import FileTooLargeError, InvalidRequestError
from ipynemo.formats import MAX_UPLOAD_BYTES

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

__all__ = ["MAX_FILES", "Arrived", "receive_files"]

MAX_FILES = 50  # in one request
WRITE_BYTES = 1 << 20  # gathered before a thread is asked to write them
FIELD_BYTES = 64 << 10  # of everything that is not a file
HEADER_BYTES = 16 << 10  # of one part
IDLE_S = 120.0  # without a byte, before an upload is given up


@dataclass
class Arrived:
    """A file that has arrived, still in the spool."""

    name: str
    path: Path
    size_bytes: int = 0
    sha256: str = ""
    _hash: hashlib._Hash = field(default_factory=hashlib.sha256, repr=False)


@dataclass
class _Part:
    header_name: bytes = b""
    header_value: bytes = b""
    header_bytes: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    arrived: Arrived | None = None
    file: IO[bytes] | None = None
    waiting: bytearray = field(default_factory=bytearray)


class _Reader:
    """Turns the parser's callbacks into files. The callbacks gather; `flush` writes, in a thread."""

    def __init__(self, boundary: bytes, spool: Callable[[], Path], max_file_bytes: int) -> None:
        self.files: list[Arrived] = []
        self.complete = False
        self._part = _Part()
        self._open: list[_Part] = []  # what `flush` has to write, in order
        self._ended: list[_Part] = []
        self._spool = spool
        self._max_file_bytes = max_file_bytes
        self._field_bytes = 0
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }
        self.parser = MultipartParser(boundary, callbacks)

    def _begin(self) -> None:
        self._part = _Part()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._part.header_name += data[start:end]
        self._count_header(end - start)

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._part.header_value += data[start:end]
        self._count_header(end - start)

    def _count_header(self, size: int) -> None:
        self._part.header_bytes += size
        if self._part.header_bytes > HEADER_BYTES:
            raise InvalidRequestError("The headers of a part are too long.")

    def _header_end(self) -> None:
        self._part.headers[self._part.header_name.lower()] = self._part.header_value
        self._part.header_name = self._part.header_value = b""

    def _headers_finished(self) -> None:
        disposition, options = parse_options_header(self._part.headers.get(b"content-disposition", b""))
        if disposition != b"form-data":
            raise InvalidRequestError("A part of the upload says no name.", hint='Name the parts "files".')
        if b"filename" not in options:
            return  # a plain field; nothing in the protocol needs one
        if options.get(b"name") != b"files":
            raise InvalidRequestError("A file came under another name.", hint='Name the parts "files".')
        if len(self.files) >= MAX_FILES:
            raise InvalidRequestError(
                f"At most {MAX_FILES} files go into one upload.", hint="Send the rest in another."
            )
        self._part.arrived = Arrived(options[b"filename"].decode("utf-8", "replace"), self._spool())
        self.files.append(self._part.arrived)
        self._open.append(self._part)

    def _data(self, data: bytes, start: int, end: int) -> None:
        arrived = self._part.arrived
        if arrived is None:
            self._field_bytes += end - start
            if self._field_bytes > FIELD_BYTES:
                raise InvalidRequestError("The upload has too much that is not a file.")
            return
        arrived.size_bytes += end - start
        if arrived.size_bytes > self._max_file_bytes:
            raise FileTooLargeError(
                f"{arrived.name[:100]!r} is larger than {self._max_file_bytes >> 20} MB.",
                hint="Make the picture smaller, or cut the video.",
            )
        self._part.waiting += data[start:end]

    def _end(self) -> None:
        if self._part.arrived is not None:
            self._ended.append(self._part)

    def _finish(self) -> None:
        self.complete = True

    @property
    def waiting_bytes(self) -> int:
        return sum(len(part.waiting) for part in self._open)

    def flush(self) -> None:
        """Write what has been gathered."""
        for part in self._open:
            if part.arrived is None:
                continue
            if part.file is None:
                part.file = part.arrived.path.open("xb", buffering=0)
            view = memoryview(part.waiting)
            part.arrived._hash.update(view)
            while view:
                view = view[part.file.write(view) :]
            part.waiting = bytearray()
        for part in self._ended:
            if part.file is not None and part.arrived is not None:
                part.file.close()
                part.arrived.sha256 = part.arrived._hash.hexdigest()
                self._open.remove(part)
        self._ended.clear()

    def discard(self) -> None:
        """Close and remove everything."""
        for part in self._open:
            if part.file is not None:
                part.file.close()
        for arrived in self.files:
            arrived.path.unlink(missing_ok=True)


async def _chunks(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    iterator = aiter(stream)
    while True:
        try:
            async with asyncio.timeout(IDLE_S):
                chunk = await anext(iterator)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise InvalidRequestError("The rest of the upload did not come.") from None
        yield chunk


async def receive_files(
    content_type: str,
    stream: AsyncIterator[bytes],
    spool: Callable[[], Path],
    *,
    max_file_bytes: int = MAX_UPLOAD_BYTES,
) -> list[Arrived]:
    """Write the files of an upload to the spool while they arrive.

    Parameters
    ----------
    content_type : str
        The header, with its boundary.
    stream : async iterator of bytes
        The body.
    spool : callable
        Gives a new path for each file.
    max_file_bytes : int
        How large one file may be.

    Raises
    ------
    FileTooLargeError
        A file is larger; the rest of it is not read.
    InvalidRequestError
        It is no upload of files, or was cut short. Nothing is left on disk then, nor after any other exception.
    """
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary or len(boundary) > 200:
        raise InvalidRequestError("The upload names no boundary.", hint="Send it as multipart/form-data.")
    reader = _Reader(boundary, spool, max_file_bytes)
    try:
        async for chunk in _chunks(stream):
            try:
                reader.parser.write(chunk)
            except MultipartParseError as error:
                raise InvalidRequestError(f"The upload is not multipart/form-data: {error}.") from None
            if reader.waiting_bytes >= WRITE_BYTES:
                await asyncio.to_thread(reader.flush)
        if not reader.complete:
            raise InvalidRequestError("The upload was cut short.", hint="Send it again.")
        await asyncio.to_thread(reader.flush)
        if not reader.files:
            raise InvalidRequestError("The upload holds no file.", hint='Name the parts "files".')
    except BaseException:
        reader.discard()
        raise
    return reader.files


def check_room(folder: Path, needed_bytes: int) -> None:
    """Refuse an upload that the disk cannot hold, before it is read.

    Raises
    ------
    OSError
        As the disk itself would say it.
    """
    import errno

    if shutil.disk_usage(folder).free < needed_bytes:
        raise OSError(errno.ENOSPC, "the upload does not fit on the disk")
