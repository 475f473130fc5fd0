"""Files in a bucket that speaks S3, reached through fsspec.

fsspec blocks, so its calls run in threads of their own: a slow bucket holds up nobody who does not need it. A file is
sent in parts and read in ranges, so that memory does not grow with its size. Keys and endpoint come by the usual
environment of AWS and are never seen here.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import fsspec
import s3fs

from ipynemo.backend.storage.base import FOLDERS, PARTS, Storage, StoredFile, part_key
from ipynemo.backend.storage.cache import Cache
from ipynemo.backend.storage.local import sweep_old
from ipynemo.backend.unavailable import UnavailableError

if TYPE_CHECKING:
    from ipynemo.backend.store.files import DataFolder

__all__ = ["S3Storage"]

log = logging.getLogger(__name__)

THREADS = 16
PART_BYTES = 8 << 20  # of an upload; S3 takes no fewer than 5 MiB and no more than 10,000 of them
PARTS_AT_ONCE = 2
READ_BYTES = 2 << 20
FETCHES_AT_ONCE = 4  # for one who checks out
MARK = "storage.id"
Found = TypeVar("Found")
OURS = {errno.ENOSPC, errno.EDQUOT}  # failures of this computer's disk, not of the bucket
CONNECTION = {"connect_timeout": 5, "read_timeout": 30, "retries": {"mode": "standard", "max_attempts": 2}}


class S3Storage(Storage):
    """The objects of a bucket below a prefix.

    Parameters
    ----------
    bucket, prefix : str
        The prefix without slashes at its ends; it may be empty.
    folder : DataFolder
        Holds what is on its way, and the cache.
    cache_bytes : int
        How much room the cache may take.
    """

    def __init__(self, bucket: str, prefix: str, folder: DataFolder, cache_bytes: int) -> None:
        self._base = f"{bucket}/{prefix}" if prefix else bucket
        self._folder = folder
        self._cache = Cache(folder.root / "cache", cache_bytes)
        self._shelf = folder.root / "cache" / PARTS
        self._shelf.mkdir(exist_ok=True, mode=0o700)
        self._threads = ThreadPoolExecutor(THREADS, "storage")
        self._fs: Any = fsspec.filesystem(
            "s3", config_kwargs=CONNECTION, use_listings_cache=False, skip_instance_cache=True
        )

    is_remote = True

    def __repr__(self) -> str:
        return f"S3Storage({self._base!r})"

    def path(self, key: str) -> str:
        """Return bucket, prefix and key."""
        return f"{self._base}/{key}"

    async def run(self, call: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Make one call to the bucket, in a thread.

        Raises
        ------
        FileNotFoundError
            There is no such object.
        UnavailableError
            The bucket does not answer, or refuses.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, partial(call, *args, **more))
        except FileNotFoundError:
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in OURS:
                raise
            # What the libraries below raise is of a dozen families; the log has it, the client need not.
            log.exception("the storage failed")
            raise UnavailableError.of("storage") from error

    def making(self, key: str) -> Path:
        """Return a place in the spool."""
        return self._folder.spool / f"{uuid.uuid4().hex}{Path(key).suffix}"

    async def put(self, source: Path, key: str) -> None:
        """Send a file, in parts where it is large, and keep it in the cache."""
        try:
            await self.run(
                self._fs.put_file, str(source), self.path(key), chunksize=PART_BYTES, max_concurrency=PARTS_AT_ONCE
            )
        except FileNotFoundError as error:  # no such bucket (any more)
            raise UnavailableError.of("storage") from error
        await asyncio.to_thread(self._cache.take, source, key)

    async def _info(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.run(self._fs.info, self.path(key))
        if found.get("type") != "file":
            raise FileNotFoundError(key)
        return found

    async def open(self, key: str) -> StoredFile:
        """Open an object."""
        return _Object(self, key, await self._info(key))

    async def read(self, key: str, start: int, end: int) -> bytes:
        """Return some bytes of an object."""
        block: bytes = await self.run(self._fs.cat_file, self.path(key), start=start, end=end)
        return block

    async def size(self, key: str) -> int | None:
        """Return its size."""
        try:
            return int((await self._info(key))["size"])
        except FileNotFoundError:
            return None

    async def delete(self, key: str) -> None:
        """Remove an object."""
        await self._delete([self.path(key)])
        self._cache.forget(key)

    async def _delete(self, paths: list[str]) -> None:
        if paths:
            await self.run(self._fs.rm, paths)

    async def delete_session(self, session_id: str) -> None:
        """Remove all objects of a session."""
        for name in FOLDERS:
            await self._delete(await self.run(self._fs.find, self.path(f"{name}/{session_id}/")))

    @asynccontextmanager
    async def checkout(self, keys: Mapping[str, str]) -> AsyncIterator[dict[str, Path]]:
        """Give copies, fetched where the cache does not have them."""
        desk = await asyncio.to_thread(self._cache.desk)
        few = asyncio.Semaphore(FETCHES_AT_ONCE)

        async def fetched(key: str) -> Path:
            async with few:
                try:
                    return await self._cache.use(key, desk, partial(self._fetch, key))
                except FileNotFoundError:
                    return desk / "gone" / Path(key).name

        try:
            yield dict(zip(keys, await _together([fetched(key) for key in keys.values()]), strict=True))
        finally:
            await asyncio.to_thread(self._cache.clear, desk)

    async def _fetch(self, key: str, place: Path) -> None:
        await self.run(self._fs.get_file, self.path(key), str(place), max_concurrency=1)

    def where(self, key: str) -> dict[str, str]:
        """Return bucket and key, for a computer that has keys of its own."""
        return {"object": self.path(key)}

    @property
    def shelf(self) -> Path:
        """The folder with copies."""
        return self._shelf

    async def match_parts(self, names: Sequence[str]) -> None:
        """Fetch what is not here, and send what is not there."""
        few = asyncio.Semaphore(FETCHES_AT_ONCE)

        async def match(name: str) -> None:
            place = self._shelf / name
            async with few:
                if not place.exists():
                    await self._fetch_part(part_key(name), place)
                elif not await self.exists(part_key(name)):
                    await self.keep_part(name)

        await _together([match(name) for name in names])

    async def _fetch_part(self, key: str, place: Path) -> None:
        part = self._shelf / f".{uuid.uuid4().hex}.tmp"
        try:
            await self._fetch(key, part)
            part.replace(place)
        except FileNotFoundError:  # nobody has made it yet
            return
        finally:
            part.unlink(missing_ok=True)

    async def keep_part(self, name: str) -> None:
        """Send it to the bucket."""
        source = str(self._shelf / name)
        await self.run(self._fs.put_file, source, self.path(part_key(name)), chunksize=PART_BYTES)

    async def sweep_parts(self, older_than_s: float) -> None:
        """Remove old parts and old copies of them."""
        await asyncio.to_thread(sweep_old, self._shelf, older_than_s)
        before = time.time() - older_than_s
        found: dict[str, Any] = await self.run(self._fs.find, self.path(f"{PARTS}/"), detail=True)
        await self._delete([path for path, info in found.items() if _modified_at(info) < before])

    async def used_bytes(self) -> int | None:
        """Say that nobody counts a bucket."""
        return None

    async def sweep(self, known: set[str], older_than_s: float) -> None:
        """Remove the objects of unknown sessions, the copies' leftovers too."""
        await asyncio.to_thread(self._cache.sweep, older_than_s)
        before = time.time() - older_than_s
        for name in FOLDERS:
            try:
                folders: list[str] = await self.run(self._fs.ls, self.path(name), detail=False)
            except FileNotFoundError:
                continue
            for session_id in {folder.rpartition("/")[2] for folder in folders} - known - {""}:
                found = await self.run(self._fs.find, self.path(f"{name}/{session_id}/"), detail=True)
                if all(_modified_at(info) < before for info in found.values()):
                    await self._delete(list(found))

    async def mark(self) -> str | None:
        """Read the mark."""
        try:
            content: bytes = await self.run(self._fs.cat_file, self.path(MARK))
        except FileNotFoundError:
            return None
        return content.decode("ascii", "replace").strip()

    async def set_mark(self, mark: str) -> None:
        """Write the mark."""
        await self.run(self._fs.pipe_file, self.path(MARK), f"{mark}\n".encode())

    async def aclose(self) -> None:
        """Close the connections."""
        if self._fs._s3 is not None:
            await asyncio.to_thread(s3fs.S3FileSystem.close_session, self._fs.loop, self._fs._s3)
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Object(StoredFile):
    def __init__(self, storage: S3Storage, key: str, info: Mapping[str, Any]) -> None:
        tag = str(info.get("ETag", "")).strip('"') or hashlib.sha256(key.encode()).hexdigest()[:32]
        super().__init__(int(info["size"]), f'"{tag}"', _modified_at(info))
        self._storage = storage
        self._key = key
        self._closed = False

    async def blocks(self, start: int, end: int) -> AsyncIterator[bytes]:
        while start < end and not self._closed:
            block = await self._storage.read(self._key, start, min(start + READ_BYTES, end))
            if not block:
                return
            start += len(block)
            yield block

    def close(self) -> None:
        self._closed = True


async def _together(works: list[Coroutine[Any, Any, Found]]) -> list[Found]:
    """Wait for all; the first failure ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


def _modified_at(info: Mapping[str, Any]) -> float:
    modified = info.get("LastModified")
    return modified.timestamp() if isinstance(modified, datetime) else 0.0
