"""Captions as WebVTT and SRT: every caption at its time, and no text that breaks out of its cue."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ipynemo import Draft, captions, edits


def said(*segments: dict[str, Any], **meta: Any) -> Draft:
    return Draft({"t": [{"tt": 7, "m": {"role": "caption"}, "sg": list(segments)}], "m": meta})


def times(draft: Draft, **options: Any) -> list[tuple[int, int, str]]:
    return [(cue.start_ms, cue.end_ms, cue.text) for cue in captions.cues(draft, **options)]


def test_every_caption_stands_at_its_time_in_both_files() -> None:
    draft = said(
        {"tx": "We look for evidence,\nnot guesses.", "d": 2500}, {"tx": "第二句。", "st": 3_725_250, "d": 750}
    )
    assert captions.to_vtt(draft) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:02.499\nWe look for evidence,\nnot guesses.\n\n"
        "01:02:05.250 --> 01:02:05.999\n第二句。\n"
    )
    assert captions.to_srt(draft) == (
        "1\n00:00:00,000 --> 00:00:02,500\nWe look for evidence,\nnot guesses.\n\n"
        "2\n01:02:05,250 --> 01:02:06,000\n第二句。\n"
    )


def test_titles_and_cards_are_captions_only_where_they_are_asked_for() -> None:
    draft = edits.add_title(said({"tx": "said", "st": 1000, "d": 2000}), "Written", start_s=0, duration_s=2)
    assert times(draft) == [(1000, 3000, "said")]
    assert times(draft, on_screen=True) == [(0, 1000, "Written"), (1000, 2000, "Written\nsaid"), (2000, 3000, "said")]
    alone = edits.add_title(Draft(), "Written", start_s=0, duration_s=2)
    assert (captions.has_captions(alone), captions.to_vtt(alone), captions.to_srt(alone)) == (False, "", "")


@pytest.mark.parametrize(
    ("track", "is_caption"),
    [
        ({"m": {"role": "subtitle"}}, True),
        ({"n": "字幕"}, True),
        ({"n": "My captions"}, True),
        ({"m": {"role": "card"}, "n": "captions"}, False),
        ({}, False),
        ({"sg": [{"tx": f"line {n}", "d": 900} for n in range(7)]}, True),  # the cloud's drafts have no roles
    ],
)
def test_captions_are_told_by_role_by_name_or_by_how_many_there_are(track: dict[str, Any], is_caption: bool) -> None:
    draft = Draft({"t": [{"tt": 7, "sg": [{"tx": "x", "d": 900}], **track}]})
    assert captions.has_captions(draft) is is_caption


HOSTILE = {
    "an arrow": "00:00:00.000 --> 00:00:09.000\nfake",
    "a blank line": "one\n\n\n2\n00:00:01,000 --> 00:00:02,000\ntwo",
    "markup": "<b>bold</b> <i.foo>x</i> {\\an8}up <c.red>&amp;</c>",
    "a script": "<script>alert(1)</script>",
    "controls": "a\x00b\x07c\x1bd\x7fe",
    "other line ends": "one\r\ntwo\rthree\u2028four\u2029five\x85six\x0bseven",
    "half a character": "x\ud800y",
    "overrides": "user\u202etxt.exe\u202c",
    "a note": "NOTE this is\n\nSTYLE\n::cue {color: red}",
    "nothing": " \n\t\u200b\n ",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_text_breaks_out_of_its_cue(text: str) -> None:
    draft = said({"tx": "before", "d": 1000}, {"tx": text, "d": 1000}, {"tx": "after", "d": 1000})
    count = 2 if not text.strip(" \n\t\u200b") else 3
    vtt, srt = captions.to_vtt(draft), captions.to_srt(draft)
    for told, head in ((vtt, 1), (srt, 0)):
        told.encode()
        blocks = told.removesuffix("\n").split("\n\n")
        assert len(blocks) == count + head
        assert blocks[-1].splitlines()[-1] == "after"
        assert len(re.findall("-->", told)) == count
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", told)
    assert re.findall(r"<(?=[A-Za-z/])|\{\\", srt) == []
    assert re.findall("[<>]", vtt.replace("-->", "")) == []


def test_signs_keep_their_meaning() -> None:
    draft = said({"tx": "x < 3 & y > 2 {a} \u200fשלום (1)\u200f 👩\u200d🔬", "d": 1000})
    assert captions.to_srt(draft).splitlines()[2] == "x < 3 & y > 2 {a} \u200fשלום (1)\u200f 👩\u200d🔬"
    assert captions.to_vtt(draft).splitlines()[3] == "x &lt; 3 &amp; y &gt; 2 {a} \u200fשלום (1)\u200f 👩\u200d🔬"


def test_captions_that_overlap_become_cues_that_do_not() -> None:
    draft = said({"tx": "one", "d": 2000}, {"tx": "two", "st": 1500, "d": 900}, {"tx": "one", "st": 2400, "d": 100})
    assert times(draft) == [(0, 1500, "one"), (1500, 2000, "one\ntwo"), (2000, 2400, "two"), (2400, 2500, "one")]
    same = said({"tx": "same", "d": 1000}, {"tx": "same", "st": 500, "d": 1000})
    assert times(same) == [(0, 1500, "same")]


def test_what_is_far_too_much_is_cut() -> None:
    long = said({"tx": "x" * 500_000, "d": 1000})
    assert [len(cue.text) for cue in captions.cues(long)] == [1000]
    many = captions.cues(said(*({"tx": str(n), "st": n, "d": 10**9} for n in range(2000))))
    assert max(cue.text.count("\n") for cue in many) == 3


def test_odd_values_are_no_captions() -> None:
    odd = {"tt": 7, "m": {"role": "caption"}, "sg": [{"tx": 5, "d": 9}, {"tx": "x"}, None, {"tx": "y", "d": -1}]}
    assert captions.cues(Draft({"t": [odd, None, {"tt": 7, "m": [], "sg": {}}]})) == []


@pytest.mark.parametrize(
    ("draft", "language"),
    [
        (said(language="zh-CN"), "zh-CN"),
        (said(language="<x>"), "und"),
        (said({"tx": "图片是数字。AI", "d": 900}), "zh"),
        (said({"tx": "これは写真です", "d": 900}), "ja"),
        (said({"tx": "صورة", "d": 900}), "ar"),
        (said({"tx": "A picture by 王", "d": 900}), "und"),
    ],
)
def test_the_language_is_what_the_draft_says_or_its_letters_tell(draft: Draft, language: str) -> None:
    assert captions.language_of(draft) == language
