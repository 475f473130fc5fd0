"""Pictures and names for the segments of a timeline: of the session's own files, where they are on this computer."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from ipynemo.client import AsyncSession
from ipynemo.draft import Draft
from ipynemo.draft.summary import plain
from ipynemo.errors import InvalidRequestError, NemoError
from ipynemo.formats import kind_of
from ipynemo.loop import off_loop
from ipynemo.widgets._thumbs import checked, thumbnail

__all__ = ["FileNotes", "file_notes", "given_thumbnails"]

log = logging.getLogger(__name__)

MAX_PICTURES: Final = 40
MAX_FETCHED_BYTES: Final = 40_000_000  # of one picture
READ_LIMIT_S: Final = 20.0

FileNotes = dict[str, tuple[str, str]]  # source → (name, thumbnail as a data: URL or empty)


def given_thumbnails(given: Mapping[Any, Any]) -> dict[str, str]:
    """Return what a user gave: sources or file names → pictures.

    Raises
    ------
    InvalidRequestError
        One of them is no small picture.
    """
    small = {}
    for source, picture in given.items():
        url = checked(picture) or (thumbnail(Path(picture)) if isinstance(picture, (str, Path)) else "")
        if not url:
            raise InvalidRequestError(
                f"The thumbnail of {plain(str(source))!r} is no picture.",
                hint="Give the path of an image file, or a data: URL of at most 6 kB.",
            )
        small[str(source)] = url
    return small


async def file_notes(session: AsyncSession, draft: Draft, known: FileNotes) -> FileNotes:
    """Return names and thumbnails of the files that the draft uses; those that are known are not fetched again.

    Pictures are fetched from the embedded backend alone: what the cloud's links lead to is not opened unasked.
    """
    sources = {segment.source for track in draft.tracks for segment in track.segments if segment.source} - set(known)
    if not sources:
        return known
    try:
        infos = (await session.state()).get("video_infos")
    except NemoError as error:
        log.info("The files of session %s could not be read: %s", session.session_id, type(error).__name__)
        return known
    notes = dict(known)
    for info in infos if isinstance(infos, list) else ():
        source = info.get("id") if isinstance(info, dict) else None
        if isinstance(source, str) and source in sources and len(notes) < MAX_PICTURES:
            name = plain(str(info.get("filename") or ""))
            url = str(info.get("cdn_url") or "") if session.nemo.is_local and info.get("file_type") == "image" else ""
            notes[source] = (name, await _fetched(url, name) if url else "")
    return notes


async def _fetched(url: str, name: str) -> str:
    if urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1") or kind_of(name) != "image":
        return ""
    with tempfile.TemporaryDirectory(prefix="ipynemo-") as folder:
        path = Path(folder) / f"picture{Path(name).suffix}"
        try:
            async with (
                httpx.AsyncClient(trust_env=False, timeout=READ_LIMIT_S) as web,
                web.stream("GET", url) as answer,
            ):
                if answer.status_code != httpx.codes.OK:
                    return ""
                size = 0
                with path.open("wb") as file:
                    async for chunk in answer.aiter_bytes():
                        size += len(chunk)
                        if size > MAX_FETCHED_BYTES:
                            return ""
                        file.write(chunk)
        except (httpx.HTTPError, OSError) as error:
            log.info("No thumbnail of %s: %s", name, type(error).__name__)
            return ""
        return await off_loop(thumbnail, path)
