"""`make sheet`: every scene of the storyboard, in the three shapes of frame and in both lengths, on one sheet.

    python docs/make_contact_sheet.py                    docs/pictures/scenes.jpg
    python docs/make_contact_sheet.py photo.jpg out.png  of a picture of your own

The rows are, for each shape, the form of 30 s in the middle of each scene and the form of 80 s near its end; below them
evidence as other files would have it. The photograph is scikit-image's (CC0).
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import skimage.data
from PIL import Image

from ipynemo.backend.explain import AssetFacts, Wishes, read_facts, script_for, storyboard
from ipynemo.backend.explain.abouts import about_for
from ipynemo.backend.explain.evidence import evidence_of
from ipynemo.backend.render.compose import Composer
from ipynemo.backend.render.scene import FPS, to_scene
from ipynemo.concepts.statements import Record, Statement
from ipynemo.draft import Draft
from ipynemo.edits import ASPECTS, blank

if TYPE_CHECKING:
    from collections.abc import Sequence

OUT = Path(__file__).parent / "pictures" / "scenes.jpg"
COLUMNS, WIDTH_PX, GAP_PX = 8, 224, 6
SHORT_PX = 540  # frames are drawn so large, and shown smaller
FORMS = ((30_000, 0.62), (80_000, 0.93))  # length, and the moment within each scene
GROUND = "#3a4048"
MAX_BYTES = 500_000

UNCHECKED = "The record fits the file. Who the signer is cannot be checked here."
FILES: dict[str, list[Statement]] = {
    "signed": [
        Statement("C2PA", "signer", "Picture Works Ltd", UNCHECKED, "signed"),
        Statement("C2PA", "DigitalSourceType", "trainedAlgorithmicMedia", None, "signed"),
        Statement("EXIF", "Software", "GIMP 2.10", None, "stated"),
    ],
    "generator": [
        Statement(
            "PNG text", "parameters", "Stable Diffusion web UI record", None, "stated", record=Record("A", prompt="x")
        )
    ],
    "camera": [
        Statement("EXIF", name, value, None, "stated") for name, value in (("Model", "EOS R5"), ("Make", "Canon"))
    ],
    "conflict": [
        Statement("XMP", "DigitalSourceType", "trainedAlgorithmicMedia", None, "stated"),
        Statement("EXIF", "Model", "EOS R5", None, "stated"),
    ],
    "tampered": [
        Statement("C2PA", "record", "does not fit this file", None, "stated"),
        Statement("C2PA", "signer", "Picture Works Ltd", None, "stated"),
    ],
    "broken": [Statement("XMP", "unreadable", "the XMP packet", None, "stated")],
}


def photograph(folder: Path, given: Path | None) -> AssetFacts:
    """Return the picture that the sheet is about."""
    path = given or folder / "coffee.png"
    if given is None:
        Image.fromarray(skimage.data.coffee()).save(path)
    with Image.open(path) as opened:
        width, height = opened.size
    return AssetFacts("a1", path.name, "image", path, None, width, height, path.suffix[1:].lower())


def stills(draft: Draft, asset: AssetFacts, moments_s: Sequence[float]) -> list[Image.Image]:
    """Return frames of a draft, at these moments."""
    composer = Composer(to_scene(draft, short_px=SHORT_PX), {asset.id: asset.path})
    found = [Image.fromarray(composer.frame(int(moment * FPS)).rgb) for moment in moments_s]
    composer.close()
    return found


def rows_of(asset: AssetFacts) -> list[list[Image.Image]]:
    """Return the frames of the sheet, row by row."""
    rows = []
    for aspect in ASPECTS:
        for total_ms, part in FORMS:
            draft = storyboard([asset], Wishes(aspect=aspect, total_ms=total_ms)).draft
            moments = [s.start_s + s.duration_s * part for s in draft.track(1).segments]
            rows.append(stills(draft, asset, moments))
    facts = read_facts(asset)
    evidence = []
    for statements in FILES.values():
        about = about_for(
            "evidence", dataclasses.replace(facts, evidence=evidence_of(statements)), script_for("en"), 6000
        )
        shot = {"st": 0, "d": 6000, "src": asset.id, "m": {"scene": "evidence", "about": about}}
        evidence += stills(Draft(blank().raw | {"t": [{"tt": 0, "sg": [shot]}], "d": 6000}), asset, [5.9])
    return [*rows, evidence]


def sheet(rows: list[list[Image.Image]]) -> Image.Image:
    """Return the pictures in rows, each as wide as a column; a row with fewer ones has larger pictures."""
    whole_px = COLUMNS * (WIDTH_PX + GAP_PX) + GAP_PX
    widths = [(whole_px - GAP_PX) // len(row) - GAP_PX for row in rows]
    heights = [round(width * row[0].height / row[0].width) for row, width in zip(rows, widths, strict=True)]
    whole = Image.new("RGB", (whole_px, sum(heights) + GAP_PX * (len(rows) + 1)), GROUND)
    top = GAP_PX
    for row, width, height in zip(rows, widths, heights, strict=True):
        for place, picture in enumerate(row):
            small = picture.resize((width, height), Image.Resampling.LANCZOS)
            whole.paste(small, (GAP_PX + place * (width + GAP_PX), top))
        top += height + GAP_PX
    return whole


def main() -> int:
    """Draw the sheet."""
    parser = argparse.ArgumentParser(description="A contact sheet of all scenes.")
    parser.add_argument("picture", nargs="?", type=Path)
    parser.add_argument("out", nargs="?", type=Path, default=OUT)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        picture = sheet(rows_of(photograph(Path(folder), given.picture)))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    picture.save(given.out, quality=74, optimize=True, progressive=True)
    size = given.out.stat().st_size
    print(f"{given.out} ({picture.width}×{picture.height}, {size / 1000:.0f} kB)")
    return 0 if size <= MAX_BYTES or given.out != OUT else 1


if __name__ == "__main__":
    raise SystemExit(main())
