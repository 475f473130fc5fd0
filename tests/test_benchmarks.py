"""The benchmarks measure what they say: their tables, what a process takes, and that everybody draws the same film."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ipynemo.backend.render.scene import to_scene
from ipynemo.backend.render.takes import Camera
from ipynemo.draft import Draft

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = sorted(BENCHMARKS.glob("[a-z]*.py"))
HEAVY = ["av", "cv2", "moviepy", "numpy", "pandas", "PIL", "playwright"]

HELP = f"""
import runpy, sys
sys.argv = [sys.argv[1], "--help"]
sys.path.insert(0, {str(BENCHMARKS)!r})
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    status = end.code
print("loaded:", *sorted(set({HEAVY!r}) & set(sys.modules)))
sys.exit(status)
"""

# A child that ends at once, and leaves one behind that works on: as a browser's processes do.
ORPHAN = """
import subprocess, sys
work = "import time\\nwhile time.process_time() < 0.3: pass"
subprocess.Popen([sys.executable, "-S", "-c", work], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
"""
MEASURED = f"""
import json, sys
sys.path.insert(0, {str(BENCHMARKS)!r})
from _measure import FailedError, run
took = run([sys.executable, "-S", "-c", {ORPHAN!r}])
held = run([sys.executable, "-S", "-c", "import time; held = bytearray(64 << 20); time.sleep(0.5)"])
try:
    run([sys.executable, "-S", "-c", "print('no such picture'); raise SystemExit(3)"])
except FailedError as error:
    failed = str(error)
print(json.dumps([took.cpu_s, held.largest_mib, failed]))
"""


@pytest.fixture(scope="module")
def benchmark_modules() -> Iterator[dict[str, ModuleType]]:
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        yield {
            name: importlib.import_module(name) for name in ("_measure", "_results", "_workload", "length", "render")
        }
    for name in set(sys.modules) - before:
        if str(BENCHMARKS) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_every_script_tells_its_options_without_loading_what_it_measures() -> None:
    assert {"edits", "frames", "length", "render", "transfer", "upload"} <= {path.stem for path in SCRIPTS}
    running = {
        path.name: subprocess.Popen([sys.executable, "-c", HELP, path], stdout=subprocess.PIPE, text=True)
        for path in SCRIPTS
    }
    said = {name: process.communicate(timeout=60)[0].splitlines() for name, process in running.items()}
    assert {name: process.returncode for name, process in running.items()} == dict.fromkeys(running, 0)
    assert {name: lines[0].split()[:2] for name, lines in said.items()} == {name: ["usage:", name] for name in running}
    assert {name: lines[-1] for name, lines in said.items()} == dict.fromkeys(running, "loaded:")


@pytest.fixture
def results(
    benchmark_modules: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> tuple[ModuleType, Path]:
    module, path = benchmark_modules["_results"], tmp_path / "RESULTS.md"
    monkeypatch.setattr(module, "RESULTS", path)
    monkeypatch.setattr(module, "machine", lambda: "2 cores, Linux, Python 3.11.7")
    monkeypatch.setattr(module, "commit", lambda: "commit abc1234")
    return module, path


def test_a_table_has_its_note_the_machine_and_ratios_of_two_digits(results: tuple[ModuleType, Path]) -> None:
    module, path = results
    row = module.Row("wall time", "2.00 s", "17.80 s", 8.9, "at least 8")
    module.write("Renderer", "Whole processes.", [row, module.Row("growth", "1 MB", "")])
    lines = path.read_text("utf-8").splitlines()
    start = lines.index("## Renderer")
    assert lines[0] == "# Benchmarks"
    assert lines[start + 2] == "Whole processes."
    assert lines[start + 4].endswith(", commit abc1234, 2 cores, Linux, Python 3.11.7.")
    assert lines[start + 6 :] == [
        "| | ours | peer | ratio | aim |",
        "| --- | --- | --- | --- | --- |",
        "| wall time | 2.00 s | 17.80 s | 8.90 | at least 8 |",
        "| growth | 1 MB |  |  |  |",
    ]


def test_a_run_replaces_its_own_table_and_leaves_the_others_in_order(results: tuple[ModuleType, Path]) -> None:
    module, path = results
    for title, ratio in (("Uploader", 1.0), ("Client", 2.0), ("Renderer", 3.0), ("Client", 4.0)):
        module.write(title, "A note.", [module.Row(title, "1 s", "1 s", ratio)])
    lines = path.read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith("## ")] == ["## Client", "## Renderer", "## Uploader"]
    assert [line for line in lines if "1 s" in line] == [
        "| Client | 1 s | 1 s | 4.00 |  |",
        "| Renderer | 1 s | 1 s | 3.00 |  |",
        "| Uploader | 1 s | 1 s | 1.00 |  |",
    ]


def test_what_outlives_its_parent_is_waited_for_and_counted() -> None:
    # In a process of its own: whoever measures takes over every orphan, also those of other tests.
    done = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True, check=True, timeout=60)
    cpu_s, largest_mib, failed = json.loads(done.stdout)
    assert cpu_s >= 0.3
    assert 64 < largest_mib < 128
    assert "ended with 3:\nno such picture" in failed


def test_a_peer_that_cannot_be_had_is_missing_with_a_reason_and_a_way(
    benchmark_modules: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environments = benchmark_modules["render"].environments
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    with pytest.raises(environments.MissingError, match=r"no command `ffmpeg` \(Debian: apt-get install ffmpeg\)"):
        environments.ffmpeg()
    with pytest.raises(environments.MissingError, match=r"no command `node` \(Debian: apt-get install nodejs npm\)"):
        environments.remotion(tmp_path, "chrome-for-testing")
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(environments.MissingError, match=r"no chromium \(Debian: apt-get install chromium\)"):
        environments.remotion(tmp_path, "chrome-for-testing")
    (tmp_path / "chromium").symlink_to(tmp_path / "npm")
    with pytest.raises(environments.MissingError, match="npm install --no-audit --no-fund ended with 1"):
        environments.remotion(tmp_path, "chrome-for-testing")
    with pytest.raises(
        environments.MissingError, match=r"no chromium-headless-shell \(Debian: apt-get install chromium-h"
    ):
        environments.remotion(tmp_path, "headless-shell")


def test_peers_move_the_photographs_as_ours_does(benchmark_modules: dict[str, ModuleType]) -> None:
    work = benchmark_modules["_workload"]
    shots = to_scene(Draft(work.draft_of(20))).layers[0]
    for shot, ours in zip(work.shots_of(20), shots, strict=True):
        assert (shot.start_s * 30, shot.frames) == (ours.start, ours.end + ours.tail_frames - ours.start)
        camera = Camera(ours.motion, "cover", (3000, 2000), (1920, 1080), 5.0)
        for frame in (0, 1, 77, shot.frames - 1):
            assert shot.place(frame / 30) == pytest.approx(tuple(camera.at(frame / (shot.frames - 1))), abs=1e-9)


def test_a_long_film_asks_for_the_same_each_ten_seconds_and_never_shows_a_shot_twice(
    benchmark_modules: dict[str, ModuleType],
) -> None:
    draft = benchmark_modules["_workload"].long_draft(1800)
    shots, titles, thirds, music = (track["sg"] for track in draft["t"])
    assert (len(shots), len(titles), len(thirds), len(music)) == (360, 180, 180, 1)
    assert shots[-1]["st"] + shots[-1]["d"] == music[0]["d"] == 1_800_000
    assert len({json.dumps(shot["m"]["motion"]) for shot in shots}) == 360


def test_ratios_are_medians_within_rounds_and_not_of_the_medians(benchmark_modules: dict[str, ModuleType]) -> None:
    took = benchmark_modules["_measure"].Took
    ours = [took(2.0, 4.0, 300.0, 500.0), took(8.0, 4.0, 310.0, 500.0), took(4.0, 4.0, 305.0, 500.0)]
    peer = [took(6.0, 2.0, 600.0, None), took(8.0, 2.0, 610.0, None), took(5.0, 2.0, 620.0, None)]
    rows = benchmark_modules["render"].compared("ffmpeg", "FFmpeg 5.1", peer, ours)
    assert [(row.what, row.ours, row.peer, row.ratio, row.aim) for row in rows] == [
        ("FFmpeg 5.1: wall time", "4.00 s", "6.00 s", 1.25, "at least 1.5"),
        ("FFmpeg 5.1: CPU time", "4.00 s", "2.00 s", 0.5, ""),
        ("FFmpeg 5.1: peak of the largest process", "305 MiB", "610 MiB", 2.0, "ours at most 300 MiB"),
        ("FFmpeg 5.1: peak of all processes", "not told here", "", None, ""),
    ]


def test_the_cost_of_a_length_is_told_a_second_of_film(benchmark_modules: dict[str, ModuleType]) -> None:
    took = benchmark_modules["_measure"].Took
    rows = benchmark_modules["length"].rows_of(60, took(66.0, 120.0, 290.0, 480.0), took(12.0, 16.0, 280.0, 470.0))
    assert [(row.what, row.ours, row.peer, round(row.ratio, 3)) for row in rows] == [
        ("60 s: CPU a second of film", "2.00 s", "1.60 s", 1.25),
        ("60 s: wall time a second of film", "1.10 s", "1.20 s", 0.917),
        ("60 s: peak of the largest process", "290 MiB", "280 MiB", 1.036),
        ("60 s: peak of all processes", "480 MiB", "470 MiB", 1.021),
    ]
