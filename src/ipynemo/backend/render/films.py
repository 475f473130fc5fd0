"""A film as a source of pictures: decoded in order, each picture shown at its own time, the last one held.

Works for a variable frame rate, for an in-point between key frames, for a phone's upright film (display matrix) and
for pixels that are not square.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from PIL import Image

from ipynemo.backend.render.containers import DECODE_ERRORS, open_media
from ipynemo.backend.render.faults import BrokenAssetError
from ipynemo.backend.render.planes import Planes, planes_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

__all__ = ["Film"]

EARLY_S = 0.004  # a picture this little late still belongs to the moment; times in files are rounded
AHEAD_S = 3.0  # further ahead than this, a jump is cheaper than decoding all that lies between
MAX_PIXELS = 8192 * 4352  # 8K; more is no film that a computer plays

# What swscale is to take a stream for that does not say: small pictures are BT.601, large ones BT.709.
_SPACES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}


def converted(frame: VideoFrame, converter: VideoReformatter, size: tuple[int, int], layout: str) -> VideoFrame:
    """Return a decoded frame, read by its own matrix and range, as `rgb24`, or as `yuv420p` in BT.709, limited.

    It is scaled to `size` (width_px, height_px) on the way.
    """
    guess = Colorspace.ITU709 if max(frame.width, frame.height) > 1024 else Colorspace.ITU601
    full = int(frame.color_range) == 2 or frame.format.name.startswith("yuvj")
    return converter.reformat(
        frame,
        width=size[0],
        height=size[1],
        format=layout,
        src_colorspace=_SPACES.get(int(frame.colorspace), guess),
        src_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.JPEG if layout == "rgb24" else ColorRange.MPEG,
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND,
    )


class Film:
    """A film, read forward.

    Parameters
    ----------
    path : Path

    Raises
    ------
    BrokenAssetError
        It has no picture that can be decoded.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._container: InputContainer = open_media(path)
        if not self._container.streams.video:
            self._container.close()
            raise BrokenAssetError(f"{path.name} has no picture.")
        self._stream: VideoStream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self._start_s = (self._container.start_time or 0) / 1_000_000
        self._converter = VideoReformatter()
        self._shown: VideoFrame | None = None
        self._next: VideoFrame | None = None
        self._number = -1
        self._frames = self._decode(0.0)
        try:
            first = self._first()
        except BrokenAssetError:
            self._container.close()
            raise
        self.turns = round(int(first.rotation) / 90) % 4  # quarter turns counter-clockwise
        ratio = self._stream.sample_aspect_ratio
        stretch = float(ratio) if ratio and 0.1 < float(ratio) < 10 else 1.0
        upright = (max(1, round(first.width * stretch)), first.height)
        self.width, self.height = upright if self.turns % 2 == 0 else upright[::-1]

    def _first(self) -> VideoFrame:
        context = self._stream.codec_context
        if context.width * context.height > MAX_PIXELS:
            raise BrokenAssetError(f"{self.path.name} has {context.width} × {context.height} pixels, too many to play.")
        first = self._begin(self._frames)
        if first is None:
            raise BrokenAssetError(f"{self.path.name} has no picture that can be decoded.")
        return first

    def _seconds(self, frame: VideoFrame) -> float:
        return (frame.time or 0.0) - self._start_s

    def _decode(self, from_s: float) -> Iterator[VideoFrame]:
        """Yield frames from the key frame before a time; damage ends the film instead of the render."""
        try:
            if from_s > 0:
                self._container.seek(int((from_s + self._start_s) * 1_000_000), backward=True)
            yield from self._container.decode(self._stream)
        except DECODE_ERRORS:
            return

    def _advance(self) -> None:
        self._shown, self._next = self._next or self._shown, next(self._frames, None)
        self._number += 1

    def _begin(self, frames: Iterator[VideoFrame]) -> VideoFrame | None:
        self._frames = frames
        self._shown, self._next = None, next(frames, None)
        self._number += 1
        return self._next

    def _restart(self, at_s: float) -> None:
        kept = self._shown or self._next
        for target_s in (at_s, max(0.0, at_s - 5.0), 0.0):  # some files have no usable index
            first = self._begin(self._decode(target_s) if target_s > 0 else self._from_start())
            if first is not None and (target_s == 0.0 or self._seconds(first) <= at_s + EARLY_S):
                return
        self._shown = kept

    def _from_start(self) -> Iterator[VideoFrame]:
        self._container.close()
        self._container = open_media(self.path)
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        return self._decode(0.0)

    def seek(self, time_s: float) -> int:
        """Go to the picture of a time; return its number, which is another one for another picture."""
        behind = self._shown is not None and time_s + EARLY_S < self._seconds(self._shown)
        ahead = self._next is not None and time_s > self._seconds(self._next) + AHEAD_S
        if behind or ahead:
            self._restart(time_s)
        while self._next is not None and (self._shown is None or self._seconds(self._next) <= time_s + EARLY_S):
            self._advance()
        return self._number

    def picture(self, size: tuple[int, int] | None = None) -> Image.Image:
        """Return the picture that `seek` found, upright, in mode RGB, scaled to `size` (width_px, height_px)."""
        pixels = self._as(size or (self.width, self.height), "rgb24").to_ndarray()
        return Image.fromarray(np.ascontiguousarray(np.rot90(pixels, self.turns)) if self.turns else pixels)

    def planes(self, size: tuple[int, int]) -> Planes:
        """Return the picture that `seek` found, upright, in the encoder's planes, scaled to an even size."""
        lying = planes_of(self._as(size, "yuv420p"))
        if not self.turns:
            return lying
        return Planes(*(np.ascontiguousarray(np.rot90(p, self.turns)) for p in (lying.y, lying.u, lying.v)))

    def _as(self, size: tuple[int, int], layout: str) -> VideoFrame:
        frame = self._shown or self._next
        if frame is None:
            raise BrokenAssetError(f"{self.path.name} has no picture that can be decoded.")
        return converted(frame, self._converter, size if self.turns % 2 == 0 else size[::-1], layout)

    def close(self) -> None:
        """Close the file."""
        self._shown = self._next = None
        self._container.close()
