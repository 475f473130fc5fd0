"""Scenes that the renderer draws by itself: what a segment says in `m.scene` and `m.about`, about its picture.

`stage` knows where things stand in a frame of any shape and when they come in, `drawing` makes the pieces, `acting` is
the take that plays a scene. Each scene has a file of its own, loaded when it is wanted.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ipynemo.backend.render.scene import Shot
    from ipynemo.backend.render.scenes.acting import SceneTake
    from ipynemo.backend.render.takes import Take

__all__ = ["ABOUT_PICTURES", "SCENES", "noted", "open_take"]

# The name in a draft: the module here, and the class in it.
_HOMES = {
    "evidence": ("evidence", "Evidence"),
    "pixels": ("pixels", "Pixels"),
    "noising": ("noising", "Noising"),
    "denoising": ("noising", "Denoising"),
    "tiny_model": ("tiny_model", "TinyModel"),
    "latent_grid": ("latent_grid", "LatentMap"),
    "limits": ("limits", "Limits"),
}
SCENES = tuple(_HOMES)
ABOUT_PICTURES = frozenset({"pixels", "noising", "denoising"})  # the others can be drawn without one

MOST_CHARACTERS, MOST_ITEMS, MOST_DEPTH = 2_000, 40, 6  # of what a scene is told; nothing readable needs more
MOST_NUMBER = 10**15


def noted(value: Any, depth: int = 0) -> Any:
    """Return what a scene is told, cut to what can be shown, whoever wrote it.

    Texts and lists are shortened, numbers that are none become None, and what no JSON has is left out.
    """
    if isinstance(value, str):
        return value[:MOST_CHARACTERS]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if -MOST_NUMBER < value < MOST_NUMBER else None  # NaN is neither
    if depth < MOST_DEPTH and isinstance(value, dict):
        some = [(key, item) for key, item in value.items() if isinstance(key, str)][:MOST_ITEMS]
        return {key[:MOST_CHARACTERS]: noted(item, depth + 1) for key, item in some}
    if depth < MOST_DEPTH and isinstance(value, list | tuple):
        return [noted(item, depth + 1) for item in value[:MOST_ITEMS]]
    return None


def open_take(
    shot: Shot, assets: Mapping[str, Path], frame: tuple[int, int], *, reduced: bool = False
) -> Take | SceneTake:
    """Return whatever draws a shot: its picture or film, or the scene that it names.

    Parameters
    ----------
    shot : Shot
    assets : mapping of str to Path
        The files by asset id.
    frame : tuple of int
        Width and height of the frame in pixels.
    reduced : bool
        Whether things are to stand still as far as they can.
    """
    if shot.scene is None:
        from ipynemo.backend.render.takes import Take

        return Take(shot, assets[shot.source or ""], frame)
    from ipynemo.backend.render.scenes.acting import SceneTake

    module, name = _HOMES[shot.scene]
    kind = getattr(import_module(f"{__name__}.{module}"), name)
    return SceneTake(shot, kind, None if shot.source is None else assets[shot.source], frame, reduced=reduced)
