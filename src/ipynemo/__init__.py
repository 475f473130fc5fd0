"""Jupyter widgets that turn a picture into an explainer video.

>>> import ipynemo
>>> nemo = ipynemo.Nemo("local")
>>> nemo.where
'Local — nothing leaves this computer'
"""

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

__all__ = [
    "Asset",
    "AsyncNemo",
    "AsyncSession",
    "Clip",
    "Credits",
    "Draft",
    "Explained",
    "Nemo",
    "NemoError",
    "Render",
    "Reply",
    "Segment",
    "Session",
    "SessionInfo",
    "Timing",
    "Track",
    "edits",
    "errors",
    "events",
]

__version__ = "0.1.0"
