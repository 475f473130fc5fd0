"""The renderer as a process of its own: what it says, and how it goes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import av
import pytest
from render_kit import RED, draft_of, plain, seg, text, video

from ipynemo.backend.render import RenderJob
from ipynemo.errors import RenderFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONG = draft_of(text(seg(0, 600_000, tx="Long")), size=(64, 64))


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "ipynemo.backend.render.worker"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    with process:
        yield process
        process.kill()


def send(process: subprocess.Popen[bytes], line: str) -> None:
    assert process.stdin
    process.stdin.write(line.encode() + b"\n")
    process.stdin.flush()


def said(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def test_a_job_is_done_with_progress(worker: subprocess.Popen[bytes], tmp_path: Path) -> None:
    job = RenderJob(
        draft_of(video(seg(0, 1000, src="p")), size=(128, 72)),
        tmp_path / "out.mp4",
        {"p": plain(tmp_path / "p.png", RED)},
    )
    send(worker, job.to_json())
    assert worker.stdout
    lines = [json.loads(line) for line in worker.stdout]
    assert worker.wait(10) == 0
    progress = [line["progress"] for line in lines if "progress" in line]
    assert progress[0] == 0.0
    assert progress[-1] == 100.0
    assert progress == sorted(progress)
    done = lines[-1]["done"]
    assert done == {
        "duration_s": 1.0, "width_px": 128, "height_px": 72, "fps": 30, "size_bytes": job.out.stat().st_size,
    }  # fmt: skip
    with av.open(str(job.out)) as container:
        assert container.streams.video[0].frames == 30
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.mp4", "p.png"]
    assert worker.stderr
    assert worker.stderr.read() == b""


def test_a_missing_asset_is_an_error_line(worker: subprocess.Popen[bytes], tmp_path: Path) -> None:
    send(worker, RenderJob(draft_of(video(seg(0, 1000, src="p"))), tmp_path / "out.mp4").to_json())
    error = said(worker)["error"]
    assert error["type"] == "MissingAssetError"
    assert "'p', used by segment 1 of track 1" in error["message"]
    assert worker.wait(10) == 1


@pytest.mark.parametrize("line", ["not json", "[]", "{}", '{"draft": 3, "out": "x"}', '{"draft": {}, "out": 5}'])
def test_a_line_that_is_no_job_is_refused(line: str) -> None:
    with pytest.raises(RenderFailedError, match="no render job"):
        RenderJob.from_json(line)


def test_what_is_refused_is_an_error_line(worker: subprocess.Popen[bytes]) -> None:
    send(worker, "not json")
    assert said(worker)["error"]["type"] == "RenderFailedError"
    assert worker.wait(10) == 1


def started(process: subprocess.Popen[bytes], folder: Path) -> None:
    send(process, RenderJob(LONG, folder / "out.mp4").to_json())
    while said(process).get("progress", 0) < 1:
        pass
    assert [path.suffix for path in folder.iterdir()] == [".parts"]


def test_the_end_of_stdin_stops_it_and_leaves_nothing(worker: subprocess.Popen[bytes], tmp_path: Path) -> None:
    started(worker, tmp_path)
    assert worker.stdin
    worker.stdin.close()
    assert worker.wait(20) == 3
    assert list(tmp_path.iterdir()) == []


def test_sigterm_stops_it_and_leaves_nothing(worker: subprocess.Popen[bytes], tmp_path: Path) -> None:
    started(worker, tmp_path)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 3
    assert list(tmp_path.iterdir()) == []


def test_stdin_that_ends_before_a_job_ends_it(worker: subprocess.Popen[bytes]) -> None:
    assert worker.stdin
    worker.stdin.close()
    assert worker.wait(20) == 3


def test_a_job_survives_the_way_through_json(tmp_path: Path) -> None:
    job = RenderJob(LONG, tmp_path / "ö.mp4", {"a": tmp_path / "中.png"}, "low", tmp_path / "parts", 2)
    assert RenderJob.from_json(job.to_json()) == job
    assert "\n" not in job.to_json()
    with pytest.raises(RenderFailedError, match="no render job"):
        RenderJob.from_json(b"\xff\xfe")
