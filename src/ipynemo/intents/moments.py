"""Asking to see the video: a moment of it, or a range that plays.

"preview", "play the first 5 seconds", "preview scene 2", "what does it look like at 0:12?", "预览5到10秒".
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

__all__ = ["PREVIEW_EN", "PREVIEW_ZH", "Look", "look_of"]


@dataclass(frozen=True)
class Look:
    """What a message asks to see; all times in seconds.

    Parameters
    ----------
    is_still : bool
        Whether a picture of a moment is meant, and not a range.
    start_s, end_s : float or None
        Of a range, as far as they are named; of a still its moment is the start.
    last_s : float or None
        So much of the end.
    scene : int or None
        This scene, from 1; -1 is the last one.
    """

    is_still: bool = False
    start_s: float | None = None
    end_s: float | None = None
    last_s: float | None = None
    scene: int | None = None


_COUNT: Final = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "fifteen": 15, "twenty": 20, "thirty": 30, "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5,
    "一": 1, "二": 2, "两": 2, "兩": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10,
    "十五": 15, "二十": 20, "三十": 30,
}  # fmt: skip
_SPELT: Final = "one|two|three|four|five|six|seven|eight|nine|ten|fifteen|twenty|thirty"
_NTH: Final = "first|second|third|fourth|fifth|last|opening|final"
_SCENE: Final = "(?:scene|segment|part|shot|clip|section)"
_ZH_SPELT: Final = "三十|二十|十五|[一二两兩三四五六七八九十]"
_ZH_SCENE: Final = "(?:场景|場景|片段|镜头|鏡頭|部分|幕|段)"

# As routing sees a message: without punctuation, so that 0:12 is "0 12" and 2.5 is "2 5".
_UNIT: Final = r"(?: ?(?:s|secs?|seconds?|mins?|minutes?))"
_TIME: Final = rf"(?:\d{{1,5}}(?: ?\d{{1,2}})?|{_SPELT}){_UNIT}?"
_AT: Final = rf"(?: (?:at|of|for) (?:second |minute |about |around )?{_TIME}(?: in)?)"
_IT: Final = r"(?: (?:it|this|that|(?:the|my|our) (?:whole |entire )?(?:video|clip|film|draft|timeline|result)))"
_SPAN: Final = rf"""(?: (?:
    (?:from |between )?(?:second )?{_TIME} (?:to|until|till|and|through|up to) (?:second )?{_TIME}
    | \d{{1,5}} \d{{1,5}} (?:s|secs|seconds)
    | from (?:second |minute )?{_TIME}(?: on| onwards?)?
    | from (?:here|the (?:beginning|start|playhead))(?: on)?
    | (?:the )?(?:first|last|opening|final|closing) (?:few seconds|second|minute|{_TIME})
    | (?:the )?(?:{_NTH}) {_SCENE}
    | {_SCENE} (?:number |no )?(?:\d{{1,3}}|{_SPELT})))"""
_OF_IT: Final = rf"(?: (?:of|in|from){_IT})?"

PREVIEW_EN: Final = rf"""
    (?:(?:show|give|draw)(?: me)? |see |look at |get |play(?: me)? )?(?:an? |the )?(?:quick |small )?
        preview(?: of)?{_IT}?(?:{_AT}|{_SPAN}{_OF_IT})?
  | (?:show|give|draw)(?: me)? (?:a |the )?(?:frame|moment|still)(?:{_AT}| from {_TIME})
  | (?:frame|still)(?:{_AT}| from {_TIME})
  | (?:what does|how does|how will|what will){_IT} look(?: like)?{_AT}?
  | (?:play|play back|play me){_IT}?(?:{_SPAN}{_OF_IT})?
  | (?:watch|show|show me|see|view|run){_IT}?{_SPAN}{_OF_IT}
"""
_ZH_IT: Final = "(?:这个|這個|我的|整个|整個)?(?:视频|視頻|影片|短片|草稿|它)?"
_ZH_TIME: Final = rf"(?:第?(?:\d{{1,7}}|{_ZH_SPELT})(?:秒|分钟|分鐘|分)?(?:\d{{1,2}}秒)?)"
_ZH_SPAN: Final = rf"""(?:的?(?:
    (?:从|從|由)?{_ZH_TIME}(?:到|至){_ZH_TIME}(?:之间|之間)?
    | (?:从|從|由){_ZH_TIME}(?:开始|開始|起|往后|往後)?
    | (?:从|從)(?:头|頭|这里|這裡|播放头|播放頭)(?:开始|開始)?
    | (?:前|开头|開頭|最后|最後|后|後){_ZH_TIME}
    | 第(?:\d{{1,3}}|{_ZH_SPELT})(?:个|個|段|幅|张|張)?{_ZH_SCENE}
    | {_ZH_SCENE}(?:\d{{1,3}}|{_ZH_SPELT})
    | 最[后後]一?(?:个|個|段)?{_ZH_SCENE}))"""
_ZH_SEEN: Final = "(?:的?(?:画面|畫面|样子|樣子|内容|內容|部分|视频|視頻|片段))"

PREVIEW_ZH: Final = rf"""
    (?:看看|看|显示|顯示)?(?:视频|視頻|影片|草稿)?(?:预览|預覽)(?:一下)?{_ZH_IT}
        (?:{_ZH_SPAN}{_ZH_SEEN}?|(?:在|到)?(?:第?\d{{1,5}}秒)?(?:处|處)?{_ZH_SEEN}?)
  | (?:看看|看|显示|顯示)?(?:视频|視頻|影片|草稿)?(?:在)?第?\d{{1,5}}秒(?:处|處|时|時)?的?(?:画面|畫面|样子|樣子|效果)
  | (?:播放|放)(?:一下)?{_ZH_IT}(?:{_ZH_SPAN}{_ZH_SEEN}?)?
  | (?:看看|看|显示|顯示|给我看|給我看){_ZH_IT}{_ZH_SPAN}{_ZH_SEEN}?
  | {_ZH_SPAN}(?:播放|预览|預覽)(?:视频|視頻)?
