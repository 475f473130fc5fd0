"""Every word of a clip as text: captions as WebVTT and SRT, a transcript that also says what is shown, alt text.

>>> from ipynemo import captions, edits
>>> from ipynemo.draft import Draft
>>> draft = edits.add_caption(Draft(), "A picture is numbers.", start_s=1, duration_s=2)
>>> print(captions.to_srt(draft))
1
00:00:01,000 --> 00:00:03,000
A picture is numbers.
<BLANKLINE>
"""

from ipynemo.captions.cues import Cue, cues, has_captions
from ipynemo.captions.language import language_of
from ipynemo.captions.telling import alt_text, transcript
from ipynemo.captions.writing import to_srt, to_vtt

__all__ = ["Cue", "alt_text", "cues", "has_captions", "language_of", "to_srt", "to_vtt", "transcript"]
