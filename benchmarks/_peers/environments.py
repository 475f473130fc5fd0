"""Throwaway environments for peers that cannot live in ours, made on first use and kept in a folder that git ignores.

Whoever cannot be had here is missing, with a reason, and the benchmark goes on without it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
MOVIEPY = "moviepy==2.2.1"
PATIENCE_S = 600


class MissingError(RuntimeError):
    """A peer that cannot be had here; the message says why."""


@dataclass(frozen=True)
class Peer:
    """A peer that is here: how to start it, and which version it is."""

    version: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path = HERE


def _said(command: list[str | Path], **options: object) -> str:
    """Run a command and return what it wrote."""
    try:
        done = subprocess.run(
            [*map(str, command)], capture_output=True, text=True, timeout=PATIENCE_S, check=False, **options
        )  # type: ignore[call-overload]
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingError(f"{Path(str(command[0])).name}: {error}") from error
    if done.returncode:
        told = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()
        raise MissingError(f"{' '.join(map(str, command[:4]))} ended with {done.returncode}: {told[-1][:200]}")
    return str(done.stdout)


def ffmpeg() -> Peer:
    """Return the `ffmpeg` of the system."""
    if not shutil.which("ffmpeg"):
        raise MissingError("there is no command `ffmpeg` (Debian: apt-get install ffmpeg)")
    if "zoompan" not in _said(["ffmpeg", "-hide_banner", "-filters"]):
        raise MissingError("the command `ffmpeg` has no filter zoompan")
    return Peer("FFmpeg " + _said(["ffmpeg", "-version"]).split()[2], ["ffmpeg"])


def moviepy(folder: Path) -> Peer:
    """Return MoviePy in an environment of its own: it wants an older Pillow than ours."""
    python = folder / "moviepy" / "bin" / "python"
    asked: list[str | Path] = [python, "-c", "import importlib.metadata as m, moviepy; print(m.version('moviepy'))"]
    try:
        version = _said(asked).strip()
    except MissingError:
        print("Making an environment for MoviePy.", flush=True)
        shutil.rmtree(folder / "moviepy", ignore_errors=True)
        _said([sys.executable, "-m", "venv", folder / "moviepy"])
        _said([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", MOVIEPY])
        version = _said(asked).strip()
    return Peer(f"MoviePy {version}", [str(python), str(HERE / "moviepy_film.py")])


def browser(mode: str) -> str:
    """Return a Chromium for a mode of Remotion's: `headless-shell`, the faster one, or `chrome-for-testing`."""
    if mode == "headless-shell":
        names, package = ["chromium-headless-shell", "chrome-headless-shell"], "chromium-headless-shell"
    else:
        names, package = [os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"], "chromium"
    for name in names:
        if name and (found := shutil.which(name)):
            return found
    raise MissingError(f"there is no {package} (Debian: apt-get install {package})")


def remotion(folder: Path, mode: str) -> Peer:
    """Return Remotion, fetched by npm; our composition is copied beside it, where it finds its packages."""
    for name in ("node", "npm"):
        if not shutil.which(name):
            raise MissingError(f"there is no command `{name}` (Debian: apt-get install nodejs npm)")
    path = browser(mode)
    place = folder / "remotion"
    place.mkdir(parents=True, exist_ok=True)
    wanted = HERE / "remotion" / "package.json"
    stamp = place / "node_modules" / ".installed"
    if not (stamp.exists() and stamp.read_text("utf-8") == wanted.read_text("utf-8")):
        print("Fetching Remotion by npm.", flush=True)
        shutil.copy(wanted, place)
        options = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"]
        _said(["npm", "install", *options], cwd=place)
        stamp.write_text(wanted.read_text("utf-8"), "utf-8")
    for name in ("film.mjs", "film.jsx"):
        shutil.copy(HERE / "remotion" / name, place)
    version = json.loads((place / "node_modules" / "remotion" / "package.json").read_text("utf-8"))["version"]
    shown = _said([path, "--version"]).strip().split()
    number = next((word for word in shown if word[:1].isdigit()), "?")
    told = f"Remotion {version} with Chromium {number} ({mode})"
    environment = {**os.environ, "BROWSER": path, "BROWSER_MODE": mode}
    return Peer(told, ["node", str(place / "film.mjs")], environment, place)
