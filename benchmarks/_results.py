"""Where the benchmarks write what they measured: a table each in RESULTS.md, replaced by the next run."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["Row", "options", "write"]

RESULTS = Path(__file__).parent / "RESULTS.md"
HEAD = """# Benchmarks

Written by the scripts themselves (`make bench`). Every ratio is of figures taken side by side in one run; the
figures alone say more about the machine than about the software.
"""


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Parameters
    ----------
    what : str
    ours, peer : str
        With their units.
    ratio : float or None
        As the table's note says it.
    aim : str
        What the ratio should be.
    """

    what: str
    ours: str
    peer: str
    ratio: float | None = None
    aim: str = ""


def options(doc: str | None) -> argparse.ArgumentParser:
    """Return a parser of a script's options; the first line of its docstring says what it measures."""
    return argparse.ArgumentParser(description=(doc or "").split("\n", 1)[0])


def machine() -> str:
    """Return the machine in words: nothing that names it."""
    model = platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists() and (found := re.search(r"model name\s*:\s*(.+)", info.read_text())):
        model = found[1].strip()
    return f"{os.cpu_count()} cores ({model}), {platform.system()}, Python {platform.python_version()}"


def commit() -> str:
    """Return which commit was measured, and whether anything beside these results was changed since; "" without git."""
    root = RESULTS.parent.parent
    asked = [["git", "rev-parse", "--short", "HEAD"], ["git", "status", "--porcelain"]]
    try:
        head, changes = (
            subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout for command in asked
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    changed = [line for line in changes.splitlines() if not line.endswith(f"benchmarks/{RESULTS.name}")]
    return f"commit {head.strip()}{' with changes' if changed else ''}"


def write(title: str, note: str, rows: Sequence[Row], packages: Sequence[str] = ()) -> None:
    """Print a table, and put it in its place in RESULTS.md.

    Parameters
    ----------
    title : str
        What stands for this table; a table of the same title is replaced, the others stay. They are in the order of
        their titles.
    note : str
        What was measured, and what the ratio is.
    rows : list of Row
    packages : list of str
        Whose versions are told.
    """
    versions = [f"{name} {importlib.metadata.version(name)}" for name in packages]
    said = ", ".join(filter(None, [datetime.now(UTC).date().isoformat(), commit(), machine(), *versions])) + "."
    lines = [
        f"## {title}",
        "",
        note,
        "",
        said,
        "",
        "| | ours | peer | ratio | aim |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        lines.append(f"| {row.what} | {row.ours} | {row.peer} | {ratio} | {row.aim} |")
    section = "\n".join(lines) + "\n"
    print(section)
    text = RESULTS.read_text("utf-8") if RESULTS.exists() else HEAD
    parts = [part for part in re.split(r"(?m)^(?=## )", text)[1:] if not part.startswith(f"## {title}\n")]
    parts = sorted([*(part.rstrip("\n") + "\n" for part in parts), section])
    RESULTS.write_text(HEAD + "\n" + "\n".join(parts), "utf-8")
