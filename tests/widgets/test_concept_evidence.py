"""EvidenceCard and SaveAgain: three levels with who says it, private prompts, and labels that vanish."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from widget_kit import Wire, say, until

from evidence_samples import A1111, PROMPT, camera, png, samples, saved, xmp
from ipynemo.concepts import TinyModel
from ipynemo.errors import InvalidRequestError
from ipynemo.widgets import EvidenceCard, SaveAgain
from signing import authority

AI = "made by a trained model"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="module")
def signed(folder: Path) -> tuple[Path, str]:
    """A signed picture and its authority's certificate."""
    ours = authority()
    path = folder / "signed_trusted.jpg"
    samples(ours, authority())[path.name](path)
    return path, ours.root


def rows(card: EvidenceCard) -> list[tuple[str, str, str]]:
    return [(row["word"], row["who"], row["says"]) for row in card.view["rows"]]


def test_a_stated_record_names_who_says_so_and_keeps_the_prompt_back(folder: Path) -> None:
    card = EvidenceCard(png(folder / "<i>.png", parameters=A1111), language="en")
    assert card.evidence is not None
    assert (card.evidence.level, card.view["facts"]) == ("stated", "PNG · 48 × 64 pixels")
    assert rows(card) == [("stated", "the file (PNG text)", "made with Stable Diffusion web UI, model v1-5-pruned")]
    assert "No label does not mean no AI. Labels can be removed or invented." in card.view["notes"]
    shown = str(card.get_state()) + str(card._repr_mimebundle_()) + card._fallback_text()
    for secret in (PROMPT, "blur", str(folder), "<i>.png<"):
        assert secret not in shown
    wire = Wire(card)
    say(card, kind="prompt")
    [message] = wire.messages
    assert message["texts"] == [f"{PROMPT}\n\nTo keep away from: blur, text"]


def test_one_prompt_in_two_records_is_shown_once_and_only_the_named_generator_is_told(folder: Path) -> None:
    drawn = TinyModel.train("digits", pictures=10, steps=1).draw("7", steps=1)
    card = EvidenceCard(drawn.save(folder / "seven.png"), language="en")
    assert card.evidence is not None
    assert [record.generator for record in card.evidence.records] == [
        *("image generator", "ipynemo tiny diffusion model"),
    ]
    told = [says for _, _, says in rows(card) if says.startswith("made with")]
    assert told == ["made with ipynemo tiny diffusion model"]
    wire = Wire(card)
    say(card, kind="prompt")
    assert wire.messages[0]["texts"] == ["7"]
    assert card.evidence._repr_html_().count("<details>") == 1
    nameless = saved(folder / "nameless.jpg", xmp=xmp(f'Iptc4xmpExt:AIPromptInformation="{PROMPT}"'))
    assert rows(EvidenceCard(nameless, language="en")) == [("stated", "the file (XMP)", "made with image generator")]


def test_a_signer_is_named_and_vouched_for_only_by_ones_own_list(signed: tuple[Path, str]) -> None:
    path, root = signed
    card = EvidenceCard(path, language="en")
    assert card.view["level"] == "signed"
    assert card.view["head"].endswith("We cannot check who that is.")
    card.trust = root
    assert card.view["head"].endswith("An authority on the list given vouches for that name.")
    assert ("signed", AI) in [(word, says) for word, _, says in rows(card)]
    with pytest.raises(InvalidRequestError, match="certificates"):
        card.trust = 5


def test_nothing_found_is_a_row_of_its_own_in_both_languages(folder: Path) -> None:
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(folder / "plain.png")
    card = EvidenceCard(folder / "plain.png", language="en")
    assert rows(card) == [("none", "nobody", "nothing found")]
    card.language = "zh"
    assert rows(card) == [("没有", "没有人", "没有找到任何说明")]
    assert "没有标签不等于没有用 AI" in "".join(card.view["notes"])


def test_pixels_without_a_file_can_say_nothing_and_a_broken_file_is_no_failure(folder: Path) -> None:
    card = EvidenceCard(np.zeros((4, 4, 3), np.uint8), language="en")
    assert card.evidence is None
    assert card.view["head"].startswith("These are pixels without a file")
    broken = folder / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    card.picture = broken
    assert card.view["name"] == "broken.png"
    assert (card.view["is_seen"], card.view["facts"]) == (False, "PNG · cannot be shown here")
    assert "<img" not in card._fallback_html()
    wire = Wire(card)
    say(card, kind="ask")
    assert wire.messages[0]["names"] == []


