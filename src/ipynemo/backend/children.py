"""A child process of the server that does one render: an order in, lines of JSON out, gone when we are gone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from ipynemo.backend.config import DATABASE_VARIABLE

__all__ = ["Child", "Hear", "child_environment"]

log = logging.getLogger(__name__)

STOP_S = 2.0  # for a child to remove its temporary file
LINE_BYTES = 1 << 20
TAIL_BYTES = 4096
# A child opens files that strangers have sent; it needs none of these.
KEPT_FROM_CHILDREN = ("AWS_", "PG", "NEMO_", "IPYNEMO_BACKEND_TOKEN", "IPYNEMO_SIGN_", DATABASE_VARIABLE)

Hear = Callable[[dict[str, Any]], Awaitable[None]]


def child_environment() -> dict[str, str]:
    """Return the environment for a process that opens files of strangers."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(KEPT_FROM_CHILDREN)}
    # numpy would start a thread a processor for linear algebra, of which there is none, and they wait by turning round.
    return {"OPENBLAS_NUM_THREADS": "1"} | kept


class Child:
    """One child process and what it says.

    Parameters
    ----------
    name : str
        The render's id, for messages.
    module : str
        What it runs.
    """

    def __init__(self, name: str, module: str) -> None:
        self._name = name
        self._module = module
        self._process: asyncio.subprocess.Process | None = None
        self._errors = b""
        self._listening: asyncio.Task[None] | None = None

    async def start(self, order: dict[str, Any]) -> None:
        """Start the process and give it its order; its standard input stays open as the sign that we live."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            self._module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LINE_BYTES,
            env=child_environment(),
            start_new_session=True,
        )
        self._listening = asyncio.create_task(self._listen())
        await self.say(order)

    async def say(self, line: dict[str, Any]) -> None:
        """Write it a line."""
        stdin = self._process.stdin if self._process else None
        if stdin is not None:
            with contextlib.suppress(ConnectionError):  # it died; its exit says so
                stdin.write(json.dumps(line).encode() + b"\n")
                await stdin.drain()

    async def _listen(self) -> None:
        stderr = self._process.stderr if self._process else None
        while stderr is not None and (block := await stderr.read(TAIL_BYTES)):
            self._errors = (self._errors + block)[-TAIL_BYTES:]

    async def result(self, tell: Callable[[float], None], hear: Hear | None = None) -> dict[str, Any]:
        """Follow the child and return its last word: `{"done": …}` or `{"error": …}`.

        Parameters
        ----------
        tell : callable
            Called with the progress.
        hear : coroutine function, optional
            Called with every other line.
        """
        process = self._process
        if process is None or process.stdout is None:
            raise RuntimeError("the child was not started")
        last: dict[str, Any] = {}
        while line := await process.stdout.readline():
            try:
                said = json.loads(line)
            except ValueError:
                continue  # a library printed something
            if isinstance(said, dict):
                if isinstance(said.get("progress"), (int, float)):
                    tell(float(said["progress"]))
                elif "done" in said or "error" in said:
                    last = said
                elif hear is not None:
                    await hear(said)
        code = await process.wait()
        if last:
            return last
        await asyncio.gather(self._listening or asyncio.sleep(0), return_exceptions=True)
        log.error("the worker of %s ended with %s: %s", self._name, code, self._errors.decode("utf-8", "replace"))
        return {"error": {"type": "RenderFailedError", "message": f"The renderer broke off (exit {code})."}}

    async def stop(self) -> None:
        """End the process if it still runs: politely, then not."""
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_S)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
