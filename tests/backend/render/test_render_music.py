"""Music made on the spot: the same for the same seed, another for another, of one loudness, seamless, in tune."""

from __future__ import annotations

import numpy as np
import pytest

from ipynemo.backend.render.faults import BrokenAssetError
from ipynemo.backend.render.instruments import DRUMS, PITCHED, hertz
from ipynemo.backend.render.music import Music, compose
from ipynemo.backend.render.scores import MOODS, to_score


def test_there_are_five_moods() -> None:
    assert MOODS == ("calm", "happy", "curious", "epic", "lofi")


@pytest.mark.parametrize("mood", MOODS)
def test_a_piece_is_a_bed_of_sound(mood: str) -> None:
    loop = compose(mood, 3)
    assert 15 < len(loop.body) / 48000 < 60
    assert np.sqrt((loop.body**2).mean()) == pytest.approx(0.11, rel=0.02)
    assert np.abs(loop.body).max() < 0.76
    seconds = len(loop.body) // 48000
    levels = [np.sqrt((loop.body[n * 48000 : (n + 1) * 48000] ** 2).mean()) for n in range(seconds)]
    assert min(levels) > 0.02  # no holes
    assert max(levels) < 0.3
    assert abs(float(loop.body.mean())) < 0.003
    assert np.abs(np.diff(loop.body, axis=0)).max() < 0.25  # no clicks
    left, right = loop.body[:, 0], loop.body[:, 1]
    assert 0.2 < np.corrcoef(left, right)[0, 1] < 0.995  # wide, and sound also on one loudspeaker


def test_the_same_seed_is_the_same_music_and_another_is_not() -> None:
    first = compose("curious", 1).body.copy()
    compose.cache_clear()
    assert np.array_equal(compose("curious", 1).body, first)
    other = compose("curious", 2).body
    assert other.shape != first.shape or not np.allclose(other, first)
    assert to_score("curious", 1).notes != to_score("curious", 2).notes


def test_it_goes_round_without_a_seam() -> None:
    length = len(compose("calm", 0).body)
    music = Music("calm", 0)
    music.read(length - 24000)
    around = music.read(48000)
    assert np.abs(np.diff(around, axis=0)).max() < 0.1
    assert np.sqrt((around[23000:26000] ** 2).mean()) > 0.02
    again = Music("calm", 0, skip=length - 24000).read(48000)
    assert np.array_equal(again, around)


def test_pieces_of_any_size_make_the_same_music() -> None:
    whole = Music("happy", 0).read(100_000)
    music = Music("happy", 0)
    parts = np.concatenate([music.read(n) for n in (1, 9_999, 50_000, 40_000)])
    assert np.array_equal(whole, parts)


@pytest.mark.parametrize("mood", MOODS)
@pytest.mark.parametrize("seed", range(5))
def test_a_score_stays_within_its_bars_and_the_range_of_its_instruments(mood: str, seed: int) -> None:
    score = to_score(mood, seed)
    assert len(score.notes) > 60
    for note in score.notes:
        assert 0 <= note.start < score.bars * 4 + 0.2
        assert 0 < note.level <= 0.5
        assert (note.pitch is None) == (note.instrument in DRUMS)
        assert note.pitch is None or (note.instrument in PITCHED and 24 <= note.pitch <= 100)


@pytest.mark.parametrize("instrument", list(PITCHED))
def test_an_instrument_plays_the_pitch_it_is_asked_for(instrument: str) -> None:
    note = PITCHED[instrument](57, 1.0)[:, 0]
    spectrum = np.abs(np.fft.rfft(note, 1 << 18))
    low = spectrum[: round(300 * (1 << 18) / 48000)]  # below the second overtone of A3, 220 Hz
    assert np.argmax(low) * 48000 / (1 << 18) == pytest.approx(220, abs=3)
    assert abs(note[-1]) < 0.01
    assert np.abs(note).max() < 2.5
    assert hertz(69) == 440.0


def test_an_unknown_mood_is_answered_with_the_known_ones() -> None:
    with pytest.raises(BrokenAssetError, match="calm, happy, curious, epic, lofi"):
        compose("jazz")
