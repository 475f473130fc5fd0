"""The renderer as a child process: one job in on stdin, progress and the outcome out on stdout, as lines of JSON.

In: `{"draft": {...}, "assets": {"id": "/path"}, "out": "/path.mp4", "quality": "high"}`, and, if wanted, `"cache"`, a
folder that keeps finished parts, and `"workers"`, how many processes to use. Out: `{"progress": 12.5}` …,
then `{"done": {...}}` with status 0, or `{"error": {"type": …, "message": …}}` with status 1. It holds its stdin open
as a lifeline: when the parent is gone, or sends SIGTERM, it stops, takes its unfinished file away, and says nothing.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

import cv2

from ipynemo.backend.render.crew import fork_ahead
from ipynemo.backend.render.jobs import RenderJob
from ipynemo.backend.render.memory import give_back_early
from ipynemo.backend.render.rendering import clear_up, cores, render
from ipynemo.errors import NemoError, RenderCancelledError

if TYPE_CHECKING:
    from types import FrameType
    from typing import BinaryIO

__all__ = ["main"]

GRACE_S = 1.5  # to stop between two frames; then it stops anyway, in the middle of a decoder if need be
STATUS_STOPPED = 3


class _Worker:
    def __init__(self, lifeline: BinaryIO, out: BinaryIO) -> None:
        self._lifeline = lifeline
        self._out = out
        self._stop = threading.Event()
        self._job: RenderJob | None = None

    def say(self, **line: Any) -> None:
        """Write one line; a parent that no longer listens is a reason to stop."""
        try:
            self._out.write(json.dumps(line).encode() + b"\n")
            self._out.flush()
        except OSError:
            self._stop.set()

    def stop(self) -> None:
        """Stop at the next frame, or soon."""
        if not self._stop.is_set():
            self._stop.set()
            timer = threading.Timer(GRACE_S, self._leave)
            timer.daemon = True
            timer.start()

    def _leave(self) -> None:
        if self._job is not None:
            clear_up(self._job.out)
        os._exit(STATUS_STOPPED)

    def _watch(self) -> None:
        while self._lifeline.readline():  # nothing more is expected; only the end counts
            pass
        self.stop()

    def _failed(self, error: NemoError) -> int:
        self.say(error={"type": type(error).__name__, "message": str(error)})
        return 1

    def run(self) -> int:
        """Do the job; return the exit status."""
        line = self._lifeline.readline()
        if not line.strip():
            return STATUS_STOPPED
        try:
            job = self._job = RenderJob.from_json(line)
        except NemoError as error:
            return self._failed(error)
        # Before there is another thread: those who encode beside this process, and one for the sound.
        fork_ahead(cores() if job.workers is None else job.workers)
        threading.Thread(target=self._watch, name="ipynemo-lifeline", daemon=True).start()
        try:
            clip = render(
                job.draft,
                job.assets,
                job.out,
                quality=job.quality,
                on_progress=lambda percent: self.say(progress=percent),
                should_stop=self._stop.is_set,
                cache=job.cache,
                workers=job.workers,
            )
        except RenderCancelledError:
            return STATUS_STOPPED
        except NemoError as error:
            return self._failed(error)
        self.say(
            done={
                "duration_s": clip.duration_s,
                "width_px": clip.width_px,
                "height_px": clip.height_px,
                "fps": clip.fps,
                "size_bytes": clip.size_bytes,
            }
        )
        return 0


def main() -> int:
    """Run one job from stdin; return the exit status."""
    give_back_early()
    cv2.setNumThreads(1)  # the other cores have workers of their own
    # Whatever else writes to stdout, a library's banner perhaps, must not get between the lines.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    worker = _Worker(sys.stdin.buffer, out)

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        worker.stop()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return worker.run()


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    # A daemon thread may sit in a read of stdin, which an orderly exit would wait for.
    os._exit(status)
