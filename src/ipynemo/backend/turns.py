"""Chat turns: the agent's steps out as the events that ADK sends, every change of the draft kept as it is made.

A turn runs on its own, whether or not somebody listens: a client whose connection breaks finds the result in the
state. Turns of one session wait for each other, in this process by a lock, between processes by a lease in the
database that is renewed while the turn runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
import uuid
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from ipynemo.backend.adk import HEARTBEAT, Frames, failure
from ipynemo.backend.config import BackendConfig
from ipynemo.backend.evidence import kept_evidence
from ipynemo.backend.periodic import repeating
from ipynemo.backend.storage import Storage
from ipynemo.backend.store import Store
from ipynemo.backend.unavailable import UnavailableError
from ipynemo.draft.values import Draft
from ipynemo.errors import NemoError, RateLimitError

if TYPE_CHECKING:
    from ipynemo.backend.agent import AssetFacts, Situation, Step
    from ipynemo.backend.store.models import Asset, Session

__all__ = ["Turn", "Turns"]

log = logging.getLogger(__name__)

THREADS = 4
MAX_WAITING = 8  # turns of one session, with the one that runs
LOCK_LOOK_S = 0.2
CLOSE_S = 3.0
TOLD_CHANGES = 5
SAVE_WAIT_S = 120.0  # for a turn that runs, before a draft is saved

Respond = Callable[[str, "Situation"], "Iterator[Step]"]


class Turn:
    """One turn, and the frames it has said so far."""

    def __init__(self, heartbeat_s: float) -> None:
        self._heartbeat_s = heartbeat_s
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()

    def say(self, frame: bytes) -> None:
        """Add a frame."""
        self._queue.put_nowait(frame)

    def end(self) -> None:
        """Say that no more frames come."""
        self._queue.put_nowait(None)

    async def frames(self) -> AsyncIterator[bytes]:
        """Give the frames as they come, and heartbeats where none does."""
        while True:
            try:
                frame = await asyncio.wait_for(self._queue.get(), self._heartbeat_s)
            except TimeoutError:
                yield HEARTBEAT
                continue
            if frame is None:
                return
            yield frame


class Turns:
    """Runs the turns of a server.

    Parameters
    ----------
    store : Store
        Holds the sessions.
    config : BackendConfig
        Prices and limits.
    respond : callable, optional
        The agent; the rule planner by default.
    """

    def __init__(self, store: Store, config: BackendConfig, respond: Respond | None = None) -> None:
        self._store = store
        self._config = config
        self._respond = respond
        self._owner = f"srv_{uuid.uuid4().hex}"
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._waiting: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._threads = ThreadPoolExecutor(THREADS, "turn")

    async def begin(self, session: Session, message: str) -> Turn:
        """Begin a turn; its price is put aside before it is answered.

        Raises
        ------
        OutOfCreditsError
            The credits do not suffice; nothing has been done.
        RateLimitError
            Too many turns wait in this session.
        """
        if self._waiting.get(session.id, 0) >= MAX_WAITING:
            raise RateLimitError("Too many messages wait in this session.", hint="Wait for the answers.")
        charge = await self._store.users.freeze(session.user_id, self._config.edit_cost)
        turn = Turn(self._config.heartbeat_s)
        self._waiting[session.id] = self._waiting.get(session.id, 0) + 1
        task = asyncio.create_task(self._run(session, message, turn, charge), name=f"turn in {session.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return turn

    async def save(self, session: Session, draft: Draft) -> int:
        """Put a draft that the user edited in place of the session's, as one step of undo; return its version.

        Raises
        ------
        RateLimitError
            A turn runs in the session, and does not end.
        """
        try:
            async with asyncio.timeout(min(SAVE_WAIT_S, self._config.turn_limit_s)), self._hold(session):
                return await self._store.drafts.record(session.id, self._owner, draft, "edit", same_step=False)
        except TimeoutError:
            raise RateLimitError("A message is still worked on in this session.", hint="Wait for its answer.") from None

    async def aclose(self) -> None:
        """Let the turns that run come to an end for a moment, then stop them."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, session: Session, message: str, turn: Turn, charge: str | None) -> None:
        changed = False
        frames = Frames()
        try:
            async with asyncio.timeout(self._config.turn_limit_s), self._hold(session):
                running = _Running(self._store, self._owner, session, turn, frames)
                try:
                    await running.go(message, self._agent(), self._threads)
                finally:
                    changed = running.changed
        except TimeoutError:
            turn.say(failure("DeadlineError", "The turn took too long and was ended."))
        except NemoError as error:
            turn.say(failure(type(error).__name__, str(error)))
        except Exception:
            log.exception("a turn failed")
            turn.say(failure("ServerError", "The agent failed; the backend's log says more."))
        finally:
            await self._end(session.id, turn, charge, changed=changed)

    async def _end(self, session_id: str, turn: Turn, charge: str | None, *, changed: bool) -> None:
        """Settle the price, then end the stream: who has read it to its end sees the credits as they are."""
        left = self._waiting[session_id] - 1
        self._waiting[session_id] = left
        if not left:
            del self._waiting[session_id]
        try:
            # A turn that changed nothing costs nothing.
            await asyncio.shield(self._store.users.settle(charge, keep=changed))
        except UnavailableError:  # the credits come back when the charge's time is over
            log.exception("a charge could not be settled")
        finally:
            turn.end()

    def _agent(self) -> Respond:
        if self._respond is None:
            from ipynemo.backend.agent import respond

            self._respond = respond
        return self._respond

    @contextlib.asynccontextmanager
    async def _hold(self, session: Session) -> AsyncIterator[None]:
        session_id = session.id
        lock = self._locks.setdefault(session_id, asyncio.Lock())
        async with lock:
            while not await self._store.sessions.lock(session_id, self._owner):
                await self._store.sessions.get(session_id, session.user_id)  # it may have expired meanwhile
                await asyncio.sleep(LOCK_LOOK_S)
            try:
                async with repeating(partial(self._renew, session_id), self._config.lock_lease_s / 4):
                    yield
            finally:
                await asyncio.shield(self._unlock(session_id))

    async def _unlock(self, session_id: str) -> None:
        try:
            await self._store.sessions.unlock(session_id, self._owner)
        except UnavailableError:  # the lease runs out by itself
            log.exception("the lock of a session could not be given back")

    async def _renew(self, session_id: str) -> None:
        try:
            await self._store.sessions.lock(session_id, self._owner)
        except (SQLAlchemyError, UnavailableError):  # the next one may succeed; the lease lasts for four
            log.exception("the lock of a session could not be renewed")


