"""A chat's stream beside httpx-sse, and files up and down beside curl: the same bytes, the same server, in turn.

Run with `python benchmarks/transfer.py [megabytes]`. What counts is the median of the ratios within each round; who
begins, changes. The stream and the clip come from a server that has them ready, in a process of its own; the upload
goes to the embedded backend. curl's time is what it tells itself, without its start; ours holds what an upload and an
export do besides: checking, telling progress, and for a clip waiting until it is on the disk.
"""

from __future__ import annotations

import asyncio
import http.server
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import httpx_sse
from _results import Row, options, write

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


Work = Callable[[], Awaitable[float | None]]


async def in_turn(ours: Work, peer: Work) -> tuple[float, float, float]:
    """Return the median times of both, in seconds, and the median of ours to the peer's within a round."""
    pairs = []
    for number in range(ROUNDS + 1):
        took = {}
        for work in (ours, peer) if number % 2 else (peer, ours):
            start = time.perf_counter()
            told = await work()
            took[work] = time.perf_counter() - start if told is None else told
        pairs.append((took[ours], took[peer]))
    del pairs[0]  # connections are opened in it, and files read for the first time
    mine, theirs = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    return mine, theirs, statistics.median(a / b for a, b in pairs)


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

        mine, theirs, ratio = await in_turn(ours, peer)
    told = f"stream of {DELTAS:,} deltas, to typed events (peer: httpx-sse and json)"
    return Row(told, f"{mine:.2f} s", f"{theirs:.2f} s", ratio, "at most 3")


async def curl(config: str, *args: str) -> float:
    """Run curl and return the seconds that it tells; what is secret goes in by its standard input."""
    asked = ["-sS", "--fail", "-w", "%{stderr}%{time_total}", "-K", "-", *args]
    process = await asyncio.create_subprocess_exec(
        "curl", *asked, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, told = await process.communicate(config.encode())
    assert process.returncode == 0, told
    return float(told)


def file_row(what: str, megabytes: int, took: tuple[float, float, float]) -> Row:
    """Return the line of a transfer."""
    rates = [f"{megabytes / seconds:.0f} MB/s" for seconds in took[:2]]
    return Row(f"{what} of {megabytes} MB (peer: curl)", *rates, took[2], "at most 1.5")


async def upload_row(megabytes: int, folder: Path) -> Row:
    """Upload a large file by a session and by curl."""
    source = folder / "sound.wav"
    size = megabytes * 1_000_000
    head = b"RIFF" + (size - 8).to_bytes(4, "little") + b"WAVEfmt \x10\0\0\0\1\0\2\0D\xac\0\0\x10\xb1\2\0\4\0\x10\0data"
    source.write_bytes(head + (size - len(head) - 4).to_bytes(4, "little") + os.urandom(1 << 20) * (megabytes + 1))
    os.truncate(source, size)
    async with AsyncNemo("local", data=folder / "data") as nemo:
        session = await nemo.create_session("Files")
        endpoint = nemo._wire.endpoint
        url = f"{endpoint.base_url}/api/upload-video/nemo_agent/me/{session.session_id}"
        token = (await endpoint.tokens.get()).reveal()
        secret = f'header = "Authorization: Bearer {token}"\n'

        async def ours() -> None:
            await session.upload(source)

        took = await in_turn(ours, lambda: curl(secret, "-F", f"files=@{source}", url))
    return file_row("upload", megabytes, took)


async def download_row(megabytes: int, url: str, folder: Path) -> Row:
    """Fetch a large file as an export fetches its clip, and by curl."""
    link = f"{url}/clip-{megabytes}.mp4"
    async with httpx.AsyncClient(timeout=60) as plain:

        async def ours() -> None:
            target = Target(folder / "ours.mp4", replace=True)
            await download(lambda more: plain.stream("GET", link, headers=more), target, doing="fetch", timing=Timing())

        took = await in_turn(ours, lambda: curl("", "-o", str(folder / "curl.mp4"), link))
    assert (folder / "ours.mp4").stat().st_size == megabytes * 1_000_000
    return file_row("download", megabytes, took)


async def main(megabytes: int) -> None:
    """Measure, print, write."""
    serving = [sys.executable, __file__, "--serve"]
    server = await asyncio.create_subprocess_exec(*serving, stdout=subprocess.PIPE)
    with tempfile.TemporaryDirectory() as folder:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(await server.stdout.readline())}"
        try:
            at = Path(folder)
            rows = [await stream_row(url)]
            if shutil.which("curl"):
                rows += [await upload_row(megabytes, at), await download_row(megabytes, url, at)]
            else:
                rows.append(Row("files", "", "not compared: there is no command `curl` (Debian: apt-get install curl)"))
        finally:
            server.terminate()
            await server.wait()
    note = f"Wall time, medians of {ROUNDS}, in turn. The ratio is our time to the peer's, within a round."
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
        parser = options(__doc__)
        parser.add_argument("megabytes", type=int, nargs="?", default=150, help="size of the files (default 150)")
        asyncio.run(main(parser.parse_args().megabytes))
