"""What a storage can do. A key is a relative path such as `clips/ses_1/abc-1.mp4`; what lies under it never changes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

__all__ = ["Storage", "StoredFile"]


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
