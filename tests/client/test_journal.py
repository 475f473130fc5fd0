"""What this computer has used: shared by processes, never in the way of the work."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from pathlib import Path

import pytest
from peer import Peer, nemo_of, run_script

from ipynemo.client.journal import Journal
from ipynemo.client.values import Render


async def test_sessions_come_back_with_all_that_was_noted_the_last_used_first(tmp_path: Path) -> None:
    journal = Journal("https://a.example", tmp_path)
    await journal.note_session("s-1", "t-1", "Robots", "de")
    await asyncio.sleep(0.002)
    await journal.note_session("s-2", None, "", "en")
    await asyncio.sleep(0.002)
    created = [info.created_at for info in await journal.sessions()][1]
    await journal.note_session("s-1", None, "Robots", "de")
    first, second = await Journal("https://a.example", tmp_path).sessions()
    assert (first.session_id, first.task_id, first.task_name, first.language) == ("s-1", "t-1", "Robots", "de")
    assert first.created_at == created < first.used_at
    assert second.session_id == "s-2"


async def test_each_backend_has_its_own_list(tmp_path: Path) -> None:
    await Journal("https://a.example", tmp_path).note_session("s-1", None, "", "en")
    assert await Journal("https://b.example", tmp_path).sessions() == []


async def test_renders_come_back_newest_first_with_their_latest_status(tmp_path: Path) -> None:
    journal = Journal("https://a.example", tmp_path)
    await journal.note_render(Render("r-1", "s-1", "pending", path="clip.mp4"))
    await journal.note_render(Render("r-2", "s-1", "pending"))
    await journal.note_render(Render("r-3", "s-2", "pending"))
    await journal.note_render(Render("r-1", "s-1", "failed"))
    renders = await journal.renders("s-1")
    assert [(render.id, render.status, render.path) for render in renders] == [
        ("r-2", "pending", None),
        ("r-1", "failed", "clip.mp4"),
    ]
    assert all(render.submitted_at for render in renders)


def test_two_processes_write_at_once_and_nothing_is_lost(tmp_path: Path, clean_home: Path) -> None:
    code = """
import asyncio, subprocess, sys
from pathlib import Path
from ipynemo.client.journal import Journal
async def main(who):
    journal = Journal("https://a.example", Path(sys.argv[1]))
    await asyncio.gather(*(journal.note_session(f"{who}-{n}", None, "", "en") for n in range(30)))
if len(sys.argv) == 3:
    asyncio.run(main(sys.argv[2]))
"""
    script = tmp_path / "note.py"
    script.write_text(code)
    run_script(
        f"import subprocess, sys\n"
        f"both = [subprocess.Popen([sys.executable, {str(script)!r}, {str(tmp_path)!r}, who]) for who in 'ab']\n"
        f"assert [one.wait() for one in both] == [0, 0]"
    )
    with sqlite3.connect(tmp_path / "journal.sqlite3") as connection:
        [(count,)] = connection.execute("SELECT count(*) FROM sessions").fetchall()
    connection.close()
    assert count == 60


@pytest.mark.parametrize("fault", ["no folder", "no database"])
async def test_a_journal_that_cannot_be_used_is_told_once_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    if fault == "no folder":
        (tmp_path / "data").write_text("a file in the way")
    else:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "journal.sqlite3").write_bytes(b"not a database" * 100)
    journal = Journal("https://a.example", tmp_path / "data")
    with caplog.at_level(logging.WARNING):
        await journal.note_session("s-1", None, "", "en")
        await journal.note_render(Render("r-1", "s-1", "pending"))
        assert await journal.sessions() == []
        assert await journal.renders("s-1") == []
        assert await journal.session("s-1") is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "cannot be used" in caplog.text


async def test_a_session_from_elsewhere_is_listed_once_it_was_used_here(peer: Peer) -> None:
    async with nemo_of(peer) as nemo:
        await nemo.session("s-from-elsewhere").chat("add a title")
        assert [info.session_id for info in await nemo.sessions()] == ["s-from-elsewhere"]


async def test_a_session_attached_anew_speaks_the_language_that_it_was_made_with(peer: Peer) -> None:
    peer.set(says="")
    async with nemo_of(peer) as nemo:
        made = await nemo.create_session("Roboter", language="zh")
        again = nemo.session(made.session_id)
        reply = await again.chat("add a title")
        assert (again.task_id, again.task_name, again.language) == ("t-1", "Roboter", "zh")
        assert nemo.session(made.session_id, language="en").language == "en"
    assert reply.text == "智能体没有回答，草稿也没有变化。"


async def test_the_journal_holds_no_token(peer: Peer, tmp_path: Path) -> None:
    async with nemo_of(peer) as nemo:
        session = await nemo.create_session("x")
        await session.submit()
    assert b"nmv_usr" not in (tmp_path / "data" / "journal.sqlite3").read_bytes()
