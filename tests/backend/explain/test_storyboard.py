"""The storyboard: what an explainer of a picture shows and says, read off its draft."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from ipynemo.backend.explain import AssetFacts, Wishes, read_facts, storyboard
from ipynemo.backend.explain.captions import columns
from ipynemo.backend.explain.scenes import SCENES, lengths_ms
from ipynemo.backend.explain.script import languages, script_for
from ipynemo.draft import Draft

SECRET = "a secret red robot in my kitchen"


@pytest.fixture
def plain_picture(tmp_path: Path) -> AssetFacts:
    return picture(tmp_path / "plain.png")


def picture(
    path: Path,
    texts: dict[str, str] | None = None,
    size: tuple[int, int] = (320, 180),
    exif: dict[int, str] | None = None,
    colour: tuple[int, int, int] = (20, 60, 200),
) -> AssetFacts:
    """Write a picture: blue, with a busy checked spot right of the middle."""
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[:, :] = colour
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    spot = (abs(x - size[0] * 0.68) < size[0] * 0.06) & (abs(y - size[1] * 0.56) < size[1] * 0.06)
    pixels[spot & ((x + y) % 2 == 0)] = (255, 255, 255)
    info = PngImagePlugin.PngInfo()
    for key, value in (texts or {}).items():
        info.add_text(key, value)
    tags = Image.Exif()
    for tag, value in (exif or {}).items():
        tags[tag] = value
    Image.fromarray(pixels).save(path, pnginfo=info, exif=tags)
    return AssetFacts(f"id-{path.stem}", path.name, "image", path, None, *size, "png")


def texts(draft: Draft, role: str) -> list[tuple[float, float, str]]:
    return [
        (s.start_s, s.end_s, s.text or "")
        for t in draft.tracks_of("text")
        if t.meta.get("role") == role
        for s in t.segments
    ]


def abouts(draft: Draft) -> dict[str, Any]:
    """Return what the drawn scenes show, by the scene; of several pictures the last one's."""
    return {s.meta["scene"]: s.meta.get("about") for t in draft.tracks_of("video") for s in t.segments}


def all_text(draft: Draft) -> str:
    return draft.to_json().encode().decode("unicode_escape")


def test_a_picture_gets_thirty_seconds_in_the_proportions_of_the_table(plain_picture: AssetFacts) -> None:
    draft = storyboard([plain_picture], Wishes()).draft
    assert draft.duration_s == 30
    assert [(s.start_s, s.meta["scene"]) for s in draft.track(1).segments] == [
        (0, "opening"),
        (3, "evidence"),
        (9, "pixels"),
        (12, "noising"),
        (17, "denoising"),
        (22, "tiny_model"),
        (25, "latent_grid"),
        (27, "limits"),
    ]
    assert [s.name for s in draft.track(1).segments] == [
        "The picture",
        "Evidence",
        "Pixels",
        "Adding noise",
        "The way back",
        "A tiny model",
        "A smaller map",
        "What remains open",
    ]
    assert [t.name for t in draft.tracks] == ["Pictures", "Cards", "Title", "Captions", "Music"]
    assert texts(draft, "title") == [(0, 3, "What can this file tell us?")]
    changes = [s.meta["transition"] for s in draft.track(1).segments]
    assert changes == [{"kind": "fade", "d": 1200}, *[{"kind": "crossfade", "d": 750}] * 7]  # nothing flashes


def test_eighty_seconds_follow_the_long_table(plain_picture: AssetFacts) -> None:
    draft = storyboard([plain_picture], Wishes(total_ms=80_000)).draft
    assert [s.start_s for s in draft.track(1).segments] == [0, 7, 22, 32, 44, 56, 64, 71]
    assert draft.duration_s == 80


def test_the_facts_of_the_picture_are_in_what_is_shown(plain_picture: AssetFacts) -> None:
    draft = storyboard([plain_picture], Wishes()).draft
    size = plain_picture.path.stat().st_size
    assert texts(draft, "card") == [(0.6, 3, f"320 × 180 pixels · PNG · {size} B")]  # the rest is drawn in the scenes
    shown = abouts(draft)
    assert shown["evidence"]["cards"] == [
        {
            "level": "none",
            "label": "Nothing found",
            "text": "The file states nothing about how it was made",
            "source": "We looked for C2PA, XMP, IPTC, EXIF and generators' records",
            "note": "Labels can be removed.",
        }
    ]
    assert shown["evidence"]["foot"] == "SynthID watermark: cannot be read offline"
    assert shown["pixels"]["labels"]["count"] == "320 × 180 × 3 = 172,800 numbers"
    assert shown["pixels"]["swatches"][0] == {"color": "#143cc8", "share": 0.99}
    assert shown["noising"]["labels"]["mark"] == "t = 250: 0.72 signal, 0.69 noise"
    assert shown["noising"]["labels"]["step"] == "step {t} of 1,000"
    assert shown["tiny_model"]["prompt"] == "red cross"
    assert shown["latent_grid"]["labels"]["map_count"] == "16,384 numbers"
    assert shown["limits"]["lines"] == ["Labels can be removed or invented.", "No label does not mean no AI."]


