"""Painting with alpha, slowly and well: what texts, panels and marks are made of before they are laid over frames.

All masks are floats, 0–1, and all edges are smooth: a shape is its signed distance, cut to one pixel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw

from ipynemo.backend.render.fonts import has_shaping, measure, sized
from ipynemo.backend.render.lines import visual_runs

if TYPE_CHECKING:
    from ipynemo.backend.render.text import Block
    from ipynemo.backend.render.values import Colour

__all__ = ["Canvas", "blurred", "grown", "letters", "rounded"]


class Canvas:
    """Premultiplied float RGBA to paint on: `rgba`, of shape (height_px, width_px, 4)."""

    def __init__(self, width: int, height: int) -> None:
        # In memory colour by colour: numpy works on long rows several times as fast as on four numbers at a time.
        self.rgba = np.zeros((4, height, width), np.float32).transpose(1, 2, 0)

    def paint(self, mask: np.ndarray, colour: Colour, opacity: float = 1.0, corner: tuple[int, int] = (0, 0)) -> None:
        """Lay a colour over the part that begins at `corner` (x, y), as strongly as the mask (0–1) says."""
        part = self.rgba[corner[1] : corner[1] + mask.shape[0], corner[0] : corner[0] + mask.shape[1]]
        cover = mask[: part.shape[0], : part.shape[1]] * np.float32(colour.alpha * opacity)
        left = 1 - cover
        for number, value in enumerate((*colour.rgb, 255)):
            part[..., number] *= left
            part[..., number] += cover * np.float32(value)

    def finished(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the pixels, premultiplied, and their alpha, in 8 bits."""
        bands = [cv2.convertScaleAbs(self.rgba[..., number]) for number in range(4)]  # to the nearest, cut to 0–255
        return cv2.merge(bands[:3]), bands[3]


def rounded(shape: tuple[int, int], box: tuple[float, float, float, float], radius: float) -> np.ndarray:
    """Return the mask of a rounded rectangle, with smooth edges: its signed distance, clipped.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the mask.
    box : tuple of float
        Left, top, right, bottom.
    radius : float
        Of the corners, in pixels.
    """
    height, width = shape
    left, top, right, bottom = box
    radius = min(radius, (right - left) / 2, (bottom - top) / 2)
    dx = np.abs(np.arange(width) + 0.5 - (left + right) / 2) - (right - left) / 2 + radius
    dy = np.abs(np.arange(height) + 0.5 - (top + bottom) / 2) - (bottom - top) / 2 + radius
    outside = np.hypot(np.maximum(dx, 0)[None, :], np.maximum(dy, 0)[:, None])
    inside = np.minimum(np.maximum(dx[None, :], dy[:, None]), 0)
    distance = outside + inside - radius
    mask: np.ndarray = np.clip(0.5 - distance, 0, 1).astype(np.float32)
    return mask


def letters(block: Block, shape: tuple[int, int], left: float, top: float, align: str) -> dict[bool, np.ndarray]:
    """Return the masks of the letters: those of full strength (False), and the faint ones (True)."""
    layers = {faint: Image.new("L", (shape[1], shape[0]), 0) for faint in {line.faint for line in block.lines}}
    pens = {faint: ImageDraw.Draw(layer) for faint, layer in layers.items()}
    for placed in block.lines:
        spare = block.width - placed.line.width
        to_the_right = spare if align == "right" or (align == "left" and placed.rtl) else 0.0
        x = left + (spare / 2 if align == "center" else to_the_right)
        for run in visual_runs(placed.line.pieces, rtl=placed.rtl):
            font = sized(run.face, placed.size, placed.weight)
            direction = ("rtl" if run.rtl else "ltr") if has_shaping() else None
            pens[placed.faint].text((x, top + placed.baseline), run.text, 255, font, "ls", direction=direction)
            x += measure(run.text, run.face, placed.size, placed.weight)
    return {faint: np.asarray(layer, np.float32) / 255 for faint, layer in layers.items()}


def grown(mask: np.ndarray, radius: float) -> np.ndarray:
    """Return a mask that reaches `radius` pixels further."""
    side = 2 * max(1, round(radius)) + 1
    wider: np.ndarray = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    return wider


def blurred(mask: np.ndarray, sigma: float) -> np.ndarray:
    """Return a softer mask."""
    softer: np.ndarray = cv2.GaussianBlur(mask, (0, 0), sigmaX=max(sigma, 0.3))
    return softer
