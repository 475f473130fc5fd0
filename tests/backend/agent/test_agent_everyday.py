"""Everyday sentences, as people say them who have read no list of commands: which tools they call."""

from __future__ import annotations

import pytest
from agent_samples import say

from ipynemo.intents import Translation, translate

SENTENCES: list[tuple[str, str]] = [
    (
        'Could you please add a nice big title at the beginning that says "Our Robot"?',
        "add_title text=Our Robot size_px=110 start_s=0.0",
    ),
    ("I want the music a little quieter, around 20 percent", "set_volume track=4 volume=0.2"),
    ("Let's have some happy background music, not too loud", "set_music music=happy"),
    ("Please cut out the part between second 3 and second 6", "cut_range from_s=3.0 to_s=6.0"),
    ("The second picture should be shown for 8 seconds", "trim_segment track=1 segment=2 duration_s=8.0"),
    ("I don't want any captions", "remove_track track=3"),
    ("Take the music out", "remove_track track=4"),
    ("Can you turn it into a vertical video for TikTok?", "set_aspect aspect=9:16"),
    ("The title is too small", "restyle_text track=2 size_px=105"),
    ("The title disappears too quickly", "trim_segment track=2 segment=1 duration_s=4.5"),
    ("Give the captions a yellow color", "restyle_text track=3 color=#ffd60a"),
    ("Add a caption at the bottom: The robot waves", "add_caption text=The robot waves place=bottom"),
    ('Write "Hello" on the first picture', "add_title text=Hello start_s=0.0 duration_s=3.0"),
    ("make the pictures move", "set_motion motion=zoom_in"),
    ("Add smooth transitions", "set_transition kind=crossfade"),
    ("the video should end after 12 seconds", "cut_range from_s=12.0 to_s=15.0"),
    ("extend the last clip by 2 seconds", "trim_segment track=1 segment=3 duration_s=7.0"),
    ("double the length of the second clip", "trim_segment track=1 segment=2 duration_s=12.0"),
    ("use a different song", "set_music music=calm seed=2"),
    ("great, now make it shorter", "set_duration duration_s=11.25"),
    ("replace the music with something epic", "set_music music=epic"),
    ('remove the word "Hello"', "remove_segment track=2 segment=1"),
    ("add happy music, quietly", "set_music music=happy volume=0.15"),
    ("put epic music under it, but quietly", "set_music music=epic volume=0.15"),
    ("Add calm music, very quietly", "set_volume track=4 volume=0.15"),
    ("add happy music, loudly", "set_music music=happy volume=0.6"),
    ("Add a caption: Press the red button", "add_caption text=Press the red button"),
    ("加欢快的音乐，悄悄地", "set_music music=happy volume=0.15"),
    ("加点欢快的音乐，安静地", "set_music music=happy volume=0.15"),
    ("配上史诗音乐，轻轻地", "set_music music=epic volume=0.15"),
    ("加字幕：按下红色按钮", "add_caption text=按下红色按钮"),
    ("请把标题字体调大一些", "restyle_text track=2 size_px=105"),
    ("背景音乐太吵了", "set_volume track=4 volume=0.2"),
    ("给视频加个片头标题“开始”", "add_title text=开始 start_s=0.0"),
    ("把图片慢慢放大", "set_motion motion=zoom_in"),
    ("结尾加上“谢谢观看”", "add_title text=谢谢观看 start_s=12.0 duration_s=3.0"),
    ("视频太长了，改短一点", "set_duration duration_s=12.75"),
    ("把音乐换成轻松一点的", "set_music music=happy"),
    ("去掉所有转场", "set_transition kind=cut"),
    ("第二张图片多停留两秒", "trim_segment track=1 segment=2 duration_s=8.0"),
    ("我想要竖版", "set_aspect aspect=9:16"),
    ("帮我把第一段和第二段对调一下", "reorder_segments track=1 order=[2, 1, 3]"),
    ("标题太小了", "restyle_text track=2 size_px=105"),
    (
        "每张图片显示3秒",
        "; ".join(f"trim_segment track=1 segment={n} duration_s=3.0" for n in (1, 2, 3)),
    ),
    ("字幕用白色，标题用蓝色", "restyle_text track=3 color=#ffffff; restyle_text track=2 color=#3b82f6"),
    ("音乐从第3秒开始", "move_segment track=4 segment=1 start_s=3.0; trim_segment track=4 segment=1 duration_s=12.0"),
]


@pytest.mark.parametrize(("message", "calls"), SENTENCES, ids=range(len(SENTENCES)))
def test_an_everyday_sentence_is_understood(message: str, calls: str) -> None:
    turn = say(message)
    told = ["; ".join(" ".join([name, *(f"{k}={v}" for k, v in args.items())]) for name, args in turn.calls)]
    assert told == [calls]
    assert turn.errors == []
    assert "understand" not in turn.text
    assert "没听懂" not in turn.text


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Add a caption: Press the red button", "Caption “Press the red button” added at 0–4 s."),
        ("add a title: Click the Export button", "Title “Click the Export button” added at 3–6 s."),
        ("加字幕：按下红色按钮", "已添加字幕“按下红色按钮”（0–4 秒）。"),
    ],
)
def test_a_text_that_sounds_like_a_button_is_a_text(message: str, said: str) -> None:
    turn = say(message)
    assert turn.text == said
    assert translate(turn.text, asked=message) == Translation(said, ())
