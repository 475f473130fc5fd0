"""A child process that draws previews: warm for who asks next, gone when nobody has asked for a while.

It opens files that strangers have sent, so it is none of this process, and it can be ended at any moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import Final

from ipynemo.backend.children import child_environment

__all__ = ["Previewer"]

COMMAND: Final = ("-P", "-m", "ipynemo.backend.render.previewer")
IDLE_S: Final = 60.0
ORDERS: Final = 500  # of one child; then another one begins with clean memory
LINE_BYTES: Final = 64 << 20


class Previewer:
    """One child; for one order at a time.

    Parameters
    ----------
    *options : str
        For its command line.
    """

    def __init__(self, *options: str) -> None:
        self._options = options
        self._child: asyncio.subprocess.Process | None = None
        self._orders = 0
        self._idle: asyncio.TimerHandle | None = None

    async def ask(self, order: bytes) -> None:
        """Send an order, a line of JSON, to the child; one that is not there is started."""
        if self._idle is not None:
            self._idle.cancel()
        if self._child is not None and self._orders >= ORDERS:
            await self.end()
        if self._child is None or self._child.returncode is not None:
            self._orders = 0
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                *COMMAND,
                *self._options,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LINE_BYTES,
                env=child_environment(),
                start_new_session=True,
            )
        self._orders += 1
        if self._child.stdin is None:
            raise RuntimeError("the previewer has no pipes")
        with contextlib.suppress(ConnectionError):  # it has ended; so will its answer
            self._child.stdin.write(order + b"\n")
            await self._child.stdin.drain()

    @property
    def _answers(self) -> asyncio.StreamReader:
        if self._child is None or self._child.stdout is None:
            raise RuntimeError("the previewer was not asked")
        return self._child.stdout

    async def line(self) -> bytes:
        """Return the next line of its answer; nothing where it has ended."""
        try:
            return await self._answers.readline()
        except ConnectionError:
            return b""

    async def exactly(self, count: int) -> bytes:
        """Return the next bytes of its answer; nothing where it has ended."""
        try:
            return await self._answers.readexactly(count)
        except (ConnectionError, asyncio.IncompleteReadError):
            return b""

    def rest(self) -> None:
        """Say that its answer was read; it stays for a while."""
        self._idle = asyncio.get_running_loop().call_later(IDLE_S, self._retire)

    def _retire(self) -> None:
        if self._child is not None and self._child.stdin is not None:
            self._child.stdin.close()  # it ends with it

    async def end(self) -> None:
        """End it at once."""
        if self._idle is not None:
            self._idle.cancel()
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
