"""Files from the page, piece by piece over the widget's comm: what the page says, and what it is answered.

::

    page                                           kernel
    begin {id, name, size, modified, n}     →      have {n, files: {id: {state, missing: [[first, last], …]}}}
    chunk {id, seq, crc} + one buffer       →      ack {id, seq}       or  again {id, seq}: damaged on the way
    end {id, sum, n}                        →      have {…}            the state says whether the file is whole
    ask {ids, n}                            →      have {…}            what is there, after a silence

Every message may come twice, late, or not at all, as it happens when the connection breaks: each says all that is
needed to answer it, and doing it again changes nothing. States beyond those of a row: `unknown` (begin again), `gone`
(it was removed), `wrong_type`, `too_large`, `empty`, `no_room` (refused).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any, Final

from ipynemo.formats import MAX_UPLOAD_BYTES, kind_of
from ipynemo.widgets._spool import DamagedError, Spool, clean_name, has_room
from ipynemo.widgets._upload_rows import Row, Rows

__all__ = ["REFUSALS", "Arrivals"]

log = logging.getLogger(__name__)

REFUSALS: Final = ("wrong_type", "too_large", "empty", "no_room")
PATIENCE: Final = 20  # damaged pieces of one file before it is given up

_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")

OnRow = Callable[[Row], None]


class Arrivals:
    """The kernel's half of the protocol.

    Parameters
    ----------
    rows : Rows
    on_begun, on_whole : callable
        Called with a row that is new, or that has arrived whole.
    on_broken : callable
        Called with a row that will not arrive, and why: `no_room`, `broken` (its pieces do not belong together),
        `changed` (the page cannot read it any more). It ends the row.
    """

    def __init__(self, rows: Rows, *, on_begun: OnRow, on_whole: OnRow, on_broken: Callable[[Row, str], None]) -> None:
        self._rows = rows
        self._on_begun = on_begun
        self._on_whole = on_whole
        self._on_broken = on_broken

    def take(self, content: dict[str, Any], buffers: list[memoryview]) -> dict[str, Any] | None:
        """Take a message of the page; return the answer, or None for a message that has none."""
        kind = content.get("kind")
        if kind == "ask":
            ids = content.get("ids")
            known = [each for each in ids if isinstance(each, str)] if isinstance(ids, list) else []
            return self._have(content, {each: self._state(each) for each in known})
        row_id = content.get("id")
        if not isinstance(row_id, str) or not _ID.fullmatch(row_id):
            return None
        if kind == "begin":
            return self._have(content, {row_id: self._begin(row_id, content)})
        if kind == "chunk":
            return self._chunk(row_id, content, buffers)
        if kind == "end":
            return self._have(content, {row_id: self._end(row_id, content)})
        return None

    def _have(self, content: dict[str, Any], files: dict[str, dict[str, Any]]) -> dict[str, Any]:
        return {"kind": "have", "n": content.get("n"), "files": files}

    def _state(self, row_id: str) -> dict[str, Any]:
        row = self._rows.get(row_id)
        if row is None:
            return {"state": "gone" if self._rows.is_gone(row_id) else "unknown"}
        missing = list(row.spool.missing()) if row.state == "receiving" and row.spool is not None else []
        return {"state": row.state, "missing": missing}

    def _begin(self, row_id: str, content: dict[str, Any]) -> dict[str, Any]:
        size, modified = _whole(content.get("size")), _whole(content.get("modified"))
        name = clean_name(str(content.get("name")))
        if (refusal := _refusal(name, size)) is not None:
            return {"state": refusal}
        with self._rows.lock:
            row = self._rows.get(row_id)
            if (row is not None and (row.state != "broken" or row.size != size)) or self._rows.is_gone(row_id):
                return self._state(row_id)
            try:
                spool = Spool(size)
            except OSError:
                log.warning("The temporary folder takes no file.", exc_info=True)
                return {"state": "no_room"}
            if row is None:
                row = Row(row_id, name, "receiving", size, modified=modified)
                self._rows.add(row)
            elif row.spool is not None:
                row.spool.discard()
            row.begin_again("receiving")
            row.spool, row.damaged = spool, 0
        self._on_begun(row)
        return self._state(row_id)

    def _chunk(self, row_id: str, content: dict[str, Any], buffers: list[memoryview]) -> dict[str, Any]:
        row, number = self._rows.get(row_id), _whole(content.get("seq"), -1)
        if row is None or row.state != "receiving" or row.spool is None:
            return self._have({}, {row_id: self._state(row_id)})
        try:
            row.spool.write(number, buffers[0] if buffers else b"", _whole(content.get("crc")))
        except DamagedError as error:
            log.info("A piece of an upload is sent again: %s.", error)
            row.damaged += 1
            if row.damaged <= PATIENCE:
                return {"kind": "again", "id": row_id, "seq": number}
            self._give_up(row, "broken")
            return self._have({}, {row_id: self._state(row_id)})
        except OSError:
            log.warning("A piece of an upload could not be written.", exc_info=True)
            self._give_up(row, "no_room")
            return self._have({}, {row_id: self._state(row_id)})
        return {"kind": "ack", "id": row_id, "seq": number}

    def _end(self, row_id: str, content: dict[str, Any]) -> dict[str, Any]:
        row = self._rows.get(row_id)
        if row is None or row.spool is None or any(row.spool.missing()):
            return self._state(row_id)
        with self._rows.lock:
            if row.state != "receiving":
                return self._state(row_id)
            try:
                row.source = row.spool.finish(_whole(content.get("sum")), row.name)
                row.state = "waiting"
            except (DamagedError, OSError) as error:
                log.warning("An upload was given up: %s", error)
                row.state = "broken"
        if row.state == "broken":
            self._give_up(row, "broken")
        else:
            self._on_whole(row)
        return self._state(row_id)

    def unreadable(self, row_id: str) -> None:
        """Note that the page cannot read a file any more."""
        row = self._rows.get(row_id)
        if row is not None and row.state == "receiving":
            self._give_up(row, "changed")

    def _give_up(self, row: Row, why: str) -> None:
        if row.spool is not None:
            row.spool.discard()
        self._on_broken(row, why)


def _refusal(name: str, size: int) -> str | None:
    if kind_of(name) is None:
        return "wrong_type"
    if size > MAX_UPLOAD_BYTES:
        return "too_large"
    if size < 1:
        return "empty"
    return None if has_room(size) else "no_room"


def _whole(value: Any, otherwise: int = 0) -> int:
    """Return a whole number that came from the page, which may be anything."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else otherwise
