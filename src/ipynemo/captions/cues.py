"""Cues: which words are shown when, one after the other, made safe for every file that they go into.

A draft comes from elsewhere. A cue therefore holds no control character, no blank line, no mark that turns text
around, and never more than a screen can hold; cues that overlap are told as one, because subtitles in an MP4 cannot.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ipynemo.captions.drawn import colours_of, words_of
from ipynemo.captions.language import language_of
from ipynemo.captions.words import words_for
from ipynemo.draft.pieces import Segment, Track
from ipynemo.draft.values import Draft

__all__ = ["Cue", "cues", "has_captions", "is_narrated", "plain_lines", "read_aloud", "role_of", "spoken", "written"]

SPEECH: Final = "speech:"  # the source of a sound that is a voice, as in "speech:en"
MOST_CUES: Final = 20_000
MOST_LETTERS: Final = 1_000  # of one cue; two lines have about eighty
MOST_AT_ONCE: Final = 4
MOST_OPEN: Final = 16  # cues that have begun and are looked at; so that ten thousand at once take no time
MANY: Final = 6  # a nameless text track with more segments than this is taken for captions

_BREAKS = re.compile("\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
# Controls, half characters, fillers, tags, and the marks that begin another direction and need not end it.
_UNWRITABLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u180e\u200b\u202a-\u202e\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_NAMES = (("caption", "caption"), ("subtitle", "caption"), ("字幕", "caption"), ("card", "card"), ("卡片", "card"))


@dataclass(frozen=True, slots=True)
class Cue:
    """Words, and when they are shown, in milliseconds."""

    start_ms: int
    end_ms: int
    text: str


def plain_lines(text: str, most: int = MOST_LETTERS) -> list[str]:
    r"""Return the lines of a text that have something in them, without what a file of captions cannot hold.

    Examples
    --------
    >>> plain_lines("one \x07\n\n  two\u2028three")
    ['one', 'two', 'three']
    """
    cut = len(text) > 2 * most
    shown = _UNWRITABLE.sub("", _BREAKS.sub("\n", text[: 2 * most]).replace("\t", " ")).strip()
    if cut or len(shown) > most:
        shown = shown[: most - 1].rstrip() + "…"
    return [line.strip() for line in shown.split("\n") if line.strip()]


def role_of(track: Track, segment: Segment) -> str:
    """Return what a text is: `title`, `lower_third`, `caption`, `card`; of a draft that does not say, by its track."""
    style = segment.meta.get("style")
    own = style.get("role") if isinstance(style, dict) else None
    for role in (own, track.meta.get("role")):
        if isinstance(role, str) and role:
            return "caption" if role == "subtitle" else role
    name = (track.name or "").casefold()
    named = next((role for word, role in _NAMES if word in name), None)
    return named or ("title" if len(track.segments) <= MANY else "caption")


def spoken(draft: Draft) -> list[Cue]:
    """Return the captions as the draft has them, by their start; they may overlap."""
    found = [
        Cue(segment.start_ms, segment.end_ms, "\n".join(lines))
        for track in draft.tracks_of("text")
        for segment in track.segments
        if segment.text
        and segment.duration_ms
        and role_of(track, segment) == "caption"
        and (lines := plain_lines(segment.text))
    ]
    return sorted(found, key=lambda cue: (cue.start_ms, cue.end_ms))[:MOST_CUES]


def written(draft: Draft) -> list[Cue]:
    """Return what is written in the picture and is no caption: titles, cards, the words of drawn scenes."""
    found: list[Cue] = []
    for track in draft.tracks:
        for segment in track.segments:
            if not segment.duration_ms:
                continue
            if track.kind == "text" and segment.text and role_of(track, segment) != "caption":
                lines = plain_lines(segment.text) + colours_of(segment)
            elif track.kind == "video":
                lines = [line for text in words_of(segment) for line in plain_lines(text, 300)]
            else:
                continue
            if lines:
                found.append(Cue(segment.start_ms, segment.end_ms, "\n".join(lines)))
    return sorted(found, key=lambda cue: (cue.start_ms, cue.end_ms))[:MOST_CUES]


def has_captions(draft: Draft) -> bool:
    """Return whether the draft has a caption; without one, its words stand in titles, cards and drawn scenes."""
    return bool(spoken(draft))


def _at_once(found: Sequence[Cue]) -> Iterator[Cue]:
    """Yield cues of which no two overlap, each with all that is to be read at its time."""
    times = sorted({time for cue in found for time in (cue.start_ms, cue.end_ms)})
    showing: list[Cue] = []
    place = 0
    for begin, end in itertools.pairwise(times):
        while place < len(found) and found[place].start_ms <= begin:
            showing.append(found[place])
            place += 1
        showing = [cue for cue in showing[-MOST_OPEN:] if cue.end_ms > begin]
        if showing:
            texts = dict.fromkeys(cue.text for cue in showing[-MOST_AT_ONCE:])
            yield Cue(begin, end, "\n".join(texts))


def _joined(pieces: Iterable[Cue]) -> list[Cue]:
    """Join what says the same without a pause."""
    whole: list[Cue] = []
    for cue in pieces:
        if whole and whole[-1].end_ms == cue.start_ms and whole[-1].text == cue.text:
            whole[-1] = Cue(whole[-1].start_ms, cue.end_ms, cue.text)
        else:
            whole.append(cue)
    return whole


def cues(draft: Draft, *, on_screen: bool = False) -> list[Cue]:
    r"""Return what is to be read when; no two cues overlap.

    Parameters
    ----------
    draft : Draft
    on_screen : bool
        Also what is written in titles, cards and drawn scenes, for who cannot read it in the picture.

    Examples
    --------
    >>> two = [{"tx": "one", "d": 2000}, {"tx": "two", "st": 1500, "d": 900}]
    >>> track = {"tt": 7, "m": {"role": "caption"}, "sg": two}
    >>> [(cue.start_ms, cue.end_ms, cue.text) for cue in cues(Draft({"t": [track]}))]
    [(0, 1500, 'one'), (1500, 2000, 'one\ntwo'), (2000, 2400, 'two')]
    """
    found = spoken(draft)
    if on_screen:
        found = sorted([*found, *written(draft)], key=lambda cue: (cue.start_ms, cue.end_ms))
    told = _joined(_at_once(found))[:MOST_CUES]
    if told and is_narrated(draft):
        label = words_for(language_of(draft)).get("label", "voice")
        told[0] = Cue(told[0].start_ms, told[0].end_ms, f"{label}\n{told[0].text}")
    return told


def is_narrated(draft: Draft) -> bool:
    """Return whether a synthetic voice reads the captions aloud."""
    return any((one.source or "").startswith(SPEECH) for track in draft.tracks_of("audio") for one in track.segments)


def read_aloud(draft: Draft) -> list[Cue]:
    """Return the captions as a voice reads them: one after the other, each once."""
    return _joined(_at_once(spoken(draft)))[:MOST_CUES]
