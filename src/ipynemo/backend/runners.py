"""How a render is run: by default in a child process of this server.

A child process can be killed (cancel, time limit) and can crash without harm to the server; and when the server itself
is killed, the child's standard input ends, and it goes too. Another way to run renders, on other machines perhaps, is
another `Runner`: it gets keys of the storage, not paths, and brings the clip into the storage.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ipynemo.backend.config import DATABASE_VARIABLE, BackendConfig
from ipynemo.backend.provenance import complete
from ipynemo.backend.storage import Storage

__all__ = ["ChildRunner", "Job", "Outcome", "Runner", "runner_for"]

log = logging.getLogger(__name__)

WORKER = ("-P", "-m", "ipynemo.backend.render.worker")
STOP_S = 2.0  # for a worker to remove its temporary file
LINE_BYTES = 1 << 20
TAIL_BYTES = 4096
# A worker opens files that strangers have sent; it needs none of these.
KEPT_FROM_WORKERS = ("AWS_", "PG", "NEMO_", "IPYNEMO_BACKEND_TOKEN", "IPYNEMO_SIGN_", DATABASE_VARIABLE)


@dataclass(frozen=True)
class Job:
    """One render, as a runner gets it.

    Parameters
    ----------
    name : str
        Its id, for messages.
    draft : dict
        The draft's JSON.
    quality : str
        How good it is to be.
    assets : mapping of str to str
        The keys of the files in the storage, by asset id.
    clip : str
        The key that the clip is to have.
    """

    name: str
    draft: Mapping[str, Any]
    quality: str
    assets: Mapping[str, str]
    clip: str


@dataclass(frozen=True)
class Outcome:
    """What became of a render: `facts` of the clip that is now in the storage, or what went wrong."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    error_type: str | None = None
    error: str = ""


class Runner(Protocol):
    """Runs renders."""

    async def run(self, job: Job, tell: Callable[[float], None]) -> Outcome:
        """Run one render to its end.

        Cancelling the task stops the work wherever it is done, and leaves nothing behind.

        Parameters
        ----------
        tell : callable
            Called with the progress, 0–100, on the server's loop.

        Raises
        ------
        UnavailableError
            The storage does not answer; the render may succeed later.
        """


def runner_for(config: BackendConfig, storage: Storage) -> Runner:  # noqa: ARG001 - here a setting will choose
    """Return the way in which a server with these settings runs renders."""
    return ChildRunner(storage)


class ChildRunner:
    """Runs each render in a process of its own.

    Parameters
    ----------
    storage : Storage
        Has the files, and takes the clips.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def run(self, job: Job, tell: Callable[[float], None]) -> Outcome:
        """Run one render; see `Runner`."""
        out = self._storage.making(job.clip)
        kept = False
        try:
            async with self._storage.checkout(job.assets) as paths:
                order = {
                    "draft": job.draft,
                    "assets": {asset_id: str(path) for asset_id, path in paths.items()},
                    "out": str(out),
                    "quality": job.quality,
                }
                worker = _Worker(job.name)
                try:
                    await worker.start(order)
                    said = await worker.result(tell)
                finally:
                    await worker.stop()
                if "done" in said:
                    said = await asyncio.to_thread(complete, out, dict(job.draft), dict(paths), said)
            if "done" not in said:
                return Outcome(error_type=str(said["error"]["type"]), error=str(said["error"]["message"]))
            await self._storage.put(out, job.clip)
            kept = True
            return Outcome(said["done"])
        finally:
            if not kept:
                out.unlink(missing_ok=True)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(KEPT_FROM_WORKERS)}


class _Worker:
    """One worker process and what it says."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._process: asyncio.subprocess.Process | None = None
        self._errors = b""
        self._listening: asyncio.Task[None] | None = None

    async def start(self, order: dict[str, Any]) -> None:
        """Start the process and give it its order; its standard input stays open as the sign that we live."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *WORKER,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LINE_BYTES,
            env=_environment(),
            start_new_session=True,
        )
        self._listening = asyncio.create_task(self._listen())
        stdin = self._process.stdin
        if stdin is not None:
            with contextlib.suppress(ConnectionError):  # it died at once; its exit says so
                stdin.write(json.dumps(order).encode() + b"\n")
                await stdin.drain()

    async def _listen(self) -> None:
        stderr = self._process.stderr if self._process else None
        while stderr is not None and (block := await stderr.read(TAIL_BYTES)):
            self._errors = (self._errors + block)[-TAIL_BYTES:]

    async def result(self, tell: Callable[[float], None]) -> dict[str, Any]:
        """Follow the worker and return its last word: `{"done": …}` or `{"error": …}`."""
        process = self._process
        if process is None or process.stdout is None:
            raise RuntimeError("the worker was not started")
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
