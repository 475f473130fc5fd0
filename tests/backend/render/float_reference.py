"""The renderer once more, in floats and RGB, plainly: what the planes of the real one are held against.

Nothing is kept or reused here, nothing is 8 bits wide, and nothing is in planes until the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from render_kit import YUV

from ipynemo.backend.render.footage import open_footage
from ipynemo.backend.render.motion import Camera, smooth
from ipynemo.backend.render.scene import Scene, Shot, Words
from ipynemo.backend.render.sprites import draw_sprite
from ipynemo.backend.render.stills import blurred_cover

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def reference(scene: Scene, assets: Mapping[str, Path], number: int) -> list[np.ndarray]:
    """Return Y, U and V of a frame, as floats."""
    frame = np.empty((scene.height, scene.width, 3))
    frame[:] = scene.background.rgb
    for layer in scene.layers:
        on = [place for place, item in enumerate(layer) if item.start <= number < item.end]
        if on and isinstance(layer[0], Shot):
            frame = _with_shot(scene, layer, on[-1], assets, number, frame)
        elif not isinstance(layer[0], Shot):
            for place in on:
                frame = _with_words(layer[place], number, frame)
    return to_planes(frame)


def to_planes(rgb: np.ndarray) -> list[np.ndarray]:
    full = rgb @ YUV[0].T + YUV[1]
    wide = np.pad(full, ((0, 0), (1, 1), (0, 0)), mode="edge")
    across = (wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:])[:, ::2] / 4
    thin = (across[::2] + across[1::2]) / 2
    return [full[..., 0], thin[..., 1], thin[..., 2]]


def _with_shot(
    scene: Scene, layer: tuple[Shot, ...], place: int, assets: Mapping[str, Path], number: int, below: np.ndarray
) -> np.ndarray:
    shot, ground, strength = layer[place], below, 1.0
    since, left = number - shot.start, shot.end - number
    if since < shot.transition_frames:
        strength = smooth((since + 0.5) / shot.transition_frames)
        if shot.transition == "crossfade" and place:
            ground = _with_shot(scene, layer, place - 1, assets, number, below)
    if shot.fade_out_frames and left <= shot.fade_out_frames:
        strength *= smooth((left - 0.5) / shot.fade_out_frames)
    return ground * (1 - strength) + _alone(scene, shot, assets, number, below) * strength


def _alone(scene: Scene, shot: Shot, assets: Mapping[str, Path], number: int, below: np.ndarray) -> np.ndarray:
    frame = (scene.width, scene.height)
    footage = open_footage(assets[shot.source or ""], (10_000, 10_000))
    footage.seek(shot.in_ms / 1000 + max(0, number - shot.start) / 30)
    picture = footage.picture(footage.size)
    pixels = np.asarray(picture, np.float32)
    alpha = pixels[..., 3:] if picture.mode == "RGBa" else np.full((*pixels.shape[:2], 1), 255, np.float32)
    camera = Camera(shot.motion, shot.fit, footage.size, frame, shot.duration_ms / 1000)
    at = camera.at((number - shot.start) / max(1, shot.end + shot.tail_frames - shot.start - 1))
    rgba, cover = _placed(np.concatenate([pixels[..., :3], alpha], axis=2), at, frame)
    if shot.fit == "blur" and cover.min() < 1:
        below = blurred_cover(picture, *frame).astype(np.float64)
    footage.close()
    rgba *= cover[..., None]
    return below * (1 - rgba[..., 3:] / 255) + rgba[..., :3]


def _placed(
    pixels: np.ndarray, at: tuple[float, float, float], frame: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture's pixels all over the frame, its edges going on, and how much of each pixel it covers."""
    x, y, factor = at
    height, width = pixels.shape[:2]
    pad = round(max(abs(x), abs(y), frame[0], frame[1]) / factor) + 8
    box = [(-x) / factor + pad, (-y) / factor + pad, (frame[0] - x) / factor + pad, (frame[1] - y) / factor + pad]
    bands = [np.pad(pixels[..., n], pad, mode="edge") for n in range(pixels.shape[2])]
    out = [np.asarray(Image.fromarray(b).resize(frame, Image.Resampling.BICUBIC, box=box), np.float64) for b in bands]

    def covered(start: float, length: float, room: int) -> np.ndarray:
        places = np.arange(room)
        return np.clip(np.minimum(places + 1, start + length) - np.maximum(places, start), 0, 1)

    cover = np.outer(covered(y, height * factor, frame[1]), covered(x, width * factor, frame[0]))
    cover[cover > 0.998] = 1
    return np.stack(out, axis=2), cover


def _with_words(words: Words, number: int, below: np.ndarray) -> np.ndarray:
    height, width = below.shape[:2]
    made = draw_sprite(words.text, words.style, width, height)
    fade = min(round(words.style.fade_ms * 30 / 1000), (words.end - words.start) // 2)
    strength, rise = 1.0, 0.0
    if fade:
        coming, going = (min(1.0, (n - s) / fade) for n, s in ((number - words.start, -0.5), (words.end - number, 0.5)))
        strength = smooth(coming) * smooth(going)
        rise = (1 - coming) ** 3 * 0.014 * min(width, height) if words.style.role != "caption" else 0.0
    if made is None:
        return below
    sheet = np.zeros((height + 800, width + 800, 4))
    top, left = made.y + 400, made.x + 400
    sheet[top : top + made.alpha.shape[0], left : left + made.alpha.shape[1], :3] = made.pixels
    sheet[top : top + made.alpha.shape[0], left : left + made.alpha.shape[1], 3] = made.alpha
    whole, part = int(rise), rise % 1
    sheet = np.roll(sheet, whole, axis=0) * (1 - part) + np.roll(sheet, whole + 1, axis=0) * part
    sheet = sheet[400 : 400 + height, 400 : 400 + width] * strength
    return below * (1 - sheet[..., 3:] / 255) + sheet[..., :3]
