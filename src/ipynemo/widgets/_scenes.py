"""What a player shows below the picture: the scenes of a draft, to jump to."""

from __future__ import annotations

from typing import Any, Final

from ipynemo.captions.cues import role_of
from ipynemo.draft import Draft, Segment
from ipynemo.draft.drawn import is_named
from ipynemo.draft.summary import plain

__all__ = ["MAX_SCENES", "scenes_of"]

MAX_SCENES: Final = 200  # more than that is no help for jumping
NAME_LIMIT: Final = 60


def scenes_of(draft: Draft) -> list[dict[str, Any]]:
    """Return where the scenes begin: `{"at": seconds, "name": …}`, from the first track that shows something."""
    seen = [track for track in draft.tracks if track.segments and track.kind in ("video", "text", "other")]
    main = next((track for track in seen if track.kind == "video"), None) or next(iter(seen), None)
    if main is None or (main.kind == "text" and all(role_of(main, segment) == "caption" for segment in main.segments)):
        return []
    shown = sorted(main.segments, key=lambda one: one.start_ms)[:MAX_SCENES]
    return [{"at": segment.start_s, "name": plain(_name_of(segment), NAME_LIMIT)} for segment in shown]


def _name_of(segment: Segment) -> str:
    scene = segment.meta.get("scene")
    if segment.name and is_named(segment.meta):
        return segment.name
    # In drafts from before there were drawn scenes, a segment bears its file's name: the same for all of them.
    return (scene.replace("_", " ") if isinstance(scene, str) else None) or segment.name or segment.text or ""
