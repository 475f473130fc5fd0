"""Exports: the very draft goes out, once; what is lost on the way is found again, and no file is replaced unasked."""

# ruff: noqa: ASYNC240 - a test may hold up its own loop

from __future__ import annotations

import asyncio
import dataclasses
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from peer import DRAFT, FAST, Peer, left_in, nemo_of

from ipynemo import AsyncNemo, Draft
from ipynemo.client.exports import free_path
from ipynemo.errors import (
    ConnectionFailedError,
    DeadlineError,
    NemoError,
    NothingToExportError,
    PlanError,
    ProtocolError,
    RenderCancelledError,
    RenderFailedError,
    ServerError,
)

SUBMIT = "POST /api/render/proxy/lambda"
HTML: dict[str, Any] = {"status": 502, "body": "<html>Bad gateway</html>", "headers": {"Content-Type": "text/html"}}


@pytest.fixture
def ready(peer: Peer, video: Path) -> Peer:
    peer.set(video=str(video))
    return peer


def orders(peer: Peer) -> list[dict[str, Any]]:
    return [entry for entry in peer.log(SUBMIT) if entry["path"].endswith("/lambda")]


# -- the order --------------------------------------------------------------------------------------------------------

ODD_DRAFT = """{"zeta": 1, "alpha": {"b": 1.0, "a": [0.1, 1e-07, 123456789012345678901234567890, -0.5, 1.5e300]},
 "t": [{"tt": 7, "unknown": null, "sg": [{"tx": "Übung – 机器人 🤖 \\u2028 \\ud83d\\ude00 \\" \\\\", "d": 3}]}],
 "m": {"title": "\\u0000é", "nested": [[[], {}]]}, "": ""}"""


def exact(text: str) -> Any:
    """Read JSON with the order of keys and every digit."""
    return json.loads(text, object_pairs_hook=list, parse_float=Decimal)


async def test_the_draft_goes_out_as_the_very_json_that_came(ready: Peer) -> None:
    ready.set(draft_text=ODD_DRAFT)
    async with nemo_of(ready) as nemo:
        clip = await nemo.session("s-1").export("clip.mp4")
    [order] = orders(ready)
    sent = dict(exact(order["text"]))
    assert sent["draft"] == exact(ODD_DRAFT)
    assert list(sent) == ["id", "sessionId", "draft", "output"]
    assert sent["sessionId"] == "s-1"
    assert sent["id"] == clip.render_id
    assert clip.render_id.startswith("render_")
    assert sent["output"] == [("format", "mp4"), ("quality", "high")]


async def test_an_edited_draft_is_rendered_instead_of_the_sessions_own(ready: Peer) -> None:
    edited = Draft({"t": [{"tt": 0, "sg": [{"d": 1}]}], "m": {"title": "Mine"}})
    async with nemo_of(ready) as nemo:
        await nemo.session("s-1").export("clip.mp4", draft=edited)
    assert orders(ready)[0]["json"]["draft"] == edited.raw
    assert ready.log("/state/") == []


@pytest.mark.parametrize("draft", [{}, {"t": []}, {"t": [{"tt": 0, "sg": []}]}, {"m": {"title": "x"}}, None, ""])
async def test_an_empty_draft_is_not_sent_to_the_renderer(ready: Peer, draft: Any) -> None:
    ready.set(draft=draft)
    async with nemo_of(ready) as nemo:
        with pytest.raises(NothingToExportError, match="nothing to export yet") as caught:
            await nemo.session("s-1").export()
    assert caught.value.session_id == "s-1"
    assert orders(ready) == []
    assert left_in(Path.cwd()) == []


async def test_a_plan_without_exports_is_told_as_a_matter_of_the_subscription(ready: Peer) -> None:
    ready.set(faults=[{"on": SUBMIT, "status": 402, "body": '{"detail": "export needs a plan"}'}])
    async with nemo_of(ready) as nemo:
        session = nemo.session("s-1")
        with pytest.raises(PlanError, match=r"export needs a plan.*subscription") as caught:
            await session.export()
        [known] = await session.renders()
    assert (known.id, known.status) == (caught.value.render_id, "refused")
    assert len(orders(ready)) == 1


