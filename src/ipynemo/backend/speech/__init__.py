"""Captions read aloud by a synthetic voice, for those who ask for it; everybody else has captions and music.

The voice is eSpeak NG, under the GNU GPL: a program of its own, which is started, given a text, and gives back a sound.
Nothing of it is part of this package.
"""

from ipynemo.backend.speech.engine import SpeechError, check_voice, speak
from ipynemo.backend.speech.fitting import Spoken, fitted, too_long

__all__ = ["SpeechError", "Spoken", "check_voice", "fitted", "speak", "too_long"]
