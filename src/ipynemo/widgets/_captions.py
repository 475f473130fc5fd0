"""What a player shows beside the picture: the scenes of a draft to jump to, and its captions as WebVTT."""

from __future__ import annotations

from typing import Any, Final

from ipynemo.draft import Draft, Segment, Track
from ipynemo.draft.drawn import is_named
from ipynemo.draft.summary import plain

__all__ = ["MAX_SCENES", "captions_of", "scenes_of"]

MAX_SCENES: Final = 200  # more than that is no help for jumping
NAME_LIMIT: Final = 60


def _is_caption(track: Track, segment: Segment) -> bool:
    style = segment.meta.get("style")
    role = style.get("role") if isinstance(style, dict) else None
    return track.kind == "text" and "caption" in (role, track.meta.get("role"))


def scenes_of(draft: Draft) -> list[dict[str, Any]]:
    """Return where the scenes begin: `{"at": seconds, "name": …}`, from the first track that shows something."""
    seen = [track for track in draft.tracks if track.segments and track.kind in ("video", "text", "other")]
    main = next((track for track in seen if track.kind == "video"), None) or next(iter(seen), None)
    if main is None or all(_is_caption(main, segment) for segment in main.segments):
        return []
    shown = sorted(main.segments, key=lambda one: one.start_ms)[:MAX_SCENES]
    return [{"at": segment.start_s, "name": plain(_name_of(segment), NAME_LIMIT)} for segment in shown]


def _name_of(segment: Segment) -> str:
    scene = segment.meta.get("scene")
    if segment.name and is_named(segment.meta):
        return segment.name
    # In drafts from before there were drawn scenes, a segment bears its file's name: the same for all of them.
    return (scene.replace("_", " ") if isinstance(scene, str) else None) or segment.name or segment.text or ""


def _stamp(ms: int) -> str:
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def captions_of(draft: Draft) -> str:
    r"""Return the captions as WebVTT, empty where the draft has none.

    Examples
    --------
    >>> segment = {"tx": "Noise <first>", "st": 0, "d": 1500}
    >>> captions_of(Draft({"t": [{"tt": 7, "m": {"role": "caption"}, "sg": [segment]}]}))
    'WEBVTT\n\n00:00:00.000 --> 00:00:01.499\nNoise &lt;first&gt;\n'
    """
    cues = [
        (segment.start_ms, segment.end_ms, segment.text)
        for track in draft.tracks
        for segment in track.segments
        if segment.text and segment.duration_ms and _is_caption(track, segment)
    ]
    if not cues:
        return ""
    # A blank line would end a cue, and markup in it would be obeyed. Browsers that jump to the end of a cue keep it
    # on the screen, so it ends a moment before the next one begins.
    blocks = [
        f"{_stamp(start)} --> {_stamp(end - 1)}\n"
        + "\n".join(line for line in _safe(text).splitlines() if line.strip())
        for start, end, text in sorted(cues)
    ]
    return "WEBVTT\n\n" + "\n\n".join(blocks) + "\n"


def _safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\0", "")
