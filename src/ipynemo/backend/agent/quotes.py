"""What the user wants written: quoted, or behind "saying", "titled", "写着"; taken out before any rule looks.

Each text becomes one private character, so that a title "export the music now" can be nothing but a text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ipynemo.backend.agent.vocabulary import COLOURS, NOUNS, STYLE_START
from ipynemo.backend.agent.words import fold

__all__ = ["QUOTE", "Masked", "mask"]

QUOTE = "[\ue000-\uefff]"
FIRST_QUOTE = 0xE000
MOST_QUOTES = 400

_PAIRS = {
    '"': '"”“',
    "“": '”“"',
    "”": '”"',
    "„": '“”"',
    "«": "»",
    "»": "«",
    "‹": "›",
    "「": "」",
    "『": "』",
    "《": "》",
    "‘": "’'",
    "'": "'’",
    "`": "`",
}
_SINGLE = "'‘"  # also apostrophes, so they count only between words


@dataclass
class Masked:
    """A message whose texts are single characters.

    Parameters
    ----------
    folded, original : str
        The same message, folded and as it was typed, of the same length.
    texts : list of str
        What the characters stand for.
    """

    folded: str
    original: str
    texts: list[str] = field(default_factory=list)

    def replace(self, start: int, end: int, text: str) -> None:
        """Put a character in the place of a stretch."""
        if len(self.texts) >= MOST_QUOTES:
            return
        char = chr(FIRST_QUOTE + len(self.texts))
        self.texts.append(" ".join(text.split()) if "\n" not in text else text.strip())
        self.folded = f"{self.folded[:start]}{char}{self.folded[end:]}"
        self.original = f"{self.original[:start]}{char}{self.original[end:]}"


def _closing(text: str, start: int) -> int | None:
    opener = text[start]
    if opener in _SINGLE and start and (text[start - 1].isalnum() and ord(text[start - 1]) < 0x2E80):
        return None
    for place in range(start + 1, len(text)):
        char = text[place]
        if char in _PAIRS[opener]:
            after = text[place + 1 : place + 2]
            if opener in _SINGLE and after.isalnum() and ord(after) < 0x2E80:
                continue
            return place
        if opener in _SINGLE and char == "\n":
            return None
    return None


def _take_quoted(masked: Masked) -> None:
    place, closed_later = 0, dict.fromkeys(_PAIRS, True)
    while place < len(masked.original):
        char = masked.original[place]
        if char in _PAIRS and closed_later[char]:
            end = _closing(masked.original, place)
            if end is not None:
                masked.replace(place, end + 1, masked.original[place + 1 : end])
            elif char in '"“「『《«' and place + 1 < len(masked.original) and not masked.original[place + 1].isspace():
                stop = masked.original.find("\n", place)
                stop = len(masked.original) if stop < 0 else stop
                masked.replace(place, stop, masked.original[place + 1 : stop])  # the closing mark was forgotten
            elif char not in _SINGLE:
                closed_later[char] = False
        place += 1


_TEXT_NOUN = f"(?:{NOUNS['title']}|{NOUNS['caption']}|{NOUNS['lower_third']}|{NOUNS['card']}|{NOUNS['text']})"
_NOUN_EN = r"(?:titles?|headings?|headlines?|captions?|subtitles?|lower[ -]thirds?|cards?|texts?|labels?)"
_NOUN_CN = "(?:标题|字幕|文字|题目|卡片|说明文字|文本)"
_NO_QUOTE = "[^\ue000-\uefff\n,;]"

_BEFORE = tuple(
    re.compile(pattern)
    for pattern in (
        (
            r"\b(?:saying|that says|which says|that reads|which reads|reading|with the (?:text|words|wording)"
            r"|to say|to read"
            r"|should say|should read|says|entitled|titled|title it|name it|call it|rename it(?: to)?)\b ?:? ?"
        ),
        rf"\b{_NOUN_EN}{_NO_QUOTE}{{0,40}}? (?:called|named|of)\b ?:? ?(?!\d)",
        rf"\b{_NOUN_EN}(?: text)? ?: ?",
        rf"\b(?:add|put|insert|write|show|display)\b{_NO_QUOTE}{{0,60}}?\b{_NOUN_EN}{_NO_QUOTE}{{0,40}}?: (?!\d)",
        rf"(?:添加|增加|加|写|放){_NO_QUOTE}{{0,20}}?{_NOUN_CN}{_NO_QUOTE}{{0,10}}?:(?!\d) ?",
        (
            rf"\b(?:change|set|rename|edit|update|rewrite|correct|replace|make|switch"
            rf"|turn)\b{_NO_QUOTE}{{0,40}}?\b{_NOUN_EN}"
            rf"(?! ?'?s? (?:size|colou?r|position|place|font|volume|duration|length|time|start))"
            rf"{_NO_QUOTE}{{0,30}}? (?:to|into|with|by|say|read)\b "
        ),
        r"\b(?:rename|name|call) (?:the |this |my )?(?:draft|project|video|clip)\b(?: to| as)? ",
        (
            r"(?:写着|写上|写成|写道|内容(?:是|为)?:?|文字(?:是|为|写)|文案(?:是|为)|叫做|名为|题为|名叫|取名"
            r"|命名为|显示为|说的是)[:，, ]{0,2}"
        ),
        rf"{_NOUN_CN}(?:的?(?:内容|文字))?(?:是|为|叫|改成|改为|换成|换为|改叫|设为|设成|变成|写|:)[:，, ]{{0,2}}",
        r"叫(?!做)(?=[^\n]{1,60})",
    )
)
_SAYS = (_BEFORE[0], _BEFORE[7])  # nothing but a text can come behind these
_DIRECT = tuple(
    re.compile(pattern)
    for pattern in (
        (
            rf"\b(?:add|insert|write|put|create|give it) (?:a |an |the |another |new |big |small |short "
            rf"|bold ){{0,3}}{_NOUN_EN} "
        ),
        rf"\b(?:and|plus) (?:a |an |the |another ){_NOUN_EN} ",
        (
            rf"(?:添加|增加|加上|加|插入|写上|写|放上|放)(?:一个|个|一条|条|一段|段|一句|句|新)?(?:大|小|新|红色"
            rf"|白色)?的?{_NOUN_CN}(?=[^\n]) ?"
        ),
    )
)
_NOT_DIRECT = re.compile(
    r"(?:at|in|on|to|and|that|for|with|from|saying|please|of|over|under|here|there|bigger|smaller|between|then|near"
    r"|during|until|which|about|after|before|around|as|above|below|into|track|text|card|called|named|titled|size|is|"
    r"color|colour|[\d\ue000-\uf7ff.,;:!?#(]|在|从|到|和|与|以及|还|，|,|。|、|;|；|吧|吗|呢|放|用|持续|字号"
    r"|颜色|改|设|把|给|"
    r"为|是|叫|写|内容|后|并|再|然后|:|里|中|上|下|的|大小|轨|居中|时)"
)
_COLOUR = "|".join(pattern for pattern, _ in COLOURS.values())
_STOP = re.compile(
    r"[\n;；。]|[.!?！？](?=\s|$)|[.!?]?$"
    r"|[,，] ?(?=(?:and|then|in|at|from|for|with|on|but|also|make|add|put|set|remove|please|place|colou?red"
    r"|bold|big|size"
    r"|并|然后|再|在|从|放|用|字号|颜色|持续|加|改|把|配|最后|位于|大小|红|白|黄|蓝|绿|黑|时长|显示|居中"
    r"|同时)\b|(?<=，) ?)"
    r"|\s(?=and (?:then |also )?(?:add|put|make|set|remove|change|give|play|use|move|show|delete|mute|trim"
    r"|cut|zoom|pan|fade|"
    r"turn|a (?:caption|title|subtitle)|the music|some music|(?:calm|happy|curious|epic|lo-?fi) music|it )"
    r"|then\b|at (?:the (?:start|end|beginning|top|bottom|center|centre|middle|very)|\d|second|[\ue000-\uf7ff]|a?n? ?"
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|half)\b)|from (?:\d|second|the (?:start|beginning)"
    r"|one|two|three)"
    r"|between \d|for (?:\d|a (?:second|minute)|one|two|three|four|five|six|seven|eight|nine|ten|half"
    r"|the (?:whole|first|last))"
    rf"|in (?:(?:big|small|large|bold|bright|dark|light) )?(?:the (?:top|bottom|middle|center|centre|upper|lower|"
    rf"second|first|third|last|corner)|bold|big|large|small|#|(?:{_COLOUR}))"
    r"|(?:on|to|over) (?:the )?(?:top|bottom|first|second|third|last|whole|clip \d|picture \d)|with (?:size"
    r"|a (?:red|white|black)|"
    r"calm|happy|music|some music|no music|big|large|small)|until \d|over the (?:first|whole)|during"
    r"|throughout|please\b|size \d)"
    r"|(?=[，,]?(?:并且|然后|接着|同时|之后再))|(?=，)|(?=在?第 ?[\d一二两三四五六七八九十]{1,4} ?(?:秒|段"
    r"|分))|(?=在\d{1,4}(?:\.\d)?秒)"
    r"|(?=从第?[\d一二三四五六七八九十]{1,4}(?:秒|到))|(?=放在)|(?=放到)|(?=持续)"
    r"|(?=显示[\d一二两三四五六七八九十]{1,3}秒)|(?=用[红橙黄绿青蓝紫黑白灰粉]色)"
    r"|(?=再(?:加|把|配|放))|(?=和(?:一段|一个|背景)?(?:音乐|字幕|标题))|(?=并(?:加|把|配|放|改))"
    r"|(?=的(?:标题|字幕|文字))"
)


def _take_from(masked: Masked, start: int, *, may_be_style: bool) -> bool:
    """Take the text that begins at a place; not where a look, a place or a time is meant instead."""
    while start < len(masked.folded) and masked.folded[start] in " :":
        start += 1
    rest = masked.folded[start : start + 300]
    if not rest or re.match(QUOTE, rest) or (may_be_style and STYLE_START.match(rest)):
        return False
    stop = _STOP.search(rest)
    end = start + (stop.start() if stop else len(rest))
    text = masked.original[start:end].strip()
    quoted = re.search(QUOTE, masked.folded[start:end])
    if not text or quoted:
        return False
    masked.replace(start, end, text)
    return True


def _take_named(masked: Masked) -> None:
    for pattern in _BEFORE:
        place = 0
        while match := pattern.search(masked.folded, place):
            place = max(match.end(), match.start() + 1)
            _take_from(masked, match.end(), may_be_style=pattern not in _SAYS)
    for pattern in _DIRECT:
        place = 0
        while match := pattern.search(masked.folded, place):
            place = max(match.end(), match.start() + 1)
            if not _NOT_DIRECT.match(masked.folded, match.end()):
                _take_from(masked, match.end(), may_be_style=True)


def mask(message: str) -> Masked:
    """Return a message (clean, of bounded length) with its texts taken out."""
    masked = Masked(message, message)
    _take_quoted(masked)
    masked.folded = fold(masked.original)
    _take_named(masked)
    return masked