async def test_too_many_requests_are_waited_for_once(ready: Peer) -> None:
    ready.set(faults=[{"on": SUBMIT, "status": 429, "headers": {"Retry-After": "0"}}])
    async with nemo_of(ready) as nemo:
        await nemo.session("s-1").export("clip.mp4")
    assert len(orders(ready)) == 2


LOST: list[dict[str, Any]] = [
    {"drop": True},
    HTML,
    {"status": 200, "body": '{"succ', "headers": {"Content-Type": "application/json"}},
    {"status": 504, "body": ""},
]


@pytest.mark.parametrize("fault", LOST, ids=["dropped", "proxy page", "truncated", "timeout"])
async def test_an_order_that_arrived_is_followed_although_its_answer_was_lost(
    ready: Peer, fault: dict[str, Any]
) -> None:
    ready.set(faults=[{"on": SUBMIT, "carry_out": True, **fault}], unseen_looks=1)
    async with nemo_of(ready) as nemo:
        clip = await nemo.session("s-1").export("clip.mp4")
    assert [order["json"]["id"] for order in orders(ready)] == [clip.render_id]


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        (LOST[0], ConnectionFailedError, "the order did not arrive"),
        (LOST[1], ServerError, "502"),
        (LOST[2], ProtocolError, "not JSON"),
    ],
    ids=["dropped", "proxy page", "truncated"],
)
async def test_an_order_that_did_not_arrive_is_told_and_not_sent_again(
    ready: Peer, fault: dict[str, Any], kind: type[NemoError], says: str
) -> None:
    ready.set(faults=[{"on": SUBMIT, **fault}])
    async with nemo_of(ready) as nemo:
        session = nemo.session("s-1")
        with pytest.raises(kind, match=says):
            await session.export("clip.mp4")
        assert [render.status for render in await session.renders()] == ["undelivered"]
    assert len(orders(ready)) == 1


async def test_where_the_backend_stays_away_the_order_is_left_in_doubt(ready: Peer) -> None:
    ready.set(faults=[{"on": SUBMIT, "drop": True}, {"on": "GET /api/render/.*", "drop": True, "times": 4}])
    async with nemo_of(ready) as nemo:
        session = nemo.session("s-1")
        with pytest.raises(ConnectionFailedError, match="It may have arrived") as caught:
            await session.export("clip.mp4")
        assert caught.value.render_id == (await session.renders())[0].id


# -- following --------------------------------------------------------------------------------------------------------

PROCESSING = {"status": "processing", "progress": 40}
DONE = {"status": "completed", "progress": 100}


@pytest.mark.parametrize("shape", ["bare", "data"])
async def test_progress_is_told_in_both_shapes_and_unknown_words_mean_not_finished(ready: Peer, shape: str) -> None:
    steps: list[dict[str, Any]] = [
        {"status": "pending"},
        {"status": "warming up", "progress": 5},
        {"status": "PROCESSING", "progress": 40.5},
        {"progress": 80},
        {"status": "COMPLETED"},
    ]
    ready.set(shape=shape, plans=[[{"status": "", **step} for step in steps]])
    told: list[tuple[str, float]] = []
    async with nemo_of(ready) as nemo:
        clip = await nemo.session("s-1").export("clip.mp4", on_progress=lambda *now: told.append(now))
    assert [percent for stage, percent in told if stage == "render"] == [0, 5, 40.5, 80, 100]
    assert [percent for stage, percent in told if stage == "download"] == [100, 100]
    assert told == sorted(told, key=lambda now: now[0] == "download")
    assert (clip.width_px, clip.height_px, clip.duration_s) == (64, 48, 2.0)
    assert clip.summary == "Timeline (1 track): 1. Video: city (0-3s)"
    assert clip.size_bytes == clip.path.stat().st_size
    assert clip.render_s is not None


