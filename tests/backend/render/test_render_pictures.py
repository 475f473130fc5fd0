"""Every kind of picture file becomes the same upright sRGB pixels; hostile ones become one error that names them."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageCms

from ipynemo.backend.render.faults import BrokenAssetError
from ipynemo.backend.render.pictures import Animation, is_picture, load_still

if TYPE_CHECKING:
    from pathlib import Path

CORNERS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 0]], [[0, 0, 0], [255, 255, 255]]], np.uint8)


def pixel(image: Image.Image, x: int = 0, y: int = 0) -> tuple[int, ...]:
    return tuple(image.getpixel((x, y)))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_is_turned_as_its_exif_says(tmp_path: Path, orientation: int) -> None:
    # What a viewer must do to the stored pixels, by the EXIF standard; here done backwards before storing.
    stored = {
        1: CORNERS, 2: CORNERS[:, ::-1], 3: CORNERS[::-1, ::-1], 4: CORNERS[::-1], 5: CORNERS.transpose(1, 0, 2),
        6: np.rot90(CORNERS, 1), 7: CORNERS[::-1, ::-1].transpose(1, 0, 2), 8: np.rot90(CORNERS, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned.png"
    Image.fromarray(np.ascontiguousarray(stored)).save(path, exif=exif)
    assert np.asarray(load_still(path)).tolist() == CORNERS.tolist()


@pytest.mark.parametrize("value", [0, 9, 77, None])
def test_a_senseless_orientation_changes_nothing(tmp_path: Path, value: int | None) -> None:
    exif = Image.Exif()
    exif[0x0112] = value or 0
    Image.fromarray(CORNERS).save(tmp_path / "odd.png", exif=b"Exif\0\0 what is this" if value is None else exif)
    assert np.asarray(load_still(tmp_path / "odd.png")).tolist() == CORNERS.tolist()


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "print.jpg", quality=100)
    red, green, blue = pixel(load_still(tmp_path / "print.jpg"), 8, 8)
    assert red > 245
    assert max(green, blue) < 10


def test_sixteen_bit_grey_keeps_its_lightness(tmp_path: Path) -> None:
    deep = np.array([[0, 32768, 65535, 257 * 100]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    assert np.asarray(load_still(tmp_path / "deep.png"))[0, :, 0].tolist() == [0, 128, 255, 100]


def test_sixteen_bit_colour_keeps_its_colour(tmp_path: Path) -> None:
    row = b"\x00" + struct.pack(">6H", 65535, 32896, 0, 0, 257 * 77, 65535)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(row)) + chunk(b"IEND", b"")
    (tmp_path / "deep.png").write_bytes(png)
    image = load_still(tmp_path / "deep.png")
    assert (pixel(image, 0), pixel(image, 1)) == ((255, 128, 0), (0, 77, 255))


def test_floating_point_grey_is_scaled(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0.0, 0.5, 1.0]], np.float32)).save(tmp_path / "float.tif")
    assert np.asarray(load_still(tmp_path / "float.tif"))[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize(("mode", "value", "expected"), [("1", 1, 255), ("L", 77, 77), ("P", 5, None)])
def test_grey_bilevel_and_palette_become_rgb(tmp_path: Path, mode: str, value: int, expected: int | None) -> None:
    image = Image.new(mode, (4, 4), value)
    if mode == "P":
        image.putpalette([n for c in range(256) for n in (c, 2 * c % 256, 200)])
    image.save(tmp_path / "small.png")
    loaded = load_still(tmp_path / "small.png")
    assert loaded.mode == "RGB"
    assert pixel(loaded) == ((5, 10, 200) if expected is None else (expected,) * 3)


def test_alpha_is_kept_premultiplied(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (200, 100, 50, 128)).save(tmp_path / "glass.png")
    loaded = load_still(tmp_path / "glass.png")
    assert loaded.mode == "RGBa"
    assert pixel(loaded) == (100, 50, 25, 128)


def test_grey_with_alpha_and_palette_with_alpha_are_see_through(tmp_path: Path) -> None:
    Image.new("LA", (4, 4), (200, 128)).save(tmp_path / "la.png")
    assert pixel(load_still(tmp_path / "la.png")) == (100, 100, 100, 128)
    palette = Image.new("P", (4, 4), 3)
    palette.putpalette([9, 9, 9] * 3 + [0, 200, 0])
    palette.save(tmp_path / "pa.png", transparency=3)
    assert pixel(load_still(tmp_path / "pa.png")) == (0, 0, 0, 0)


def test_an_alpha_that_hides_nothing_is_dropped(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (200, 100, 50, 255)).save(tmp_path / "solid.png")
    assert load_still(tmp_path / "solid.png").mode == "RGB"


def test_a_colour_profile_is_applied(tmp_path: Path) -> None:
    lab = ImageCms.createProfile("LAB")
    swapped = _profile_with_swapped_red_and_green()
    Image.new("RGB", (8, 8), (255, 0, 0)).save(tmp_path / "wide.png", icc_profile=swapped)
    red, green, _ = pixel(load_still(tmp_path / "wide.png"), 4, 4)
    assert (red < 60, green > 200) == (True, True)
    Image.new("RGB", (8, 8), (255, 0, 0)).save(
        tmp_path / "wrong.png", icc_profile=ImageCms.ImageCmsProfile(lab).tobytes()
    )
    assert pixel(load_still(tmp_path / "wrong.png"), 4, 4) == (255, 0, 0)  # a profile of another kind is not used
    Image.new("RGB", (8, 8), (255, 0, 0)).save(tmp_path / "junk.png", icc_profile=b"no profile at all")
    assert pixel(load_still(tmp_path / "junk.png"), 4, 4) == (255, 0, 0)


def _profile_with_swapped_red_and_green() -> bytes:
    """sRGB with the places of its red and green primaries exchanged: unmistakable, unlike a real wide gamut."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    entries = {
        bytes(data[132 + 12 * n : 136 + 12 * n]): 132 + 12 * n for n in range(struct.unpack(">I", data[128:132])[0])
    }
    red, green = entries[b"rXYZ"], entries[b"gXYZ"]
    data[red + 4 : red + 12], data[green + 4 : green + 12] = data[green + 4 : green + 12], data[red + 4 : red + 12]
    return bytes(data)


