"""The stream that a user holds: events of one turn, from any loop, closable from any task.

The turn runs on the background loop and fills a feed; the user's side takes from it. The feed knows nothing of the
user's object, so a stream that is forgotten in the middle (`break`) is noticed and its turn is closed.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Final

from ipynemo.client.values import Reply
from ipynemo.events import Event, Heartbeat, StillWorking
from ipynemo.loop import bridge

__all__ = ["Feed", "TurnStream"]

MAX_WAITING: Final = 4096  # events that nobody took; then the server is held up too


class Feed:
    """Events between the turn that makes them and the user who takes them; all but `waiting` on the background loop."""

    def __init__(self, produce: Callable[[Callable[[Event], Awaitable[None]]], Awaitable[Reply]]) -> None:
        self._produce = produce
        self.waiting: deque[Event] = deque()
        self.reply: Reply | None = None
        self._task: asyncio.Task[Reply] | None = None
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._ended = False

    async def put(self, event: Event) -> None:
        """Take an event of the turn; wait where too many are waiting, but drop signs of life then."""
        while len(self.waiting) >= MAX_WAITING:
            if isinstance(event, (Heartbeat, StillWorking)):
                return
            self._room.clear()
            await self._room.wait()
        self.waiting.append(event)
        self._news.set()

    async def more(self) -> bool:
        """Wait until an event is there; return False at the end, raise what the turn raised."""
        if self._ended:
            return False
        self._room.set()
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())
            # A stream that is left alone has nobody who would take its error.
            self._task.add_done_callback(lambda task: task.cancelled() or task.exception())
        while not self.waiting:
            if self._task.done():
                self._ended = True
                if self._task.cancelled():
                    return False
                self.reply = self._task.result()
                return False
            self._news.clear()
            await self._news.wait()
        return True

    async def _run(self) -> Reply:
        try:
            return await self._produce(self.put)
        finally:
            # The waiter looks again once the task counts as done.
            asyncio.get_running_loop().call_soon(self._news.set)

    async def close(self) -> None:
        """End the turn, wait until its connection is closed; a second call does nothing."""
        self._ended = True
        self.waiting.clear()
        task = self._task
        if task is not None and not task.done():
            task.cancel()
            await asyncio.wait({task})
        self._news.set()

    def abandon(self) -> None:
        """End the turn of a stream that nobody holds any more."""
        task = self._task
        if task is not None and not task.done() and not task.get_loop().is_closed():
            task.get_loop().call_soon_threadsafe(task.cancel)


class TurnStream(AsyncIterator[Event]):
    """The events of one turn; the message is sent when the first one is asked for.

    Leaving the loop, forgetting the stream, or cancelling whoever waits for the next event (also by a timeout) closes
    it; the turn on the backend may go on.

    Attributes
    ----------
    reply : Reply or None
        What the turn came to, once the stream has ended.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._forgotten = weakref.finalize(self, feed.abandon)
        self._forgotten.atexit = False

    @property
    def reply(self) -> Reply | None:
        """What the turn came to, once the stream has ended."""
        return self._feed.reply

    async def __anext__(self) -> Event:
        while True:
            with suppress(IndexError):  # none is there yet
                return self._feed.waiting.popleft()
            try:
                more = await bridge(self._feed.more())
            except (asyncio.CancelledError, GeneratorExit):
                # A notebook keeps the traceback of an interrupted cell, and with it this stream, for a long time.
                self._feed.abandon()
                raise
            if not more:
                raise StopAsyncIteration

    async def aclose(self) -> None:
        """Close the stream and its connection, from any task; the turn on the backend may go on."""
        await bridge(self._feed.close())

    async def __aenter__(self) -> TurnStream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
