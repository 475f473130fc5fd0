"""What is thrown away, and when.

At the start of a server and every hour:

1. a session not used for `session_days` goes, with its drafts, files and clips;
2. when all takes more than `max_data_bytes`, the oldest clips go first (their renders then say "Export
   again"), then the sessions that were not used for the longest time, but none that was used in the last day;
3. finished parts of films go after a day in which nobody needed them, and after an hour when there is no room;
4. what an interrupted upload left behind goes after an hour, and a folder whose session is unknown after a day.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import AbstractAsyncContextManager

from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from ipynemo.backend.periodic import repeating
from ipynemo.backend.storage.local import sweep_old
from ipynemo.backend.store import Store
from ipynemo.backend.store.models import Asset, Charge, Render, Session, Token
from ipynemo.backend.store.users import CREDITS_LAST_S
from ipynemo.backend.unavailable import UnavailableError

__all__ = ["EVERY_S", "clean", "keep_clean"]

log = logging.getLogger(__name__)

EVERY_S = 3600.0
SPOOL_S = HOUR_S = 3600.0
DAY_S = 86_400.0


def keep_clean(store: Store, max_data_bytes: int) -> AbstractAsyncContextManager[None]:
    """Clean now and every hour, while the block runs."""

    async def try_to_clean() -> None:
        try:
            await clean(store, max_data_bytes)
        except (OSError, SQLAlchemyError, UnavailableError):
            log.exception("cleaning up failed; it is tried again in an hour")

    return repeating(try_to_clean, EVERY_S, at_once=True)


async def clean(store: Store, max_data_bytes: int) -> None:
    """Clean once."""
    for session_id in await store.sessions.expired():
        await _drop(store, session_id)
    await store.storage.sweep_parts(DAY_S)
    await _make_room(store, max_data_bytes)
    await _forget_stale_rows(store)
    async with store.database.reading() as db:
        known = set((await db.execute(select(Session.id))).scalars())
    await store.storage.sweep(known, DAY_S)
    await asyncio.to_thread(sweep_old, store.folder.spool, SPOOL_S)


async def _drop(store: Store, session_id: str) -> None:
    await store.sessions.drop(session_id)
    await store.storage.delete_session(session_id)


async def _make_room(store: Store, max_data_bytes: int) -> None:
    used = await store.storage.used_bytes()
    if used is not None and used > max_data_bytes:
        await store.storage.sweep_parts(HOUR_S)
        used = await store.storage.used_bytes()
    excess = (await _known_bytes(store) if used is None else used) - max_data_bytes
    if excess <= 0:
        return
    for render in await store.renders.oldest_clips():
        if excess <= 0 or render.path is None:
            break
        await store.renders.clip_removed(render.id)
        await store.storage.delete(render.path)
        excess -= render.size_bytes or 0
    for session_id in await store.sessions.idle_since(time.time() - DAY_S):
        if excess <= 0:
            break
        excess -= sum(asset.size_bytes for asset in await store.assets.of_session(session_id))
        await _drop(store, session_id)


async def _forget_stale_rows(store: Store) -> None:
    now = time.time()
    async with store.database.writing() as db:
        await db.execute(delete(Token).where(Token.expires_at < now))
        await db.execute(delete(Charge).where(~Charge.settled, Charge.frozen_until < now))
        await db.execute(delete(Charge).where(Charge.made_at < now - CREDITS_LAST_S))


async def _known_bytes(store: Store) -> int:
    """Return how much room the files and clips take by the database: to count a bucket takes minutes."""
    async with store.database.reading() as db:
        files = (await db.execute(select(func.sum(Asset.size_bytes)))).scalar_one()
        clips = (await db.execute(select(func.sum(Render.size_bytes)).where(Render.path.is_not(None)))).scalar_one()
    return int(files or 0) + int(clips or 0)
