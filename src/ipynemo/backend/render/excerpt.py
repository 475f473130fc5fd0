"""A range of a draft as a small film that begins to play before it is finished: for whoever wants to see it move.

It is an MP4 in fragments of a second, written in order as they are made. Only the files that are seen or heard in the
range are opened. The film's whole length stands in its head, though a head that comes first does not usually know it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.video.reformatter import ColorRange

from ipynemo import __version__
from ipynemo.backend.render.compose import Composer
from ipynemo.backend.render.encode import AUDIO_FRAME, BT709, ENCODING, SOUND_CODING
from ipynemo.backend.render.faults import MissingAssetError
from ipynemo.backend.render.mixing import Mixer
from ipynemo.backend.render.scene import FPS, SAMPLE_RATE, Shot, to_scene

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ipynemo.backend.render.scene import Scene
    from ipynemo.draft import Draft

__all__ = ["Excerpt", "excerpt"]

SMALLEST_PX = 64
CRF = "25"
SOUND_BITS_PER_S = 96_000
FRAGMENT = FPS  # frames: what comes at once, and how far apart one can begin to play
# No picture waits for a later one, so that times begin with 0 and the first fragment is soon complete.
CODING = {**ENCODING, "crf": CRF, "bf": "0", "x264-params": "scenecut=0:rc-lookahead=10"}
MUXING = {"movflags": "empty_moov+default_base_moof+frag_keyframe"}


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What was made: its length, and its size."""

    duration_ms: int
    width_px: int
    height_px: int


def excerpt(
    draft: Draft,
    assets: Mapping[str, Path],
    from_ms: float,
    to_ms: float,
    height_px: int,
    write: Callable[[bytes], object],
) -> Excerpt:
    """Make a range of a draft.

    Parameters
    ----------
    draft : Draft
    assets : mapping of str to Path
        The files by asset id.
    from_ms, to_ms : float
        What lies behind the draft's end is left out; at least one frame is shown.
    height_px : int
        The height of the picture, or its width where that is the shorter side; never more than the draft's own.
    write : callable
        Takes the bytes as they come; what it raises ends the work.

    Raises
    ------
    RenderFailedError
        It cannot be drawn; see `render`.
    """
    scene = to_scene(draft, short_px=max(SMALLEST_PX, height_px))
    first = min(max(int(from_ms * FPS / 1000 + 1e-6), 0), scene.frames - 1)
    last = min(max(round(to_ms * FPS / 1000), first + 1), scene.frames)
    _require(scene, first, last, assets)
    duration_ms = round((last - first) * 1000 / FPS)
    composer = Composer(scene, assets)
    per_frame = SAMPLE_RATE // FPS
    mixer = Mixer(scene.sounds, assets, last * per_frame, first=first * per_frame)
    sink = _Sink(write, duration_ms)
    try:
        with av.open(sink, "w", format="mp4", options=MUXING) as film:
            film.metadata["comment"] = f"Preview made with ipynemo {__version__}"
            picture = _picture(film, scene)
            sound = film.add_stream("aac", rate=SAMPLE_RATE, layout="stereo", options=SOUND_CODING)
            sound.bit_rate = SOUND_BITS_PER_S
            sound.time_base = Fraction(1, SAMPLE_RATE)
            heard = _sound_packets(sound, mixer)
            waiting = next(heard, None)
            for number in range(first, last):
                frame = composer.frame(number).frame
                frame.time_base, frame.pts = Fraction(1, FPS), number - first
                film.mux(picture.encode(frame))
                sink.check()
                until = (number - first + 1) * per_frame
                while waiting is not None and (waiting.pts or 0) < until:
                    film.mux(waiting)
                    waiting = next(heard, None)
            while waiting is not None:
                film.mux(waiting)
                waiting = next(heard, None)
            film.mux(picture.encode(None))
        sink.check()
    finally:
        mixer.close()
        composer.close()
    return Excerpt(duration_ms, scene.width, scene.height)


def _picture(film: Any, scene: Scene) -> Any:
    stream = film.add_stream("libx264", rate=FPS, options=CODING)
    stream.width, stream.height, stream.pix_fmt = scene.width, scene.height, "yuv420p"
    stream.time_base = Fraction(1, FPS)
    context = stream.codec_context
    context.time_base = Fraction(1, FPS)
    context.gop_size = FRAGMENT
    context.thread_count = 1
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = int(ColorRange.MPEG)
    return stream


def _sound_packets(stream: Any, mixer: Mixer) -> Iterator[Any]:
    """Yield the sound, without the packet before the beginning that AAC starts with: nobody has to cut it off."""
    position = 0
    while len(samples := mixer.read(AUDIO_FRAME)):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout="stereo")
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), position
        position += len(samples)
        yield from (packet for packet in stream.encode(frame) if (packet.pts or 0) >= 0)
    yield from (packet for packet in stream.encode(None) if (packet.pts or 0) >= 0)


def _require(scene: Scene, first: int, last: int, assets: Mapping[str, Path]) -> None:
    """Refuse a range of which a file is missing."""
    shots = (item for layer in scene.layers for item in layer if isinstance(item, Shot))
    seen = [
        (shot.where, shot.source)
        for shot in shots
        if shot.shows_a_file and shot.start < last and shot.end + shot.tail_frames > first
    ]
    per_frame = SAMPLE_RATE // FPS
    heard = [
        (sound.where, sound.source)
        for sound in scene.sounds
        if not sound.is_made and sound.start < last * per_frame and sound.start + sound.length > first * per_frame
    ]
    for where, source in (*seen, *heard):
        path = assets.get(source) if source is not None else None
        if path is None or not path.is_file():
            failure = MissingAssetError(f"{where} needs a file that is not there.")
            failure.assets = (source,) if source is not None else ()
            raise failure


class _Sink:
    """What the film is written to: hands on what comes, the head with the film's length in it."""

    def __init__(self, write: Callable[[bytes], object], duration_ms: int) -> None:
        self._hand_on = write
        self._duration_ms = duration_ms
        self._head: bytearray | None = bytearray()
        self._fault: BaseException | None = None

    def write(self, data: bytes) -> int:
        """Take what comes next; nothing is raised here, amid the code of the muxer."""
        if self._fault is None:
            try:
                self._take(bytes(data))
            except BaseException as error:  # noqa: BLE001 - `check` raises it
                self._fault = error
        return len(data)

    def _take(self, data: bytes) -> None:
        if self._head is None:
            self._hand_on(data)
            return
        self._head += data
        if (told := _with_duration(self._head, self._duration_ms)) is not None:
            self._head = None
            self._hand_on(told)

    def check(self) -> None:
        """Raise what was raised where the bytes go."""
        if self._fault is not None:
            raise self._fault


def _with_duration(head: bytearray, duration_ms: int) -> bytes | None:
    """Return the beginning of a film with its length in `mvhd`; None where that box is not whole yet."""
    at = head.find(b"mvhd")
    if at < 0 or len(head) < at + 24:
        return None
    scale = int.from_bytes(head[at + 16 : at + 20], "big")  # behind version, flags and two times of 4 bytes each
    head[at + 20 : at + 24] = round(duration_ms * scale / 1000).to_bytes(4, "big")
    return bytes(head)
