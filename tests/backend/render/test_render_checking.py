"""What is missing or broken is named before a frame is encoded, all of it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from render_kit import RED, audio, draft_of, plain, seg, text, tone, video, write_film, write_sound

from ipynemo.backend.render import BrokenAssetError, MissingAssetError, check, render
from ipynemo.errors import RenderFailedError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_sound_draft_passes(tmp_path: Path) -> None:
    assets = {
        "p": plain(tmp_path / "p.png", RED),
        "f": write_film(tmp_path / "f.mp4", [(0.0, RED), (0.5, RED)]),
        "s": write_sound(tmp_path / "s.wav", tone(0.5)),
    }
    check(draft_of(video(seg(0, 500, src="p"), seg(500, 500, src="f")), audio(seg(0, 500, src="s"))), assets)


def test_a_missing_asset_is_named_with_its_place(tmp_path: Path) -> None:
    draft = draft_of(text(seg(0, 500, tx="a")), video(seg(0, 500, src="p"), seg(500, 500, src="q")))
    assets = {"p": plain(tmp_path / "p.png", RED), "q": tmp_path / "holiday.jpg"}
    with pytest.raises(
        MissingAssetError, match=r"'q' \(holiday\.jpg\), used by segment 2 of track 2 \(video\)"
    ) as caught:
        check(draft, assets)
    assert caught.value.assets == ("q",)
    with pytest.raises(MissingAssetError, match=r"'q'.* is unknown"):
        check(draft, {"p": assets["p"]})
    with pytest.raises(MissingAssetError, match="names no asset"):
        check(draft_of(video(seg(0, 500))), {})


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (90, 160, 3), np.uint8)).save(tmp_path / "cut.jpg")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "cut.jpg").read_bytes()[:4000])
    (tmp_path / "noise.mp3").write_bytes(bytes(2000))
    draft = draft_of(
        video(seg(0, 500, src="cut"), seg(500, 500, src="gone")),
        audio(seg(0, 500, src="noise"), seg(500, 500, src="music:polka")),
    )
    assets = {"cut": tmp_path / "cut.jpg", "noise": tmp_path / "noise.mp3"}
    with pytest.raises(MissingAssetError) as caught:
        check(draft, assets)
    assert caught.value.assets == ("gone", "music:polka", "cut", "noise")
    for part in ("'gone'", "cut.jpg is damaged", "noise.mp3", "'music:polka'", "calm, happy"):
        assert part in str(caught.value)


def test_a_film_on_an_audio_track_must_have_sound(tmp_path: Path) -> None:
    silent = write_film(tmp_path / "silent.mp4", [(0.0, RED), (0.5, RED)])
    with pytest.raises(BrokenAssetError, match=r"silent\.mp4 has no sound"):
        check(draft_of(audio(seg(0, 500, src="s"))), {"s": silent})


def test_a_sound_on_a_video_track_has_no_picture(tmp_path: Path) -> None:
    with pytest.raises(BrokenAssetError, match=r"s\.wav has no picture"):
        check(draft_of(video(seg(0, 500, src="s"))), {"s": write_sound(tmp_path / "s.wav", tone(0.2))})


def test_an_animation_cut_off_in_the_middle_is_broken(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pictures = [Image.fromarray(rng.integers(0, 255, (40, 40, 3), np.uint8)) for _ in range(4)]
    path = tmp_path / "cut.webp"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100, lossless=True)
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(BrokenAssetError, match=r"cut\.webp"):
        check(draft_of(video(seg(0, 500, src="a"))), {"a": path})


def test_nothing_is_written_when_an_asset_is_missing(tmp_path: Path) -> None:
    progress: list[float] = []
    with pytest.raises(RenderFailedError, match="Nothing was rendered"):
        render(draft_of(video(seg(0, 500, src="p"))), {}, tmp_path / "out.mp4", on_progress=progress.append)
    assert list(tmp_path.iterdir()) == []
    assert progress == []
