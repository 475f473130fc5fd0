"""Whether the server is alive; asked by whoever starts it, without a token."""

from __future__ import annotations

from ipynemo import __version__
from ipynemo.backend.routes._common import router
from ipynemo.backend.schemas import Health

__all__ = ["open_routes"]

open_routes = router("health", open_to_all=True)


@open_routes.get("/health")
async def health() -> Health:
    """Tell that the server is alive, and which version it is."""
    return Health(version=__version__)