def test_a_large_jpeg_may_be_decoded_smaller_but_never_below_what_is_needed(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (2400, 1200), (10, 200, 30)).save(tmp_path / "large.jpg", exif=exif)
    width, height = load_still(tmp_path / "large.jpg", (200, 500)).size
    assert (width, height) == (300, 600)


def test_pictures_are_told_by_content_not_by_name(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    (tmp_path / "film.mp4").write_bytes((tmp_path / "a.png").read_bytes())
    (tmp_path / "text.png").write_text("not a picture")
    assert is_picture(tmp_path / "film.mp4")
    assert not is_picture(tmp_path / "text.png")


def test_a_cut_off_picture_is_broken(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for name in ("cut.jpg", "cut.png", "cut.webp", "cut.gif"):
        Image.fromarray(rng.integers(0, 255, (64, 64, 3), np.uint8)).save(tmp_path / name)
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(BrokenAssetError, match=name):
            load_still(tmp_path / name)


def test_a_picture_that_claims_a_billion_pixels_is_refused_unread(tmp_path: Path) -> None:
    Image.new("L", (8, 8)).save(tmp_path / "bomb.png")
    data = bytearray((tmp_path / "bomb.png").read_bytes())
    data[16:24] = struct.pack(">II", 40_000, 30_000)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    (tmp_path / "bomb.png").write_bytes(data)
    with pytest.raises(BrokenAssetError, match=r"bomb\.png"):
        load_still(tmp_path / "bomb.png")


def test_formats_with_programs_inside_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "page.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")
    with pytest.raises(BrokenAssetError, match="no picture"):
        load_still(tmp_path / "page.png")


def three_pictures(path: Path, durations: list[int]) -> Path:
    pictures = [Image.new("RGB", (20, 10), colour) for colour in ("red", "lime", "blue")]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=durations, loop=0, lossless=True)
    return path


@pytest.mark.parametrize("name", ["moving.gif", "moving.webp", "moving.png"])
def test_an_animation_is_played_at_its_own_times_and_again(tmp_path: Path, name: str) -> None:
    animation = Animation(three_pictures(tmp_path / name, [100, 300, 200]))
    assert animation.moves
    assert animation.ends_s == pytest.approx([0.1, 0.4, 0.6])
    shown = [animation.number_at(t) for t in (0.0, 0.09, 0.1, 0.39, 0.4, 0.59, 0.6, 0.71, 60.41)]
    assert shown == [0, 0, 1, 1, 2, 2, 0, 1, 2]
    assert [pixel(animation.picture(n)) for n in (2, 0, 1)] == [(0, 0, 255), (255, 0, 0), (0, 255, 0)]
    animation.close()


def test_a_picture_without_a_time_is_shown_for_a_tenth_of_a_second(tmp_path: Path) -> None:
    animation = Animation(three_pictures(tmp_path / "fast.gif", [0, 10, 200]))
    assert animation.ends_s == pytest.approx([0.1, 0.2, 0.4])


def test_an_animation_of_too_many_pictures_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipynemo.backend.render.pictures.MAX_FRAMES", 2)
    with pytest.raises(BrokenAssetError, match=r"moving\.gif is an animation of 3 pictures"):
        Animation(three_pictures(tmp_path / "moving.gif", [100, 100, 100]))


def test_an_animation_keeps_only_so_many_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipynemo.backend.render.pictures.CACHED_FRAME_BYTES", 1)
    animation = Animation(three_pictures(tmp_path / "moving.gif", [100, 100, 100]))
    for number in (0, 1, 2, 0, 1, 2):
        assert pixel(animation.picture(number)) == [(255, 0, 0), (0, 255, 0), (0, 0, 255)][number]
    assert len(animation._cache) == 2
    animation.close()


def test_the_two_pictures_of_a_stereo_camera_are_no_animation(tmp_path: Path) -> None:
    one, two = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")
    one.save(tmp_path / "stereo.mpo", save_all=True, append_images=[two])
    assert not Animation(tmp_path / "stereo.mpo").moves
