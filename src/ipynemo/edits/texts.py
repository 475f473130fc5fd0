"""Edits of text: add it, say something else, make it look another way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from ipynemo.edits._work import Work, check_ms, is_real
from ipynemo.errors import DraftError

if TYPE_CHECKING:
    from ipynemo.draft.values import Draft

__all__ = ["PLACES", "TextRole", "add_caption", "add_text", "add_title", "restyle_text", "set_text", "text_role"]

TextRole = Literal["title", "lower_third", "caption", "card"]

PLACES = ("top", "center", "bottom", "top_left", "top_right", "bottom_left", "bottom_right")

TRACK_NAMES: dict[str, str] = {"title": "Title", "lower_third": "Lower third", "caption": "Captions", "card": "Cards"}

SIZE_RANGE_PX = (12, 400)  # of a picture whose short side is 1080 lines


def text_role(track_meta: Any, segment_meta: Any) -> str | None:
    """Return the role that a text has by its own style, else by its track; None where neither says."""
    style = segment_meta.get("style") if isinstance(segment_meta, dict) else None
    for holder in (style, track_meta):
        role = holder.get("role") if isinstance(holder, dict) else None
        if isinstance(role, str):
            return role
    return None


def _style(
    place: str | tuple[float, float] | None, size_px: float | None, color: str | None, bold: bool | None
) -> dict[str, Any]:
    style: dict[str, Any] = {}
    if isinstance(place, str):
        if place not in PLACES:
            raise DraftError(f"No place {place!r}.", hint=f"Places: {', '.join(PLACES)}, or a pair (x, y) of 0–1.")
        style["place"] = place
    elif place is not None:
        if len(place) != 2 or not all(is_real(v) and 0 <= v <= 1 for v in place):
            raise DraftError(f"No place {place!r}.", hint="A pair (x, y) of numbers from 0 to 1, the text's centre.")
        style["place"] = list(place)
    if size_px is not None:
        low, high = SIZE_RANGE_PX
        if not low <= size_px <= high:
            raise DraftError(f"A text size of {size_px:g} px does not work.", hint=f"Between {low} and {high}.")
        style["size"] = round(size_px)
    if color is not None:
        if not re.fullmatch(r"#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?", color):
            raise DraftError(f"No colour {color!r}.", hint='Write it as "#rrggbb".')
        style["color"] = color.lower()
    if bold is not None:
        style["bold"] = bool(bold)
    return style


def add_text(
    draft: Draft,
    text: str,
    *,
    start_s: float = 0,
    duration_s: float = 3,
    role: TextRole = "title",
    place: str | tuple[float, float] | None = None,
    size_px: float | None = None,
    color: str | None = None,
    bold: bool | None = None,
) -> Draft:
    """Add a text, on the track of texts of its role; such a track is made on top where there is none.

    Parameters
    ----------
    start_s, duration_s : float
        When it is shown, and for how long.
    role : {"title", "lower_third", "caption", "card"}
        What it is; this decides how it looks where nothing else is said.
    place : str or (float, float), optional
        One of `PLACES`, or the centre as shares of width and height.
    size_px : float, optional
        Letter height for a picture whose short side has 1080 lines.
    color : str, optional
        "#rrggbb".

    Examples
    --------
    >>> add_text(Draft(), "Hello", start_s=2).tracks[0].segments[0].start_s
    2.0
    """
    if role not in TRACK_NAMES:
        raise DraftError(f"No text role {role!r}.", hint=f"Roles: {', '.join(TRACK_NAMES)}.")
    start_ms, duration_ms = check_ms(start_s, "start_s"), check_ms(duration_s, "duration_s", least_ms=1)
    style = {"role": role, **_style(place, size_px, color, bold)}
    work = Work(draft)
    number = next(
        (t.number for t in draft.tracks_of("text") if t.meta.get("role") == role and isinstance(t.raw.get("sg"), list)),
        None,
    )
    number = number or work.add_track(7, TRACK_NAMES[role], role)
    work.put(number, {"st": start_ms, "d": duration_ms, "tx": text, "m": {"style": style}})
    return work.done()


def add_title(draft: Draft, text: str, *, start_s: float = 0, duration_s: float = 3, **style: Any) -> Draft:
    """Add a title; `style` as in `add_text`."""
    return add_text(draft, text, start_s=start_s, duration_s=duration_s, role="title", **style)


def add_caption(draft: Draft, text: str, *, start_s: float = 0, duration_s: float = 4, **style: Any) -> Draft:
    """Add a caption; `style` as in `add_text`."""
    return add_text(draft, text, start_s=start_s, duration_s=duration_s, role="caption", **style)


def set_text(draft: Draft, track: int, segment: int, text: str) -> Draft:
    """Let a text say something else.

    Raises
    ------
    NoSuchTrackError, NoSuchSegmentError, DraftError
        There is no such segment, or its track is no text track.
    """
    _check_text(draft, track)
    work = Work(draft)
    work.segment(track, segment)["tx"] = text
    return work.done()


def restyle_text(
    draft: Draft,
    track: int,
    segment: int | None = None,
    *,
    place: str | tuple[float, float] | None = None,
    size_px: float | None = None,
    color: str | None = None,
    bold: bool | None = None,
) -> Draft:
    """Change how a text looks, or with no segment all texts of the track; what is not named stays.

    Raises
    ------
    NoSuchTrackError, NoSuchSegmentError, DraftError
        There is no such segment, its track is no text track, or a value makes no sense.
    """
    _check_text(draft, track)
    style = _style(place, size_px, color, bold)
    work = Work(draft)
    numbers = [segment] if segment is not None else [s.number for s in draft.track(track).segments]
    for number in numbers:
        work.meta(work.segment(track, number), "style").update(style)
    return work.done()


def _check_text(draft: Draft, track: int) -> None:
    value = draft.track(track)
    if value.kind != "text":
        texts = ", ".join(str(t.number) for t in draft.tracks_of("text")) or "none"
        raise DraftError(f"Track {track} is {value.kind}, not text.", hint=f"Text tracks: {texts}.")
