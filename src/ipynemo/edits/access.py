"""Edits for access: a form without motion, and a voice that reads the captions aloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ipynemo.captions import has_captions, language_of
from ipynemo.captions.cues import SPEECH
from ipynemo.edits._work import Work, check_share
from ipynemo.errors import DraftError

if TYPE_CHECKING:
    from ipynemo.draft.values import Draft

__all__ = ["REDUCED", "narrate", "reduce_motion", "remove_narration"]

REDUCED: Final = "reduced"
NARRATION: Final = "narration"
LABEL_ROLE: Final = "voice_label"
LABEL_MS: Final = 4_000
LABEL_SIZE_PX: Final = 30
LABELS: Final = {"en": "Synthetic voice", "zh": "合成语音"}


def reduce_motion(draft: Draft, on: bool = True) -> Draft:
    """Let pictures stand still, for those whom motion makes ill; scenes change by crossfades. `on=False` takes it back.

    The draft keeps how everything moves. What moves in an uploaded video still does.

    Examples
    --------
    >>> still = reduce_motion(Draft({"t": [{"tt": 0, "sg": [{"d": 3000}]}]}))
    >>> still.meta["motion"], reduce_motion(still, on=False).meta
    ('reduced', {})
    """
    work = Work(draft)
    meta = work.meta(work.raw)
    if on:
        meta["motion"] = REDUCED
    elif meta.get("motion") == REDUCED:
        del meta["motion"]
    return work.done()


def _is_narration(track: object) -> bool:
    meta = track.get("m") if isinstance(track, dict) else None
    return isinstance(meta, dict) and meta.get("role") in (NARRATION, LABEL_ROLE)


def narrate(draft: Draft, language: str | None = None, *, volume: float = 1.0) -> Draft:
    """Let a synthetic voice read the captions aloud, each at its time; music grows quiet below it.

    A label says so on the screen for the first four seconds. It speaks the captions as they are when the video is
    made, so that later changes of a caption are heard, too.

    Parameters
    ----------
    language : str, optional
        Of the voice, such as `en` or `zh`; else that of the captions.
    volume : float
        0–1.

    Raises
    ------
    DraftError
        There is no caption to read.
    """
    if not has_captions(draft):
        raise DraftError("There is no caption to read aloud.", hint="Add captions first.")
    spoken = language or language_of(draft)
    spoken = "en" if spoken == "und" else spoken
    level = check_share(volume, "volume")
    after = remove_narration(draft)
    label = LABELS.get(spoken.partition("-")[0].lower(), LABELS["en"])
    work, length = Work(after), after.duration_ms
    sound = work.add_track(1, label, NARRATION)
    voice = {"id": work.new_id("s"), "st": 0, "d": length, "n": label, "src": f"{SPEECH}{spoken}", "vol": level}
    work.segments(sound).append(voice)
    shown = work.add_track(7, label, LABEL_ROLE)
    style = {"role": "lower_third", "place": "top_right", "size": LABEL_SIZE_PX, "bold": False}
    text = {"id": work.new_id("s"), "st": 0, "d": min(LABEL_MS, length), "tx": label, "m": {"style": style}}
    work.segments(shown).append(text)
    return work.done()


def remove_narration(draft: Draft) -> Draft:
    """Take away the voice that reads the captions aloud, and its label; where there is none, nothing changes."""
    work = Work(draft)
    tracks = work.raw.get("t")
    if not isinstance(tracks, list) or not any(map(_is_narration, tracks)):
        return draft
    work.raw["t"] = [track for track in tracks if not _is_narration(track)]
    return work.done()
