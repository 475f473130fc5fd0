"""Files made to exhaust or mislead a reader, each probed in a process of its own, with the memory it took measured."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from PIL import Image

from ipynemo.backend.media import probe
from ipynemo.errors import NemoError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PROBE = """
import json, resource, sys
from pathlib import Path
import av, PIL.Image, PIL.PngImagePlugin, PIL.JpegImagePlugin, PIL.GifImagePlugin, PIL.WebPImagePlugin
from ipynemo.backend.media import probe
from ipynemo.errors import NemoError
PIL.Image.preinit()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
answers = []
for path in sys.argv[1:]:
    try:
        answers.append(probe(Path(path)).format)
    except NemoError as error:
        answers.append(f"{type(error).__name__}: {error}")
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps({"answers": answers, "grown_mb": grown / (1 << 20 if sys.platform == "darwin" else 1 << 10)}))
"""


def probed(*paths: Path) -> tuple[list[str], float]:
    """Probe files in a new process; return the answers, and how many MB of memory it grew by."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    arguments = [sys.executable, "-W", "ignore", "-c", PROBE, *map(str, paths)]
    answer = json.loads(subprocess.check_output(arguments, env=environment, text=True, timeout=120))
    return answer["answers"], answer["grown_mb"]


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *, colour: int = 6, more: bytes = b"", pixels: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + more + png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")
    )


def zeros_deflated(count: int) -> bytes:
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(count >> 20)]
    return b"".join([*parts, packer.compress(bytes(count & (1 << 20) - 1)), packer.flush()])


def huge_png() -> bytes:
    return png(60_000, 60_000, pixels=zeros_deflated(1 << 24))


def strip_png() -> bytes:
    return png(1_000_000, 10, pixels=zeros_deflated(1 << 20))


def png_of_four_billion_frames() -> bytes:
    control = png_chunk(b"acTL", struct.pack(">II", 0xFFFFFFFF, 0))
    return png(64, 64, more=control, pixels=zeros_deflated(64 * 257))


def png_of_countless_chunks() -> bytes:
    return png(64, 64, more=png_chunk(b"teXt", b"") * 1_000_001)


def gif_of_many_frames(frames: int = 100_000) -> bytes:
    frame = (
        b"\x21\xf9\x04\x00\x02\x00\x00\x00" + b"\x2c" + struct.pack("<HHHHB", 0, 0, 8, 8, 0) + b"\x02\x02\x4c\x01\x00"
    )
    return b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0x80, 0, 0) + bytes(6) + frame * frames + b"\x3b"


def gif_with_a_frame_beyond_its_canvas() -> bytes:
    frame = b"\x2c" + struct.pack("<HHHHB", 60_000, 60_000, 5_000, 5_000, 0) + b"\x02\x02\x4c\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0x80, 0, 0) + bytes(6) + frame + b"\x3b"


def webp_with_a_huge_canvas() -> bytes:
    body = b"VP8X" + struct.pack("<I", 10) + b"\x02\x00\x00\x00" + b"\xff\xff\x00" + b"\xff\xff\x00"
    body += b"ANIM" + struct.pack("<I", 6) + bytes(6)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(buffer, "JPEG")
    return buffer.getvalue()


def jpeg_with_a_huge_size() -> bytes:
    data = bytearray(jpeg())
    at = data.find(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 65_500, 65_500)
    return bytes(data)


