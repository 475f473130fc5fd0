"""Previews on a real server: the right moment, small, from a child that is replaced when it breaks off."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import httpx
import psutil
import pytest
from PIL import Image
from serving import ServerProcess, User, png, title_draft

RED, BLUE = "#d02020", "#2040d0"


def draft(*colours: str) -> dict[str, Any]:
    """Return a second of nothing but this colour for each."""
    segments = [
        {"id": f"s{n}", "st": 1000 * n, "d": 1000, "tx": ".", "m": {"style": {"background": colour, "size": 9}}}
        for n, colour in enumerate(colours)
    ]
    return {"t": [{"tt": 7, "sg": segments}], "d": 1000 * len(colours), "m": {"background": colours[0]}}


def preview(user: User, **order: Any) -> httpx.Response:
    return user.http.post(f"/api/preview/nemo_agent/me/{user.session_id}", json=order)


def picture_of(answer: httpx.Response) -> Image.Image:
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(base64.b64decode(answer.json()["data"]["jpeg"])))


def test_a_moment_is_drawn_small_and_is_the_moment_asked_for(somebody: User) -> None:
    files = somebody.upload(("red.png", png(RED)), ("blue.png", png(BLUE))).json()["data"]["files"]
    ids = [one["id"] for one in files]
    shots = [{"id": f"s{n}", "src": one, "st": 1000 * n, "d": 1000} for n, one in enumerate(ids)]
    order = {"t": [{"tt": 0, "sg": shots}], "d": 2000}
    for at_s, wanted in ((0.5, (208, 32, 32)), (0.99, (208, 32, 32)), (1.0, (32, 64, 208)), (99, (32, 64, 208))):
        picture = picture_of(preview(somebody, draft=order, at_s=at_s, height_px=90))
        assert picture.size == (160, 90)
        assert all(abs(got - want) <= 6 for got, want in zip(picture.getpixel((80, 45)), wanted, strict=True))
    vertical = {**order, "m": {"background": RED, "width": 1080, "height": 1920}}
    assert picture_of(preview(somebody, draft=vertical, height_px=90)).size == (90, 160)


def test_the_session_s_own_draft_is_drawn_where_none_is_sent(somebody: User) -> None:
    path = f"/api/state/nemo_agent/me/{somebody.session_id}/draft"
    assert preview(somebody, at_s=0).json()["message"].startswith("There is nothing to look at yet")
    assert somebody.http.put(path, json={"draft": draft(BLUE)}).status_code == 200
    assert picture_of(preview(somebody, at_s=99, height_px=64)).size == (114, 64)


@pytest.mark.parametrize(
    "order", [{"at_s": -1}, {"at_s": "x"}, {"height_px": 63}, {"height_px": 1081}, {"height_px": 90.5}, {"draft": 3}]
)
def test_a_wrong_order_is_refused(somebody: User, order: dict[str, Any]) -> None:
    assert preview(somebody, **{"draft": draft(RED), **order}).status_code == 422


def test_what_cannot_be_drawn_is_said(somebody: User) -> None:
    missing = {"t": [{"tt": 0, "sg": [{"id": "a", "src": "ast_gone", "st": 0, "d": 1000}]}], "d": 1000}
    answer = preview(somebody, draft=missing)
    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    assert answer.json()["message"].startswith("This moment cannot be drawn: ")
    assert "a file that is not there" in answer.json()["message"]


def test_nobody_sees_the_session_of_another(server: ServerProcess, somebody: User) -> None:
    other = server.stranger()
    answer = somebody.http.post(f"/api/preview/nemo_agent/me/{other.session_id}", json={"draft": title_draft()})
    assert (answer.status_code, answer.json()["code"]) == (404, 1002)


def previewers(server: ServerProcess) -> list[psutil.Process]:
    children = psutil.Process(server.process.pid).children()
    return [child for child in children if "ipynemo.backend.render.previewer" in child.cmdline()]


def test_one_child_draws_them_all_and_a_killed_one_is_replaced(server: ServerProcess, somebody: User) -> None:
    picture_of(preview(somebody, draft=draft(RED), at_s=0))
    [child] = previewers(server)
    picture_of(preview(somebody, draft=draft(BLUE), at_s=0))
    assert previewers(server) == [child]
    child.kill()
    picture_of(preview(somebody, draft=draft(RED, BLUE), at_s=1.2))
    [another] = previewers(server)
    assert another.pid != child.pid


def test_it_ends_with_its_server(start_server: Callable[..., ServerProcess]) -> None:
    server = start_server()
    picture_of(preview(server.user(), draft=draft(RED), at_s=0))
    [child] = previewers(server)
    server.process.kill()
    child.wait(20)
    assert not child.is_running()
