"""Something done every so often while something else runs; what has begun comes to its end.

A task that is cancelled in the middle of a query costs its connection. So the end is asked for, and waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

__all__ = ["repeating"]


@asynccontextmanager
async def repeating(
    action: Callable[[], Awaitable[object]], every_s: float, *, at_once: bool = False
) -> AsyncIterator[None]:
    """Do something every `every_s` seconds while the block runs.

    Parameters
    ----------
    action : coroutine function
        Handles its own errors; one that gets out ends the repetition, and is raised when the block ends.
    at_once : bool
        Whether the first time is now.
    """
    stop = asyncio.Event()

    async def repeat() -> None:
        if at_once:
            await action()
        while True:
            try:
                await asyncio.wait_for(stop.wait(), every_s)
            except TimeoutError:
                await action()
            else:
                return

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        stop.set()
        await task
