"""The uploader's list: one row a file, from the first byte that arrives to the asset that it became."""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from ipynemo.client import Asset
from ipynemo.client.transfer import Source, check_upload, path_of
from ipynemo.errors import InvalidRequestError
from ipynemo.formats import kind_of
from ipynemo.widgets._saved import escaped
from ipynemo.widgets._spool import Spool, clean_name

__all__ = ["Row", "Rows", "State", "is_address", "note_of", "row_of", "saved_row"]

State = Literal["receiving", "broken", "waiting", "queued", "sending", "done", "failed"]
"""`broken` did not arrive here, `failed` arrived here and not at the backend; `waiting` has no session yet."""


@dataclass(eq=False)
class Row:
    """One file, address or path.

    Parameters
    ----------
    id : str
    name : str
        As shown, and as the session gets it.
    state : State
    size : int or None
        In bytes; None of an address.
    source : Path or str, optional
        What the session uploads, once it is whole.
    spool : Spool, optional
        Where a file of the page arrives.
    modified : int
        When the file was changed, as the page says it, in ms; it tells the same file again after a reload.
    """

    id: str
    name: str
    state: State
    size: int | None = None
    source: Path | str | None = None
    spool: Spool | None = None
    modified: int = 0
    thumb: str = ""
    note: str = ""
    error: dict[str, Any] | None = None
    fault: Exception | None = None
    assets: tuple[Asset, ...] = ()
    damaged: int = 0
    work: Future[None] | None = None
    ended: Future[None] = field(default_factory=Future)

    @property
    def is_under_way(self) -> bool:
        """Whether it goes on by itself."""
        return self.state in ("receiving", "queued", "sending")

    @property
    def awaited(self) -> Future[None] | None:
        """What ends when nothing goes on by itself any more; None where nothing does."""
        if self.work is not None and not self.work.done():
            return self.work
        return self.ended if self.is_under_way else None

    @property
    def size_text(self) -> str:
        """The size in words, in brackets; empty where it is not known."""
        if not self.size:
            return ""
        return f" ({self.size / 1e6:.1f} MB)" if self.size >= 1e6 else f" ({max(1, round(self.size / 1e3))} kB)"

    def view(self) -> dict[str, Any]:
        """Return what the page shows of it."""
        return {
            "id": self.id,
            "name": self.name,
            "kind": kind_of(self.name) or "",
            "size": self.size,
            "state": self.state,
            "from_page": self.spool is not None,
            "arrived": self.spool.arrived if self.spool is not None else self.size,
            "modified": self.modified,
            "note": self.note,
            "error": self.error,
        }

    def end(self, state: Literal["done", "failed", "broken"]) -> None:
        """Note that nothing goes on by itself any more."""
        self.state = state
        self._let_waiters_go()

    def begin_again(self, state: Literal["receiving", "queued"]) -> None:
        """Forget what went wrong."""
        self.state, self.error, self.fault = state, None, None
        if self.ended.done():
            self.ended = Future()

    def drop(self) -> None:
        """Stop what goes on and remove what lies on the disk."""
        if self.work is not None:
            self.work.cancel()
        if self.spool is not None:
            self.spool.discard()
        self._let_waiters_go()

    def _let_waiters_go(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


class Rows:
    """All rows in the order in which they came; any thread may ask."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._rows: dict[str, Row] = {}
        self._gone: deque[str] = deque(maxlen=1000)

    def __iter__(self) -> Iterator[Row]:
        # Without the lock: this is one step of the interpreter, and whoever shows the rows holds locks of its own.
        return iter(list(self._rows.values()))

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, row: Row) -> bool:
        return self._rows.get(row.id) is row

    def get(self, row_id: str) -> Row | None:
        """Return the row, or None where there is none."""
        return self._rows.get(row_id)

    def add(self, row: Row) -> None:
        """Add a row at the end."""
        with self.lock:
            self._rows[row.id] = row

    def pop(self, row_id: str) -> Row | None:
        """Take a row out; pieces of it that are still on their way will be told so."""
        with self.lock:
            self._gone.append(row_id)
            return self._rows.pop(row_id, None)

    def is_gone(self, row_id: str) -> bool:
        """Return whether there was such a row, and it was taken out."""
        return row_id in self._gone


def is_address(source: Source) -> bool:
    """Return whether this is something for the backend to fetch."""
    return isinstance(source, str) and source.lower().startswith(("http://", "https://"))


def row_of(source: Source) -> Row:
    """Return the row of a file of this computer, or of an address; it is checked, nothing is sent."""
    row_id = uuid.uuid4().hex
    if isinstance(source, str) and is_address(source):
        try:
            parts = urlsplit(source)
        except ValueError as error:
            raise InvalidRequestError(f"{source!r} is not an address: {error}.", hint="Copy it again.") from None
        name = clean_name(unquote(parts.path).rstrip("/")) if parts.path.strip("/") else parts.netloc
        return Row(row_id, name, "waiting", source=source)
    path = path_of(source)
    return Row(row_id, clean_name(path.name), "waiting", check_upload(path), source=path)


def note_of(asset: Asset) -> str:
    """Return what the backend found out: pixels, seconds."""
    size = f"{asset.width_px}×{asset.height_px}" if asset.width_px and asset.height_px else ""
    time = f"{asset.duration_s:.1f} s" if asset.duration_s and asset.kind != "image" else ""
    return " · ".join(part for part in (size, time) if part)


def saved_row(row: Row) -> str:
    """Return a row for pages without a kernel; the thumbnail has been checked."""
    thumb = f'<img src="{row.thumb}" alt="" style="height:40px;vertical-align:middle"> ' if row.thumb else ""
    note = f" · {row.note}" if row.note else ""
    return f'<li style="margin:4px 0">{thumb}<bdi>{escaped(row.name)}</bdi>{escaped(row.size_text + note)}</li>'
