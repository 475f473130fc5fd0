"""What a message asks for that is not for the agent: exports, credits, the state, previews. Done here, and free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipynemo.client.values import Reply
from ipynemo.intents import Intent, moment_of

if TYPE_CHECKING:
    from ipynemo.client.session import AsyncSession
    from ipynemo.draft import Draft

__all__ = ["carry_out", "clock", "first_look"]


LOOK_AT_S = 1.4  # past the fade of a title, within the first scene


def first_look(draft: Draft, at_s: float | None) -> float:
    """Return the moment to show: the one asked for, as far as there is a video; else a good first one."""
    if at_s is None:
        return min(LOOK_AT_S, 0.35 * draft.duration_s)
    return min(at_s, draft.duration_s)


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
        still = await session.still(first_look(draft, moment_of(text)))
        at = clock(still.at_s)
        said = f"{at} 处的画面是这样的。" if chinese else f"This is how it looks at {at}."
        return Reply(text=said, draft=draft, still=still)
    return Reply(text=draft.summary(), draft=draft)
