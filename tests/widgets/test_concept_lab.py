"""TinyModelLab: it trains, stops, draws and compares; copied or new; and what the page may ask for."""

from __future__ import annotations

import io
import threading
from typing import Any

import numpy as np
import pytest
from PIL import Image
from widget_kit import Wire, say, say_control, until

from ipynemo.concepts import TinyModel
from ipynemo.errors import InvalidRequestError, UnknownPromptError
from ipynemo.widgets import EvidenceCard, TinyModelLab


@pytest.fixture(scope="module")
def shapes() -> TinyModel:
    return TinyModel.train("shapes", seed=1, steps=400)


def test_training_tells_how_far_it_is_and_gives_a_model() -> None:
    lab = TinyModelLab(kind="digits", training_steps=60, training_seed=3, language="en")
    told: list[dict[str, Any]] = []
    lab.observe(lambda change: told.append(change["new"]), "progress")
    model = lab.train().result(60)
    assert lab.model is model
    assert (model.subject.kind, model.seed, model.trained_steps, model.pictures) == ("digits", 3, 60, 3000)
    assert (told[0]["step"], told[-2]["step"], told[-1]) == (0, 60, {})
    assert told[-2]["losses"][-1] < told[-2]["losses"][0]
    until(lambda: not lab.busy)
    assert lab._fallback_text().endswith("Trained: 60 steps on 3,000 pictures drawn by formula.")


def test_a_training_that_is_stopped_keeps_what_was_learnt_and_a_second_one_waits() -> None:
    lab = TinyModelLab(kind="digits", training_steps=20_000, language="en")
    begun = threading.Event()
    lab.observe(lambda change: change["new"].get("step", 0) >= 20 and begun.set(), "progress")
    say(lab, kind="train", subject="digits", seed=5, few=False)
    assert begun.wait(60)
    with pytest.raises(InvalidRequestError, match="The lab is at work"):
        lab.train()
    say_control(lab, kind="stop")
    until(lambda: not lab.busy)
    assert lab.model is not None
    assert 20 <= lab.model.trained_steps < 20_000
    assert (lab.model.seed, lab.progress) == (5, {})
    assert (
        lab._state_text()
        == f"Stopped after {lab.model.trained_steps:,} of 20,000 steps. It draws what it has learnt so far."
    )


def test_pictures_stand_side_by_side_with_what_is_known_of_them(shapes: TinyModel) -> None:
    lab = TinyModelLab(shapes, language="en")
    drawn = lab.compare(["red cross", "cross green"], seeds=[3, 4], steps=20)
    assert lab.pictures == drawn
    facts = lab.view["pictures"]
    assert [(one["prompt"], one["seed"], one["held_out"]) for one in facts] == [
        ("red cross", 3, False),
        ("red cross", 4, False),
        ("cross green", 3, True),
        ("cross green", 4, True),
    ]
    assert [one["looks"] for one in facts] == ["red cross", "red cross", "green cross", "green cross"]
    # No green cross was shown, so none can be the nearest one; and none of the four is a copy.
    assert all(one["near"]["prompt"] != "green cross" and not one["near"]["closer"] for one in facts)
    same = [np.array_equal(drawn[a].trajectory[0], drawn[b].trajectory[0]) for a, b in ((0, 2), (1, 3), (0, 1))]
    assert same == [True, True, False]  # one seed, one noise
    lab.draw("white ring", seed=1, steps=20)
    lab.compare(["blue square"], seeds=[1, 2], steps=20)
    assert [one["prompt"] for one in lab.view["pictures"]] == [
        "red cross", "cross green", "cross green", "white ring", "blue square", "blue square"
    ]  # fmt: skip


def test_the_page_gets_the_whole_way_exactly_and_the_file_says_how_it_was_made(shapes: TinyModel) -> None:
    lab = TinyModelLab(shapes, language="en")
    wire = Wire(lab)
    say(lab, kind="draw", prompts=["red cross"], seeds=[3], steps=10, guidance=1.5)
    until(lambda: not lab.busy and bool(lab.pictures))
    [picture] = lab.pictures
    say(lab, kind="ask")
    message = next(one for one in wire.sent if one["method"] == "custom")
    assert message["content"]["names"] == ["way0", "near0"]
    way = np.asarray(Image.open(io.BytesIO(message["buffers"][0])))
    assert way.shape == (32, 11 * 16, 3)
    assert np.array_equal(way[:16, 48:64], picture.trajectory[3])
    assert np.array_equal(way[16:, 48:64], picture.guesses[3])
    assert np.array_equal(way[16:, -16:], picture.image)
    say(lab, kind="file", number=0)
    assert wire.messages[-1]["name"] == "red-cross-seed-3.png"
    assert EvidenceCard(picture, language="en").view["level"] == "stated"
    say(lab, kind="file", number=4)  # there is none
    assert wire.messages[-1]["name"] == "red-cross-seed-3.png"
    say(lab, kind="clear")
    assert (lab.pictures, lab.view["pictures"], lab.view["key"]) == ((), [], "")


def test_what_the_model_does_not_know_is_said_and_nothing_is_lost(shapes: TinyModel) -> None:
    lab = TinyModelLab(shapes, language="zh")
    lab.draw("red cross", steps=5)
    say(lab, kind="draw", prompts=["purple star"], seeds=[0], steps=5, guidance=1)
    until(lambda: lab.error is not None and not lab.busy)
    assert lab.error is not None
    assert lab.error["message"] == "模型不认识这些词，或者其中两个词不能放在一起。"
    assert len(lab.pictures) == 1
    with pytest.raises(UnknownPromptError):
        lab.draw("purple star")
    with pytest.raises(InvalidRequestError, match="1 to 200 steps, not in 201"):
        lab.draw("red cross", steps=201)
    say(lab, kind="draw", prompts=["red cross"] * 99, seeds=[-7], steps=10**9, guidance="much")
    until(lambda: not lab.busy and len(lab.pictures) == 6)
    assert [(one.seed, one.steps, one.guidance) for one in lab.pictures] == [(0, 200, 1.5)] * 6


def test_trained_on_one_of_each_it_copies_and_says_so() -> None:
    lab = TinyModelLab(kind="shapes", training_steps=600, language="en")
    say(lab, kind="train", subject="shapes", seed=1, few=True)
    until(lambda: lab.model is not None and not lab.busy)
    assert lab.training_pictures == 22
    lab.draw("white square", seed=1)
    assert lab.view["pictures"][0]["near"]["closer"] is True
    assert lab._fallback_text().count("that is what copying looks like.") == 1
    assert "does not decide whether something is a copy in the sense of the law" in lab._fallback_text()
    saved = lab._fallback_html()
    assert saved.count("data:image/png") == 1
    assert len(saved) < 20_000
    with pytest.raises(InvalidRequestError, match="not trained yet"):
        TinyModelLab().draw("red cross")
