"""`probe` says what a file holds by its content; every file here is made at run time."""

from __future__ import annotations

import io
import subprocess
import sys
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from av.stream import Disposition
from PIL import Image

from ipynemo.backend.media import MediaInfo, probe
from ipynemo.errors import FileTooLargeError, InvalidRequestError, UnsupportedFileError

if TYPE_CHECKING:
    from pathlib import Path


def picture(width: int = 64, height: int = 48) -> Image.Image:
    ramp = np.add.outer(np.arange(height), np.arange(width)) % 256
    return Image.fromarray(np.dstack([ramp, ramp[::-1], 255 - ramp]).astype(np.uint8))


def film(
    path: Path,
    *,
    container: str | None = None,
    video: str | None = "mpeg4",
    audio: str | None = "aac",
    size: tuple[int, int] = (160, 90),
    fps: int = 25,
    seconds: float = 1.0,
    rotation: int = 0,
    aspect: Fraction | None = None,
    cover: bool = False,
) -> Path:
    """Encode a short film or sound file with PyAV."""
    with av.open(str(path), "w", format=container) as out:
        pictures = out.add_stream(video, rate=fps) if video else None
        sound = out.add_stream(audio, rate=48000) if audio else None
        art = out.add_stream("mjpeg") if cover else None
        if pictures is not None:
            pictures.width, pictures.height, pictures.pix_fmt = *size, "yuv420p"
            if aspect:
                pictures.codec_context.sample_aspect_ratio = aspect
            if rotation:
                pictures.set_display_rotation(rotation)
        if art is not None:
            art.width, art.height, art.pix_fmt = 64, 48, "yuvj420p"
            art.time_base = Fraction(1, 90000)
            art.disposition = Disposition.attached_pic
            out.start_encoding()
            buffer = io.BytesIO()
            picture().save(buffer, "JPEG")
            packet = av.Packet(buffer.getvalue())
            packet.stream, packet.pts, packet.dts, packet.is_keyframe = art, 0, 0, True
            out.mux(packet)
        if pictures is not None:
            for number in range(round(seconds * fps)):
                frame = av.VideoFrame.from_image(picture(*size)).reformat(format="yuv420p")
                frame.pts, frame.time_base = number, Fraction(1, fps)
                out.mux(pictures.encode(frame))
            out.mux(pictures.encode())
        if sound is not None:
            layout = sound.codec_context.layout.name
            planes = 1 if layout == "mono" else 2
            noise = np.random.default_rng(0).integers(-9000, 9000, (1, round(48000 * seconds) * planes), dtype=np.int16)
            frame = av.AudioFrame.from_ndarray(noise, format="s16", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = 48000, 0, Fraction(1, 48000)
            out.mux(sound.encode(frame))
            out.mux(sound.encode())
    return path


@pytest.mark.parametrize(
    ("suffix", "pillow", "mime"),
    [
        ("jpg", "JPEG", "image/jpeg"),
        ("jpeg", "JPEG", "image/jpeg"),
        ("png", "PNG", "image/png"),
        ("gif", "GIF", "image/gif"),
        ("webp", "WEBP", "image/webp"),
    ],
)
def test_a_still_picture_of_each_format_tells_its_size_and_has_no_duration(
    tmp_path: Path, suffix: str, pillow: str, mime: str
) -> None:
    picture().save(tmp_path / f"a.{suffix}", pillow)
    expected = MediaInfo("image", pillow.lower(), mime, None, 64, 48, None, has_audio=False)
    assert probe(tmp_path / f"a.{suffix}") == expected


@pytest.mark.parametrize(
    ("suffix", "container", "video", "audio", "mime"),
    [
        ("mp4", "mp4", "mpeg4", "aac", "video/mp4"),
        ("mov", "mov", "mpeg4", "aac", "video/quicktime"),
        ("avi", "avi", "mpeg4", "pcm_s16le", "video/x-msvideo"),
        ("webm", "webm", "libvpx", "libopus", "video/webm"),
        ("mkv", "matroska", "mpeg4", "aac", "video/x-matroska"),
    ],
)
def test_a_film_of_each_format_tells_size_length_rate_and_sound(
    tmp_path: Path, suffix: str, container: str, video: str, audio: str, mime: str
) -> None:
    info = probe(film(tmp_path / f"a.{suffix}", container=container, video=video, audio=audio))
    assert (info.kind, info.format, info.mime) == ("video", suffix, mime)
    assert (info.width_px, info.height_px, info.fps, info.has_audio) == (160, 90, 25.0, True)
    assert info.duration_s == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("suffix", "container", "audio", "mime"),
    [
        ("mp3", "mp3", "libmp3lame", "audio/mpeg"),
        ("wav", "wav", "pcm_s16le", "audio/wav"),
        ("m4a", "ipod", "aac", "audio/mp4"),
        ("aac", "adts", "aac", "audio/aac"),
    ],
)
def test_a_sound_file_of_each_format_tells_its_length(
    tmp_path: Path, suffix: str, container: str, audio: str, mime: str
) -> None:
    info = probe(film(tmp_path / f"a.{suffix}", container=container, video=None, audio=audio, seconds=2.0))
    assert (info.kind, info.format, info.mime, info.has_audio) == ("audio", suffix, mime, True)
    assert (info.width_px, info.height_px, info.fps) == (None, None, None)
    assert info.duration_s == pytest.approx(2.0, abs=0.08)


