"""One export from order to file, so that it can be told about, cancelled at any moment, and taken up again.

A cell that runs again makes its widgets anew while the old ones' export goes on: the new ones join it.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from ipynemo.client import AsyncSession, Clip, Render
from ipynemo.client.names import clip_path
from ipynemo.draft import Draft
from ipynemo.errors import RenderCancelledError, RenderFailedError

__all__ = ["Rendering", "running", "unfinished", "wanted_name"]

log = logging.getLogger(__name__)

OnProgress = Callable[[str, float], None]

# Of all widgets in this process: two of them must not fetch the same clip twice.
_followed: set[str] = set()
_running: dict[str, Rendering] = {}  # by session


def wanted_name(typed: str, title: str) -> str:
    """Return the file's name for what the user typed, or for the draft's title where nothing was typed.

    It is a name only: never a way into another folder.

    Examples
    --------
    >>> wanted_name("my robot", ""), wanted_name("../../etc/passwd", ""), wanted_name("", "What is an AI image?")
    ('my-robot.mp4', 'etcpasswd.mp4', 'What-is-an-AI-image.mp4')
    """
    stem = typed.strip()
    if stem.lower().endswith(".mp4"):
        stem = stem[:-4]
    return re.sub("-{2,}", "-", clip_path(stem or title, Path()).name)


async def unfinished(session: AsyncSession) -> Render | None:
    """Return the newest render of the session that nobody has fetched, because a page or a kernel went away."""
    render = await session.unfinished()
    return None if render is not None and render.id in _followed else render


def running(session: AsyncSession) -> Rendering | None:
    """Return the export of the session that a widget of this process is at."""
    return _running.get(session.session_id)


class Rendering:
    """An export that is under way; lives on ipynemo's loop."""

    def __init__(self, session: AsyncSession, on_progress: OnProgress) -> None:
        self.session = session
        self._listeners = [on_progress]
        self._outcome: asyncio.Future[Clip] | None = None
        self._render: Render | None = None
        self._is_cancelled = False
        self._fetching: asyncio.Task[object] | None = None

    async def run(self, draft: Draft, name: str) -> Clip:
        """Order a render, wait for it and fetch it; one that fails is ordered once more.

        Raises
        ------
        RenderCancelledError
            It was cancelled, here or elsewhere.
        """
        return await self._held(self._run(draft, name))

    async def take_up(self, render: Render) -> Clip:
        """Wait for a render that was ordered before, and fetch it."""
        self._render = render
        return await self._held(self._follow(render))

    async def join(self, on_progress: OnProgress) -> Clip:
        """Wait for it beside the one who began it."""
        if self._outcome is None:
            raise RuntimeError("it has not begun")
        self._listeners.append(on_progress)
        try:
            return await asyncio.shield(self._outcome)
        finally:
            self._listeners.remove(on_progress)

    async def cancel(self) -> None:
        """Cancel it; before the backend knows of it, as soon as it does; while the file comes, leave off."""
        self._is_cancelled = True
        if self._fetching is not None:
            self._fetching.cancel()
        elif self._render is not None:
            await self.session.cancel(self._render)

    async def _held(self, work: Coroutine[Any, Any, Clip]) -> Clip:
        """Do the work where others can find and join it."""
        self._outcome = outcome = asyncio.get_running_loop().create_future()
        _running.setdefault(self.session.session_id, self)
        try:
            clip = await work
        except asyncio.CancelledError:
            outcome.cancel()
            raise
        except BaseException as error:
            outcome.set_exception(error)
            outcome.exception()  # whoever began it has it already
            raise
        finally:
            if running(self.session) is self:
                del _running[self.session.session_id]
        outcome.set_result(clip)
        return clip

    async def _run(self, draft: Draft, name: str) -> Clip:
        try:
            return await self._once(draft, name)
        except RenderCancelledError:
            raise
        except RenderFailedError as error:
            log.info("A render failed (%s); trying once more under a new id.", error.message)
            return await self._once(draft, name)

    async def _once(self, draft: Draft, name: str) -> Clip:
        self._raise_if_cancelled()
        # The name goes into the journal with the order, so that a restarted kernel uses it, too.
        render = await self.session.submit(draft, path=name)
        self._render = render
        if self._is_cancelled:
            await self.session.cancel(render)
        return await self._follow(render)

    async def _follow(self, render: Render) -> Clip:
        task = asyncio.current_task()

        def progress(stage: str, percent: float) -> None:
            self._fetching = task if stage == "download" else None
            for on_progress in self._listeners:
                on_progress(stage, percent)

        _followed.add(render.id)
        try:
            return await self.session.resume(render, on_progress=progress)
        except asyncio.CancelledError:
            self._raise_if_cancelled()
            raise
        finally:
            self._fetching = None
            _followed.discard(render.id)

    def _raise_if_cancelled(self) -> None:
        if self._is_cancelled:
            raise RenderCancelledError("The export was cancelled.", session_id=self.session.session_id)
