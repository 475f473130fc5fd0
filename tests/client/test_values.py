"""What the client gives back shows itself in a page, and shows nothing that should stay private."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ipynemo import Asset, Clip, Credits, Explained, Render, Reply
from ipynemo.errors import NemoError


def clip_at(path: Path, **more: Any) -> Clip:
    return Clip(**{"path": path, "duration_s": 12.34, "width_px": 1920, "height_px": 1080, "size_bytes": 4_600_000,
                   "session_id": "s-1", "render_id": "r-1", **more})  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the notebook."""
    (tmp_path / "book").mkdir()
    monkeypatch.chdir(tmp_path / "book")
    return tmp_path / "book"


@pytest.mark.parametrize("way", ["relative", "absolute", "round about", "link"])
def test_a_clip_plays_by_a_relative_path_however_it_was_named(folder: Path, way: str) -> None:
    (folder / "clips").mkdir()
    (folder.parent / "other").symlink_to(folder)
    path = {
        "relative": Path("clips/a.mp4"),
        "absolute": folder / "clips" / "a.mp4",
        "round about": Path("../book/clips/../clips/a.mp4"),
        "link": folder.parent / "other" / "clips" / "a.mp4",
    }[way]
    page = clip_at(path)._repr_html_()
    assert page.count('src="clips/a.mp4"') == 1
    assert page.count('href="clips/a.mp4"') == 1
    assert str(folder.parent) not in page
    assert "a.mp4 (12.3 s, 1920×1080, 4.6 MB)" in page


ODD = {
    "a b.mp4": "a%20b.mp4",
    'x" onerror="alert(1).mp4': "x%22%20onerror%3D%22alert%281%29.mp4",
    "<script>.mp4": "%3Cscript%3E.mp4",
    "javascript:alert(1).mp4": "javascript%3Aalert%281%29.mp4",
    "100%?#&.mp4": "100%25%3F%23%26.mp4",
    "机器人 🤖.mp4": "%E6%9C%BA%E5%99%A8%E4%BA%BA%20%F0%9F%A4%96.mp4",
    "..hidden.mp4": "..hidden.mp4",
    "caf\udce9.mp4": "caf%E9.mp4",
    "'.mp4": "%27.mp4",
}


@pytest.mark.parametrize(("name", "source"), ODD.items(), ids=range(len(ODD)))
def test_an_odd_name_is_a_link_and_nothing_else(folder: Path, name: str, source: str) -> None:
    page = clip_at(folder / name)._repr_html_()
    assert f'<video controls preload="metadata" src="{source}"' in page
    assert "<script" not in page
    assert "onerror=" not in page.replace("onerror%3D", "").replace("onerror=&quot;", "")
    page.encode()  # a page cannot carry half a character


def test_a_clip_outside_the_folder_is_named_and_not_shown_with_its_path(folder: Path) -> None:
    page = clip_at(folder.parent / "elsewhere" / "a.mp4")._repr_html_()
    assert "<video" not in page
    assert "a.mp4" in page
    assert "outside the notebook" in page
    assert "elsewhere" not in page
    assert str(folder.parent) not in page


def test_a_tall_clip_is_shown_narrower(folder: Path) -> None:
    assert "width:640px" in clip_at(folder / "a.mp4")._repr_html_()
    assert "width:360px" in clip_at(folder / "a.mp4", width_px=1080, height_px=1920)._repr_html_()
    assert "width:64px" in clip_at(folder / "a.mp4", width_px=64, height_px=48)._repr_html_()


def test_a_clip_can_be_opened_like_a_path(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"video")
    with open(clip_at(tmp_path / "a.mp4"), "rb") as file:  # noqa: PTH123 - the point of the test
        assert file.read() == b"video"
    assert os.fspath(clip_at(tmp_path / "a.mp4")) == str(tmp_path / "a.mp4")


def test_a_reply_shows_text_as_text_and_its_clip(folder: Path) -> None:
    reply = Reply(text="<b>Done</b> & dusted", changes=("Title added: '<i>'",), clip=clip_at(folder / "a.mp4"))
    page = reply._repr_html_()
    assert "&lt;b&gt;Done&lt;/b&gt; &amp; dusted" in page
    assert "<li>Title added: &#x27;&lt;i&gt;&#x27;</li>" in page
    assert 'src="a.mp4"' in page
    assert str(reply) == "<b>Done</b> & dusted"


def test_signed_links_are_not_shown() -> None:
    asset = Asset.from_raw({"filename": "a.png", "file_type": "image", "cdn_url": "https://cdn.example/a?sig=s3cret"})
    render = Render("r-1", "s-1", "completed", url="https://cdn.example/a?sig=s3cret")
    assert "s3cret" not in repr(asset) + repr(render)
    assert asset.url == render.url == "https://cdn.example/a?sig=s3cret"


def test_an_asset_is_read_tolerantly() -> None:
    raw = {"filename": "a.mp4", "file_type": "video", "duration": "long", "width": 1919.6, "height": True, "fps": 30}
    asset = Asset.from_raw(raw)
    assert (asset.duration_s, asset.width_px, asset.height_px, asset.fps) == (None, 1920, None, 30.0)
    assert asset.raw == raw
    nothing = Asset.from_raw({}, "a.png")
    assert (nothing.name, nothing.kind, nothing.url) == ("a.png", "unknown", None)


@pytest.mark.parametrize(
    ("status", "is_done", "is_failed", "is_cancelled"),
    [
        ("completed", True, False, False),
        ("COMPLETED", True, False, False),
        ("failed", False, True, False),
        ("Error", False, True, False),
        ("cancelled", False, False, True),
        ("canceled", False, False, True),
        ("pending", False, False, False),
        ("a word of its own", False, False, False),
    ],
)
def test_a_render_knows_what_its_status_means(status: str, is_done: bool, is_failed: bool, is_cancelled: bool) -> None:
    render = Render("r-1", "s-1", status)
    assert (render.is_done, render.is_failed, render.is_cancelled) == (is_done, is_failed, is_cancelled)


def test_credits_are_told_in_words() -> None:
    assert str(Credits(88, 0, 100)) == "88 of 100 credits available"
    assert str(Credits(87.5, 2, 100)) == "87.5 of 100 credits available, 2 frozen"


def test_an_explained_picture_is_ok_when_it_has_a_clip(tmp_path: Path) -> None:
    assert Explained("a.png", clip=clip_at(tmp_path / "a.mp4")).ok
    assert not Explained("a.png", error=NemoError("no")).ok
