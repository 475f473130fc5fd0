"""Media made on the spot, and MP4 files taken apart, by other means than the renderer's own."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ipynemo.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

RED, GREEN, BLUE = (255, 0, 0), (0, 128, 0), (0, 0, 255)
WHITE, BLACK, GREY = (255, 255, 255), (0, 0, 0), (128, 128, 128)


def plain(path: Path, colour: tuple[int, ...], size: tuple[int, int] = (320, 180), mode: str = "RGB") -> Path:
    """Write a picture of one colour."""
    Image.new(mode, size, colour).save(path)
    return path


def draft_of(*tracks: dict[str, Any], size: tuple[int, int] = (320, 180), **meta: Any) -> Draft:
    return Draft({"t": list(tracks), "m": {"width": size[0], "height": size[1], "fps": 30, **meta}})


def video(*segments: dict[str, Any]) -> dict[str, Any]:
    return {"id": "v", "tt": 0, "sg": list(segments)}


def text(*segments: dict[str, Any], role: str = "title") -> dict[str, Any]:
    return {"id": "x", "tt": 7, "sg": list(segments), "m": {"role": role}}


def audio(*segments: dict[str, Any]) -> dict[str, Any]:
    return {"id": "a", "tt": 1, "sg": list(segments)}


def seg(st: int, d: int, **rest: Any) -> dict[str, Any]:
    keys = {"src": "src", "tx": "tx", "vol": "vol", "in_ms": "in"}
    meta = {key: value for key, value in rest.items() if key not in keys}
    return {"st": st, "d": d, **{keys[k]: v for k, v in rest.items() if k in keys}, "m": meta}


def bt709_to_rgb(frame: av.VideoFrame) -> np.ndarray:
    """Decode 4:2:0 limited-range BT.709 by the formulas of the standard, chroma repeated."""
    assert frame.format.name == "yuv420p"

    def plane(index: int) -> np.ndarray:
        p = frame.planes[index]
        return np.frombuffer(p, np.uint8).reshape(p.height, p.line_size)[:, : p.width].astype(np.float64)

    y = (plane(0) - 16) / 219
    cb, cr = (np.kron((plane(n) - 128) / 224, np.ones((2, 2))) for n in (1, 2))
    cb, cr = cb[: y.shape[0], : y.shape[1]], cr[: y.shape[0], : y.shape[1]]
    red, blue = y + 1.5748 * cr, y + 1.8556 * cb
    green = (y - 0.2126 * red - 0.0722 * blue) / 0.7152
    return np.clip(np.stack([red, green, blue], axis=2) * 255, 0, 255)


@dataclass
class Decoded:
    frames: list[np.ndarray]
    times: list[float]
    sound: np.ndarray
    rate: int
    duration_s: float

    def at(self, second: float) -> np.ndarray:
        return self.frames[round(second * 30)]

    def colour(self, second: float, x: float = 0.5, y: float = 0.5) -> tuple[int, ...]:
        frame = self.at(second)
        row, column = int(y * frame.shape[0]), int(x * frame.shape[1])
        return tuple(round(float(v)) for v in frame[row - 4 : row + 4, column - 4 : column + 4].mean(axis=(0, 1)))

    def loudness(self, start_s: float, end_s: float) -> float:
        part = self.sound[round(start_s * self.rate) : round(end_s * self.rate)]
        return float(np.sqrt((part**2).mean()))


def decode(path: Path) -> Decoded:
    with av.open(str(path)) as container:
        duration = container.duration / 1_000_000
        frames, times = [], []
        for frame in container.decode(video=0):
            frames.append(bt709_to_rgb(frame))
            times.append(float(frame.time))
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        pieces = [f.to_ndarray().T for f in container.decode(stream)]
        return Decoded(frames, times, np.concatenate(pieces), stream.rate, duration)


def near(a: Sequence[float], b: Sequence[float], by: float = 6) -> bool:
    return max(abs(x - y) for x, y in zip(a, b, strict=True)) <= by


def tone(seconds: float, hertz: float = 440, level: float = 0.5, rate: int = 48000, channels: int = 2) -> np.ndarray:
    wave = level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return np.repeat(wave[None], channels, axis=0).astype(np.float32)


def write_sound(path: Path, samples: np.ndarray, rate: int = 48000, codec: str = "pcm_s16le") -> Path:
    layout = "mono" if samples.shape[0] == 1 else "stereo"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        _encode_sound(container, stream, samples, rate, layout)
    return path


def _encode_sound(container: Any, stream: Any, samples: np.ndarray, rate: int, layout: str, start_s: float = 0) -> None:
    for start in range(0, samples.shape[1], 1024):
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples[:, start : start + 1024]), format="fltp", layout=layout
        )
        frame.sample_rate = rate
        frame.time_base = Fraction(1, rate)
        frame.pts = start + round(start_s * rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def write_film(
    path: Path,
    pictures: Iterable[tuple[float, tuple[int, int, int]]],
    size: tuple[int, int] = (320, 180),
    sound: np.ndarray | None = None,
    sound_start_s: float = 0.0,
    gop: int = 12,
) -> Path:
    """Write a film whose pictures are plain colours at given seconds, the last one twice as long as 1/30 s."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"crf": "12", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.gop_size = gop
        stream.codec_context.time_base = stream.time_base = Fraction(1, 15360)
        stream.codec_context.colorspace = stream.codec_context.color_primaries = stream.codec_context.color_trc = 1
        speaker = container.add_stream("aac", rate=48000, layout="stereo") if sound is not None else None
        for seconds, colour in pictures:
            rgb = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), colour, np.uint8), format="rgb24")
            frame = rgb.reformat(format="yuv420p", dst_colorspace=1, dst_color_range=1)
            frame.time_base = Fraction(1, 15360)
            frame.pts = round(seconds * 15360)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if speaker is not None:
            _encode_sound(container, speaker, sound, 48000, "stereo", sound_start_s)
    return path


