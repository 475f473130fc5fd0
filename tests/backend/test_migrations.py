"""The database of an older release opens in this one, with everything that was in it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql

from ipynemo.backend.config import BackendConfig
from ipynemo.backend.store import Store
from ipynemo.backend.store.database import MIGRATIONS, Database, migrate, newest_revision
from ipynemo.backend.store.models import Base
from ipynemo.errors import BackendStartError

OLD = Path(__file__).parent / "data" / "schema_0001.sql"


def old_database(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "ipynemo.sqlite3"
    with sqlite3.connect(path) as db:
        db.executescript(OLD.read_text())
    db.close()
    return path


def config(folder: Path) -> BackendConfig:
    return BackendConfig(data=folder, token="a token")


async def test_an_old_database_keeps_its_sessions_drafts_files_and_renders(tmp_path: Path) -> None:
    old_database(tmp_path)
    store = Store(config(tmp_path))
    await store.open()
    session = await store.sessions.get("ses_old", "usr_local")
    assert (session.task_name, session.timeline_version, session.place) == ("An old lesson", 3, 2)
    timeline = await store.drafts.timeline("ses_old")
    assert timeline.draft.raw["t"][0]["sg"][0]["tx"] == "Two"
    assert [draft.raw.get("t", [{}])[0].get("sg", [{}])[0].get("tx") for draft in timeline.undo] == [None, "One"]
    assert [draft.raw["t"][0]["sg"][0]["tx"] for draft in timeline.redo] == ["Three"]
    assert await store.sessions.history("ses_old") == (("user", "Add a title"), ("model", "Done."))
    [asset] = await store.assets.of_session("ses_old")
    assert (asset.name, asset.size_bytes, asset.has_audio, asset.evidence) == ("cat.png", 123, False, None)
    found = await store.renders.find("render_old", "usr_local")
    assert found is not None
    assert (found.render.status, found.render.path) == ("completed", "clips/ses_old/x-1.mp4")
    charge = await store.users.freeze("usr_local", 10)  # of the table that the second migration made
    assert (await store.users.balance("usr_local")).frozen == 10
    await store.users.settle(charge, keep=True)
    assert (await store.users.balance("usr_local")).available == 90
    await store.aclose()


@pytest.mark.parametrize("start", ["nothing", "0001"])
def test_the_migrated_schema_is_that_of_the_models(tmp_path: Path, start: str) -> None:
    path = old_database(tmp_path) if start == "0001" else tmp_path / "new.sqlite3"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate(connection)
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == "0004"
    engine.dispose()


def test_the_migrations_are_one_line_without_branches() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert [script.revision for script in scripts.walk_revisions()] == ["0004", "0003", "0002", "0001"]
    assert scripts.get_current_head() == newest_revision() == "0004"


async def test_opening_twice_changes_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        store = Store(config(tmp_path))
        await store.open()
        assert (await store.users.balance("usr_local")).total == 100
        await store.aclose()


async def test_a_database_of_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    path = old_database(tmp_path)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE alembic_version SET version_num = '0999'")
    db.close()
    database = Database(f"sqlite+aiosqlite:///{path}")
    with pytest.raises(BackendStartError, match=r"newer ipynemo \(schema 0999\). Upgrade ipynemo"):
        await database.open()
    await database.aclose()


def test_every_table_can_be_made_on_postgresql() -> None:
    said: list[str] = []
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    engine = sa.create_mock_engine(
        "postgresql://", lambda sql, *_, **__: said.append(str(sql.compile(dialect=dialect)))
    )
    Base.metadata.create_all(engine, checkfirst=False)
    assert sum("CREATE TABLE" in each for each in said) == 9
