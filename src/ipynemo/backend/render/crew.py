"""A pool of processes that encode: an `Executor` whose workers say how far they are, and end when their parent does.

`ProcessPoolExecutor` would run the caller's main script again in every worker, and a script without a guard with it;
it also cannot be stopped in the middle of a job. So each worker is a plain child that gets its jobs over a pipe. The
end of that pipe ends it, also when the parent was killed: it takes its unfinished file away, and goes.

A process that only renders can have its workers forked while it still has a single thread (`fork_ahead`): they have
then imported what it has, a third of a second of work each.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Crew", "are_ahead", "fork_ahead"]

PATIENCE_S = 3.0  # for a worker to take its unfinished file away
COMMAND = ("-P", "-m", "ipynemo.backend.render.member")


class _Process(Protocol):
    """What is needed of a `subprocess.Popen`."""

    pid: int

    def wait(self, timeout: float | None = None) -> int: ...

    def kill(self) -> None: ...


class _Fork:
    """A process that was forked, as a `_Process`; `answers` ends when it does."""

    def __init__(self, pid: int, answers: Connection) -> None:
        self.pid = pid
        self._answers = answers

    def wait(self, timeout: float | None = None) -> int:
        try:
            while self._answers.poll(timeout):
                self._answers.recv_bytes()
        except (EOFError, OSError):
            return os.waitpid(self.pid, 0)[1]
        raise subprocess.TimeoutExpired(["fork"], timeout or 0.0)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def _spawned() -> _Member:
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, *COMMAND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        env={"OPENBLAS_NUM_THREADS": "1"} | os.environ,  # its threads would only wait, and by turning round
    )
    if process.stdin is None or process.stdout is None:
        raise BrokenProcessPool("A worker has no pipes.")
    jobs = Connection(os.dup(process.stdin.fileno()), readable=False)
    answers = Connection(os.dup(process.stdout.fileno()), writable=False)
    process.stdin.close()
    process.stdout.close()
    return _Member(process, jobs, answers)


def _forked() -> _Member:
    jobs_out, jobs_in = os.pipe()
    answers_out, answers_in = os.pipe()
    pid = os.fork()
    if pid == 0:
        from ipynemo.backend.render.member import run_forked  # which is run as a main module, too

        run_forked(jobs_out, answers_in)
    os.close(jobs_out)
    os.close(answers_in)
    answers = Connection(answers_out, writable=False)
    return _Member(_Fork(pid, answers), Connection(jobs_in, readable=False), answers)


_ahead: list[_Member] = []


def fork_ahead(workers: int) -> None:
    """Fork workers for the crews to come; only for a process with a single thread, and only where that is safe."""
    if sys.platform == "linux" and threading.active_count() == 1:
        _ahead.extend(_forked() for _ in range(workers))


def are_ahead() -> bool:
    """Return whether a worker is there that nobody has yet."""
    return bool(_ahead)


class _Member:
    """One worker process."""

    def __init__(self, process: _Process, jobs: Connection, answers: Connection) -> None:
        self._process = process
        self._jobs = jobs
        self._answers = answers

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
            self._process.wait(PATIENCE_S)
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
        return tuple(one.pid for one in self._members)

    def _started(self) -> _Member:
        with self._lock:
            if self._closed:
                raise BrokenProcessPool("The workers were sent away.")
            started = _ahead.pop() if _ahead else _spawned()
            self._members.append(started)
            return started

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a function called in a worker; keyword arguments are not taken."""
        if kwargs:
            raise TypeError("keyword arguments are not taken")
        return self._threads.submit(self._run, None, work, args)

    def submit_told(self, on_tick: Callable[[int], None], work: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Have a function called that takes a `tick` as its last argument; `on_tick` hears it, in another thread."""
        return self._threads.submit(self._run, on_tick, work, args)

    def _run(self, on_tick: Callable[[int], None] | None, work: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        one = self._idle.get()
        try:
            outcome = one.run(on_tick, work, args)
        except BrokenProcessPool:
            one.close()
            with suppress(BrokenProcessPool):  # nobody will ask for another one
                self._idle.put(self._started())
            raise
        except BaseException:
            self._idle.put(one)
            raise
        self._idle.put(one)
        return outcome

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers, also in the middle of a job unless `wait` is asked for and jobs are not cancelled."""
        if wait and not cancel_futures:
            self._threads.shutdown(wait=True)
        with self._lock:
            self._closed = True
            members = list(self._members)
        for one in members:
            one.close()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for one in members:
            one.wait()
