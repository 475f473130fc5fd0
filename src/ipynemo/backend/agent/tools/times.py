"""Tools for time and order: shorter, longer, cut, split, move, remove."""

from typing import Annotated

from pydantic import Field

from ipynemo import edits
from ipynemo.backend.agent.registry import Done, tool
from ipynemo.draft import Draft
from ipynemo.draft.summary import seconds_text

__all__ = [
    "clear_draft",
    "cut_range",
    "move_segment",
    "remove_segment",
    "remove_track",
    "rename_draft",
    "reorder_segments",
    "set_duration",
    "split_segment",
    "trim_segment",
]

Number = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
LEAST_S, MOST_S = 5.0, 600.0


def _total(draft: Draft) -> dict[str, str]:
    return {"total": seconds_text(draft.duration_ms)}


@tool
def set_duration(draft: Draft, duration_s: Seconds) -> Done:
    """Make the whole clip so long, as in: make it 20 seconds."""
    allowed = min(max(duration_s, LEAST_S), MOST_S)
    after = edits.set_duration(draft, allowed)
    facts = {"asked": f"{duration_s:g}", "bounded": allowed != duration_s, "least": f"{LEAST_S:g}", "most": "10"}
    return Done(after, facts | _total(after))


@tool
def trim_segment(
    draft: Draft,
    track: Number,
    segment: Number,
    duration_s: Annotated[float, Field(gt=0, le=86_400)] | None = None,
    cut_start_s: Seconds = 0,
    cut_end_s: Seconds = 0,
) -> Done:
    """Make one segment shorter or longer, as in: trim the second clip to 3 seconds."""
    after = edits.trim_segment(
        draft, track, segment, duration_s=duration_s, cut_start_s=cut_start_s, cut_end_s=cut_end_s
    )
    length = after.track(track).segment(segment).duration_ms
    return Done(after, {"segment": segment, "length": seconds_text(length)} | _total(after))


@tool
def cut_range(draft: Draft, from_s: Seconds, to_s: Seconds) -> Done:
    """Cut a span of time out of the whole clip, as in: cut from 2 to 5 seconds."""
    after = edits.cut_range(draft, from_s, to_s)
    begin, end = seconds_text(round(from_s * 1000)), seconds_text(min(round(to_s * 1000), draft.duration_ms))
    return Done(after, {"start": begin, "end": end} | _total(after))


@tool
def split_segment(draft: Draft, track: Number, segment: Number, at_s: Seconds) -> Done:
    """Split a segment in two at a moment of the clip, as in: split the clip at 4 seconds."""
    after = edits.split_segment(draft, track, segment, at_s)
    return Done(after, {"segment": segment, "at": seconds_text(round(at_s * 1000))})


@tool
def move_segment(draft: Draft, track: Number, segment: Number, start_s: Seconds) -> Done:
    """Move a segment to another moment, as in: move the title to 5 seconds."""
    after = edits.move_segment(draft, track, segment, start_s)
    return Done(after, {"segment": segment, "at": seconds_text(round(start_s * 1000))})


@tool
def reorder_segments(draft: Draft, track: Number, order: list[Number]) -> Done:
    """Put the segments of a track in another order, as in: swap the first and the second clip."""
    return Done(edits.reorder_segments(draft, track, order), {"order": ", ".join(map(str, order))})


@tool
def remove_segment(draft: Draft, track: Number, segment: Number) -> Done:
    """Remove a segment, as in: remove the last clip."""
    gone = draft.track(track).segment(segment)
    after = edits.remove_segment(draft, track, segment)
    if not after.track(track).segments:
        after = edits.remove_track(after, track)
    return Done(after, {"what": gone.text or gone.name or "", "segment": segment} | _total(after))


@tool
def remove_track(draft: Draft, track: Number) -> Done:
    """Remove a track with all that is on it, as in: remove the captions."""
    gone = draft.track(track)
    return Done(edits.remove_track(draft, track), {"what": gone.name or gone.kind, "count": len(gone.segments)})


@tool
def clear_draft(draft: Draft) -> Done:
    """Take everything off the timeline, as in: start over."""
    after = draft
    for number in range(len(draft.tracks), 0, -1):
        after = edits.remove_track(after, number)
    raw = after.raw
    if "d" in raw:
        raw["d"] = 0
    return Done(Draft(raw))


@tool
def rename_draft(draft: Draft, title: Annotated[str, Field(max_length=300)]) -> Done:
    """Name the whole clip, as in: call the project "Robots"."""
    return Done(edits.set_title(draft, title), {"title": title})
