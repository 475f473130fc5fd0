"""Files up: whole, one part each, with progress that never goes back, and nothing sent that will be refused."""

# ruff: noqa: ASYNC240 - a test may hold up its own loop

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from peer import FAST, PATIENCE_S, Peer, nemo_of, script_environment

from ipynemo import AsyncNemo
from ipynemo.client.transfer import check_upload
from ipynemo.errors import (
    ConnectionFailedError,
    FileTooLargeError,
    InvalidRequestError,
    NemoError,
    UnsupportedFileError,
)
from ipynemo.formats import check_name

MB = 1_000_000


def parts_of(peer: Peer) -> list[dict[str, Any]]:
    return [part for entry in peer.log("/upload-video/") for part in entry.get("parts", [])]


async def test_several_files_arrive_whole_each_as_one_part_named_files(peer: Peer, tmp_path: Path) -> None:
    contents = {"robot.png": b"png" * 700_000, "song.mp3": b"m", "walk.MOV": bytes(range(256)) * 9000}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    async with nemo_of(peer) as nemo:
        assets = await nemo.session("s-1").upload(
            tmp_path / "robot.png", [str(tmp_path / "song.mp3"), tmp_path / "walk.MOV"]
        )
    assert [(asset.name, asset.kind) for asset in assets] == [
        ("robot.png", "image"),
        ("song.mp3", "audio"),
        ("walk.MOV", "video"),
    ]
    assert (assets[0].width_px, assets[0].height_px) == (640, 480)
    assert parts_of(peer) == [
        {
            "name": "files",
            "filename": name,
            "type": kind,
            "size": len(contents[name]),
            "sha256": hashlib.sha256(contents[name]).hexdigest(),
        }
        for name, kind in [("robot.png", "image/png"), ("song.mp3", "audio/mpeg"), ("walk.MOV", "video/quicktime")]
    ]
    assert [entry["path"] for entry in peer.log("/upload-video/")] == ["/api/upload-video/nemo_agent/me/s-1"] * 3


async def test_progress_counts_all_files_together_and_ends_at_the_total(peer: Peer, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"a" * 2_500_000)
    (tmp_path / "b.png").write_bytes(b"b" * 10)
    told: list[tuple[int, int]] = []
    async with nemo_of(peer) as nemo:
        await nemo.session("s-1").upload(
            tmp_path / "a.png",
            "https://example.org/c.png",
            tmp_path / "b.png",
            on_progress=lambda done, total: told.append((done, total)),
        )
    assert {total for _, total in told} == {2_500_010}
    assert [done for done, _ in told] == [0, 1 << 20, 2 << 20, 2_500_000, 2_500_010]


