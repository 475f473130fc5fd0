"""Lines break where each script breaks them, and run in its direction."""

from __future__ import annotations

from ipynemo.backend.render.lines import is_right_to_left, pieces_of, shortened, visual_runs, wrapped


def lines(text: str, width: float, size: int = 40) -> list[str]:
    return ["".join(piece.text for piece in line.pieces) for line in wrapped(text, size, 400, width)]


def test_words_break_at_spaces() -> None:
    assert lines("What is an AI image?", 220) == ["What is an", "AI image?"]


def test_every_line_fits() -> None:
    text = "Training spoils pictures step by step, and a model learns to undo it. 训练一步一步地破坏图片。" * 3
    for width in (120, 300, 777):
        assert all(line.width <= width for line in wrapped(text, 40, 400, width))


def test_chinese_breaks_between_any_two_characters() -> None:
    assert lines("一二三四五六七八九十", 201) == ["一二三四五", "六七八九十"]


def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one() -> None:
    assert lines("一二三四五。六七八", 201) == ["一二三四", "五。六七八"]
    assert lines("一二三四（五）六七", 201) == ["一二三四", "（五）六七"]


def test_nothing_is_lost_in_wrapping() -> None:
    text = "A word, verylongwordwithoutanyspace/and/a/path 和中文（混合）words ending — so."
    assert "".join(lines(text, 160)).replace(" ", "") == text.replace(" ", "")


def test_a_word_wider_than_the_line_breaks() -> None:
    parts = lines("Donaudampfschifffahrt", 150)
    assert len(parts) > 2
    assert "".join(parts) == "Donaudampfschifffahrt"


def test_an_address_breaks_after_slashes_but_not_between_two() -> None:
    parts = lines("https://example.org/some/long/path", 260)
    assert parts[0] == "https://"
    assert all(part.endswith("/") for part in parts[:-1])
    for width in range(85, 200, 3):
        assert not any(part.startswith("/") for part in lines("xx ab//cd", width))


def test_a_hard_space_does_not_break() -> None:
    assert lines("about 10\u00a0000", 190) == ["about", "10 000"]
    assert lines("about 10 000", 190) == ["about 10", "000"]


def test_an_empty_paragraph_is_one_empty_line() -> None:
    assert lines("", 100) == [""]


def test_what_was_left_out_is_shown_by_dots() -> None:
    line = wrapped("What is an AI image?", 40, 400, 1000)[0]
    cut = shortened(line, 40, 400, 200)
    assert "".join(piece.text for piece in cut.pieces) == "What is…"
    assert cut.width <= 200


def runs(text: str) -> list[str]:
    return [run.text for run in visual_runs(pieces_of(text), rtl=is_right_to_left(text))]


def test_hebrew_runs_from_right_to_left_with_its_numbers_in_order() -> None:
    assert runs("שלום 42 עולם") == ["עולם", " ", "42", "שלום "]
    assert [run.rtl for run in visual_runs(pieces_of("שלום"), rtl=True)] == [True]


def test_english_inside_hebrew_and_hebrew_inside_english_keep_their_order() -> None:
    assert [run.strip() for run in runs("שלום Big World שלום") if run.strip()] == ["שלום", "Big World", "שלום"]
    assert [run.strip() for run in runs("Say שלום עולם now") if run.strip()] == ["Say", "שלום עולם", "now"]


def test_a_decimal_number_in_hebrew_stays_whole() -> None:
    assert "3.50" in runs("מחיר 3.50 שח")


def test_the_first_letter_with_a_direction_decides() -> None:
    assert is_right_to_left("123 שלום abc")
    assert not is_right_to_left("123 abc שלום")
    assert not is_right_to_left("123")
