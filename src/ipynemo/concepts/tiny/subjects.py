"""What the tiny model can be asked for: its words, how its training pictures are drawn, which pairs it never sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ipynemo.concepts.tiny.drawing import COLOURS, DIGIT_PX, DIGITS, SHAPE_PX, SHAPES, draw_digits, draw_shapes
from ipynemo.errors import UnknownPromptError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Kind = Literal["digits", "shapes"]

__all__ = ["SUBJECTS", "Subject", "subject_of"]

_ARTICLES = frozenset({"a", "an", "the", "one"})
_SPELLED = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@dataclass(frozen=True)
class Subject:
    """A small world of pictures.

    Parameters
    ----------
    kind : str
        "digits" or "shapes".
    side_px : int
        Width and height of its pictures.
    groups : tuple of tuple of str
        The words; a prompt has at most one of each group, in any order. A group that is left out may be anything.
    held_out : tuple of str
        Prompts whose pictures are never among the training pictures.
    latent : int
        How many numbers a picture is squeezed into; 0: the model works on the pixels.
    hidden, batch, pictures : int
        Size of the network, pictures in a training step, training pictures by default.
    rate : float
        Learning rate.
    """

    kind: Kind
    side_px: int
    groups: tuple[tuple[str, ...], ...]
    held_out: tuple[str, ...]
    latent: int
    hidden: int
    batch: int
    pictures: int
    rate: float

    @property
    def prompts(self) -> tuple[str, ...]:
        """Every full prompt, the held-out ones included."""
        whole = [""]
        for group in self.groups:
            whole = [f"{start} {word}".strip() for start in whole for word in group]
        return tuple(whole)

    def words(self, prompt: str) -> tuple[int | None, ...]:
        """Return the number of the word in each group; None where the prompt leaves it open.

        Raises
        ------
        UnknownPromptError
            A word that the model was never shown, or two of one group.
        """
        found: list[int | None] = [None] * len(self.groups)
        for word in prompt.lower().replace(",", " ").split():
            if self.kind == "digits" and word in _SPELLED:
                word = str(_SPELLED.index(word))
            group = next((number for number, words in enumerate(self.groups) if word in words), None)
            if group is None and word in _ARTICLES:
                continue
            if group is None:
                raise UnknownPromptError(f"this model was never shown “{word}”.", hint=self._hint())
            if found[group] is not None:
                raise UnknownPromptError(f"“{prompt}” asks for two things at once.", hint=self._hint())
            found[group] = self.groups[group].index(word)
        return tuple(found)

    def _hint(self) -> str:
        return "It knows: " + "; ".join(", ".join(group) for group in self.groups) + "."

    def condition(self, words: tuple[int | None, ...]) -> Floats:
        """Return the words as numbers, shape (count of all words,): 1 for each that is there."""
        ones = [np.zeros(len(group), np.float32) for group in self.groups]
        for one, word in zip(ones, words, strict=True):
            if word is not None:
                one[word] = 1
        return np.concatenate(ones)

    def draw(self, prompts: NDArray[np.int64], random: np.random.Generator) -> Floats:
        """Return drawn pictures, shape (count, side_px, side_px, channels), 0–1, for numbers into `prompts`."""
        if self.kind == "digits":
            return draw_digits(prompts, random)[..., None]
        colours, shapes = np.divmod(prompts, len(SHAPES))
        return draw_shapes(colours, shapes, random)

    def shown(self) -> NDArray[np.int64]:
        """Return the numbers of the prompts that are among the training pictures."""
        return np.array([n for n, prompt in enumerate(self.prompts) if prompt not in self.held_out], np.int64)


SUBJECTS: dict[str, Subject] = {
    "digits": Subject("digits", DIGIT_PX, (tuple(DIGITS),), (), 0, 128, 128, 3000, 3e-3),
    "shapes": Subject(
        "shapes",
        SHAPE_PX,
        (tuple(COLOURS), tuple(SHAPES)),
        ("green cross", "blue circle", "yellow triangle"),
        64,
        256,
        256,
        3520,
        1.5e-3,
    ),
}


def subject_of(kind: str) -> Subject:
    """Return the subject of that name."""
    if kind not in SUBJECTS:
        raise ValueError(f"a tiny model can be trained on {' or '.join(SUBJECTS)}, not on {kind!r}")
    return SUBJECTS[kind]
