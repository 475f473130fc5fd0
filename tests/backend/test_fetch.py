"""Fetching a link from a real local server through real sockets: what arrives, and what is left when it does not."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from fetch_site import answer, files_in, redirect, serving

from ipynemo.backend.fetch import FetchedFile, fetch
from ipynemo.errors import ConnectionFailedError, DeadlineError, FileTooLargeError, InvalidRequestError, NemoError

if TYPE_CHECKING:
    from pathlib import Path

BODY = bytes(range(256)) * 1000


async def test_a_file_is_fetched_with_its_name_size_and_hash(tmp_path: Path) -> None:
    async with serving({"/a/robot%20one.png?x=1": answer(BODY)}) as site:
        url = f"http://127.0.0.1:{site.port}/a/robot%20one.png?x=1#part"
        fetched = await fetch(url, tmp_path / "a.bin", max_bytes=1 << 20, allow_private=True)
    assert fetched == FetchedFile("robot one.png", 256_000, hashlib.sha256(BODY).hexdigest())
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert files_in(tmp_path) == ["a.bin"]


async def test_nothing_of_ours_is_sent_and_proxies_are_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    async with serving({"/a": redirect("/b"), "/b": answer(b"x", Set_Cookie="a=b")}) as site:
        await fetch(f"http://127.0.0.1:{site.port}/a", tmp_path / "x", max_bytes=10, allow_private=True)
        expected = (
            f"HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nUser-Agent: ipynemo\r\nAccept: */*\r\n"
            "Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
        )
    assert site.requests == [f"GET /a {expected}", f"GET /b {expected}"]


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="my robot.png"', "my robot.png"),
        ("attachment; filename*=UTF-8''%E7%8C%AB.png", "猫.png"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ("attachment; filename*0*=x'; filename*1=y", "x'y"),
        ("inline", "end.jpg"),
    ],
)
async def test_the_name_comes_from_the_server_made_safe_or_from_the_path(
    tmp_path: Path, disposition: str, name: str
) -> None:
    async with serving({"/end.jpg": answer(b"x", Content_Disposition=disposition)}) as site:
        url = f"http://127.0.0.1:{site.port}/end.jpg"
        assert (await fetch(url, tmp_path / "a", max_bytes=10, allow_private=True)).name == name


async def test_five_redirects_are_followed_and_a_sixth_is_not(tmp_path: Path) -> None:
    pages: dict[str, Any] = {f"/{n}": redirect(f"/{n + 1}") for n in range(6)} | {"/6": answer(b"end")}
    async with serving(pages) as site:
        fetched = await fetch(f"http://127.0.0.1:{site.port}/1", tmp_path / "a", max_bytes=10, allow_private=True)
        assert fetched.size_bytes == 3
        with pytest.raises(InvalidRequestError, match="redirected more than 5 times"):
            await fetch(f"http://127.0.0.1:{site.port}/0", tmp_path / "b", max_bytes=10, allow_private=True)


@pytest.mark.parametrize(
    "status", ["404 Not Found", "500 Oops", "204 No Content", "206 Partial Content", "304 Not Modified"]
)
async def test_an_answer_that_is_not_the_whole_file_is_refused(tmp_path: Path, status: str) -> None:
    async with serving({"/a": answer(status=status)}) as site:
        with pytest.raises(InvalidRequestError, match=f"answered with HTTP {status[:3]} instead of a file"):
            await fetch(f"http://127.0.0.1:{site.port}/a", tmp_path / "a", max_bytes=10, allow_private=True)


async def dribble(writer: asyncio.StreamWriter) -> None:
    writer.write(answer(Content_Length="1000"))
    for _ in range(1000):
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)


async def silence(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


@pytest.mark.parametrize("page", [dribble, silence])
async def test_a_server_that_takes_forever_meets_the_deadline(tmp_path: Path, page: Any) -> None:
    async with serving({"/a": page}) as site:
        with pytest.raises(DeadlineError, match=r"The link to 127\.0\.0\.1 did not finish within 0\.3 s"):
            await fetch(
                f"http://127.0.0.1:{site.port}/a", tmp_path / "a", max_bytes=9999, allow_private=True, timeout_s=0.3
            )
        assert files_in(tmp_path) == []
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
        await writer.drain()


@pytest.mark.parametrize("page", [answer(BODY), endless], ids=["announced", "endless"])
async def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(tmp_path: Path, page: Any) -> None:
    async with serving({"/a": page}) as site:
        with pytest.raises(FileTooLargeError, match=r"127\.0\.0\.1 is larger than 0\.125 MB") as caught:
            await fetch(f"http://127.0.0.1:{site.port}/a", tmp_path / "a", max_bytes=1 << 17, allow_private=True)
    assert caught.value.code == 4002
    assert files_in(tmp_path) == []


async def test_a_file_of_exactly_the_limit_is_taken(tmp_path: Path) -> None:
    async with serving({"/a": answer(bytes(1000))}) as site:
        fetched = await fetch(f"http://127.0.0.1:{site.port}/a", tmp_path / "a", max_bytes=1000, allow_private=True)
    assert fetched.size_bytes == 1000


async def test_a_server_that_compresses_unasked_is_unpacked(tmp_path: Path) -> None:
    async with serving({"/a.bin": answer(gzip.compress(BODY), Content_Encoding="gzip")}) as site:
        fetched = await fetch(
            f"http://127.0.0.1:{site.port}/a.bin", tmp_path / "a", max_bytes=1 << 20, allow_private=True
        )
    assert fetched == FetchedFile("a.bin", 256_000, hashlib.sha256(BODY).hexdigest())


async def test_a_gzip_bomb_is_stopped_at_the_limit(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(100 << 20))
    assert len(bomb) < 120_000
    async with serving({"/a": answer(bomb, Content_Encoding="gzip")}) as site:
        with pytest.raises(FileTooLargeError):
            await fetch(f"http://127.0.0.1:{site.port}/a", tmp_path / "a", max_bytes=1 << 20, allow_private=True)
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (answer(gzip.compress(BODY)[:-9], Content_Encoding="gzip"), "was cut short"),
        (answer(b"\x1f\x8b\x08nonsense", Content_Encoding="gzip"), "arrived damaged"),
        (answer(b"half", Content_Length="1000"), "it stopped answering"),
        (b"nonsense\r\n\r\n", "it cannot be reached"),
    ],
)
async def test_a_broken_answer_is_a_connection_failure_and_leaves_nothing(
    tmp_path: Path, page: bytes, text: str
) -> None:
    async with serving({"/a": page}) as site:
        with pytest.raises(ConnectionFailedError, match=text):
            await fetch(f"http://127.0.0.1:{site.port}/a", tmp_path / "a", max_bytes=1 << 20, allow_private=True)
    assert files_in(tmp_path) == []


async def test_an_encoding_that_was_not_asked_for_is_refused(tmp_path: Path) -> None:
    async with serving({"/a": answer(b"x", Content_Encoding="br")}) as site:
        with pytest.raises(InvalidRequestError, match="in an encoding that was not asked for"):
            await fetch(f"http://127.0.0.1:{site.port}/a", tmp_path / "a", max_bytes=10, allow_private=True)


async def test_an_earlier_file_stays_when_the_new_one_fails(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"before")
    async with serving({"/a": answer(b"half", Content_Length="1000")}) as site:
        with pytest.raises(NemoError):
            await fetch(f"http://127.0.0.1:{site.port}/a", tmp_path / "a", max_bytes=9999, allow_private=True)
    assert (tmp_path / "a").read_bytes() == b"before"


async def test_a_cancelled_fetch_leaves_nothing(tmp_path: Path) -> None:
    async with serving({"/a": dribble}) as site:
        task = asyncio.create_task(
            fetch(f"http://127.0.0.1:{site.port}/a", tmp_path / "a", max_bytes=9999, allow_private=True)
        )
        for _ in range(1000):
            if files_in(tmp_path) == ["a.part"]:
                break
            await asyncio.sleep(0.01)
        assert files_in(tmp_path) == ["a.part"]
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert files_in(tmp_path) == []
        for other in asyncio.all_tasks() - {asyncio.current_task()}:
            other.cancel()
