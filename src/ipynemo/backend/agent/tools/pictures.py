"""Tools for the pictures: put them in, let them move, change over, choose the frame."""

from typing import Annotated, Literal

from pydantic import Field

from ipynemo import edits
from ipynemo.backend.agent.registry import Done, tool
from ipynemo.backend.agent.situation import Situation
from ipynemo.backend.explain import fit_for
from ipynemo.draft import Draft
from ipynemo.draft.drawn import is_drawn
from ipynemo.draft.summary import plain, seconds_text
from ipynemo.errors import DraftError

__all__ = ["add_picture", "fade_picture", "set_aspect", "set_motion", "set_transition", "zoom_to"]

Number = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(ge=0, le=600)]
Aspect = Literal["16:9", "9:16", "1:1"]
Motion = Literal["still", "zoom_in", "zoom_out", "pan_left", "pan_right", "pan_up", "pan_down"]
DEFAULT_PICTURE_S = 5.0


def _frame(draft: Draft) -> tuple[int, int]:
    return draft.width_px or 1920, draft.height_px or 1080


@tool
def add_picture(
    draft: Draft,
    situation: Situation,
    asset: str,
    duration_s: Annotated[float, Field(gt=0, le=600)] | None = None,
    position: Number | None = None,
) -> Done:
    """Put an uploaded picture or video on the timeline, as in: add the second picture for 4 seconds."""
    found = next((a for a in situation.assets if a.id == asset), None)
    if found is None or found.kind == "audio":
        raise DraftError(f"No picture or video {asset!r} was uploaded.")
    if draft.is_empty and draft.width_px is None:
        draft = Draft({**edits.blank().raw, **draft.raw, "m": {**edits.blank().meta, **draft.meta}})
    own = found.duration_ms / 1000 if found.kind == "video" and found.duration_ms else DEFAULT_PICTURE_S
    length = duration_s or own
    name = plain(found.name, 60) or found.id
    after = edits.add_picture(
        draft,
        found.id,
        duration_s=length,
        name=name,
        media="video" if found.kind == "video" else "image",
        position=position,
        motion="still" if found.kind == "video" else "zoom_in",
        fit=fit_for(found, *_frame(draft)),
    )
    return Done(after, {"name": name, "length": seconds_text(round(length * 1000))})


@tool
def set_motion(draft: Draft, motion: Motion, segment: Number | None = None) -> Done:
    """Let a picture move or stand still, as in: zoom in slowly on the first picture."""
    return Done(edits.set_motion(draft, motion, segment=segment), {"motion": motion, "segment": segment})


@tool
def zoom_to(
    draft: Draft,
    x: Annotated[float, Field(ge=0, le=1)],
    y: Annotated[float, Field(ge=0, le=1)],
    scale: Annotated[float, Field(ge=1, le=8)] = 1.8,
    segment: Number | None = None,
) -> Done:
    """Zoom towards a part of the picture, as in: zoom into the top left corner."""
    motion = {"from": [0.5, 0.5, 1.0], "to": [x, y, scale], "ease": "smooth"}
    return Done(edits.set_motion(draft, motion, segment=segment), {"motion": "zoom_in", "segment": segment})


@tool
def set_transition(
    draft: Draft, kind: Literal["cut", "crossfade", "fade"], duration_s: Seconds = 0.5, segment: Number | None = None
) -> Done:
    """Choose how clips follow one another, as in: crossfade between the clips."""
    after = edits.set_transition(draft, kind, duration_s=max(duration_s, 0.04), segment=segment)
    return Done(after, {"kind": kind, "length": f"{duration_s:g}"})


@tool
def fade_picture(draft: Draft, fade_in_s: Seconds | None = None, fade_out_s: Seconds | None = None) -> Draft:
    """Let the clip begin or end in the background colour, as in: fade to black at the end."""
    return edits.fade_picture(draft, fade_in_s=fade_in_s, fade_out_s=fade_out_s)


@tool
def set_aspect(draft: Draft, situation: Situation, aspect: Aspect) -> Done:
    """Choose the shape of the clip, as in: make it vertical."""
    after = edits.set_aspect(draft, aspect)
    assets = {asset.id: asset for asset in situation.assets}
    for track in after.tracks_of("video"):
        for segment in track.segments:
            asset = assets.get(segment.source or "")
            if asset is not None and not is_drawn(segment.meta) and segment.meta.get("fit") in (None, "cover", "blur"):
                fit = fit_for(asset, *_frame(after))
                if fit != segment.meta.get("fit", "cover"):
                    after = edits.set_fit(after, fit, track=track.number, segment=segment.number)
    return Done(after, {"aspect": aspect, "width": after.width_px, "height": after.height_px})
