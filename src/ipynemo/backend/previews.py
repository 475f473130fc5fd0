"""What a draft looks like at one moment: asked of a child process that stays warm, and kept for who asks again.

The child is ended when it takes too long. Whole ranges are made by others (`excerpts`), so that no still waits for one.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from ipynemo.backend.previewers import Previewer
from ipynemo.backend.storage import Storage
from ipynemo.draft.values import Draft
from ipynemo.errors import InvalidRequestError, RateLimitError

__all__ = ["Previews"]

FRAMES_A_SECOND: Final = 30  # moments between two frames look the same
KEPT: Final = 64  # pictures, of some 50 kB each
WAITING: Final = 16
LIMIT_S: Final = 20.0  # for one picture, the child's start included
TRIES: Final = 2
HINT: Final = "Look at what the draft shows there."


class Previews:
    """Draws moments of drafts, one at a time.

    Parameters
    ----------
    storage : Storage
        Has the files.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._previewer = Previewer()

    async def still(self, draft: Draft, assets: Mapping[str, str], at_s: float, height_px: int) -> bytes:
        """Return a moment as a JPEG.

        Parameters
        ----------
        assets : mapping of str to str
            Keys of the storage by asset id.
        at_s : float
        height_px : int
            The height, or the width where that is the shorter side.

        Raises
        ------
        InvalidRequestError
            It cannot be drawn.
        RateLimitError
            Too many wait for theirs.
        """
        frame = int(at_s * FRAMES_A_SECOND + 1e-6)
        told = json.dumps([draft.raw, sorted(assets.items()), frame, height_px], sort_keys=True)
        key = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if self._waiting >= WAITING:
            raise RateLimitError("Too many previews at once.", hint="Wait a moment.")
        self._waiting += 1
        try:
            async with self._turn, self._storage.checkout(assets) as paths:
                order = {
                    "draft": draft.raw,
                    "assets": {asset_id: str(path) for asset_id, path in paths.items()},
                    "at_s": at_s,
                    "height_px": height_px,
                }
                picture = await self._ask(json.dumps(order).encode())
        finally:
            self._waiting -= 1
        self._kept[key] = picture
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return picture

    async def _ask(self, order: bytes) -> bytes:
        for _ in range(TRIES):  # a child may have ended since the last order
            try:
                async with asyncio.timeout(LIMIT_S):
                    await self._previewer.ask(order)
                    line = await self._previewer.line()
            except TimeoutError:
                await self._previewer.end()
                raise InvalidRequestError("This moment takes too long to draw.", hint=HINT) from None
            except BaseException:
                await self._previewer.end()
                raise
            if line:
                break
            await self._previewer.end()
        else:
            raise InvalidRequestError("This moment cannot be drawn: the renderer broke off.", hint=HINT)
        self._previewer.rest()
        said = json.loads(line)
        if "error" in said:
            raise InvalidRequestError(f"This moment cannot be drawn: {said['error']}", hint=HINT)
        return base64.b64decode(said["jpeg"])

    async def aclose(self) -> None:
        """End the child."""
        await self._previewer.end()
