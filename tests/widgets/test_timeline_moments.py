"""The timeline's picture of a moment: what the page points at, the latest first, drawn by the real backend."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from widget_kit import Wire, say, until

from ipynemo import Draft, Nemo, Session, Still, Timeline, edits
from ipynemo.errors import InvalidRequestError


@pytest.fixture(scope="module")
def nemo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nemo]:
    with Nemo("local", data=tmp_path_factory.mktemp("moments")) as nemo:
        yield nemo


@pytest.fixture
def session(nemo: Nemo, tmp_path: Path) -> Session:
    """A session with a draft of two pictures, a second each: red, then blue."""
    session = nemo.create_session("Moments", language="en")
    for name, colour in (("red", (208, 32, 32)), ("blue", (32, 64, 208))):
        Image.new("RGB", (64, 36), colour).save(tmp_path / f"{name}.png")
    session.upload(tmp_path / "red.png", tmp_path / "blue.png")
    ids = [info["id"] for info in session.state()["video_infos"]]
    shots = [{"id": f"s{n}", "src": one, "st": 1000 * n, "d": 1000} for n, one in enumerate(ids)]
    session.save(Draft({"t": [{"tt": 0, "sg": shots}], "d": 2000}))
    return session


def colour_of(jpeg: bytes) -> tuple[int, ...]:
    picture = Image.open(io.BytesIO(jpeg))
    assert picture.size == (640, 360)
    return tuple(round(value / 16) * 16 for value in picture.getpixel((320, 180)))


def moments(wire: Wire) -> list[tuple[int, float, tuple[int, ...] | None]]:
    found = [one for one in wire.sent if one.get("method") == "custom" and one["content"]["kind"] == "moment"]
    return [
        (one["content"]["n"], one["content"]["at_s"], colour_of(one["buffers"][0]) if one["buffers"] else None)
        for one in found
    ]


def test_the_page_gets_the_moment_that_it_points_at(session: Session) -> None:
    timeline = Timeline(session)
    until(lambda: timeline.state["has_draft"])
    assert timeline.state["can_preview"]
    wire = Wire(timeline)
    say(timeline, kind="moment", n=1, at_s=0.4)
    until(lambda: len(moments(wire)) == 1)
    say(timeline, kind="moment", n=2, at_s=1.4)
    until(lambda: len(moments(wire)) == 2)
    assert moments(wire) == [(1, 0.4, (208, 32, 32)), (2, 1.4, (32, 64, 208))]
    for at_s in (-1, "x", None, True):
        say(timeline, kind="moment", n=3, at_s=at_s)
    assert timeline.error is None


def test_of_many_moments_the_last_is_drawn_and_most_are_left_out(session: Session) -> None:
    timeline = Timeline(session)
    until(lambda: timeline.state["has_draft"])
    wire = Wire(timeline)
    for number in range(1, 41):
        say(timeline, kind="moment", n=number, at_s=number / 25)
    until(lambda: bool(moments(wire)) and moments(wire)[-1][0] == 40)
    assert moments(wire)[-1] == (40, 1.6, (32, 64, 208))
    assert len(moments(wire)) < 30


def test_a_draft_of_one_s_own_is_drawn_and_not_the_session_s(session: Session) -> None:
    timeline = Timeline(session)
    until(lambda: timeline.state["has_draft"])
    assert timeline.draft is not None
    timeline.draft = edits.remove_segment(timeline.draft, track=1, segment=1)
    wire = Wire(timeline)
    say(timeline, kind="moment", n=1, at_s=0.4)
    until(lambda: len(moments(wire)) == 1)
    assert moments(wire) == [(1, 0.4, (32, 64, 208))]


def test_what_cannot_be_drawn_is_no_error_on_the_page(session: Session) -> None:
    timeline = Timeline(
        session, draft=Draft({"t": [{"tt": 0, "sg": [{"src": "gone", "st": 0, "d": 1000}]}], "d": 1000})
    )
    wire = Wire(timeline)
    say(timeline, kind="moment", n=1, at_s=0.4)
    until(lambda: len(moments(wire)) == 1)
    assert moments(wire) == [(1, 0.4, None)]
    assert timeline.error is None


def test_a_still_shows_and_saves_itself(session: Session, nemo: Nemo, tmp_path: Path) -> None:
    still = session.still(1.2, height_px=180)
    assert isinstance(still, Still)
    assert still.save(tmp_path / "still.jpg").read_bytes() == still._repr_jpeg_() == still.jpeg
    assert repr(still).startswith("Still(at_s=1.2, ")
    with pytest.raises(InvalidRequestError, match=r"There is nothing to look at yet\."):
        nemo.create_session("Empty").still()
    for wrong in (-1, True, "1", float("nan")):
        with pytest.raises(InvalidRequestError, match="at_s is a time in seconds"):
            session.still(wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequestError, match="height_px is 64–1080, not 63"):
        session.still(0, height_px=63)
    cloud = Nemo("https://example.org", token="nmv_usr_of-nobody")
    with pytest.raises(InvalidRequestError, match=r"The cloud draws no previews\."):
        cloud.session("s").still()
    cloud.close()