def test_the_way_back_bears_its_badge_word_for_word(plain_picture: AssetFacts) -> None:
    badge = abouts(storyboard([plain_picture], Wishes()).draft)["denoising"]["badge"]
    assert badge == "Illustration on your picture — not a recording of how it was made"
    zh = abouts(storyboard([plain_picture], Wishes(language="zh")).draft)["denoising"]["badge"]
    assert zh == "用你的图片所作的示意——不是它制作过程的记录"


def test_the_zoom_goes_to_the_busiest_spot_and_names_its_pixel(plain_picture: AssetFacts) -> None:
    facts = read_facts(plain_picture)
    assert facts.spot == (0.6875, 0.5625)
    place, colour = facts.pixel or ((0, 0), (0, 0, 0))
    assert place == (220, 101)
    with Image.open(plain_picture.path) as opened:
        assert opened.convert("RGB").getpixel(place) == colour
    about = abouts(storyboard([plain_picture], Wishes()).draft)["pixels"]
    assert [int(about["spot"][0] * 320), int(about["spot"][1] * 180)] == [220, 101]
    assert about["labels"]["pixel"].startswith("Pixel (220, 101): red ")


def test_the_numbers_of_the_noise_card_are_those_of_the_ddpm_schedule() -> None:
    kept = math.prod(1 - (1e-4 + (0.02 - 1e-4) * t / 999) for t in range(250))
    assert (round(math.sqrt(kept), 2), round(math.sqrt(1 - kept), 2)) == (0.72, 0.69)


def test_nothing_found_is_not_taken_for_a_photograph(plain_picture: AssetFacts) -> None:
    said = " ".join(text for _, _, text in texts(storyboard([plain_picture], Wishes()).draft, "caption"))
    assert "The file states nothing\nabout how it was made." in said
    assert "No label does not mean no AI." in said
    assert "Many generators" in said


def test_a_prompt_stays_private_until_it_is_asked_for(tmp_path: Path) -> None:
    record = f"{SECRET}\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Model: sd_xl"
    asset = picture(tmp_path / "robot.png", {"parameters": record})
    board = storyboard([asset], Wishes())
    assert SECRET not in all_text(board.draft)
    assert "blurry" not in all_text(board.draft)
    assert abouts(board.draft)["evidence"]["cards"] == [
        {
            "level": "stated",
            "label": "Stated",
            "text": "It was made with Stable Diffusion web UI",
            "source": "PNG text: parameters",
            "note": "Anyone can write that. Its prompt stays private.",
        }
    ]
    assert "Training spoils pictures step by step." in [c[2] for c in texts(board.draft, "caption")]
    asked = storyboard([asset], Wishes(show_prompt=True)).draft
    told, prompt = abouts(asked)["evidence"]["cards"]
    assert told["note"] == "Anyone can write that."
    assert (prompt["text"], prompt["source"]) == (f"Prompt: “{SECRET}”", "PNG text: parameters")
    assert "blurry" not in all_text(asked)


def test_a_camera_makes_the_middle_say_what_a_model_would_do(tmp_path: Path) -> None:
    asset = picture(tmp_path / "photo.png", exif={0x010F: "Canon", 0x0110: "EOS R5"})
    draft = storyboard([asset], Wishes()).draft
    said = " ".join(text.replace("\n", " ") for _, _, text in texts(draft, "caption"))
    assert "The file says: it names the camera Canon EOS R5." in said
    assert "Training a model would spoil pictures step by step." in said
    assert "A model would learn to undo this" in said
    cards = abouts(draft)["evidence"]["cards"]
    assert ("It names the camera Canon EOS R5", "EXIF: Model") in [(card["text"], card["source"]) for card in cards]
    assert "latent_grid" in abouts(draft)


