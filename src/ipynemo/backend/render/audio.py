"""Sounds as streams of float samples: decoded, resampled to 48 kHz stereo, from an in-point, over and over if asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from av.audio.resampler import AudioResampler

from ipynemo.backend.render.containers import DECODE_ERRORS, open_media
from ipynemo.backend.render.faults import BrokenAssetError
from ipynemo.backend.render.scene import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.audio.frame import AudioFrame

__all__ = ["Recording", "Samples", "Source", "silence"]

Samples = np.ndarray  # shape (samples, 2), float32, -1–1

SKIPPED_AT_ONCE = 1 << 16  # samples
LARGEST_GAP_S = 60.0  # a longer silence in the timestamps is a damaged file, not a pause


class Source(Protocol):
    """Something that gives sound in order."""

    def read(self, count: int) -> Samples:
        """Return the next `count` samples; after the end, silence."""

    def close(self) -> None:
        """Let go of what it holds."""


def silence(count: int) -> Samples:
    """Return `count` samples of nothing."""
    return np.zeros((count, 2), np.float32)


class Recording:
    """The sound of a file.

    Parameters
    ----------
    path : Path
    in_s : float
        Where in the file to begin, in seconds.
    loop : bool
        Whether to begin again at the in-point after the end.

    Raises
    ------
    BrokenAssetError
        The file has no sound that can be read.
    """

    def __init__(self, path: Path, in_s: float = 0.0, *, loop: bool = False) -> None:
        self.path = path
        self._in_s = in_s
        self._loop = loop
        self._container = open_media(path)
        if not self._container.streams.audio:
            self._container.close()
            raise BrokenAssetError(f"{path.name} has no sound.")
        self._ready: list[Samples] = []
        self._ready_count = 0
        self._gave_any = False
        self._turn: int | None = None  # samples that a loop has, once it went round
        self._decoded = 0
        self._pieces = self._decode()

    def _decode(self) -> Iterator[Samples]:
        """Yield samples from the in-point to the end of the file; damage ends it."""
        stream = self._container.streams.audio[0]
        origin_s = (self._container.start_time or 0) / 1_000_000
        wanted = round(self._in_s * SAMPLE_RATE)
        position: int | None = None  # of the next sample, counted from the start of the container
        resampler: AudioResampler | None = None
        kind: tuple[object, ...] = ()
        try:
            if self._in_s > 1.0:
                # A little early: some formats (MP3, AAC) need a few frames to come into step.
                self._container.seek(int((origin_s + self._in_s - 0.5) * 1_000_000), backward=True)
            for frame in self._container.decode(stream):
                if kind != (frame.format.name, frame.layout.name, frame.sample_rate) or resampler is None:
                    kind = (frame.format.name, frame.layout.name, frame.sample_rate)
                    resampler = _resampler(frame)
                if position is None:
                    position = round(((frame.time or 0.0) - origin_s) * SAMPLE_RATE)
                    late = min(position, wanted + round(LARGEST_GAP_S * SAMPLE_RATE)) - wanted
                    if late > 0:  # the sound of a film may begin after its picture
                        yield silence(late)
                frame.pts = None  # the resampler would otherwise fill and cut by timestamps that jitter
                for piece in resampler.resample(frame):
                    samples = _stereo(piece)
                    begin, position = max(wanted - position, 0), position + len(samples)
                    if begin < len(samples):
                        yield samples[begin:]
            if resampler is not None:
                for piece in resampler.resample(None):
                    yield _stereo(piece)
        except DECODE_ERRORS:
            return

    def _more(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._ready.append(piece)
        self._ready_count += len(piece)
        self._decoded += len(piece)
        self._gave_any = self._gave_any or len(piece) > 0
        return True

    def has_samples(self) -> bool:
        """Return whether anything can be decoded."""
        return self._ready_count > 0 or self._more()

    def read(self, count: int) -> Samples:
        """Return the next `count` samples; after the end, silence, or the beginning again."""
        while self._ready_count < count:
            if self._more():
                continue
            if not self._loop or not self._gave_any:  # a file without any sample would go round for ever
                self._ready.append(silence(count - self._ready_count))
                self._ready_count = count
                break
            self._gave_any = False
            self._turn = self._turn or self._decoded
            self._container.close()
            self._container = open_media(self.path)
            self._pieces = self._decode()
        joined = self._ready[0] if len(self._ready) == 1 else np.concatenate([silence(0), *self._ready])
        self._ready, self._ready_count = [joined[count:]], len(joined) - count
        return joined[:count]

    def skip(self, count: int) -> None:
        """Leave out the next samples; whole turns of a loop need not be read for it."""
        while count > 0:
            piece = min(count, SKIPPED_AT_ONCE)
            self.read(piece)
            count -= piece
            if self._turn:
                count %= self._turn

    def close(self) -> None:
        """Close the file."""
        self._pieces.close()  # type: ignore[attr-defined]  # it is a generator
        self._container.close()


def _resampler(frame: AudioFrame) -> AudioResampler:
    # One channel stays one and is doubled afterwards: a matrix to stereo would take 3 dB off it.
    layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
    return AudioResampler(format="flt", layout=layout, rate=SAMPLE_RATE)


def _stereo(frame: AudioFrame) -> Samples:
    channels = frame.layout.nb_channels
    samples = frame.to_ndarray().reshape(-1, channels).astype(np.float32, copy=False)
    return np.nan_to_num(np.repeat(samples, 2, axis=1) if channels == 1 else samples)
