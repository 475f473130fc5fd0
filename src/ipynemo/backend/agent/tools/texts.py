"""Tools for text: titles, captions, how they look."""

from typing import Annotated, Any, Literal

from pydantic import Field

from ipynemo import edits
from ipynemo.backend.agent.registry import Done, tool
from ipynemo.draft import Draft
from ipynemo.draft.summary import seconds_text
from ipynemo.errors import DraftError

__all__ = ["add_caption", "add_text", "add_title", "restyle_text", "set_text"]

Number = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Words = Annotated[str, Field(min_length=1, max_length=2000)]
Colour = Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")]
Size = Annotated[int, Field(ge=12, le=400)]
Place = Literal["top", "center", "bottom", "top_left", "top_right", "bottom_left", "bottom_right"]
Role = Literal["title", "lower_third", "caption", "card"]


def _added(draft: Draft, role: Role, text: str, start_s: float | None, duration_s: float | None, look: Any) -> Done:
    total = draft.duration_s
    if draft.tracks_of("video") and start_s is not None and total and start_s >= total:
        raise DraftError(f"The clip ends at {total:g} s.", hint=f"Choose a time before {total:g} s.")
    length = duration_s if duration_s is not None else 4.0 if role == "caption" else 3.0
    start = start_s if start_s is not None else _free_start(draft, role, round(length * 1000)) / 1000
    if draft.tracks_of("video") and total and duration_s is None:
        length = min(length, max(total - start, 0.1))
    after = edits.add_text(draft, text, start_s=start, duration_s=length, role=role, **look)
    begin, end = (seconds_text(round(s * 1000)) for s in (start, start + length))
    return Done(after, {"text": text, "start": begin, "end": end, "role": role})


def _free_start(draft: Draft, role: str, length_ms: int) -> int:
    """Return the first moment at which no other text of the role is shown, as long as the clip goes on; else 0."""
    spans = sorted(
        (s.start_ms, s.end_ms)
        for track in draft.tracks_of("text")
        for s in track.segments
        if edits.text_role(track.meta, s.meta) == role
    )
    start = 0
    for begin, end in spans:
        if begin < start + length_ms and end > start:
            start = end
    return start if start < draft.duration_ms else 0


def _look(place: str | None, size_px: int | None, color: str | None, bold: bool | None) -> dict[str, Any]:
    return {"place": place, "size_px": size_px, "color": color, "bold": bold}


@tool
def add_title(
    draft: Draft,
    text: Words,
    start_s: Seconds | None = None,
    duration_s: Seconds | None = None,
    place: Place | None = None,
    size_px: Size | None = None,
    color: Colour | None = None,
    bold: bool | None = None,
) -> Done:
    """Add a title, as in: add a title "Hello" at 2 seconds."""
    return _added(draft, "title", text, start_s, duration_s, _look(place, size_px, color, bold))


@tool
def add_caption(
    draft: Draft,
    text: Words,
    start_s: Seconds | None = None,
    duration_s: Seconds | None = None,
    place: Place | None = None,
    size_px: Size | None = None,
    color: Colour | None = None,
    bold: bool | None = None,
) -> Done:
    """Add a caption, as in: add a caption "A red robot" from 3 to 6 seconds."""
    return _added(draft, "caption", text, start_s, duration_s, _look(place, size_px, color, bold))


@tool
def add_text(
    draft: Draft,
    text: Words,
    role: Role = "lower_third",
    start_s: Seconds | None = None,
    duration_s: Seconds | None = None,
    place: Place | None = None,
    size_px: Size | None = None,
    color: Colour | None = None,
    bold: bool | None = None,
) -> Done:
    """Add another kind of text, as in: add a lower third "Dr. Chen"."""
    return _added(draft, role, text, start_s, duration_s, _look(place, size_px, color, bold))


@tool
def set_text(draft: Draft, track: Number, segment: Number, text: Words) -> Done:
    """Let a text say something else, as in: change the title to "Good morning"."""
    before = draft.track(track).segment(segment).text or ""
    return Done(edits.set_text(draft, track, segment, text), {"text": text, "before": before})


@tool
def restyle_text(
    draft: Draft,
    track: Number,
    segment: Number | None = None,
    place: Place | None = None,
    size_px: Size | None = None,
    color: Colour | None = None,
    bold: bool | None = None,
) -> Draft:
    """Change how a text looks, or every text of a track, as in: make the captions yellow and bigger."""
    return edits.restyle_text(draft, track, segment, place=place, size_px=size_px, color=color, bold=bold)