def jpeg_of_a_thousand_passes() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8_000, 8_000)).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    last = data.rfind(b"\xff\xda")
    return data[:last] + data[last:-2] * 1_000 + data[-2:]


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "huge.png": (huge_png, "has 60000 × 60000 pixels; the limit is 89 million pixels, and 65535 on a side"),
    "strip.png": (strip_png, "has 1000000 × 10 pixels"),
    "many.png": (png_of_four_billion_frames, "is an animation of 4294967295 frames"),
    "chunks.png": (png_of_countless_chunks, "begins like a PNG picture but cannot be read"),
    "many.gif": (gif_of_many_frames, "is an animation of 100000 frames of 8 × 8 pixels; the limit is 5000 frames"),
    "beyond.gif": (gif_with_a_frame_beyond_its_canvas, "has 65000 × 65000 pixels"),
    "huge.webp": (webp_with_a_huge_canvas, "has 65536 × 65536 pixels"),
    "huge.jpg": (jpeg_with_a_huge_size, "has 65500 × 65500 pixels"),
    "passes.jpg": (jpeg_of_a_thousand_passes, "is a JPEG in 101 passes; the limit is 100"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_picture_that_promises_too_much_is_refused_without_being_decoded(tmp_path: Path, name: str) -> None:
    make, words = REFUSED[name]
    (tmp_path / name).write_bytes(make())
    (answer,), grown_mb = probed(tmp_path / name)
    assert words in answer
    assert grown_mb < 30


def test_the_largest_picture_allowed_takes_no_more_than_its_pixels(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(9_400, 9_400, pixels=zeros_deflated(9_400 * (9_400 * 4 + 1))))
    assert probed(tmp_path / "a.png")[0] == ["png"]
    assert probed(tmp_path / "a.png")[1] < 9_400 * 9_400 * 4 / (1 << 20) + 40


def test_a_text_that_unpacks_to_a_gigabyte_takes_no_memory(tmp_path: Path) -> None:
    bomb = zeros_deflated(1 << 30)
    chunks = [(b"zTXt", b"parameters\x00\x00" + bomb), (b"iCCP", b"profile\x00\x00" + bomb)]
    for kind, body in chunks:
        (tmp_path / f"{kind.decode()}.png").write_bytes(
            png(64, 64, more=png_chunk(kind, body), pixels=zeros_deflated(64 * 257))
        )
    _, grown_mb = probed(*sorted(tmp_path.iterdir()))
    assert grown_mb < 100


def test_exif_whose_tags_all_claim_the_same_megabytes_takes_no_memory(tmp_path: Path) -> None:
    count, size = 1_000, 2_000_000
    entries = b"".join(struct.pack("<HHII", 0x4000 + n, 7, size - 20_000, 12_050) for n in range(count))
    tiff = (b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", count) + entries + bytes(4)).ljust(size, b"\x00")
    bodies = [b"Exif\x00\x00" + tiff[at : at + 65_000] for at in range(0, size, 65_000)]
    segments = b"".join(b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body for body in bodies)
    plain = jpeg()
    (tmp_path / "a.jpg").write_bytes(
        plain[:2] + segments + plain[20:]
    )  # without JFIF, so that EXIF is asked for the dpi
    (answer,), grown_mb = probed(tmp_path / "a.jpg")
    assert answer == "jpeg"
    assert grown_mb < 60


def vp8_film(path: Path) -> bytes:
    with av.open(str(path), "w", format="webm") as out:
        stream = out.add_stream("libvpx", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        out.mux(stream.encode(av.VideoFrame(160, 90, "yuv420p")))
        out.mux(stream.encode())
    return path.read_bytes()


def test_a_film_whose_frames_are_larger_than_its_header_says_takes_no_memory(tmp_path: Path) -> None:
    data = bytearray(vp8_film(tmp_path / "a.webm"))
    at = data.find(b"\x9d\x01\x2a")
    data[at + 3 : at + 7] = struct.pack("<HH", 12_000, 12_000)
    (tmp_path / "a.webm").write_bytes(data)
    (answer,), grown_mb = probed(tmp_path / "a.webm")
    assert answer.startswith("InvalidRequestError: a.webm begins like WEBM but cannot be read")
    assert grown_mb < 30


def test_a_film_whose_header_says_a_huge_size_is_refused(tmp_path: Path) -> None:
    data = vp8_film(tmp_path / "a.webm")
    wide = data.replace(b"\xb0\x81\xa0\xba\x81\x5a", b"\xb0\x82\x5d\xc0\xba\x80", 1)  # width 24,000; height empty
    (tmp_path / "a.webm").write_bytes(wide)
    (answer,), grown_mb = probed(tmp_path / "a.webm")
    assert answer.startswith(("FileTooLargeError: a.webm is a video of 24000", "InvalidRequestError: a.webm begins"))
    assert grown_mb < 30


def test_a_film_of_too_many_streams_is_refused(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mkv"), "w", format="matroska") as out:
        streams = [out.add_stream("pcm_s16le", rate=8000) for _ in range(80)]
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1600), np.int16), format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 8000, 0
        for stream in streams:
            out.mux(stream.encode(frame))
    (answer,), grown_mb = probed(tmp_path / "a.mkv")
    assert answer == "FileTooLargeError: a.mkv has more than 64 streams, which is the limit. Export it with fewer."
    assert grown_mb < 30


def atom(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


def test_a_film_whose_tables_promise_billions_of_entries_takes_no_memory(tmp_path: Path) -> None:
    table = atom(b"stsz", struct.pack(">III", 0, 0, 0xFFFFFFF0)) + atom(b"stts", struct.pack(">II", 0, 0xFFFFFFF0))
    track = atom(b"trak", atom(b"mdia", atom(b"minf", atom(b"stbl", table))))
    (tmp_path / "a.mp4").write_bytes(atom(b"ftyp", b"isom\x00\x00\x00\x00isom") + atom(b"moov", track * 20))
    (answer,), grown_mb = probed(tmp_path / "a.mp4")
    assert "Error: a.mp4 " in answer
    assert grown_mb < 60


def external_track(target: Path) -> bytes:
    """Return a QuickTime film whose only track keeps its samples in another file, by the path in its data reference."""
    alias = (
        bytearray(150)
        + struct.pack(">hh", 2, len(str(target)))
        + str(target).encode()
        + b"\x00"
        + struct.pack(">h", -1)
    )
    reference = atom(b"dref", struct.pack(">II", 0, 1) + atom(b"alis", struct.pack(">I", 0) + bytes(alias)))
    entry = struct.pack(">I4s6xHHHIHHHHI", 36, b"sowt", 1, 0, 0, 0, 1, 16, 0, 0, 8000 << 16)
    tables = (
        atom(b"stsd", struct.pack(">II", 0, 1) + entry)
        + atom(b"stts", struct.pack(">IIII", 0, 1, 1000, 1))
        + atom(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1000, 1))
        + atom(b"stsz", struct.pack(">III", 0, 2, 1000))
        + atom(b"stco", struct.pack(">III", 0, 1, 0))
    )
    media = (
        atom(b"mdhd", struct.pack(">IIIIIHH", 0, 0, 0, 8000, 1000, 0, 0))
        + atom(b"hdlr", struct.pack(">I4s4sIIIB", 0, b"mhlr", b"soun", 0, 0, 0, 0))
        + atom(b"minf", atom(b"smhd", bytes(8)) + atom(b"dinf", reference) + atom(b"stbl", tables))
    )
    header = atom(b"tkhd", struct.pack(">IIIII", 1, 0, 0, 1, 0) + bytes(64))
    return atom(b"ftyp", b"qt  \x00\x00\x00\x00qt  ") + atom(b"moov", atom(b"trak", header + atom(b"mdia", media)))


def test_a_film_that_keeps_its_sound_in_another_file_does_not_get_it_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret.raw"
    secret.write_bytes(np.arange(1000, dtype=np.int16).tobytes())
    (tmp_path / "a.mov").write_bytes(external_track(secret))
    follow = {"enable_drefs": "1", "use_absolute_path": "1"}
    with av.open(str(tmp_path / "a.mov"), options=follow) as container:  # the file does what it is meant to
        assert next(container.decode(audio=0)).to_ndarray()[0, :3].tolist() == [0, 1, 2]
    answers, _ = probed(tmp_path / "a.mov")
    assert "begins like MOV but cannot be read: nothing in it decodes" in answers[0]


FORMATS = ["aac", "avi", "gif", "jpeg", "m4a", "mkv", "mov", "mp3", "mp4", "png", "wav", "webm", "webp"]


def samples(folder: Path) -> list[Path]:
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 255, (40, 40, 3), dtype=np.uint8))
    for suffix in ("jpg", "png", "webp"):
        picture.save(folder / f"a.{suffix}")
    picture.save(folder / "a.gif", save_all=True, append_images=[picture.rotate(90)])
    vp8_film(folder / "a.webm")
    for suffix, codec in (("mp4", "libx264"), ("mov", "mpeg4"), ("avi", "mjpeg"), ("mkv", "libx264")):
        with av.open(str(folder / f"a.{suffix}"), "w") as out:
            stream = out.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = 48, 48, "yuvj420p" if codec == "mjpeg" else "yuv420p"
            frame = av.VideoFrame(48, 48, stream.pix_fmt)
            out.mux(stream.encode(frame))
            out.mux(stream.encode())
    for suffix, codec in (("mp3", "libmp3lame"), ("wav", "pcm_s16le"), ("m4a", "aac"), ("aac", "aac")):
        with av.open(str(folder / f"a.{suffix}"), "w", format={"m4a": "ipod", "aac": "adts"}.get(suffix)) as out:
            stream = out.add_stream(codec, rate=44100)
            noise = np.random.default_rng(2).integers(-9000, 9000, (1, 8820), dtype=np.int16)
            frame = av.AudioFrame.from_ndarray(noise, format="s16", layout="stereo")
            frame.sample_rate, frame.pts = 44100, 0
            out.mux(stream.encode(frame))
            out.mux(stream.encode())
    return sorted(folder.iterdir())


def test_files_damaged_at_random_are_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "damaged").mkdir()
    whole = samples(tmp_path / "whole")
    assert [probe(path).format for path in whole] == FORMATS
    random = np.random.default_rng(3)
    for path in whole:
        content = np.frombuffer(path.read_bytes(), np.uint8)
        for number in range(25):
            damaged = content.copy()
            places = random.integers(0, min(len(damaged), 600), 1 + number)
            damaged[places] = random.integers(0, 256, len(places), dtype=np.uint8)
            (tmp_path / "damaged" / f"{number}-{path.name}").write_bytes(damaged.tobytes())
    answers, grown_mb = probed(*sorted((tmp_path / "damaged").iterdir()))
    assert len(answers) == 13 * 25
    assert grown_mb < 400


def answer_to(path: Path) -> str:
    try:
        return probe(path).format
    except NemoError as error:
        return str(error)


def test_files_cut_anywhere_are_read_or_refused_by_name(tmp_path: Path) -> None:
    for path in samples(tmp_path):
        content = path.read_bytes()
        for length in (1, 7, 12, 40, len(content) // 3, len(content) - 3):
            path.write_bytes(content[:length])
            answer = answer_to(path)
            assert answer in FORMATS or answer.startswith(path.name)
