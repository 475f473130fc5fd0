"""Player: relative addresses, scenes and captions, posters, bytes from the kernel, and the saved forms."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from widget_kit import ROBOT, Wire, clip_at, say, session, until

from ipynemo import Clip, Draft
from ipynemo.backend.render import render
from ipynemo.captions import to_vtt
from ipynemo.errors import InvalidRequestError, ProtocolError
from ipynemo.widgets import Player
from ipynemo.widgets._clips import clip_words, relative_address, size_text
from ipynemo.widgets._poster import MAX_POSTER_BYTES, is_poster, poster_of
from ipynemo.widgets._scenes import scenes_of
from ipynemo.widgets.player import CHUNK_BYTES, MAX_EMBED_BYTES

TITLE = Draft(
    {
        "t": [{"tt": 7, "sg": [{"id": "a", "st": 0, "d": 2000, "tx": "Noise"}]}],
        "d": 2000,
        "m": {"width": 640, "height": 360},
    }
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The notebook's folder, which is not the only one."""
    (tmp_path / "notebook").mkdir()
    monkeypatch.chdir(tmp_path / "notebook")
    return tmp_path / "notebook"


@pytest.fixture
def film(folder: Path) -> Path:
    render(TITLE, {}, folder / "film.mp4")
    return folder / "film.mp4"


def jpeg(width_px: int = 8) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((width_px, width_px), 200).save(file, "JPEG", quality=95)
    return file.getvalue()


# -- what it takes ----------------------------------------------------------------------------------------------------


def test_a_file_will_do_for_a_clip(film: Path) -> None:
    player = Player("film.mp4", language="en")
    assert isinstance(player.clip, Clip)
    assert (player.clip.duration_s, player.clip.width_px, player.clip.height_px) == (2.0, 640, 360)
    assert player._fallback_text() == f"film.mp4 (2.0 s · 640×360 · {size_text(film.stat().st_size)})"


@pytest.mark.parametrize("clip", [3, b"film.mp4", object()])
def test_what_is_no_clip_is_refused(clip: Any) -> None:
    with pytest.raises(InvalidRequestError, match="A Player plays a Clip or a file, not"):
        Player(clip)


def test_a_session_is_no_clip(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"a session goes into Player\(session=…\)"):
        Player(session(tmp_path))  # type: ignore[arg-type]


def test_a_file_that_is_not_there_or_no_video_is_said_at_once(folder: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"'gone\.mp4' cannot be read"):
        Player("gone.mp4")
    (folder / "notes.mp4").write_text("no video at all")
    with pytest.raises(ProtocolError):
        Player("notes.mp4")


# -- addresses and words ----------------------------------------------------------------------------------------------


def test_an_address_is_relative_or_none(folder: Path) -> None:
    assert relative_address(folder / "sub dir" / "my #1 clip?.mp4") == "sub%20dir/my%20%231%20clip%3F.mp4"
    assert relative_address(Path("机.mp4")) == "%E6%9C%BA.mp4"
    assert relative_address(folder.parent / "clip.mp4") is None
    assert relative_address(folder / ".." / "clip.mp4") is None


def test_a_clip_elsewhere_is_shown_without_its_folder(folder: Path) -> None:
    player = Player(clip_at(folder.parent / "clip.mp4"), language="en")
    assert player.view["clip"]["href"] is None
    saved = player._fallback_html()
    assert "<video" not in saved
    assert "It lies outside the notebook&#x27;s folder" in saved
    assert str(folder.parent) not in saved + str(player.view)


def test_words_of_a_clip(folder: Path) -> None:
    assert clip_words(clip_at(folder / "clip.mp4", 4_600_000)) == "5.0 s · 1280×720 · 4.6 MB"


def test_a_hostile_name_is_text(folder: Path) -> None:
    player = Player(clip_at(folder / '"><img src=x onerror=alert(1)>.mp4'), language="en")
    saved = player._fallback_html()
    assert re.findall(r"<(\w+)", saved) == ["video", "p", "a"]
    assert "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;.mp4" in saved


