"""Previews: stills within 200 ms and ranges faster than real time, of photographs that move, crossfade, under titles.

Run with `python benchmarks/preview.py [rounds]`. Measured twice: the renderer alone, in CPU and wall time, and what a
client of the embedded backend waits for. The peer is ffmpeg, which takes a frame, or a range in the same small size,
out of the finished film - that nobody has at that time. The run fails where an aim is missed in CPU time.
"""

from __future__ import annotations

import sys

from _results import options


def main() -> int:
    """Measure; return 1 where an aim is missed."""
    parser = options(__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=3, help="how often everybody has a turn (default 3)")
    given = parser.parse_args()
    from _previews import measure

    return 0 if measure(given.rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
