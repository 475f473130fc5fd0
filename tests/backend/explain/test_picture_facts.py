"""The facts of a picture: what can be read of every kind of file, and what is left out where it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ipynemo.backend.explain import AssetFacts, Wishes, read_facts, storyboard


def test_a_file_that_is_no_picture_is_said_to_be_unread(tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(b"not a picture")
    board = storyboard([AssetFacts("b", "broken.png", "image", path, None, 640, 480, "png")], Wishes())
    assert board.draft.duration_s == 30
    assert board.facts[0].colours == ()
    assert board.facts[0].pixel is None


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_kind_of_picture_has_facts(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(np.tile(np.arange(64, dtype=np.uint8), (48, 1)))
    made = Image.fromarray(np.full((48, 64), 25700, np.uint16)) if mode == "I;16" else image.convert(mode)
    suffix = {"CMYK": "jpg", "F": "tiff", "I": "tiff"}.get(mode, "png")
    made.save(tmp_path / f"x.{suffix}")
    facts = read_facts(AssetFacts("x", "x", "image", tmp_path / f"x.{suffix}", None, 64, 48, suffix))
    assert (facts.width_px, facts.height_px) == (64, 48)
    assert facts.colours
    if mode == "I;16":
        assert facts.colours == ("#646464",)


def test_a_turned_photograph_is_measured_as_it_is_seen(tmp_path: Path) -> None:
    tags = Image.Exif()
    tags[0x0112] = 6
    Image.new("RGB", (64, 32), "red").save(tmp_path / "t.jpg", exif=tags)
    facts = read_facts(AssetFacts("t", "t.jpg", "image", tmp_path / "t.jpg", None, 32, 64, "jpeg"))
    assert (facts.width_px, facts.height_px, facts.format) == (32, 64, "JPEG")
