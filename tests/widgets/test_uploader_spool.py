"""Files in pieces on the disk."""

from __future__ import annotations

import errno
import gc
import random
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from upload_sender import CHUNK, pieces, total_of

from ipynemo.errors import UnsupportedFileError
from ipynemo.formats import check_name
from ipynemo.widgets import _spool
from ipynemo.widgets._spool import DamagedError, Spool, clean_name

DATA = random.Random(7).randbytes(2 * CHUNK + 17)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(len(DATA), tmp_path)
    yield spool
    spool.discard()


def put(spool: Spool, *numbers: int) -> None:
    for number in numbers:
        spool.write(number, pieces(DATA)[number], zlib.crc32(pieces(DATA)[number]))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 1, 0, 2, 0)])
def test_pieces_in_any_order_and_twice_make_the_same_file(spool: Spool, order: tuple[int, ...]) -> None:
    put(spool, *order)
    assert spool.finish(total_of(DATA), "film.mp4").read_bytes() == DATA


def test_what_is_missing_is_told_in_runs(spool: Spool) -> None:
    assert list(spool.missing()) == [(0, 2)]
    put(spool, 1)
    assert list(spool.missing()) == [(0, 0), (2, 2)]
    assert spool.arrived == CHUNK
    put(spool, 1, 2)
    assert list(spool.missing()) == [(0, 0)]
    assert spool.arrived == CHUNK + 17


def test_a_piece_that_comes_again_changes_nothing(spool: Spool) -> None:
    piece = pieces(DATA)[0]
    assert spool.write(0, piece, zlib.crc32(piece)) is True
    assert spool.write(0, piece, zlib.crc32(piece)) is False
    assert spool.arrived == CHUNK


@pytest.mark.parametrize(
    ("number", "piece", "crc"),
    [
        (0, DATA[:CHUNK], 1),  # changed on the way
        (0, DATA[: CHUNK - 1], zlib.crc32(DATA[: CHUNK - 1])),  # too short
        (2, DATA[:CHUNK], zlib.crc32(DATA[:CHUNK])),  # too long for the last one
        (3, b"x", zlib.crc32(b"x")),  # beyond the end
        (-1, DATA[:CHUNK], zlib.crc32(DATA[:CHUNK])),
        (1, b"", 0),
    ],
)
def test_a_piece_that_does_not_fit_is_refused(spool: Spool, number: int, piece: bytes, crc: int) -> None:
    with pytest.raises(DamagedError):
        spool.write(number, piece, crc)
    assert spool.arrived == 0


def test_a_file_with_a_hole_is_never_finished(spool: Spool) -> None:
    put(spool, 0, 2)
    with pytest.raises(DamagedError, match="1 of 3 pieces are missing"):
        spool.finish(total_of(DATA), "film.mp4")


def test_pieces_of_another_file_are_noticed_at_the_end(spool: Spool) -> None:
    put(spool, 0, 1)
    spool.write(2, b"\0" * 17, zlib.crc32(b"\0" * 17))
    with pytest.raises(DamagedError, match="do not belong together"):
        spool.finish(total_of(DATA), "film.mp4")


def test_the_file_has_a_folder_of_its_own_that_goes_with_it(spool: Spool, tmp_path: Path) -> None:
    put(spool, 0, 1, 2)
    path = spool.finish(total_of(DATA), "film.mp4")
    assert path.name == "film.mp4"
    assert path.is_relative_to(tmp_path)
    spool.discard()
    assert list(tmp_path.iterdir()) == []
    spool.discard()  # again: nothing happens
    assert spool.write(0, pieces(DATA)[0], zlib.crc32(pieces(DATA)[0])) is False


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # it is left open on purpose
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_file_that_nobody_holds_any_more_is_removed(tmp_path: Path) -> None:
    Spool(10, tmp_path)
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_the_disk_does_not_take_keeps_only_its_suffix(spool: Spool) -> None:
    put(spool, 0, 1, 2)
    path = spool.finish(total_of(DATA), "x" * 300 + ".mp4")
    assert path.name == "file.mp4"
    assert path.read_bytes() == DATA


def test_a_full_disk_is_told_as_it_is(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        closed = False

        def seek(self, at: int) -> None:
            pass

        def write(self, data: memoryview) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self) -> None:
            pass

    spool._file.close()
    monkeypatch.setattr(spool, "_file", Full())
    with pytest.raises(OSError, match="No space left"):
        put(spool, 0)


def test_room_is_what_is_left_beside_some_to_spare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    free = _spool.SPARE_BYTES + 1000
    monkeypatch.setattr(_spool.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": free}))
    assert _spool.has_room(999, tmp_path)
    assert not _spool.has_room(1000, tmp_path)


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("robot.png", "robot.png"),
        ("Was ist KI – 你好 👩‍🎨.png", "Was ist KI – 你好 👩‍🎨.png"),
        ("../../etc/passwd.png", "passwd.png"),
        ("..\\..\\windows\\robot.png", "robot.png"),
        ("/absolute/robot.png", "robot.png"),
        ("a\0b\nc\x1b[31m.png", "abc[31m.png"),
        ("safe\u202egnp.exe", "safegnp.exe"),
        (" robot.png ", "robot.png"),
        ("robot.png...", "robot.png"),
        ("", "file"),
        ("..", "file"),
        ("x" * 500 + ".jpeg", "x" * 115 + ".jpeg"),
        ("图" * 100 + ".png", "图" * 65 + ".png"),
    ],
)
def test_names_keep_what_people_wrote_and_lose_what_misleads(given: str, clean: str) -> None:
    assert clean_name(given) == clean


def test_a_turned_name_shows_what_the_file_is() -> None:
    with pytest.raises(UnsupportedFileError):
        check_name(clean_name("holiday\u202egnp.exe"))


@given(st.text())
def test_every_name_becomes_one_that_stays_in_its_folder(name: str) -> None:
    clean = clean_name(name)
    assert clean
    assert Path(clean).name == clean
    assert clean not in (".", "..")
    assert len(clean.encode()) <= 255
