"""The moments that the page points at: drawn one at a time, and always the latest; those in between are left out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from ipynemo.errors import NemoError

__all__ = ["Moments"]

log = logging.getLogger(__name__)

Draw = Callable[[float], Awaitable[bytes | None]]


class Moments:
    """What a timeline's page wants to see.

    Parameters
    ----------
    start : callable
        Begins a coroutine function.
    draw : callable
        Draws a moment, in seconds, as a JPEG.
    push : callable
        Sends a message to the page, with buffers.
    """

    def __init__(self, start: Callable[..., object], draw: Draw, push: Callable[..., None]) -> None:
        self._start, self._draw, self._push = start, draw, push
        self._lock = threading.Lock()
        self._wanted: tuple[int, float] | None = None
        self._is_drawing = False

    def want(self, content: dict[str, Any]) -> None:
        """Take what the page asks for: `n`, its number, and `at_s`."""
        number, at_s = content.get("n"), content.get("at_s")
        if not isinstance(number, int) or isinstance(at_s, bool) or not isinstance(at_s, (int, float)) or at_s < 0:
            return
        with self._lock:
            self._wanted = (number, float(at_s))
            if self._is_drawing:
                return
            self._is_drawing = True
        self._start(self._work, what="preview", aside=True)

    def _next(self) -> tuple[int, float] | None:
        with self._lock:
            wanted, self._wanted = self._wanted, None
            self._is_drawing = wanted is not None
        return wanted

    async def _work(self) -> None:
        while (wanted := self._next()) is not None:
            number, at_s = wanted
            try:
                picture = await self._draw(at_s)
            except NemoError as error:  # what is asked for by pointing is not worth an error on the page
                log.info("No preview of %g s: %s", at_s, error.message)
                picture = None
            except BaseException:
                with self._lock:
                    self._is_drawing = False
                raise
            told = {"kind": "moment", "n": number, "at_s": at_s}
            self._push(told, [picture] if picture is not None else None)
