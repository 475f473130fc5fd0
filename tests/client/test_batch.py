"""Many pictures at once: in order, bounded, each for itself."""

# ruff: noqa: ASYNC240 - a test may hold up its own loop

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from peer import Peer, left_in, nemo_of

from ipynemo import Draft, Explained, Nemo
from ipynemo.errors import (
    ConnectionFailedError,
    InvalidRequestError,
    NemoError,
    OutOfCreditsError,
    UnsupportedFileError,
)


@pytest.fixture
def ready(peer: Peer, video: Path) -> Peer:
    peer.set(video=str(video))
    return peer


def pictures(*names: str) -> list[Path]:
    paths = [Path(name) for name in names]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"picture")
    return paths


async def test_each_picture_becomes_a_clip_in_a_session_of_its_own_in_the_order_given(ready: Peer) -> None:
    paths = pictures("b.png", "a.jpg", "c.webp")
    told: list[tuple[Explained, int, int]] = []
    async with nemo_of(ready) as nemo:
        results = await nemo.explain_many(paths, "explain it", on_picture=lambda *now: told.append(now))
    assert [result.source for result in results] == ["b.png", "a.jpg", "c.webp"]
    assert [result.clip.path.name for result in results if result.clip] == ["b.mp4", "a.mp4", "c.mp4"]
    assert len({result.session_id for result in results}) == 3
    assert len({result.clip.render_id for result in results if result.clip}) == 3
    assert all(result.clip and result.clip.session_id == result.session_id for result in results)
    assert [(done, total) for _, done, total in told] == [(1, 3), (2, 3), (3, 3)]
    assert sorted(result.source for result, _, _ in told) == ["a.jpg", "b.png", "c.webp"]
    assert [entry["json"]["new_message"]["parts"] for entry in ready.log("/run_sse")] == [[{"text": "explain it"}]] * 3
    named = [entry["json"]["task_name"] for entry in ready.log("/with-session/")]
    assert sorted(named) == ["a", "b", "c"]


async def test_pictures_that_cannot_be_explained_do_not_stop_the_others(ready: Peer) -> None:
    good = pictures("good.png", "fine.png")
    Path("words.txt").write_text("no picture")
    ready.set(plans=[[{"status": "completed"}]])
    async with nemo_of(ready) as nemo:
        results = await nemo.explain_many(["words.txt", good[0], "gone.png", "nul\0.png", "~nobody.png", good[1]])
    assert [result.ok for result in results] == [False, True, False, False, False, True]
    kinds = [type(result.error) for result in results if result.error]
    assert kinds == [UnsupportedFileError, InvalidRequestError, InvalidRequestError, InvalidRequestError]
    assert all(result.session_id for result in results)


async def test_what_the_backend_refuses_one_picture_is_its_error_alone(ready: Peer) -> None:
    paths = pictures("a.png", "b.png", "c.png")
    refusal = '{"code": 2001, "message": "no credits"}'
    fault = {"on": "POST /run_sse", "body": refusal, "headers": {"Content-Type": "application/json"}}
    ready.set(faults=[fault])
    async with nemo_of(ready) as nemo:
        results = await nemo.explain_many(paths, concurrency=1)
    assert [result.ok for result in results] == [False, True, True]
    assert isinstance(results[0].error, OutOfCreditsError)


