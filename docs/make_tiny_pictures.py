"""`python docs/make_tiny_pictures.py`: the picture of docs/tiny_model.md, drawn by a model that is trained for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from ipynemo.concepts import TinyModel
from ipynemo.concepts.pixels import enlarged

PROMPTS = [("red cross", 3), ("red cross", 4), ("blue square", 4), ("green cross", 4)]
MOMENTS = [0, 12, 20, 25, 29, 32, 34, 36, 38, 40]  # of 40 steps; most happens towards the end
GROUND = 0x60
OUT = Path(__file__).parent / "pictures" / "tiny_model.png"


def main() -> None:
    """Train, draw, and write the way from noise to picture, one row a prompt and seed."""
    model = TinyModel.train("shapes", seed=1)
    rows = []
    for prompt, seed in PROMPTS:
        frames = model.draw(prompt, seed=seed).trajectory[MOMENTS]
        framed = np.pad(frames, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=GROUND)
        rows.append(np.concatenate(list(framed), axis=1))
    Image.fromarray(enlarged(np.concatenate(rows), 4)).save(OUT, optimize=True)


if __name__ == "__main__":
    main()
