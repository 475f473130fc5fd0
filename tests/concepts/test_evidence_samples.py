"""One picture of every kind of evidence: its level, who signed, what is named, what contradicts, what is unreadable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from evidence_samples import PROMPT, samples
from ipynemo.concepts.evidence import Evidence, evidence
from signing import authority

if TYPE_CHECKING:
    from pathlib import Path

# level, signature, generators, models
EXPECTED: dict[str, tuple[str, str | None, tuple[str, ...], tuple[str, ...]]] = {
    "signed_trusted.jpg": ("signed", "trusted", ("Model X 2",), ()),
    "signed_unknown.jpg": ("signed", "unknown", (), ()),
    "signed_parent.jpg": ("signed", "trusted", ("Model X 2",), ()),
    "firefly.jpg": ("signed", "unknown", ("Adobe_Firefly 1.0", "Adobe Firefly"), ()),
    "chatgpt.png": ("signed", "unknown", ("ChatGPT 4", "GPT-4o"), ()),
    "signed_camera.jpg": ("signed", "trusted", (), ()),
    "tampered.jpg": ("stated", "misfit", (), ()),
    "record_online.jpg": ("stated", "online", (), ()),
    "a1111.png": ("stated", None, ("Stable Diffusion web UI",), ("v1-5-pruned",)),
    "forge.jpg": ("stated", None, ("Stable Diffusion WebUI Forge",), ("v1-5-pruned",)),
    "sdnext.webp": ("stated", None, ("SD.Next",), ("v1-5-pruned",)),
    "comfyui.png": ("stated", None, ("ComfyUI",), ("sd_xl_base_1.0.safetensors",)),
    "comfyui_two.png": ("stated", None, ("ComfyUI",), ("sd_xl_base_1.0.safetensors",)),
    "comfyui_flux.png": ("stated", None, ("ComfyUI",), ("flux1-dev.safetensors",)),
    "comfyui.webp": ("stated", None, ("ComfyUI",), ("sd_xl_base_1.0.safetensors",)),
    "comfyui.mp4": ("stated", None, ("ComfyUI",), ("sd_xl_base_1.0.safetensors",)),
    "invokeai.png": ("stated", None, ("InvokeAI",), ("Juggernaut XL",)),
    "invokeai_old.png": ("stated", None, ("InvokeAI",), ()),
    "novelai.png": ("stated", None, ("NovelAI", "NovelAI Diffusion V4"), ()),
    "novelai_hidden.png": ("stated", None, ("NovelAI", "NovelAI Diffusion V4 37442FCA"), ()),
    "webui_hidden.png": ("stated", None, ("Stable Diffusion web UI",), ("v1-5-pruned",)),
    "fooocus.png": ("stated", None, ("Fooocus",), ("juggernautXL_v8",)),
    "fooocus.jpg": ("stated", None, ("Fooocus", "Fooocus v2.5.5"), ("juggernautXL_v8",)),
    "swarmui.jpg": ("stated", None, ("SwarmUI",), ("flux1-schnell",)),
    "easy.png": ("stated", None, ("Easy Diffusion",), ("sd-v1-4.ckpt",)),
    "drawthings.jpg": ("stated", None, ("Draw Things",), ("sdxl_turbo.ckpt",)),
    "midjourney.png": ("stated", None, ("Midjourney",), ("Midjourney v6.1",)),
    "google.jpg": ("stated", None, (), ()),
    "labelled.avif": ("stated", None, (), ()),
    "aigc.png": ("stated", None, (), ()),
    "aigc_comment.jpg": ("stated", None, (), ()),
    "tiny.png": ("stated", None, ("ipynemo tiny diffusion model", "ipynemo tiny diffusion model 1"), ()),
    "prompt_information.jpg": ("stated", None, ("Paint Model",), ()),
    "camera.jpg": ("stated", None, (), ()),
    "camera.tif": ("stated", None, (), ()),
    "camera.avif": ("stated", None, (), ()),
    "camera.mp4": ("stated", None, (), ()),
    "conflict.jpg": ("stated", None, (), ()),
    "nothing.png": ("none", None, (), ()),
    "nothing.webp": ("none", None, (), ()),
    "bomb.png": ("none", None, (), ()),
    "entities.jpg": ("none", None, (), ()),
    "large_text.png": ("none", None, (), ()),
    "deep_json.png": ("none", None, (), ()),
    "deep_xml.png": ("none", None, (), ()),
    "cut_record.jpg": ("none", None, (), ()),
    "circle.tif": ("none", None, (), ()),
}
UNREADABLE = {
    "deep_json.png": ("a text named 'prompt'",),
    "bomb.png": ("a text named 'parameters'",),
    "entities.jpg": ("the XMP block",),
    "large_text.png": ("a text named 'parameters': 100 MB, too large to be read",),
    "deep_xml.png": ("the rest of the XMP block",),
    "cut_record.jpg": ("the C2PA record",),
    "circle.tif": ("the EXIF block", "the directories go in a circle, or there are too many"),
}
CAMERAS = {
    "camera.jpg": "Canon EOS R5",
    "camera.tif": "Canon EOS R5",
    "camera.avif": "Canon EOS R5",
    "camera.mp4": "Apple iPhone 15",
    "conflict.jpg": "Canon EOS R5",
}
WITH_PROMPT = [
    name
    for name, (_, signature, named, _) in EXPECTED.items()
    if named and signature is None and name not in ("comfyui_two.png", "comfyui_flux.png")
]
SIGNER = "Test Signer · Test Signer Org"
MISFIT = (
    "A signed record is there, but it does not fit this file. It names Test Signer · Test Signer Org; "
    "nothing in it can be relied on."
)
PRIVATE = ("Ada", "Berlin", "52.0", "31.0", "SN-0815", "LENS-4711", "2024:05:06", "91440300", PROMPT)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Evidence]:
    by, other = authority(), authority()
    folder: Path = tmp_path_factory.mktemp("samples")
    return {name: evidence(make(folder / name), trust=by.root) for name, make in samples(by, other).items()}


def test_every_sample_is_expected(read: dict[str, Evidence]) -> None:
    assert list(read) == list(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_level_the_signature_and_the_generators_are_told(read: dict[str, Evidence], name: str) -> None:
    found = read[name]
    assert (found.level, found.signature, found.generators, found.models) == EXPECTED[name]
    assert found.unreadable == UNREADABLE.get(name, ())
    assert found.camera == CAMERAS.get(name)
    assert found.conflicts == (("camera_ai",) if name == "conflict.jpg" else ())


@pytest.mark.parametrize("name", WITH_PROMPT)
def test_a_prompt_is_read_whole_and_for_certain(read: dict[str, Evidence], name: str) -> None:
    assert read[name].prompt == PROMPT
    assert any(record.certain or record.generator == "ComfyUI" for record in read[name].records)


def test_the_settings_are_read_as_they_are_written(read: dict[str, Evidence]) -> None:
    assert read["a1111.png"].records[0].settings == (
        ("seed", "42"),
        ("steps", "20"),
        ("sampler", "DPM++ 2M Karras"),
        ("guidance", "7"),
        ("size", "512x768"),
        ("version", "v1.9.4"),
    )
    assert read["a1111.png"].records[0].negative == "blur, text"
    assert dict(read["invokeai.png"].records[0].settings)["size"] == "768x768"
    assert dict(read["comfyui.png"].records[0].settings) == {
        "seed": "7",
        "steps": "30",
        "sampler": "euler",
        "guidance": "6.5",
    }


def test_a_graph_with_one_sampler_and_one_text_has_a_prompt_and_others_have_texts(read: dict[str, Evidence]) -> None:
    assert [record.certain for record in read["comfyui.png"].records] == [True, False]  # the workflow is only a screen
    assert read["comfyui_two.png"].records[0].certain is False
    assert read["comfyui_two.png"].prompt == f"{PROMPT}\nmore detail"
    assert read["comfyui_flux.png"].records[0].certain is False
    assert set((read["comfyui_flux.png"].prompt or "").split("\n")) == {PROMPT, "a robot"}


@pytest.mark.parametrize("name", EXPECTED)
def test_nothing_private_is_shown_but_the_folded_prompt(read: dict[str, Evidence], name: str) -> None:
    found = read[name]
    values: list[Any] = [found.text("en"), found.text("zh"), repr(found), found.to_dict(), found.rows()]
    values += [found.answer(question) for question in ("made", "real", "model", "signer")]
    shown = "\n".join(map(str, values))
    assert [word for word in PRIVATE if word in shown] == []
    unfolded = found._repr_html_().partition("<details>")[0]
    assert [word for word in PRIVATE if word in unfolded] == []


@pytest.mark.parametrize("name", EXPECTED)
def test_evidence_is_the_same_after_it_was_stored(read: dict[str, Evidence], name: str) -> None:
    import json

    stored = json.loads(json.dumps(read[name].to_dict(private=True)))
    assert Evidence.from_dict(stored) == read[name]
    public = Evidence.from_dict(json.loads(json.dumps(read[name].to_dict())))
    assert (public.level, public.generators, public.prompt) == (read[name].level, read[name].generators, None)


def test_the_parent_of_an_edited_picture_is_told_with_the_signer(read: dict[str, Evidence]) -> None:
    rows = [(row["level"], row["who"], row["says"]) for row in read["signed_parent.jpg"].rows()]
    assert ("signed", "Test Signer · Test Signer Org (C2PA parent)", "made by a trained model") in rows
    assert ("signed", "Test Signer · Test Signer Org (C2PA parent)", "AI agent: Model X 2, an image generator") in rows


def test_a_tampered_record_is_never_signed(read: dict[str, Evidence]) -> None:
    assert {statement.level for statement in read["tampered.jpg"].statements} == {"stated"}
    assert str(read["tampered.jpg"]).split("\n")[:4] == [
        "tampered.jpg · JPEG",
        MISFIT,
        "- stated · the file (C2PA): a signed record that does not fit this file",
        f"- stated · the file (C2PA): its record names the signer {SIGNER}; nothing in that record can be relied on",
    ]