async def test_a_fault_that_nobody_thought_of_is_one_pictures_error(
    ready: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = pictures("a.png", "b.png")
    read = Path.open

    def broken(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path.name == "a.png":
            raise ZeroDivisionError("a fault of our own")
        return read(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", broken)
    async with nemo_of(ready) as nemo:
        results = await nemo.explain_many(paths)
    assert [type(result.error) for result in results] == [NemoError, type(None)]
    assert str(results[0].error) == "'a.png' could not be explained: ZeroDivisionError: a fault of our own"


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_no_more_pictures_are_at_work_than_was_said(ready: Peer, concurrency: int) -> None:
    paths = pictures(*(f"{number}.png" for number in range(2 * concurrency + 1)))
    ready.set(word_delay_s=0.2)
    async with nemo_of(ready) as nemo:
        results = await nemo.explain_many(paths, concurrency=concurrency)
    assert all(result.ok for result in results)
    assert ready.most_active == concurrency


@pytest.mark.parametrize("concurrency", [0, -1, 33])
async def test_a_bound_that_makes_no_sense_is_refused(ready: Peer, concurrency: int) -> None:
    async with nemo_of(ready) as nemo:
        with pytest.raises(InvalidRequestError, match=f"concurrency={concurrency}"):
            await nemo.explain_many(["a.png"], concurrency=concurrency)


async def test_pictures_of_one_name_in_several_folders_get_a_clip_each_and_no_file_is_replaced(ready: Peer) -> None:
    paths = pictures("x/robot.png", "y/robot.png", "z/robot.jpg")
    Path("clips").mkdir()
    Path("clips/robot.mp4").write_bytes(b"yesterday's")
    async with nemo_of(ready) as nemo:
        results = await nemo.explain_many(paths, folder="clips")
    assert all(result.ok for result in results)
    assert left_in(Path("clips")) == ["robot-2.mp4", "robot-3.mp4", "robot-4.mp4", "robot.mp4"]
    assert len({result.clip.path for result in results if result.clip}) == 3
    assert Path("clips/robot.mp4").read_bytes() == b"yesterday's"


RATED = {
    "session": "POST /api/tasks/.*",
    "upload": "POST /api/upload-video/.*",
    "chat": "POST /run_sse",
    "order": "POST /api/render/proxy/lambda",
    "look": "GET /api/render/proxy/lambda/.*",
}


@pytest.mark.parametrize("on", RATED.values(), ids=RATED)
async def test_a_rate_limit_is_waited_for_once_wherever_it_strikes(ready: Peer, on: str) -> None:
    ready.set(faults=[{"on": on, "status": 429, "headers": {"Retry-After": "0"}}])
    async with nemo_of(ready) as nemo:
        [result] = await nemo.explain_many(pictures("a.png"))
    assert result.ok, result.error
    assert len(ready.log("POST /api/render/proxy/lambda")) == 1 + (on == RATED["order"])
    assert len(ready.log("/run_sse")) == 1 + (on == RATED["chat"])


async def test_a_rate_limit_that_stays_is_the_pictures_error(ready: Peer) -> None:
    ready.set(faults=[{"on": RATED["chat"], "status": 429, "headers": {"Retry-After": "0"}, "times": 9}])
    async with nemo_of(ready) as nemo:
        [result] = await nemo.explain_many(pictures("a.png"))
    assert type(result.error).__name__ == "RateLimitError"
    assert len(ready.log("/run_sse")) == 2


async def test_one_picture_may_be_named_without_a_list_and_none_is_no_work(ready: Peer) -> None:
    pictures("robot.png")
    async with nemo_of(ready) as nemo:
        assert [result.ok for result in await nemo.explain_many("robot.png")] == [True]
        assert [result.ok for result in await nemo.explain_many(Path("robot.png"))] == [True]
        assert await nemo.explain_many([]) == []
        [result] = await nemo.explain_many("https://example.org/a/big%20cat.png?size=2")
    assert result.clip
    assert result.clip.path.name == "big-cat.mp4"


def test_half_a_character_in_a_name_stops_nothing_also_without_await(ready: Peer) -> None:
    paths = pictures("caf\udce9.png")
    told: list[int] = []
    with Nemo(ready.url, token="own") as nemo:
        [result] = nemo.explain_many(paths, on_picture=lambda *now: told.append(now[1]))
    assert result.ok, result.error
    assert told == [1]


async def test_what_a_callback_raises_stops_no_picture(ready: Peer, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_now: object) -> None:
        raise ZeroDivisionError

    async with nemo_of(ready) as nemo:
        results = await nemo.explain_many(pictures("a.png", "b.png"), on_picture=broken)
    assert [result.ok for result in results] == [True, True]
    assert "A callback failed" in caplog.text


async def test_a_second_run_leaves_alone_what_the_first_has_done_and_asks_nothing_twice(ready: Peer) -> None:
    paths = pictures("a.png", "b.png")
    async with nemo_of(ready) as nemo:
        first = await nemo.explain_many(paths, folder="clips")
    before = len(ready.log(""))
    told: list[int] = []
    async with nemo_of(ready) as nemo:  # a kernel of its own
        again = await nemo.explain_many(paths, folder="clips", resume=True, on_picture=lambda *now: told.append(now[1]))
    assert len(ready.log("")) == before
    for one, other in zip(first, again, strict=True):
        assert one.clip
        assert other.clip
        assert (one.clip.path, one.clip.duration_s, one.clip.render_id) == (
            other.clip.path,
            other.clip.duration_s,
            other.clip.render_id,
        )
    assert [result.session_id for result in first] == [result.session_id for result in again]
    assert told == [1, 2]
    assert left_in(Path("clips")) == ["a.mp4", "b.mp4"]


async def test_without_being_told_to_go_on_a_second_run_is_a_new_one(ready: Peer) -> None:
    paths = pictures("a.png")
    async with nemo_of(ready) as nemo:
        await nemo.explain_many(paths)
        await nemo.explain_many(paths)
    assert len(ready.log("/run_sse")) == 2
    assert left_in(Path()) == ["a-2.mp4", "a.mp4", "a.png"]


@pytest.mark.parametrize("changed", ["picture", "message"])
async def test_a_picture_that_changed_or_is_asked_for_otherwise_begins_anew(ready: Peer, changed: str) -> None:
    paths = pictures("a.png", "b.png")
    async with nemo_of(ready) as nemo:
        await nemo.explain_many(paths, "explain it", resume=True)
        if changed == "picture":
            paths[0].write_bytes(b"a better picture")
        message = "explain it" if changed == "picture" else "explain it, 9:16"
        await nemo.explain_many(paths, message, resume=True)
    assert len(ready.log("/run_sse")) == (3 if changed == "picture" else 4)


async def test_a_clip_that_was_deleted_is_fetched_again_and_not_rendered_again(ready: Peer) -> None:
    paths = pictures("a.png")
    async with nemo_of(ready) as nemo:
        [first] = await nemo.explain_many(paths)
        Path("a.mp4").unlink()
        [again] = await nemo.explain_many(paths, resume=True)
        Path("a.mp4").write_bytes(b"cut short")
        [third] = await nemo.explain_many(paths, resume=True)
    assert again.clip
    assert third.clip
    assert again.clip.path.name == "a.mp4"
    assert again.session_id == first.session_id
    assert third.clip.path.name == "a-2.mp4"  # what lies there may be somebody's
    assert len(ready.log("POST /api/render/proxy/lambda")) == 1
    assert len(ready.log("/run_sse")) == 1


async def test_a_run_that_was_cut_off_while_rendering_goes_on_with_the_same_render(ready: Peer) -> None:
    paths = pictures("a.png")
    refusal = {"on": "GET /api/render/proxy/lambda/.*", "status": 403, "times": 1}
    ready.set(faults=[refusal])
    async with nemo_of(ready) as nemo:
        [failed] = await nemo.explain_many(paths)
        assert not failed.ok
        [result] = await nemo.explain_many(paths, resume=True)
    assert result.ok, result.error
    assert result.session_id == failed.session_id
    assert len(ready.log("POST /api/render/proxy/lambda")) == 1
    assert len(ready.log("/run_sse")) == 1


async def test_another_quality_is_rendered_from_the_same_draft(ready: Peer) -> None:
    paths = pictures("a.png")
    async with nemo_of(ready) as nemo:
        await nemo.explain_many(paths, quality="low")
        [result] = await nemo.explain_many(paths, quality="high", resume=True)
    assert result.ok, result.error
    ordered = [entry["json"]["output"]["quality"] for entry in ready.log("POST /api/render/proxy/lambda")]
    assert ordered == ["low", "high"]
    assert len(ready.log("/run_sse")) == 1


async def test_a_session_that_the_backend_has_forgotten_is_begun_anew(ready: Peer) -> None:
    paths = pictures("a.png")
    async with nemo_of(ready) as nemo:
        [first] = await nemo.explain_many(paths)
        Path("a.mp4").unlink()
        gone = {"status": 404, "times": 9}
        ready.set(
            faults=[
                {"on": f"GET /api/state/nemo_agent/me/{first.session_id}/.*", **gone},
                {"on": "GET /api/render/proxy/.*", **gone, "times": 5},
            ]
        )
        [again] = await nemo.explain_many(paths, resume=True)
    assert again.ok, again.error
    assert again.session_id != first.session_id


@pytest.mark.parametrize("quality", ["best", "", None])
async def test_a_quality_that_does_not_exist_is_refused_before_anything_is_sent(ready: Peer, quality: Any) -> None:
    async with nemo_of(ready) as nemo:
        with pytest.raises(InvalidRequestError, match="high, medium, low"):
            await nemo.explain_many(pictures("a.png"), quality=quality)
        with pytest.raises(InvalidRequestError, match="high, medium, low"):
            await nemo.session("s-1").export(draft=Draft({"t": [{"sg": [{"d": 1}]}]}), quality=quality)
    assert ready.log("POST") == []


async def test_a_folder_that_cannot_be_made_is_said_before_any_work(ready: Peer) -> None:
    paths = pictures("a.png")
    Path("clips").write_text("a file")
    async with nemo_of(ready) as nemo:
        with pytest.raises(InvalidRequestError, match="The folder 'clips' cannot be made"):
            await nemo.explain_many(paths, folder="clips")
    assert ready.log("POST") == []


async def test_closing_the_client_ends_the_whole_batch_and_another_one_goes_on(ready: Peer) -> None:
    paths = pictures("a.png", "b.png", "c.png")
    ready.set(plans=[[{"status": "processing", "progress": 40}]])
    nemo = nemo_of(ready)
    batch = asyncio.create_task(nemo.explain_many(paths, concurrency=1))
    await asyncio.to_thread(ready.until, lambda log: [e for e in log if "proxy/lambda/" in e.get("path", "")])
    await nemo.aclose()
    asked = len(ready.log())
    results = await asyncio.wait_for(batch, 5)
    assert [type(result.error) for result in results] == [ConnectionFailedError] * 3
    assert "during the export" in str(results[0].error)
    assert "resume=True" in str(results[2].error)
    assert len(ready.log()) == asked
    ready.set(
        faults=[{"on": "GET /api/render/proxy/lambda/.*", "status": 200, "body": '{"status": "completed"}', "times": 9}]
    )
    ready.set(plans=[[{"status": "completed"}]])
    async with nemo_of(ready) as later:
        assert [result.ok for result in await later.explain_many(paths, resume=True)] == [True, True, True]
    assert len(ready.log("/with-session/")) == 3
