"""Many small news, few messages: at most so many a second, deltas joined, of the rest the latest.

The page drops what comes faster than about a thousand messages a second, and nobody reads faster than twenty.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from ipynemo.loop import background
from ipynemo.settings import has_threads

__all__ = ["INTERVAL_S", "Coalescer"]

INTERVAL_S = 0.05  # twenty updates a second


class Coalescer:
    """Collect fields and send them together; may be called from any thread.

    Parameters
    ----------
    send : callable
        Called with a dict of what has come since the last time; on the background thread or the caller's.
    interval_s : float
        The least time between two messages. The first one goes at once.
    joined : iterable of str
        Fields whose values are put one behind the other: text, lists. Of all others the latest counts.

    Examples
    --------
    >>> sent = []
    >>> coalescer = Coalescer(sent.append, interval_s=3600, joined=["text"])
    >>> for word in ("A", "robot", " paints"):
    ...     coalescer.add(text=word, count=1)
    >>> coalescer.flush()
    >>> sent
    [{'text': 'A', 'count': 1}, {'text': 'robot paints', 'count': 1}]
    """

    def __init__(
        self, send: Callable[[dict[str, Any]], object], interval_s: float = INTERVAL_S, *, joined: Iterable[str] = ()
    ) -> None:
        self._send = send
        self._interval_s = interval_s
        self._joined = frozenset(joined)
        self._lock = threading.RLock()
        self._waiting: dict[str, Any] = {}
        self._sent_at = -float("inf")
        self._is_planned = False

    def add(self, **fields: Any) -> None:
        """Take news; they are sent now, or with others in a moment."""
        with self._lock:
            for name, value in fields.items():
                if name in self._joined and name in self._waiting:
                    self._waiting[name] = self._waiting[name] + value
                else:
                    self._waiting[name] = value
            wait_s = self._sent_at + self._interval_s - time.monotonic()
            if wait_s <= 0 or not has_threads():
                self._send_now()
            elif not self._is_planned:
                self._is_planned = True
                loop = background()
                loop.call_soon_threadsafe(loop.call_later, wait_s, self.flush)

    def flush(self) -> None:
        """Send what waits; called before a message that must come after it."""
        with self._lock:
            self._send_now()

    def _send_now(self) -> None:
        self._is_planned = False
        if self._waiting:
            content, self._waiting = self._waiting, {}
            self._sent_at = time.monotonic()
            self._send(content)
