"""Small synthetic instruments: a pitch and a length in, samples out. Sums of sines and shaped noise, no recordings.

Every function returns an ndarray of shape (samples, 2), float32, with a peak of about 1 and a release of its own, so
that notes never click. The same arguments give the same samples.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ipynemo.backend.render.scene import SAMPLE_RATE

__all__ = ["DRUMS", "PITCHED", "forget", "hertz", "low_pass"]

Note = np.ndarray


def hertz(pitch: int) -> float:
    """Return the frequency of a MIDI pitch, equal temperament, A4 = 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


def _times(seconds: float) -> np.ndarray:
    return np.arange(max(1, int(seconds * SAMPLE_RATE)), dtype=np.float32) / np.float32(SAMPLE_RATE)


def _shaped(note: Note, attack_s: float, release_s: float) -> Note:
    """Give a note soft ends, and return it."""
    rise = min(int(attack_s * SAMPLE_RATE), len(note))
    fall = min(int(release_s * SAMPLE_RATE), len(note))
    if rise:
        note[:rise] *= (np.sin(np.linspace(0, np.pi / 2, rise, dtype=np.float32)) ** 2)[:, None]
    if fall:
        note[-fall:] *= (np.cos(np.linspace(0, np.pi / 2, fall, dtype=np.float32)) ** 2)[:, None]
    return note


def _both(left: np.ndarray, right: np.ndarray | None = None) -> Note:
    return np.stack([left, left if right is None else right], axis=1).astype(np.float32)


def _sine(t: np.ndarray, frequency: float, phase: float = 0.0) -> np.ndarray:
    wave: np.ndarray = np.sin(np.float32(2 * np.pi * frequency) * t + np.float32(phase))
    return wave


def low_pass(wave: np.ndarray, cutoff_hz: float, order: int = 2) -> np.ndarray:
    """Return the wave without what lies above a frequency: a Butterworth slope, applied to the spectrum."""
    spectrum = np.fft.rfft(wave, axis=0)
    frequencies = np.fft.rfftfreq(len(wave), 1 / SAMPLE_RATE)
    slope = 1 / np.sqrt(1 + (frequencies / cutoff_hz) ** (2 * order))
    spectrum *= slope if wave.ndim == 1 else slope[:, None]
    low: np.ndarray = np.fft.irfft(spectrum, len(wave), axis=0).astype(np.float32)
    return low


@lru_cache(maxsize=64)
def pad(pitch: int, seconds: float) -> Note:
    """Play a soft, wide cloud: three voices a little out of tune, few overtones, slow ends."""
    t = _times(seconds + 1.2)
    sides = []
    for side in (-1, 1):
        voice = np.zeros_like(t)
        for cents, level in ((0.0, 1.0), (5.0 * side, 0.7), (-8.0 * side, 0.5)):
            f = hertz(pitch) * 2 ** (cents / 1200)
            for k in range(1, 5):
                voice += np.float32(level / k**1.9) * _sine(t, f * k, 1.7 * k + cents)
        sides.append(voice / 3)
    return _shaped(_both(*sides), min(0.9, seconds / 2), 1.2)


@lru_cache(maxsize=64)
def strings(pitch: int, seconds: float) -> Note:
    """Play a string section: a saw of twelve overtones, four players a side, a slow vibrato."""
    t = _times(seconds + 0.5)
    sides = []
    for side in (0, 1):
        voice = np.zeros_like(t)
        for player in range(2):
            cents = (-6.0, 7.0, 4.0, -9.0)[side * 2 + player]
            f = hertz(pitch) * 2 ** (cents / 1200)
            sway = np.float32(0.0035) * _sine(t, 4.6 + 0.4 * player + 0.2 * side, player + side) * np.minimum(t * 2, 1)
            phase = np.float32(2 * np.pi * f) * t + sway * np.float32(f / 5)
            for k in range(1, 9):
                if f * k < 9_000:
                    voice += np.float32(1 / k**1.35) * np.sin(k * phase + np.float32(k * k + player))
        sides.append(voice / 3.2)
    return _shaped(_both(*sides), min(0.22, seconds / 3), 0.5)


@lru_cache(maxsize=128)
def keys(pitch: int, seconds: float) -> Note:
    """Play an electric piano: one sine bends another, less and less; a slow sway between left and right."""
    t = _times(seconds + 0.35)
    f = hertz(pitch)
    index = np.float32(1.1) * np.exp(-t * 3.2) + np.float32(0.18)
    wave = np.sin(np.float32(2 * np.pi * f) * t + index * _sine(t, f))
    wave += np.float32(0.12) * np.exp(-t * 14) * _sine(t, min(f * 7, 9_000))
    wave *= np.exp(-t * np.float32(0.9 + f / 900))
    sway = np.float32(0.12) * _sine(t, 3.1)
    return _shaped(_both(wave * (1 + sway), wave * (1 - sway)), 0.006, 0.3)


@lru_cache(maxsize=128)
def pluck(pitch: int, seconds: float) -> Note:
    """Play a nylon string: overtones that die the sooner the higher they are."""
    t = _times(max(seconds, 0.25) + 0.25)
    f = hertz(pitch)
    wave = np.zeros_like(t)
    for k in range(1, 9):
        if f * k < 10_000:
            stretched = f * k * (1 + 0.00012 * k * k)
            strength = np.float32(abs(np.sin(np.pi * k * 0.21)) / k)
            wave += strength * np.exp(-t * np.float32(2.2 + 1.5 * k + f / 700)) * _sine(t, stretched)
    return _shaped(_both(wave * 1.2), 0.003, 0.2)


