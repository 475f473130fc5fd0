"""Evidence: what a file states about how it was made, put in order and never weighed.

Three levels: signed, stated, none. Nothing here says whether a picture *is* an AI image; it says who says what.
Statements come from strangers, so their text is cut, cleaned and shown as text. A prompt is private: that there is a
record is told, its words only where the user asks for them. Of the other fields only the ones that are known to be
about tools are shown; a name or a place that somebody left in a comment is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ipynemo.backend.explain.captions import shorten
from ipynemo.concepts.metadata import stated
from ipynemo.draft.summary import plain

if TYPE_CHECKING:
    from pathlib import Path

    from ipynemo.backend.explain.script import Script
    from ipynemo.concepts.metadata import Statement

__all__ = ["Claim", "Evidence", "Voice", "read_evidence"]

ClaimKind = Literal["ai", "partly_ai", "camera", "capture", "art", "generator", "prompt", "software", "other"]
Voice = Literal["many", "diffusion", "would"]

VALUE_COLUMNS = 30
PROMPT_LIMIT = 300  # characters that a card can hold

# https://cv.iptc.org/newscodes/digitalsourcetype/
_SOURCE_TYPES: tuple[tuple[str, ClaimKind], ...] = (
    ("compositewithtrainedalgorithmicmedia", "partly_ai"),
    ("compositesynthetic", "partly_ai"),
    ("trainedalgorithmicmedia", "ai"),
    ("digitalcapture", "capture"),
    ("computationalcapture", "capture"),
    ("negativefilm", "capture"),
    ("positivefilm", "capture"),
    ("digitalart", "art"),
    ("digitalcreation", "art"),
)
_DIFFUSION = (
    "stable diffusion",
    "stable-diffusion",
    "sdxl",
    "comfyui",
    "automatic1111",
    "a1111",
    "invokeai",
    "novelai",
    "fooocus",
    "diffusers",
)
_GENERATORS = (
    *_DIFFUSION,
    "midjourney",
    "dall-e",
    "dall·e",
    "dalle",
    "firefly",
    "imagen",
    "google ai",
    "openai",
    "chatgpt",
    "gpt-4o",
    "gpt-image",
    "gemini",
    "flux",
    "ideogram",
    "leonardo.ai",
    "bing image creator",
    "designer",
    "grok",
    "seedream",
    "hunyuan",
    "recraft",
)
_PROMPT_FIELDS = (
    "parameters",
    "prompt",
    "workflow",
    "dream",
    "sd-metadata",
    "invokeai",
    "usercomment",
    "generation_data",
    "fooocus",
)
_PROMPT_MARKS = ("negative prompt:", "steps:", "sampler:", "cfg scale:", '"class_type"', '"ksampler')
_CAMERA_FIELDS = ("make", "model", "cameramake", "cameramodel", "lensmodel")
_TOOL_FIELDS = (
    "software",
    "creatortool",
    "credit",
    "generator",
    "claimgenerator",
    "signedby",
    "signer",
    "issuer",
    "source",
    "digitalsourcetype",
    "action",
    "actions",
)


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that the file says, and where in the file it says so."""

    kind: ClaimKind
    source: str
    field: str
    value: str
    meaning: str | None
    signed: bool

    def spoken(self, script: Script) -> str:
        """Return the claim as the end of a sentence: "it was made by a trained model"."""
        return script.one("claim", self.kind, value=self.value, field=self.field)

    def line(self, script: Script) -> str:
        """Return the claim as a line of a card, with its source."""
        if self.kind == "prompt":
            return script.one("card", "prompt_kept")
        meaning = script.one("meaning", self.kind) or (self.meaning or "" if script.language == "en" else "")
        key = "line_only" if meaning else "line"
        facts = {"source": self.source, "field": self.field, "value": self.value}
        return shorten(script.one("card", key, **facts, meaning=meaning), 60)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one file says about itself.

    Parameters
    ----------
    claims : tuple of Claim
        The strongest first: signed before stated.
    prompt : str or None
        The words of a prompt record, for a user who asks for them.
    readable : bool
        False where the file's statements could not be read.
    """

    claims: tuple[Claim, ...]
    prompt: str | None = None
    readable: bool = True

    @property
    def level(self) -> Literal["signed", "stated", "nothing", "unread"]:
        """The strongest level of evidence that there is."""
        if not self.readable:
            return "unread"
        if any(claim.signed for claim in self.claims):
            return "signed"
        return "stated" if self.claims else "nothing"

    @property
    def camera(self) -> bool:
        """Whether something points to a camera."""
        return any(claim.kind in ("camera", "capture") for claim in self.claims)

    @property
    def ai(self) -> bool:
        """Whether something points to a generator."""
        return any(claim.kind in ("ai", "partly_ai", "generator", "prompt") for claim in self.claims)

    @property
    def conflict(self) -> bool:
        """Whether the file points both ways; both are shown then."""
        return self.camera and self.ai

    @property
    def voice(self) -> Voice:
        """How to speak of models: as what would happen, of diffusion, or of many generators."""
        if self.camera and not self.ai:
            return "would"
        named = " ".join(f"{c.value} {c.field}".lower() for c in self.claims if c.kind in ("generator", "prompt"))
        return "diffusion" if any(name in named for name in _DIFFUSION) else "many"


def _key(field: str) -> str:
    return re.sub(r"[^a-z0-9_\-]", "", field.lower().rsplit(":", 1)[-1])


def _kind(statement: Statement, key: str) -> ClaimKind | None:
    value = statement.value.lower()
    letters = re.sub(r"[^a-z]", "", value[-80:])
    for ending, kind in _SOURCE_TYPES:
        if letters.endswith(ending):
            return kind
    if any(name in key for name in _PROMPT_FIELDS) or any(mark in value[:20_000] for mark in _PROMPT_MARKS):
        return "prompt"
    if key in _CAMERA_FIELDS:
        return "camera"
    known = any(name in value for name in _GENERATORS)
    if known and len(value) <= 80:
        return "generator"
    if key in _TOOL_FIELDS:
        return "software" if key in ("software", "creatortool") else "other"
    return "other" if statement.level == "signed" else None


_ORDER: tuple[ClaimKind, ...] = (
    "ai",
    "partly_ai",
    "capture",
    "generator",
    "camera",
    "prompt",
    "art",
    "software",
    "other",
)


def _claims(statements: list[Statement]) -> list[Claim]:
    claims: list[Claim] = []
    for statement in statements:
        kind = _kind(statement, _key(statement.field))
        if kind is None:
            continue
        private = kind == "prompt"
        field = shorten(plain(statement.field.rsplit(":", 1)[-1]), 24)
        value = "" if private else shorten(plain(statement.value.rsplit("/", 1)[-1], 200), VALUE_COLUMNS)
        meaning = shorten(plain(statement.meaning, 60), VALUE_COLUMNS) if statement.meaning and not private else None
        claim = Claim(kind, plain(statement.source, 12), field, value, meaning, statement.level == "signed")
        if claim not in claims and not (private and any(c.kind == "prompt" for c in claims)):
            claims.append(claim)
    return sorted(claims, key=lambda c: (not c.signed, _ORDER.index(c.kind)))


def _prompt(statements: list[Statement]) -> str | None:
    for statement in statements:
        if _kind(statement, _key(statement.field)) == "prompt" and statement.value.strip():
            words = re.split(r"\n(?=Negative prompt:|Steps:)", statement.value[:20_000], maxsplit=1)[0]
            return plain(words, PROMPT_LIMIT)
    return None


def read_evidence(path: Path) -> Evidence:
    """Return what a file says about how it was made."""
    try:
        statements = list(stated(path))
    except (OSError, ValueError, SyntaxError):  # what Pillow raises for a file that is not what it says
        return Evidence((), readable=False)
    return Evidence(tuple(_claims(statements)), _prompt(statements))
