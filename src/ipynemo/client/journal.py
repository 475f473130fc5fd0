"""What this computer has used: sessions and renders, so that a restarted kernel finds its work again.

A small SQLite file in the data folder, shared by all notebooks. It holds names, ids and times, nothing secret. It is a
convenience: where it cannot be written, the work goes on and a warning says so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ipynemo.client.values import Clip, Render, SessionInfo
from ipynemo.loop import off_loop
from ipynemo.settings import data_dir

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Journal", "KnownPicture"]

log = logging.getLogger(__name__)

BUSY_S = 5.0  # how long another notebook's write is waited for

SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
    backend TEXT NOT NULL, session_id TEXT NOT NULL, task_id TEXT, task_name TEXT NOT NULL, language TEXT NOT NULL,
    created_at TEXT NOT NULL, used_at TEXT NOT NULL, PRIMARY KEY (backend, session_id));
CREATE TABLE IF NOT EXISTS renders (
    backend TEXT NOT NULL, session_id TEXT NOT NULL, render_id TEXT NOT NULL, status TEXT NOT NULL, path TEXT,
    submitted_at TEXT NOT NULL, PRIMARY KEY (backend, render_id));
CREATE TABLE IF NOT EXISTS pictures (
    backend TEXT NOT NULL, picture TEXT NOT NULL, session_id TEXT NOT NULL, quality TEXT, clip TEXT, render_id TEXT,
    noted_at TEXT NOT NULL, PRIMARY KEY (backend, picture));
"""


@dataclass(frozen=True)
class KnownPicture:
    """How far a picture of a batch had come."""

    session_id: str
    quality: str
    clip: str | None
    render_id: str | None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Journal:
    """The sessions and renders of one backend, as this computer knows them."""

    def __init__(self, backend: str, folder: Path | None = None) -> None:
        self._backend = backend
        self._path = (folder or data_dir()) / "journal.sqlite3"
        self._warned = False

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        import sqlite3  # not part of every Python in a browser

        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=BUSY_S)) as connection, connection:
            connection.executescript(SCHEMA)
            yield connection

    async def _do(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        def work() -> list[tuple[Any, ...]]:
            try:
                with self._open() as connection:
                    return connection.execute(sql, values).fetchall()
            except Exception as error:  # noqa: BLE001 - whatever is the matter with it, the journal is a convenience
                log.log(
                    logging.DEBUG if self._warned else logging.WARNING,
                    "The journal %s cannot be used (%s); a restarted kernel will not find its work again.",
                    self._path.name,
                    error,
                )
                self._warned = True
                return []

        return await off_loop(work)

    async def note_session(self, session_id: str, task_id: str | None, task_name: str, language: str) -> None:
        """Keep a new session, or that one was used now."""
        now = _now()
        await self._do(
            "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (backend, session_id) DO UPDATE SET "
            "task_id = COALESCE(excluded.task_id, task_id), task_name = excluded.task_name, "
            "language = excluded.language, used_at = excluded.used_at",
            *(self._backend, session_id, task_id, task_name, language, now, now),
        )

    async def sessions(self) -> list[SessionInfo]:
        """Return the sessions, the last used first."""
        rows = await self._do(
            "SELECT session_id, task_id, task_name, language, created_at, used_at FROM sessions WHERE backend = ? "
            "ORDER BY used_at DESC, rowid DESC",
            self._backend,
        )
        return [SessionInfo(*row) for row in rows]

    async def session(self, session_id: str) -> SessionInfo | None:
        """Return one session, where this computer knows it."""
        rows = await self._do(
            "SELECT session_id, task_id, task_name, language, created_at, used_at FROM sessions "
            "WHERE backend = ? AND session_id = ?",
            *(self._backend, session_id),
        )
        return SessionInfo(*rows[0]) if rows else None

    async def note_render(self, render: Render) -> None:
        """Keep a render, or what has become of it."""
        await self._do(
            "INSERT INTO renders VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (backend, render_id) DO UPDATE SET "
            "status = excluded.status, path = COALESCE(excluded.path, path)",
            *(self._backend, render.session_id, render.id, render.status, render.path, render.submitted_at or _now()),
        )

    async def renders(self, session_id: str) -> list[Render]:
        """Return the renders of a session, the newest first."""
        rows = await self._do(
            "SELECT render_id, session_id, status, path, submitted_at FROM renders "
            "WHERE backend = ? AND session_id = ? ORDER BY submitted_at DESC, rowid DESC",
            *(self._backend, session_id),
        )
        return [Render(id=i, session_id=s, status=status, path=p, submitted_at=at) for i, s, status, p, at in rows]

    async def note_picture(self, picture: str, session_id: str, quality: str, clip: Clip | None = None) -> None:
        """Keep which session a picture of a batch is in, and its clip."""
        place = (str(clip.path.absolute()), clip.render_id) if clip is not None else (None, None)
        await self._do(
            "INSERT OR REPLACE INTO pictures VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(self._backend, picture, session_id, quality, *place, _now()),
        )

    async def picture(self, picture: str) -> KnownPicture | None:
        """Return what is known of a picture of a batch."""
        rows = await self._do(
            "SELECT session_id, quality, clip, render_id FROM pictures WHERE backend = ? AND picture = ?",
            *(self._backend, picture),
        )
        return KnownPicture(*rows[0]) if rows else None
