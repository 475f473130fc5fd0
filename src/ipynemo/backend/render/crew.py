"""A pool of processes that encode: an `Executor` whose workers say how far they are, and end when their parent does.

`ProcessPoolExecutor` would run the caller's main script again in every worker, and a script without a guard with it; it
also cannot be stopped in the middle of a job. So each worker is a plain child that gets its jobs over a pipe. The end of
that pipe ends it, also when the parent was killed: it takes its unfinished file away, and goes.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from ipynemo.errors import RenderCancelledError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Crew"]

GRACE_S = 1.5  # to stop between two frames; then it stops anyway
COMMAND = ("-P", "-m", "ipynemo.backend.render.crew")


class _Member:
    """One worker process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *COMMAND], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise BrokenProcessPool("A worker has no pipes.")
        self._jobs = Connection(os.dup(self._process.stdin.fileno()), readable=False)
        self._answers = Connection(os.dup(self._process.stdout.fileno()), writable=False)
        self._process.stdin.close()
        self._process.stdout.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def run(self, on_tick: Callable[[int], None] | None, work: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """Have a job done."""
        try:
            self._jobs.send((on_tick is not None, work, args))
            while True:
                kind, value = self._answers.recv()
                if kind == "tick" and on_tick is not None:
                    on_tick(value)
                elif kind == "done":
                    return value
                elif kind == "error":
                    raise value
        except (EOFError, ConnectionError) as error:
            raise BrokenProcessPool(f"The worker process {self.pid} ended in the middle of its work.") from error

    def close(self) -> None:
        """End the process, whatever it does."""
        self._jobs.close()

    def wait(self) -> None:
        """Wait until it has ended."""
        try:
            self._process.wait(2 * GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()


class Crew(Executor):
    """Worker processes, started at once, so that they are ready when the first job comes.

    Parameters
    ----------
    workers : int
    """

    def __init__(self, workers: int) -> None:
        self._max_workers = workers  # as the executors of the standard library have it
        self._idle: queue.SimpleQueue[_Member] = queue.SimpleQueue()
        self._members: list[_Member] = []
        self._lock = threading.Lock()
        self._closed = False
        for _ in range(workers):
            self._idle.put(self._started())
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="ipynemo-crew")

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers."""
        return tuple(member.pid for member in self._members)

    def _started(self) -> _Member:
        with self._lock:
            if self._closed:
                raise BrokenProcessPool("The workers were sent away.")
            member = _Member()
            self._members.append(member)
            return member

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a function called in a worker; keyword arguments are not taken."""
        if kwargs:
            raise TypeError("keyword arguments are not taken")
        return self._threads.submit(self._run, None, work, args)

    def submit_told(
        self, on_tick: Callable[[int], None], work: Callable[..., Any], /, *args: Any
    ) -> Future[Any]:
        """Have a function called that takes a `tick` as its last argument; `on_tick` hears it, in another thread."""
        return self._threads.submit(self._run, on_tick, work, args)

    def _run(self, on_tick: Callable[[int], None] | None, work: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        member = self._idle.get()
        try:
            outcome = member.run(on_tick, work, args)
        except BrokenProcessPool:
            member.close()
            with suppress(BrokenProcessPool):  # nobody will ask for another one
                self._idle.put(self._started())
            raise
        except BaseException:
            self._idle.put(member)
            raise
        self._idle.put(member)
        return outcome

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers, also in the middle of a job unless `wait` is asked for and jobs are not cancelled."""
        if wait and not cancel_futures:
            self._threads.shutdown(wait=True)
        with self._lock:
            self._closed = True
            members = list(self._members)
        for member in members:
            member.close()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for member in members:
            member.wait()


def _listen(jobs: Connection, waiting: queue.SimpleQueue[Any], gone: threading.Event) -> None:
    while True:
        try:
            waiting.put(jobs.recv())
        except (EOFError, OSError):
            break
    gone.set()
    waiting.put(None)
    threading.Event().wait(GRACE_S)
    os._exit(1)


def main() -> None:
    """Do jobs from standard input until it ends."""
    import cv2

    from ipynemo.backend.render import parts  # noqa: F401 - what the jobs need, loaded while none is there yet

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
