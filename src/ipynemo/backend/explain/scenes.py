"""The scenes of the explainer: how long each is, what it shows of the picture, which words belong to it.

The lengths are those of the storyboard for 30 s and for 80 s, scaled to the length that is wanted. Where the clip is
too short for all of them, the least important scenes are left out, so that every caption can still be read. The steps
of training are told over the picture and not drawn in this version, so nothing says that they are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ipynemo.backend.explain.captions import LEAST_MS, shorten
from ipynemo.backend.explain.facts import size_text

if TYPE_CHECKING:
    from ipynemo.backend.explain.evidence import Evidence, Voice
    from ipynemo.backend.explain.facts import PictureFacts
    from ipynemo.backend.explain.script import Script

__all__ = ["SCENES", "Card", "Scene", "card_for", "lengths_ms", "motion_for", "prompt_text", "words_for"]

LONG_FROM_MS = 45_000  # a clip of at least this length is timed like the long form
CARD_LINES = 7
PROMPT_COLUMNS = 36


@dataclass(frozen=True, slots=True)
class Scene:
    """A row of the storyboard. `rank` 1 is left out last."""

    name: str
    short_s: float
    long_s: float
    rank: int


SCENES = (
    Scene("open", 3, 7, 3),
    Scene("evidence", 6, 15, 1),
    Scene("numbers", 3, 10, 4),
    Scene("spoil", 5, 12, 5),
    Scene("undo", 5, 12, 6),
    Scene("prompt", 3, 8, 7),
    Scene("latent", 2, 7, 8),
    Scene("limits", 3, 9, 2),
)

# Views of the picture: centre x, centre y, scale. The busiest spot of the picture stands for "spot".
_VIEWS: dict[str, tuple[Any, Any]] = {
    "open": ((0.5, 0.5, 1.0), (0.5, 0.5, 1.06)),
    "evidence": ((0.44, 0.5, 1.12), (0.56, 0.5, 1.12)),
    "numbers": (("spot", 1.3), ("spot", 6.0)),
    "spoil": (("spot", 2.2), (0.5, 0.5, 1.5)),
    "undo": ((0.5, 0.5, 1.5), (0.5, 0.5, 1.0)),
    "prompt": ((0.4, 0.42, 1.25), (0.6, 0.58, 1.25)),
    "latent": ((0.5, 0.5, 1.1), (0.5, 0.5, 1.25)),
    "limits": ((0.5, 0.5, 1.15), (0.5, 0.5, 1.0)),
}


@dataclass(frozen=True, slots=True)
class Card:
    """A panel of text with, at most, a row of colours below it."""

    text: str
    swatches: tuple[str, ...] = ()


def lengths_ms(total_ms: int, *, without: frozenset[str] = frozenset()) -> list[tuple[str, int]]:
    """Return the scenes that fit into a length, with the length of each; together exactly `total_ms`.

    Examples
    --------
    >>> [seconds // 1000 for _, seconds in lengths_ms(30_000)]
    [3, 6, 3, 5, 5, 3, 2, 3]
    """
    scenes = [scene for scene in SCENES if scene.name not in without]
    while True:
        weights = [s.long_s if total_ms >= LONG_FROM_MS else s.short_s for s in scenes]
        whole = sum(weights)
        if len(scenes) == 1 or min(weights) / whole * total_ms >= LEAST_MS:
            break
        scenes.remove(max(scenes, key=lambda s: s.rank))
    ends, said = [0], 0.0
    for weight in weights:
        said += weight
        ends.append(round(total_ms * said / whole))
    return [(scene.name, ends[i + 1] - ends[i]) for i, scene in enumerate(scenes)]


def motion_for(scene: str, facts: PictureFacts) -> dict[str, Any]:
    """Return the camera move of a scene over this picture."""
    views = []
    for view in _VIEWS[scene]:
        x, y, scale = (*facts.spot, view[1]) if view[0] == "spot" else view
        views.append([round(x, 4), round(y, 4), scale])
    return {"from": views[0], "to": views[1], "ease": "smooth"}


def _values(facts: PictureFacts) -> dict[str, Any]:
    (x, y), (red, green, blue) = facts.pixel or ((0, 0), (0, 0, 0))
    return {
        "width": facts.width_px,
        "height": facts.height_px,
        "format": facts.format,
        "size": size_text(facts.size_bytes),
        "count": f"{facts.numbers:,}",
        "x": x,
        "y": y,
        "red": red,
        "green": green,
        "blue": blue,
    }


def words_for(scene: str, facts: PictureFacts | None, script: Script) -> list[str]:
    """Return the sentences of a scene, the most important first."""
    voice: Voice = facts.evidence.voice if facts else "many"
    if scene in ("spoil", "undo", "prompt"):
        return script.some(scene, voice)
    if scene == "latent":
        return script.some(scene, "all")
    if scene == "limits":
        return script.some(scene, "all" if facts else "none")
    if facts is None:
        return script.some(scene, "none")
    if scene == "evidence":
        return _evidence_words(facts.evidence, script)
    words = script.some(scene, "picture", **_values(facts))
    return words[:2] if scene == "numbers" and facts.pixel is None else words


def _evidence_words(evidence: Evidence, script: Script) -> list[str]:
    claim = evidence.main.spoken(script) if evidence.main else ""
    claim = claim[:1].upper() + claim[1:] if evidence.level == "signed" else claim
    signer = evidence.signer
    facts = {"claim": claim, "signer": signer.value if signer else "?"}
    facts["check"] = script.one("check", "known" if signer and signer.trusted else "unknown")
    words = script.some("evidence", evidence.level, **facts)
    return words if claim or evidence.level != "signed" else [words[0], *words[2:]]


def _evidence_card(facts: PictureFacts, script: Script) -> Card:
    evidence = facts.evidence
    if not evidence.claims:
        key = "nothing" if evidence.readable else "unread"
        return Card("\n".join([script.one("card", key), script.one("card", "synthid")]))
    tail = [script.one("card", "anyone")] if evidence.level == "stated" else []
    tail += [script.one("card", "conflict")] if evidence.conflict else []
    tail.append(script.one("card", "synthid"))
    room = CARD_LINES - 1 - len(tail)
    lines = [claim.line(script, level=evidence.level == "signed") for claim in evidence.claims]
    if len(lines) > room:
        lines = [*lines[: room - 1], script.one("card", "more", count=len(lines) - room + 1)]
    return Card("\n".join([script.one("card", "stated"), *lines, *tail]))


def card_for(scene: str, facts: PictureFacts | None, script: Script) -> Card | None:
    """Return the panel that a scene shows; every number on it comes from the file or from the published schedule."""
    if scene == "open":
        return Card(script.one("card", "facts", **_values(facts))) if facts else None
    if scene == "evidence":
        return _evidence_card(facts, script) if facts else None
    if scene == "numbers":
        if facts is None:
            return Card(script.one("card", "numbers_none"))
        lines = [script.one("card", "numbers", **_values(facts))]
        lines += [script.one("card", "pixel", **_values(facts))] if facts.pixel else []
        lines += [script.one("card", "palette")] if facts.colours else []
        return Card("\n".join(lines), facts.colours)
    if scene == "undo":
        return Card(script.one("card", "undo" if facts else "undo_none"))
    if scene == "prompt":
        return Card(script.one("card", "prompt_seed"))
    if scene == "limits":
        level = facts.evidence.level if facts else "nothing"
        key = f"limits_{level}" if level in ("stated", "signed") else "limits"
        count = sum(c.signed or level == "stated" for c in facts.evidence.claims) if facts else 0
        return Card(script.one("card", key, count=count))
    return Card(script.one("card", scene))


def prompt_text(words: str, script: Script, *, certain: bool = True) -> str:
    """Return the text of a panel with the words of a prompt record; only for a user who asked for them."""
    lines: list[str] = []
    for word in words.split(" "):
        if lines and len(lines[-1]) + len(word) < PROMPT_COLUMNS:
            lines[-1] += f" {word}"
        elif len(lines) < CARD_LINES - 1:
            lines.append(shorten(word, PROMPT_COLUMNS))
        else:
            lines[-1] = shorten(f"{lines[-1]} …", PROMPT_COLUMNS)
            break
    return script.one("card", "prompt" if certain else "texts", prompt="\n".join(lines))