async def test_a_failed_render_is_ordered_once_more_under_a_new_id(ready: Peer) -> None:
    ready.set(plans=[[PROCESSING, {"status": "failed", "error": "out of memory"}], [PROCESSING, DONE]])
    async with nemo_of(ready) as nemo:
        session = nemo.session("s-1")
        clip = await session.export("clip.mp4")
        renders = await session.renders()
    first, second = (order["json"] for order in orders(ready))
    assert first["id"] != second["id"] == clip.render_id
    assert first["draft"] == second["draft"] == DRAFT
    assert [(render.id, render.status) for render in renders] == [(second["id"], "completed"), (first["id"], "failed")]


async def test_a_render_that_fails_twice_is_given_up_with_the_backends_words(ready: Peer) -> None:
    ready.set(plans=[[{"status": "failed", "error": {"message": "the picture a is broken"}}]])
    async with nemo_of(ready) as nemo:
        with pytest.raises(RenderFailedError, match="the picture a is broken") as caught:
            await nemo.session("s-1").export("clip.mp4")
    assert caught.value.render_id == orders(ready)[1]["json"]["id"]
    assert len(orders(ready)) == 2


async def test_a_render_that_nobody_knows_is_ordered_once_more(ready: Peer) -> None:
    ready.set(unseen_looks=4)
    async with nemo_of(ready) as nemo:
        with pytest.raises(RenderFailedError, match="knows no render"):
            await nemo.session("s-1").export("clip.mp4")
    assert len(orders(ready)) == 2


async def test_a_backend_that_is_away_for_a_while_does_not_end_the_export(ready: Peer) -> None:
    look = "GET /api/render/proxy/lambda/.*"
    ready.set(
        plans=[[PROCESSING, DONE]],
        faults=[
            {"on": look, "status": 503, "times": 9},
            {"on": look, "drop": True, "times": 9},
            {"on": look, **HTML, "status": 200, "times": 2},
            {"on": look, "status": 429, "times": 4},
        ],
    )
    async with nemo_of(ready) as nemo:
        await nemo.session("s-1").export("clip.mp4")
    assert len(orders(ready)) == 1


async def test_a_backend_that_stays_away_ends_the_export_within_the_budget(ready: Peer) -> None:
    ready.set(faults=[{"on": "GET /api/render/proxy/lambda/.*", "status": 503, "times": 10_000}])
    timing = dataclasses.replace(FAST, read_budget_s=0.2)
    async with AsyncNemo(ready.url, token="own", timing=timing) as nemo:
        with pytest.raises(ServerError):
            await nemo.session("s-1").export("clip.mp4")


async def test_the_deadline_names_the_render_which_can_be_picked_up_later(ready: Peer) -> None:
    ready.set(plans=[[PROCESSING]])
    async with AsyncNemo(ready.url, token="own", timing=dataclasses.replace(FAST, render_limit_s=0.1)) as nemo:
        session = nemo.session("s-1")
        with pytest.raises(DeadlineError, match=r"took longer than 0.1 s \(40 %\)") as caught:
            await session.export("clip.mp4")
        assert f"session.resume({caught.value.render_id!r})" in str(caught.value)
        ready.set(faults=[{"on": "GET /api/render/proxy/lambda/.*", "status": 200, "body": json.dumps(DONE)}])
        clip = await session.resume(str(caught.value.render_id))
    assert clip.path.name == "clip.mp4"


async def test_cancelling_ends_the_export_that_waits_for_it(ready: Peer) -> None:
    ready.set(plans=[[PROCESSING]])
    async with nemo_of(ready) as nemo:
        session = nemo.session("s-1")
        exporting = asyncio.create_task(session.export("clip.mp4"))
        await asyncio.to_thread(ready.until, lambda log: [entry for entry in log if entry.get("method") == "GET"][2:])
        [render] = await session.renders()
        assert (render.status, render.progress) == ("processing", 40)
        assert (await session.cancel(render)).status == "cancelled"
        with pytest.raises(RenderCancelledError):
            await exporting
    assert len(orders(ready)) == 1


