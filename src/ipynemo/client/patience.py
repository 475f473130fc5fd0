"""The one wait that HTTP 429 asks for: a request that was refused for its rate was not carried out, billed or not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ipynemo.errors import RateLimitError
from ipynemo.settings import Timing

__all__ = ["patiently"]

log = logging.getLogger(__name__)

T = TypeVar("T")


async def patiently(timing: Timing, call: Callable[[], Awaitable[T]]) -> T:
    """Return what `call` returns; where the backend asks to wait, wait once and call once more.

    Raises
    ------
    RateLimitError
        It refused again, or asks for a longer wait than is obeyed.
    """
    try:
        return await call()
    except RateLimitError as error:
        asked_s = timing.retry_after_default_s if error.retry_after_s is None else error.retry_after_s
        if asked_s > timing.retry_after_max_s:
            raise
    log.info("Too many requests; waiting %.1f s.", asked_s)
    await asyncio.sleep(asked_s)
    return await call()
