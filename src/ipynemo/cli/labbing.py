"""`ipynemo lab`: JupyterLab on a copy of the notebooks, so that what a user changes is theirs to keep."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

from ipynemo.errors import BackendStartError, NemoError

__all__ = ["copy_notebooks", "open_lab", "shipped_notebooks"]

DEFAULT_FOLDER: Final = Path("ipynemo-notebooks")
VOILA: Final = "voila.json"  # lets Voila, started in that folder, serve the clips beside the notebooks
INSTALL: Final = 'Install it: pip install "ipynemo[notebooks]"'


def shipped_notebooks() -> list[Path]:
    """Return the notebooks of this installation, or of the source tree that it runs from."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "notebooks", package.parents[1] / "notebooks"):
        if found := sorted(folder.glob("*.ipynb")):
            return found
    raise NemoError("The notebooks are missing from this installation.", hint="Install ipynemo again.")


def copy_notebooks(folder: Path) -> tuple[list[str], list[str]]:
    """Copy the notebooks into a folder; return the names of the new ones, and of those that were there and are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    copied, kept = [], []
    shipped = shipped_notebooks()
    if not (folder / VOILA).exists():
        shutil.copyfile(shipped[0].with_name(VOILA), folder / VOILA)
    for notebook in shipped:
        target = folder / notebook.name
        if target.exists():
            kept.append(notebook.name)
        else:
            shutil.copyfile(notebook, target)  # the contents alone: an installed file may be read-only
            copied.append(notebook.name)
    return copied, kept


def open_lab(folder: Path | None, arguments: Sequence[str]) -> NoReturn:
    """Copy the notebooks and become JupyterLab.

    Raises
    ------
    BackendStartError
        JupyterLab, or what the notebooks need, is not installed.
    """
    missing = [name for name in ("jupyterlab", "ipykernel", "skimage") if importlib.util.find_spec(name) is None]
    if missing:
        raise BackendStartError(f"The notebooks need more packages: {', '.join(missing)}.", hint=INSTALL)
    folder = (folder or DEFAULT_FOLDER).expanduser()
    copied, kept = copy_notebooks(folder)
    for name in copied:
        sys.stderr.write(f"{folder / name}\n")
    for name in kept:
        sys.stderr.write(f"{folder / name}  (yours, left as it is)\n")
    sys.stderr.flush()
    os.execv(  # noqa: S606 - our own interpreter; the process becomes JupyterLab, so Ctrl-C and signals are its own
        sys.executable, [sys.executable, "-m", "jupyterlab", *arguments, str(folder)]
    )
