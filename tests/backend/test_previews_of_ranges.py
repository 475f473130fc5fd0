"""Ranges on a real server: a film that comes while it is made, and stops being made when nobody listens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import httpx
import psutil
import pytest
from serving import ServerProcess, User, png

RED, BLUE = "#d02020", "#2040d0"
NOISE = {"from": [0.3, 0.3, 1.0], "to": [0.7, 0.7, 2.0]}


def draft_of(user: User, *colours: str, ms: int = 1000, size: tuple[int, int] = (320, 180)) -> dict[str, Any]:
    """Return a draft of a moving picture of each colour."""
    files = user.upload(*((f"{c[1:]}.png", png(c)) for c in colours)).json()["data"]["files"]
    shots = [{"src": one["id"], "st": ms * n, "d": ms, "m": {"motion": NOISE}} for n, one in enumerate(files)]
    return {"t": [{"tt": 0, "sg": shots}], "d": ms * len(shots), "m": {"width": size[0], "height": size[1]}}


def address(user: User) -> str:
    return f"/api/preview/nemo_agent/me/{user.session_id}"


def ranged(user: User, from_ms: int, to_ms: int, **order: Any) -> httpx.Response:
    return user.http.post(address(user), json={"from_ms": from_ms, "to_ms": to_ms, "height_px": 64, **order})


def frames(film: bytes, path: Path) -> list[tuple[int, ...]]:
    """Return the colour amid each frame."""
    path.write_bytes(film)
    with av.open(str(path)) as container:
        assert len(container.streams.audio) == 1
        pictures = [frame.to_image() for frame in container.decode(video=0)]
        return [tuple(round(v / 16) for v in one.getpixel((one.width // 2, one.height // 2))) for one in pictures]


def test_a_range_comes_as_an_mp4_with_sound(somebody: User, tmp_path: Path) -> None:
    draft = draft_of(somebody, RED, BLUE)
    answer = ranged(somebody, 500, 1500, draft=draft)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4"), answer.text
    shown = frames(answer.content, tmp_path / "a.mp4")
    assert (len(shown), shown[0], shown[14], shown[15], shown[29]) == (30, *[(13, 2, 2)] * 2, *[(2, 4, 13)] * 2)
    assert ranged(somebody, 500, 1500, draft=draft).content == answer.content
    assert somebody.http.put(f"/api/state/nemo_agent/me/{somebody.session_id}/draft", json={"draft": draft}).is_success
    own = ranged(somebody, 1800, 9000)
    assert frames(own.content, tmp_path / "own.mp4") == [(2, 4, 13)] * 6


@pytest.mark.parametrize(
    ("order", "status", "said"),
    [
        ({"from_ms": 500, "to_ms": 500}, 400, "A range has from_ms and a later to_ms."),
        ({"from_ms": 500}, 400, "A range has from_ms and a later to_ms."),
        ({"from_ms": 0, "to_ms": 60_001}, 400, "It is at most 60 s long."),
        ({"from_ms": 2000, "to_ms": 3000}, 400, "The draft ends at 1 s."),
        ({"from_ms": 0, "to_ms": 1000, "draft": {}}, 400, "There is nothing to look at yet."),
        ({"from_ms": -1, "to_ms": 1000}, 422, "from_ms"),
        ({"from_ms": 0.5, "to_ms": 1000}, 422, "from_ms"),
    ],
)
def test_a_wrong_range_is_refused(somebody: User, order: dict[str, Any], status: int, said: str) -> None:
    draft = {"t": [{"tt": 7, "sg": [{"tx": ".", "st": 0, "d": 1000}]}], "d": 1000}
    answer = somebody.http.post(address(somebody), json={"draft": draft, **order})
    assert answer.status_code == status, answer.text
    assert said in answer.json()["message"]


def test_what_cannot_be_made_is_said_and_the_next_range_is_made(somebody: User) -> None:
    gone = {"t": [{"tt": 0, "sg": [{"src": "ast_gone", "st": 0, "d": 1000}]}], "d": 1000}
    for _ in range(2):
        answer = ranged(somebody, 0, 1000, draft=gone)
        assert answer.status_code == 400
        assert answer.json()["message"].startswith("This range cannot be drawn: segment 1 of track 1")
    assert ranged(somebody, 0, 500, draft=draft_of(somebody, RED)).status_code == 200


def test_the_token_and_the_session_are_asked_for(server: ServerProcess, somebody: User) -> None:
    draft = {"t": [{"tt": 7, "sg": [{"tx": ".", "st": 0, "d": 1000}]}], "d": 1000}
    other = server.stranger()
    body = {"draft": draft, "from_ms": 0, "to_ms": 500}
    answer = somebody.http.post(address(other), json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, 1002)
    url = server.base_url + address(other)
    assert httpx.post(url, json=body, trust_env=False).status_code == 401


def makers(server: ServerProcess) -> list[psutil.Process]:
    children = psutil.Process(server.process.pid).children()
    return [child for child in children if "--aside" in child.cmdline()]


def test_a_range_begins_to_come_early_goes_after_others_and_ends_with_its_listener(
    server: ServerProcess, somebody: User
) -> None:
    draft = draft_of(somebody, RED, ms=60_000, size=(1920, 1080))
    body = {"draft": draft, "from_ms": 0, "to_ms": 60_000, "height_px": 1080}
    with somebody.http.stream("POST", address(somebody), json=body) as answer:
        pieces = answer.iter_raw()
        came = b""
        while b"moof" not in came:
            came += next(pieces)
        assert came[4:8] == b"ftyp"
        assert came.count(b"moof") < 20  # of 60: it comes while it is made
        [maker] = makers(server)
        assert maker.nice() == psutil.Process(server.process.pid).nice() + 5
    psutil.wait_procs([maker], timeout=20)
    assert not maker.is_running()
    assert ranged(somebody, 0, 100, draft=draft).status_code == 200


def test_a_listener_who_leaves_before_the_beginning_ends_it_too(server: ServerProcess, somebody: User) -> None:
    draft = draft_of(somebody, RED, ms=60_000, size=(1920, 1080))
    body = {"draft": draft, "from_ms": 0, "to_ms": 60_000, "height_px": 1080}
    with somebody.http.stream("POST", address(somebody), json=body) as first:
        pieces = first.iter_raw()  # which ends the answer when it is let go of
        next(pieces)
        with pytest.raises(httpx.ReadTimeout):  # waits behind the first one, as a user's second has to
            somebody.http.post(address(somebody), json={**body, "from_ms": 1000}, timeout=0.4)
        assert len(makers(server)) == 1
    # Neither is made any more, so that there is room at once.
    assert ranged(somebody, 0, 100, draft=draft).status_code == 200
    assert len(makers(server)) == 1


def test_stills_do_not_wait_for_a_range(somebody: User) -> None:
    draft = draft_of(somebody, RED, ms=60_000, size=(1920, 1080))
    body = {"draft": draft, "from_ms": 0, "to_ms": 60_000, "height_px": 1080}
    with somebody.http.stream("POST", address(somebody), json=body) as answer:
        pieces = answer.iter_raw()
        next(pieces)
        for at_s in (1.0, 2.0):
            assert somebody.http.post(address(somebody), json={"draft": draft, "at_s": at_s}).status_code == 200
        came = b"".join(piece for piece, _ in zip(pieces, range(3), strict=False))
        assert came  # the range still comes
