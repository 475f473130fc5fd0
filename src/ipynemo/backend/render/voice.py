"""A caption read aloud, as a stream of samples: always the same for the same words, voice and time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import av
import numpy as np
from av.audio.resampler import AudioResampler

from ipynemo.backend.render.audio import silence
from ipynemo.backend.render.scene import SAMPLE_RATE
from ipynemo.backend.speech import fitted
from ipynemo.backend.speech.engine import RATE_HZ

if TYPE_CHECKING:
    from ipynemo.backend.render.audio import Samples

__all__ = ["Voice"]

LOUDNESS: Final = 0.14  # root mean square; well above music, which has 0.11 before its volume and the ducking
PEAK: Final = 0.8
FADE: Final = SAMPLE_RATE // 50  # where the words are longer than their time, they end without a click


def _resampled(samples: np.ndarray) -> np.ndarray:
    """Return samples of the engine's rate at the film's."""
    if not len(samples):
        return samples
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="flt", layout="mono")
    frame.sample_rate = RATE_HZ
    resampler = AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    pieces = [piece.to_ndarray()[0] for given in (frame, None) for piece in resampler.resample(given)]
    return np.concatenate(pieces)


class Voice:
    """A text, read aloud in at most `room` samples.

    Raises
    ------
    SpeechError
        There is no engine, or no such voice.
    """

    def __init__(self, text: str, voice: str, room: int) -> None:
        heard = _resampled(fitted(text, voice, room * 1000 // SAMPLE_RATE).samples)[:room].copy()
        if len(heard):
            gain = min(
                LOUDNESS / max(float(np.sqrt((heard**2).mean())), 1e-6), PEAK / max(float(np.abs(heard).max()), 1e-6)
            )
            heard *= np.float32(gain)
            end = heard[-FADE:]
            end *= np.linspace(1, 0, len(end), dtype=np.float32)
        self._samples = heard
        self._position = 0

    @property
    def length(self) -> int:
        """How many samples it speaks."""
        return len(self._samples)

    def read(self, count: int) -> Samples:
        """Return the next `count` samples; after the last word, silence."""
        piece = self._samples[self._position : self._position + count]
        self._position += count
        out = silence(count)
        out[: len(piece)] = piece[:, None]
        return out

    def close(self) -> None:
        """Nothing to let go of; a recording has."""
