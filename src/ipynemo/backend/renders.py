"""The queue manager: claims renders from the shared queue and runs each in a worker process of its own.

A worker process can be killed (cancel, time limit) and can crash without harm to the server; and when the server itself
is killed, the worker's standard input ends, it goes too, and the claim in the database runs out (`store.renders`).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
import sys
import uuid
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from ipynemo.backend.config import BackendConfig
from ipynemo.backend.periodic import repeating
from ipynemo.backend.provenance import complete, signing_problem
from ipynemo.backend.store import Store
from ipynemo.backend.store.models import Render
from ipynemo.backend.store.renders import MAX_ATTEMPTS

__all__ = ["RenderQueue"]

log = logging.getLogger(__name__)

WORKER = ("-P", "-m", "ipynemo.backend.render.worker")
LOOK_S = 1.0  # between two looks into the queue, which other servers fill too
TELL_S = 0.5  # between two entries of the progress
STOP_S = 2.0  # for a worker to remove its temporary file
LINE_BYTES = 1 << 20
TAIL_BYTES = 4096


class RenderQueue:
    """Runs renders of the shared queue, a few at a time.

    Parameters
    ----------
    store : Store
        Holds the queue and the files.
    config : BackendConfig
        How many at once, and the limits.
    """

    def __init__(self, store: Store, config: BackendConfig) -> None:
        self._store = store
        self._config = config
        self._owner = f"srv_{uuid.uuid4().hex}"
        self._news = asyncio.Event()
        self._closing = False
        self._running: dict[str, asyncio.Task[None]] = {}
        self._loop_task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to work."""
        self._loop_task = asyncio.create_task(self._work(), name="render queue")

    def kick(self) -> None:
        """Look into the queue now."""
        self._news.set()

    def drop(self, render_id: str) -> None:
        """Stop the worker of a render that was cancelled, if it is ours."""
        if task := self._running.get(render_id):
            task.cancel()

    async def aclose(self) -> None:
        """Stop, and put what is running back into the queue for another server or the next start."""
        self._closing = True
        self.kick()
        if self._loop_task is not None:
            await self._loop_task
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self) -> None:
        while not self._closing:
            try:
                while not self._closing and len(self._running) < self._config.renders_at_once:
                    render = await self._store.renders.claim(self._owner)
                    if render is None:
                        break
                    task = asyncio.create_task(self._run(render), name=f"render {render.id}")
                    self._running[render.id] = task
                    task.add_done_callback(functools.partial(self._done, render.id))
            except Exception:  # whatever it was, the queue must not stand still for ever
                log.exception("the queue could not be read; it is tried again")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), LOOK_S)
            self._news.clear()

    def _done(self, render_id: str, _task: asyncio.Task[None]) -> None:
        self._running.pop(render_id, None)
        self.kick()

    async def _run(self, render: Render) -> None:
        try:
            if render.attempts > MAX_ATTEMPTS:
                text = f"The render broke off {MAX_ATTEMPTS} times; it is not tried again."
                await self._store.renders.fail(render.id, self._owner, "RenderFailedError", text)
                return
            if problem := await asyncio.to_thread(signing_problem):  # known before the work, not after it
                await self._store.renders.fail(render.id, self._owner, "RenderFailedError", problem)
                return
            await self._render(render)
        except asyncio.CancelledError:
            # Only what still counts as running goes back; a cancelled render stays cancelled.
            await asyncio.shield(self._store.renders.give_back(render.id, self._owner))
            raise
        except Exception:
            log.exception("render %s failed", render.id)
            text = "The renderer could not be run; the backend's log says more."
            await self._store.renders.fail(render.id, self._owner, "RenderFailedError", text)

    async def _render(self, render: Render) -> None:
        relative = self._store.folder.of_clip(render.session_id, render.id, render.attempts)
        out = self._store.folder.resolve(relative)
        out.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        assets = await self._store.assets.of_session(render.session_id)
        order = {
            "draft": json.loads(render.draft),
            "assets": {asset.id: str(self._store.folder.resolve(asset.path)) for asset in assets},
            "out": str(out),
            "quality": render.quality,
        }
        worker = _Worker(render.id)
        kept = False
        try:
            await worker.start(order)
            every_s = min(TELL_S, self._config.render_lease_s / 4)
            async with repeating(functools.partial(self._renew, render.id, worker), every_s):
                try:
                    async with asyncio.timeout(self._config.render_limit_s):
                        result = await worker.result()
                except TimeoutError:
                    result = {"error": {"type": "DeadlineError", "message": "The render took too long."}}
            if "done" in result:
                paths = {asset.id: self._store.folder.resolve(asset.path) for asset in assets}
                result = await asyncio.to_thread(complete, out, order["draft"], paths, result)
            if "done" in result:
                kept = await self._store.renders.finish(render.id, self._owner, relative, result["done"])
            else:
                error = result["error"]
                await self._store.renders.fail(render.id, self._owner, str(error["type"]), str(error["message"]))
        finally:
            await worker.stop()
            if not kept:
                out.unlink(missing_ok=True)

    async def _renew(self, render_id: str, worker: _Worker) -> None:
        try:
            if not await self._store.renders.renew(render_id, self._owner, worker.progress):
                worker.kill()  # cancelled through another server, or taken over while this one slept
        except SQLAlchemyError:
            log.exception("the claim on %s could not be renewed", render_id)


class _Worker:
    """One worker process and what it says."""

    def __init__(self, name: str) -> None:
        self.progress = 0.0
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

    async def result(self) -> dict[str, Any]:
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
                    self.progress = float(said["progress"])
                elif "done" in said or "error" in said:
                    last = said
        code = await process.wait()
        if last:
            return last
        await asyncio.gather(self._listening or asyncio.sleep(0), return_exceptions=True)
        log.error("the worker of %s ended with %s: %s", self._name, code, self._errors.decode("utf-8", "replace"))
        return {"error": {"type": "RenderFailedError", "message": f"The renderer broke off (exit {code})."}}

    def kill(self) -> None:
        """End the process at once; `result` then returns an error that nobody stores."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def stop(self) -> None:
        """End the process if it still runs: politely, then not."""
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_S)
            except TimeoutError:
                self.kill()
                await process.wait()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
