"""The drafts of a session: the current one, and the ones that undo and redo lead to.

The versions of a session stand in places 1, 2, 3…; the session says at which of them it is, and place 0 is the empty
draft. One turn of the user is one step: the first edit of a turn opens a new place (what could be redone is gone), the
next ones of the same turn replace it. Only so many steps are kept.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, select

from ipynemo.backend.store.database import Database
from ipynemo.backend.store.models import Session, Version
from ipynemo.draft.values import Draft
from ipynemo.errors import TurnFailedError

__all__ = ["Drafts", "History", "Timeline"]

History = Literal["edit", "undo", "redo"]
KEPT_STEPS = 40


@dataclass(frozen=True)
class Timeline:
    """Where a session stands: its draft, what undo leads to (newest last), what redo leads to (newest last)."""

    version: int
    draft: Draft
    undo: tuple[Draft, ...] = ()
    redo: tuple[Draft, ...] = ()


class Drafts:
    """The drafts of a server's sessions.

    Parameters
    ----------
    database : Database
        Where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def current(self, session_id: str) -> tuple[Draft, int]:
        """Return the current draft and its version."""
        async with self._database.reading() as db:
            session = (await db.execute(select(Session).where(Session.id == session_id))).scalar_one()
            row = await db.get(Version, (session_id, session.place))
        return (Draft.from_json(row.draft) if row else Draft()), session.timeline_version

    async def timeline(self, session_id: str) -> Timeline:
        """Return the current draft with everything that undo and redo lead to."""
        async with self._database.reading() as db:
            session = (await db.execute(select(Session).where(Session.id == session_id))).scalar_one()
            rows = await db.execute(select(Version).where(Version.session_id == session_id).order_by(Version.place))
            places = {row.place: Draft.from_json(row.draft) for row in rows.scalars()}
        if not places or 1 in places:
            places[0] = Draft()
        return Timeline(
            version=session.timeline_version,
            draft=places.get(session.place, Draft()),
            undo=tuple(places[n] for n in sorted(places) if n < session.place),
            redo=tuple(places[n] for n in sorted(places, reverse=True) if n > session.place),
        )

    async def record(self, session_id: str, owner: str, draft: Draft, history: History, *, same_step: bool) -> int:
        """Keep what a tool made of the draft, and return the new version of the timeline.

        Parameters
        ----------
        owner : str
            Who holds the session's lock.
        history : {"edit", "undo", "redo"}
            Whether the draft is a new one, or one of the old ones.
        same_step : bool
            Whether this turn has opened its place already.

        Raises
        ------
        TurnFailedError
            The lock was lost: the server slept, and another one has gone on in the session.
        """
        async with self._database.writing() as db:
            session = (
                await db.execute(
                    select(Session).where(Session.id == session_id, Session.lock_owner == owner).with_for_update()
                )
            ).scalar_one_or_none()
            if session is None:
                raise TurnFailedError("The session was taken over while this turn was asleep.", session_id=session_id)
            if history == "edit":
                place = session.place if same_step and session.place else session.place + 1
                await db.execute(delete(Version).where(Version.session_id == session_id, Version.place >= place))
                db.add(Version(session_id=session_id, place=place, draft=draft.to_json(), made_at=time.time()))
                await db.execute(
                    delete(Version).where(Version.session_id == session_id, Version.place < place - KEPT_STEPS)
                )
            else:
                rows = await db.execute(select(Version).where(Version.session_id == session_id))
                places = {row.place: Draft.from_json(row.draft) for row in rows.scalars()}
                place = _target(places, session.place, draft, history)
            version = session.timeline_version + 1
            session.place, session.timeline_version = place, version
        return version


def _target(places: dict[int, Draft], at: int, draft: Draft, history: Literal["undo", "redo"]) -> int:
    """Return the place that the agent went to; it may have gone several steps at once."""
    if not places or 1 in places:
        places = {0: Draft(), **places}
    way = [n for n in sorted(places, reverse=history == "undo") if (n < at if history == "undo" else n > at)]
    return next((n for n in way if places[n] == draft), way[0] if way else at)