def test_statements_that_disagree_are_all_shown(tmp_path: Path) -> None:
    texts_in = {"Software": "NovelAI", "Comment": '{"prompt": "x", "uc": "", "sampler": "k", "steps": 28, "scale": 5}'}
    asset = picture(tmp_path / "both.png", texts_in, exif={0x0110: "EOS R5"})
    about = abouts(storyboard([asset], Wishes()).draft)["evidence"]
    assert [card["text"] for card in about["cards"]] == [
        "It was made with NovelAI",
        "It names the camera EOS R5",
        "One points to a camera, another to AI",
    ]
    assert about["cards"][2]["note"] == "Both are shown; we do not choose."
    assert about["more"] == "and 1 more"


def test_a_generator_that_is_not_known_for_diffusion_is_told_as_many_and_without_the_small_map(tmp_path: Path) -> None:
    asset = picture(tmp_path / "m.png", {"Software": "Midjourney"})
    draft = storyboard([asset], Wishes()).draft
    assert [s.meta["scene"] for s in draft.track(1).segments][-2:] == ["tiny_model", "limits"]
    assert draft.duration_s == 30
    assert "Many generators train on\npictures spoiled step by step." in [c[2] for c in texts(draft, "caption")]
    ours = picture(tmp_path / "t.png", {"Software": "ipynemo tiny diffusion model"})
    assert "latent_grid" not in abouts(storyboard([ours], Wishes()).draft)


def test_no_percentage_and_no_guess_is_ever_said() -> None:
    for language in languages():
        words = repr(script_for(language).table).lower()
        assert "synthid" in words
        for forbidden in ("%", "probably", "likely", "looks ai", "looks like", "可能", "大概", "看起来像"):
            assert forbidden not in words


def test_names_and_values_from_strangers_are_cleaned_and_cut(tmp_path: Path) -> None:
    asset = picture(tmp_path / "x.png", {"Software": "GIMP\u202e evil \x07" + "long " * 60})
    asset = AssetFacts(**{**vars(asset), "name": "cat\u202egnp.\n\x1b[31m.png" + "y" * 300})
    draft = storyboard([asset], Wishes()).draft
    shown = "".join(s.text or s.name or "" for t in draft.tracks for s in t.segments)
    assert not any(c in shown for c in "\u202e\x07\x1b")
    shown += str(abouts(draft))
    assert not any(c in shown for c in "\u202e\x07\x1b")
    cards = abouts(draft)["evidence"]["cards"]
    assert max(columns(value) for card in cards for value in card.values()) <= 56
    both = storyboard([asset, AssetFacts(**{**vars(asset), "id": "b", "name": "b.png"})], Wishes()).draft
    names = [s.name or "" for s in both.track(1).segments]
    assert names[1] == "cat gnp. [31m.pngyyyyyy…: Evidence"
    assert names[-1] == "b.png: What remains open"


def test_sixty_seconds_follow_the_long_table_and_say_more(plain_picture: AssetFacts) -> None:
    draft = storyboard([plain_picture], Wishes(total_ms=60_000)).draft
    assert draft.duration_s == 60
    assert [round(s.duration_s, 2) for s in draft.track(1).segments] == [5.25, 11.25, 7.5, 9, 9, 6, 5.25, 6.75]
    short = len(texts(storyboard([plain_picture], Wishes()).draft, "caption"))
    assert len(texts(draft, "caption")) > short


def test_five_seconds_keep_only_what_can_be_read(plain_picture: AssetFacts) -> None:
    draft = storyboard([plain_picture], Wishes(total_ms=5000)).draft
    assert [s.meta["scene"] for s in draft.track(1).segments] == ["opening", "evidence", "limits"]
    assert draft.duration_s == 5


def test_several_pictures_are_told_one_after_another(tmp_path: Path) -> None:
    assets = [picture(tmp_path / f"{n}.png") for n in "abc"]
    draft = storyboard(assets, Wishes()).draft
    assert draft.duration_s == 90
    starts = {s.source: s.start_s for s in reversed(draft.track(1).segments)}
    assert starts == {"id-a": 0, "id-b": 30, "id-c": 60}
    scenes = [s.meta["scene"] for s in draft.track(1).segments]
    assert (scenes.count("evidence"), scenes.count("noising"), scenes.count("limits")) == (3, 3, 3)
    assert (scenes.count("tiny_model"), scenes.count("latent_grid")) == (1, 1)  # the same for all: told once
    assert storyboard(assets, Wishes(total_ms=60_000)).draft.duration_s == 60
    assert storyboard(assets, Wishes(total_ms=6_000)).total_ms == 15_000


def test_a_video_gets_its_place_and_a_title(tmp_path: Path, plain_picture: AssetFacts) -> None:
    video = AssetFacts("v1", "walk.mp4", "video", tmp_path / "walk.mp4", 8000, 1280, 720, "mp4", has_audio=True)
    draft = storyboard([video, plain_picture], Wishes()).draft
    clip = draft.track(1).segment(1)
    assert (clip.source, clip.start_s, clip.end_s, clip.in_ms) == ("v1", 0, 8, 0)
    assert texts(draft, "title")[0] == (0, 3, "walk.mp4")
    assert draft.track(1).segment(2).start_s == 8


