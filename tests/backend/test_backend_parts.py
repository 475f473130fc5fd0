"""The small parts: settings, links, the log, frames of a turn, a disk that is full."""

from __future__ import annotations

import errno
import json
import logging
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import HEADERS, png

from ipynemo.backend import multipart
from ipynemo.backend.adk import Frames, frame, pieces
from ipynemo.backend.app import create_app
from ipynemo.backend.config import BackendConfig
from ipynemo.backend.links import Links
from ipynemo.backend.running import NoSecrets
from ipynemo.backend.store import Store
from ipynemo.backend.store.files import DataFolder
from ipynemo.backend.unavailable import UnavailableError
from ipynemo.errors import InvalidRequestError, PermissionDeniedError


def test_the_database_url_gets_its_asynchronous_driver(tmp_path: Path) -> None:
    def url(database: str | None) -> str | None:
        return BackendConfig(data=tmp_path, token="t", database=database).database_url

    assert url(None) is None
    assert url("sqlite:////srv/a.db") == "sqlite+aiosqlite:////srv/a.db"
    assert url("postgresql://nemo@db/class") == "postgresql+asyncpg://nemo@db/class"
    assert url("postgresql+asyncpg://nemo@db/class") == "postgresql+asyncpg://nemo@db/class"
    with pytest.raises(InvalidRequestError, match="No database speaks 'mysql' here"):
        url("mysql://x")


def test_settings_hide_secrets_and_refuse_nonsense(tmp_path: Path) -> None:
    config = BackendConfig(data=tmp_path, token="sesame-1", database="postgresql://nemo:sesame-2@db/x")
    assert "sesame" not in repr(config)
    with pytest.raises(InvalidRequestError, match="has no token"):
        BackendConfig(data=tmp_path, token="")
    with pytest.raises(InvalidRequestError, match="edit_cost is -1"):
        BackendConfig(data=tmp_path, token="t", edit_cost=-1)


def test_the_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.make()
    key = folder.key()
    assert len(key) == 32
    assert DataFolder(tmp_path).key() == key
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["secret.key"]


def test_a_link_is_good_for_one_file_of_one_kind_until_its_time(tmp_path: Path) -> None:
    links = Links(b"k" * 32, 60)
    path = links.path("render", "r1")
    match = re.fullmatch(r"/api/files/render/r1\?expires=(\d+)&signature=([A-Za-z0-9_-]{43})", path)
    assert match
    expires, signature = int(match[1]), match[2]
    links.check("render", "r1", expires, signature)
    for kind, name, until, sign in (
        ("asset", "r1", expires, signature),
        ("render", "r2", expires, signature),
        ("render", "r1", expires + 1, signature),
        ("render", "r1", expires, signature[:-1]),
        ("render", "r1", expires, ""),
        ("render", "r1", expires, "é\ud800"),
    ):
        with pytest.raises(PermissionDeniedError, match="expired or was changed"):
            links.check(kind, name, until, sign)
    with pytest.raises(PermissionDeniedError):
        Links(b"K" * 32, 60).check("render", "r1", expires, signature)
    old = Links(b"k" * 32, -1).path("render", "r1")
    past, sign = re.findall(r"=([^&]+)", old)
    with pytest.raises(PermissionDeniedError):
        links.check("render", "r1", int(past), sign)


def test_the_log_blackens_tokens_signatures_and_the_database_password(capsys: pytest.CaptureFixture[str]) -> None:
    handler = logging.StreamHandler()
    handler.addFilter(NoSecrets("my-class-token", "postgresql://nemo:pw@db/x"))
    log = logging.getLogger("ipynemo.test.secrets")
    log.addHandler(handler)
    try:
        raise RuntimeError("nmv_usr_abc-DEF_1 at /api/files/render/r?expires=5&signature=AbC-_9 for my-class-token")
    except RuntimeError:
        log.exception("failed: %s", "Authorization: Bearer abcdef clm_1.2.3 postgresql://nemo:pw@db/x")
    finally:
        log.removeHandler(handler)
    written = capsys.readouterr().err
    assert "RuntimeError" in written
    for secret in ("nmv_usr", "AbC-_9", "my-class-token", "abcdef", "clm_1", "nemo:pw"):
        assert secret not in written


@given(st.text())
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    cut = list(pieces(text))
    assert "".join(cut) == text
    assert all(cut)