async def test_progress_never_goes_back_when_a_refused_token_makes_the_upload_go_twice(
    peer: Peer, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(b"a" * 2_500_000)
    peer.set(faults=[{"on": "POST /api/upload-video/.*", "status": 401}])
    told: list[int] = []
    async with AsyncNemo(peer.url, timing=FAST) as nemo:
        await nemo.session("s-1").upload(tmp_path / "a.png", on_progress=lambda done, _: told.append(done))
    assert told == [0, 1 << 20, 2 << 20, 2_500_000]
    assert len(peer.log("/upload-video/")) == 2
    assert [part["size"] for part in parts_of(peer)] == [2_500_000]


ODD_NAMES = {
    'say "hi".png': "say %22hi%22.png",
    "two\nlines\r.png": "two%0Alines%0D.png",
    "🤖 robot.png": "🤖 robot.png",
    "机器人.png": "机器人.png",
    "a;b=c, d.png": "a;b=c, d.png",
    "caf\udce9.png": "caf\udce9.png",  # Latin-1 on a disk that is otherwise UTF-8
    "100%.png": "100%.png",
    "' or 1.png": "' or 1.png",
}


@pytest.mark.parametrize(("name", "arrives"), ODD_NAMES.items(), ids=range(len(ODD_NAMES)))
async def test_an_odd_file_name_arrives_as_one_part_with_the_whole_content(
    peer: Peer, tmp_path: Path, name: str, arrives: str
) -> None:
    (tmp_path / name).write_bytes(b"picture")
    async with nemo_of(peer) as nemo:
        await nemo.session("s-1").upload(tmp_path / name)
    [part] = parts_of(peer)
    assert (part["name"], part["filename"], part["size"]) == ("files", arrives, 7)
    assert part["sha256"] == hashlib.sha256(b"picture").hexdigest()


async def test_an_address_is_handed_over_for_the_backend_to_fetch(peer: Peer) -> None:
    async with nemo_of(peer) as nemo:
        [asset] = await nemo.session("s-1").upload("https://example.org/pictures/robot.png")
    [call] = peer.log("/upload-video/")
    assert call["json"] == {"urls": ["https://example.org/pictures/robot.png"], "source_type": "url"}
    assert asset.name == "robot.png"


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("IMG_1.HEIC", "Save it as JPEG; on an iPhone: Settings → Camera → Formats → Most Compatible. Accepted: mp4 "),
        ("a.heif", "Save it as JPEG; on an iPhone: Settings → Camera → Formats → Most Compatible. Accepted: mp4 "),
        ("a.tiff", "Open it in a picture program and save it as JPEG or PNG. Accepted: mp4 "),
        ("a.bmp", "Open it in a picture program and save it as JPEG or PNG. Accepted: mp4 "),
        ("a.avif", "Open it in a picture program and save it as JPEG or PNG. Accepted: mp4 "),
        ("a.svg", "Open it in a drawing program and export it as PNG. Accepted: mp4 "),
        ("a.pdf", "Save the page as a PNG or JPEG picture, or make a screenshot of it. Accepted: mp4 "),
        ("a.psd", "In the program that made it, export it as PNG or JPEG. Accepted: mp4 "),
        ("a.raw", "It is a camera's raw data: export it as JPEG from a photo program"),
    ],
)
def test_what_people_try_most_is_refused_with_what_to_do(name: str, advice: str) -> None:
    with pytest.raises(UnsupportedFileError) as caught:
        check_name(name)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(advice)


async def test_nothing_is_sent_when_one_of_the_files_cannot_be(peer: Peer, tmp_path: Path) -> None:
    (tmp_path / "good.png").write_bytes(b"x")
    (tmp_path / "words.txt").write_text("x")
    (tmp_path / "empty.png").touch()
    (tmp_path / "folder.png").mkdir()
    with (tmp_path / "huge.mp4").open("wb") as huge:
        huge.truncate((200 << 20) + 1)
    faults: dict[str, tuple[type[NemoError], str]] = {
        "words.txt": (
            UnsupportedFileError,
            "Accepted: mp4 mov avi webm mkv · jpg jpeg png gif webp · mp3 wav m4a aac.",
        ),
        "empty.png": (InvalidRequestError, "'empty.png' is empty."),
        "folder.png": (InvalidRequestError, "'folder.png' is a folder."),
        "huge.mp4": (FileTooLargeError, "at most 200 MB"),
        "gone.png": (InvalidRequestError, "'gone.png' does not exist."),
        "x" * 300 + ".png": (InvalidRequestError, "cannot be read"),
        "http://[oops/a.png": (InvalidRequestError, "is not an address"),
    }
    async with nemo_of(peer) as nemo:
        for name, (kind, says) in faults.items():
            bad = name if name.startswith("http") else tmp_path / name
            with pytest.raises(kind) as caught:
                await nemo.session("s-1").upload(tmp_path / "good.png", bad)
            assert says in str(caught.value), name
        with pytest.raises(InvalidRequestError, match="nothing to upload"):
            await nemo.session("s-1").upload()
    assert peer.log("/upload-video/") == []


def test_a_file_of_exactly_the_largest_size_is_taken(tmp_path: Path) -> None:
    with (tmp_path / "large.mp4").open("wb") as large:
        large.truncate(200 << 20)
    assert check_upload(tmp_path / "large.mp4") == 209_715_200


async def test_a_name_that_begins_with_a_tilde_is_a_file_and_not_a_user(peer: Peer) -> None:
    Path("~robot.png").write_bytes(b"x")
    async with nemo_of(peer) as nemo:
        [asset] = await nemo.session("s-1").upload("~robot.png")
    assert asset.name == "~robot.png"


