"""Captions and transcript beside a clip: at its name, replaced only where they are ours, from the draft it shows."""

# ruff: noqa: ASYNC240 - a test may hold up its own loop

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from peer import Peer, left_in, nemo_of

from ipynemo import Draft, Nemo, captions
from ipynemo.client.sidecars import write_sidecars
from ipynemo.errors import InvalidRequestError

SAID: dict[str, Any] = {
    "t": [
        {"tt": 0, "sg": [{"d": 3000, "n": "city.png"}]},
        {"tt": 7, "m": {"role": "caption"}, "sg": [{"tx": "A picture is numbers.", "d": 2000}]},
    ],
    "m": {"title": "Urban Dreams", "language": "en"},
}
OTHER = Draft({"t": [{"tt": 7, "m": {"role": "caption"}, "sg": [{"tx": "Other words.", "d": 2000}]}]})


@pytest.fixture
def ready(peer: Peer, video: Path) -> Peer:
    peer.set(video=str(video), draft=SAID)
    return peer


def names(paths: tuple[Path, ...]) -> list[str]:
    return [path.name for path in paths]


async def test_an_export_writes_captions_and_transcript_beside_the_clip_when_asked(ready: Peer) -> None:
    async with nemo_of(ready) as nemo:
        clip = await nemo.session("s-1").export("out/city.mp4", captions=True)
        plain = await nemo.session("s-1").export("plain.mp4")
    assert names(clip.captions) == ["city.srt", "city.txt", "city.vtt"]
    assert left_in(Path("out")) == ["city.mp4", "city.srt", "city.txt", "city.vtt"]
    assert Path("out/city.srt").read_text("utf-8") == "1\n00:00:00,000 --> 00:00:02,000\nA picture is numbers.\n"
    assert Path("out/city.txt").read_text("utf-8") == captions.transcript(Draft(SAID))
    vtt = Path("out/city.vtt").read_text("utf-8").split("\n\n")
    assert (vtt[0], vtt[2]) == ("WEBVTT", "00:00:00.000 --> 00:00:01.999\nA picture is numbers.\n")
    assert clip.description == "A frame of the video: The picture “city.png”."
    assert plain.captions == ()
    assert [path.name for path in Path().glob("plain*")] == ["plain.mp4"]


def test_a_blocking_session_writes_them_too_and_a_batch_for_each_picture(ready: Peer) -> None:
    for name in ("a.png", "b.png"):
        Path(name).write_bytes(b"\x89PNG\r\n\x1a\n" + name.encode())
    with Nemo(ready.url, token="t", language="en") as nemo:
        clip = nemo.session("s-1").export("c.mp4", captions=True)
        results = nemo.explain_many(["a.png", "b.png"], folder="clips", captions=True)
    assert names(clip.captions) == ["c.srt", "c.txt", "c.vtt"]
    assert [names(result.clip.captions) for result in results if result.clip] == [
        ["a.srt", "a.txt", "a.vtt"],
        ["b.srt", "b.txt", "b.vtt"],
    ]


async def test_a_render_that_is_picked_up_gets_them_from_the_sessions_draft_if_that_is_as_long(
    ready: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    async with nemo_of(ready) as nemo:
        session = nemo.session("s-1")
        length_s = (await session.export("first.mp4")).duration_s
        caption = {"tx": "Hello", "d": round(length_s * 1000)}
        ready.set(draft={"t": [{"tt": 7, "m": {"role": "caption"}, "sg": [caption]}]})
        clip = await session.resume(await session.submit(), "same.mp4", captions=True)
        assert names(clip.captions) == ["same.srt", "same.txt", "same.vtt"]
        ready.set(draft=SAID)  # somebody has gone on working
        with caplog.at_level(logging.WARNING, "ipynemo"):
            clip = await session.resume(clip.render_id, "late.mp4", captions=True)
    assert clip.captions == ()
    assert [path.name for path in Path().glob("late*")] == ["late.mp4"]
    assert "The draft has changed since late.mp4 was ordered" in caplog.text


def test_our_own_files_are_replaced_and_nobody_elses(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    assert names(write_sidecars(clip, Draft(SAID))) == ["clip.srt", "clip.txt", "clip.vtt"]
    assert names(write_sidecars(clip, OTHER)) == ["clip.srt", "clip.txt", "clip.vtt"]
    assert "Other words." in (tmp_path / "clip.srt").read_text("utf-8")
    (tmp_path / "clip.srt").write_text("1\n00:00:00,000 --> 00:00:02,000\nOther words, corrected.\n", "utf-8")
    assert names(write_sidecars(clip, Draft(SAID))) == ["clip-2.srt", "clip-2.txt", "clip-2.vtt"]
    assert "corrected" in (tmp_path / "clip.srt").read_text("utf-8")
    assert [path.name for path in tmp_path.glob("*.part")] == []


def test_notes_of_somebody_are_left_alone(tmp_path: Path) -> None:
    for name, content in (("clip.txt", b"my notes"), ("clip-2.vtt", b"\xff\xfe"), ("clip-3.srt", b"")):
        (tmp_path / name).write_bytes(content)
    assert names(write_sidecars(tmp_path / "clip.mp4", Draft(SAID))) == ["clip-4.srt", "clip-4.txt", "clip-4.vtt"]
    assert (tmp_path / "clip.txt").read_bytes() == b"my notes"


def test_where_there_are_no_captions_the_words_in_the_picture_stand_for_them(tmp_path: Path) -> None:
    titles = Draft({"t": [{"tt": 7, "m": {"role": "title"}, "sg": [{"tx": "Hello", "d": 2000}]}]})
    write_sidecars(tmp_path / "clip.mp4", titles)
    assert (tmp_path / "clip.srt").read_text("utf-8") == "1\n00:00:00,000 --> 00:00:02,000\nHello\n"
    wordless = Draft({"t": [{"tt": 0, "sg": [{"d": 2000, "n": "a.png"}]}]})
    assert names(write_sidecars(tmp_path / "clip.mp4", wordless)) == ["clip.txt", "clip.vtt"]
    assert not (tmp_path / "clip.srt").exists()  # it was ours, and would tell of words that are gone


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"The captions of 'clip\.mp4' could not be written: .*directory"):
        write_sidecars(tmp_path / "gone" / "clip.mp4", Draft(SAID))
