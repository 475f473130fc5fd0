"""Exports: order a render, follow it, fetch the file.

A render is ordered once under an id of our own; when the answer is lost, the id tells whether it arrived. A render that
failed is ordered once more under a new id. Leaving off in the middle loses nothing: the id is in the journal.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx

from ipynemo.client.journal import Journal
from ipynemo.client.mp4 import measure
from ipynemo.client.transfer import download
from ipynemo.client.values import Clip, Render
from ipynemo.client.wire import Wire
from ipynemo.draft import Draft
from ipynemo.errors import (
    ConnectionFailedError,
    DeadlineError,
    NemoError,
    NothingToExportError,
    ProtocolError,
    RenderCancelledError,
    RenderFailedError,
    SessionNotFoundError,
)
from ipynemo.loop import off_loop

__all__ = ["Exports", "free_path"]

log = logging.getLogger(__name__)

BACKOFF: Final = 1.5  # each wait between two looks at a render is so much longer than the one before
UNSEEN_LOOKS: Final = 3  # a render just ordered may not be visible at once
PROXY: Final = "/api/render/proxy"

OnProgress = Callable[[str, float], object]


def free_path(title: str, folder: Path) -> Path:
    """Return a path `<title>.mp4` in the folder that does not exist yet; a number is added where it does."""
    stem = re.sub(r"[^\w\- ]+", "", title, flags=re.UNICODE).strip().replace(" ", "-")[:60] or "clip"
    path = folder / f"{stem}.mp4"
    number = 2
    while path.exists():
        path = folder / f"{stem}-{number}.mp4"
        number += 1
    return path


def _render_from(answer: dict[str, Any], render_id: str, session_id: str, path: str | None = None) -> Render:
    """Read either shape of a render's state: bare, or inside `data`."""
    data = answer.get("data")
    inner = data if isinstance(data, dict) else {}
    status = answer.get("status") if isinstance(answer.get("status"), str) else inner.get("status")
    progress = answer.get("progress", inner.get("progress"))
    if isinstance(progress, bool) or not isinstance(progress, (int, float)):
        progress = 0.0
    url: Any = None
    for holder in (answer, inner):
        output = holder.get("output")
        if isinstance(output, dict):
            url = url or output.get("url")
        url = url or holder.get("outputUrl")
    error = answer.get("error") or inner.get("error") or inner.get("errorMessage")
    if isinstance(error, dict):
        error = error.get("message")
    return Render(
        id=render_id,
        session_id=session_id,
        status=status if isinstance(status, str) else "unknown",
        progress=min(100.0, max(0.0, float(progress))),
        url=url if isinstance(url, str) and url else None,
        error=str(error)[:500] if error else None,
        path=path,
    )


