"""The streams of a film or a sound file: which there are, how long, how large, and whether they decode.

FFmpeg is told the one reader to use (left to guess it would also take playlists and open what they list), gets an open
file instead of a path, and may open nothing else. Only headers are read, and as much as it takes to decode one frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ipynemo.errors import FileTooLargeError, InvalidRequestError, NemoError, UnsupportedFileError

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer
    from av.stream import Stream
    from av.video.frame import VideoFrame

__all__ = ["MAX_DURATION_S", "MAX_STREAMS", "MAX_VIDEO_PIXELS", "MAX_VIDEO_SIDE_PX", "Streams", "examine"]

MAX_DURATION_S = 7_200  # two hours: longer than any lesson
MAX_VIDEO_SIDE_PX = 8_192  # the levels of H.264 and HEVC end here
MAX_VIDEO_PIXELS = 8_192 * 4_352  # 8K; a decoder may hold seventeen such frames at once
MAX_STREAMS = 64  # a film with many subtitles and their fonts has about forty
MAX_PACKETS = 2_000_000  # two hours of 60 pictures and 47 pieces of sound a second are 770,000
MAX_PACKETS_TO_A_FRAME = 500  # how far to look for one that decodes; a group of pictures is rarely longer
MAX_FPS = 1_000  # a rate above is a time base that was taken for one

_DEMUXERS = {
    "mp4": "mov",
    "mov": "mov",
    "avi": "avi",
    "webm": "matroska",
    "mkv": "matroska",
    "mp3": "mp3",
    "wav": "wav",
    "aac": "aac",
}
_COUNTED = frozenset(
    {"aac"}
)  # bare frames have no header with a length: FFmpeg would guess it from the first bit rates


@dataclass(frozen=True)
class Streams:
    """What the streams of a file amount to; width and height as displayed, None without a picture that moves."""

    width_px: int | None
    height_px: int | None
    fps: float | None
    duration_s: float
    has_audio: bool


def examine(path: Path, kind: str, name: str) -> Streams:
    """Return what the streams of a file amount to, after one frame has been decoded.

    Parameters
    ----------
    path : Path
        The file.
    kind : str
        "mp4", "mov", "avi", "webm", "mkv", "mp3", "wav" or "aac", as `sniff.recognise` says.
    name : str
        For the messages.

    Raises
    ------
    UnsupportedFileError
        Neither a moving picture nor sound in it, or in a coding that cannot be read here.
    FileTooLargeError
        More streams, pixels or seconds than the limits.
    InvalidRequestError
        The file is cut short or broken.
    """
    from ipynemo.backend.quiet_av import av

    with path.open("rb") as file:
        try:
            with av.open(
                file,
                mode="r",
                format=_DEMUXERS[kind],
                # "pipe" is no protocol by which a file could refer to another; the bytes come from `file` alone.
                options={
                    "protocol_whitelist": "pipe",
                    "max_streams": str(MAX_STREAMS + 1),  # one more, so that it shows below
                },
                metadata_errors="replace",
            ) as container:
                return _examined(container, kind, name)
        except NemoError:
            raise
        except Exception as error:  # a demuxer that is fed hostile bytes may fail in any way
            raise _broken(name, kind, getattr(error, "strerror", None) or str(error)) from error


def _broken(name: str, kind: str, why: str) -> InvalidRequestError:
    why = why.partition("\n")[0][:200].rstrip(".")
    return InvalidRequestError(
        f"{name} begins like {kind.upper()} but cannot be read: {why}.",
        hint="It may have been cut short on the way; play it once, then upload it again.",
        status=400,
    )


def _too_large(message: str, hint: str) -> FileTooLargeError:
    return FileTooLargeError(message, hint=hint, code=4002, status=413)


def _examined(container: InputContainer, kind: str, name: str) -> Streams:
    from av.stream import Disposition

    if len(container.streams) > MAX_STREAMS:
        raise _too_large(f"{name} has more than {MAX_STREAMS} streams, which is the limit.", "Export it with fewer.")
    moving = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    sound = list(container.streams.audio)
    stream: Any = moving[0] if moving else sound[0] if sound else None
    if stream is None:
        raise UnsupportedFileError(
            f"{name} holds neither a moving picture nor sound.",
            hint="It may have been cut short on the way.",
            code=4001,
        )
    if stream.codec_context is None:
        raise UnsupportedFileError(
            f"{name} is coded in a way that cannot be read here.", hint="Save it as an MP4 with H.264.", code=4001
        )
    if moving:
        _check_size(stream.codec_context.width, stream.codec_context.height, name)
    stream.codec_context.options = {
        "max_pixels": str(MAX_VIDEO_PIXELS)
    }  # a stream may be larger than its container says
    stream.codec_context.thread_type = "NONE"  # one frame is wanted; threads would each allocate their own
    frame = _first_frame(container, stream)
    if frame is None:
        raise _broken(name, kind, "nothing in it decodes")
    width, height = _displayed(stream, frame, name) if moving else (None, None)
    return Streams(
        width, height, _fps(stream) if moving else None, _duration_s(container, kind, stream, name), bool(sound)
    )


def _check_size(width: int, height: int, name: str) -> None:
    if max(width, height) > MAX_VIDEO_SIDE_PX or width * height > MAX_VIDEO_PIXELS:
        limit = f"{MAX_VIDEO_SIDE_PX} on a side, and {MAX_VIDEO_PIXELS / 1e6:.0f} million in all"
        raise _too_large(f"{name} is a video of {width} × {height} pixels; the limit is {limit}.", "Export it smaller.")


def _first_frame(container: InputContainer, stream: Stream) -> Any:
    from ipynemo.backend.quiet_av import av

    for count, packet in enumerate(container.demux(stream)):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            frames = []  # as players do: a damaged packet at the start costs that packet
        if frames:
            return frames[0]
        if count >= MAX_PACKETS_TO_A_FRAME:
            break
    return None


def _displayed(stream: Any, frame: VideoFrame, name: str) -> tuple[int, int]:
    """Return width and height with square pixels, turned as the display matrix says."""
    width, height = frame.width, frame.height
    _check_size(width, height, name)
    aspect = float(stream.sample_aspect_ratio or 1)
    if 0.1 < aspect < 10:
        width = max(1, round(width * aspect))
    return (height, width) if frame.rotation % 180 == 90 else (width, height)


def _fps(stream: Any) -> float | None:
    rate = stream.average_rate or stream.guessed_rate
    return round(float(rate), 3) if rate and 0 < rate <= MAX_FPS else None


def _duration_s(container: InputContainer, kind: str, stream: Stream, name: str) -> float:
    """Return the length from the headers, or counted where there is none (what browsers record has none)."""
    duration_s = 0.0
    if container.duration and container.duration > 0 and kind not in _COUNTED:
        duration_s = container.duration / 1_000_000
    if not duration_s:
        duration_s = _counted_s(container, stream)
    if not math.isfinite(duration_s) or duration_s > MAX_DURATION_S:
        raise _too_large(
            f"{name} is longer than {MAX_DURATION_S // 3600} hours, which is the limit.",
            "Cut out the part that you need.",
        )
    return round(duration_s, 3)


def _counted_s(container: InputContainer, stream: Stream) -> float:
    if stream.time_base is None:
        return 0.0
    container.seek(0)
    start: int | None = None
    end = 0
    for count, packet in enumerate(container.demux(stream)):
        if packet.pts is None:
            continue
        start = packet.pts if start is None else min(start, packet.pts)
        end = max(end, packet.pts + (packet.duration or 0))
        if (end - start) * stream.time_base > MAX_DURATION_S or count >= MAX_PACKETS:
            return math.inf
    return float((end - (start or 0)) * stream.time_base)
