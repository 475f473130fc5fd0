"""Jupyter widgets that turn a picture into an explainer video.

>>> import ipynemo
>>> nemo = ipynemo.Nemo("local")
>>> nemo.where
'Local — nothing leaves this computer'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ipynemo import edits, errors, events
from ipynemo.client import (
    Asset,
    AsyncNemo,
    AsyncSession,
    Clip,
    Credits,
    Explained,
    Nemo,
    Render,
    Reply,
    Session,
    SessionInfo,
    Still,
)
from ipynemo.draft import Draft, Segment, Track
from ipynemo.errors import NemoError
from ipynemo.settings import Timing

if TYPE_CHECKING:
    from ipynemo import concepts
    from ipynemo.concepts.evidence import Evidence, evidence, evidence_frame
    from ipynemo.widgets import Chat, CreditsBadge, Exporter, Player, Studio, Timeline, Uploader

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
    "Explained",
    "Exporter",
    "Nemo",
    "NemoError",
    "Player",
    "Render",
    "Reply",
    "Segment",
    "Session",
    "SessionInfo",
    "Still",
    "Studio",
    "Timeline",
    "Timing",
    "Track",
    "Uploader",
    "concepts",
    "edits",
    "errors",
    "events",
    "evidence",
    "evidence_frame",
]

__version__ = "0.1.0"

_LAZY = {
    **dict.fromkeys(("Chat", "CreditsBadge", "Exporter", "Player", "Studio", "Timeline", "Uploader"), "widgets"),
    **dict.fromkeys(("Evidence", "evidence", "evidence_frame"), "concepts.evidence"),
}


def __getattr__(name: str) -> Any:
    """Reach what is heavy when it is asked for: `import ipynemo` alone loads no widgets and looks at no pictures."""
    import importlib

    if name == "concepts":
        return importlib.import_module("ipynemo.concepts")
    if name in _LAZY:
        return getattr(importlib.import_module(f"ipynemo.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, "concepts"})
