"""The draft as the renderer understands it: read once, tolerantly, into whole frames and samples.

Times become frames by rounding to the nearest one, so that segments which meet in the draft meet in the film.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from ipynemo.backend.render.faults import DraftLimitError, EmptyDraftError
from ipynemo.backend.render.motion import Fit, Motion, to_motion
from ipynemo.backend.render.scenes import ABOUT_PICTURES, SCENES, noted
from ipynemo.backend.render.style import Style, to_style
from ipynemo.backend.render.values import Colour, choice, colour, flag, number, object_of
from ipynemo.backend.speech.fitting import slots
from ipynemo.captions import Cue
from ipynemo.captions.cues import SPEECH, plain_lines, read_aloud
from ipynemo.draft import Draft, Segment, Track

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FPS", "QUALITIES", "SAMPLE_RATE", "Layer", "Scene", "Shot", "Sound", "Words", "frame_of", "to_scene"]

FPS = 30
SAMPLE_RATE = 48_000
MAX_DURATION_MS = 2 * 60 * 60 * 1000
MIN_SIDE_PX, MAX_SIDE_PX = 64, 3840
DEFAULT_SIZE = (1920, 1080)
DEFAULT_BACKGROUND = Colour(16, 20, 24)
QUALITIES = {"high": None, "medium": 720, "low": 360}  # the short side at most, in pixels
MUSIC = "music:"
LEAST_PART = 1e-3  # of a scene


@dataclass(frozen=True, slots=True)
class Shot:
    """A segment of a video track: a picture, a film or a drawn scene, from frame `start` until before frame `end`.

    `scene` is the kind of scene that is drawn, and `about` what it is told, as JSON; None where the source is shown.
    `part` is how much of the scene is played, from 0 to 1: all of it, unless the segment was split.
    """

    where: str
    source: str | None
    start: int
    end: int
    start_ms: int
    duration_ms: int
    in_ms: int
    volume: float
    fit: Fit
    motion: Motion
    transition: str
    transition_frames: int
    fade_out_frames: int
    tail_frames: int = 0  # how long it goes on below the one that follows
    scene: str | None = None
    about: str | None = None
    part: tuple[float, float] = (0.0, 1.0)

    @property
    def shows_a_file(self) -> bool:
        """Whether it cannot be drawn without its source; some scenes can do without one."""
        return self.source is not None or self.scene is None or self.scene in ABOUT_PICTURES


@dataclass(frozen=True, slots=True)
class Words:
    """A segment of a text track."""

    where: str
    text: str
    style: Style
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sound:
    """Something to hear: a source from `start` for `length` samples. `own` marks the sound of a shot.

    A voice says its `text`.
    """

    where: str
    source: str
    start: int
    length: int
    in_ms: int
    volume: float
    fade_in: int
    fade_out: int
    loop: bool = False
    seed: int = 0
    own: bool = False
    text: str = ""

    @property
    def is_made(self) -> bool:
        """Whether it is made on the spot, from no asset."""
        return self.source.startswith((MUSIC, SPEECH))

    @property
    def voice(self) -> str | None:
        """The voice that says the text; None for all other sounds."""
        return self.source.removeprefix(SPEECH) if self.source.startswith(SPEECH) else None

    @property
    def mood(self) -> str | None:
        """The mood of music made on the spot; None where the source is an asset."""
        return self.source.removeprefix(MUSIC) if self.source.startswith(MUSIC) else None


Layer = tuple[Shot, ...] | tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """All that is to be drawn and heard. `layers` are in drawing order, each sorted by start."""

    width: int
    height: int
    frames: int
    title: str
    background: Colour
    layers: tuple[Layer, ...]
    sounds: tuple[Sound, ...]
    reduced: bool = False  # things are to stand still, for those whom motion makes ill

    @property
    def duration_s(self) -> float:
        """The length in seconds."""
        return self.frames / FPS

    @property
    def samples(self) -> int:
        """The length in samples of sound."""
        return self.frames * SAMPLE_RATE // FPS


def frame_of(ms: float) -> int:
    """Return the frame nearest to a time in milliseconds."""
    return round(ms * FPS / 1000)


def _where(track: Track, segment: Segment) -> str:
    return f"segment {segment.number} of track {track.number} ({track.kind})"


def _size(draft: Draft, short: int | None) -> tuple[int, int]:
    given = [number(draft.meta.get(side), math.nan, -1e12, 1e12) for side in ("width", "height")]
    if any(map(math.isnan, given)):  # missing, or no number
        given = [*DEFAULT_SIZE]
    width, height = map(int, given)
    if not all(MIN_SIDE_PX <= side <= MAX_SIDE_PX for side in (width, height)):
        raise DraftLimitError(
            f"The draft asks for a picture of {width} × {height} pixels.",
            hint=f"Each side must have {MIN_SIDE_PX}–{MAX_SIDE_PX} pixels, such as 1920 × 1080.",
        )
    if short is not None and min(width, height) > short:
        factor = short / min(width, height)
        width, height = round(width * factor), round(height * factor)
    return width // 2 * 2, height // 2 * 2  # 4:2:0 halves both sides


def _drawn(meta: Mapping[str, Any]) -> tuple[str, str] | tuple[None, None]:
    """Return the kind of scene that a segment asks to be drawn, and what it tells it."""
    name, about = meta.get("scene"), meta.get("about")
    if not isinstance(about, dict) or not isinstance(name, str) or name not in SCENES:
        return None, None
    return name, json.dumps(noted(about), sort_keys=True, allow_nan=False)


def _part(meta: Mapping[str, Any]) -> tuple[float, float]:
    given = meta.get("part")
    if not isinstance(given, list) or len(given) != 2:
        return 0.0, 1.0
    begin, end = number(given[0], 0, 0, 1), number(given[1], 1, 0, 1)
    return (begin, end) if end - begin >= LEAST_PART else (0.0, 1.0)


def _shots(track: Track, *, reduced: bool) -> tuple[Shot, ...]:
    shots: list[Shot] = []
    for segment in sorted(track.segments, key=lambda s: s.start_ms):
        start, end = frame_of(segment.start_ms), frame_of(segment.end_ms)
        if end <= start:
            continue
        meta = segment.meta
        change = object_of(meta.get("transition"))
        kind = choice(change.get("kind"), ("cut", "crossfade", "fade"), "cut")
        frames = frame_of(number(change.get("d"), 500, 0, segment.duration_ms)) if kind != "cut" else 0
        if kind == "crossfade":
            if shots and shots[-1].end >= start:
                shots[-1] = replace(shots[-1], tail_frames=max(start + frames - shots[-1].end, 0))
            else:
                kind = "fade"
        scene, about = _drawn(meta)
        motion = to_motion(meta.get("motion"))
        shots.append(
            Shot(
                where=_where(track, segment),
                source=segment.source,
                start=start,
                end=end,
                start_ms=segment.start_ms,
                duration_ms=segment.duration_ms,
                in_ms=segment.in_ms,
                volume=number(segment.volume, 1.0, 0, 2) if scene is None else 0.0,
                fit=cast("Fit", choice(meta.get("fit"), ("cover", "contain", "blur"), "cover")),
                motion=motion.stilled if reduced else motion,
                transition=kind,
                transition_frames=frames,
                fade_out_frames=frame_of(number(meta.get("fade_out_ms"), 0, 0, segment.duration_ms)),
                scene=scene,
                about=about,
                part=_part(meta),
            )
        )
    return tuple(shots)


def _words(track: Track) -> tuple[Words, ...]:
    words = [
        Words(_where(track, s), s.text or "", to_style(s.meta, track.meta), frame_of(s.start_ms), frame_of(s.end_ms))
        for s in sorted(track.segments, key=lambda s: s.start_ms)
    ]
    return tuple(w for w in words if w.end > w.start and (w.text.strip() or w.style.swatches))


def _samples(ms: float) -> int:
    return round(ms * SAMPLE_RATE / 1000)


def _sound(track: Track, segment: Segment) -> Sound | None:
    length = _samples(segment.duration_ms)
    if not length or segment.source is None:
        return None
    meta = segment.meta
    return Sound(
        where=_where(track, segment),
        source=segment.source,
        start=_samples(segment.start_ms),
        length=length,
        in_ms=segment.in_ms,
        volume=number(segment.volume, 1.0, 0, 2),
        fade_in=_samples(number(meta.get("fade_in_ms"), 0, 0, segment.duration_ms)),
        fade_out=_samples(number(meta.get("fade_out_ms"), 0, 0, segment.duration_ms)),
        loop=flag(meta.get("loop"), default=False),
        seed=int(number(meta.get("seed"), 0, 0, 2**31 - 1)),
    )


def _speech(sound: Sound, segment: Segment, captions: list[Cue]) -> list[Sound]:
    """Return what a voice says during a segment, each at its time: the captions, or the segment's own text."""
    told = [cue for cue in captions if segment.start_ms <= cue.start_ms < segment.end_ms]
    if segment.text is not None:
        told = [Cue(segment.start_ms, segment.end_ms, text)] if (text := " ".join(plain_lines(segment.text))) else []
    return [
        replace(sound, start=_samples(cue.start_ms), length=_samples(room_ms), in_ms=0, loop=False, text=cue.text)
        for cue, room_ms in slots(told, segment.end_ms)
        if room_ms
    ]


