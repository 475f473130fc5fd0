"""A draft as a small table for notebooks: self-contained, escaped, readable in light and dark, without a kernel."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from ipynemo.draft.summary import percent_text, plain, seconds_text, source_name, track_label

if TYPE_CHECKING:
    from ipynemo.draft.values import Draft, Segment, Track

__all__ = ["draft_html"]

MAX_ROWS = 30
TEXT_LIMIT = 60

_CELL = "padding:2px 10px 2px 0;text-align:{align};vertical-align:top;border-bottom:1px solid rgba(128,128,128,.3)"
# No colour of its own: it takes the page's, so that it is readable in light and dark.
_TABLE = "border-collapse:collapse;color:inherit;background:none;font-size:inherit;max-width:100%"
_HEADINGS = (("Track", "left"), ("#", "right"), ("Name", "left"), ("Text", "left"), ("Start", "right"),
             ("End", "right"), ("Volume", "right"), ("Source", "left"))  # fmt: skip


def _row(cells: list[str], tag: str) -> str:
    parts = []
    for cell, (_, align) in zip(cells, _HEADINGS, strict=True):
        scope = ' scope="col"' if tag == "th" else ""
        text = escape(plain(cell, TEXT_LIMIT))
        parts.append(f'<{tag}{scope} dir="auto" style="{_CELL.format(align=align)}">{text}</{tag}>')
    return f"<tr>{''.join(parts)}</tr>"


def _segment(track: Track, segment: Segment) -> str:
    name = f" {track.name}" if track.name else ""
    return _row(
        [
            f"{track.number}. {track_label(track)}{name}",
            str(segment.number),
            segment.name or "",
            segment.text or "",
            f"{seconds_text(segment.start_ms)} s",
            f"{seconds_text(segment.end_ms)} s",
            percent_text(segment.volume) if segment.volume is not None else "",
            source_name(segment.source) if segment.source else "",
        ],
        "td",
    )


def draft_html(draft: Draft) -> str:
    """Return the draft as a piece of HTML: the summary, and at most 30 rows.

    Examples
    --------
    >>> from ipynemo.draft import Draft
    >>> "&lt;b&gt;" in draft_html(Draft({"t": [{"tt": 7, "sg": [{"tx": "<b>", "d": 1000}]}]}))
    True
    """
    rows: list[str] = []
    for track in draft.tracks:
        rows += [_segment(track, segment) for segment in track.segments[: MAX_ROWS - len(rows)]]
        if len(rows) == MAX_ROWS:
            break
    summary = f'<p style="margin:0 0 .4em">{escape(draft.summary())}</p>'
    if not rows:
        return f'<div class="ipynemo-draft">{summary}</div>'
    head = _row([heading for heading, _ in _HEADINGS], "th")
    more = sum(len(track.segments) for track in draft.tracks) - len(rows)
    rest = f'<p style="margin:.4em 0 0;opacity:.7">… and {more} more</p>' if more else ""
    return (
        f'<div class="ipynemo-draft" style="overflow-x:auto">{summary}<table style="{_TABLE}">'
        f"<thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>{rest}</div>"
    )
