"""The scripts behind `make`: what they say on a machine where something is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NO_ENSUREPIP = """case "$2" in
    *"version_info <"*) exit 0 ;;
    *ensurepip*) exit 1 ;;
    *) echo 3.11 ;;
esac"""


@pytest.fixture
def bin_(tmp_path: Path) -> Path:
    """Return a folder for commands; it has `id` of a user who is not root."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command(folder, "id", "echo 1000")
    return folder


def command(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def sh(script: str, *arguments: str | Path, path: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(ROOT / "tools" / script), *map(str, arguments)],
        env={"PATH": path, **env},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_an_environment_is_made_once(tmp_path: Path) -> None:
    first = sh("venv.sh", tmp_path / "env", sys.executable, path="/usr/bin:/bin")
    assert (first.returncode, (tmp_path / "env/bin/python").exists()) == (0, True), first.stderr
    assert first.stderr.startswith("Making ")
    again = sh("venv.sh", tmp_path / "env", sys.executable, path="/usr/bin:/bin")
    assert (again.returncode, again.stderr) == (0, "")


def test_an_old_python_is_refused_with_a_way_on(tmp_path: Path, bin_: Path) -> None:
    done = sh("venv.sh", tmp_path / "env", command(bin_, "python3", "exit 1"), path=f"{bin_}:/usr/bin:/bin")
    assert done.returncode == 1
    assert done.stderr.startswith("ipynemo needs Python 3.11 or newer")
    assert "apt-get install python3 python3-venv" in done.stderr
    assert not (tmp_path / "env").exists()


def test_debian_s_python_without_venv_is_told_which_package_to_install(tmp_path: Path, bin_: Path) -> None:
    done = sh("venv.sh", tmp_path / "env", command(bin_, "python3", NO_ENSUREPIP), path=f"{bin_}:/usr/bin:/bin")
    assert done.returncode == 1
    assert "sudo apt-get install python3.11-venv" in done.stderr


def test_root_on_debian_gets_the_package_installed(tmp_path: Path, bin_: Path) -> None:
    command(bin_, "id", "echo 0")
    command(bin_, "apt-get", f'echo "$@" >> {tmp_path}/asked')
    sh("venv.sh", tmp_path / "env", command(bin_, "python3", NO_ENSUREPIP), path=f"{bin_}:/usr/bin:/bin")
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == ["update -qq", "install -y -qq --no-install-recommends python3.11-venv"]


def test_the_browser_that_is_there_is_taken(tmp_path: Path, bin_: Path) -> None:
    chromium = command(bin_, "chromium", "exit 0")
    assert sh("browser.sh", tmp_path, path=str(bin_)).stdout == f"{chromium}\n"
    mine = command(tmp_path, "my-chromium", "exit 0")
    assert sh("browser.sh", tmp_path, path=str(bin_), CHROMIUM=str(mine)).stdout == f"{mine}\n"


def test_no_browser_anywhere_is_said_loudly(tmp_path: Path, bin_: Path) -> None:
    done = sh("browser.sh", tmp_path, path=str(bin_))
    assert (done.returncode, done.stdout) == (1, "")
    assert "*** NO BROWSER" in done.stderr


def test_make_tells_what_it_can_do() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    for target in ("make demo", "make test", "make lint", "make bench", "make lessons", "make clean"):
        assert target in done.stdout


def postgres_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    command(folder, "initdb", "exit 0")
    command(folder, "pg_ctl", "exit 0")
    return folder


def test_the_newest_postgresql_of_the_system_is_taken_and_a_named_one_before_it(tmp_path: Path, bin_: Path) -> None:
    postgres_in(tmp_path / "lib/9/bin")
    newest = postgres_in(tmp_path / "lib/15/bin")
    path, root = f"{bin_}:/usr/bin:/bin", str(tmp_path / "lib")
    command(bin_, "pg_config", "exit 1")
    assert sh("postgres.sh", path=path, POSTGRES_ROOT=root).stdout == f"{newest}\n"
    mine = postgres_in(tmp_path / "mine")
    assert sh("postgres.sh", path=path, POSTGRES_ROOT=root, POSTGRES_BIN=str(mine)).stdout == f"{mine}\n"


def test_root_on_debian_gets_postgresql_installed_and_others_are_told_loudly(tmp_path: Path, bin_: Path) -> None:
    path, root = f"{bin_}:/usr/bin:/bin", str(tmp_path / "lib")
    command(bin_, "pg_config", "exit 1")
    done = sh("postgres.sh", path=path, POSTGRES_ROOT=root)
    assert (done.returncode, done.stdout) == (1, "")
    assert "*** NO POSTGRESQL" in done.stderr
    command(bin_, "id", "echo 0")
    programs = tmp_path / "lib/15/bin"
    made = "; ".join(f"echo exit > {programs}/{name} && chmod +x {programs}/{name}" for name in ("initdb", "pg_ctl"))
    command(bin_, "apt-get", f'echo "$@" >> {tmp_path}/asked; mkdir -p {programs}; {made}')
    done = sh("postgres.sh", path=path, POSTGRES_ROOT=root)
    assert (done.returncode, done.stdout) == (0, f"{programs}\n"), done.stderr
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == ["update -qq", "install -y -qq --no-install-recommends postgresql"]
