"""The child process of a server that has a film made by a cluster: planned and joined here, encoded over there.

In: an order as of `render.worker`, with `"scheduler"`, `"shelf"` (a folder for finished parts), `"where"` (of an asset
id, where a worker may find the file itself) and `"ask"`. Out: `{"progress": 12.5}` …; if asked for,
`{"wanted": [names]}`, which is answered by a line when what exists of them lies on the shelf, `{"made": name}` for
every new part, and `{"damaged": [names]}` for what nobody is to keep; then `{"done": {…}}` or `{"error": …}`. It opens
files that strangers sent, and has no secret of the server's.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from ipynemo.backend.render.checking import check_scene
from ipynemo.backend.render.parts import join, part_of
from ipynemo.backend.render.plan import Chunk, SoundTrack, plan_scene, sound_track_of
from ipynemo.backend.render.rendering import clear_up, part_path
from ipynemo.backend.render.scene import FPS, Scene, to_scene
from ipynemo.backend.render.shelf import Shelf
from ipynemo.draft import Draft
from ipynemo.errors import NemoError, RenderFailedError

__all__ = ["main"]

STATUS_STOPPED = 3
GRACE_S = 1.5  # to take back what was given out; then it goes anyway
SEEN_S = 5.0  # for a file that a worker wrote to be seen here, through a network
ENCODED = 97  # per cent of the way, when all is encoded; joining is the rest


class _Conductor:
    def __init__(self, order: dict[str, Any], say: Callable[..., None], answers: asyncio.Queue[None]) -> None:
        self._say = say
        self._answers = answers
        self._order = order
        self._assets = {str(key): Path(path) for key, path in order["assets"].items()}
        self._out = Path(order["out"])
        self._shelf = Shelf(Path(order["shelf"]))
        self._told = 0

    def _tell(self, percent: float) -> None:
        if int(percent) > self._told:
            self._told = int(percent)
            self._say(progress=float(self._told))

    async def conduct(self) -> dict[str, Any]:
        """Make the film; return its facts."""
        quality = str(self._order["quality"])
        scene = to_scene(Draft(self._order["draft"]), quality)
        check_scene(scene, self._assets)
        chunks, track = plan_scene(scene, self._assets, quality), sound_track_of(scene, self._assets)
        by_key: dict[str, Chunk | SoundTrack] = {track.key: track, **{chunk.key: chunk for chunk in chunks}}
        parts = list(by_key.values())
        if self._order["ask"]:
            self._say(wanted=[part_of(self._shelf.folder, part).name for part in parts])
            await self._answers.get()
        missing = [part for part in parts if self._shelf.find(part) is None]
        if missing:
            await self._encode(missing, chunks)
        await asyncio.to_thread(self._join, scene, chunks, track)
        await asyncio.to_thread(self._shelf.tidy)
        facts = {"duration_s": scene.duration_s, "width_px": scene.width, "height_px": scene.height, "fps": FPS}
        return {**facts, "size_bytes": self._out.stat().st_size}

    async def _encode(self, missing: list[Chunk | SoundTrack], chunks: list[Chunk]) -> None:
        # Dask takes half a second to import, and is not needed where all parts are there.
        from ipynemo.backend.cluster.hands import Hands, OrderedFile

        needed = {source for part in missing for source in part.sources}
        files = {
            source: await asyncio.to_thread(OrderedFile, self._assets[source], self._order["where"].get(source, {}))
            for source in needed
        }
        todo = {part.key for part in missing}
        frames = sum(chunk.frames for chunk in chunks)
        beacon = self._shelf.folder / f".{uuid.uuid4().hex}.tmp"
        beacon.touch()
        try:
            async with Hands(self._order["scheduler"], files, str(self._shelf.folder), beacon.name) as hands:

                def tell() -> None:
                    done = sum(hands.frames.get(c.key, 0) if c.key in todo else c.frames for c in chunks)
                    self._tell(ENCODED * done / frames)

                await hands.encode(missing, tell, self._take)
        finally:
            beacon.unlink(missing_ok=True)

    def _take(self, part: Chunk | SoundTrack, content: bytes | None) -> bool:
        path = part_of(self._shelf.folder, part)
        if content is not None:
            unfinished = path.with_name(f".{uuid.uuid4().hex}.tmp")
            unfinished.write_bytes(content)
            unfinished.replace(path)
        until = time.monotonic() + SEEN_S
        while self._shelf.find(part) is None:
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        if self._order["ask"]:
            self._say(made=path.name)
        return True

    def _join(self, scene: Scene, chunks: list[Chunk], track: SoundTrack) -> None:
        part = part_path(self._out)
        places = [(chunk, part_of(self._shelf.folder, chunk)) for chunk in chunks]
        sound = part_of(self._shelf.folder, track)
        try:
            join(
                places,
                sound,
                part,
                title=scene.title,
                draft=Draft(self._order["draft"]),
                tick=self._joined(scene.frames),
            )
        except (RenderFailedError, ValueError, OSError):
            damaged: list[Chunk | SoundTrack] = [*chunks, track]
            for each in damaged:  # one of them may be damaged; the next try must not stumble over it again
                self._shelf.drop(each)
            if self._order["ask"]:
                self._say(damaged=[part_of(self._shelf.folder, each).name for each in damaged])
            raise
        part.replace(self._out)

    def _joined(self, frames: int) -> Callable[[int], None]:
        return lambda done: self._tell(ENCODED + (99 - ENCODED) * done / frames)


class _Process:
    """What this process hears and says, and how it ends."""

    def __init__(self, lifeline: BinaryIO, out: BinaryIO) -> None:
        self._lifeline = lifeline
        self._out = out
        self._clip: Path | None = None
        self._work: asyncio.Task[dict[str, Any]] | None = None

    def say(self, **line: Any) -> None:
        """Write one line; that nobody listens any more is heard elsewhere."""
        with suppress(OSError):
            self._out.write(json.dumps(line).encode() + b"\n")
            self._out.flush()

    def _leave(self) -> None:
        if self._clip is not None:
            clear_up(self._clip)
        os._exit(STATUS_STOPPED)

    def _stop(self) -> None:
        timer = threading.Timer(GRACE_S, self._leave)
        timer.daemon = True
        timer.start()
        if self._work is not None:
            self._work.cancel()

    def _listen(self, loop: asyncio.AbstractEventLoop, answers: asyncio.Queue[None]) -> None:
        while self._lifeline.readline():
            loop.call_soon_threadsafe(answers.put_nowait, None)
        loop.call_soon_threadsafe(self._stop)

    async def run(self) -> int:
        """Do the order; return the exit status."""
        line = await asyncio.to_thread(self._lifeline.readline)
        if not line.strip():
            return STATUS_STOPPED
        loop, answers = asyncio.get_running_loop(), asyncio.Queue[None]()
        try:
            order = json.loads(line)
            self._clip = Path(order["out"])
            self._work = asyncio.create_task(_Conductor(order, self.say, answers).conduct())
            threading.Thread(target=self._listen, args=(loop, answers), name="ipynemo-lifeline", daemon=True).start()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._stop)
            facts = await self._work
        except asyncio.CancelledError:
            return STATUS_STOPPED
        except Exception as error:  # noqa: BLE001 - whatever it was, the server is told one kind of error
            known = isinstance(error, NemoError)
            text = str(error) if known else f"The render failed: {error or type(error).__name__}."
            self.say(error={"type": type(error).__name__ if known else "RenderFailedError", "message": text})
            return 1
        finally:
            if self._clip is not None:
                clear_up(self._clip)
        self.say(done=facts)
        return 0


def main() -> int:
    """Do one order from standard input; return the exit status."""
    # Whatever else writes to stdout, a library's banner perhaps, must not get between the lines.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return asyncio.run(_Process(sys.stdin.buffer, out).run())


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    # A daemon thread may sit in a read of stdin, which an orderly exit would wait for.
    os._exit(status)
