"""The facts of one picture that its explainer is made from: size, format, colours, its busiest spot, its evidence."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from ipynemo.backend.explain.evidence import Evidence, evidence_for
from ipynemo.concepts.palette import palette
from ipynemo.draft.summary import plain

if TYPE_CHECKING:
    from ipynemo.backend.explain.assets import AssetFacts

__all__ = ["PictureFacts", "read_facts", "size_text"]

LOOK_PX = 256  # colours and detail of a picture are seen well enough on this many pixels
CELLS = 8
FORMATS = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "gif": "GIF", "webp": "WebP"}


@dataclass(frozen=True)
class PictureFacts:
    """What can be said of a picture without guessing.

    Parameters
    ----------
    asset : AssetFacts
    name : str
        The file's name, safe to show.
    width_px, height_px : int
    format : str
        As people write it: "PNG".
    size_bytes : int
        Of the file.
    palette : tuple of (str, float)
        The most frequent colours, as "#rrggbb", and the share of each, 0–1; empty where the pixels could not be read.
    spot : (float, float)
        The centre of the busiest part, as shares of width and height.
    pixel : ((int, int), (int, int, int)) or None
        The place of the pixel in the middle of the spot, from (0, 0), and its red, green and blue.
    evidence : Evidence
    """

    asset: AssetFacts
    name: str
    width_px: int
    height_px: int
    format: str
    size_bytes: int
    palette: tuple[tuple[str, float], ...]
    spot: tuple[float, float]
    pixel: tuple[tuple[int, int], tuple[int, int, int]] | None
    evidence: Evidence

    @property
    def colours(self) -> tuple[str, ...]:
        """The most frequent colours without their shares."""
        return tuple(colour for colour, _ in self.palette)

    @property
    def lightness(self) -> float:
        """How light the picture is as a whole, 0–1: the mean of its most frequent colours' sRGB values."""
        weight = sum(share for _, share in self.palette)
        values = (share * sum(bytes.fromhex(colour[1:7])) / 765 for colour, share in self.palette)
        return sum(values) / weight if weight else 0.0

    @property
    def numbers(self) -> int:
        """How many numbers the picture is made of: three for each pixel."""
        return self.width_px * self.height_px * 3


@dataclass(frozen=True)
class _Look:
    size: tuple[int, int]
    seen: np.ndarray
    spot: tuple[float, float]
    pixel: tuple[tuple[int, int], tuple[int, int, int]]


def size_text(size_bytes: int) -> str:
    """Return a file size as people read it.

    Examples
    --------
    >>> size_text(1_400_000), size_text(2_048), size_text(90)
    ('1.4 MB', '2 KB', '90 B')
    """
    for unit, least in (("MB", 1_000_000), ("KB", 1_000)):
        if size_bytes >= least:
            amount = size_bytes / least
            return f"{amount:.1f} {unit}" if amount < 10 and unit == "MB" else f"{amount:.0f} {unit}"
    return f"{size_bytes} B"


def _spot(small: np.ndarray) -> tuple[float, float]:
    """Return the centre of the cell with the most contrast between neighbours, away from the edges."""
    grey = small.astype(np.float32).mean(axis=2)
    change = np.zeros_like(grey)
    change[:, 1:] += np.abs(np.diff(grey, axis=1))
    change[1:, :] += np.abs(np.diff(grey, axis=0))
    height, width = grey.shape
    best, place = -1.0, (0.5, 0.5)
    for row in range(1, CELLS - 1):
        for column in range(1, CELLS - 1):
            cell = change[row * height // CELLS : (row + 1) * height // CELLS]
            cell = cell[:, column * width // CELLS : (column + 1) * width // CELLS]
            score = float(cell.mean()) if cell.size else 0.0
            if score > best * 1.02 + 1e-6:
                best, place = score, ((column + 0.5) / CELLS, (row + 0.5) / CELLS)
    return place if best > 0 else (0.5, 0.5)


def _look(asset: AssetFacts) -> _Look:
    """Open the picture once; only what is looked at is converted, because a large one would fill the memory."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd metadata makes Pillow warn; the pixels are what counts here
        with Image.open(asset.path) as opened:
            picture = ImageOps.exif_transpose(opened)
            if picture.mode in ("P", "PA", "LA", "1"):
                picture = picture.convert("RGBA")
    width, height = picture.size
    if picture.mode.startswith(("I", "F")):
        step = max(1, max(width, height) // LOOK_PX)
        small = Image.fromarray(np.asarray(picture)[::step, ::step])
    else:
        small = (
            picture.copy()
            if max(width, height) <= LOOK_PX
            else picture.resize(
                (max(1, width * LOOK_PX // max(width, height)), max(1, height * LOOK_PX // max(width, height))),
                Image.Resampling.BOX,
            )
        )
    seen = _flat(small)
    spot = _spot(seen)
    x, y = min(int(spot[0] * width), width - 1), min(int(spot[1] * height), height - 1)
    red, green, blue = (int(v) for v in _flat(picture.crop((x, y, x + 1, y + 1)))[0, 0])
    return _Look((width, height), seen, spot, ((x, y), (red, green, blue)))


def _flat(picture: Image.Image) -> np.ndarray:
    """Return the pixels as RGB, what is transparent on white, sixteen bits brought down to eight."""
    if picture.mode == "RGBA":
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    elif picture.mode.startswith("I"):
        picture = Image.fromarray((np.asarray(picture).clip(0, 65535) // 257).astype(np.uint8))
    elif picture.mode == "F":
        picture = Image.fromarray(np.asarray(picture).clip(0, 255).astype(np.uint8))
    return np.asarray(picture.convert("RGB"))


def read_facts(asset: AssetFacts) -> PictureFacts:
    """Read a picture's facts from its file; what cannot be read is left out, never made up."""
    width, height = asset.width_px or 0, asset.height_px or 0
    colours: tuple[tuple[str, float], ...] = ()
    spot: tuple[float, float] = (0.5, 0.5)
    pixel = None
    try:
        look = _look(asset)
        (width, height), spot, pixel = look.size, look.spot, look.pixel
        colours = tuple(palette(look.seen, 6))
        evidence = evidence_for(asset)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        evidence = Evidence((), readable=False)
    path = Path(asset.path)
    return PictureFacts(
        asset=asset,
        name=plain(asset.name, 60) or asset.id,
        width_px=width,
        height_px=height,
        format=FORMATS.get(asset.format.lower(), asset.format.upper()),
        size_bytes=path.stat().st_size if path.is_file() else 0,
        palette=colours,
        spot=spot,
        pixel=pixel,
        evidence=evidence,
    )
