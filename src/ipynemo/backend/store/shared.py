"""What all servers of one database have to agree on: the key of links and tokens, and which storage is theirs."""

from __future__ import annotations

import secrets

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from ipynemo.backend.storage import Storage
from ipynemo.backend.store.database import Database
from ipynemo.backend.store.models import Setting
from ipynemo.backend.unavailable import UnavailableError
from ipynemo.errors import BackendStartError

__all__ = ["Shared"]

STORAGE_LOCK = 0x6970796F  # like the lock of the migrations, and not the same


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

    async def settle_storage(self, storage: Storage) -> None:
        """Mark the storage as the one of this database, or see that it is.

        Two servers with different storages would not find each other's files, and two databases with the same one
        would sweep each other's away.

        Raises
        ------
        BackendStartError
            It is another one, or does not answer.
        """
        async with self._database.writing() as db:
            if self._database.shared:
                await db.execute(select(func.pg_advisory_xact_lock(STORAGE_LOCK)))
            setting = await db.get(Setting, "storage")
            try:
                found = await storage.mark()
                if setting is None and found is None:
                    found = secrets.token_hex(16)
                    await storage.set_mark(found)
                    db.add(Setting(name="storage", value=found))
                    return
            except (UnavailableError, OSError) as error:
                raise BackendStartError(
                    f"{storage!r} cannot be used: {error or type(error).__name__}.",
                    hint="Does it exist, and are the keys in the environment right?",
                ) from error
        if setting is None:
            raise BackendStartError(
                f"{storage!r} belongs to another database.",
                hint="Use another folder or prefix; if that database is gone for good, remove storage.id there.",
            )
        if found != setting.value:
            raise BackendStartError(
                f"{storage!r} is not the storage of this database.",
                hint="All servers of a database need the same --storage; where it was moved, storage.id comes along.",
            )
