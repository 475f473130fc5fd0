"""What an interrupt (the stop button, Ctrl-C) does while a call waits inside a running event loop.

Python raises `KeyboardInterrupt` wherever the main thread is at that moment. Where a blocking call keeps a notebook's
loop turning, that may be somebody else's task, which would die of it while the call waits on. And ipykernel's own
handler, which cancels an awaiting cell, does not wake a loop that sleeps, so that the stop button does nothing until
something else happens (https://github.com/ipython/ipykernel/issues/881).
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

__all__ = ["awake", "ends"]

WAKE_S = 0.1  # how long the stop button may go unnoticed by a cell that awaits


@dataclass
class _Wait:
    """A blocking call that waits inside a running loop."""

    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    interrupted: bool = False


_waits: list[_Wait] = []  # the innermost last: a callback of one call may make another


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()  # signals reach no other


def _handle(number: int, frame: FrameType | None) -> None:
    if not _waits or _waits[-1].interrupted:  # no wait at all: somebody restored this handler too late
        signal.default_int_handler(number, frame)
    wait = _waits[-1]
    wait.interrupted = True
    wait.loop.call_soon_threadsafe(wait.future.cancel)


@contextmanager
def ends(future: asyncio.Future[Any], loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let the first interrupt cancel `future`, and raise `KeyboardInterrupt` from here when the loop has come back.

    A second one is raised where the main thread is, as without us: some callback may never return. A handler of
    somebody's own is left in its place.
    """
    before = signal.getsignal(signal.SIGINT)
    if not _in_main_thread() or before not in (signal.default_int_handler, _handle):
        yield
        return
    wait = _Wait(future, loop)
    _waits.append(wait)
    signal.signal(signal.SIGINT, _handle)
    try:
        yield
    except asyncio.CancelledError:
        if not wait.interrupted:
            raise
    finally:
        _waits.pop()
        if signal.getsignal(signal.SIGINT) is _handle:
            signal.signal(signal.SIGINT, before)
    if wait.interrupted:
        raise KeyboardInterrupt


@contextmanager
def awake() -> Iterator[None]:
    """Wake this loop now and then, where an interrupt is handled by something that may not wake it itself."""
    if not _in_main_thread() or signal.getsignal(signal.SIGINT) in (None, signal.SIG_IGN, signal.default_int_handler):
        yield
        return
    loop = asyncio.get_running_loop()
    next_time: asyncio.TimerHandle

    def again() -> None:
        nonlocal next_time
        next_time = loop.call_later(WAKE_S, again)

    again()
    try:
        yield
    finally:
        next_time.cancel()
