"""What the timeline's page plays: a range of the draft that is shown, in pieces while it is made, and the latest."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from widget_kit import Wire, on_loop, say, say_control, until

from ipynemo import Draft, Nemo, Preview, Session, Timeline
from ipynemo.client.mp4 import measured
from ipynemo.errors import InvalidRequestError
from ipynemo.widgets._timeline_plays import Plays, first_sight_ms

OWN = Draft({"t": [{"tt": 7, "sg": [{"tx": "Hello", "st": 0, "d": 2000}]}], "d": 2000, "m": {"title": "Own"}})


class Made:
    """In place of a session that makes films: each waits until it is let go on."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, float]] = []
        self.cancelled: list[float] = []
        self.go_on = asyncio.Event()

    async def __call__(self, start_s: float, end_s: float, on_bytes: Any) -> Preview:
        self.asked.append((start_s, end_s))
        on_bytes(b"head")
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled.append(start_s)
            raise
        if start_s == 7:
            raise InvalidRequestError("This range cannot be drawn.")
        on_bytes(b"x" * 300_000)
        on_bytes(b"end")
        return Preview(start_s, end_s, b"", 640, 360)


def plays(made: Made) -> tuple[Plays, list[tuple[dict[str, Any], int]]]:
    """Return it, and what it sends: messages, and how many bytes came with each."""
    sent: list[tuple[dict[str, Any], int]] = []
    started: list[asyncio.Task[Any]] = []

    def start(work: Any, **_: Any) -> None:
        started.append(asyncio.ensure_future(work()))

    def push(content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        sent.append((content, sum(map(len, buffers or ()))))

    return Plays(start, made, push), sent


async def rest() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_range_is_sent_in_pieces_and_the_last_one_says_so() -> None:
    made = Made()
    made.go_on.set()
    playing, sent = plays(made)
    playing.want({"n": 1, "from_ms": 500, "to_ms": 2500})
    await rest()
    assert made.asked == [(0.5, 2.5)]
    assert sent == [
        ({"kind": "play", "n": 1, "is_last": False}, 300_004),
        ({"kind": "play", "n": 1, "is_last": True}, 3),
    ]


async def test_another_one_ends_the_first_and_stop_ends_the_one_that_it_names() -> None:
    made = Made()
    playing, sent = plays(made)
    for number in (1, 2):
        playing.want({"n": number, "from_ms": 1000 * number, "to_ms": 9000})
        await rest()
    assert (made.asked, made.cancelled) == ([(1.0, 9.0), (2.0, 9.0)], [1.0])
    playing.stop(1)
    await rest()
    assert made.cancelled == [1.0]
    playing.stop(2)
    await rest()
    assert (made.cancelled, sent) == ([1.0, 2.0], [])


async def test_why_it_cannot_be_made_is_told_and_nonsense_is_not_heard() -> None:
    made = Made()
    made.go_on.set()
    playing, sent = plays(made)
    for wrong in (
        {},
        {"n": 1, "from_ms": 5, "to_ms": 5},
        {"n": 1, "from_ms": -1, "to_ms": 5},
        {"n": 1, "from_ms": True},
    ):
        playing.want(wrong)
    playing.want({"n": 1, "from_ms": 0, "to_ms": 1.5})
    await rest()
    assert made.asked == []
    playing.want({"n": 3, "from_ms": 7000, "to_ms": 8000})
    await rest()
    assert sent == [({"kind": "play", "n": 3, "failed": "This range cannot be drawn."}, 0)]


@pytest.mark.parametrize(
    ("shots", "wanted"),
    [
        ([], 0),
        ([{"st": 0, "d": 4000}], 0),
        ([{"st": 4000, "d": 4000}, {"st": 0, "d": 4000, "m": {"transition": {"kind": "fade", "d": 600}}}], 600),
        ([{"st": 0, "d": 4000, "m": {"transition": {"kind": "crossfade"}}}], 500),
        ([{"st": 1500, "d": 4000}], 1500),
        ([{"st": 0, "d": 4000, "m": {"transition": {"kind": "fade", "d": "soon"}}}], 0),
        ([{"st": 0, "d": 600, "m": {"transition": {"kind": "fade", "d": 600}}}], 600 - 1000 / 30),
    ],
)
def test_the_first_sight_is_behind_the_fade(shots: list[dict[str, Any]], wanted: float) -> None:
    draft = Draft({"t": [{"tt": 7, "sg": [{"tx": "x", "d": 100}]}, {"tt": 0, "sg": shots}]})
    assert first_sight_ms(draft) == wanted
    assert Timeline(draft=draft).state["poster_ms"] == wanted


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Nemo("local", data=tmp_path) as nemo:
        yield nemo.create_session("Plays", language="en")


def test_the_page_gets_a_film_of_the_draft_that_is_shown(session: Session) -> None:
    timeline = Timeline(session, draft=OWN)
    wire = Wire(timeline)
    say(timeline, kind="play", n=1, from_ms=0, to_ms=9000)
    until(lambda: any(one.get("is_last") for one in wire.messages))
    pieces = [one for one in wire.sent if one["method"] == "custom" and one["content"]["kind"] == "play"]
    film = b"".join(bytes(piece) for one in pieces for piece in one["buffers"] or ())
    assert measured(io.BytesIO(film)) == (2.0, 640, 360)
    assert (timeline.error, timeline.busy) == (None, False)
    say(timeline, kind="play", n=2, from_ms=2500, to_ms=9000)
    until(lambda: any(one.get("failed") for one in wire.messages))
    assert [one.get("failed") for one in wire.messages if one.get("n") == 2] == ["The draft ends at 2 s."]
    say_control(timeline, kind="stop_play", n=2)
    on_loop(rest)
    assert timeline.error is None
