"""What was uploaded into a session."""

from __future__ import annotations

import time

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ipynemo.backend.config import BackendConfig
from ipynemo.backend.store.database import Database
from ipynemo.backend.store.models import Asset, Session, User
from ipynemo.draft.values import Draft
from ipynemo.errors import InvalidRequestError, SessionNotFoundError

__all__ = ["MAX_ASSETS", "Assets"]

MAX_ASSETS = 500  # in a session


class Assets:
    """The uploaded files of a server.

    Parameters
    ----------
    database : Database
        Where their records are kept.
    config : BackendConfig
        How much room each user has.
    """

    def __init__(self, database: Database, config: BackendConfig) -> None:
        self._database = database
        self._config = config

    async def check_room(self, user_id: str, more_bytes: int) -> None:
        """Refuse more bytes than a user has room for, before they come.

        Raises
        ------
        InvalidRequestError
            The user's files would take too much.
        """
        async with self._database.reading() as db:
            await self._check_room(db, user_id, more_bytes)

    async def _check_room(self, db: AsyncSession, user_id: str, more_bytes: int) -> None:
        if user_id == self._config.user_id:
            return
        sizes = select(func.sum(Asset.size_bytes)).join(Session, Session.id == Asset.session_id)
        taken = int((await db.execute(sizes.where(Session.user_id == user_id))).scalar_one() or 0)
        room = self._config.user_data_bytes
        if taken + more_bytes > room:
            raise InvalidRequestError(
                f"Your files take {_mb(taken)} of the {_mb(room)} that this server keeps for each user, and "
                f"{_mb(more_bytes)} more do not fit.",
                hint="Take a smaller file, or ask whoever runs the server for more room.",
            )

    async def add(self, session_id: str, assets: list[Asset]) -> None:
        """Keep the files of one upload, all or none.

        Raises
        ------
        InvalidRequestError
            The session has too many files, or the user has no room for them.
        SessionNotFoundError
            The session went away while the files arrived.
        """
        async with self._database.writing() as db:
            session = await db.get(Session, session_id, with_for_update=True)
            if session is None:
                raise SessionNotFoundError("The session has expired.", hint="Create a new one.", code=1002)
            # Uploads into two sessions of a user must not both be given the room that is left for one.
            await db.execute(select(User.id).where(User.id == session.user_id).with_for_update())
            await self._check_room(db, session.user_id, sum(asset.size_bytes for asset in assets))
            count = (
                await db.execute(select(func.count()).select_from(Asset).where(Asset.session_id == session_id))
            ).scalar_one()
            if count + len(assets) > MAX_ASSETS:
                raise InvalidRequestError(f"A session holds up to {MAX_ASSETS} files.", hint="Create a new one.")
            for number, asset in enumerate(assets, count + 1):
                asset.number = number
                asset.created_at = time.time()
                db.add(asset)

    async def of_session(self, session_id: str) -> list[Asset]:
        """Return a session's files in the order of their upload."""
        async with self._database.reading() as db:
            rows = await db.execute(select(Asset).where(Asset.session_id == session_id).order_by(Asset.number))
            return list(rows.scalars())

    async def of_draft(self, session_id: str, draft: Draft) -> dict[str, str]:
        """Return the storage's keys of those files of a session that a draft shows or plays, by their ids."""
        wanted = {segment.source for track in draft.tracks for segment in track.segments}
        return {asset.id: asset.path for asset in await self.of_session(session_id) if asset.id in wanted}

    async def get(self, asset_id: str) -> Asset | None:
        """Return a file by its id."""
        async with self._database.reading() as db:
            return await db.get(Asset, asset_id)


def _mb(size_bytes: int) -> str:
    return f"{round(size_bytes / 1e6, 1):g} MB"
