"""The client: the wire only, no widget and no server."""

from ipynemo.client.blocking import Nemo, Session
from ipynemo.client.client import AsyncNemo
from ipynemo.client.preview import Preview
from ipynemo.client.session import AsyncSession
from ipynemo.client.values import Asset, Clip, Credits, Explained, Render, Reply, SessionInfo, Still

__all__ = [
    "Asset",
    "AsyncNemo",
    "AsyncSession",
    "Clip",
    "Credits",
    "Explained",
    "Nemo",
    "Preview",
    "Render",
    "Reply",
    "Session",
    "SessionInfo",
    "Still",
]
