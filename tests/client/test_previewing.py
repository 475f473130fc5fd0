"""`session.preview` against the embedded backend, and against servers that break off."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipynemo import AsyncNemo, Draft, Nemo, Preview, Session
from ipynemo.backend.render import excerpt
from ipynemo.client.mp4 import measured
from ipynemo.client.preview import SHOWN_BYTES
from ipynemo.errors import ConnectionFailedError, InvalidRequestError, NemoError, ProtocolError
from ipynemo.settings import Timing

WORDS = [{"id": f"w{n}", "tx": f"{n}", "st": 1000 * n, "d": 1000} for n in range(4)]
DRAFT = Draft({"t": [{"tt": 7, "sg": WORDS}], "d": 4000, "m": {"width": 160, "height": 90}})


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with Nemo("local", data=tmp_path_factory.mktemp("previews")) as nemo:
        session = nemo.create_session("Previews", language="en")
        session.save(DRAFT)
        yield session


def test_a_range_is_a_film_that_shows_and_saves_itself(session: Session, tmp_path: Path) -> None:
    progress: list[tuple[str, float]] = []
    pieces: list[bytes] = []
    preview = session.preview(
        1, 3.5, tmp_path / "part", on_progress=lambda *told: progress.append(told), on_bytes=pieces.append
    )
    assert (preview.start_s, preview.end_s, preview.duration_s) == (1.0, 3.5, 2.5)
    assert (preview.width_px, preview.height_px, preview.path) == (160, 90, tmp_path / "part.mp4")
    assert measured(io.BytesIO(preview.mp4)) == (2.5, 160, 90)
    assert b"".join(pieces) == preview.mp4 == (tmp_path / "part.mp4").read_bytes()
    assert str(preview).startswith("1–3.5 s (160×90, ")
    assert f'aria-label="{preview}"' in preview._repr_html_()
    assert (progress[-1], {stage for stage, _ in progress}) == (("render", 100.0), {"render"})
    assert [percent for _, percent in progress] == sorted({percent for _, percent in progress})
    assert preview.save(tmp_path / "copy.mp4").read_bytes() == preview.mp4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.mp4", "part.mp4"]
    with pytest.raises(InvalidRequestError, match=r"'x\.mp4' could not be written"):
        preview.save(tmp_path / "nowhere" / "x.mp4")


def test_without_an_end_it_goes_to_the_draft_s_and_another_draft_can_be_given(session: Session) -> None:
    assert (session.preview(height_px=64).end_s, session.preview(3).start_s) == (4.0, 3.0)
    other = Draft({**DRAFT.raw, "t": [{"tt": 7, "sg": WORDS[:2]}], "d": 2000})
    assert session.preview(1, 9, draft=other).end_s == 2.0


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"start_s": -1}, "start_s is a time in seconds, 0 or more, not -1."),
        ({"start_s": "1"}, "start_s is a time in seconds"),
        ({"end_s": True}, "end_s is a time in seconds"),
        ({"start_s": 2, "end_s": 2}, "A preview ends after it begins; 2 s is not after 2 s."),
        ({"start_s": 1, "end_s": 62}, "A preview is at most 60 s long, not 61 s."),
        ({"height_px": 63}, "height_px is 64–1080, not 63."),
        ({"start_s": 4, "end_s": 5}, "The draft ends at 4 s."),
        ({"path": "."}, "'' is a folder."),
        ({"draft": Draft()}, "There is nothing to look at yet."),
    ],
)
def test_what_cannot_be_asked_for_is_said(session: Session, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        session.preview(**asked)
    assert said in str(caught.value)


def test_the_cloud_names_another_way() -> None:
    with (
        Nemo("https://example.org", token="nmv_usr_of-nobody") as cloud,
        pytest.raises(InvalidRequestError, match=r"The cloud draws no previews\.") as caught,
    ):
        cloud.session("s").preview()
    assert 'session.export(quality="low")' in str(caught.value)


def test_one_that_is_too_large_for_a_cell_says_so() -> None:
    assert "write it to a file with .save(…)" in Preview(0, 1, b"x" * (SHOWN_BYTES + 1), 640, 360)._repr_html_()


async def test_it_can_be_cancelled(session: Session) -> None:
    first = asyncio.Event()
    loop = asyncio.get_running_loop()
    long = Draft({**DRAFT.raw, "d": 60_000, "m": {"width": 1920, "height": 1080}})
    making = asyncio.create_task(
        session._twin.preview(draft=long, height_px=1080, on_bytes=lambda _: loop.call_soon_threadsafe(first.set))
    )
    await first.wait()
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert (await session._twin.preview(0, 1)).end_s == 1.0


# -- servers that break off -------------------------------------------------------------------------------------------


class Breaking:
    """A server of one page of the protocol, which does with each preview what the next of its acts says."""

    def __init__(self, film: bytes, *acts: str) -> None:
        self.film, self.acts = film, list(acts)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        act = self.acts.pop(0)
        if act == "says":
            body = json.dumps({"code": 400, "message": "This range cannot be drawn: x.", "success": False}).encode()
            head = f"HTTP/1.1 400 No\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
        elif act == "older":
            body = b'{"code": 0, "data": {"jpeg": "", "at_s": 0}}'
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
        else:
            film = {"breaks": self.film[: len(self.film) // 2], "other": b"\0" * 100 + self.film}.get(act, self.film)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nTransfer-Encoding: chunked\r\n\r\n")
            writer.write(f"{len(film):x}\r\n".encode() + film + b"\r\n" + (b"" if act == "breaks" else b"0\r\n\r\n"))
        await writer.drain()
        writer.close()


FILM: list[bytes] = []


@pytest.fixture
async def film() -> bytes:
    if not FILM:
        pieces: list[bytes] = []
        excerpt(DRAFT, {}, 0, 2000, 64, pieces.append)
        FILM.append(b"".join(pieces))
    return FILM[0]


@pytest.mark.parametrize(
    ("acts", "outcome"),
    [
        (["breaks", "whole"], None),
        (["breaks", "says"], InvalidRequestError("This range cannot be drawn: x.")),
        (["breaks", "breaks"], ConnectionFailedError("Could not make a preview: ")),
        (["breaks", "other"], ProtocolError("The preview changed while it came.")),
        (["older"], ProtocolError("Asked to make a preview, the backend sent no video.")),
    ],
)
async def test_what_breaks_off_is_asked_for_once_more(film: bytes, acts: list[str], outcome: NemoError | None) -> None:
    server = Breaking(film, *acts)
    listening = await asyncio.start_server(server.answer, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    nemo = AsyncNemo(address, token="nmv_usr_of-the-tests", timing=Timing(connect_s=5))
    session = nemo.session("s-1", language="en")
    nemo._wire.endpoint.is_local = True  # the cloud is not asked at all
    pieces: list[bytes] = []
    try:
        if outcome is None:
            preview = await session.preview(0, 2, on_bytes=pieces.append)
            assert b"".join(pieces) == preview.mp4 == film
        else:
            with pytest.raises(type(outcome)) as caught:
                await session.preview(0, 2, on_bytes=pieces.append)
            assert outcome.message in caught.value.message
        assert server.acts == []
    finally:
        await nemo.aclose()
        listening.close()
