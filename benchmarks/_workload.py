"""What the benchmarks of the renderer render: photographs made on the spot, and the drafts that show them.

`draft_of` is the workload that the aims are told for; `long_draft` the same, told in blocks of ten seconds, so that
every length asks for the same work a second. Only whoever makes pictures needs numpy and OpenCV: this module is free.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

FPS, WIDTH, HEIGHT = 30, 1920, 1080
VIEWS = (
    ([0.5, 0.5, 1.0], [0.47, 0.52, 1.15]),
    ([0.45, 0.5, 1.15], [0.55, 0.5, 1.0]),
    ([0.5, 0.5, 1.0], [0.53, 0.47, 1.15]),
    ([0.55, 0.52, 1.15], [0.48, 0.5, 1.02]),
)
DISSOLVE_S = 0.5
TITLE_S, FADE_S = 3.5, 0.3
TITLE_PX, THIRD_PX = 84, 48
THIRD = {"role": "lower_third", "background": "#101418a0"}
THIRD_BOX = (59, 707, 374, 140)  # where ours draws it: left, top, width, height
THIRD_TEXT = "A lower third\nof two lines"
VOLUME, MUSIC_FADE_S = 0.35, 2.0
BLOCK_S, SHOT_S = 10, 5
PHOTOGRAPHS = 12  # different ones of a long film; each of its shots has a file and a way of moving of its own


def photograph(seed: int, width: int = 3000, height: int = 2000) -> np.ndarray:
    """Make light at every scale, edges, letters and grain."""
    import cv2
    import numpy as np

    rng = np.random.default_rng(seed)
    out = np.full((height, width, 3), 128, np.float32)
    scales = ((6, 60), (12, 36), (25, 22), (50, 14), (100, 9), (200, 6), (400, 4), (800, 2.5), (1600, 5))
    for columns, strength in scales:
        small = rng.standard_normal((max(2, columns * height // width), columns, 3)).astype(np.float32)
        small = small * 0.4 + small.mean(axis=2, keepdims=True)
        out += strength * cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    pixels = np.clip(out, 0, 255).astype(np.uint8)
    for number in range(60):
        colour = tuple(int(v) for v in rng.integers(20, 235, 3))
        x, y, size = int(rng.integers(0, width)), int(rng.integers(0, height)), int(rng.integers(10, 220))
        if number % 3 == 0:
            cv2.circle(pixels, (x, y), size, colour, -1, cv2.LINE_AA)
        elif number % 3 == 1:
            cv2.line(pixels, (x, y), (x + 2 * size, y + 3 * size), colour, 1 + size // 20, cv2.LINE_AA)
        else:
            cv2.putText(pixels, "light", (x, y), cv2.FONT_HERSHEY_DUPLEX, 1 + size / 60, colour, 2, cv2.LINE_AA)
    grain = rng.normal(0, 3.5, (height, width, 1))
    return np.clip(cv2.GaussianBlur(pixels, (0, 0), 0.5) + grain, 0, 255).astype(np.uint8)


def write_photograph(path: Path, seed: int) -> None:
    """Make a photograph and write it as a JPEG."""
    import cv2

    cv2.imwrite(str(path), photograph(seed)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])


def titles_of(seconds: float) -> list[tuple[float, float]]:
    """Return when each title of the workload comes and goes, in seconds."""
    return [(0.5 + number * seconds * 0.3, 0.5 + number * seconds * 0.3 + TITLE_S) for number in range(3)]


@dataclass(frozen=True)
class Shot:
    """A photograph of the workload, told in what every peer needs; it goes on below the dissolve into the next."""

    number: int
    start_s: float
    frames: int
    first: tuple[float, float, float]
    last: tuple[float, float, float]

    def place(self, time_s: float, width: int = 3000, height: int = 2000) -> tuple[float, float, float]:
        """Return where the photograph lies: its left top corner, in pixels of the frame, and how large it is drawn."""
        p = min(max(time_s * FPS / (self.frames - 1), 0.0), 1.0)
        (ax, ay, a), (bx, by, b) = self.first, self.last
        scale = a * (b / a) ** p
        along = (1 / a - 1 / scale) / (1 / a - 1 / b)
        factor = WIDTH / width * scale
        x = WIDTH / 2 - (ax + (bx - ax) * along) * width * factor
        y = HEIGHT / 2 - (ay + (by - ay) * along) * height * factor
        return min(max(x, WIDTH - width * factor), 0.0), min(max(y, HEIGHT - height * factor), 0.0), factor


def shots_of(seconds: int) -> list[Shot]:
    """Return the shots of the workload."""
    each = seconds / len(VIEWS)
    return [
        Shot(n, n * each, round((each + (DISSOLVE_S if n < len(VIEWS) - 1 else 0)) * FPS), tuple(a), tuple(b))  # type: ignore[arg-type]
        for n, (a, b) in enumerate(VIEWS)
    ]


def draft_of(seconds: int) -> dict[str, Any]:
    """Return the draft of the workload."""
    each = seconds * 1000 // len(VIEWS)
    shots = []
    for number, (start, end) in enumerate(VIEWS):
        meta: dict[str, Any] = {"motion": {"from": start, "to": end, "ease": "linear"}}
        if number:
            meta["transition"] = {"kind": "crossfade", "d": int(DISSOLVE_S * 1000)}
        shots.append({"st": number * each, "d": each, "src": f"p{number}", "m": meta})
    titles = [
        {"st": int(start * 1000), "d": int(TITLE_S * 1000), "tx": f"Title number {number}", "m": {}}
        for number, (start, _) in enumerate(titles_of(seconds), 1)
    ]
    third = [{"st": seconds * 200, "d": seconds * 600, "tx": THIRD_TEXT, "m": {"style": THIRD}}]
    return _film(shots, titles, third, seconds)


def long_draft(seconds: int) -> dict[str, Any]:
    """Return a draft with a new picture every five seconds, a title and a lower third every ten."""
    shots, titles, thirds = [], [], []
    for number in range(seconds // SHOT_S):
        # No two shots are alike, or their parts would be encoded once.
        rng = random.Random(number)
        start, end = ([cx + rng.uniform(-0.02, 0.02), cy, scale] for cx, cy, scale in VIEWS[number % len(VIEWS)])
        meta: dict[str, Any] = {"motion": {"from": start, "to": end, "ease": "linear"}}
        if number:
            meta["transition"] = {"kind": "crossfade", "d": int(DISSOLVE_S * 1000)}
        shots.append({"st": number * SHOT_S * 1000, "d": SHOT_S * 1000, "src": f"p{number}", "m": meta})
    for block in range(seconds // BLOCK_S):
        at = block * BLOCK_S * 1000
        titles.append({"st": at + 500, "d": int(TITLE_S * 1000), "tx": f"Title number {block + 1}", "m": {}})
        thirds.append(
            {"st": at + 2000, "d": 6000, "tx": f"Lower third {block + 1}\nof two lines", "m": {"style": THIRD}}
        )
    return _film(shots, titles, thirds, seconds)


def _film(shots: list[Any], titles: list[Any], thirds: list[Any], seconds: int) -> dict[str, Any]:
    fade = {"fade_out_ms": int(MUSIC_FADE_S * 1000)}
    music = [{"st": 0, "d": seconds * 1000, "src": "music:calm", "vol": VOLUME, "m": fade}]
    tracks = [{"tt": 0, "sg": shots}, {"tt": 7, "sg": titles}, {"tt": 7, "sg": thirds}, {"tt": 1, "sg": music}]
    return {"t": tracks, "m": {"width": WIDTH, "height": HEIGHT}}


def make_long(folder: Path, seconds: int) -> None:
    """Make the pictures of `long_draft`: a file for each shot."""
    for number in range(seconds // SHOT_S):
        path = folder / f"p{number}.jpg"
        if number < PHOTOGRAPHS:
            write_photograph(path, number)
        else:
            os.link(folder / f"p{number % PHOTOGRAPHS}.jpg", path)