# Rows: Y, U, V of BT.709 in the limited range, from RGB 0–255; and what black is.
YUV = (
    np.array(
        [
            [0.2126 * 219, 0.7152 * 219, 0.0722 * 219],
            [-0.2126 / 1.8556 * 224, -0.7152 / 1.8556 * 224, 0.5 * 224],
            [0.5 * 224, -0.7152 / 1.5748 * 224, -0.0722 / 1.5748 * 224],
        ],
        np.float32,
    )
    / 255,
    np.array([16, 128, 128], np.float32),
)


def picture_like(width: int, height: int, seed: int = 1) -> np.ndarray:
    """Make something with the detail of a photograph: soft light at every scale, hard edges, grain."""
    rng = np.random.default_rng(seed)
    out = np.full((height, width, 3), 128, np.float32)
    for columns, strength in ((5, 50), (20, 24), (80, 10), (240, 5)):
        small = rng.standard_normal((max(2, columns * height // width), columns, 3)).astype(np.float32) * strength
        layers = [Image.fromarray(small[..., n]).resize((width, height), Image.Resampling.BICUBIC) for n in range(3)]
        out += np.stack([np.asarray(layer) for layer in layers], axis=2)
    pen = Image.fromarray(np.clip(out, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(pen)
    for _ in range(12):
        x, y, r = rng.integers(0, width), rng.integers(0, height), rng.integers(width // 40, width // 8)
        draw.ellipse([x - r, y - r, x + r, y + r], fill=tuple(int(v) for v in rng.integers(20, 230, 3)))
    soft = pen.filter(ImageFilter.GaussianBlur(0.7))
    return np.clip(np.asarray(soft) + rng.normal(0, 2, (height, width, 1)), 0, 255).astype(np.uint8)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / max(float(((a.astype(np.float64) - b) ** 2).mean()), 1e-12)))


def at_samples(planes: np.ndarray, at: tuple[float, float, float], frame: tuple[int, int]) -> list[np.ndarray]:
    """Sample a picture (height, width, 3: Y, U, V) where a frame has its samples, by a cubic filter in floats."""
    x, y, factor = at
    out = []
    for n, (left, top, apart) in enumerate(((0.5, 0.5, 1), (0.5, 1.0, 2), (0.5, 1.0, 2))):
        pad = 16
        padded = Image.fromarray(np.pad(planes[..., n], pad, mode="edge"))
        x0, y0 = (left - apart / 2 - x) / factor + pad, (top - apart / 2 - y) / factor + pad
        size = (frame[0] // apart, frame[1] // apart)
        box = (x0, y0, x0 + frame[0] / factor, y0 + frame[1] / factor)
        out.append(np.asarray(padded.resize(size, Image.Resampling.BICUBIC, box=box)))
    return out