@given(st.text(alphabet=st.characters()))
def test_every_text_survives_a_frame_on_one_line(text: str) -> None:
    written = frame({"text": text})
    assert written.startswith(b"data: ")
    assert written.endswith(b"\n\n")
    body = written[6:-2].decode("utf-8")
    assert len(body.splitlines()) == 1
    assert json.loads(body) == {"text": text}


def test_a_text_is_sent_in_pieces_of_a_few_words() -> None:
    assert list(pieces("A picture is numbers. A model learns to undo noise.")) == [
        "A picture is numbers. A model",
        " learns to undo noise.",
    ]
    assert list(pieces("这张图片是由人工智能生成的我们来看看它是怎么做出来的吧好不好")) == [
        "这张图片是由人工智能生成的我们来看看它是怎么做出",
        "来的吧好不好",
    ]
    *_, whole = Frames().text("One")
    assert json.loads(whole[6:])["content"] == {"parts": [{"text": "One"}], "role": "model"}


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[tuple[httpx.AsyncClient, Store]]:
    application = create_app(BackendConfig(data=tmp_path, token="t"))
    store: Store = application.state.server.store
    headers = {**HEADERS, "Authorization": "Bearer t"}
    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=transport, base_url="http://nemo", headers=headers) as client,
    ):
        yield client, store


async def upload(client: httpx.AsyncClient) -> httpx.Response:
    made = await client.post("/api/tasks/me/with-session/nemo_agent", json={})
    sid = made.json()["data"]["session_id"]
    return await client.post(f"/api/upload-video/nemo_agent/me/{sid}", files={"files": ("a.png", png())})


async def test_an_upload_that_the_disk_cannot_hold_is_507_before_it_is_read(
    app: tuple[httpx.AsyncClient, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=1000))
    answer = await upload(app[0])
    assert (answer.status_code, answer.json()["code"]) == (507, 507)
    assert answer.json()["message"] == "The disk of the backend is full."


async def test_a_disk_that_fills_up_while_a_file_comes_is_507_and_leaves_nothing(
    app: tuple[httpx.AsyncClient, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, store = app
    flush = multipart._Reader.flush

    def full(reader: Any) -> None:
        flush(reader)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(multipart._Reader, "flush", full)
    answer = await upload(client)
    assert (answer.status_code, answer.json()["code"]) == (507, 507)
    assert list(store.folder.spool.iterdir()) == []


async def test_a_bug_is_a_500_in_the_envelope_that_tells_nothing(
    app: tuple[httpx.AsyncClient, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, store = app

    async def broken(_user: str) -> None:
        raise KeyError("a secret")

    monkeypatch.setattr(store.users, "balance", broken)
    answer = await client.get("/api/credits/balance/simple")
    assert (answer.status_code, answer.json()["code"]) == (500, 500)
    assert "secret" not in answer.text


async def test_a_storage_that_is_away_is_503_and_an_upload_leaves_nothing(
    app: tuple[httpx.AsyncClient, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, store = app
    made = await client.post("/api/tasks/me/with-session/nemo_agent", json={})
    sid = made.json()["data"]["session_id"]
    put, keys = store.storage.put, []

    async def second_fails(source: Path, key: str) -> None:
        keys.append(key)
        if len(keys) == 2:
            raise UnavailableError.of("storage")
        await put(source, key)

    monkeypatch.setattr(store.storage, "put", second_fails)
    files = [("files", (name, png())) for name in ("a.png", "b.png")]
    answer = await client.post(f"/api/upload-video/nemo_agent/me/{sid}", files=files)
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, 503, "5")
    assert answer.json()["message"].startswith("The storage of the backend cannot be reached at the moment. Try again")
    assert [await store.storage.exists(key) for key in keys] == [False, False]
    assert list(store.folder.spool.iterdir()) == []
    assert await store.assets.of_session(sid) == []


async def test_a_database_that_is_away_is_503_also_before_a_route_is_reached(
    app: tuple[httpx.AsyncClient, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, store = app

    async def away(_token: str) -> None:
        raise UnavailableError.of("database")

    monkeypatch.setattr(store.users, "who", away)
    answer = await client.get("/api/credits/balance/simple")
    assert (answer.status_code, answer.json()["success"], answer.headers["retry-after"]) == (503, False, "5")
