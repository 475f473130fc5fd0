"""Files down: from a server that breaks off, changes its mind, and sends pages in place of videos."""

# ruff: noqa: ASYNC110, ASYNC240 - a test may hold up its own loop

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from peer import Peer, left_in, nemo_of

from ipynemo import Clip
from ipynemo.errors import ConnectionFailedError, InvalidRequestError, NemoError, ProtocolError


async def export(peer: Peer, name: str = "clip.mp4") -> Clip:
    async with nemo_of(peer) as nemo:
        return await nemo.session("s-1").export(name)


def fetches(peer: Peer) -> list[tuple[int, int]]:
    """Return where each answer of the file began, with its status."""
    return [(entry["status"], entry["sent_from"]) for entry in peer.log("GET /files/")]


async def test_a_download_that_breaks_goes_on_where_it_was(peer: Peer, video: Path) -> None:
    peer.set(video=str(video), cuts=[1000, 500])
    clip = await export(peer)
    assert clip.path.read_bytes() == video.read_bytes()
    assert fetches(peer) == [(200, 0), (206, 1000), (206, 1500)]
    assert [entry["headers"].get("if-range") for entry in peer.log("GET /files/")] == [None, '"v1"', '"v1"']
    assert left_in(Path.cwd()) == ["clip.mp4"]


async def test_a_download_begins_anew_when_the_file_has_changed_meanwhile(peer: Peer, video: Path) -> None:
    peer.set(video=str(video), cuts=[1000], etags=['"v1"', '"v2"'])
    clip = await export(peer)
    assert clip.path.read_bytes() == video.read_bytes()
    assert fetches(peer) == [(200, 0), (200, 0)]


async def test_a_changed_file_is_noticed_also_where_the_server_ignores_if_range(peer: Peer, video: Path) -> None:
    peer.set(video=str(video), cuts=[1000], etags=['"v1"', '"v2"'], ignore_if_range=True)
    clip = await export(peer)
    assert clip.path.read_bytes() == video.read_bytes()
    assert fetches(peer) == [(200, 0), (206, 1000), (200, 0)]


@pytest.mark.parametrize(
    "option", [{"etags": [""]}, {"etags": ['W/"v1"']}, {"no_ranges": True}], ids=["no etag", "weak etag", "no ranges"]
)
async def test_without_a_sure_way_to_go_on_it_begins_anew(peer: Peer, video: Path, option: dict[str, Any]) -> None:
    peer.set(video=str(video), cuts=[1000], **option)
    clip = await export(peer)
    assert clip.path.read_bytes() == video.read_bytes()
    assert fetches(peer) == [(200, 0), (200, 0)]


async def test_another_part_than_asked_for_is_not_written_into_the_file(peer: Peer, video: Path) -> None:
    peer.set(video=str(video), cuts=[1000], shift_range=3)
    clip = await export(peer)
    assert clip.path.read_bytes() == video.read_bytes()
    assert fetches(peer) == [(200, 0), (206, 1000), (200, 0)]


async def test_a_cut_without_a_length_is_noticed_by_the_boxes_of_the_file(peer: Peer, video: Path) -> None:
    size = video.stat().st_size
    peer.set(video=str(video), cuts=[size - 10], with_length=False)
    clip = await export(peer)
    assert clip.path.read_bytes() == video.read_bytes()
    assert fetches(peer) == [(200, 0)]  # the backend's own download then gave the whole
    assert len(peer.log("/download")) == 1


async def test_a_download_that_never_comes_is_given_up_and_leaves_nothing(peer: Peer, video: Path) -> None:
    peer.set(video=str(video), cuts=[0] * 100)
    with pytest.raises(ConnectionFailedError, match="the finished video is kept by the backend") as caught:
        await export(peer)
    assert caught.value.render_id is not None
    assert caught.value.session_id == "s-1"
    assert left_in(Path.cwd()) == []