async def test_a_file_that_shrinks_while_it_is_read_is_told_and_not_sent_again(peer: Peer, tmp_path: Path) -> None:
    path = tmp_path / "shrinks.mp4"
    path.touch()
    os.truncate(path, 150 << 20)  # all zeros, and far more than is sent before the callback has its turn

    def cut(done: int, _total: int) -> None:
        if done:
            os.truncate(path, 1 << 20)

    async with nemo_of(peer) as nemo:
        with pytest.raises(InvalidRequestError, match="became shorter"):
            await nemo.session("s-1").upload(path, on_progress=cut)
    assert parts_of(peer) == []


async def test_an_upload_that_breaks_off_is_not_sent_again(peer: Peer, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x" * 100)
    peer.set(faults=[{"on": "POST /api/upload-video/.*", "drop": True}])
    async with nemo_of(peer) as nemo:
        with pytest.raises(ConnectionFailedError, match="It may have arrived"):
            await nemo.session("s-1").upload(tmp_path / "a.png")
    assert len(peer.log("/upload-video/")) == 1


async def test_a_refusal_before_the_body_is_read_is_the_typed_error(peer: Peer, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"x" * (4 << 20))
    peer.set(
        faults=[
            {
                "on": "POST /api/upload-video/.*",
                "read": False,
                "status": 413,
                "body": json.dumps({"code": 4002, "message": "too large"}),
                "headers": {"Content-Type": "application/json"},
            }
        ]
    )
    async with nemo_of(peer) as nemo:
        with pytest.raises(FileTooLargeError, match="too large"):
            await nemo.session("s-1").upload(tmp_path / "a.mp4")


async def test_too_many_requests_are_waited_for_once_and_the_upload_repeated(peer: Peer, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x" * 100)
    peer.set(faults=[{"on": "POST /api/upload-video/.*", "status": 429, "headers": {"Retry-After": "0"}}])
    async with nemo_of(peer) as nemo:
        [asset] = await nemo.session("s-1").upload(tmp_path / "a.png")
    assert asset.name == "a.png"
    assert len(peer.log("/upload-video/")) == 2


# -- large ------------------------------------------------------------------------------------------------------------

MEASURED = """
import asyncio, json, os, sys, threading, urllib.request
import ipynemo, psutil

me, peak, stop = psutil.Process(), [0], threading.Event()

def watch():
    while not stop.wait(0.002):
        peak[0] = max(peak[0], me.memory_info().rss)

def serve(path):
    order = json.dumps({"video": path}).encode()
    urllib.request.urlopen(os.environ["NEMO_API_URL"] + "/_set", data=order).read()

async def main():
    way, small, large = sys.argv[1:]
    async with ipynemo.AsyncNemo(token="nmv_usr_own") as nemo:
        session = nemo.session("s-1")
        async def carry(path):
            if way == "up":
                await session.upload(path)
            else:
                serve(path)
                await session.export("clip.mp4")
        await carry(small)  # what is loaded at the first use is no growth
        before = me.memory_info().rss
        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        await carry(large)
        stop.set()
        watcher.join()
        print(json.dumps({"growth": peak[0] - before}))

asyncio.run(main())
"""


@pytest.mark.parametrize("way", ["up", "down"])
def test_200_mb_go_either_way_in_less_than_50_mb_of_memory(peer: Peer, tmp_path: Path, video: Path, way: str) -> None:
    large = tmp_path / "large.mp4"
    with large.open("wb") as file:  # a video, and a box with nothing in it
        file.write(video.read_bytes() + (200 * MB).to_bytes(4, "big") + b"free")
        file.truncate(video.stat().st_size + 200 * MB)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, way, str(video), str(large)],
        env=script_environment(peer),
        stdout=subprocess.PIPE,
        text=True,
        timeout=PATIENCE_S * 4,
        check=True,
    )
    assert 0 < json.loads(done.stdout)["growth"] < 50 * MB
    if way == "up":
        assert [part["size"] for part in parts_of(peer)] == [video.stat().st_size, large.stat().st_size]
    else:
        assert Path("clip.mp4").stat().st_size == large.stat().st_size
