"""Real MP4s, measured by their own boxes."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peer import make_video

from ipynemo.client.mp4 import measure
from ipynemo.errors import ProtocolError


@pytest.mark.parametrize("movflags", ["faststart", "", "frag_keyframe+empty_moov", "faststart+use_metadata_tags"])
def test_a_video_is_measured_wherever_its_header_lies(tmp_path: Path, movflags: str) -> None:
    path = make_video(tmp_path / "clip.mp4", width=192, height=108, frames=25, fps=10, movflags=movflags)
    duration_s, width_px, height_px = measure(path)
    assert (width_px, height_px) == (192, 108)
    # A fragmented file that was written in one go does not say how long it is.
    assert duration_s == (0.0 if "empty_moov" in movflags else 2.5)


@pytest.mark.parametrize(("degrees", "size"), [(0, (64, 48)), (90, (48, 64)), (180, (64, 48)), (270, (48, 64))])
def test_a_turned_video_is_measured_as_it_is_shown(tmp_path: Path, degrees: int, size: tuple[int, int]) -> None:
    path = make_video(tmp_path / "clip.mp4")
    data = path.read_bytes()
    at = data.index(b"tkhd") + 4 + 40
    one, minus = (1 << 16).to_bytes(4, "big"), (-1 << 16).to_bytes(4, "big", signed=True)
    none = bytes(4)
    a, b, c, d = {
        0: (one, none, none, one),
        90: (none, one, minus, none),
        180: (minus, none, none, minus),
        270: (none, minus, one, none),
    }[degrees]
    path.write_bytes(data[:at] + a + b + none + c + d + none + data[at + 24 :])
    with av.open(str(path)) as container:  # the same, as a player reads it
        frame = next(container.decode(video=0))
        assert round(frame.rotation) % 360 in (degrees, 360 - degrees)
    assert measure(path)[1:] == size


def wide(data: bytes) -> bytes:
    """Write the sizes of the file's own boxes with 64 bits."""
    out, at = b"", 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        out += (1).to_bytes(4, "big") + data[at + 4 : at + 8] + (size + 8).to_bytes(8, "big") + data[at + 8 : at + size]
        at += size
    return out


def test_64_bit_boxes_are_read(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", movflags="")
    path.write_bytes(wide(path.read_bytes()))
    assert measure(path) == (2.0, 64, 48)


def test_a_last_box_without_a_size_reaches_to_the_end(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4")
    data = path.read_bytes()
    at = data.rindex(b"mdat") - 4
    path.write_bytes(data[:at] + bytes(4) + data[at + 4 :])
    assert measure(path) == (2.0, 64, 48)


def test_a_header_of_version_1_is_read(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", movflags="")
    data = path.read_bytes()

    def widened(data: bytes, kind: bytes, times: int) -> bytes:
        """Write a full box's times with 64 bits; `times` counts the 32-bit fields up to the duration."""
        at = data.index(kind) - 4
        size = int.from_bytes(data[at : at + 4], "big")
        fields = [data[at + 12 + 4 * n : at + 16 + 4 * n] for n in range(times)]
        long = {0, 1, times - 1}  # created, changed, duration; not the scale or the track's number
        body = b"".join((bytes(4) if n in long else b"") + field for n, field in enumerate(fields))
        rest = data[at + 12 + 4 * times : at + size]
        box = kind + b"\1" + data[at + 9 : at + 12] + body + rest
        return data[:at] + (len(box) + 4).to_bytes(4, "big") + box + data[at + size :]

    longer = widened(widened(data, b"mvhd", 4), b"tkhd", 5)
    grown = len(longer) - len(data)
    for parent in (b"moov", b"trak"):
        at = longer.index(parent) - 4
        inside = grown if parent == b"moov" else 12
        size = int.from_bytes(longer[at : at + 4], "big") + inside
        longer = longer[:at] + size.to_bytes(4, "big") + longer[at + 4 :]
    path.write_bytes(longer)
    assert grown == 24
    assert measure(path) == (2.0, 64, 48)


@pytest.mark.parametrize("missing", [1, 100, 1000])
def test_a_video_without_its_end_is_noticed_although_its_header_is_whole(tmp_path: Path, missing: int) -> None:
    path = make_video(tmp_path / "clip.mp4")
    path.write_bytes(path.read_bytes()[:-missing])
    with pytest.raises(ProtocolError, match=f"not whole: {missing} bytes are missing"):
        measure(path)


@pytest.mark.parametrize("content", [b"", b"\0\0\0\x08free", b"<html>", b"\0" * 100, b"\xff" * 100, b"\0\0\0\x01moov"])
def test_what_is_no_video_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "clip.mp4").write_bytes(content)
    with pytest.raises(ProtocolError):
        measure(tmp_path / "clip.mp4")


def test_a_sound_without_a_picture_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(ProtocolError, match="not a video"):
        measure(path)


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 3000), value=st.binary(min_size=1, max_size=8))
def test_a_spoilt_header_is_an_error_or_a_measure_and_never_a_crash(
    at: int, value: bytes, tmp_path_factory: pytest.TempPathFactory, video: Path
) -> None:
    data = video.read_bytes()
    at %= len(data)
    path = video.with_name("spoilt.mp4")
    path.write_bytes(data[:at] + value + data[at + len(value) :])
    try:
        duration_s, width_px, height_px = measure(path)
    except ProtocolError:
        return
    assert duration_s >= 0
    assert width_px > 0
    assert height_px > 0
