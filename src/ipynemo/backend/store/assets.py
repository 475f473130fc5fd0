"""What was uploaded into a session."""

from __future__ import annotations

import time

from sqlalchemy import func, select

from ipynemo.backend.store.database import Database
from ipynemo.backend.store.models import Asset, Session
from ipynemo.errors import InvalidRequestError, SessionNotFoundError

__all__ = ["MAX_ASSETS", "Assets"]

MAX_ASSETS = 500  # in a session


class Assets:
    """The uploaded files of a server.

    Parameters
    ----------
    database : Database
        Where their records are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, session_id: str, assets: list[Asset]) -> None:
        """Keep the files of one upload, all or none.

        Raises
        ------
        InvalidRequestError
            The session has too many files.
        SessionNotFoundError
            The session went away while the files arrived.
        """
        async with self._database.writing() as db:
            if await db.get(Session, session_id, with_for_update=True) is None:
                raise SessionNotFoundError("The session has expired.", hint="Create a new one.", code=1002)
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

    async def get(self, asset_id: str) -> Asset | None:
        """Return a file by its id."""
        async with self._database.reading() as db:
            return await db.get(Asset, asset_id)
