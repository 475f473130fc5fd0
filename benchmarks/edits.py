"""How much an edit of a draft of 10,000 segments costs, beside a copy of its JSON, which no edit can do without.

Run with `python benchmarks/edits.py`. Each edit gets a draft that nobody has looked at yet, and is measured in turn
with the copy, in CPU time, the best of several runs, so that whatever else the machine does weighs on neither. The aim
is at most 100 ms for each edit; the run fails where one takes longer.
"""

from __future__ import annotations

import copy
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from _results import Row, options, write
from frames import SEGMENTS, draft_of

from ipynemo import edits
from ipynemo.draft import Draft

ROUNDS = 5
AIM_MS = 100

CLIPS, MUSIC, TITLES = 1, 2, 3
MIDDLE = SEGMENTS // 6
AT_S = MIDDLE - 1  # where the middle clip begins: each is one second long

EDITS: dict[str, Callable[[Draft], Draft]] = {
    "add_caption": partial(edits.add_caption, text="Noise", start_s=AT_S),
    "add_picture": partial(edits.add_picture, source="robot", duration_s=2, position=MIDDLE),
    "add_text": partial(edits.add_text, text="Noise", start_s=AT_S, role="card"),
    "add_title": partial(edits.add_title, text="Noise", start_s=AT_S),
    "blank": lambda _draft: edits.blank(),
    "cut_range": partial(edits.cut_range, from_s=AT_S + 0.3, to_s=AT_S + 5.6),
    "fade_audio": partial(edits.fade_audio, track=MUSIC, fade_in_s=0.5, fade_out_s=0.5),
    "fade_picture": partial(edits.fade_picture, fade_in_s=0.5, fade_out_s=0.5),
    "move_segment": partial(edits.move_segment, track=CLIPS, segment=MIDDLE, start_s=3),
    "mute": edits.mute,
    "remove_segment": partial(edits.remove_segment, track=CLIPS, segment=MIDDLE),
    "remove_track": partial(edits.remove_track, track=MUSIC),
    "rename_track": partial(edits.rename_track, track=MUSIC, name="Sounds"),
    "reorder_segments": lambda draft: edits.reorder_segments(
        draft, CLIPS, [s.number for s in reversed(draft.track(CLIPS).segments)]
    ),
    "restyle_text": partial(edits.restyle_text, track=TITLES, size_px=60, bold=True),
    "set_aspect": partial(edits.set_aspect, aspect="9:16"),
    "set_duration": partial(edits.set_duration, duration_s=1800),
    "set_fit": partial(edits.set_fit, fit="blur"),
    "set_motion": partial(edits.set_motion, motion="zoom_in"),
    "set_music": partial(edits.set_music, music="calm"),
    "set_text": partial(edits.set_text, track=TITLES, segment=MIDDLE, text="Noise"),
    "set_title": partial(edits.set_title, title="Noise"),
    "set_transition": partial(edits.set_transition, kind="crossfade"),
    "set_volume": partial(edits.set_volume, track=MUSIC, volume=0.2),
    "split_segment": partial(edits.split_segment, track=CLIPS, segment=MIDDLE, at_s=AT_S + 0.4),
    "trim_segment": partial(edits.trim_segment, track=CLIPS, segment=MIDDLE, cut_start_s=0.2, cut_end_s=0.3),
}


def cost_ms(work: Callable[[], Any]) -> float:
    """Return the CPU time of one run, in milliseconds."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def main() -> int:
    """Measure and print; return 1 where an edit is too slow."""
    options(__doc__).parse_args()
    text = draft_of(SEGMENTS).to_json()
    raw = Draft.from_json(text).raw
    copies, best = [], dict.fromkeys(EDITS, float("inf"))
    for _ in range(ROUNDS):
        for name, edit in EDITS.items():
            copies.append(cost_ms(lambda: copy.deepcopy(raw)))
            draft = Draft.from_json(text)
            best[name] = min(best[name], cost_ms(partial(edit, draft)))
    deepcopy_ms = min(copies)
    note = f"{SEGMENTS:,} segments, CPU time, best of {ROUNDS}, in turn; at most {AIM_MS} ms each."
    rows = [
        Row(f"`{name}`", f"{ms:.1f} ms", f"{deepcopy_ms:.1f} ms", ms / deepcopy_ms, "too slow" if ms > AIM_MS else "")
        for name, ms in sorted(best.items(), key=lambda one: -one[1])
    ]
    write("Draft: edits (peer: copy.deepcopy of its JSON)", note, rows)
    return int(max(best.values()) > AIM_MS)


if __name__ == "__main__":
    sys.exit(main())
