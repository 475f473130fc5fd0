"""A still of any moment: small, as the film shows it there, with only the files that are seen."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from render_kit import BLUE, RED, draft_of, near, plain, seg, video

from ipynemo.backend.render import MissingAssetError, still

if TYPE_CHECKING:
    from pathlib import Path


def test_a_still_shows_its_moment_in_the_size_asked_for(tmp_path: Path) -> None:
    assets = {"red": plain(tmp_path / "r.png", RED), "blue": plain(tmp_path / "b.png", BLUE)}
    draft = draft_of(video(seg(0, 1000, src="red"), seg(1000, 1000, src="blue")), size=(1920, 1080))
    for at_s, colour in ((0.0, RED), (0.99, RED), (1.0, BLUE), (-5.0, RED), (99.0, BLUE)):
        picture = Image.open(io.BytesIO(still(draft, assets, at_s)))
        assert (picture.format, picture.size) == ("JPEG", (640, 360))
        assert near(picture.getpixel((300, 200)), colour, 8), at_s
    assert Image.open(io.BytesIO(still(draft, assets, 0, 180))).size == (320, 180)


def test_only_a_file_that_is_seen_there_must_be_there(tmp_path: Path) -> None:
    assets = {"red": plain(tmp_path / "r.png", RED)}
    draft = draft_of(video(seg(0, 1000, src="red"), seg(1000, 1000, src="gone")))
    assert still(draft, assets, 0.5)
    with pytest.raises(MissingAssetError, match="segment 2 of track 1") as caught:
        still(draft, assets, 1.5)
    assert caught.value.assets == ("gone",)
