"""The parts of a film: each encoded into a file by itself, then joined as they are, packet by packet.

A part is written under another name and renamed when it is whole, so that a file that is there can be taken. Joining
decodes nothing: every chunk begins with a key frame that nothing refers past, and all have the same head.
"""

from __future__ import annotations

import queue
import threading
import uuid
from collections.abc import Callable
from contextlib import contextmanager, suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import av

from ipynemo import __version__
from ipynemo.backend.render.compose import SHEETS, Composer
from ipynemo.backend.render.encode import AUDIO_FRAME, PictureEncoder, SoundEncoder
from ipynemo.backend.render.memory import give_back
from ipynemo.backend.render.mixing import Mixer
from ipynemo.backend.render.scene import FPS, SAMPLE_RATE
from ipynemo.backend.render.subtitles import add_subtitles, subtitle_packets, switch_off
from ipynemo.captions import cues, language_of
from ipynemo.captions.cues import is_narrated
from ipynemo.errors import RenderFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

    from ipynemo.backend.render.plan import Chunk, SoundTrack
    from ipynemo.draft import Draft

__all__ = ["Tick", "encode", "encode_sound", "join", "part_of"]

AHEAD = SHEETS - 3  # one sheet is drawn into, one is being encoded, one may be given again
SOUND_BLOCK = 8 * AUDIO_FRAME
DELAY = 2  # frames between the order of decoding and that of showing; what x264 needs for its pyramid of B-frames
UNIT = 512  # time steps a frame, as other encoders write them
# The head of a part says all; FFmpeg would decode a picture of each to be sure, and take 20 ms.
TAKEN_AT_ITS_WORD: Final[dict[str, Any]] = {
    "options": {"probesize": "32", "analyzeduration": "0"},
    "stream_options": [{"skip_frame": "all"}],
}

Tick = Callable[[int], None]  # told how many frames or samples are done; what it raises ends the work


def _nothing(_done: int) -> None:
    """Tell nobody."""


class _Ahead:
    """Draws the frames of a chunk in a thread of its own, a few ahead of whoever takes them."""

    def __init__(self, chunk: Chunk, assets: Mapping[str, Path]) -> None:
        self._chunk = chunk
        self._assets = assets
        self._frames: queue.Queue[av.VideoFrame | BaseException] = queue.Queue(AHEAD)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ipynemo-compose", daemon=True)

    def _put(self, item: av.VideoFrame | BaseException) -> None:
        while not self._stopped.is_set():
            with suppress(queue.Full):
                self._frames.put(item, timeout=0.1)
                return

    def _run(self) -> None:
        composer = Composer(self._chunk.scene, self._assets)
        try:
            for number in range(self._chunk.frames):
                if self._stopped.is_set():
                    return
                self._put(composer.frame(number).frame)
        except Exception as error:  # noqa: BLE001 - it is raised where the frame is taken
            self._put(error)
        finally:
            composer.close()

    def __enter__(self) -> Iterator[av.VideoFrame]:
        self._thread.start()
        return self._take()

    def _take(self) -> Iterator[av.VideoFrame]:
        for _ in range(self._chunk.frames):
            item = self._frames.get()
            if isinstance(item, BaseException):
                raise item
            yield item

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()


def part_of(folder: Path, part: Chunk | SoundTrack) -> Path:
    """Return where a part lies in a folder once it is encoded."""
    return folder / f"{part.key}.mp4"


@contextmanager
def _written(path: Path) -> Iterator[Path]:
    """Give a name to write to, which becomes `path` when all went well, and vanishes when not."""
    unfinished = path.with_name(f".{path.stem}.{uuid.uuid4().hex}.tmp")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def encode(chunk: Chunk, assets: Mapping[str, Path], folder: Path, tick: Tick = _nothing) -> Path:
    """Encode a chunk; the same chunk always gives the same bytes.

    Parameters
    ----------
    chunk : Chunk
    assets : mapping of str to Path
        The files by asset id, at least those in `chunk.sources`, where they lie on this computer.
    folder : Path
        Where the part goes, under its key.
    tick : callable, optional
        Called after every frame with their number so far; what it raises ends the work, and nothing is left.
    """
    path = part_of(folder, chunk)
    give_back()  # what the encoder before this one, and a picture that was prepared, have left
    with _written(path) as unfinished:
        scene = chunk.scene
        encoder = PictureEncoder(unfinished, scene.width, scene.height, quality=chunk.quality, threads=chunk.threads)
        finished = False
        try:
            with _Ahead(chunk, assets) as frames:
                for number, frame in enumerate(frames, 1):
                    encoder.add(frame)
                    tick(number)
            encoder.finish()
            finished = True
        finally:
            if not finished:
                with suppress(Exception):  # what went wrong before is what counts
                    encoder.abandon()
    return path


