"""Uploads: files that the client sends, or addresses that the server fetches. All of a request is taken, or nothing."""

from __future__ import annotations

import asyncio
import json
import uuid
from pathlib import Path
from typing import Any

from fastapi import Request
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from ipynemo.backend.evidence import evidence_text
from ipynemo.backend.fetch import fetch
from ipynemo.backend.media import MediaInfo, probe, safe_name
from ipynemo.backend.multipart import MAX_FILES, Arrived, check_room, receive_files
from ipynemo.backend.routes._common import Caller, Server, ServerPart, SessionId, errors, file_data, router
from ipynemo.backend.schemas import UploadAnswer, UploadData, UrlUpload
from ipynemo.backend.store.files import DataFolder
from ipynemo.backend.store.models import Asset
from ipynemo.backend.strict import parse
from ipynemo.backend.unavailable import UnavailableError
from ipynemo.errors import UnsupportedFileError
from ipynemo.formats import MAX_UPLOAD_BYTES

__all__ = ["routes"]

routes = router("files")

AROUND_BYTES = 64 << 10  # of a request, which are not the files' own
SPARE_BYTES = 64 << 20  # left on the disk for the database and the log

BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MAX_FILES,
                            "items": {"type": "string", "format": "binary"},
                            "description": "Pictures, films and sound; at most 200 MB each.",
                        }
                    },
                }
            },
            "application/json": {"schema": UrlUpload.model_json_schema()},
        },
    }
}


@routes.post("/api/upload-video/nemo_agent/me/{session_id}", responses=errors(403, 404, 415, 507), openapi_extra=BODY)
async def upload(session_id: SessionId, request: Request, server: ServerPart, caller: Caller) -> UploadAnswer:
    """Take files into a session."""
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    session = await server.store.sessions.get(session_id, caller.user_id, touch=True)
    declared = request.headers.get("content-length", "0")
    if declared.isdigit():
        await server.store.assets.check_room(caller.user_id, max(0, int(declared[:15]) - AROUND_BYTES))
        await asyncio.to_thread(check_room, server.store.folder.spool, int(declared[:15]) + SPARE_BYTES)
    if kind == "multipart/form-data":
        arrived = await receive_files(content_type, request.stream(), server.store.folder.spooled)
    elif kind == "application/json":
        arrived = await _fetch_all(server, _order(await request.body()))
    else:
        raise UnsupportedFileError(
            "An upload is multipart/form-data with parts named “files”, or JSON with “urls”.", code=4001
        )
    assets = await _take(server, session.id, arrived)
    return UploadAnswer(data=UploadData(files=[file_data(server, request, asset) for asset in assets]))


def _order(body: bytes) -> UrlUpload:
    try:
        return UrlUpload.model_validate(parse(body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise HTTPException(422, f"{place or 'the body'}: {first['msg']}") from None
    except (ValueError, json.JSONDecodeError) as error:
        raise HTTPException(400, f"The body is not JSON that can be read: {error}.") from None


async def _fetch_all(server: Server, order: UrlUpload) -> list[Arrived]:
    arrived: list[Arrived] = []
    try:
        for url in order.urls:
            path = server.store.folder.spooled()
            arrived.append(Arrived("", path))
            fetched = await fetch(url, path, max_bytes=MAX_UPLOAD_BYTES, allow_private=server.config.allow_private_urls)
            arrived[-1] = Arrived(fetched.name, path, fetched.size_bytes, fetched.sha256)
    except BaseException:
        _discard([file.path for file in arrived])
        raise
    return arrived


async def _take(server: Server, session_id: str, arrived: list[Arrived]) -> list[Asset]:
    """Look into the files, then put them into the storage and keep them; on any failure nothing stays."""
    stored: list[str] = []
    try:
        assets: list[Asset] = []
        for file in arrived:
            name = safe_name(file.name)
            asset = _asset(session_id, name, file, await asyncio.to_thread(probe, file.path, name))
            asset.evidence = await asyncio.to_thread(evidence_text, file.path, asset.kind)  # type: ignore[arg-type]
            assets.append(asset)
        for file, asset in zip(arrived, assets, strict=True):
            stored.append(asset.path)
            await server.store.storage.put(file.path, asset.path)
        await server.store.assets.add(session_id, assets)
    except BaseException:
        _discard([file.path for file in arrived])
        await asyncio.shield(_unstore(server, stored))
        raise
    return assets


async def _unstore(server: Server, keys: list[str]) -> None:
    for key in keys:
        try:
            await server.store.storage.delete(key)
        except UnavailableError:  # what stays goes with its session, or a day later
            return


def _asset(session_id: str, name: str, file: Arrived, info: MediaInfo) -> Asset:
    asset_id = f"ast_{uuid.uuid4().hex}"
    return Asset(
        id=asset_id,
        session_id=session_id,
        name=name,
        kind=info.kind,
        format=info.format,
        mime=info.mime,
        path=DataFolder.of_asset(session_id, asset_id, info.format),
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        duration_s=info.duration_s,
        width_px=info.width_px,
        height_px=info.height_px,
        fps=info.fps,
        has_audio=info.has_audio,
    )


def _discard(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