def test_a_film_without_sound_says_so(tmp_path: Path) -> None:
    assert probe(film(tmp_path / "a.mp4", audio=None)).has_audio is False


def test_an_mp4_with_sound_alone_is_an_m4a(tmp_path: Path) -> None:
    info = probe(film(tmp_path / "voice.mp4", video=None))
    assert (info.kind, info.format, info.mime) == ("audio", "m4a", "audio/mp4")


def test_a_song_with_a_cover_is_audio(tmp_path: Path) -> None:
    info = probe(film(tmp_path / "song.mp3", container="mp3", video=None, audio="libmp3lame", cover=True))
    with av.open(str(tmp_path / "song.mp3")) as container:
        assert len(container.streams.video) == 1
    assert (info.kind, info.format, info.width_px) == ("audio", "mp3", None)


def test_a_voice_recorded_by_a_browser_has_its_length_counted(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    buffer.seekable = lambda: False  # type: ignore[method-assign]
    film(tmp_path / "whole.webm", container="webm", video=None, audio="libopus", seconds=2.0)
    with (
        av.open(str(tmp_path / "whole.webm")) as source,
        av.open(buffer, "w", format="webm", options={"live": "1"}) as out,
    ):
        stream = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    (tmp_path / "live.webm").write_bytes(buffer.getvalue())
    with av.open(str(tmp_path / "live.webm")) as container:
        assert container.duration is None
    info = probe(tmp_path / "live.webm")
    assert (info.kind, info.format, info.mime) == ("audio", "webm", "audio/webm")
    assert info.duration_s == pytest.approx(2.0, abs=0.05)


def test_a_film_turned_by_its_display_matrix_tells_the_size_that_is_seen(tmp_path: Path) -> None:
    info = probe(film(tmp_path / "phone.mp4", rotation=90))
    assert (info.width_px, info.height_px) == (90, 160)


def test_a_film_with_wide_pixels_tells_the_size_that_is_seen(tmp_path: Path) -> None:
    info = probe(film(tmp_path / "tv.mp4", size=(180, 144), aspect=Fraction(16, 15)))
    assert (info.width_px, info.height_px) == (192, 144)


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_photograph_turned_by_exif_tells_the_size_that_is_seen(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture().save(tmp_path / "a.jpg", exif=exif)
    info = probe(tmp_path / "a.jpg")
    assert (info.width_px, info.height_px) == (48, 64)


def test_an_upright_photograph_upside_down_keeps_its_size(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    picture().save(tmp_path / "a.jpg", exif=exif)
    assert probe(tmp_path / "a.jpg").width_px == 64


@pytest.mark.parametrize(("suffix", "pillow"), [("gif", "GIF"), ("webp", "WEBP"), ("png", "PNG")])
def test_an_animation_is_an_image_with_a_duration(tmp_path: Path, suffix: str, pillow: str) -> None:
    frames = [picture().rotate(30 * n) for n in range(4)]
    frames[0].save(tmp_path / f"a.{suffix}", pillow, save_all=True, append_images=frames[1:], duration=200)
    info = probe(tmp_path / f"a.{suffix}")
    assert (info.kind, info.width_px, info.fps) == ("image", 64, None)
    assert info.duration_s == pytest.approx(0.8)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "I;16", "CMYK"])
def test_pictures_of_every_colour_mode_are_accepted(tmp_path: Path, mode: str) -> None:
    suffix = "jpg" if mode == "CMYK" else "png"
    (Image.new("I;16", (64, 48), 40_000) if mode == "I;16" else picture().convert(mode)).save(tmp_path / f"a.{suffix}")
    assert probe(tmp_path / f"a.{suffix}").height_px == 48


def test_the_content_decides_where_the_name_says_something_else(tmp_path: Path) -> None:
    picture().save(tmp_path / "robot.jpg", "PNG")
    assert probe(tmp_path / "robot.jpg").format == "png"


def other_pictures(pillow: str) -> bytes:
    buffer = io.BytesIO()
    picture().save(buffer, pillow)
    return buffer.getvalue()


REFUSED = {
    "robot.png": (b"MZ\x90\x00" + bytes(200), "a Windows program"),
    "drawing.png": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
    "page.jpg": (b"  <!DOCTYPE html><html></html>", "a web page"),
    "paper.jpg": (b"%PDF-1.7\n", "a PDF document"),
    "all.mp4": (b"PK\x03\x04" + bytes(100), "a ZIP archive or an Office document"),
    "scan.jpg": (other_pictures("TIFF"), "a TIFF picture or a camera's raw photograph"),
    "old.png": (other_pictures("BMP"), "a BMP picture"),
    "phone.jpg": (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "a HEIC, AVIF or raw photograph"),
    "list.mp4": (b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n", "a playlist"),
    "concat.mp4": (b"ffconcat version 1.0\nfile '/etc/passwd'\n", "a playlist"),
    "plain.mov": (b"file '/etc/passwd'\n", "a text file"),
    "dash.mp4": (b"<MPD><BaseURL>http://127.0.0.1/</BaseURL></MPD>", "an XML document"),
    "song.mp3": (b"OggS" + bytes(100), "an Ogg file"),
    "noise.bin": (bytes(range(7, 200)) * 3, "of a kind that is not known here"),
}


ADVISED = {"drawing.png", "paper.jpg", "scan.jpg", "old.png", "phone.jpg"}  # of which it is said what to do


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_accepted_is_named_with_what_is(tmp_path: Path, name: str) -> None:
    content, words = REFUSED[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnsupportedFileError) as caught:
        probe(tmp_path / name)
    assert caught.value.code == 4001
    told = str(caught.value)
    assert told.startswith(f"{name} cannot be used: judged by its content it is {words}. ")
    assert told.endswith("Accepted: mp4 mov avi webm mkv · jpg jpeg png gif webp · mp3 wav m4a aac.")
    assert ("Save" in told or "save it" in told or "export it" in told) == (name in ADVISED), told


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    with pytest.raises(InvalidRequestError, match=r"a\.png is empty"):
        probe(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "webp"])
@pytest.mark.parametrize("share", [0.02, 0.5])
def test_a_picture_cut_short_is_refused(tmp_path: Path, suffix: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (200, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / f"a.{suffix}")
    whole = (tmp_path / f"a.{suffix}").read_bytes()
    (tmp_path / f"cut.{suffix}").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InvalidRequestError, match=rf"cut\.{suffix} begins like a .* picture but cannot be read"):
        probe(tmp_path / f"cut.{suffix}")


@pytest.mark.parametrize(("suffix", "container"), [("mp4", "mp4"), ("mov", "mov"), ("m4a", "ipod")])
def test_a_film_that_lost_its_index_is_refused(tmp_path: Path, suffix: str, container: str) -> None:
    whole = film(tmp_path / f"a.{suffix}", container=container, video=None if suffix == "m4a" else "mpeg4").read_bytes()
    (tmp_path / f"cut.{suffix}").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InvalidRequestError, match=rf"cut\.{suffix} begins like \w+ but cannot be read"):
        probe(tmp_path / f"cut.{suffix}")


