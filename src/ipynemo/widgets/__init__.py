"""The widgets: faces of a session in a notebook, each usable alone."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipynemo.widgets.chat import Chat
    from ipynemo.widgets.credits import CreditsBadge
    from ipynemo.widgets.exporter import Exporter
    from ipynemo.widgets.player import Player
    from ipynemo.widgets.studio import Studio
    from ipynemo.widgets.timeline import Timeline
    from ipynemo.widgets.uploader import Uploader

_HOMES = {
    "Chat": "chat",
    "CreditsBadge": "credits",
    "Exporter": "exporter",
    "Player": "player",
    "Studio": "studio",
    "Timeline": "timeline",
    "Uploader": "uploader",
}

__all__ = ["Chat", "CreditsBadge", "Exporter", "Player", "Studio", "Timeline", "Uploader"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"ipynemo.widgets.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_HOMES)
