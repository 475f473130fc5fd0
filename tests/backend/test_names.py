"""Names from outside, made safe to store, to send and to show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipynemo.backend.media import safe_name

CASES = {
    "robot.png": "robot.png",
    "../../etc/passwd": "passwd",
    "/abs/olute.mp4": "olute.mp4",
    "C:\\Users\\me\\clip.mov": "clip.mov",
    "C:clip.mov": "clip.mov",
    "mixed/..\\x.gif": "x.gif",
    "..": "file",
    "": "file",
    "   ": "file",
    "folder/": "file",
    ".bashrc": "bashrc",
    "...dots...png": "dots.png",
    "trailing. . ": "trailing",
    "null\x00byte.png": "nullbyte.png",
    "two\r\nlines.png": "two lines.png",
    "rtl\u202egnp.exe": "rtlgnp.exe",
    "zero\u200b\u200dwidth\ufeff.png": "zerowidth.png",
    "\u3164.png": "png",
    "line\u2028separator.png": "line separator.png",
    "cafe\u0301.jpg": "café.jpg",
    "猫の写真.jpg": "猫の写真.jpg",
    "emoji 🤖.png": "emoji 🤖.png",
    "lone\ud800.png": "lone.png",
    "con": "_con",
    "NUL.png": "_NUL.png",
    "com1 .txt": "_com1.txt",
    "lpt¹.txt": "_lpt¹.txt",
    "console.png": "console.png",
    'a<b>:"|?*.png': "a_b______.png",
    "stream.png:hidden": "stream.png_hidden",
    "a" * 200 + ".jpeg": "a" * 95 + ".jpeg",
    "b" * 200: "b" * 100,
    "猫" * 120 + ".png": "猫" * 78 + ".png",
    "v1.2 of the long story.": "v1.2 of the long story",
}


@pytest.mark.parametrize("name", CASES)
def test_a_name_becomes_a_safe_one(name: str) -> None:
    assert safe_name(name) == CASES[name]


@given(st.text(max_size=300))
def test_any_name_is_safe_and_stays_as_it_is_the_second_time(name: str) -> None:
    safe = safe_name(name)
    assert 1 <= len(safe) <= 100
    assert len(safe.encode()) <= 240
    assert not set(safe) & set('/\\:<>"|?*\0\r\n\t')
    assert not safe.startswith(".")
    assert safe.isprintable() or " " in safe
    assert safe_name(safe) == safe
