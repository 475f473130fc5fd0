"""What the timeline shows of the video: the picture of a moment, and a range that plays, of the draft that is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ipynemo.client import AsyncSession, Preview
from ipynemo.client.previewing import OnBytes
from ipynemo.draft import Draft
from ipynemo.errors import InvalidRequestError
from ipynemo.widgets._timeline_moments import Moments
from ipynemo.widgets._timeline_plays import Plays

__all__ = ["Screen"]

Source = Callable[[], tuple[AsyncSession, Draft | None] | None]


class Screen:
    """Both of them, on what the page asks for.

    Parameters
    ----------
    start : callable
        Begins a coroutine function.
    source : callable
        Gives the session that draws, and the draft where it is not the session's own; None where there is none.
    push : callable
        Sends a message to the page, with buffers.
    """

    def __init__(self, start: Callable[..., object], source: Source, push: Callable[..., None]) -> None:
        self._source = source
        self._moments = Moments(start, self._draw, push)
        self._plays = Plays(start, self._make, push)

    def want(self, content: dict[str, Any]) -> None:
        """Take what the page asks for."""
        if content.get("kind") == "play":
            self._plays.want(content)
        else:
            self._moments.want(content)

    def control(self, content: dict[str, Any]) -> None:
        """Take what the page says on the second wire."""
        if content.get("kind") == "stop_play":
            self._plays.stop(content.get("n"))

    async def _draw(self, at_s: float) -> bytes | None:
        source = self._source()
        return (await source[0].still(at_s, draft=source[1])).jpeg if source else None

    async def _make(self, start_s: float, end_s: float, on_bytes: OnBytes) -> Preview:
        source = self._source()
        if source is None:
            raise InvalidRequestError("There is nothing to play.")
        return await source[0].preview(start_s, end_s, draft=source[1], on_bytes=on_bytes)
