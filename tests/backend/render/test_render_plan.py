"""A draft becomes parts: where they begin, what they depend on, and that joined they are the film."""

from __future__ import annotations

import hashlib
import itertools
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from PIL import Image
from render_kit import audio, decode, draft_of, picture_like, seg, text, tone, video, write_sound

from ipynemo.backend.render import encode, encode_sound, join, plan, render, sound_track
from ipynemo.backend.render.compose import Composer
from ipynemo.backend.render.parts import part_of
from ipynemo.backend.render.scene import to_scene
from ipynemo.backend.render.shelf import Shelf
from ipynemo.errors import RenderCancelledError, RenderFailedError

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (160, 90)
DISSOLVE = {"transition": {"kind": "crossfade", "d": 500}}


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("plan")
    made = {}
    for number, name in enumerate("abc"):
        made[name] = folder / f"{name}.png"
        Image.fromarray(picture_like(240, 160, number)).save(made[name])
    made["s"] = write_sound(folder / "s.wav", tone(7.0, 440, 0.4))
    return made


def three(middle: str = "zoom_out", title: str = "Over the seam") -> Any:
    return draft_of(
        video(
            seg(0, 2000, src="a", motion="zoom_in"),
            seg(2000, 2500, src="b", motion=middle, **DISSOLVE),
            seg(4500, 2500, src="c", motion="pan_left", **DISSOLVE),
        ),
        text(seg(1500, 1000, tx=title)),
        audio(seg(0, 7000, src="s")),
        size=SIZE,
    )


def keys(draft: Any, assets: dict[str, Path]) -> list[str]:
    return [chunk.key for chunk in plan(draft, assets)]


def test_chunks_begin_where_pictures_begin_and_are_the_whole_film(assets: dict[str, Path]) -> None:
    chunks = plan(three(), assets)
    assert [(chunk.start, chunk.frames) for chunk in chunks] == [(0, 60), (60, 75), (135, 75)]
    assert [sorted(chunk.sources) for chunk in chunks] == [["a"], ["a", "b"], ["b", "c"]]


def test_the_end_of_a_film_is_kept_for_two_threads(assets: dict[str, Path]) -> None:
    long, short = (draft_of(video(seg(0, length, src="a")), size=SIZE) for length in (7000, 2900))
    assert [(chunk.frames, chunk.threads) for chunk in plan(long, assets)] == [(180, 1), (30, 2)]
    assert [(chunk.frames, chunk.threads) for chunk in plan(short, assets)] == [(87, 2)]


def test_a_long_picture_is_cut_at_key_frames_and_a_short_one_is_not_cut_off(assets: dict[str, Path]) -> None:
    draft = draft_of(video(seg(0, 20_000, src="a"), seg(20_000, 400, src="b"), seg(20_400, 3000, src="c")), size=SIZE)
    chunks = plan(draft, assets)
    assert [chunk.start for chunk in chunks] == [0, 180, 420, 600]
    assert sum(chunk.frames for chunk in chunks) == 702
    assert max(chunk.frames for chunk in chunks) <= 8 * 30


def test_an_edit_changes_only_the_chunks_that_it_is_seen_in(assets: dict[str, Path]) -> None:
    before = keys(three(), assets)
    assert keys(three(), assets) == before
    changed = [a != b for a, b in zip(before, keys(three(middle="pan_up"), assets), strict=True)]
    assert changed == [False, True, True]  # the last one dissolves from it
    changed = [a != b for a, b in zip(before, keys(three(title="Another"), assets), strict=True)]
    assert changed == [True, True, False]
    assert not set(before) & {chunk.key for chunk in plan(three(), assets, "low")}


def test_a_chunk_that_only_moves_is_the_same_chunk(assets: dict[str, Path]) -> None:
    first = plan(draft_of(video(seg(0, 2000, src="a"), seg(2000, 2000, src="b")), size=SIZE), assets)
    later = plan(draft_of(video(seg(0, 3000, src="c"), seg(3000, 2000, src="b")), size=SIZE), assets)
    assert first[1].key == later[1].key
    assert (first[1].start, later[1].start) == (60, 90)


def test_the_content_of_a_file_counts_and_not_its_name(assets: dict[str, Path], tmp_path: Path) -> None:
    copy = tmp_path / "copy.png"
    copy.write_bytes(assets["a"].read_bytes())
    renamed = draft_of(video(seg(0, 2000, src="other")), size=SIZE)
    draft = draft_of(video(seg(0, 2000, src="a")), size=SIZE)
    assert keys(draft, assets) == keys(renamed, {"other": copy})
    Image.new("RGB", (240, 160)).save(copy)
    assert keys(draft, assets) != keys(renamed, {"other": copy})


