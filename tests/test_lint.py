"""The source keeps the style that `make lint` checks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("command", [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]], ids=" ".join)
def test_the_source_is_clean(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, cwd=ROOT, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_is_longer_than_350_lines() -> None:
    files = [*ROOT.glob("src/**/*.py"), *ROOT.glob("tools/*"), *ROOT.glob("docs/*.py")]
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in files if path.is_file()
    }
    assert {name: length for name, length in lengths.items() if length > 350} == {}


def test_no_two_test_files_have_the_same_name() -> None:
    # Without packages pytest knows a file by its name alone, and refuses the second one.
    names = [path.name for path in ROOT.glob("tests/**/*.py") if path.name != "conftest.py"]
    assert sorted({name for name in names if names.count(name) > 1}) == []
