"""Memory that is let go of goes back to the computer, so that a long film takes no more of it than a short one."""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["give_back", "give_back_early"]

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h
LARGE_BYTES = 4 << 20  # smaller blocks come and go with every note, text and frame
SPARE_BYTES = 8 << 20  # to have such blocks at hand: memory that comes anew has to be cleared first


def give_back_early() -> None:
    """Have the allocator return every large block at once, and share its heap between threads.

    By itself, glibc keeps what the first few pictures took, and a heap for every thread: another 100 MiB for a film of
    1920 × 1080. To be called once, when a process of the renderer starts; elsewhere than on glibc it does nothing.
    """
    if mallopt := _of_glibc("mallopt"):
        mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
        mallopt(_M_TRIM_THRESHOLD, SPARE_BYTES)
        mallopt(_M_ARENA_MAX, 2)


def give_back() -> None:
    """Return what lies free between blocks that are used; for moments when much has just been let go of.

    Between an encoder and the next one that is 35 MiB for a film of 1920 × 1080, and takes a millisecond or two.
    """
    if malloc_trim := _of_glibc("malloc_trim"):
        malloc_trim(0)


def _of_glibc(name: str) -> Callable[..., int] | None:
    found: Callable[..., int] | None = getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
    return found
