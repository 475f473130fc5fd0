"""Files up: one multipart part each, streamed from the disk off the loop, with progress, in constant memory."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote, urlsplit

from ipynemo.client.patience import patiently
from ipynemo.client.values import Asset
from ipynemo.client.wire import Wire, data_of
from ipynemo.errors import FileTooLargeError, InvalidRequestError, ProtocolError
from ipynemo.formats import MAX_UPLOAD_BYTES, check_name, media_type
from ipynemo.loop import off_loop

__all__ = ["CHUNK_BYTES", "Progress", "Source", "UploadFile", "check_upload", "open_file", "path_of", "upload"]

CHUNK_BYTES: Final = 1 << 20  # large enough that the disk is not asked too often

Progress = Callable[[int, int], object]
Source = str | os.PathLike[str]


def path_of(source: Source) -> Path:
    """Return the path that a user means, `~` being the home."""
    path = Path(source)
    try:
        return path.expanduser()
    except RuntimeError:  # `~photo.png` names no user
        return path


def check_upload(path: Path) -> int:
    """Return the size of a file that may be uploaded, in bytes; nothing has been sent yet.

    Raises
    ------
    InvalidRequestError
        There is no such file, it cannot be read, or it is empty.
    UnsupportedFileError
        Its suffix is not an accepted one.
    FileTooLargeError
        It is larger than 200 MB.
    """
    check_name(path.name)
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "is no ordinary file" if path.exists() else "does not exist"
            raise InvalidRequestError(f"{path.name!r} {what}.", hint=f"Looked in {str(path.absolute().parent)!r}.")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise _unreadable(path, error) from error
    if size == 0:
        raise InvalidRequestError(f"{path.name!r} is empty.", hint="Save or download it again.")
    if size > MAX_UPLOAD_BYTES:
        raise FileTooLargeError(
            f"{path.name!r} has {size / 1e6:.0f} MB; at most 200 MB are taken.",
            hint="Make the picture smaller, or cut or compress the video.",
            code=4002,
        )
    return size


def _unreadable(path: Path, error: OSError) -> InvalidRequestError:
    return InvalidRequestError(f"{path.name!r} cannot be read: {error.strerror or error}.", hint="May you read it?")


async def open_file(path: Path, mode: str) -> IO[Any]:
    """Open a file off the loop; where nobody waits for it any more, it does not stay open."""
    opening = asyncio.ensure_future(off_loop(path.open, mode))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        (await opening).close()
        raise


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
        head = (
            f'--{self._boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
            f"Content-Type: {media_type(self.path.name)}\r\n\r\n"
        )
        try:
            self._head = head.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:  # half a character, as Windows allows it in names
            self._head = head.encode("utf-8", "replace")
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
        try:
            file = await open_file(self.path, "rb")
        except OSError as error:
            raise _unreadable(self.path, error) from error
        try:
            while left:
                chunk = await off_loop(file.read, min(CHUNK_BYTES, left))
                if not chunk:
                    raise InvalidRequestError(f"{self.path.name!r} became shorter while it was read.")
                left -= len(chunk)
                yield chunk
                self.on_sent(self.size - left)
        except OSError as error:
            raise _unreadable(self.path, error) from error
        finally:
            file.close()
        yield self._tail


# -- many -------------------------------------------------------------------------------------------------------------


def _is_url(source: Source) -> bool:
    return isinstance(source, str) and source.lower().startswith(("http://", "https://"))


def _name_in(url: str) -> str:
    try:
        return Path(urlsplit(url).path).name or "file"
    except ValueError as error:
        raise InvalidRequestError(f"{url!r} is not an address: {error}.", hint="Copy it again, whole.") from None


class _Told:
    """Progress over all files, which never goes back, also where a request is sent again."""

    def __init__(self, total: int, on_progress: Progress | None) -> None:
        self._total = total
        self._on_progress = on_progress
        self._told = -1

    def __call__(self, done: int) -> None:
        if self._on_progress is not None and done > self._told:
            self._told = done
            self._on_progress(done, self._total)


async def upload(
    wire: Wire, session_id: str, sources: Iterable[Source | Iterable[Source]], on_progress: Progress | None
) -> list[Asset]:
    """Upload files and addresses; see `AsyncSession.upload`."""
    every: list[Source] = []
    for source in sources:
        every += [source] if isinstance(source, (str, os.PathLike)) else list(source)
    if not every:
        raise InvalidRequestError("There is nothing to upload.", hint="Name a file: session.upload('robot.png').")
    paths = {i: path_of(source) for i, source in enumerate(every) if not _is_url(source)}
    names = [paths[i].name if i in paths else _name_in(str(source)) for i, source in enumerate(every)]
    sizes = {i: await off_loop(check_upload, path) for i, path in paths.items()}
    tell = _Told(sum(sizes.values()), on_progress)
    where = f"/api/upload-video/nemo_agent/me/{quote(session_id, safe='')}"
    assets: list[Asset] = []
    done = 0
    for i, source in enumerate(every):
        send: Callable[[], Awaitable[dict[str, Any]]]
        if i in paths:

            def sent(count: int, before: int = done) -> None:
                tell(before + count)

            file = UploadFile(paths[i], sizes[i], sent)
            doing = f"take {names[i]!r}"
            send = partial(wire.send_body, where, file.body, file.headers, doing=doing, session_id=session_id)
            done += sizes[i]
        else:
            doing = "fetch the address"
            order = {"urls": [str(source)], "source_type": "url"}
            # Billed, because a second one would make a second asset.
            send = partial(wire.call, "POST", where, json=order, doing=doing, billed=True, session_id=session_id)
        answer = await patiently(wire.timing, send)
        files = data_of(answer, doing=doing, session_id=session_id).get("files")
        entries = files if isinstance(files, list) else []
        found = [Asset.from_raw(entry, names[i]) for entry in entries if isinstance(entry, dict)]
        if not found:
            raise ProtocolError(f"Asked to {doing}, the backend names no file.", session_id=session_id)
        assets += found
    return assets
