"""Whether films are what was asked for, and how alike they are; run in a process of its own.

`python _films.py SECONDS OURS [PEER …]` writes JSON: for each film what is wrong with it, its size, how its picture
was encoded (as x264 writes it into the stream), and the PSNR of its light against that of ours: of every tenth frame
the upper third, where there is no text, which everybody sets in a way of their own.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
from _workload import FPS, HEIGHT, WIDTH

EVERY = 10
SILENCE = 0.002  # root mean square; the music of the workload has a tenth of the full scale


def encoded_by(path: Path) -> dict[str, str]:
    """Return the options that x264 says it used; none where it does not say."""
    with path.open("rb") as file:
        head = file.read(4 << 20)
    if not (found := re.search(rb"x264 - core [^\0]*?options: ([^\0\x80-\xff]+)", head)):
        return {}
    return dict(pair.split("=", 1) for pair in found[1].decode("ascii").split() if "=" in pair)


def faults(path: Path, seconds: int) -> list[str]:
    """Return what is wrong with a film of the workload."""
    wrong = []
    with av.open(str(path)) as film:
        if not film.streams.video or not film.streams.audio:
            return ["picture or sound is missing"]
        picture, sound = film.streams.video[0], film.streams.audio[0]
        if (picture.width, picture.height) != (WIDTH, HEIGHT):
            wrong.append(f"{picture.width} × {picture.height}")
        if picture.average_rate != FPS:
            wrong.append(f"{picture.average_rate} frames a second")
        if picture.codec_context.name != "h264" or sound.codec_context.name != "aac":
            wrong.append(f"{picture.codec_context.name} and {sound.codec_context.name}")
        frames, samples, power = 0, 0, 0.0
        for packet in film.demux(picture, sound):
            if packet.stream is picture:
                frames += packet.dts is not None
                continue
            for frame in packet.decode():
                heard = frame.to_ndarray().astype(np.float64)
                samples, power = samples + frame.samples, power + float((heard**2).mean()) * frame.samples
        if frames != seconds * FPS:
            wrong.append(f"{frames} frames")
        if abs(samples / sound.codec_context.sample_rate - seconds) > 0.1:
            wrong.append(f"{samples / sound.codec_context.sample_rate:.2f} s of sound")
        if not samples or math.sqrt(power / samples) < SILENCE:
            wrong.append("silence")
    return wrong


def light(path: Path) -> Iterator[np.ndarray]:
    """Yield the light of every tenth frame, its upper third."""
    with av.open(str(path)) as film:
        film.streams.video[0].thread_type = "AUTO"
        for frame in islice(film.decode(video=0), 0, None, EVERY):
            plane = frame.planes[0]
            yield np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: HEIGHT // 3, :WIDTH].astype(np.float32)


def psnr(ours: Path, peer: Path) -> float:
    """Return the median PSNR of the frames, in decibels."""
    errors = [float(((a - b) ** 2).mean()) for a, b in zip(light(ours), light(peer), strict=False)]
    return 10 * math.log10(255**2 / max(float(np.median(errors)), 1e-9))


def main(seconds: int, ours: Path, peers: list[Path]) -> None:
    """Look at all and write what was found."""
    found: dict[str, Any] = {}
    for path in [ours, *peers]:
        wrong = faults(path, seconds)
        alike = None if path == ours or wrong else psnr(ours, path)
        found[path.stem] = {"wrong": wrong, "bytes": path.stat().st_size, "x264": encoded_by(path), "psnr": alike}
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), [Path(arg) for arg in sys.argv[3:]])
