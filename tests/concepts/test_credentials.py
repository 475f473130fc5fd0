"""C2PA records: what is said of a signed, a changed, an online and a broken one."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from ipynemo.concepts.metadata import Statement, stated
from signing import Authority, authority, sign

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACTION = "a step of its making, with Model X 2"


@pytest.fixture(scope="module")
def by() -> Authority:
    return authority()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.jpg", quality=95)
    return tmp_path / "a.jpg"


def test_a_picture_without_a_record_states_nothing(picture: Path) -> None:
    assert stated(picture) == []


def test_a_signed_record_is_told_with_its_signer_who_cannot_be_checked(picture: Path, by: Authority) -> None:
    signed = sign(picture, picture.with_name("s.jpg"), by, softwareAgent={"name": "Model X", "version": "2"})
    assert stated(signed) == [
        Statement(
            "C2PA",
            "signer",
            "Test Signer · Test Signer Org",
            "The record fits the file. Who the signer is cannot be checked here.",
            "signed",
        ),
        Statement("C2PA", "claim generator", "Paint Machine 1.0", "the software that wrote the record", "signed"),
        Statement("C2PA", "action", "c2pa.created", ACTION, "signed"),
        Statement("C2PA", "AI agent", "Model X 2", "did the step c2pa.created", "signed"),
        Statement("C2PA", "DigitalSourceType", "trainedAlgorithmicMedia", "made by a generative AI model", "signed"),
    ]


def test_with_the_authority_given_somebody_vouches_for_the_signer(picture: Path, by: Authority) -> None:
    signed = sign(picture, picture.with_name("s.jpg"), by)
    assert stated(signed, trust_anchors=by.root)[0].meaning == (
        "The record fits the file, and an authority on the list given vouches for the signer."
    )
    assert stated(signed, trust_anchors=authority().root)[0].meaning == (
        "The record fits the file. Who the signer is cannot be checked here."
    )


@pytest.mark.parametrize(("suffix", "mime"), [("png", "image/png"), ("webp", "image/webp"), ("gif", "image/gif")])
def test_records_are_read_from_the_other_picture_formats(picture: Path, by: Authority, suffix: str, mime: str) -> None:
    Image.open(picture).save(picture.with_suffix(f".{suffix}"))
    signed = sign(picture.with_suffix(f".{suffix}"), picture.with_name(f"s.{suffix}"), by, mime=mime)
    assert [statement.field for statement in stated(signed)] == [
        "signer",
        "claim generator",
        "action",
        "DigitalSourceType",
    ]


def test_a_picture_changed_after_signing_has_no_signed_statement_left(picture: Path, by: Authority) -> None:
    signed = sign(picture, picture.with_name("s.jpg"), by)
    content = bytearray(signed.read_bytes())
    content[-200] ^= 0xFF
    signed.write_bytes(content)
    found = stated(signed)
    assert {statement.level for statement in found} == {"stated"}
    assert found[:2] == [
        Statement(
            "C2PA",
            "record",
            "does not fit this file",
            "The file or its record was changed after signing, so nothing in the record can be relied on.",
            "stated",
        ),
        Statement(
            "C2PA", "signer", "Test Signer · Test Signer Org", "The signature does not hold for this file.", "stated"
        ),
    ]


def test_what_a_parent_says_is_not_signed_where_its_own_record_did_not_fit(picture: Path, by: Authority) -> None:
    before = sign(picture, picture.with_name("before.jpg"), by)
    whole = stated(sign(picture, picture.with_name("a1.jpg"), by, parent=before))
    assert {s.level for s in whole if s.source == "C2PA parent"} == {"signed"}
    content = bytearray(before.read_bytes())
    content[-200] ^= 0xFF
    before.write_bytes(content)
    found = stated(sign(picture, picture.with_name("a2.jpg"), by, parent=before))
    assert {s.level for s in found if s.source == "C2PA"} == {"signed"}
    assert {s.level for s in found if s.source == "C2PA parent"} == {"stated"}


def test_a_record_moved_to_another_picture_does_not_fit(picture: Path, by: Authority) -> None:
    signed = sign(picture, picture.with_name("s.jpg"), by).read_bytes()
    other = picture.with_name("other.jpg")
    Image.new("RGB", (64, 64), "red").save(other)
    start = signed.find(b"\xff\xeb")
    length = int.from_bytes(signed[start + 2 : start + 4]) + 2
    plain = other.read_bytes()
    other.write_bytes(plain[:2] + signed[start : start + length] + plain[2:])
    assert stated(other)[0].value == "does not fit this file"


def test_saving_again_loses_the_record(picture: Path, by: Authority) -> None:
    signed = sign(picture, picture.with_name("s.jpg"), by)
    with Image.open(signed) as image:
        image.save(picture.with_name("again.jpg"))
    assert stated(picture.with_name("again.jpg")) == []


@pytest.fixture
def online() -> Iterator[tuple[str, list[str]]]:
    """A server, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def test_a_record_stored_online_is_told_and_not_fetched(
    picture: Path, by: Authority, online: tuple[str, list[str]]
) -> None:
    address, asked = online
    signed = sign(picture, picture.with_name("s.jpg"), by, remote=f"{address}/record.c2pa")
    assert stated(signed) == [
        Statement(
            "C2PA",
            "record",
            "the record is stored online and was not read",
            "Nothing is fetched from the network for this.",
            "stated",
        )
    ]
    assert asked == []


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
def test_a_record_cut_short_is_said_to_be_unreadable_or_not_to_fit(picture: Path, by: Authority, cut: float) -> None:
    content = sign(picture, picture.with_name("s.jpg"), by).read_bytes()
    picture.write_bytes(content[: int(len(content) * cut)])
    found = [statement for statement in stated(picture) if statement.source == "C2PA"]
    assert found
    assert found[0].field in ("unreadable", "record")
    assert {statement.level for statement in found} == {"stated"}


def test_records_damaged_at_random_never_raise_and_are_never_signed_falsely(picture: Path, by: Authority) -> None:
    content = np.frombuffer(sign(picture, picture.with_name("s.jpg"), by).read_bytes(), np.uint8)
    whole = stated(picture.with_name("s.jpg"))
    start, end = content.tobytes().find(b"\xff\xeb"), content.tobytes().find(b"\xff\xdb")
    random = np.random.default_rng(5)
    for _ in range(60):
        damaged = content.copy()
        at = random.integers(start + 40, end)
        damaged[at] ^= random.integers(1, 256, dtype=np.uint8)
        picture.write_bytes(damaged.tobytes())
        found = [statement for statement in stated(picture) if statement.level == "signed"]
        assert not found or found == whole  # a byte of padding may change
