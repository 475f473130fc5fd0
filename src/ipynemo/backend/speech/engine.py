"""A text in, samples out: by the program `espeak-ng`, else by the library of espeakng-loader in a process of its own.

The text goes in by standard input, never by the command line: it comes from a draft that anybody may have written.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from ipynemo.errors import RenderFailedError

__all__ = ["RATE_HZ", "SpeechError", "check_voice", "speak", "voice_of"]

RATE_HZ: Final = 22_050  # of all voices of eSpeak NG
LIMIT_S: Final = 30  # a caption takes hundredths of a second
MOST_BYTES: Final = 60 * 2 * RATE_HZ  # a minute of speech for one caption is a mistake
_VOICE: Final = re.compile(r"[A-Za-z]{2,4}(?:-[A-Za-z0-9]{1,8}){0,3}(?:\+[A-Za-z0-9]{1,12})?")
_NAMES: Final = {"zh": "cmn", "zh-cn": "cmn", "zh-hans": "cmn", "en": "en-us"}
_HINT: Final = (
    "Install eSpeak NG, for example with `sudo apt-get install espeak-ng` or `brew install espeak-ng`, or "
    '`pip install "ipynemo[speech]"`; or take the narration out.'
)


class SpeechError(RenderFailedError):
    """There is no voice to read the captions aloud, or it failed."""


@cache
def _command() -> tuple[str, ...]:
    program = shutil.which("espeak-ng")
    if program is not None:
        return (program,)
    if importlib.util.find_spec("espeakng_loader") is not None:
        return (sys.executable, str(Path(__file__).with_name("loaded.py")))
    raise SpeechError("There is no speech engine on this computer.", hint=_HINT)


def voice_of(language: str) -> str:
    """Return the name that the engine has for a voice or a language.

    Raises
    ------
    SpeechError
        It is no name of a voice.
    """
    if not _VOICE.fullmatch(language):
        raise SpeechError(f"{language[:40]!r} is no voice.", hint="Name a language, such as speech:en or speech:zh.")
    return _NAMES.get(language.lower(), language)


def _run(voice: str, words_a_minute: int, text: str) -> bytes:
    command = [*_command(), "-v", voice_of(voice), "-s", str(words_a_minute), "-b", "1", "--stdin", "--stdout"]
    try:
        done = subprocess.run(  # noqa: S603 - the voice is checked, and no word of the text is on the command line
            command, input=text.encode(), capture_output=True, timeout=LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SpeechError(f"The speech engine failed: {type(error).__name__}.", hint=_HINT) from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()[:200]
        hint = "Name a language that it has, such as speech:en or speech:zh."
        raise SpeechError(f"The speech engine has no voice {voice!r}, or failed: {said}", hint=hint)
    return done.stdout


@lru_cache(maxsize=32)
def check_voice(voice: str) -> None:
    """Look whether a voice can be used.

    Raises
    ------
    SpeechError
        It cannot, and why.
    """
    _run(voice, 200, "a")


@lru_cache(maxsize=256)
def speak(text: str, voice: str, words_a_minute: int) -> np.ndarray:
    """Return a text as sound; the same text always as the same one.

    Returns
    -------
    ndarray, shape (samples,), float32, -1–1, at `RATE_HZ`, without silence at its ends

    Raises
    ------
    SpeechError
        There is no engine, or no such voice.
    """
    # Double brackets would be read as phonemes.
    wave = _run(voice, words_a_minute, text.replace("[[", "[ [").replace("\n", " "))
    head = wave.find(b"data")
    data = wave[head + 8 :][:MOST_BYTES] if head >= 0 else b""
    samples = np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float32) / 32_768
    loud = np.flatnonzero(np.abs(samples) > 0.002)
    heard = samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]
    heard.setflags(write=False)
    return heard
