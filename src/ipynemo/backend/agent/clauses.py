"""A message becomes clauses, each one wish: "add a title and put music under it, then make it vertical" is three.

A piece that begins with a verb is a wish of its own. One without a verb belongs to the wish before it ("in red, at the
top"), or takes its verb ("remove the title and the music"), or says enough alone ("calm music, 20 seconds").
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice

from ipynemo.backend.agent.quotes import FIRST_QUOTE, QUOTE, Masked
from ipynemo.backend.agent.vocabulary import ADD, CHANGE, COLOURS, MOODS, NOUNS, REMOVE, VERB_START
from ipynemo.backend.agent.words import ASPECT, TIME, Timed, read_times, to_digits

__all__ = ["MOST_CLAUSES", "Clause", "clauses"]

MOST_CLAUSES = 20  # wishes of one message
MOST_PIECES = 150  # between commas and the like; what comes behind is one last piece

_JOINTS = re.compile(
    r"(?P<hard>[;!。；！\n]+|[.?？](?=\s|$)|(?<=[一-鿿\ue000-\uf7ff])[.?](?=[一-鿿]))"
    r"|(?P<then>,? ?\b(?:and then|then|after that|afterwards|and finally|finally)\b,? ?|[，,]?(?:然后|接着"
    r"|随后|之后再|并且|而且|(?<=[，,。；])最后(?=把|加|改|再|要|，)))"
    r"|(?P<soft> ?[,，、] ?(?:and |also |but |plus )?| (?:and also|as well as|and|plus|but|&) |(?:同时|以及"
    r"|还有|并(?=[加把给将改换配去删用设调插放让使])"
    r"|和(?=[\ue000-\uefff一背配标字音平欢安神史])|(?<=[\ue000-\uefff\uf000-\uf7ff乐题幕屏版])再(?=加|把|给"
    r"|配|放|将|改)))"
    r"|(?P<with> (?=(?:with|without|plus) (?:a |an |some |the |any |no |very )?(?:\w{2,9} )?(?:music|title"
    r"|caption|captions|subtitles"
    r"|background|sound)\b))"
)
_LIST_BEFORE = re.compile(
    r"(?:(?<![\d:.])\d{1,2}(?:th|nd|rd|st)?|[\ue000-\uf7ff]|last|%|#\d{1,2}|\b(?:in|up|left|bigger|larger"
    r"|smaller|red|black|big|bold))$"
)
_LIST_AFTER = re.compile(
    r"(?:the )?(?:\d{1,2}(?:th|nd|rd|st)?\b|[\uf000-\uf7ff]|last\b|#\d|(?:out|down|right|in|bold|bigger"
    r"|larger|white|black)\b)"
)
_MINUTES = re.compile(r"(?:\d|\ba) ?(?:minutes?|mins?|hours?)$")
_SECONDS = re.compile(r"\d{1,2}(?:\.\d)? ?(?:seconds?|secs?|s|minutes?|mins?)\b")
_ALONE = re.compile(
    rf"^(?:(?:also |but |about |around |exactly |only |at |make it |全长|总长|时长)?{TIME}(?: long| in total"
    rf"| total|长)?$"
    rf"|{ASPECT.pattern}"
    r"|(?:an? |in |as )?(?:vertical|portrait|square|landscape|horizontal|竖屏|横屏|竖版|横版|方形|正方形)"
    r"|(?:with |without |no |some |a |very |放|配)?(?:\w{2,10} )?(?:music|bgm)\b|without |no (?:music|title"
    r"|captions?|subtitles)"
    r"|volume|音量|louder|quieter|shorter|longer|faster|slower|竖|无音乐|没有|不要|不带|with "
    r"|(?:slow |smooth |gentle |some )?(?:crossfades?|cross-fades?|dissolves?|zoom|zooms|pan|fades?)\b|叠化"
    r"|交叉淡化|淡入|淡出)"
)
_ATTRIBUTE = re.compile(
    rf"^(?:at|in|on|from|for|between|until|during|over|under|near|size|bold|colou?red|white|black|红|白|字号"
    rf"|颜色|持续|从|{TIME}|在第?{TIME}|第{TIME})"
)
_OF_THE_TEXT = re.compile(
    r"^(?:(?:make|put|set|place|move|show|keep|color|colour|turn|let|have) (?:it|them|that|this) "
    r"(?:\w{1,8} ){0,2}?(?:bold|bigger|larger|smaller|big|large|small|size|at the (?:top|bottom)|on top|top"
    r"|bottom|in the|center|"
    rf"centre|for {TIME}|until {TIME}|{{colours}})"
    r"|(?:把它?|将其|让它)?(?:放在|放到|置于|用|字号|显示|持续|颜色|改成|设为|变成|居中|加粗"
    r"|要)[^标题字幕音乐画面图段屏]{0,12}?"
    rf"(?:[顶底上下左右中][部方面边间央角]?|{TIME}|粗|居中|字号|大|小|{{colours}}))".replace(
        "{colours}", "|".join(pattern for pattern, _ in COLOURS.values())
    )
)
_EXPLAIN = re.compile(r"\b(?:explain|describe|explainer)|讲解|解释|介绍")
_NOT_WANTED = re.compile(
    r"\b(?:i |we )?(?:do not|don't|dont) (?:want|need|like)(?: to (?:see|hear|have))? (?:any |the |a )?"
    r"(?=(?:music|titles?|captions?|subtitles?|sound|text)(?: at all| anymore| please| here)?(?:[.,;!]|$))"
)
_NOT_THAT = re.compile(r"\bnot (?:so |too |very )?\w{1,12}(?: music)?,? but (?=\w)|不是[^，,。\n]{1,6}[，,]?而是")
_COMPLAINT = re.compile(r"太[长短大小吵响快慢轻](?:了|啦)?$|\btoo (?:long|short|big|small|loud|quiet|fast|slow)$")
_VERBS = tuple(re.compile(pattern) for pattern in (REMOVE, CHANGE, ADD))
_NEGATION = re.compile(
    r"\b(?:do not|don't|dont|please no|never|must not|mustn't|should not|shouldn't|no need (?:to|for)|not to|rather not"
    r"|don 't|not (?=add|put|use|make|change|remove|delete|touch|want|need|mute|cut|move|zoom)"
    r"|avoid(?= adding| changing| removing)?)\b"
    r"|(?:不要|别|不用|无需|不必|请勿|禁止|不想|不需要|勿)(?=再?(?:加|添|放|配|插|用|改|动|删|去|换|移|剪|切"
    r"|静|碰|给|把|做|显|变|设|让))"
)


@dataclass
class Clause:
    """One wish.

    Parameters
    ----------
    text : str
        Folded, numbers in digits, texts and times as single characters.
    source : str
        As it was typed, for telling what was not understood.
    asks : bool
        It ends with a question mark.
    """

    text: str
    source: str
    asks: bool
    texts: list[str] = field(default_factory=list)
    timed: Timed = field(default_factory=lambda: Timed(""))

    def has(self, pattern: str) -> bool:
        """Return whether the pattern occurs."""
        return re.search(pattern, self.text) is not None

    def find(self, pattern: str) -> re.Match[str] | None:
        """Return where the pattern occurs first."""
        return re.search(pattern, self.text)

    @property
    def quotes(self) -> list[str]:
        """The texts in it, in order."""
        return [self.texts[ord(char) - FIRST_QUOTE] for char in re.findall(QUOTE, self.text)]

    @property
    def negated(self) -> bool:
        """Whether it says what not to do."""
        return _NEGATION.search(self.text) is not None

    def ms(self, char: str) -> int:
        """Return what a time character stands for, in milliseconds."""
        return self.timed.ms(char)


@dataclass
class _Piece:
    text: str
    source: str
    joint: str
    asks: bool = False


def _is_list(before: str, after: str) -> bool:
    """Return whether a comma or "and" joins no wishes: "clips 2 and 3", "in and out", "a minute and a half"."""
    before, after = to_digits(before), to_digits(after)
    if _LIST_BEFORE.search(before) and _LIST_AFTER.match(after):
        return True
    return after.startswith("a half") or bool(_MINUTES.search(before) and _SECONDS.match(after))


def _pieces(masked: Masked) -> list[_Piece]:
    pieces, place, joint, glue = [], 0, "hard", ""
    text, source = masked.folded, masked.original
    for match in [*islice(_JOINTS.finditer(text), MOST_PIECES), None]:
        end = match.start() if match else len(text)
        kind = match.lastgroup or "" if match else "hard"
        before, after = text[place:end].rstrip(), text[match.end() :] if match else ""
        if match and kind == "soft" and _is_list(before[-32:], after[:24]):
            continue
        if before.strip():
            asks = bool(match and match[0].strip()[:1] in ("?", "？"))
            pieces.append(_Piece(before.strip(" \t"), source[place:end].strip(), joint, asks))
            glue = ""
        joint = glue or kind
        glue = "hard" if kind == "hard" else "then" if kind == "then" else ""
        place = match.end() if match else end
    return pieces


def _verb_of(text: str) -> str:
    """Return the verb that a following piece without one takes over."""
    if text.startswith("with "):
        return "add"
    found = [(m.start(), number, m[0]) for number, verb in enumerate(_VERBS) if (m := verb.search(text))]
    return min(found)[2] if found else ""


_NOUN = re.compile("|".join(NOUNS.values()))
_TEXT_NOUN = re.compile("|".join(NOUNS[key] for key in ("title", "caption", "lower_third", "card", "text")))
_MUSIC = re.compile(NOUNS["music"])
_VOLUME_ONLY = re.compile(
    r"^(?:(?:at|with|volume|音量|音量为|音量设为|音量调到) ?){1,3}\d{1,3} ?(?:%|percent)(?: volume)?$"
)
_MOOD = re.compile("|".join(MOODS.values()))


def _joined(pieces: list[_Piece]) -> list[_Piece]:
    wishes: list[_Piece] = []
    for piece in pieces:
        before = wishes[-1] if wishes and piece.joint != "hard" else None
        starts = VERB_START.match(piece.text) is not None and not piece.text.startswith(("in ", "at "))
        if before is not None and _COMPLAINT.search(before.text):
            _append(before, piece)
            continue
        if before is None or (piece.joint == "then" and starts):
            wishes.append(piece)
            continue
        timed = read_times(to_digits(piece.text)).text
        alone = _ALONE.match(timed) is not None
        writes = re.search(QUOTE, before.text) is not None
        texty = writes or _TEXT_NOUN.search(before.text) is not None
        verb = _verb_of(before.text)
        has_noun = _NOUN.search(piece.text) is not None and _ATTRIBUTE.match(timed) is None
        if (before.text and _VOLUME_ONLY.match(timed) and _MUSIC.search(before.text)) or (
            texty and _OF_THE_TEXT.match(timed) and not has_noun
        ):
            _append(before, piece)
        elif starts or piece.joint == "then":
            wishes.append(piece)
        elif _EXPLAIN.search(before.text) or (writes and _ATTRIBUTE.match(timed)):
            _append(before, piece)
        elif alone or (has_noun and _verb_of(piece.text)):
            wishes.append(piece if _verb_of(piece.text) or piece.joint == "with" else _taking(piece, verb))
        elif verb and (has_noun or re.match(QUOTE, piece.text)):
            noun = "" if has_noun else next((m[0] for m in [_NOUN.search(before.text)] if m), "")
            wishes.append(_taking(piece, f"{verb} {noun}".strip()))
        elif _MOOD.match(piece.text):
            wishes.append(piece)
        else:
            _append(before, piece)
    return wishes


def _append(before: _Piece, piece: _Piece) -> None:
    before.text, before.source = f"{before.text}, {piece.text}", f"{before.source}, {piece.source}"
    before.asks = before.asks or piece.asks


def _taking(piece: _Piece, verb: str) -> _Piece:
    return _Piece(f"{verb} {piece.text}".strip(), piece.source, piece.joint, piece.asks)


def clauses(masked: Masked) -> list[Clause]:
    """Return the wishes of a message, in order."""
    masked.folded = _NOT_WANTED.sub(lambda m: f"{'remove':<{m.end() - m.start()}}", masked.folded)
    masked.folded = _NOT_THAT.sub(lambda m: " " * len(m[0]), masked.folded)
    found = []
    for piece in _joined(_pieces(masked)):
        timed = read_times(to_digits(piece.text))
        found.append(Clause(timed.text, piece.source, piece.asks, masked.texts, timed))
    return found
