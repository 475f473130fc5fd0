"""Edits: pure functions from a draft to a new draft, everything that they do not touch kept.

Tracks and segments are counted from 1, times are seconds, volumes 0–1. A wrong number raises `NoSuchTrackError` or
`NoSuchSegmentError`, a wrong value `DraftError`; both say what there is.

>>> from ipynemo import edits
>>> from ipynemo.draft import Draft
>>> draft = edits.add_title(Draft(), "Hello", start_s=2)
>>> edits.set_text(draft, track=1, segment=1, text="Good morning").tracks[0].segments[0].text
'Good morning'
"""

from ipynemo.edits.access import narrate, reduce_motion, remove_narration
from ipynemo.edits.order import (
    move_segment,
    remove_segment,
    remove_track,
    rename_track,
    reorder_segments,
    set_title,
)
from ipynemo.edits.pictures import (
    ASPECTS,
    MOTIONS,
    add_picture,
    blank,
    fade_picture,
    set_aspect,
    set_fit,
    set_motion,
    set_transition,
)
from ipynemo.edits.sounds import MOODS, fade_audio, mute, set_music, set_volume
from ipynemo.edits.texts import PLACES, add_caption, add_text, add_title, restyle_text, set_text, text_role
from ipynemo.edits.times import cut_range, set_duration, split_segment, trim_segment

__all__ = [
    "ASPECTS",
    "MOODS",
    "MOTIONS",
    "PLACES",
    "add_caption",
    "add_picture",
    "add_text",
    "add_title",
    "blank",
    "cut_range",
    "fade_audio",
    "fade_picture",
    "move_segment",
    "mute",
    "narrate",
    "reduce_motion",
    "remove_narration",
    "remove_segment",
    "remove_track",
    "rename_track",
    "reorder_segments",
    "restyle_text",
    "set_aspect",
    "set_duration",
    "set_fit",
    "set_motion",
    "set_music",
    "set_text",
    "set_title",
    "set_transition",
    "set_volume",
    "split_segment",
    "text_role",
    "trim_segment",
]
