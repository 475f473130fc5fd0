"""Pure computation on pictures: what a file states about itself, its colours, and how image models work on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipynemo.concepts.tiny import TinyModel, TinyPicture

__all__ = ["TinyModel", "TinyPicture"]


def __getattr__(name: str) -> object:
    # numpy is loaded by what needs it, not by everybody who reads a statement.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ipynemo.concepts import tiny

    return getattr(tiny, name)
