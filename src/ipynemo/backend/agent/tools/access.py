"""Tools for access: a form without motion, a voice that reads the captions aloud."""

from typing import Any, Literal

from ipynemo import edits
from ipynemo.backend.agent.registry import Done, tool
from ipynemo.backend.speech import check_voice, too_long
from ipynemo.captions import language_of
from ipynemo.captions.cues import read_aloud
from ipynemo.draft import Draft
from ipynemo.draft.summary import plain, seconds_text

__all__ = ["narrate", "reduce_motion", "spoken_facts"]

MOST_TRIED = 60  # captions that are read aloud to see whether there is time for them
MOST_TOLD = 3


@tool
def reduce_motion(draft: Draft, on: bool = True) -> Draft:
    """Let pictures stand still, or move again, as in: reduce motion."""
    return edits.reduce_motion(draft, on)


@tool
def narrate(draft: Draft, on: bool = True, language: Literal["en", "zh"] | None = None) -> Done:
    """Let a synthetic voice read the captions aloud, or no longer, as in: read it aloud."""
    if not on:
        return Done(edits.remove_narration(draft))
    after = edits.narrate(draft, language)
    return Done(after, spoken_facts(after, language))


def spoken_facts(draft: Draft, language: str | None = None) -> dict[str, Any]:
    """Return which captions there is no time to read aloud.

    Raises
    ------
    SpeechError
        There is no voice on this computer.
    """
    own = language or language_of(draft)
    voice = "en" if own == "und" else own
    check_voice(voice)
    long = too_long(read_aloud(draft)[:MOST_TRIED], voice, draft.duration_ms)
    told = [f"{seconds_text(cue.start_ms)} s “{plain(cue.text, 30)}”" for cue in long[:MOST_TOLD]]
    return {"long": len(long), "which": ", ".join([*told, "…"] if len(long) > MOST_TOLD else told)}
