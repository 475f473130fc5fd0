"""Many sounds become one: volume, fades, a sum in float, and a soft limit, block by block, exactly as long as asked.

While a voice speaks, everything else is quieter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ipynemo.backend.render.audio import Recording, Samples, Source, silence
from ipynemo.backend.render.faults import BrokenAssetError
from ipynemo.backend.render.music import Music
from ipynemo.backend.render.scene import SAMPLE_RATE, Sound
from ipynemo.backend.render.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Mixer", "ducked", "envelope", "soft_limit"]

DECLICK = 5 * SAMPLE_RATE // 1000  # a sound that starts or stops within a wave clicks without it
DUCKED = 0.35  # -9 dB: music stays a bed below a voice
DUCK_IN, DUCK_OUT = SAMPLE_RATE // 4, SAMPLE_RATE * 6 // 10  # how long it takes to grow quiet, and to come back
KNEE, CEILING = 0.8, 0.97  # below the knee nothing is changed; AAC overshoots a little, so 1.0 would clip


def soft_limit(mix: Samples) -> Samples:
    """Return the mix with everything above the knee bent under the ceiling."""
    size = np.abs(mix)
    if size.max(initial=0.0) <= KNEE:
        return mix
    room = CEILING - KNEE
    bent = KNEE + room * np.tanh((size - KNEE) / room)
    return np.where(size > KNEE, np.copysign(bent, mix), mix).astype(np.float32)


def envelope(first: int, count: int, length: int, fade_in: int, fade_out: int) -> np.ndarray | float:
    """Return the gain, 0–1, of samples `first` to `first + count` of a sound of `length` samples.

    Returns
    -------
    ndarray, shape (count, 1), float32, or 1.0 where no fade touches the samples
    """
    fade_in, fade_out = max(fade_in, min(DECLICK, length // 2)), max(fade_out, min(DECLICK, length // 2))
    if first >= fade_in and first + count <= length - fade_out:
        return 1.0
    places = np.arange(first, first + count, dtype=np.float32)
    rise = np.clip(places / max(fade_in, 1), 0, 1)
    fall = np.clip((length - places) / max(fade_out, 1), 0, 1)
    # Half a cosine wave: no corner where a fade begins or ends.
    gain: np.ndarray = (np.sin(rise * np.pi / 2) ** 2 * np.sin(fall * np.pi / 2) ** 2).astype(np.float32)
    return gain[:, None]


def ducked(first: int, count: int, spoken: Sequence[tuple[int, int]]) -> np.ndarray | float:
    """Return the gain of what is not the voice, for samples `first` to `first + count` of the film.

    Parameters
    ----------
    spoken : sequence of (int, int)
        Where somebody speaks: from which sample until before which one.

    Returns
    -------
    ndarray, shape (count, 1), float32, or 1.0 where nobody speaks
    """
    near = [(begin, end) for begin, end in spoken if begin - DUCK_IN < first + count and first < end + DUCK_OUT]
    if not near:
        return 1.0
    places = np.arange(first, first + count, dtype=np.float32)
    depth = np.zeros(count, np.float32)
    for begin, end in near:
        falling = np.clip((places - (begin - DUCK_IN)) / DUCK_IN, 0, 1)
        rising = np.clip((end + DUCK_OUT - places) / DUCK_OUT, 0, 1)
        depth = np.maximum(depth, np.minimum(falling, rising))
    smooth = depth * depth * (3 - 2 * depth)
    gain: np.ndarray = (1 - (1 - DUCKED) * smooth).astype(np.float32)
    return gain[:, None]


class Mixer:
    """The whole sound of a film, read in order.

    Parameters
    ----------
    sounds : sequence of Sound
    assets : mapping of str to Path
        The files by asset id; pictures among them are silent.
    length : int
        How many samples there are in all.
    first : int
        The sample to begin with; what has ended before it is not opened.
    """

    def __init__(self, sounds: Sequence[Sound], assets: Mapping[str, Path], length: int, *, first: int = 0) -> None:
        # What is said shortly before or after makes the rest quiet, too.
        heard = [
            sound
            for sound in sounds
            if sound.voice is not None or (sound.start < length and sound.start + sound.length > first)
        ]
        heard = [sound for sound in heard if sound.start + sound.length + DUCK_OUT > first]
        self._waiting = sorted(heard, key=lambda sound: sound.start, reverse=True)
        self._playing: list[tuple[Sound, Source]] = []
        self._assets = assets
        self._length = length
        self._position = first
        self._spoken: list[tuple[int, int]] = []

    def _start(self, sound: Sound) -> None:
        source: Source
        late = max(0, self._position - sound.start)  # where the first sample to be read lies amid the sound
        if sound.voice is not None:
            voice = Voice(sound.text, sound.voice, sound.length)
            self._spoken.append((sound.start, sound.start + voice.length))
            voice.read(late)
            source = voice
        elif sound.mood is not None:
            source = Music(sound.mood, sound.seed, skip=sound.in_ms * SAMPLE_RATE // 1000 + late)
        else:
            try:
                # A loop goes round to its in-point, so that it must be begun there.
                begin_s = sound.in_ms / 1000 + (0 if sound.loop else late / SAMPLE_RATE)
                source = Recording(self._assets[sound.source], begin_s, loop=sound.loop)
                if sound.loop:
                    source.skip(late)
            except BrokenAssetError:
                if sound.own:  # a picture, or a silent film
                    return
                raise
        self._playing.append((sound, source))

    def read(self, count: int) -> Samples:
        """Return the next samples, fewer than `count` only at the very end."""
        count = min(count, self._length - self._position)
        mix = silence(count)
        end = self._position + count
        # A little early, because the rest grows quiet before somebody speaks.
        while self._waiting and self._waiting[-1].start - DUCK_IN < end:
            self._start(self._waiting.pop())
        self._spoken = [(first, last) for first, last in self._spoken if last + DUCK_OUT > self._position]
        still: list[tuple[Sound, Source]] = []
        for sound, source in self._playing:
            begin, stop = max(sound.start, self._position), min(sound.start + sound.length, end)
            if stop > begin:
                samples = source.read(stop - begin)
                gain = envelope(begin - sound.start, stop - begin, sound.length, sound.fade_in, sound.fade_out)
                if sound.voice is None:
                    gain = gain * ducked(begin, stop - begin, self._spoken)
                mix[begin - self._position : stop - self._position] += samples * (gain * np.float32(sound.volume))
            if sound.start + sound.length > end:
                still.append((sound, source))
            else:
                source.close()
        self._playing = still
        self._position = end
        return soft_limit(mix)

    def close(self) -> None:
        """Close whatever is still playing."""
        for _, source in self._playing:
            source.close()
        self._playing = []
