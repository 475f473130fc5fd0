"""Cues written down: WebVTT for pages, SRT for players and editors. What would be obeyed in them is only read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ipynemo.captions.cues import Cue, cues
from ipynemo.draft.values import Draft

__all__ = ["srt_of", "to_srt", "to_vtt", "vtt_of"]

_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def _stamp(ms: int, point: str) -> str:
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"


def vtt_of(told: Sequence[Cue], note: str = "") -> str:
    """Return cues as WebVTT; empty where there is none and nothing to note."""
    if not told and not note:
        return ""
    # Browsers that jump to the end of a cue keep it on the screen, so it ends a moment before the next one begins.
    blocks = [
        f"{_stamp(cue.start_ms, '.')} --> {_stamp(max(cue.end_ms - 1, cue.start_ms + 1), '.')}\n{_escaped(cue.text)}"
        for cue in told
    ]
    head = ["WEBVTT", f"NOTE {note}"] if note else ["WEBVTT"]
    return "\n\n".join([*head, *blocks]) + "\n"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def srt_of(told: Sequence[Cue]) -> str:
    """Return cues as SRT; empty where there is none."""
    # SRT knows no way to say that a sign is only a sign, so those that players obey become signs that look like them.
    blocks = [
        f"{number}\n{_stamp(cue.start_ms, ',')} --> {_stamp(cue.end_ms, ',')}\n"
        + _TAG.sub("‹", cue.text).replace("-->", "→").replace("{\\", "(\\")
        + "\n"
        for number, cue in enumerate(told, 1)
    ]
    return "\n".join(blocks)


def to_vtt(draft: Draft, *, on_screen: bool = False) -> str:
    r"""Return the captions as WebVTT, empty where the draft has none.

    Parameters
    ----------
    draft : Draft
    on_screen : bool
        Also what is written in titles, cards and drawn scenes.

    Examples
    --------
    >>> segment = {"tx": "Noise <first>", "st": 0, "d": 1500}
    >>> to_vtt(Draft({"t": [{"tt": 7, "m": {"role": "caption"}, "sg": [segment]}]}))
    'WEBVTT\n\n00:00:00.000 --> 00:00:01.499\nNoise &lt;first&gt;\n'
    """
    return vtt_of(cues(draft, on_screen=on_screen))


def to_srt(draft: Draft, *, on_screen: bool = False) -> str:
    """Return the captions as SRT, empty where the draft has none; see `to_vtt`."""
    return srt_of(cues(draft, on_screen=on_screen))
