"""Sounds: at the right time and level, resampled, repeated, mixed without clipping, exactly as long as asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from render_kit import RED, plain, tone, write_film, write_sound

from ipynemo.backend.render.audio import Recording
from ipynemo.backend.render.encode import SoundEncoder
from ipynemo.backend.render.faults import BrokenAssetError
from ipynemo.backend.render.mixing import CEILING, Mixer, envelope, soft_limit
from ipynemo.backend.render.music import Music
from ipynemo.backend.render.scene import Sound

if TYPE_CHECKING:
    from pathlib import Path


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt((samples**2).mean()))


def pitch(samples: np.ndarray) -> float:
    """The strongest frequency, in hertz."""
    spectrum = np.abs(np.fft.rfft(samples[:, 0] * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * 48000 / len(samples)


@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (48000, 1), (22050, 1), (96000, 2)])
def test_any_rate_becomes_48_khz_stereo_at_the_same_level(tmp_path: Path, rate: int, channels: int) -> None:
    path = write_sound(tmp_path / "a.wav", tone(1.0, 440, 0.5, rate, channels), rate)
    recording = Recording(path)
    samples = recording.read(48000)
    recording.close()
    assert samples.shape == (48000, 2)
    assert pitch(samples) == pytest.approx(440, abs=1.1)
    assert rms(samples[2000:46000, 0]) == pytest.approx(0.3536, rel=0.01)
    assert np.array_equal(samples[:, 0], samples[:, 1])


@pytest.mark.parametrize(("name", "codec"), [("a.m4a", "aac"), ("a.mp3", "libmp3lame"), ("a.wav", "pcm_s16le")])
def test_an_in_point_is_met_in_every_format(tmp_path: Path, name: str, codec: str) -> None:
    # Two seconds of 300 Hz, then 900 Hz: the change is at 2.0 s exactly.
    sound = np.concatenate([tone(2.0, 300), tone(2.0, 900)], axis=1)
    recording = Recording(write_sound(tmp_path / name, sound, codec=codec), 1.5)
    samples = recording.read(48000)
    recording.close()
    assert pitch(samples[:20000]) == pytest.approx(300, abs=4)
    assert pitch(samples[27000:47000]) == pytest.approx(900, abs=4)
    high = [pitch(samples[n : n + 2400]) > 600 for n in range(0, 45600, 480)]
    assert high.index(True) * 480 / 48000 + 0.025 == pytest.approx(0.5, abs=0.03)


def test_after_the_end_there_is_silence(tmp_path: Path) -> None:
    recording = Recording(write_sound(tmp_path / "a.wav", tone(0.5)))
    samples = recording.read(48000)
    assert rms(samples[:23000]) > 0.3
    assert np.abs(samples[24010:]).max() == 0
    assert np.abs(recording.read(1000)).max() == 0
    recording.close()


def test_a_loop_begins_again_at_the_in_point(tmp_path: Path) -> None:
    sound = np.concatenate([tone(0.5, 300), tone(0.5, 900)], axis=1)
    recording = Recording(write_sound(tmp_path / "a.wav", sound), 0.5, loop=True)
    samples = np.concatenate([recording.read(10_000) for _ in range(12)])
    recording.close()
    assert pitch(samples[:96000]) == pytest.approx(900, abs=1)
    assert rms(samples) == pytest.approx(0.3536, rel=0.01)


def test_looping_from_behind_the_end_is_silence_not_for_ever(tmp_path: Path) -> None:
    recording = Recording(write_sound(tmp_path / "a.wav", tone(0.5)), 10.0, loop=True)
    assert np.abs(recording.read(5000)).max() == 0
    recording.close()


def test_the_sound_of_a_film_may_begin_after_its_picture(tmp_path: Path) -> None:
    path = write_film(tmp_path / "late.mp4", [(0.0, RED), (1.5, RED)], sound=tone(0.8), sound_start_s=0.5)
    recording = Recording(path)
    samples = recording.read(48000)
    recording.close()
    assert rms(samples[:23000]) < 0.01
    assert rms(samples[26000:46000]) == pytest.approx(0.3536, rel=0.05)


def test_a_picture_has_no_sound(tmp_path: Path) -> None:
    write_film(tmp_path / "silent.mp4", [(0.0, RED), (0.5, RED)])
    with pytest.raises(BrokenAssetError, match=r"silent\.mp4 has no sound"):
        Recording(tmp_path / "silent.mp4")


def sound(**given: object) -> Sound:
    base = {
        "where": "here",
        "source": "a",
        "start": 0,
        "length": 48000,
        "in_ms": 0,
        "volume": 1.0,
        "fade_in": 0,
        "fade_out": 0,
    }
    return Sound(**{**base, **given})  # type: ignore[arg-type]


def mixed(sounds: list[Sound], assets: dict[str, Path], length: int, block: int = 8192) -> np.ndarray:
    mixer = Mixer(sounds, assets, length)
    blocks = []
    while True:
        blocks.append(mixer.read(block))
        if not len(blocks[-1]):
            return np.concatenate(blocks)


def test_a_mix_of_nothing_is_silence_of_the_exact_length() -> None:
    samples = mixed([], {}, 100_001)
    assert samples.shape == (100_001, 2)
    assert samples.max() == 0


def test_a_sound_starts_and_stops_where_it_should_at_its_volume(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", tone(3.0))
    samples = mixed([sound(start=48000, length=48000, volume=0.25)], {"a": path}, 144000)
    assert np.abs(samples[:48000]).max() == 0
    assert rms(samples[49000:95000]) == pytest.approx(0.0884, rel=0.01)
    assert np.abs(samples[96000:]).max() == 0


def test_the_size_of_the_blocks_changes_nothing(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", tone(1.5, 330))
    sounds = [sound(start=1234, length=60000, fade_in=5000, fade_out=9000), sound(start=30000, length=20000, in_ms=300)]
    assert np.allclose(mixed(sounds, {"a": path}, 90000, 1024), mixed(sounds, {"a": path}, 90000, 50000), atol=1e-6)


def test_a_fade_out_dies_away_to_nothing(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", tone(2.0))
    samples = mixed([sound(length=96000, fade_out=48000)], {"a": path}, 96000)
    levels = [rms(samples[start : start + 4800]) for start in range(48000, 96000, 4800)]
    assert levels == sorted(levels, reverse=True)
    assert rms(samples[71000:73000]) == pytest.approx(0.177, rel=0.06)  # half way: half
    assert np.abs(samples[-5:]).max() < 0.001


def test_sounds_start_and_stop_without_a_click(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", tone(2.0, 50, 0.9))
    samples = mixed([sound(start=10_000, length=20_123, in_ms=5)], {"a": path}, 48000)
    assert np.abs(np.diff(samples[:, 0])).max() < 0.02


def test_loud_sounds_are_bent_not_clipped(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", tone(1.0, 440, 0.9))
    samples = mixed([sound(), sound()], {"a": path}, 48000)
    assert 0.9 < np.abs(samples).max() <= CEILING
    quiet = np.linspace(-0.8, 0.8, 100, dtype=np.float32)[:, None]
    assert np.array_equal(soft_limit(quiet), quiet)
    rising = soft_limit(np.linspace(0.7, 3, 500, dtype=np.float32)[:, None])[:, 0]
    assert (np.diff(rising) >= 0).all()


def test_pictures_on_a_video_track_are_silent(tmp_path: Path) -> None:
    assets = {"a": plain(tmp_path / "a.png", RED)}
    assert np.abs(mixed([sound(own=True)], assets, 1000)).max() == 0


def test_an_envelope_without_fades_only_softens_its_ends() -> None:
    assert envelope(1000, 100, 48000, 0, 0) == 1.0
    ends = envelope(0, 48000, 48000, 0, 0)
    assert isinstance(ends, np.ndarray)
    assert ends[0] == 0
    assert ends[240:47760].min() == 1


def test_the_encoder_stays_within_40_db_of_the_music(tmp_path: Path) -> None:
    music = Music("calm").read(200 * 1024)
    encoder = SoundEncoder(tmp_path / "sound.mp4")
    encoder.add(music)
    encoder.finish()
    recording = Recording(tmp_path / "sound.mp4")
    heard = recording.read(len(music))
    recording.close()
    assert 20 * np.log10(rms(music) / rms(heard - music)) > 40
    assert (tmp_path / "sound.mp4").stat().st_size < 1.1 * 128_000 / 8 * len(music) / 48_000