def test_both_sides_of_a_conflict_are_shown(folder: Path) -> None:
    path = folder / "conflict.jpg"
    samples(authority(), authority())["conflict.jpg"](path)
    card = EvidenceCard(path, language="en")
    assert "The statements point both to a camera and to AI. Both are shown; nothing is decided." in card.view["notes"]
    assert {row["kind"] for row in card.view["rows"]} >= {"camera", "ai"}


# -- save again ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["png", "jpeg"])
def test_the_label_vanishes_when_the_picture_is_saved_again(folder: Path, way: str) -> None:
    again = SaveAgain(png(folder / "labelled.png", parameters=A1111), language="en")
    assert (again.after, again.vanished, again.view["ways"]) == (None, (), ["png", "jpeg", "label"])
    say(again, kind="save", way=way)
    until(lambda: bool(again.vanished) and not again.busy)
    assert again.after is not None
    assert (again.after.level, again.vanished) == ("none", ("made with Stable Diffusion web UI, model v1-5-pruned",))
    until(lambda: again.view["result"] != [])
    assert [row["gone"] for row in again.view["before"]["rows"]] == ["gone"]
    assert [row["says"] for row in again.view["after"]["rows"]] == ["nothing found"]
    same = again.view["result"][0] == "The pixels are the same, every one of them."
    assert same == (way == "png")
    assert again.view["result"][1] == "Statements that vanished: 1. Nothing in the picture shows it."
    saved = again._fallback_html() + again._fallback_text() + str(again.get_state())
    assert "<s>made with Stable Diffusion" in saved
    assert PROMPT not in saved
    assert str(folder) not in saved
    assert "ipynemo-" not in saved


def test_a_signature_vanishes_too(signed: tuple[Path, str]) -> None:
    again = SaveAgain(signed[0], language="en")
    assert again.save("jpeg").level == "none"
    assert AI in again.vanished
    assert again.before is not None
    assert again.before.level == "signed"


def test_a_camera_may_stay_with_the_exif_but_never_a_place(folder: Path) -> None:
    again = SaveAgain(camera(folder / "camera.jpg"), language="en")
    assert again.view["ways"] == ["png", "jpeg", "keep_exif", "label"]
    assert again.save("keep_exif").camera == "Canon EOS R5"
    assert again.vanished == ()
    assert again.view["result"][1] == "Nothing vanished."
    from ipynemo.widgets.concept_labels import _copy

    copy = folder / "copy.jpg"
    copy.write_bytes(_copy(again.picture, "keep_exif"))
    with Image.open(copy) as image:
        assert dict(image.getexif().get_ifd(0x8825)) == {}
        assert image.getexif()[0x010F] == "Canon"


def test_a_label_can_be_invented_and_says_that_it_was(folder: Path) -> None:
    again = SaveAgain(camera(folder / "photo.jpg"), language="en")
    found = again.save("label")
    assert (found.level, found.source_types) == ("stated", ("trainedAlgorithmicMedia",))
    assert again.view["result"][-1] == (
        "The copy’s label was invented just now, by this button. It reads like a true one."
    )
    assert "Model: EOS R5, a camera" in again.vanished


def test_an_invented_label_does_not_pass_for_the_one_that_was_there() -> None:
    picture = TinyModel.train("digits", steps=1, pictures=10).draw("7", steps=1)
    again = SaveAgain(picture, language="en")
    assert again.view["name"] == "7.png"
    again.save("label")
    assert AI in again.vanished  # the copy says the same words, and they are not the model's
    assert AI in [row["says"] for row in again.view["after"]["rows"]]
    assert {row["says"]: row["gone"] for row in again.view["before"]["rows"]}[AI] == "gone"


def test_an_original_is_not_touched_and_a_copy_needs_a_picture(folder: Path) -> None:
    path = png(folder / "kept.png", parameters=A1111)
    before = path.read_bytes()
    again = SaveAgain(path, language="en")
    for way in again.view["ways"]:
        again.save(way)
    assert path.read_bytes() == before
    with pytest.raises(InvalidRequestError, match="not as 'gif'"):
        again.save("gif")  # type: ignore[arg-type]
    with pytest.raises(InvalidRequestError, match="There is no picture to save"):
        SaveAgain().save()
