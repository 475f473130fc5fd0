"""News between servers: that there is something new in the render queue, so that an idle one need not wait to look.

PostgreSQL carries them (`LISTEN`, `NOTIFY`). They may be lost, with the connection for instance; that costs a second,
because every server also looks into the queue by itself. SQLite has nothing of the kind, and needs nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from ipynemo.backend.store.database import Database
from ipynemo.backend.store.outages import is_outage

__all__ = ["announce", "listening"]

log = logging.getLogger(__name__)

CHANNEL = "ipynemo_renders"
AGAIN_S = 2.0


async def announce(db: AsyncSession) -> None:
    """Tell all servers, once the transaction is committed, that there is something new in the queue."""
    if db.get_bind().dialect.name == "postgresql":
        await db.execute(select(func.pg_notify(CHANNEL, "")))


@asynccontextmanager
async def listening(database: Database, on_news: Callable[[], None]) -> AsyncIterator[None]:
    """Call `on_news` whenever a server has announced something, while the block runs."""
    if not database.shared:
        yield
        return
    stop = asyncio.Event()
    # A connection of its own: one of the pool would be missing there, and could be recycled.
    engine = create_async_engine(
        make_url(database.engine.url), poolclass=NullPool, connect_args=database.connect_args, hide_parameters=True
    )
    task = asyncio.create_task(_listen(engine, on_news, stop), name="news")
    try:
        yield
    finally:
        stop.set()
        await task
        await engine.dispose()


async def _listen(engine: AsyncEngine, on_news: Callable[[], None], stop: asyncio.Event) -> None:
    while not stop.is_set():
        ended = asyncio.Event()
        try:
            async with engine.connect() as connection:
                raw: Any = (await connection.get_raw_connection()).driver_connection
                raw.add_termination_listener(lambda _connection, ended=ended: ended.set())
                await raw.add_listener(CHANNEL, lambda *_: on_news())
                on_news()  # what was announced before we listened
                await _first(ended, stop)
        except (OSError, SQLAlchemyError) as error:
            log.warning("no news of the render queue: %s", type(error).__name__)
        except Exception as error:
            if not is_outage(error):
                raise
            log.warning("no news of the render queue: %s", type(error).__name__)
        if not stop.is_set():
            await _first(stop, limit_s=AGAIN_S)


async def _first(*events: asyncio.Event, limit_s: float | None = None) -> None:
    """Wait until one of the events has come, or the time is over."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
