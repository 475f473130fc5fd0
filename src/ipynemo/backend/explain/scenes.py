"""The scenes of the explainer: how long each is, and which words are said in it.

The lengths are those of the storyboard for 30 s and for 80 s, scaled to the length that is wanted. Where the clip is
too short for all of them, the least important scenes are left out, so that what is shown can still be seen and read.
What a scene shows is in `abouts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ipynemo.backend.explain.captions import shorten
from ipynemo.backend.explain.facts import size_text

if TYPE_CHECKING:
    from ipynemo.backend.explain.evidence import Evidence, Voice
    from ipynemo.backend.explain.facts import PictureFacts
    from ipynemo.backend.explain.script import Script

__all__ = ["OPENING_MOTION", "SCENES", "Scene", "left_out", "lengths_ms", "prompt_text", "values_of", "words_for"]

LONG_FROM_MS = 45_000  # a clip of at least this length is timed like the long form
PROMPT_LINES = 6
PROMPT_COLUMNS = 36
OPENING_MOTION = {"from": [0.5, 0.5, 1.0], "to": [0.5, 0.5, 1.06], "ease": "smooth"}


@dataclass(frozen=True, slots=True)
class Scene:
    """A row of the storyboard. Below `least_s` it is left out, as long as a scene of lower rank can stay."""

    name: str
    short_s: float
    long_s: float
    rank: int
    least_s: float


SCENES = (
    Scene("opening", 3, 7, 3, 1.2),
    Scene("evidence", 6, 15, 1, 2.4),
    Scene("pixels", 3, 10, 4, 1.8),
    Scene("noising", 5, 12, 5, 2.4),
    Scene("denoising", 5, 12, 6, 2.4),
    Scene("tiny_model", 3, 8, 7, 2.0),
    Scene("latent_grid", 2, 7, 8, 1.6),
    Scene("limits", 3, 9, 2, 1.2),
)


def lengths_ms(total_ms: int, *, without: frozenset[str] = frozenset()) -> list[tuple[str, int]]:
    """Return the scenes that fit into a length, with the length of each; together exactly `total_ms`.

    Examples
    --------
    >>> [seconds // 1000 for _, seconds in lengths_ms(30_000)]
    [3, 6, 3, 5, 5, 3, 2, 3]
    >>> [seconds // 1000 for _, seconds in lengths_ms(80_000)]
    [7, 15, 10, 12, 12, 8, 7, 9]
    """
    scenes = [scene for scene in SCENES if scene.name not in without]
    while True:
        weights = [s.long_s if total_ms >= LONG_FROM_MS else s.short_s for s in scenes]
        share = total_ms / sum(weights)
        fitting = all(w * share >= s.least_s * 1000 for w, s in zip(weights, scenes, strict=True))
        if len(scenes) == 1 or fitting:
            break
        scenes.remove(max(scenes, key=lambda s: s.rank))
    ends, said = [0], 0.0
    for weight in weights:
        said += weight
        ends.append(round(total_ms * said / sum(weights)))
    return [(scene.name, ends[i + 1] - ends[i]) for i, scene in enumerate(scenes)]


def left_out(facts: PictureFacts | None, number: int) -> frozenset[str]:
    """Return the scenes that have no place in the telling of a picture, the `number`th one that is told, from 0.

    What is the same for every picture is told with the first one.
    """
    if facts is None:
        return frozenset({"evidence", "pixels"})
    names = {"tiny_model", "latent_grid"} if number else set()
    names |= set() if facts.evidence.latent else {"latent_grid"}
    return frozenset(names)


def values_of(facts: PictureFacts) -> dict[str, Any]:
    """Return the facts of a picture as they fill the blanks of a text."""
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
    if scene in ("noising", "denoising"):
        return script.some(scene, voice)
    if scene in ("tiny_model", "latent_grid"):
        return script.some(scene, "all")
    if scene == "limits":
        return script.some(scene, "all" if facts else "none")
    if facts is None:
        return script.some(scene, "none")
    if scene == "evidence":
        return _evidence_words(facts.evidence, script)
    words = script.some(scene, "picture", **values_of(facts))
    return words[:2] if scene == "pixels" and facts.pixel is None else words


def _evidence_words(evidence: Evidence, script: Script) -> list[str]:
    claim = evidence.main.spoken(script) if evidence.main else ""
    claim = claim[:1].upper() + claim[1:] if evidence.level == "signed" else claim
    signer = evidence.signer
    facts = {"claim": claim, "signer": signer.value if signer else "?"}
    facts["check"] = script.one("check", "known" if signer and signer.trusted else "unknown")
    words = script.some("evidence", evidence.level, **facts)
    return words if claim or evidence.level != "signed" else [words[0], *words[2:]]


def prompt_text(words: str, script: Script, *, certain: bool = True) -> str:
    """Return the text of a panel with the words of a prompt record; only for a user who asked for them."""
    lines: list[str] = []
    for word in words.split(" "):
        if lines and len(lines[-1]) + len(word) < PROMPT_COLUMNS:
            lines[-1] += f" {word}"
        elif len(lines) < PROMPT_LINES:
            lines.append(shorten(word, PROMPT_COLUMNS))
        else:
            lines[-1] = shorten(f"{lines[-1]} …", PROMPT_COLUMNS)
            break
    return script.one("card", "prompt" if certain else "texts", prompt="\n".join(lines))
