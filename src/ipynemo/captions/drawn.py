"""What drawn scenes say: the words of a segment's `m.about`, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ipynemo.draft.drawn import is_drawn
from ipynemo.draft.pieces import Segment, as_number

__all__ = ["about_of", "colours_of", "scene_of", "words_of"]

# The renderer draws it where the draft has none, so it is told here where the draft has none.
BADGE: Final = "Illustration on your picture — not a recording of how it was made"
MOST_LETTERS: Final = 300
MOST_CARDS: Final = 12
MOST_LINES: Final = 12
MOST_COLOURS: Final = 6

_LABELS: Final = {
    "pixels": ("count", "pixel", "palette"),
    "noising": ("signal", "noise", "mark"),
    "denoising": ("signal", "noise", "mark"),
    "tiny_model": ("title", "prompt", "size"),
    "latent_grid": ("picture", "picture_count", "map", "map_count", "times", "note"),
}


def scene_of(segment: Segment) -> str | None:
    """Return the name of a segment's scene, as the draft has it."""
    scene = segment.meta.get("scene")
    return scene if isinstance(scene, str) else None


def about_of(segment: Segment) -> Mapping[str, Any] | None:
    """Return what a drawn scene is about; None where the segment is an ordinary shot."""
    return segment.meta["about"] if is_drawn(segment.meta) else None


def _text(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.strip():
        yield value[:MOST_LETTERS]


def _objects(value: Any, most: int) -> list[Mapping[str, Any]]:
    return [item for item in value[:most] if isinstance(item, dict)] if isinstance(value, list) else []


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def words_of(segment: Segment) -> list[str]:
    """Return what is written in a drawn scene, a text a line; none for an ordinary shot.

    Examples
    --------
    >>> about = {"cards": [{"label": "Stated", "text": "made with X", "source": "EXIF Software"}], "more": "and 2 more"}
    >>> from ipynemo.draft.values import Draft
    >>> draft = Draft({"t": [{"tt": 0, "sg": [{"d": 900, "m": {"scene": "evidence", "about": about}}]}]})
    >>> words_of(draft.track(1).segment(1))
    ['Stated: made with X (EXIF Software)', 'and 2 more']
    """
    about, scene = about_of(segment), scene_of(segment)
    if about is None or scene is None:
        return []
    labels = _object(about.get("labels"))
    words = [text for key in _LABELS.get(scene, ()) for text in _text(labels.get(key))]
    if scene == "evidence":
        words += [text for card in _objects(about.get("cards"), MOST_CARDS) for text in _card(card)]
        words += [text for key in ("more", "foot") for text in _text(about.get(key))]
    elif scene == "pixels":
        words += _colours(about.get("swatches"))
    elif scene == "denoising":
        words = [*(list(_text(about.get("badge"))) or [BADGE]), *words]
    elif scene == "limits":
        lines = about.get("lines")
        words += _text(about.get("heading"))
        words += [text for line in (lines[:MOST_LINES] if isinstance(lines, list) else ()) for text in _text(line)]
    return words


def _card(card: Mapping[str, Any]) -> Iterator[str]:
    label, text, source, note = (next(_text(card.get(key)), "") for key in ("label", "text", "source", "note"))
    told = f"{label}: {text}" if label and text else label or text
    told = f"{told} ({source})" if told and source else told or source
    yield from (part for part in (told, note) if part)


def _colours(value: Any) -> list[str]:
    told = []
    for swatch in _objects(value, MOST_COLOURS):
        colour, share = swatch.get("color"), as_number(swatch.get("share"))
        if isinstance(colour, str) and len(colour) <= 9:
            told.append(f"{colour} {min(max(share, 0), 1):.0%}" if share is not None else colour)
    return [", ".join(told)] if told else []


def colours_of(segment: Segment) -> list[str]:
    """Return the fields of colour below a text, a line of them; none where it has none."""
    swatches = _object(segment.meta.get("style")).get("swatches")
    return _colours([{"color": colour} for colour in swatches[:MOST_COLOURS]]) if isinstance(swatches, list) else []