@lru_cache(maxsize=128)
def marimba(pitch: int, seconds: float) -> Note:
    """Play a wooden bar: the fundamental and two overtones tuned 1 : 4 : 10."""
    t = _times(max(seconds, 0.3) + 0.2)
    f = hertz(pitch)
    wave = np.exp(-t * np.float32(4.5 + f / 500)) * _sine(t, f)
    wave += np.float32(0.28) * np.exp(-t * 14) * _sine(t, f * 4)
    wave += np.float32(0.07) * np.exp(-t * 34) * _sine(t, min(f * 10, 12_000))
    return _shaped(_both(wave), 0.002, 0.15)


@lru_cache(maxsize=128)
def bell(pitch: int, seconds: float) -> Note:
    """Play a vibraphone: long, pure, with a slow tremolo."""
    t = _times(seconds + 1.5)
    f = hertz(pitch)
    wave = np.exp(-t * 1.5) * _sine(t, f) + np.float32(0.22) * np.exp(-t * 4.5) * _sine(t, f * 4)
    sway = np.float32(0.15) * _sine(t, 4.2)
    return _shaped(_both(wave * (1 + sway), wave * (1 - sway)), 0.004, 0.8)


@lru_cache(maxsize=64)
def bass(pitch: int, seconds: float) -> Note:
    """Play a round bass: a sine with two overtones, so that small loudspeakers let it through as well."""
    t = _times(seconds + 0.08)
    f = hertz(pitch)
    wave = _sine(t, f) + np.float32(0.4) * _sine(t, 2 * f) * np.exp(-t * 3) + np.float32(0.15) * _sine(t, 3 * f)
    wave = np.tanh(wave * np.float32(1.1)) * np.exp(-t * 0.9)
    return _shaped(_both(wave), 0.008, 0.08)


def _noise(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(count).astype(np.float32)


@lru_cache(maxsize=1)
def kick() -> Note:
    """Beat a bass drum: a sine that falls from 125 to 46 Hz."""
    t = _times(0.4)
    phase = 2 * np.pi * (46 * t + 79 / 28 * (1 - np.exp(-t * 28)))
    return _shaped(_both(np.sin(phase) * np.exp(-t * 9)), 0.002, 0.1)


@lru_cache(maxsize=1)
def snare() -> Note:
    """Beat a snare drum softly: noise over a short tone."""
    t = _times(0.25)
    rattle = low_pass(_noise(len(t), 1), 5_200) - low_pass(_noise(len(t), 1), 900)
    wave = rattle * np.exp(-t * 22) * np.float32(0.55) + np.float32(0.5) * _sine(t, 186) * np.exp(-t * 30)
    return _shaped(_both(wave), 0.001, 0.08)


@lru_cache(maxsize=1)
def clap() -> Note:
    """Clap hands: three short bursts of noise and a tail."""
    t = _times(0.22)
    bursts = sum(
        np.where(t >= d, np.exp(-np.maximum(t - d, 0) * r), 0) for d, r in ((0, 180), (0.011, 180), (0.022, 24))
    )
    noise = low_pass(_noise(len(t), 2), 3_600) - low_pass(_noise(len(t), 2), 800)
    other = low_pass(_noise(len(t), 3), 3_600) - low_pass(_noise(len(t), 3), 800)
    return _shaped(_both(noise * bursts * 0.6, other * bursts * 0.6), 0.001, 0.06)


@lru_cache(maxsize=1)
def hat() -> Note:
    """Beat a closed cymbal: a tick of high noise."""
    t = _times(0.09)
    noise = _noise(len(t), 4)
    return _shaped(_both((noise - low_pass(noise, 6_500)) * np.exp(-t * 60) * np.float32(0.5)), 0.001, 0.02)


@lru_cache(maxsize=1)
def shaker() -> Note:
    """Shake a shaker: high noise that swells and goes."""
    t = _times(0.12)
    noise = low_pass(_noise(len(t), 5), 9_500)
    wave = (noise - low_pass(_noise(len(t), 5), 4_000)) * np.sin(np.pi * np.minimum(t / 0.11, 1)) ** 2
    return _both(wave * np.float32(0.4))


@lru_cache(maxsize=1)
def wood() -> Note:
    """Beat a wood block: two short, high tones."""
    t = _times(0.1)
    return _shaped(_both((_sine(t, 880) + 0.5 * _sine(t, 1_420)) * np.exp(-t * 70) * np.float32(0.6)), 0.001, 0.03)


@lru_cache(maxsize=1)
def taiko() -> Note:
    """Beat a great drum: a low, falling tone and the thud of the skin."""
    t = _times(1.1)
    phase = 2 * np.pi * (58 * t + 34 / 16 * (1 - np.exp(-t * 16)))
    thud = low_pass(_noise(len(t), 6), 320) * np.exp(-t * 26) * 2
    return _shaped(_both(np.sin(phase) * np.exp(-t * 4.2) + thud), 0.002, 0.3)


PITCHED = {"pad": pad, "strings": strings, "keys": keys, "pluck": pluck, "marimba": marimba, "bell": bell, "bass": bass}
DRUMS = {"kick": kick, "snare": snare, "clap": clap, "hat": hat, "shaker": shaker, "wood": wood, "taiko": taiko}


def forget() -> None:
    """Let go of the notes that were kept because a piece plays them often."""
    for play in (*PITCHED.values(), *DRUMS.values()):
        play.cache_clear()