def test_without_a_picture_the_scenes_that_need_none_carry_it() -> None:
    board = storyboard([], Wishes())
    assert [t.kind for t in board.draft.tracks] == ["video", "text", "text", "audio"]
    assert board.draft.duration_s == 30
    assert texts(board.draft, "title")[0][2] == "What is an AI image?"
    scenes = ["noising", "denoising", "tiny_model", "latent_grid", "limits"]
    assert [s.meta["scene"] for s in board.draft.track(1).segments] == scenes
    assert {s.source for s in board.draft.track(1).segments} == {None}
    shown = abouts(board.draft)
    assert shown["denoising"]["badge"] == "Illustration — not a recording of how a picture was made"
    assert not any("Found" in line for line in shown["limits"]["lines"])


def test_a_picture_of_another_shape_is_shown_whole(tmp_path: Path) -> None:
    tall, wide = picture(tmp_path / "t.png", size=(180, 320)), picture(tmp_path / "w.png", size=(320, 200))
    for asset, aspect, fit in (
        (tall, "16:9", "blur"),
        (tall, "9:16", "cover"),
        (wide, "16:9", "cover"),
        (wide, "1:1", "blur"),
    ):
        draft = storyboard([asset], Wishes(aspect=aspect)).draft
        assert draft.track(1).segment(1).meta["fit"] == fit
    draft = storyboard([wide], Wishes(aspect="9:16")).draft
    assert (draft.width_px, draft.height_px) == (1080, 1920)


def test_music_is_gentle_and_fades(plain_picture: AssetFacts) -> None:
    music = storyboard([plain_picture], Wishes()).draft.track(5).segment(1)
    assert (music.source, music.volume, music.duration_s) == ("music:curious", 0.25, 30)
    assert (music.meta["fade_in_ms"], music.meta["fade_out_ms"]) == (1000, 2000)
    assert len(storyboard([plain_picture], Wishes(music=None)).draft.tracks_of("audio")) == 0


def test_what_is_not_wanted_is_left_out(plain_picture: AssetFacts) -> None:
    draft = storyboard([plain_picture], Wishes(captions=False, titles=False, music=None)).draft
    assert [t.name for t in draft.tracks] == ["Pictures", "Cards"]


def test_chinese_is_complete(plain_picture: AssetFacts) -> None:
    draft = storyboard([plain_picture], Wishes(language="zh-CN")).draft
    assert [t.name for t in draft.tracks] == ["画面", "卡片", "标题", "字幕", "音乐"]
    assert texts(draft, "title") == [(0, 3, "这个文件能告诉我们什么？")]
    assert draft.track(1).segment(2).name == "证据"
    assert "没有标签不等于没有用 AI。" in [c[2] for c in texts(draft, "caption")]


def test_every_language_has_the_same_texts_and_blanks() -> None:
    def blanks(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: blanks(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [blanks(inner) for inner in value]
        return sorted(part.split("}")[0] for part in str(value).split("{")[1:]) if isinstance(value, str) else None

    assert {"en", "zh"} <= set(languages())
    for language in languages():
        assert blanks(script_for(language).table) == blanks(script_for("en").table)
    assert script_for("fr").language == "en"


def test_the_same_picture_gives_the_same_draft(plain_picture: AssetFacts) -> None:
    assert storyboard([plain_picture], Wishes()).draft == storyboard([plain_picture], Wishes()).draft


@given(st.integers(5_000, 600_000))
@settings(deadline=None)
def test_scenes_fill_any_length_exactly_and_leave_time_to_read(total_ms: int) -> None:
    scenes = lengths_ms(total_ms)
    assert sum(length for _, length in scenes) == total_ms
    assert min(length for _, length in scenes) >= 1199
    assert [name for name, _ in scenes] == [s.name for s in SCENES if s.name in dict(scenes)]


def test_a_white_page_is_there_at_once_and_goes_slowly(tmp_path: Path) -> None:
    page = picture(tmp_path / "page.png", colour=(250, 250, 248))
    shots = storyboard([page], Wishes()).draft.track(1).segments
    assert shots[0].meta["transition"] == {"kind": "cut"}
    # A scene of two seconds has half of them for it.
    assert [s.meta["transition"]["d"] for s in shots[1:]] == [1300, 1300, 1300, 1300, 1300, 1000, 1300]
