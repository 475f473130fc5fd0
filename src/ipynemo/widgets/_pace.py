"""How long it will still take: from the pace so far, said only when there is enough to go by."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

__all__ = ["Pace"]

LEAST_S = 2.0  # of watching before anything is said
LOOK_BACK_S = 30.0  # the pace of the last half minute counts: a clip's scenes are not equally hard


class Pace:
    """Percentages in, seconds left out.

    Examples
    --------
    >>> clock = iter([0.0, 5.0, 10.0])
    >>> pace = Pace(lambda: next(clock))
    >>> pace.left_s(0), pace.left_s(25), pace.left_s(50)
    (None, 15.0, 10.0)
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, float]] = deque()

    def left_s(self, percent: float) -> float | None:
        """Take a percentage; return the seconds that are left, None while that cannot be known."""
        now = self._clock()
        self._seen.append((now, percent))
        while len(self._seen) > 2 and self._seen[1][0] < now - LOOK_BACK_S:
            self._seen.popleft()
        began, first = self._seen[0]
        if now - began < LEAST_S or percent <= first:
            return None
        return (100.0 - percent) * (now - began) / (percent - first)
