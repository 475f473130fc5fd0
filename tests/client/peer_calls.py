"""The protocol's calls, as the tests' backend answers them; `peer_server.py` carries them."""

# ruff: noqa: ASYNC230, ASYNC240 - one small server for tests, which may wait for its disk

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from python_multipart.multipart import MultipartParser, parse_options_header

CHUNK = 256 << 10


class DroppedError(Exception):
    """The connection is to be closed here and now."""


@dataclass
class World:
    """What one test sees of the backend."""

    options: dict[str, Any] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)
    renders: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: int = 0
    sessions: int = 0
    active: int = 0
    most_active: int = 0

    def note(self, **entry: Any) -> dict[str, Any]:
        entry["n"] = len(self.log)
        self.log.append(entry)
        return entry


@dataclass
class Request:
    world: World
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: AsyncIterator[bytes]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    base: str
    foreign_port: int
    entry: dict[str, Any] = field(default_factory=dict)

    async def whole(self) -> bytes:
        return b"".join([chunk async for chunk in self.body])


async def answer(request: Request, status: int, body: bytes | Any, headers: dict[str, str] | None = None) -> None:
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **(headers or {})}
    lines = [f"HTTP/1.1 {status} x", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    request.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    await request.writer.drain()


def envelope(data: Any) -> dict[str, Any]:
    return {"code": 0, "message": "ok", "data": data}


async def anonymous_token(request: Request) -> None:
    world = request.world
    await asyncio.sleep(world.options.get("token_delay_s", 0))
    world.tokens += 1
    data = {"token": f"nmv_usr_{world.tokens}", "user_id": "u-7", "credits": 100}
    data |= {"expires_at": world.options.get("expires_at", "2099-01-01T00:00:00Z")}
    await answer(request, 200, envelope(data))


async def create_session(request: Request) -> None:
    made = json.loads(await request.whole())
    request.entry["json"] = made
    request.world.sessions = number = request.world.sessions + 1
    await answer(request, 200, envelope({"task_id": f"t-{number}", "session_id": f"s-{number}", "user_id": "u-7"}))


async def upload(request: Request) -> None:
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        request.entry["json"] = json.loads(await request.whole())
        names = [url.rsplit("/", 1)[-1] for url in request.entry["json"]["urls"]]
        files = [{"filename": name, "file_type": "image", "cdn_url": f"cdn://{name}"} for name in names]
        await answer(request, 200, envelope({"files": files, "session_state_applied": True}))
        return
    parts: list[dict[str, Any]] = []
    header: list[bytes] = [b"", b""]

    def begin() -> None:
        parts.append({"headers": {}, "size": 0, "hash": hashlib.sha256()})

    def header_field(data: bytes, start: int, end: int) -> None:
        header[0] += data[start:end]

    def header_value(data: bytes, start: int, end: int) -> None:
        header[1] += data[start:end]

    def header_end() -> None:
        parts[-1]["headers"][header[0].decode().lower()] = header[1]
        header[:] = [b"", b""]

    def data_seen(data: bytes, start: int, end: int) -> None:
        parts[-1]["size"] += end - start
        parts[-1]["hash"].update(data[start:end])

    _, options = parse_options_header(kind)
    parser = MultipartParser(
        options[b"boundary"],
        {
            "on_part_begin": begin,
            "on_header_field": header_field,
            "on_header_value": header_value,
            "on_header_end": header_end,
            "on_part_data": data_seen,
        },
    )
    async for chunk in request.body:
        parser.write(chunk)
    parser.finalize()
    seen = []
    for part in parts:
        _, named = parse_options_header(part["headers"]["content-disposition"])
        seen.append(
            {
                "name": named[b"name"].decode(),
                "filename": named[b"filename"].decode("utf-8", "surrogateescape"),
                "type": part["headers"]["content-type"].decode(),
                "size": part["size"],
                "sha256": part["hash"].hexdigest(),
            }
        )
    request.entry["parts"] = seen
    files = [
        {"filename": part["filename"], "file_type": part["type"].split("/")[0], "width": 640.0, "height": 480}
        for part in seen
    ]
    await answer(request, 200, envelope({"files": files, "session_state_applied": True}))


async def state(request: Request) -> None:
    draft = request.world.options.get("draft_text")
    text = draft if draft is not None else json.dumps(request.world.options.get("draft", {}))
    body = f'{{"code": 0, "data": {{"state": {{"draft": {text}}}}}}}'.encode()
    await answer(request, 200, body, {"Content-Type": "application/json"})


async def submit(request: Request) -> None:
    text = (await request.whole()).decode()
    order = json.loads(text)
    request.entry |= {"json": order, "text": text}
    plan = request.world.options.get("plans")
    number = len(request.world.renders)
    steps = plan[min(number, len(plan) - 1)] if plan else [{"status": "completed", "progress": 100}]
    request.world.renders[order["id"]] = {"steps": list(steps), "looks": 0, "session": order["sessionId"]}
    await answer(request, 200, request.world.options.get("submitted", {"success": True, "data": {"id": order["id"]}}))


async def look(request: Request) -> None:
    options = request.world.options
    render = request.world.renders.get(request.path.rsplit("/", 1)[-1])
    if render is None or render["looks"] < options.get("unseen_looks", 0):
        if render is not None:
            render["looks"] += 1
        await answer(request, 404, {"detail": "no such render"})
        return
    render["looks"] += 1
    now = dict(render["steps"][0] if len(render["steps"]) == 1 else render["steps"].pop(0))
    if now["status"] == "completed" and "url" not in now:
        now["url"] = options.get(
            "url", f"http://localhost:{request.foreign_port}{request.base}/files/clip.mp4?sig=s3cret"
        )
    url = now.pop("url", None)
    if options.get("shape") == "data":
        await answer(request, 200, {"success": True, "data": {**now, "outputUrl": url}})
    else:
        await answer(request, 200, {**now, "output": {"url": url}} if url else now)


async def cancel(request: Request) -> None:
    render = request.world.renders[request.path.split("/")[-2]]
    render["steps"] = [{"status": "cancelled", "progress": 10}]
    await answer(request, 200, {"success": True})


async def download(request: Request) -> None:
    elsewhere = request.world.options.get("redirect_download")
    if elsewhere:
        where = f"http://localhost:{request.foreign_port}{request.base}/files/other.mp4?sig=s3cret"
        await answer(request, 302, b"", {"Location": where})
        return
    await send_file(request)


async def send_file(request: Request) -> None:
    """Serve the world's video, with `Range`, breaking off where the options say so."""
    options = request.world.options
    path = Path(options["video"])
    size = path.stat().st_size
    etags = options.get("etags", ['"v1"'])
    etag = etags.pop(0) if len(etags) > 1 else etags[0]
    wanted = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
    valid = request.headers.get("if-range") in (None, etag) or options.get("ignore_if_range")
    start = int(wanted[1]) if wanted and valid and not options.get("no_ranges") else 0
    cuts = options.get("cuts", [])
    stop = min(size, start + cuts.pop(0)) if cuts else size
    lines = [f"HTTP/1.1 {206 if start else 200} x", "Content-Type: video/mp4", "Connection: close"]
    if options.get("with_length", True):
        lines.append(f"Content-Length: {size - start}")
    if etag:
        lines.append(f"ETag: {etag}")
    if start:
        lines.append(f"Content-Range: bytes {start + options.get('shift_range', 0)}-{size - 1}/{size}")
    request.entry |= {"sent_from": start, "status": 206 if start else 200}
    request.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
    if options.get("hold_download"):
        request.world.note(held=request.path)
    while options.get("hold_download"):  # noqa: ASYNC110 - the test changes it by a request
        await asyncio.sleep(0.005)
    with path.open("rb") as file:
        file.seek(start)
        while start < stop:
            chunk = file.read(min(CHUNK, stop - start))
            start += len(chunk)
            request.writer.write(chunk)
            await request.writer.drain()
            await asyncio.sleep(options.get("file_delay_s", 0))
    if options.get("hang_download"):
        await until_gone(request)
    raise DroppedError


async def credits_left(request: Request) -> None:
    await asyncio.sleep(request.world.options.get("credits_delay_s", 0))
    await answer(request, 200, envelope({"available": 88, "frozen": 2, "total": 100}))


async def claim(request: Request) -> None:
    request.entry["json"] = json.loads(await request.whole())
    await answer(request, 200, envelope({"claim_token": "clm_a/b", "expires_in": 600}))


async def chat(request: Request) -> None:
    order = json.loads(await request.whole())
    request.entry["json"] = order
    options = request.world.options
    request.world.options |= options.get("turn_sets", {})
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    request.writer.write(head.encode())
    text = options.get("says", "Done.")
    for piece in re.findall(r"\S+\s*", text):
        event = {"content": {"role": "model", "parts": [{"text": piece}]}, "partial": True}
        request.writer.write(f"data: {json.dumps(event)}\n\n".encode())
        await request.writer.drain()
        await asyncio.sleep(options.get("word_delay_s", 0))
    if options.get("hang_chat"):
        await until_gone(request)
    event = {"content": {"role": "model", "parts": [{"text": text}]}, "partial": False}
    request.writer.write(f"data: {json.dumps(event)}\n\n".encode())
    raise DroppedError


async def until_gone(request: Request) -> None:
    """Wait until the client closes its side; note it."""
    request.world.note(hanging=request.path)
    await request.writer.drain()
    with contextlib.suppress(OSError):
        await request.reader.read()
    request.world.note(gone=request.path)
    raise DroppedError


ROUTES = [
    ("POST", r"/api/auth/anonymous-token", anonymous_token),
    ("POST", r"/api/auth/claim-token", claim),
    ("POST", r"/api/tasks/me/with-session/nemo_agent", create_session),
    ("POST", r"/api/upload-video/nemo_agent/me/[^/]+", upload),
    ("GET", r"/api/credits/balance/simple", credits_left),
    ("GET", r"/api/state/nemo_agent/me/[^/]+/latest", state),
    ("POST", r"/api/render/proxy/lambda", submit),
    ("GET", r"/api/render/proxy/lambda/[^/]+", look),
    ("POST", r"/api/render/proxy/lambda/[^/]+/cancel", cancel),
    ("GET", r"/api/render/proxy/[^/]+/download", download),
    ("GET", r"/files/.*", send_file),
    ("POST", r"/run_sse", chat),
]
