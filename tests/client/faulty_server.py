"""A backend with faults on purpose: a process that plays byte by byte what a test has scripted.

HTTP/1.1 by hand over bare sockets, so that it can cut, reset, stall, dribble and lie. The first segment of a path
names a world; each test has one of its own. `PUT /<world>` sets its scripts, `GET /<world>` tells what has arrived.
`PUT /_listen` opens one more port. What no script answers is answered as a good backend would.

A script is a list of steps:
    ["send", base64]                      write these bytes
    ["dribble", base64, count, seconds]   write them `count` at a time with a pause between
    ["repeat", base64, seconds]           write them again and again until the other side is gone
    ["sleep", seconds]   ["stall"]        the second until the other side is gone
    ["draft", object]                     from now on this is the session's draft
    ["drafts", [object, …]]               one for each look at the state; the last one stays
    ["reset"]   ["close"]                 RST, FIN; without either of them the connection is kept for another request
    ["early"]                             as the first step: answer before the body of the request is read

Run as `python faulty_server.py`; prints its port in one line, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import socket
import struct
import sys
from dataclasses import dataclass, field
from typing import Any

JSON_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"


@dataclass
class World:
    """What one test scripts and sees. `scripts` are by the end of the path; the last script of a list stays."""

    scripts: dict[str, list[list[list[Any]]]] = field(default_factory=dict)
    drafts: list[Any] = field(default_factory=lambda: [None])
    token: str = "nmv_usr_anonymous"
    tokens_given: int = 0
    arrivals: list[dict[str, Any]] = field(default_factory=list)
    open: int = 0
    gone: int = 0

    def script(self, path: str) -> list[list[Any]] | None:
        for ending, scripts in self.scripts.items():
            if path.endswith(ending) and scripts:
                return scripts.pop(0) if len(scripts) > 1 else scripts[0]
        return None

    def draft(self) -> Any:
        return self.drafts.pop(0) if len(self.drafts) > 1 else self.drafts[0]

    def answer(self, path: str) -> dict[str, Any]:
        """Answer as a good backend."""
        if path.endswith("/anonymous-token"):
            self.tokens_given += 1
            data: dict[str, Any] = {"token": f"{self.token}_{self.tokens_given}", "user_id": "u-7", "credits": 100}
        elif "/with-session/" in path:
            data = {"task_id": "t-1", "session_id": "s-1", "user_id": "u-7"}
        elif path.endswith("/latest"):
            data = {"state": {"draft": self.draft()}}
        elif path.endswith("/simple"):
            data = {"available": 60, "frozen": 0, "total": 100}
        else:
            return {"code": 404, "message": f"no such path: {path}"}
        return {"code": 0, "message": "ok", "data": data}


class GoneError(Exception):
    """The other side has closed the connection, or we are to."""


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, worlds: dict[str, World]) -> None:
        self._reader = reader
        self._writer = writer
        self._worlds = worlds

    async def serve(self) -> None:
        world: World | None = None
        try:
            while True:
                head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                method, target, _ = head.split("\r\n", 1)[0].split(" ")
                name, _, path = target.lstrip("/").partition("/")
                headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                world = self._worlds.setdefault(name, World())
                if name == "_listen":
                    await asyncio.start_server(self._again, "127.0.0.1", json.loads(await self._body(headers))["port"])
                    await self._send_json({})
                elif method == "PUT":
                    await self._send_json(self._set(name, json.loads(await self._body(headers))))
                    world = None
                elif not path:
                    await self._send_json({"arrivals": world.arrivals, "open": world.open, "gone": world.gone})
                    world = None
                else:
                    world.open += 1
                    try:
                        await self._answer(world, method, f"/{path}", head, headers)
                    finally:
                        world.open -= 1
        except (asyncio.IncompleteReadError, ConnectionError, GoneError):
            if world is not None:
                world.gone += 1
        finally:
            self._writer.close()

    async def _again(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Connection(reader, writer, self._worlds).serve()

    def _set(self, name: str, options: dict[str, Any]) -> dict[str, Any]:
        world = self._worlds[name]
        for key, value in options.items():
            setattr(world, key, value)
        return {}

    async def _body(self, headers: dict[str, str]) -> bytes:
        return await self._reader.readexactly(int(headers.get("content-length", "0")))

    async def _answer(self, world: World, method: str, path: str, head: str, headers: dict[str, str]) -> None:
        arrival: dict[str, Any] = {"method": method, "path": path, "head": head, "body": None, "open": world.open}
        world.arrivals.append(arrival)
        script = world.script(path)
        if not script or script[0][0] != "early":
            arrival["body"] = (await self._body(headers)).decode("utf-8", "replace")
        if script is None:
            await self._send_json(world.answer(path))
            return
        for step in script:
            await self._play(world, *step)

    async def _play(self, world: World, what: str, *args: Any) -> None:
        if what == "send":
            await self._send(base64.b64decode(args[0]))
        elif what == "dribble":
            data, count, pause = base64.b64decode(args[0]), *args[1:]
            for start in range(0, len(data), count):
                await self._send(data[start : start + count])
                await asyncio.sleep(pause)
        elif what == "repeat":
            while True:
                await self._send(base64.b64decode(args[0]))
                await self._pause(args[1])
        elif what == "sleep":
            await asyncio.sleep(args[0])
        elif what == "stall":
            await self._pause(3600)
        elif what == "draft":
            world.drafts = [args[0]]
        elif what == "drafts":
            world.drafts = list(args[0])
        elif what == "reset":
            raw: socket.socket = self._writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._writer.transport.abort()
            raise GoneError
        elif what == "close":
            raise GoneError

    async def _pause(self, seconds: float) -> None:
        """Wait, but not for somebody who has left."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while await self._reader.read(1 << 16):
                    pass
                raise GoneError

    async def _send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def _send_json(self, value: Any) -> None:
        body = json.dumps(value).encode()
        await self._send(JSON_HEAD.format(len(body)).encode() + body)


async def main() -> None:
    worlds: dict[str, World] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await Connection(reader, writer, worlds).serve()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
