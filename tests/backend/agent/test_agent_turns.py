"""Whole turns: explaining, silence, language, undo, questions asked back, what is said about what was not done."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from agent_samples import ASSETS, asset, clip, facts, say
from PIL import Image, PngImagePlugin

from ipynemo import edits
from ipynemo.backend.agent import AssetFacts, Call, Result, Say, Situation, respond
from ipynemo.backend.agent.messages import languages, messages_for
from ipynemo.backend.agent.rules import Context, Do, Plan
from ipynemo.draft import Draft

RECORD = "my private robot\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1"


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[AssetFacts, ...]:
    """Return a picture without a word about itself, and one with a generator's record."""
    noise = np.random.default_rng(1).integers(0, 255, (90, 160, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "plain.png")
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", RECORD)
    Image.fromarray(noise).save(tmp_path / "robot.png", pnginfo=info)
    return tuple(asset(name, f"{name}.png", path=tmp_path / f"{name}.png") for name in ("plain", "robot"))


def test_explaining_a_picture_says_what_it_does_and_what_the_file_states(pictures: tuple[AssetFacts, ...]) -> None:
    turn = say("explain what an AI image is and how it was created", Draft(), assets=pictures[:1])
    assert turn.calls == [("explain_pictures", {"language": "en"})]
    assert [type(step) for step in turn.steps] == [Say, Call, Result, Say]
    assert turn.said == [
        "I read the file and make a storyboard from its facts.",
        (
            "Here is a draft of 30 s about “plain.png”: titles, captions and pictures from the file's own facts."
            " The file states nothing about how it was made. No label does not mean no AI."
        ),
    ]
    assert turn.draft.duration_s == 30
    assert len(turn.draft.tracks) == 5


@pytest.mark.parametrize(
    ("message", "args", "total", "frame", "music"),
    [
        ("explain this image", {}, 30, (1920, 1080), "music:curious"),
        ("explain this image, 60 seconds", {"seconds": 60.0}, 60, (1920, 1080), "music:curious"),
        (
            "explain this image in one minute, vertical, with calm music at 20%",
            {"seconds": 60.0, "aspect": "9:16", "music": "calm", "volume": 0.2},
            60,
            (1080, 1920),
            "music:calm",
        ),
        (
            "can you explain this picture without music in 2 minutes?",
            {"seconds": 120.0, "music": "none"},
            120,
            (1920, 1080),
            None,
        ),
        (
            "make a 20 second square video of this picture",
            {"seconds": 20.0, "aspect": "1:1"},
            20,
            (1080, 1080),
            "music:curious",
        ),
        (
            "convert a single product photo or AI-generated artwork into a 1080p MP4",
            {},
            30,
            (1920, 1080),
            "music:curious",
        ),
        (
            "turning AI image concepts into short explainer videos for students, curious beginners, content creators",
            {},
            30,
            (1920, 1080),
            "music:curious",
        ),
        ("explain this in Chinese", {"language": "zh"}, 30, (1920, 1080), "music:curious"),
        (
            "讲解这张图片，60秒，竖屏",
            {"language": "zh", "seconds": 60.0, "aspect": "9:16"},
            60,
            (1080, 1920),
            "music:curious",
        ),
        ("用英文介绍一下这张照片，不要音乐", {"language": "en", "music": "none"}, 30, (1920, 1080), None),
        (
            "用这张图做一个20秒的竖屏视频",
            {"language": "zh", "seconds": 20.0, "aspect": "9:16"},
            20,
            (1080, 1920),
            "music:curious",
        ),
    ],
)
def test_explaining_takes_its_options(
    message: str,
    args: dict[str, object],
    total: float,
    frame: tuple[int, int],
    music: str | None,
    pictures: tuple[AssetFacts, ...],
) -> None:
    turn = say(message, Draft(), assets=pictures[:1])
    assert turn.calls == [("explain_pictures", {"language": "en"} | args)]
    got = facts(turn.draft)
    assert (got["total"], got["frame"], got.get("music", (None,))[0]) == (total, frame, music)


def test_each_picture_gets_its_storyboard(pictures: tuple[AssetFacts, ...]) -> None:
    turn = say("explain these pictures", Draft(), assets=pictures)
    assert turn.draft.duration_s == 60
    assert "60 s: 2 pictures or videos" in turn.text
    one = say("explain the second picture", Draft(), assets=pictures)
    assert one.calls == [("explain_pictures", {"language": "en", "assets": ["robot"]})]
    assert say("explain robot.png", Draft(), assets=pictures).calls == one.calls
    assert "There is no picture 7; 2 were uploaded." in say("explain the 7th picture", Draft(), assets=pictures).text


@pytest.mark.parametrize(
    ("message", "total"), [("explain this image in 2 seconds", 5), ("explain this image in 20 minutes", 600)]
)
def test_lengths_out_of_bounds_are_bounded_and_said(
    message: str, total: float, pictures: tuple[AssetFacts, ...]
) -> None:
    turn = say(message, Draft(), assets=pictures[:1])
    assert turn.draft.duration_s == total
    assert "5 seconds to 10 minutes" in turn.text
    turn = say("make it 2 seconds")
    assert turn.draft.duration_s == 5
    assert turn.text == "A clip can be 5 seconds to 10 minutes long, so instead of 2 s it is 5 s now."


def test_a_prompt_is_shown_only_when_it_is_asked_for(pictures: tuple[AssetFacts, ...]) -> None:
    turn = say("explain this image", Draft(), assets=pictures[1:])
    everything = json.dumps([turn.draft.raw, turn.said, [s.response for s in turn.steps if isinstance(s, Result)]])
    assert "private robot" not in everything
    assert "Say “show the prompt” to have them in." in turn.text
    shown = say("show the prompt", turn.draft, assets=pictures[1:])
    assert [name for name, _ in shown.calls] == ["show_prompt"]
    assert "Prompt in the file:\\nmy private robot" in shown.draft.to_json()
    assert shown.draft.duration_s == 30
    told = say("what is the prompt?", turn.draft, assets=pictures[1:])
    assert told.text == "The file's prompt record says: “my private robot”"


def test_was_it_made_by_ai_is_answered_with_what_the_file_says(pictures: tuple[AssetFacts, ...]) -> None:
    for message in ("was this made by AI?", "Is this picture real?", "how was it made?"):
        turn = say(message, clip(), assets=pictures[:1])
        assert [name for name, _ in turn.calls] == ["read_file_evidence"]
        assert turn.text.startswith("The file “plain.png” states nothing about how it was made.")
        assert "SynthID cannot be read offline" in turn.text
    robot = say("这是AI生成的吗？", clip(), assets=pictures[1:])
    assert "文件“robot.png”里写着：用 Stable Diffusion web UI 制作。这样的文字谁都能写，不是证明。" in robot.text
    assert robot.draft == clip()
    assert (
        say("was this made by AI?", clip(), assets=()).text
        == "Upload the picture, and I read what its file states about how it was made."
    )


def test_without_a_picture_the_explainer_is_made_of_words() -> None:
    turn = say("explain what an AI image is", Draft(), assets=())
    assert [t.kind for t in turn.draft.tracks] == ["text", "text", "text", "audio"]
    assert turn.said[-1].startswith("Here is a draft of 30 s in words. It gets better with a picture")


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
