"""Speech that fits into the time of its caption: said faster where it must be, within what can be followed.

It begins with its caption, and may go on until the next one begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ipynemo.backend.speech.engine import RATE_HZ, speak, voice_of
from ipynemo.captions import Cue

__all__ = ["CALM", "FASTEST", "PACES", "Spoken", "fitted", "slots", "too_long"]

CALM, FASTEST = 165, 260  # words a minute; the engine's own is 175, and beyond the second one listeners lose the thread
# Its Mandarin is slower at the same number: this is about four, and six, syllables a second.
PACES: Final = {"cmn": (230, 340)}
STEP: Final = 5
PAUSE_MS: Final = 80  # before the next caption
TRIES: Final = 4


@dataclass(frozen=True)
class Spoken:
    """A caption read aloud: its samples at 22,050 Hz, how fast, and whether it is said before the next one begins."""

    samples: np.ndarray
    words_a_minute: int
    fits: bool


def slots(cues: Sequence[Cue], end_ms: int) -> list[tuple[Cue, int]]:
    """Return each caption with the time there is to say it, in milliseconds."""
    begins = [cue.start_ms for cue in cues[1:]] + [end_ms + PAUSE_MS]
    return [
        (cue, max(min(begin - PAUSE_MS, end_ms) - cue.start_ms, 0)) for cue, begin in zip(cues, begins, strict=True)
    ]


def fitted(text: str, voice: str, room_ms: int) -> Spoken:
    """Return a text read aloud in this time, as calmly as it goes.

    Raises
    ------
    SpeechError
        There is no engine, or no such voice.
    """
    room = room_ms * RATE_HZ // 1000
    rate, fastest = PACES.get(voice_of(voice).partition("-")[0].partition("+")[0], (CALM, FASTEST))
    samples = speak(text, voice, rate)
    for _ in range(TRIES):
        if len(samples) <= room or rate == fastest:
            break
        # Pauses do not shrink with the rate, so the first guess can be too slow.
        wanted = int(rate * len(samples) / max(room, 1)) + STEP
        rate = min(-(-wanted // STEP) * STEP, fastest)
        samples = speak(text, voice, rate)
    return Spoken(samples, rate, len(samples) <= room)


def too_long(cues: Sequence[Cue], voice: str, end_ms: int) -> list[Cue]:
    """Return the captions that cannot be read aloud in their time, however fast."""
    return [cue for cue, room_ms in slots(cues, end_ms) if not fitted(cue.text, voice, room_ms).fits]