# -- scenes and captions ----------------------------------------------------------------------------------------------


def test_scenes_come_from_the_first_track_that_shows_something() -> None:
    assert scenes_of(ROBOT) == [{"at": 0.0, "name": "Evidence"}, {"at": 2.0, "name": "Noise <b>"}]
    pictures = {"tt": 0, "sg": [{"d": 1000, "m": {"scene": "training_noise"}}, {"d": 1000, "n": "Grid"}, {"d": 500}]}
    draft = Draft({"t": [{"tt": 1, "sg": [{"d": 9000}]}, {"tt": 7, "sg": [{"tx": "x", "d": 1}]}, pictures]})
    assert scenes_of(draft) == [
        {"at": 0.0, "name": "training noise"},
        {"at": 1.0, "name": "Grid"},
        {"at": 2.0, "name": ""},
    ]
    drawn = {"d": 5, "n": "往回走", "m": {"scene": "denoising", "about": {}}}
    old = {"d": 5, "st": 5, "n": "coffee.png", "m": {"scene": "latent_grid"}}
    both = Draft({"t": [{"tt": 0, "sg": [drawn, old]}]})
    assert [scene["name"] for scene in scenes_of(both)] == ["往回走", "latent grid"]
    assert scenes_of(Draft()) == []
    assert scenes_of(Draft({"t": [{"tt": 7, "m": {"role": "caption"}, "sg": [{"tx": "x", "d": 9}]}]})) == []


def test_captions_are_vtt_that_no_text_can_break() -> None:
    assert to_vtt(ROBOT) == ("WEBVTT\n\n00:00:00.000 --> 00:00:01.999\nWe look &lt;first&gt;.\n--&gt; x\n")
    assert to_vtt(TITLE) == ""
    late = {"tx": "late", "st": 3_725_250, "d": 750, "m": {"style": {"role": "caption"}}}
    assert to_vtt(Draft({"t": [{"tt": 7, "sg": [late]}]})) == ("WEBVTT\n\n01:02:05.250 --> 01:02:05.999\nlate\n")


