"""A session to try sentences on: three pictures, a title, two captions and calm music; and what came of a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipynemo import edits
from ipynemo.backend.agent import AssetFacts, Call, Result, Say, Situation, respond
from ipynemo.draft import Draft

NOWHERE = Path("/nonexistent")


def asset(identity: str, name: str, kind: Any = "image", path: Path = NOWHERE) -> AssetFacts:
    ms = None if kind == "image" else 20_000
    size = (None, None) if kind == "audio" else (1600, 900)
    return AssetFacts(identity, name, kind, path, ms, *size, name.rsplit(".", 1)[-1], kind == "video")


ASSETS = (asset("a1", "robot.png"), asset("a2", "tower.jpg"), asset("a3", "song.mp3", "audio"))


def clip() -> Draft:
    """Pictures a, b, c of 4, 6 and 5 s; the title "Hello" at 0–3 s; captions at 5–9 and 11–15 s; calm music at 30 %."""
    draft = edits.blank()
    for name, duration_s in (("a", 4), ("b", 6), ("c", 5)):
        draft = edits.add_picture(draft, f"asset-{name}", name=name, duration_s=duration_s)
    draft = edits.add_title(draft, "Hello", start_s=0, duration_s=3)
    draft = edits.add_caption(draft, "second", start_s=5, duration_s=4)
    draft = edits.add_caption(draft, "third", start_s=11, duration_s=4)
    return edits.set_music(draft, "calm")


@dataclass
class Turn:
    """What came of one message."""

    calls: list[tuple[str, dict[str, Any]]]
    errors: list[str]
    said: list[str]
    draft: Draft
    steps: list[Any]

    @property
    def text(self) -> str:
        return " ".join(self.said)


def say(message: str, draft: Draft | None = None, **situation: Any) -> Turn:
    """Send one message and gather the steps."""
    situation.setdefault("assets", ASSETS)
    start = clip() if draft is None else draft
    steps = list(respond(message, Situation(start, **situation)))
    results = [s for s in steps if isinstance(s, Result)]
    made = [r.draft for r in results if r.draft is not None]
    return Turn(
        calls=[(s.name, s.args) for s in steps if isinstance(s, Call)],
        errors=[r.response["error"] for r in results if "error" in r.response],
        said=[s.text for s in steps if isinstance(s, Say)],
        draft=made[-1] if made else start,
        steps=steps,
    )


def facts(draft: Draft) -> dict[str, Any]:
    """Return what a draft is, for comparing literally."""
    video = [s for t in draft.tracks_of("video") for s in t.segments]
    found: dict[str, Any] = {
        "total": draft.duration_s,
        "frame": (draft.width_px, draft.height_px),
        "clips": [(s.name, s.start_s, s.end_s) for s in video],
        "order": "".join(s.name or "?" for s in video),
        "motions": [s.meta.get("motion") for s in video],
        "transitions": [(s.meta.get("transition") or {}).get("kind") for s in video],
        "title": draft.title,
    }
    for role in ("title", "caption", "lower_third"):
        segments = [s for t in draft.tracks_of("text") if t.meta.get("role") == role for s in t.segments]
        found[f"{role}s"] = [(s.text, s.start_s, s.end_s) for s in segments]
        found[f"{role}_styles"] = [{k: v for k, v in s.meta["style"].items() if k != "role"} for s in segments]
    for track in draft.tracks_of("audio"):
        segment = track.segments[0]
        found["music"] = (segment.source, segment.volume)
        found["fades"] = (segment.meta.get("fade_in_ms"), segment.meta.get("fade_out_ms"))
        found["music_end"] = segment.end_s
    return found
