"""Captions read aloud: each at its time, in its time, above the music, and always the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from ipynemo import Draft, edits
from ipynemo.backend.render import check, render
from ipynemo.backend.render.mixing import Mixer, ducked
from ipynemo.backend.render.plan import sound_track
from ipynemo.backend.render.scene import SAMPLE_RATE, Scene, to_scene
from ipynemo.backend.speech import SpeechError, engine
from ipynemo.errors import RenderFailedError

SAID = [{"tx": "A picture is numbers.", "st": 1000, "d": 2000}, {"tx": "We do not guess.", "st": 5000, "d": 2500}]
CLIP = Draft({"t": [{"tt": 7, "m": {"role": "caption"}, "sg": SAID}], "m": {"width": 160, "height": 90}, "d": 7500})


def heard(scene: Scene) -> np.ndarray:
    mixer = Mixer(scene.sounds, {}, scene.samples)
    return np.concatenate([mixer.read(20_000) for _ in range(-(-scene.samples // 20_000))])


def loud_s(sound: np.ndarray) -> list[float]:
    """Return the hundredths of a second in which something is heard."""
    return [float(at) / 100 for at in np.flatnonzero(np.abs(sound[:, 0]).reshape(-1, 480).max(axis=1) > 0.02)]


def level(sound: np.ndarray, begin_s: float, end_s: float) -> float:
    return float(np.sqrt((sound[int(begin_s * SAMPLE_RATE) : int(end_s * SAMPLE_RATE)] ** 2).mean()))


@pytest.fixture(scope="module")
def spoken() -> np.ndarray:
    return heard(to_scene(edits.narrate(CLIP, "en")))


def test_each_caption_is_said_from_its_beginning_and_not_into_the_next(spoken: np.ndarray) -> None:
    times = loud_s(spoken)
    first, second = [at for at in times if at < 4.9], [at for at in times if at >= 4.9]
    assert (first[0], second[0]) == (1.0, 5.0)
    assert 1.8 < first[-1] < 4.9
    assert 5.5 < second[-1] < 7.5
    assert np.array_equal(spoken, heard(to_scene(edits.narrate(CLIP, "en"))))
    assert np.abs(spoken).max() < 0.98


def test_it_says_the_captions_as_they_are_now_and_a_text_of_its_own_where_it_has_one() -> None:
    narrated = edits.set_text(edits.narrate(CLIP, "en"), 1, 1, "Something else.")
    assert [(s.voice, s.text, s.start, s.length) for s in to_scene(narrated).sounds] == [
        ("en", "Something else.", 48_000, 188_160),
        ("en", "We do not guess.", 240_000, 120_000),
    ]
    own = Draft({"t": [{"tt": 1, "sg": [{"src": "speech:en", "tx": "Hello\nthere", "st": 500, "d": 1000}]}]})
    assert [(s.text, s.start, s.length) for s in to_scene(own).sounds] == [("Hello there", 24_000, 48_000)]


def test_music_is_quieter_while_somebody_speaks_and_comes_back() -> None:
    narrated = edits.set_music(edits.narrate(CLIP, "en"), "calm", volume=1.0)
    scene = to_scene(narrated)
    both = heard(scene) - heard(to_scene(edits.narrate(CLIP, "en")))
    alone = Mixer([one for one in scene.sounds if one.mood], {}, scene.samples).read(scene.samples)
    assert level(both, 1.2, 2.0) / level(alone, 1.2, 2.0) == pytest.approx(0.35, abs=0.01)
    assert level(both, 3.5, 4.5) / level(alone, 3.5, 4.5) == pytest.approx(1.0, abs=0.01)


def test_the_music_sinks_before_the_voice_begins_without_a_step() -> None:
    gain = np.concatenate(
        [np.broadcast_to(ducked(at, 1000, [(24_000, 30_000)]), (1000, 1)) for at in range(0, 70_000, 1000)]
    )
    assert gain[11_000, 0] == 1.0
    assert gain[24_000, 0] == pytest.approx(0.35)
    assert gain[60_000, 0] == 1.0
    assert np.abs(np.diff(gain[:, 0])).max() < 0.0002


def test_other_words_are_another_sound_track_and_the_same_are_the_same() -> None:
    narrated = edits.narrate(CLIP, "en")
    key = sound_track(narrated, {}).key
    assert sound_track(narrated, {}).key == key
    assert sound_track(edits.set_text(narrated, 1, 1, "Something else."), {}).key != key
    assert sound_track(edits.narrate(CLIP, "zh"), {}).key != key
    assert sound_track(narrated, {}).sources == frozenset()


def test_a_narrated_film_says_so_in_its_data_and_its_captions(tmp_path: Path) -> None:
    render(edits.narrate(CLIP, "en"), {}, tmp_path / "film.mp4", quality="low")
    with av.open(str(tmp_path / "film.mp4")) as film:
        assert film.metadata["comment"].endswith("; the narration is a synthetic voice")
        told = [bytes(packet)[2:].decode() for packet in film.demux(film.streams.subtitles[0]) if packet.size > 2]
    assert told == ["[Synthetic voice]\nA picture is numbers.", "We do not guess."]


@pytest.mark.parametrize("source", ["speech:", "speech:xx-nope", "speech:-w/tmp/x", "speech:en; rm"])
def test_a_voice_that_does_not_exist_is_said_before_anything_is_drawn(source: str) -> None:
    sound: dict[str, Any] = {"src": source, "tx": "Hello", "d": 1000}
    with pytest.raises(SpeechError, match=r"no voice"):
        check(Draft({"t": [{"tt": 1, "sg": [sound]}]}), {})


def test_without_an_engine_a_render_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("_command", "check_voice", "speak"):
        getattr(engine, name).cache_clear()
    monkeypatch.setattr(engine.shutil, "which", lambda _name: None)
    monkeypatch.setattr(engine.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(RenderFailedError, match=r"no speech engine on this computer.*apt-get install espeak-ng"):
        render(edits.narrate(CLIP, "en"), {}, tmp_path / "film.mp4")
    assert list(tmp_path.iterdir()) == []
