"""AsyncSession: one picture story on the backend - upload, chat, draft, export.

Every coroutine may be awaited from any loop; the work runs on ipynemo's own (see `ipynemo.loop`).
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from ipynemo.client.exports import Exports, OnProgress, free_path
from ipynemo.client.streaming import Feed, TurnStream
from ipynemo.client.transfer import Progress, UploadFile, check_upload
from ipynemo.client.turn import Turn
from ipynemo.client.values import Asset, Clip, Credits, Render, Reply
from ipynemo.client.wire import data_of
from ipynemo.draft import Draft
from ipynemo.errors import DraftError, InvalidRequestError, NemoError, ProtocolError
from ipynemo.events import Event
from ipynemo.intents import Intent, route
from ipynemo.loop import bridged, off_loop

if TYPE_CHECKING:
    from ipynemo.client.client import AsyncNemo

__all__ = ["AsyncSession", "Source"]

log = logging.getLogger(__name__)

Source = str | os.PathLike[str]

AGENT = "nemo_agent"


def _is_url(source: Source) -> bool:
    return isinstance(source, str) and source.lower().startswith(("http://", "https://"))


def _path(source: Source) -> Path:
    return Path(source).expanduser()


class AsyncSession:
    """A session on the backend; made by `AsyncNemo.create_session` or re-attached by `AsyncNemo.session`.

    Attributes
    ----------
    session_id : str
    task_id : str or None
        None where the session was re-attached on a computer that has not used it.
    task_name, language : str
    """

    def __init__(
        self, nemo: AsyncNemo, session_id: str, *, task_id: str | None = None, task_name: str = "", language: str = "en"
    ) -> None:
        self.nemo = nemo
        self.session_id = session_id
        self.task_id = task_id
        self.task_name = task_name
        self.language = language
        self._wire = nemo._wire
        self._journal = nemo._journal
        self._exports = Exports(self._wire, self._journal, session_id)
        self._turn = asyncio.Lock()

    def __repr__(self) -> str:
        name = f" {self.task_name!r}" if self.task_name else ""
        return f"<{type(self).__name__} {self.session_id}{name} on {self.nemo.where}>"

    @property
    def _own_path(self) -> str:
        return f"{AGENT}/me/{quote(self.session_id, safe='')}"

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
        every: list[Source] = []
        for source in sources:
            every += [source] if isinstance(source, (str, os.PathLike)) else list(source)
        if not every:
            raise InvalidRequestError("There is nothing to upload.", hint="Name a file: session.upload('robot.png').")
        paths = {i: _path(s) for i, s in enumerate(every) if not _is_url(s)}
        sizes = {i: await off_loop(check_upload, path) for i, path in paths.items()}
        total = sum(sizes.values())
        assets: list[Asset] = []
        done = 0
        for i, source in enumerate(every):
            if i in paths:

                def sent(count: int, before: int = done) -> None:
                    if on_progress is not None:
                        on_progress(before + count, total)

                assets += await self._upload_file(UploadFile(paths[i], sizes[i], sent))
                done += sizes[i]
            else:
                assets += await self._upload_urls([str(source)])
        return assets

    async def _upload_file(self, file: UploadFile) -> list[Asset]:
        answer = await self._wire.send_body(
            f"/api/upload-video/{self._own_path}",
            file.body,
            file.headers,
            doing=f"take {file.path.name!r}",
            session_id=self.session_id,
        )
        return self._assets(answer, file.path.name)

    async def _upload_urls(self, urls: list[str]) -> list[Asset]:
        answer = await self._wire.call(
            "POST",
            f"/api/upload-video/{self._own_path}",
            json={"urls": urls, "source_type": "url"},
            doing="fetch the address",
            billed=True,  # a second one would make a second asset
            session_id=self.session_id,
        )
        return self._assets(answer, Path(urlsplit(urls[0]).path).name or "file")

    def _assets(self, answer: dict[str, Any], name: str) -> list[Asset]:
        files = data_of(answer, doing="upload", session_id=self.session_id).get("files")
        found = [Asset.from_raw(entry, name) for entry in files or () if isinstance(entry, dict)]
        if not found:
            raise ProtocolError("The backend took the upload but names no file.", session_id=self.session_id)
        return found

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
            async with self._turn:
                await self._journal.touch(self.session_id)
                turn = Turn(
                    self._wire,
                    self.session_id,
                    text,
                    language=self.language,
                    read_draft=self._draft_or_none,
                    emit=put,
                )
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
        if intent is not Intent.CHAT:
            return await self._done_here(intent)
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

    async def _done_here(self, intent: Intent) -> Reply:
        chinese = self.language.startswith("zh")
        if intent is Intent.EXPORT:
            clip = await self.export()
            return Reply(text=f"已导出:{clip}" if chinese else f"Exported: {clip}", clip=clip)
        if intent is Intent.CREDITS:
            return Reply(text=str(await self.credits()))
        if intent is Intent.UPLOAD:
            text = (
                "请用 session.upload('图片.png') 上传文件。"
                if chinese
                else "Upload with session.upload('picture.png')."
            )
            return Reply(text=text)
        draft = await self.draft()
        return Reply(text=draft.summary(), draft=draft)

    # -- state --------------------------------------------------------------------------------------------------------

    @bridged
    async def state(self) -> dict[str, Any]:
        """Return the session's state: `draft`, `video_infos`, `canvas_config`, `generated_media`, `video_analyses`."""
        doing = "read the state"
        answer = await self._wire.call(
            "GET", f"/api/state/{self._own_path}/latest", doing=doing, session_id=self.session_id
        )
        data = data_of(answer, doing=doing, session_id=self.session_id)
        state = data.get("state")
        return state if isinstance(state, dict) else {}

    @bridged
    async def draft(self) -> Draft:
        """Return the draft as it is now; an empty one where there is none yet.

        Raises
        ------
        ProtocolError
            What the state holds is no draft.
        """
        raw = (await self.state()).get("draft")
        try:
            if isinstance(raw, str):
                return Draft.from_json(raw) if raw.strip() else Draft()
            return Draft(raw or None)
        except DraftError as error:
            raise ProtocolError(
                f"The state holds no draft that can be read: {error.message}", session_id=self.session_id
            ) from error

    async def _draft_or_none(self) -> Draft | None:
        """Return the draft, or None where the state cannot be read: a turn does not fail because of that."""
        try:
            return await self.draft()
        except NemoError as error:
            log.info("The state of session %s could not be read: %s", self.session_id, type(error).__name__)
            return None

    @bridged
    async def credits(self) -> Credits:
        """Return the account's credits."""
        return await self.nemo.credits()

    # -- export -------------------------------------------------------------------------------------------------------

    @bridged
    async def export(
        self, path: Source | None = None, *, draft: Draft | None = None, on_progress: OnProgress | None = None
    ) -> Clip:
        """Render the draft and fetch the video.

        Interrupting it loses nothing: the render goes on, and `resume` picks it up.

        Parameters
        ----------
        path : str or path, optional
            Where to put the MP4; a file that is there is replaced. Without it a free name in this folder is taken.
        draft : Draft, optional
            Render this one instead of the session's own: an edited variation.
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
        draft = draft if draft is not None else await self.draft()
        return await self._exports.export(draft, await self._target(path, draft), on_progress)

    @bridged
    async def submit(self, draft: Draft | None = None) -> Render:
        """Order a render and return at once; `resume` fetches it."""
        return await self._exports.submit(draft if draft is not None else await self.draft(), None)

    @bridged
    async def renders(self) -> list[Render]:
        """Return the renders that this computer has ordered in this session, the newest first, as they are now."""
        known = await self._journal.renders(self.session_id)
        return [await self._looked(render) for render in known]

    async def _looked(self, render: Render) -> Render:
        if render.is_failed or render.is_cancelled or render.status in ("refused", "undelivered"):
            return render
        try:
            now = await self._exports.look(render.id, render.path)
        except NemoError as error:
            log.info("Render %s could not be looked at: %s", render.id, type(error).__name__)
            return render
        return dataclasses.replace(now, submitted_at=render.submitted_at)

    @bridged
    async def render(self, render_id: str) -> Render:
        """Return a render as it is now."""
        return await self._exports.look(render_id)

    @bridged
    async def resume(
        self, render: Render | str, path: Source | None = None, *, on_progress: OnProgress | None = None
    ) -> Clip:
        """Wait for a render that was ordered before, also by a kernel that is gone, and fetch the video."""
        known = render if isinstance(render, Render) else Render(render, self.session_id, "pending")
        if path is None and known.path is not None:
            path = known.path
        return await self._exports.resume(known, await self._target(path, None), on_progress)

    @bridged
    async def cancel(self, render: Render | str) -> Render:
        """Cancel a render; return what has become of it."""
        return await self._exports.cancel(render.id if isinstance(render, Render) else render)

    async def _target(self, path: Source | None, draft: Draft | None) -> Path:
        if path is None:
            title = (draft.title if draft is not None else None) or self.task_name or "clip"
            return await off_loop(free_path, title, Path.cwd())
        target = _path(path)
        if await off_loop(target.is_dir):
            raise InvalidRequestError(f"{target.name!r} is a folder.", hint="Name a file in it, ending in .mp4.")
        return target if target.suffix else target.with_suffix(".mp4")

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
        doing = "make a browser link"
        answer = await self._wire.call(
            "POST",
            "/api/auth/claim-token",
            json={"task_id": self.task_id, "session_id": self.session_id},
            doing=doing,
            session_id=self.session_id,
        )
        claim = data_of(answer, doing=doing, session_id=self.session_id).get("claim_token")
        if not isinstance(claim, str) or not claim:
            raise ProtocolError("The backend gave no claim for a browser link.", session_id=self.session_id)
        return f"{self._wire.settings.web_url}/workspace/claim?ct={quote(claim, safe='')}"
