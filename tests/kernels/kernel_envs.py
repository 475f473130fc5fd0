"""A virtual environment for each kernel version: made once, kept under `.cache/kernels`, shared by all runs.

Only the kernel is installed in it; everything else is that of the environment which runs the tests, behind it on the
path, so that another kernel costs seconds and not half a minute. An environment is named after the kernel's version and
what it is made from. A lock file lets a second run wait for the first; a mark, written last, tells a whole environment
from one whose making was cut off.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import site
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "kernels"
MARK = "whole"
MAKING_S = 1800.0
KEPT_S = 14 * 24 * 3600.0


def requirements(version: str) -> list[str]:
    """Return what is installed."""
    return [f"ipykernel~={version}.0"]


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
        return subprocess.run([python, "-c", "import ipykernel"], check=False).returncode == 0
    except OSError:  # the Python that it was made from is gone
        return False


def make(folder: Path, wanted: list[str]) -> None:
    """Make an environment and install what is wanted."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", *wanted], check=True, timeout=MAKING_S, stdout=sys.stderr)
    (own,) = folder.glob("lib/python*/site-packages")
    (own / "shared.pth").write_text("\n".join(site.getsitepackages()) + "\n", "utf-8")


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
