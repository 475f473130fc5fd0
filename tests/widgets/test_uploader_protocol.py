"""What the page says and what it is answered, with everything that a broken connection does to it."""

from __future__ import annotations

import os
import random
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from upload_sender import CHUNK, Sender, pieces

from ipynemo.widgets import Uploader, _arrivals

DATA = os.urandom(3 * CHUNK + 99)


@pytest.fixture(autouse=True)
def spools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the temporary folder of this test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def uploader() -> Iterator[Uploader]:
    uploader = Uploader(language="en")
    yield uploader
    uploader.clear()


@pytest.fixture
def sender(uploader: Uploader) -> Sender:
    return Sender(uploader, DATA)


def content_of(uploader: Uploader, row_id: str = "page-0001") -> bytes:
    row = uploader._rows.get(row_id)
    assert row is not None
    assert isinstance(row.source, Path)
    return row.source.read_bytes()


def test_a_file_arrives_whole_and_waits_for_a_session(sender: Sender, uploader: Uploader) -> None:
    assert sender.begin() == {"state": "receiving", "missing": [(0, 3)]}
    assert uploader.busy is True
    for seq in range(4):
        assert sender.chunk(seq) == {"kind": "ack", "id": "page-0001", "seq": seq}
    assert sender.end() == {"state": "waiting", "missing": []}
    assert content_of(uploader) == DATA
    assert uploader.busy is False
    [row] = uploader.files
    assert (row["name"], row["size"], row["state"], row["kind"]) == ("film.mp4", len(DATA), "waiting", "video")
    assert uploader.assets == ()


@pytest.mark.parametrize("seed", range(8))
def test_any_order_repetition_and_loss_ends_in_the_same_file(sender: Sender, uploader: Uploader, seed: int) -> None:
    chance = random.Random(seed)
    sender.begin()
    while missing := sender.ask()["missing"]:
        wanted = [seq for first, last in missing for seq in range(first, last + 1)] * 2
        chance.shuffle(wanted)
        for seq in wanted:
            if chance.random() < 0.5:  # the other half is lost
                sender.chunk(seq)
            if chance.random() < 0.2:
                sender.begin()
    assert sender.end()["state"] == "waiting"
    assert content_of(uploader) == DATA


def test_the_beginning_may_come_again_in_the_middle(sender: Sender) -> None:
    sender.begin()
    sender.chunk(0)
    sender.chunk(2)
    assert sender.begin() == {"state": "receiving", "missing": [(1, 1), (3, 3)]}


def test_the_end_may_come_too_early_and_again(sender: Sender, uploader: Uploader) -> None:
    sender.begin()
    sender.chunk(0)
    assert sender.end() == {"state": "receiving", "missing": [(1, 3)]}
    for seq in (1, 2, 3):
        sender.chunk(seq)
    assert sender.end()["state"] == "waiting"
    assert sender.end()["state"] == "waiting"
    assert sender.begin()["state"] == "waiting"
    assert len(uploader.files) == 1


def test_a_piece_of_a_file_that_nobody_announced_asks_for_the_beginning(sender: Sender) -> None:
    answer = sender.chunk(0)
    assert answer == {"kind": "have", "n": None, "files": {"page-0001": {"state": "unknown"}}}
    assert sender.ask() == {"state": "unknown"}


def test_a_piece_that_was_damaged_is_asked_for_again(sender: Sender, uploader: Uploader) -> None:
    sender.begin()
    assert sender.chunk(1, crc=12345) == {"kind": "again", "id": "page-0001", "seq": 1}
    assert sender.chunk(1, piece=b"short") == {"kind": "again", "id": "page-0001", "seq": 1}
    assert sender.ask()["missing"] == [(0, 3)]
    for seq in range(4):
        sender.chunk(seq)
    assert sender.end()["state"] == "waiting"
    assert content_of(uploader) == DATA


def test_a_file_that_is_damaged_over_and_over_is_given_up_with_advice(
    sender: Sender, uploader: Uploader, spools: Path
) -> None:
    sender.begin()
    for _ in range(_arrivals.PATIENCE):
        answer = sender.chunk(1, crc=12345)
        assert answer is not None
        assert answer["kind"] == "again"
    answer = sender.chunk(1, crc=12345)
    assert answer is not None
    assert answer["files"] == {"page-0001": {"state": "broken", "missing": []}}
    [row] = uploader.files
    assert row["error"] == {
        "message": "The file did not arrive whole.",
        "hint": "Upload it again.",
        "action": "retry",
    }
    assert list(spools.iterdir()) == []


def test_a_sum_that_does_not_fit_breaks_the_file_and_it_can_be_sent_anew(sender: Sender, uploader: Uploader) -> None:
    sender.begin()
    for seq in range(4):
        sender.chunk(seq)
    assert sender.end(sum=1)["state"] == "broken"
    assert sender.whole()["state"] == "waiting"
    assert content_of(uploader) == DATA
    assert [row["error"] for row in uploader.files] == [None]


def test_cancelling_in_the_middle_removes_all_of_it_and_pieces_that_come_late_are_told_so(
    sender: Sender, uploader: Uploader, spools: Path
) -> None:
    sender.begin()
    sender.chunk(0)
    assert len(list(spools.iterdir())) == 1
    sender.control(kind="remove", id="page-0001")
    assert list(spools.iterdir()) == []
    assert uploader.files == []
    answer = sender.chunk(1)
    assert answer is not None
    assert answer["files"] == {"page-0001": {"state": "gone"}}
    assert sender.begin() == {"state": "gone"}
    assert sender.end() == {"state": "gone"}
    assert uploader.files == []