async def test_closing_the_client_ends_the_export_that_waits_and_asks_for_nothing_more(ready: Peer) -> None:
    ready.set(plans=[[PROCESSING]])
    nemo = nemo_of(ready)
    exporting = asyncio.create_task(nemo.session("s-1").export("clip.mp4"))
    await asyncio.to_thread(ready.until, lambda log: [entry for entry in log if entry.get("method") == "GET"][2:])
    await nemo.aclose()
    asked = len(ready.log("GET"))
    with pytest.raises(ConnectionFailedError, match="The client was closed during the export") as caught:
        await asyncio.wait_for(exporting, 1)
    assert f"session.resume({caught.value.render_id!r})" in str(caught.value.hint)
    assert (exporting.cancelling(), nemo._wire._connections._clients) == (0, {})
    await asyncio.sleep(0.1)
    assert (len(ready.log("GET")), len(orders(ready))) == (asked, 1)
    ready.set(faults=[{"on": "GET /api/render/proxy/lambda/.*", "status": 200, "body": json.dumps(DONE)}])
    async with nemo_of(ready) as later:  # another client picks it up
        assert (await later.session("s-1").resume(str(caught.value.render_id))).path.name == "clip.mp4"


async def test_a_session_has_one_export_at_a_time_however_often_it_was_attached(ready: Peer) -> None:
    ready.set(plans=[[PROCESSING, PROCESSING, DONE]])
    async with nemo_of(ready) as nemo:
        await asyncio.gather(
            nemo.session("s-1").export("a.mp4"),
            nemo.session("s-1").export("b.mp4"),
            nemo.session("s-1").export("c.mp4"),
        )
    marks = [
        entry["path"].split("/")[1] for entry in ready.log() if "/files/" in entry["path"] or entry in orders(ready)
    ]
    assert marks == ["api", "files"] * 3


# -- names ------------------------------------------------------------------------------------------------------------


async def test_a_clip_without_a_name_is_called_after_the_draft_and_replaces_nothing(ready: Peer) -> None:
    Path("Urban-Dreams.mp4").write_bytes(b"mine")
    async with nemo_of(ready) as nemo:
        clips = await asyncio.gather(*(nemo.session(f"s-{number}").export() for number in range(4)))
    assert sorted(clip.path.name for clip in clips) == [f"Urban-Dreams-{number}.mp4" for number in (2, 3, 4, 5)]
    assert Path("Urban-Dreams.mp4").read_bytes() == b"mine"
    assert len(left_in(Path.cwd())) == 5


async def test_a_name_that_is_taken_while_the_video_comes_is_left_alone(ready: Peer) -> None:
    ready.set(hold_download=True)
    async with nemo_of(ready) as nemo:
        exporting = asyncio.create_task(nemo.session("s-1").export())
        await asyncio.to_thread(ready.until_noted, "held")
        Path("Urban-Dreams.mp4").write_bytes(b"somebody else's")
        ready.set(hold_download=False)
        clip = await exporting
    assert clip.path.name == "Urban-Dreams-2.mp4"
    assert Path("Urban-Dreams.mp4").read_bytes() == b"somebody else's"


async def test_a_name_that_is_given_is_replaced_and_gets_its_suffix(ready: Peer, video: Path) -> None:
    Path("mine.mp4").write_bytes(b"old")
    async with nemo_of(ready) as nemo:
        clip = await nemo.session("s-1").export("mine")
        with pytest.raises(NemoError, match="is a folder"):
            await nemo.session("s-1").export(".")
    assert clip.path.read_bytes() == video.read_bytes()
    assert left_in(Path.cwd()) == ["mine.mp4"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Urban Dreams", "Urban-Dreams.mp4"),
        ("What is an AI image?", "What-is-an-AI-image.mp4"),
        ("../../etc/passwd", "etcpasswd.mp4"),
        ("什么是 AI 图片", "什么是-AI-图片.mp4"),
        ("🤖", "clip.mp4"),
        ("--rf", "rf.mp4"),
        ("", "clip.mp4"),
        ("x" * 300, "x" * 60 + ".mp4"),
        ("a\nb\0c", "abc.mp4"),
    ],
)
def test_a_title_becomes_a_harmless_name(tmp_path: Path, title: str, name: str) -> None:
    assert free_path(title, tmp_path) == tmp_path / name
