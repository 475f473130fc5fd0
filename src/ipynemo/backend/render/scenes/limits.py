"""What remains open: a calm card over the softened picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipynemo.backend.render.planes import from_colour
from ipynemo.backend.render.scenes.drawing import Drawing, filled, set_words, softened, words
from ipynemo.backend.render.scenes.listing import Listing
from ipynemo.backend.render.scenes.stage import FAINT, GROUND, SIGNAL, Box

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ipynemo.backend.render.planes import Planes
    from ipynemo.backend.render.scenes.acting import Picture
    from ipynemo.backend.render.scenes.drawing import Words
    from ipynemo.backend.render.scenes.stage import Stage
    from ipynemo.backend.render.stills import Cutting

__all__ = ["Limits"]

MOST_LINES = 6
WIDTH = 1240  # of the card at most, in pixels at a short side of 1080
HEADING, LINE = 56, 42
SCALES = [0.94**n for n in range(12)]  # tried one after the other, until all fits
PAD, INDENT, GAP, BELOW_HEADING = 60, 52, 30, 38


class Limits(Listing):
    """See `ipynemo.backend.render.scenes`; `about` holds `heading` and `lines`."""

    def __init__(self, about: Mapping[str, Any], picture: Picture | None, stage: Stage, duration_s: float) -> None:
        super().__init__(about, picture, stage, duration_s)
        given = about.get("lines")
        told = [words({"": line}, "") for line in given[:MOST_LINES]] if isinstance(given, list) else []
        room = stage.room
        across = min(room.width, stage.px(WIDTH))
        heading, lines, scale = self._fitted([line for line in told if line], across, room.height)
        self.ground, self.pieces = self._drawn(heading, lines, scale, across, room)
        apart = min(0.9, 0.18 * duration_s)  # seconds, so that each line can be read before the next one
        self.begins = [(0.2 + n * apart) / max(duration_s, 0.1) for n in range(len(self.pieces))]
        latest = max(0.0, 1 - 0.7 / max(duration_s, 0.7))
        if self.begins and self.begins[-1] > latest:
            self.begins = [begin * latest / self.begins[-1] for begin in self.begins]

    def _fitted(self, told: list[str], across: float, height: float) -> tuple[Words, list[Words], float]:
        """Return the heading and the lines, as large as fits."""
        stage = self.stage
        for scale in SCALES:
            inner = across - 2 * stage.px(PAD) * scale
            heading = set_words(words(self.about, "heading"), stage, HEADING * scale, inner, height / 3, weight=700)
            left = height - stage.px(2 * PAD + BELOW_HEADING) * scale - heading.height
            gaps = stage.px(GAP) * scale * max(len(told) - 1, 0)
            each = (left - gaps) / max(len(told), 1) if scale == SCALES[-1] else height
            lines = [set_words(line, stage, LINE * scale, inner - stage.px(INDENT) * scale, each) for line in told]
            if sum(line.height for line in lines) + gaps <= left:
                break
        return heading, lines, scale

    def _drawn(
        self, heading: Words, lines: list[Words], scale: float, across: float, room: Box
    ) -> tuple[Planes, list[Cutting | None]]:
        """Return the card without its lines on the picture, and the lines."""
        stage = self.stage

        def px(reference: float) -> float:
            return stage.px(reference) * scale

        widest = max([heading.width, *(line.width + px(INDENT) for line in lines)], default=0.0)
        across = min(across, max(widest + 2 * px(PAD), 0.6 * across))
        height = 2 * px(PAD) + sum(line.height for line in lines) + px(GAP) * max(len(lines) - 1, 0)
        height += heading.height + (px(BELOW_HEADING) if heading.height and lines else 0)
        left, top = room.middle[0] - across / 2, room.top + max(0.0, room.height - height) / 2
        box = Box(left, top, left + across, top + height)
        drawing = Drawing(stage, stage.all)
        if self.picture is None:
            drawing.panel(stage.all, GROUND)
        else:
            drawing.canvas.rgba[..., :3] = softened(self.picture.within(*stage.frame), stage, 0.42, 0.03)
            drawing.canvas.rgba[..., 3] = 255
        drawing.shadow(box, px(18), stage.px(40))
        drawing.panel(box, GROUND._replace(alpha=0.90), px(18))
        drawing.outline(box, FAINT, max(1.0, stage.px(1.5)), px(18), 0.22)
        x, y = box.left + px(PAD), box.top + px(PAD)
        drawing.write(heading, x, y)
        y += heading.height + (px(BELOW_HEADING) if heading.height else 0)
        pieces: list[Cutting | None] = []
        for line in lines:
            piece = Drawing(stage, Box(x, y, box.right, y + line.height).inset(-px(20)))
            size = line.block.lines[0].size if line.block.lines else 1
            piece.panel(Box(x, y + 0.42 * size, x + px(24), y + 0.42 * size + px(7)), SIGNAL, px(3.5))
            piece.write(line, x + px(INDENT), y)
            pieces.append(piece.cut())
            y += line.height + px(GAP)
        ground = filled(drawing.canvas.finished()[0]) if lines or heading.height else self._bare()
        return ground, pieces

    def _bare(self) -> Planes:
        """Return the ground without a card, where there is nothing to say."""
        if self.picture is None:
            return from_colour(GROUND, *self.stage.frame)
        return filled(softened(self.picture.within(*self.stage.frame), self.stage, 0.42, 0.03))
