"""Captions as a track of text in an MP4 (3GPP TS 26.245, `mov_text`), to be switched on in a player, or translated.

The captions are in the picture already, so the track is off until somebody wants it.
"""

from __future__ import annotations

import os
from fractions import Fraction
from typing import TYPE_CHECKING, Final, cast

from av.packet import Packet

from ipynemo.captions.language import iso639_2

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from av.container import OutputContainer
    from av.subtitles.stream import SubtitleStream

    from ipynemo.captions import Cue

__all__ = ["add_subtitles", "subtitle_packets", "switch_off"]

TIME_BASE: Final = Fraction(1, 1000)
ENABLED: Final = 0x01  # of a track's flags
MAX_HEADER_BYTES: Final = 64 << 20

# How the text looks where a player asks: white, at the bottom in the middle. The encoder takes it from a style in ASS.
_LOOK: Final = b"""[Script Info]
ScriptType: v4.00+
PlayResX: 384
PlayResY: 288

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def add_subtitles(film: OutputContainer, language: str, title: str = "") -> SubtitleStream:
    """Add the track to a film that is being made."""
    stream = film.add_stream("mov_text")
    stream.codec_context.subtitle_header = _LOOK
    stream.codec_context.time_base = stream.time_base = TIME_BASE
    stream.metadata["language"] = iso639_2(language)
    if title:
        stream.metadata["handler_name"] = title
    return stream


def subtitle_packets(stream: SubtitleStream, cues: Sequence[Cue], end_ms: int) -> Iterator[Packet[SubtitleStream]]:
    """Yield what is to be read, as far as the film goes; the muxer fills the pauses."""
    for cue in cues:
        begin, end = cue.start_ms, min(cue.end_ms, end_ms)
        if end <= begin:
            continue
        text = cue.text.encode()
        packet = cast("Packet[SubtitleStream]", Packet(len(text).to_bytes(2, "big") + text))
        packet.stream = stream
        packet.time_base = TIME_BASE
        packet.pts = packet.dts = begin
        packet.duration = end - begin
        packet.is_keyframe = True
        yield packet


def _boxes(file: BinaryIO, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, begin and end of the contents of the boxes of a stretch of a file."""
    at = begin
    while at + 8 <= end:
        file.seek(at)
        head = file.read(16)
        size, used = int.from_bytes(head[:4], "big"), 8
        if size == 1:
            size, used = int.from_bytes(head[8:16], "big"), 16
        elif size == 0:
            size = end - at
        if size < used:
            return
        yield head[4:8], at + used, at + size
        at += size


def switch_off(path: Path) -> None:
    """Mark the track of text as off in a finished film: the muxer switches the first one of every kind on."""
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        moov = next(((b, e) for kind, b, e in _boxes(file, 0, end) if kind == b"moov"), (0, 0))
        for track, begins, ends in _boxes(file, *moov):
            if track != b"trak":
                continue
            inner = {kind: (b, e) for kind, b, e in _boxes(file, begins, ends)}
            media = {kind: b for kind, b, _ in _boxes(file, *inner[b"mdia"])}
            file.seek(media[b"hdlr"] + 8)
            if file.read(4) not in (b"sbtl", b"text"):
                continue
            flags = inner[b"tkhd"][0] + 3
            file.seek(flags)
            now = file.read(1)[0]
            file.seek(flags)
            file.write(bytes([now & ~ENABLED]))
