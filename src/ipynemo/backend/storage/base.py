"""What a storage can do. A key is a relative path such as `clips/ses_1/abc-1.mp4`; what lies under it never changes.

Finished parts of films lie there too, by the hash of all that they depend on, so that nobody makes them again.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from ipynemo.errors import InvalidRequestError

__all__ = ["FOLDERS", "PARTS", "Storage", "StoredFile", "part_key"]

PARTS = "parts"
FOLDERS = ("files", "clips")  # in each a folder for every session


def part_key(name: str) -> str:
    """Return the key of a finished part of a film.

    Raises
    ------
    InvalidRequestError
        It is not the name of one; it comes from a process that opened strangers' files.
    """
    if not re.fullmatch(r"[0-9a-f]{40}\.mp4", name):
        raise InvalidRequestError("This is no part of a film.")
    return f"{PARTS}/{name}"


class StoredFile(ABC):
    """A file that is opened for reading.

    Parameters
    ----------
    size_bytes : int
    etag : str
        Quoted, and the same on every server.
    modified_at : float
        In seconds since 1970.
    """

    def __init__(self, size_bytes: int, etag: str, modified_at: float) -> None:
        self.size_bytes = size_bytes
        self.etag = etag
        self.modified_at = modified_at

    @abstractmethod
    def blocks(self, start: int, end: int) -> AsyncIterator[bytes]:
        """Give the bytes from one place up to another, a block at a time."""

    @abstractmethod
    def close(self) -> None:
        """Let it go, also while a block is being read."""


class Storage(ABC):
    """Files by key."""

    @abstractmethod
    def making(self, key: str) -> Path:
        """Return where on this computer to write a file that `put` will take; its folder exists."""

    @abstractmethod
    async def put(self, source: Path, key: str) -> None:
        """Take a whole file; it is gone from where it was."""

    @abstractmethod
    async def open(self, key: str) -> StoredFile:
        """Open a file for reading.

        Raises
        ------
        FileNotFoundError
            There is none.
        UnavailableError
            The storage does not answer; so do all other methods.
        """

    @abstractmethod
    async def size(self, key: str) -> int | None:
        """Return how many bytes a file has; None where there is none."""

    async def exists(self, key: str) -> bool:
        """Return whether there is such a file."""
        return await self.size(key) is not None

    @abstractmethod
    async def delete(self, key: str) -> None:
        """Remove a file, if it is there."""

    @abstractmethod
    async def delete_session(self, session_id: str) -> None:
        """Remove all files of a session."""

    @abstractmethod
    def checkout(self, keys: Mapping[str, str]) -> AbstractAsyncContextManager[dict[str, Path]]:
        """Give paths on this computer for some keys, valid while the block runs, for reading only.

        Parameters
        ----------
        keys : mapping of str to str
            Any names, and a key for each; the paths come under the same names. What does not exist (any more) has a
            path at which there is nothing.
        """

    is_remote = False  # whether parts have to be fetched and kept

    @abstractmethod
    def where(self, key: str) -> dict[str, str]:
        """Return where another computer may find a file by itself: its `path`, or its `object`; no secret is in it."""

    @property
    @abstractmethod
    def shelf(self) -> Path:
        """The folder on this computer for finished parts of films; it exists."""

    @abstractmethod
    async def match_parts(self, names: Sequence[str]) -> None:
        """Have those parts in the `shelf` that are in the storage, and the other way round."""

    @abstractmethod
    async def keep_part(self, name: str) -> None:
        """Take a copy of a part that lies in the `shelf`."""

    @abstractmethod
    async def sweep_parts(self, older_than_s: float) -> None:
        """Remove the parts that were not used for so long."""

    @abstractmethod
    async def used_bytes(self) -> int | None:
        """Return how much room all files take; None where only the database knows."""

    @abstractmethod
    async def sweep(self, known: set[str], older_than_s: float) -> None:
        """Remove the files of sessions that are not known, once they are so old."""

    @abstractmethod
    async def mark(self) -> str | None:
        """Return the mark that a database left here; None where none did."""

    @abstractmethod
    async def set_mark(self, mark: str) -> None:
        """Leave a mark."""

    async def aclose(self) -> None:
        """Let connections go."""
        return
