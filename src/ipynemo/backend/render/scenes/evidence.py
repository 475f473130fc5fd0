"""What a file says about itself: its picture, and a card for every statement: who says so, and what that is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ipynemo.backend.render.planes import from_colour
from ipynemo.backend.render.scenes.drawing import Drawing, Words, filled, set_words, softened, words
from ipynemo.backend.render.scenes.listing import Listing
from ipynemo.backend.render.scenes.marks import draw_mark
from ipynemo.backend.render.scenes.stage import APART_S, FAINT, GROUND, LEVELS, Box
from ipynemo.backend.render.values import choice, object_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ipynemo.backend.render.planes import Planes
    from ipynemo.backend.render.scenes.acting import Picture
    from ipynemo.backend.render.scenes.stage import Stage
    from ipynemo.backend.render.stills import Cutting

__all__ = ["Evidence"]

MOST_CARDS = 6
MOST = {
    "label": 40,
    "text": 180,
    "source": 110,
    "note": 110,
    "below": 80,
}  # characters; more cannot be read in the time
PICTURE = {"wide": 0.45, "square": 0.34, "tall": 0.40}  # of the room; with many cards less
SCALES = [1.3 * 0.9**n for n in range(7)]  # tried one after the other, until all cards fit; down to 17 px of 1080
# In pixels at a short side of 1080: between cards and inside them, to the letters, between lines; a mark's radius.
GAP, PAD, INDENT, LEADING, APART, MARK = 20.0, 23.0, 96.0, 9.0, 40.0, 24.0
SMALL = 25.0
BOTH = ("source", "note")
HARD = 6  # enlarged more often than this, the pixels of a tiny picture are shown as squares


@dataclass(frozen=True, slots=True)
class _Card:
    """A card laid out: its lines from above to below, the last two of them side by side where there is room."""

    level: str
    lines: tuple[Words, ...]
    beside: bool
    scale: float
    stage: Stage

    @property
    def height(self) -> float:
        lines = self.lines[:-1] if self.beside else self.lines
        between = LEADING * max(len(lines) - 1, 0)
        return sum(line.height for line in lines) + self.stage.px(2 * PAD + between) * self.scale


def _stacked(cards: list[_Card], gap: float) -> float:
    return sum(card.height for card in cards) + gap * max(len(cards) - 1, 0)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


class Evidence(Listing):
    """See `ipynemo.backend.render.scenes`; `about` holds `cards`, `more` and `foot`."""

    def __init__(self, about: Mapping[str, Any], picture: Picture | None, stage: Stage, duration_s: float) -> None:
        super().__init__(about, picture, stage, duration_s)
        given = about.get("cards")
        cards = [object_of(card) for card in given[:MOST_CARDS]] if isinstance(given, list) else []
        cards = [card for card in cards if words(card, "text") or words(card, "label")]
        self.ground, room = self._set_picture(many=len(cards) > 3)
        self.pieces = self._set_cards(cards, room)
        last = min(0.6, 1 - 0.6 / max(duration_s, 0.6))  # by then all has begun to come in
        apart = min(max(0.09 * duration_s, APART_S), 1.2) / max(duration_s, 0.1)
        first = min(0.35 / max(duration_s, 0.35), 0.1)
        count = len(self.pieces)
        apart = min(apart, (last - first) / max(count - 1, 1))
        self.begins = [first + n * apart for n in range(count)]
        # Half of many cards, then all; a picture without any says nothing.
        self.stills = (self.begins[count // 2], 1.0) if count > 2 else (1.0,)

    def _set_picture(self, *, many: bool) -> tuple[Planes, Box]:
        stage = self.stage
        if self.picture is None:
            room = stage.room
            across = min(room.width, stage.px(1180))
            return from_colour(GROUND, *stage.frame), room.inset((room.width - across) / 2, 0)
        place, room = stage.split(PICTURE[stage.shape] * (0.78 if many and stage.shape != "wide" else 1.0))
        pixels = self.picture.within(place.width, place.height)
        box = place.fitted((pixels.shape[1], pixels.shape[0]))
        drawing = Drawing(stage, stage.all)
        drawing.canvas.rgba[..., :3] = softened(pixels, stage)
        drawing.canvas.rgba[..., 3] = 255
        radius = min(stage.px(14), box.width / 2, box.height / 2)
        drawing.shadow(box, radius, stage.px(36))
        drawing.picture(pixels, box, radius, hard=box.width > HARD * pixels.shape[1])
        return filled(drawing.canvas.finished()[0]), room

    def _set_cards(self, cards: list[Mapping[str, Any]], room: Box) -> list[Cutting | None]:
        stage = self.stage
        ends = [text for key in ("more", "foot") if (text := words(self.about, key))]
        laid, below, gap = self._fitted(cards, ends, room)
        height = sum(card.height for card in laid) + sum(text.height for text in below)
        height += gap * max(len(laid) + len(below) - 1, 0)
        top = room.top + max(0.0, (room.height - height) / (2 if stage.shape == "wide" else 3))
        pieces: list[Cutting | None] = []
        for card in laid:
            pieces.append(self._draw_card(card, Box(room.left, top, room.right, top + card.height)))
            top += card.height + gap
        for line in below:
            drawing = Drawing(stage, Box(room.left, top, room.right, top + line.height).inset(-stage.px(12)))
            drawing.write(line, room.left + stage.px(4), top, halo=0.5)
            pieces.append(drawing.cut())
            top += line.height + gap
        return pieces

    def _fitted(
        self, cards: list[Mapping[str, Any]], ends: list[str], room: Box
    ) -> tuple[list[_Card], list[Words], float]:
        """Return the cards and the lines below them, as large as fits."""
        stage = self.stage
        for scale in SCALES:
            gap = stage.px(GAP) * scale
            # On the softened picture itself, where the faint colour could not be read over a white one.
            below = [
                set_words(_short(text, MOST["below"]), stage, SMALL * max(scale, 0.8), room.width, room.height / 8)
                for text in ends
            ]
            left = room.height - sum(text.height + gap for text in below)
            each = (left - gap * max(len(cards) - 1, 0)) / max(len(cards), 1)
            laid = [self._lay_card(card, room.width, scale, room.height) for card in cards]
            if _stacked(laid, gap) <= left:
                return laid, below, gap
        # What does not fit now is cut, then left out but for the statements themselves.
        for small, tighter in ((BOTH, 1.0), (BOTH, 0.9), (BOTH, 0.8), (("note",), 0.8), ((), 0.8)):
            laid = [self._lay_card(card, room.width, scale * tighter, each, small) for card in cards]
            if _stacked(laid, gap) <= left:
                return laid, below, gap
        while len(laid) > 1 and _stacked(laid, gap) > left:  # more than any storyboard says
            laid.pop()
        return laid, below, gap

    def _lay_card(
        self,
        card: Mapping[str, Any],
        width: float,
        scale: float,
        height: float,
        below: tuple[str, ...] = BOTH,
    ) -> _Card:
        stage = self.stage
        level = choice(card.get("level"), tuple(LEVELS), "unread")
        inner = width - stage.px(INDENT + PAD) * scale
        room = height - 2 * stage.px(PAD) * scale

        def lay_out(key: str, size: float, share: float, **looks: Any) -> Words:
            return set_words(_short(words(card, key), MOST[key]), stage, size * scale, inner, room * share, **looks)

        label = lay_out("label", 27, 0.2, colour=LEVELS[level], weight=700)
        text = lay_out("text", 37, 0.4, weight=600)
        small = [lay_out(key, SMALL, 0.17, colour=FAINT) for key in below if words(card, key)]
        beside = len(small) == 2 and all(len(line.block.lines) == 1 for line in small)
        beside = beside and small[0].width + small[1].width + stage.px(APART) * scale <= inner
        lines = tuple(line for line in (label, text, *small) if line.height)
        return _Card(level, lines, beside, scale, stage)

    def _draw_card(self, card: _Card, box: Box) -> Cutting | None:
        stage = self.stage
        colour = LEVELS[card.level]
        drawing = Drawing(stage, box.inset(-stage.px(24)))
        radius = stage.px(12)
        drawing.shadow(box, radius, stage.px(20), 0.3)
        drawing.panel(box, GROUND._replace(alpha=0.90), radius)
        drawing.outline(box, FAINT, max(1.0, stage.px(1.5)), radius, 0.22)
        drawing.panel(Box(box.left, box.top, box.left + stage.px(8), box.bottom), colour, stage.px(4))

        def px(reference: float) -> float:
            return stage.px(reference) * card.scale

        left, top = box.left + px(INDENT), box.top + px(PAD)
        draw_mark(drawing, card.level, (left - px(MARK + 20), top + px(MARK - 3)), px(MARK), colour)
        for number, line in enumerate(card.lines):
            if card.beside and number == len(card.lines) - 1:
                before = card.lines[-2]
                x, y = left + before.width + px(APART), top - px(LEADING) - before.height
                dot = Box(x - px(APART / 2 + 2), y + px(12), x - px(APART / 2 - 3), y + px(17))
                drawing.panel(dot, FAINT, px(3))
                drawing.write(line, x, y)
            else:
                drawing.write(line, left, top)
                top += line.height + px(LEADING)
        return drawing.cut()
