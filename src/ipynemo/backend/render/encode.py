"""Frames and samples into H.264 and AAC: one part of the picture, or the whole sound, in a file of its own.

The colours are BT.709 in the limited range, made so and tagged so. Two encoders of one thread beside each other are
faster than one with two threads; the same frames and the same number of threads always give the same bytes.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange

from ipynemo.backend.render.scene import FPS, SAMPLE_RATE

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import OutputContainer

__all__ = ["AUDIO_FRAME", "BT709", "ENCODING", "KEY_FRAME_EVERY", "SOUND_CODING", "PictureEncoder", "SoundEncoder"]

AUDIO_FRAME = 1024  # samples in an AAC frame
AUDIO_BITS_PER_S = 128_000
# Of as many bytes, FFmpeg's usual search makes a sound that is 2–17 dB further from our music and voice, and takes
# three times as long; FFmpeg's documentation, too, calls this one better above 64 kbit/s.
SOUND_CODING = {"aac_coder": "fast"}
CRF = {"high": "19.5", "medium": "22.5", "low": "26.5"}
KEY_FRAME_EVERY = 2 * FPS  # a player seeks to the second, and a file grows by little
# Of the ten frames that veryfast looks ahead, the last six cost 40 MiB a process. What they give, some tenths of a
# decibel for some per cent of bytes, a lower rate factor gives as well: 19.5 stands for 20.
ENCODING = {"preset": "veryfast", "profile": "high", "rc-lookahead": "4"}

BT709 = 1
_AVX512 = 13  # cv2.checkHardwareSupport: CPU_AVX_512F


def _steady(width_px: int) -> dict[str, str]:
    """Return the options without which a film of this width would not always become the same bytes.

    With AVX-512, x264's macroblock tree reads memory that nobody has written, wherever a row of macroblocks is no
    multiple of 8; what it finds there decides. AVX2 gives what it gives where that memory is zero, a sixth slower.
    """
    if -(-width_px // 16) % 8 and cv2.checkHardwareSupport(_AVX512):
        return {"x264-params": "asm=avx2"}
    return {}


class PictureEncoder:
    """Writes a film without sound, in closed groups of pictures.

    Parameters
    ----------
    path : Path
    width, height : int
        Even numbers of pixels.
    quality : str
        A key of `CRF`; anything else means `high`.
    threads : int
        How many encode; another number gives other bytes.
    """

    def __init__(self, path: Path, width: int, height: int, *, quality: str, threads: int = 1) -> None:
        self._container: OutputContainer = av.open(str(path.absolute()), "w", format="mp4")
        options = {**ENCODING, "crf": CRF.get(quality, CRF["high"]), **_steady(width)}
        self._stream = self._container.add_stream("libx264", rate=FPS, options=options)
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
        self._stream.time_base = Fraction(1, FPS)
        context = self._stream.codec_context
        context.time_base = Fraction(1, FPS)
        context.gop_size = KEY_FRAME_EVERY
        context.thread_count = threads
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = int(ColorRange.MPEG)
        self._frames = 0

    def add(self, frame: av.VideoFrame) -> None:
        """Add a frame in yuv420p; it may be changed afterwards, and may be given again."""
        frame.time_base = Fraction(1, FPS)
        frame.pts = self._frames
        self._frames += 1
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Write what is still in the encoder."""
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def abandon(self) -> None:
        """Close the file as it is; it is of no use."""
        self._container.close()


class SoundEncoder:
    """Writes a sound, exactly as long as what it is given.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self._container: OutputContainer = av.open(str(path.absolute()), "w", format="mp4")
        self._stream = self._container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo", options=SOUND_CODING)
        self._stream.bit_rate = AUDIO_BITS_PER_S
        self._stream.time_base = Fraction(1, SAMPLE_RATE)
        self._samples = 0

    def add(self, samples: np.ndarray) -> None:
        """Add sound, an ndarray of shape (samples, 2), float32; all but the last must be whole AAC frames."""
        for start in range(0, len(samples), AUDIO_FRAME):
            piece = np.ascontiguousarray(samples[start : start + AUDIO_FRAME].T)
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
            frame.sample_rate = SAMPLE_RATE
            frame.time_base = Fraction(1, SAMPLE_RATE)
            frame.pts = self._samples
            self._samples += piece.shape[1]
            self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Write what is still in the encoder."""
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def abandon(self) -> None:
        """Close the file as it is; it is of no use."""
        self._container.close()
