"""Exports: order a render, follow it, fetch the file.

A render is ordered once under an id of our own; when the answer is lost, the id tells whether it arrived. A render that
failed is ordered once more under a new id. Leaving off in the middle loses nothing: the id is in the journal. A backend
that is away for a while, because it restarts, is waited for.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx

from ipynemo.captions import alt_text
from ipynemo.client.downloads import Opener, download
from ipynemo.client.journal import Journal
from ipynemo.client.mp4 import measure
from ipynemo.client.names import Target, clip_path, free_path, target_for
from ipynemo.client.patience import patiently
from ipynemo.client.values import Clip, Render
from ipynemo.client.wire import Wire
from ipynemo.draft import Draft
from ipynemo.errors import (
    ConnectionFailedError,
    DeadlineError,
    InvalidRequestError,
    NemoError,
    NothingToExportError,
    ProtocolError,
    RateLimitError,
    RenderCancelledError,
    RenderFailedError,
    ServerError,
    SessionNotFoundError,
)
from ipynemo.loop import off_loop

__all__ = ["QUALITIES", "Exports", "Target", "clip_path", "free_path", "target_for"]

log = logging.getLogger(__name__)

BACKOFF: Final = 1.5  # each wait between two looks at a render is so much longer than the one before
UNSEEN_LOOKS: Final = 3  # a render just ordered may not be visible at once
PROXY: Final = "/api/render/proxy"
QUALITIES: Final = ("high", "medium", "low")

# The answer is lost, or it is not one: the order may have arrived all the same.
IN_DOUBT: Final = (ConnectionFailedError, ServerError, ProtocolError)
# The backend is away for a moment, or somebody between answers in its place; the render goes on.
AWAY: Final = (ConnectionFailedError, ServerError, ProtocolError, RateLimitError)

OnProgress = Callable[[str, float], object]


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
        progress=float(min(100, max(0, progress))),
        url=url if isinstance(url, str) and url else None,
        error=str(error)[:500] if error else None,
        path=path,
    )


class Exports:
    """The exports of one session."""

    def __init__(self, wire: Wire, journal: Journal, session_id: str, one_at_a_time: asyncio.Lock) -> None:
        self._wire = wire
        self._journal = journal
        self._session_id = session_id
        self._one_at_a_time = one_at_a_time

    @property
    def is_busy(self) -> bool:
        """Whether somebody in this process is at an export of the session."""
        return self._one_at_a_time.locked()

    async def export(self, draft: Draft, target: Target, on_progress: OnProgress | None, quality: str = "high") -> Clip:
        """Order a render, wait for it, fetch the file."""
        async with self._one_at_a_time:
            tell = on_progress or _nobody
            began = time.monotonic()
            render: Render | None = None
            async with self._wire.until_closed(lambda: self._closed(render)):
                render = await self.submit(draft, target.path, quality)
                try:
                    render = await self._follow(render, tell)
                except RenderCancelledError:
                    raise
                except RenderFailedError as error:
                    log.info("Render %s failed (%s); trying once more under a new id.", render.id, error.message)
                    render = await self._follow(await self.submit(draft, target.path, quality), tell)
                render_s = time.monotonic() - began
                return await self._clip(render, await self._fetch(render, target, tell), render_s, draft)

    async def resume(self, render: Render, target: Target, on_progress: OnProgress | None) -> Clip:
        """Wait for a render that was ordered before, and fetch its file."""
        async with self._one_at_a_time:
            tell = on_progress or _nobody
            async with self._wire.until_closed(lambda: self._closed(render)):
                render = await self._follow(render, tell)
                return await self._clip(render, await self._fetch(render, target, tell), None, None)

    def _closed(self, render: Render | None) -> NemoError:
        again, render_id = ("unfinished()", None) if render is None else (f"resume({render.id!r})", render.id)
        hint = f"It may go on without us; with a new client, pick it up: session.{again}."
        told = "The client was closed during the export."
        return ConnectionFailedError(told, hint=hint, session_id=self._session_id, render_id=render_id)

    async def submit(self, draft: Draft, path: Path | None, quality: str = "high") -> Render:
        """Order a render; return without waiting for it."""
        if quality not in QUALITIES:
            raise InvalidRequestError(f"quality={quality!r}.", hint=f"It is one of {', '.join(QUALITIES)}.")
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
            f'"draft": {draft.to_json()}, "output": {{"format": "mp4", "quality": "{quality}"}}}}'
        ).encode()
        shown = path.name if path is not None else None
        render = Render(render_id, self._session_id, "pending", path=shown)
        await self._journal.note_render(render)
        try:
            answer = await patiently(
                self._wire.timing,
                lambda: self._wire.call(
                    "POST",
                    f"{PROXY}/lambda",
                    body=body,
                    doing="start the export",
                    billed=True,
                    session_id=self._session_id,
                    render_id=render_id,
                ),
            )
        except IN_DOUBT as error:
            return await self._arrived_all_the_same(render, error)
        except NemoError:
            await self._journal.note_render(replace(render, status="refused"))
            raise
        known = _render_from(answer, render_id, self._session_id, shown)
        return replace(known, status="pending") if known.status == "unknown" else known

    async def _arrived_all_the_same(self, render: Render, error: NemoError) -> Render:
        """After a lost answer: the id tells whether the order arrived; it may take a moment to be seen."""
        for _ in range(UNSEEN_LOOKS):
            try:
                return await self.look(render.id, render.path)
            except SessionNotFoundError:
                await asyncio.sleep(self._wire.timing.render_poll_s)
            except NemoError as fault:
                log.info("Whether render %s arrived cannot be seen (%s).", render.id, type(fault).__name__)
                raise error from None
        await self._journal.note_render(replace(render, status="undelivered"))
        if isinstance(error, ConnectionFailedError):
            raise ConnectionFailedError(
                "The export could not be started: the order did not arrive.",
                hint="Export again; nothing was lost.",
                session_id=self._session_id,
                render_id=render.id,
            ) from None
        raise error

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
        seen_at = time.monotonic()
        wait_s = timing.render_poll_s
        unseen = 0
        told = -1.0
        while True:
            try:
                render = await self.look(render.id, render.path)
                seen_at = time.monotonic()
            except AWAY as error:
                if time.monotonic() + wait_s > min(limit, seen_at + timing.read_budget_s):
                    raise
                log.info("Render %s could not be looked at (%s); it goes on.", render.id, type(error).__name__)
            except SessionNotFoundError:
                unseen += 1
                if unseen > UNSEEN_LOOKS:
                    raise RenderFailedError(
                        f"The backend knows no render {render.id}.",
                        hint="Export again.",
                        session_id=self._session_id,
                        render_id=render.id,
                    ) from None
            progress = 100.0 if render.is_done else render.progress
            if progress != told:
                told = progress
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
            told, hint = "The export was cancelled.", "Export again."
            raise RenderCancelledError(told, hint=hint, session_id=self._session_id, render_id=render.id)
        if render.is_failed:
            raise RenderFailedError(
                f"The export failed: {render.error or 'the backend does not say why'}.".replace("..", "."),
                hint="Look at the draft, change what the message names, and export again.",
                session_id=self._session_id,
                render_id=render.id,
            )
        return render

    async def _fetch(self, render: Render, target: Target, tell: OnProgress) -> Path:
        """Fetch the file from its link, else by the backend's own download; return where it is."""

        def progress(done: int, total: int) -> None:
            tell("download", 100.0 * done / total if total else 0.0)

        async def fetched(opened: Opener) -> Path:
            path = await download(
                opened,
                target,
                doing="fetch the video",
                timing=self._wire.timing,
                on_progress=progress,
                check=measure,
            )
            tell("download", 100.0)
            return path

        if render.url is not None:
            try:
                return await fetched(self._foreign(render.url))
            except NemoError as error:
                log.info("The link of render %s did not work (%s).", render.id, type(error).__name__)
        try:
            return await fetched(self._own(render.id))
        except NemoError as error:
            error.session_id, error.render_id = self._session_id, render.id
            raise

    def _foreign(self, url: str) -> Opener:
        @asynccontextmanager
        async def opened(headers: dict[str, str]) -> AsyncIterator[httpx.Response]:
            if not url.startswith(("https://", "http://")):
                raise ProtocolError("The video's link is no web address.")
            async with self._wire.elsewhere(url, headers) as response:
                yield response

        return opened

    def _own(self, render_id: str) -> Opener:
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
        return Clip(
            path=path,
            duration_s=duration_s,
            width_px=width_px,
            height_px=height_px,
            size_bytes=(await off_loop(path.stat)).st_size,
            session_id=self._session_id,
            render_id=render.id,
            render_s=render_s,
            summary=draft.summary() if draft else None,
            description=alt_text(draft) if draft else None,
        )


def _nobody(_stage: str, _percent: float) -> None:
    """Where nobody asked for progress."""
