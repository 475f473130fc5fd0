"""The player's transcript and the poster's alt text: in the living view, in the saved form, and as text only."""

from __future__ import annotations

import base64
import html
import re
from pathlib import Path

import pytest
from widget_kit import ROBOT, clip_at

from ipynemo import Draft, edits
from ipynemo.widgets import Player
from ipynemo.widgets._transcript import MAX_LETTERS, transcript_view


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_view_tells_scene_by_scene_what_is_shown_written_and_said(folder: Path) -> None:
    player = Player(clip_at(folder / "clip.mp4"), draft=ROBOT, language="en")
    assert player.view["transcript"] == [
        {
            "at": 0.0,
            "when": "0:00–0:05",
            "shown": "Words on a plain ground.",
            "lines": [
                {"said": False, "text": "Evidence"},
                {"said": True, "text": "We look <first>.\n--> x"},
                {"said": False, "text": "Noise <b>"},
            ],
        }
    ]
    assert Player(clip_at(folder / "clip.mp4")).view["transcript"] == []


def test_the_saved_form_has_it_folded_and_no_text_of_it_is_markup(folder: Path) -> None:
    saved = Player(clip_at(folder / "clip.mp4"), draft=ROBOT, language="en")._fallback_html()
    assert "<details><summary>Transcript</summary><ul><li>0:00–0:05 <i>Words on a plain ground.</i>" in saved
    assert "<b>Caption</b> We look &lt;first&gt;. / --&gt; x" in saved
    assert set(re.findall(r"<(\w+)", saved)) == {"video", "p", "a", "details", "summary", "ul", "li", "i", "br", "b"}
    outside = Player(clip_at(folder.parent / "clip.mp4"), draft=ROBOT, language="zh")._fallback_html()
    assert "<details><summary>文字稿</summary>" in outside


def test_the_poster_says_what_it_shows(folder: Path) -> None:
    draft = edits.add_title(edits.add_picture(Draft(), "a1", name='"><i>.png', duration_s=5), "Hello", start_s=0)
    player = Player(clip_at(folder / "clip.mp4"), draft=draft, language="en")
    alt = 'A frame of the video: The picture “"><i>.png”. It says: Hello'
    assert player.view["alt"] == alt
    player.poster = "data:image/jpeg;base64," + base64.b64encode(b"x").decode()
    assert f'alt="{html.escape(alt)}"' in player._fallback_html()
    assert Player(clip_at(folder / "clip.mp4"), language="en").view["alt"] == "A frame of clip.mp4"
    assert Player(language="en").view["alt"] == ""


def test_descriptions_are_in_the_clips_language_else_in_the_pages() -> None:
    unknown = edits.add_title(Draft(), "Hello", start_s=0)
    assert transcript_view(unknown, "zh")[0]["shown"] == "纯色背景上的文字。"
    known = Draft({**unknown.raw, "m": {"language": "en"}})
    assert transcript_view(known, "zh")[0]["shown"] == "Words on a plain ground."


def test_a_page_gets_no_more_than_it_can_show() -> None:
    shots = [{"d": 1000, "src": "a", "n": f"{n}.png"} for n in range(2000)]
    texts = [{"tx": "x" * 900, "st": 1000 * n, "d": 900} for n in range(2000)]
    told = transcript_view(Draft({"t": [{"tt": 0, "sg": shots}, {"tt": 7, "sg": texts}]}), "en")
    assert 90 < len(told) < 120
    assert sum(len(line["text"]) for one in told for line in one["lines"]) <= MAX_LETTERS