def test_the_session_gives_the_scenes_when_the_lengths_agree(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = session(tmp_path)
    drafts = [ROBOT, TITLE]

    async def draft() -> Draft:
        return drafts.pop(0)

    monkeypatch.setattr(asked, "draft", draft)
    clip = clip_at(folder / "clip.mp4")  # of 5 s, as ROBOT is
    same = Player(clip, session=asked)
    until(lambda: len(same.view["scenes"]) == 2)
    other = Player(clip, session=asked)
    until(lambda: other._known is TITLE)
    assert other.view["scenes"] == []


# -- posters ----------------------------------------------------------------------------------------------------------


def test_a_poster_is_a_small_picture_of_the_film(film: Path) -> None:
    data = poster_of(film, 1.0)
    assert data is not None
    assert is_poster(data)
    picture = Image.open(io.BytesIO(data)).convert("L")
    assert picture.size == (640, 360)
    assert picture.getextrema()[1] > 200  # the white title


def test_a_poster_of_a_detailed_frame_stays_within_the_limit(folder: Path) -> None:
    Image.effect_noise((1280, 720), 255).save(folder / "noise.png")
    segment = {"id": "a", "st": 0, "d": 500, "src": "noise"}
    draft = Draft({"t": [{"tt": 0, "sg": [segment]}], "d": 500, "m": {"width": 1280, "height": 720}})
    render(draft, {"noise": folder / "noise.png"}, folder / "noise.mp4")
    data = poster_of(folder / "noise.mp4", 0.1)
    assert data is not None
    assert 5_000 < len(data) <= MAX_POSTER_BYTES


def test_what_is_no_film_has_no_poster(folder: Path) -> None:
    (folder / "notes.mp4").write_text("no video at all")
    assert poster_of(folder / "notes.mp4", 1.0) is None


def test_the_kernel_makes_the_poster_where_it_can(film: Path) -> None:
    player = Player(film)
    until(lambda: player.poster != "")
    assert player.poster.startswith("data:image/jpeg;base64,/9j/")
    saved = player._fallback_html()
    assert saved.count(player.poster) == 2  # for the player, and for pages that strip it
    assert len(saved) < 200_000


def test_the_page_may_send_a_poster_once_and_only_a_small_jpeg(folder: Path) -> None:
    player = Player(clip_at(folder / "clip.mp4"))
    key = player.view["key"]
    for bad in (b"<svg onload=alert(1)>", jpeg()[:-2], jpeg(600)):
        say(player, bad, kind="poster", key=key)
    say(player, jpeg(), kind="poster", key="another clip")
    say(player, kind="poster", key=key)
    assert player.poster == ""
    first = jpeg()
    say(player, first, kind="poster", key=key)
    say(player, jpeg(16), kind="poster", key=key)
    assert player.poster == "data:image/jpeg;base64," + base64.b64encode(first).decode()
    player.clip = clip_at(folder / "other.mp4")
    assert player.poster == ""


# -- bytes from the kernel --------------------------------------------------------------------------------------------


def test_the_kernel_sends_the_file_piece_by_piece(folder: Path) -> None:
    data = bytes(range(256)) * 5000
    clip = clip_at(folder.parent / "clip.mp4", len(data))
    clip.path.write_bytes(data)
    player = Player(clip)
    wire = Wire(player)
    pieces = []
    for at in (0, CHUNK_BYTES):
        say(player, kind="bytes", at=at)
        until(lambda at=at: any(one["at"] == at for one in wire.messages))
        [sent] = [one for one in wire.sent if one["method"] == "custom" and one["content"]["at"] == at]
        assert sent["content"]["total"] == 1_280_000
        pieces += sent["buffers"]
    assert [len(piece) for piece in pieces] == [1_048_576, 231_424]
    assert b"".join(pieces) == data


def test_a_file_that_has_gone_is_said(folder: Path) -> None:
    clip = clip_at(folder / "clip.mp4")
    player = Player(clip)
    wire = Wire(player)
    clip.path.unlink()
    say(player, kind="bytes", at=0)
    until(lambda: wire.messages != [])
    assert wire.messages == [{"kind": "bytes", "key": player.view["key"], "at": 0, "gone": True}]


@pytest.mark.parametrize("at", [-1, 5, "0", None, 1.5])
def test_a_page_gets_no_bytes_outside_the_file(folder: Path, at: Any) -> None:
    player = Player(clip_at(folder / "clip.mp4"))
    wire = Wire(player)
    say(player, kind="bytes", at=at)
    until(lambda: not player.busy)
    assert wire.messages == []
    assert player.error is None


# -- what stays -------------------------------------------------------------------------------------------------------


def test_the_saved_form_plays_the_file_beside_the_notebook(folder: Path) -> None:
    saved = Player(clip_at(folder / "a b.mp4"), language="en")._fallback_html()
    assert '<video controls preload="metadata" src="a%20b.mp4" aria-label="a b.mp4"' in saved
    assert '<a href="a%20b.mp4" download>a b.mp4</a> (5.0 s · 1280×720 · 4 B)' in saved


def test_embedding_keeps_the_video_in_the_notebook_up_to_the_stated_size(folder: Path) -> None:
    small = Player(clip_at(folder / "small.mp4", 600_000), embed=True, language="en")
    source = f'src="data:video/mp4;base64,{base64.b64encode(bytes(600_000)).decode()}"'
    assert source in small._fallback_html()
    assert source in small._saved._bundle(small._fallback_html(), "small")["text/html"]
    assert small.view["note"] == ""
    large = Player(clip_at(folder / "large.mp4", MAX_EMBED_BYTES + 1), embed=True, language="en")
    assert 'src="large.mp4"' in large._fallback_html()
    assert large.view["note"] == (
        "20.0 MB is too much to keep in a notebook (at most 20.0 MB); the file is linked instead."
    )


def test_without_a_clip_it_says_what_will_be_here() -> None:
    assert Player(language="en")._fallback_html() == (
        "<p>Video player: No video yet. When one has been exported, it plays here.</p>"
    )
