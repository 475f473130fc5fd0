"""The connection: SQLite in WAL mode by default, PostgreSQL for a class; migrated to the newest schema when it opens.

Reads and writes go through two makers of transactions. On SQLite a writing one takes the write lock when it begins
(`BEGIN IMMEDIATE`), so that two servers on the same file wait for each other instead of failing in the middle. What
servers compare with each other's times is told by the database's clock (`now`), because their own may differ.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, ColumnElement, Connection, Double, event, func, inspect, literal, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from ipynemo.backend.store.outages import is_outage
from ipynemo.backend.unavailable import UnavailableError
from ipynemo.errors import BackendStartError, NemoError

__all__ = ["Database", "migrate", "newest_revision", "storable"]

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_S = 30
CONNECT_TIMEOUT_S = 10
COMMAND_TIMEOUT_S = 60
POOL_WAIT_S = 20
RECYCLE_S = 1800
START_LOOK_S = 0.5
# A server that freezes in the middle of a transaction must not hold its locks for ever.
POSTGRESQL_SETTINGS = {"application_name": "ipynemo", "idle_in_transaction_session_timeout": "60000"}
MIGRATION_LOCK = 0x6970796E  # an arbitrary number that every server of ours agrees on


def storable(text: str) -> str:
    """Return text that every database can store: PostgreSQL takes no NUL, and UTF-8 no half characters."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def newest_revision() -> str:
    """Return the number of the last migration, told from its file name: Alembic is slow to load, and seldom needed."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def migrate(connection: Connection, target: str = "head") -> None:
    """Bring the schema up to date; a second server that starts at the same time waits, then finds nothing to do.

    Raises
    ------
    BackendStartError
        The database was written by a newer version.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    if inspect(connection).has_table("alembic_version"):
        at = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if at == newest_revision():
            return
        if at is not None and at > newest_revision():
            raise BackendStartError(
                f"The data folder was written by a newer ipynemo (schema {at}).", hint="Upgrade ipynemo."
            )
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    command.upgrade(config, target)


def _set_up_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves; the driver would say it too late
        cursor = connection.cursor()
        for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("ipynemo_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _connect_args(*, sqlite: bool) -> dict[str, Any]:
    if sqlite:
        return {"timeout": BUSY_TIMEOUT_S}
    return {
        "timeout": CONNECT_TIMEOUT_S,
        "command_timeout": COMMAND_TIMEOUT_S,
        "server_settings": POSTGRESQL_SETTINGS,
    }


def _pool(*, sqlite: bool, connections: int) -> dict[str, Any]:
    if sqlite:
        return {}
    return {
        "pool_size": connections,
        "max_overflow": 0,
        "pool_timeout": POOL_WAIT_S,
        "pool_recycle": RECYCLE_S,
        "pool_pre_ping": True,  # what a restart of the database broke is thrown away before it is used
    }


class Database:
    """One engine and its two makers of transactions.

    Parameters
    ----------
    url : str or URL
        With an asynchronous driver.
    connections : int
        How many are kept to a PostgreSQL.
    wait_s : float
        How long `open` waits for one that is not there yet, in seconds.
    """

    def __init__(self, url: str | URL, *, connections: int = 10, wait_s: float = 0.0) -> None:
        parsed = make_url(url)
        sqlite = parsed.get_backend_name() == "sqlite"
        self.shared = not sqlite
        self.connect_args = _connect_args(sqlite=sqlite)
        self._wait_s = wait_s
        self._place = f"{parsed.host or 'localhost'}:{parsed.port or 5432}"
        try:
            self.engine = create_async_engine(
                parsed,
                hide_parameters=True,  # errors land in logs, and drafts and names do not belong there
                connect_args=self.connect_args,
                **_pool(sqlite=sqlite, connections=connections),
            )
        except ModuleNotFoundError as error:
            extra = "local" if sqlite else "cluster"
            raise BackendStartError(
                f"The database needs {error.name}.", hint=f'Install it: pip install "ipynemo[{extra}]"'
            ) from error
        if sqlite:
            self._make_private(parsed.database)
            _set_up_sqlite(self.engine)
        self._reads = async_sessionmaker(self.engine, expire_on_commit=False)
        self._writes = async_sessionmaker(self.engine.execution_options(ipynemo_writes=True), expire_on_commit=False)

    @staticmethod
    def _make_private(path: str | None) -> None:
        if path and path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))

    async def open(self) -> None:
        """Migrate the schema.

        Raises
        ------
        BackendStartError
            The database cannot be reached, or was written by a newer version.
        """
        until = time.monotonic() + self._wait_s
        while True:
            try:
                return await self._migrate()
            except UnavailableError as error:
                if time.monotonic() >= until:
                    raise BackendStartError(
                        f"The database at {self._place} cannot be reached.", hint="Is it running, and is the URL right?"
                    ) from error.__cause__
            except NemoError:
                raise
            except Exception as error:
                if not self.shared:
                    raise
                # A wrong password, no such database, no right to make tables: the driver's first line says it best.
                said = str(getattr(error, "orig", error)).partition("\n")[0].rpartition(">: ")[2]
                raise BackendStartError(f"The database at {self._place} cannot be used: {said}.") from error
            log.warning("the database at %s does not answer yet", self._place)
            await asyncio.sleep(START_LOOK_S)

    async def _migrate(self) -> None:
        async with self._clearly(), self.engine.execution_options(ipynemo_writes=True).begin() as connection:
            await connection.run_sync(migrate)

    async def aclose(self) -> None:
        """Close all connections."""
        await self.engine.dispose()

    def now(self) -> ColumnElement[float]:
        """Return the time, in seconds since 1970, as an expression: the database's own where servers share it."""
        if self.shared:
            return func.date_part("epoch", func.clock_timestamp(), type_=Double())
        return literal(time.time())

    async def time(self, db: AsyncSession) -> float:
        """Return the time by the clock of `now`."""
        return float((await db.execute(select(self.now()))).scalar_one()) if self.shared else time.time()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Give a transaction that reads.

        Raises
        ------
        UnavailableError
            A PostgreSQL does not answer; so does `writing`.
        """
        async with self._clearly(), self._reads() as transaction:
            yield transaction

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Give a transaction that writes; committed at the end, rolled back on an error."""
        async with self._clearly(), self._writes.begin() as transaction:
            yield transaction

    @asynccontextmanager
    async def _clearly(self) -> AsyncIterator[None]:
        try:
            yield
        except Exception as error:
            if self.shared and is_outage(error):
                raise UnavailableError.of("database") from error
            raise
