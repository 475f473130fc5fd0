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
)
from ipynemo.draft import Draft, Segment, Track
from ipynemo.errors import NemoError
from ipynemo.settings import Timing

if TYPE_CHECKING:
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
    "Studio",
    "Timeline",
    "Timing",
    "Track",
    "Uploader",
    "edits",
    "errors",
    "events",
]

__version__ = "0.1.0"

_WIDGETS = frozenset({"Chat", "CreditsBadge", "Exporter", "Player", "Studio", "Timeline", "Uploader"})


def __getattr__(name: str) -> Any:
    """Reach the widgets when they are asked for: `import ipynemo` alone loads no widget library."""
    if name in _WIDGETS:
        from ipynemo import widgets

        return getattr(widgets, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_WIDGETS})
