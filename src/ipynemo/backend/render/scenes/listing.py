"""A scene whose pieces come in one after the other, and stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipynemo.backend.render.scenes.acting import DrawnScene
from ipynemo.backend.render.scenes.drawing import come

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from ipynemo.backend.render.planes import Planes
    from ipynemo.backend.render.scenes.stage import Moment
    from ipynemo.backend.render.stills import Cutting

__all__ = ["Listing"]


class Listing(DrawnScene):
    """Whoever inherits from it says, when it is made, what there is to see.

    Attributes
    ----------
    ground : Planes
        What all pieces lie on; as large as the frame.
    pieces : sequence of Cutting or None
    begins : sequence of float
        The progress, 0–1, at which each piece begins to come in.
    """

    ground: Planes
    pieces: Sequence[Cutting | None]
    begins: Sequence[float]

    def state(self, now: Moment) -> Hashable:
        """Return how far each piece has come in."""
        return tuple(round(now.came(begin), 3) for begin in self.begins)

    def paint(self, state: tuple[float, ...], frame: Planes) -> None:
        """Draw the ground, and the pieces as far as they have come in."""
        frame.put(self.ground)
        for piece, strength in zip(self.pieces, state, strict=True):
            come(piece, frame, strength, self.stage)
