"""The scene at one moment, in the encoder's planes. Layers from below to above; what is unchanged is not drawn again.

Every layer tells what it would draw (which picture, where, how strongly). Where that is the same as for the frame
before, that frame is given again: a still with a caption costs nothing between two fades. Where only upper layers
change, the lower ones are drawn once and kept.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np

from ipynemo.backend.render.keeping import Keep
from ipynemo.backend.render.motion import smooth
from ipynemo.backend.render.planes import Planes, from_colour, planes_of, to_rgb_array
from ipynemo.backend.render.scene import FPS, Shot, Words
from ipynemo.backend.render.scenes import open_take
from ipynemo.backend.render.sprites import draw_sprite
from ipynemo.backend.render.stills import Cutting, cutting, lay
from ipynemo.backend.render.takes import Take

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from pathlib import Path

    from ipynemo.backend.render.scene import Scene
    from ipynemo.backend.render.scenes.acting import SceneTake

__all__ = ["SHEETS", "Composer", "Sheet"]

SHEETS = 5  # frames in memory that are drawn into in turn; each is 3 MB at 1920 × 1080
RISE = 0.014  # of the short side: how far a title comes up while it fades in

_sprites: Keep[Cutting | None] = Keep(6)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A shot at a frame: the moment it shows, and how strongly it covers what lies below."""

    take: Take | SceneTake
    number: int
    place: Any  # a `Placement`, or the state of a scene
    strength: float = 1.0
    below: _Drawn | None = None  # the shot that it is dissolving from

    @property
    def hides(self) -> bool:
        """Whether nothing can be seen of what lies below."""
        return self.below is None and self.strength >= 1 and self.take.covers(self.place)

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


@dataclass(frozen=True, slots=True)
class _Text:
    """A text at a frame."""

    piece: Cutting
    strength: float
    rise: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """A frame: as the encoder takes it, and its memory to draw in."""

    frame: av.VideoFrame
    planes: Planes

    @classmethod
    def blank(cls, width: int, height: int) -> Sheet:
        """Return a new one; what it shows is anything."""
        frame = av.VideoFrame(width, height, "yuv420p")
        return cls(frame, planes_of(frame))

    @property
    def rgb(self) -> np.ndarray:
        """The frame as an ndarray of shape (height_px, width_px, 3), uint8, RGB."""
        return to_rgb_array(self.planes)


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
        self._ground = from_colour(scene.background, *self._size)
        self._timelines = [_Timeline(layer) for layer in scene.layers]
        self._takes: dict[tuple[int, int], Take | SceneTake] = {}
        self._sheets: list[Sheet] = []
        self._turn = 0
        self._spare: list[Planes] = []
        self._keys: tuple[Hashable, ...] | None = None  # of the layers of the latest frame
        self._base: tuple[tuple[Hashable, ...], Planes] | None = None  # lower layers that stand still

    def frame(self, number: int) -> Sheet:
        """Return a frame; the very same one as before where nothing has changed.

        It stays as it is until `SHEETS` - 1 others have been drawn.
        """
        self._close_past(number)
        layers = [self._layer(depth, layer, number) for depth, layer in enumerate(self.scene.layers)]
        keys = tuple(key for key, _ in layers)
        if keys == self._keys:
            return self._sheets[self._turn]
        sheet = self._next_sheet()
        still = _common(keys, self._keys or ())
        self._draw([draw for _, draw in layers], keys, still, sheet.planes)
        self._keys = keys
        return sheet

    def _next_sheet(self) -> Sheet:
        if len(self._sheets) < SHEETS:
            self._sheets.append(Sheet.blank(*self._size))
            self._turn = len(self._sheets) - 1
        else:
            self._turn = (self._turn + 1) % SHEETS
        return self._sheets[self._turn]

    def _draw(self, layers: list[list[_Drawn | _Text]], keys: tuple[Hashable, ...], still: int, frame: Planes) -> None:
        """Draw layers over each other; the lowest `still` ones are those of the frame before."""
        begin = 0
        if self._base is not None and _common(self._base[0], keys) == len(self._base[0]):
            begin = len(self._base[0])
            frame.put(self._base[1])
        else:
            self._base = None
        if begin == 0 and not _starts_whole(layers):
            frame.put(self._ground)
        for depth in range(begin, len(layers)):
            for item in layers[depth]:
                if isinstance(item, _Drawn):
                    self._draw_shot(frame, item)
                else:
                    lay(item.piece, frame, item.strength, item.rise)
            if begin <= depth < still and depth + 1 == still:
                self._base = (keys[:still], frame.copy())

    def _layer(
        self, depth: int, layer: Sequence[Shot] | Sequence[Words], number: int
    ) -> tuple[Hashable, list[_Drawn | _Text]]:
        draw: list[_Drawn | _Text] = []
        key: list[Hashable] = []
        for place in self._timelines[depth].at(number):
            item = layer[place]
            if isinstance(item, Shot):
                drawn = self._shot(depth, place, number)
                draw, key = [drawn], [drawn.key]  # of shots that overlap on one track, the later one is seen
            else:
                piece = self._sprite(item)
                if piece is not None:
                    strength, rise = _presence(item, number, 0 if self.scene.reduced else min(self._size))
                    draw.append(_Text(piece, strength, rise))
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

    def _take(self, depth: int, place: int, shot: Shot) -> Take | SceneTake:
        if (depth, place) not in self._takes:
            self._takes[depth, place] = open_take(shot, self._assets, self._size, reduced=self.scene.reduced)
        return self._takes[depth, place]

    def _close_past(self, number: int) -> None:
        for place, take in list(self._takes.items()):
            if take.shot.end + take.shot.tail_frames <= number or take.shot.start > number:
                del self._takes[place]
                if isinstance(take, Take):
                    take.pass_by()
                take.close()

    def _sprite(self, words: Words) -> Cutting | None:
        def make() -> Cutting | None:
            made = draw_sprite(words.text, words.style, *self._size)
            return made if made is None else cutting(made.x, made.y, made.pixels, made.alpha, self._size)

        return _sprites.get((words.text, words.style, self._size), make)

    def _draw_shot(self, frame: Planes, drawn: _Drawn) -> None:
        """Draw a shot over a frame."""
        if drawn.strength <= 0:
            if drawn.below is not None:
                self._draw_shot(frame, drawn.below)
            return
        if drawn.strength >= 1:
            drawn.take.draw(drawn.place, frame)
            return
        over = self._spare.pop() if self._spare else Sheet.blank(*self._size).planes
        if not drawn.take.covers(drawn.place):
            over.put(frame)
        drawn.take.draw(drawn.place, over)
        if drawn.below is not None:
            self._draw_shot(frame, drawn.below)
        for (mine, _), (theirs, _) in zip(frame.each, over.each, strict=True):
            cv2.addWeighted(mine, 1 - drawn.strength, theirs, drawn.strength, 0, dst=mine)
        self._spare.append(over)

    def close(self) -> None:
        """Close whatever is open."""
        for take in self._takes.values():
            take.close()
        self._takes.clear()


def _common(keys: tuple[Hashable, ...], others: tuple[Hashable, ...]) -> int:
    """Return how many layers, from the lowest up, are the same."""
    for place, (mine, theirs) in enumerate(zip(keys, others, strict=False)):
        if mine != theirs:
            return place
    return min(len(keys), len(others))


def _starts_whole(layers: list[list[_Drawn | _Text]]) -> bool:
    """Return whether the first thing drawn hides the background."""
    for items in layers:
        for item in items:
            return isinstance(item, _Drawn) and item.hides
    return False


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