async def test_a_file_that_is_there_is_kept_when_the_download_fails(peer: Peer, video: Path) -> None:
    Path("clip.mp4").write_bytes(b"yesterday's")
    peer.set(
        video=str(video), faults=[{"on": "GET /(files|api/render/proxy/[^/]+/download).*", "status": 403, "times": 9}]
    )
    with pytest.raises(NemoError):
        await export(peer)
    assert Path("clip.mp4").read_bytes() == b"yesterday's"
    assert left_in(Path.cwd()) == ["clip.mp4"]


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 200, "body": "<!doctype html><p>Sign in", "headers": {"Content-Type": "text/html"}},
        {"status": 200, "body": "\n <html>no type told"},
        {"status": 200, "body": '{"code": 1001}', "headers": {"Content-Type": "application/json"}},
        {"status": 200, "body": "neither a page nor a video", "headers": {"Content-Type": "video/mp4"}},
        {"status": 200, "body": ""},
        {"status": 403, "body": "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"},
        {"status": 404, "body": ""},
        {"status": 410, "body": "gone"},
        {"status": 503, "body": "busy", "times": 9},
        {"drop": True, "times": 9},
    ],
    ids=["login page", "page", "json", "rubbish", "nothing", "expired", "404", "410", "503", "drops"],
)
async def test_a_link_that_gives_no_video_is_replaced_by_the_backends_own_download(
    peer: Peer, video: Path, fault: dict[str, Any]
) -> None:
    peer.set(video=str(video), faults=[{"on": "GET /files/.*", **fault}])
    clip = await export(peer)
    assert clip.path.read_bytes() == video.read_bytes()
    [own] = peer.log("/download")
    assert own["path"] == f"/api/render/proxy/{clip.render_id}/download"
    assert own["headers"]["authorization"] == "Bearer nmv_usr_own"
    assert left_in(Path.cwd()) == ["clip.mp4"]


async def test_where_only_pages_come_the_error_quotes_one(peer: Peer, video: Path) -> None:
    page = {"on": "GET .*(mp4|/download)", "times": 2, "body": "<!doctype html><p>Sign in"}
    peer.set(video=str(video), faults=[{**page, "headers": {"Content-Type": "text/html; charset=utf-8"}}])
    with pytest.raises(ProtocolError, match="the backend sent text/html instead of a video") as caught:
        await export(peer)
    assert caught.value.received == "<!doctype html><p>Sign in"
    assert caught.value.render_id
    assert left_in(Path.cwd()) == []


OURS = {"authorization", "x-skill-source", "x-skill-version", "x-skill-platform", "x-client-id", "cookie"}


async def test_another_host_gets_none_of_our_headers_also_where_the_backend_redirects_to_it(
    peer: Peer, video: Path
) -> None:
    peer.set(video=str(video), redirect_download=True, faults=[{"on": "GET /files/clip.*", "status": 403}])
    clip = await export(peer)
    assert clip.path.read_bytes() == video.read_bytes()
    elsewhere = peer.log("GET /files/")
    assert [(entry["path"], entry["query"]) for entry in elsewhere] == [
        ("/files/clip.mp4", "sig=s3cret"),
        ("/files/other.mp4", "sig=s3cret"),
    ]
    assert all(entry["foreign"] for entry in elsewhere)
    assert [OURS & entry["headers"].keys() for entry in elsewhere] == [set(), set()]


async def test_too_many_requests_for_the_file_are_waited_for(peer: Peer, video: Path) -> None:
    peer.set(
        video=str(video),
        url="ftp://no.such/way",
        faults=[{"on": "GET .*/download", "status": 429, "headers": {"Retry-After": "0"}}],
    )
    assert (await export(peer)).size_bytes == video.stat().st_size
    assert len(peer.log("/download")) == 2
    assert len(peer.log("POST /api/render/proxy/lambda")) == 1


async def test_what_is_left_in_the_middle_leaves_no_file_and_no_connection(peer: Peer, video: Path) -> None:
    peer.set(video=str(video), cuts=[1000], hang_download=True)
    async with nemo_of(peer) as nemo:
        exporting = asyncio.create_task(nemo.session("s-1").export("clip.mp4"))
        await asyncio.to_thread(peer.until_noted, "hanging")
        while not (left := left_in(Path.cwd())):
            await asyncio.sleep(0.01)
        assert left[0].endswith(".part")
        exporting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await exporting
        assert left_in(Path.cwd()) == []
        await asyncio.to_thread(peer.until_noted, "gone")


async def test_a_folder_that_cannot_be_written_is_a_helpful_error(peer: Peer, video: Path) -> None:
    peer.set(video=str(video))
    Path("file").write_text("in the way")
    with pytest.raises(InvalidRequestError, match="could not be written") as caught:
        await export(peer, "file/clip.mp4")
    assert caught.value.render_id is not None
