"""One process of a crew: jobs in over standard input, their outcomes out over standard output, until the input ends.

The end of the input is also how it hears that its parent is gone. It then stops between two frames, and takes its
unfinished file away; in the middle of a decoder it does not wait for that.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any

from ipynemo.backend.render.memory import give_back_early
from ipynemo.errors import RenderCancelledError

__all__ = ["GRACE_S", "main"]

GRACE_S = 1.5  # to stop between two frames; then it stops anyway


def _listen(jobs: Connection, waiting: queue.SimpleQueue[Any], gone: threading.Event) -> None:
    while True:
        try:
            waiting.put(jobs.recv())
        except (EOFError, OSError):
            break
        except Exception as error:  # noqa: BLE001 - a job that cannot be read, such as a function that is not there
            waiting.put((False, _refuse, (f"{type(error).__name__}: {error}",)))
    gone.set()
    waiting.put(None)
    threading.Event().wait(GRACE_S)
    os._exit(1)


def _refuse(why: str) -> None:
    raise TypeError(f"This job cannot be done in another process: {why}")


def main() -> None:
    """Do jobs from standard input until it ends."""
    import cv2  # the package has loaded all that the jobs need, while none is there yet

    give_back_early()
    cv2.setNumThreads(1)  # the other cores have workers of their own
    # Whatever else writes to stdout, a library's banner perhaps, must not get between the answers.
    answers = Connection(os.dup(sys.stdout.fileno()), readable=False)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    jobs = Connection(os.dup(sys.stdin.fileno()), writable=False)
    waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
    gone = threading.Event()
    threading.Thread(target=_listen, args=(jobs, waiting, gone), name="ipynemo-lifeline", daemon=True).start()

    def tick(done: int) -> None:
        if gone.is_set():
            raise RenderCancelledError("The parent is gone.")
        if told:
            answers.send(("tick", done))

    while (job := waiting.get()) is not None:
        told, work, args = job
        try:
            outcome = ("done", work(*args, tick) if told else work(*args))
        except BaseException as error:  # noqa: BLE001 - it is raised where the job came from
            outcome = ("error", error)
        try:
            answers.send(outcome)
        except OSError:
            break
        except Exception as error:  # noqa: BLE001 - an answer that cannot be pickled is told of as text
            answers.send(("error", RuntimeError(f"{type(error).__name__}: {error}")))


if __name__ == "__main__":
    main()
    sys.stderr.flush()
    os._exit(0)
