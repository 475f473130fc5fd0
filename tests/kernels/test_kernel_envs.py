"""The environments of the kernel tests: half-made ones are made again, and runs at the same time share one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import kernel_envs
import pandas as pd
import pytest
from kernel_envs import MARK, kernel_python, requirements

pytestmark = pytest.mark.kernels


def test_the_kernel_is_its_own_and_all_else_that_of_the_tests(tmp_path: Path) -> None:
    python = kernel_python("6.31", tmp_path)
    code = "import ipykernel, pandas; print(ipykernel.__version__, ipykernel.__file__, pandas.__file__)"
    said = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert said[0].startswith("6.31.")
    assert said[1].startswith(str(python.parents[1]))
    assert said[2] == pd.__file__


def test_a_half_made_environment_is_made_again_and_once_by_two_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[list[str]] = []

    def make(folder: Path, wanted: list[str]) -> None:  # in place of what takes seconds
        made.append(wanted)
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        (folder / "bin" / "python").chmod(0o755)

    monkeypatch.setattr(kernel_envs, "make", make)
    python = kernel_python("7.3", tmp_path)
    assert kernel_python("7.3", tmp_path) == python
    assert made == [requirements("7.3")]
    (python.parents[1] / MARK).unlink()  # as if the making had been cut off here
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(lambda _: kernel_python("7.3", tmp_path), range(4))) == [python] * 4
    assert len(made) == 2
    python.unlink()  # as if the Python that it was made from had gone
    assert kernel_python("7.3", tmp_path) == python
    assert kernel_python("7.4", tmp_path) != python
    assert len(made) == 4
    old = time.time() - 15 * 24 * 3600
    os.utime(python.parents[1] / MARK, (old, old))
    kernel_python("8.0", tmp_path)
    assert not python.exists()
    assert kernel_python("7.4", tmp_path).exists()
    assert len(made) == 5
