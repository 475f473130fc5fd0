"""From the spool, a path or an address to assets of a session; against a backend on loopback."""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
import traitlets
from PIL import Image
from upload_sender import Backend, Sender, backend

from ipynemo import AsyncNemo, AsyncSession, Nemo, Timing
from ipynemo.errors import (
    FileTooLargeError,
    InvalidRequestError,
    SessionNotFoundError,
    UnsupportedFileError,
)
from ipynemo.widgets import Uploader

__all__ = ["backend"]

DATA = os.urandom(1 << 20)
PATIENCE_S = 30.0


@pytest.fixture(autouse=True)
def spools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the temporary folder of this test; the user's own folders are not touched."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IPYNEMO_DATA_DIR", str(tmp_path / "data"))
    return folder


@pytest.fixture
def nemo(backend: Backend) -> Iterator[Nemo]:
    with Nemo(backend.url, token="nmv_usr_of-the-test", timing=Timing(read_backoff_s=0.01)) as nemo:
        yield nemo


@pytest.fixture
def session(nemo: Nemo) -> AsyncSession:
    return nemo.session("s-1")._twin


@pytest.fixture
def uploader(session: AsyncSession) -> Iterator[Uploader]:
    uploader = Uploader(session, language="en")
    yield uploader
    uploader.clear()


@pytest.fixture
def robot(tmp_path: Path) -> Path:
    path = tmp_path / "robot.png"
    Image.new("RGB", (640, 480), "teal").save(path)
    return path


def until(there: Callable[[], Any]) -> Any:
    limit = time.monotonic() + PATIENCE_S
    while time.monotonic() < limit:
        if found := there():
            return found
        time.sleep(0.01)
    raise AssertionError("it never came")


def is_empty(folder: Path) -> bool:
    return list(folder.iterdir()) == []


def states(uploader: Uploader) -> list[str]:
    return [row["state"] for row in uploader.files]


async def test_a_file_of_the_page_reaches_the_session_under_the_users_name(
    uploader: Uploader, backend: Backend, spools: Path
) -> None:
    Sender(uploader, DATA, "Was ist KI?.png").whole()
    [asset] = await uploader.finished()
    assert backend.uploads == [("Was ist KI?.png", DATA)]
    assert uploader.assets == (asset,)
    assert (asset.width_px, asset.height_px) == (640, 480)
    [row] = uploader.files
    assert (row["state"], row["note"]) == ("done", "640×480")
    assert is_empty(spools)
    assert uploader.busy is False


async def test_a_path_is_uploaded_from_where_it_lies_with_a_small_picture(
    uploader: Uploader, backend: Backend, robot: Path
) -> None:
    content = await asyncio.to_thread(robot.read_bytes)
    [row_id] = uploader.add(robot)
    [asset] = await uploader.finished()
    assert backend.uploads == [("robot.png", content)]
    assert asset.name == "robot.png"
    thumb = until(lambda: uploader.thumbs.get(row_id))
    assert thumb.startswith("data:image/jpeg;base64,")
    assert len(thumb) < 8000
    assert uploader.files[0]["id"] == row_id


async def test_the_same_file_can_be_added_again(uploader: Uploader, robot: Path) -> None:
    uploader.add(robot, str(robot))
    uploader.add([robot])
    assets = await uploader.finished()
    assert [asset.name for asset in assets] == ["robot.png", "robot.png", "robot.png"]
    assert states(uploader) == ["done", "done", "done"]


async def test_an_address_is_fetched_by_the_backend(uploader: Uploader, backend: Backend) -> None:
    uploader.add("https://example.org/pictures/my%20robot.png?size=1")
    await uploader.finished()
    assert backend.uploads == [("https://example.org/pictures/my%20robot.png?size=1", b"")]
    assert [row["name"] for row in uploader.files] == ["my robot.png"]
    assert [row["size"] for row in uploader.files] == [None]


def test_an_address_of_the_page_is_taken_and_a_path_of_this_computer_is_not(
    uploader: Uploader, backend: Backend, robot: Path
) -> None:
    sender = Sender(uploader, b"")
    sender.tell({"kind": "url", "url": str(robot)})
    sender.tell({"kind": "url", "url": f"file://{robot}"})
    assert uploader.files == []
    sender.tell({"kind": "url", "url": "HTTPS://example.org/robot.png"})
    until(lambda: states(uploader) == ["done"])
    assert [name for name, _ in backend.uploads] == ["HTTPS://example.org/robot.png"]


