"""What is shipped: the wheel and the sdist are built, and the wheel is used where there is no source tree.

Two environments are made with pip: one with the embedded backend, in which the quickstart runs, and one with the core
alone. They are made anew for each run, because an old one could hide a dependency that is not declared.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import threading
import venv
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import av
import pytest

ROOT = Path(__file__).parents[2]
LIMIT_S = 900
NOTEBOOKS = (
    *("01_quickstart.ipynb", "02_studio.ipynb", "03_explore_a_draft.ipynb", "04_classroom.ipynb"),
    *("05_what_is_an_ai_image.ipynb", "06_make_a_real_one.ipynb"),
)

pytestmark = pytest.mark.wheel


def call(*command: str | Path, cwd: Path, check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command with nothing of this source tree in its environment."""
    unwanted = ("PYTHONPATH", "VIRTUAL_ENV", "NEMO_TOKEN", "NEMO_API_URL", "IPYNEMO_DATA_DIR")
    base = {name: value for name, value in os.environ.items() if name not in unwanted}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**base, **env},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the sdist, and the wheel that was built from it."""
    out = tmp_path_factory.mktemp("dist")
    call(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    (wheel,), (sdist,) = out.glob("*.whl"), out.glob("*.tar.gz")
    return {"wheel": wheel, "sdist": sdist}


def environment(folder: Path, *requirements: str | Path) -> Path:
    """Make an environment with these packages; return its Python."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    call(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements, cwd=folder)
    return python


def tracked(pattern: str) -> set[str]:
    """Return the files of the source tree that git knows, or all where there is no git."""
    done = call("git", "ls-files", pattern, cwd=ROOT, check=False)
    if done.returncode == 0 and done.stdout:
        return set(done.stdout.splitlines())
    return {str(path.relative_to(ROOT)) for path in ROOT.glob(pattern)}


# -- contents ----------------------------------------------------------------------------------------------------------


def test_the_wheel_holds_the_package_and_the_notebooks_and_nothing_else(built: dict[str, Path]) -> None:
    with zipfile.ZipFile(built["wheel"]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    source = {name.removeprefix("src/") for name in tracked("src/ipynemo/**")}
    notebooks = {f"ipynemo/{name}" for name in tracked("notebooks/*")}
    assert "ipynemo/py.typed" in names
    assert {f"ipynemo/notebooks/{name}" for name in NOTEBOOKS} <= names
    assert (source | notebooks) - names == set()
    assert {name for name in names if not name.startswith("ipynemo/")} == set()
    assert {name for name in names if "__pycache__" in name or name.endswith((".pyc", ".mp4", ".sqlite3"))} == set()


def test_the_wheel_says_what_it_is(built: dict[str, Path]) -> None:
    with zipfile.ZipFile(built["wheel"]) as wheel:
        folder = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(wheel.read(folder).decode("utf-8"))
        licence = wheel.read(folder.replace("METADATA", "licenses/LICENSE")).decode("utf-8")
        commands = wheel.read(folder.replace("METADATA", "entry_points.txt")).decode("utf-8")
    assert (metadata["Name"], metadata["Version"], metadata["License-Expression"]) == ("ipynemo", "0.1.0", "MIT")
    assert metadata["Requires-Python"] == ">=3.11"
    assert {"local", "lab", "notebooks", "otio", "cluster"} <= set(metadata.get_all("Provides-Extra"))
    assert licence.startswith("MIT License")
    assert "ipynemo = ipynemo.cli:main" in commands


LIBRARY = "ipynemo/backend/render/resample.library"
BUILDS = sys.platform != "win32" and platform.machine() == "x86_64" and shutil.which("cc") is not None


def test_the_wheel_has_the_sampler_where_there_is_a_compiler(built: dict[str, Path]) -> None:
    with zipfile.ZipFile(built["wheel"]) as wheel:
        assert (LIBRARY in wheel.namelist()) == BUILDS
    assert built["wheel"].stem.endswith("-py3-none-any") == (not BUILDS)


def test_without_a_compiler_the_wheel_is_for_all_computers(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT)
    done = call(*command, cwd=tmp_path, CC="/there/is/none")
    assert "OpenCV draws instead" in done.stdout + done.stderr
    (path,) = tmp_path.glob("*.whl")
    assert path.name == "ipynemo-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(path) as wheel:
        assert LIBRARY not in wheel.namelist()
    insisting = call(*command, cwd=tmp_path, check=False, CC="/there/is/none", IPYNEMO_NATIVE="1")
    assert insisting.returncode != 0
    assert "The sampler cannot be built" in insisting.stdout + insisting.stderr


def test_the_sdist_holds_what_a_packager_needs(built: dict[str, Path]) -> None:
    with tarfile.open(built["sdist"]) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames() if "/" in name}
    for name in (
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "Makefile",
        "tools/demo.py",
        "tools/build_native.py",
        "src/ipynemo/backend/render/resample.c",
        *(f"notebooks/{name}" for name in NOTEBOOKS),
    ):
        assert name in names
    assert tracked("tests/*.py") - names == set()
    assert {name for name in names if name.startswith((".venv", "demo-output", ".cache")) or ".mp4" in name} == set()


# -- with the embedded backend -----------------------------------------------------------------------------------------

QUICKSTART = """
import sys
from pathlib import Path
from typing import ClassVar
import ipynemo, nbclient, nbformat

package = Path(ipynemo.__file__).parent
assert package.is_relative_to(sys.prefix), package
notebook = nbformat.read(package / "notebooks" / "01_quickstart.ipynb", as_version=4)
nbclient.NotebookClient(notebook, timeout=900).execute()
"""


