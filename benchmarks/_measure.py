"""Whole processes, started from nothing, and what they took: wall time, CPU time and memory, with all their children.

CPU time is what the kernel has booked once everybody has ended. A child that outlives its parent, such as a browser's,
is taken over and waited for, or it would cost nothing. The largest process is told by its own high-water mark, all of
them together by their proportional share (PSS), looked at once a second; only Linux tells that. It walks through all
pages of a process to do so, which makes one that maps a gigabyte several per cent slower.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOOK_S = 0.2  # between two looks at which processes there are, and at their own marks
SHARES_S = 1.0  # between two looks at what each has of the memory
PATIENCE_S = 10.0  # for what outlives its parent
_PR_SET_CHILD_SUBREAPER = 36  # prctl.h


class FailedError(RuntimeError):
    """A process ended with an error; the message is the end of what it said."""


@dataclass(frozen=True)
class Took:
    """What a run took; memory in MiB, `together_mib` None where it cannot be read."""

    wall_s: float
    cpu_s: float
    largest_mib: float
    together_mib: float | None


class _Memory:
    """Watches the processes below this one, in a thread."""

    def __init__(self, *, shares: bool) -> None:
        self.largest_kib = 0
        self.together_kib = 0
        self._shares = shares
        self.seen: set[int] = set()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        shares_at = time.monotonic() + SHARES_S
        while not self._done.wait(LOOK_S):
            pids, together = below(os.getpid()), 0
            self.seen.update(pids)
            with_shares = self._shares and time.monotonic() >= shares_at
            for pid in pids:
                with suppress(OSError):  # it has just ended
                    self.largest_kib = max(self.largest_kib, _kib(Path(f"/proc/{pid}/status"), "VmHWM:"))
                    if with_shares:
                        together += _kib(Path(f"/proc/{pid}/smaps_rollup"), "Pss:")
            if with_shares:
                self.together_kib = max(self.together_kib, together)
                shares_at = time.monotonic() + SHARES_S

    def stop(self) -> None:
        self._done.set()
        self._thread.join()


def _kib(path: Path, field: str) -> int:
    for line in path.read_text("ascii", "replace").splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    return 0  # a process that has ended and was not waited for has no memory


def below(pid: int) -> list[int]:
    """Return the processes below one, on Linux; elsewhere none."""
    found, waiting = [], [pid]
    while waiting:
        at = waiting.pop()
        for task in Path(f"/proc/{at}/task").glob("*/children"):
            with suppress(OSError):
                waiting += map(int, task.read_text().split())
        found.append(at)
    return found[1:]


def adopt_orphans() -> None:
    """Have processes whose parent has ended become children of this one, so that they can be waited for."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _reap(seen: set[int]) -> None:
    """Wait for what outlived its parent; end what does not end by itself."""
    limit = time.monotonic() + PATIENCE_S
    with suppress(ChildProcessError):  # nobody is left
        while True:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if not pid:
                time.sleep(0.05)
                if time.monotonic() > limit:
                    for left in seen.intersection(below(os.getpid())):
                        os.kill(left, signal.SIGKILL)
                    limit = float("inf")


def run(
    *commands: Sequence[str], order: bytes = b"", environment: Mapping[str, str] | None = None, shares: bool = True
) -> Took:
    """Run commands beside each other.

    Parameters
    ----------
    commands : list of str
    order : bytes
        What each reads from its standard input, which stays open until it has ended.
    environment : mapping, optional
    shares : bool
        Whether to look at what each has of the memory.

    Raises
    ------
    FailedError
        One ended with an error.
    """
    adopt_orphans()
    before, start = os.times(), time.perf_counter()
    memory = _Memory(shares=shares)
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         env=environment)
        for command in commands
    ]  # fmt: skip
    said, failed, largest_kib = [], 0, 0
    try:
        for process in processes:
            assert process.stdin is not None
            assert process.stdout is not None
            if order:
                process.stdin.write(order)
                process.stdin.flush()
        for process in processes:
            said.append(process.stdout.read().decode("utf-8", "replace"))  # type: ignore[union-attr]
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            failed = failed or process.returncode
            largest_kib = max(largest_kib, usage.ru_maxrss // (1024 if sys.platform == "darwin" else 1))
            process.stdin.close()  # type: ignore[union-attr]
            process.stdout.close()  # type: ignore[union-attr]
        wall_s = time.perf_counter() - start
    finally:
        memory.stop()
        for process in processes:
            if process.returncode is None:  # somebody interrupts the benchmark
                process.kill()
    _reap(memory.seen)
    after = os.times()
    if failed:
        raise FailedError(f"{' '.join(commands[0])[:200]} ended with {failed}:\n{''.join(said)[-2000:]}")
    return Took(
        wall_s,
        after.children_user + after.children_system - before.children_user - before.children_system,
        max(memory.largest_kib, largest_kib) / 1024,
        memory.together_kib / 1024 or None,
    )


def until(
    mark: bytes, command: Sequence[str], order: bytes = b"", environment: Mapping[str, str] | None = None
) -> float:
    """Return the seconds from the start of a command until it writes a line that begins with `mark`, and end it."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if order:
            process.stdin.write(order)
            process.stdin.flush()
        for line in process.stdout:
            if line.startswith(mark):
                took = time.perf_counter() - start
                process.stdin.close()
                process.stdout.read()
                return took
    raise FailedError(f"{' '.join(command)[:200]} ended before it said {mark.decode()}")
