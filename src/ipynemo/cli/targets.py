"""Where the clips go: decided for all pictures before the first byte is sent, so that no two clips meet in one name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ipynemo.client.exports import free_path
from ipynemo.errors import InvalidRequestError

__all__ = ["stem_of", "targets"]


def stem_of(source: str) -> str:
    """Return the name of a picture without its suffix, also of an address.

    Examples
    --------
    >>> stem_of("class/robot.png"), stem_of("https://example.org/a/cat%20one.jpg?size=2")
    ('robot', 'cat one')
    """
    if source.lower().startswith(("http://", "https://")):
        source = unquote(urlsplit(source).path)
    return Path(source).stem or "picture"


def _beside(taken: set[Path], source: str, folder: Path) -> Path:
    """Return a name in the folder that neither a file nor an earlier picture of this run has."""
    stem = stem_of(source)
    path = free_path(stem, folder)
    number = 2
    while path in taken:
        path = free_path(f"{stem}-{number}", folder)
        number += 1
    return path


def targets(sources: Sequence[str], out: Path | None) -> list[Path]:
    """Return the clip's path for each picture.

    Parameters
    ----------
    sources : list of str
        The pictures, as they were given.
    out : Path, optional
        A file, for one picture: it is replaced where it exists. A folder: each clip gets the name of its picture there,
        and no file is replaced; for several pictures it is made where it does not exist. Without it: as a folder, here.

    Raises
    ------
    InvalidRequestError
        A file is named for several pictures, or the place cannot be used.
    """
    several = len(sources) > 1
    if out is not None and not out.is_dir() and not several:
        return [_one_file(sources[0], out)]
    if out is not None and several and not out.is_dir():
        if out.suffix or out.exists():
            raise InvalidRequestError(f"{out} cannot hold {len(sources)} clips.", hint="Name a folder with -o.")
        out.mkdir(parents=True)
    folder = out if out is not None else Path()
    if not os.access(folder, os.W_OK):
        raise InvalidRequestError(f"The folder {folder.absolute()} cannot be written.", hint="Name another with -o.")
    taken: set[Path] = set()
    paths = []
    for source in sources:
        path = _beside(taken, source, folder)
        taken.add(path)
        paths.append(path)
    return paths


def _one_file(source: str, out: Path) -> Path:
    path = out if out.suffix else out.with_suffix(".mp4")
    if path.suffix.lower() != ".mp4":
        raise InvalidRequestError(f"{path.name} is not the name of an MP4.", hint="Clips end in .mp4.")
    if not path.parent.is_dir():
        raise InvalidRequestError(f"There is no folder {path.parent}.", hint="Make it first, or name another with -o.")
    if path.exists() and Path(source).exists() and path.samefile(source):
        raise InvalidRequestError(f"{path} is the picture itself.", hint="Name another file with -o.")
    return path
