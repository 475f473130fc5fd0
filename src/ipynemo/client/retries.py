"""What is sent again, and what never is.

Reads are tried again with full jitter within a budget (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture
Blog, 2015) and honour `Retry-After`. Billed calls are sent again only if they never left. Errors are raised outside of
the handlers of the HTTP library's, so that none drags a request, and the token in it, along as its context.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import httpx

from ipynemo.client.endpoint import Endpoint
from ipynemo.client.secret import redact
from ipynemo.errors import ConnectionFailedError, InvalidRequestError, NemoError, RateLimitError, ServerError
from ipynemo.settings import Timing

__all__ = ["NEVER_LEFT", "Retries"]

log = logging.getLogger(__name__)

# A proxy that refuses does so before the request is sent.
NEVER_LEFT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class Retries:
    """Tries requests of one backend.

    Attributes
    ----------
    closings : int
        How often the client was closed; what was under way then is not tried again.
    """

    def __init__(self, endpoint: Endpoint, timing: Timing) -> None:
        self.endpoint = endpoint
        self.timing = timing
        self.closings = 0

    async def run(
        self,
        once: Callable[[], Awaitable[dict[str, Any]]],
        *,
        billed: bool,
        doing: str,
        session_id: str | None = None,
        render_id: str | None = None,
        limit_s: float = math.inf,
    ) -> dict[str, Any]:
        """Return what `once` returns, at the first or a later try.

        Parameters
        ----------
        once : callable
            Sends the request; raises errors of the HTTP library, or ours.
        billed : bool
            Whether it must not arrive twice.
        doing : str
            What is asked, as it stands behind "could not": "read the state".
        limit_s : float
            For all tries together, in seconds; a wait after HTTP 429 does not count.

        Raises
        ------
        NemoError
            What the last try came to.
        """
        timing = self.timing
        deadline = time.monotonic() + limit_s
        closings = self.closings
        waited_for_rate = False
        tries = 0
        while True:
            tries += 1
            wait_s = random.uniform(0, timing.read_backoff_s * 2 ** min(tries - 1, 6))  # noqa: S311 - jitter
            left = True
            fault: NemoError  # raised outside of the handlers, so that it drags no request with it
            try:
                async with asyncio.timeout(deadline - time.monotonic() if math.isfinite(deadline) else None):
                    return await once()
            except httpx.RequestError as error:
                left = not isinstance(error, NEVER_LEFT)
                fault = self.undelivered(error, doing, session_id, render_id, left=left)
                again = tries < timing.read_tries and not (billed and left)
            except ConnectionFailedError as error:  # ours: the client was closed
                fault, again = error, False
            except TimeoutError:
                fault = self._too_slow(doing, limit_s, billed=billed, session_id=session_id, render_id=render_id)
                again = False
            except RateLimitError as error:
                fault = error
                wait_s = timing.retry_after_default_s if error.retry_after_s is None else error.retry_after_s
                again = not billed and not waited_for_rate and wait_s <= timing.retry_after_max_s
                waited_for_rate = True
                deadline += wait_s
            except ServerError as error:
                fault = error
                wait_s = wait_s if error.retry_after_s is None else error.retry_after_s
                again = not billed and (error.status or 0) >= 500 and tries < timing.read_tries
                again = again and wait_s <= timing.retry_after_max_s
            if closings != self.closings:
                raise ConnectionFailedError(
                    f"Could not {doing}: the client was closed meanwhile.", session_id=session_id, render_id=render_id
                )
            if not again or time.monotonic() + wait_s > deadline:
                raise fault
            log.info("Could not %s (%s); the next try is in %.1f s.", doing, type(fault).__name__, wait_s)
            if not left:
                await self.endpoint.revive()
            await asyncio.sleep(wait_s)

    def undelivered(
        self,
        error: httpx.RequestError,
        doing: str,
        session_id: str | None = None,
        render_id: str | None = None,
        *,
        left: bool,
    ) -> NemoError:
        """Return our error for one of the HTTP library's."""
        what = redact(str(error)) or type(error).__name__
        if isinstance(error, httpx.UnsupportedProtocol):
            return InvalidRequestError(f"{self.endpoint.base_url!r} is not the address of a backend.")
        hint = (
            "It may have arrived; it was not sent again. Look at the state before trying once more."
            if left
            else f"Is the network up, and {self.endpoint.host} the right address?"
        )
        return ConnectionFailedError(
            f"Could not {doing}: {what}.", hint=hint, session_id=session_id, render_id=render_id
        )

    def _too_slow(
        self, doing: str, limit_s: float, *, billed: bool, session_id: str | None, render_id: str | None
    ) -> NemoError:
        hint = "It may have arrived; look at the state before trying once more." if billed else "Try again in a minute."
        return ConnectionFailedError(
            f"Could not {doing} within {limit_s:g} s.", hint=hint, session_id=session_id, render_id=render_id
        )
