"""Where pictures come from: a still, an animation or a film, all asked in the same way for the picture of a moment.

A picture comes upright, in sRGB, and no larger than the shot needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from ipynemo.backend.render.films import Film
from ipynemo.backend.render.pictures import Animation, is_picture, load_still, pixels_of, still_size
from ipynemo.backend.render.planes import from_pixels

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

    from PIL import Image

    from ipynemo.backend.render.planes import Planes

__all__ = ["Footage", "open_footage"]


class Footage(Protocol):
    """A source of pictures of one size."""

    filmed: bool  # whether nearly every frame shows another picture
    key: Hashable  # what its one picture is known by, whoever opened the file; None where there are several

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, upright."""

    def seek(self, time_s: float, /) -> int:
        """Return the number of the picture at a time; the same number means the same picture."""

    def picture(self, size: tuple[int, int], /) -> Image.Image:
        """Return the picture that `seek` found, at `size` where that costs nothing, else at its own."""

    def planes(self, size: tuple[int, int], /) -> Planes:
        """Return the picture that `seek` found, in planes of an even size."""

    def release(self) -> None:
        """Let go of the pixels, which are not likely to be asked for again."""

    def close(self) -> None:
        """Close the file."""


class _Still:
    filmed = False

    def __init__(self, path: Path, least: tuple[int, int]) -> None:
        self._path, self._least = path, least
        self._image: Image.Image | None = None
        stat = path.stat()
        self.key: Hashable = (str(path), stat.st_mtime_ns, stat.st_size, least)
        self.size = still_size(path, least) or self.picture(least).size

    def seek(self, _time_s: float, /) -> int:
        return 0

    def picture(self, _size: tuple[int, int], /) -> Image.Image:
        if self._image is None:
            self._image = load_still(self._path, self._least)
        return self._image

    def planes(self, size: tuple[int, int], /) -> Planes:
        image = self.picture(size)
        mode, pixels = image.mode, pixels_of(image)
        self.release()  # two copies at once would be the most memory that drawing takes
        return from_pixels(mode, pixels, size)

    def release(self) -> None:
        if self._image is not None:
            self._image.close()
            self._image = None

    def close(self) -> None:
        self.release()


class _Animated:
    filmed = False
    key: Hashable = None

    def __init__(self, animation: Animation) -> None:
        self._animation = animation
        self._number = 0
        self.size = animation.picture(0).size

    def seek(self, time_s: float) -> int:
        self._number = self._animation.number_at(time_s)
        return self._number

    def picture(self, _size: tuple[int, int], /) -> Image.Image:
        return self._animation.picture(self._number)

    def planes(self, size: tuple[int, int], /) -> Planes:
        image = self._animation.picture(self._number)
        return from_pixels(image.mode, np.asarray(image), size)

    def release(self) -> None:
        """Nothing: its pictures come again."""

    def close(self) -> None:
        self._animation.close()


class _Filmed:
    filmed = True
    key: Hashable = None

    def __init__(self, film: Film) -> None:
        self._film = film
        self.size = (film.width, film.height)

    def seek(self, time_s: float) -> int:
        return self._film.seek(time_s)

    def picture(self, size: tuple[int, int]) -> Image.Image:
        # The decoder's own scaler is several times faster than scaling the RGB picture afterwards.
        return self._film.picture(size)

    def planes(self, size: tuple[int, int]) -> Planes:
        return self._film.planes(size)

    def release(self) -> None:
        """Nothing: it holds no picture but the one that is shown."""

    def close(self) -> None:
        self._film.close()


def open_footage(path: Path, least: tuple[int, int]) -> Footage:
    """Open a file by what it holds.

    Raises
    ------
    BrokenAssetError
        It holds no picture that can be shown.
    """
    if not is_picture(path):
        return _Filmed(Film(path))
    animation = Animation(path)
    if animation.moves:
        return _Animated(animation)
    animation.close()
    return _Still(path, least)
