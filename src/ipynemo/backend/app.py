"""The application: the routes of the protocol behind the guard, and what runs beside them while the server lives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI

from ipynemo import __version__
from ipynemo.backend.cleanup import keep_clean
from ipynemo.backend.config import BackendConfig
from ipynemo.backend.envelope import add_handlers
from ipynemo.backend.excerpts import Excerpts
from ipynemo.backend.guard import Guard
from ipynemo.backend.previews import Previews
from ipynemo.backend.renders import RenderQueue
from ipynemo.backend.routes import accounts, chat, exports, health, previews, sessions, uploads
from ipynemo.backend.routes._common import Server
from ipynemo.backend.store import Store
from ipynemo.backend.store.news import listening
from ipynemo.backend.turns import Turns

if TYPE_CHECKING:
    from ipynemo.backend.turns import Respond

__all__ = ["create_app"]

TAGS = [
    {"name": "accounts", "description": "Tokens, browser links, credits."},
    {"name": "sessions", "description": "Sessions and their state."},
    {"name": "files", "description": "Uploads, and the files of signed links."},
    {"name": "chat", "description": "Turns, as streams of server-sent events."},
    {"name": "exports", "description": "Drafts into clips."},
    {"name": "health", "description": "Whether the server is alive."},
]


def create_app(config: BackendConfig, respond: Respond | None = None) -> FastAPI:
    """Return the application of one server.

    Parameters
    ----------
    config : BackendConfig
        Its settings.
    respond : callable, optional
        Another agent than the rule planner.
    """
    store = Store(config)
    queue = RenderQueue(store, config)
    turns = Turns(store, config, respond)
    moments, ranges = Previews(store.storage), Excerpts(store.storage)

    @asynccontextmanager
    async def alive(_app: FastAPI) -> AsyncIterator[None]:
        await store.open()
        queue.start()
        try:
            async with keep_clean(store, config.max_data_bytes), listening(store.database, queue.kick):
                yield
        finally:
            await turns.aclose()
            await ranges.aclose()
            await moments.aclose()
            await queue.aclose()
            await store.aclose()

    app = FastAPI(
        title="ipynemo backend",
        version=__version__,
        summary="A picture in, an explainer video out; the protocol of the cloud on this computer.",
        openapi_tags=TAGS,
        docs_url=None,  # these pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        lifespan=alive,
    )
    app.state.server = Server(config, store, queue, turns, moments, ranges)
    add_handlers(app)
    app.add_middleware(Guard, store=store)
    for router in (
        health.open_routes,
        accounts.open_routes,
        exports.open_routes,
        accounts.routes,
        sessions.routes,
        uploads.routes,
        chat.routes,
        exports.routes,
        previews.routes,
    ):
        app.include_router(router)
    return app
