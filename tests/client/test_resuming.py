"""A render outlives whoever ordered it: an interrupted process leaves it to the next one."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from peer import PATIENCE_S, Peer, left_in, nemo_of, run_script, script_environment

from ipynemo.errors import InvalidRequestError

EXPORTING = """
import ipynemo
nemo = ipynemo.Nemo(token="nmv_usr_own", timing=ipynemo.Timing(render_poll_s=0.02, render_poll_max_s=0.02))
session = nemo.create_session("About robots", language="zh")
session.export(on_progress=lambda *now: print(*now, flush=True))
"""
RESUMING = """
import ipynemo
nemo = ipynemo.Nemo(token="nmv_usr_own")
[known] = nemo.sessions()
session = nemo.session(known.session_id)
[render] = session.renders()
print(render.status, render.path)
clip = session.resume(render)
print(clip.path.name, clip.render_id == render.id, session.task_id, session.task_name, session.language)
"""


@pytest.fixture
def interrupted(peer: Peer, video: Path) -> Peer:
    """Return a world in which an export was interrupted, whose render has ended since."""
    peer.set(video=str(video), plans=[[{"status": "processing", "progress": 40}]])
    with subprocess.Popen(
        [sys.executable, "-c", EXPORTING],
        env=script_environment(peer),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as script:
        assert script.stdout is not None
        assert script.stdout.readline() == "render 40.0\n"
        script.send_signal(signal.SIGINT)
        _, errors = script.communicate(timeout=PATIENCE_S)
    assert script.returncode == -signal.SIGINT
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert "never awaited" not in errors
    assert "never retrieved" not in errors
    assert left_in(Path.cwd()) == []
    done = {"status": "completed", "url": f"{peer.foreign_url}/files/clip.mp4"}
    peer.set(faults=[{"on": "GET /api/render/proxy/lambda/.*", "times": 99, "body": json.dumps({"data": done})}])
    return peer


def test_another_process_finds_an_interrupted_export_and_fetches_it(interrupted: Peer) -> None:
    done = run_script(RESUMING, interrupted)
    assert done.stdout.splitlines() == ["completed Urban-Dreams.mp4", "Urban-Dreams.mp4 True t-1 About robots zh"]
    assert len([entry for entry in interrupted.log("POST /api/render") if entry["path"].endswith("/lambda")]) == 1


def test_resuming_replaces_no_file_unless_it_is_named(interrupted: Peer) -> None:
    Path("Urban-Dreams.mp4").write_bytes(b"the next export")
    done = run_script(RESUMING, interrupted)
    assert done.stdout.splitlines()[1].startswith("Urban-Dreams-2.mp4 True")
    assert Path("Urban-Dreams.mp4").read_bytes() == b"the next export"


async def test_a_render_that_was_only_ordered_is_fetched_by_its_id(peer: Peer, video: Path) -> None:
    peer.set(video=str(video))
    async with nemo_of(peer) as nemo:
        session = nemo.session("s-1")
        render = await session.submit()
        assert (render.status, render.path) == ("pending", None)
        assert (await session.render(render.id)).status == "completed"
        clip = await session.resume(render.id, "mine.mp4")
    assert (clip.path, clip.render_s, clip.duration_s) == (Path("mine.mp4"), None, 2.0)


async def test_an_order_keeps_the_name_and_the_quality_that_were_asked_for(peer: Peer, video: Path) -> None:
    peer.set(video=str(video))
    async with nemo_of(peer) as nemo:
        session = nemo.session("s-1")
        assert await session.unfinished() is None
        with pytest.raises(InvalidRequestError, match="quality='best'"):
            await session.submit(quality="best")
        render = await session.submit(path="films/mine.mp4", quality="low")
        assert render.path == "mine.mp4"
        [order] = [entry for entry in peer.log("POST /api/render") if entry["path"].endswith("/lambda")]
        assert order["json"]["output"] == {"format": "mp4", "quality": "low"}
        found = await session.unfinished()
        assert found is not None
        assert (found.id, found.path) == (render.id, "mine.mp4")
        clip = await session.resume(found)
        assert clip.path.name == "mine.mp4"
        assert await session.unfinished() is None


async def test_nothing_is_unfinished_while_this_process_is_at_it(peer: Peer, video: Path) -> None:
    peer.set(video=str(video), plans=[[{"status": "processing", "progress": 40}]])
    async with nemo_of(peer) as nemo:
        session = nemo.session("s-1")
        render = await session.submit()
        seen = asyncio.Event()
        following = asyncio.ensure_future(session.resume(render, on_progress=lambda *_now: seen.set()))
        await seen.wait()
        assert await nemo.session("s-1").unfinished() is None
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        found = await session.unfinished()
        assert found is not None
        assert found.id == render.id


async def test_a_render_that_was_cancelled_elsewhere_is_not_unfinished(peer: Peer) -> None:
    peer.set(plans=[[{"status": "cancelled"}]])
    async with nemo_of(peer) as nemo:
        session = nemo.session("s-1")
        await session.submit()
        assert await session.unfinished() is None
        [render] = await session.renders()
        assert render.is_cancelled