def test_a_wrong_type_or_size_is_refused_at_once_and_nothing_is_added(
    uploader: Uploader, robot: Path, tmp_path: Path
) -> None:
    notes, big, empty = tmp_path / "notes.txt", tmp_path / "big.mp4", tmp_path / "empty.png"
    notes.write_text("x")
    empty.touch()
    with big.open("wb") as file:
        file.truncate(200 * 1024 * 1024 + 1)
    with pytest.raises(UnsupportedFileError, match="Accepted: mp4 mov avi webm mkv · jpg"):
        uploader.add(robot, notes)
    with pytest.raises(FileTooLargeError, match="at most 200 MB"):
        uploader.add(robot, big)
    with pytest.raises(InvalidRequestError, match="is empty"):
        uploader.add(robot, empty)
    with pytest.raises(InvalidRequestError, match="does not exist"):
        uploader.add("nowhere.png")
    with pytest.raises(InvalidRequestError, match="is not an address"):
        uploader.add("http://[broken/robot.png")
    assert uploader.files == []


async def test_files_wait_for_a_session_and_go_as_soon_as_there_is_one(
    session: AsyncSession, backend: Backend, robot: Path, spools: Path
) -> None:
    uploader = Uploader(language="en")
    Sender(uploader, DATA, "film.mp4").whole()
    uploader.add(robot)
    assert states(uploader) == ["waiting", "waiting"]
    assert uploader.setup["where"] == ""
    with pytest.raises(InvalidRequestError, match="wait for a session"):
        await uploader.finished()
    uploader.session = session
    assets = await uploader.finished()
    assert [asset.name for asset in assets] == ["film.mp4", "robot.png"]
    assert uploader.setup["where"] == f"Cloud — {backend.url.removeprefix('http://')}"
    assert is_empty(spools)


def test_a_blocking_session_serves_as_well(nemo: Nemo, robot: Path) -> None:
    uploader = Uploader(nemo.session("s-1"), language="en")
    uploader.add(robot)
    until(lambda: states(uploader) == ["done"])


async def test_assets_can_be_observed_and_linked(uploader: Uploader, robot: Path) -> None:
    class Other(traitlets.HasTraits):
        assets = traitlets.Tuple()

    other, seen = Other(), []
    uploader.observe(lambda change: seen.append(len(change["new"])), "assets")
    traitlets.link((uploader, "assets"), (other, "assets"))
    [first, _] = uploader.add(robot, robot)
    await uploader.finished()
    assert other.assets == uploader.assets
    assert len(other.assets) == 2
    uploader.remove(first)
    assert len(other.assets) == 1
    uploader.clear()
    assert other.assets == ()
    assert seen[-2:] == [1, 0]


