"""`python docs/make_tiny_trajectory.py`: what the scene "tiny_model" shows, from a model trained for it.

One PNG, every pixel as the model drew it: a row for each seed, a square of 16 × 16 pixels for each state, from pure
noise on the left to the picture on the right. What made it is written into the file. The same seeds give the same
model, so that anybody can make it again; a test does, and compares.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ipynemo.concepts import TinyModel
from ipynemo.concepts.tiny.picture import GENERATOR, RECORD_KEYWORD

PROMPT, SEEDS = "red cross", (1, 2, 3, 4)
OUT = Path(__file__).parents[1] / "src" / "ipynemo" / "backend" / "render" / "scenes" / "data" / "tiny_trajectory.png"


def trajectories(model: TinyModel) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the states of all seeds, shape (seeds, states, side_px, side_px, 3), uint8, and how they were made."""
    drawn = [model.draw(PROMPT, seed=seed) for seed in SEEDS]
    record = drawn[0].record() | {"seed": SEEDS[0], "seeds": list(SEEDS)}
    return np.stack([picture.trajectory for picture in drawn]), record


def to_png(states: np.ndarray, record: dict[str, Any], xmp: str) -> bytes:
    """Return the states side by side as a file that says what made it."""
    seeds, count, side = states.shape[:3]
    rows = states.transpose(0, 2, 1, 3, 4).reshape(seeds * side, count * side, 3)
    texts = PngInfo()
    texts.add_text("Software", GENERATOR)
    texts.add_itxt(RECORD_KEYWORD, json.dumps(record))
    texts.add_itxt("XML:com.adobe.xmp", xmp)
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rows)).save(file, "PNG", pnginfo=texts, optimize=True)
    return file.getvalue()


def main() -> None:
    """Train, draw, write."""
    model = TinyModel.train("shapes", seed=1)
    with Image.open(io.BytesIO(model.draw(PROMPT, seed=SEEDS[0]).to_png(16))) as single:
        xmp = str(single.info["XML:com.adobe.xmp"])  # the same statement as in every picture that the model saves
    states, record = trajectories(model)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_bytes(to_png(states, record, xmp))
    print(f"{OUT.name}: {states.shape[0]} seeds, {states.shape[1]} states, {OUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
