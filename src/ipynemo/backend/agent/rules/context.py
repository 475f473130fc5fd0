"""What a rule works with: the clause, the draft as it stands, what was uploaded; and what it hands back."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ipynemo.backend.agent.board import Board, Spot
from ipynemo.backend.agent.vocabulary import NOUNS
from ipynemo.backend.agent.words import TIME

if TYPE_CHECKING:
    from ipynemo.backend.agent.clauses import Clause
    from ipynemo.backend.agent.situation import Situation
    from ipynemo.backend.explain import AssetFacts

__all__ = ["Ask", "Context", "Do", "Plan", "Span", "Tell", "numbers_of", "percent_of", "span_of"]


@dataclass(frozen=True)
class Do:
    """Use a tool. `tell` names the message about it, where the tool's own name is not the message's."""

    name: str
    args: dict[str, Any] = field(default_factory=dict)
    tell: str = ""


@dataclass(frozen=True)
class Tell:
    """Say something without doing anything."""

    key: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ask:
    """Ask the user; the answer comes with the next message."""

    key: str
    facts: dict[str, Any] = field(default_factory=dict)


Plan = list[Do | Tell | Ask]


@dataclass
class Context:
    """A turn as the rules see it."""

    situation: Situation
    language: str

    @property
    def board(self) -> Board:
        """The draft as it stands now."""
        return Board(self.situation.draft)

    @property
    def visuals(self) -> list[AssetFacts]:
        """The uploaded pictures and videos."""
        return [asset for asset in self.situation.assets if asset.kind in ("image", "video")]

    @property
    def sounds(self) -> list[AssetFacts]:
        """The uploaded sounds."""
        return [asset for asset in self.situation.assets if asset.kind == "audio"]

    def named_asset(self, clause: Clause) -> AssetFacts | None:
        """Return the asset whose file name the clause says."""
        said = " ".join([clause.source.casefold(), *(q.casefold() for q in clause.quotes)])
        for asset in sorted(self.situation.assets, key=lambda a: -len(a.name)):
            name = asset.name.casefold()
            stem = name.rsplit(".", 1)[0]
            if re.fullmatch(_ANY_NOUN, stem):
                stem = ""  # "song.mp3" is not meant by every song
            if name and (name in said or (len(stem) >= 3 and re.search(rf"(?<!\w){re.escape(stem)}(?!\w)", said))):
                return asset
        return None

    def clips_meant(self, clause: Clause) -> tuple[list[Spot], Tell | None]:
        """Return the clips that the clause names by number or file, or an explanation of why there is none such."""
        clips = self.board.clips()
        numbers = numbers_of(clause.text, "clip", len(clips))
        wrong = [n for n in numbers if not 1 <= n <= len(clips)]
        if wrong:
            return [], Tell("no_such_clip", {"number": wrong[0], "count": len(clips)})
        if numbers:
            return [clips[n - 1] for n in numbers], None
        if re.search(rf"\b(?:each|every) {_EN_NOUN['clip']}\b|每一?[段张个幅](?:片段|图片|照片|画面)?", clause.text):
            return clips[:100], None
        asset = self.named_asset(clause)
        return [spot for spot in clips if asset and self.board.segment(spot).source == asset.id], None


_ANY_NOUN = "|".join(NOUNS.values())
_COUNTED = re.compile(r"\d{1,3}")
_EN_NOUN = {
    "clip": r"(?:clips?|segments?|scenes?|shots?|pictures?|images?|photos?|parts?|sections?|slides?|pics?|videos?"
    r"|ones?)",
    "title": r"(?:titles?|headings?|headlines?)",
    "caption": r"(?:captions?|subtitles?)",
    "lower_third": r"lower[ -]thirds?",
    "card": r"(?:cards?|panels?)",
    "text": r"(?:texts?|labels?)",
}
_CN_MEASURE = {"clip": "[段张幅]|部分|片段|镜头|场景|画面", "caption": "[条句]", "title": "[条行]", "text": "[条句行]"}
_CN_COUNT = "[个张段条幅句行]?"


def numbers_of(text: str, noun: str, count: int) -> list[int]:
    """Return the numbers by which a clause names things of a kind, from 1; "last" is `count`."""
    en = _EN_NOUN.get(noun, _EN_NOUN["text"])
    found: list[int] = []
    ordinal = r"(?:\d{1,3}(?:st|nd|rd|th)|(?<!to )last|(?<!to )final)"
    listed = rf"\b{ordinal}(?:(?:,| and|, and| &)(?: the)? {ordinal}){{0,5}}(?: \w{{1,10}})?? {en}\b"
    for match in re.finditer(listed, text):
        if "to last" not in match[0]:
            found += [count if word in ("last", "final") else int(word[:-2]) for word in re.findall(ordinal, match[0])]
    for match in re.finditer(rf"\b{ordinal} to last (?:{en})", text):
        found.append(count + 1 - int(re.findall(r"\d+", match[0])[0]))
    for match in re.finditer(rf"\b(first|last|1th|final) (\d{{1,2}}) {en}\b", text):
        many = min(int(match[2]), count)
        found += range(1, many + 1) if match[1] in ("first", "1th") else range(count - many + 1, count + 1)
    after = (
        rf"\b{en}(?: number| no\.?)? ?#?(\d{{1,3}})(?!\w|:| ?(?:%|px|pt|pixels?|points?|percent|s\b))((?:(?:,"
        rf"| and|, and| &| to|-|–) ?#?\d{{1,3}}(?!%|\d)){{0,9}})"
    )
    for match in re.finditer(after, text):
        rest = [int(n) for n in _COUNTED.findall(match[2])]
        if re.match(r" to|-|–", match[2]) and rest:
            found += range(int(match[1]), min(rest[0], int(match[1]) + 99) + 1)
        else:
            found += [int(match[1]), *rest]
    cn = NOUNS.get(noun, NOUNS["text"]).rsplit(r"\b|", 1)[-1]
    measure = _CN_MEASURE.get(noun)
    ending = rf"(?:{_CN_COUNT}的?(?:{cn})" + (rf"|(?:{measure})(?!的?(?:标题|字幕|文字)))" if measure else ")")
    for match in re.finditer(rf"(倒数)?第 ?(\d{{1,3}})((?:{_CN_COUNT}[和与、,到至]第?\d{{1,3}}){{0,9}}){ending}", text):
        numbers = [int(match[2]), *(int(n) for n in _COUNTED.findall(match[3]))]
        if re.search("[到至]", match[3]):
            numbers = list(range(numbers[0], min(numbers[-1], numbers[0] + 99) + 1))
        found += [count + 1 - n for n in numbers] if match[1] else numbers
    if re.search(rf"最后(?:的)?[一1]?{ending}", text):
        found.append(count)
    return list(dict.fromkeys(found))


def percent_of(text: str) -> float | None:
    """Return a share that the clause names, 0–1: "30 %", "half"; more than all counts as all."""
    match = re.search(r"(\d{1,3}(?:\.\d)?) ?(?:%|percent\b|per cent\b|pct\b)", text)
    if match:
        return min(float(match[1]) / 100, 1.0)
    return None


@dataclass(frozen=True)
class Span:
    """When something is to be: any of start, end and length, in milliseconds; None where it is not said."""

    start: int | None = None
    end: int | None = None
    length: int | None = None
    at_end: bool = False
    throughout: bool = False

    @property
    def is_range(self) -> bool:
        """Whether both ends are said."""
        return self.start is not None and self.end is not None


_N = r"(?<![\d:.#])(\d{1,5}(?:\.\d{1,3})?)(?![\d:.]*[%\d])"
_TO = r" ?(?:to|and|until|till|through|-|–|—|~|到|至|和) ?"


def span_of(clause: Clause) -> Span:
    """Return when the clause wants something to be."""
    text = clause.text
    either = rf"(?:({TIME})|{_N})"
    ranged = re.search(rf"(?:from|between|从|在)? ?第?{either}(?:处)?{_TO}第?{either}", text)
    if ranged and (ranged[1] or ranged[3] or re.match("from|between|从", ranged[0])):
        first, second = _ms(clause, ranged[1], ranged[2]), _ms(clause, ranged[3], ranged[4])
        if first < second or ranged[3]:
            return Span(start=min(first, second), end=max(first, second))
    open_end = re.search(rf"(?:from|从) ?(?:the )?(?:start|beginning|开头|开始){_TO}{either}", text)
    if open_end:
        return Span(start=0, end=_ms(clause, open_end[1], open_end[2]))
    to_end = re.search(
        rf"(?:from|从|after) ?第?{either}(?:处|开始)? ?(?:to|until|till|到|直到|on"
        rf"|onwards?)? ?(?:the )?(?:end|结尾|最后|结束)",
        text,
    )
    if to_end:
        return Span(start=_ms(clause, to_end[1], to_end[2]), at_end=True)
    length = re.search(
        rf"(?:\bfor|\blasting|\blasts|\bduring|持续|显示|时长|长度|保持|停留)(?: about| the (?:1th|first|last"
        rf"|next))?为? ?({TIME})|({TIME}) (?:long|title|caption)|({TIME})(?:长|的标题|的字幕)",
        text,
    )
    at = re.search(
        rf"(?:\bat|\bfrom|\bstarting(?: at| from)?|\bin|\bafter|@|\bto|第|在|从|于"
        rf"|到) ?(?:the )?({TIME})(?! ?(?:long|长|的标题|的字幕))"
        rf"|({TIME})(?: mark| point|处|时|的时候|的位置|开始| in\b)",
        text,
    )
    bare = None if at else re.search(rf"\b(?:at|starting at|from) {_N}(?! ?(?:px|pt|pixels|:|x))", text)
    until = re.search(rf"(?:\buntil|\btill|\bup to|直到|(?<![移挪放动改])到) ?第?({TIME})", text)
    length_ms = clause.ms(next(g for g in length.groups() if g)) if length else None
    start = clause.ms(at[1] or at[2]) if at else round(float(bare[1]) * 1000) if bare else None
    if until and at and until[1] == at[1]:
        return Span(end=clause.ms(until[1]), length=length_ms)
    return Span(
        start=start if start is not None else 0 if _at_start(text) else None,
        end=clause.ms(until[1]) if until else None,
        length=length_ms,
        at_end=re.search(
            r"\b(?:at|to|near|towards?) (?:the )?(?:very )?end\b|\bend of\b|结尾|末尾|最后(?!一|1|的?[段张])|片尾", text
        )
        is not None,
        throughout=re.search(
            r"\b(?:throughout|whole|entire|all the time|all through)\b|全程|一直|始终|从头到尾|整个", text
        )
        is not None,
    )


def _at_start(text: str) -> bool:
    return (
        re.search(r"\b(?:at|to|from) (?:the )?(?:very )?(?:start|beginning|front)\b|开头|开始处|一开始|片头|最前", text)
        is not None
    )


def _ms(clause: Clause, char: str | None, bare: str | None) -> int:
    return clause.ms(char) if char else round(float(bare or 0) * 1000)
