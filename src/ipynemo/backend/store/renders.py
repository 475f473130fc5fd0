"""The queue of exports, shared by all servers on the same data.

A server claims a render for a few seconds and keeps renewing the claim while its worker runs. When it dies, the claim
runs out, and any other server takes the render up again from its beginning. In a session one render runs at a time;
whose turn it is says `store.fairness`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, CursorResult, and_, false, func, not_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from ipynemo.backend.config import BackendConfig
from ipynemo.backend.store.database import Database, storable
from ipynemo.backend.store.fairness import Line, before, in_turn
from ipynemo.backend.store.models import Render, Session, User
from ipynemo.backend.store.news import announce
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


class _Now:
    """Which renders are free to be taken at a time, and which are at work."""

    def __init__(self, at: float, holding: Collection[str] = (), *, take_up: bool = True) -> None:
        self.at = at
        lapsed = and_(Render.status == "processing", Render.lease_until < at, Render.id.not_in(holding))
        self.lost = lapsed if take_up else false()
        self.free = or_(Render.status == "pending", self.lost)
        self.busy = and_(Render.status == "processing", not_(lapsed))


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
                    render.created_at = await self._database.time(db)
                    db.add(render)
                    await announce(db)
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
            place = 0
            if render.status == "pending":
                earlier = or_(
                    Render.created_at < render.created_at,
                    and_(Render.created_at == render.created_at, Render.id < render.id),
                )
                same = and_(Render.session_id == render.session_id, Render.status == "pending")
                rank = (await db.execute(select(func.count()).select_from(Render).where(same, earlier))).scalar_one()
                lines = await self._lines(db, _Now(await self._database.time(db)))
                place = before(lines, render.session_id, rank)
        return Standing(render, place)

    async def _lines(self, db: AsyncSession, now: _Now) -> list[Line]:
        rows = await db.execute(
            select(
                Session.user_id,
                Render.session_id,
                func.count().filter(now.free),
                func.count().filter(now.busy),
                func.coalesce(func.min(Render.created_at).filter(now.free), 0.0),
                func.count().filter(now.lost),
                User.served_at,
                Session.served_at,
            )
            .join(Session, Session.id == Render.session_id)
            .join(User, User.id == Session.user_id)
            .where(Render.status.in_(LIVE))
            .group_by(Session.user_id, Render.session_id, User.served_at, Session.served_at)
        )
        return [
            Line(user, session, waiting, running, first_at, bool(lost), user_served_at, session_served_at)
            for user, session, waiting, running, first_at, lost, user_served_at, session_served_at in rows
        ]

    async def claim(self, owner: str, holding: Collection[str] = (), *, take_up: bool = True) -> Render | None:
        """Take the render whose turn it is; None where there is none.

        Parameters
        ----------
        owner : str
            The server that takes it.
        holding : collection of str
            What it works on already: its claim may have run out while the database was away.
        take_up : bool
            Whether renders of servers that seem to have died are taken, too.
        """
        async with self._database.writing() as db:
            now = _Now(await self._database.time(db), holding, take_up=take_up)
            for line in in_turn(await self._lines(db, now)):
                if await self._lock(db, line.session_id, now):
                    taken = await self._take(db, line, owner, now)
                    if taken is not None:
                        return taken
        return None

    async def _lock(self, db: AsyncSession, session_id: str, now: _Now) -> bool:
        """Lock a session for a claim, unless another server does so at this moment, or a render runs in it."""
        lock = select(Session.id).where(Session.id == session_id).with_for_update(skip_locked=True)
        if (await db.execute(lock)).scalar_one_or_none() is None:
            return False
        busy = select(func.count()).select_from(Render).where(Render.session_id == session_id, now.busy)
        return not (await db.execute(busy)).scalar_one()

    async def _take(self, db: AsyncSession, line: Line, owner: str, now: _Now) -> Render | None:
        first = (
            select(Render.id)
            .where(Render.session_id == line.session_id, now.free)
            .order_by(Render.created_at, Render.id)
            .limit(1)
        )
        render_id = (await db.execute(first)).scalar_one_or_none()
        if render_id is None:
            return None
        taken: CursorResult[Any] = await db.execute(  # type: ignore[assignment]  # an UPDATE's result
            update(Render)
            .where(Render.id == render_id, now.free)
            .values(
                status="processing",
                owner=owner,
                lease_until=now.at + self._config.render_lease_s,
                attempts=Render.attempts + 1,
                progress=0.0,
            )
        )
        if not taken.rowcount:
            return None
        await db.execute(update(Session).where(Session.id == line.session_id).values(served_at=now.at))
        await db.execute(update(User).where(User.id == line.user_id).values(served_at=now.at))
        return await db.get(Render, render_id, populate_existing=True, options=[undefer(Render.draft)])

    async def renew(self, render_id: str, owner: str, progress: float) -> bool:
        """Keep a claim and tell the progress; False when the render was cancelled or taken over."""
        return await self._change(
            render_id,
            owner,
            progress=min(99.9, max(0.0, progress)),
            lease_until=self._database.now() + self._config.render_lease_s,
        )

    async def finish(self, render_id: str, owner: str, path: str, facts: dict[str, Any]) -> bool:
        """Tell that a render is done; False when it was cancelled or taken over."""
        known = {key: facts.get(key) for key in ("size_bytes", "duration_s", "width_px", "height_px")}
        told = and_(Render.status == "completed", Render.path == path)  # and the answer was lost: it is told again
        values = {"status": "completed", "progress": 100.0, "path": path, "finished_at": self._database.now(), **known}
        return await self._change(render_id, owner, told, **values)

    async def fail(self, render_id: str, owner: str, error_type: str, error: str) -> bool:
        """Tell that a render failed."""
        return await self._change(
            render_id,
            owner,
            status="failed",
            error=storable(error)[:2000],
            error_type=storable(error_type)[:64],
            finished_at=self._database.now(),
        )

    async def give_back(self, render_id: str, owner: str) -> bool:
        """Put a render back into the queue, because this server is going away."""
        return await self._change(
            render_id, owner, status="pending", owner=None, lease_until=0.0, attempts=Render.attempts - 1
        )

    async def _change(
        self, render_id: str, held_by: str, also: ColumnElement[bool] | None = None, **values: Any
    ) -> bool:
        at_work = Render.status == "processing"
        async with self._database.writing() as db:
            done: CursorResult[Any] = await db.execute(  # type: ignore[assignment]  # an UPDATE's result
                update(Render)
                .where(Render.id == render_id, Render.owner == held_by, at_work if also is None else or_(at_work, also))
                .values(**values)
            )
        return bool(done.rowcount)

    async def cancel(self, render_id: str, user_id: str) -> bool:
        """Cancel a render that is not finished; its worker is stopped by the server that holds it."""
        async with self._database.writing() as db:
            done: CursorResult[Any] = await db.execute(  # type: ignore[assignment]  # an UPDATE's result
                update(Render)
                .where(Render.id == render_id, Render.user_id == user_id, Render.status.in_(LIVE))
                .values(status="cancelled", error="The export was cancelled.", finished_at=self._database.now())
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
