"""What sort of thing a statement says: that sorts evidence and chooses its words, and never weighs it."""

from __future__ import annotations

import re
from typing import Literal

from ipynemo.concepts.credentials import ONLINE
from ipynemo.concepts.generators import names_generator
from ipynemo.concepts.statements import Statement

__all__ = ["AI_KINDS", "CAMERA_FIELDS", "CAMERA_KINDS", "DIFFUSION", "KINDS", "Kind", "kind_of"]

Kind = Literal[
    "misfit", "online", "broken", "signer", "ai", "partly_ai", "capture", "record", "generator", "camera", "art",
    "computed", "scan", "screen", "edited", "software", "other",
]  # fmt: skip
KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]  # in the order in which they are told

AI_KINDS: frozenset[Kind] = frozenset({"ai", "partly_ai", "record", "generator"})
CAMERA_KINDS: frozenset[Kind] = frozenset({"camera", "capture", "scan"})
CAMERA_FIELDS = ("Model", "Make", "LensModel", "tiff:Model", "tiff:Make")

# Generators that are known to be diffusion models.
DIFFUSION = (
    "stable diffusion", "sdxl", "comfyui", "invokeai", "novelai", "fooocus", "swarmui", "easy diffusion", "sd.next",
    "draw things", "tiny diffusion",
)  # fmt: skip

_SOURCE_TYPES: dict[str, Kind] = {
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
_SOFTWARE = re.compile("software|creatortool|program|claim generator|encoder")


def kind_of(statement: Statement) -> Kind:
    """Return what sort of thing a statement says."""
    field, value = statement.field, statement.value
    if statement.source == "C2PA" and field == "record":
        return "online" if value == ONLINE else "misfit"
    if field == "unreadable":
        return "broken"
    if field == "signer":
        return "signer"
    if statement.record is not None:
        return "record"
    if field == "DigitalSourceType":
        kind = _SOURCE_TYPES.get(value, "other")
        return "partly_ai" if kind == "ai" and statement.source == "C2PA part" else kind
    if field == "AIGC":
        return "ai" if value == "1" else "other"
    if field in ("AI agent", "AISystemUsed", "Source") or names_generator(value):
        return "generator"
    if field in CAMERA_FIELDS:
        return "camera"
    return "software" if _SOFTWARE.search(field.lower()) else "other"
