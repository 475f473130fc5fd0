"""A backend for the tests of the client: the protocol's calls over bare sockets, with faults on order.

One process serves all tests: the first segment of a path names a world, and each test has one of its own. A world is
set up by `POST /<world>/_set` (its options), asked for what it has seen by `GET /<world>/_log`, and answers everything
else as the backend would, unless a fault says otherwise. A second port plays the other host that holds finished videos.

Run as `python peer_server.py`; prints one line of JSON with both ports, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from typing import Any

from peer_calls import CHUNK, ROUTES, DroppedError, Request, World, answer, until_gone

worlds: dict[str, World] = {}


async def body_of(reader: asyncio.StreamReader, headers: dict[str, str]) -> AsyncIterator[bytes]:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        while size := int((await reader.readline()).split(b";")[0], 16):
            yield await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return
    left = int(headers.get("content-length", "0"))
    while left:
        chunk = await reader.read(min(CHUNK, left))
        if not chunk:
            raise DroppedError
        left -= len(chunk)
        yield chunk


async def control(request: Request) -> bool:
    world = request.world
    if request.path == "/_set":
        world.options |= json.loads(await request.whole())
        await answer(request, 200, {})
    elif request.path == "/_log":
        await answer(request, 200, {"log": world.log, "most_active": world.most_active})
    else:
        return False
    return True


def fault_of(request: Request) -> dict[str, Any] | None:
    """Return the fault that is ordered for this request; its `times` count down."""
    for fault in request.world.options.get("faults", []):
        if fault.get("times", 1) > 0 and re.fullmatch(fault["on"], f"{request.method} {request.path}"):
            fault["times"] = fault.get("times", 1) - 1
            return dict(fault)
    return None


async def serve_one(request: Request) -> None:
    if await control(request):
        return
    world = request.world
    request.entry = world.note(
        method=request.method,
        path=request.path,
        query=request.query,
        headers=request.headers,
        foreign=not request.foreign_port,
    )
    fault = fault_of(request)
    if fault is None:
        await carry_out(request)
        return
    if fault.get("hang"):
        await until_gone(request)
    if fault.get("carry_out"):  # the order is carried out, and what is answered is something else
        writer, request.writer = request.writer, Nowhere()  # type: ignore[assignment]
        await carry_out(request)
        request.writer = writer
    elif fault.get("read", True):
        await request.whole()
    if fault.get("drop"):
        raise DroppedError
    await answer(request, fault.get("status", 200), fault.get("body", "").encode(), fault.get("headers"))


async def carry_out(request: Request) -> None:
    for method, pattern, handler in ROUTES:
        if method == request.method and re.fullmatch(pattern, request.path):
            await handler(request)
            return
    await answer(request, 404, {"detail": "Not Found"})


class Nowhere:
    """A writer that loses what is written."""

    def write(self, data: bytes) -> None:
        """Lose it."""

    async def drain(self) -> None:
        """There is nothing to wait for."""


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, foreign_port: int) -> None:
    try:
        while line := (await reader.readline()).decode("latin-1").strip():
            method, target, _ = line.split(" ", 2)
            headers: dict[str, str] = {}
            while text := (await reader.readline()).decode("latin-1").strip():
                name, _, value = text.partition(":")
                headers[name.lower()] = value.strip()
            path, _, query = target.partition("?")
            base, rest = re.fullmatch(r"(/[^/]+)(/.*)", path).groups()  # type: ignore[union-attr]
            world = worlds.setdefault(base, World())
            counted = not rest.startswith("/_")
            world.active += counted
            world.most_active = max(world.most_active, world.active)
            body = body_of(reader, headers)
            request = Request(world, method, rest, query, headers, body, reader, writer, base, foreign_port)
            try:
                await serve_one(request)
                async for _ in request.body:  # what a handler left unread
                    pass
            finally:
                world.active -= counted
    except (DroppedError, OSError, EOFError):
        pass
    finally:
        writer.close()


async def main() -> None:
    theirs = await asyncio.start_server(lambda r, w: serve(r, w, 0), "127.0.0.1", 0)
    foreign_port = theirs.sockets[0].getsockname()[1]
    ours = await asyncio.start_server(lambda r, w: serve(r, w, foreign_port), "127.0.0.1", 0)
    print(json.dumps({"port": ours.sockets[0].getsockname()[1], "foreign_port": foreign_port}), flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
