"""Scenes that are drawn: a segment of pictures whose `m.scene` names one, and whose `m.about` says what is on it.

A draft without `about` is an ordinary one, whatever its `scene` says: that is how drafts were before there were these.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["DRAWN", "is_drawn", "is_named"]

DRAWN: Final = ("evidence", "pixels", "noising", "denoising", "tiny_model", "latent_grid", "limits")


def is_drawn(meta: Any) -> bool:
    """Return whether a segment with this `m` is a drawn scene.

    Examples
    --------
    >>> is_drawn({"scene": "limits", "about": {"lines": []}}), is_drawn({"scene": "limits"})
    (True, False)
    """
    return isinstance(meta, dict) and meta.get("scene") in DRAWN and isinstance(meta.get("about"), dict)


def is_named(meta: Any) -> bool:
    """Return whether a segment with this `m` is a scene of the storyboard that is named for people to read."""
    return is_drawn(meta) or (isinstance(meta, dict) and meta.get("scene") == "opening")
