"""Thirty pictures, thirty clips: beside the same one after another, with a second user in between, and the memory.

Run with `python benchmarks/batch.py [pictures] [seconds]`. All thirty are ordered at once, so that they wait at the
server; half of the clips that are made one after another are made before, the other half after them, so that whatever
else the machine does weighs on both. The second user has one picture, uploads it, asks, and orders the clip, in the
middle of all that, again and again. The memory is what the server and its child processes have at most at one moment.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
from _results import Row, options, write
from _workload import photograph

from ipynemo import AsyncNemo

LOOK_S = 0.1
FEW = 5
OTHERS = 10  # pictures of the second user, at most
QUALITY = "low"
WISH = "explain what an AI image is and how it was created, {} seconds"


class Server:
    """A class server, and how much memory it and its children have."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, url: str) -> None:
        self._process = psutil.Process(process.pid)
        self._folder = folder
        self.url = url
        self.server_mib = self.children_mib = 0

    async def somebody(self) -> AsyncNemo:
        """Return the client of a new user."""
        headers = {"X-Client-Id": str(uuid.uuid4())}
        async with httpx.AsyncClient(trust_env=False) as http:
            said = (await http.post(f"{self.url}/api/auth/anonymous-token", headers=headers)).json()
        journal = self._folder / uuid.uuid4().hex
        return AsyncNemo(self.url, token=said["data"]["token"], data=journal, language="en")

    async def watch(self) -> None:
        """Look at the memory, until cancelled."""
        while True:
            children = 0
            for child in self._process.children(recursive=True):
                try:
                    children += child.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.children_mib = max(self.children_mib, children >> 20)
            self.server_mib = max(self.server_mib, self._process.memory_info().rss >> 20)
            await asyncio.sleep(LOOK_S)


@contextmanager
def served(folder: Path) -> Iterator[Server]:
    """Start a server with nothing in it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ipynemo.backend", f"--data={folder / 'data'}", "--anonymous"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "IPYNEMO_BACKEND_TOKEN": uuid.uuid4().hex},
    )
    try:
        if process.stdout is None:
            raise RuntimeError("no pipe")
        yield Server(process, folder, f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}")
    finally:
        process.terminate()
        process.wait()


async def all_at_once(nemo: AsyncNemo, pictures: list[Path], wish: str, folder: Path) -> float:
    """Return how long a batch takes."""
    begin = time.perf_counter()
    made = await nemo.explain_many(pictures, wish, folder=folder, quality=QUALITY, concurrency=32)
    if not all(each.ok for each in made):
        raise SystemExit(str(made))
    return time.perf_counter() - begin


async def one_by_one(server: Server, pictures: list[Path], wish: str, folder: Path) -> list[float]:
    """Return how long each takes, from the upload to the clip on the disk."""
    async with await server.somebody() as nemo:
        return [await all_at_once(nemo, [picture], wish, folder) for picture in pictures]


async def measure(folder: Path, pictures: list[Path], others: list[Path], wish: str) -> list[Row]:
    """Measure everything."""
    half = max(1, len(pictures) // 6)
    with served(folder / "few") as server:
        async with asyncio.TaskGroup() as group, await server.somebody() as nemo:
            watch = group.create_task(server.watch())
            await all_at_once(nemo, pictures[:FEW], wish, folder / "few")
            watch.cancel()
        few = (server.server_mib, server.children_mib)
    with served(folder / "single") as alone, served(folder / "many") as server:
        single = await one_by_one(alone, pictures[:half], wish, folder / "single")
        waits: list[float] = []
        async with asyncio.TaskGroup() as group, await server.somebody() as nemo:
            watch = group.create_task(server.watch())
            batch = group.create_task(all_at_once(nemo, pictures, wish, folder / "many"))
            while not batch.done():
                await asyncio.sleep(LOOK_S)
                if list((folder / "many").glob("*.mp4")) and len(waits) < len(others):  # it has begun
                    waits += await one_by_one(server, [others[len(waits)]], wish, folder / "second")
            watch.cancel()
        took = batch.result()
        single += await one_by_one(alone, pictures[half : 2 * half], wish, folder / "single")
    among = [wait for wait in waits if wait < took] or waits
    rate, single_rate = (len(pictures) + len(among)) / took, len(single) / sum(single)
    usual = statistics.median(single)
    return [
        Row(
            f"{len(pictures)} pictures at once, against one after another: clips a minute",
            f"{60 * rate:.1f}",
            f"{60 * single_rate:.1f}",
            rate / single_rate,
            "> 1",
        ),
        Row(
            f"the longest of {len(among)} waits of a second user for one clip, against the batch of the first",
            f"{max(among):.1f} s",
            f"{took:.1f} s",
            max(among) / took,
            "< 0.33",
        ),
        Row(
            "the same, against a clip for which nobody else waits",
            f"{max(among):.1f} s",
            f"{usual:.1f} s",
            max(among) / usual,
        ),
        Row(
            f"memory of the server, which takes {len(pictures)} pictures and messages at once, against {FEW}",
            f"{server.server_mib} MiB",
            f"{few[0]} MiB",
            server.server_mib / few[0],
        ),
        Row(
            "memory of its child processes, which render, the same",
            f"{server.children_mib} MiB",
            f"{few[1]} MiB",
            server.children_mib / few[1],
            "≤ 1.1",
        ),
    ]


def main() -> None:
    """Measure and write."""
    parser = options(__doc__)
    parser.add_argument("pictures", type=int, nargs="?", default=30, help="how many (default 30)")
    parser.add_argument("seconds", type=int, nargs="?", default=6, help="of each clip (default 6)")
    given = parser.parse_args()
    count, seconds = given.pictures, given.seconds
    import cv2

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures = [folder / f"{number}.jpg" for number in range(count + OTHERS)]
        for number, picture in enumerate(pictures):
            cv2.imwrite(str(picture), photograph(number, 1500, 1000)[..., ::-1])
        rows = asyncio.run(measure(folder, pictures[:count], pictures[count:], WISH.format(seconds)))
    note = (
        f"{count} photographs of 1500 × 1000, a clip of {seconds} s of 640 × 360 of each, by the embedded backend's "
        "server. The second user is one of an anonymous class."
    )
    write("A batch of pictures", note, rows, ("av", "opencv-python-headless", "fastapi"))


if __name__ == "__main__":
    main()
