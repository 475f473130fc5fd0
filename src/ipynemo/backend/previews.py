"""What a draft looks like at one moment: asked of a child process that stays warm, and kept for who asks again.

The child opens files that strangers have sent, so it is none of this process; it is ended when it takes too long, when
it has drawn a few hundred moments, and when nobody has asked for a while.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import sys
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from ipynemo.backend.children import child_environment
from ipynemo.backend.storage import Storage
from ipynemo.draft.values import Draft
from ipynemo.errors import InvalidRequestError, RateLimitError

__all__ = ["Previews"]

COMMAND: Final = ("-P", "-m", "ipynemo.backend.render.previewer")
FRAMES_A_SECOND: Final = 30  # moments between two frames look the same
KEPT: Final = 64  # pictures, of some 50 kB each
WAITING: Final = 16
LIMIT_S: Final = 20.0  # for one picture, the child's start included
IDLE_S: Final = 60.0
MOMENTS: Final = 500  # of one child; then another one begins with clean memory
LINE_BYTES: Final = 64 << 20
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
        self._child: asyncio.subprocess.Process | None = None
        self._drawn = 0
        self._idle: asyncio.TimerHandle | None = None

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
                picture = await self._ask(json.dumps(order).encode() + b"\n")
        finally:
            self._waiting -= 1
        self._kept[key] = picture
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return picture

    async def _ask(self, order: bytes) -> bytes:
        if self._idle is not None:
            self._idle.cancel()
        for _ in range(TRIES):  # a child may have ended since the last order
            try:
                async with asyncio.timeout(LIMIT_S):
                    line = await self._exchange(order)
            except TimeoutError:
                await self._end()
                raise InvalidRequestError("This moment takes too long to draw.", hint=HINT) from None
            except BaseException:
                await self._end()
                raise
            if line:
                break
            await self._end()
        else:
            raise InvalidRequestError("This moment cannot be drawn: the renderer broke off.", hint=HINT)
        self._idle = asyncio.get_running_loop().call_later(IDLE_S, self._retire)
        said = json.loads(line)
        if "error" in said:
            raise InvalidRequestError(f"This moment cannot be drawn: {said['error']}", hint=HINT)
        return base64.b64decode(said["jpeg"])

    async def _exchange(self, order: bytes) -> bytes:
        if self._child is not None and self._drawn >= MOMENTS:
            await self._end()
        if self._child is None or self._child.returncode is not None:
            self._drawn = 0
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                *COMMAND,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LINE_BYTES,
                env=child_environment(),
                start_new_session=True,
            )
        child = self._child
        if child.stdin is None or child.stdout is None:
            raise RuntimeError("the previewer has no pipes")
        self._drawn += 1
        try:
            child.stdin.write(order)
            await child.stdin.drain()
            return await child.stdout.readline()
        except ConnectionError:
            return b""

    def _retire(self) -> None:
        if self._child is not None and self._child.stdin is not None:
            self._child.stdin.close()  # it ends with it

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()

    async def aclose(self) -> None:
        """End the child."""
        if self._idle is not None:
            self._idle.cancel()
        await self._end()
