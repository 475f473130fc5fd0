"""Captions: two lines of 42 columns at most, at least 1.2 s each, no word lost within a sentence."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ipynemo.backend.explain.captions import columns, pieces, shorten, timed


def test_a_long_sentence_is_broken_at_a_stop_near_its_middle() -> None:
    assert pieces("A prompt steers the steps; a seed sets the first noise.") == [
        "A prompt steers the steps;\na seed sets the first noise."
    ]
    assert pieces("一千步走了 250 步时，还剩 0.72 的信号和 0.69 的噪声。") == [
        "一千步走了 250 步时，\n还剩 0.72 的信号和 0.69 的噪声。"
    ]


def test_a_short_sentence_stays_on_one_line() -> None:
    assert pieces("A picture is numbers.") == ["A picture is numbers."]


def test_sentences_share_the_time_by_their_length() -> None:
    captions = timed(["A picture is numbers.", "This one holds 12 of them."], 9000, 6000, 17)
    assert [(c.start_ms, c.duration_ms, c.text) for c in captions] == [
        (9000, 2809, "A picture is numbers."),
        (11809, 3191, "This one holds 12 of them."),
    ]


def test_what_there_is_no_time_to_read_is_not_said() -> None:
    assert [c.text for c in timed(["First.", "A second sentence that is rather long."], 0, 2000, 17)] == ["First."]


def test_a_chinese_character_is_two_columns_wide() -> None:
    assert columns("图片 ok") == 7
    assert shorten("图片就是数字", 7) == "图片就…"


@settings(max_examples=300, deadline=None)
@given(
    sentences=st.lists(st.text(min_size=1, max_size=200).filter(str.strip), min_size=1, max_size=4),
    duration_ms=st.integers(1200, 20_000),
)
def test_any_captions_are_readable(sentences: list[str], duration_ms: int) -> None:
    captions = timed([" ".join(s.split()) or "x" for s in sentences], 500, duration_ms, 17)
    assert captions
    assert captions[0].start_ms == 500
    for caption in captions:
        lines = caption.text.split("\n")
        assert len(lines) <= 2
        assert all(columns(line) <= 42 for line in lines)
        assert caption.duration_ms >= 1200
    ends = [c.start_ms + c.duration_ms for c in captions]
    assert ends[:-1] == [c.start_ms for c in captions[1:]]
    assert ends[-1] <= 500 + duration_ms


@given(st.text(max_size=300))
def test_breaking_loses_no_letter(sentence: str) -> None:
    sentence = " ".join(sentence.split())
    assert "".join("".join(pieces(sentence)).split()) == "".join(sentence.split())
