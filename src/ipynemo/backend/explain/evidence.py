"""Evidence: what a file states about how it was made, put in order and never weighed.

Three levels: signed, stated, none. Nothing here says whether a picture *is* an AI image; it says who says what.
A prompt is private: that there is a record is told, its words only where the user asks for them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ipynemo.backend.explain.captions import shorten
from ipynemo.concepts.evidence import evidence as read
from ipynemo.concepts.kinds import AI_KINDS, CAMERA_FIELDS, CAMERA_KINDS, DIFFUSION, KINDS, Kind, kind_of
from ipynemo.concepts.telling import NAMELESS
from ipynemo.draft.summary import plain
from ipynemo.errors import InvalidRequestError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from ipynemo.backend.explain.assets import AssetFacts
    from ipynemo.backend.explain.script import Script
    from ipynemo.concepts.statements import Statement

__all__ = ["Claim", "Evidence", "Voice", "evidence_for", "evidence_of", "read_evidence"]

Voice = Literal["many", "diffusion", "would"]

VALUE_COLUMNS = 30
OURS = "tiny diffusion"  # our own model: diffusion, but without such a map
PROMPT_LIMIT = 300  # characters that a card can hold


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that the file says, and where in the file it says so."""

    kind: Kind
    source: str
    field: str
    value: str
    signed: bool
    trusted: bool = False

    def spoken(self, script: Script) -> str:
        """Return the claim as a clause behind "the file says:"."""
        if self.kind == "record" and not self.value:
            return script.one("claim", "unnamed")
        named = self.kind == "generator" and not re.search(
            "software|creator|program|generator|agent", self.field.lower()
        )
        return script.one("claim", "other" if named else self.kind, value=self.value, field=self.field)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one file says about itself.

    Parameters
    ----------
    claims : tuple of Claim
        The strongest first: signed before stated.
    prompt : str or None
        The words of a prompt record, for a user who asks for them.
    certain : bool
        False where these are texts found in a graph, of which nobody knows which one was the prompt.
    readable : bool
        False where the file's statements could not be read.
    prompt_claim : Claim or None
        The record that the prompt stands in.
    """

    claims: tuple[Claim, ...]
    prompt: str | None = None
    certain: bool = True
    readable: bool = True
    prompt_claim: Claim | None = None

    @property
    def level(self) -> Literal["signed", "stated", "nothing", "unread"]:
        """The strongest level of evidence that there is."""
        if not self.readable:
            return "unread"
        if any(claim.signed for claim in self.claims):
            return "signed"
        if self.claims and all(claim.kind == "broken" for claim in self.claims):
            return "unread"
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
        return any(claim.kind in CAMERA_KINDS for claim in self.claims)

    @property
    def ai(self) -> bool:
        """Whether something points to a generator."""
        return any(claim.kind in AI_KINDS for claim in self.claims)

    @property
    def conflict(self) -> bool:
        """Whether the file points both ways; both are shown then."""
        return self.camera and self.ai

    @property
    def voice(self) -> Voice:
        """How to speak of models: as what would happen, of diffusion, or of many generators."""
        if self.camera and not self.ai:
            return "would"
        return "diffusion" if any(name in self._generators for name in DIFFUSION) else "many"

    @property
    def latent(self) -> bool:
        """Whether Stable Diffusion's smaller map is worth telling of: not where the file names another generator."""
        if OURS in self._generators:
            return False
        return self.voice != "many" or not self.ai

    @property
    def _generators(self) -> str:
        return " ".join(c.value.lower() for c in self.claims if c.kind in ("generator", "record"))


def _claim(statement: Statement) -> Claim:
    kind = kind_of(statement)
    value = plain(statement.value, 200)
    if kind == "record":
        value = value.removesuffix(" record")
        value = "" if value == NAMELESS else value
    if kind == "broken":
        value = ""
    field = shorten(plain(statement.field), 24)
    shown = shorten(value, VALUE_COLUMNS)
    return Claim(kind, plain(statement.source, 12), field, shown, statement.level == "signed", statement.trusted)


def _ordered(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    def place(claim: Claim) -> tuple[bool, int, bool, int]:
        fields = (*CAMERA_FIELDS, claim.field)
        return (not claim.signed, KINDS.index(claim.kind), not claim.value, fields.index(claim.field))

    return tuple(sorted(dict.fromkeys(claims), key=place))


def _cameras_whole(claims: Iterable[Claim]) -> list[Claim]:
    """Return claims in which a camera's make and model, where one source names both, are one claim."""
    told = list(dict.fromkeys(claims))
    for make in [claim for claim in told if claim.field in ("Make", "tiff:Make")]:
        names = make.field.replace("Make", "Model")
        whom = (make.source, make.signed, make.trusted)
        models = [c for c in told if c.field == names and (c.source, c.signed, c.trusted) == whom]
        if make.kind != "camera" or len(models) != 1 or not models[0].value:
            continue
        (model,) = models
        again = model.value.lower().startswith(make.value.lower())  # as many write it
        whole = shorten(model.value if again else f"{make.value} {model.value}", VALUE_COLUMNS)
        told[told.index(model)] = replace(model, value=whole)
        told.remove(make)
    return told


def read_evidence(path: str | os.PathLike[str]) -> Evidence:
    """Return what a file says about how it was made."""
    try:
        return evidence_of(read(path).statements)
    except InvalidRequestError:  # the file is gone
        return Evidence((), readable=False)


def evidence_for(asset: AssetFacts) -> Evidence:
    """Return what an uploaded file says, as it was read when it came; it is read again only where that is not known."""
    return read_evidence(asset.path) if asset.evidence is None else evidence_of(asset.evidence.statements)


def evidence_of(statements: Sequence[Statement]) -> Evidence:
    """Return statements as evidence, put in order."""
    claims = _ordered(_cameras_whole(_claim(s) for s in statements))
    found = [(s, s.record) for s in statements if s.record and s.record.prompt]
    if not found:
        return Evidence(claims)
    statement, record = min(found, key=lambda pair: not pair[1].certain)
    words = plain(str(record.prompt), PROMPT_LIMIT)
    return Evidence(claims, words, record.certain, prompt_claim=_claim(statement))
