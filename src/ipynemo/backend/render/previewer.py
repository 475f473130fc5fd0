"""Previews of drafts, drawn by a child process that waits for the next order: importing takes longer than drawing.

In, a line of JSON each: `{"draft": {...}, "assets": {"id": "/path"}, "height_px": 360, "at_s": 3.2}` for a moment, with
`"from_ms"` and `"to_ms"` for a range. Out, for a moment: `{"jpeg": "<base64>"}`; for a range: `{"bytes": n}` and behind
it n bytes of an MP4, again and again, then `{"done": {…}}`; for both, `{"error": "…"}`.
It ends with its standard input. `--aside` lets other processes go first.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, Final

import cv2

from ipynemo.backend.render.excerpt import excerpt
from ipynemo.backend.render.memory import give_back_early
from ipynemo.backend.render.preview import still
from ipynemo.draft.values import Draft
from ipynemo.errors import NemoError

__all__ = ["main"]

log = logging.getLogger(__name__)

NICENESS: Final = 5


class _Teller:
    """Writes what is to be said."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def say(self, **told: object) -> None:
        """Write a line."""
        self._out.write(json.dumps(told).encode() + b"\n")
        self._out.flush()

    def give(self, data: bytes) -> None:
        """Write bytes."""
        self._out.write(json.dumps({"bytes": len(data)}).encode() + b"\n" + data)
        self._out.flush()


def answer(order: dict[str, Any], to: _Teller) -> None:
    """Draw what an order says."""
    try:
        draft, height_px = Draft(order["draft"]), int(order["height_px"])
        assets = {str(asset_id): Path(path) for asset_id, path in order["assets"].items()}
        if "from_ms" in order:
            made = excerpt(draft, assets, float(order["from_ms"]), float(order["to_ms"]), height_px, to.give)
            to.say(done=asdict(made))
        else:
            picture = still(draft, assets, float(order["at_s"]), height_px)
            to.say(jpeg=base64.b64encode(picture).decode())
    except NemoError as error:
        to.say(error=error.message)
    except BrokenPipeError:
        raise
    except Exception:
        log.exception("a preview could not be drawn")
        to.say(error="The renderer could not draw it; the backend's log says more.")


def main() -> int:
    """Answer orders until there are no more."""
    give_back_early()
    cv2.setNumThreads(1)
    if "--aside" in sys.argv[1:] and hasattr(os, "nice"):
        os.nice(NICENESS)
    # Whatever else writes to stdout, a library's banner perhaps, must not get between the lines.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    teller = _Teller(out)
    for line in sys.stdin.buffer:
        try:
            answer(json.loads(line), teller)
        except BrokenPipeError:  # nobody reads any more
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
