"""Edits of sound: music under the pictures, how loud, how it comes and goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ipynemo.edits._work import MUSIC, Work, check_ms, check_share
from ipynemo.errors import DraftError

if TYPE_CHECKING:
    from ipynemo.draft.values import Draft

__all__ = ["MOODS", "fade_audio", "mute", "set_music", "set_volume"]

MOODS = ("calm", "happy", "curious", "epic", "lofi")

DEFAULT_MUSIC_VOLUME = 0.3  # under captions that are to be read, music stays in the background
DEFAULT_FADE_MS = (1000, 2000)


def set_music(
    draft: Draft, music: str, *, volume: float | None = None, seed: int = 1, name: str | None = None
) -> Draft:
    """Put music under the whole clip, in place of the music that is there.

    Parameters
    ----------
    music : str
        A mood of `MOODS`, which is played by the renderer itself, or the id of a sound asset, which is repeated where
        it is shorter than the clip.
    volume : float, optional
        0–1; without it the volume that the music has, else 0.3.
    seed : int
        Another number makes other music of the same mood.

    Raises
    ------
    DraftError
        The draft is empty, or the volume is out of range.
    """
    length = draft.duration_ms
    if length == 0:
        raise DraftError("The draft is empty, so there is nothing to put music under.")
    made = music in MOODS
    work = Work(draft)
    old = next((t for t in draft.tracks_of("audio") if _is_music(t.meta, t.name, t.segments)), None)
    number = old.number if old else work.add_track(1, "Music", "music")
    was = next((s.volume for s in old.segments if s.volume is not None), None) if old else None
    level = check_share(volume, "volume") if volume is not None else DEFAULT_MUSIC_VOLUME if was is None else was
    fade_in, fade_out = (min(ms, length // 3) for ms in DEFAULT_FADE_MS)
    meta: dict[str, Any] = {"fade_in_ms": fade_in, "fade_out_ms": fade_out}
    meta |= {"seed": seed} if made else {"loop": True}
    segment = {"id": work.new_id("s"), "st": 0, "d": length, "n": name or music, "vol": level}
    work.segments(number)[:] = [segment | {"src": f"{MUSIC}{music}" if made else music, "m": meta}]
    return work.done()


def _is_music(meta: Any, name: str | None, segments: Any) -> bool:
    if meta.get("role") == "music":
        return True
    called = (name or "").lower()
    if any(word in called for word in ("music", "bgm", "音乐")):
        return True
    return any((segment.source or "").startswith(MUSIC) for segment in segments)


def _check_sound(draft: Draft, track: int) -> None:
    if draft.track(track).kind == "text":
        raise DraftError(f"Track {track} is text; it has no sound.")


def set_volume(draft: Draft, track: int, volume: float, segment: int | None = None) -> Draft:
    """Make a track, or one segment of it, as loud as this; 0 is silent, 1 is as loud as the source.

    Raises
    ------
    NoSuchTrackError, NoSuchSegmentError, DraftError
        There is no such segment, its track has no sound, or the volume is not from 0 to 1.

    Examples
    --------
    >>> draft = Draft({"t": [{"tt": 1, "sg": [{"d": 9000, "vol": 1}]}]})
    >>> set_volume(draft, track=1, volume=0.35).track(1).segment(1).volume
    0.35
    """
    level = check_share(volume, "volume")
    _check_sound(draft, track)
    work = Work(draft)
    numbers = [segment] if segment is not None else [s.number for s in draft.track(track).segments]
    for number in numbers:
        raw = work.segment(track, number)
        raw["vol"] = level
        meta = raw.get("m")
        if isinstance(meta, dict):
            meta.pop("unmuted_vol", None)
    return work.done()


def mute(draft: Draft, track: int | None = None, *, muted: bool = True) -> Draft:
    """Silence a track, or all; `muted=False` gives the volume back that was there before."""
    if track is not None:
        _check_sound(draft, track)
    work = Work(draft)
    for number in [track] if track is not None else list(work.numbers("audio", "video")):
        for value in draft.track(number).segments:
            raw = work.segment(number, value.number)
            meta = work.meta(raw)
            if muted and value.volume != 0:
                meta["unmuted_vol"] = value.volume
                raw["vol"] = 0.0
            elif not muted and value.volume == 0:
                back = meta.pop("unmuted_vol", 1.0)
                if back is None:
                    raw.pop("vol", None)
                else:
                    raw["vol"] = back
    return work.done()


def fade_audio(draft: Draft, track: int, *, fade_in_s: float | None = None, fade_out_s: float | None = None) -> Draft:
    """Let the sound of a track swell at its start, or die away at its end; 0 takes a fade away.

    Raises
    ------
    NoSuchTrackError, NoSuchSegmentError, DraftError
        There is no such track, it has no segment, or it has no sound.
    """
    _check_sound(draft, track)
    work = Work(draft)
    draft.track(track).segment(1)
    last = len(draft.track(track).segments)
    for seconds, number, key in ((fade_in_s, 1, "fade_in_ms"), (fade_out_s, last, "fade_out_ms")):
        if seconds is not None:
            longest = draft.track(track).segment(number).duration_ms
            work.meta(work.segment(track, number))[key] = min(check_ms(seconds, key), longest)
    return work.done()
