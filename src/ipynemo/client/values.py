"""What the client gives back: frozen values."""

from __future__ import annotations

import base64
import html
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from ipynemo.client.preview import Preview
from ipynemo.client.stills import poster_of
from ipynemo.draft import Draft
from ipynemo.errors import NemoError
from ipynemo.events import Failure, ToolCall
from ipynemo.intents import Action

__all__ = ["Asset", "Clip", "Credits", "Explained", "Render", "Reply", "SessionInfo", "Still", "shown"]


@dataclass(frozen=True)
class Asset:
    """An uploaded file, as the backend sees it.

    Parameters
    ----------
    name : str
    kind : str
        `video`, `image` or `audio`.
    url : str or None
        Where the backend keeps it; it may be a signed link, so it is not shown.
    duration_s : float or None
    width_px, height_px : int or None
    fps : float or None
    hash : str or None
    raw : mapping
        The answer's entry, whole.
    """

    name: str
    kind: str
    url: str | None = field(default=None, repr=False)
    duration_s: float | None = None
    width_px: int | None = None
    height_px: int | None = None
    fps: float | None = None
    hash: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_raw(cls, raw: Mapping[str, Any], fallback_name: str = "file") -> Asset:
        """Read an entry of `data.files`."""
        return cls(
            name=_text(raw.get("filename")) or fallback_name,
            kind=_text(raw.get("file_type")) or "unknown",
            url=_text(raw.get("cdn_url")),
            duration_s=_number(raw.get("duration")),
            width_px=_whole(raw.get("width")),
            height_px=_whole(raw.get("height")),
            fps=_number(raw.get("fps")),
            hash=_text(raw.get("hash")),
            raw=dict(raw),
        )


@dataclass(frozen=True)
class Credits:
    """The account's credits; they may have fractions."""

    available: float
    frozen: float
    total: float

    def __str__(self) -> str:
        frozen = f", {self.frozen:g} frozen" if self.frozen else ""
        return f"{self.available:g} of {self.total:g} credits available{frozen}"


@dataclass(frozen=True)
class SessionInfo:
    """A session that this computer has used; `nemo.session(info.session_id)` re-attaches to it."""

    session_id: str
    task_id: str | None
    task_name: str
    language: str
    created_at: str
    used_at: str


@dataclass(frozen=True)
class Render:
    """An export on the backend.

    Parameters
    ----------
    id, session_id : str
    status : str
        As the backend says it: `pending`, `processing`, `completed`, `failed`, `cancelled`, or a word of its own.
    progress : float
        0–100.
    url : str or None
        Where the finished file is; a signed link, so it is not shown.
    error : str or None
        What the backend says went wrong.
    path : str or None
        Where this computer meant to put the clip.
    submitted_at : str or None
        ISO 8601.
    """

    id: str
    session_id: str
    status: str
    progress: float = 0.0
    url: str | None = field(default=None, repr=False)
    error: str | None = None
    path: str | None = None
    submitted_at: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether there is a file to fetch."""
        return self.status.lower() in ("completed", "complete", "succeeded", "success", "done")

    @property
    def is_failed(self) -> bool:
        """Whether the backend gave it up."""
        return self.status.lower() in ("failed", "error")

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody cancelled it."""
        return self.status.lower() in ("cancelled", "canceled")


@dataclass(frozen=True)
class Clip:
    """A finished video on this computer; as the last line of a cell it plays.

    Parameters
    ----------
    path : Path
    duration_s : float
    width_px, height_px : int
        As displayed.
    size_bytes : int
    session_id, render_id : str
    render_s : float or None
        From the order to the finished file, in seconds.
    summary : str or None
        The draft in one line.
    description : str or None
        What its poster shows, in words.
    captions : tuple of Path
        The captions and the transcript beside it, where they were asked for.
    """

    path: Path
    duration_s: float
    width_px: int
    height_px: int
    size_bytes: int
    session_id: str
    render_id: str
    render_s: float | None = None
    summary: str | None = None
    description: str | None = None
    captions: tuple[Path, ...] = ()

    def __str__(self) -> str:
        return (
            f"{self.path.name} ({self.duration_s:.1f} s, {self.width_px}×{self.height_px}, "
            f"{self.size_bytes / 1e6:.1f} MB)"
        )

    def __fspath__(self) -> str:
        return str(self.path)

    def _repr_html_(self) -> str:
        said, name, source = shown(str(self)), shown(self.path.name), self._source()
        if source is None:
            return f"<p>{said} – it lies outside the notebook's folder, where a page cannot play it.</p>"
        width = min(self.width_px, 640 if self.width_px >= self.height_px else 360)
        still = poster_of(self.path, self.duration_s)
        poster = f' poster="{still}"' if still is not None else ""
        alt = shown(self.description) if self.description else name
        # Where video is stripped, what stands in it stays.
        picture = f'<img src="{still}" alt="{alt}" style="max-width:100%">' if still is not None else ""
        return (
            f'<video controls preload="metadata" src="{source}" style="max-width:100%;width:{width}px" '
            f'aria-label="{name}"{poster}>{picture}</video><p><a href="{source}" download>{said}</a></p>'
        )

    def _source(self) -> str | None:
        """Return the clip's address on a page, escaped; None where it lies outside the notebook's folder."""
        # A relative path plays again tomorrow, on another computer, and in an untrusted notebook.
        try:
            relative = self.path.resolve().relative_to(Path.cwd().resolve()).as_posix()
        except (ValueError, OSError):
            return None
        return html.escape(quote(os.fsencode(relative)), quote=True)