def encode_sound(track: SoundTrack, assets: Mapping[str, Path], folder: Path, tick: Tick = _nothing) -> Path:
    """Encode the whole sound; see `encode`."""
    path = part_of(folder, track)
    with _written(path) as unfinished:
        mixer = Mixer(track.sounds, assets, track.samples)
        encoder = SoundEncoder(unfinished)
        heard, finished = 0, False
        try:
            while heard < track.samples:
                samples = mixer.read(SOUND_BLOCK)
                heard += len(samples)
                encoder.add(samples)
                tick(heard)
            encoder.finish()
            finished = True
        finally:
            mixer.close()
            if not finished:
                with suppress(Exception):  # what went wrong before is what counts
                    encoder.abandon()
    return path


def _opened(path: Path) -> InputContainer:
    container: InputContainer = av.open(str(path.absolute()), "r", format="mp4", **TAKEN_AT_ITS_WORD)
    return container


def _picture_packets(parts: Sequence[tuple[Chunk, Path]]) -> Iterator[Packet[VideoStream]]:
    """Yield the packets of all chunks, at their times in the film."""
    head: bytes | None = None
    for chunk, path in parts:
        count = 0
        with _opened(path) as container:
            stream = container.streams.video[0]
            if head is None:
                head = stream.codec_context.extradata
            elif stream.codec_context.extradata != head:
                raise RenderFailedError("Parts that other encoders made cannot be joined.", hint="Render it again.")
            for packet in container.demux(stream):
                if packet.dts is None or packet.pts is None:  # the mark of the end
                    continue
                shown = chunk.start + round(packet.pts * (packet.time_base or 1) * FPS)
                decoded = chunk.start + count - DELAY
                if decoded > shown:
                    raise RenderFailedError("A part has its pictures in an order that cannot be joined.")
                packet.time_base = Fraction(1, FPS * UNIT)
                packet.pts, packet.dts, packet.duration = shown * UNIT, decoded * UNIT, UNIT
                count += 1
                yield packet
        if count != chunk.frames:
            raise RenderFailedError(f"A part has {count} pictures instead of {chunk.frames}.", hint="Render it again.")


def join(
    parts: Sequence[tuple[Chunk, Path]],
    sound: Path,
    out: Path,
    *,
    title: str = "",
    draft: Draft | None = None,
    tick: Tick = _nothing,
) -> None:
    """Join encoded chunks, in order, the sound and the captions to a film, without encoding anything again.

    Parameters
    ----------
    parts : sequence of (Chunk, Path)
        All chunks of a plan, and where `encode` has put them.
    sound : Path
        Where `encode_sound` has put it.
    out : Path
        The MP4; its index comes first, so that it plays while it is loaded.
    title : str
        Goes into the file's metadata.
    draft : Draft, optional
        What the film shows: its captions become a track of subtitles.
    tick : callable, optional
        Called after every picture with their number so far.

    Raises
    ------
    RenderFailedError
        The parts do not belong together, or one is not whole.
    """
    options = {"movflags": "+faststart"}
    captions = cues(draft) if draft is not None else []
    made = f"Made with ipynemo {__version__}"
    with (
        _opened(sound) as heard,
        _opened(parts[0][1]) as first,
        av.open(str(out.absolute()), "w", format="mp4", container_options=options) as film,
    ):
        if title:
            film.metadata["title"] = title
        film.metadata["comment"] = (
            f"{made}; the narration is a synthetic voice" if draft and is_narrated(draft) else made
        )
        picture = film.add_stream_from_template(first.streams.video[0])
        picture.time_base = Fraction(1, FPS * UNIT)
        speaker = film.add_stream_from_template(heard.streams.audio[0])
        speaker.time_base = Fraction(1, SAMPLE_RATE)
        if draft is not None and captions:
            end_ms = sum(chunk.frames for chunk, _ in parts) * 1000 // FPS
            for cue in subtitle_packets(add_subtitles(film, language_of(draft)), captions, end_ms):
                film.mux(cue)  # few and small; the muxer puts them between the others by their times
        sounds = (packet for packet in heard.demux(heard.streams.audio[0]) if packet.dts is not None)
        waiting = next(sounds, None)
        for number, packet in enumerate(_picture_packets(parts), 1):
            # The sound keeps up with the picture, so that a player finds both in the same place of the file.
            while waiting is not None and (waiting.dts or 0) * FPS <= number * SAMPLE_RATE:
                waiting.stream = speaker
                film.mux(waiting)
                waiting = next(sounds, None)
            packet.stream = picture
            film.mux(packet)
            tick(number)
        while waiting is not None:
            waiting.stream = speaker
            film.mux(waiting)
            waiting = next(sounds, None)
    if captions:
        switch_off(out)
