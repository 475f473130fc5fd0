"""What a clause says beyond what was understood, so that it can be told and is not silently lost."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from ipynemo.backend.agent.vocabulary import ADD, CHANGE, COLOURS, GENRES, MOODS, NOUNS, PLACES, REMOVE

if TYPE_CHECKING:
    from ipynemo.backend.agent.clauses import Clause
    from ipynemo.backend.agent.rules.context import Context

__all__ = ["leftover"]

_FILLER = frozenset(
    word
    for line in (files("ipynemo.backend.agent.rules") / "filler.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
    for word in line.split()
)
_CN_FILLER = (
    r"[的了吧呢吗啊呀哦嘛请把将给让使帮我你他它们这那个一下再也还并和与在从到至于用为是有很更最都就只要想需能可以来去上下里中前后左右之间处位后面位置秒分钟段张条句"
    r"点些次步倍半首整全片视频短片画面图片照片图像效果方式一样成出入内外大小高低长短快慢轻重多少提示词开始结束同时然后接着最后麻烦谢谢现在先声音音乐背景配乐音量标题字幕文字卡片颜色字号"
    r"轴时间线屏幕版比例竖横方形正宽窄竖屏横屏设置设调改换变加减放移挪剪切裁截拆分割淡化叠转场过渡渐慢慢缓缓轻轻平移推拉摇近远静止不动固定保留删除去掉添插写显示持续"
    r"交换对调顺序倒序撤销重做柔和流畅自然稍微略非常比较原来原声名字叫做左边右边上面下面底顶部中间央居粗体加粗显得看起来听随着别不没无太吵响停留每张把些能够更加再多少悄悄地\d，。、,.:：！!?？；;\s\ue000-\uf7ff]+"
)
_EN_PHRASES = (
    *NOUNS.values(),
    *MOODS.values(),
    *PLACES.values(),
    *(p for p, _ in COLOURS.values()),
    ADD,
    REMOVE,
    CHANGE,
    GENRES,
)


@cache
def _known() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in _EN_PHRASES))


def leftover(clause: Clause, context: Context) -> list[str]:
    """Return the words of a clause that no rule knows; numbers, names of files and texts are never left over."""
    text = clause.text
    for asset in context.situation.assets:
        if asset.name:
            text = text.replace(asset.name.casefold(), " ")
    text = _known().sub(" ", text)
    text = re.sub(r"#[0-9a-f]{6}|\d[\d.:%x×]*(?:th|nd|rd|st|px|pt)?", " ", text)
    words = [w for w in re.findall(r"[^\W\d_][^\W\d_'’-]{2,30}", text) if w.isascii() and w.strip("'-") not in _FILLER]
    chinese = re.findall("[一-鿿]{2,20}", re.sub(_CN_FILLER, " ", text))
    return list(dict.fromkeys([*words, *chinese]))
