"""What was said is kept whole, shown in part, saved in little; all of it bounded."""

from __future__ import annotations

import json

import pytest

from ipynemo.widgets import _talk
from ipynemo.widgets._chat_words import CHAT_WORDS, activity
from ipynemo.widgets._talk import Talk, messages_of

EN = CHAT_WORDS["en"]


def test_the_page_gets_the_beginning_of_a_long_text_and_the_rest_on_demand() -> None:
    talk = Talk()
    entry = talk.add("agent", "".join(f"Paragraph {n}.\n\n" for n in range(2500)))
    view = talk.view()[0][0]
    assert view["parts"] == 6
    assert len(view["text"]) <= 8000
    more = entry.more(1)
    assert (more["part"], more["next"]) == (1, 5)
    rest = entry.more(5)
    assert rest["next"] == 6
    shown = [*view["nodes"], *more["nodes"], *rest["nodes"]]
    assert [node["c"][0] for node in shown] == [f"Paragraph {n}." for n in range(2500)]


def test_what_the_page_has_is_bounded_and_says_that_there_was_more() -> None:
    talk = Talk()
    for number in range(150):
        talk.add("user", f"message {number}")
    view, is_cut = talk.view()
    assert (len(view), view[-1]["text"], is_cut) == (100, "message 149", True)
    talk = Talk()
    for _ in range(30):
        talk.add("agent", "lorem " * 1400)
    view, is_cut = talk.view()
    assert is_cut
    assert len(json.dumps(view)) < 250_000


def test_megabytes_are_let_go_of() -> None:
    talk = Talk()
    for _ in range(12):
        talk.add("agent", "x" * 1_000_000)
    assert sum(len(entry.text) for entry in talk.entries) <= 8_000_000
    assert len(talk.add("agent", "y" * 3_000_000).text) == 2_000_000


def test_the_saved_form_is_escaped_and_small() -> None:
    talk = Talk()
    talk.add("user", "<b>explain</b>")
    talk.add("agent", "<img src=x onerror=alert(1)>\n\u202eevil", changes=["Title added: <i>"])
    assert talk.html(EN) == (
        '<p dir="auto" style="white-space:pre-wrap"><strong>You</strong><br>&lt;b&gt;explain&lt;/b&gt;</p>'
        '<p dir="auto" style="white-space:pre-wrap"><strong>ipynemo</strong><br>'
        "&lt;img src=x onerror=alert(1)&gt;\nevil\nTitle added: &lt;i&gt;</p>"
    )
    assert talk.plain(EN).startswith("You: <b>explain</b>\n\nipynemo: <img")
    for _ in range(80):
        talk.add("agent", "lorem ipsum " * 1000)
    assert len(talk.html(EN)) < 65_000


def test_errors_lose_their_buttons_when_something_follows() -> None:
    talk = Talk()
    talk.add("error", "It failed.", error={"message": "It failed.", "action": "retry"})
    talk.settle()
    assert talk.view()[0] == [{"id": 1, "role": "error", "text": "It failed.", "parts": 1}]
    talk.settle(forget=True)
    assert talk.view()[0] == []


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (
            {"messages": [{"role": "user", "text": "hi"}, {"role": "model", "text": "Hello"}]},
            [("user", "hi"), ("agent", "Hello")],
        ),
        ({"history": [{"role": "assistant", "content": "Hello"}]}, [("agent", "Hello")]),
        (
            {"chat_history": [{"role": "model", "parts": [{"text": "a", "thought": True}, {"text": "b"}]}]},
            [("agent", "b")],
        ),
        ({"messages": ["x", None, {"role": "user"}, {"role": "user", "text": 3}]}, []),
        ({"messages": "x"}, []),
        ({"draft": {}}, []),
    ],
)
def test_what_a_state_tells_of_earlier_messages(state: dict[str, object], said: list[tuple[str, str]]) -> None:
    assert messages_of(state) == said


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        ("explain_pictures", "Looking at the picture and writing the story…"),
        ("read_file_evidence", "Reading the traces in the file…"),
        ("set_music", "Working on the sound…"),
        ("add_title", "Working on the texts…"),
        ("zoom_to", "Working on the picture…"),
        ("undo", "Going through the last steps…"),
        ("generate_video", "Generating…"),
        ("get_state", "Having a look…"),
        ("trim_segment", "Editing the timeline…"),
        ("<img onerror=x>" * 100, "Editing the timeline…"),
    ],
)
def test_a_tool_is_told_in_words_and_never_by_its_name(tool: str, words: str) -> None:
    assert activity(tool, EN) == words


def test_english_and_chinese_have_the_same_texts() -> None:
    assert CHAT_WORDS["en"].keys() == CHAT_WORDS["zh"].keys()


def test_the_newest_previews_are_kept_and_the_pictures_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_talk, "MAX_VIDEO_BYTES", 100)
    talk = Talk()
    for number in range(4):
        talk.add("agent", f"Preview {number}", picture="data:image/jpeg;base64,x", mp4=b"x" * 40)
    assert [entry.get("has_video", False) for entry in talk.view()[0]] == [False, False, True, True]
    assert all("mp4" not in entry and entry["picture"] for entry in talk.view()[0])
