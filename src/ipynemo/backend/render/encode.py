"""Pictures and sound into an MP4 that plays everywhere: H.264 in 4:2:0 and AAC, its index in front.

The colours are BT.709 in the limited range, converted so and tagged so; FFmpeg's default for RGB would be BT.601, which
shifts greens and reds on every player that believes the tags.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation, VideoReformatter

from ipynemo import __version__
from ipynemo.backend.render.scene import FPS, SAMPLE_RATE

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import OutputContainer

__all__ = ["AUDIO_FRAME", "Encoder"]

AUDIO_FRAME = 1024  # samples in an AAC frame
AUDIO_BITS_PER_S = 128_000
CRF = {"high": "20", "medium": "23", "low": "27"}
KEY_FRAME_EVERY = 2 * FPS  # a player seeks to the second, and a file grows by little

_BT709 = 1


class Encoder:
    """Writes one MP4 file.

    Parameters
    ----------
    path : Path
    width, height : int
        Even numbers of pixels.
    quality : str
        A key of `CRF`; anything else means `high`.
    title : str
        Goes into the file's metadata.
    threads : int
        How many threads the video encoder takes.
    """

    def __init__(self, path: Path, width: int, height: int, *, quality: str, title: str, threads: int = 2) -> None:
        self._container: OutputContainer = av.open(
            str(path.absolute()), "w", format="mp4", container_options={"movflags": "+faststart"}
        )
        if title:
            self._container.metadata["title"] = title
        self._container.metadata["comment"] = f"Made with ipynemo {__version__}"
        self._video = self._container.add_stream(
            "libx264", rate=FPS, options={"preset": "veryfast", "crf": CRF.get(quality, CRF["high"]), "profile": "high"}
        )
        self._video.width, self._video.height, self._video.pix_fmt = width, height, "yuv420p"
        self._video.time_base = Fraction(1, FPS)
        context = self._video.codec_context
        context.time_base = Fraction(1, FPS)
        context.gop_size = KEY_FRAME_EVERY
        context.thread_count = threads
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = int(ColorRange.MPEG)
        self._audio = self._container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
        self._audio.bit_rate = AUDIO_BITS_PER_S
        self._audio.time_base = Fraction(1, SAMPLE_RATE)
        self._converter = VideoReformatter()
        self._last: tuple[np.ndarray, av.VideoFrame] | None = None
        self._frames = 0
        self._samples = 0

    def picture(self, pixels: np.ndarray) -> None:
        """Add a frame, an ndarray of shape (height_px, width_px, 3), uint8, RGB; the same array again costs little."""
        if self._last is None or self._last[0] is not pixels:
            rgb = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            yuv = self._converter.reformat(
                rgb,
                format="yuv420p",
                src_color_range=ColorRange.JPEG,
                dst_color_range=ColorRange.MPEG,
                dst_colorspace=Colorspace.ITU709,
                dst_color_primaries=ColorPrimaries.BT709,
                dst_color_trc=ColorTrc.BT709,
                interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP,
            )
            yuv.time_base = Fraction(1, FPS)
            self._last = (pixels, yuv)
        frame = self._last[1]
        frame.pts = self._frames
        self._frames += 1
        self._container.mux(self._video.encode(frame))

    def sound(self, samples: np.ndarray) -> None:
        """Add sound, an ndarray of shape (samples, 2), float32; all but the last must be whole AAC frames."""
        for start in range(0, len(samples), AUDIO_FRAME):
            piece = np.ascontiguousarray(samples[start : start + AUDIO_FRAME].T)
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
            frame.sample_rate = SAMPLE_RATE
            frame.time_base = Fraction(1, SAMPLE_RATE)
            frame.pts = self._samples
            self._samples += piece.shape[1]
            self._container.mux(self._audio.encode(frame))

    def finish(self) -> None:
        """Write what is still in the encoders, and the index."""
        self._container.mux(self._video.encode(None))
        self._container.mux(self._audio.encode(None))
        self._container.close()

    def abandon(self) -> None:
        """Close the file as it is; it is of no use."""
        self._container.close()
