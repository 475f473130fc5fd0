"""Jupyter widgets that turn a picture into an explainer video.

>>> import ipynemo
>>> nemo = ipynemo.Nemo("local")
>>> nemo.where
'Local — nothing leaves this computer'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipynemo import captions, concepts, edits, errors, events
    from ipynemo.client import (
        Asset,
        AsyncNemo,
        AsyncSession,
        Clip,
        Credits,
        Explained,
        Nemo,
        Preview,
        Render,
        Reply,
        Session,
        SessionInfo,
        Still,
    )
    from ipynemo.concepts.evidence import Evidence, evidence, evidence_frame
    from ipynemo.draft import Draft, Segment, Track
    from ipynemo.errors import NemoError
    from ipynemo.settings import Timing
    from ipynemo.widgets import (
        Chat,
        CreditsBadge,
        EvidenceCard,
        Exporter,
        NoiseSlider,
        PixelGrid,
        Player,
        SaveAgain,
        Studio,
        Timeline,
        TinyModelLab,
        Uploader,
    )

__all__ = [
    "Asset",
    "AsyncNemo",
    "AsyncSession",
    "Chat",
    "Clip",
    "Credits",
    "CreditsBadge",
    "Draft",
    "Evidence",
    "EvidenceCard",
    "Explained",
    "Exporter",
    "Nemo",
    "NemoError",
    "NoiseSlider",
    "PixelGrid",
    "Player",
    "Preview",
    "Render",
    "Reply",
    "SaveAgain",
    "Segment",
    "Session",
    "SessionInfo",
    "Still",
    "Studio",
    "Timeline",
    "Timing",
    "TinyModelLab",
    "Track",
    "Uploader",
    "captions",
    "concepts",
    "edits",
    "errors",
    "events",
    "evidence",
    "evidence_frame",
]

__version__ = "0.1.0"

# A worker process that draws needs none of them; whoever asks for one gets what stands behind it.
_MODULES = frozenset({"captions", "concepts", "edits", "errors", "events"})
_HOMES = {
    "client": "Asset AsyncNemo AsyncSession Clip Credits Explained Nemo Preview Render Reply Session SessionInfo Still",
    "concepts.evidence": "Evidence evidence evidence_frame",
    "draft": "Draft Segment Track",
    "errors": "NemoError",
    "settings": "Timing",
    "widgets": "Chat CreditsBadge EvidenceCard Exporter NoiseSlider PixelGrid Player SaveAgain Studio Timeline "
    "TinyModelLab Uploader",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    import importlib

    if name in _MODULES:
        return importlib.import_module(f"ipynemo.{name}")
    if name in _HOME_OF:
        value = globals()[name] = getattr(importlib.import_module(f"ipynemo.{_HOME_OF[name]}"), name)
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
