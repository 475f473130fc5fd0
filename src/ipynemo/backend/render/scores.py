"""What each mood plays: a seed in, notes out. Rules of a songwriter's kind; no samples, nobody's tune.

A score is eight or sixteen bars of four beats that lead back to their beginning. The melody is a short motif, repeated,
answered and varied over the chords, because what is repeated is what sounds meant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MOODS", "Note", "Score", "to_score"]

BAR = 4  # beats

Chord = tuple[int, ...]  # pitches above the key's tonic


@dataclass(frozen=True, slots=True)
class Note:
    """One note or beat. `pitch` is a MIDI number, or None for a drum; times are in beats."""

    instrument: str
    start: float
    length: float
    pitch: int | None
    level: float
    pan: float = 0.0


@dataclass(slots=True)
class Score:
    """The notes of a loop, and the room they sound in."""

    tempo: float  # beats a minute
    bars: int
    notes: list[Note] = field(default_factory=list)
    reverb: float = 0.2
    low_pass_hz: float | None = None
    crackle: float = 0.0

    def add(
        self, instrument: str, start: float, length: float, pitch: int | None, level: float, pan: float = 0
    ) -> None:
        """Add one note."""
        self.notes.append(Note(instrument, start, length, pitch, level, pan))


_PENTATONIC = (0, 2, 4, 7, 9)
_MINOR_PENTATONIC = (0, 3, 5, 7, 10)


def _motif(rng: np.random.Generator, steps: int, density: float) -> list[tuple[int, int]]:
    """Return (half beat, scale step) pairs over one bar: small steps, now and then a leap, a rest at the end."""
    places = [place for place in range(7) if place in (0, 3) or rng.random() < density]
    step, motif = int(rng.integers(0, steps)), []
    for place in places:
        motif.append((place, step))
        leap = rng.random() < 0.2
        step = int(np.clip(step + rng.choice((-2, 2) if leap else (-1, 1)), -2, steps + 2))
    return motif


def _scale_pitch(base: int, scale: tuple[int, ...], step: int) -> int:
    return base + 12 * (step // len(scale)) + scale[step % len(scale)]


def _melody(
    score: Score, rng: np.random.Generator, instrument: str, base: int, scale: tuple[int, ...], *,
    level: float, density: float, swing: float = 0.0, rests: tuple[int, ...] = (3,),
) -> None:  # fmt: skip
    call, answer = _motif(rng, 5, density), _motif(rng, 5, density)
    pattern = (call, answer, call, answer[:2])
    for bar in range(score.bars):
        if bar % 4 in rests:
            continue
        motif = pattern[bar % 4]
        shift = 1 if bar >= score.bars // 2 else 0  # the second half goes one step higher
        for number, (half, step) in enumerate(motif):
            after = motif[number + 1][0] if number + 1 < len(motif) else 8
            late = swing if half % 2 else 0.0
            loud = level * (1.0 if half in (0, 4) else 0.82)
            pitch = _scale_pitch(base, scale, step + shift)
            score.add(instrument, bar * BAR + half / 2 + late, (after - half) / 2, pitch, loud, 0.15)


def _calm(rng: np.random.Generator, tonic: int) -> Score:
    score = Score(tempo=68, bars=8, reverb=0.38)
    chords: list[Chord] = [(0, 7, 11, 14, 16), (-3, 4, 7, 11, 12), (-7, 5, 9, 12, 16), (-5, 2, 7, 9, 14)]
    if rng.random() < 0.5:
        chords[1], chords[2] = chords[2], chords[1]
    for bar in range(score.bars):
        chord = chords[bar % 4]
        at = bar * BAR
        score.add("bass", at, 3.6, tonic - 12 + chord[0], 0.30)
        for pitch in chord[1:]:
            score.add("pad", at, BAR, tonic + pitch, 0.20)
        order = [1, 2, 3, 4, 3, 2] if bar % 2 == 0 else [2, 4, 3, 1, 2, 3]
        for place, which in enumerate(order):
            if place == 0 or rng.random() < 0.8:
                score.add("keys", at + place * 0.5 + 0.5, 1.6, tonic + 12 + chord[which], 0.13, 0.35 - 0.12 * place)
    _melody(score, rng, "bell", tonic + 24, _PENTATONIC, level=0.10, density=0.12, rests=(1, 3))
    return score


def _happy(rng: np.random.Generator, tonic: int) -> Score:
    score = Score(tempo=114, bars=16, reverb=0.14)
    chords: list[Chord] = [(0, 4, 7, 12), (-5, 2, 7, 11), (-3, 4, 9, 12), (-7, 5, 9, 12)]
    if rng.random() < 0.5:
        chords = [chords[0], chords[2], chords[3], chords[1]]
    for bar in range(score.bars):
        chord, at = chords[bar % 4], bar * BAR
        for half, level in ((0, 1.0), (2, 0.8), (3, 0.6), (5, 0.7), (6, 0.8), (7, 0.5)):
            strings_order = chord if half % 2 == 0 else chord[::-1]
            for number, pitch in enumerate(strings_order):
                score.add("pluck", at + half / 2 + number * 0.02, 0.45, tonic + 12 + pitch % 12, 0.15 * level, -0.3)
        for beat, pitch in ((0, chord[0]), (1.5, chord[0]), (2, chord[0] + 7), (3.5, chord[0])):
            score.add("bass", at + beat, 0.45, tonic - 12 + pitch, 0.34)
        for beat in (0, 2):
            score.add("kick", at + beat, 0.3, None, 0.34)
        for beat in (1, 3):
            score.add("clap", at + beat, 0.2, None, 0.20)
        for half in range(8):
            score.add("shaker", at + half / 2, 0.1, None, 0.14 if half % 2 else 0.09, 0.4)
    _melody(score, rng, "marimba", tonic + 24, _PENTATONIC, level=0.22, density=0.55, rests=())
    return score


def _curious(rng: np.random.Generator, tonic: int) -> Score:
    score = Score(tempo=98, bars=8, reverb=0.22)
    # The raised fourth of the Lydian second chord is the question mark.
    chords: list[Chord] = [(0, 4, 7, 11), (2, 6, 9, 12), (-3, 4, 7, 12), (-1, 2, 6, 9)]
    if rng.random() < 0.5:
        chords[2] = (4, 7, 11, 14)
    for bar in range(score.bars):
        chord, at = chords[bar % 4], bar * BAR
        for half, which in ((0, 0), (3, 2), (4, 1), (7, 3)):
            score.add("pluck", at + half / 2, 0.3, tonic + chord[which], 0.30, -0.25)
        score.add("bass", at, 0.7, tonic - 12 + chord[0], 0.30)
        score.add("bass", at + 2.5, 0.5, tonic - 5 + chord[0], 0.22)
        for half in (1, 2, 4, 6):
            which = int(rng.integers(1, 4))
            score.add("marimba", at + half / 2, 0.4, tonic + 12 + chord[which], 0.15, 0.3)
        for pitch in chord[1:]:
            score.add("pad", at, BAR, tonic + pitch, 0.07)
        for half in (2, 6) if bar % 2 else (2, 5, 6):
            score.add("wood", at + half / 2, 0.1, None, 0.09, 0.45)
        for beat in range(4):
            score.add("shaker", at + beat + 0.5, 0.1, None, 0.07, -0.4)
    _melody(score, rng, "bell", tonic + 24, (0, 2, 4, 6, 7, 11), level=0.16, density=0.35, rests=(1,))
    return score


def _epic(rng: np.random.Generator, tonic: int) -> Score:
    score = Score(tempo=86, bars=8, reverb=0.34)
    chords: list[Chord] = [(0, 7, 12, 15), (-4, 8, 12, 15), (-9, 7, 10, 15), (-2, 5, 10, 14)]
    if rng.random() < 0.5:
        chords[2] = (-7, 5, 8, 12)
    for bar in range(score.bars):
        chord, at = chords[bar % 4], bar * BAR
        grown = 0.75 + 0.25 * bar / (score.bars - 1)
        score.add("strings", at, BAR, tonic - 12 + chord[0], 0.26 * grown)
        for pitch in chord[1:]:
            score.add("strings", at, BAR, tonic + pitch, 0.15 * grown)
        for half in range(8):  # the engine below: short bows on root and fifth
            pitch = chord[0] + (12 if half in (3, 6) else 0)
            score.add("pluck", at + half / 2, 0.3, tonic - 12 + pitch, (0.30 if half % 4 == 0 else 0.2) * grown, 0.2)
        for beat, level in ((0, 1.0), (1.5, 0.6), (2, 0.85), (3.5, 0.55)):
            score.add("taiko", at + beat, 1, None, 0.34 * level * grown)
        if bar % 4 == 3:
            for quarter in range(3):
                score.add("taiko", at + 3 + quarter / 4, 0.5, None, 0.2 + 0.05 * quarter)
    call = [(0.0, 0, 3), (3.0, 1, 1)], [(0.0, 2, 2), (2.0, 1, 2)], [(0.0, 3, 3), (3.0, 2, 1)], [(0.0, 1, 4)]
    for bar in range(score.bars):
        for start, step, length in call[bar % 4]:
            up = step + (1 if bar >= 4 and rng.random() < 0.5 else 0)
            pitch = _scale_pitch(tonic + 12, _MINOR_PENTATONIC, up)
            score.add("strings", bar * BAR + start, length, pitch, 0.17 if bar < 4 else 0.2, -0.1)
    return score


def _lofi(rng: np.random.Generator, tonic: int) -> Score:
    score = Score(tempo=76, bars=8, reverb=0.2, low_pass_hz=5_200, crackle=0.006)
    chords: list[Chord] = [(-10, 9, 12, 16, 17), (-5, 7, 11, 14, 17), (0, 7, 11, 14, 16), (-3, 7, 12, 16, 19)]
    if rng.random() < 0.5:
        chords = [chords[2], chords[3], chords[0], chords[1]]
    swing = 0.09
    for bar in range(score.bars):
        chord, at = chords[bar % 4], bar * BAR
        for strike, length in ((0.0, 1.9), (2.5 + swing, 1.3)):
            for number, pitch in enumerate(chord[1:]):
                score.add("keys", at + strike + number * 0.025, length, tonic + pitch, 0.14, -0.15)
        score.add("bass", at, 1.4, tonic - 12 + chord[0] % 12, 0.36)
        score.add("bass", at + 2.5 + swing, 0.9, tonic - 12 + (chord[0] + (7 if bar % 2 else 0)) % 12, 0.28)
        for beat in (0, 2.5 + swing) if bar % 2 == 0 else (0, 1.75, 2.5 + swing):
            score.add("kick", at + beat, 0.3, None, 0.42)
        for beat in (1, 3):
            score.add("snare", at + beat + 0.02, 0.2, None, 0.24)  # a little late, as if leaning back
        for half in range(8):
            score.add("hat", at + half / 2 + (swing if half % 2 else 0), 0.05, None, 0.12 if half % 2 else 0.17, 0.25)
    _melody(score, rng, "keys", tonic + 12, _PENTATONIC, level=0.14, density=0.3, swing=swing, rests=(1, 3))
    return score


_WRITERS: dict[str, tuple[Callable[[np.random.Generator, int], Score], tuple[int, ...]]] = {
    "calm": (_calm, (48, 50, 53)),
    "happy": (_happy, (48, 50, 53)),
    "curious": (_curious, (48, 50, 51)),
    "epic": (_epic, (48, 50, 52)),
    "lofi": (_lofi, (48, 50, 53)),
}
MOODS = tuple(_WRITERS)


def to_score(mood: str, seed: int) -> Score:
    """Return the score of a mood; another seed gives another piece of the same mood."""
    writer, tonics = _WRITERS[mood]
    rng = np.random.default_rng([MOODS.index(mood), seed])
    return writer(rng, int(rng.choice(tonics)))
