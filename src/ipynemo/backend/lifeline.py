"""Ends this process when its parent is gone, also when the parent was killed and could say nothing.

Two signs, because each has a gap: the end of standard input (missed while another child of the parent holds a copy of
the pipe) and the parent's process id (looked at every half second).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

__all__ = ["LOOK_S", "watch_parent"]

LOOK_S = 0.5
GRACE_S = 8.0


def watch_parent(parent: int, on_gone: Callable[[], None]) -> None:
    """Call `on_gone` when the parent has ended, and end the process some seconds later whatever it does.

    Parameters
    ----------
    parent : int
        The parent's process id, told by the parent itself: it may have died before we could ask.
    on_gone : callable
        Called once, from a thread of its own.
    """
    gone = threading.Event()

    def read() -> None:
        while os.read(0, 4096):
            continue
        gone.set()

    def wait() -> None:
        while os.getppid() == parent and not gone.wait(LOOK_S):
            continue
        on_gone()
        time.sleep(GRACE_S)
        os._exit(1)

    for watcher in (read, wait):
        threading.Thread(target=watcher, name=f"lifeline {watcher.__name__}", daemon=True).start()
