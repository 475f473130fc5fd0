"""Background music made on the spot: a mood and a seed in, a loop of samples out, always the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ipynemo.backend.render.faults import BrokenAssetError
from ipynemo.backend.render.instruments import DRUMS, PITCHED, forget, low_pass
from ipynemo.backend.render.scene import SAMPLE_RATE
from ipynemo.backend.render.scores import MOODS, to_score

if TYPE_CHECKING:
    from ipynemo.backend.render.audio import Samples
    from ipynemo.backend.render.scores import Score

__all__ = ["Loop", "Music", "compose"]

TAIL_S = 3.0  # how long notes and room ring after the last beat
LOUDNESS = 0.11  # root mean square, about -19 dBFS: a bed, with room for a voice
PEAK = 0.75


@dataclass(frozen=True, slots=True)
class Loop:
    """A piece of whole bars, and what rings on after it and belongs to the beginning of the next round."""

    body: Samples
    tail: Samples


def _played(score: Score) -> Samples:
    beat_s = 60 / score.tempo
    length = round(score.bars * 4 * beat_s * SAMPLE_RATE)
    out = np.zeros((length + round(TAIL_S * SAMPLE_RATE), 2), np.float32)
    for note in score.notes:
        if note.pitch is None:
            wave = DRUMS[note.instrument]()
        else:
            wave = PITCHED[note.instrument](note.pitch, round(note.length * beat_s, 3))
        start = round(note.start * beat_s * SAMPLE_RATE)
        wave = wave[: len(out) - start]
        for side, pan in enumerate((1 - note.pan, 1 + note.pan)):  # numpy is slow on rows of two
            out[start : start + len(wave), side] += wave[:, side] * (np.float32(min(pan, 1)) * np.float32(note.level))
    forget()
    return out


def _in_a_room(dry: Samples, amount: float, rng: np.random.Generator) -> Samples:
    """Return the sound with a reverberation: its convolution with noise that dies away, another on each side."""
    t = np.arange(round(1.6 * SAMPLE_RATE), dtype=np.float32) / SAMPLE_RATE
    echo = rng.standard_normal((len(t), 2)).astype(np.float32) * np.exp(-t * 4.0)[:, None]
    echo[: round(0.012 * SAMPLE_RATE)] = 0
    echo = low_pass(echo, 3_800, 1)
    echo /= np.sqrt((echo**2).sum(axis=0))
    # Block by block: the spectrum of the whole at once would be the most memory that a render takes. Memory for larger
    # blocks than these would come anew each time, and to clear it takes as long as to compute.
    size = 1 << (2 * len(echo) - 1).bit_length()
    step = size - len(echo) + 1
    room = dry.copy()
    for side in (0, 1):
        spectrum = np.fft.rfft(echo[:, side], size) * np.float32(amount)
        for start in range(0, len(dry), step):
            wet = np.fft.irfft(np.fft.rfft(dry[start : start + step, side], size) * spectrum, size)
            room[start : start + size, side] += wet[: len(dry) - start]
    return room


@lru_cache(maxsize=3)
def compose(mood: str, seed: int = 0) -> Loop:
    """Write, play and mix one piece.

    Raises
    ------
    BrokenAssetError
        There is no such mood.
    """
    if mood not in MOODS:
        raise BrokenAssetError(f"There is no music for the mood {mood[:40]!r}.", hint=f"Moods: {', '.join(MOODS)}.")
    score = to_score(mood, seed)
    rng = np.random.default_rng([7, seed])
    mix = _in_a_room(_played(score), score.reverb, rng)
    if score.crackle:
        ticks = (rng.random((len(mix), 1)) < 9 / SAMPLE_RATE) * rng.standard_normal((len(mix), 2))
        mix += np.float32(score.crackle) * (ticks * 6 + rng.standard_normal((len(mix), 2)) * 0.25).astype(np.float32)
    if score.low_pass_hz:
        mix = low_pass(mix, score.low_pass_hz)
    length = len(mix) - round(TAIL_S * SAMPLE_RATE)
    fade = np.cos(np.linspace(0, np.pi / 2, len(mix) - length, dtype=np.float32)) ** 2
    mix[length:] *= fade[:, None]
    mix *= np.float32(LOUDNESS / np.sqrt((mix[:length] ** 2).mean()))
    mix *= np.float32(min(1.0, PEAK / np.abs(mix).max()))
    mix.setflags(write=False)
    return Loop(mix[:length], mix[length:])


class Music:
    """Endless music of one mood.

    Parameters
    ----------
    mood : str
        One of `MOODS`.
    seed : int
        Another seed gives another piece.
    skip : int
        How many samples to leave out at the beginning.
    """

    def __init__(self, mood: str, seed: int = 0, *, skip: int = 0) -> None:
        self._loop = compose(mood, seed)
        self._position = skip

    def read(self, count: int) -> Samples:
        """Return the next `count` samples."""
        body, tail = self._loop.body, self._loop.tail
        out = np.empty((count, 2), np.float32)
        done = 0
        while done < count:
            turn, place = divmod(self._position, len(body))
            piece = min(count - done, len(body) - place)
            out[done : done + piece] = body[place : place + piece]
            ringing = tail[place : place + piece] if turn else tail[:0]
            out[done : done + len(ringing)] += ringing
            self._position += piece
            done += piece
        return out

    def close(self) -> None:
        """Nothing to let go of; a recording has."""
