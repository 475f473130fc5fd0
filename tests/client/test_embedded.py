"""The client against the real embedded backend: the main way through, and a server that is killed in the middle."""

# ruff: noqa: ASYNC240 - a test may hold up its own loop

from __future__ import annotations

import dataclasses
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from peer import FAST, left_in, run_script

from ipynemo import AsyncNemo, Draft
from ipynemo.errors import InvalidRequestError, OutOfCreditsError, PlanError, SessionNotFoundError, UnsupportedFileError

TIMING = dataclasses.replace(FAST, render_limit_s=240, read_budget_s=60, render_poll_max_s=0.2)


def embedded(**options: Any) -> AsyncNemo:
    return AsyncNemo("local", timing=TIMING, language="en", **options)


def picture(name: str) -> Path:
    """Write a PNG of 64×48 pixels."""
    from PIL import Image

    Image.linear_gradient("L").resize((64, 48)).convert("RGB").save(name)
    return Path(name)


def shortened(draft: Draft, duration_ms: int) -> Draft:
    """Return the draft with short segments, because each frame costs time."""
    raw = draft.raw
    for track in raw["t"]:
        track["sg"] = [{**segment, "d": duration_ms} for segment in track["sg"]]
    return Draft(raw)


async def test_a_picture_goes_in_and_a_video_comes_out(clean_home: Path) -> None:
    sent: list[tuple[int, int]] = []
    told: list[tuple[str, float]] = []
    async with embedded() as nemo:
        session = await nemo.create_session("Robots")
        path = picture('a "robot" 🤖.png')
        [asset] = await session.upload(path, on_progress=lambda *now: sent.append(now))
        assert (asset.kind, asset.width_px, asset.height_px) == ("image", 64, 48)
        assert sent[-1] == (path.stat().st_size,) * 2
        reply = await session.chat("add a title 'Hello'")
        assert reply.draft == await session.draft()
        assert "Title added: 'Hello' (0–3 s)" in reply.changes
        clip = await session.export(
            draft=shortened(await session.draft(), 400), on_progress=lambda *now: told.append(now)
        )
        assert (clip.width_px, clip.height_px, clip.duration_s) == (1920, 1080, pytest.approx(0.4, abs=0.05))
        assert [render.status for render in await session.renders()] == ["completed"]
        assert ("render", 100.0) in told
        assert told[-1] == ("download", 100.0)
        assert left_in(Path.cwd()) == sorted([path.name, clip.path.name])
        assert (await session.credits()).total == 100


async def test_a_server_that_is_killed_in_the_middle_of_a_render_still_delivers(clean_home: Path) -> None:
    killed: list[int] = []
    async with embedded() as nemo:
        session = await nemo.create_session("x")
        await session.upload(picture("a.png"))
        reply = await session.chat("add a title 'Hello'")
        assert reply.draft is not None

        def kill(stage: str, percent: float) -> None:
            server: Any = nemo._wire.endpoint
            if stage == "render" and percent > 0 and not killed:
                killed.append(server._server.pid)
                os.kill(server._server.pid, signal.SIGKILL)

        clip = await session.export("a.mp4", draft=shortened(reply.draft, 1000), on_progress=kill)
        assert clip.duration_s == pytest.approx(1.0, abs=0.05)
        assert killed != [nemo._wire.endpoint._server.pid]  # type: ignore[attr-defined]
        assert [render.id for render in await session.renders()] == [clip.render_id]


async def test_another_process_finds_the_session_and_the_same_user(clean_home: Path) -> None:
    async with embedded() as nemo:
        session = await nemo.create_session("Robots", language="zh")
        await session.upload(picture("a.png"))
        await session.chat("添加标题「你好」")
        code = "import ipynemo\nwith ipynemo.Nemo() as nemo:\n    [known] = nemo.sessions()\n"
        code += "    print(known.task_name, known.language, nemo.session(known.session_id).draft().is_empty)"
        assert run_script(code).stdout == "Robots zh False\n"


async def test_refusals_are_the_typed_errors(clean_home: Path) -> None:
    async with embedded(edit_cost=60, credits=100, plan_export=False) as nemo:
        session = await nemo.create_session("x")
        Path("words.png").write_text("no picture at all")
        with pytest.raises(UnsupportedFileError):
            await session.upload("words.png")
        with pytest.raises(InvalidRequestError) as caught:
            await session.upload("http://127.0.0.1:8080/robot.png")
        assert str(caught.value) == (
            "The link to 127.0.0.1 cannot be fetched: it does not lead to a server on the public internet. "
            "Download the file and upload it from this computer."
        )
        with pytest.raises(SessionNotFoundError):
            await nemo.session("no-such-session").draft()
        await session.upload(picture("a.png"))
        await session.chat("add a title 'Hello'")
        assert (await nemo.credits()).available == 40
        with pytest.raises(OutOfCreditsError):
            await session.chat("add a title 'Once more'")
        with pytest.raises(PlanError):
            await session.export()
