"""The widgets: faces of a session in a notebook, each usable alone."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipynemo.widgets.chat import Chat
    from ipynemo.widgets.concept_evidence import EvidenceCard
    from ipynemo.widgets.concept_lab import TinyModelLab
    from ipynemo.widgets.concept_labels import SaveAgain
    from ipynemo.widgets.concept_noise import NoiseSlider
    from ipynemo.widgets.concept_pixels import PixelGrid
    from ipynemo.widgets.credits import CreditsBadge
    from ipynemo.widgets.exporter import Exporter
    from ipynemo.widgets.player import Player
    from ipynemo.widgets.studio import Studio
    from ipynemo.widgets.timeline import Timeline
    from ipynemo.widgets.uploader import Uploader

_HOMES = {
    "Chat": "chat",
    "CreditsBadge": "credits",
    "EvidenceCard": "concept_evidence",
    "Exporter": "exporter",
    "NoiseSlider": "concept_noise",
    "PixelGrid": "concept_pixels",
    "Player": "player",
    "SaveAgain": "concept_labels",
    "Studio": "studio",
    "Timeline": "timeline",
    "TinyModelLab": "concept_lab",
    "Uploader": "uploader",
}

__all__ = [
    "Chat",
    "CreditsBadge",
    "EvidenceCard",
    "Exporter",
    "NoiseSlider",
    "PixelGrid",
    "Player",
    "SaveAgain",
    "Studio",
    "Timeline",
    "TinyModelLab",
    "Uploader",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"ipynemo.widgets.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_HOMES)
