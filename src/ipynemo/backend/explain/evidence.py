"""Evidence: what a file states about how it was made, put in order and never weighed.

Three levels: signed, stated, none. Nothing here says whether a picture *is* an AI image; it says who says what.
A prompt is private: that there is a record is told, its words only where the user asks for them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ipynemo.backend.explain.captions import shorten
from ipynemo.concepts.metadata import stated
from ipynemo.draft.summary import plain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ipynemo.backend.explain.script import Script
    from ipynemo.concepts.metadata import Statement

__all__ = ["Claim", "Evidence", "Voice", "evidence_of", "read_evidence"]

ClaimKind = Literal[
    "misfit", "online", "broken", "signer", "ai", "partly_ai", "capture", "record", "generator", "camera", "art",
    "computed", "scan", "screen", "edited", "software", "other",
]  # fmt: skip
Voice = Literal["many", "diffusion", "would"]

LINE_COLUMNS = 56
VALUE_COLUMNS = 30
PROMPT_LIMIT = 300  # characters that a card can hold

_SOURCE_TYPES: dict[str, ClaimKind] = {
    "trainedAlgorithmicMedia": "ai",
    "compositeWithTrainedAlgorithmicMedia": "partly_ai",
    "compositeSynthetic": "partly_ai",
    "digitalCapture": "capture",
    "computationalCapture": "capture",
    "compositeCapture": "capture",
    "minorHumanEdits": "edited",
    "humanEdits": "edited",
    "composite": "edited",
    "negativeFilm": "scan",
    "positiveFilm": "scan",
    "print": "scan",
    "digitalCreation": "art",
    "digitalArt": "art",
    "softwareImage": "computed",
    "algorithmicMedia": "computed",
    "algorithmicallyEnhanced": "computed",
    "dataDrivenMedia": "computed",
    "virtualRecording": "screen",
    "screenCapture": "screen",
}
# Generators that are known to be diffusion models, and others whose names say that a trained model made the picture.
_DIFFUSION = ("stable diffusion", "sdxl", "comfyui", "invokeai", "novelai", "fooocus", "swarmui", "easy diffusion")
_GENERATORS: tuple[str, ...] = (
    *_DIFFUSION,
    "midjourney",
    "dall-e",
    "dall·e",
    "firefly",
    "imagen",
    "google ai",
    "openai",
    "chatgpt",
)
_GENERATORS += ("gpt-4o", "gpt-image", "gemini", "ideogram", "leonardo.ai", "image generator", "bing image creator")
_CAMERA_FIELDS = ("Model", "Make", "LensModel")

_ORDER = ClaimKind.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that the file says, and where in the file it says so."""

    kind: ClaimKind
    source: str
    field: str
    value: str
    signed: bool
    trusted: bool = False

    def spoken(self, script: Script) -> str:
        """Return the claim as a clause behind "the file says:"."""
        named = self.kind == "generator" and not re.search(
            "software|creator|program|generator|agent", self.field.lower()
        )
        return script.one("claim", "other" if named else self.kind, value=self.value, field=self.field)

    def line(self, script: Script, *, level: bool = False) -> str:
        """Return the claim as a line of a card: where it stands, and what it says."""
        template = self.kind if self.kind in script.table["line"] else "other"
        text = script.one("line", template, source=self.source, field=self.field, value=self.value)
        if self.kind == "signer":
            text = script.one("line", "signer_known" if self.trusted else "signer", value=self.value)
        elif level:
            text = script.one("line", "is_signed" if self.signed else "is_stated", text=text)
        return shorten(text, LINE_COLUMNS)


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
    def signer(self) -> Claim | None:
        """Who signed."""
        return next((claim for claim in self.claims if claim.kind == "signer" and claim.signed), None)

    @property
    def main(self) -> Claim | None:
        """The claim that is spoken of first."""
        return next((claim for claim in self.claims if claim.kind != "signer"), None)

    @property
    def camera(self) -> bool:
        """Whether something points to a camera."""
        return any(claim.kind in ("camera", "capture", "scan") for claim in self.claims)

    @property
    def ai(self) -> bool:
        """Whether something points to a generator."""
        return any(claim.kind in ("ai", "partly_ai", "generator", "record") for claim in self.claims)

    @property
    def conflict(self) -> bool:
        """Whether the file points both ways; both are shown then."""
        return self.camera and self.ai

    @property
    def voice(self) -> Voice:
        """How to speak of models: as what would happen, of diffusion, or of many generators."""
        if self.camera and not self.ai:
            return "would"
        named = " ".join(c.value.lower() for c in self.claims if c.kind in ("generator", "record"))
        return "diffusion" if any(name in named for name in _DIFFUSION) else "many"


def _kind(statement: Statement) -> ClaimKind:
    if statement.source == "C2PA" and statement.field == "record":
        return "misfit" if "fit" in statement.value else "online"
    if statement.field == "unreadable":
        return "broken"
    if statement.field == "signer":
        return "signer"
    if statement.private is not None:
        return "record"
    if statement.field == "DigitalSourceType":
        return _SOURCE_TYPES.get(statement.value, "other")
    if any(name in statement.value.lower() for name in _GENERATORS):
        return "generator"
    if statement.field in _CAMERA_FIELDS:
        return "camera"
    software = re.search("software|creatortool|program|claim generator", statement.field.lower())
    return "software" if software else "other"


def _claim(statement: Statement) -> Claim:
    kind = _kind(statement)
    value = plain(statement.value, 200)
    if kind == "record":
        value = value.removesuffix(" record")
    if kind == "broken":
        value = ""
    trusted = kind == "signer" and "vouches" in (statement.meaning or "")
    field = shorten(plain(statement.field), 24)
    shown = shorten(value, VALUE_COLUMNS)
    return Claim(kind, plain(statement.source, 12), field, shown, statement.level == "signed", trusted)


def _ordered(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    def place(claim: Claim) -> tuple[bool, int, int]:
        fields = (*_CAMERA_FIELDS, claim.field)
        return (not claim.signed, _ORDER.index(claim.kind), fields.index(claim.field))

    return tuple(sorted(dict.fromkeys(claims), key=place))


def _prompt(statements: list[Statement]) -> str | None:
    """Return the words that were asked for, where a record is plain text; a graph of nodes is no text to show."""
    for statement in statements:
        record = (statement.private or "").strip()
        if record and not record.startswith(("{", "[", "prompt:", "workflow:")):
            words = re.split(r"\n(?=Negative prompt:|Steps:)", record, maxsplit=1)[0]
            return plain(words, PROMPT_LIMIT)
        found = re.search(r'"(?:prompt|positive_prompt|text)"\s{0,4}:\s{0,4}"((?:[^"\\]|\\.){1,2000})"', record)
        if found:
            return plain(found[1].replace("\\n", " ").replace('\\"', '"'), PROMPT_LIMIT)
    return None


def read_evidence(path: Path) -> Evidence:
    """Return what a file says about how it was made."""
    try:
        statements = stated(path)
    except OSError:  # the file is gone
        return Evidence((), readable=False)
    return evidence_of(statements)


def evidence_of(statements: list[Statement]) -> Evidence:
    """Return statements as evidence, put in order."""
    return Evidence(_ordered(_claim(s) for s in statements), _prompt(statements))
