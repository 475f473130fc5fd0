"""Exports, and the files that signed links lead to."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any

from fastapi import Path, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ipynemo.backend.ranges import file_answer
from ipynemo.backend.routes._common import Caller, Server, ServerPart, errors, router
from ipynemo.backend.schemas import ID_PATTERN, OutputData, RenderAnswer, RenderData, RenderOrder
from ipynemo.backend.store.models import Render
from ipynemo.backend.store.renders import Standing
from ipynemo.draft.values import Draft
from ipynemo.errors import NothingToExportError, PlanError

__all__ = ["open_routes", "routes"]

routes = router("exports")
open_routes = router("files", open_to_all=True)

ATTRIBUTION = ("X-Skill-Source", "X-Skill-Version", "X-Skill-Platform")
RenderPath = Annotated[str, Path(pattern=ID_PATTERN, max_length=128)]

FILE_HEADERS = {
    "ETag": {"schema": {"type": "string"}},
    "Accept-Ranges": {"schema": {"type": "string"}},
    "Content-Length": {"schema": {"type": "integer"}},
}
WHOLE = {"description": "The file.", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
FILE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {**WHOLE, "headers": FILE_HEADERS},
    206: {**WHOLE, "description": "The range of the file that was asked for.", "headers": FILE_HEADERS},
    304: {"description": "The file that the client has is the same."},
}


@routes.post("/api/render/proxy/lambda", responses=errors(402, 404, 409, 429))
async def submit(order: RenderOrder, request: Request, server: ServerPart, caller: Caller) -> RenderAnswer:
    """Queue an export of the draft that is sent; the same order a second time is the first one again."""
    missing = [name for name in ATTRIBUTION if not request.headers.get(name, "").strip()]
    if missing:
        raise PlanError(f"Export needs the attribution headers; missing: {', '.join(missing)}.", code=402)
    if not server.config.plan_export:
        raise PlanError("Export is not part of this plan; credits do not help.", code=402)
    session = await server.store.sessions.get(order.session_id, caller.user_id, touch=True)
    draft = Draft(order.draft)
    if draft.is_empty:
        raise NothingToExportError(
            "There is nothing to export yet: the draft has no segment.", hint="Ask for an explanation first."
        )
    wanted = json.dumps([session.id, order.draft, order.output.quality], sort_keys=True)
    render = Render(
        id=order.id,
        user_id=caller.user_id,
        session_id=session.id,
        draft=draft.to_json(),
        fingerprint=hashlib.sha256(wanted.encode()).hexdigest(),
        quality=order.output.quality,
        status="pending",
        progress=0.0,
        lease_until=0.0,
        attempts=0,
        created_at=0.0,  # set by the database's clock
    )
    await server.store.renders.submit(render)
    server.queue.kick()
    return _answer(server, request, await _standing(server, caller.user_id, order.id))


@routes.get("/api/render/proxy/lambda/{render_id}", responses=errors(404))
async def poll(render_id: RenderPath, request: Request, server: ServerPart, caller: Caller) -> RenderAnswer:
    """Tell how far an export is."""
    return _answer(server, request, await _standing(server, caller.user_id, render_id))


@routes.post("/api/render/proxy/lambda/{render_id}/cancel", responses=errors(404))
async def cancel(render_id: RenderPath, request: Request, server: ServerPart, caller: Caller) -> RenderAnswer:
    """Cancel an export; one that has ended stays as it is."""
    if await server.store.renders.cancel(render_id, caller.user_id):
        server.queue.drop(render_id)
    return _answer(server, request, await _standing(server, caller.user_id, render_id))


@routes.get(
    "/api/render/proxy/{render_id}/download",
    response_class=Response,
    responses={**errors(404, 416), **FILE_ANSWERS},
)
@routes.head("/api/render/proxy/{render_id}/download", include_in_schema=False)
async def download(render_id: RenderPath, request: Request, server: ServerPart, caller: Caller) -> Response:
    """Give the clip, with the token."""
    standing = await _standing(server, caller.user_id, render_id)
    return await _clip(server, request, standing.render)


@open_routes.get(
    "/api/files/{kind}/{file_id}",
    response_class=Response,
    responses={**errors(403, 404, 416, 422, open_to_all=True), **FILE_ANSWERS},
)
@open_routes.head("/api/files/{kind}/{file_id}", include_in_schema=False)
async def signed_file(
    kind: Annotated[str, Path(pattern="^(asset|render)$")],
    file_id: RenderPath,
    expires: Annotated[int, Query(ge=0, le=10**12)],
    signature: Annotated[str, Query(min_length=1, max_length=100)],
    request: Request,
    server: ServerPart,
) -> Response:
    """Give the file of a signed link."""
    server.links.check(kind, file_id, expires, signature)
    if kind == "render":
        standing = await server.store.renders.find(file_id)
        return await _clip(server, request, standing.render if standing else None)
    asset = await server.store.assets.get(file_id)
    if asset is not None:
        try:
            return file_answer(request, await server.store.storage.open(asset.path), mime=asset.mime, name=asset.name)
        except FileNotFoundError:
            asset = None
    raise HTTPException(404, "The file is gone.")


async def _standing(server: Server, user_id: str, render_id: str) -> Standing:
    standing = await server.store.renders.find(render_id, user_id)
    if standing is None:
        raise HTTPException(404, "There is no such render.")
    return standing


async def _clip(server: Server, request: Request, render: Render | None) -> Response:
    if render is not None and render.status == "completed" and render.path is not None:
        try:
            file = await server.store.storage.open(render.path)
            return file_answer(request, file, mime="video/mp4", name=f"{render.id}.mp4")
        except FileNotFoundError:
            raise HTTPException(404, "The clip is gone. Export again.") from None
    raise HTTPException(404, "There is no clip (yet).")


def _answer(server: Server, request: Request, standing: Standing) -> RenderAnswer:
    render = standing.render
    output = None
    if render.status == "completed":
        output = OutputData(
            url=server.link(request, "render", render.id),
            size=render.size_bytes,
            duration=render.duration_s,
            width=render.width_px,
            height=render.height_px,
        )
    data = RenderData(
        id=render.id,
        session_id=render.session_id,
        status=render.status,  # type: ignore[arg-type]  # the column holds only these five
        progress=round(render.progress, 1),
        output=output,
        output_url=output.url if output else None,
        error=render.error,
        queue_position=standing.before,
    )
    return RenderAnswer(
        id=data.id, status=data.status, progress=data.progress, output=output, error=data.error, data=data
    )
