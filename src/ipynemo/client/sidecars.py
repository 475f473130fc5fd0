"""Captions and transcript beside a clip: `clip.vtt`, `clip.srt`, `clip.txt`.

The WebVTT file notes the hashes of all three, so that an export made anew can tell its own files from somebody else's,
and from those that somebody has corrected: only its own, unchanged, are replaced; else a number is added to the names.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from ipynemo.captions import alt_text, cues, has_captions, transcript
from ipynemo.captions.writing import srt_of, vtt_of
from ipynemo.client.names import Target, place
from ipynemo.client.values import Clip
from ipynemo.draft import Draft
from ipynemo.errors import InvalidRequestError
from ipynemo.loop import off_loop

__all__ = ["captioned", "write_sidecars"]

log = logging.getLogger(__name__)

SUFFIXES: Final = (".srt", ".txt", ".vtt")  # the last one vouches for the others
MOST_NAMES: Final = 100
SAME_LENGTH_S: Final = 0.2
MAX_READ_BYTES: Final = 16 << 20  # more is none of ours
_NOTE = re.compile(r"\n\nNOTE ipynemo((?: \.\w{3}:[0-9a-f]{16}){1,3})(?=\n)")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _texts(draft: Draft) -> dict[str, str]:
    """Return what goes into the files; where there are no captions, the words in the picture stand for them."""
    told = cues(draft, on_screen=not has_captions(draft))
    texts = {".srt": srt_of(told), ".txt": transcript(draft), ".vtt": vtt_of(told) or "WEBVTT\n"}
    texts = {suffix: text for suffix, text in texts.items() if text}
    note = " ".join(f"{suffix}:{_digest(text)}" for suffix, text in texts.items())
    texts[".vtt"] = texts[".vtt"].replace("WEBVTT\n", f"WEBVTT\n\nNOTE ipynemo {note}\n", 1)
    return texts


def _read(path: Path) -> str | None:
    """Return the text of a file, None where there is none; of what is no text of ours, something else."""
    try:
        return path.read_text("utf-8") if path.stat().st_size <= MAX_READ_BYTES else ""
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return ""


def _is_ours(stem: Path) -> bool:
    """Return whether each file of this name is missing, or as an export has written it."""
    there = {suffix: _read(stem.with_name(stem.name + suffix)) for suffix in SUFFIXES}
    noted = _NOTE.search(there[".vtt"] or "")
    known = dict(item.split(":") for item in noted[1].split()) if noted else {}
    if noted:
        there[".vtt"] = _NOTE.sub("", there[".vtt"] or "", count=1)
    return all(text is None or known.get(suffix) == _digest(text) for suffix, text in there.items())


def write_sidecars(clip: Path, draft: Draft) -> tuple[Path, ...]:
    """Write captions and transcript beside a clip; return where they are.

    Raises
    ------
    InvalidRequestError
        They cannot be written there.
    """
    base = clip.with_suffix("")
    stems = [base, *(base.with_name(f"{base.name}-{number}") for number in range(2, MOST_NAMES))]
    stem = next((stem for stem in stems if _is_ours(stem)), None)
    if stem is None:
        what = f"The captions of {clip.name!r} were not written: other files have all the names."
        raise InvalidRequestError(what, hint="Export the clip under another name.")
    texts = _texts(draft)
    written: list[Path] = []
    try:
        for suffix in SUFFIXES:
            path = stem.with_name(stem.name + suffix)
            if suffix not in texts:
                path.unlink(missing_ok=True)  # of an earlier export, which had captions
                continue
            part = path.with_name(f"{stem.name[:40]}.{secrets.token_hex(4)}.part")
            try:
                part.write_bytes(texts[suffix].encode())
                written.append(place(part, Target(path, replace=path.exists())))
            finally:
                part.unlink(missing_ok=True)
    except OSError as error:
        what = f"The captions of {clip.name!r} could not be written: {error.strerror or error}."
        raise InvalidRequestError(what, hint="The clip itself is there.") from error
    return tuple(sorted(written))


async def captioned(clip: Clip, draft: Draft | None, read: Callable[[], Awaitable[Draft | None]]) -> Clip:
    """Return the clip with its captions and its transcript beside it.

    Parameters
    ----------
    draft : Draft or None
        What the clip shows; where that is not known, the session's, if it is as long.
    read : callable
        Reads the session's draft.
    """
    if draft is None:
        draft = await read()
        if draft is None or abs(draft.duration_s - clip.duration_s) > SAME_LENGTH_S:
            log.warning("The draft has changed since %s was ordered; no captions are written.", clip.path.name)
            return clip
    written = await off_loop(write_sidecars, clip.path, draft)
    return replace(clip, captions=written, description=clip.description or alt_text(draft))
