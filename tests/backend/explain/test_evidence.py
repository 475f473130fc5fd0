"""Evidence in words: signed, stated, none; who says it; never a verdict."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ipynemo.backend.explain import AssetFacts, read_facts, script_for
from ipynemo.backend.explain.abouts import about_for, evidence_about
from ipynemo.backend.explain.evidence import Evidence, evidence_of
from ipynemo.backend.explain.scenes import words_for
from ipynemo.concepts.statements import Record, Statement

VALID = "The record fits the file. Who the signer is cannot be checked here."
TRUSTED = "The record fits the file, and an authority on the list given vouches for the signer."
SIGNED_AI = [
    Statement("C2PA", "signer", "Picture Works Ltd", VALID, "signed"),
    Statement("C2PA", "claim generator", "Firefly 3", "the software that wrote the record", "signed"),
    Statement("C2PA", "DigitalSourceType", "trainedAlgorithmicMedia", "made by a generative AI model", "signed"),
    Statement("EXIF", "Software", "GIMP 2.10", "the software that wrote the file", "stated"),
]


def told(evidence: Evidence, tmp_path: Path, language: str = "en") -> tuple[list[str], dict[str, Any]]:
    """Return the words of the evidence scene, and what it shows in fifteen seconds."""
    path = tmp_path / "x.png"
    Image.new("RGB", (64, 36), "navy").save(path)
    facts = read_facts(AssetFacts("x", "x.png", "image", path, None, 64, 36, "png"))
    facts = dataclasses.replace(facts, evidence=evidence)
    script = script_for(language)
    return words_for("evidence", facts, script), about_for("evidence", facts, script, 15_000)


def rows(about: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return [(card["label"], card["text"], card["source"], card["note"]) for card in about["cards"]]


def test_a_signed_record_names_its_signer_and_that_nobody_here_can_check_him(tmp_path: Path) -> None:
    evidence = evidence_of(SIGNED_AI)
    assert evidence.level == "signed"
    words, card = told(evidence, tmp_path)
    assert words[:2] == [
        "Signed by Picture Works Ltd; we cannot check who that is.",
        "It was made by a trained model.",
    ]
    assert rows(card) == [
        ("Signed", "Signed by Picture Works Ltd", "C2PA: signer", "We cannot check who that is."),
        ("Signed", "It was made by a trained model", "C2PA: DigitalSourceType", "Picture Works Ltd says so."),
        ("Signed", "It was made with Firefly 3", "C2PA: claim generator", "Picture Works Ltd says so."),
        ("Stated", "It was saved with GIMP 2.10", "EXIF: Software", "Anyone can write that."),
    ]
    assert [one["level"] for one in card["cards"]] == ["signed", "signed", "signed", "stated"]
    assert card["foot"] == "SynthID watermark: cannot be read offline"


def test_a_signer_that_is_vouched_for_is_told_as_such(tmp_path: Path) -> None:
    evidence = evidence_of([Statement("C2PA", "signer", "Leica", TRUSTED, "signed", trusted=True)])
    words, card = told(evidence, tmp_path)
    assert words[0] == "Signed by Leica; an authority vouches for the name."
    assert rows(card) == [("Signed", "Signed by Leica", "C2PA: signer", "An authority vouches for the name.")]
    zh, _ = told(evidence, tmp_path, "zh")
    assert zh[0] == "签名者：Leica；有机构为这个名字作保。"


def test_a_record_that_does_not_fit_is_not_called_signed(tmp_path: Path) -> None:
    evidence = evidence_of(
        [
            Statement("C2PA", "record", "does not fit this file", "…", "stated"),
            Statement("C2PA", "signer", "Leica", "The signature does not hold for this file.", "stated"),
        ]
    )
    assert (evidence.level, evidence.signer) == ("stated", None)
    words, card = told(evidence, tmp_path)
    assert words[0] == "The file says: its signed record no longer fits the file."
    assert rows(card)[0] == ("Does not fit", "Its signed record no longer fits the file", "C2PA: record", "")
    assert {one["level"] for one in card["cards"]} == {"unread"}


@pytest.mark.parametrize(
    ("code", "spoken", "voice"),
    [
        ("trainedAlgorithmicMedia", "it was made by a trained model", "many"),
        ("compositeWithTrainedAlgorithmicMedia", "parts of it were made by a trained model", "many"),
        ("digitalCapture", "it was taken by a camera", "would"),
        ("digitalArt", "a person made it with software", "many"),
        ("negativeFilm", "it was scanned from film or paper", "would"),
        ("screenCapture", "it is a picture of a screen", "many"),
        ("somethingNew", "DigitalSourceType: somethingNew", "many"),
    ],
)
def test_source_types_are_told_in_plain_words(code: str, spoken: str, voice: str, tmp_path: Path) -> None:
    evidence = evidence_of([Statement("XMP", "DigitalSourceType", code, None, "stated")])
    words, _ = told(evidence, tmp_path)
    assert words[0] == f"The file says: {spoken}."
    assert evidence.voice == voice


def test_a_generator_known_for_diffusion_is_told_as_one_and_others_as_many() -> None:
    assert evidence_of([Statement("PNG text", "Software", "ComfyUI", None, "stated")]).voice == "diffusion"
    assert evidence_of([Statement("XMP", "CreatorTool", "Midjourney", None, "stated")]).voice == "many"
    assert evidence_of([Statement("XMP", "CreatorTool", "GIMP", None, "stated")]).voice == "many"


def test_a_credit_is_quoted_and_not_turned_into_a_tool(tmp_path: Path) -> None:
    evidence = evidence_of([Statement("XMP", "Credit", "Made with Google AI", None, "stated")])
    assert told(evidence, tmp_path)[0][0] == "The file says: Credit: Made with Google AI."
    assert evidence.ai


def test_a_broken_part_is_told_and_its_level_is_not_raised(tmp_path: Path) -> None:
    evidence = evidence_of([Statement("XMP", "unreadable", "the XMP packet", "…", "stated")])
    assert rows(told(evidence, tmp_path)[1]) == [("Not readable", "A part of its record is broken", "XMP", "")]
    assert told(evidence, tmp_path)[1]["cards"][0]["level"] == "unread"
    assert told(evidence, tmp_path)[0][0] == "What this file states could not be read."


def test_there_are_only_as_many_cards_as_can_be_read_and_the_rest_is_counted(tmp_path: Path) -> None:
    many = evidence_of([Statement("EXIF", f"Field{n}", "v" * 150, None, "stated") for n in range(20)])
    _, about = told(many, tmp_path)
    assert (len(about["cards"]), about["more"]) == (4, "and 16 more")
    short = evidence_about(many, script_for("en"), 3)
    assert (len(short["cards"]), short["more"]) == (3, "and 17 more")
    assert all(len(value) <= 58 for card in about["cards"] for value in card.values())


def test_one_card_of_each_kind_comes_before_two_of_one() -> None:
    camera = [Statement("EXIF", name, name, None, "stated") for name in ("Model", "Make", "LensModel")]
    software = Statement("EXIF", "Software", "GIMP 2.10", None, "stated")
    about = evidence_about(evidence_of([*camera, software]), script_for("en"), 3)
    assert [card["source"] for card in about["cards"]] == ["EXIF: Model", "EXIF: LensModel", "EXIF: Software"]


def test_a_record_that_does_not_say_whose_it_is_comes_behind_one_that_does() -> None:
    anonymous = Record("image generator", prompt="red cross")
    named = Record("ComfyUI", prompt="blue ring", certain=False)
    evidence = evidence_of(
        [
            Statement("XMP", "AIPromptInformation", "image generator record", None, "stated", record=anonymous),
            Statement("PNG text", "workflow", "ComfyUI record", None, "stated", record=named),
        ]
    )
    about = evidence_about(evidence, script_for("en"), 4, show_prompt=True)
    assert [(card["text"], card["source"]) for card in about["cards"]] == [
        ("It was made with ComfyUI", "PNG text: workflow"),
        ("It holds a record of a prompt", "XMP: AIPromptInformation"),
        ("Prompt: “red cross”", "XMP: AIPromptInformation"),
    ]


def test_both_sides_of_a_conflict_have_a_card_however_little_room_there_is() -> None:
    camera = Statement("EXIF", "Model", "EOS R5", None, "stated")
    evidence = evidence_of([*SIGNED_AI, camera])
    about = evidence_about(evidence, script_for("en"), 3)
    assert [card["text"] for card in about["cards"]] == [
        "It was made by a trained model",
        "It names the camera EOS R5",
        "One points to a camera, another to AI",
    ]
    assert about["more"] == "and 3 more"


def test_a_prompt_is_read_out_of_text_and_graphs_but_is_no_part_of_a_claim() -> None:
    kept = Record("Stable Diffusion web UI", prompt="red robot")
    record = Statement("PNG text", "parameters", "Stable Diffusion web UI record", None, "stated", record=kept)
    texts = Record("ComfyUI", prompt="blue cat", certain=False)
    graph = Statement("PNG text", "workflow", "ComfyUI record", None, "stated", record=texts)
    assert (evidence_of([record]).prompt, evidence_of([record]).certain) == ("red robot", True)
    assert (evidence_of([graph]).prompt, evidence_of([graph]).certain) == ("blue cat", False)
    assert evidence_of([graph, record]).prompt == "red robot"
    assert evidence_of([record]).claims[0].value == "Stable Diffusion web UI"
    assert "robot" not in repr(evidence_of([record]).claims)


def test_a_camera_s_make_and_model_are_one_claim() -> None:
    def told(make: str, model: str, **levels: str) -> list[str]:
        pair = [("Make", make), ("Model", model)]
        found = [Statement("EXIF", name, value, None, levels.get(name, "stated")) for name, value in pair]
        return [claim.value for claim in evidence_of(found).claims]

    assert told("Canon", "EOS R5") == ["Canon EOS R5"]
    assert told("Canon", "Canon EOS R5") == ["Canon EOS R5"]
    assert told("Canon", "EOS R5", Make="signed") == ["Canon", "EOS R5"]
    assert [c.value for c in evidence_of([Statement("EXIF", "Make", "Canon", None, "stated")]).claims] == ["Canon"]
