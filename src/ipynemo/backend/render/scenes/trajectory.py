"""What the tiny model really did: the states of a few seeds from noise to picture, kept in a file that says so.

`docs/make_tiny_trajectory.py` makes the file; nothing here draws or trains.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from PIL import Image

from ipynemo.concepts.tiny.picture import RECORD_KEYWORD

__all__ = ["Trajectories", "trajectories"]


@dataclass(frozen=True, eq=False)
class Trajectories:
    """The ways of some seeds with one prompt.

    Parameters
    ----------
    prompt : str
    seeds : tuple of int
    states : ndarray, shape (seeds, states, side_px, side_px, 3), uint8, sRGB
        From pure noise to the picture; between two of them lies one step of the model.
    """

    prompt: str
    seeds: tuple[int, ...]
    states: np.ndarray

    @property
    def steps(self) -> int:
        """How many times the model took some noise away."""
        return int(self.states.shape[1]) - 1


@cache
def trajectories() -> Trajectories:
    """Return what is kept."""
    file = files("ipynemo.backend.render.scenes") / "data" / "tiny_trajectory.png"
    with file.open("rb") as opened, Image.open(opened) as strip:
        record = json.loads(strip.info[RECORD_KEYWORD])
        pixels = np.array(strip.convert("RGB"))
    side, seeds = int(record["side_px"]), tuple(int(seed) for seed in record["seeds"])
    states = pixels.reshape(len(seeds), side, -1, side, 3).transpose(0, 2, 1, 3, 4)
    return Trajectories(str(record["prompt"]), seeds, np.ascontiguousarray(states))
