"""The files that a Dask worker was sent, under the hash of their content, until there are too many of them."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import uuid
from pathlib import Path

from ipynemo.backend.tidying import tidy

__all__ = ["Cupboard"]

IN_USE_S = 60.0  # whoever asked for a file is about to use it


class Cupboard:
    """A folder with files.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    most_bytes : int
        How much may lie there, but for what was used in the last minute.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        self._most = most_bytes
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def take(self, name: str, place: Path) -> bool:
        """Lay a file in another place, where it stays when the cupboard lets go of it; False if it is not here."""
        try:
            with self._lock:
                os.utime(self._folder / name)
                try:
                    place.hardlink_to(self._folder / name)
                except OSError:  # a file system without hard links
                    shutil.copyfile(self._folder / name, place)
        except FileNotFoundError:
            return False
        return True

    def beginning(self) -> Path:
        """Return a place to write a new file to, for `keep`."""
        return self._folder / f".{uuid.uuid4().hex}.part"

    def keep(self, part: Path, name: str) -> bool:
        """Take a file that is whole; False, and it is gone, if it is not what its name says."""
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != name.partition(".")[0]:
            part.unlink()
            return False
        with self._lock:
            part.replace(self._folder / name)
            self._tidy()
        return True

    def add(self, sender: str, name: str, begin: int, block: bytes, size: int) -> bool:
        """Take a block of a file; True when the file is whole.

        Parameters
        ----------
        sender : str
            Who sends it: two may send the same file at the same time.
        begin : int
            Where the block belongs; blocks come in order.
        size : int
            How long the whole file is.
        """
        part = self._folder / f".{sender}.{name}.part"
        with part.open("r+b" if begin else "wb") as file:
            file.seek(begin)
            file.write(block)
        return begin + len(block) == size and self.keep(part, name)

    def _tidy(self) -> None:
        tidy(
            self._folder,
            self._most,
            is_whole=lambda path: not path.name.startswith("."),
            is_part=lambda path: path.name.startswith("."),
            in_use_s=IN_USE_S,
            forgotten_s=60 * IN_USE_S,
        )
