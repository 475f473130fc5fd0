"""The real command in a process of its own, against the real embedded backend."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from PIL import Image

COMMAND = [sys.executable, "-m", "ipynemo"]
LIMIT_S = 300


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def env(data: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEMO_", "IPYNEMO_"))}
    return {**kept, "IPYNEMO_DATA_DIR": str(data), "LANG": "C.UTF-8", "NO_COLOR": "1", "COLUMNS": "120"}


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Return a folder with a picture, its name with a blank."""
    rows, columns = np.mgrid[0:480, 0:640]
    pixels = np.stack([columns % 256, rows % 256, (rows + columns) % 256], axis=-1).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "my robot.png")
    return tmp_path


def run(*arguments: str, cwd: Path, env: dict[str, str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=env,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def one_line_of(stderr: str) -> str:
    lines = stderr.splitlines()
    assert len(lines) == 1, stderr
    return lines[0]


# -- explain -----------------------------------------------------------------------------------------------------------


def test_explain_prints_one_json_object_and_makes_the_clip_it_names(here: Path, env: dict[str, str]) -> None:
    (here / "out.mp4").write_bytes(b"an older clip, which -o replaces")
    done = run("explain", "my robot.png", "-o", "out.mp4", "--seconds", "6", "--json", cwd=here, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    facts = ["path", "duration_s", "width_px", "height_px", "render_s", "session_id", "summary", "captions"]
    assert list(told) == facts
    assert told["captions"] == []
    assert (told["path"], told["width_px"], told["height_px"]) == ("out.mp4", 1920, 1080)
    assert told["duration_s"] == pytest.approx(6, abs=0.05)
    assert told["summary"].startswith("Timeline (")
    with av.open(here / "out.mp4") as clip:
        video, audio = clip.streams.video[0], clip.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height, video.average_rate) == (1920, 1080, 30)
    assert sorted(path.name for path in here.iterdir()) == ["my robot.png", "out.mp4"]


def test_without_cloud_nothing_leaves_the_computer_whatever_the_environment_says(
    here: Path, env: dict[str, str]
) -> None:
    (here / "my-robot.mp4").write_bytes(b"an older clip")
    env = {**env, "NEMO_TOKEN": "nmv_usr_0123456789abcdef", "NEMO_API_URL": "http://127.0.0.1:9"}
    access = ("--captions", "--narration", "--reduced-motion")
    done = run("explain", "my robot.png", "--seconds", "5", "--aspect", "9:16", *access, cwd=here, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"my-robot-2\.mp4  5\.0 s, 1080×1920, \d+\.\d MB, made in \d+\.\d s\n", done.stdout)
    assert (here / "my-robot-2.mp4").stat().st_size > 10_000
    assert (here / "my-robot.mp4").read_bytes() == b"an older clip"
    assert sorted(path.suffix for path in here.glob("my-robot-2.*")) == [".mp4", ".srt", ".txt", ".vtt"]
    told = (here / "my-robot-2.txt").read_text("utf-8")
    assert "[The picture.]" in told  # it does not move
    assert told.endswith("The narration is a synthetic voice; it speaks the captions.\n")
    assert (here / "my-robot-2.srt").read_text("utf-8").splitlines()[2] == "[Synthetic voice]"


def test_a_picture_that_fails_does_not_stop_the_others(here: Path, env: dict[str, str]) -> None:
    (here / "broken.png").write_bytes(b"no picture at all")
    arguments = ("my robot.png", "broken.png", "gone.png", "-o", "clips", "--aspect", "1:1", "--seconds", "5", "--json")
    done = run("explain", *arguments, cwd=here, env=env)
    assert done.returncode == 1
    good, broken, gone = json.loads(done.stdout)["clips"]
    assert (good["source"], good["path"]) == ("my robot.png", "clips/my-robot.mp4")
    assert (good["width_px"], good["height_px"]) == (1080, 1080)
    assert broken["error"]["type"] == "UnsupportedFileError"
    assert (gone["source"], "path" in gone) == ("gone.png", False)
    assert [line.split(":")[1].strip() for line in done.stderr.splitlines()] == ["broken.png", "gone.png"]
    assert [path.name for path in (here / "clips").iterdir()] == ["my-robot.mp4"]


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["explain", "gone.png"], 1, "gone.png"),
        (["explain", "notes.txt"], 1, "Accepted: mp4 mov avi webm mkv"),
        (["explain", "my robot.png", "-o", "missing/out.mp4"], 2, "There is no folder missing"),
        (["explain", "my robot.png", "-o", "out.avi"], 2, "Clips end in .mp4"),
        (["explain", "a.png", "b.png", "-o", "one.mp4"], 2, "Name a folder with -o"),
        (["explain", "my robot.png", "--aspect", "4:3"], 2, "4:3"),
        (["explain", "my robot.png", "--seconds", "0"], 2, "--seconds"),
        (["explain"], 2, "PHOTO"),
        (["explode"], 2, "explode"),
        (["resume", "no-such-session"], 1, "session"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_an_error_is_told_with_the_right_status(
    arguments: list[str], status: int, says: str, here: Path, env: dict[str, str]
) -> None:
    (here / "notes.txt").write_text("no picture")
    done = run(*arguments, cwd=here, env=env)
    assert done.returncode == status, done.stderr
    assert says in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    if status == 1:
        assert one_line_of(done.stderr).startswith("ipynemo: ")


def test_the_picture_itself_is_never_overwritten(here: Path, env: dict[str, str]) -> None:
    (here / "film.mp4").write_bytes(b"mine")
    done = run("explain", "film.mp4", "-o", "film.mp4", cwd=here, env=env)
    assert (done.returncode, (here / "film.mp4").read_bytes()) == (2, b"mine")


def test_with_json_an_error_is_one_object_too(here: Path, env: dict[str, str]) -> None:
    done = run("explain", "gone.png", "--json", cwd=here, env=env)
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["type"] == "InvalidRequestError"
    assert "gone.png" in one_line_of(done.stderr)


def test_the_cloud_that_cannot_be_reached_is_one_line_without_the_token(here: Path, env: dict[str, str]) -> None:
    secret = "nmv_usr_0123456789abcdef"
    env = {**env, "NEMO_TOKEN": secret, "NEMO_API_URL": "http://127.0.0.1:9"}
    done = run("explain", "my robot.png", "--cloud", cwd=here, env=env)
    where, error = done.stderr.splitlines()
    assert (done.returncode, where) == (1, "Cloud — 127.0.0.1:9")
    assert error.startswith("ipynemo: ")
    assert secret not in done.stdout + done.stderr


# -- a terminal, an interrupt ------------------------------------------------------------------------------------------


class Terminal:
    """The command in a terminal of its own, as a person starts it."""

    def __init__(self, *arguments: str, cwd: Path, env: dict[str, str]) -> None:
        ours, theirs = pty.openpty()
        self._fd = ours
        self.shown = ""
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=cwd,
            env={**env, "TERM": "xterm"},
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def read_until(self, pattern: str) -> None:
        until = time.monotonic() + LIMIT_S
        while not re.search(pattern, self.shown):
            assert time.monotonic() < until, self.shown
            assert self._read() or re.search(pattern, self.shown), self.shown

    def _read(self) -> bool:
        if not select.select([self._fd], [], [], 0.2)[0]:
            return True
        try:
            block = os.read(self._fd, 65536)
        except OSError:  # the other side is closed
            return False
        self.shown += block.decode("utf-8", "replace")
        return bool(block)

    def end(self) -> tuple[int, str]:
        while self._read():
            if self.process.poll() is not None and not select.select([self._fd], [], [], 0.2)[0]:
                break
        out = self.process.communicate(timeout=LIMIT_S)[0]
        os.close(self._fd)
        return self.process.returncode, out.decode()


def running(data: Path) -> list[psutil.Process]:
    """Return the processes that work in this data folder: servers and their workers."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):  # it ended meanwhile, or is somebody else's
            if process.environ().get("IPYNEMO_DATA_DIR") == str(data):
                found.append(process)
    return found


@pytest.fixture
def no_orphans(data: Path) -> Iterator[None]:
    yield
    _, alive = psutil.wait_procs(running(data), timeout=30)
    assert alive == []


def test_in_a_terminal_each_stage_is_shown_also_of_a_chinese_clip(
    here: Path, env: dict[str, str], no_orphans: None
) -> None:
    arguments = ("my robot.png", "--seconds", "5", "--aspect", "1:1", "--language", "zh", "-o", "out.mp4", "--json")
    terminal = Terminal("explain", *arguments, cwd=here, env=env)
    for stage in ("Local — nothing leaves this computer", "upload", "chat", "render", "download", "done"):
        terminal.read_until(stage)
    status, out = terminal.end()
    told = json.loads(out)
    assert (status, told["path"]) == (0, "out.mp4")
    assert re.search("[\u4e00-\u9fff]", told["summary"])
    assert "my robot.png" in terminal.shown


def test_ctrl_c_in_a_render_tells_how_to_go_on_and_that_works(
    here: Path, env: dict[str, str], data: Path, no_orphans: None
) -> None:
    terminal = Terminal("explain", "my robot.png", "--seconds", "8", "-o", "out.mp4", "--captions", cwd=here, env=env)
    terminal.read_until("render")
    assert len(running(data)) >= 2  # the command and its server
    os.killpg(terminal.process.pid, signal.SIGINT)
    status, out = terminal.end()
    assert (status, out) == (130, "")
    assert "Traceback" not in terminal.shown
    said = re.search(r"go on with: ipynemo (resume \S+ --captions -o out\.mp4)\s*$", terminal.shown.strip())
    assert said is not None, terminal.shown
    assert [path.name for path in here.iterdir()] == ["my robot.png"]
    done = run(*said[1].split(), "--json", cwd=here, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["path"], told["duration_s"]) == ("out.mp4", pytest.approx(8, abs=0.05))
    assert told["captions"] == ["out.srt", "out.txt", "out.vtt"]
    assert sorted(path.name for path in here.glob("out.*")) == ["out.mp4", "out.srt", "out.txt", "out.vtt"]


# -- serve, lab, the rest ----------------------------------------------------------------------------------------------


def test_serve_serves_a_class_and_explain_uses_it(here: Path, env: dict[str, str], tmp_path: Path) -> None:
    secret = "a-long-shared-token-of-the-class"
    server = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--data", str(tmp_path / "served"), "--edit-cost", "5"],
        env={**env, "NEMO_SERVE_TOKEN": secret},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        said = ""
        while "Ctrl-C" not in said:
            line = server.stdout.readline()
            assert line, said
            said += line
        address = re.search(r"NEMO_API_URL=(http://127\.0\.0\.1:\d+)", said)
        assert address is not None, said
        assert secret not in said
        class_env = {**env, "NEMO_API_URL": address[1], "NEMO_TOKEN": secret}
        done = run("explain", "my robot.png", "--cloud", "--seconds", "5", "--json", cwd=here, env=class_env)
        assert (done.returncode, done.stderr) == (0, f"Cloud — {address[1].removeprefix('http://')}\n")
        assert json.loads(done.stdout)["duration_s"] == pytest.approx(5, abs=0.05)
        arguments = psutil.Process(server.pid).cmdline()
        assert not any(secret in argument for argument in arguments)
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=30)
    assert server.returncode == 0


def test_serving_others_without_a_token_is_refused(env: dict[str, str], tmp_path: Path) -> None:
    done = run("serve", "--host", "0.0.0.0", "--port", "0", "--data", str(tmp_path), cwd=tmp_path, env=env)
    assert done.returncode == 1
    assert one_line_of(done.stderr).startswith("ipynemo: Serving on 0.0.0.0 lets others in, so it needs a token.")


def test_lab_opens_on_a_copy_and_leaves_the_user_s_notebook_alone(env: dict[str, str], tmp_path: Path) -> None:
    env = {**env, "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"), "JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
    folder = tmp_path / "class"
    for known in ("", "  (yours, left as it is)"):
        done = run("lab", str(folder), "--version", cwd=tmp_path, env=env)
        assert done.returncode == 0, done.stderr
        assert done.stderr.splitlines()[0] == f"{folder / '01_quickstart.ipynb'}{known}"
        assert re.match(r"\d+\.\d+", done.stdout)
        (folder / "01_quickstart.ipynb").write_text("mine")
    assert (folder / "01_quickstart.ipynb").read_text() == "mine"


def test_version_and_help(env: dict[str, str], tmp_path: Path) -> None:
    assert run("--version", cwd=tmp_path, env=env).stdout == "ipynemo 0.1.0\n"
    shown = run("--help", cwd=tmp_path, env=env).stdout
    assert [name for name in ("explain", "resume", "serve", "lab") if name in shown] == [
        "explain",
        "resume",
        "serve",
        "lab",
    ]
