"""A judge of pictures that knows nothing of the model: it names the fresh drawing that a picture looks like."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ipynemo.concepts.tiny.subjects import subject_of
from ipynemo.concepts.tiny.threads import one_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Judge", "judge_of"]

DRAWINGS_EACH = 200  # of every prompt, drawn for the judge alone
FRESH_EACH = 40  # drawn to learn how far a real drawing is from its nearest
REAL_PERCENT = 99  # of fresh drawings lie within the limit


class Judge:
    """Names pictures by the nearest of 200 drawings of every prompt, none of which the model has seen.

    Parameters
    ----------
    kind : str
        "digits" or "shapes".

    Attributes
    ----------
    limit : float
        The distance (root mean square, in levels of 255) beyond which a picture is called nothing; 99 of 100 fresh
        drawings lie within it.
    """

    def __init__(self, kind: str) -> None:
        self.subject = subject_of(kind)
        random = np.random.default_rng([1912, len(self.subject.prompts)])
        numbers = np.arange(len(self.subject.prompts), dtype=np.int64)
        self._labels = np.repeat(numbers, DRAWINGS_EACH)
        self._drawings = _rows(self.subject.draw(self._labels, random))
        self._squares = (self._drawings**2).sum(axis=1)
        fresh = self.subject.draw(np.repeat(numbers, FRESH_EACH), random)
        self.limit = float(np.percentile(self._nearest(_rows(fresh))[1], REAL_PERCENT))

    def _nearest(self, rows: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the number of the nearest drawing of each row, and how far it is."""
        with one_thread():
            # |a − b|² = |a|² − 2ab + |b|², which is one product of matrices
            apart = (rows**2).sum(axis=1)[:, None] - 2 * (rows @ self._drawings.T) + self._squares
        nearest = np.argmin(apart, axis=1)
        least = np.maximum(apart[np.arange(len(rows)), nearest].astype(np.float64), 0)
        return nearest, 255 * np.sqrt(least / rows.shape[1])

    def name(self, image: NDArray[np.uint8]) -> str | None:
        """Return the prompt whose drawings a picture looks like; None where it looks like none of them."""
        row = _rows(image[None, :, :, : self._channels]) / np.float32(255)
        nearest, distance = self._nearest(row)
        return self.subject.prompts[self._labels[nearest[0]]] if distance[0] <= self.limit else None

    @property
    def _channels(self) -> int:
        return int(self._drawings.shape[1]) // self.subject.side_px**2


def _rows(pictures: NDArray[np.float32] | NDArray[np.uint8]) -> NDArray[np.float32]:
    return pictures.reshape(len(pictures), -1).astype(np.float32)


@cache
def judge_of(kind: str) -> Judge:
    """Return the judge of a kind of pictures; there is one of each."""
    return Judge(kind)
