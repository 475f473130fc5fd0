"""What a second of film costs, and how much memory it takes, the longer the film is.

Run with `python benchmarks/length.py [--seconds 60 120]`; `--long` renders up to half an hour, which takes about that
long. Each film has a new photograph of 3000 × 2000 every five seconds, with zoom, pan and dissolve, a title and a
lower third every ten, music over all. Every length is taken in turn with ten seconds of the same, and told as the ratio
to them: with a cost that grows with the film, and memory that does not, all are 1, or less where the start weighs on
the short one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from _measure import Took, run
from _results import Row, options, write
from _workload import BLOCK_S, SHOT_S, long_draft, make_long

from ipynemo.backend.children import child_environment

SHORT_S = BLOCK_S
USUAL_S, LONG_S = (60, 120), (60, 300, 1800)
MOST_MIB = 300


def render(folder: Path, seconds: int) -> Took:
    """Render one length in a fresh process, as the embedded backend does."""
    assets = {f"p{number}": str(folder / f"p{number}.jpg") for number in range(seconds // SHOT_S)}
    out = folder / "film.mp4"
    order = {"draft": long_draft(seconds), "assets": assets, "out": str(out)}
    worker = [sys.executable, "-m", "ipynemo.backend.render.worker"]
    took = run(worker, order=json.dumps(order).encode() + b"\n", environment=child_environment())
    out.unlink()
    return took


def rows_of(seconds: int, film: Took, short: Took) -> list[Row]:
    """Return the lines of one length."""

    def memory(what: str, ours: float | None, theirs: float | None, aim: str) -> Row:
        if ours is None or theirs is None:
            return Row(f"{seconds} s: {what}", "not told here", "")
        return Row(f"{seconds} s: {what}", f"{ours:.0f} MiB", f"{theirs:.0f} MiB", ours / theirs, aim)

    cost, usual = film.cpu_s / seconds, short.cpu_s / SHORT_S
    pace, usual_pace = film.wall_s / seconds, short.wall_s / SHORT_S
    most = f"at most 1.1; at most {MOST_MIB} MiB"
    return [
        Row(f"{seconds} s: CPU a second of film", f"{cost:.2f} s", f"{usual:.2f} s", cost / usual, "at most 1.05"),
        Row(f"{seconds} s: wall time a second of film", f"{pace:.2f} s", f"{usual_pace:.2f} s", pace / usual_pace),
        memory("peak of the largest process", film.largest_mib, short.largest_mib, most),
        memory("peak of all processes", film.together_mib, short.together_mib, "at most 1.1"),
    ]


def main() -> None:
    """Measure, print, write."""
    parser = options(__doc__)
    parser.add_argument("--seconds", type=int, nargs="+", default=USUAL_S, help="lengths, in tens of seconds")
    parser.add_argument("--long", action="store_true", help=f"{LONG_S} seconds, in a table of their own")
    parser.add_argument("--make", nargs=2, metavar=("FOLDER", "SECONDS"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make:
        make_long(Path(given.make[0]), int(given.make[1]))
        return
    lengths = LONG_S if given.long else given.seconds
    if any(seconds % BLOCK_S or seconds < BLOCK_S for seconds in lengths):
        parser.error(f"lengths are multiples of {BLOCK_S} seconds")
    rows = []
    with tempfile.TemporaryDirectory(prefix="ipynemo-bench-") as name:
        # In a process of its own: nobody inherits its memory.
        subprocess.run([sys.executable, __file__, "--make", name, str(max(lengths))], check=True)
        for seconds in lengths:
            short = render(Path(name), SHORT_S)
            film = render(Path(name), seconds)
            print(f"{SHORT_S} s: {short}\n{seconds} s: {film}", flush=True)
            rows += rows_of(seconds, film, short)
    note = (
        f"1920 × 1080, a photograph every {SHOT_S} s. The ratio is to {SHORT_S} s of the same, taken just before; "
        "CPU time is that of all processes; their memory together is the sum of what each has of it (PSS)."
    )
    title = "Renderer: cost against length" + (", to half an hour" if given.long else "")
    write(title, note, rows, ["av", "numpy", "opencv-python-headless"])


if __name__ == "__main__":
    main()