@pytest.fixture(scope="module")
def local(built: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    needed = ("ipykernel", "nbclient", "scikit-image")  # what the quickstart needs besides
    return environment(tmp_path_factory.mktemp("local") / "env", f"ipynemo[local] @ {built['wheel'].as_uri()}", *needed)


def test_the_quickstart_runs_from_the_wheel_in_an_empty_folder(local: Path, tmp_path: Path) -> None:
    folder = tmp_path / "class"
    folder.mkdir()
    call(local, "-c", QUICKSTART, cwd=folder, IPYNEMO_DATA_DIR=str(tmp_path / "data"))
    with av.open(folder / "explained.mp4") as clip:
        video = clip.streams.video[0]
        assert (video.codec_context.name, video.width, video.height, video.frames) == ("h264", 1920, 1080, 900)
    assert sorted(path.name for path in folder.iterdir()) == ["coffee.png", "explained.mp4"]


@pytest.mark.skipif(not BUILDS, reason="no compiler, or another kind of processor")
def test_the_installed_sampler_can_be_loaded(local: Path, tmp_path: Path) -> None:
    asked = "from ipynemo.backend.render import native; print(native.is_there())"
    has_avx2 = " avx2 " in Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else True
    assert call(local, "-c", asked, cwd=tmp_path).stdout == f"{has_avx2}\n"


def test_the_installed_command_makes_a_clip(local: Path, tmp_path: Path) -> None:
    draw = "from PIL import Image; Image.linear_gradient('L').resize((640, 480)).save('grey.png')"
    call(local, "-c", draw, cwd=tmp_path)
    command = (local.parent / "ipynemo", "explain", "grey.png", "--seconds", "5", "--json")
    done = call(*command, cwd=tmp_path, IPYNEMO_DATA_DIR=str(tmp_path / "data"))
    assert json.loads(done.stdout)["path"] == "grey.mp4"
    assert (tmp_path / "grey.mp4").stat().st_size > 5000


def test_what_was_installed_fits_together(local: Path, core: Path, tmp_path: Path) -> None:
    for python in (local, core):
        assert call(python, "-m", "pip", "check", cwd=tmp_path).stdout == "No broken requirements found.\n"


def test_without_jupyterlab_the_lab_command_says_what_to_install(local: Path, tmp_path: Path) -> None:
    done = call(local.parent / "ipynemo", "lab", cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        'ipynemo: The notebooks need more packages: jupyterlab. Install it: pip install "ipynemo[notebooks]"\n'
    )
    assert list(tmp_path.iterdir()) == []


# -- the core alone ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def core(built: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment(tmp_path_factory.mktemp("core") / "env", built["wheel"])


class Cloud(BaseHTTPRequestHandler):
    """A server that knows two calls of the protocol: a token, a session."""

    asked: ClassVar[list[tuple[str, str]]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.asked.append((self.path, self.headers.get("authorization", "")))
        if self.path == "/api/auth/anonymous-token":
            data = {"token": "nmv_usr_core", "user_id": "u1", "expires_at": "2099-01-01T00:00:00Z", "credits": 100}
        else:
            data = {"task_id": "t1", "session_id": "s1", "user_id": "u1"}
        body = json.dumps({"code": 0, "message": "ok", "data": data}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return None


@pytest.fixture
def cloud() -> Iterator[str]:
    Cloud.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Cloud) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


USE_THE_CLOUD = """
import asyncio, ipynemo

async def main():
    async with ipynemo.AsyncNemo("cloud") as nemo:
        session = await nemo.create_session("core", language="en")
        print(nemo.where, session.session_id)

asyncio.run(main())
"""

ASK_FOR_THE_EMBEDDED_BACKEND = """
import ipynemo

try:
    ipynemo.Nemo("local").create_session("x")
except ipynemo.errors.BackendStartError as error:
    print(error)
"""


def test_the_core_alone_has_no_server_and_no_renderer(core: Path, tmp_path: Path) -> None:
    listed = json.loads(call(core, "-m", "pip", "list", "--format", "json", cwd=tmp_path).stdout)
    names = {entry["name"].lower() for entry in listed}
    assert "ipynemo" in names
    assert names & {"fastapi", "sqlalchemy", "av", "opencv-python-headless", "pillow", "jupyterlab"} == set()


def test_the_core_alone_talks_to_the_cloud(core: Path, cloud: str, tmp_path: Path) -> None:
    env = {"NEMO_API_URL": cloud, "HOME": str(tmp_path), "IPYNEMO_DATA_DIR": str(tmp_path / "data")}
    done = call(core, "-c", USE_THE_CLOUD, cwd=tmp_path, **env)
    assert done.stdout == f"Cloud — {cloud.removeprefix('http://')} s1\n"
    assert Cloud.asked == [
        ("/api/auth/anonymous-token", ""),
        ("/api/tasks/me/with-session/nemo_agent", "Bearer nmv_usr_core"),
    ]


def test_the_core_alone_tells_how_to_get_the_embedded_backend(core: Path, tmp_path: Path) -> None:
    env = {"IPYNEMO_DATA_DIR": str(tmp_path / "data")}
    done = call(core, "-c", ASK_FOR_THE_EMBEDDED_BACKEND, cwd=tmp_path, **env)
    assert 'pip install "ipynemo[local]"' in done.stdout
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    for arguments in (["explain", "a.png"], ["serve"]):
        done = call(core.parent / "ipynemo", *arguments, cwd=tmp_path, check=False, **env)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("ipynemo: ")
        assert done.stderr.endswith('pip install "ipynemo[local]"\n')
        assert done.stderr.count("\n") == 1
