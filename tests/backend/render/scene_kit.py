"""Drawn scenes in short films, and their frames."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from render_kit import draft_of, video

from ipynemo.backend.render.compose import Composer
from ipynemo.backend.render.scene import to_scene

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np

    from ipynemo.draft import Draft

FIELDS = {"signal": "picture", "noise": "noise", "step": "step {t} of 1,000", "mark": "t = 250: 0.72 and 0.69"}


def clip_of(scene: str, about: Any, d: int = 2000, size: tuple[int, int] = (320, 180), **more: Any) -> Draft:
    """Return a draft with one drawn scene about the asset `p`; `src=None` leaves that out, `motion` is the film's."""
    film = {"motion": more.pop("motion")} if "motion" in more else {}
    source = {"src": more.pop("src", "p")}
    segment = {"st": 0, "d": d, "m": {"scene": scene, "about": about, **more}}
    return draft_of(video(segment | {k: v for k, v in source.items() if v}), size=size, **film)


def rgb_of(draft: Draft, path: Path | None, numbers: Iterable[int]) -> list[np.ndarray]:
    """Return frames as RGB; negative numbers count from the end."""
    with closing(Composer(to_scene(draft), {"p": path} if path else {})) as film:
        return [film.frame(n % film.scene.frames).rgb for n in numbers]
