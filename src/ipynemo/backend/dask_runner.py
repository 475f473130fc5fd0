"""Renders on the workers of a Dask cluster, by a child process that plans and joins.

The server itself never talks to the cluster: what came from strangers is opened by workers, and what workers say is
unpickled, so that is done where neither the database nor a token is known.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from ipynemo.backend.children import Child
from ipynemo.backend.runners import Job, Outcome, make
from ipynemo.backend.storage import Storage
from ipynemo.backend.storage.base import part_key
from ipynemo.backend.unavailable import UnavailableError

__all__ = ["DaskRunner"]

log = logging.getLogger(__name__)

CONDUCTOR = "ipynemo.backend.cluster.conductor"
PROBE_S = 5.0


class DaskRunner:
    """Has renders made by a cluster.

    Parameters
    ----------
    storage : Storage
        Has the files, and takes the clips and the finished parts.
    scheduler : str
        The address of the Dask scheduler.
    """

    def __init__(self, storage: Storage, scheduler: str) -> None:
        self._storage = storage
        self._scheduler = scheduler

    async def run(self, job: Job, tell: Callable[[float], None]) -> Outcome:
        """Run one render; see `Runner`."""
        await self._probe()
        child = Child(job.name, CONDUCTOR)

        async def hear(said: dict[str, Any]) -> None:
            if "wanted" in said:
                await self._storage.match_parts([str(name) for name in said["wanted"]])
                await child.say({"fetched": True})
            elif "made" in said:
                await self._storage.keep_part(str(said["made"]))
            for name in said.get("damaged", ()):
                await self._storage.delete(part_key(str(name)))

        more = {
            "where": {asset_id: self._storage.where(key) for asset_id, key in job.assets.items()},
            "scheduler": self._scheduler,
            "shelf": str(self._storage.shelf),
            "ask": self._storage.is_remote,
        }
        said = await make(self._storage, job, child, more, tell, hear)
        return Outcome(said["done"]) if "done" in said else _failed(said["error"])

    async def _probe(self) -> None:
        """Knock at the scheduler's door, before a process is started that would only do the same."""
        parts = urlsplit(self._scheduler)
        try:
            async with asyncio.timeout(PROBE_S):
                _, writer = await asyncio.open_connection(parts.hostname, parts.port)
                writer.close()
        except (OSError, TimeoutError) as error:
            log.warning("the cluster at %s cannot be reached: %s", self._scheduler, error or type(error).__name__)
            raise UnavailableError.of("cluster") from error


def _failed(error: dict[str, Any]) -> Outcome:
    if error["type"] == UnavailableError.__name__:
        log.warning("a render goes back into the queue: %s", error["message"])
        raise UnavailableError.of("cluster")
    if "does not fit this server" in str(error["message"]):
        log.error("%s", error["message"])
    return Outcome(error_type=str(error["type"]), error=str(error["message"]))
