"""The tiny diffusion model: trained in seconds, on pictures that are drawn on the spot, in plain numpy.

It is the real thing, small: noise is added to training pictures (Ho et al. 2020), a network learns to guess the picture
behind the noise and its prompt, and a new picture is what is left when the noise is taken away step by step, beginning
with noise alone. Everything that made a picture is known: the training pictures, the prompt, the seed, the steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from ipynemo.concepts.noising import STEPS, alpha_bar
from ipynemo.concepts.tiny.judge import judge_of
from ipynemo.concepts.tiny.network import Adam, Network
from ipynemo.concepts.tiny.picture import TinyPicture
from ipynemo.concepts.tiny.subjects import Subject, subject_of
from ipynemo.concepts.tiny.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["DEFAULT_TRAINING_STEPS", "Nearest", "Progress", "TinyModel"]

DEFAULT_TRAINING_STEPS = 1500
DEFAULT_STEPS = 40
DEFAULT_GUIDANCE = 1.5
MAX_GUIDANCE = 20.0
DROPPED = 0.15  # share of words that are hidden in training, so that the model also learns to go without
PROGRESS_EVERY = 10  # training steps; some 25 times a second
FRESH = 200  # drawings that tell how near a picture comes to the training pictures by chance

_ALPHA_BAR = np.array([alpha_bar(t) for t in range(STEPS)], np.float32)
_SIGNAL: Floats = np.sqrt(_ALPHA_BAR)
_NOISE: Floats = np.sqrt(np.float32(1) - _ALPHA_BAR)


def _time_features() -> Floats:
    """Return waves of the logarithm of signal over noise, for every step; one number alone says too little."""
    ratio = np.log(_ALPHA_BAR[1:] / (1 - _ALPHA_BAR[1:]))
    scaled = np.clip(np.concatenate([ratio[:1], ratio]) / 10, -1, 1)[:, None]
    waves = scaled * (np.arange(1, 17) * np.pi / 2)
    return np.concatenate([np.sin(waves), np.cos(waves), np.ones((STEPS, 1))], axis=1).astype(np.float32)


_TIMES = _time_features()


@dataclass(frozen=True)
class Progress:
    """How far the training is: steps done, steps planned, and the error of the last step."""

    step: int
    steps: int
    loss: float


@dataclass(frozen=True, eq=False)
class Nearest:
    """The training picture that a picture is nearest to, to ask whether it was copied or is new.

    Parameters
    ----------
    image : ndarray, shape (side_px, side_px, 3), uint8, sRGB
        The training picture.
    prompt : str
        What it shows.
    number : int
        Which of the training pictures, counted from 1.
    distance : float
        Root of the mean squared difference, in levels of 255.
    fresh_distance : float
        The same for a drawing that the model has never seen: the median of 200.
    fresh_least : float
        The least of these 200.
    """

    image: NDArray[np.uint8]
    prompt: str
    number: int
    distance: float
    fresh_distance: float
    fresh_least: float

    @property
    def closer_than_chance(self) -> bool:
        """Whether the picture lies nearer to a training picture than any of 200 fresh drawings does."""
        return self.distance < self.fresh_least


class TinyModel:
    """A tiny diffusion model. Make one with `TinyModel.train`.

    Attributes
    ----------
    subject : Subject
        Its words and kinds of pictures.
    seed, pictures : int
        Of the training; how many training pictures.
    trained_steps, planned_steps : int
        Training steps; fewer than planned where it was stopped.
    losses : list of float
        The error of every training step.
    """

    def __init__(self, subject: Subject, seed: int, pictures: int, planned_steps: int) -> None:
        self.subject = subject
        self.seed = seed
        self.pictures = pictures
        self.planned_steps = planned_steps
        self.losses: list[float] = []
        data, first_weights, training, fresh = (
            np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(4)
        )
        self._random, self._fresh_random = training, fresh
        shown = subject.shown()
        self._labels = shown[np.arange(pictures) % len(shown)]
        self._drawn = subject.draw(self._labels, data)
        self._squeeze()
        words = sum(len(group) for group in subject.groups)
        self._network = Network(self._values.shape[1], words + _TIMES.shape[1], subject.hidden, first_weights)

    def _squeeze(self) -> None:
        """Find the numbers that the model works on: pixels for digits, the strongest directions (PCA) for shapes."""
        rows = self._drawn.reshape(self.pictures, -1) * 2 - 1
        self._mean = rows.mean(axis=0)
        centred = rows - self._mean
        if self.subject.latent:
            _, directions = np.linalg.eigh(centred.T @ centred)
            self._directions = np.ascontiguousarray(directions[:, ::-1][:, : self.subject.latent])
        else:
            self._directions = np.eye(rows.shape[1], dtype=np.float32)
        values = centred @ self._directions
        # One scale for all numbers, not one for each: weak directions stay weak, and the picture's outline comes first.
        self._scale = np.float32(max(float(values.std()), 1e-6))
        self._values: Floats = (values / self._scale).astype(np.float32)

    def _pictures_of(self, values: Floats) -> NDArray[np.uint8]:
        rows = (values * self._scale) @ self._directions.T + self._mean
        side = self.subject.side_px
        return _to_bytes(((rows + 1) / 2).reshape(len(values), side, side, -1))

    @property
    def trained_steps(self) -> int:
        """How many training steps were made."""
        return len(self.losses)

    @property
    def held_out(self) -> tuple[str, ...]:
        """The prompts whose pictures it has never been shown."""
        return self.subject.held_out

    def __repr__(self) -> str:
        stopped = f" of {self.planned_steps:,}" if self.trained_steps < self.planned_steps else ""
        return (
            f"<TinyModel {self.subject.kind}, seed {self.seed}, {self.pictures:,} training pictures, "
            f"{self.trained_steps:,}{stopped} steps>"
        )

    @classmethod
    def train(
        cls,
        kind: Literal["digits", "shapes"] = "shapes",
        *,
        seed: int = 1,
        steps: int = DEFAULT_TRAINING_STEPS,
        pictures: int | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> TinyModel:
        """Draw the training pictures and train a model on them.

        Parameters
        ----------
        kind : {"shapes", "digits"}
            Shapes take two words ("red cross"), digits one ("7").
        seed : int
            Of the training pictures, the first weights and the noise. On one computer the same seed gives the same
            model, bit for bit; on another, rounding may make it a slightly different one.
        steps : int
            Training steps.
        pictures : int, optional
            How many training pictures; with very few, the model learns to copy.
        on_progress : callable, optional
            Called with `Progress` every 10 steps.
        should_stop : callable, optional
            Asked before every step; the model that comes back then is trained as far as it got.
        """
        subject = subject_of(kind)
        count = subject.pictures if pictures is None else pictures
        if count < 1 or steps < 1 or seed < 0:
            raise ValueError("training needs at least 1 picture, at least 1 step and a seed of 0 or more")
        with one_thread():
            model = cls(subject, seed, count, steps)
            adam = Adam(model._network, steps, subject.rate)
            words = np.array([subject.condition(subject.words(prompt)) for prompt in subject.prompts])
            for step in range(1, steps + 1):
                if should_stop is not None and should_stop():
                    break
                model._train_once(adam, words)
                if on_progress is not None and (step % PROGRESS_EVERY == 0 or step == steps):
                    on_progress(Progress(step, steps, model.losses[-1]))
        return model

    def _train_once(self, adam: Adam, words: Floats) -> None:
        random, batch = self._random, self.subject.batch
        chosen = random.integers(len(self._values), size=batch)
        t = random.integers(1, STEPS, size=batch)
        clean = self._values[chosen]
        noise = random.standard_normal(clean.shape, np.float32)
        noised = _SIGNAL[t, None] * clean + _NOISE[t, None] * noise  # Ho et al. 2020, eq. 4
        asked = words[self._labels[chosen]]
        start = 0
        for group in self.subject.groups:
            asked[random.random(batch) < DROPPED, start : start + len(group)] = 0
            start += len(group)
        loss, gradient = self._network.gradient(
            noised.astype(np.float32, copy=False), np.concatenate([asked, _TIMES[t]], axis=1), clean
        )
        adam.step(gradient)
        self.losses.append(loss)

    def draw(
        self, prompt: str, *, seed: int = 0, steps: int = DEFAULT_STEPS, guidance: float = DEFAULT_GUIDANCE
    ) -> TinyPicture:
        """Draw a picture: begin with noise, and take it away step by step (DDIM, Song et al. 2021, eq. 12, σ = 0).

        Parameters
        ----------
        prompt : str
            "red cross", or one word, or none: what is left open may be anything. For digits "7".
        seed : int
            Of the noise that it begins with; nothing else is random. Two prompts with one seed begin alike.
        steps : int
            1 to 999; more is finer.
        guidance : float
            0 ignores the prompt, 1 follows it, more exaggerates it (Ho & Salimans 2022, eq. 6, with 1 + w = guidance).

        Raises
        ------
        UnknownPromptError
            A word that the model was never shown.
        """
        if not 1 <= steps < STEPS or seed < 0 or not 0 <= guidance <= MAX_GUIDANCE:
            raise ValueError(
                f"drawing needs 1 to {STEPS - 1} steps, a seed of 0 or more, guidance 0 to {MAX_GUIDANCE:g}"
            )
        asked = self.subject.condition(self.subject.words(prompt))
        times = np.rint(np.linspace(STEPS - 1, 0, steps + 1)).astype(int)
        start = np.random.default_rng(seed).standard_normal((self._values.shape[1],), np.float32)
        with one_thread():
            states, guesses = self._denoise(start, asked, times, guidance)
            trajectory, guessed = self._pictures_of(states), self._pictures_of(guesses)
        return TinyPicture(
            image=trajectory[-1],
            prompt=" ".join(prompt.split()),
            seed=seed,
            steps=steps,
            guidance=float(guidance),
            trajectory=trajectory,
            guesses=guessed,
            noise=_NOISE[times].astype(np.float64),
            latents=states,
            training={
                "kind": self.subject.kind,
                "seed": self.seed,
                "steps": self.trained_steps,
                "pictures": self.pictures,
            },
        )

    def _denoise(
        self, state: Floats, asked: Floats, times: NDArray[np.int64], guidance: float
    ) -> tuple[Floats, Floats]:
        """Return all states from the noise to the picture, and the model's guess at each step but the last."""
        both = np.stack([asked, np.zeros_like(asked)])
        states, guesses = [state], []
        for t, following in pairwise(times):
            conditions = np.concatenate([both, np.broadcast_to(_TIMES[t], (2, _TIMES.shape[1]))], axis=1)
            with_prompt, without = self._network(np.stack([state, state]), conditions)
            guess = without + np.float32(guidance) * (with_prompt - without)
            noise = (state - _SIGNAL[t] * guess) / _NOISE[t]
            state = _SIGNAL[following] * guess + _NOISE[following] * noise
            states.append(state)
            guesses.append(guess)
        return np.stack(states), np.stack(guesses)

    def recognise(self, picture: TinyPicture | NDArray[np.uint8]) -> str | None:
        """Return what a picture looks like, by drawings that the model has not seen; None where like none of them."""
        return judge_of(self.subject.kind).name(picture.image if isinstance(picture, TinyPicture) else picture)

    def training_picture(self, number: int) -> tuple[NDArray[np.uint8], str]:
        """Return a training picture, counted from 1, and what it shows."""
        if not 1 <= number <= self.pictures:
            raise ValueError(f"there is no training picture {number}; there are 1 to {self.pictures}")
        drawn = self._drawn[number - 1 : number]
        return _to_bytes(drawn)[0], self.subject.prompts[self._labels[number - 1]]

    def nearest(self, picture: TinyPicture | NDArray[np.uint8]) -> Nearest:
        """Return the training picture nearest to a picture, and how near fresh drawings come."""
        image = picture.image if isinstance(picture, TinyPicture) else picture
        channels = self._drawn.shape[3]
        number, distance = self._to_training(image[..., :channels].astype(np.float32) / np.float32(255))
        shown, prompt = self.training_picture(number)
        distances = self._fresh_distances
        return Nearest(shown, prompt, number, distance, float(np.median(distances)), float(distances.min()))

    def _to_training(self, image: Floats) -> tuple[int, float]:
        apart = np.square(self._drawn - image).reshape(self.pictures, -1).mean(axis=1)
        nearest = int(np.argmin(apart))
        return nearest + 1, float(np.sqrt(apart[nearest])) * 255

    @cached_property
    def _fresh_distances(self) -> NDArray[np.float64]:
        shown = self.subject.shown()
        fresh = self.subject.draw(shown[np.arange(FRESH) % len(shown)], self._fresh_random)
        return np.array([self._to_training(drawing)[1] for drawing in fresh])


def _to_bytes(pictures: Floats) -> NDArray[np.uint8]:
    """Return pictures with values 0–1 as sRGB bytes with three channels."""
    bytes_ = np.rint(np.clip(pictures, 0, 1) * 255).astype(np.uint8)
    return bytes_ if bytes_.shape[-1] == 3 else bytes_.repeat(3, axis=-1)