@dataclass(frozen=True)
class Still:
    """A moment of a draft; as the last line of a cell it shows itself.

    Parameters
    ----------
    at_s : float
        The moment, in seconds.
    jpeg : bytes
        The picture.
    """

    at_s: float
    jpeg: bytes

    @property
    def address(self) -> str:
        """The picture as an address that holds it."""
        return "data:image/jpeg;base64," + base64.b64encode(self.jpeg).decode()

    def save(self, path: str | Path) -> Path:
        """Write the picture to a file; one that is there is replaced."""
        target = Path(path)
        target.write_bytes(self.jpeg)
        return target

    def __repr__(self) -> str:
        return f"Still(at_s={self.at_s:g}, {len(self.jpeg) / 1000:.0f} kB)"

    def _repr_jpeg_(self) -> bytes:
        return self.jpeg


@dataclass(frozen=True)
class Reply:
    """What a chat turn came to.

    Parameters
    ----------
    text : str
        The answer, with instructions for a screen that does not exist translated; what changed, where no text came.
    tools : tuple of ToolCall
        The tools that the agent used.
    changes : tuple of str
        What the turn changed in the draft, in words.
    draft : Draft or None
        The draft after the turn; None where the state could not be read.
    failures : tuple of Failure
        What the agent reported on the way.
    actions : tuple of Action
        What the answer proposes to do next: export, look at the state, and so on.
    raw_text : str
        The answer as it came.
    clip : Clip or None
        The clip, where the message was an order to export.
    still : Still or None
        The picture, where the message asked to see a moment.
    preview : Preview or None
        The film, where it asked to see a range.
    """

    text: str
    tools: tuple[ToolCall, ...] = ()
    changes: tuple[str, ...] = ()
    draft: Draft | None = None
    failures: tuple[Failure, ...] = ()
    actions: tuple[Action, ...] = ()
    raw_text: str = field(default="", repr=False)
    clip: Clip | None = None
    still: Still | None = None
    preview: Preview | None = None

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        rows = "".join(f"<li>{html.escape(change)}</li>" for change in self.changes[:20])
        changes = f"<ul>{rows}</ul>" if rows and self.text != "\n".join(self.changes) else ""
        clip = self.clip._repr_html_() if self.clip is not None else ""
        still = f'<img src="{self.still.address}" style="max-width:100%">' if self.still is not None else ""
        played = self.preview._repr_html_() if self.preview is not None else ""
        return f'<div style="white-space:pre-wrap">{html.escape(self.text)}</div>{changes}{clip}{still}{played}'


@dataclass(frozen=True)
class Explained:
    """One picture of a batch: its clip, or why there is none.

    Parameters
    ----------
    source : str
        The picture, as it was given.
    clip : Clip or None
    error : NemoError or None
    session_id : str or None
        For `nemo.session(…)`, to go on from there.
    """

    source: str
    clip: Clip | None = None
    error: NemoError | None = None
    session_id: str | None = None

    @property
    def ok(self) -> bool:
        """Whether there is a clip."""
        return self.clip is not None

    @property
    def name(self) -> str:
        """The picture's name without folder and ending: where the files are named after the pupils, the pupil's."""
        return PurePath(unquote(urlsplit(self.source).path) if "://" in self.source else self.source).stem or "picture"


def shown(text: str) -> str:
    """Return text for a page; half characters, which a file's name may hold, cannot be sent to one."""
    return html.escape(text.encode("utf-8", "replace").decode(), quote=True)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else round(number)
