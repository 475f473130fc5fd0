"""What the server knows of an uploaded file; the agent and the storyboard work from this and from the file itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import os

    from ipynemo.concepts.evidence import Evidence

__all__ = ["AssetFacts"]


@dataclass(frozen=True)
class AssetFacts:
    """An uploaded file.

    Parameters
    ----------
    id : str
        What a draft's `src` names it by.
    name : str
        The name that it came with; never trusted.
    kind : {"video", "image", "audio"}
    path : path
        Where the file lies; one that lies elsewhere may be fetched when it is first opened, so only open it if needed.
    duration_ms : int or None
        Of a video, a sound, an animation.
    width_px, height_px : int or None
        Of what is displayed.
    format : str
        As in "png".
    has_audio : bool
        Whether a video has sound.
    evidence : ipynemo.concepts.evidence.Evidence or None
        What the file states about its making, as it was read at the upload; None where that is not known.
    """

    id: str
    name: str
    kind: Literal["video", "image", "audio"]
    path: os.PathLike[str]
    duration_ms: int | None
    width_px: int | None
    height_px: int | None
    format: str
    has_audio: bool = False
    evidence: Evidence | None = None
