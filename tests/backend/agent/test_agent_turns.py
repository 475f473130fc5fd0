"""Whole turns: silence, language, undo, questions asked back, what is said about what was not done."""

from __future__ import annotations

import pytest
from agent_samples import ASSETS, clip, facts, say

from ipynemo import edits
from ipynemo.backend.agent import Call, Result, Say, Situation, respond
from ipynemo.backend.agent.messages import languages, messages_for
from ipynemo.backend.agent.rules import Context, Do, Plan
from ipynemo.draft import Draft


@pytest.mark.parametrize(
    "message",
    [
        "set the music to 35%",
        "trim the last 3 seconds",
        "put the last clip first",
        "zoom in on the first clip",
        "move the title to 5 seconds",
        "音乐大声一点",
        "剪掉第2秒到第5秒",
    ],
)
def test_a_single_plain_edit_ends_without_a_word(message: str) -> None:
    turn = say(message)
    assert turn.said == []
    assert turn.draft != clip()


def test_more_than_a_plain_edit_is_told() -> None:
    assert say("make it vertical").said == ["The clip is 9:16 now (1080×1920)."]
    assert len(say("set the music to 35%, then make it vertical").said) == 1
    assert say("zoom in on the first clip with sparkles").said[0].endswith("“sparkles”.")
    assert say("keep the second picture still").said == ["It is like that already."]


def test_what_was_half_understood_is_done_and_the_rest_is_named() -> None:
    turn = say('add a title "Hi" with sparkles, then frobnicate the zorbs')
    assert [name for name, _ in turn.calls] == ["add_title"]
    assert "I did not understand this part: “sparkles”." in turn.text
    assert "I did not understand: “frobnicate the zorbs”." in turn.text


def test_the_answer_is_in_the_language_of_the_message_else_of_the_session() -> None:
    assert say("改成竖屏", language="en").said == ["画面比例现在是 9:16（1080×1920）。"]
    assert say("make it vertical", language="zh").said == ["The clip is 9:16 now (1080×1920)."]
    assert say("9:16", language="zh-CN").said == ["画面比例现在是 9:16（1080×1920）。"]
    assert say("9:16", language="de").said == ["The clip is 9:16 now (1080×1920)."]
    assert say('add a title "你好"').said == ["Title “你好” added at 3–6 s."]


def test_undo_and_redo_go_through_the_history() -> None:
    one, two, three = (edits.set_title(clip(), name) for name in ("one", "two", "three"))
    situation = {"undo": (one, two), "redo": (three,)}
    for message, expected, history in (
        ("undo", two, "undo"),
        ("undo twice", one, "undo"),
        ("undo the last 2 changes", one, "undo"),
        ("undo everything", one, "undo"),
        ("撤销两步", one, "undo"),
        ("redo", three, "redo"),
        ("重做", three, "redo"),
    ):
        turn = say(message, **situation)
        result = next(s for s in turn.steps if isinstance(s, Result))
        assert (result.draft, result.history) == (expected, history)
        assert len(turn.said) == 1


def test_undo_in_the_same_message_takes_back_what_the_message_did() -> None:
    turn = say("make it vertical, then undo")
    assert [name for name, _ in turn.calls] == ["set_aspect", "undo"]
    assert turn.draft == clip()
    assert turn.steps[3].history == "edit"


def test_undo_then_edit_works_on_the_older_draft() -> None:
    older = edits.set_title(clip(), "older")
    turn = say("undo and make it vertical", undo=(older,))
    assert [s.history for s in turn.steps if isinstance(s, Result)] == ["undo", "edit"]
    assert turn.draft.title == "older"
    assert turn.draft.width_px == 1080


BETTER = messages_for("en").get("ask", "better")


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        ("shorter", ["set_duration"]),
        ("more motion", ["set_motion", "set_motion", "set_motion"]),
        ("the music", ["set_music"]),
        ("bigger captions", ["restyle_text"]),
        ("smoother changes", ["set_transition"]),
        ("shorter and smoother", ["set_duration", "set_transition"]),
        ("whatever you like, you choose", ["set_motion", "set_motion", "set_motion", "set_transition"]),
        ("add a title 'Better'", ["add_title"]),
        ("make it 20 seconds", ["set_duration"]),
    ],
)
def test_the_answer_to_what_should_be_better_is_understood(answer: str, names: list[str]) -> None:
    turn = say(answer, history=(("user", "make it better"), ("model", BETTER)))
    assert [name for name, _ in turn.calls] == names


def test_better_is_asked_once_and_then_done() -> None:
    assert say("make it better").said == [BETTER]
    turn = say("just better", history=(("user", "make it better"), ("model", BETTER)))
    assert [name for name, _ in turn.calls] == ["set_motion", "set_motion", "set_motion", "set_transition"]


