"""One process of a crew: jobs in over standard input, their outcomes out over standard output, until the input ends.

The end of the input is also how it hears that its parent is gone. It then stops between two frames, and takes its
unfinished file away; in the middle of a decoder it does not wait for that.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from ipynemo.backend.render.memory import give_back_early
from ipynemo.errors import RenderCancelledError

__all__ = ["GRACE_S", "main", "run_forked"]

NEWS_S = 0.05  # between two words about how far it is
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
    _work(Connection(os.dup(sys.stdin.fileno()), writable=False), answers)


def run_forked(jobs: int, answers: int) -> NoReturn:
    """Do jobs from one pipe, and answer through another, in a process that was just forked; never return.

    It lets go of all that it has from its parent but these two: a pipe that it held open would not end with the parent.
    """
    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with its parent, who may have something to tidy up
        first, second = sorted((jobs, answers))
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        for begin, end in ((3, first), (first + 1, second), (second + 1, os.sysconf("SC_OPEN_MAX"))):
            os.closerange(begin, end)
        _work(Connection(jobs, writable=False), Connection(answers, readable=False))
        status = 0
    finally:
        os._exit(status)


def _work(jobs: Connection, answers: Connection) -> None:
    waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
    gone = threading.Event()
    threading.Thread(target=_listen, args=(jobs, waiting, gone), name="ipynemo-lifeline", daemon=True).start()

    heard = 0.0

    def tick(done: int) -> None:
        nonlocal heard
        if gone.is_set():
            raise RenderCancelledError("The parent is gone.")
        if told and (now := time.monotonic()) - heard > NEWS_S:
            heard = now
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
