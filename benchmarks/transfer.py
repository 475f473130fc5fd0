"""A chat's stream beside httpx-sse, and files up and down beside curl: the same bytes, the same server, in turn.

Run with `python benchmarks/transfer.py [megabytes]`. Best of a few rounds. The stream comes from a server that has it
ready, in a process of its own; the files go to the embedded backend and come from it.
"""

from __future__ import annotations

import asyncio
import http.server
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import httpx_sse
from _results import Row, write

from ipynemo import AsyncNemo, Timing
from ipynemo.client.downloads import download
from ipynemo.client.names import Target

ROUNDS = 5
DELTAS = 20_000
WORDS = "noise, "


def stream_body() -> bytes:
    """Return an answer in many small pieces and once as a whole, as ADK sends it."""

    def event(text: str, *, partial: bool) -> bytes:
        parts = {"role": "model", "parts": [{"text": text}]}
        return b"data: " + json.dumps({"content": parts, "partial": partial, "author": "nemo_agent"}).encode() + b"\n\n"

    return event(WORDS, partial=True) * DELTAS + event(WORDS * DELTAS, partial=False)


class Ready(http.server.BaseHTTPRequestHandler):
    """A backend that says one thing."""

    protocol_version = "HTTP/1.1"
    body = stream_body()
    file = b"\0\0\0\x18ftypmp42" + os.urandom(1_000_000 - 12)

    def do_GET(self) -> None:
        """Tell an empty state, or send a large file."""
        if self.path.startswith("/clip-"):
            size = int(self.path.removeprefix("/clip-").removesuffix(".mp4")) * 1_000_000
            return self._send("video/mp4", self.file * (size // len(self.file)))
        return self._json({"code": 0, "data": {"state": {"draft": None}}})

    def do_POST(self) -> None:
        """Open a session, or answer a message."""
        self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path != "/run_sse":
            return self._json({"code": 0, "data": {"task_id": "t", "session_id": "s"}})
        return self._send("text/event-stream", self.body)

    def _json(self, value: object) -> None:
        self._send("application/json", json.dumps(value).encode())

    def _send(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


async def best_of(*works: Callable[[], Awaitable[object]]) -> list[float]:
    """Return the best time of each, in seconds; they take turns."""
    best = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for place, work in enumerate(works):
            start = time.perf_counter()
            await work()
            best[place] = min(best[place], time.perf_counter() - start)
    return best


async def stream_row(url: str) -> Row:
    """Read the same stream by a chat, and by httpx-sse with nothing but JSON behind it."""
    async with AsyncNemo(url, token="nmv_usr_benchmark") as nemo, httpx.AsyncClient(timeout=60) as plain:
        session = await nemo.create_session("Stream")

        async def ours() -> None:
            count = 0
            async for _event in session.stream("go on"):
                count += 1
            assert count > DELTAS

        async def peer() -> None:
            count = 0
            async with httpx_sse.aconnect_sse(plain, "POST", f"{url}/run_sse", json={}) as source:
                async for event in source.aiter_sse():
                    count += bool(json.loads(event.data))
            assert count == DELTAS + 1

        mine, theirs = await best_of(ours, peer)
    told = f"stream of {DELTAS:,} deltas, to typed events (peer: httpx-sse and json)"
    return Row(told, f"{mine:.2f} s", f"{theirs:.2f} s", mine / theirs, "at most 3")


async def curl(config: str, *args: str) -> None:
    """Run curl; what is secret goes in by its standard input."""
    process = await asyncio.create_subprocess_exec(
        "curl", "-sS", "--fail", "-K", "-", *args, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    await process.communicate(config.encode())
    assert process.returncode == 0


async def upload_row(megabytes: int, folder: Path) -> Row:
    """Upload a large file by a session and by curl."""
    source = folder / "sound.wav"
    size = megabytes * 1_000_000
    head = b"RIFF" + (size - 8).to_bytes(4, "little") + b"WAVEfmt \x10\0\0\0\1\0\2\0D\xac\0\0\x10\xb1\2\0\4\0\x10\0data"
    source.write_bytes(head + (size - len(head) - 4).to_bytes(4, "little") + os.urandom(1 << 20) * (megabytes + 1))
    os.truncate(source, size)
    async with AsyncNemo("local", data=folder / "data") as nemo:
        session = await nemo.create_session("Files")
        await session.upload(source)
        endpoint = nemo._wire.endpoint
        url = f"{endpoint.base_url}/api/upload-video/nemo_agent/me/{session.session_id}"
        token = (await endpoint.tokens.get()).reveal()
        secret = f'header = "Authorization: Bearer {token}"\n'
        up = await best_of(lambda: session.upload(source), lambda: curl(secret, "-F", f"files=@{source}", url))
    rates = [f"{megabytes / seconds:.0f} MB/s" for seconds in up]
    return Row(f"upload of {megabytes} MB (peer: curl)", rates[0], rates[1], up[0] / up[1], "at most 1.5")


async def download_row(megabytes: int, url: str, folder: Path) -> Row:
    """Fetch a large file as an export fetches its clip, and by curl."""
    link = f"{url}/clip-{megabytes}.mp4"
    async with httpx.AsyncClient(timeout=60) as plain:

        async def ours() -> None:
            target = Target(folder / "ours.mp4", replace=True)
            await download(lambda more: plain.stream("GET", link, headers=more), target, doing="fetch", timing=Timing())

        down = await best_of(ours, lambda: curl("", "-o", str(folder / "curl.mp4"), link))
    assert (folder / "ours.mp4").stat().st_size == megabytes * 1_000_000
    rates = [f"{megabytes / seconds:.0f} MB/s" for seconds in down]
    return Row(f"download of {megabytes} MB (peer: curl)", rates[0], rates[1], down[0] / down[1], "at most 1.5")


async def main() -> None:
    """Measure, print, write."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    serving = [sys.executable, __file__, "--serve"]
    server = await asyncio.create_subprocess_exec(*serving, stdout=subprocess.PIPE)
    with tempfile.TemporaryDirectory() as folder:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(await server.stdout.readline())}"
        try:
            at = Path(folder)
            rows = [await stream_row(url), await upload_row(megabytes, at), await download_row(megabytes, url, at)]
        finally:
            server.terminate()
            await server.wait()
    note = f"Wall time, best of {ROUNDS}, in turn. The ratio is our time to the peer's."
    write("Client: stream and transfer", note, rows, ["httpx", "httpx-sse"])


def serve() -> None:
    """Be the server of the stream."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ready)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        serve()
    else:
        asyncio.run(main())
