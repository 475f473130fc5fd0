"""Moments of drafts, drawn by a child process that waits for the next order: importing takes longer than drawing.

In, a line of JSON each: `{"draft": {...}, "assets": {"id": "/path"}, "at_s": 3.2, "height_px": 360}`. Out, a line each:
`{"jpeg": "<base64>"}` or `{"error": "…"}`. It ends with its standard input.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import cv2

from ipynemo.backend.render.memory import give_back_early
from ipynemo.backend.render.preview import still
from ipynemo.draft.values import Draft
from ipynemo.errors import NemoError

__all__ = ["main"]

log = logging.getLogger(__name__)


def answer(order: dict[str, Any]) -> dict[str, str]:
    """Draw what an order says."""
    try:
        assets = {str(asset_id): Path(path) for asset_id, path in order["assets"].items()}
        picture = still(Draft(order["draft"]), assets, float(order["at_s"]), int(order["height_px"]))
    except NemoError as error:
        return {"error": error.message}
    except Exception:
        log.exception("a moment could not be drawn")
        return {"error": "The renderer could not draw it; the backend's log says more."}
    return {"jpeg": base64.b64encode(picture).decode()}


def main() -> int:
    """Answer orders until there are no more."""
    give_back_early()
    cv2.setNumThreads(1)
    # Whatever else writes to stdout, a library's banner perhaps, must not get between the lines.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin.buffer:
        out.write(json.dumps(answer(json.loads(line))).encode() + b"\n")
        out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
