"""Sessions: who owns them, until when they live, and which server runs a turn in them."""

from __future__ import annotations

import time
import uuid

from sqlalchemy import delete, func, or_, select, update

from ipynemo.backend.config import BackendConfig
from ipynemo.backend.store.database import Database, storable
from ipynemo.backend.store.models import Message, Session
from ipynemo.errors import SessionNotFoundError

__all__ = ["Sessions"]

DAY_S = 86_400.0
HISTORY_LENGTH = 40

# What the state tells of the talk. It is read before and after every turn, so it has to stay small.
TOLD_MESSAGES = 100
TOLD_CHARS = 40_000
TOLD_TEXT_CHARS = 8_000


class Sessions:
    """The sessions of a server.

    Parameters
    ----------
    database : Database
        Where they are kept.
    config : BackendConfig
        How long they live.
    """

    def __init__(self, database: Database, config: BackendConfig) -> None:
        self._database = database
        self._config = config

    async def create(self, user_id: str, task_name: str, language: str) -> Session:
        """Begin a session."""
        now = time.time()
        session = Session(
            id=f"ses_{uuid.uuid4().hex}",
            task_id=f"tsk_{uuid.uuid4().hex}",
            user_id=user_id,
            task_name=task_name,
            language=language,
            created_at=now,
            used_at=now,
            expires_at=now + self._config.session_days * DAY_S,
            timeline_version=0,
            place=0,
            lock_until=0.0,
        )
        async with self._database.writing() as db:
            db.add(session)
        return session

    async def get(self, session_id: str, user_id: str, *, touch: bool = False) -> Session:
        """Return a session of a user; with `touch`, its life begins anew.

        Raises
        ------
        SessionNotFoundError
            There is none of that id, it has expired, or it is somebody else's: which of these is not told.
        """
        now = time.time()
        async with self._database.reading() as db:
            session = (
                await db.execute(
                    select(Session).where(
                        Session.id == session_id, Session.user_id == user_id, Session.expires_at > now
                    )
                )
            ).scalar_one_or_none()
        if session is None:
            raise SessionNotFoundError(
                "There is no such session, or it has expired.", hint="Create a new one.", code=1002
            )
        if touch:
            async with self._database.writing() as db:
                await db.execute(
                    update(Session)
                    .where(Session.id == session_id)
                    .values(used_at=now, expires_at=now + self._config.session_days * DAY_S)
                )
        return session

    async def lock(self, session_id: str, owner: str) -> bool:
        """Take a session for a turn, or keep it; False while another server has it."""
        now = self._database.now()
        async with self._database.writing() as db:
            taken = await db.execute(
                update(Session)
                .where(
                    Session.id == session_id,
                    or_(Session.lock_owner.is_(None), Session.lock_owner == owner, Session.lock_until < now),
                )
                .values(lock_owner=owner, lock_until=now + self._config.lock_lease_s)
            )
        return bool(taken.rowcount)  # type: ignore[attr-defined]  # an UPDATE's result has it

    async def unlock(self, session_id: str, owner: str) -> None:
        """Let a session go."""
        async with self._database.writing() as db:
            await db.execute(
                update(Session)
                .where(Session.id == session_id, Session.lock_owner == owner)
                .values(lock_owner=None, lock_until=0.0)
            )

    async def say(self, session_id: str, role: str, text: str) -> None:
        """Keep what was said."""
        async with self._database.writing() as db:
            db.add(Message(session_id=session_id, role=role, text=storable(text), said_at=time.time()))

    async def history(self, session_id: str) -> tuple[tuple[str, str], ...]:
        """Return what was said last, oldest first."""
        async with self._database.reading() as db:
            rows = await db.execute(
                select(Message.role, Message.text)
                .where(Message.session_id == session_id)
                .order_by(Message.id.desc())
                .limit(HISTORY_LENGTH)
            )
            return tuple((role, text) for role, text in reversed(rows.all()))

    async def said(self, session_id: str) -> tuple[tuple[str, str], ...]:
        """Return the end of the talk for somebody who shows it, oldest first: few messages, long ones cut."""
        async with self._database.reading() as db:
            rows = await db.execute(
                select(Message.role, func.substr(Message.text, 1, TOLD_TEXT_CHARS + 1))
                .where(Message.session_id == session_id)
                .order_by(Message.id.desc())
                .limit(TOLD_MESSAGES)
            )
        told: list[tuple[str, str]] = []
        left = TOLD_CHARS
        for role, text in rows.all():
            short = text if len(text) <= TOLD_TEXT_CHARS else f"{text[: TOLD_TEXT_CHARS - 1]}…"
            left -= len(short)
            if left < 0:
                break
            told.append((role, short))
        return tuple(reversed(told))

    async def expired(self) -> list[str]:
        """Return the sessions whose time is over."""
        async with self._database.reading() as db:
            found = await db.execute(select(Session.id).where(Session.expires_at <= time.time()))
            return list(found.scalars())

    async def idle_since(self, before: float) -> list[str]:
        """Return the sessions not used since a time, the longest unused first."""
        async with self._database.reading() as db:
            found = await db.execute(select(Session.id).where(Session.used_at < before).order_by(Session.used_at))
            return list(found.scalars())

    async def drop(self, session_id: str) -> None:
        """Forget a session; its drafts, messages, files' records and renders go with it."""
        async with self._database.writing() as db:
            await db.execute(delete(Session).where(Session.id == session_id))
