"""AsyncSession: one picture story on the backend - upload, chat, draft, export.

Every coroutine may be awaited from any loop; the work runs on ipynemo's own (see `ipynemo.loop`).
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

from ipynemo.client.direct import carry_out
from ipynemo.client.exports import Exports, OnProgress, Target, target_for
from ipynemo.client.links import claim_link
from ipynemo.client.moments import still_of
from ipynemo.client.previewing import Previewing
from ipynemo.client.renders import known_render, looked_at, unfinished_render
from ipynemo.client.sidecars import captioned
from ipynemo.client.state import read_draft, read_draft_or_none, read_state, write_draft
from ipynemo.client.streaming import Feed, TurnStream
from ipynemo.client.transfer import Progress, Source, path_of, upload
from ipynemo.client.turn import Turn
from ipynemo.client.values import Asset, Clip, Credits, Render, Reply, Still
from ipynemo.draft import Draft
from ipynemo.errors import InvalidRequestError
from ipynemo.events import Event
from ipynemo.intents import Intent, route
from ipynemo.loop import bridged

if TYPE_CHECKING:
    from ipynemo.client.client import AsyncNemo

__all__ = ["AsyncSession", "Source"]


class AsyncSession(Previewing):
    """A session on the backend; made by `AsyncNemo.create_session` or re-attached by `AsyncNemo.session`.

    Attributes
    ----------
    session_id : str
    task_id : str or None
        None where the session was re-attached on a computer that has not used it.
    task_name : str
        Empty where it is not known.
    language : str
        Of the answers.
    """

    def __init__(
        self,
        nemo: AsyncNemo,
        session_id: str,
        *,
        task_id: str | None = None,
        task_name: str = "",
        language: str | None = None,
    ) -> None:
        self.nemo = nemo
        self.session_id = session_id
        self.task_id = task_id
        self.task_name = task_name
        self.language = language or nemo.language
        self._says_language = language is not None
        self._used = False
        self._wire = nemo._wire
        self._journal = nemo._journal
        self._exports = Exports(self._wire, self._journal, session_id, nemo._export_lock(session_id))

    def __repr__(self) -> str:
        name = f" {self.task_name!r}" if self.task_name else ""
        return f"<{type(self).__name__} {self.session_id}{name} on {self.nemo.where}>"

    async def _use(self) -> None:
        """Note the use in the journal; where the session was re-attached, recall what the journal knows of it."""
        if not self._used:
            self._used = True
            known = await self._journal.session(self.session_id)
            if known is not None:
                self.task_id = self.task_id or known.task_id
                self.task_name = self.task_name or known.task_name
                self.language = self.language if self._says_language else known.language
        await self._journal.note_session(self.session_id, self.task_id, self.task_name, self.language)

    # -- upload -------------------------------------------------------------------------------------------------------

    @bridged
    async def upload(self, *sources: Source | Iterable[Source], on_progress: Progress | None = None) -> list[Asset]:
        """Upload pictures, videos and sounds, by path or by address.

        All of them are looked at before the first byte is sent; then each goes in a request of its own.

        Parameters
        ----------
        *sources : str, path, or a list of them
            At most 200 MB each: mp4 mov avi webm mkv · jpg jpeg png gif webp · mp3 wav m4a aac.
        on_progress : callable, optional
            Called with `(done_bytes, total_bytes)` of all files together; addresses count nothing.

        Returns
        -------
        list of Asset
            In the order of the sources.

        Raises
        ------
        UnsupportedFileError, FileTooLargeError, InvalidRequestError
            A source cannot be uploaded; nothing has been sent.
        """
        await self._use()
        return await upload(self._wire, self.session_id, sources, on_progress)

    # -- chat ---------------------------------------------------------------------------------------------------------

    def stream(self, text: str) -> TurnStream:
        """Send a message and stream what comes, as values of `ipynemo.events`.

        The text goes to the agent as it is; `chat` also understands "export" and the like by itself. A second turn
        waits until the first one of the session has ended.

        Examples
        --------
        >>> async for event in session.stream("add a title"):  # doctest: +SKIP
        ...     print(event)
        """
        if not isinstance(text, str) or not text.strip():
            raise InvalidRequestError("There is no message.", hint="Say what you want, for example 'add a title'.")

        async def produce(put: Callable[[Event], Awaitable[None]]) -> Reply:
            async with self._wire.turn(self.session_id):
                await self._use()
                read, language = self._draft_or_none, self.language
                turn = Turn(self._wire, self.session_id, text, language=language, read_draft=read, emit=put)
                return await turn.run()

        return TurnStream(Feed(produce))

    @bridged
    async def chat(self, text: str, *, on_event: Callable[[Event], object] | None = None, as_is: bool = False) -> Reply:
        """Send a message and wait for all that comes of it.

        What is not for the agent is done right here and costs nothing: "export" exports, "credits" and "status" are
        answered, "upload" tells how.

        Parameters
        ----------
        text : str
        on_event : callable, optional
            Called with each event of the turn.
        as_is : bool
            Send the text to the agent whatever it says.

        Raises
        ------
        TurnFailedError
            The agent reported a failure.
        StreamInterruptedError
            The answer was cut off and nothing came of it. The message was not sent again.
        DeadlineError
            The agent took too long.
        OutOfCreditsError, PlanError, …
            What the backend answered.
        """
        intent = Intent.CHAT if as_is else route(text)
        if intent is not Intent.CHAT and (intent is not Intent.PREVIEW or self.nemo.is_local):
            await self._use()
            return await carry_out(self, intent, text)
        stream = self.stream(text)
        try:
            async for event in stream:
                if on_event is not None:
                    on_event(event)
        finally:
            await stream.aclose()
        if stream.reply is None:
            raise asyncio.CancelledError  # somebody closed it from elsewhere
        return stream.reply

    # -- state --------------------------------------------------------------------------------------------------------

    @bridged
    async def state(self) -> dict[str, Any]:
        """Return the session's state: `draft`, `video_infos`, `canvas_config`, `generated_media`, `video_analyses`."""
        return await read_state(self._wire, self.session_id)

    @bridged
    async def draft(self) -> Draft:
        """Return the draft as it is now; an empty one where there is none yet.

        Raises
        ------
        ProtocolError
            What the state holds is no draft.
        """
        return await read_draft(self._wire, self.session_id)

    @bridged
    async def save(self, draft: Draft) -> Draft:
        """Put an edited draft in place of the session's; "undo" in the chat leads back.

        Returns
        -------
        Draft
            As the backend has kept it.

        Raises
        ------
        InvalidRequestError
            The backend is the cloud, which takes edits in the chat only.
        """
        await write_draft(self._wire, self.session_id, draft, is_local=self.nemo.is_local)
        return await self.draft()

    async def _draft_or_none(self) -> Draft | None:
        return await read_draft_or_none(self._wire, self.session_id)

    @bridged
    async def credits(self) -> Credits:
        """Return the account's credits."""
        return await self.nemo.credits()

    @bridged
    async def still(self, at_s: float = 0.0, *, draft: Draft | None = None, height_px: int = 360) -> Still:
        """Return what a draft looks like at a moment: the one given, or the session's own. Embedded backend only.

        Raises
        ------
        InvalidRequestError
            It cannot be drawn, the draft is empty, or the backend is the cloud.
        """
        return await still_of(self._wire, self.session_id, at_s, draft, height_px, is_local=self.nemo.is_local)

    # -- export -------------------------------------------------------------------------------------------------------

    @bridged
    async def export(
        self,
        path: Source | None = None,
        *,
        draft: Draft | None = None,
        quality: str = "high",
        captions: bool = False,
        on_progress: OnProgress | None = None,
    ) -> Clip:
        """Render the draft and fetch the video.

        Interrupting it loses nothing: the render goes on, and `resume` picks it up.

        Parameters
        ----------
        path : str or path, optional
            Where to put the MP4; a file that is there is replaced. Without it a free name in this folder is taken.
        draft : Draft, optional
            Render this one instead of the session's own: an edited variation.
        quality : {"high", "medium", "low"}
            Full size, 720 or 360 lines: a small one is done several times sooner.
        captions : bool
            Also write captions and a transcript beside the MP4, under its name: `.vtt`, `.srt`, `.txt`. Files there are
            replaced only if an export wrote them and nobody has changed them; else a number is added to the names.
        on_progress : callable, optional
            Called with `(stage, percent)`: `("render", 0–100)`, then `("download", 0–100)`.

        Raises
        ------
        NothingToExportError
            The draft has no segment yet.
        RenderFailedError
            It failed twice.
        PlanError
            The plan does not include exports.
        """
        await self._use()
        draft = draft if draft is not None else await self.draft()
        clip = await self._exports.export(draft, await self._target(path, draft), on_progress, quality)
        return await captioned(clip, draft, self._draft_or_none) if captions else clip

    @bridged
    async def submit(self, draft: Draft | None = None, *, path: Source | None = None, quality: str = "high") -> Render:
        """Order a render and return at once; `resume` fetches it, under the name of `path` if it is given no other."""
        await self._use()
        draft = draft if draft is not None else await self.draft()
        return await self._exports.submit(draft, path_of(path) if path is not None else None, quality)

    @bridged
    async def renders(self) -> list[Render]:
        """Return the renders that this computer has ordered in this session, the newest first, as they are now."""
        known = await self._journal.renders(self.session_id)
        return [await looked_at(self._exports, render) for render in known]

    @bridged
    async def unfinished(self) -> Render | None:
        """Return the newest render that nobody has waited for, because a page or a kernel went away, to `resume` it.

        None where there is none, or where this process is at an export of the session.
        """
        return await unfinished_render(self._exports, self._journal, self.session_id)

    @bridged
    async def render(self, render_id: str) -> Render:
        """Return a render as it is now."""
        return await self._exports.look(render_id)

    @bridged
    async def resume(
        self,
        render: Render | str,
        path: Source | None = None,
        *,
        captions: bool = False,
        on_progress: OnProgress | None = None,
    ) -> Clip:
        """Wait for a render that was ordered before, also by a kernel that is gone, and fetch the video.

        Without a path it gets the name that it was ordered with; a file of that name is not replaced. `captions` as for
        `export`, from the session's draft; where that is of another length by now, none are written.
        """
        await self._use()
        known = render if isinstance(render, Render) else await known_render(self._journal, self.session_id, render)
        target = await self._target(path if path is not None else known.path, None)
        target = dataclasses.replace(target, replace=path is not None)
        clip = await self._exports.resume(known, target, on_progress)
        return await captioned(clip, None, self._draft_or_none) if captions else clip

    @bridged
    async def cancel(self, render: Render | str) -> Render:
        """Cancel a render; return what has become of it."""
        return await self._exports.cancel(render.id if isinstance(render, Render) else render)

    async def _target(self, path: Source | None, draft: Draft | None) -> Target:
        return await target_for(path, (draft.title if draft is not None else None) or self.task_name)

    # -- browser ------------------------------------------------------------------------------------------------------

    @bridged
    async def browser_link(self) -> str:
        """Return a link that opens this session in the vendor's web editor; it holds a claim that expires, no token.

        Raises
        ------
        InvalidRequestError
            The backend is the embedded one, which has no web editor.
        """
        if self.nemo.is_local:
            raise InvalidRequestError(
                "The embedded backend has no web editor.", hint="Look at the draft with session.draft()."
            )
        await self._use()
        return await claim_link(self._wire, self.session_id, self.task_id)
