"""A clip's transcript for a page: as values for the living player, and as HTML that is escaped for the saved one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ipynemo.captions import language_of
from ipynemo.captions.telling import clock, moments
from ipynemo.draft import Draft
from ipynemo.widgets._saved import escaped

__all__ = ["described_in", "transcript_html", "transcript_view"]

MAX_LETTERS: Final = 100_000  # a page with more of it is slow, and nobody reads it there; `captions.transcript` has all


def described_in(draft: Draft, language: str) -> str:
    """Return the language for descriptions: the clip's; where nobody knows that, the page's."""
    own = language_of(draft)
    return language if own == "und" else own


def transcript_view(draft: Draft | None, language: str) -> list[dict[str, Any]]:
    """Return the scenes: `{"at": seconds, "when": …, "shown": …, "lines": [{"said": bool, "text": …}, …]}`."""
    told: list[dict[str, Any]] = []
    room = MAX_LETTERS
    for moment in moments(draft, described_in(draft, language)) if draft is not None and not draft.is_empty else ():
        cues = [(cue, said) for found, said in ((moment.written, False), (moment.said, True)) for cue in found]
        lines = [{"said": said, "text": cue.text} for cue, said in sorted(cues, key=lambda pair: pair[0].start_ms)]
        room -= len(moment.shown) + sum(len(cue.text) + 20 for cue, _ in cues) + 60
        if room < 0:
            break
        when = f"{clock(moment.start_ms)}–{clock(moment.end_ms)} {moment.name}".rstrip()
        told.append({"at": moment.start_ms / 1000, "when": when, "shown": moment.shown, "lines": lines})
    return told


def transcript_html(told: list[dict[str, Any]], say: Callable[[str], str]) -> str:
    """Return the transcript folded, for a page without a kernel; empty where there is none."""
    if not told:
        return ""
    items = []
    for moment in told:
        lines = "".join(
            f"<br><b>{escaped(say('said' if line['said'] else 'written'))}</b> "
            + escaped(" / ".join(line["text"].splitlines()))
            for line in moment["lines"]
        )
        items.append(f"<li>{escaped(moment['when'])} <i>{escaped(moment['shown'])}</i>{lines}</li>")
    return f"<details><summary>{escaped(say('transcript'))}</summary><ul>{''.join(items)}</ul></details>"