def test_a_missing_text_is_asked_for_and_the_answer_is_taken_as_text() -> None:
    asked = say("add a title").said[0]
    history = (("user", "add a title"), ("model", asked))
    assert say("The secret life of robots", history=history).calls == [
        ("add_title", {"text": "The secret life of robots"})
    ]
    assert say('"Remove nothing" at 5 seconds', history=history).calls == [
        ("add_title", {"text": "Remove nothing", "start_s": 5.0})
    ]
    assert say("never mind", history=history).calls == []
    zh = (("user", "加一个标题"), ("model", say("加一个标题").said[0]))
    assert say("机器人的秘密", history=zh).calls == [("add_title", {"text": "机器人的秘密"})]


def test_an_old_question_is_forgotten() -> None:
    history = (("user", "add a title"), ("model", "What should the title say?"), ("user", "hello"), ("model", "Hello!"))
    assert say("The secret life of robots", history=history).calls == []


def test_pictures_are_put_on_an_empty_timeline_when_an_edit_needs_them() -> None:
    turn = say('add a title "Hello" and put calm music under it', Draft())
    assert [name for name, _ in turn.calls] == ["add_picture", "add_picture", "add_title", "set_music"]
    assert facts(turn.draft)["clips"] == [("robot.png", 0, 5), ("tower.jpg", 5, 10)]
    assert turn.text.startswith("I put your pictures on the timeline first, 5 s each: “robot.png”, “tower.jpg”.")
    assert (turn.draft.width_px, turn.draft.height_px) == (1920, 1080)


def test_a_title_on_an_empty_draft_without_pictures_is_possible() -> None:
    turn = say('add a title "Hello"', Draft(), assets=())
    assert facts(turn.draft)["titles"] == [("Hello", 0, 3)]
    assert "The timeline is empty." in say("add calm music", Draft(), assets=()).text


def test_the_same_message_gives_the_same_steps() -> None:
    situation = Situation(clip(), ASSETS)
    message = 'add a title "Hi", make it vertical'
    assert list(respond(message, situation)) == list(respond(message, situation))
    calls = [s for s in respond(message, situation) if isinstance(s, Call)]
    assert len({c.id for c in calls}) == 2


def test_another_planner_can_take_the_place_of_the_rules() -> None:
    def planner(clause: object, context: Context) -> Plan:
        return [
            Do("set_volume", {"track": 4, "volume": 7}),
            Do("no_such_tool", {"x": 1}),
            Do("set_aspect", {"aspect": "1:1"}),
        ]

    steps = list(respond("anything", Situation(clip(), ASSETS), planner=planner))
    results = [s for s in steps if isinstance(s, Result)]
    assert results[0].response["error"].startswith("InvalidArguments: volume")
    assert results[1].response["error"].startswith("UnknownTool: no tool 'no_such_tool'")
    assert results[2].draft is not None
    assert results[2].draft.width_px == 1080
    said = steps[-1]
    assert isinstance(said, Say)
    assert "That did not work" in said.text


def test_a_cloud_draft_without_our_keys_can_be_edited() -> None:
    cloud = Draft(
        {
            "t": [
                {"tt": 0, "sg": [{"d": 4000}, {"d": 6000}]},
                {"tt": 7, "sg": [{"tx": "Urban Dreams", "d": 3000}]},
                {"tt": 1, "n": "BGM", "sg": [{"d": 10000, "n": "Lo-fi", "vol": 0.35}]},
            ]
        }
    )
    assert say("change the title to Paradise Found", cloud).draft.raw["t"][1]["sg"][0]["tx"] == "Paradise Found"
    assert say("set the music to 50%", cloud).draft.raw["t"][2]["sg"][0]["vol"] == 0.5
    assert say("cut from 2 to 5 seconds", cloud).draft.duration_s == 7
    assert say("what music is there?", cloud).text == "Music: Lo-fi, at 35 %."
    assert say("remove the title", cloud).draft.raw["t"][1] == cloud.raw["t"][2]


def test_every_language_has_the_same_messages_and_blanks() -> None:
    def blanks(table: dict[str, dict[str, str]]) -> dict[str, dict[str, list[str]]]:
        return {
            group: {key: sorted(part.split("}")[0] for part in text.split("{")[1:]) for key, text in texts.items()}
            for group, texts in table.items()
        }

    assert languages() == ["en", "zh"]
    assert blanks(messages_for("zh").table) == blanks(messages_for("en").table)


def test_no_message_of_the_agent_speaks_of_a_screen() -> None:
    for language in languages():
        words = repr(messages_for(language).table).lower()
        for forbidden in ("click", "button", "drag", "panel", "点击", "按钮", "拖"):
            assert forbidden not in words
