"""Which job a message becomes, and the one that shows the video: a moment as a picture, a range as a film."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ipynemo.client import AsyncSession, Reply, Still
from ipynemo.client.direct import clock, first_look, span_of
from ipynemo.draft import Draft
from ipynemo.intents import Intent, Look, look_of
from ipynemo.widgets._chat_jobs import Credits, Export, Job, Turn, Upload

if TYPE_CHECKING:
    from ipynemo.widgets.chat import Chat

__all__ = ["JOBS", "Preview"]

POSTER_PX: Final = 240  # all that was said goes to the page at each change
POSTER_AT_S: Final = 1.4  # behind a fade


class Preview(Job):
    """Shows what the draft looks like at a moment, or plays a range of it."""

    begins_with = "drawing"

    async def _do(self) -> Reply:
        draft, look = await self.session.draft(), look_of(self.text)
        if look.is_still or draft.is_empty:
            return await self._show(draft, look)
        return await self._play(draft, look)

    async def _show(self, draft: Draft, look: Look) -> Reply:
        still = await self._still(first_look(draft, look.start_s))
        text = self.chat._say("looks", at=clock(still.at_s))
        self.tell("agent", text, picture=still.address)
        return Reply(text=text, draft=draft, still=still)

    async def _play(self, draft: Draft, look: Look) -> Reply:
        start_s, end_s = span_of(draft, look, self.chat.playhead_s)
        preview = await self.session.preview(start_s, end_s, on_progress=self._progress)
        poster = await self._still(preview.start_s + min(POSTER_AT_S, 0.35 * preview.duration_s))
        text = self.chat._say("plays", start=clock(preview.start_s), end=clock(preview.end_s))
        self.tell("agent", text, picture=poster.address, mp4=preview.mp4)
        return Reply(text=text, draft=draft, preview=preview)

    async def _still(self, at_s: float) -> Still:
        return await self.session.still(at_s, height_px=POSTER_PX)

    def _progress(self, _stage: str, percent: float) -> None:
        self.line = self.chat._say("drawing_percent", n=int(percent))
        self.chat._coalescer.add(news=True)


def preview(chat: Chat, session: AsyncSession, text: str) -> Job:
    """Return the job that shows the video; the cloud's agent may know another way."""
    return (Preview if session.nemo.is_local else Turn)(chat, session, text)


JOBS: Final[Mapping[Intent, Callable[[Chat, AsyncSession, str], Job]]] = {
    Intent.CHAT: Turn,
    Intent.EXPORT: Export,
    Intent.CREDITS: Credits,
    Intent.STATE: Job,
    Intent.UPLOAD: Upload,
    Intent.PREVIEW: preview,
}
