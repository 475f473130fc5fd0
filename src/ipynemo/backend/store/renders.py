"""The queue of exports, shared by all servers on the same data.

A server claims a render for a few seconds and keeps renewing the claim while its worker runs. When it dies, the claim
runs out, and any other server takes the render up again from its beginning. In a session one render runs at a time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import CursorResult, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import undefer

from ipynemo.backend.config import BackendConfig
from ipynemo.backend.store.database import Database, storable
from ipynemo.backend.store.models import Render, Session
from ipynemo.errors import NemoError, RateLimitError

__all__ = ["LIVE", "MAX_ATTEMPTS", "RenderConflictError", "Renders", "Standing"]

LIVE = ("pending", "processing")
MAX_ATTEMPTS = 3  # a render that took the server down three times is not tried again
MAX_WAITING = 100  # renders of one user


class RenderConflictError(NemoError):
    """The id is taken: by another draft, or by somebody else; which of them is not told."""


@dataclass(frozen=True)
class Standing:
    """A render, and how many are before it in the queue."""

    render: Render
    before: int


class Renders:
    """The renders of a server.

    Parameters
    ----------
    database : Database
        Where they are kept.
    config : BackendConfig
        Lease times.
    """

    def __init__(self, database: Database, config: BackendConfig) -> None:
        self._database = database
        self._config = config

    async def submit(self, render: Render) -> Render:
        """Queue a render; the same one a second time is the first one again.

        Raises
        ------
        RenderConflictError
            The id is taken.
        RateLimitError
            The user has too many waiting.
        """
        try:
            async with self._database.writing() as db:
                known = await db.get(Render, render.id)
                if known is None:
                    waiting = (
                        select(func.count())
                        .select_from(Render)
                        .where(Render.user_id == render.user_id, Render.status.in_(LIVE))
                    )
                    if (await db.execute(waiting)).scalar_one() >= MAX_WAITING:
                        raise RateLimitError(
                            f"{MAX_WAITING} exports are waiting already.", hint="Wait for some, or cancel them."
                        )
                    db.add(render)
                    return render
        except IntegrityError:  # the same call came twice at once, and the other one was first
            async with self._database.reading() as db:
                known = await db.get(Render, render.id)
        same = known is not None and (known.user_id, known.session_id, known.fingerprint) == (
            render.user_id,
            render.session_id,
            render.fingerprint,
        )
        if known is None or not same:
            raise RenderConflictError("This render id is taken.", hint="Choose another one.")
        return known

    async def find(self, render_id: str, user_id: str | None = None) -> Standing | None:
        """Return a render of a user (of anyone for None), and its place in the queue; None where there is none."""
        async with self._database.reading() as db:
            render = await db.get(Render, render_id)
            if render is None or (user_id is not None and render.user_id != user_id):
                return None
            before = 0
            if render.status == "pending":
                earlier = or_(
                    Render.created_at < render.created_at,
                    and_(Render.created_at == render.created_at, Render.id < render.id),
                )
                counted = select(func.count()).select_from(Render).where(Render.status.in_(LIVE), earlier)
                before = (await db.execute(counted)).scalar_one()
        return Standing(render, before)

    async def claim(self, owner: str) -> Render | None:
        """Take the oldest render that may run now; None where there is none."""
        now = time.time()
        free = or_(Render.status == "pending", and_(Render.status == "processing", Render.lease_until < now))
        async with self._database.writing() as db:
            candidates = await db.execute(
                select(Render.id, Render.session_id).where(free).order_by(Render.created_at, Render.id).limit(200)
            )
            tried: set[str] = set()
            for render_id, session_id in candidates.all():
                if session_id in tried:  # in a session, the order is that of the queue
                    continue
                tried.add(session_id)
                await db.execute(select(Session.id).where(Session.id == session_id).with_for_update())
                busy = select(func.count()).select_from(Render)
                running = and_(
                    Render.session_id == session_id,
                    Render.status == "processing",
                    Render.lease_until >= now,
                )
                if (await db.execute(busy.where(running))).scalar_one():
                    continue
                taken: CursorResult[Any] = await db.execute(  # type: ignore[assignment]  # an UPDATE's result
                    update(Render)
                    .where(Render.id == render_id, free)
                    .values(
                        status="processing",
                        owner=owner,
                        lease_until=now + self._config.render_lease_s,
                        attempts=Render.attempts + 1,
                        progress=0.0,
                    )
                )
                if taken.rowcount:
                    return await db.get(Render, render_id, populate_existing=True, options=[undefer(Render.draft)])
        return None

    async def renew(self, render_id: str, owner: str, progress: float) -> bool:
        """Keep a claim and tell the progress; False when the render was cancelled or taken over."""
        return await self._change(
            render_id,
            owner,
            progress=min(99.9, max(0.0, progress)),
            lease_until=time.time() + self._config.render_lease_s,
        )

    async def finish(self, render_id: str, owner: str, path: str, facts: dict[str, Any]) -> bool:
        """Tell that a render is done; False when it was cancelled or taken over."""
        known = {key: facts.get(key) for key in ("size_bytes", "duration_s", "width_px", "height_px")}
        return await self._change(
            render_id, owner, status="completed", progress=100.0, path=path, finished_at=time.time(), **known
        )

    async def fail(self, render_id: str, owner: str, error_type: str, error: str) -> bool:
        """Tell that a render failed."""
        return await self._change(
            render_id,
            owner,
            status="failed",
            error=storable(error)[:2000],
            error_type=storable(error_type)[:64],
            finished_at=time.time(),
        )

    async def give_back(self, render_id: str, owner: str) -> bool:
        """Put a render back into the queue, because this server is going away."""
        return await self._change(
            render_id, owner, status="pending", owner=None, lease_until=0.0, attempts=Render.attempts - 1
        )

    async def _change(self, render_id: str, held_by: str, **values: Any) -> bool:
        async with self._database.writing() as db:
            done: CursorResult[Any] = await db.execute(  # type: ignore[assignment]  # an UPDATE's result
                update(Render)
                .where(Render.id == render_id, Render.owner == held_by, Render.status == "processing")
                .values(**values)
            )
        return bool(done.rowcount)

    async def cancel(self, render_id: str, user_id: str) -> bool:
        """Cancel a render that is not finished; its worker is stopped by the server that holds it."""
        async with self._database.writing() as db:
            done: CursorResult[Any] = await db.execute(  # type: ignore[assignment]  # an UPDATE's result
                update(Render)
                .where(Render.id == render_id, Render.user_id == user_id, Render.status.in_(LIVE))
                .values(status="cancelled", error="The export was cancelled.", finished_at=time.time())
            )
        return bool(done.rowcount)

    async def oldest_clips(self) -> list[Render]:
        """Return the finished renders whose clips are still there, oldest first."""
        async with self._database.reading() as db:
            rows = await db.execute(select(Render).where(Render.path.is_not(None)).order_by(Render.finished_at))
            return list(rows.scalars())

    async def clip_removed(self, render_id: str) -> None:
        """Tell that a clip was removed to make room."""
        status: Literal["failed"] = "failed"
        async with self._database.writing() as db:
            await db.execute(
                update(Render)
                .where(Render.id == render_id)
                .values(status=status, path=None, error="The clip was removed to make room. Export again.")
            )
