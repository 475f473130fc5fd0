"""How a render is run: by default in a child process of this server.

A child process can be killed (cancel, time limit) and can crash without harm to the server; and when the server itself
is killed, the child's standard input ends, and it goes too. Another way to run renders is another `Runner`
(`dask_runner`): it gets keys of the storage, not paths, and brings the clip into the storage.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ipynemo.backend.children import Child, Hear
from ipynemo.backend.config import BackendConfig
from ipynemo.backend.provenance import complete
from ipynemo.backend.storage import Storage
from ipynemo.errors import BackendStartError

__all__ = ["ChildRunner", "Job", "Outcome", "Runner", "make", "runner_for"]

WORKER = "ipynemo.backend.render.worker"


@dataclass(frozen=True)
class Job:
    """One render, as a runner gets it.

    Parameters
    ----------
    name : str
        Its id, for messages.
    draft : dict
        The draft's JSON.
    quality : str
        How good it is to be.
    assets : mapping of str to str
        The keys of the files in the storage, by asset id.
    clip : str
        The key that the clip is to have.
    """

    name: str
    draft: Mapping[str, Any]
    quality: str
    assets: Mapping[str, str]
    clip: str


@dataclass(frozen=True)
class Outcome:
    """What became of a render: `facts` of the clip that is now in the storage, or what went wrong."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    error_type: str | None = None
    error: str = ""


class Runner(Protocol):
    """Runs renders."""

    async def run(self, job: Job, tell: Callable[[float], None]) -> Outcome:
        """Run one render to its end.

        Cancelling the task stops the work wherever it is done, and leaves nothing behind.

        Parameters
        ----------
        tell : callable
            Called with the progress, 0–100, on the server's loop.

        Raises
        ------
        UnavailableError
            The storage does not answer; the render may succeed later.
        """


def runner_for(config: BackendConfig, storage: Storage) -> Runner:
    """Return the way in which a server with these settings runs renders.

    Raises
    ------
    BackendStartError
        The packages for it are missing.
    """
    if config.scheduler is None:
        return ChildRunner(storage)
    if importlib.util.find_spec("distributed") is None:
        raise BackendStartError(
            "Renders on a cluster need distributed.", hint='Install it: pip install "ipynemo[local,cluster]"'
        )
    from ipynemo.backend.dask_runner import DaskRunner

    return DaskRunner(storage, config.scheduler)


async def make(
    storage: Storage,
    job: Job,
    child: Child,
    more: Mapping[str, Any],
    tell: Callable[[float], None],
    hear: Hear | None = None,
) -> dict[str, Any]:
    """Have a child make a clip, and bring it into the storage; leave nothing behind where that does not succeed.

    Parameters
    ----------
    child : Child
        Not started yet.
    more : mapping
        What it is told besides the draft, the files, the quality and where the clip goes.
    tell, hear
        See `Child.result`.

    Returns
    -------
    dict
        Its last word: `{"done": …}` or `{"error": …}`.
    """
    out = storage.making(job.clip)
    kept = False
    try:
        async with storage.checkout(job.assets) as paths:
            order = {
                "draft": job.draft,
                "assets": {asset_id: str(path) for asset_id, path in paths.items()},
                "out": str(out),
                "quality": job.quality,
                **more,
            }
            try:
                await child.start(order)
                said = await child.result(tell, hear)
            finally:
                await child.stop()
            if "done" in said:
                said = await asyncio.to_thread(complete, out, dict(job.draft), dict(paths), said)
        if "done" in said:
            await storage.put(out, job.clip)
            kept = True
        return said
    finally:
        if not kept:
            out.unlink(missing_ok=True)


class ChildRunner:
    """Runs each render in a process of its own.

    Parameters
    ----------
    storage : Storage
        Has the files, takes the clips, and keeps finished parts: after a small edit, or a crash, only the rest is made.
    cores : int, optional
        How many processes all renders that run may use; by default as many as there are processors.
    """

    def __init__(self, storage: Storage, cores: int | None = None) -> None:
        self._storage = storage
        self._cores = os.cpu_count() or 1 if cores is None else cores
        self._running = 0

    async def run(self, job: Job, tell: Callable[[float], None]) -> Outcome:
        """Run one render; see `Runner`."""
        self._running += 1
        # Alone, it may use everything; in a batch, each has a share, because joining and the start use one core.
        more = {"cache": str(self._storage.shelf), "workers": max(1, self._cores // self._running)}
        try:
            said = await make(self._storage, job, Child(job.name, WORKER), more, tell)
        finally:
            self._running -= 1
        if "done" in said:
            return Outcome(said["done"])
        return Outcome(error_type=str(said["error"]["type"]), error=str(said["error"]["message"]))