def test_clearing_the_list_removes_every_spool(uploader: Uploader, spools: Path) -> None:
    Sender(uploader, DATA, row_id="page-0001").whole()
    sender = Sender(uploader, DATA, row_id="page-0002")
    sender.begin()
    assert len(list(spools.iterdir())) == 2
    sender.control(kind="clear")
    assert list(spools.iterdir()) == []
    assert uploader.files == []


def test_a_file_that_the_page_cannot_read_any_more_says_so(sender: Sender, uploader: Uploader, spools: Path) -> None:
    sender.begin()
    sender.control(kind="unreadable", id="page-0001")
    [row] = uploader.files
    assert row["state"] == "broken"
    assert row["error"]["hint"] == "Choose it again."
    assert list(spools.iterdir()) == []


def test_files_side_by_side_do_not_mix(uploader: Uploader) -> None:
    other = bytes(reversed(DATA))
    one = Sender(uploader, DATA, "one.mp4", "page-0001")
    two = Sender(uploader, other, "two.mp4", "page-0002")
    one.begin()
    two.begin()
    for seq in range(4):
        one.chunk(seq)
        two.chunk(seq)
    one.end()
    two.end()
    assert content_of(uploader, "page-0001") == DATA
    assert content_of(uploader, "page-0002") == other


@pytest.mark.parametrize(
    ("name", "size", "state"),
    [
        ("notes.txt", 10, "wrong_type"),
        ("robot.png.exe", 10, "wrong_type"),
        ("gnp\u202egpj.exe", 10, "wrong_type"),
        ("film.mp4", 200 * 1024 * 1024 + 1, "too_large"),
        ("film.mp4", 0, "empty"),
        ("film.mp4", -5, "empty"),
        ("film.mp4", "many", "empty"),
        ("film.mp4", 1e6, "empty"),
        ("film.mp4", True, "empty"),
    ],
)
def test_what_cannot_be_taken_is_refused_at_the_beginning(
    sender: Sender, uploader: Uploader, spools: Path, name: str, size: Any, state: str
) -> None:
    assert sender.begin(name=name, size=size) == {"state": state}
    assert uploader.files == []
    assert list(spools.iterdir()) == []


def test_a_full_disk_is_told_before_a_byte_is_sent(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_arrivals, "has_room", lambda size: False)
    assert sender.begin() == {"state": "no_room"}


def test_a_disk_that_fills_up_on_the_way_ends_the_upload_with_advice(
    sender: Sender, uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.begin()

    def full(*args: Any) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_arrivals.Spool, "write", full)
    sender.chunk(0)
    [row] = uploader.files
    assert row["state"] == "broken"
    assert row["error"]["message"] == "There is no room for “film.mp4” in the kernel's temporary folder."


@pytest.mark.parametrize("name", ["../../evil.mp4", "C:\\evil.mp4", "a/../../evil.mp4", "\0evil.mp4", "e\u202evil.mp4"])
def test_a_hostile_name_stays_in_its_folder(uploader: Uploader, spools: Path, name: str) -> None:
    sender = Sender(uploader, b"x" * 99, name)
    assert sender.whole()["state"] == "waiting"
    row = uploader._rows.get("page-0001")
    assert row is not None
    assert isinstance(row.source, Path)
    assert row.source.is_relative_to(spools)
    assert row.source.name == row.name == "evil.mp4"


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"kind": "chunk"},
        {"kind": "chunk", "id": 5},
        {"kind": "begin", "id": "../../x"},
        {"kind": "begin", "id": "x" * 100},
        {"kind": "ask", "ids": "page-0001"},
        {"kind": "ask"},
        {"kind": "ask", "ids": [None, 5]},
        {"kind": "thumb", "id": "none", "thumb": "data:"},
        {"kind": "retry", "id": "none"},
        {"kind": "url", "url": "/etc/passwd"},
        {"kind": "url"},
        {"kind": ["begin"]},
    ],
)
def test_senseless_messages_do_nothing(sender: Sender, uploader: Uploader, content: dict[str, Any]) -> None:
    sender.tell(content)
    assert uploader.files == []
    assert uploader.error is None


@pytest.mark.parametrize("seq", [-1, 4, 10**9, "0", None, 1.5])
def test_pieces_with_senseless_numbers_are_not_taken(sender: Sender, seq: Any) -> None:
    sender.begin()
    sender.tell({"kind": "chunk", "id": sender.id, "seq": seq, "crc": zlib.crc32(pieces(DATA)[0])}, pieces(DATA)[0])
    assert sender.ask()["missing"] == [(0, 3)]


def test_a_thumbnail_of_the_page_is_shown_and_anything_else_is_not(sender: Sender, uploader: Uploader) -> None:
    sender.begin()

    def thumb() -> str:
        uploader._news_of_thumbs.flush()
        return uploader.thumbs.get(sender.id, "")

    good = "data:image/webp;base64,UklGRg=="
    sender.tell({"kind": "thumb", "id": sender.id, "thumb": good})
    assert thumb() == good
    for bad in (
        "data:image/svg+xml;base64,UklGRg==",
        'data:image/webp;base64,"><script>',
        "https://example.org/track.png",
        "data:image/webp;base64," + "A" * 20_000,
        7,
    ):
        sender.tell({"kind": "thumb", "id": sender.id, "thumb": bad})
        assert thumb() == ""


def test_closing_the_widget_removes_what_has_not_arrived(spools: Path) -> None:
    uploader = Uploader(language="en")
    sender = Sender(uploader, DATA)
    sender.begin()
    sender.chunk(0)
    uploader.close()
    assert list(spools.iterdir()) == []
