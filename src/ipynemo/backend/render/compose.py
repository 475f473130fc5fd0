"""The scene at one moment, as a picture. Layers from below to above; what has not changed is not drawn again.

Every layer tells what it would draw (which picture, where, how strongly). As long as that stays the same from the
lowest layer up, the picture of the frame before is taken: a still with a caption costs nothing between two fades.
"""

from __future__ import annotations

import bisect
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ipynemo.backend.render.footage import Take
from ipynemo.backend.render.motion import smooth
from ipynemo.backend.render.sampling import blurred_cover, sample
from ipynemo.backend.render.scene import FPS, Shot, Words
from ipynemo.backend.render.sprites import Sprite, draw_sprite

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from pathlib import Path

    from ipynemo.backend.render.motion import Placement
    from ipynemo.backend.render.sampling import Patch
    from ipynemo.backend.render.scene import Scene

__all__ = ["Composer"]

Picture = np.ndarray  # shape (height_px, width_px, 3), uint8, RGB

SPRITES_KEPT = 24
RISE = 0.014  # of the short side: how far a title comes up while it fades in


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A shot at a frame: the moment it shows, and how strongly it covers what lies below."""

    take: Take
    number: int
    place: Placement
    strength: float = 1.0
    below: _Drawn | None = None  # the shot that it is dissolving from

    @property
    def key(self) -> Hashable:
        under = self.below.key if self.below else None
        return (self.take.serial, self.number, self.place, self.strength, under)


@dataclass(slots=True)
class _Timeline:
    """Shots or words by start, to find what is on at a frame without walking through all of them."""

    items: Sequence[Shot] | Sequence[Words]
    starts: list[int] = field(init=False)
    latest_end: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.starts = [item.start for item in self.items]
        self.latest_end = []
        for item in self.items:
            self.latest_end.append(max(item.end, self.latest_end[-1] if self.latest_end else 0))

    def at(self, frame: int) -> list[int]:
        """Return the places of what is on at a frame, in drawing order."""
        place = bisect.bisect_right(self.starts, frame) - 1
        found = []
        while place >= 0 and self.latest_end[place] > frame:
            if self.items[place].end > frame:
                found.append(place)
            place -= 1
        return found[::-1]


class Composer:
    """Draws frames of a scene.

    Parameters
    ----------
    scene : Scene
    assets : mapping of str to Path
        The files by asset id.
    """

    def __init__(self, scene: Scene, assets: Mapping[str, Path]) -> None:
        self.scene = scene
        self._assets = assets
        self._size = (scene.width, scene.height)
        self._ground = np.full((scene.height, scene.width, 3), scene.background.rgb, np.uint8)
        self._ground.setflags(write=False)
        self._timelines = [_Timeline(layer) for layer in scene.layers]
        self._takes: dict[tuple[int, int], Take] = {}
        self._grounds: OrderedDict[Hashable, Picture] = OrderedDict()
        self._sprites: OrderedDict[Words, Sprite | None] = OrderedDict()
        self._stack: list[tuple[Hashable, Picture]] = []

    def frame(self, number: int) -> Picture:
        """Return the picture of a frame; the very same array as before where nothing has changed. Do not write to it.

        Returns
        -------
        ndarray, shape (height_px, width_px, 3), uint8, RGB
        """
        self._close_past(number)
        picture, unchanged = self._ground, True
        for depth, layer in enumerate(self.scene.layers):
            key, draw = self._layer(depth, layer, number)
            if unchanged and depth < len(self._stack) and self._stack[depth][0] == key:
                picture = self._stack[depth][1]
                continue
            if unchanged:
                del self._stack[depth:]
                unchanged = False
            picture = self._draw(picture, draw)
            self._stack.append((key, picture))
        return picture

    def _layer(
        self, depth: int, layer: Sequence[Shot] | Sequence[Words], number: int
    ) -> tuple[Hashable, list[_Drawn | tuple[Sprite, float, float]]]:
        draw: list[_Drawn | tuple[Sprite, float, float]] = []
        key: list[Hashable] = []
        for place in self._timelines[depth].at(number):
            item = layer[place]
            if isinstance(item, Shot):
                drawn = self._shot(depth, place, number)
                draw, key = [drawn], [drawn.key]  # of shots that overlap on one track, the later one is seen
            else:
                sprite = self._sprite(item)
                if sprite is not None:
                    strength, rise = _presence(item, number, min(self._size))
                    draw.append((sprite, strength, rise))
                    key.append((place, strength, rise))
        return tuple(key), draw

    def _shot(self, depth: int, place: int, number: int) -> _Drawn:
        shot = self.scene.layers[depth][place]
        if not isinstance(shot, Shot):
            raise TypeError(f"{shot.where} is no shot")
        take = self._take(depth, place, shot)
        picture, where = take.seek(number, FPS)
        strength, below = 1.0, None
        since = number - shot.start
        if since < shot.transition_frames:
            # The first frame already shows a little of what comes, so that no frame stands still.
            strength = smooth((since + 0.5) / shot.transition_frames)
            if shot.transition == "crossfade" and place > 0:
                below = self._shot(depth, place - 1, number)
        left = shot.end - number
        if shot.fade_out_frames and left <= shot.fade_out_frames:
            strength *= smooth((left - 0.5) / shot.fade_out_frames)
        return _Drawn(take, picture, where, strength, below)

    def _take(self, depth: int, place: int, shot: Shot) -> Take:
        if (depth, place) not in self._takes:
            self._takes[depth, place] = Take(shot, self._assets[shot.source or ""], self._size)
        return self._takes[depth, place]

    def _close_past(self, number: int) -> None:
        for place, take in list(self._takes.items()):
            if take.shot.end + take.shot.tail_frames <= number or take.shot.start > number:
                del self._takes[place]
                take.close()

    def _sprite(self, words: Words) -> Sprite | None:
        if words not in self._sprites:
            self._sprites[words] = draw_sprite(words.text, words.style, *self._size)
            if len(self._sprites) > SPRITES_KEPT:
                self._sprites.popitem(last=False)
        self._sprites.move_to_end(words)
        return self._sprites[words]

    def _draw(self, below: Picture, draw: list[_Drawn | tuple[Sprite, float, float]]) -> Picture:
        picture = below
        for item in draw:
            if isinstance(item, _Drawn):
                picture = self._draw_shot(below, item)
            else:
                picture = picture.copy() if picture is below else picture
                _draw_sprite(picture, *item)
        return picture

    def _draw_shot(self, below: Picture, drawn: _Drawn) -> Picture:
        ground = self._draw_shot(below, drawn.below) if drawn.below else below
        if drawn.strength <= 0:
            return ground
        take = drawn.take
        patch = sample(take.prepared, drawn.place, *self._size)
        if patch.covers(*self._size):
            picture = patch.pixels
        else:
            under = self._soft_ground(take, drawn) if take.shot.fit == "blur" else below
            picture = under.copy()
            _blend(picture, patch)
        if drawn.strength >= 1:
            return picture
        mixed: Picture = cv2.addWeighted(ground, 1 - drawn.strength, picture, drawn.strength, 0)
        return mixed

    def _soft_ground(self, take: Take, drawn: _Drawn) -> Picture:
        key = (take.serial, drawn.number)
        if key not in self._grounds:
            self._grounds[key] = blurred_cover(take.picture, *self._size)
            if len(self._grounds) > 2:
                self._grounds.popitem(last=False)
        return self._grounds[key]

    def close(self) -> None:
        """Close whatever is open."""
        for take in self._takes.values():
            take.close()
        self._takes.clear()


def _presence(words: Words, number: int, short_px: int) -> tuple[float, float]:
    """Return how strongly a text is seen, 0–1, and how far below its place it stands, in pixels."""
    fade = min(round(words.style.fade_ms * FPS / 1000), (words.end - words.start) // 2)
    since, left = number - words.start, words.end - number
    if fade <= 0 or (since >= fade and left > fade):
        return 1.0, 0.0
    coming = min(1.0, (since + 0.5) / fade)
    going = min(1.0, (left - 0.5) / fade)
    rise = (1 - coming) ** 3 * RISE * short_px if words.style.role in ("title", "lower_third", "card") else 0.0
    return smooth(coming) * smooth(going), rise


def _blend(picture: Picture, patch: Patch) -> None:
    """Lay a patch over a picture, in place."""
    height, width = patch.pixels.shape[:2]
    part = picture[patch.y : patch.y + height, patch.x : patch.x + width]
    if patch.alpha is None:
        part[:] = patch.pixels
    else:
        rest = cv2.merge([255 - patch.alpha] * 3)
        part[:] = cv2.add(cv2.multiply(np.ascontiguousarray(part), rest, scale=1 / 255), patch.pixels)


def _draw_sprite(picture: Picture, sprite: Sprite, strength: float, rise: float) -> None:
    """Lay a sprite over a picture, in place; what reaches out of the frame is cut off."""
    pixels, alpha = sprite.pixels, sprite.alpha
    if rise:
        down = np.array([[1, 0, 0], [0, 1, rise]], np.float64)
        size = (alpha.shape[1], alpha.shape[0])
        pixels, alpha = cv2.warpAffine(pixels, down, size), cv2.warpAffine(alpha, down, size)
    top, left = max(0, -sprite.y), max(0, -sprite.x)
    bottom = min(alpha.shape[0], picture.shape[0] - sprite.y)
    right = min(alpha.shape[1], picture.shape[1] - sprite.x)
    if bottom <= top or right <= left:
        return
    pixels, alpha = pixels[top:bottom, left:right], alpha[top:bottom, left:right]
    part = picture[sprite.y + top : sprite.y + bottom, sprite.x + left : sprite.x + right]
    rest = cv2.merge([np.ascontiguousarray(alpha)] * 3)
    rest = cv2.convertScaleAbs(rest, alpha=-strength, beta=255)  # 255 minus the alpha as strongly as it is seen
    shown = pixels if strength >= 1 else cv2.convertScaleAbs(np.ascontiguousarray(pixels), alpha=strength)
    part[:] = cv2.add(cv2.multiply(np.ascontiguousarray(part), rest, scale=1 / 255), np.ascontiguousarray(shown))
