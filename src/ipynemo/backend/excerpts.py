"""Ranges of drafts as small films, given on while they are made, by child processes of their own.

Stills do not wait for them, and exports come first: these children have a lower priority. A user has one in the making
at a time. It does not wait for a slow listener, and it ends with the last one.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

from ipynemo.backend.previewers import Previewer
from ipynemo.backend.storage import Storage
from ipynemo.draft.values import Draft
from ipynemo.errors import InvalidRequestError, RateLimitError

__all__ = ["LONGEST_MS", "ExcerptOrder", "Excerpts"]

LONGEST_MS: Final = 60_000
LIMIT_S: Final = 90.0  # for one film, the child's start included
AT_ONCE: Final = max(1, min(4, (os.cpu_count() or 1) // 2))
WAITING: Final = 32  # of all users
WAITING_OF_ONE: Final = 6
MOST_BYTES: Final = 64 << 20  # a minute of pure noise has half of it
KEPT_BYTES: Final = 32 << 20
KEPT_FAILURES: Final = 32
TRIES: Final = 2
HINT: Final = "Look at what the draft shows there."


@dataclass(frozen=True)
class ExcerptOrder:
    """What is asked for; `assets` are the storage's keys of the files that the draft names, by asset id."""

    draft: Draft
    assets: Mapping[str, str]
    from_ms: float
    to_ms: float
    height_px: int

    @property
    def key(self) -> str:
        """The hash of all that the film depends on."""
        told = json.dumps(
            [self.draft.raw, sorted(self.assets.items()), self.from_ms, self.to_ms, self.height_px], sort_keys=True
        )
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


class _BrokeOffError(Exception):
    """The child ended amid its answer."""


class Excerpts:
    """Makes ranges of drafts.

    Parameters
    ----------
    storage : Storage
        Has the files.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._free: list[Previewer] = []
        self._users: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._waiting: Counter[str] = Counter()
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._failed: OrderedDict[str, str] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    async def pieces(self, user_id: str, order: ExcerptOrder) -> AsyncIterator[bytes]:
        """Yield an MP4 in fragments, as it is made; closing the iterator ends the work.

        Raises
        ------
        InvalidRequestError
            It cannot be drawn; where that turns out in the middle, whoever asks again is told at once.
        RateLimitError
            Too many wait for theirs.
        """
        key = order.key
        if key in self._kept:
            self._kept.move_to_end(key)
            yield self._kept[key]
            return
        if key in self._failed:
            raise InvalidRequestError(self._failed[key], hint=HINT)
        if self._waiting[user_id] >= WAITING_OF_ONE or self._waiting.total() >= WAITING:
            raise RateLimitError("Too many previews at once.", hint="Wait a moment.")
        ready: asyncio.Queue[bytes | None] = asyncio.Queue()
        making = asyncio.create_task(self._make(user_id, order, key, ready))
        self._tasks.add(making)
        self._waiting[user_id] += 1

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            self._waiting[user_id] -= 1
            if not self._waiting[user_id]:
                del self._waiting[user_id]
            ready.put_nowait(None)

        making.add_done_callback(ended)
        try:
            while (piece := await ready.get()) is not None:
                yield piece
            await making  # raises what went wrong
        finally:
            making.cancel()
            await asyncio.wait([making])
            if not making.cancelled():
                making.exception()  # whoever listened to the end has it already

    async def _make(self, user_id: str, order: ExcerptOrder, key: str, ready: asyncio.Queue[bytes | None]) -> None:
        mine = self._users.setdefault(user_id, asyncio.Lock())
        async with mine, self._slots, self._storage.checkout(order.assets) as paths:
            told = json.dumps(
                {
                    "draft": order.draft.raw,
                    "assets": {asset_id: str(path) for asset_id, path in paths.items()},
                    "from_ms": order.from_ms,
                    "to_ms": order.to_ms,
                    "height_px": order.height_px,
                }
            ).encode()
            previewer = self._free.pop() if self._free else Previewer("--aside")
            whole = bytearray()
            try:
                async with asyncio.timeout(LIMIT_S):
                    await self._listen(previewer, told, whole, ready)
            except TimeoutError:
                await previewer.end()
                raise InvalidRequestError("This range takes too long to draw.", hint=HINT) from None
            except _BrokeOffError:
                await previewer.end()
                raise InvalidRequestError("This range cannot be drawn: the renderer broke off.", hint=HINT) from None
            except InvalidRequestError as error:  # said by the child, which goes on
                self._failed[key] = error.message
                while len(self._failed) > KEPT_FAILURES:
                    self._failed.popitem(last=False)
                self._put_back(previewer)
                raise
            except BaseException:
                await previewer.end()
                raise
            self._put_back(previewer)
        self._kept[key] = bytes(whole)
        while sum(map(len, self._kept.values())) > KEPT_BYTES:
            self._kept.popitem(last=False)

    def _put_back(self, previewer: Previewer) -> None:
        previewer.rest()
        self._free.append(previewer)

    async def _listen(
        self, previewer: Previewer, told: bytes, whole: bytearray, ready: asyncio.Queue[bytes | None]
    ) -> None:
        for _ in range(TRIES):  # a child may have ended since the last order
            await previewer.ask(told)
            if line := await previewer.line():
                break
            await previewer.end()
        while line:
            said = json.loads(line)
            if "error" in said:
                raise InvalidRequestError(f"This range cannot be drawn: {said['error']}", hint=HINT)
            if "done" in said:
                return
            piece = await previewer.exactly(said["bytes"])
            whole += piece
            if not piece or len(whole) > MOST_BYTES:
                break
            ready.put_nowait(piece)
            line = await previewer.line()
        raise _BrokeOffError

    async def aclose(self) -> None:
        """End what is in the making, and the children."""
        for task in (*self._tasks,):
            task.cancel()
            with suppress(asyncio.CancelledError, InvalidRequestError):
                await task
        for previewer in self._free:
            await previewer.end()
