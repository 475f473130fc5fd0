"""Uploader: files from the page, from this computer or from an address become assets of the session.

A file of the page goes in two steps that are shown as one: it arrives here in pieces (see `_arrivals`) and is spooled
to the temporary folder, then the session uploads it from there. Without a session it waits.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Final

import traitlets

from ipynemo.client import Asset
from ipynemo.client.transfer import Source
from ipynemo.errors import InvalidRequestError, NemoError
from ipynemo.formats import ACCEPTED, ADVISED, MAX_UPLOAD_BYTES
from ipynemo.loop import bridged, off_loop
from ipynemo.widgets._arrivals import REFUSALS, Arrivals
from ipynemo.widgets._base import Face
from ipynemo.widgets._coalesce import Coalescer
from ipynemo.widgets._failures import failure, unexpected
from ipynemo.widgets._saved import escaped
from ipynemo.widgets._spool import CHUNK_BYTES
from ipynemo.widgets._static import module, style
from ipynemo.widgets._thumbs import checked, thumbnail
from ipynemo.widgets._upload_rows import Row, Rows, is_address, note_of, row_of, saved_row
from ipynemo.widgets._upload_words import UPLOAD_WORDS
from ipynemo.widgets._words import Words

__all__ = ["Uploader"]

log = logging.getLogger(__name__)

SIDE_BY_SIDE: Final = 3  # uploads of the session at once
ROWS_EVERY_S: Final = 0.1
THUMBS_EVERY_S: Final = 1.0  # all of them are sent each time, and a server drops more than 1 MB/s
SAVED_ROWS: Final = 40  # in the saved form; the rest is counted


class Uploader(Face):
    """A place to drop files, and the list of what became of them.

    Parameters
    ----------
    session : AsyncSession or Session, optional
        Where the files go. Files that come before it is set wait for it.
    language : str, optional
        Of the texts.

    Attributes
    ----------
    assets : tuple of Asset
        What has been uploaded and is in the list, in its order; observable and linkable.

    Examples
    --------
    >>> uploader = Uploader(session)  # doctest: +SKIP
    >>> uploader.add("robot.png")  # doctest: +SKIP
    >>> await uploader.finished()  # doctest: +SKIP
    (Asset(name='robot.png', kind='image', …),)
    """

    _esm = module("uploader.js")
    _css = style("uploader.css")

    WORDS: ClassVar[Words] = UPLOAD_WORDS

    assets = traitlets.Tuple().tag(outgoing=True)
    rows: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True, outgoing=True)
    thumbs: traitlets.Dict[str, str] = traitlets.Dict().tag(sync=True, outgoing=True)
    setup = traitlets.Dict().tag(sync=True, outgoing=True)

    def __init__(self, session: Any = None, **traits: Any) -> None:
        self._rows = Rows()
        self._arrivals = Arrivals(self._rows, on_begun=self._begun, on_whole=self._go, on_broken=self._broke)
        self._turns = asyncio.Semaphore(SIDE_BY_SIDE)
        self._publishing, self._counting = threading.RLock(), threading.RLock()
        self._news_of_rows = Coalescer(self._show_rows, ROWS_EVERY_S)
        self._news_of_thumbs = Coalescer(self._show_thumbs, THUMBS_EVERY_S)
        self._news = Coalescer(lambda sent: self._push({"kind": "sent", "files": sent}))
        super().__init__(session, **traits)

    @property
    def files(self) -> list[dict[str, Any]]:
        """The rows of the list as they are now: `id`, `name`, `kind`, `size`, `state`, `error` and more."""
        return [row.view() for row in self._rows]

    # -- what users call ----------------------------------------------------------------------------------------------

    def add(self, *sources: Source | Iterable[Source]) -> tuple[str, ...]:
        """Upload files of this computer, or addresses.

        Parameters
        ----------
        *sources : str, path, or a list of them

        Returns
        -------
        tuple of str
            Their ids, for `remove`.

        Raises
        ------
        UnsupportedFileError, FileTooLargeError, InvalidRequestError
            One of them cannot be uploaded; none of them has been added.
        """
        every: list[Source] = []
        for source in sources:
            every += [source] if isinstance(source, (str, PathLike)) else list(source)
        rows = [row_of(source) for source in every]
        for row in rows:
            self._rows.add(row)
            if isinstance(row.source, Path):
                self._start(functools.partial(self._draw, row), what="thumbnail")
            self._go(row)
        return tuple(row.id for row in rows)

    def remove(self, row_id: str) -> None:
        """Take a file out of the list; an upload that is under way is cancelled.

        What the backend has received stays in the session.
        """
        if self._rows.get(row_id) is None:
            raise InvalidRequestError("There is no such file in the list.", hint="add() returns the ids.")
        self._drop(row_id)
        self._publish()

    def clear(self) -> None:
        """Take all files out of the list; uploads that are under way are cancelled."""
        for row in self._rows:
            self._drop(row.id)
        self._publish()

    @bridged
    async def finished(self) -> tuple[Asset, ...]:
        """Wait until nothing is under way; return the assets.

        Raises
        ------
        InvalidRequestError
            Files wait for a session, and there is none.
        NemoError
            What the first one failed with.
        """
        while under_way := [future for row in self._rows if (future := row.awaited) is not None]:
            await asyncio.wait([asyncio.wrap_future(future) for future in under_way])
        for row in self._rows:
            if row.fault is not None:
                raise row.fault
            if row.state == "waiting":
                raise InvalidRequestError("Files wait for a session.", hint="Set uploader.session.")
        return tuple(asset for row in self._rows for asset in row.assets)

    def close(self) -> None:
        """Close the widget; what has not arrived yet is discarded, what is being sent goes on."""
        for row in self._rows:
            if row.state in ("receiving", "broken", "waiting"):
                row.drop()
        super().close()

    # -- the session --------------------------------------------------------------------------------------------------

    def _attached(self) -> None:
        self.setup = self._setup()
        for row in self._rows:
            if row.state == "waiting" or (row.error or {}).get("action") == "new_session":
                self._go(row)

    @traitlets.default("setup")
    def _setup(self) -> dict[str, Any]:
        nemo = self.session.nemo if self.session is not None else None
        kinds = ("image", "video", "audio")
        return {
            "suffixes": {kind: [suffix for suffix, (its, _) in ACCEPTED.items() if its == kind] for kind in kinds},
            "advised": ADVISED,
            "max_bytes": MAX_UPLOAD_BYTES,
            "chunk_bytes": CHUNK_BYTES,
            "refusals": list(REFUSALS),
            "where": nemo.where if nemo is not None else "",
            "is_local": nemo is not None and nemo.is_local,
        }

    def _go(self, row: Row) -> None:
        """Hand a row to the session, if there is one."""
        with self._rows.lock:
            if row not in self._rows or row.state not in ("waiting", "failed"):
                return
            has_session = self.session is not None
            if has_session:
                row.begin_again("queued")
        if has_session:
            row.work = self._start(functools.partial(self._hand_over, row), what="upload")
            if row not in self._rows:  # it was removed meanwhile
                row.drop()
        self._show()

    async def _hand_over(self, row: Row) -> None:
        try:
            async with self._turns:
                session = self.session
                if session is None or row.source is None:
                    row.state = "waiting"
                    self._go(row)  # there may be one by now
                    return
                row.state = "sending"
                self._show()
                on_progress = functools.partial(self._sent, row)
                row.assets = tuple(await session.upload(row.source, on_progress=on_progress))
            row.note = note_of(row.assets[0])
            if row.spool is not None:
                await off_loop(row.spool.discard)
            row.end("done")
        except NemoError as error:
            log.info("An upload failed: %s", type(error).__name__)
            row.error, row.fault = failure(error, self.words), error
            row.end("failed")
        except Exception as error:
            log.exception("An upload failed.")
            row.error, row.fault = unexpected("upload", self.words), error
            row.end("failed")
        finally:
            self._show()
        await off_loop(self._publish)

    def _sent(self, row: Row, done: int, _total: int) -> None:
        self._news.add(**{row.id: done})

    # -- the page -----------------------------------------------------------------------------------------------------

    def _receive(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        kind, row = content.get("kind"), self._rows.get(str(content.get("id")))
        if kind == "url" and is_address(url := str(content.get("url"))):
            self.add(url)
        elif kind == "thumb" and row is not None:
            row.thumb = checked(content.get("thumb"))
            self._news_of_thumbs.add(thumbs=True)
        elif kind == "retry" and row is not None:
            self._go(row)
        elif (answer := self._arrivals.take(content, buffers)) is not None:
            self._push(answer)

    def _receive_control(self, content: dict[str, Any]) -> None:
        kind, row_id = content.get("kind"), str(content.get("id"))
        if kind == "unreadable":
            self._arrivals.unreadable(row_id)
        elif kind in ("remove", "clear"):
            for gone in [row_id] if kind == "remove" else [row.id for row in self._rows]:
                self._drop(gone)
            if self.assets:
                self._start(functools.partial(off_loop, self._publish), what="list")

    def _begun(self, _row: Row) -> None:
        self._show()

    def _broke(self, row: Row, word: str) -> None:
        message, hint = self._say(word, name=row.name), self._say(f"{word}_hint")
        row.error = {"message": message, "hint": hint, "action": "retry"}
        row.fault = InvalidRequestError(message, hint=hint)
        row.end("broken")
        self._show()

    def _drop(self, row_id: str) -> None:
        row = self._rows.pop(row_id)
        if row is not None:
            row.drop()
            self._show()

    async def _draw(self, row: Row) -> None:
        if isinstance(row.source, Path):
            row.thumb = await off_loop(thumbnail, row.source)
            self._news_of_thumbs.add(thumbs=True)

    # -- what is shown ------------------------------------------------------------------------------------------------

    def _count(self, by: int) -> None:
        with self._lock:
            self._running += by
        self._show()

    def _show(self) -> None:
        """Show the rows as they are now, or in a moment."""
        with self._counting:
            self.busy = self._running > 0 or any(row.is_under_way for row in self._rows)
        self._news_of_rows.add(rows=True)

    def _show_rows(self, _news: dict[str, Any]) -> None:
        self.rows = self.files

    def _show_thumbs(self, _news: dict[str, Any]) -> None:
        self.thumbs = {row.id: row.thumb for row in self._rows if row.thumb}

    def _publish(self) -> None:
        """Set `assets`; whoever observes it may block, or fail."""
        with self._publishing:
            try:
                self.assets = tuple(asset for row in self._rows for asset in row.assets)
            except Exception:
                log.exception("Whoever observes Uploader.assets failed.")
        self._renew_saved()

    def _fallback_text(self) -> str:
        done = [row for row in self._rows if row.state == "done"]
        if not done:
            return self._say("saved_none")
        return f"{self._say('saved_some')}: " + ", ".join(f"{row.name}{row.size_text}" for row in done[:SAVED_ROWS])

    def _fallback_html(self) -> str:
        done = [row for row in self._rows if row.state == "done"]
        if not done:
            return f"<p>{escaped(self._say('saved_none'))}</p>"
        items = "".join(saved_row(row) for row in done[:SAVED_ROWS])
        more = f"<p>+ {len(done) - SAVED_ROWS}</p>" if len(done) > SAVED_ROWS else ""
        return f'<p>{escaped(self._say("saved_some"))}</p><ul style="list-style:none;padding:0">{items}</ul>{more}'
