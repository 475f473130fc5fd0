"""Asking for a preview: "preview", "preview at 5 seconds", "what does it look like at 0:12?", "预览第5秒"."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["PREVIEW_EN", "PREVIEW_ZH", "moment_of"]

# As routing sees it: without punctuation, so that 0:12 is "0 12" and 2.5 is "2 5".
_AT: Final = (
    r"(?: (?:at|of|for|from) (?:second |minute |about |around )?"
    r"\d{1,5}(?: ?\d{1,2})?(?: ?(?:s|secs?|seconds?))?(?: in)?)"
)
_IT: Final = r"(?: (?:it|this|that|(?:the|my|our) (?:video|clip|film|draft|timeline|result)))"
PREVIEW_EN: Final = rf"""
    (?:(?:show|give|draw)(?: me)? |see |look at |get )?(?:an? |the )?(?:quick |small )?preview(?: of)?{_IT}?{_AT}?
  | (?:show|give|draw)(?: me)? (?:a |the )?(?:frame|moment|still){_AT}
  | (?:frame|still){_AT}
  | (?:what does|how does|how will|what will){_IT} look(?: like)?{_AT}
"""
PREVIEW_ZH: Final = r"""
    (?:看看|看|显示|顯示)?(?:视频|視頻|影片|草稿)?(?:预览|預覽)(?:一下)?(?:视频|視頻|影片|草稿|它)?(?:在|到)?(?:第?\d{1,5}秒)?(?:处|處)?
        (?:的?(?:画面|畫面|样子|樣子))?
  | (?:看看|看|显示|顯示)?(?:视频|視頻|影片|草稿)?(?:在)?第?\d{1,5}秒(?:处|處|时|時)?的?(?:画面|畫面|样子|樣子|效果)
"""

_CLOCK: Final = re.compile(r"(\d{1,3}):([0-5]\d)(?:[.,](\d))?")
_NUMBER: Final = re.compile(r"(\d{1,5}(?:\.\d{1,2})?)")


def moment_of(text: str) -> float | None:
    """Return the moment that a request for a preview names, in seconds; None where it names none.

    Examples
    --------
    >>> moment_of("preview at 5.5 seconds"), moment_of("preview 1:05"), moment_of("预览第8秒"), moment_of("preview")
    (5.5, 65.0, 8.0, None)
    """
    if clock := _CLOCK.search(text):
        return int(clock[1]) * 60 + int(clock[2]) + int(clock[3] or 0) / 10
    number = _NUMBER.search(text)
    return float(number[1]) if number else None