def test_a_film_whose_pictures_are_damaged_is_refused(tmp_path: Path) -> None:
    whole = bytearray(film(tmp_path / "a.mkv", container="matroska", video="libx264", audio=None).read_bytes())
    start = whole.find(b"\x1f\x43\xb6\x75")  # the first cluster
    whole[start + 40 : -50] = bytes(len(whole) - start - 90)
    (tmp_path / "b.mkv").write_bytes(whole)
    with pytest.raises(InvalidRequestError, match=r"b\.mkv begins like MKV but cannot be read"):
        probe(tmp_path / "b.mkv")


def test_a_film_with_metadata_in_an_old_encoding_is_accepted(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp3", container="mp3", video=None, audio="libmp3lame")
    tag = b"TIT2" + (6).to_bytes(4, "big") + b"\x00\x00" + b"\x03\xff\xfe\xe9\xe8\xff"
    path.write_bytes(b"ID3\x04\x00\x00" + bytes([0, 0, 0, len(tag)]) + tag + path.read_bytes())
    assert probe(path).format == "mp3"


def test_a_song_that_ffmpeg_would_take_for_a_call_to_the_network_is_read_as_a_song(tmp_path: Path) -> None:
    song = film(tmp_path / "a.mp3", container="mp3", video=None, audio="libmp3lame").read_bytes()
    frame = b"\xff\xfb\x92\x64" + b"\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n".ljust(414)
    (tmp_path / "b.mp3").write_bytes(frame * 2 + b" " * 1500 + song[song.find(b"\xff\xfb") :])
    with pytest.raises(av.error.InvalidDataError):  # left to guess, it reads SDP, which opens sockets
        av.open(str(tmp_path / "b.mp3"))
    assert probe(tmp_path / "b.mp3").format == "mp3"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x1a\x45\xdf\xa3\x84\x42\x82\x84mine", "of a kind that is not known here"),
        (b"\xff\xfb\x90\x00" + bytes(800), "of a kind that is not known here"),  # one frame header and no second
        (b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f", "of a kind that is not known here"),
    ],
)
def test_what_only_begins_like_a_format_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.mp3").write_bytes(content)
    with pytest.raises(UnsupportedFileError, match=words):
        probe(tmp_path / "a.mp3")


def test_the_users_name_is_made_safe_in_messages(tmp_path: Path) -> None:
    (tmp_path / "0001").touch()
    with pytest.raises(InvalidRequestError, match=r"^robot\.png is empty"):
        probe(tmp_path / "0001", "C:\\Users\\me\\\u202erobot.png")


def test_a_film_that_is_too_long_is_refused(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mkv", container="matroska", video="mpeg4", audio=None, fps=1, seconds=2)
    with av.open(str(path)) as source, av.open(str(tmp_path / "long.mkv"), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(p for p in source.demux() if p.dts is not None):
            packet.stream = stream
            packet.pts = packet.dts = int(number * 7300 / packet.time_base)
            out.mux(packet)
    with pytest.raises(FileTooLargeError, match=r"long\.mkv is longer than 2 hours, which is the limit"):
        probe(tmp_path / "long.mkv")


def test_importing_the_module_loads_neither_ffmpeg_nor_pillow() -> None:
    code = "import sys, ipynemo.backend.media; print([m for m in ('av', 'PIL', 'numpy', 'cv2') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"
