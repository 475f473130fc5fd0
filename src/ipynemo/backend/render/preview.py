"""A draft at one moment, small and at once: for whoever points at the timeline, or asks what it looks like there."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

from ipynemo.backend.render.compose import Composer
from ipynemo.backend.render.faults import MissingAssetError
from ipynemo.backend.render.scene import FPS, Shot, to_scene

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ipynemo.draft import Draft

__all__ = ["still"]

SMALLEST_PX = 64
JPEG_QUALITY = 82


def still(draft: Draft, assets: Mapping[str, Path], at_s: float, height_px: int = 360) -> bytes:
    """Return what is seen at a moment, as a JPEG.

    Only the files that are seen there are opened.

    Parameters
    ----------
    draft : Draft
    assets : mapping of str to Path
        The files by asset id.
    at_s : float
        The moment, in seconds; what lies before the beginning or behind the end is the first or the last frame.
    height_px : int
        The height of the picture, or its width where that is the shorter side; never more than the draft's own.

    Raises
    ------
    RenderFailedError
        It cannot be drawn; see `render`.
    """
    scene = to_scene(draft, short_px=max(SMALLEST_PX, height_px))
    number = min(max(int(at_s * FPS + 1e-6), 0), scene.frames - 1)
    shots = (item for layer in scene.layers for item in layer if isinstance(item, Shot))
    for shot in shots:
        path = assets.get(shot.source) if shot.source is not None else None
        seen = shot.shows_a_file and shot.start <= number < shot.end + shot.tail_frames
        if seen and (path is None or not path.is_file()):
            failure = MissingAssetError(f"{shot.where} shows a file that is not there.")
            failure.assets = (shot.source,) if shot.source is not None else ()
            raise failure
    composer = Composer(scene, assets)
    try:
        picture = Image.fromarray(composer.frame(number).rgb)
    finally:
        composer.close()
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()
