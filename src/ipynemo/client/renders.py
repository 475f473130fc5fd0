"""What this computer has ordered in a session, and what has become of it: the journal's word, and the backend's."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Final

from ipynemo.client.exports import Exports
from ipynemo.client.journal import Journal
from ipynemo.client.values import Render
from ipynemo.errors import NemoError

__all__ = ["known_render", "looked_at", "unfinished_render"]

log = logging.getLogger(__name__)

NEVER_BEGAN: Final = ("refused", "undelivered")


async def known_render(journal: Journal, session_id: str, render_id: str) -> Render:
    """Return a render as the journal knows it, or as one of which nothing is known."""
    known = {render.id: render for render in await journal.renders(session_id)}
    return known.get(render_id) or Render(render_id, session_id, "pending")


async def looked_at(exports: Exports, render: Render) -> Render:
    """Return a render of the journal as it is now; as it was where the backend cannot be asked."""
    if render.is_failed or render.is_cancelled or render.status in NEVER_BEGAN:
        return render
    try:
        now = await exports.look(render.id, render.path)
    except NemoError as error:
        log.info("Render %s could not be looked at: %s", render.id, type(error).__name__)
        return render
    return replace(now, submitted_at=render.submitted_at)


async def unfinished_render(exports: Exports, journal: Journal, session_id: str) -> Render | None:
    """Return the newest render that was ordered and never waited for to its end; see `AsyncSession.unfinished`."""
    if exports.is_busy:
        return None
    for known in await journal.renders(session_id):
        if known.is_done or known.is_failed or known.is_cancelled or known.status in NEVER_BEGAN:
            continue
        try:
            now = await exports.look(known.id, known.path)
        except NemoError as error:
            log.info("Render %s could not be looked at: %s", known.id, type(error).__name__)
            return None
        if now.is_failed or now.is_cancelled:
            await journal.note_render(now)
            continue
        return replace(now, submitted_at=known.submitted_at)
    return None
