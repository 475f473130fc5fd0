"""What the page plays: a range of the draft, sent while it is made; one at a time, and the latest."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from ipynemo.client import Preview
from ipynemo.client.previewing import OnBytes
from ipynemo.draft import Draft
from ipynemo.errors import NemoError

__all__ = ["Plays", "first_sight_ms"]

log = logging.getLogger(__name__)

Make = Callable[[float, float, OnBytes], Awaitable[Preview]]

PIECE_BYTES: Final = 256 << 10  # so many at once, or what came within
PIECE_S: Final = 0.1
FRAME_MS: Final = 1000 / 30


def first_sight_ms(draft: Draft | None) -> float:
    """Return the first moment at which a picture is there in full: a video that fades in begins with nothing.

    Examples
    --------
    >>> fading = {"st": 0, "d": 4000, "m": {"transition": {"kind": "fade", "d": 600}}}
    >>> first_sight_ms(Draft({"t": [{"tt": 0, "sg": [fading]}]}))
    600.0
    """
    pictures = [s for track in draft.tracks if track.kind == "video" for s in track.segments] if draft else []
    if draft is None or not pictures:
        return 0.0
    first = min(pictures, key=lambda segment: segment.start_ms)
    change = first.meta.get("transition")
    kind, length = (change.get("kind"), change.get("d", 500)) if isinstance(change, dict) else (None, 0)
    fades = kind in ("fade", "crossfade") and isinstance(length, (int, float)) and 0 <= length <= first.duration_ms
    sight = first.start_ms + (float(length) if fades else 0.0)
    return float(min(sight, max(0.0, draft.duration_ms - FRAME_MS)))


class Plays:
    """Makes what the page wants to play.

    Parameters
    ----------
    start : callable
        Begins a coroutine function.
    make : callable
        Makes a range, from and to in seconds, and hands on its bytes as they come.
    push : callable
        Sends a message to the page, with buffers.
    """

    def __init__(self, start: Callable[..., object], make: Make, push: Callable[..., None]) -> None:
        self._start, self._make, self._push = start, make, push
        self._wanted: tuple[int, int, int] | None = None
        self._task: asyncio.Task[Any] | None = None

    def want(self, content: dict[str, Any]) -> None:
        """Take what the page asks for: `n`, its number, `from_ms` and `to_ms`."""
        number, from_ms, to_ms = (content.get(name) for name in ("n", "from_ms", "to_ms"))
        if all(type(one) is int for one in (number, from_ms, to_ms)) and 0 <= from_ms < to_ms:  # type: ignore[operator]
            self._wanted = (number, from_ms, to_ms)  # type: ignore[assignment]
            self._start(self._work, what="preview", aside=True)

    def stop(self, number: object) -> None:
        """Leave off making the one of this number."""
        if self._wanted is not None and self._wanted[0] == number:
            self._wanted = None
            self._start(self._work, what="preview", aside=True)

    async def _work(self) -> None:
        """Make what is wanted now, in place of what is in the making."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
        wanted = self._wanted
        self._task = asyncio.ensure_future(self._play(*wanted)) if wanted is not None else None

    async def _play(self, number: int, from_ms: int, to_ms: int) -> None:
        waiting, sent_at = bytearray(), time.monotonic()

        def give(data: bytes) -> None:
            nonlocal sent_at
            waiting.extend(data)
            if len(waiting) >= PIECE_BYTES or time.monotonic() - sent_at >= PIECE_S:
                sent_at = time.monotonic()
                self._push({"kind": "play", "n": number, "is_last": False}, [bytes(waiting)])
                waiting.clear()

        try:
            await self._make(from_ms / 1000, to_ms / 1000, give)
        except NemoError as error:
            log.info("No preview of %d-%d ms: %s", from_ms, to_ms, error.message)
            self._push({"kind": "play", "n": number, "failed": error.message})
            return
        self._push({"kind": "play", "n": number, "is_last": True}, [bytes(waiting)] if waiting else None)
