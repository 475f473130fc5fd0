"""What runs in the processes of a Dask cluster. The scheduler loads this module too, and nothing of the renderer.

Answers are plain dictionaries, also where something went wrong: an error that another computer pickled might not be one
here. Files are opened in the worker's own process, as its user.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import pickle
import platform
import shutil
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ipynemo import __version__

if TYPE_CHECKING:
    from ipynemo.backend.cluster.cupboard import Cupboard

__all__ = ["describe", "encode", "progress", "ready", "receive"]

LOOK_S = 0.1  # between two looks whether the work is still wanted
AGAIN_S = 300.0  # before a bucket that could not be reached is tried again
DEFAULT_CACHE_BYTES = 4 << 30

_done: dict[str, int] = {}  # frames or samples by the key of the task, of what runs in this process
_unreachable: dict[str, float] = {}


def ready() -> str:
    """Return the version of ipynemo here; for the scheduler, which has to know this module."""
    return __version__


class _Quiet(logging.Filter):
    """Keeps the questions of `Hands`, two a second, out of a worker's log."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (str(record.msg).startswith("Run out-of-band") and record.args in {("progress",), ("receive",)})


@cache
def describe() -> dict[str, str]:
    """Return what draws and encodes in this process, by name."""
    import av
    import cv2
    import numpy as np
    import PIL

    from ipynemo.backend.render.native import is_there
    from ipynemo.backend.render.plan import build

    logging.getLogger("distributed.worker").addFilter(_Quiet())
    return {
        "ipynemo": __version__,
        "av": av.__version__,
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        "pillow": PIL.__version__,
        "machine": platform.machine(),
        "sampler": "machine code" if is_there() else "opencv",
        # All of these, and the fonts, the encoders' options and the renderer's own code.
        "build": hashlib.sha256(build().encode()).hexdigest()[:16],
    }


@cache
def _settle() -> Cupboard:
    """Set this process up for the renderer, once; return the cupboard of its worker."""
    import cv2
    import dask
    from distributed import get_worker

    from ipynemo.backend.cluster.cupboard import Cupboard
    from ipynemo.backend.render.memory import give_back_early

    give_back_early()
    cv2.setNumThreads(1)  # the other cores have workers of their own
    most = int(dask.config.get("ipynemo.cache-bytes", DEFAULT_CACHE_BYTES))
    return Cupboard(Path(get_worker().local_directory) / "ipynemo", most)


def progress() -> dict[str, int]:
    """Return how far the tasks of this process are."""
    return dict(_done)


async def receive(sender: str, name: str, begin: int, block: bytes, size: int) -> bool:
    """Take a block of a file; see `Cupboard.add`."""
    return await asyncio.to_thread(_settle().add, sender, name, begin, block, size)


def encode(order: bytes) -> dict[str, Any]:
    """Encode a part of a film.

    Parameters
    ----------
    order : bytes
        Pickled, so that only a worker needs to know what is in it: `part`, a chunk or the sound; `build`, of
        `describe`; `assets`, of each id its `name` (hash and suffix), `size`, `path` in a folder that may be shared, or
        `object` in a bucket that may be reached; `folder`, where the part goes, if `beacon` can be seen in it.

    Returns
    -------
    dict
        `worker`, the address, with one of: `stored`, that it lies in the folder; `content`, its bytes; `missing`, the
        names of files that have to be sent first; `other_build`, a description; `stopped`; `error`, of the film;
        `unable`, what is wrong with this worker.
    """
    from distributed import get_worker

    from ipynemo.backend.render.parts import part_of
    from ipynemo.backend.speech import SpeechError
    from ipynemo.errors import NemoError, RenderCancelledError

    worker = get_worker()
    answer: dict[str, Any] = {"worker": worker.address}
    desk = Path(worker.local_directory) / f"ipynemo-{uuid.uuid4().hex}"
    task = str(worker.get_current_task())
    try:
        said = describe()
        given = pickle.loads(order)  # noqa: S301 - whoever can give a Dask worker work can make it run anything
        if said["build"] != given["build"]:
            return {**answer, "other_build": said}
        desk.mkdir(mode=0o700)
        shared = _sees(given)
        if shared and part_of(Path(given["folder"]), given["part"]).exists():  # its worker died before it could tell
            return {**answer, "stored": True}
        paths, missing = _gather(given["assets"], desk, _settle(), shared=shared)
        if missing:
            return {**answer, "missing": missing}
        path = _encode(given["part"], paths, desk, _Heed(task))
        if shared and _put(path, Path(given["folder"])):
            return {**answer, "stored": True}
        return {**answer, "content": path.read_bytes()}
    except RenderCancelledError:
        return {**answer, "stopped": True}
    except SpeechError as error:  # there may be a voice on another computer
        return {**answer, "unable": str(error)}
    except NemoError as error:
        return {**answer, "error": {"type": type(error).__name__, "message": str(error)}}
    except Exception as error:  # noqa: BLE001 - a full disk perhaps; Dask would log it with the order, the draft in it
        return {**answer, "unable": str(error) or type(error).__name__}
    finally:
        _done.pop(task, None)
        shutil.rmtree(desk, ignore_errors=True)


