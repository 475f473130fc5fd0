"""A draft becomes parts that can be encoded anywhere, in any order: chunks of the picture, and the sound as a whole.

A chunk begins where a picture begins, or at a key frame of a long one; it holds all that is seen in it, told from its
own first frame, so that it is the same chunk when something before it is cut. Its key is a hash of everything that its
bytes depend on: what is drawn, the content of the files, the options, and the versions of whatever draws and encodes.
"""

from __future__ import annotations

import hashlib
import itertools
import platform
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
import PIL

import ipynemo.concepts
from ipynemo.backend.render.encode import AUDIO_BITS_PER_S, CRF, ENCODING, KEY_FRAME_EVERY
from ipynemo.backend.render.fonts import has_shaping
from ipynemo.backend.render.native import LIBRARY, is_there
from ipynemo.backend.render.scene import FPS, Scene, Shot, Sound, Words, to_scene

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ipynemo.backend.render.scene import Layer
    from ipynemo.draft import Draft

__all__ = ["Chunk", "SoundTrack", "plan", "plan_scene", "sound_track", "sound_track_of"]

SHORTEST = 1 * FPS  # shorter chunks only cost key frames
LONGEST = 8 * FPS  # longer ones leave cores idle, and make a small edit expensive
# Whoever is done first does not wait for the others: the last second or two are kept for then, and by two threads.
LAST = 1 * FPS
LAST_THREADS = 2
FONTS = ("manimgx-fonts", "manimgx-fonts-cjk")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a film, to be encoded by itself. Plain values: it can be pickled and sent to another computer.

    Attributes
    ----------
    key : str
        The hash of all that its bytes depend on.
    start : int
        The frame of the film that it begins with.
    scene : Scene
        What is seen in it, frames counted from its own first one; no sounds.
    quality : str
    threads : int
        How many threads encode it. One with several is best encoded last: it takes the cores that nobody needs.
    """

    key: str
    start: int
    scene: Scene
    quality: str
    threads: int = 1

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return self.scene.frames

    @property
    def sources(self) -> frozenset[str]:
        """The ids of the assets that are needed to encode it."""
        return frozenset(shot.source for shot in _shots(self.scene) if shot.source is not None)


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """The whole sound of a film, `samples` long; see `Chunk`."""

    key: str
    sounds: tuple[Sound, ...]
    samples: int

    @property
    def sources(self) -> frozenset[str]:
        """The ids of the assets that are needed to encode it."""
        return frozenset(sound.source for sound in self.sounds if not sound.is_made)


def _shots(scene: Scene) -> list[Shot]:
    return [item for layer in scene.layers for item in layer if isinstance(item, Shot)]


def _edges(scene: Scene) -> list[int]:
    """Return the frames that chunks begin with, and the end of the last one."""
    begins = sorted({shot.start for shot in _shots(scene) if 0 < shot.start < scene.frames})
    kept = [0]
    for begin in begins:
        if begin - kept[-1] >= SHORTEST and scene.frames - begin >= SHORTEST:
            kept.append(begin)
    edges = [0]
    for begin, end in zip(kept, [*kept[1:], scene.frames], strict=True):
        count = -(-(end - begin) // LONGEST)
        steps = (round(number * (end - begin) / count / KEY_FRAME_EVERY) for number in range(1, count))
        edges += [*(begin + step * KEY_FRAME_EVERY for step in steps), end]
    last = edges[-2]
    if scene.frames - last >= 2 * KEY_FRAME_EVERY:
        edges.insert(-1, last + (scene.frames - last - LAST) // KEY_FRAME_EVERY * KEY_FRAME_EVERY)
    return edges


def _within(layer: Layer, begin: int, end: int) -> Layer:
    """Return what of a layer is seen from one frame until before another, told from the first of them."""
    shots = [
        replace(item, start=item.start - begin, end=item.end - begin)
        for item in layer
        if isinstance(item, Shot) and item.start < end and item.end + item.tail_frames > begin
    ]
    words = [
        replace(item, start=item.start - begin, end=item.end - begin)
        for item in layer
        if isinstance(item, Words) and item.start < end and item.end > begin
    ]
    return tuple(shots) or tuple(words)


@cache
def build() -> str:
    """Return what draws and encodes here; parts of another build are other parts."""
    fonts = []
    for name in FONTS:
        try:
            fonts.append(version(name))
        except PackageNotFoundError:
            fonts.append("")
    parts = (
        av.__version__, cv2.__version__, np.__version__, PIL.__version__, *fonts, has_shaping(),
        platform.machine(), FPS, KEY_FRAME_EVERY, AUDIO_BITS_PER_S, sorted(ENCODING.items()), sorted(CRF.items()),
        is_there(), _own_code(),
    )  # fmt: skip
    return repr(parts)


def _own_code() -> str:
    """Return a hash of the renderer itself: whoever changes it must not be shown what the old one made."""
    whole = hashlib.blake2b(digest_size=16)
    folder = Path(__file__).parent
    concepts = Path(ipynemo.concepts.__file__).parent  # scenes are drawn with it
    for path in sorted(path for part in (folder, concepts) for path in part.rglob("*") if path.is_file()):
        if "__pycache__" not in path.parts and path.suffix != LIBRARY.suffix:  # which is `is_there`, and its source
            whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Digests:
    """The hashes of files, each read once."""

    def __init__(self, assets: Mapping[str, Path]) -> None:
        self._assets = assets
        self._known: dict[str, str] = {}

    def __getitem__(self, source: str) -> str:
        if source not in self._known:
            path = self._assets.get(source)
            self._known[source] = _digest(path) if path is not None and path.is_file() else ""
        return self._known[source]


def _key(*parts: object) -> str:
    return hashlib.blake2b("\n".join(map(repr, (build(), *parts))).encode(), digest_size=20).hexdigest()


def _anonymous(layer: Layer, digests: _Digests) -> tuple[object, ...]:
    """Return a layer without what does not decide how it looks, such as what its files are called."""
    return tuple(
        replace(item, where="", source=digests[item.source or ""], start_ms=0, volume=0.0)
        if isinstance(item, Shot)
        else replace(item, where="")
        for item in layer
    )


def plan_scene(scene: Scene, assets: Mapping[str, Path], quality: str) -> list[Chunk]:
    """Cut a scene; see `plan`."""
    digests = _Digests(assets)
    edges = _edges(scene)
    chunks = []
    for begin, end in itertools.pairwise(edges):
        layers = tuple(items for layer in scene.layers if (items := _within(layer, begin, end)))
        part = replace(scene, frames=end - begin, title="", layers=layers, sounds=())
        threads = LAST_THREADS if end == scene.frames and end - begin < KEY_FRAME_EVERY + LAST else 1
        looks = (part.width, part.height, part.frames, part.background, part.reduced, quality, threads)
        key = _key("picture", looks, [_anonymous(layer, digests) for layer in layers])
        chunks.append(Chunk(key, begin, part, quality, threads))
    return chunks


def plan(draft: Draft, assets: Mapping[str, Path], quality: str = "high") -> list[Chunk]:
    """Cut a draft into chunks, in order; together they are the whole picture.

    Parameters
    ----------
    draft : Draft
    assets : mapping of str to Path
        The files by asset id.
    quality : {"high", "medium", "low"}

    Raises
    ------
    EmptyDraftError, DraftLimitError
        It cannot be rendered.
    """
    return plan_scene(to_scene(draft, quality), assets, quality)


def sound_track_of(scene: Scene, assets: Mapping[str, Path]) -> SoundTrack:
    """Return the sound of a scene; see `sound_track`."""
    digests = _Digests(assets)
    heard = [
        replace(sound, where="", source=sound.source if sound.is_made else digests[sound.source])
        for sound in scene.sounds
    ]
    return SoundTrack(_key("sound", heard, scene.samples), scene.sounds, scene.samples)


def sound_track(draft: Draft, assets: Mapping[str, Path]) -> SoundTrack:
    """Return the sound of a draft, which is encoded in one piece: a seam would be heard."""
    return sound_track_of(to_scene(draft), assets)
