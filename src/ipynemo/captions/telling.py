"""The transcript: when, what is shown, what is written, what the captions say; and the alt text of a clip's picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ipynemo.captions.cues import Cue, is_narrated, plain_lines, spoken, written
from ipynemo.captions.drawn import about_of, scene_of
from ipynemo.captions.language import language_of
from ipynemo.captions.words import Words, words_for
from ipynemo.draft.drawn import is_named
from ipynemo.draft.pieces import Segment
from ipynemo.draft.summary import plain, source_name
from ipynemo.draft.values import Draft

__all__ = ["Moment", "alt_text", "clock", "moments", "transcript"]

MOST_MOMENTS: Final = 2_000  # scenes; more is no transcript that anybody reads
ALT_LETTERS: Final = 250  # what screen readers read in one breath
NAME_LETTERS: Final = 60
MOVES: Final = ("zoom_in", "zoom_out", "pan_left", "pan_right", "pan_up", "pan_down")


@dataclass(slots=True)
class Moment:
    """A scene: when it is, what is shown, what is written in the picture, what the captions say."""

    start_ms: int
    end_ms: int
    shown: str
    name: str = ""
    written: list[Cue] = field(default_factory=list)
    said: list[Cue] = field(default_factory=list)


def clock(ms: int) -> str:
    """Return a time as a clock shows it: `0:05`, `1:01:05`."""
    seconds = ms // 1000
    hours = f"{seconds // 3600}:{seconds // 60 % 60:02}" if seconds >= 3600 else f"{seconds // 60}"
    return f"{hours}:{seconds % 60:02}"


def _motion(segment: Segment, words: Words) -> str:
    """Return in words how the camera moves over a picture; empty where it stands."""
    motion = segment.meta.get("motion")
    if isinstance(motion, str):
        return words.get("motion", motion) if motion in MOVES else ""
    if not isinstance(motion, dict):
        return ""
    ends = [motion.get("from"), motion.get("to")]
    scales = [end[2] for end in ends if isinstance(end, list) and len(end) == 3 and isinstance(end[2], (int, float))]
    if len(scales) != 2 or ends[0] == ends[1]:
        return ""
    closer = "zoom_in" if scales[1] > scales[0] else "zoom_out" if scales[1] < scales[0] else "moves"
    return words.get("motion", closer)


def _shown(segment: Segment, words: Words, *, still: bool) -> str:
    """Return what a segment of a picture track shows, in a sentence or two."""
    # A scene of the storyboard bears a name of its own, other segments that of their file.
    name = "" if is_named(segment.meta) else plain(segment.name or source_name(segment.source or ""), NAME_LETTERS)
    picture = words.get("picture", "named" if name else "nameless", name=name)
    scene, about = scene_of(segment), about_of(segment)
    if about is not None and scene is not None:
        key = scene if segment.source or not words.has("drawn", f"{scene}_alone") else f"{scene}_alone"
        return _begun(words.get("drawn", key, picture=picture))
    kind = "video" if segment.meta.get("media") == "video" else "shot"
    told = words.get("shown", kind, picture=picture)
    motion = "" if still else _motion(segment, words)
    return _begun(
        words.get("shown", "moving", told=told, motion=motion) if motion else told + words.get("shown", "stop")
    )


def _name(segment: Segment) -> str:
    return plain(segment.name or "", NAME_LETTERS) if is_named(segment.meta) else ""


def _begun(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def moments(draft: Draft, language: str | None = None) -> list[Moment]:
    """Return the clip scene by scene, from the pictures of its first track that has any.

    Parameters
    ----------
    draft : Draft
    language : str, optional
        Of the descriptions; else the draft's.
    """
    words = words_for(language or language_of(draft))
    still = draft.meta.get("motion") == "reduced"
    main = next((track for track in draft.tracks_of("video") if track.segments), None)
    shots = sorted(main.segments, key=lambda one: one.start_ms)[:MOST_MOMENTS] if main else []
    told = [
        Moment(shot.start_ms, shot.end_ms, _shown(shot, words, still=still), _name(shot))
        for shot in shots
        if shot.duration_ms > 0
    ]
    if not told or told[0].start_ms > 0:
        told.insert(0, Moment(0, told[0].start_ms if told else draft.duration_ms, words.get("shown", "ground")))
    _sort_in(told, written(draft), said=False)
    _sort_in(told, spoken(draft), said=True)
    if told[0].shown == words.get("shown", "ground") and not (told[0].written or told[0].said) and len(told) > 1:
        told.pop(0)
    return told


def _sort_in(told: list[Moment], found: list[Cue], *, said: bool) -> None:
    """Put cues, which are in order, into the moments in which they begin."""
    place = 0
    for cue in found:
        while place + 1 < len(told) and told[place + 1].start_ms <= cue.start_ms:
            place += 1
        (told[place].said if said else told[place].written).append(cue)


def transcript(draft: Draft, language: str | None = None) -> str:
    """Return the clip as text: scene by scene what is shown, what is written in the picture, what the captions say.

    Parameters
    ----------
    draft : Draft
    language : str, optional
        Of the descriptions: `en` or `zh`; else the draft's. The words of the clip stay as they are.

    Examples
    --------
    >>> from ipynemo import edits
    >>> print(transcript(edits.add_caption(Draft(), "A picture is numbers.", start_s=0, duration_s=2)), end="")
    Transcript (0:02)
    <BLANKLINE>
    0:00–0:02
    [Words on a plain ground.]
    0:00 Caption: A picture is numbers.
    """
    words = words_for(language or language_of(draft))
    told = moments(draft, language)
    title = plain(draft.title or "", 200)
    length = clock(draft.duration_ms)
    blocks = [words.get("head", "titled" if title else "untitled", title=title, length=length)]
    for moment in told:
        lines = [f"{clock(moment.start_ms)}–{clock(moment.end_ms)} {moment.name}".rstrip(), f"[{moment.shown}]"]
        both = [("written", cue) for cue in moment.written] + [("said", cue) for cue in moment.said]
        for kind, cue in sorted(both, key=lambda pair: pair[1].start_ms):
            text = words.get("line", "joint").join(cue.text.split("\n"))
            if kind == "said":
                text = " ".join(cue.text.split("\n"))
            lines.append(words.get("line", kind, at=clock(cue.start_ms), text=text))
        blocks.append("\n".join(lines))
    if is_narrated(draft):
        blocks.append(words.get("head", "narrated"))
    return "\n\n".join(blocks) + "\n"


def alt_text(draft: Draft, at_s: float = 1.4, language: str | None = None) -> str:
    """Return what the clip's poster shows, short enough for the alt text of a picture.

    Parameters
    ----------
    draft : Draft
    at_s : float
        The moment that the poster is a frame of.
    language : str, optional
        Of the description; else the draft's.

    Examples
    --------
    >>> from ipynemo import edits
    >>> draft = edits.add_title(edits.add_picture(Draft(), "a1", name="robot.png", duration_s=3), "Hello", start_s=0)
    >>> alt_text(draft)
    'A frame of the video: The picture “robot.png”. It says: Hello'
    """
    words = words_for(language or language_of(draft))
    told = moments(draft, language)
    moment = next((one for one in reversed(told) if one.start_ms <= at_s * 1000), told[0])
    here = [cue for cue in moment.written if cue.start_ms <= at_s * 1000 < cue.end_ms]
    text = words.get("line", "joint").join(line for cue in here for line in plain_lines(cue.text))
    shown = (
        words.get("alt", "says", shown=moment.shown, text=text)
        if text
        else words.get("alt", "shows", shown=moment.shown)
    )
    return plain(shown, ALT_LETTERS)
