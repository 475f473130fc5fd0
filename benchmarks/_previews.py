"""What previews cost: the renderer alone, and what a client of the embedded backend waits for; see `preview.py`."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from _results import Row, write

from ipynemo import Draft, Nemo, Session
from ipynemo.backend.render import excerpt, render, still

SECONDS = 12
STILLS_S = (0.3, 1.7, 4.1, 6.2, 9.9)  # within the fade, a title, two crossfades, a still picture
RANGES_S = ((0.0, 5.0), (3.0, 8.0), (0.0, 12.0))
STILL_MS, FASTER = 200.0, 1.0
SIZES = ((1920, 1080), (3000, 2000), (1920, 1080))


@dataclass
class Cost:
    """What something took, each time it was done."""

    wall_s: list[float]
    cpu_s: list[float]

    @classmethod
    def of(cls, work: Callable[[], object], rounds: int) -> Cost:
        """Do it so many times; the CPU time is that of this process and its children."""
        cost = cls([], [])
        for _ in range(rounds):
            before, own, begun = os.times(), time.process_time(), time.perf_counter()
            work()
            after = os.times()
            cost.wall_s.append(time.perf_counter() - begun)
            # The system counts children in hundredths of a second; a still takes less than that.
            cost.cpu_s.append(time.process_time() - own + sum(after[2:4]) - sum(before[2:4]))
        return cost

    @property
    def wall(self) -> float:
        """The median wall time, in seconds."""
        return statistics.median(self.wall_s)

    @property
    def cpu(self) -> float:
        """The median CPU time, in seconds."""
        return statistics.median(self.cpu_s)

    def __str__(self) -> str:
        unit, factor = ("ms", 1000.0) if self.cpu < 0.3 else ("s", 1.0)
        digits = 0 if unit == "ms" else 2
        return f"{self.cpu * factor:.{digits}f} {unit} CPU, {self.wall * factor:.{digits}f} {unit} wall"


def photograph(number: int) -> np.ndarray:
    """Return a picture with detail of every size, as photographs have."""
    width, height = SIZES[number]
    rng = np.random.default_rng(number)
    picture = np.zeros((height, width, 3), np.float32)
    for cells in (4, 16, 64, 256):
        layer = rng.standard_normal((cells, cells, 3)).astype(np.float32)
        picture += cv2.resize(layer, (width, height), interpolation=cv2.INTER_CUBIC) / cells**0.5
    return np.clip(128 + 60 * picture, 0, 255).astype(np.uint8)


def draft_of(sources: list[str]) -> Draft:
    """Return twelve seconds: three moving pictures, crossfades, titles, a lower third, music."""
    each = SECONDS * 1000 // len(sources)
    moves = [{"from": [0.5, 0.5, 1.0], "to": [0.45, 0.55, 1.15]}, {"from": [0.55, 0.5, 1.15], "to": [0.5, 0.5, 1.0]}]
    shots = [
        {"src": source, "st": each * n, "d": each, "m": {"motion": moves[n % 2], "transition": _comes(n)}}
        for n, source in enumerate(sources)
    ]
    titles = [{"st": 500 + each * n, "d": 3000, "tx": f"Title number {n + 1}"} for n in range(len(sources))]
    third = {"st": 3000, "d": 6000, "tx": "A lower third\nof two lines", "m": {"style": {"role": "lower_third"}}}
    music = {"st": 0, "d": SECONDS * 1000, "src": "music:calm", "vol": 0.35, "m": {"fade_out_ms": 2000}}
    tracks = [{"tt": 0, "sg": shots}, {"tt": 7, "sg": titles}, {"tt": 7, "sg": [third]}, {"tt": 1, "sg": [music]}]
    return Draft({"t": tracks, "d": SECONDS * 1000, "m": {"width": 1920, "height": 1080}})


def _comes(number: int) -> dict[str, object]:
    return {"kind": "crossfade" if number else "fade", "d": 500}


def frame_by_ffmpeg(film: Path, at_s: float, out: Path) -> list[str]:
    """Return the command that takes a frame out of the finished film."""
    return ["ffmpeg", "-v", "error", "-y", "-ss", str(at_s), "-i", str(film), "-frames:v", "1", "-vf", "scale=-2:360",
            "-threads", "1", str(out)]  # fmt: skip


def range_by_ffmpeg(film: Path, start_s: float, end_s: float, out: Path) -> list[str]:
    """Return the command that makes a small film of a range of the finished one."""
    coding = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "25", "-c:a", "aac", "-b:a", "96k", "-threads", "1"]
    return ["ffmpeg", "-v", "error", "-y", "-ss", str(start_s), "-t", str(end_s - start_s), "-i", str(film), "-vf",
            "scale=-2:360", *coding, str(out)]  # fmt: skip


def alone(folder: Path, assets: dict[str, Path], rounds: int) -> tuple[list[Row], bool]:
    """Measure the renderer by itself, side by side with ffmpeg."""
    draft = draft_of([*assets])
    film, out = folder / "film.mp4", folder / "out"
    has_peer = shutil.which("ffmpeg") is not None
    if has_peer:
        render(draft, assets, film)
    still(draft, assets, 1.0)  # what is read once a process: fonts, tables
    excerpt(draft, assets, 0, 500, 360, lambda _: None)
    rows, is_met = [], True
    for at_s in STILLS_S:
        ours = Cost.of(lambda at_s=at_s: still(draft, assets, at_s), rounds)
        command = frame_by_ffmpeg(film, at_s, out.with_suffix(".jpg"))
        peer = Cost.of(lambda command=command: subprocess.run(command, check=True), rounds) if has_peer else None
        ratio = peer.cpu / ours.cpu if peer else None
        rows.append(Row(f"a still at {at_s:g} s", str(ours), str(peer or ""), ratio, f"≤ {STILL_MS:g} ms"))
        is_met &= ours.cpu * 1000 <= STILL_MS
    for start_s, end_s in RANGES_S:
        ours = Cost.of(
            lambda a=start_s, b=end_s: excerpt(draft, assets, a * 1000, b * 1000, 360, lambda _: None), rounds
        )
        command = range_by_ffmpeg(film, start_s, end_s, out.with_suffix(".mp4"))
        peer = Cost.of(lambda command=command: subprocess.run(command, check=True), rounds) if has_peer else None
        length_s = end_s - start_s
        told = f"{ours}: {length_s / ours.cpu:.1f}× and {length_s / ours.wall:.1f}× real time"
        rows.append(
            Row(f"{start_s:g}–{end_s:g} s", told, str(peer or ""), peer.cpu / ours.cpu if peer else None, "> 1×")
        )
        is_met &= length_s / ours.cpu > FASTER
    return rows, is_met


def asked_for(session: Session, rounds: int) -> list[Row]:
    """Measure what a client of the embedded backend waits for; nothing is asked for twice, so that nothing is kept."""
    session.still(1.0)
    session.preview(0, 0.5)
    rows = []
    waits = [Cost.of(lambda at_s=at_s, n=n: session.still(at_s, height_px=360 + 2 * n), 1).wall
             for n in range(rounds) for at_s in STILLS_S]  # fmt: skip
    middle = statistics.median(waits)
    told = f"{middle * 1000:.0f} ms wall, at most {max(waits) * 1000:.0f}"
    rows.append(Row("a still, over HTTP", told, f"{STILL_MS:g} ms", STILL_MS / 1000 / middle, "≥ 1"))
    for start_s, end_s in RANGES_S:
        began, ends = [], []
        for number in range(rounds):
            begun = time.perf_counter()
            came: list[float] = []
            session.preview(
                start_s,
                end_s,
                height_px=360 + 2 * number,
                on_bytes=lambda _, came=came, begun=begun: came.append(time.perf_counter() - begun),
            )
            began.append(came[1])  # the head comes at once; behind it, the first second
            ends.append(time.perf_counter() - begun)
        length_s, took = end_s - start_s, statistics.median(ends)
        told = f"begins after {statistics.median(began):.2f} s, whole after {took:.2f} s wall"
        rows.append(Row(f"{start_s:g}–{end_s:g} s, over HTTP", told, f"{length_s:g} s", length_s / took, "> 1"))
    return rows


def measure(rounds: int) -> bool:
    """Measure and write; return whether the aims are met in CPU time."""
    cv2.setNumThreads(1)  # as in the processes that draw
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assets = {f"p{n}": folder / f"p{n}.jpg" for n in range(len(SIZES))}
        for number, path in enumerate(assets.values()):
            cv2.imwrite(str(path), photograph(number), [cv2.IMWRITE_JPEG_QUALITY, 92])
        rows, is_met = alone(folder, assets, rounds)
        with Nemo("local", data=folder / "data") as nemo:
            session = nemo.create_session("Previews", language="en")
            session.upload(*assets.values())
            session.save(draft_of([info["id"] for info in session.state()["video_infos"]]))
            rows += asked_for(session, rounds)
    note = (
        f"Of a draft of 1920 × 1080 and {SECONDS} s, at 360 lines; photographs of 1080 to 2000 lines. Medians of "
        f"{rounds} rounds, one thread. The ratio is the peer's CPU time to ours; over HTTP, what is allowed to what "
        "was waited for."
    )
    write("Previews (peer: ffmpeg on the finished film)", note, rows, ["av", "opencv-python-headless", "numpy"])
    return is_met