def _sees(given: Mapping[str, Any]) -> bool:
    """Return whether the server's folder is the same one here."""
    with suppress(OSError):
        return given["folder"] is not None and (Path(given["folder"]) / given["beacon"]).is_file()
    return False


def _gather(
    assets: Mapping[str, Mapping[str, Any]], desk: Path, cupboard: Cupboard, *, shared: bool
) -> tuple[dict[str, Path], list[str]]:
    """Return where the files lie, and the names of those that are nowhere to be had."""
    paths: dict[str, Path] = {}
    missing = []
    for asset_id, asset in assets.items():
        name, path = str(asset["name"]), Path(asset.get("path") or desk)
        if shared and asset.get("path") and _has(path, asset["size"]):
            paths[asset_id] = path
            continue
        place = desk / name
        if not place.exists() and not cupboard.take(name, place):
            fetched = asset.get("object") and _fetch(asset["object"], name, cupboard)
            if not fetched or not cupboard.take(name, place):
                missing.append(name)
                continue
        paths[asset_id] = place
    return paths, sorted(set(missing))


def _has(path: Path, size: int) -> bool:
    try:
        return os.access(path, os.R_OK) and path.stat().st_size == size
    except OSError:
        return False


def _fetch(address: str, name: str, cupboard: Cupboard) -> bool:
    """Fetch a file from the bucket, with the keys of this worker's own environment; False where that fails."""
    bucket = address.partition("/")[0]
    if time.monotonic() < _unreachable.get(bucket, 0.0):
        return False
    part = cupboard.beginning()
    try:
        import fsspec

        config = {"connect_timeout": 5, "read_timeout": 30, "retries": {"mode": "standard", "max_attempts": 2}}
        fsspec.filesystem("s3", config_kwargs=config).get_file(address, str(part))
        return cupboard.keep(part, name)
    except Exception:  # noqa: BLE001 - no keys, no way, no package: the server sends it
        _unreachable[bucket] = time.monotonic() + AGAIN_S
        return False
    finally:
        part.unlink(missing_ok=True)


class _Heed:
    """Notes how far a task is, and raises where nobody wants it any more: cancelled, or its client is gone."""

    def __init__(self, task: str) -> None:
        from distributed import get_worker

        self._task = task
        self._states = get_worker().state.tasks
        self._look_at = 0.0

    def __call__(self, done: int) -> None:
        from ipynemo.errors import RenderCancelledError

        _done[self._task] = done
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_S
        state = self._states.get(self._task)
        if state is None or state.state == "cancelled":
            raise RenderCancelledError("Nobody waits for this part any more.")


def _encode(part: Any, paths: dict[str, Path], folder: Path, tick: Callable[[int], None]) -> Path:
    from ipynemo.backend.render.parts import encode, encode_sound
    from ipynemo.backend.render.plan import Chunk

    work = encode if isinstance(part, Chunk) else encode_sound
    return work(part, paths, folder, tick)


def _put(path: Path, folder: Path) -> bool:
    """Move a part into the shared folder, whole or not at all; False where that cannot be done."""
    unfinished = folder / f".{path.stem}.{uuid.uuid4().hex}.tmp"
    try:
        shutil.copyfile(path, unfinished)
        unfinished.replace(folder / path.name)
    except OSError:
        return False
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return True
