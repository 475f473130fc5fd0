"""What all servers of one database have to agree on: the key of links and tokens, and which storage is theirs."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from ipynemo.backend.store.database import Database
from ipynemo.backend.store.models import Asset, Setting

__all__ = ["Shared"]


class Shared:
    """Values that the first server sets and every other one takes.

    Parameters
    ----------
    database : Database
        Where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> str | None:
        """Return a value, or None where none was set."""
        async with self._database.reading() as db:
            setting = await db.get(Setting, name)
        return setting.value if setting else None

    async def agree(self, name: str, value: str) -> str:
        """Set a value unless another server was faster, and return the one that holds."""
        known = await self.get(name)
        if known is not None:
            return known
        try:
            async with self._database.writing() as db:
                db.add(Setting(name=name, value=value))
        except IntegrityError:  # it was set between the two
            return await self.agree(name, value)
        return value

    async def has_files(self) -> bool:
        """Return whether anything was ever uploaded that is still known."""
        async with self._database.reading() as db:
            return bool((await db.execute(select(func.count()).select_from(Asset))).scalar_one())