class Exports:
    """The exports of one session."""

    def __init__(self, wire: Wire, journal: Journal, session_id: str) -> None:
        self._wire = wire
        self._journal = journal
        self._session_id = session_id
        self._one_at_a_time = asyncio.Lock()

    async def export(
        self, draft: Draft, path: Path, on_progress: OnProgress | None, *, known: Render | None = None
    ) -> Clip:
        """Order a render (or go on with a known one), wait for it, fetch the file."""
        async with self._one_at_a_time:
            tell = on_progress or _nobody
            began = time.monotonic()
            render = known or await self.submit(draft, path)
            try:
                render = await self._follow(render, tell)
            except RenderCancelledError:
                raise
            except RenderFailedError as error:
                log.info("Render %s failed (%s); trying once more under a new id.", render.id, error.message)
                render = await self._follow(await self.submit(draft, path), tell)
            await self._fetch(render, path, tell)
            return await self._clip(render, path, time.monotonic() - began, draft)

    async def resume(self, render: Render, path: Path, on_progress: OnProgress | None) -> Clip:
        """Wait for a render that was ordered before, and fetch its file."""
        async with self._one_at_a_time:
            tell = on_progress or _nobody
            render = await self._follow(render, tell)
            await self._fetch(render, path, tell)
            return await self._clip(render, path, None, None)

    async def submit(self, draft: Draft, path: Path | None) -> Render:
        """Order a render; return without waiting for it."""
        if draft.is_empty:
            raise NothingToExportError(
                "There is nothing to export yet: the draft has no segment.",
                hint="Ask for something first, for example session.chat('explain what an AI image is').",
                session_id=self._session_id,
            )
        render_id = f"render_{uuid.uuid4().hex}"
        # The draft goes out as it came: the very JSON, not a reading of it.
        body = (
            f'{{"id": {json.dumps(render_id)}, "sessionId": {json.dumps(self._session_id)}, '
            f'"draft": {draft.to_json()}, "output": {{"format": "mp4", "quality": "high"}}}}'
        ).encode()
        shown = path.name if path is not None else None
        render = Render(render_id, self._session_id, "pending", path=shown)
        await self._journal.note_render(render)
        try:
            answer = await self._wire.call(
                "POST",
                f"{PROXY}/lambda",
                body=body,
                doing="start the export",
                billed=True,
                session_id=self._session_id,
                render_id=render_id,
            )
        except ConnectionFailedError:
            return await self._arrived_all_the_same(render)
        except NemoError:
            await self._journal.note_render(_with_status(render, "refused"))
            raise
        known = _render_from(answer, render_id, self._session_id, shown)
        return _with_status(known, "pending") if known.status == "unknown" else known

    async def _arrived_all_the_same(self, render: Render) -> Render:
        """After a lost answer: the id tells whether the order arrived. Raises what the look at it raises."""
        try:
            return await self.look(render.id, render.path)
        except SessionNotFoundError:
            await self._journal.note_render(_with_status(render, "undelivered"))
            raise ConnectionFailedError(
                "The export could not be started: the order did not arrive.",
                hint="Export again; nothing was lost.",
                session_id=self._session_id,
                render_id=render.id,
            ) from None

    async def look(self, render_id: str, path: str | None = None) -> Render:
        """Return a render as it is now."""
        answer = await self._wire.call(
            "GET",
            f"{PROXY}/lambda/{quote(render_id, safe='')}",
            doing="look at the export",
            session_id=self._session_id,
            render_id=render_id,
        )
        return _render_from(answer, render_id, self._session_id, path)

    async def cancel(self, render_id: str) -> Render:
        """Cancel a render; return what has become of it."""
        await self._wire.call(
            "POST",
            f"{PROXY}/lambda/{quote(render_id, safe='')}/cancel",
            doing="cancel the export",
            session_id=self._session_id,
            render_id=render_id,
        )
        render = await self.look(render_id)
        await self._journal.note_render(render)
        return render

    async def _follow(self, render: Render, tell: OnProgress) -> Render:
        timing = self._wire.timing
        limit = time.monotonic() + timing.render_limit_s
        wait_s = timing.render_poll_s
        unseen = 0
        told = -1.0
        while True:
            try:
                render = await self.look(render.id, render.path)
            except SessionNotFoundError:
                unseen += 1
                if unseen > UNSEEN_LOOKS:
                    raise RenderFailedError(
                        f"The backend knows no render {render.id}.",
                        hint="Export again.",
                        session_id=self._session_id,
                        render_id=render.id,
                    ) from None
            if render.progress != told:
                told = render.progress
                tell("render", told)
                wait_s = min(wait_s, timing.render_poll_s * 4) if told else wait_s
            if render.is_done or render.is_failed or render.is_cancelled:
                await self._journal.note_render(render)
                return self._finished(render)
            if time.monotonic() + wait_s > limit:
                raise DeadlineError(
                    f"The export took longer than {timing.render_limit_s:g} s ({render.progress:.0f} %).",
                    hint=f"It goes on without us; pick it up with session.resume({render.id!r}).",
                    session_id=self._session_id,
                    render_id=render.id,
                )
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * BACKOFF, timing.render_poll_max_s)

    def _finished(self, render: Render) -> Render:
        if render.is_cancelled:
            raise RenderCancelledError(
                "The export was cancelled.", session_id=self._session_id, render_id=render.id, hint="Export again."
            )
        if render.is_failed:
            raise RenderFailedError(
                f"The export failed: {render.error or 'the backend does not say why'}.".replace("..", "."),
                hint="Look at the draft, change what the message names, and export again.",
                session_id=self._session_id,
                render_id=render.id,
            )
        return render

    async def _fetch(self, render: Render, path: Path, tell: OnProgress) -> None:
        """Fetch the file: from its link, else by the backend's own download."""

        def progress(done: int, total: int) -> None:
            tell("download", 100.0 * done / total if total else 0.0)

        if render.url is not None:
            try:
                await download(self._foreign(render.url), path, doing="fetch the video", on_progress=progress)
                measured = await off_loop(_playable, path)
            except (NemoError, httpx.InvalidURL, httpx.HTTPError) as error:
                log.info("The link of render %s did not work (%s).", render.id, type(error).__name__)
            else:
                if measured:
                    return
        try:
            await download(self._own(render.id), path, doing="fetch the video", on_progress=progress)
        except NemoError as error:
            error.session_id, error.render_id = self._session_id, render.id
            raise

    def _foreign(self, url: str) -> Callable[[dict[str, str]], Any]:
        @asynccontextmanager
        async def opened(headers: dict[str, str]) -> AsyncIterator[httpx.Response]:
            if not url.startswith(("https://", "http://")):
                raise ProtocolError("The video's link is no web address.")
            async with self._wire.client("foreign").stream("GET", url, headers=headers) as response:
                yield response

        return opened

    def _own(self, render_id: str) -> Callable[[dict[str, str]], Any]:
        path = f"{PROXY}/{quote(render_id, safe='')}/download"

        @asynccontextmanager
        async def opened(headers: dict[str, str]) -> AsyncIterator[httpx.Response]:
            async with self._wire.opened("GET", path, headers=headers) as response:
                where = response.headers.get("location")
                if response.is_redirect and where:
                    target = str(response.url.join(where))  # another host: without our headers
                    async with self._foreign(target)(headers) as elsewhere:
                        yield elsewhere
                    return
                yield response

        return opened

    async def _clip(self, render: Render, path: Path, render_s: float | None, draft: Draft | None) -> Clip:
        duration_s, width_px, height_px = await off_loop(measure, path)
        size_bytes = (await off_loop(path.stat)).st_size
        return Clip(
            path=path,
            duration_s=duration_s,
            width_px=width_px,
            height_px=height_px,
            size_bytes=size_bytes,
            session_id=self._session_id,
            render_id=render.id,
            render_s=render_s,
            summary=draft.summary() if draft is not None else None,
        )


def _playable(path: Path) -> bool:
    try:
        measure(path)
    except ProtocolError:
        return False
    return True


def _nobody(_stage: str, _percent: float) -> None:
    """Where nobody asked for progress."""


def _with_status(render: Render, status: str) -> Render:
    return Render(render.id, render.session_id, status, render.progress, render.url, render.error, render.path)
