"""Evidence over HTTP: read at the upload from the original bytes, kept with the file, and told in the chat."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ipynemo.backend.evidence import evidence_text, kept_evidence

if TYPE_CHECKING:
    from pathlib import Path

    from serving import ServerProcess, User

RECORD = "my private robot\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, Seed: 1, Model: v1-5-pruned"


@pytest.fixture
def robot(tmp_path: Path) -> bytes:
    info = PngInfo()
    info.add_text("parameters", RECORD)
    Image.new("RGB", (64, 48), "teal").save(tmp_path / "robot.png", pnginfo=info)
    return (tmp_path / "robot.png").read_bytes()


def said(frames: list[dict[str, object]]) -> str:
    return json.dumps(frames, ensure_ascii=False)


def test_evidence_is_read_at_the_upload_and_kept_with_the_file(
    server: ServerProcess, somebody: User, robot: bytes
) -> None:
    [file] = somebody.upload(("robot.png", robot)).json()["data"]["files"]
    with sqlite3.connect(server.data / "ipynemo.sqlite3") as db:
        [(kept,)] = db.execute("SELECT evidence FROM assets WHERE id = ?", [file["id"]]).fetchall()
    found = kept_evidence(kept)
    assert found is not None
    assert (found.level, found.generators, found.models) == ("stated", ("Stable Diffusion web UI",), ("v1-5-pruned",))
    assert found.prompt == "my private robot"
    [path] = (server.data / "files" / somebody.session_id).iterdir()
    path.write_bytes(b"gone")  # who reads the file again finds nothing
    answer = said(somebody.say("which model made this?"))
    assert "A record in the file “robot.png” names v1-5-pruned, Stable Diffusion web UI." in answer
    assert "private robot" not in answer
    assert "文件“robot.png”里没有能读取的签名记录" in said(somebody.say("谁签的名？"))


def test_a_hostile_file_is_taken_and_said_to_be_unreadable(somebody: User, tmp_path: Path) -> None:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>')
    Image.new("RGB", (64, 48)).save(tmp_path / "evil.png", pnginfo=info)
    assert somebody.upload(("evil.png", (tmp_path / "evil.png").read_bytes())).status_code == 200
    assert "What the file “evil.png” states could not be read." in said(somebody.say("was this made by AI?"))


def test_a_broken_trust_list_does_not_stop_an_upload(
    tmp_path: Path, robot: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("IPYNEMO_TRUST_ANCHORS", str(tmp_path / "gone.pem"))
    assert evidence_text(tmp_path / "robot.png", "image") is None
    assert "The trust list gone.pem cannot be read" in caplog.text


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"name": 1, "format": "png", "statements": [{}]}'])
def test_what_was_kept_and_cannot_be_used_is_read_again(text: str | None) -> None:
    assert kept_evidence(text) is None


def test_a_sound_has_no_evidence_to_read(tmp_path: Path) -> None:
    assert evidence_text(tmp_path / "gone.mp3", "audio") is None
