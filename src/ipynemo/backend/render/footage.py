"""What a shot shows: a still, an animation or a film, all asked in the same way for the picture of a moment.

A picture comes prepared: upright, in sRGB, and no larger than the shot needs it.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Protocol

from ipynemo.backend.render.films import Film
from ipynemo.backend.render.motion import Camera, Placement
from ipynemo.backend.render.pictures import Animation, is_picture, load_still
from ipynemo.backend.render.sampling import SPARE, Prepared, prepare

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

    from ipynemo.backend.render.motion import Motion
    from ipynemo.backend.render.scene import Shot

__all__ = ["Footage", "Take", "open_footage"]

_serials = itertools.count()


class Footage(Protocol):
    """A source of pictures of one size."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, upright."""

    def seek(self, time_s: float, /) -> int:
        """Return the number of the picture at a time; the same number means the same picture."""

    def picture(self, size: tuple[int, int], /) -> Image.Image:
        """Return the picture that `seek` found, at `size` where that costs nothing, else at its own."""

    def close(self) -> None:
        """Close the file."""


class _Still:
    def __init__(self, path: Path, least: tuple[int, int]) -> None:
        self._image = load_still(path, least)
        self.size = self._image.size

    def seek(self, _time_s: float, /) -> int:
        return 0

    def picture(self, _size: tuple[int, int], /) -> Image.Image:
        return self._image

    def close(self) -> None:
        self._image.close()


class _Animated:
    def __init__(self, animation: Animation) -> None:
        self._animation = animation
        self._number = 0
        self.size = animation.picture(0).size

    def seek(self, time_s: float) -> int:
        self._number = self._animation.number_at(time_s)
        return self._number

    def picture(self, _size: tuple[int, int], /) -> Image.Image:
        return self._animation.picture(self._number)

    def close(self) -> None:
        self._animation.close()


class _Filmed:
    def __init__(self, film: Film) -> None:
        self._film = film
        self.size = (film.width, film.height)

    def seek(self, time_s: float) -> int:
        return self._film.seek(time_s)

    def picture(self, size: tuple[int, int]) -> Image.Image:
        # The decoder's own scaler is several times faster than scaling the RGB picture afterwards.
        return self._film.picture(size)

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


class Take:
    """A shot with its footage and its camera, ready to be sampled at any of its frames. `serial` is its own number.

    Parameters
    ----------
    shot : Shot
    path : Path
    frame : tuple of int
        Width and height of the frame in pixels.
    """

    def __init__(self, shot: Shot, path: Path, frame: tuple[int, int]) -> None:
        self.shot = shot
        self.serial = next(_serials)
        self._visible = max(1, shot.end + shot.tail_frames - shot.start - 1)
        zoom = _greatest_scale(shot.motion)
        self._footage = open_footage(path, (round(frame[0] * zoom * SPARE), round(frame[1] * zoom * SPARE)))
        self.camera = Camera(shot.motion, shot.fit, self._footage.size, frame, shot.duration_ms / 1000)
        self._number = -1
        self._prepared: Prepared | None = None
        self._picture: Image.Image | None = None

    def seek(self, frame: int, fps: int) -> tuple[int, Placement]:
        """Go to a frame of the scene; return the picture's number and its place: all that decides what is seen."""
        time_s = self.shot.in_ms / 1000 + max(0, frame - self.shot.start) / fps
        number = self._footage.seek(time_s)
        if number != self._number:
            self._number, self._prepared, self._picture = number, None, None
        return number, self.camera.at((frame - self.shot.start) / self._visible)

    @property
    def picture(self) -> Image.Image:
        """The picture that `seek` found."""
        if self._picture is None:
            # Places are those of the full picture; a film may come in another size, and is placed as if it had not.
            factor = self.camera.greatest_factor
            if self.camera.moves:
                factor = min(1.0, factor * SPARE)
            width, height = self._footage.size
            self._picture = self._footage.picture((max(1, round(width * factor)), max(1, round(height * factor))))
        return self._picture

    @property
    def prepared(self) -> Prepared:
        """The picture that `seek` found, ready for sampling."""
        if self._prepared is None:
            picture = self.picture
            shrunk_x = picture.width / self._footage.size[0]
            shrunk_y = picture.height / self._footage.size[1]
            ready = prepare(
                picture,
                self.camera.greatest_factor / max(shrunk_x, shrunk_y),
                bordered=self.shot.fit != "cover",
                moving=self.camera.moves,
            )
            self._prepared = Prepared(ready.image, ready.scale_x * shrunk_x, ready.scale_y * shrunk_y, ready.pad)
        return self._prepared

    def close(self) -> None:
        """Close the file."""
        self._prepared = self._picture = None
        self._footage.close()


def _greatest_scale(motion: Motion) -> float:
    if motion.start is not None and motion.end is not None:
        return max(motion.start.scale, motion.end.scale)
    return 1.25  # more than any named move
