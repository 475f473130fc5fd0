"""Build the renderer's sampler as machine code while a wheel is made, or an editable installation.

Where there is no C compiler, or another kind of processor, the wheel goes without, and OpenCV draws. `IPYNEMO_NATIVE=0`
leaves it out, and makes the wheel for all computers; `IPYNEMO_NATIVE=1` makes it an error that it cannot be built.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

INSIDE = "ipynemo/backend/render"
LIBRARY = "resample.library"
FLAGS = ("-O2", "-std=c99", "-fPIC", "-shared")


def compiler() -> list[str] | None:
    """Return the command of the C compiler: `CC`, or what is there."""
    if asked := shlex.split(os.environ.get("CC", "")):
        return asked
    return next(([path] for name in ("cc", "gcc", "clang") if (path := shutil.which(name))), None)


def compiled(source: Path, out: Path) -> str:
    """Compile the source; return why that was not possible, or nothing."""
    if platform.machine().lower() not in ("x86_64", "amd64") or sys.platform == "win32":
        return "it is written for x86-64, on Linux and macOS"
    command = compiler()
    if command is None:
        return "there is no C compiler"
    version = hashlib.blake2b(source.read_bytes(), digest_size=8).hexdigest()  # as native.py asks for it
    told = [*command, *FLAGS, f'-DIPYNEMO_SOURCE="{version}"', "-o", str(out), str(source)]
    try:
        done = subprocess.run(told, capture_output=True, text=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stderr.strip()[-500:] or f"{command[0]} ended with {done.returncode}" if done.returncode else ""


class NativeHook(BuildHookInterface):
    """Adds the library to a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile before the files are gathered."""
        wanted = os.environ.get("IPYNEMO_NATIVE", "")
        if self.target_name != "wheel" or wanted == "0":
            return
        folder = Path(self.root, "src", INSIDE)
        self._made = tempfile.TemporaryDirectory(prefix="ipynemo-build-")
        library = Path(self._made.name, LIBRARY)
        why = compiled(folder / "resample.c", library)
        if not why and version == "editable":
            try:
                shutil.copy(library, folder / LIBRARY)
            except OSError as error:
                why = str(error)
        if why:
            if wanted == "1":
                raise RuntimeError(f"The sampler cannot be built: {why}.")
            self.app.display_warning(f"Without the sampler in machine code (OpenCV draws instead): {why}.")
            return
        if version != "editable":
            build_data["force_include"][str(library)] = f"{INSIDE}/{LIBRARY}"
        build_data["pure_python"] = False
        build_data["tag"] = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Take away what was made on the way."""
        if hasattr(self, "_made"):
            self._made.cleanup()
