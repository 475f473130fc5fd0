"""What a message asks for that is not for the agent: exports, credits, the state, previews. Done here, and free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipynemo.client.values import Reply
from ipynemo.draft import Draft
from ipynemo.errors import InvalidRequestError, NoSuchSegmentError
from ipynemo.intents import Intent, Look, look_of

if TYPE_CHECKING:
    from ipynemo.client.session import AsyncSession
    from ipynemo.draft import Segment

__all__ = ["carry_out", "clock", "first_look", "span_of"]


LOOK_AT_S = 1.4  # past the fade of a title, within the first scene
SHORT_S = 30.0  # a draft that is played as a whole where no range is named, and how much of a longer one
LONGEST_S = 60.0
NEAR_END_S = 0.5  # whoever asks to play there means the beginning


def first_look(draft: Draft, at_s: float | None) -> float:
    """Return the moment to show: the one asked for, as far as there is a video; else a good first one."""
    if at_s is None:
        return min(LOOK_AT_S, 0.35 * draft.duration_s)
    return min(at_s, draft.duration_s)


def span_of(draft: Draft, look: Look, playhead_s: float = 0.0) -> tuple[float, float]:
    """Return the range to play, in seconds: the one asked for, at most a minute of it, as far as there is a video.

    Parameters
    ----------
    playhead_s : float
        Where a draft that is not short is begun when no range is named.

    Raises
    ------
    NoSuchSegmentError
        There is no such scene.
    InvalidRequestError
        The video has ended by then.

    Examples
    --------
    >>> span_of(Draft({"t": [{"tt": 0, "sg": [{"d": 4000}, {"d": 8000}]}]}), Look(scene=2))
    (4.0, 12.0)
    """
    whole_s = draft.duration_s
    if look.scene is not None:
        shots = _scenes(draft)
        if not -len(shots) <= look.scene <= len(shots) or not look.scene:
            raise NoSuchSegmentError(f"There is no scene {look.scene}; the video has {len(shots)}.")
        shot = shots[look.scene - 1 if look.scene > 0 else look.scene]
        start_s, end_s = shot.start_s, shot.end_s
    elif look.last_s is not None:
        start_s, end_s = max(0.0, whole_s - look.last_s), whole_s
    elif look.start_s is None:
        start_s = 0.0 if whole_s <= SHORT_S or playhead_s > whole_s - NEAR_END_S else playhead_s
        end_s = start_s + SHORT_S
    else:
        start_s, end_s = look.start_s, look.start_s + SHORT_S if look.end_s is None else look.end_s
    start_s, end_s = min(start_s, end_s), min(max(start_s, end_s), whole_s)
    if start_s >= end_s:
        raise InvalidRequestError(f"The video is {whole_s:g} s long; there is nothing at {start_s:g} s.")
    return start_s, min(end_s, start_s + LONGEST_S)


def _scenes(draft: Draft) -> list[Segment]:
    """Return the pictures of the track that has them, in order; of a draft without, its texts."""
    for kind in ("video", "text"):
        for track in draft.tracks:
            if track.kind == kind and track.segments:
                return sorted(track.segments, key=lambda segment: segment.start_ms)
    return []


def clock(at_s: float) -> str:
    """Return a time as a clock shows it.

    Examples
    --------
    >>> clock(5), clock(65.4)
    ('0:05', '1:05')
    """
    return f"{int(at_s) // 60}:{int(at_s) % 60:02}"


async def carry_out(session: AsyncSession, intent: Intent, text: str) -> Reply:
    """Do what the message asks for, and say so in the session's language."""
    chinese = session.language.startswith("zh")
    if intent is Intent.EXPORT:
        clip = await session.export()
        return Reply(text=f"已导出：{clip}" if chinese else f"Exported: {clip}", clip=clip)
    if intent is Intent.CREDITS:
        return Reply(text=str(await session.credits()))
    if intent is Intent.UPLOAD:
        name = "图片.png" if chinese else "picture.png"
        how = f"session.upload('{name}')"
        return Reply(text=f"请用 {how} 上传文件。" if chinese else f"Upload with {how}.")
    draft = await session.draft()
    if intent is Intent.PREVIEW:
        return await _preview(session, draft, look_of(text), chinese=chinese)
    return Reply(text=draft.summary(), draft=draft)


async def _preview(session: AsyncSession, draft: Draft, look: Look, *, chinese: bool) -> Reply:
    if look.is_still or draft.is_empty:
        still = await session.still(first_look(draft, look.start_s))
        at = clock(still.at_s)
        said = f"{at} 处的画面是这样的。" if chinese else f"This is how it looks at {at}."
        return Reply(text=said, draft=draft, still=still)
    preview = await session.preview(*span_of(draft, look))
    begin, end = clock(preview.start_s), clock(preview.end_s)
    said = f"这是 {begin} 到 {end} 的预览。" if chinese else f"This is {begin} to {end}."
    return Reply(text=said, draft=draft, preview=preview)
