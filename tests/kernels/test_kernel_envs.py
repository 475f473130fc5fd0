"""The environments of the kernel tests: half-made ones are made again, and runs at the same time share one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import kernel_envs
import pytest
from kernel_envs import MARK, kernel_python, requirements

pytestmark = pytest.mark.kernels


def test_the_core_dependencies_and_one_kernel_are_installed() -> None:
    wanted = requirements("7.3")
    assert wanted[-1] == "ipykernel~=7.3.0"
    assert {"httpx", "nest-asyncio2", "platformdirs"} <= {name.split(">")[0] for name in wanted}
    assert not [name for name in wanted if name.startswith(("fastapi", "av", "uvicorn"))]


def test_a_half_made_environment_is_made_again_and_once_by_two_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_envs, "requirements", lambda _version: ["pip"])  # which is there already
    python = kernel_python("7.3", tmp_path)
    folder = python.parents[1]
    (folder / MARK).unlink()  # the making was cut off here
    (folder / "left over").touch()
    with ThreadPoolExecutor() as pool:
        made = list(pool.map(lambda _: (kernel_python("7.3", tmp_path), (folder / MARK).stat().st_mtime_ns), range(2)))
    assert made[0] == made[1]
    assert made[0][0] == python
    assert not (folder / "left over").exists()
