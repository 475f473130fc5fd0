"""The queue manager: claims renders from the shared queue, has them run, and keeps the claims alive meanwhile.

When the server is killed, its claims in the database run out, and another server takes the renders up
(`store.renders`). When the database goes away for a while, what runs goes on, and is told to it when it is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
import time
import uuid
from collections.abc import Awaitable, Callable

from sqlalchemy.exc import SQLAlchemyError

from ipynemo.backend.config import BackendConfig
from ipynemo.backend.periodic import repeating
from ipynemo.backend.provenance import signing_problem
from ipynemo.backend.runners import Job, Outcome, runner_for
from ipynemo.backend.store import Store
from ipynemo.backend.store.models import Render
from ipynemo.backend.store.renders import MAX_ATTEMPTS
from ipynemo.backend.unavailable import UnavailableError
from ipynemo.draft.values import Draft

__all__ = ["RenderQueue"]

log = logging.getLogger(__name__)

LOOK_S = 1.0  # between two looks into the queue, which other servers fill too
TELL_S = 0.5  # between two entries of the progress
INSIST_S = 120.0  # for the database to come back and hear how a render ended
REST_S = 1.0  # before the next render is begun, when the storage or the cluster is away
INSIST_AT_THE_END_S = 3.0  # for the same, when this server is going away


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
        self._runner = runner_for(config, store.storage)
        self._owner = f"srv_{uuid.uuid4().hex}"
        self._news = asyncio.Event()
        self._closing = False
        self._running: dict[str, asyncio.Task[None]] = {}
        self._loop_task: asyncio.Task[None] | None = None
        self._blind_until = 0.0
        self._rest_until = 0.0

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
                while not self._closing and self._may_begin():
                    # While nobody could renew anything, every claim ran out. Their owners come first.
                    sees = time.monotonic() >= self._blind_until
                    render = await self._store.renders.claim(self._owner, frozenset(self._running), take_up=sees)
                    if render is None:
                        break
                    task = asyncio.create_task(self._run(render), name=f"render {render.id}")
                    self._running[render.id] = task
                    task.add_done_callback(functools.partial(self._done, render.id))
            except UnavailableError:
                self._note_outage()
            except Exception:  # whatever it was, the queue must not stand still for ever
                log.exception("the queue could not be read; it is tried again")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), LOOK_S)
            self._news.clear()

    def _note_outage(self) -> None:
        now = time.monotonic()
        if now >= self._blind_until:  # once is enough
            log.warning("the render queue is out of reach: the database is away")
        self._blind_until = now + max(LOOK_S, self._config.render_lease_s)

    def _may_begin(self) -> bool:
        return len(self._running) < self._config.renders_at_once and time.monotonic() >= self._rest_until

    def _done(self, render_id: str, _task: asyncio.Task[None]) -> None:
        self._running.pop(render_id, None)
        self.kick()

    async def _run(self, render: Render) -> None:
        try:
            if render.attempts > MAX_ATTEMPTS:
                text = f"The render broke off {MAX_ATTEMPTS} times; it is not tried again."
                await self._fail(render.id, Outcome(error_type="RenderFailedError", error=text))
                return
            if problem := await asyncio.to_thread(signing_problem):  # known before the work, not after it
                await self._fail(render.id, Outcome(error_type="RenderFailedError", error=problem))
                return
            await self._render(render)
        except asyncio.CancelledError:
            # Only what still counts as running goes back; a cancelled render stays cancelled.
            await asyncio.shield(self._give_back(render))
            raise
        except UnavailableError:
            log.warning("render %s waits for the storage, the database or the cluster", render.id)
            self._rest_until = time.monotonic() + REST_S
            await self._give_back(render)
        except Exception:
            log.exception("render %s failed", render.id)
            text = "The renderer could not be run; the backend's log says more."
            await self._fail(render.id, Outcome(error_type="RenderFailedError", error=text))

    async def _give_back(self, render: Render) -> None:
        give_back = functools.partial(self._store.renders.give_back, render.id, self._owner)
        try:
            await self._insist(give_back, INSIST_AT_THE_END_S)
        except UnavailableError:  # the claim runs out by itself
            log.warning("render %s could not be given back", render.id)

    async def _render(self, render: Render) -> None:
        clip = self._store.folder.of_clip(render.session_id, render.id, render.attempts)
        draft = json.loads(render.draft)
        assets = await self._store.assets.of_draft(render.session_id, Draft(draft))
        job = Job(render.id, draft, render.quality, assets, clip)
        claim = _Claim()
        async with repeating(
            functools.partial(self._renew, render.id, claim), min(TELL_S, self._config.render_lease_s / 4)
        ):
            claim.work = asyncio.create_task(self._limited(job, claim.tell), name=f"run {render.id}")
            try:
                outcome = await claim.work
            except asyncio.CancelledError:
                if not claim.lost:
                    raise
                return  # cancelled through another server, or taken over while this one slept
            finally:
                claim.work.cancel()
                await asyncio.gather(claim.work, return_exceptions=True)
            kept = await self._insist(functools.partial(self._tell_end, render.id, clip, outcome))
        if not kept and outcome.error_type is None:
            await self._store.storage.delete(clip)

    async def _limited(self, job: Job, tell: Callable[[float], None]) -> Outcome:
        try:
            async with asyncio.timeout(self._config.render_limit_s):
                return await self._runner.run(job, tell)
        except TimeoutError:
            return Outcome(error_type="DeadlineError", error="The render took too long.")

    async def _tell_end(self, render_id: str, clip: str, outcome: Outcome) -> bool:
        renders = self._store.renders
        if outcome.error_type is None:
            return await renders.finish(render_id, self._owner, clip, dict(outcome.facts))
        return await renders.fail(render_id, self._owner, outcome.error_type, outcome.error)

    async def _fail(self, render_id: str, outcome: Outcome) -> None:
        await self._insist(functools.partial(self._tell_end, render_id, "", outcome))

    async def _insist(self, tell: Callable[[], Awaitable[bool]], limit_s: float = INSIST_S) -> bool:
        """Tell the database something, again and again while it is away; False where it has gone on without us."""
        until = time.monotonic() + limit_s
        while True:
            try:
                return await tell()
            except UnavailableError:
                if time.monotonic() >= until:
                    raise
            await asyncio.sleep(TELL_S)

    async def _renew(self, render_id: str, claim: _Claim) -> None:
        try:
            if not await self._store.renders.renew(render_id, self._owner, claim.progress):
                claim.lose()
        except UnavailableError:
            self._note_outage()
        except SQLAlchemyError:
            log.exception("the claim on %s could not be renewed", render_id)


class _Claim:
    """What is known of a render that runs here."""

    def __init__(self) -> None:
        self.progress = 0.0
        self.lost = False
        self.work: asyncio.Task[Outcome] | None = None

    def tell(self, progress: float) -> None:
        """Note the progress."""
        self.progress = progress

    def lose(self) -> None:
        """Stop the work, because the render is not ours any more."""
        self.lost = True
        if self.work is not None:
            self.work.cancel()
