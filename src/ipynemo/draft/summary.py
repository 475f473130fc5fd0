"""The timeline in one line, in the protocol's form, and the words that every other telling of a draft shares.

What a draft holds comes from elsewhere, so a name is shown with line breaks, control characters and bidirectional
marks turned into spaces, and shortened: one name can neither break the line nor pose as a part of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from ipynemo.draft.values import Draft, Segment, Track

__all__ = ["percent_text", "plain", "seconds_text", "segment_name", "source_name", "summary_line", "track_label"]

SEGMENTS_SHOWN = 3
TRACKS_SHOWN = 30  # a line with more is no summary
NAME_LIMIT = 40

_TRACK_LABELS = {0: "Video", 1: "BGM", 7: "Title"}

# Controls, line and paragraph separators, bidirectional marks, invisible fillers, lone surrogates, tags.
# The zero-width joiners stay: emoji and Indic scripts are spelt with them.
_UNSHOWABLE = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e007f]+"
)


def plain(text: str, limit: int = NAME_LIMIT) -> str:
    r"""Return a text for one line: nothing unshowable, at most `limit` characters.

    Examples
    --------
    >>> plain("two\nlines")
    'two lines'
    >>> plain("abcdefgh", 5)
    'abcd…'
    """
    # Only the beginning can be shown, so only the beginning is cleaned.
    shown = _UNSHOWABLE.sub(" ", text[: 4 * limit + 64]).strip()
    cut = len(shown) > limit or (len(text) > 4 * limit + 64 and bool(shown))
    return shown[: limit - 1].rstrip() + "…" if cut else shown


def seconds_text(ms: int) -> str:
    """Return a time in seconds: whole where it is whole, else with one or two decimals.

    Examples
    --------
    >>> seconds_text(10_000), seconds_text(2500), seconds_text(1234)
    ('10', '2.5', '1.23')
    """
    if ms % 1000 == 0:
        return str(ms // 1000)
    return f"{ms / 1000:.2f}".rstrip("0").rstrip(".")


def percent_text(volume: float) -> str:
    """Return a volume in percent.

    Examples
    --------
    >>> percent_text(0.35)
    '35%'
    """
    return f"{round(volume * 100)}%"


def track_label(track: Track) -> str:
    """Return what a track is called by its type: `Video`, `BGM`, `Title` or `Caption`, `Type 9`, `Track`."""
    if track.type is None:
        return "Track"
    if track.type == 7 and track.meta.get("role") == "caption":
        return "Caption"
    return _TRACK_LABELS.get(track.type) or f"Type {plain(str(track.type), 12)}"


def source_name(source: str) -> str:
    """Return the last part of a path, link or asset name, without a link's query (it may hold a signature).

    Examples
    --------
    >>> source_name("https://cdn.example/a/city%20lights.mp4?sig=abc")
    'city lights.mp4'
    >>> source_name("music:lofi")
    'lofi'
    """
    if source.startswith("data:"):
        return ""
    if "://" in source:
        source = unquote(re.split(r"[?#]", source, maxsplit=1)[0].split("://", 1)[1])
    return plain(re.split(r"[/\\]", source.rstrip("/\\"))[-1].removeprefix("music:"))


def segment_name(segment: Segment, track: Track) -> str:
    """Return what a segment is called: its name, else its track's, else its source's, else `untitled`."""
    for name in (segment.name, track.name):
        if name and (shown := plain(name)):
            return shown
    return (source_name(segment.source) if segment.source else "") or "untitled"


def _segment(segment: Segment, track: Track) -> str:
    text = plain(segment.text) if track.kind == "text" and segment.text else ""
    name = f'"{text}"' if text else segment_name(segment, track)
    times = f"{seconds_text(segment.start_ms)}-{seconds_text(segment.end_ms)}s"
    if track.kind == "audio" and segment.volume is not None:
        times += f", {percent_text(segment.volume)}"
    return f"{name} ({times})"


def _track(track: Track) -> str:
    shown = [_segment(segment, track) for segment in track.segments[:SEGMENTS_SHOWN]]
    if len(track.segments) > SEGMENTS_SHOWN:
        shown.append(f"+{len(track.segments) - SEGMENTS_SHOWN} more")
    return f"{track.number}. {track_label(track)}: {', '.join(shown) or '(empty)'}"


def summary_line(draft: Draft) -> str:
    """Return the timeline in one line.

    Examples
    --------
    >>> from ipynemo.draft import Draft
    >>> summary_line(Draft({"t": [{"tt": 1, "sg": [{"n": "Lo-fi", "d": 10000, "vol": 0.35}]}]}))
    'Timeline (1 track): 1. BGM: Lo-fi (0-10s, 35%)'
    >>> summary_line(Draft())
    'Timeline (0 tracks)'
    """
    count = len(draft.tracks)
    head = f"Timeline ({count} track{'' if count == 1 else 's'})"
    if not count:
        return head
    parts = [_track(track) for track in draft.tracks[:TRACKS_SHOWN]]
    if count > TRACKS_SHOWN:
        parts.append(f"+{count - TRACKS_SHOWN} more")
    return f"{head}: {' '.join(parts)}"
