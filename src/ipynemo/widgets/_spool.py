"""A file that arrives in pieces - in any order, some twice, some broken on the way - put together on the disk.

The pieces are checked one by one (CRC-32), then all of them together, and only their place in the file counts: sending
one again changes nothing. Nothing of the file stays in memory. Names that come from outside never touch the disk as
they are: each file has a folder of its own, which goes when the file is handed over, discarded or collected.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import unicodedata
import weakref
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from ipynemo.errors import NemoError

__all__ = ["CHUNK_BYTES", "DamagedError", "Spool", "clean_name", "has_room"]

CHUNK_BYTES: Final = 1 << 20  # fits nine times into the 10 MiB that a Jupyter server takes in one message
SPARE_BYTES: Final = 64 << 20  # that an upload leaves free on the disk
LONGEST_NAME: Final = 120
LONGEST_NAME_BYTES: Final = 200  # file systems take 255

_JOINERS = "\u200c\u200d"  # they belong to words and to emoji
_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))}


class DamagedError(NemoError):
    """A piece, or the whole, is not what was sent."""


class Spool:
    """One file on its way in.

    Parameters
    ----------
    size : int
        In bytes, at least 1.
    folder : Path, optional
        Where its own folder is made; the platform's temporary folder if not given.

    Raises
    ------
    OSError
        The disk does not take it.
    """

    def __init__(self, size: int, folder: Path | None = None) -> None:
        self.size = size
        self.count = -(-size // CHUNK_BYTES)
        self.arrived = 0  # bytes
        self._sums: dict[int, int] = {}
        self._lock = threading.Lock()
        self._folder = Path(tempfile.mkdtemp(prefix="ipynemo-upload-", dir=folder))
        # Also when the kernel ends, or the notebook forgets the widget.
        self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._path = self._folder / "arriving"
        try:
            self._file = self._path.open("xb", buffering=0)
        except BaseException:
            self._remove()
            raise

    def _length(self, number: int) -> int:
        return min(CHUNK_BYTES, self.size - number * CHUNK_BYTES)

    def missing(self) -> Iterator[tuple[int, int]]:
        """Yield what has not arrived, as numbers of pieces: `(first, last)`."""
        first = None
        for number in range(self.count):
            if number in self._sums:
                if first is not None:
                    yield first, number - 1
                    first = None
            elif first is None:
                first = number
        if first is not None:
            yield first, self.count - 1

    def write(self, number: int, piece: bytes | memoryview, crc: int) -> bool:
        """Put a piece into its place; return False where it was there already or is not wanted any more.

        Parameters
        ----------
        number : int
            Of the piece, from 0; all but the last have `CHUNK_BYTES`.
        piece : bytes
        crc : int
            CRC-32 of the piece, as the sender computed it.

        Raises
        ------
        DamagedError
            There is no such piece, its length is wrong, or it was damaged on the way.
        OSError
            The disk does not take it.
        """
        if not 0 <= number < self.count:
            raise DamagedError(f"there is no piece {number}; the file has {self.count}")
        view = memoryview(piece).cast("B")
        if view.nbytes != self._length(number):
            raise DamagedError(f"piece {number} has {view.nbytes} bytes instead of {self._length(number)}")
        if zlib.crc32(view) != crc:
            raise DamagedError(f"piece {number} was damaged on the way")
        with self._lock:
            if number in self._sums or self._file.closed:
                return False
            self._file.seek(number * CHUNK_BYTES)
            left = view
            while left.nbytes:  # a raw file may take less than it is given
                left = left[self._file.write(left) or 0 :]
            self._sums[number] = crc
            self.arrived += view.nbytes
        return True

    def finish(self, total: int, name: str) -> Path:
        """Return where the whole file lies, under the user's name.

        Parameters
        ----------
        total : int
            CRC-32 over the CRC-32s of all pieces, each as four bytes, the highest first.
        name : str
            A name by `clean_name`; where the file system does not take it, only its suffix is used.

        Raises
        ------
        DamagedError
            Something is missing, or the pieces are not those of one file.
        """
        with self._lock:
            if len(self._sums) < self.count:
                raise DamagedError(f"{self.count - len(self._sums)} of {self.count} pieces are missing")
            sums = b"".join(self._sums[number].to_bytes(4) for number in range(self.count))
            if zlib.crc32(sums) != total:
                raise DamagedError("the pieces do not belong together")
            self._file.close()
            whole = self._folder / "whole"
            whole.mkdir(exist_ok=True)
            try:
                self._path = self._path.rename(whole / name)
            except OSError:
                self._path = self._path.rename(whole / f"file{PurePosixPath(name).suffix}")
            return self._path

    def discard(self) -> None:
        """Remove all of it from the disk."""
        with self._lock:
            self._file.close()
            self._remove()


def has_room(size: int, folder: Path | None = None) -> bool:
    """Return whether the temporary folder can take a file of this size and have some space left."""
    return shutil.disk_usage(folder or tempfile.gettempdir()).free > size + SPARE_BYTES


def clean_name(name: str) -> str:
    r"""Return a file's name without what a name should not do: lead elsewhere, hide its ending, break a line.

    Examples
    --------
    >>> clean_name("../../etc/robot.png"), clean_name("C:\\pictures\\robot.png")
    ('robot.png', 'robot.png')
    >>> clean_name("gnp.\u202ejpg.exe")
    'gnp.jpg.exe'
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if c in _JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    if os.name == "nt":
        kept = "".join("_" if c in '<>:"|?*' else c for c in kept)
        kept = f"_{kept}" if PurePosixPath(kept).stem.upper() in _RESERVED else kept
    kept = kept.strip().rstrip(".") or "file"
    suffix = PurePosixPath(kept).suffix
    suffix = suffix if len(suffix) <= 10 else ""
    stem = kept[: len(kept) - len(suffix)][: LONGEST_NAME - len(suffix)]
    while len((stem + suffix).encode()) > LONGEST_NAME_BYTES:
        stem = stem[:-1]
    return stem + suffix
