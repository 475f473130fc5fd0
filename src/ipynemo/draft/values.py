"""Draft, Track, Segment: frozen values over the raw JSON.

The JSON is what counts: it is kept whole, and what the backend gets back for an export is what it sent. The values
read it tolerantly, because the vendor documents no more than `t`, `tt`, `sg`, `d` and `m`: a missing start means that
segments follow one another, unknown keys and unknown track types are kept and shown, a value of the wrong type counts
as missing.
"""

from __future__ import annotations

import json
import numbers
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ipynemo.draft.pieces import (
    Segment,
    Track,
    TrackKind,
    as_index,
    as_ms,
    as_text,
    last_end_ms,
    objects_of,
    read_track,
)
from ipynemo.errors import DraftError, NoSuchTrackError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Draft", "Segment", "Track", "TrackKind"]

MAX_DEPTH = 200  # of nesting; far beyond any timeline, and far below where Python's own recursion ends


def _plain_number(value: Any) -> float:
    """Return a number that is not Python's own, such as numpy's, as one that JSON knows."""
    if isinstance(value, numbers.Real):
        return int(value) if isinstance(value, numbers.Integral) else float(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def _is_deeper(value: Any, levels: int) -> bool:
    """Return whether JSON is nested deeper; level by level, because a recursion would end where the danger begins."""
    level = [value]
    for _ in range(levels):
        level = [
            item
            for container in level
            for item in (container.values() if type(container) is dict else container)
            if type(item) is dict or type(item) is list
        ]
        if not level:
            return False
    return True


class Draft:
    """A timeline, frozen: every edit gives a new one.

    Parameters
    ----------
    raw : mapping
        The JSON object that the backend sent. It is copied; later changes to it do not reach the draft.

    Raises
    ------
    DraftError
        It is not a JSON object, or holds something that JSON cannot say.

    Examples
    --------
    >>> draft = Draft({"t": [{"tt": 7, "sg": [{"tx": "Urban Dreams", "d": 3000}]}]})
    >>> draft.summary()
    'Timeline (1 track): 1. Title: "Urban Dreams" (0-3s)'
    """

    def __init__(self, raw: Mapping[str, Any] | None = None) -> None:
        if raw is not None and not isinstance(raw, Mapping):
            raise DraftError(
                f"A draft is a JSON object, not {type(raw).__name__}.", hint="Pass what `session.draft().raw` gives."
            )
        try:
            self._json = json.dumps(dict(raw or {}), allow_nan=False, separators=(",", ":"), default=_plain_number)
            self._raw: dict[str, Any] = json.loads(self._json)
        except (TypeError, ValueError) as error:
            raise DraftError(f"This is not a JSON object: {error}.") from error
        except RecursionError as error:
            raise DraftError("This JSON object is nested too deeply to be a draft.") from error
        if _is_deeper(self._raw, MAX_DEPTH):
            raise DraftError(
                "This JSON object is nested too deeply to be a draft.", hint=f"At most {MAX_DEPTH} levels are read."
            )

    @classmethod
    def from_json(cls, text: str | bytes) -> Draft:
        """Read a draft from JSON text, as `to_json` writes it.

        Raises
        ------
        DraftError
            The text is not JSON, or not an object.
        """
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DraftError(f"This is not JSON: {error}.") from error
        except TypeError as error:
            raise DraftError(f"JSON text is needed, not {type(text).__name__}.") from error
        if not isinstance(raw, dict):
            raise DraftError(f"A draft is a JSON object, not {type(raw).__name__}.")
        return cls(raw)

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the draft as JSON text."""
        return json.dumps(self._raw, indent=indent, ensure_ascii=False) if indent is not None else self._json

    @property
    def raw(self) -> dict[str, Any]:
        """The JSON object as it came; a copy of your own, which you may change."""
        copy: dict[str, Any] = json.loads(self._json)
        return copy

    @cached_property
    def tracks(self) -> tuple[Track, ...]:
        """The tracks, in the order of the draft."""
        return tuple(read_track(n, raw) for n, raw in enumerate(objects_of(self._raw.get("t")), 1))

    @property
    def meta(self) -> Mapping[str, Any]:
        """The draft's metadata (`m`), empty where there is none; not to be changed."""
        meta = self._raw.get("m")
        return meta if isinstance(meta, dict) else {}

    @property
    def title(self) -> str | None:
        """The draft's title."""
        return as_text(self.meta.get("title"))

    @property
    def width_px(self) -> int | None:
        """The picture's width in pixels, where the draft says it."""
        return as_ms(self.meta.get("width"))

    @property
    def height_px(self) -> int | None:
        """The picture's height in pixels, where the draft says it."""
        return as_ms(self.meta.get("height"))

    @cached_property
    def duration_ms(self) -> int:
        """The end of the last segment; where there is none, the `d` of the draft itself."""
        end_ms = last_end_ms(self._raw)
        return end_ms if end_ms is not None else as_ms(self._raw.get("d")) or 0

    @property
    def duration_s(self) -> float:
        """The length, in seconds."""
        return self.duration_ms / 1000

    @property
    def is_empty(self) -> bool:
        """Whether no track has a segment, so that there is nothing to export."""
        return last_end_ms(self._raw) is None

    def track(self, number: int) -> Track:
        """Return a track by its number, counted from 1.

        Raises
        ------
        NoSuchTrackError
            The draft has no such track.
        """
        index = as_index(number)
        if index is not None and 1 <= index <= len(self.tracks):
            return self.tracks[index - 1]
        count = len(self.tracks)
        has = "the draft has none" if not count else f"the draft has 1–{count}" if count > 1 else "the draft has 1"
        raise NoSuchTrackError(f"no track {number}; {has}")

    def tracks_of(self, kind: TrackKind) -> tuple[Track, ...]:
        """Return the tracks of one kind, in order."""
        return tuple(track for track in self.tracks if track.kind == kind)

    def summary(self) -> str:
        """Return the timeline in one line, in the protocol's form."""
        from ipynemo.draft.summary import summary_line

        return summary_line(self)

    def diff(self, after: Draft) -> list[str]:
        """Return in words what changes from this draft to `after`; empty where nothing does.

        Examples
        --------
        >>> after = Draft({"t": [{"tt": 7, "sg": [{"tx": "Paradise Found", "d": 3000}]}]})
        >>> Draft().diff(after)
        ["Title added: 'Paradise Found' (0–3 s)"]
        """
        from ipynemo.draft.changes import changes

        return changes(self, after)

    def to_frame(self, extra: Sequence[str] = ()) -> pd.DataFrame:
        """Return one row a segment; see `ipynemo.frames.to_frame`."""
        from ipynemo.frames import to_frame

        return to_frame(self, extra)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, base: Draft | None = None) -> Draft:
        """Return the draft that an edited frame describes; see `ipynemo.frames.from_frame`."""
        from ipynemo.frames import from_frame

        return from_frame(frame, base)

    def to_otio(self) -> Any:
        """Return an OpenTimelineIO timeline (extra `otio`); see `ipynemo.draft.otio.to_otio`."""
        from ipynemo.draft.otio import to_otio

        return to_otio(self)

    @cached_property
    def _canonical(self) -> str:
        # Compared as text, because Python holds 1, 1.0 and true for equal and JSON does not.
        return json.dumps(self._raw, sort_keys=True, separators=(",", ":"))

    def __eq__(self, other: object) -> bool:
        return self._canonical == other._canonical if isinstance(other, Draft) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._canonical)

    def __repr__(self) -> str:
        return f"<Draft {self.summary()}>"

    def _repr_html_(self) -> str | None:
        from ipynemo.draft.html import draft_html

        return draft_html(self)

    def __copy__(self) -> Draft:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Draft:
        return self  # a frozen value is its own copy; pandas and ipywidgets copy what they are given

    def __reduce__(self) -> tuple[Any, ...]:
        return (Draft.from_json, (self._json,))
