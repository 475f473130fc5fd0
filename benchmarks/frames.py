"""How much a draft of 10,000 segments costs as a frame and back, beside pandas with the same columns and rows.

Run with `python benchmarks/frames.py`. All are measured in turn, in CPU time, and the best of many runs counts, so that
whatever else the machine does weighs on none. The aim is a ratio of at most 3 for a frame.
"""

from __future__ import annotations

import time

from _results import Row, options, write

from ipynemo.draft import Draft

SEGMENTS = 10_000
ROUNDS = 30


def draft_of(count: int) -> Draft:
    """Return a draft of three tracks with all that the columns show."""
    third = count // 3
    clips = [
        {"id": f"c{i}", "st": i * 1000, "d": 1000, "n": f"clip {i}", "src": f"asset-{i % 50}", "m": {"motion": "still"}}
        for i in range(count - 2 * third)
    ]
    sounds = [{"id": f"m{i}", "st": i * 1000, "d": 1000, "src": "music:calm", "vol": 0.35} for i in range(third)]
    titles = [{"id": f"t{i}", "st": i * 1000, "d": 900, "tx": f"Title number {i}"} for i in range(third)]
    tracks = [{"tt": 0, "sg": clips}, {"tt": 1, "n": "Music", "sg": sounds}, {"tt": 7, "n": "Titles", "sg": titles}]
    return Draft({"t": tracks, "d": 10_000_000, "m": {"width": 1920, "height": 1080}})


def main() -> None:
    """Measure and print."""
    options(__doc__).parse_args()
    import pandas as pd

    from ipynemo.frames import from_frame, to_frame

    draft = draft_of(SEGMENTS)
    frame = to_frame(draft)
    # As plain Python values, None where one is missing: what somebody would hand to pandas.
    ready = {column: frame[column].astype(object).where(frame[column].notna(), None).tolist() for column in frame}
    runs = {
        "columns": lambda: pd.DataFrame(ready),
        "to_frame": lambda: to_frame(draft),
        "records": lambda: frame.to_dict("records"),
        "from_frame": lambda: from_frame(frame),
    }
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(ROUNDS):
        for name, run in runs.items():
            start = time.process_time()
            run()
            best[name] = min(best[name], time.process_time() - start)
    note = f"{SEGMENTS:,} segments, CPU time, best of {ROUNDS}, in turn. The ratio is our time to that of pandas."
    rows = [
        Row(what, f"{best[ours] * 1000:.1f} ms", f"{best[peer] * 1000:.1f} ms", best[ours] / best[peer], aim)
        for what, ours, peer, aim in (
            ("a draft as a frame (peer: a frame of the same columns ready-made)", "to_frame", "columns", "at most 3"),
            ("a frame as a draft, nothing edited (peer: its rows as dicts)", "from_frame", "records", ""),
        )
    ]
    write("Draft: frames", note, rows, ["pandas"])


if __name__ == "__main__":
    main()