async def test_an_observer_that_fails_stops_nothing(
    uploader: Uploader, robot: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(change: Any) -> None:
        raise ValueError("somebody's observer")

    uploader.observe(fail, "assets")
    uploader.add(robot)
    assert len(await uploader.finished()) == 1
    assert states(uploader) == ["done"]
    assert "Whoever observes Uploader.assets failed" in caplog.text


async def test_a_blocking_observer_may_use_the_session(nemo: Nemo, uploader: Uploader, robot: Path) -> None:
    blocking, sessions = nemo, []
    uploader.observe(lambda change: sessions.append(blocking.create_session("x").session_id), "assets")
    uploader.add(robot)
    await uploader.finished()
    assert sessions[0] == "s-new"


async def test_a_refusal_of_the_backend_stands_in_its_row_with_advice(
    uploader: Uploader, backend: Backend, robot: Path
) -> None:
    backend.code = 4001
    uploader.add(robot)
    with pytest.raises(UnsupportedFileError):
        await uploader.finished()
    [row] = uploader.files
    assert row["state"] == "failed"
    assert row["error"]["message"].startswith("This file cannot be used")
    assert row["error"]["action"] is None
    assert uploader.error is None
    assert uploader.assets == ()


async def test_a_failed_upload_is_tried_again_from_the_spool(uploader: Uploader, backend: Backend) -> None:
    backend.code = 5000
    sender = Sender(uploader, DATA, "film.mp4")
    sender.whole()
    until(lambda: states(uploader) == ["failed"])
    assert uploader.files[0]["error"]["action"] == "retry"
    backend.code = 0
    sender.tell({"kind": "retry", "id": sender.id})
    await uploader.finished()
    assert backend.uploads == [("film.mp4", DATA)]
    assert uploader.files[0]["error"] is None


async def test_a_lost_session_is_replaced_by_a_button_and_the_file_goes_there(
    uploader: Uploader, backend: Backend
) -> None:
    backend.code = 1002
    sender = Sender(uploader, DATA, "film.mp4")
    sender.whole()
    with pytest.raises(SessionNotFoundError):
        await uploader.finished()
    assert uploader.files[0]["error"]["action"] == "new_session"
    backend.code = 0
    sender.tell({"kind": "action", "action": "new_session"})
    until(lambda: states(uploader) == ["done"])
    assert uploader.session is not None
    assert uploader.session.session_id == "s-new"
    assert backend.uploads == [("film.mp4", DATA)]


def test_cancelling_while_the_session_takes_the_file_ends_it(
    uploader: Uploader, backend: Backend, spools: Path
) -> None:
    backend.hold.clear()
    sender = Sender(uploader, DATA, "film.mp4")
    sender.whole()
    assert backend.is_reached.wait(PATIENCE_S)
    assert states(uploader) == ["sending"]
    sender.control(kind="remove", id=sender.id)
    until(lambda: uploader.busy is False)
    assert uploader.files == []
    assert is_empty(spools)
    assert uploader.assets == ()


async def test_three_go_at_once_and_the_others_wait_their_turn(
    uploader: Uploader, backend: Backend, robot: Path
) -> None:
    backend.hold.clear()
    uploader.add([robot] * 5)
    assert await asyncio.to_thread(until, lambda: states(uploader).count("sending") == 3)
    assert states(uploader).count("queued") == 2
    assert uploader.busy is True
    backend.hold.set()
    assert len(await uploader.finished()) == 5
    assert uploader.busy is False


async def test_an_unexpected_fault_is_told_without_its_insides(
    uploader: Uploader, robot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("a secret of the insides")

    monkeypatch.setattr(uploader.session, "upload", fail)
    uploader.add(robot)
    with pytest.raises(RuntimeError):
        await uploader.finished()
    assert "secret" not in str(uploader.files)
    assert uploader.files[0]["error"]["action"] == "retry"


def test_removing_what_is_not_there_is_an_error(uploader: Uploader) -> None:
    with pytest.raises(InvalidRequestError, match="no such file"):
        uploader.remove("x")


async def test_the_saved_form_lists_what_was_uploaded_and_is_small(
    uploader: Uploader, tmp_path: Path, backend: Backend
) -> None:
    hostile = tmp_path / "<img src=x onerror=alert(1)>.png"
    Image.effect_noise((1600, 1200), 90).convert("RGB").save(hostile)
    assert uploader._fallback_text() == "No files uploaded yet."
    uploader.add([hostile] * 50)
    await uploader.finished()
    await asyncio.to_thread(until, lambda: len(uploader.thumbs) == 50)
    html = uploader._fallback_html()
    assert "<img src=x" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;.png" in html
    assert html.count("<li") == 40
    assert "+ 10" in html
    assert len(html) < 400_000
    assert str(tmp_path) not in html
    assert str(tmp_path) not in str(uploader.get_state())
    assert uploader._fallback_text().startswith("Uploaded files: <img src=x onerror=alert(1)>.png (")


def test_many_threads_may_add_and_remove_at_once(uploader: Uploader, robot: Path) -> None:
    def work() -> None:
        for _ in range(5):
            for row_id in uploader.add(robot, robot):
                uploader.remove(row_id)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    until(lambda: uploader.busy is False)
    assert uploader.files == []
    assert uploader.assets == ()


def test_an_unknown_keyword_is_refused(session: AsyncSession) -> None:
    with pytest.raises(TypeError, match=r"Uploader takes no sesion\. Did you mean session\?"):
        Uploader(sesion=session)
    with pytest.raises(TypeError, match="takes no assets"):
        Uploader(session, assets=())


def test_it_is_a_widget_with_two_wires(uploader: Uploader) -> None:
    assert isinstance(uploader, ipywidgets.DOMWidget)
    assert uploader.get_state()["control"] == f"IPY_MODEL_{uploader.control.model_id}"
    assert "nmv_usr_of-the-test" not in str(uploader.get_state())


async def test_the_embedded_backend_takes_a_picture(tmp_path: Path, robot: Path) -> None:
    async with AsyncNemo("local", data=tmp_path / "local") as nemo:
        uploader = Uploader(await nemo.create_session("x"), language="zh")
        assert uploader.setup["is_local"] is True
        uploader.add(robot)
        [asset] = await uploader.finished()
        assert (asset.kind, asset.width_px, asset.height_px) == ("image", 640, 480)
        assert uploader.words["clear"] == "清空列表"
