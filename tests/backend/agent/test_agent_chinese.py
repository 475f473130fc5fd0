"""Chinese sentences: which tools they call, and what the draft is afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from agent_samples import facts, say

Expected = list[tuple[str, dict[str, Any]]]

SENTENCES: list[tuple[str, Expected, dict[str, Any]]] = [
    (
        "在第2秒加标题“大日子”",
        [("add_title", {"text": "大日子", "start_s": 2.0})],
        {"titles": [("Hello", 0, 3), ("大日子", 2, 5)]},
    ),
    (
        "在第四秒加一个标题写着你好世界",
        [("add_title", {"text": "你好世界", "start_s": 4.0})],
        {"titles": [("Hello", 0, 3), ("你好世界", 4, 7)]},
    ),
    (
        "加一个标题「机器人」，红色，放在顶部，字号60",
        [("add_title", {"text": "机器人", "color": "#ff3b30", "place": "top", "size_px": 60})],
        {"title_styles": [{}, {"place": "top", "size": 60, "color": "#ff3b30"}]},
    ),
    (
        "添加字幕：这是一只猫",
        [("add_caption", {"text": "这是一只猫"})],
        {"captions": [("这是一只猫", 0, 4), ("second", 5, 9), ("third", 11, 15)]},
    ),
    (
        "加字幕内容是今天天气很好，持续3秒",
        [("add_caption", {"text": "今天天气很好", "duration_s": 3.0})],
        {"captions": [("今天天气很好", 0, 3), ("second", 5, 9), ("third", 11, 15)]},
    ),
    (
        "从第二秒到第五秒加字幕『再见』",
        [("add_caption", {"text": "再见", "start_s": 2.0, "duration_s": 3.0})],
        {"captions": [("再见", 2, 5), ("second", 5, 9), ("third", 11, 15)]},
    ),
    ("能不能加个标题“好”？", [("add_title", {"text": "好"})], {"titles": [("Hello", 0, 3), ("好", 3, 6)]}),
    ("把标题改成大家好", [("set_text", {"track": 2, "segment": 1, "text": "大家好"})], {"titles": [("大家好", 0, 3)]}),
    ("標題改為「你好」", [("set_text", {"track": 2, "segment": 1, "text": "你好"})], {"titles": [("你好", 0, 3)]}),
    (
        "第一条字幕改成“再见”",
        [("set_text", {"track": 3, "segment": 1, "text": "再见"})],
        {"captions": [("再见", 5, 9), ("third", 11, 15)]},
    ),
    (
        "把“second”换成“第二”",
        [("set_text", {"track": 3, "segment": 1, "text": "第二"})],
        {"captions": [("第二", 5, 9), ("third", 11, 15)]},
    ),
    ("把标题改成红色", [("restyle_text", {"track": 2, "color": "#ff3b30"})], {"title_styles": [{"color": "#ff3b30"}]}),
    ("标题放大一点", [("restyle_text", {"track": 2, "size_px": 105})], {"title_styles": [{"size": 105}]}),
    (
        "字幕放到顶部，黄色",
        [("restyle_text", {"track": 3, "color": "#ffd60a", "place": "top"})],
        {"caption_styles": [{"place": "top", "color": "#ffd60a"}] * 2},
    ),
    ("删除标题", [("remove_segment", {"track": 2, "segment": 1})], {"titles": []}),
    ("不要标题", [("remove_segment", {"track": 2, "segment": 1})], {"titles": []}),
    ("删除所有字幕", [("remove_track", {"track": 3})], {"captions": []}),
    ("把标题移到第5秒", [("move_segment", {"track": 2, "segment": 1, "start_s": 5.0})], {"titles": [("Hello", 5, 8)]}),
    ("改成二十秒", [("set_duration", {"duration_s": 20.0})], {"total": 20}),
    ("改成一分半钟", [("set_duration", {"duration_s": 90.0})], {"total": 90}),
    ("总时长一分钟", [("set_duration", {"duration_s": 60.0})], {"total": 60}),
    ("短一点", [("set_duration", {"duration_s": 12.75})], {"total": 12.75}),
    ("延长一倍", [("set_duration", {"duration_s": 30.0})], {"total": 30}),
    ("缩短五秒", [("set_duration", {"duration_s": 10.0})], {"total": 10}),
    (
        "剪掉第2秒到第5秒",
        [("cut_range", {"from_s": 2.0, "to_s": 5.0})],
        {"clips": [("a", 0, 2), ("b", 2, 7), ("c", 7, 12)]},
    ),
    ("剪掉前3秒", [("cut_range", {"from_s": 0.0, "to_s": 3.0})], {"total": 12}),
    ("去掉最后两秒", [("cut_range", {"from_s": 13.0, "to_s": 15.0})], {"total": 13}),
    ("裁剪到十秒", [("cut_range", {"from_s": 10.0, "to_s": 15.0})], {"total": 10}),
    (
        "只保留第2秒到第5秒",
        [("cut_range", {"from_s": 5.0, "to_s": 15.0}), ("cut_range", {"from_s": 0.0, "to_s": 2.0})],
        {"clips": [("a", 0, 2), ("b", 2, 3)]},
    ),
    (
        "把第二段缩短到3秒",
        [("trim_segment", {"track": 1, "segment": 2, "duration_s": 3.0})],
        {"clips": [("a", 0, 4), ("b", 4, 7), ("c", 7, 12)]},
    ),
    ("第三段改成2秒", [("trim_segment", {"track": 1, "segment": 3, "duration_s": 2.0})], {"total": 12}),
    ("在第2秒处分割", [("split_segment", {"track": 1, "segment": 1, "at_s": 2.0})], {"order": "aabc"}),
    ("把第三段移到最前面", [("reorder_segments", {"track": 1, "order": [3, 1, 2]})], {"order": "cab"}),
    ("把第一段移到第二段后面", [("reorder_segments", {"track": 1, "order": [2, 1, 3]})], {"order": "bac"}),
    ("交换第一段和第三段", [("reorder_segments", {"track": 1, "order": [3, 2, 1]})], {"order": "cba"}),
    ("倒序", [("reorder_segments", {"track": 1, "order": [3, 2, 1]})], {"order": "cba"}),
    ("删除第二段", [("remove_segment", {"track": 1, "segment": 2})], {"order": "ac"}),
    ("删除最后一段", [("remove_segment", {"track": 1, "segment": 3})], {"order": "ab"}),
    ("第一段放大", [("set_motion", {"motion": "zoom_in", "segment": 1})], {"motions": ["zoom_in", "still", "still"]}),
    ("所有画面向左平移", [("set_motion", {"motion": "pan_left"})], {"motions": ["pan_left"] * 3}),
    ("片段之间用叠化", [("set_transition", {"kind": "crossfade"})], {"transitions": [None, "crossfade", "crossfade"]}),
    ("用硬切", [("set_transition", {"kind": "cut"})], {"transitions": [None, "cut", "cut"]}),
    ("改成竖屏", [("set_aspect", {"aspect": "9:16"})], {"frame": (1080, 1920)}),
    ("可以把它改成方形吗？", [("set_aspect", {"aspect": "1:1"})], {"frame": (1080, 1080)}),
    ("改成９：１６", [("set_aspect", {"aspect": "9:16"})], {"frame": (1080, 1920)}),
    ("换成欢快的音乐", [("set_music", {"music": "happy"})], {"music": ("music:happy", 0.3)}),
    ("配一段史诗音乐，音量50%", [("set_music", {"music": "epic", "volume": 0.5})], {"music": ("music:epic", 0.5)}),
    ("不是平静而是欢快的音乐", [("set_music", {"music": "happy"})], {"music": ("music:happy", 0.3)}),
    ("用song.mp3当背景音乐", [("set_music", {"music": "a3"})], {"music": ("a3", 0.3)}),
    ("音量调到百分之三十五", [("set_volume", {"track": 4, "volume": 0.35})], {"music": ("music:calm", 0.35)}),
    ("音乐大声一点", [("set_volume", {"track": 4, "volume": 0.45})], {"music": ("music:calm", 0.45)}),
    ("音乐淡出3秒", [("fade_audio", {"track": 4, "fade_out_s": 3.0})], {"fades": (1000, 3000)}),
    ("静音", [("mute", {})], {"music": ("music:calm", 0)}),
    ("不要音乐", [("remove_track", {"track": 4})], {"total": 15}),
    ("重新开始", [("clear_draft", {})], {"clips": []}),
    ("加标题「删除音乐」", [("add_title", {"text": "删除音乐"})], {"music": ("music:calm", 0.3)}),
    ("加标题“导出视频，改成竖屏”", [("add_title", {"text": "导出视频，改成竖屏"})], {"frame": (1920, 1080)}),
]


@pytest.mark.parametrize(("message", "calls", "expected"), SENTENCES, ids=range(len(SENTENCES)))
def test_a_chinese_sentence_is_understood(message: str, calls: Expected, expected: dict[str, Any]) -> None:
    turn = say(message)
    assert turn.calls == calls
    assert turn.errors == []
    got = facts(turn.draft)
    assert {key: got[key] for key in expected} == expected


def test_there_are_enough_chinese_sentences() -> None:
    assert len(SENTENCES) >= 55


SEVERAL: list[tuple[str, list[str]]] = [
    (
        "加一个标题“你好”，红色，放在顶部，然后配上欢快的音乐，音量40%，最后改成竖屏",
        ["add_title", "set_music", "set_aspect"],
    ),
    ("删除标题和音乐", ["remove_segment", "remove_track"]),
    ("把第二段缩短到3秒并且静音", ["trim_segment", "mute"]),
    ("标题改成“甲”，字幕改成“乙”", ["set_text", "set_text"]),
    ("加标题“甲”和字幕“乙”", ["add_title", "add_caption"]),
    ("先剪掉最后3秒，再把标题改成红色", ["cut_range", "restyle_text"]),
]


@pytest.mark.parametrize(("message", "names"), SEVERAL, ids=range(len(SEVERAL)))
def test_several_chinese_wishes_are_done_in_order(message: str, names: list[str]) -> None:
    turn = say(message)
    assert [name for name, _ in turn.calls] == names
    assert turn.errors == []


def test_the_long_chinese_sentence_is_done_to_the_letter() -> None:
    got = facts(say(SEVERAL[0][0]).draft)
    assert got["titles"] == [("Hello", 0, 3), ("你好", 3, 6)]
    assert got["title_styles"][1] == {"place": "top", "color": "#ff3b30"}
    assert got["music"] == ("music:happy", 0.4)
    assert got["frame"] == (1080, 1920)


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("不要加音乐", "好的，那里保持不变。"),
        ("别删标题", "好的，那里保持不变。"),
        ("有什么音乐？", "音乐：平静，音量 30%。"),
        ("这段视频多长？", "短片长 15 秒。"),
        ("你能做什么？", "我可以：讲解图片"),
        ("什么是AI图像？", "AI 图像是训练好的模型算出来的图"),
        ("标题写的是什么？", "文字：“Hello”"),
        ("有几段？", "3 段画面，1 个标题，2 条字幕。"),
        ("加爵士音乐", "我没有爵士音乐。可以用平静、欢快、好奇、史诗、lofi"),
        ("唱歌", "我不会唱歌，也不会模仿别人的声音。"),
        ("删除第九段", "没有第 9 段，一共 3 段。"),
        ("加一个标题", "标题写什么？"),
        ("做得更好看一点", "想让哪里更好？"),
        ("撤销", "没有可以撤销的。"),
        ("你好", "你好！上传一张图片"),
        ("导出", "单独说“导出”"),
        ("胡言乱语甲乙丙", "我没听懂：“胡言乱语甲乙丙”。"),
    ],
)
def test_what_is_no_edit_is_answered_in_chinese(message: str, answer: str) -> None:
    turn = say(message)
    assert turn.calls == []
    assert answer in turn.text
