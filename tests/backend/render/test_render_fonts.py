"""Every script finds a font that has it; what no font has is seen to be missing."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ipynemo.backend.render.fonts import SUBSTITUTE, clusters, face_for, has_shaping, measure, sized, text_of


def drawn(cluster: str, weight: int = 400) -> np.ndarray:
    face, text = face_for(cluster)
    image = Image.new("L", (160, 120))
    ImageDraw.Draw(image).text((20, 90), text, 255, sized(face, 64, weight), "ls")
    return np.asarray(image)


@pytest.mark.parametrize(
    ("pair", "font"),
    [
        ("éß", "NotoSans"), ("Ωλ", "NotoSans"), ("Жщ", "NotoSans"), ("图像", "NotoSansCJK"), ("ひカ", "NotoSansCJK"),
        ("한글", "NotoSansCJK"), ("שם", "NotoSansHebrew"), ("مع", "NotoSansArabic"), ("कख", "NotoSansDevanagari"),
        ("กข", "NotoSansThai"), ("😀🎉", "NotoEmoji"), ("→①", "NotoSansSymbols"), ("✓≥", "NotoSansCJK"),
    ],
)  # fmt: skip
def test_characters_are_really_drawn(pair: str, font: str) -> None:
    first, second = drawn(pair[0]), drawn(pair[1])
    assert face_for(pair[0])[0].key == font
    assert (first > 128).sum() > 80  # there is ink
    assert (first != second).sum() > 200  # two characters, two shapes: no boxes
    assert (first != drawn(SUBSTITUTE)).sum() > 200


def test_bold_is_bolder() -> None:
    for cluster in ("M", "图", "Ж"):
        assert (drawn(cluster, 700) > 128).sum() > 1.2 * (drawn(cluster, 400) > 128).sum()


@pytest.mark.parametrize("unknown", ["\ue123", "\U00013000", "\U000fffff"])
def test_a_character_that_no_font_has_is_drawn_as_a_question(unknown: str) -> None:
    assert face_for(unknown)[1] == SUBSTITUTE
    assert (drawn(unknown) > 128).sum() > 200


def test_a_fancy_letter_falls_back_to_the_plain_one() -> None:
    assert face_for("𝕏")[1] == "X"


def test_the_letters_of_a_text_decide_between_chinese_and_japanese_forms() -> None:
    chinese, japanese = face_for("直", "zh")[0], face_for("直", "ja")[0]
    assert (chinese.index, japanese.index) == (2, 0)


def test_what_belongs_together_stays_together() -> None:
    assert clusters("é👨‍👩‍👧🇨🇭🇩🇪1️⃣👍🏽x") == ["é", "👨‍👩‍👧", "🇨🇭", "🇩🇪", "1️⃣", "👍🏽", "x"]
    assert clusters("e\u0301a") == ["e\u0301", "a"]


def test_an_emoji_family_is_one_shape() -> None:
    assert has_shaping()
    face, text = face_for("👨‍👩‍👧")
    assert measure(text, face, 64, 400) < 1.5 * measure("👨", face, 64, 400)


def test_control_characters_go_and_line_ends_become_one_kind() -> None:
    assert text_of("a\r\nb\rc\u2028d\te\x00\x1bf") == "a\nb\nc\nd ef"
    assert text_of("e\u0301") == "é"
    assert text_of("\ud83d lost half") == "\ufffd lost half"
