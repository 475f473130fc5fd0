"""What clips are called: after their draft, or as the user says; no file is replaced that nobody named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from ipynemo.client.transfer import Source, path_of
from ipynemo.errors import InvalidRequestError
from ipynemo.loop import off_loop

__all__ = ["Target", "clip_path", "free_path", "place", "target_for"]


@dataclass(frozen=True)
class Target:
    """Where a clip goes, and whether it may replace a file there; else a number is added to its name."""

    path: Path
    replace: bool


def clip_path(title: str, folder: Path) -> Path:
    """Return the path `<title>.mp4` in the folder, without what a file's name should not hold."""
    stem = re.sub(r"[^\w\- ]+", "", title, flags=re.UNICODE).strip().replace(" ", "-")[:60].strip("-") or "clip"
    return folder / f"{stem}.mp4"


def free_path(title: str, folder: Path) -> Path:
    """Return a path `<title>.mp4` in the folder that does not exist yet; a number is added where it does."""
    return next(path for path in _numbered(clip_path(title, folder)) if not path.exists())


async def target_for(path: Source | None, title: str) -> Target:
    """Return where a clip goes: where the user says, else under its title in this folder."""
    if path is None:
        return Target(clip_path(title or "clip", Path.cwd()), replace=False)
    target = path_of(path)
    if await off_loop(target.is_dir):
        raise InvalidRequestError(f"{target.name!r} is a folder.", hint="Name a file in it, ending in .mp4.")
    return Target(target if target.suffix else target.with_suffix(".mp4"), replace=True)


def _numbered(path: Path) -> Iterator[Path]:
    """Yield the path, then with a number added: `clip.mp4`, `clip-2.mp4`, `clip-3.mp4`."""
    yield path
    for number in count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


def place(part: Path, target: Target) -> Path:
    """Give a finished file its name; where it must replace nothing, the next one that is free at this very moment."""
    if target.replace:
        return part.replace(target.path)
    for path in _numbered(target.path):
        try:
            path.hardlink_to(part)
        except FileExistsError:
            continue
        except OSError:  # a file system without links
            try:
                path.open("x").close()
            except FileExistsError:
                continue
            return part.replace(path)
        part.unlink(missing_ok=True)
        return path
    raise FileExistsError
