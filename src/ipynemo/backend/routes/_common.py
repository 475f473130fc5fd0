"""What the routes share: who is asking, what the server has, and which errors the document promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Security
from fastapi.security import HTTPBearer

from ipynemo.backend.config import BackendConfig
from ipynemo.backend.excerpts import Excerpts
from ipynemo.backend.guard import IDENTITY
from ipynemo.backend.links import FileKind, Links
from ipynemo.backend.previews import Previews
from ipynemo.backend.renders import RenderQueue
from ipynemo.backend.schemas import ID_PATTERN, ErrorAnswer, FileData
from ipynemo.backend.store import Store
from ipynemo.backend.store.models import Asset
from ipynemo.backend.store.users import Identity
from ipynemo.backend.strict import StrictRoute
from ipynemo.backend.turns import Turns

__all__ = ["Caller", "Server", "ServerPart", "SessionId", "errors", "file_data", "iso", "router"]


@dataclass(frozen=True)
class Server:
    """The parts of a running server that routes need."""

    config: BackendConfig
    store: Store
    queue: RenderQueue
    turns: Turns
    previews: Previews
    excerpts: Excerpts

    @cached_property
    def links(self) -> Links:
        """The signed links; asked for only once the store is open, because servers share its key."""
        return Links(self.store.key, self.config.link_ttl_s)

    def link(self, request: Request, kind: FileKind, file_id: str) -> str:
        """Return a signed link under the address that the client reached us at."""
        return str(request.base_url).rstrip("/") + self.links.path(kind, file_id)


def _server(request: Request) -> Server:
    server: Server = request.app.state.server
    return server


def _identity(request: Request) -> Identity:
    identity: Identity = request.scope["state"][IDENTITY]
    return identity


bearer = HTTPBearer(auto_error=False, description="The token; the guard demands it before a route is reached.")

ServerPart = Annotated[Server, Depends(_server)]
Caller = Annotated[Identity, Depends(_identity)]
SessionId = Annotated[str, Path(pattern=ID_PATTERN, max_length=64)]

MEANINGS = {
    400: "The request is wrong, or not JSON.",
    401: "The token is missing, wrong or expired (code 1001).",
    402: "The plan does not include this (code 402).",
    403: "Not allowed (code 403), or the credits are used up (code 2001).",
    404: "There is no such thing for this user (a session: code 1002).",
    408: "The rest of the request did not come.",
    409: "The id is taken.",
    413: "Too large (a file: code 4002).",
    415: "No file of an accepted type (code 4001).",
    416: "The file has no such range.",
    422: "A field is missing or wrong.",
    429: "Too much at once.",
    503: "The backend's database or storage does not answer at the moment.",
    507: "The disk of the backend is full.",
}


def errors(*statuses: int, open_to_all: bool = False) -> dict[int | str, dict[str, Any]]:
    """Return the documented errors of a route; a bad token, body or path can happen to every one."""
    always = {400, 413, 408} if open_to_all else {400, 401, 408, 413, 422}
    return {status: {"model": ErrorAnswer, "description": MEANINGS[status]} for status in sorted({*always, *statuses})}


def router(tag: str, *, open_to_all: bool = False) -> APIRouter:
    """Return a router for a family of calls."""
    dependencies = [] if open_to_all else [Security(bearer)]
    return APIRouter(tags=[tag], route_class=StrictRoute, dependencies=dependencies)


def iso(seconds: float) -> str:
    """Return a time as ISO 8601, in UTC."""
    return datetime.fromtimestamp(min(seconds, 253_402_300_799), UTC).isoformat(timespec="seconds")


def file_data(server: Server, request: Request, asset: Asset) -> FileData:
    """Return what the protocol says of an uploaded file."""
    return FileData(
        id=asset.id,
        filename=asset.name,
        file_type=asset.kind,  # type: ignore[arg-type]  # the column holds only these three
        cdn_url=server.link(request, "asset", asset.id),
        duration=asset.duration_s,
        width=asset.width_px,
        height=asset.height_px,
        fps=asset.fps,
        hash=asset.sha256,
        size=asset.size_bytes,
    )
