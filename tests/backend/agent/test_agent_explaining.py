"""Explaining pictures by chat: options, several pictures, bounds, private prompts, "was this made by AI?"."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
from agent_samples import asset, clip, facts, say
from PIL import Image, PngImagePlugin

from ipynemo.backend.agent import AssetFacts, Call, Result, Say
from ipynemo.backend.explain import script
from ipynemo.concepts.evidence import Evidence
from ipynemo.concepts.statements import Statement
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


def test_a_language_is_a_file_more(
    pictures: tuple[AssetFacts, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "I can write captions in English and Chinese." in say("explain this image in German", Draft(), assets=pictures[:1]).text
    texts = Path(str(script._TEXTS))
    (tmp_path / "en.toml").write_bytes((texts / "en.toml").read_bytes())
    german = (texts / "en.toml").read_text("utf-8").replace("What can this file tell us?", "Was sagt diese Datei?")
    (tmp_path / "de.toml").write_text(german, "utf-8")
    monkeypatch.setattr(script, "_TEXTS", tmp_path)
    for message, language in (("explain this image in German", "en"), ("explain this image", "de-AT")):
        turn = say(message, Draft(), assets=pictures[:1], language=language)
        assert turn.calls == [("explain_pictures", {"language": "de"})]
        assert turn.draft.track(3).segment(1).text == "Was sagt diese Datei?"


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
    assert shown.text == "The prompt is on a card at 3 s."
    cards = shown.draft.track(1).segment(2).meta["about"]["cards"]
    assert [card["text"] for card in cards] == [
        "It was made with Stable Diffusion web UI",
        "Prompt: “my private robot”",
    ]
    again = say("show the prompt", shown.draft, assets=pictures[1:])
    assert again.draft == shown.draft
    assert "没听懂" not in say("显示提示词", turn.draft, assets=pictures[1:]).text
    assert shown.draft.duration_s == 30
    told = say("what is the prompt?", turn.draft, assets=pictures[1:])
    assert told.text == "The file's prompt record says: “my private robot”"


def test_a_prompt_in_a_draft_without_drawn_scenes_goes_on_its_card(pictures: tuple[AssetFacts, ...]) -> None:
    raw = say("explain this image", Draft(), assets=pictures[1:]).draft.raw
    for segment in raw["t"][0]["sg"]:
        segment["m"].pop("about", None)  # as drafts were once
    shown = say("show the prompt", Draft(raw), assets=pictures[1:])
    assert "Prompt in the file:\nmy private robot" in [s.text for t in shown.draft.tracks for s in t.segments]
    raw["t"][0]["sg"][1]["m"]["about"] = {"cards": [7, {"source": []}]}  # and what a stranger may have written
    assert (
        len(say("show the prompt", Draft(raw), assets=pictures[1:]).draft.track(1).segment(2).meta["about"]["cards"])
        == 2
    )


def test_a_drawn_scene_has_no_camera_and_that_is_said(pictures: tuple[AssetFacts, ...]) -> None:
    draft = say("explain this image", Draft(), assets=pictures[:1]).draft
    turn = say("pan left on the second clip", draft, assets=pictures[:1])
    assert (turn.calls, turn.draft) == ([], draft)
    assert turn.text == "Clip 2 is a drawn scene: it has no camera that could move. I left it as it is."
    moved = say("pan left", draft, assets=pictures[:1]).draft
    assert [s.meta.get("motion") for s in moved.track(1).segments] == ["pan_left"] + [None] * 7
    assert "第 2 段是画出来的场景" in say("第二段放大", draft, assets=pictures[:1]).text
    tall = say("make it 9:16", draft, assets=pictures[:1]).draft
    assert [s.meta.get("fit") for s in tall.track(1).segments] == ["blur"] + [None] * 7


def test_was_it_made_by_ai_is_answered_with_what_the_file_says(pictures: tuple[AssetFacts, ...]) -> None:
    for message in ("was this made by AI?", "how was it made?", "who made this picture?"):
        turn = say(message, clip(), assets=pictures[:1])
        assert [name for name, _ in turn.calls] == ["read_file_evidence"]
        assert turn.text.startswith("The file “plain.png” states nothing about how it was made.")
        assert "SynthID cannot be read offline" in turn.text
    real = say("Is this picture real?", clip(), assets=pictures[:1]).text
    assert real.startswith(
        "I cannot tell whether a picture is real; I can tell what its file says. The file “plain.png” "
    )
    robot = say("这是AI生成的吗？", clip(), assets=pictures[1:])
    assert "文件“robot.png”里写着：用 Stable Diffusion web UI 制作。这样的文字谁都能写，不是证明。" in robot.text
    assert robot.draft == clip()
    assert (
        say("was this made by AI?", clip(), assets=()).text
        == "Upload the picture, and I read what its file states about how it was made."
    )


UNNAMED = "The file “plain.png” names no model. That does not mean that there was none."
UNSIGNED = "There is no signed record in the file “plain.png” that can be read, so nobody is named."


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("which model made this?", UNNAMED),
        ("What AI model was used?", UNNAMED),
        ("who signed it?", UNSIGNED),
        ("is it signed?", UNSIGNED),
        ("does it have content credentials?", UNSIGNED),
        ("这是哪个模型生成的？", "文件“plain.png”没有提到任何模型。这不等于没有用模型。"),
        ("用的什么模型？", "文件“plain.png”没有提到任何模型。这不等于没有用模型。"),
        ("谁签的名？", "文件“plain.png”里没有能读取的签名记录，所以没有签名者可说。大多数图片都没有。"),
        ("这是真的照片吗？", "一张图是不是真的，我判断不了；我只能说文件里写了什么。文件“plain.png”没有说明"),
        ("它是真的吗？", "一张图是不是真的，我判断不了；我只能说文件里写了什么。文件“plain.png”没有说明"),
    ],
)
def test_who_signed_and_which_model_are_answered_from_the_file(
    pictures: tuple[AssetFacts, ...], message: str, expected: str
) -> None:
    turn = say(message, clip(), assets=pictures[:1])
    assert [name for name, _ in turn.calls] == ["read_file_evidence"]
    assert turn.text.startswith(expected)
    assert turn.draft == clip()


def test_a_picture_that_is_named_is_the_one_that_is_read(pictures: tuple[AssetFacts, ...]) -> None:
    turn = say("was robot.png made by AI?", clip(), assets=pictures)
    assert [args["asset"] for _, args in turn.calls] == [pictures[1].id]
    both = say("which model made them?", clip(), assets=pictures)
    assert [args["asset"] for _, args in both.calls] == [asset.id for asset in pictures]


def test_evidence_that_is_stored_is_not_read_again(pictures: tuple[AssetFacts, ...]) -> None:
    stored = Evidence("x", "png", (Statement("XMP", "xmp:CreatorTool", "Midjourney", None, "stated"),))
    asset = dataclasses.replace(pictures[0], evidence=stored, path=pictures[0].path.with_name("gone.png"))
    turn = say("was this made by AI?", clip(), assets=(asset,))
    assert turn.text.startswith("The file “plain.png” says: xmp:CreatorTool: Midjourney, an image generator. ")


def test_without_a_picture_there_is_an_explainer_all_the_same() -> None:
    turn = say("explain what an AI image is", Draft(), assets=())
    assert [t.kind for t in turn.draft.tracks] == ["video", "text", "text", "audio"]
    assert turn.said[-1].startswith("Here is a draft of 30 s without a picture. It gets better with one")
