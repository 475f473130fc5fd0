"""Copies of remote files on this computer: each fetched once, the least recently used ones thrown away first.

Whoever uses a copy gets a hard link of their own. So a copy can be thrown away at any time, by any server that shares
the folder, without taking it from anybody; and nothing has to be counted.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import threading
import time
import uuid
import weakref
from collections.abc import Awaitable, Callable
from pathlib import Path

__all__ = ["Cache"]

Fetch = Callable[[Path], Awaitable[None]]


class Cache:
    """A folder with copies.

    Parameters
    ----------
    folder : Path
        The folder; its `use` holds what is being used.
    max_bytes : int
        How much room the copies may take, besides what is being used.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._copies = folder / "copies"
        self._use = folder / "use"
        self._max_bytes = max_bytes
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._evicting = threading.Lock()
        for each in (folder, self._copies, self._use):
            each.mkdir(parents=True, exist_ok=True, mode=0o700)

    def desk(self) -> Path:
        """Return a new folder for what somebody is going to use; they remove it with `clear`."""
        folder = self._use / uuid.uuid4().hex
        folder.mkdir(mode=0o700)
        return folder

    def clear(self, desk: Path) -> None:
        """Remove such a folder."""
        shutil.rmtree(desk, ignore_errors=True)

    async def use(self, key: str, desk: Path, fetch: Fetch) -> Path:
        """Lay a file on a desk, fetched unless there is a copy already.

        Parameters
        ----------
        fetch : coroutine function
            Writes the file to a path; whatever it raises is raised here.
        """
        copy = self._copy(key)
        place = desk / copy.name
        async with self._locks.setdefault(key, asyncio.Lock()):
            if await asyncio.to_thread(_link, copy, place):
                return place
            part = desk / f"{copy.name}.part"
            await fetch(part)
            await asyncio.to_thread(self._keep, part, copy, place)
        return place

    def take(self, path: Path, key: str) -> None:
        """Keep a file that is here anyway as a copy; it is gone from where it was."""
        if _link(path, self._copy(key)):
            self._evict()
        path.unlink(missing_ok=True)

    def forget(self, key: str) -> None:
        """Throw a copy away."""
        self._copy(key).unlink(missing_ok=True)

    def sweep(self, older_than_s: float) -> None:
        """Remove the desks of those who were killed."""
        before = time.time() - older_than_s
        for desk in self._use.iterdir():
            try:
                if desk.stat().st_mtime < before:
                    self.clear(desk)
            except FileNotFoundError:  # its user was faster
                continue

    def _copy(self, key: str) -> Path:
        return self._copies / (hashlib.sha256(key.encode()).hexdigest()[:40] + Path(key).suffix)

    def _keep(self, part: Path, copy: Path, place: Path) -> None:
        part.rename(place)
        _link(place, copy)
        self._evict()

    def _evict(self) -> None:
        with self._evicting:
            copies = []
            for entry in os.scandir(self._copies):
                try:
                    status = entry.stat()
                except FileNotFoundError:  # another server was faster
                    continue
                copies.append((status.st_mtime, status.st_size, entry.path))
            excess = sum(size for _, size, _ in copies) - self._max_bytes
            for _, size, path in sorted(copies):
                if excess <= 0:
                    return
                Path(path).unlink(missing_ok=True)
                excess -= size


def _link(source: Path, place: Path) -> bool:
    """Link a file to another place, and note that it was used; False where it is not there (any more)."""
    try:
        place.hardlink_to(source)
        os.utime(place)
    except FileExistsError:
        return True
    except FileNotFoundError:
        return False
    except OSError:  # a file system without hard links
        try:
            shutil.copyfile(source, place)
        except FileNotFoundError:
            return False
    return True
