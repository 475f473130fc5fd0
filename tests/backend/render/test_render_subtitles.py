"""The film's track of captions: at its times, in its language, off, and nothing else of the film the worse for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import pytest
from av.stream import Disposition

from ipynemo import Draft, captions
from ipynemo.backend.render import render
from ipynemo.client.mp4 import measure

SIZE = {"width": 160, "height": 90}
SAID: list[dict[str, Any]] = [
    {"tx": "We look for evidence,\nnot guesses.", "st": 200, "d": 800},
    {"tx": "<b>图片</b> -->\n\nis numbers.", "st": 1500, "d": 1210},  # a third of a frame longer than the film
]


def draft(said: list[dict[str, Any]], **meta: Any) -> Draft:
    words = {"tt": 7, "m": {"role": "title"}, "sg": [{"tx": "Hello", "d": 2000}]}
    caption = {"tt": 7, "m": {"role": "caption"}, "sg": said}
    return Draft({"t": [words, caption], "m": {**SIZE, **meta}})


def streams(path: Path) -> list[tuple[str, str | None, bool]]:
    """Return of each stream its codec, its language, and whether a player takes it unasked."""
    with av.open(str(path)) as film:
        return [(s.codec.name, s.language, bool(s.disposition & Disposition.default)) for s in film.streams]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    cut = Draft({**draft(SAID, language="zh-CN").raw, "d": 2700})
    render(cut, {}, path)
    return path


def test_the_captions_are_a_track_in_their_language_that_is_off(film: Path) -> None:
    assert streams(film) == [("h264", "und", True), ("aac", "und", True), ("mov_text", "zho", False)]


def test_a_player_reads_the_captions_at_their_times(film: Path) -> None:
    with av.open(str(film)) as container:
        track = container.streams.subtitles[0]
        read = [
            (round(float(packet.pts * track.time_base), 3), round(float(packet.duration * track.time_base), 3), text)
            for packet in container.demux(track)
            if packet.pts is not None and (text := bytes(packet)[2:].decode())
        ]
    assert read == [
        (0.2, 0.8, "We look for evidence,\nnot guesses."),
        (1.5, 1.2, "<b>图片</b> -->\nis numbers."),
    ]


def test_the_film_is_as_long_begins_at_once_and_counts_upwards(film: Path) -> None:
    assert measure(film) == (2.7, 160, 90)
    with film.open("rb") as file:
        assert file.read(64).index(b"moov") < 64  # before the pictures: it plays while it is loaded
    with av.open(str(film)) as container:
        assert [round(float(s.duration * s.time_base), 3) for s in container.streams] == [2.7, 2.7, 2.7]
        for stream in (container.streams.video[0], container.streams.audio[0], container.streams.subtitles[0]):
            container.seek(0)
            times = [packet.dts for packet in container.demux(stream) if packet.dts is not None]
            assert times == sorted(times)


def test_the_same_parts_give_the_same_bytes_and_without_captions_there_is_no_track(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        render(draft(SAID[:1]), {}, tmp_path / name, quality="low", cache=tmp_path / "parts")
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    render(draft([]), {}, tmp_path / "c.mp4", quality="low")
    assert [codec for codec, _, _ in streams(tmp_path / "c.mp4")] == ["h264", "aac"]
    assert captions.language_of(draft(SAID[:1])) == "und"
    assert streams(tmp_path / "a.mp4")[2] == ("mov_text", "und", False)


def test_the_packets_of_sound_and_captions_lie_where_the_pictures_of_their_time_do(film: Path) -> None:
    with av.open(str(film)) as container:
        places = [
            (packet.pos, float(packet.dts * packet.time_base))
            for packet in container.demux()
            if packet.dts is not None and packet.time_base is not None and packet.pos is not None
        ]
    behind = 0.0
    latest = 0.0
    for _, at_s in sorted(places):
        behind, latest = max(behind, latest - at_s), max(latest, at_s)
    assert behind < 1.1  # seconds that a player must hold back
