"""A local site, an internet that leads only there, and names that resolve as a test wants."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpcore
import pytest

from ipynemo.backend.fetch import Fetcher
from ipynemo.errors import InvalidRequestError

PUBLIC = "93.184.216.34"
OTHER_PUBLIC = "1.1.1.1"
NOT_PUBLIC = (
    "The link to {} cannot be fetched: it does not lead to a server on the public internet. "
    "Download the file and upload it from this computer."
)


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def answer(body: bytes = b"", *, status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    if "Content_Length" not in headers:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return answer(status=status, Location=location)


class Site:
    """A server that answers each path with the bytes it is told, and remembers the requests."""

    def __init__(self, pages: dict[str, bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]]) -> None:
        self.pages = pages
        self.requests: list[str] = []
        self.port = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.requests.append(request)
            page = self.pages[request.split(" ")[1]]
            if callable(page):
                await page(writer)
            else:
                writer.write(page)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            self.requests.append("gone")
        finally:
            writer.close()


@asynccontextmanager
async def serving(pages: dict[str, Any], tls: ssl.SSLContext | None = None) -> AsyncIterator[Site]:
    site = Site(pages)
    server = await asyncio.start_server(site.handle, "127.0.0.1", 0, ssl=tls)
    site.port = server.sockets[0].getsockname()[1]
    async with server:
        yield site


class Internet(httpcore.AsyncNetworkBackend):
    """Every address leads to the one local site; which were dialled is remembered."""

    def __init__(self, site: Site, dead: tuple[str, ...] = ()) -> None:
        self.site = site
        self.dead = dead
        self.dialled: list[tuple[str, int]] = []

    async def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        self.dialled.append((host, port))
        if host in self.dead:
            raise httpcore.ConnectError("nobody there")
        return await httpcore.AnyIOBackend().connect_tcp("127.0.0.1", self.site.port)


class Names:
    """A resolver that gives the listed answers, one after the other for a host that has several lists."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        lists = self.answers.get(host.partition(".")[0], [[]])
        return lists.pop(0) if len(lists) > 1 else lists[0]


async def refused(
    url: str, tmp_path: Path, *, names: Names, pages: dict[str, Any] | None = None
) -> tuple[str, list[Any]]:
    """Return the text of the refusal, and what was dialled before it."""
    async with serving(pages or {}) as site:
        internet = Internet(site)
        with pytest.raises(InvalidRequestError) as caught:
            await Fetcher(resolve=names, dial=internet).fetch(url, tmp_path / "a", max_bytes=1000)
        assert files_in(tmp_path) == []
        return str(caught.value), internet.dialled
