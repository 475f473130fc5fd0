"""What the widgets say, in the languages they speak. The page holds no sentence of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["COMMON", "LANGUAGES", "Words", "words_of"]

Words = Mapping[str, Mapping[str, str]]  # language -> key -> text with {places}

LANGUAGES: Final = ("en", "zh")

COMMON: Final[Words] = {
    "en": {
        "retry": "Try again",
        "new_session": "Start a new session",
        "top_up": "Get more credits",
        "dismiss": "Close this message",
        "no_session": "No session yet.",
        "unexpected": "Something unexpected went wrong ({what}).",
        "unexpected_hint": "Try again; the kernel's log has the details.",
        "AuthenticationError": "The backend does not accept the token.",
        "SessionNotFoundError": "This session no longer exists on the backend.",
        "SessionNotFoundError_hint": "Start a new one; what was made before is kept in this notebook.",
        "OutOfCreditsError": "The credits are used up.",
        "OutOfCreditsError_hint": "Get more of them, or work on this computer, which costs nothing.",
        "RateLimitError": "The backend asks to slow down.",
        "RateLimitError_hint": "Wait a moment, then try again.",
        "ConnectionFailedError": "The backend cannot be reached.",
        "ConnectionFailedError_hint": "Check the network, then try again.",
        "NothingToExportError": "There is nothing to export yet.",
        "NothingToExportError_hint": "Upload a picture and ask for something first.",
    },
    "zh": {
        "retry": "重试",
        "new_session": "新建会话",
        "top_up": "获取积分",
        "dismiss": "关闭此消息",
        "no_session": "还没有会话。",
        "unexpected": "出现意外问题（{what}）。",
        "unexpected_hint": "请重试；详情见内核日志。",
        "AuthenticationError": "后端不接受此令牌。",
        "SessionNotFoundError": "后端已没有这个会话。",
        "SessionNotFoundError_hint": "请新建会话；之前的内容仍保留在此笔记本中。",
        "OutOfCreditsError": "积分已用完。",
        "OutOfCreditsError_hint": "请获取更多积分，或改用本机模式（免费）。",
        "RateLimitError": "请求过于频繁。",
        "RateLimitError_hint": "请稍候再试。",
        "ConnectionFailedError": "无法连接后端。",
        "ConnectionFailedError_hint": "请检查网络后重试。",
        "NothingToExportError": "还没有可导出的内容。",
        "NothingToExportError_hint": "请先上传图片并提出要求。",
    },
}


def words_of(language: str, *sources: Words) -> dict[str, str]:
    """Return the texts of a language, English where there is none; later sources win.

    Examples
    --------
    >>> words_of("zh-CN", COMMON)["retry"], words_of("fr", COMMON)["retry"]
    ('重试', 'Try again')
    """
    code = language.replace("_", "-").split("-")[0].lower()
    texts: dict[str, str] = {}
    for source in sources:
        texts |= source["en"]
        texts |= source.get(code, {})
    return texts