"""

# As it was said.
_CLOCK: Final = r"(?:(?P<{0}h>\d{{1,3}}):(?P<{0}m>[0-5]\d)(?:[.,](?P<{0}t>\d))?|(?P<{0}n>\d{{1,5}}(?:[.,]\d{{1,2}})?))"
_MEASURE: Final = r"\s*(?P<{0}u>s\b|secs?\b|seconds?\b|秒|m\b|mins?\b|minutes?\b|分钟|分鐘|分)?"
_A: Final = (_CLOCK + _MEASURE).format("a", "a")
_B: Final = (_CLOCK + _MEASURE).format("b", "b")
_SCENES: Final = (
    re.compile(rf"{_SCENE}\s*(?:number\s*|no\.?\s*|#\s*)?(\d{{1,3}})\b"),
    re.compile(rf"\b(\d{{1,3}})(?:st|nd|rd|th)?\s+{_SCENE}\b"),
    re.compile(rf"第(\d{{1,3}})(?:个|個|段|幅|张|張)?{_ZH_SCENE}"),
    re.compile(rf"{_ZH_SCENE}(\d{{1,3}})"),
)
_LAST_SCENE: Final = re.compile(rf"\b(?:last|final)\s+{_SCENE}\b|最[后後][1一]?(?:个|個|段)?{_ZH_SCENE}")
_BETWEEN: Final = re.compile(rf"{_A}\s*(?:to|until|till|and|through|up to|[-–—~〜]|到|至)\s*(?:second\s*|第)?{_B}")
_FIRST: Final = re.compile(rf"(?:\b(?:first|opening)\s+|前|开头|開頭){_A}")
_LAST: Final = re.compile(rf"(?:\b(?:last|final|closing)\s+|最[后後]|[后後]){_A}")
_ON: Final = re.compile(rf"(?:\bfrom\s+(?:second\s+|minute\s+)?|[从從由]第?){_A}")
_FEW: Final = re.compile(r"\b(first|opening|last|final|closing) few seconds")
_START: Final = re.compile(r"\bfrom the (?:beginning|start)\b|[从從][头頭]")
_ANY: Final = re.compile(_A)
_IS_STILL: Final = re.compile(r"\b(?:look|frame|still|moment)\b|[画畫]面|[样樣]子|效果")
FEW_S: Final = 5.0


def _digits(text: str) -> str:
    """Return the text with the numbers that are spelt as digits."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"\b(first|opening|last|final|closing) (?=(?:second|minute)\b)", r"\1 1 ", text)
    text = re.sub(rf"\b({_SPELT})\b", lambda found: str(_COUNT[found[1]]), text)
    text = re.sub(
        rf"\b(first|second|third|fourth|fifth|opening)(?= {_SCENE}\b)", lambda f: str(_COUNT.get(f[1], 1)), text
    )
    return re.sub(rf"(?:{_ZH_SPELT})(?=秒|分|个|個|段|幅|张|張|到|至|{_ZH_SCENE})", lambda f: str(_COUNT[f[0]]), text)


def _seconds(found: re.Match[str], which: str, unit: str | None = None) -> float:
    if found[f"{which}h"] is not None:
        return int(found[f"{which}h"]) * 60 + int(found[f"{which}m"]) + int(found[f"{which}t"] or 0) / 10
    said = found[f"{which}u"] or unit or "s"
    return float(found[f"{which}n"].replace(",", ".")) * (60 if said[0] in "m分" else 1)


def look_of(text: str) -> Look:
    """Return what of the video a message asks to see, where it asks for nothing else (see `route`).

    Examples
    --------
    >>> look_of("preview from 5 to 10.5 seconds") == Look(start_s=5.0, end_s=10.5)
    True
    >>> look_of("预览第2个场景").scene, look_of("show me the last 5 seconds").last_s
    (2, 5.0)
    >>> look_of("what does it look like at 1:05?") == Look(is_still=True, start_s=65.0)
    True
    """
    text = _digits(text)
    if _LAST_SCENE.search(text):
        return Look(scene=-1)
    for scene in _SCENES:
        if found := scene.search(text):
            return Look(scene=int(found[1]))
    if found := _BETWEEN.search(text):
        return Look(start_s=_seconds(found, "a", found["bu"]), end_s=_seconds(found, "b"))
    if found := _FEW.search(text):
        return Look(start_s=0.0, end_s=FEW_S) if found[1] in ("first", "opening") else Look(last_s=FEW_S)
    is_still = _IS_STILL.search(text) is not None
    if not is_still:
        if found := _FIRST.search(text):
            return Look(start_s=0.0, end_s=_seconds(found, "a"))
        if found := _LAST.search(text):
            return Look(last_s=_seconds(found, "a"))
        if found := _ON.search(text):
            return Look(start_s=_seconds(found, "a"))
        if _START.search(text):
            return Look(start_s=0.0)
    if found := _ANY.search(text):
        return Look(is_still=True, start_s=_seconds(found, "a"))
    return Look(is_still=is_still)
