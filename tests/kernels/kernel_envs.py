"""A virtual environment for each kernel version: made once, kept under `.cache/kernels`, shared by all runs.

An environment is named after the kernel's version and a hash of all that is in it, so that another list makes another
one. A lock file lets a second run wait for the first; a mark, written last, tells a whole environment from one whose
making was cut off.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "kernels"
MARK = "whole"
MAKING_S = 1800.0
KEPT_S = 14 * 24 * 3600.0


def requirements(version: str) -> list[str]:
    """Return what is installed: ipynemo's core dependencies and the kernel; ipynemo itself comes from its source."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [*sorted(project["dependencies"]), f"ipykernel~={version}.0"]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # let go by the system also when this process is killed
        yield


def _works(python: Path) -> bool:
    if not (python.parents[1] / MARK).exists():
        return False
    try:
        return subprocess.run([python, "-c", "import pip"], check=False).returncode == 0
    except OSError:  # the Python that it was made from is gone
        return False


def make(folder: Path, wanted: list[str]) -> None:
    """Make an environment and install what is wanted."""
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in ([sys.executable, "-m", "venv", str(folder)], [*pip, *wanted]):
        subprocess.run(command, check=True, timeout=MAKING_S, stdout=sys.stderr)


def _forget_old(cache: Path) -> None:
    """Remove the environments that no run has used for a while; each has hundreds of megabytes."""
    for mark in cache.glob(f"*/{MARK}"):
        if time.time() - mark.stat().st_mtime > KEPT_S:
            shutil.rmtree(mark.parent, ignore_errors=True)


def kernel_python(version: str, cache: Path = CACHE) -> Path:
    """Return the Python of the environment with this version of ipykernel, made at the first call."""
    wanted = requirements(version)
    made_from = "\n".join([sys.version, sys.prefix, *wanted])
    folder = cache / f"{version}-{hashlib.sha256(made_from.encode()).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    with _locked(cache / f"{folder.name}.lock"):
        if _works(python):
            (folder / MARK).touch()  # it is used today
        else:
            _forget_old(cache)
            shutil.rmtree(folder, ignore_errors=True)
            make(folder, wanted)
            (folder / MARK).touch()
    return python
