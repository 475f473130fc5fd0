"""An answer while it comes: pieces that, put together, are what is to be shown."""

from __future__ import annotations

from typing import Any

import pytest
from chat_peer import written
from hypothesis import given
from hypothesis import strategies as st

from ipynemo.events import Event, Text, TextDelta, ToolCall
from ipynemo.widgets._live import FOLLOWED, Live, for_widgets


def followed(*events: Event, language: str = "en") -> tuple[list[dict[str, Any]], Live]:
    live = Live(7, language)
    pushed = []
    for event in events:
        live.add(event)
        if (news := live.news()) is not None:
            pushed.append(news)
    return pushed, live


def test_pieces_are_sent_once_each() -> None:
    pushed, _ = followed(*(TextDelta(f"word number {n}, ") for n in range(4)))
    assert [(news["at"], news["text"]) for news in pushed] == [
        (0, "word number 0, word number 1, "),
        (30, "word number 2, "),
        (45, "word number 3, "),
    ]


def test_the_aggregate_that_repeats_the_pieces_sends_nothing_new() -> None:
    pushed, _ = followed(TextDelta("One robot paints "), TextDelta("a picture."), Text("One robot paints a picture."))
    assert "".join(news["text"] for news in pushed) == "One robot paints a picture."


def test_an_aggregate_that_differs_takes_the_place_of_the_pieces() -> None:
    pushed, _ = followed(TextDelta("The robot paints in bleu"), Text("The robot paints in blue."))
    assert pushed[1]["text"] == "ue."
    assert written(pushed) == ([], "The robot paints in blue.")


def test_complete_paragraphs_are_laid_out_and_sent_once() -> None:
    pushed, _ = followed(
        TextDelta("**First** one is here.\n\n"), TextDelta("Second one is here.\n\n"), TextDelta("The third one begins")
    )
    blocks, tail = written(pushed)
    assert blocks == [
        {"t": "p", "c": [{"t": "strong", "c": ["First"]}, " one is here."]},
        {"t": "p", "c": ["Second one is here."]},
    ]
    assert tail == "The third one begins"
    assert [len(news["blocks"]) for news in pushed] == [1, 1, 0]


def test_an_empty_line_inside_of_code_ends_nothing() -> None:
    pushed, _ = followed(TextDelta("```\na = 1\n\nb = 2\n"))
    assert written(pushed) == ([], "```\na = 1\n\nb = 2\n")


def test_half_an_instruction_for_a_screen_is_never_shown() -> None:
    text = "Your title is in place. Click the Export button to download your video. Enjoy the show."
    pushed, live = followed(*(TextDelta(letter) for letter in text))
    shown = [written(pushed[: n + 1])[1] for n in range(len(pushed))]
    assert [one for one in shown if "Click the" in one or "button" in one or "session." in one] == []
    assert live.text == "Your title is in place. You can export the video right here. Enjoy the show."


def test_emoji_are_counted_as_the_page_counts_them() -> None:
    pushed, _ = followed(TextDelta("A robot 🤖 paints a 🎨 "), TextDelta("picture of a 👩\u200d🎨 today"))
    assert written(pushed)[1] == "A robot 🤖 paints a 🎨 picture of a 👩\u200d🎨 today"


def test_of_a_very_long_answer_only_the_beginning_is_followed() -> None:
    pushed, live = followed(*(TextDelta("a robot paints " * 100) for _ in range(50)))
    assert sum(len(news["text"]) for news in pushed) < FOLLOWED + 200
    assert written(pushed)[1].endswith(" …")
    assert len(live.text) == 75_000


def test_a_new_page_begins_with_all_of_it() -> None:
    pushed, live = followed(TextDelta("The first part is done.\n\nThe second part is"))
    news = live.whole()
    assert written([news]) == written(pushed)
    assert (news["turn"], news["from"], news["had"], news["at"]) == (7, 0, 0, 0)


@given(
    st.lists(st.sampled_from(["A robot paints. ", "\n\n", "```\n", "🤖", "- item\n", "Click the ", "Save button. "]))
)
def test_whatever_comes_the_pieces_are_what_is_shown(pieces: list[str]) -> None:
    pushed, live = followed(*(TextDelta(piece) for piece in pieces))
    assert written([live.whole()]) == written(pushed)


@pytest.mark.parametrize(
    ("text", "shown", "names"),
    [
        ("You can export the video right here: session.export().", "You can export the video right here.", ()),
        ("Just ask for it here: session.chat('Enhance').", "Just ask for it here.", ("Enhance",)),
        ("Just say here what should change: session.chat('…').", "Just say here what should change.", ()),
        ("在这里直接说就可以：session.chat('增强')。", "在这里直接说就可以。", ("增强",)),
        ("Write session.export() in a cell.", "Write session.export() in a cell.", ()),
    ],
)
def test_in_a_widget_nobody_is_told_to_write_code(text: str, shown: str, names: tuple[str, ...]) -> None:
    assert for_widgets(text) == (shown, names)


def test_a_tool_between_two_texts_parts_them() -> None:
    pushed, _ = followed(TextDelta("First I look at it."), ToolCall("1", "look"), TextDelta("Now it is done."))
    blocks, tail = written(pushed)
    assert (blocks, tail) == ([{"t": "p", "c": ["First I look at it."]}], "Now it is done.")
