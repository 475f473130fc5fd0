"""Files in a folder of this computer, or one that all servers have mounted: nothing is copied, nothing is cached."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import threading
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from ipynemo.backend.storage.base import FOLDERS, PARTS, Storage, StoredFile

__all__ = ["LocalStorage", "sweep_old"]

READ_BYTES = 512 << 10
MARK = "storage.id"


class _OpenFile(StoredFile):
    """A file descriptor that is read in threads, and closed when no thread is reading."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDONLY)  # from here on, nobody can take the file away
        self._lock = threading.Lock()
        self._closed = False
        status = os.fstat(self.descriptor)
        super().__init__(status.st_size, f'"{status.st_mtime_ns:x}-{status.st_size:x}"', status.st_mtime)

    def _read(self, start: int, length: int) -> bytes:
        with self._lock:
            return b"" if self._closed else os.pread(self.descriptor, length, start)

    async def blocks(self, start: int, end: int) -> AsyncIterator[bytes]:
        while start < end:
            block = await asyncio.to_thread(self._read, start, min(READ_BYTES, end - start))
            if not block:
                return
            start += len(block)
            yield block

    def close(self) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                os.close(self.descriptor)


class LocalStorage(Storage):
    """The files below a folder.

    Parameters
    ----------
    root : Path
        The folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in (*FOLDERS, PARTS):
            (root / name).mkdir(exist_ok=True, mode=0o700)

    def __repr__(self) -> str:
        return f"LocalStorage({str(self.root)!r})"

    def making(self, key: str) -> Path:
        """Return the file's own place: what is made there need not be moved."""
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path

    async def put(self, source: Path, key: str) -> None:
        """Move a file to its place."""
        await asyncio.to_thread(_move, source, self.making(key))

    async def open(self, key: str) -> StoredFile:
        """Open a file."""
        return _OpenFile(self.root / key)

    async def size(self, key: str) -> int | None:
        """Return its size."""
        try:
            return (self.root / key).stat().st_size
        except FileNotFoundError:
            return None

    async def delete(self, key: str) -> None:
        """Remove a file."""
        (self.root / key).unlink(missing_ok=True)

    async def delete_session(self, session_id: str) -> None:
        """Remove the folders of a session."""
        await asyncio.to_thread(self._drop, session_id)

    def _drop(self, session_id: str) -> None:
        for name in FOLDERS:
            shutil.rmtree(self.root / name / session_id, ignore_errors=True)

    @asynccontextmanager
    async def checkout(self, keys: Mapping[str, str]) -> AsyncIterator[dict[str, Path]]:
        """Give the files themselves."""
        yield {name: self.root / key for name, key in keys.items()}

    def where(self, key: str) -> dict[str, str]:
        """Return the path, for a computer that has mounted the folder in the same place."""
        return {"path": str(self.root / key)}

    @property
    def shelf(self) -> Path:
        """The folder in which the parts are kept."""
        return self.root / PARTS

    async def match_parts(self, names: Sequence[str]) -> None:
        """Do nothing: they are there."""

    async def keep_part(self, name: str) -> None:
        """Do nothing: it is there."""

    async def sweep_parts(self, older_than_s: float) -> None:
        """Remove old parts."""
        await asyncio.to_thread(sweep_old, self.shelf, older_than_s)

    async def used_bytes(self) -> int | None:
        """Count."""
        return await asyncio.to_thread(self._used_bytes)

    def _used_bytes(self) -> int:
        total = 0
        for name in (*FOLDERS, PARTS):
            for path in (self.root / name).rglob("*"):
                try:
                    total += path.stat().st_size if path.is_file() else 0
                except FileNotFoundError:  # removed while we were counting
                    continue
        return total

    async def sweep(self, known: set[str], older_than_s: float) -> None:
        """Remove the folders of unknown sessions."""
        await asyncio.to_thread(self._sweep, known, older_than_s)

    def _sweep(self, known: set[str], older_than_s: float) -> None:
        before = time.time() - older_than_s
        for name in FOLDERS:
            for folder in (self.root / name).iterdir():
                try:
                    old = folder.stat().st_mtime < before
                except FileNotFoundError:  # another server was faster
                    continue
                if folder.name not in known and old:
                    self._drop(folder.name)

    async def mark(self) -> str | None:
        """Read the mark."""
        try:
            return (self.root / MARK).read_text("ascii").strip()
        except FileNotFoundError:
            return None

    async def set_mark(self, mark: str) -> None:
        """Write the mark."""
        (self.root / MARK).write_text(mark + "\n", "ascii")


def _move(source: Path, target: Path) -> None:
    """Move a file so that it appears under its new name only when it is whole, also from another file system."""
    if source == target:
        return
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        part = target.with_name(f".{uuid.uuid4().hex}.part")
        try:
            shutil.copyfile(source, part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        source.unlink()


def sweep_old(folder: Path, older_than_s: float) -> None:
    """Remove the files in a folder that were not used for so long."""
    before = time.time() - older_than_s
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # another server was faster
            if path.stat().st_mtime < before:
                path.unlink()
