"""A folder that lets go of what was not used for longest, when there is too much in it."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["tidy"]


def tidy(
    folder: Path,
    most_bytes: int,
    *,
    is_whole: Callable[[Path], bool],
    is_part: Callable[[Path], bool],
    in_use_s: float,
    forgotten_s: float,
) -> None:
    """Take away files until those that are left are small enough, the one that was used last going last.

    Several processes may do so at once. When a file was used is told by its time of modification.

    Parameters
    ----------
    folder : Path
    most_bytes : int
        How much may lie there, but for what was used in the last `in_use_s` seconds.
    is_whole, is_part : callable
        Which files count, and which are unfinished; all others are left alone.
    in_use_s : float
        Whoever used a file so lately may still need it.
    forgotten_s : float
        After this time nobody will finish an unfinished file, and it goes, too.
    """
    now = time.time()
    found = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            status = path.stat()
            if is_whole(path):
                found.append((status.st_mtime, status.st_size, path))
            elif is_part(path) and now - status.st_mtime > forgotten_s:
                path.unlink()
    total = sum(size for _, size, _ in found)
    for used, size, path in sorted(found):
        if total <= most_bytes or now - used < in_use_s:
            return
        path.unlink(missing_ok=True)
        total -= size
