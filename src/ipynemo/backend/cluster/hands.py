"""The workers of a Dask cluster, seen from the process that has them encode: work out, files along, parts back.

Only as much is given out as they can do at once, so that several renders take turns. Dask gives the work of a worker
that dies to another one, and stops what nobody waits for any more, also when this process is killed.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import hashlib
import pickle
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from distributed import Client
from distributed.scheduler import KilledWorker
from distributed.security import Security

from ipynemo.backend.cluster import tasks
from ipynemo.backend.unavailable import UnavailableError
from ipynemo.errors import NemoError, RenderFailedError

if TYPE_CHECKING:
    from ipynemo.backend.render.plan import Chunk, SoundTrack

    Part = Chunk | SoundTrack

__all__ = ["Hands", "OrderedFile"]

CONNECT_S = 10.0
ANSWER_S = 20.0  # for the scheduler to answer
LOOK_S = 0.5  # between two looks at who is there and how far they are
WORKER_S = 5.0  # for a worker to answer; one that does not may be busy loading, or frozen
LONELY_S = 60.0  # for a worker to come, where there is none
Dropped = concurrent.futures.CancelledError  # of a future, by Dask; not of one of our own tasks
BLOCK_BYTES = 8 << 20
TRIES = 5  # for a part whose worker keeps losing the files it was sent
TLS_HINT = "Set DASK_DISTRIBUTED__COMM__TLS__CA_FILE, and …__TLS__CLIENT__CERT and …__TLS__CLIENT__KEY, for the server."
HINT = "Is the scheduler running, and reachable from this server?"


def _has_certificate() -> bool:
    security: Any = Security
    return security().get_connection_args("client").get("ssl_context") is not None


class OrderedFile:
    """A file of the server that workers need.

    Parameters
    ----------
    path : Path
        Where it lies here.
    where : mapping
        Where a worker may find it itself: nothing, or `path`, or `object`.
    """

    def __init__(self, path: Path, where: Mapping[str, str]) -> None:
        self.path = path
        self.size = path.stat().st_size
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.name = digest + "".join(c for c in path.suffix.lower() if c.isalnum() or c == ".")[:9]
        self.told = {"name": self.name, "size": self.size, **where}


class Hands:
    """The workers of one scheduler.

    Parameters
    ----------
    address : str
        The scheduler's, `tcp://host:port`.
    files : mapping of str to OrderedFile
        By asset id, at least those that the parts need.
    folder, beacon : str
        Where parts may be put by a worker that sees the beacon there.
    """

    def __init__(self, address: str, files: Mapping[str, OrderedFile], folder: str, beacon: str) -> None:
        self._address = address
        self._files = files
        self._by_name = {file.name: file for file in files.values()}
        self._folder, self._beacon = folder, beacon
        self._build = ""
        self._places = 0
        self._known: set[str] = set()
        self._there: set[str] = set()
        self._sender = uuid.uuid4().hex
        self._sending: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._tasks: dict[str, str] = {}  # keys of parts by the keys of the tasks that run
        self.frames: dict[str, int] = {}  # how much is done of each part

    async def __aenter__(self) -> Hands:
        """Connect, and look at every worker.

        Raises
        ------
        UnavailableError
            There is no scheduler, or no worker.
        RenderFailedError
            Something there is another build than this process; or certificates are missing.
        """
        if self._address.startswith("tls:") and not _has_certificate():
            raise RenderFailedError(f"For {self._address} this server has no certificate.", hint=TLS_HINT)
        try:
            self._client = await Client(  # type: ignore[no-untyped-call]
                self._address, asynchronous=True, timeout=CONNECT_S, set_as_default=False
            )
        except (OSError, TimeoutError) as error:
            raise self._away() from error
        try:
            self._build = (await asyncio.to_thread(tasks.describe))["build"]
            await self._look_at_scheduler()
            async with asyncio.timeout(LONELY_S):
                while not self._places:
                    await self._look_at_workers()
                    await asyncio.sleep(0 if self._places else LOOK_S)
        except BaseException as error:
            await self._close()
            if isinstance(error, TimeoutError):
                raise UnavailableError(f"The cluster at {self._address} has no workers.") from None
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take everything back that was given out, and leave."""
        await self._close()

    async def _close(self) -> None:
        for sending in self._sending.values():
            sending.cancel()
        with suppress(OSError, TimeoutError, Dropped):
            async with asyncio.timeout(2.0):
                await self._client.close(timeout=1)

    def _away(self) -> UnavailableError:
        return UnavailableError(f"The cluster at {self._address} cannot be reached at the moment.", hint=HINT)

    async def _ask(self, call: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Ask the scheduler something; with it, it is gone for good: nobody waits for another one."""
        try:
            async with asyncio.timeout(ANSWER_S):
                return await call(*args, **more)
        except (OSError, TimeoutError, Dropped) as error:
            raise self._away() from error

    async def _look_at_scheduler(self) -> None:
        try:
            version = await self._ask(self._client.run_on_scheduler, tasks.ready)
        except NemoError:
            raise
        except Exception as error:  # its words of what it cannot import
            raise self._unlike("the scheduler", f"it cannot load ipynemo ({error or type(error).__name__})") from error
        if version != tasks.ready():
            raise self._unlike("the scheduler", f"ipynemo {version} instead of {tasks.ready()}")

    def _unlike(self, who: str, what: str) -> RenderFailedError:
        return RenderFailedError(
            f"The cluster at {self._address} does not fit this server: {who} has another build: {what}.",
            hint="Install the same packages on the server, the scheduler and all workers.",
        )

    def _differing(self, theirs: Mapping[str, str]) -> str:
        ours = tasks.describe()
        named = [
            f"{name} {theirs.get(name, 'none')} instead of {ours[name]}"
            for name in ours
            if name != "build" and ours[name] != theirs.get(name)
        ]
        return ", ".join(named) or "other fonts, options or code of the renderer"

    async def _look_at_workers(self) -> None:
        there: dict[str, int] = await self._ask(self._client.nthreads)
        if new := set(there) - self._known:
            for worker, theirs in (await self._ask_workers(tasks.describe, new)).items():
                if not isinstance(theirs, dict):
                    raise self._unlike(worker, f"it cannot load the renderer ({theirs or type(theirs).__name__})")
                if theirs["build"] != self._build:
                    raise self._unlike(worker, self._differing(theirs))
                self._known.add(worker)
        self._there = self._known & set(there)
        self._places = sum(there[worker] for worker in self._there)

    async def _ask_workers(self, call: Callable[..., Any], workers: Iterable[str]) -> dict[str, Any]:
        """Ask workers something; return what they say, errors too, but for those that are away or do not answer."""

        async def ask(worker: str) -> Any:
            return (await self._client.run(call, workers=[worker], on_error="return"))[worker]

        asked = {worker: asyncio.create_task(ask(worker)) for worker in workers}
        if not asked:
            return {}
        _, late = await asyncio.wait(asked.values(), timeout=WORKER_S)
        for task in late:
            task.cancel()
        said = await asyncio.gather(*asked.values(), return_exceptions=True)
        silent = (OSError, KeyError, TimeoutError, Dropped, asyncio.CancelledError)
        return {worker: word for worker, word in zip(asked, said, strict=True) if not isinstance(word, silent)}

    async def encode(
        self, parts: Sequence[Part], tell: Callable[[], None], take: Callable[[Part, bytes | None], bool]
    ) -> None:
        """Have parts encoded.

        Parameters
        ----------
        parts : sequence of Chunk and SoundTrack
        tell : callable
            Called now and then; `frames` has news.
        take : callable
            Called with a part and its content, or None where a worker says that it lies in the folder; returns whether
            it is there.
        """
        waiting = list(reversed(parts))
        running: set[asyncio.Task[None]] = set()
        watch = asyncio.create_task(self._watch(tell))
        try:
            while waiting or running:
                while waiting and len(running) <= self._places:  # one waits at the workers, so that none of them does
                    running.add(asyncio.create_task(self._one(waiting.pop(), take)))
                done, _ = await asyncio.wait({*running, watch}, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
                running -= done
                tell()
        finally:
            for task in (watch, *running):
                task.cancel()
            await asyncio.gather(watch, *running, return_exceptions=True)

    async def _watch(self, tell: Callable[[], None]) -> None:
        seen = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(LOOK_S)
            await self._look_at_workers()
            now = asyncio.get_running_loop().time()
            seen = now if self._places else seen
            if now - seen > LONELY_S:
                raise UnavailableError(f"The cluster at {self._address} has no workers any more.")
            for said in (await self._ask_workers(tasks.progress, self._there)).values():
                for task, done in said.items() if isinstance(said, dict) else ():
                    if task in self._tasks:
                        self.frames[self._tasks[task]] = done
            tell()

    async def _one(self, part: Part, take: Callable[[Part, bytes | None], bool]) -> None:
        folder: str | None = self._folder
        wanted: set[str] = set()
        unable: set[str] = set()
        for _ in range(TRIES):
            answer = await self._submit(part, folder, wanted)
            if "stored" in answer or "content" in answer:
                if await asyncio.to_thread(take, part, answer.get("content")):
                    self.frames[part.key] = getattr(part, "frames", 0)
                    return
                folder = None  # it is not the same folder, after all
            elif "missing" in answer:
                wanted = {answer["worker"]}
                await asyncio.gather(*(self._send(answer["worker"], name) for name in answer["missing"]))
            elif "unable" in answer:
                unable.add(answer["worker"])
                wanted = self._there - unable
                if not wanted:
                    raise RenderFailedError(f"A part could not be encoded: {answer['unable']}.")
            elif "other_build" in answer:
                raise self._unlike(answer["worker"], self._differing(answer["other_build"]))
            elif "error" in answer:
                raise RenderFailedError(str(answer["error"]["message"]))
        raise RenderFailedError("A part could not be encoded: the workers do not keep the files that they are sent.")

    async def _submit(self, part: Part, folder: str | None, wanted: set[str]) -> dict[str, Any]:
        order = pickle.dumps(
            {
                "part": part,
                "build": self._build,
                "assets": {source: self._files[source].told for source in part.sources},
                "folder": folder,
                "beacon": self._beacon,
            }
        )
        key = f"ipynemo-{part.key}-{uuid.uuid4().hex[:8]}"
        preferred = {"workers": list(wanted), "allow_other_workers": True} if wanted else {}
        future = self._client.submit(tasks.encode, order, key=key, pure=False, **preferred)
        self._tasks[key] = part.key
        try:
            answer: dict[str, Any] = await future
        except KilledWorker as error:
            raise RenderFailedError(f"A part could not be encoded: every worker that tried it died. {error}") from error
        except (Dropped, OSError, TimeoutError) as error:
            raise self._away() from error
        except NemoError:
            raise
        except Exception as error:
            raise RenderFailedError(f"A part could not be encoded: {error or type(error).__name__}") from error
        finally:
            self._tasks.pop(key, None)
            future.release()
        return answer

    async def _send(self, worker: str, name: str) -> None:
        """Send a file to a worker, once, whoever asks for it."""
        sending = self._sending.get((worker, name))
        if sending is None:
            sending = self._sending[worker, name] = asyncio.create_task(self._send_blocks(worker, name))
            sending.add_done_callback(lambda _: self._sending.pop((worker, name), None))
        await asyncio.shield(sending)

    async def _send_blocks(self, worker: str, name: str) -> None:
        file = self._by_name[name]
        with file.path.open("rb") as source:
            for begin in range(0, file.size, BLOCK_BYTES):
                block = await asyncio.to_thread(source.read, BLOCK_BYTES)
                try:
                    await self._ask(
                        self._client.run, tasks.receive, self._sender, name, begin, block, file.size, workers=[worker]
                    )
                except UnavailableError:  # the worker is away, and the part goes to another one; or everything is
                    await self._ask(self._client.nthreads)
                    return
