"""The tiny model with its real settings: each kind is trained once for this module, some seven seconds together."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ipynemo.backend.render.scenes.trajectory import trajectories
from ipynemo.concepts import TinyModel
from ipynemo.concepts.metadata import stated
from ipynemo.concepts.tiny import Judge, Progress, TinyPicture
from ipynemo.concepts.tiny.threads import _functions, one_thread
from ipynemo.errors import UnknownPromptError


@pytest.fixture(scope="module")
def shapes() -> TinyModel:
    return TinyModel.train("shapes", seed=1)


@pytest.fixture(scope="module")
def digits() -> TinyModel:
    return TinyModel.train("digits", seed=1)


@pytest.fixture(scope="module")
def red_cross(shapes: TinyModel) -> TinyPicture:
    return shapes.draw("red cross", seed=3)


def share_right(model: TinyModel, seeds: range) -> float:
    return float(np.mean([model.recognise(model.draw(p, seed=s)) == p for p in model.subject.prompts for s in seeds]))


def digest(values: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()


def test_96_of_100_pictures_of_shapes_are_what_was_asked_for(shapes: TinyModel) -> None:
    assert share_right(shapes, range(6)) >= 0.96


def test_96_of_100_digits_are_what_was_asked_for(digits: TinyModel) -> None:
    assert share_right(digits, range(10)) >= 0.96


def test_a_green_cross_was_never_shown_and_comes_out_right_12_times_of_12(shapes: TinyModel) -> None:
    assert shapes.held_out == ("green cross", "blue circle", "yellow triangle")
    assert {shapes.training_picture(number)[1] for number in range(1, 3521)}.isdisjoint(shapes.held_out)
    assert [shapes.recognise(shapes.draw("green cross", seed=seed)) for seed in range(12)] == ["green cross"] * 12


def test_a_model_that_is_trained_again_goes_the_way_that_clips_show(shapes: TinyModel) -> None:
    kept = trajectories()
    again = np.stack([shapes.draw(kept.prompt, seed=seed).trajectory for seed in kept.seeds])
    assert again.shape == kept.states.shape == (4, 41, 16, 16, 3)
    # The same bits on the computer that made the file; on another, rounding differs a little.
    assert np.abs(again.astype(int) - kept.states).mean() < 6


def test_the_other_pairs_that_were_never_shown_come_out_right_as_well(shapes: TinyModel) -> None:
    for prompt in ("blue circle", "yellow triangle"):
        assert sum(shapes.recognise(shapes.draw(prompt, seed=seed)) == prompt for seed in range(12)) >= 10


def test_one_word_fixes_one_thing_and_leaves_the_other_open(shapes: TinyModel) -> None:
    seen = [shapes.recognise(shapes.draw("a cross", seed=seed)) or "?" for seed in range(12)]
    assert sum(name.endswith("cross") for name in seen) >= 7  # the others are crosses between two colours
    assert len(set(seen) - {"?"}) >= 2


def test_with_guidance_0_the_prompt_is_ignored(shapes: TinyModel) -> None:
    free = [shapes.draw(prompt, seed=5, guidance=0).image for prompt in ("red cross", "blue ring", "")]
    assert (free[0] == free[1]).all()
    assert (free[0] == free[2]).all()
    assert (shapes.draw("", seed=6, guidance=0).image != free[0]).any()


def test_with_guidance_1_the_prompt_is_followed_as_it_was_learnt(shapes: TinyModel) -> None:
    drawn = [shapes.draw(prompt, seed=1, guidance=1) for prompt in shapes.subject.prompts]
    assert sum(shapes.recognise(picture) == picture.prompt for picture in drawn) >= 22


def test_more_guidance_exaggerates(shapes: TinyModel) -> None:
    def redness(guidance: float) -> float:
        images = [shapes.draw("red square", seed=s, guidance=guidance).image.astype(int) for s in range(4)]
        return float(np.mean([(image[..., 0] - image[..., 1]).max() for image in images]))

    assert redness(0) < redness(1) < redness(3)


def test_the_same_seed_gives_the_same_picture_and_another_seed_another(
    shapes: TinyModel, red_cross: TinyPicture
) -> None:
    assert (shapes.draw("red cross", seed=3).trajectory == red_cross.trajectory).all()
    assert (shapes.draw("red cross", seed=4).image != red_cross.image).any()


def test_two_prompts_with_one_seed_begin_with_the_same_noise(shapes: TinyModel, red_cross: TinyPicture) -> None:
    ring = shapes.draw("blue ring", seed=3)
    assert (ring.trajectory[0] == red_cross.trajectory[0]).all()
    assert (ring.image != red_cross.image).any()


def test_the_trajectory_leads_from_noise_to_the_picture(shapes: TinyModel, red_cross: TinyPicture) -> None:
    assert red_cross.trajectory.shape == (41, 16, 16, 3)
    assert red_cross.guesses.shape == (40, 16, 16, 3)
    assert red_cross.latents.shape == (41, 64)
    assert (red_cross.trajectory[-1] == red_cross.image).all()
    assert red_cross.noise[[0, -1]].round(3).tolist() == [1.0, 0.0]
    assert (np.diff(red_cross.noise) < 0).all()
    noise = np.random.default_rng(3).standard_normal((64,), np.float32)
    assert (red_cross.latents[0] == noise).all()
    left = [float(np.abs(frame.astype(int) - red_cross.image).mean()) for frame in red_cross.trajectory[::8]]
    assert left == sorted(left, reverse=True)
    assert shapes.recognise(red_cross) == "red cross"
    assert shapes.recognise(red_cross.trajectory[0]) is None


def test_each_state_follows_from_the_one_before_by_the_formula(red_cross: TinyPicture) -> None:
    # Song et al. 2021, eq. 12 with σ = 0: the noise that is left over is the one that the guess implies.
    before, after = red_cross.latents[10:12].astype(float)
    noise, less = red_cross.noise[10:12]
    signal, more = np.sqrt(1 - noise**2), np.sqrt(1 - less**2)
    guess = (after - less / noise * before) / (more - less / noise * signal)
    implied = (before - signal * guess) / noise
    assert np.allclose(more * guess + less * implied, after, atol=1e-5)
    assert 0.3 < guess.std() < 3


@pytest.mark.parametrize("steps", [1, 2, 10, 100])
def test_any_number_of_steps_draws(shapes: TinyModel, steps: int) -> None:
    picture = shapes.draw("white ring", seed=1, steps=steps)
    assert len(picture.trajectory) == steps + 1
    assert picture.noise[-1] == 0
    assert steps < 10 or shapes.recognise(picture) == "white ring"


def test_digits_are_drawn_on_pixels_and_may_be_spelled(digits: TinyModel) -> None:
    seven = digits.draw("seven", seed=2)
    assert seven.image.shape == (8, 8, 3)
    assert seven.latents.shape == (41, 64)
    assert (seven.image == digits.draw("7", seed=2).image).all()
    assert digits.recognise(seven) == "7"


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        (
            "pink cross",
            "this model was never shown “pink”. It knows: red, green, blue, yellow, white; circle, square, t",
        ),
        ("red blue", "“red blue” asks for two things at once."),
        ("<b>", "this model was never shown “<b>”."),
    ],
)
def test_a_word_that_was_never_shown_is_named_with_those_that_were(
    shapes: TinyModel, prompt: str, message: str
) -> None:
    with pytest.raises(UnknownPromptError) as caught:
        shapes.draw(prompt)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "wrong", [{"steps": 0}, {"steps": 1000}, {"seed": -1}, {"guidance": -1.0}, {"guidance": float("nan")}]
)
def test_numbers_out_of_range_are_refused(shapes: TinyModel, wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="drawing needs 1 to 999 steps"):
        shapes.draw("red cross", **wrong)  # type: ignore[arg-type]


def test_pictures_of_the_whole_model_are_new(shapes: TinyModel) -> None:
    near = [shapes.nearest(shapes.draw(prompt, seed=1)) for prompt in shapes.subject.prompts]
    assert not any(found.closer_than_chance for found in near)
    assert near[0].prompt == "red circle"
    assert 3 < near[0].fresh_least < 8 < near[0].fresh_distance < 16
    assert float(np.median([found.distance for found in near])) > near[0].fresh_distance


def test_a_training_picture_is_its_own_nearest(shapes: TinyModel) -> None:
    image, prompt = shapes.training_picture(7)
    found = shapes.nearest(image)
    assert (found.number, found.prompt, found.closer_than_chance) == (7, prompt, True)
    assert found.distance < 0.5
    assert (found.image == image).all()


def test_a_model_that_saw_22_pictures_copies_them() -> None:
    few = TinyModel.train("shapes", seed=1, pictures=22)
    shown = [prompt for prompt in few.subject.prompts if prompt not in few.held_out]
    near = [few.nearest(few.draw(prompt, seed=1)) for prompt in shown]
    assert sum(found.closer_than_chance for found in near) >= 18
    assert sum(found.prompt == prompt for found, prompt in zip(near, shown, strict=True)) >= 20


def test_the_training_tells_how_far_it_is() -> None:
    told: list[Progress] = []
    model = TinyModel.train("digits", steps=25, on_progress=told.append)
    assert [(progress.step, progress.steps) for progress in told] == [(10, 25), (20, 25), (25, 25)]
    assert told[0].loss > told[-1].loss > 0
    assert told[-1].loss == model.losses[-1]
    assert repr(model) == "<TinyModel digits, seed 1, 3,000 training pictures, 25 steps>"


def test_a_training_that_is_stopped_leaves_a_model_that_draws_badly() -> None:
    asked: list[int] = []

    def after_20() -> bool:
        asked.append(1)
        return len(asked) > 20

    model = TinyModel.train("shapes", should_stop=after_20)
    assert (model.trained_steps, model.planned_steps) == (20, 1500)
    assert repr(model) == "<TinyModel shapes, seed 1, 3,520 training pictures, 20 of 1,500 steps>"
    assert share_right(model, range(1)) < 0.2
    assert model.draw("red cross").training["steps"] == 20


def test_an_error_in_the_callback_ends_the_training_and_gives_the_threads_back() -> None:
    def broken(_: Progress) -> None:
        raise KeyboardInterrupt

    functions = _functions()
    before = functions[0]() if functions else None
    with pytest.raises(KeyboardInterrupt):
        TinyModel.train("digits", on_progress=broken)
    assert (functions[0]() if functions else None) == before


def test_one_thread_is_one_thread_until_the_last_has_left() -> None:
    functions = _functions()
    if functions is None:  # Apple's library, which has no such switch
        assert sys.platform == "darwin"
        return
    count, set_count = functions
    before = count()
    set_count(2)
    try:
        with one_thread():
            with one_thread():
                assert count() == 1
            assert count() == 1
        assert count() == 2
    finally:
        set_count(before)


TRAINED = """
import hashlib
from ipynemo.backend.render.scenes.trajectory import trajectories
from ipynemo.concepts import TinyModel
model = TinyModel.train("shapes", seed=5, steps=12, pictures=60)
print(hashlib.sha256(model.draw("red ring", seed=2).latents.tobytes()).hexdigest())
"""


@pytest.mark.parametrize("threads", ["1", "2"])
def test_the_same_seed_trains_the_same_model_whatever_the_number_of_threads(threads: str) -> None:
    here = TinyModel.train("shapes", seed=5, steps=12, pictures=60).draw("red ring", seed=2)
    done = subprocess.run(
        [sys.executable, "-c", TRAINED],
        env={**os.environ, "OPENBLAS_NUM_THREADS": threads},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert done.stdout.strip() == digest(here.latents)
    other = TinyModel.train("shapes", seed=6, steps=12, pictures=60).draw("red ring", seed=2)
    assert digest(other.latents) != digest(here.latents)


@pytest.mark.parametrize("wrong", [{"kind": "cats"}, {"pictures": 0}, {"steps": 0}, {"seed": -1}])
def test_a_training_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"digits or shapes|at least 1"):
        TinyModel.train(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["digits", "shapes"])
def test_the_judge_knows_fresh_drawings_and_nothing_else(kind: str) -> None:
    judge = Judge(kind)
    subject = judge.subject
    numbers = np.arange(4 * len(subject.prompts)) % len(subject.prompts)
    drawn = np.rint(subject.draw(numbers, np.random.default_rng(99)) * 255).astype(np.uint8)
    named = [judge.name(image) for image in drawn.repeat(3 // drawn.shape[3], axis=3)]
    right = [name == subject.prompts[number] for name, number in zip(named, numbers, strict=True)]
    assert np.mean(right) >= 0.95
    average = drawn.mean(axis=0).astype(np.uint8).repeat(3 // drawn.shape[3], axis=2)
    assert judge.name(average) is None
    side = subject.side_px
    assert judge.name(np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8)) is None


def test_a_saved_picture_says_what_made_it(red_cross: TinyPicture, tmp_path: Path) -> None:
    path = red_cross.save(tmp_path / "cross.png")
    with Image.open(path) as saved:
        saved.load()
        assert saved.size == (512, 512)
        assert (np.asarray(saved)[::32, ::32] == red_cross.image).all()
        assert saved.text["Software"] == "ipynemo tiny diffusion model"  # type: ignore[attr-defined]
        record = json.loads(saved.text["ipynemo_tiny_model"])  # type: ignore[attr-defined]
    assert record == {
        "generator": "ipynemo tiny diffusion model",
        "version": "1",
        "prompt": "red cross",
        "seed": 3,
        "steps": 40,
        "guidance": 1.5,
        "side_px": 16,
        "training": {"kind": "shapes", "seed": 1, "steps": 1500, "pictures": 3520},
    }


def test_our_own_reader_finds_what_made_a_saved_picture(red_cross: TinyPicture, tmp_path: Path) -> None:
    said = stated(red_cross.save(tmp_path / "cross.png"))
    assert {statement.level for statement in said} == {"stated"}
    facts = {(statement.source, statement.field): (statement.value, statement.meaning) for statement in said}
    assert facts["XMP", "DigitalSourceType"] == ("trainedAlgorithmicMedia", "made by a generative AI model")
    assert facts["XMP", "AISystemUsed"][0] == "ipynemo tiny diffusion model"
    assert facts["XMP", "xmp:CreatorTool"][0] == "ipynemo tiny diffusion model"
    assert facts["PNG text", "Software"][0] == "ipynemo tiny diffusion model"
    assert facts["PNG text", "ipynemo_tiny_model"][0].endswith("record")
    assert not any("red cross" in repr(statement) for statement in said), "a prompt is shown to its owner only"


def test_a_prompt_with_quotes_and_brackets_leaves_the_xmp_whole(red_cross: TinyPicture, tmp_path: Path) -> None:
    odd = dataclasses.replace(red_cross, prompt='"<red & {cross}>" 红十字')
    said = stated(odd.save(tmp_path / "odd.png"))
    assert [s.value for s in said if s.field == "DigitalSourceType"] == ["trainedAlgorithmicMedia"]
    assert not [s for s in said if s.field == "unreadable"]


def test_only_a_png_can_say_what_made_it(red_cross: TinyPicture, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'cross.jpg' must end in .png"):
        red_cross.save(tmp_path / "cross.jpg")
    assert list(tmp_path.iterdir()) == []


def test_a_picture_shows_itself_in_a_cell(red_cross: TinyPicture) -> None:
    assert red_cross._repr_png_().startswith(b"\x89PNG\r\n\x1a\n")
    assert repr(red_cross) == "<TinyPicture “red cross”, 16 × 16 px, seed 3, 40 steps, guidance 1.5>"