class _Running:
    """The one turn that runs in a session."""

    def __init__(self, store: Store, owner: str, session: Session, turn: Turn, frames: Frames) -> None:
        self._store = store
        self._owner = owner
        self._session = session
        self._turn = turn
        self._frames = frames
        self._same_step = False
        self.changed = False

    async def go(self, message: str, respond: Respond, threads: ThreadPoolExecutor) -> None:
        """Run the agent's steps, in a thread, one after the other."""
        assets = await self._store.assets.of_session(self._session.id)
        async with contextlib.AsyncExitStack() as desk:
            situation = await self._situation(assets, desk)
            await self._store.sessions.say(self._session.id, "user", message)
            await self._answer(message, situation, respond, threads)

    async def _answer(self, message: str, situation: Situation, respond: Respond, threads: ThreadPoolExecutor) -> None:
        from ipynemo.backend.agent import Call, Result, Say

        loop = asyncio.get_running_loop()
        steps = await loop.run_in_executor(threads, respond, message, situation)
        said: list[str] = []
        now = situation.draft
        while (step := await loop.run_in_executor(threads, next, steps, None)) is not None:
            match step:
                case Say():
                    said.append(step.text)
                    for frame in self._frames.text(step.text):
                        self._turn.say(frame)
                case Call():
                    self._turn.say(self._frames.call(step.id, step.name, step.args))
                case Result():
                    delta = await self._keep(step)
                    now = now if step.draft is None else step.draft
                    self._turn.say(self._frames.result(step.id, step.name, step.response, delta))
        text = "\n".join(said)
        if not text.strip():  # the client tells the difference itself; the talk has to tell it too
            text = await loop.run_in_executor(threads, _told, situation.draft, now, self._session.language)
        await self._store.sessions.say(self._session.id, "model", text)

    async def _situation(self, assets: list[Asset], desk: contextlib.AsyncExitStack) -> Situation:
        from ipynemo.backend.agent import Situation

        session_id = self._session.id
        timeline = await self._store.drafts.timeline(session_id)
        return Situation(
            draft=timeline.draft,
            assets=tuple(_facts(asset, _OnDemand(self._store.storage, asset.path, desk)) for asset in assets),
            language=self._session.language,
            undo=timeline.undo,
            redo=timeline.redo,
            history=await self._store.sessions.history(session_id),
        )

    async def _keep(self, result: Any) -> dict[str, Any]:
        if result.draft is None:
            return {}
        version = await self._store.drafts.record(
            self._session.id, self._owner, result.draft, result.history, same_step=self._same_step
        )
        self._same_step = result.history == "edit"
        self.changed = True
        return {"timeline_version": version, "draft_updated_at": time.time()}


class _OnDemand(os.PathLike[str]):
    """A file of the session, brought to this computer when the agent, in its thread, opens it for the first time."""

    def __init__(self, storage: Storage, key: str, desk: contextlib.AsyncExitStack) -> None:
        self._storage = storage
        self._key = key
        self._desk = desk
        self._loop = asyncio.get_running_loop()
        self._path: Path | None = None

    async def _fetch(self) -> Path:
        return (await self._desk.enter_async_context(self._storage.checkout({"it": self._key})))["it"]

    def __fspath__(self) -> str:
        if self._path is None:
            self._path = asyncio.run_coroutine_threadsafe(self._fetch(), self._loop).result()
        return str(self._path)


def _told(before: Draft, after: Draft, language: str) -> str:
    """Return in one line what a turn did that said nothing."""
    chinese = language.lower().startswith("zh")
    changes, comma = before.diff(after, language), "；" if chinese else "; "
    line = comma.join(changes[:TOLD_CHANGES]) + (f"{comma}…" if len(changes) > TOLD_CHANGES else "")
    return line or ("完成。" if chinese else "Done.")


def _facts(asset: Asset, path: os.PathLike[str]) -> AssetFacts:
    from ipynemo.backend.agent import AssetFacts

    return AssetFacts(
        id=asset.id,
        name=asset.name,
        kind=asset.kind,  # type: ignore[arg-type]  # the column holds only these three
        path=path,
        duration_ms=None if asset.duration_s is None else round(asset.duration_s * 1000),
        width_px=asset.width_px,
        height_px=asset.height_px,
        format=asset.format,
        has_audio=asset.has_audio,
        evidence=kept_evidence(asset.evidence),
    )
