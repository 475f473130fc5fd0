"""A range of a draft as a small film: asked for, and received while it is made."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import httpx

from ipynemo.client.answers import read_whole
from ipynemo.client.mp4 import measured
from ipynemo.client.preview import Preview
from ipynemo.client.transfer import Source, path_of
from ipynemo.draft import Draft
from ipynemo.errors import ConnectionFailedError, InvalidRequestError, ProtocolError
from ipynemo.loop import bridged, off_loop

if TYPE_CHECKING:
    from ipynemo.client.client import AsyncNemo
    from ipynemo.client.wire import Wire

__all__ = ["LONGEST_S", "OnBytes", "Previewing"]

LONGEST_S: Final = 60
MOST_BYTES: Final = 128 << 20
SMALLEST_PX, LARGEST_PX = 64, 1080
TRIES: Final = 2
DOING: Final = "make a preview"

OnProgress = Callable[[str, float], object]
OnBytes = Callable[[bytes], object]


class Previewing:
    """What a session can show of a draft before it is exported."""

    nemo: AsyncNemo
    session_id: str
    _wire: Wire

    @bridged
    async def preview(
        self,
        start_s: float = 0.0,
        end_s: float | None = None,
        path: Source | None = None,
        *,
        draft: Draft | None = None,
        height_px: int = 360,
        on_progress: OnProgress | None = None,
        on_bytes: OnBytes | None = None,
    ) -> Preview:
        """Return a range of a draft as a small film, made faster than it plays. Embedded backend only.

        Cancelling it ends the work on the backend, too.

        Parameters
        ----------
        start_s, end_s : float
            In seconds, at most 60 apart; without an end, up to the draft's, or a minute. What lies behind the draft's
            end is left out.
        path : str or path, optional
            Also write it there, as an MP4; a file that is there is replaced.
        draft : Draft, optional
            Show this one instead of the session's own: an edited variation.
        height_px : int
            64–1080; the width where that is the shorter side. Never more than the draft's own.
        on_progress : callable, optional
            Called with `("render", percent)`.
        on_bytes : callable, optional
            Called with the bytes as they come; a player can begin with the first second (the MP4 is in fragments).

        Raises
        ------
        InvalidRequestError
            It cannot be drawn, the draft is empty or ends before, or the backend is the cloud.

        Examples
        --------
        >>> session.preview(5, 10)  # doctest: +SKIP
        >>> session.preview(0, 8, "start.mp4", draft=edits.mute(session.draft(), track=2))  # doctest: +SKIP
        """
        if not self.nemo.is_local:
            raise InvalidRequestError(
                "The cloud draws no previews.",
                hint='Export it small, which is free: session.export(quality="low").',
                session_id=self.session_id,
            )
        from_ms, to_ms = _span(start_s, end_s)
        if isinstance(height_px, bool) or not isinstance(height_px, int) or not SMALLEST_PX <= height_px <= LARGEST_PX:
            raise InvalidRequestError(f"height_px is {SMALLEST_PX}–{LARGEST_PX}, not {height_px!r}.")
        target = await off_loop(_file, path) if path is not None else None
        order: dict[str, Any] = {"from_ms": from_ms, "to_ms": to_ms, "height_px": height_px}
        if draft is not None:
            order["draft"] = draft.raw
        mp4 = await _Receiving(self._wire, self.session_id, order, on_progress, on_bytes).run()
        duration_s, width_px, height_px = measured(io.BytesIO(mp4))
        begin_s = from_ms / 1000
        preview = Preview(begin_s, round(begin_s + duration_s, 3), mp4, width_px, height_px, target)
        if target is not None:
            await off_loop(preview.save, target)
        return preview


def _span(start_s: float, end_s: float | None) -> tuple[int, int]:
    for name, value in (("start_s", start_s), ("end_s", end_s)):
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1e6
        if not is_number and not (name == "end_s" and value is None):
            raise InvalidRequestError(f"{name} is a time in seconds, 0 or more, not {value!r}.")
    from_ms = round(start_s * 1000)
    to_ms = from_ms + LONGEST_S * 1000 if end_s is None else round(end_s * 1000)
    if to_ms <= from_ms:
        raise InvalidRequestError(f"A preview ends after it begins; {end_s:g} s is not after {start_s:g} s.")
    if to_ms - from_ms > LONGEST_S * 1000:
        raise InvalidRequestError(
            f"A preview is at most {LONGEST_S} s long, not {(to_ms - from_ms) / 1000:g} s.",
            hint='All of it, small: session.export(quality="low").',
        )
    return from_ms, to_ms


def _file(path: Source) -> Path:
    target = path_of(path)
    if target.is_dir():
        raise InvalidRequestError(f"{target.name!r} is a folder.", hint="Name a file in it, ending in .mp4.")
    return target if target.suffix else target.with_suffix(".mp4")


class _Receiving:
    """One film on its way; where it breaks off it is asked for again, once, if only to be told why."""

    def __init__(
        self,
        wire: Wire,
        session_id: str,
        order: dict[str, Any],
        on_progress: OnProgress | None,
        on_bytes: OnBytes | None,
    ) -> None:
        self._wire = wire
        self._session_id = session_id
        self._order = order
        self._on_progress = on_progress
        self._on_bytes = on_bytes
        self._given = b""  # to `on_bytes`
        self._told = -1.0

    async def run(self) -> bytes:
        for _ in range(TRIES):
            whole = bytearray()
            try:
                async with asyncio.timeout(self._wire.timing.render_limit_s):
                    await self._once(whole)
            except httpx.RequestError as error:
                fault: BaseException = error
                continue
            except TimeoutError:
                raise ConnectionFailedError(
                    f"Could not {DOING} within {self._wire.timing.render_limit_s:g} s.",
                    hint="Ask for a shorter range.",
                    session_id=self._session_id,
                ) from None
            self._tell(100.0)
            return bytes(whole)
        raise self._wire.undelivered(fault, DOING, self._session_id, left=False) from None  # type: ignore[arg-type]

    async def _once(self, whole: bytearray) -> None:
        path = f"/api/preview/nemo_agent/me/{quote(self._session_id, safe='')}"
        timing = self._wire.timing
        timeout = httpx.Timeout(timing.idle_limit_s, connect=timing.connect_s)  # it may wait behind another one
        headers = {"Accept": "video/mp4, application/json"}
        opened = self._wire.opened("POST", path, json=self._order, headers=headers, timeout=timeout)
        async with opened as response:
            kind: str = response.headers.get("content-type", "")
            if response.status_code != 200 or not kind.startswith("video/mp4"):
                await read_whole(response)
                self._wire.open_answer(response, doing=DOING, session_id=self._session_id)
                raise ProtocolError(
                    f"Asked to {DOING}, the backend sent no video.",
                    hint="Is the backend an older version? It must be of this one.",
                    session_id=self._session_id,
                )
            walk = _Walk()
            async for piece in response.aiter_bytes():
                whole += piece
                if len(whole) > MOST_BYTES:
                    raise ProtocolError("The backend's preview has no end.", session_id=self._session_id)
                self._give(whole)
                self._tell(walk.percent(whole))

    def _give(self, whole: bytearray) -> None:
        """Hand on what is new; of a second try, what lies behind the first one's end."""
        if self._on_bytes is None or len(whole) <= len(self._given):
            return
        if whole[: len(self._given)] != self._given:
            raise ProtocolError("The preview changed while it came.", hint="Try again.", session_id=self._session_id)
        new = bytes(whole[len(self._given) :])
        self._given += new
        self._on_bytes(new)

    def _tell(self, percent: float) -> None:
        if self._on_progress is not None and percent > self._told:
            self._told = percent
            self._on_progress("render", percent)


class _Walk:
    """Goes through the boxes of a film that grows, to see how many of its seconds are there."""

    def __init__(self) -> None:
        self._at = 0
        self._fragments = 0
        self._all = 0

    def percent(self, film: bytearray) -> float:
        """Return how much of it is there, 0–99."""
        while self._at + 8 <= len(film):
            size, kind = int.from_bytes(film[self._at : self._at + 4], "big"), film[self._at + 4 : self._at + 8]
            if size < 8 or self._at + size > len(film):
                break
            if kind == b"moov":
                duration_s, _, _ = measured(io.BytesIO(film[: self._at + size]))
                self._all = max(1, -(-round(duration_s * 1000) // 1000))
            self._fragments += kind == b"mdat"
            self._at += size
        return min(99.0, round(100 * self._fragments / self._all, 1)) if self._all else 0.0
