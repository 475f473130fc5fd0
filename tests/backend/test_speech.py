"""The speech engine: a program of its own, a text by its standard input, words that fit into their time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ipynemo.backend.speech import SpeechError, check_voice, engine, fitted, speak, too_long
from ipynemo.backend.speech.engine import RATE_HZ, voice_of
from ipynemo.captions import Cue


@pytest.fixture
def forgetful() -> Iterator[None]:
    """Nothing is known from before, nor afterwards."""
    caches = (engine._command, engine.check_voice, engine.speak)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


@pytest.mark.parametrize(("voice", "text"), [("en", "A picture is numbers."), ("zh", "图片就是数字。")])
def test_a_text_becomes_the_same_sound_every_time(voice: str, text: str, forgetful: None) -> None:
    first = speak(text, voice, 165)
    engine.speak.cache_clear()
    assert np.array_equal(first, speak(text, voice, 165))
    assert 0.8 < len(first) / RATE_HZ < 3
    assert 0.05 < np.abs(first).max() <= 1
    assert abs(float(first[0])) > 0.002  # no silence before the first sound


def test_the_library_does_where_the_program_is_not_installed(forgetful: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.shutil, "which", lambda _name: None)
    assert engine._command()[0] == sys.executable
    assert 0.8 < len(speak("A picture is numbers.", "en", 165)) / RATE_HZ < 2
    with pytest.raises(SpeechError, match="no voice 'xx-nope'"):
        check_voice("xx-nope")


@pytest.mark.parametrize("text", ["-f /etc/passwd", "[[h@l'oU]]", "$(id) `id` ; id", "<speak>x</speak>", "\u0000x"])
def test_a_hostile_text_is_only_read_aloud(text: str) -> None:
    assert len(speak(text, "en", 165)) < 20 * RATE_HZ


def test_brackets_are_no_phonemes() -> None:
    assert not np.array_equal(speak("[[h@l'oU]]", "en", 165), speak("hello", "en", 165))
    assert len(speak(" ", "en", 165)) == 0


def test_names_of_languages_are_names_of_voices() -> None:
    assert [voice_of(name) for name in ("en", "zh", "zh-CN", "de", "en-gb+f3")] == [
        "en-us",
        "cmn",
        "cmn",
        "de",
        "en-gb+f3",
    ]
    for odd in ("", "--help", "en us", "../../x", "e"):
        with pytest.raises(SpeechError, match="is no voice"):
            voice_of(odd)


def test_what_is_long_is_said_faster_up_to_a_limit() -> None:
    text = "Many generators train on pictures spoiled step by step."
    calm, quick, never = (fitted(text, "en", room_ms) for room_ms in (6000, 2600, 700))
    assert (calm.words_a_minute, calm.fits) == (165, True)
    assert quick.fits
    assert 165 < quick.words_a_minute < 260
    assert len(quick.samples) <= 2600 * RATE_HZ // 1000
    assert (never.words_a_minute, never.fits) == (260, False)


def test_captions_without_enough_time_are_named() -> None:
    cues = [
        Cue(0, 500, "Short."),
        Cue(2000, 2500, "This one goes on until the next."),
        Cue(4500, 4700, "No time for it."),
    ]
    assert [cue.start_ms for cue in too_long(cues, "en", 4700)] == [4500]


def test_an_engine_that_fails_is_said(forgetful: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "espeak-ng"
    program.write_text("#!/bin/sh\necho 'it broke' >&2; exit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SpeechError, match="it broke"):
        speak("Hello", "en", 165)
