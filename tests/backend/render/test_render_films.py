"""Films: every picture at its own time, from any in-point, upright, in its true colours, the last one held."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from render_kit import BLUE, GREEN, RED, WHITE, near, tone, write_film, write_sound

from ipynemo.backend.render.faults import BrokenAssetError
from ipynemo.backend.render.films import Film

if TYPE_CHECKING:
    from pathlib import Path


def shown(film: Film, time_s: float) -> tuple[int, ...]:
    film.seek(time_s)
    picture = film.picture()
    return tuple(picture.getpixel((picture.width // 2, picture.height // 2)))


def test_pictures_of_a_variable_frame_rate_come_at_their_own_times(tmp_path: Path) -> None:
    times = [(0.0, RED), (0.1, GREEN), (0.85, BLUE), (0.9, WHITE)]
    film = Film(write_film(tmp_path / "vfr.mp4", times))
    for second, colour in [
        (0.0, RED), (0.09, RED), (0.1, GREEN), (0.5, GREEN), (0.84, GREEN), (0.85, BLUE), (0.89, BLUE), (0.9, WHITE),
    ]:  # fmt: skip
        assert near(shown(film, second), colour), second
    film.close()


def test_the_last_picture_stays_when_the_film_is_over(tmp_path: Path) -> None:
    film = Film(write_film(tmp_path / "short.mp4", [(0.0, RED), (0.5, BLUE)]))
    assert near(shown(film, 60.0), BLUE)
    assert near(shown(film, 61.0), BLUE)
    film.close()


def test_the_same_picture_has_the_same_number(tmp_path: Path) -> None:
    film = Film(write_film(tmp_path / "slow.mp4", [(0.0, RED), (0.5, BLUE), (1.0, GREEN)]))
    numbers = [film.seek(t / 10) for t in range(12)]
    assert len(set(numbers)) == 3
    assert numbers == sorted(numbers)
    film.close()


def test_an_in_point_between_key_frames_is_met(tmp_path: Path) -> None:
    shades = [(n / 30, (n * 2, 100, 250 - n * 2)) for n in range(120)]
    path = write_film(tmp_path / "long.mp4", shades, gop=50)
    for second in (3.5, 0.4, 2.0):
        film = Film(path)
        assert near(shown(film, second), shades[round(second * 30)][1], 5), second
        film.close()


def test_going_back_finds_the_earlier_picture(tmp_path: Path) -> None:
    film = Film(write_film(tmp_path / "long.mp4", [(n / 30, (n * 2, 100, 250 - n * 2)) for n in range(120)], gop=50))
    assert near(shown(film, 3.9), (234, 100, 16), 5)
    assert near(shown(film, 0.5), (30, 100, 220), 5)
    assert near(shown(film, 3.95), (236, 100, 14), 6)
    film.close()


def test_a_phones_upright_film_is_shown_upright(tmp_path: Path) -> None:
    path = tmp_path / "upright.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = 320, 160, "yuv420p"
        stream.codec_context.colorspace = 1
        pixels = np.full((160, 320, 3), RED, np.uint8)
        pixels[:, 160:] = BLUE  # stored lying: red on the left, blue on the right
        for number in range(5):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace=1, dst_color_range=1)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    assert struct.unpack_from(">i", data, matrix)[0] == 0x10000
    # To be turned by 90 degrees clockwise for showing, as telephones write it: a, b, u, c, d, v, x, y, w.
    struct.pack_into(">9i", data, matrix, 0, 0x10000, 0, -0x10000, 0, 0, 160 << 16, 0, 0x40000000)
    path.write_bytes(data)
    film = Film(path)
    assert (film.width, film.height) == (160, 320)
    picture = film.picture()
    assert picture.size == (160, 320)
    assert near(picture.getpixel((80, 40)), RED, 8)  # the left went to the top
    assert near(picture.getpixel((80, 280)), BLUE, 8)
    assert film.picture((40, 80)).size == (40, 80)
    film.close()


@pytest.mark.parametrize(("space", "matrix"), [(1, (0.2126, 0.0722)), (5, (0.299, 0.114)), (6, (0.299, 0.114))])
@pytest.mark.parametrize("full", [False, True])
def test_colours_follow_the_films_own_matrix_and_range(
    tmp_path: Path, space: int, matrix: tuple[float, float], full: bool
) -> None:
    red, green, blue = 200, 60, 40
    kr, kb = matrix
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    cb, cr = (blue - luma) / (2 * (1 - kb)), (red - luma) / (2 * (1 - kr))
    scale = (1.0, 1.0, 0) if full else (219 / 255, 224 / 255, 16)
    planes = [round(luma * scale[0] + scale[2]), round(cb * scale[1] + 128), round(cr * scale[1] + 128)]
    path = tmp_path / "tagged.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"crf": "4"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.codec_context.colorspace, stream.codec_context.color_range = space, 2 if full else 1
        for number in range(3):
            frame = av.VideoFrame(64, 64, "yuv420p")
            for plane, value in zip(frame.planes, planes, strict=True):
                plane.update(bytes([value]) * (plane.line_size * plane.height))
            frame.pts, frame.colorspace, frame.color_range = number, space, 2 if full else 1
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    film = Film(path)
    assert near(shown(film, 0.0), (red, green, blue), 3)
    film.close()


def test_pixels_that_are_not_square_are_stretched(tmp_path: Path) -> None:
    path = tmp_path / "tv.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 180, 144, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(16, 11)
        frame = av.VideoFrame(180, 144, "yuv420p")
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    film = Film(path)
    assert (film.width, film.height) == (262, 144)
    assert film.picture().size == (262, 144)
    film.close()


def test_a_damaged_film_shows_what_can_be_decoded(tmp_path: Path) -> None:
    path = write_film(tmp_path / "damaged.mkv", [(n / 30, RED if n < 30 else BLUE) for n in range(60)])
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    film = Film(path)
    assert near(shown(film, 0.1), RED, 8)
    film.seek(50.0)
    assert film.picture().size == (320, 180)
    film.close()


def test_a_sound_is_no_film_and_rubbish_is_neither(tmp_path: Path) -> None:
    write_sound(tmp_path / "sound.wav", tone(0.2))
    with pytest.raises(BrokenAssetError, match=r"sound\.wav has no picture"):
        Film(tmp_path / "sound.wav")
    (tmp_path / "rubbish.mp4").write_bytes(bytes(range(256)) * 64)
    with pytest.raises(BrokenAssetError, match=r"rubbish\.mp4 is no film"):
        Film(tmp_path / "rubbish.mp4")


@pytest.mark.parametrize(
    "playlist",
    ["#EXTM3U\n#EXTINF:1,\nsecret.mp4\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile secret.mp4\n"],
)
def test_a_playlist_does_not_lead_to_other_files(tmp_path: Path, playlist: str) -> None:
    write_film(tmp_path / "secret.mp4", [(0.0, RED), (0.5, BLUE)])
    (tmp_path / "list.mp4").write_text(playlist)
    with pytest.raises(BrokenAssetError, match=r"list\.mp4"):
        Film(tmp_path / "list.mp4")
