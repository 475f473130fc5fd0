"""What a message asks for that is not for the agent: exports, credits, the state. Done right here, free of credits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipynemo.client.values import Reply
from ipynemo.intents import Intent

if TYPE_CHECKING:
    from ipynemo.client.session import AsyncSession

__all__ = ["carry_out"]


async def carry_out(session: AsyncSession, intent: Intent) -> Reply:
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
    return Reply(text=draft.summary(), draft=draft)
