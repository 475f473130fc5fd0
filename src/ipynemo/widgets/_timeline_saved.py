"""The timeline without a kernel: bars by percent, a table, the summary; small whatever the draft holds.

Only what notebook sanitisers let through: nested blocks with inline widths. Where styles are stripped, the table stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Final

from ipynemo.draft import Draft, Segment, Track
from ipynemo.draft.summary import percent_text, plain, seconds_text, segment_name, source_name
from ipynemo.widgets._saved import escaped

__all__ = ["MAX_BARS", "MAX_ROWS", "saved_timeline"]

MAX_BARS: Final = 160  # of all tracks together
MAX_LANES: Final = 12
MAX_ROWS: Final = 30
MUSIC: Final = "music:"  # before the mood of music that the renderer makes itself
NARROWEST: Final = 0.4  # percent of the width; what is shorter is drawn with its neighbours

_COLORS: Final = {"video": "#3b6ef5", "audio": "#157347", "text": "#8a5a00", "other": "#5a6372"}
_LANE = "height:22px;margin:0 0 4px 0;overflow:hidden;background-color:rgba(128,128,128,0.2);border-radius:4px"
_BAR = (
    "float:left;height:22px;line-height:22px;font-size:11px;overflow:hidden;white-space:nowrap;text-overflow:ellipsis;"
    "color:#ffffff;border-radius:4px;text-indent:4px"
)
_CELL = "padding:2px 10px 2px 0;text-align:left;vertical-align:top"


def _title(track: Track, segment: Segment) -> str:
    text = plain(segment.text, 60) if track.kind == "text" and segment.text else ""
    return text or segment_name(segment, track)


def _bars(track: Track, total_ms: int, most: int) -> tuple[str, int]:
    """Return the bars of a track and how many they are; what lies under another one is left out."""
    color = _COLORS[track.kind]
    bars: list[tuple[float, float, str]] = []
    end = 0.0
    for segment in sorted(track.segments, key=lambda s: s.start_ms):
        start = max(end, 100 * segment.start_ms / total_ms)
        width = 100 * segment.end_ms / total_ms - start
        if width <= 0:
            continue
        crowded = len(bars) >= most or (width < NARROWEST and bars and start - end < NARROWEST)
        if crowded and bars:
            last = bars[-1]
            bars[-1] = (last[0], start + width - last[0], last[2])
        else:
            bars.append((start, width, _title(track, segment)))
        end = bars[-1][0] + bars[-1][1]
    parts, at = [], 0.0
    for start, width, title in bars:
        gap = max(0.0, start - at)
        style = f"{_BAR};margin-left:{gap:.2f}%;width:{max(0.1, width - 0.1):.2f}%;background-color:{color}"
        parts.append(f'<div style="{style}" title="{escaped(title)}" dir="auto">{escaped(title)}</div>')
        at = start + max(0.1, width - 0.1)
    return "".join(parts), len(bars)


def _row(cells: list[str], tag: str) -> str:
    scope = ' scope="col"' if tag == "th" else ""
    return "<tr>" + "".join(f'<{tag}{scope} dir="auto" style="{_CELL}">{escaped(c)}</{tag}>' for c in cells) + "</tr>"


def _table(draft: Draft, words: Mapping[str, str], names: Mapping[str, str]) -> str:
    columns = ("track", "segment", "name", "text", "start", "end", "volume", "source")
    rows = [_row([words[f"column_{column}"] for column in columns], "th")]
    left = MAX_ROWS
    for track in draft.tracks:
        for segment in track.segments[:left]:
            cells = [
                f"{track.number}. {_kind(track, words)}",
                str(segment.number),
                plain(segment.name or ""),
                plain(segment.text or "", 60),
                f"{seconds_text(segment.start_ms)} s",
                f"{seconds_text(segment.end_ms)} s",
                percent_text(segment.volume) if segment.volume is not None else "",
                _source(segment.source, names) if segment.source else "",
            ]
            rows.append(_row(cells, "td"))
        left = max(0, left - len(track.segments))
    more = sum(len(track.segments) for track in draft.tracks) - (len(rows) - 1)
    rest = f"<p>{escaped(words['more_rows'].format(n=more))}</p>" if more else ""
    return f"<table><thead>{rows[0]}</thead><tbody>{''.join(rows[1:])}</tbody></table>{rest}"


def _source(source: str, names: Mapping[str, str]) -> str:
    """Return what a reader knows the source by: its file's name, or the mood of made music; never a bare id."""
    if name := names.get(source):
        return plain(name)
    name = source_name(source)
    return name if source.startswith(MUSIC) or PurePath(name).suffix else ""


def _kind(track: Track, words: Mapping[str, str]) -> str:
    number = "?" if track.type is None else plain(str(track.type), 12)
    return words[f"kind_{track.kind}"].format(type=number)


def saved_timeline(draft: Draft, words: Mapping[str, str], names: Mapping[str, str]) -> str:
    """Return the draft as a piece of HTML that needs neither script nor style sheet.

    Parameters
    ----------
    names : mapping
        Of the files, by their source in the draft.
    """
    parts = [f"<p>{escaped(draft.summary())}</p>"]
    left = MAX_BARS
    for track in draft.tracks[:MAX_LANES]:
        bars, count = _bars(track, draft.duration_ms or 1, max(1, min(left, MAX_BARS // 4)))
        left = max(0, left - count)
        name = plain(track.name or "") or _kind(track, words)
        parts.append(f'<div style="font-size:12px" dir="auto">{track.number}. {escaped(name)}</div>')
        parts.append(f'<div style="{_LANE}">{bars}</div>')
    if more := len(draft.tracks) - MAX_LANES:
        parts += [f"<p>{escaped(words['more_rows'].format(n=more))}</p>"] if more > 0 else []
    return "".join(parts) + (_table(draft, words, names) if not draft.is_empty else "")
