"""Reading words: numbers, times, quotes, clauses, in both languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipynemo.backend.agent.clauses import clauses
from ipynemo.backend.agent.quotes import mask
from ipynemo.backend.agent.rules.context import Span, numbers_of, span_of
from ipynemo.backend.agent.words import clean, fold, read_times, to_digits


@pytest.mark.parametrize(
    ("text", "times_ms"),
    [
        ("2s", [2000]),
        ("at 0:05", [5000]),
        ("1:02:03", [3_723_000]),
        ("0:01.5", [1500]),
        ("1.5 seconds", [1500]),
        ("250 ms", [250]),
        ("twenty-five seconds", [25_000]),
        ("one hundred and twenty seconds", [120_000]),
        ("one and a half minutes", [90_000]),
        ("a minute and a half", [90_000]),
        ("half a minute", [30_000]),
        ("1 minute 30 seconds", [90_000]),
        ("1m30s", [90_000]),
        ("from 2 s to 5 s", [2000, 5000]),
        ("the 5 second mark", [5000]),
        ("at second 5", [5000]),
        ("a couple of seconds", [2000]),
        ("第二秒到第五秒", [2000, 5000]),
        ("二十秒", [20_000]),
        ("一百二十秒", [120_000]),
        ("两分钟", [120_000]),
        ("一分三十秒", [90_000]),
        ("一分半", [90_000]),
        ("两秒半", [2500]),
        ("一点五秒", [1500]),
        ("半分钟", [30_000]),
        ("１２秒", [12_000]),
        ("16:9", []),
        ("9:16 and 1:1", []),
        ("the second clip", []),
        ("第三段", []),
        ("30 percent", []),
    ],
)
def test_times_are_read(text: str, times_ms: list[int]) -> None:
    assert read_times(to_digits(fold(text))).times_ms == times_ms


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("百分之三十", "30%"),
        ("三成", "30%"),
        ("倒数第二段", "倒数第2段"),
        ("the first one", "the 1th one"),
        ("this one", "this one"),
        ("a lower third", "a lower third"),
        ("add a title", "add a title"),
        ("一个标题", "一个标题"),
    ],
)
def test_numbers_in_words_become_digits_only_where_they_count(text: str, digits: str) -> None:
    assert to_digits(fold(text)) == digits


@pytest.mark.parametrize(
    ("message", "texts"),
    [
        ('add "Hello"', ["Hello"]),
        ("add “Hello”", ["Hello"]),
        ("add 'It's me' now", ["It's me"]),
        ("add ‘Hello’ now", ["Hello"]),
        ("add «Bonjour»", ["Bonjour"]),
        ("加「你好」和『再见』", ["你好", "再见"]),
        ("添加标题《红楼梦》", ["红楼梦"]),
        ("don't change the clip's title, it's fine", []),
        ('add a title "never closed at 5 s', ["never closed at 5 s"]),
        ("add a title saying Hello World at 2 seconds", ["Hello World"]),
        ("add a title called Robots and Me for 3 seconds", ["Robots and Me"]),
        ("add a caption that says Stop the music, in red", ["Stop the music"]),
        ("add a title Hello and a caption Bye", ["Hello", "Bye"]),
        ("change the title to Good Morning and make it red", ["Good Morning"]),
        ("change the title to Red Planet", ["Red Planet"]),
        ("change the title to red", []),
        ("change the title to the top left", []),
        ("change the title color to blue", []),
        ("set the title to 5 seconds", []),
        ("add a title at 5 seconds", []),
        ("加一个标题写着你好世界，在第2秒", ["你好世界"]),
        ("把标题改成你好，然后改成竖屏", ["你好"]),
        ("把标题改成红色", []),
        ("标题叫机器人", ["机器人"]),
        ("字幕内容是今天天气很好，持续3秒", ["今天天气很好"]),
        ("加标题在第2秒", []),
    ],
)
def test_what_is_to_be_written_is_taken_out(message: str, texts: list[str]) -> None:
    assert mask(message).texts == texts


@pytest.mark.parametrize(
    ("message", "count"),
    [
        ('add a title "A, b and c. Then d!" and mute it', 2),
        ("swap clips 1 and 3", 1),
        ("cut between 2 and 5 seconds", 1),
        ("zoom in and out", 1),
        ("make it 1 minute and 30 seconds", 1),
        ("make it 1.5 minutes. Use robot.png first", 2),
        ("explain this image, 60 seconds, vertical, calm music", 1),
        ("remove the title and the music", 2),
        ("把第二段缩短到3秒并且静音", 2),
        ("first a, then b; mute; undo", 4),
    ],
)
def test_a_message_falls_into_its_wishes(message: str, count: int) -> None:
    assert len(clauses(mask(message))) == count


@pytest.mark.parametrize(
    ("message", "span"),
    [
        ("from 2 to 5", Span(start=2000, end=5000)),
        ("between 2 and 5 seconds", Span(start=2000, end=5000)),
        ("从2秒到5秒", Span(start=2000, end=5000)),
        ("at 0:05", Span(start=5000)),
        ("at 3", Span(start=3000)),
        ("at 30%", Span()),
        ("for 3 seconds", Span(length=3000)),
        ("at 2 s for 3 s", Span(start=2000, length=3000)),
        ("until 0:08", Span(end=8000)),
        ("at the end", Span(at_end=True)),
        ("at the start", Span(start=0)),
        ("throughout the clip", Span(throughout=True)),
        ("持续3秒", Span(length=3000)),
        ("移到第5秒", Span(start=5000)),
    ],
)
def test_when_something_is_to_be_is_read(message: str, span: Span) -> None:
    assert span_of(clauses(mask(message))[0]) == span


@pytest.mark.parametrize(
    ("text", "noun", "numbers"),
    [
        ("clip 2", "clip", [2]),
        ("clips 1, 2 and 3", "clip", [1, 2, 3]),
        ("clips 2 to 4", "clip", [2, 3, 4]),
        ("the second and third clips", "clip", [2, 3]),
        ("the last clip", "clip", [5]),
        ("the second to last clip", "clip", [4]),
        ("the last two clips", "clip", [4, 5]),
        ("第三段", "clip", [3]),
        ("第一段和第二段", "clip", [1, 2]),
        ("倒数第二段", "clip", [4]),
        ("最后一段", "clip", [5]),
        ("第二个标题", "title", [2]),
        ("第二个标题", "clip", []),
        ("the title 60 px", "title", []),
        ("captions #00ffaa", "caption", []),
    ],
)
def test_things_are_found_by_number(text: str, noun: str, numbers: list[int]) -> None:
    assert sorted(numbers_of(to_digits(fold(text)), noun, 5)) == numbers


@given(st.text(max_size=200))
def test_folding_keeps_the_length_and_cleaning_leaves_nothing_that_acts(text: str) -> None:
    cleaned = clean(text)
    assert len(fold(cleaned)) == len(cleaned)
    assert not any(c in cleaned for c in "\x00\x1b\u202e\u2066\ue000\uf000\ud800")
