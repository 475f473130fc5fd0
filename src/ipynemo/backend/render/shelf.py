"""Finished parts of films, kept in a folder under their keys, so that what was not changed is not encoded again.

Several processes may share a folder: a file that is there is whole, and the oldest go when there are too many.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ipynemo.backend.render.parts import part_of
from ipynemo.backend.tidying import tidy

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
        tidy(
            self.folder,
            self._most,
            is_whole=lambda path: path.suffix == ".mp4",
            is_part=lambda path: path.suffix == ".tmp",
            in_use_s=IN_USE_S,
            forgotten_s=FORGOTTEN_S,
        )
