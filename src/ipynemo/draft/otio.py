"""A draft as an OpenTimelineIO timeline, for editors.

OpenTimelineIO's tracks are sequences: holes become gaps, and segments that overlap go to further tracks of their own.
Times are whole frames at the draft's rate, each edge rounded by itself, so that nothing drifts. What the timeline has
no words for is kept in the metadata under `ipynemo`: as objects, or as JSON text where they hold what metadata cannot.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ipynemo.draft.pieces import as_ms, as_number
from ipynemo.draft.summary import plain, segment_name, track_label
from ipynemo.errors import DraftError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ipynemo.draft.values import Draft, Segment, Track

__all__ = ["to_otio"]

DEFAULT_FPS = 30.0
MAX_FPS = 1000.0
NAME_LIMIT = 200


def _is_plain(value: Any) -> bool:
    """Return whether metadata holds this JSON as it is: short numbers, UTF-8, and no key that means an object."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if any(key.startswith("OTIO_") or not _is_utf8(key) for key in item):
                return False
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, str):
            if not _is_utf8(item):
                return False
        elif isinstance(item, float):
            if not _is_short(item):
                return False
        elif isinstance(item, int) and not -(2**63) <= item < 2**63:
            return False
    return True


def _is_short(number: float) -> bool:
    # OpenTimelineIO's reader is exact to 15 digits; of longer ones it may lose the last bit.
    return number == 0 or (1e-7 <= abs(number) <= 1e15 and float(f"{number:.15g}") == number)


def _is_utf8(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _kept(raw: Mapping[str, Any]) -> dict[str, Any]:
    kept = dict(raw) if _is_plain(raw) else {"json": json.dumps(raw)}
    return {"ipynemo": kept}


def _name(text: str) -> str:
    return plain(text.replace("\0", " "), NAME_LIMIT)


@dataclass(frozen=True)
class _Writer:
    otio: Any
    fps: float

    def frames(self, ms: int) -> int:
        return round(ms * self.fps / 1000)

    def time(self, frames: int) -> Any:
        return self.otio.opentime.RationalTime(frames, self.fps)

    def range(self, start: int, length: int) -> Any:
        return self.otio.opentime.TimeRange(self.time(start), self.time(length))

    def reference(self, segment: Segment, track: Track) -> Any:
        """Return where the clip's material comes from: a file or asset, a text, or a kind of music."""
        schema = self.otio.schema
        source = segment.source
        if track.kind == "text" or (source is None and segment.text is not None):
            parameters: dict[str, Any] = {"text": segment.text or ""} if _is_utf8(segment.text or "") else {}
            style = segment.meta.get("style")
            if isinstance(style, dict) and _is_plain(style):
                parameters["style"] = style
            return schema.GeneratorReference(name="text", generator_kind="ipynemo.text", parameters=parameters)
        if not source or not _is_utf8(source):
            return schema.MissingReference()
        if source.startswith("music:"):
            mood = source.removeprefix("music:")
            return schema.GeneratorReference(name=mood, generator_kind="ipynemo.music", parameters={"mood": mood})
        return schema.ExternalReference(target_url=source)

    def clip(self, segment: Segment, track: Track) -> Any:
        begin = self.frames(segment.in_ms)
        length = self.frames(segment.end_ms) - self.frames(segment.start_ms)
        name = segment.text if track.kind == "text" and segment.text else segment_name(segment, track)
        return self.otio.schema.Clip(
            name=_name(name),
            media_reference=self.reference(segment, track),
            source_range=self.range(begin, length),
            metadata=_kept(segment.raw),
        )

    def transition(self, segment: Segment, touches: bool, length: int) -> Any:
        """Return how a clip comes in, or None for a cut; it lies in the clip that comes in, as in the draft."""
        given = segment.meta.get("transition")
        if not isinstance(given, dict) or given.get("kind") not in {"crossfade", "fade"}:
            return None
        overlap = min(self.frames(as_ms(given.get("d")) or 500), length)
        if not overlap:
            return None
        crosses = touches and given["kind"] == "crossfade"
        return self.otio.schema.Transition(
            name=given["kind"],
            # A fade from the background has no standard type of its own.
            transition_type=self.otio.schema.TransitionTypes.SMPTE_Dissolve if crosses else "Custom_Transition",
            in_offset=self.time(0),
            out_offset=self.time(overlap),
            metadata=_kept(given),
        )

    def lane(self, segments: list[Segment], track: Track, name: str) -> Any:
        """Return one sequence of clips that do not overlap."""
        schema = self.otio.schema
        kind = schema.TrackKind.Audio if track.kind == "audio" else schema.TrackKind.Video
        raw = {key: value for key, value in track.raw.items() if key != "sg"}
        written = schema.Track(name=_name(name), kind=kind, metadata=_kept({**raw, "track": track.number}))
        at = 0
        for segment in segments:
            start = self.frames(segment.start_ms)
            if start > at:
                written.append(schema.Gap(source_range=self.range(0, start - at)))
            clip = self.clip(segment, track)
            touches = bool(written) and start == at
            length = self.frames(segment.end_ms) - start
            if transition := self.transition(segment, touches, length):
                written.append(transition)
            written.append(clip)
            at = start + length
        return written

    def lanes(self, track: Track) -> list[list[Segment]]:
        """Share the segments out, in the order of time, so that none overlaps another of its lane."""
        lanes: list[list[Segment]] = []
        ends: list[int] = []
        for segment in sorted(track.segments, key=lambda segment: (segment.start_ms, segment.number)):
            start, end = self.frames(segment.start_ms), self.frames(segment.end_ms)
            free = next((place for place, taken_to in enumerate(ends) if taken_to <= start), None)
            if free is None:
                lanes.append([segment])
                ends.append(end)
            else:
                lanes[free].append(segment)
                ends[free] = end
        return lanes or [[]]


def to_otio(draft: Draft) -> Any:
    """Return a draft as an OpenTimelineIO timeline.

    Parameters
    ----------
    draft : Draft

    Returns
    -------
    opentimelineio.schema.Timeline
        One track for each of the draft's, in the same order (the last is on top), and further ones where segments
        overlap. The rate is the draft's `m.fps`, 30 where it has none. The whole draft is in
        `timeline.metadata["ipynemo"]`, each segment in that of its clip.

    Raises
    ------
    DraftError
        OpenTimelineIO is not installed.
    """
    try:
        import opentimelineio
    except ImportError as error:
        raise DraftError(
            "OpenTimelineIO is not installed.", hint='Install it with: pip install "ipynemo[otio]"'
        ) from error
    fps = as_number(draft.meta.get("fps")) or 0.0
    writer = _Writer(opentimelineio, fps if 1 <= fps <= MAX_FPS else DEFAULT_FPS)
    timeline = opentimelineio.schema.Timeline(name=_name(draft.title or "") or "untitled", metadata=_kept(draft.raw))
    for track in draft.tracks:
        name = track.name or track_label(track)
        for number, segments in enumerate(writer.lanes(track), 1):
            timeline.tracks.append(writer.lane(segments, track, name if number == 1 else f"{name} ({number})"))
    return timeline
