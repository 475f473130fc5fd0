"""Finished parts of films, kept in a folder under their keys, so that what was not changed is not encoded again.

Several processes may share a folder: a file that is there is whole, and the oldest go when there are too many.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from ipynemo.backend.render.parts import part_of

if TYPE_CHECKING:
    from pathlib import Path

    from ipynemo.backend.render.plan import Chunk, SoundTrack

__all__ = ["DEFAULT_SHELF_BYTES", "Shelf"]

DEFAULT_SHELF_BYTES = 2 << 30  # about three hours of film
IN_USE_S = 900  # somebody may be about to join what was touched so lately
FORGOTTEN_S = 86_400  # a file that was not finished in a day never will be


class Shelf:
    """A folder of parts.

    Parameters
    ----------
    folder : Path
        Made if it is not there, in a folder that is.
    most_bytes : int
        How much may lie there, but for what was used in the last quarter of an hour.
    """

    def __init__(self, folder: Path, most_bytes: int = DEFAULT_SHELF_BYTES) -> None:
        folder.mkdir(exist_ok=True, mode=0o700)
        self.folder = folder
        self._most = most_bytes

    def find(self, part: Chunk | SoundTrack) -> Path | None:
        """Return where a part lies, and note that it is used; None if it does not."""
        path = part_of(self.folder, part)
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        return path

    def drop(self, part: Chunk | SoundTrack) -> None:
        """Take a part away that is of no use."""
        part_of(self.folder, part).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Take away what was not used for longest, until the rest is small enough."""
        now = time.time()
        found = []
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):
                stat = path.stat()
                if path.suffix == ".mp4":
                    found.append((stat.st_mtime, stat.st_size, path))
                elif path.suffix == ".tmp" and now - stat.st_mtime > FORGOTTEN_S:
                    path.unlink()
        total = sum(size for _, size, _ in found)
        for used, size, path in sorted(found):
            if total <= self._most or now - used < IN_USE_S:
                return
            path.unlink(missing_ok=True)
            total -= size
