"""Database and files of a server, under one name."""

from __future__ import annotations

from sqlalchemy import URL

from ipynemo.backend.config import BackendConfig
from ipynemo.backend.storage import open_storage
from ipynemo.backend.store.assets import Assets
from ipynemo.backend.store.database import Database
from ipynemo.backend.store.drafts import Drafts
from ipynemo.backend.store.files import DataFolder
from ipynemo.backend.store.renders import Renders
from ipynemo.backend.store.sessions import Sessions
from ipynemo.backend.store.shared import Shared
from ipynemo.backend.store.users import Users

__all__ = ["Store"]


class Store:
    """Everything that a server remembers.

    Parameters
    ----------
    config : BackendConfig
        Where it is, and its limits.
    """

    def __init__(self, config: BackendConfig) -> None:
        self.folder = DataFolder(config.data)
        self.folder.make()
        self.key = self.folder.key()
        self.storage = open_storage(config, self.folder)
        self.database = Database(
            config.database_url or self._own_database(),
            connections=config.database_connections,
            wait_s=config.database_wait_s,
        )
        self.users = Users(self.database, config, self.key)
        self.sessions = Sessions(self.database, config)
        self.drafts = Drafts(self.database)
        self.assets = Assets(self.database, config)
        self.renders = Renders(self.database, config)
        self._config = config

    def _own_database(self) -> URL:
        # Not as text: a folder may be named with a question mark.
        return URL.create("sqlite+aiosqlite", database=str(self.folder.root / "ipynemo.sqlite3"))

    async def open(self) -> None:
        """Migrate the database, agree with other servers on what they share, and make the fixed user."""
        try:
            await self._open()
        except BaseException:
            await self.aclose()
            raise

    async def _open(self) -> None:
        await self.database.open()
        shared = Shared(self.database)
        if self._config.database is not None:
            # Other servers may have other data folders; links and tokens of one have to work on all.
            self.key = self.users.key = bytes.fromhex(await shared.agree("key", self.key.hex()))
        if self._config.database is not None or self._config.storage is not None:
            await shared.settle_storage(self.storage)
        await self.users.ensure_fixed()

    async def aclose(self) -> None:
        """Close the database."""
        await self.database.aclose()
        await self.storage.aclose()
