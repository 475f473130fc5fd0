"""The main job over HTTP: a picture in, a message, a draft, an MP4 out that decodes."""

from __future__ import annotations

import io
import math
from typing import Any

import av
import httpx
import numpy as np
import pytest
from PIL import Image
from serving import User, new_render_id, title_draft

MESSAGE = "explain what an AI image is and how it was created"


def photograph() -> bytes:
    """Return a picture of 640×480 with something to see in it."""
    y, x = np.mgrid[0:480, 0:640].astype(np.float32)
    red = 127 + 120 * np.sin(x / 40)
    green = 127 + 120 * np.cos(y / 30)
    blue = 255 * np.exp(-((x - 320) ** 2 + (y - 240) ** 2) / 20_000)
    out = io.BytesIO()
    Image.fromarray(np.dstack([red, green, blue]).astype(np.uint8)).save(out, "JPEG", quality=90)
    return out.getvalue()


def texts(draft: dict[str, Any]) -> list[str]:
    return [segment["tx"] for track in draft["t"] if track["tt"] == 7 for segment in track["sg"]]


def length_ms(draft: dict[str, Any]) -> int:
    return max(segment["st"] + segment["d"] for track in draft["t"] for segment in track["sg"])


@pytest.fixture(scope="module")
def explained(server: Any) -> tuple[User, list[dict[str, Any]], str]:
    user: User = server.stranger()
    asset = user.upload(("robot.jpg", photograph())).json()["data"]["files"][0]["id"]
    return user, user.say(MESSAGE), asset


def test_a_picture_and_a_message_make_a_storyboard_of_thirty_seconds(
    explained: tuple[User, list[dict[str, Any]], str],
) -> None:
    user, events, asset = explained
    names = [part["functionCall"]["name"] for e in events for part in parts(e) if "functionCall" in part]
    assert names
    assert [e for e in events if e.get("actions", {}).get("stateDelta", {}).get("timeline_version")]
    whole = [e for e in events if "partial" not in e and any("text" in part for part in parts(e))]
    assert whole, "the agent says what it has made"
    draft = user.state()["draft"]
    assert length_ms(draft) == 30_000
    sources = {segment.get("src") for track in draft["t"] for segment in track["sg"]}
    assert asset in sources
    assert any("640" in text and "480" in text for text in texts(draft))
    assert user.state()["canvas_config"] == {"width": 1920, "height": 1080, "ratio": "16:9"}


def parts(event: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = event.get("content", {}).get("parts", [])
    return found


def test_edits_undo_and_redo_work_through_the_chat(explained: tuple[User, list[dict[str, Any]], str]) -> None:
    user, _, _ = explained
    before = user.state()["draft"]
    user.say('Add a title "Paradise Found" for 3 seconds')
    titled = user.state()["draft"]
    assert "Paradise Found" in texts(titled)
    user.say("undo")
    assert user.state()["draft"] == before
    user.say("redo")
    assert user.state()["draft"] == titled
    user.say("undo")
    user.say("undo")
    assert user.state()["draft"] == {}
    user.say("redo")
    assert user.state()["draft"] == before


def test_a_cut_of_the_storyboard_becomes_an_mp4_that_decodes(
    explained: tuple[User, list[dict[str, Any]], str],
) -> None:
    user, _, asset = explained
    render_id = new_render_id()
    draft = title_draft("Numbers", 1000, width=1920, height=1080)
    draft["t"].insert(0, {"tt": 0, "sg": [{"id": "p", "st": 0, "d": 1000, "src": asset, "m": {"motion": "zoom_in"}}]})
    user.export(draft, render_id)
    answer = user.wait(render_id, "completed")
    with av.open(io.BytesIO(httpx.get(answer["output"]["url"]).content)) as clip:
        video = clip.streams.video[0]
        assert (video.codec_context.name, video.width, video.height) == ("h264", 1920, 1080)
        assert video.pix_fmt == "yuv420p"
        frames = [frame.to_ndarray(format="rgb24") for frame in clip.decode(video)]
    assert len(frames) == 30
    corner = frames[15][1040:1080, 0:40].mean(axis=(0, 1))
    centre = frames[15][520:560, 300:340].mean(axis=(0, 1))
    assert math.dist(corner, centre) > 30  # a picture, not one colour
    assert answer["output"]["duration"] == 1.0
