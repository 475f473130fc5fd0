"""A range as a small film: the very frames and sounds of the whole one, whole from the first fragment on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from render_kit import BLUE, RED, audio, bt709_to_rgb, decode, draft_of, near, plain, seg, tone, video, write_sound

from ipynemo.backend.render import MissingAssetError, excerpt, mixing
from ipynemo.backend.render.mixing import Mixer
from ipynemo.backend.render.scene import to_scene
from ipynemo.client.mp4 import measure

if TYPE_CHECKING:
    from pathlib import Path

    from ipynemo.draft import Draft


def made(draft: Draft, assets: dict[str, Path], start_ms: int, end_ms: int, path: Path, px: int = 90) -> list[bytes]:
    pieces: list[bytes] = []
    excerpt(draft, assets, start_ms, end_ms, px, pieces.append)
    path.write_bytes(b"".join(pieces))
    return pieces


def test_a_range_shows_and_plays_what_the_film_has_there(tmp_path: Path) -> None:
    assets = {"red": plain(tmp_path / "r.png", RED), "blue": plain(tmp_path / "b.png", BLUE)}
    assets["tone"] = write_sound(tmp_path / "t.wav", tone(1.0))
    shots = video(seg(0, 2000, src="red"), seg(2000, 2000, src="blue"))
    draft = draft_of(shots, audio(seg(2000, 1000, src="tone")), size=(320, 180))
    made(draft, assets, 1500, 3500, tmp_path / "e.mp4")
    film = decode(tmp_path / "e.mp4")
    assert (len(film.frames), film.times[0], film.duration_s) == (60, 0.0, 2.0)
    assert film.frames[0].shape == (90, 160, 3)
    assert near(film.colour(0.4), RED, 10)
    assert near(film.colour(0.5), BLUE, 10)
    assert film.loudness(0.05, 0.45) < 0.01
    assert film.loudness(0.55, 1.4) == pytest.approx(0.354, abs=0.03)  # a sine of half the height
    assert film.loudness(1.6, 1.95) < 0.01
    assert measure(tmp_path / "e.mp4") == (2.0, 160, 90)


def test_the_first_second_can_be_played_before_the_rest_is_there(tmp_path: Path) -> None:
    assets = {"red": plain(tmp_path / "r.png", RED), "blue": plain(tmp_path / "b.png", BLUE)}
    draft = draft_of(video(seg(0, 3000, src="red"), seg(3000, 3000, src="blue")), size=(320, 180))
    pieces = made(draft, assets, 1000, 5000, tmp_path / "e.mp4")
    whole = b"".join(pieces)
    assert whole.count(b"moof") == 4
    second = whole.index(b"moof", whole.index(b"moof") + 4) - 4
    assert any(sum(map(len, pieces[:n])) == second for n in range(len(pieces)))  # it was given on when it was whole
    (tmp_path / "begun.mp4").write_bytes(whole[:second])
    with av.open(str(tmp_path / "begun.mp4")) as film:
        frames = [bt709_to_rgb(frame) for frame in film.decode(video=0)]
    assert len(frames) == 30
    assert near(tuple(frames[29].mean(axis=(0, 1))), RED, 10)


@pytest.mark.parametrize("loop", [False, True])
def test_a_sound_is_taken_up_where_the_range_begins(tmp_path: Path, loop: bool) -> None:
    rising = tone(1.0) * np.linspace(0, 1, 48_000, dtype=np.float32)
    assets = {"s": write_sound(tmp_path / "s.wav", rising), "red": plain(tmp_path / "r.png", RED)}
    sound = audio(seg(0, 5000 if loop else 1000, src="s", loop=loop))
    draft = draft_of(video(seg(0, 5000, src="red")), sound, size=(64, 64))
    start = 3500 if loop else 500  # half a turn into the fourth, or into the only one
    made(draft, assets, start, start + 500, tmp_path / "e.mp4", 64)
    film = decode(tmp_path / "e.mp4")
    assert film.loudness(0.0, 0.1) == pytest.approx(0.195, abs=0.04)
    assert film.loudness(0.35, 0.45) == pytest.approx(0.318, abs=0.04)


def test_the_end_of_the_film_is_the_end_of_the_range(tmp_path: Path) -> None:
    assets = {"red": plain(tmp_path / "r.png", RED)}
    draft = draft_of(video(seg(0, 1000, src="red")), size=(64, 64))
    made(draft, assets, 600, 60_000, tmp_path / "e.mp4", 64)
    assert len(decode(tmp_path / "e.mp4").frames) == 12
    made(draft, assets, 5000, 6000, tmp_path / "last.mp4", 64)
    assert len(decode(tmp_path / "last.mp4").frames) == 1


def test_only_the_files_of_the_range_must_be_there(tmp_path: Path) -> None:
    assets = {"red": plain(tmp_path / "r.png", RED)}
    shots = video(seg(0, 1000, src="red"), seg(1000, 1000, src="gone"))
    draft = draft_of(shots, audio(seg(1500, 500, src="quiet")), size=(64, 64))
    assert made(draft, assets, 0, 1000, tmp_path / "e.mp4", 64)
    with pytest.raises(MissingAssetError, match=r"segment 2 of track 1 .* needs a file") as caught:
        made(draft, assets, 0, 1100, tmp_path / "e.mp4", 64)
    assert caught.value.assets == ("gone",)
    with pytest.raises(MissingAssetError, match=r"segment 1 of track 2 .* needs a file"):
        made(draft, {**assets, "gone": assets["red"]}, 1200, 1800, tmp_path / "e.mp4", 64)


def test_whoever_takes_the_bytes_can_end_the_work(tmp_path: Path) -> None:
    draft = draft_of(video(seg(0, 60_000, src="red")), size=(64, 64))
    taken: list[bytes] = []

    def write(data: bytes) -> None:
        taken.append(data)
        if len(taken) == 2:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        excerpt(draft, {"red": plain(tmp_path / "r.png", RED)}, 0, 60_000, 64, write)
    assert len(taken) == 2


def test_what_is_heard_in_a_range_is_what_the_whole_film_has_there(monkeypatch: pytest.MonkeyPatch) -> None:
    class Said:
        """A voice that speaks for a second, at half the height."""

        length = 48_000

        def __init__(self, *_: object) -> None:
            self._left = self.length

        def read(self, count: int) -> np.ndarray:
            spoken = min(count, self._left)
            self._left -= spoken
            return np.repeat(np.repeat([0.5, 0.0], [spoken, count - spoken])[:, None], 2, axis=1).astype(np.float32)

        def close(self) -> None:
            """Nothing to let go of."""

    monkeypatch.setattr(mixing, "Voice", Said)
    spoken = [seg(1000, 1500, src="speech:en", tx="Hello"), seg(4000, 1500, src="speech:en", tx="again")]
    tracks = [audio(*spoken), audio(seg(0, 6000, src="music:calm", vol=0.5))]
    sounds = to_scene(draft_of(video(seg(0, 6000)), *tracks)).sounds
    rate = 48_000
    whole = np.concatenate([Mixer(sounds, {}, 6 * rate).read(6 * rate)])
    for begin, end in ((0.0, 1.0), (1.5, 2.0), (2.1, 3.9), (2.0, 3.8), (5.0, 6.0)):
        first, last = round(begin * rate), round(end * rate)
        part = Mixer(sounds, {}, last, first=first).read(last - first)
        assert np.abs(part - whole[first:last]).max() < 1e-6, (begin, end)
