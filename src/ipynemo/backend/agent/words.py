"""Words: letters folded to one form, numbers and times read, in English and Chinese.

Folding never changes the length, so that what is found in the folded text can be cut out of the original. Numbers in
words become digits, and every time ("1:30", "two and a half seconds", "第2秒") becomes one character that stands for
it; rules then match plain short patterns, and all patterns here are bounded, so that no message can keep them busy.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

__all__ = ["MOST_CHARS", "NUMBER", "TIME", "Timed", "clean", "fold", "is_chinese", "read_times", "to_digits"]

MOST_CHARS = 4000  # of a message; more than anyone types, and little enough for every pattern
TIME = "[\uf000-\uf7ff]"  # a time that was read; private characters, which no message keeps
NUMBER = r"\d{1,9}(?:\.\d{1,4})?"
FIRST_TIME, LAST_TIME = 0xF000, 0xF7FF

_KEPT_FORMATS = "\u200c\u200d"  # joiners: emoji and several scripts are spelt with them
_TRADITIONAL = dict(
    zip(
        map(
            ord,
            "標題樂圖畫聲靜鐘貼刪個節訂調長軸轉場橫豎開頭來說這麼樣將後間讓鏡動縮遠擺較請寫換參謝問點種邊藍綠紅黃紫顏號並單還鮮讀語為對與變應該處選裡於剛無關閉舊現結束總層輕鬆歡電話視頻應壓釋講義復銷撥複",
        ),
        "标题乐图画声静钟贴删个节订调长轴转场横竖开头来说这么样将后间让镜动缩远摆较请写换参谢问点种边蓝绿红黄紫颜号并单还鲜读语为对与变应该处选里于刚无关闭旧现结束总层轻松欢电话视频应压释讲义复销拨复",
        strict=True,
    )
)


def clean(text: str) -> str:
    """Return a message without control, bidirectional, private and lone surrogate characters."""
    kept = []
    for char in text:
        category = unicodedata.category(char)
        if char in "\n\t\r\x0b\x0c\x85\u2028\u2029":
            kept.append("\n" if char not in "\t\r" else " ")
        elif category in ("Cc", "Co", "Cs") or (category == "Cf" and char not in _KEPT_FORMATS):
            continue
        else:
            kept.append(char)
    return "".join(kept)


def fold(text: str) -> str:
    """Return the text in lower case and half width, in simplified characters, of the same length."""
    folded = []
    for char in text:
        code = ord(char)
        if 0xFF01 <= code <= 0xFF5E and char not in "！，？；：":
            char = chr(code - 0xFEE0)
        elif char in "\u3000\u00a0\u2007\u202f":
            char = " "
        elif char in "’‘":
            char = "'"
        elif char == "：":
            char = ":"
        else:
            char = _TRADITIONAL.get(code, char)
        low = char.lower()
        folded.append(low if len(low) == 1 else char)
    return "".join(folded)


def is_chinese(text: str) -> bool:
    """Return whether the text has Chinese characters (and not Japanese kana)."""
    han = sum(0x4E00 <= ord(c) <= 0x9FFF or 0x3400 <= ord(c) <= 0x4DBF for c in text)
    kana = sum(0x3040 <= ord(c) <= 0x30FF for c in text)
    return han > 0 and kana == 0


_SMALL = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_SMALL |= {
    word: 10 * (n + 2)
    for n, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"])
}
_WORD = "|".join(sorted((*_SMALL, "hundred"), key=len, reverse=True))
_ENGLISH = re.compile(rf"\b(?:{_WORD})(?:(?: and |[ -])(?:{_WORD})){{0,4}}\b")
_UNIT_EN = r"(?:seconds?|secs?|minutes?|mins?|hours?)"
_ONE_NEEDS = re.compile(
    rf" ?(?:{_UNIT_EN}|percent|per cent|hundred|times?|steps?|clips?|px|pixels?|and a half|to|third)\b"
)
_ORDINALS = {
    w: n
    for n, w in enumerate(
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"], 1
    )
}
_CN_DIGITS = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_CN = "[零〇一二两三四五六七八九十百]"


def _english(match: re.Match[str]) -> str:
    words = [w for w in re.split(r"[ -]", match[0]) if w != "and"]
    if words == ["one"] and not _ONE_NEEDS.match(match.string, match.end()):
        return match[0]
    total = 0
    for word in words:
        total = max(total, 1) * 100 if word == "hundred" else total + _SMALL[word]
    return str(total)


def _chinese(text: str) -> str:
    if "十" not in text and "百" not in text:
        return "".join(str(_CN_DIGITS[c]) for c in text)
    total, digit = 0, -1
    for char in text:
        if char in "十百":
            total += (digit if digit >= 0 else 1) * (10 if char == "十" else 100)
            digit = -1
        else:
            digit = _CN_DIGITS[char]
    return str(total + max(digit, 0))


_STEPS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"\bhalf an? ({_UNIT_EN})"), r"0.5 \1"),
    (re.compile(rf"\ban? ({_UNIT_EN}) and a half"), r"1.5 \1"),
    (re.compile(rf"\b(\d{{1,4}}) and a half ({_UNIT_EN})"), r"\1.5 \2"),
    (re.compile(rf"\b(\d{{1,4}}) ({_UNIT_EN}) and a half"), r"\1.5 \2"),
    (re.compile(r"\ban? couple (?:of )?(?=sec|min)"), "2 "),
    (re.compile(r"\ba few (?=sec|min)"), "3 "),
    (re.compile(r"\b(?:an?|1) (?=minute|min\b|sec\b|hour)"), "1 "),
    (
        re.compile(r"\ban? second(?= (?:long|later|earlier|shorter|longer|off|from|at|of|fade|crossfade)|[,.;!?]|$)"),
        "1 second",
    ),
    (
        re.compile(
            r"\bseconds? (\d{1,4}(?:\.\d{1,3})?) ?(?:to|and|through|until|-|–) ?(?:second )?(\d{1,4}(?:\.\d{1,3})?)"
        ),
        r"from \1 s to \2 s",
    ),
    (re.compile(r"\b(at|from|to|until|after|before) second (\d{1,4}(?:\.\d{1,3})?)"), r"\1 \2 s"),
    (re.compile(r"百分之 ?(\d{1,3}(?:\.\d)?)"), r"\1%"),
    (re.compile(r"(\d)成(?=$|[的，,。音])"), r"\g<1>0%"),
    (re.compile(r"(\d{1,3})分半钟?"), r"\1.5分钟"),
    (re.compile(r"(\d{1,3})秒半"), r"\1.5秒"),
    (re.compile(r"半分钟"), "0.5分钟"),
    (re.compile(r"半秒"), "0.5秒"),
)
_CN_SHARE = re.compile(rf"百分之 ?({_CN}{{1,4}})")
_CN_POINT = re.compile(rf"({_CN}{{1,3}})点({_CN}{{1,2}})(?=分|秒|倍)")
_CN_NUMBER = re.compile(rf"(?<=第){_CN}{{1,4}}|{_CN}{{1,4}}(?=分|秒|倍|段|张|步|次|%|成音|成$|像素)")


def to_digits(text: str) -> str:
    """Return a folded text with its numbers in digits.

    Examples
    --------
    >>> to_digits("twenty five seconds"), to_digits("第三段放二十秒")
    ('25 seconds', '第3段放20秒')
    """
    text = _ENGLISH.sub(_english, text)
    text = _CN_SHARE.sub(lambda m: f"{_chinese(m[1])}%", text)
    text = _CN_POINT.sub(lambda m: f"{_chinese(m[1])}.{_chinese(m[2])}", text)
    text = _CN_NUMBER.sub(lambda m: _chinese(m[0]), text)
    for pattern, by in _STEPS:
        text = pattern.sub(by, text)
    for word, number in _ORDINALS.items():
        text = re.sub(rf"(?<!\d )(?<!\d-)(?<!lower[ -])\b{word}\b", f"{number}th", text)
    return text


@dataclass
class Timed:
    """A text whose times are single characters.

    Parameters
    ----------
    text : str
    times_ms : list of int
        What the characters stand for.
    """

    text: str
    times_ms: list[int] = field(default_factory=list)

    def ms(self, char: str) -> int:
        """Return what a time character stands for."""
        return self.times_ms[ord(char) - FIRST_TIME]


_UNITS_MS = {"ms": 1, "毫": 1, "s": 1000, "秒": 1000, "m": 60_000, "分": 60_000, "h": 3_600_000}
_ASPECT = r"(?:16 ?[:x×比/] ?9|9 ?[:x×比/] ?16|1 ?[:x×比/] ?1|4 ?[:x×比/] ?[35]|3 ?[:x×比/] ?4|21 ?[:x×比/] ?9)"
ASPECT = re.compile(rf"(?<![\d.:])(?<!at )(?<!from ){_ASPECT}(?![\d:]|\.\d)")
_UNIT = (
    r"(milliseconds?|ms|seconds?|secs?|minutes?|mins?|hours?|hrs?|毫秒|秒钟?|分钟|分(?!之)|s(?![a-z'])"
    r"|m(?![a-z'])|h(?![a-z']))"
)
_CLOCK = re.compile(r"(?<![\d:.])(?:(\d{1,2}):)?(\d{1,3}):(\d{2})(\.\d{1,3})?(?![\d:])")
_AMOUNT = re.compile(rf"(?<![\d.#])({NUMBER})[ -]?{_UNIT}")
_BETWEEN = re.compile(r" ?(?:and |, ?|零|又)? ?")


def _unit_ms(unit: str) -> int:
    return _UNITS_MS["ms" if unit.startswith(("ms", "milli")) else unit[0]]


def read_times(text: str) -> Timed:
    """Return a text (folded, numbers in digits) with each time in it as one character.

    Examples
    --------
    >>> read_times("at 0:05 for 1 minute 30 seconds").times_ms
    [5000, 90000]
    """
    timed, place, out = Timed(""), 0, []
    aspects = [m.span() for m in ASPECT.finditer(text)]
    while True:
        found = [m for m in (_CLOCK.search(text, place), _AMOUNT.search(text, place)) if m]
        if not found:
            break
        match = min(found, key=lambda m: m.start())
        inside = next((end for start, end in aspects if start <= match.start() < end), 0)
        if inside or len(timed.times_ms) > LAST_TIME - FIRST_TIME:
            stop = inside or len(text)
            out.append(text[place:stop])
            place = stop
            continue
        out.append(text[place : match.start()])
        end = match.end()
        if match.re is _CLOCK:
            hours, minutes, seconds, rest = match.groups()
            ms = round(1000 * (int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + float(rest or 0)))
        else:
            unit = _unit_ms(match[2])
            ms = round(float(match[1]) * unit)
            while unit > 1000:
                gap = _BETWEEN.match(text, end)
                more = _AMOUNT.match(text, gap.end() if gap else end)
                if not more or _unit_ms(more[2]) >= unit:
                    break
                unit, end = _unit_ms(more[2]), more.end()
                ms += round(float(more[1]) * unit)
        out.append(chr(FIRST_TIME + len(timed.times_ms)))
        timed.times_ms.append(min(ms, 10**9))
        place = end
    out.append(text[place:])
    timed.text = "".join(out)
    return timed
