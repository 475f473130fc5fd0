"""The transcript and the alt text: what is shown, written and said, for who cannot see it, in plain words."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import pytest

from ipynemo import Draft, captions, edits
from ipynemo.captions.words import languages
from ipynemo.draft.drawn import DRAWN


def shot(start_ms: int, duration_ms: int, **keys: Any) -> dict[str, Any]:
    meta = {key: keys.pop(key) for key in ("scene", "about", "motion", "media") if key in keys}
    return {"st": start_ms, "d": duration_ms, "src": "a1", "m": meta, **keys}


def clip(*shots: dict[str, Any], **meta: Any) -> Draft:
    return Draft({"t": [{"tt": 0, "sg": list(shots)}], "m": {"language": "en", **meta}})


CARDS = {
    "cards": [{"level": "stated", "label": "Stated", "text": "made with X", "source": "EXIF", "note": "Anyone can."}],
    "more": "and 2 more",
    "foot": "SynthID: not readable",
}


def test_a_transcript_tells_what_is_shown_written_and_said_in_order() -> None:
    draft = clip(
        shot(0, 3000, n="robot.png", motion="zoom_in"),
        shot(3000, 6000, n="Evidence", scene="evidence", about=CARDS),
        title="What can this file tell us?",
    )
    draft = edits.add_caption(draft, "We look for evidence,\nnot guesses.", start_s=0, duration_s=3)
    draft = edits.add_title(draft, "Hello", start_s=0.5, duration_s=2)
    draft = edits.add_caption(draft, "The file says: made with X.", start_s=4, duration_s=5)
    assert captions.transcript(draft) == (
        "Transcript: What can this file tell us? (0:09)\n"
        "\n"
        "0:00–0:03\n"
        "[The picture “robot.png”; the view moves closer.]\n"
        "0:00 Caption: We look for evidence, not guesses.\n"
        "0:00 In the picture: Hello\n"
        "\n"
        "0:03–0:09 Evidence\n"
        "[Next to the picture, cards come in one after the other: what its file says about how it was made, and who "
        "says so.]\n"
        "0:03 In the picture: Stated: made with X (EXIF) / Anyone can. / and 2 more / SynthID: not readable\n"
        "0:04 Caption: The file says: made with X.\n"
    )


def test_descriptions_are_in_the_clips_language_or_the_one_asked_for() -> None:
    draft = clip(shot(0, 3000, n="机器人.png", motion="zoom_in"), language="zh")
    assert captions.transcript(draft) == "文字稿（0:03）\n\n0:00–0:03\n[图片“机器人.png”，镜头推近。]\n"
    assert "[The picture “机器人.png”; the view moves closer.]" in captions.transcript(draft, "en")
    assert "[The picture “机器人.png”; the view moves closer.]" in captions.transcript(draft, "fr")  # not there


@pytest.mark.parametrize(
    ("scene", "about", "written"),
    [
        ("pixels", {"labels": {"count": "9 numbers"}, "swatches": [{"color": "#ff0000", "share": 0.31}]},
         "9 numbers / #ff0000 31%"),
        ("noising", {"labels": {"mark": "t = 250"}}, "t = 250"),
        ("denoising", {"badge": "示意"}, "示意"),
        # The renderer draws the badge also where the draft has none.
        ("denoising", {"badge": " "}, "Illustration on your picture — not a recording of how it was made"),
        ("tiny_model", {"labels": {"prompt": "Prompt: red cross"}}, "Prompt: red cross"),
        ("latent_grid", {"labels": {"times": "48 times smaller"}}, "48 times smaller"),
        ("limits", {"heading": "What remains open", "lines": ["No label.", 5, None]}, "What remains open / No label."),
    ],
)  # fmt: skip
def test_the_words_of_a_drawn_scene_are_told(scene: str, about: dict[str, Any], written: str) -> None:
    told = captions.transcript(clip(shot(0, 2000, scene=scene, about=about)))
    assert f"0:00 In the picture: {written}\n" in told


ODD: list[Any] = [
    {"cards": [[], 5, {"text": 7}, {"source": "only"}] + [{"text": "x" * 2000}] * 200, "more": {}},
    {"labels": [], "swatches": [{"color": 5}, {"color": "#fff", "share": float(10**9)}], "lines": "x"},
    {"labels": {"count": None, "mark": ["x"]}, "badge": 7, "heading": {}},
    {},
]


@pytest.mark.parametrize("about", ODD, ids=["cards", "labels", "types", "empty"])
@pytest.mark.parametrize("scene", DRAWN)
def test_odd_scenes_are_told_as_far_as_they_can_be_read(scene: str, about: Any) -> None:
    told = captions.transcript(clip(shot(0, 2000, scene=scene, about=about, n="A scene")))
    assert told.startswith("Transcript (0:02)\n\n0:00–0:02 A scene\n[")
    assert len(told) < 10_000


def test_hostile_names_and_texts_stay_in_their_line() -> None:
    draft = clip(shot(0, 2000, n="a\n\nb\u202e.png"), title="t\n\n0:00 Caption: fake")
    draft = edits.add_caption(draft, "x\n\ny\u2028z\x07", start_s=0, duration_s=1)
    assert captions.transcript(draft) == (
        "Transcript: t 0:00 Caption: fake (0:02)\n\n0:00–0:02\n[The picture “a b .png”.]\n0:00 Caption: x y z\n"
    )


def test_words_without_pictures_are_told_too() -> None:
    draft = edits.add_title(Draft(), "Hello", start_s=1, duration_s=2)
    assert captions.transcript(draft) == (
        "Transcript (0:03)\n\n0:00–0:03\n[Words on a plain ground.]\n0:01 In the picture: Hello\n"
    )
    assert captions.transcript(Draft()) == "Transcript (0:00)\n\n0:00–0:00\n[Words on a plain ground.]\n"


def test_fields_of_colour_and_still_pictures_are_told() -> None:
    style = {"role": "card", "swatches": ["#102030", "#405060"]}
    card = {"tt": 7, "sg": [{"tx": "Colours", "d": 900, "m": {"style": style}}]}
    draft = Draft(
        {"t": [{"tt": 0, "sg": [shot(0, 900, n="a.png", motion="zoom_in")]}, card], "m": {"motion": "reduced"}}
    )
    told = captions.transcript(draft)
    assert "[The picture “a.png”.]\n0:00 In the picture: Colours / #102030, #405060\n" in told


def test_alt_text_says_what_the_poster_shows_and_says() -> None:
    draft = clip(shot(0, 3000, n="robot.png", motion="zoom_in"), shot(3000, 3000, n="Limits", scene="limits", about={}))
    draft = edits.add_title(draft, "What can this file tell us?", start_s=0, duration_s=3)
    assert captions.alt_text(draft) == (
        "A frame of the video: The picture “robot.png”; the view moves closer. It says: What can this file tell us?"
    )
    assert captions.alt_text(draft, at_s=5) == (
        "A frame of the video: A card over the softened picture sums up what remains open."
    )
    long = edits.add_title(draft, "x" * 900, start_s=0, duration_s=3)
    assert len(captions.alt_text(long)) == 250


def test_every_language_has_the_same_sentences_with_the_same_blanks() -> None:
    def table(language: str) -> dict[str, list[str]]:
        text = (files("ipynemo.captions") / "texts" / f"{language}.toml").read_text("utf-8")
        groups = tomllib.loads(text)
        return {
            f"{group}.{key}": sorted(part.split("}")[0] for part in sentence.split("{")[1:])
            for group, sentences in groups.items()
            for key, sentence in sentences.items()
        }

    assert languages() == ["en", "zh"]
    assert table("en") == table("zh")
    assert {f"drawn.{scene}" for scene in DRAWN} <= set(table("en"))
