"""Database and files of a server, under one name."""

from __future__ import annotations

from sqlalchemy import URL

from ipynemo.backend.config import BackendConfig
from ipynemo.backend.store.assets import Assets
from ipynemo.backend.store.database import Database
from ipynemo.backend.store.drafts import Drafts
from ipynemo.backend.store.files import DataFolder
from ipynemo.backend.store.renders import Renders
from ipynemo.backend.store.sessions import Sessions
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
        self.database = Database(config.database_url or self._own_database())
        self.users = Users(self.database, config, self.key)
        self.sessions = Sessions(self.database, config)
        self.drafts = Drafts(self.database)
        self.assets = Assets(self.database, config)
        self.renders = Renders(self.database, config)

    def _own_database(self) -> URL:
        # Not as text: a folder may be named with a question mark.
        return URL.create("sqlite+aiosqlite", database=str(self.folder.root / "ipynemo.sqlite3"))

    async def open(self) -> None:
        """Migrate the database and make the fixed user."""
        await self.database.open()
        await self.users.ensure_fixed()

    async def aclose(self) -> None:
        """Close the database."""
        await self.database.aclose()