def _heard(draft: Draft, track: Track) -> list[Sound]:
    """Return the sounds of a track."""
    captions = read_aloud(draft) if any((s.source or "").startswith(SPEECH) for s in track.segments) else []
    found: list[Sound] = []
    for segment in track.segments:
        sound = _sound(track, segment)
        if sound is not None:
            found += [sound] if sound.voice is None else _speech(sound, segment, captions)
    return found


def _own_sound(shot: Shot) -> Sound | None:
    """Return the sound of a film on a video track; it fades with the picture."""
    if shot.source is None or shot.volume <= 0:
        return None
    per_frame = SAMPLE_RATE // FPS
    tail = shot.tail_frames * per_frame
    return Sound(
        where=shot.where,
        source=shot.source,
        start=_samples(shot.start_ms),
        length=_samples(shot.duration_ms) + tail,
        in_ms=shot.in_ms,
        volume=shot.volume,
        fade_in=shot.transition_frames * per_frame,
        fade_out=max(tail, shot.fade_out_frames * per_frame),
        own=True,
    )


def to_scene(draft: Draft, quality: str = "high", short_px: int | None = None) -> Scene:
    """Read a draft, in a quality, or with a short side of at most `short_px` pixels.

    Raises
    ------
    EmptyDraftError
        Nothing in it has a duration.
    DraftLimitError
        It is longer or larger than can be rendered.
    """
    if draft.is_empty or draft.duration_ms <= 0:
        raise EmptyDraftError("The draft has no segment with a duration, so there is nothing to render.")
    if draft.duration_ms > MAX_DURATION_MS:
        raise DraftLimitError(
            f"The draft is {draft.duration_ms / 3_600_000:,.1f} hours long.", hint="At most 2 hours can be rendered."
        )
    width, height = _size(draft, short_px or QUALITIES.get(quality))
    reduced = draft.meta.get("motion") == "reduced"
    layers: list[Layer] = []
    sounds: list[Sound] = []
    for track in draft.tracks:
        if track.kind == "video":
            shots = _shots(track, reduced=reduced)
            layers.append(shots)
            sounds.extend(sound for sound in map(_own_sound, shots) if sound)
        elif track.kind == "text":
            layers.append(_words(track))
        elif track.kind == "audio":
            sounds.extend(_heard(draft, track))
    return Scene(
        width=width,
        height=height,
        frames=max(1, frame_of(draft.duration_ms)),
        title=draft.title or "",
        background=colour(draft.meta.get("background"), DEFAULT_BACKGROUND),
        layers=tuple(layer for layer in layers if layer),
        sounds=tuple(sounds),
        reduced=reduced,
    )
