"""Pictures as the encoder takes them: one plane of light (Y), two of colour (U, V) at half the size, BT.709, limited.

Everything is drawn in these planes, so that no frame is converted: half the bytes of RGB, and none of the work. What is
see-through is kept premultiplied, with its alpha at both sizes. In a frame a colour sample lies on the left of its two
columns and between its two rows (where H.264 has it unless told otherwise); in a picture it lies amid its four pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

if TYPE_CHECKING:
    from ipynemo.backend.render.values import Colour

__all__ = ["Plane", "Planes", "for_frame", "from_colour", "from_pixels", "from_rgb", "planes_of", "to_rgb_array"]

Plane = np.ndarray  # uint8

KR, KB = 0.2126, 0.0722
ZERO = (16, 128, 128)  # what stands for nothing: black, without colour
_SWS = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP
_ACROSS, _DOWN = np.array([0.25, 0.5, 0.25]), np.array([0.5, 0.5])


@dataclass(frozen=True, slots=True)
class Planes:
    """A picture of even width and height, or a part of a frame that begins at even places.

    Attributes
    ----------
    y : ndarray, shape (height_px, width_px), uint8
    u, v : ndarray, shape (height_px / 2, width_px / 2), uint8
    alpha, thin : ndarray or None
        How strongly it covers, 0–255, at the size of `y` and of `u`; the planes are then premultiplied. None: wholly.
    """

    y: Plane
    u: Plane
    v: Plane
    alpha: Plane | None = None
    thin: Plane | None = None

    @property
    def each(self) -> tuple[tuple[Plane, Plane | None], ...]:
        """The three planes, each with its alpha."""
        return ((self.y, self.alpha), (self.u, self.thin), (self.v, self.thin))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.y.shape[1], self.y.shape[0]

    def put(self, other: Planes) -> None:
        """Take over the pixels of a picture of the same size."""
        for (mine, _), (theirs, _) in zip(self.each, other.each, strict=True):
            np.copyto(mine, theirs)

    def scaled(self, size: tuple[int, int], pad: int = 0) -> Planes:
        """Return the picture scaled to an even width and height, within a border of `pad` pixels that repeats its edge.

        The border, an even number of pixels, is that of `y`; the colours have half as much.
        """
        half, thin_pad = (size[0] // 2, size[1] // 2), pad // 2
        return Planes(
            _scaled(self.y, size, pad),
            _scaled(self.u, half, thin_pad),
            _scaled(self.v, half, thin_pad),
            None if self.alpha is None else _scaled(self.alpha, size, pad),
            None if self.thin is None else _scaled(self.thin, half, thin_pad),
        )

    def copy(self) -> Planes:
        """Return the same picture, which must have no alpha, with memory of its own."""
        return Planes(self.y.copy(), self.u.copy(), self.v.copy())


def planes_of(frame: av.VideoFrame) -> Planes:
    """Return the memory of a frame in yuv420p as planes to read and to write."""
    views = [np.frombuffer(memoryview(p), np.uint8).reshape(p.height, p.line_size)[:, : p.width] for p in frame.planes]
    return Planes(*views)


def from_colour(colour: Colour, width: int, height: int) -> Planes:
    """Return a picture of one colour."""
    red, green, blue = (value / 255 for value in colour.rgb)
    luma = KR * red + (1 - KR - KB) * green + KB * blue
    values = (
        16 + 219 * luma,
        128 + 224 * (blue - luma) / (2 * (1 - KB)),
        128 + 224 * (red - luma) / (2 * (1 - KR)),
    )
    shapes = ((height, width), (height // 2, width // 2), (height // 2, width // 2))
    return Planes(*(np.full(shape, round(value), np.uint8) for shape, value in zip(shapes, values, strict=True)))


def _reformatted(rgb: np.ndarray, size: tuple[int, int], layout: str = "yuv420p") -> Planes:
    frame = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(rgb), format="rgb24")
    return planes_of(
        VideoReformatter().reformat(  # one that several threads share would mix up their pictures
            frame,
            width=size[0],
            height=size[1],
            format=layout,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            dst_colorspace=Colorspace.ITU709,
            interpolation=_SWS,
        )
    )


def _scaled(plane: Plane, size: tuple[int, int], pad: int = 0) -> Plane:
    """Return a plane scaled to a width and a height; where nothing is asked for, the same one."""
    if not pad and plane.shape == size[::-1]:
        return plane
    wide = np.empty((size[1] + 2 * pad, size[0] + 2 * pad), np.uint8)
    inner = wide[pad : pad + size[1], pad : pad + size[0]]  # drawn where it stays: as a copy it would be memory twice
    shrinks = size[0] <= plane.shape[1] and size[1] <= plane.shape[0]
    cv2.resize(plane, size, inner, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    if pad:
        wide[:pad, pad:-pad], wide[-pad:, pad:-pad] = inner[0], inner[-1]
        wide[:, :pad], wide[:, -pad:] = wide[:, pad : pad + 1], wide[:, -pad - 1 : -pad]
    return wide


def _without_offset(plane: Plane, zero: int, alpha: Plane) -> Plane:
    """Return a plane made of premultiplied colours, premultiplied itself: its zero point counts as little as it covers.

    A resampler may overshoot at an edge; no premultiplied value may be larger than its alpha allows.
    """
    clear = cv2.convertScaleAbs(cv2.bitwise_not(alpha), alpha=zero / 255)
    left: Plane = np.minimum(cv2.subtract(plane, clear), alpha)
    return left


def from_rgb(rgb: np.ndarray, alpha: np.ndarray | None = None, size: tuple[int, int] | None = None) -> Planes:
    """Return a picture in planes, scaled on the way, which costs hardly more.

    Parameters
    ----------
    rgb : ndarray, shape (height_px, width_px, 3), uint8
        Premultiplied where there is alpha.
    alpha : ndarray, shape (height_px, width_px), uint8, optional
    size : tuple of int, optional
        Width and height, both even; by default the picture's own, made even.
    """
    size = size or (max(2, rgb.shape[1] // 2 * 2), max(2, rgb.shape[0] // 2 * 2))
    planes = _reformatted(rgb, size)
    if alpha is None:
        return planes
    whole = _scaled(np.ascontiguousarray(alpha), size)
    thin = cv2.resize(whole, (size[0] // 2, size[1] // 2), interpolation=cv2.INTER_AREA)
    light = _without_offset(planes.y, ZERO[0], whole)
    blue, red = (_without_offset(plane, ZERO[1], thin) for plane in (planes.u, planes.v))
    return Planes(light, blue, red, whole, thin)


def from_pixels(mode: str, pixels: np.ndarray, size: tuple[int, int] | None = None) -> Planes:
    """Return the pixels of a picture of mode RGB, or RGBa (premultiplied), in planes; see `from_rgb`."""
    if mode == "RGBa":
        return from_rgb(pixels[..., :3], pixels[..., 3], size)
    return from_rgb(pixels, None, size)


def for_frame(rgb: np.ndarray, alpha: np.ndarray | None = None) -> Planes:
    """Return pixels of a frame in planes, nothing scaled, each colour sample where it lies in a frame.

    Parameters
    ----------
    rgb : ndarray, shape (height_px, width_px, 3), uint8
        Of even width and height, beginning at even places of the frame; premultiplied where there is alpha.
    alpha : ndarray, shape (height_px, width_px), uint8, optional
    """
    full = _reformatted(rgb, (rgb.shape[1], rgb.shape[0]), "yuv444p")
    if alpha is None:
        return Planes(full.y.copy(), _thinned(full.u), _thinned(full.v))
    light, blue, red = (
        _without_offset(plane, zero, alpha) for plane, zero in zip((full.y, full.u, full.v), ZERO, strict=True)
    )
    return Planes(light, _thinned(blue), _thinned(red), alpha, _thinned(alpha))


def _thinned(plane: Plane) -> Plane:
    """Return a quarter of the samples: those on every second column, between every two rows."""
    soft = cv2.sepFilter2D(plane, -1, _ACROSS, _DOWN, anchor=(1, 0), borderType=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(soft[::2, ::2])


def to_rgb_array(planes: Planes) -> np.ndarray:
    """Return a frame as RGB by the formulas of the standard, colours between their samples interpolated.

    Returns
    -------
    ndarray, shape (height_px, width_px, 3), uint8, RGB
    """
    width, height = planes.size
    light = (planes.y.astype(np.float32) - 16) / 219
    # Column 2 n of the frame lies on colour sample n; row 2 n lies a quarter above it.
    to_samples = np.array([[0.5, 0, 0], [0, 0.5, -0.25]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    blue, red = (
        cv2.warpAffine(plane.astype(np.float32), to_samples, (width, height), None, flags, cv2.BORDER_REPLICATE)
        for plane in (planes.u, planes.v)
    )
    blue, red = (blue - 128) * (2 * (1 - KB) / 224), (red - 128) * (2 * (1 - KR) / 224)
    green = -(KB * blue + KR * red) / (1 - KR - KB)
    rgb = np.stack([light + red, light + green, light + blue], axis=2)
    pixels: np.ndarray = np.clip(np.rint(rgb * 255), 0, 255).astype(np.uint8)
    return pixels
