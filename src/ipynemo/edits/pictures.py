"""Edits of the pictures: put one in, let it move, change over to the next, choose the frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ipynemo.draft.drawn import is_drawn
from ipynemo.draft.pieces import kind_of, objects_of
from ipynemo.draft.values import Draft
from ipynemo.edits._ripple import insert_time
from ipynemo.edits._work import Work, check_ms, is_real
from ipynemo.errors import DraftError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ASPECTS",
    "FITS",
    "MOTIONS",
    "TRANSITIONS",
    "add_picture",
    "blank",
    "fade_picture",
    "set_aspect",
    "set_fit",
    "set_motion",
    "set_transition",
]

ASPECTS: dict[str, tuple[int, int]] = {"16:9": (1920, 1080), "9:16": (1080, 1920), "1:1": (1080, 1080)}

MOTIONS = ("still", "zoom_in", "zoom_out", "pan_left", "pan_right", "pan_up", "pan_down")

FITS = ("cover", "contain", "blur")

TRANSITIONS = ("cut", "crossfade", "fade")


def blank(aspect: str = "16:9", title: str = "") -> Draft:
    """Return an empty draft with a frame of this aspect, 30 pictures a second, on a dark background."""
    width, height = _size(aspect)
    meta = {"title": title, "width": width, "height": height, "fps": 30, "background": "#101418"}
    return Draft({"t": [], "d": 0, "m": meta})


def _size(aspect: str) -> tuple[int, int]:
    if aspect not in ASPECTS:
        raise DraftError(f"No aspect {aspect!r}.", hint=f"There are {', '.join(ASPECTS)}.")
    return ASPECTS[aspect]


def _known(value: str, allowed: tuple[str, ...], what: str) -> str:
    if value not in allowed:
        raise DraftError(f"No {what} {value!r}.", hint=f"There are {', '.join(allowed)}.")
    return value


def add_picture(
    draft: Draft,
    source: str,
    *,
    duration_s: float,
    name: str | None = None,
    media: Literal["image", "video"] = "image",
    position: int | None = None,
    motion: str | Mapping[str, Any] = "still",
    fit: str = "cover",
    in_s: float = 0,
) -> Draft:
    """Put a picture or a video on the main picture track, at the end, or at a position counted from 1.

    Parameters
    ----------
    source : str
        The asset's id.
    duration_s : float
        How long it is shown.
    in_s : float
        Where in a video to begin.

    Notes
    -----
    Later clips, and the texts over them, move back to make room.
    """
    duration_ms, in_ms = check_ms(duration_s, "duration_s", least_ms=1), check_ms(in_s, "in_s")
    work = Work(draft)
    number = work.main_track()
    number = number if number is not None else _picture_track(work)
    spans = work.spans(number)
    place = len(spans) if position is None else max(0, min(position - 1, len(spans)))
    start = spans[place][0] if place < len(spans) else max((end for _, end in spans), default=0)
    segment: dict[str, Any] = {"id": work.new_id("s"), "st": start, "d": duration_ms, "n": name or source}
    segment |= {"src": source, "m": {"media": media, "motion": _motion(motion), "fit": _known(fit, FITS, "fit")}}
    if media == "video":
        segment["in"] = in_ms
    if place < len(spans):
        for other in [number, *work.numbers("text")]:
            insert_time(work, other, start, duration_ms)
    work.pin(number)
    work.segments(number).insert(place, segment)
    return work.done()


def _picture_track(work: Work) -> int:
    for number, track in enumerate(objects_of(work.raw.get("t")), 1):
        if kind_of(track) == "video" and isinstance(track.get("sg", []), list):
            return number
    work.tracks().insert(0, {"id": work.new_id("t"), "tt": 0, "n": "Pictures", "sg": [], "m": {"role": "pictures"}})
    return 1


def _motion(motion: str | Mapping[str, Any]) -> Any:
    if isinstance(motion, str):
        return _known(motion, MOTIONS, "motion")
    for key in ("from", "to"):
        view = motion.get(key)
        fine = isinstance(view, (list, tuple)) and len(view) == 3
        if not fine or not all(is_real(v) and abs(v) <= 100 for v in view or ()):
            raise DraftError(f"A motion needs {key!r} as [x, y, scale].", hint=f"Or one of {', '.join(MOTIONS)}.")
    return dict(motion)


def _clips(work: Work, track: int | None, segment: int | None) -> list[dict[str, Any]]:
    number = track if track is not None else work.main_track()
    if number is None:
        raise DraftError("There is no picture in the draft yet.")
    value = work.before.track(number)
    if value.kind != "video":
        raise DraftError(f"Track {number} is {value.kind}, not pictures.")
    numbers = [segment] if segment is not None else [s.number for s in value.segments]
    return [work.segment(number, n) for n in numbers]


def _shots(work: Work, track: int | None, segment: int | None, reason: str) -> list[dict[str, Any]]:
    """Return the clips meant without the scenes that are drawn; one that is named must not be such a scene."""
    clips = _clips(work, track, segment)
    shots = [raw for raw in clips if not is_drawn(raw.get("m"))]
    if clips and not shots:
        what = f"Segment {segment} is a drawn scene" if segment is not None else "There are only drawn scenes"
        raise DraftError(f"{what}: it has {reason}.", hint="Name another segment.")
    return shots


def set_motion(
    draft: Draft, motion: str | Mapping[str, Any], *, track: int | None = None, segment: int | None = None
) -> Draft:
    """Let a picture move, or stand still; without a segment all of the track, without a track the main one.

    A scene that is drawn has no camera: it is left as it is, and cannot be named.

    Parameters
    ----------
    motion : str or mapping
        One of `MOTIONS`, or `{"from": [x, y, scale], "to": [x, y, scale]}`: x and y from 0 to 1 are the centre of the
        view in the picture, scale 1 shows all of it.
    """
    work = Work(draft)
    for raw in _shots(work, track, segment, "no camera that could move"):
        work.meta(raw)["motion"] = _motion(motion)
    return work.done()


def set_fit(draft: Draft, fit: str, *, track: int | None = None, segment: int | None = None) -> Draft:
    """Choose how a picture of another aspect fills the frame: "cover", "contain" or "blur".

    A scene that is drawn has its own layout for every frame: it is left as it is, and cannot be named.
    """
    work = Work(draft)
    for raw in _shots(work, track, segment, "its own layout for every frame"):
        work.meta(raw)["fit"] = _known(fit, FITS, "fit")
    return work.done()


def set_transition(
    draft: Draft, kind: str, *, duration_s: float = 0.5, track: int | None = None, segment: int | None = None
) -> Draft:
    """Choose how a clip comes in: "cut", "crossfade" or "fade" (from the background).

    Without a segment every clip but the first, which has nothing before it. A transition takes at most half of its
    clip.
    """
    _known(kind, TRANSITIONS, "transition")
    duration_ms = check_ms(duration_s, "duration_s", least_ms=1)
    work = Work(draft)
    raws = _clips(work, track, segment)
    for raw in raws if segment is not None else raws[1:]:
        length = raw.get("d")
        most = length // 2 if isinstance(length, int) else duration_ms
        transition = {"kind": kind} if kind == "cut" else {"kind": kind, "d": min(duration_ms, max(1, most))}
        work.meta(raw)["transition"] = transition
    return work.done()


def fade_picture(draft: Draft, *, fade_in_s: float | None = None, fade_out_s: float | None = None) -> Draft:
    """Let the clip begin from the background, or end in it; 0 takes a fade away."""
    work = Work(draft)
    raws = _clips(work, None, None)
    if fade_in_s is not None:
        ms = check_ms(fade_in_s, "fade_in_s")
        work.meta(raws[0])["transition"] = {"kind": "fade", "d": ms} if ms else {"kind": "cut"}
    if fade_out_s is not None:
        work.meta(raws[-1])["fade_out_ms"] = check_ms(fade_out_s, "fade_out_s")
    return work.done()


def set_aspect(draft: Draft, aspect: str) -> Draft:
    """Choose the frame: "16:9" (1920×1080), "9:16" (1080×1920) or "1:1" (1080×1080)."""
    work = Work(draft)
    width, height = _size(aspect)
    work.meta(work.raw).update(width=width, height=height)
    return work.done()
