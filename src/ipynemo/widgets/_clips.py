"""Clips as the page needs them: a relative address, and their facts in words."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ipynemo.client import Clip
from ipynemo.draft.summary import plain

__all__ = ["clip_facts", "clip_words", "relative_address", "size_text"]

NAME_LIMIT = 120


def relative_address(path: Path) -> str | None:
    """Return the address of a file relative to this folder, which is the notebook's; None where it lies elsewhere.

    An absolute one would tell about this computer, and be wrong on another.
    """
    try:
        relative = path.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except (ValueError, OSError):
        return None
    return quote(os.fsencode(relative))


def size_text(size_bytes: int) -> str:
    """Return a size in words.

    Examples
    --------
    >>> size_text(4_600_000), size_text(52_300), size_text(12)
    ('4.6 MB', '52 kB', '12 B')
    """
    if size_bytes < 1000:
        return f"{size_bytes} B"
    return f"{size_bytes / 1e3:.0f} kB" if size_bytes < 1e6 else f"{size_bytes / 1e6:.1f} MB"


def clip_words(clip: Clip) -> str:
    """Return what a clip is, in numbers that every language reads: `30.0 s · 1920×1080 · 4.6 MB`."""
    size = f"{clip.width_px}×{clip.height_px} · " if clip.width_px else ""
    return f"{clip.duration_s:.1f} s · {size}{size_text(clip.size_bytes)}"


def clip_facts(clip: Clip) -> dict[str, Any]:
    """Return a clip for the page; nothing in it tells about this computer."""
    return {
        "name": plain(clip.path.name, NAME_LIMIT),
        "href": relative_address(clip.path),
        "words": clip_words(clip),
        "duration_s": clip.duration_s,
        "width_px": clip.width_px,
        "height_px": clip.height_px,
        "size_bytes": clip.size_bytes,
    }
