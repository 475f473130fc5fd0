"""Files in a folder and in a bucket, by the same calls."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from neighbours import Bucket
from serving import environment

from ipynemo.backend.config import BackendConfig
from ipynemo.backend.storage import LocalStorage, Storage, local, open_storage
from ipynemo.backend.storage.cache import Cache
from ipynemo.backend.storage.s3 import S3Storage
from ipynemo.backend.store import Store
from ipynemo.backend.store.files import DataFolder
from ipynemo.backend.unavailable import UnavailableError
from ipynemo.errors import BackendStartError, InvalidRequestError

MIB = 1 << 20
MEMORY = """
import asyncio, os, resource, sys
from pathlib import Path
from ipynemo.backend.config import BackendConfig
from ipynemo.backend.storage import open_storage
from ipynemo.backend.store.files import DataFolder

async def main(root, url, size):
    folder = DataFolder(root)
    folder.make()
    storage = open_storage(BackendConfig(data=root, token="t", storage=url, cache_bytes=0), folder)
    small = folder.spooled()
    small.write_bytes(bytes(9 << 20))
    await storage.put(small, "files/ses/small.mp4")
    async with storage.checkout({"small": "files/ses/small.mp4"}):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    big = folder.spooled()
    with big.open("wb") as file:
        file.truncate(size)
    await storage.put(big, "files/ses/big.mp4")
    async with storage.checkout({"big": "files/ses/big.mp4"}) as paths:
        assert paths["big"].stat().st_size == size
    file = await storage.open("files/ses/big.mp4")
    assert sum([len(block) async for block in file.blocks(0, file.size_bytes)]) == size
    await storage.delete_session("ses")
    await storage.aclose()
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
"""


def make(tmp_path: Path, url: str | None, *, cache_bytes: int = 1 << 30, name: str = "server") -> Storage:
    folder = DataFolder(tmp_path / name)
    folder.make()
    return open_storage(BackendConfig(data=folder.root, token="t", storage=url, cache_bytes=cache_bytes), folder)


@pytest.fixture
def s3_url(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    return f"s3://{bucket.name}/{uuid.uuid4().hex}/school"


@pytest.fixture(params=["folder", "another folder", "bucket"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    url = {"folder": None, "another folder": f"file://{tmp_path}/a%20shared/one"}.get(request.param, "")
    made = make(tmp_path, request.getfixturevalue("s3_url") if url == "" else url)
    yield made
    await made.aclose()


async def put(storage: Storage, key: str, content: bytes) -> Path:
    source = storage.making(key)
    source.write_bytes(content)
    await storage.put(source, key)
    return source


async def everything(storage: Storage, key: str) -> bytes:
    file = await storage.open(key)
    try:
        return b"".join([block async for block in file.blocks(0, file.size_bytes)])
    finally:
        file.close()


async def test_a_file_is_put_read_and_deleted(storage: Storage) -> None:
    content = os.urandom(3 * MIB + 7)
    await put(storage, "clips/ses_1/a-1.mp4", content)
    assert (await storage.size("clips/ses_1/a-1.mp4"), await storage.exists("clips/ses_1/a-1.mp4")) == (
        3 * MIB + 7,
        True,
    )
    assert await everything(storage, "clips/ses_1/a-1.mp4") == content
    file = await storage.open("clips/ses_1/a-1.mp4")
    assert b"".join([block async for block in file.blocks(100, 2 * MIB + 300)]) == content[100 : 2 * MIB + 300]
    assert file.etag == (await storage.open("clips/ses_1/a-1.mp4")).etag
    assert file.modified_at > 1_700_000_000
    file.close()
    assert [block async for block in file.blocks(0, 10)] == []
    await storage.delete("clips/ses_1/a-1.mp4")
    await storage.delete("clips/ses_1/a-1.mp4")
    assert await storage.size("clips/ses_1/a-1.mp4") is None
    with pytest.raises(FileNotFoundError):
        await storage.open("clips/ses_1/a-1.mp4")


async def test_a_session_goes_with_its_files_and_nobody_else_s(storage: Storage) -> None:
    for key in ("files/ses_1/a.png", "files/ses_1/b.png", "clips/ses_1/c-1.mp4", "files/ses_10/a.png"):
        await put(storage, key, b"x")
    await storage.delete_session("ses_1")
    await storage.delete_session("ses_2")
    left = [await storage.exists(f"files/{name}") for name in ("ses_1/a.png", "ses_1/b.png", "ses_10/a.png")]
    assert (left, await storage.exists("clips/ses_1/c-1.mp4")) == ([False, False, True], False)


async def test_what_is_checked_out_lies_on_this_computer(storage: Storage) -> None:
    await put(storage, "files/ses_1/a.png", b"picture")
    async with storage.checkout({"a": "files/ses_1/a.png", "gone": "files/ses_1/gone.png"}) as paths:
        assert (paths["a"].read_bytes(), paths["a"].suffix) == (b"picture", ".png")
        assert not paths["gone"].exists()


async def test_files_of_unknown_sessions_go_once_they_are_old(storage: Storage) -> None:
    for session in ("ses_known", "ses_lost"):
        await put(storage, f"files/{session}/a.png", b"x")
    await storage.sweep({"ses_known"}, 3600)
    assert await storage.exists("files/ses_lost/a.png")
    await storage.sweep({"ses_known"}, -60)
    assert await storage.exists("files/ses_known/a.png")
    assert not await storage.exists("files/ses_lost/a.png")


async def test_a_mark_stays(storage: Storage) -> None:
    assert await storage.mark() is None
    await storage.set_mark("of my database")
    assert await storage.mark() == "of my database"


async def test_a_folder_is_used_as_it_is(tmp_path: Path) -> None:
    storage = make(tmp_path, None)
    assert isinstance(storage, LocalStorage)
    source = storage.making("clips/s/a-1.mp4")
    source.write_bytes(b"film")
    inode = source.stat().st_ino
    await storage.put(source, "clips/s/a-1.mp4")
    async with storage.checkout({"a": "clips/s/a-1.mp4"}) as paths:
        assert (paths["a"], paths["a"].stat().st_ino) == (source, inode)  # neither copied nor moved


async def test_a_file_from_another_disk_appears_only_when_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = make(tmp_path, f"file://{tmp_path}/mounted")
    source = tmp_path / "spooled"
    source.write_bytes(b"whole")
    seen: list[list[str]] = []

    def elsewhere(self: Path, target: Path) -> Path:
        raise OSError(errno.EXDEV, "another disk")

    copyfile = local.shutil.copyfile

    def copy(old: Path, new: Path) -> None:
        copyfile(old, new)
        seen.append([path.suffix for path in (tmp_path / "mounted/files/s").iterdir()])

    monkeypatch.setattr(Path, "rename", elsewhere)
    monkeypatch.setattr(local.shutil, "copyfile", copy)
    await storage.put(source, "files/s/a.png")
    assert (seen, await everything(storage, "files/s/a.png"), source.exists()) == ([[".part"]], b"whole", False)


async def test_a_file_is_fetched_from_the_bucket_once(
    tmp_path: Path, s3_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make(tmp_path, s3_url), make(tmp_path, s3_url, name="another")
    await put(first, "files/s/a.png", b"picture")
    fetched: list[str] = []
    fetch = S3Storage._fetch

    async def counted(self: S3Storage, key: str, place: Path) -> None:
        fetched.append(key)
        await fetch(self, key, place)

    monkeypatch.setattr(S3Storage, "_fetch", counted)

    async def look(storage: Storage) -> bytes:
        async with storage.checkout({"a": "files/s/a.png"}) as paths:
            return paths["a"].read_bytes()

    assert await asyncio.gather(*(look(second) for _ in range(5))) == [b"picture"] * 5
    assert await look(first) == b"picture"  # it kept what it had sent
    assert fetched == ["files/s/a.png"]
    await asyncio.gather(first.aclose(), second.aclose())


async def test_the_cache_keeps_to_its_bound_and_takes_nothing_from_who_uses_it(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 250)
    fetches: list[str] = []

    async def use(key: str, desk: Path) -> Path:
        async def fetch(path: Path) -> None:
            fetches.append(key)
            await asyncio.to_thread(path.write_bytes, bytes(100))

        return await cache.use(key, desk, fetch)

    desk, another = cache.desk(), cache.desk()
    paths = [await use(f"{n}.png", desk) for n in range(3)]
    for n, path in enumerate(paths):  # of the same moment otherwise, on a coarse clock
        os.utime(path, (n, n))
    again = await use("2.png", another)
    await use("3.png", another)
    assert again.parent == another  # a link of their own, not the copy
    assert sum(path.stat().st_size for path in (tmp_path / "copies").iterdir()) == 200
    assert [path.exists() for path in paths] == [True] * 3
    assert fetches == ["0.png", "1.png", "2.png", "3.png"]
    await use("2.png", cache.desk())
    await use("0.png", cache.desk())
    assert fetches[4:] == ["0.png"]
    cache.clear(desk)
    assert not desk.exists()
    cache.sweep(-60)
    assert list((tmp_path / "use").iterdir()) == []


async def test_a_fetch_that_breaks_off_leaves_no_copy(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 1000)

    async def broken(path: Path) -> None:
        await asyncio.to_thread(path.write_bytes, b"half")
        raise UnavailableError.of("storage")

    with pytest.raises(UnavailableError):
        await cache.use("a.png", cache.desk(), broken)
    assert list((tmp_path / "copies").iterdir()) == []


def test_memory_does_not_grow_with_the_file(tmp_path: Path, s3_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(tmp_path / "data"), s3_url, str(56 * MIB)],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 28 * MIB


async def test_a_bucket_that_does_not_answer_is_said_clearly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    storage = make(tmp_path, "s3://bucket/prefix")
    with pytest.raises(UnavailableError, match=r"^The storage of the backend cannot be reached at the moment"):
        await storage.open("files/s/a.png")
    assert "very-secret" not in caplog.text
    assert "very-secret" not in repr(storage)
    await storage.aclose()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("gs://bucket", "'gs' is no storage. Use file:///folder or s3://bucket/prefix."),
        ("/folder", "'/folder' is no storage"),
        ("file://host/folder", "'file' is no storage"),
        ("s3:///prefix", "'s3' is no storage"),
        ("s3://key:secret@bucket", "holds more than bucket and prefix. Keys and endpoint come by the environment"),
        ("s3://bucket/x?endpoint_url=http://elsewhere", "holds more than bucket and prefix"),
    ],
)
def test_other_addresses_are_refused_without_repeating_a_secret(tmp_path: Path, url: str, says: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        make(tmp_path, url)
    assert says in str(raised.value)
    assert "secret" not in str(raised.value)


async def test_a_bucket_that_is_not_there_stops_the_start(tmp_path: Path, s3_url: str) -> None:
    store = Store(BackendConfig(data=tmp_path, token="t", storage="s3://no-such-bucket-of-ours/x"))
    with pytest.raises(BackendStartError, match=r"^S3Storage\('no-such-bucket-of-ours/x'\) cannot be used"):
        await store.open()


async def test_without_a_database_url_a_bucket_is_marked_too(tmp_path: Path, s3_url: str) -> None:
    for _ in range(2):
        store = Store(BackendConfig(data=tmp_path / "one", token="t", storage=s3_url))
        await store.open()
        await store.aclose()
    with pytest.raises(BackendStartError, match="belongs to another database"):
        await Store(BackendConfig(data=tmp_path / "two", token="t", storage=s3_url)).open()
