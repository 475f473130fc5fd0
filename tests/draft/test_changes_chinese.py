"""Differences in Chinese: the exact lines, and that none is left in English."""

import copy
import re
from string import Formatter

import pytest
from hypothesis import given, settings
from test_changes import CITY, LOFI, RAW, UNHURRIED, draft, music, title, video

from ipynemo.draft import Draft
from ipynemo.draft.changes import changes
from ipynemo.draft.phrases import PHRASES


def test_the_tables_have_the_same_phrases_with_the_same_values():
    def fields(table):
        return {key: {name for _, name, _, _ in Formatter().parse(text) if name} for key, text in table.items()}

    # what a table leaves out it says in other words; what it fills in, the other must give
    en, zh = fields(PHRASES["en"]), fields(PHRASES["zh"])
    assert list(en) == list(zh)
    assert [key for key in en if not zh[key] <= en[key]] == []
    assert [text for text in PHRASES["zh"].values() if re.search("[A-Za-z]", re.sub("{.*?}", "", text))] == []


BEFORE = draft(
    video({**CITY, "m": {"motion": "zoom_in"}}, id="v"),
    title({"id": "a", "tx": "Urban Dreams", "st": 0, "d": 3000}, {"id": "b", "tx": "Bye", "st": 8000, "d": 2000}),
    music(LOFI, id="m"),
    m={"width": 1920, "height": 1080, "title": "City"},
)


def zh(**edits):
    raw = copy.deepcopy(BEFORE.raw)
    for path, value in edits.items():
        *inner, last = path.split("__")
        at = raw
        for step in inner:
            at = at[int(step[1:]) if step[1:].isdigit() else step]
        at[last] = value
    return BEFORE.diff(Draft(raw), language="zh-CN")


@pytest.mark.parametrize(
    ("edit", "lines"),
    [
        ({"t__n1__sg__n0__tx": "再见"}, ["标题文字已更改：“Urban Dreams” → “再见”"]),
        (
            {"t__n1__sg__n1__d": 1000, "t__n2__sg__n0__d": 9000, "t__n0__sg__n0__d": 9000},
            [
                "视频“city”已变短：10 秒 → 9 秒",
                "标题“Bye”已变短：2 秒 → 1 秒",
                "背景音乐“Lo-fi”已变短：10 秒 → 9 秒",
                "总时长：10 秒 → 9 秒",
            ],
        ),
        ({"t__n2__sg__n0__vol": 0.5}, ["背景音乐“Lo-fi”的音量：35% → 50%"]),
        ({"t__n2__sg__n0__vol": None}, ["背景音乐“Lo-fi”的音量：35% → 未设置"]),
        ({"t__n2__sg__n0__n": None}, ["背景音乐已重命名：“Lo-fi” → 无"]),
        ({"t__n0__sg__n0__src": "x/b.png"}, ["视频“city”的素材已替换：“a1” → “b.png”"]),
        ({"t__n0__sg__n0__in": 2500}, ["视频“city”在素材中的起点：0 秒 → 2.5 秒"]),
        (
            {"t__n0__sg__n0__m": {"motion": "still", "transition": {"kind": "fade", "d": 500}}},
            [
                "视频“city”的运动：放大 → 静止",
                "视频“city”的切换：硬切 → 淡入（0.5 秒）",
            ],
        ),
        ({"t__n1__sg__n0__m": {"style": {"color": "#fff"}}}, ["标题“Urban Dreams”的样式已更改：color"]),
        ({"t__n1__sg__n0__x": 1}, ["标题第 1 段：x 已更改"]),
        ({"t__n1__sg__n0__st": 500}, ["标题“Urban Dreams”已移动：0–3 秒 → 0.5–3.5 秒"]),
        ({"t__n1__sg": []}, ["已删除标题：“Urban Dreams”（0–3 秒）", "已删除标题：“Bye”（8–10 秒）"]),
        ({"t__n2__n": "配乐"}, ["轨道 3已重命名：无 → “配乐”"]),
        ({"m__title": "城市"}, ["草稿标题：“City” → “城市”"]),
        ({"m__width": 1080, "m__height": 1920}, ["画面比例：16:9 → 9:16（1920×1080 → 1080×1920）"]),
        ({"m__fps": 25, "zoom": 2}, ["草稿：m.fps 已更改", "草稿：zoom 已更改"]),
    ],
)
def test_a_change_is_told_in_chinese(edit, lines):
    assert zh(**edit) == lines


def test_what_came_and_went_is_told_in_chinese():
    captions = [{"tx": f"第{n}句", "st": 2000 * n, "d": 1000} for n in range(30)]
    track = {"tt": 7, "m": {"role": "caption"}, "sg": captions}
    told = changes(Draft(), draft(track, music({"d": 1000, "vol": 0.3})), "zh")
    assert told[0] == "已添加字幕：“第0句”（0–1 秒）"
    assert told[-1] == "另有 11 处更改"
    assert changes(Draft(), draft(music({"d": 1000, "vol": 0.3})), "zh") == ["已添加背景音乐：“未命名”（0–1 秒，30%）"]
    assert changes(draft(), draft({"tt": 9}), "zh") == ["已添加轨道 1：类型 9（空）"]
    later = [{**caption, "st": caption["st"] + 1500} for caption in captions]
    assert changes(draft(track), draft({**track, "sg": later}), "zh")[0] == "字幕：30 段后移 1.5 秒"
    assert changes(draft(video(CITY), music(LOFI)), draft(music(LOFI), video(CITY)), "zh") == ["轨道顺序已更改"]
    assert changes(draft(video(CITY)), draft(video(CITY)), "zh") == []


@given(RAW, RAW)
@settings(UNHURRIED, max_examples=60)
def test_no_line_is_left_in_english(before, after):
    told = changes(Draft(before), Draft(after), "zh")
    assert len(told) == len(changes(Draft(before), Draft(after), "fr"))
    english = r"\b(changed|added|removed|moved|track|segment|reordered|nothing|untitled|renamed|and)\b"
    assert [line for line in told if re.search(english, line, re.IGNORECASE)] == []
