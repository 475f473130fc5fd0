"""The network of the tiny model: a few layers of numbers, their gradients by hand, and Adam.

It gets a noised picture and a condition (how much noise, which words), and says what the picture looks like without the
noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["Adam", "Network"]

LAYERS = 3  # hidden ones


class Network:
    """A residual multilayer perceptron with SiLU; every layer sees the condition again.

    Parameters
    ----------
    values, conditions, hidden : int
        How many numbers a picture, a condition and a hidden layer have.
    random : numpy.random.Generator
        For the first weights.
    """

    def __init__(self, values: int, conditions: int, hidden: int, random: np.random.Generator) -> None:
        self.hidden = hidden
        inner = [(hidden + conditions, hidden)] * (LAYERS - 1)
        self.shapes = [(values + conditions, hidden), *inner, (hidden + conditions, values)]
        self.weights = np.zeros(sum(rows * columns for rows, columns in self.shapes), np.float32)
        for place, layer in enumerate(self._layers(self.weights)):
            # The last layer begins near zero: the first guess is the average picture.
            gain = 0.05 if place == LAYERS else 1.0
            layer[:] = random.standard_normal(layer.shape, np.float32) * np.float32(np.sqrt(gain / len(layer)))

    def _layers(self, flat: Floats) -> list[Floats]:
        ends = np.cumsum([rows * columns for rows, columns in self.shapes])[:-1]
        return [part.reshape(shape) for part, shape in zip(np.split(flat, ends), self.shapes, strict=True)]

    def __call__(self, values: Floats, conditions: Floats) -> Floats:
        """Return the guesses, shape (count, values), for as many noised pictures and conditions."""
        hidden = values
        *inner, last = self._layers(self.weights)
        for place, layer in enumerate(inner):
            sums = np.concatenate([hidden, conditions], axis=1) @ layer
            out: Floats = sums / (1 + np.exp(-sums))  # SiLU
            hidden = out + hidden if place else out
        guess: Floats = np.concatenate([hidden, conditions], axis=1) @ last
        return guess

    def gradient(self, values: Floats, conditions: Floats, target: Floats) -> tuple[float, Floats]:
        """Return the mean squared error of the guesses, and its gradient by all weights."""
        *inner, last = self._layers(self.weights)
        gradient = np.empty_like(self.weights)
        *inner_gradients, last_gradient = self._layers(gradient)
        hidden, seen = values, []
        for place, layer in enumerate(inner):
            joined = np.concatenate([hidden, conditions], axis=1)
            sums = joined @ layer
            gate = 1 / (1 + np.exp(-sums))
            out: Floats = (sums * gate).astype(np.float32, copy=False)
            seen.append((joined, sums, gate))
            hidden = out + hidden if place else out
        joined = np.concatenate([hidden, conditions], axis=1)
        off = joined @ last - target
        error = off * np.float32(2 / off.size)
        np.matmul(joined.T, error, out=last_gradient)
        back = error @ last[: self.hidden].T
        for place in reversed(range(LAYERS)):
            joined, sums, gate = seen[place]
            through = back * (gate * (1 + sums * (1 - gate)))  # the derivative of SiLU
            np.matmul(joined.T, through, out=inner_gradients[place])
            if place:
                back = back + through @ inner[place][: self.hidden].T
        return float(np.mean(off * off)), gradient


class Adam:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019), a short warm-up and a cosine to zero.

    Parameters
    ----------
    network : Network
        Whose weights it changes.
    steps : int
        After how many the rate has come down to zero.
    rate : float
        The highest learning rate.
    """

    MEAN, SQUARE, TINY = np.float32(0.9), np.float32(0.99), np.float32(1e-8)
    DECAY = 0.3  # keeps combinations that were never shown from being unlearnt
    WARM_UP_STEPS = 50

    def __init__(self, network: Network, steps: int, rate: float) -> None:
        self.network, self.steps, self.rate, self.done = network, steps, rate, 0
        self.mean = np.zeros_like(network.weights)
        self.square = np.zeros_like(network.weights)

    def step(self, gradient: Floats) -> None:
        """Move the weights once."""
        rate = (
            self.rate * min(1, (self.done + 1) / self.WARM_UP_STEPS) * (1 + np.cos(np.pi * self.done / self.steps)) / 2
        )
        self.done += 1
        self.mean += (1 - self.MEAN) * (gradient - self.mean)
        self.square += (1 - self.SQUARE) * (gradient * gradient - self.square)
        weights = self.network.weights
        weights *= np.float32(1 - rate * self.DECAY)
        size = np.sqrt(self.square * np.float32(1 / (1 - self.SQUARE**self.done))) + self.TINY
        weights -= np.float32(rate / (1 - self.MEAN**self.done)) * self.mean / size