def test_chunks_can_be_pickled(assets: dict[str, Path]) -> None:
    chunks = plan(three(), assets)
    assert pickle.loads(pickle.dumps(chunks)) == chunks


def test_a_chunk_shows_what_the_film_shows_there(assets: dict[str, Path]) -> None:
    whole = Composer(to_scene(three()), assets)
    for chunk in plan(three(), assets):
        part = Composer(chunk.scene, assets)
        for number in (0, 1, 14, 15, chunk.frames - 1):
            frame, expected = part.frame(number).planes, whole.frame(chunk.start + number).planes
            assert all(np.array_equal(a, b) for (a, _), (b, _) in zip(frame.each, expected.each, strict=True))
        part.close()
    whole.close()


@pytest.fixture(scope="module")
def joined(assets: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The film, its chunks encoded out of order in several threads; and the folder with the parts."""
    folder = tmp_path_factory.mktemp("joined")
    chunks, track = plan(three(), assets), sound_track(three(), assets)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda chunk: encode(chunk, assets, folder), chunks[::-1]))
    parts = [(chunk, part_of(folder, chunk)) for chunk in chunks]
    join(parts, encode_sound(track, assets, folder), folder / "film.mp4", title="Joined")
    return folder / "film.mp4", folder


def test_the_same_chunk_gives_the_same_bytes(
    assets: dict[str, Path], joined: tuple[Path, Path], tmp_path: Path
) -> None:
    for chunk in plan(three(), assets):
        again = encode(chunk, assets, tmp_path)
        assert again.read_bytes() == part_of(joined[1], chunk).read_bytes()
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".mp4"] * 3


ENCODE_NOISE = """
import hashlib, sys, av, numpy as np
from pathlib import Path
from ipynemo.backend.render.encode import PictureEncoder
path, width, threads = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
encoder = PictureEncoder(path, width, 90, quality="high", threads=threads)
random = np.random.default_rng(0)
light = np.repeat(random.integers(16, 236, (135, width // 4), np.uint8), 4, axis=1)
for number in range(40):
    moved = np.roll(light, number, axis=1)
    encoder.add(av.VideoFrame.from_ndarray(moved, format="yuv420p"))
encoder.finish()
print(hashlib.sha256(path.read_bytes()).hexdigest())
"""


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("width", [160, 384])
def test_what_lies_in_fresh_memory_does_not_decide_the_bytes(tmp_path: Path, width: int, threads: int) -> None:
    # glibc fills what is allocated with this byte; x264 with AVX-512 reads some of it at widths such as 160.
    command = [sys.executable, "-c", ENCODE_NOISE, str(tmp_path / "film.mp4"), str(width), str(threads)]
    said = {
        subprocess.run(
            command, env={**os.environ, "MALLOC_PERTURB_": byte}, capture_output=True, text=True, check=True
        ).stdout
        for byte in ("1", "170", "255")
    }
    assert len(said) == 1


def test_joined_parts_have_the_exact_length_and_rising_times(joined: tuple[Path, Path]) -> None:
    with av.open(str(joined[0])) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert picture.frames == 210
        assert picture.duration * picture.time_base == 7
        assert sound.duration * sound.time_base == 7
        assert container.metadata["title"] == "Joined"
        packets = [packet for packet in container.demux(picture) if packet.dts is not None]
    decoded = [packet.dts for packet in packets]
    assert all(b > a for a, b in itertools.pairwise(decoded))
    assert all(packet.pts >= packet.dts for packet in packets)
    assert sorted(packet.pts for packet in packets) == [n * 512 for n in range(210)]
    key_frames = [packet.pts // 512 for packet in packets if packet.is_keyframe]
    assert {0, 60, 135} <= set(key_frames)


def test_no_seam_is_seen_or_heard(assets: dict[str, Path], joined: tuple[Path, Path]) -> None:
    film = decode(joined[0])
    assert film.times == pytest.approx([n / 30 for n in range(210)], abs=1e-4)
    drawn = Composer(to_scene(three()), assets)

    def off(number: int) -> float:
        return float(np.abs(film.frames[number] - drawn.frame(number).rgb).mean())

    elsewhere = np.median([off(number) for number in range(20, 200, 20)])
    assert max(off(number) for number in (59, 60, 61, 134, 135, 136)) < 1.5 * elsewhere
    drawn.close()
    times = np.arange(len(film.sound)) / film.rate
    wave, inside = film.sound[:, 0], (times > 0.1) & (times < 6.9)
    basis = np.stack([np.sin(2 * np.pi * 440 * times), np.cos(2 * np.pi * 440 * times)], axis=1)
    parts = basis[inside] @ np.linalg.lstsq(basis[inside], wave[inside], rcond=None)[0]
    assert np.abs(parts - wave[inside]).max() < 0.03  # one pure tone, from end to end


def test_parts_of_other_encoders_and_broken_parts_are_refused(
    assets: dict[str, Path], joined: tuple[Path, Path], tmp_path: Path
) -> None:
    chunks = plan(three(), assets)
    sound = part_of(joined[1], sound_track(three(), assets))
    parts = [(chunk, part_of(joined[1], chunk)) for chunk in chunks]
    with pytest.raises(RenderFailedError, match="75 pictures instead of 60"):
        join([(chunks[0], parts[1][1]), *parts[1:]], sound, tmp_path / "x.mp4")
    large = plan(draft_of(video(seg(0, 2000, src="a")), size=(320, 180)), assets)[0]
    with pytest.raises(RenderFailedError, match="other encoders"):
        join([parts[0], (large, encode(large, assets, tmp_path))], sound, tmp_path / "x.mp4")


def test_after_an_edit_only_what_it_changed_is_encoded_again(assets: dict[str, Path], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    render(three(), assets, tmp_path / "1.mp4", cache=cache)
    first = {path.name: path.stat().st_ino for path in cache.iterdir()}
    assert len(first) == 4
    render(three(title="Another"), assets, tmp_path / "2.mp4", cache=cache)
    second = {path.name: path.stat().st_ino for path in cache.iterdir()}
    assert len(second) == 6  # two chunks more; the third and the sound are those of before
    assert first.items() <= second.items()
    told: list[float] = []
    render(three(), assets, tmp_path / "3.mp4", cache=cache, on_progress=told.append)
    assert told[1] >= 97  # nothing was left to encode
    assert (tmp_path / "3.mp4").read_bytes() == (tmp_path / "1.mp4").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"1.mp4", "2.mp4", "3.mp4", "cache"}


def test_what_was_finished_before_a_crash_is_kept(assets: dict[str, Path], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    chunks = plan(three(), assets)

    def stop() -> bool:
        return part_of(cache, chunks[1]).exists()

    with pytest.raises(RenderCancelledError):
        render(three(), assets, tmp_path / "x.mp4", cache=cache, should_stop=stop)
    assert part_of(cache, chunks[0]).exists()
    assert not part_of(cache, chunks[2]).exists()
    assert [path.suffix for path in cache.iterdir() if path.suffix != ".mp4"] == []


def test_a_damaged_part_is_found_out_and_the_next_try_succeeds(assets: dict[str, Path], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    render(three(), assets, tmp_path / "x.mp4", cache=cache)
    part = part_of(cache, plan(three(), assets)[1])
    part.write_bytes(part.read_bytes()[:3000])
    with pytest.raises(RenderFailedError):
        render(three(), assets, tmp_path / "y.mp4", cache=cache)
    render(three(), assets, tmp_path / "y.mp4", cache=cache)
    assert hashlib.sha256((tmp_path / "y.mp4").read_bytes()).digest() == (
        hashlib.sha256((tmp_path / "x.mp4").read_bytes()).digest()
    )


def test_the_shelf_lets_go_of_what_was_used_longest_ago(tmp_path: Path) -> None:
    import os
    import time

    shelf = Shelf(tmp_path / "shelf", most_bytes=2500)
    for number in range(4):
        path = shelf.folder / f"{number}.mp4"
        path.write_bytes(bytes(1000))
        os.utime(path, (time.time() - 5000 + number,) * 2)
    left = shelf.folder / ".left.tmp"
    left.write_bytes(b"x")
    os.utime(left, (time.time() - 100_000,) * 2)
    shelf.tidy()
    assert sorted(path.name for path in shelf.folder.iterdir()) == ["2.mp4", "3.mp4"]
    for path in shelf.folder.iterdir():
        os.utime(path)
        path.write_bytes(bytes(5000))
    shelf.tidy()
    assert len(list(shelf.folder.iterdir())) == 2  # just used: somebody may be about to join them
