"""What a render can stumble over: errors under `RenderFailedError` that name the asset or the value at fault."""

from __future__ import annotations

from ipynemo.errors import NothingToExportError, RenderFailedError

__all__ = ["BrokenAssetError", "DraftLimitError", "EmptyDraftError", "MissingAssetError"]


class MissingAssetError(RenderFailedError):
    """A segment names a file that is not there.

    Attributes
    ----------
    assets : tuple of str
        The ids of the assets at fault.
    """

    assets: tuple[str, ...] = ()


class BrokenAssetError(RenderFailedError):
    """A file is there, but is no picture, film or sound that can be read.

    Attributes
    ----------
    assets : tuple of str
        The ids of the assets at fault.
    """

    assets: tuple[str, ...] = ()


class DraftLimitError(RenderFailedError):
    """The draft asks for more than the renderer gives: too long, too large."""


class EmptyDraftError(RenderFailedError, NothingToExportError):
    """The draft has no segment with a duration, so there is nothing to render."""
