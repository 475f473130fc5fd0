"""The whole way: a draft in, an MP4 out, taken apart again. Pictures, colours, times, sound and the file itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from PIL import Image
from render_kit import (
    BLUE,
    GREEN,
    RED,
    audio,
    bt709_to_rgb,
    decode,
    draft_of,
    near,
    plain,
    seg,
    text,
    tone,
    video,
    write_film,
    write_sound,
)  # fmt: skip

from ipynemo.backend.render import RenderedClip, render
from ipynemo.errors import RenderCancelledError, RenderFailedError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def four_seconds(tmp_path_factory: pytest.TempPathFactory) -> tuple[RenderedClip, list[float]]:
    """Red, then blue by a dissolve at 2 s; a title from 1 to 3 s; music that dies away over the last second."""
    folder = tmp_path_factory.mktemp("film")
    assets = {"red": plain(folder / "red.png", RED), "blue": plain(folder / "blue.png", BLUE)}
    fade = {"kind": "crossfade", "d": 1000}
    draft = draft_of(
        video(seg(0, 2000, src="red"), seg(2000, 2000, src="blue", transition=fade)),
        text(seg(1000, 2000, tx="Title", style={"place": "top"})),
        audio(seg(0, 4000, src="music:calm", vol=0.8, fade_out_ms=1000)),
        title="Red – blau – 蓝",
    )
    told: list[float] = []
    return render(draft, assets, folder / "out.mp4", on_progress=told.append), told


def test_the_clip_tells_what_it_is(four_seconds: tuple[RenderedClip, list[float]]) -> None:
    clip, _ = four_seconds
    assert (clip.duration_s, clip.width_px, clip.height_px, clip.fps) == (4.0, 320, 180, 30)
    assert clip.size_bytes == clip.path.stat().st_size > 5000


def test_progress_rises_from_nothing_to_a_hundred(four_seconds: tuple[RenderedClip, list[float]]) -> None:
    _, told = four_seconds
    assert told[0] == 0
    assert told[-1] == 100
    assert told == sorted(told)
    assert len(told) > 50


def test_the_duration_is_exact_in_frames_and_in_samples(four_seconds: tuple[RenderedClip, list[float]]) -> None:
    clip, _ = four_seconds
    film = decode(clip.path)
    assert film.duration_s == 4.0
    assert len(film.frames) == 120
    assert film.times == pytest.approx([n / 30 for n in range(120)], abs=1e-4)
    assert film.rate == 48000
    with av.open(str(clip.path)) as container:
        sound, picture = container.streams.audio[0], container.streams.video[0]
        assert sound.duration * sound.time_base == 4
        assert picture.duration * picture.time_base == 4
        assert (picture.average_rate, picture.frames) == (30, 120)
        assert container.start_time == 0


def test_colours_are_bt709_limited_by_tag_and_by_value(four_seconds: tuple[RenderedClip, list[float]]) -> None:
    clip, _ = four_seconds
    with av.open(str(clip.path)) as container:
        context = container.streams.video[0].codec_context
        tags = (context.color_primaries, context.color_trc, context.colorspace, context.color_range)
        assert tags == (1, 1, 1, 1)
        assert (context.name, context.pix_fmt, context.profile) == ("h264", "yuv420p", "High")
        assert container.streams.audio[0].codec_context.name == "aac"
        assert container.streams.audio[0].codec_context.layout.name == "stereo"
        frame = next(container.decode(video=0))
        planes = [int(np.frombuffer(plane, np.uint8)[plane.line_size * 60 + 60]) for plane in frame.planes]
    assert planes == pytest.approx([63, 102, 240], abs=1)  # red by BT.709; BT.601 would say 81, 90, 240


@pytest.mark.parametrize("colour", [(200, 60, 40), (12, 34, 56), (255, 255, 255), (0, 0, 0), (30, 180, 90), GREEN])
def test_a_colour_comes_out_as_it_went_in(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    draft = draft_of(video(seg(0, 200, src="c")), size=(128, 72))
    render(draft, {"c": plain(tmp_path / "c.png", colour)}, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        pixels = bt709_to_rgb(next(container.decode(video=0)))
    assert near(pixels[30:40, 60:70].mean(axis=(0, 1)), colour, 3)


def test_a_dissolve_passes_through_purple(four_seconds: tuple[RenderedClip, list[float]]) -> None:
    film = decode(four_seconds[0].path)
    assert near(film.colour(1.9, y=0.8), RED)
    assert near(film.colour(2.5, y=0.8), (124, 0, 131), 12)
    assert near(film.colour(3.1, y=0.8), BLUE)


def test_a_title_is_there_at_its_time_and_place_only(four_seconds: tuple[RenderedClip, list[float]]) -> None:
    film = decode(four_seconds[0].path)

    def ink(second: float, rows: slice) -> int:
        return int((film.at(second)[rows, :, 1] > 180).sum())

    assert ink(0.9, slice(0, 180)) == 0
    assert ink(1.5, slice(0, 60)) > 100
    assert ink(1.5, slice(60, 180)) == 0
    assert ink(3.1, slice(0, 180)) == 0


def test_music_plays_and_dies_away(four_seconds: tuple[RenderedClip, list[float]]) -> None:
    film = decode(four_seconds[0].path)
    assert 0.03 < film.loudness(0.5, 2.5) < 0.3
    assert film.loudness(3.9, 4.0) < 0.15 * film.loudness(2.0, 3.0)


def test_the_index_lies_before_the_data(four_seconds: tuple[RenderedClip, list[float]]) -> None:
    data = four_seconds[0].path.read_bytes()
    boxes, place = [], 0
    while place < len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        boxes.append(data[place + 4 : place + 8].decode())
        place += size or len(data)
    assert boxes.index("moov") < boxes.index("mdat")


def test_the_title_is_in_the_files_metadata(four_seconds: tuple[RenderedClip, list[float]]) -> None:
    with av.open(str(four_seconds[0].path)) as container:
        assert container.metadata["title"] == "Red – blau – 蓝"


def test_a_slow_pan_moves_an_edge_evenly_in_the_finished_film(tmp_path: Path) -> None:
    pixels = np.full((720, 1280, 3), 30, np.uint8)
    pixels[:, 700:] = 220
    Image.fromarray(pixels).save(tmp_path / "edge.png")
    pan = {"from": [0.5, 0.5, 1.2], "to": [0.53, 0.5, 1.2], "ease": "linear"}
    draft = draft_of(video(seg(0, 2000, src="e", motion=pan)), size=(640, 120))
    render(draft, {"e": tmp_path / "edge.png"}, tmp_path / "out.mp4")
    film = decode(tmp_path / "out.mp4")
    places = np.array([640 - (frame[50:70].mean(axis=(0, 2)) - 30).sum() / 190 for frame in film.frames])
    steps = -np.diff(places)
    assert places[0] - places[-1] == pytest.approx(0.03 * 640 * 1.2, abs=0.5)
    assert steps.min() > 0.1
    assert steps.max() < 0.75  # 0.39 pixels a frame: never a whole one, never none
    straight = np.polyval(np.polyfit(np.arange(60), places, 1), np.arange(60))
    assert np.sqrt(((places - straight) ** 2).mean()) < 0.08


def test_a_films_sound_comes_with_its_picture_from_its_in_point_at_its_volume(tmp_path: Path) -> None:
    sound = np.concatenate([tone(1.5, 440, 0.0), tone(1.5, 440, 0.5)], axis=1)
    shades = [(n / 30, RED if n < 45 else GREEN) for n in range(90)]
    assets = {"film": write_film(tmp_path / "film.mp4", shades, (128, 72), sound)}
    draft = draft_of(video(seg(500, 2500, src="film", in_ms=1000, vol=0.5)), size=(128, 72))
    render(draft, assets, tmp_path / "out.mp4")
    film = decode(tmp_path / "out.mp4")
    assert near(film.colour(0.9), RED, 10)
    assert near(film.colour(1.1), GREEN, 10)
    assert film.loudness(0.0, 0.95) < 0.01
    assert film.loudness(1.1, 2.4) == pytest.approx(0.177, rel=0.08)
    assert film.loudness(2.6, 3.0) < 0.01  # the film is over: its last picture stays, its sound does not
    assert near(film.colour(2.9), GREEN, 10)


def test_a_silent_draft_has_a_silent_sound_track(tmp_path: Path) -> None:
    render(draft_of(text(seg(0, 1000, tx="Hi")), size=(128, 72), background="#204060"), {}, tmp_path / "out.mp4")
    film = decode(tmp_path / "out.mp4")
    assert len(film.frames) == 30
    assert len(film.sound) >= 48000
    assert np.abs(film.sound).max() < 1e-4
    assert near(film.colour(0.5, 0.06, 0.1), (32, 64, 96), 3)


def test_a_sound_is_looped_and_faded(tmp_path: Path) -> None:
    assets = {"s": write_sound(tmp_path / "s.wav", tone(0.5))}
    draft = draft_of(
        text(seg(0, 2000, tx="Hi")), audio(seg(0, 2000, src="s", loop=True, fade_in_ms=1000)), size=(64, 64)
    )
    render(draft, assets, tmp_path / "out.mp4")
    film = decode(tmp_path / "out.mp4")
    assert film.loudness(1.2, 1.9) == pytest.approx(0.354, rel=0.05)
    assert film.loudness(0.45, 0.55) == pytest.approx(0.177, rel=0.15)


@pytest.mark.parametrize("size", [(1080, 1920), (1080, 1080), (1920, 1080)])
def test_the_three_shapes_are_rendered_in_full_size(tmp_path: Path, size: tuple[int, int]) -> None:
    assets = {"p": plain(tmp_path / "p.png", RED, (64, 64))}
    clip = render(draft_of(video(seg(0, 100, src="p")), size=size), assets, tmp_path / "out.mp4")
    assert (clip.width_px, clip.height_px) == size
    with av.open(str(clip.path)) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == size


def test_low_quality_is_a_small_preview(tmp_path: Path) -> None:
    draft = draft_of(text(seg(0, 200, tx="Hi")), size=(1920, 1080))
    clip = render(draft, {}, tmp_path / "out.mp4", quality="low")
    assert (clip.width_px, clip.height_px) == (640, 360)


def test_a_render_that_is_told_to_stop_leaves_nothing(tmp_path: Path) -> None:
    told: list[float] = []
    draft = draft_of(text(seg(0, 60_000, tx="Hi")), size=(128, 72))
    with pytest.raises(RenderCancelledError):
        render(draft, {}, tmp_path / "out.mp4", on_progress=told.append, should_stop=lambda: len(told) > 3)
    assert list(tmp_path.iterdir()) == []


def test_a_finished_film_replaces_an_older_one_only_when_it_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    out.write_bytes(b"older")
    seen: list[bytes] = []
    render(
        draft_of(text(seg(0, 500, tx="Hi")), size=(64, 64)),
        {},
        out,
        on_progress=lambda p: seen.append(out.read_bytes()[:5]),
    )
    assert set(seen[:-1]) == {b"older"}
    assert seen[-1] != b"older"
    assert list(tmp_path.iterdir()) == [out]


def test_a_folder_that_is_not_there_is_one_plain_error(tmp_path: Path) -> None:
    with pytest.raises(RenderFailedError, match=r"The render of out\.mp4 failed"):
        render(draft_of(text(seg(0, 500, tx="Hi")), size=(64, 64)), {}, tmp_path / "nowhere" / "out.mp4")


def test_a_fault_while_drawing_is_one_plain_error_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr("ipynemo.backend.render.compose.draw_sprite", fail)
    with pytest.raises(RenderFailedError, match="of all things"):
        render(draft_of(text(seg(0, 500, tx="Hi")), size=(64, 64)), {}, tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == []


def test_the_same_draft_gives_the_same_pictures(tmp_path: Path) -> None:
    draft = draft_of(text(seg(0, 500, tx="Same")), audio(seg(0, 500, src="music:happy", seed=4)), size=(128, 72))
    first, second = (render(draft, {}, tmp_path / name).path for name in ("a.mp4", "b.mp4"))
    one, two = decode(first), decode(second)
    assert all(np.array_equal(a, b) for a, b in zip(one.frames, two.frames, strict=True))
    assert np.array_equal(one.sound, two.sound)
