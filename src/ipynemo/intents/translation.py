"""What the backend says about a screen that does not exist here → what can be done here.

The agent on the cloud believes that a timeline with buttons is in front of the user. A sentence is replaced only where
it tells the user to operate that screen: an imperative, or "you can …", with a verb of the hand and a thing of the
screen. Everything else is about the picture and stays: a man may click a shutter, and a door may open. Lines and
Markdown stay as they are, and code is not read at all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ipynemo.intents.chinese import CHINESE
from ipynemo.intents.dictated import Dictated
from ipynemo.intents.english import ENGLISH
from ipynemo.intents.grammar import LABEL, Action, Grammar, laid_out

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Action", "Translation", "translate"]

LONGEST_INSTRUCTION = 500  # characters; a longer sentence is no instruction
LONGEST_BUTTON = 30


class Translation(NamedTuple):
    """A text as it can be shown here, and what its instructions come to, each once, in order."""

    text: str
    actions: tuple[Action, ...]


# What a line begins with before its words: quotation marks of Markdown, headings, list marks.
_LINE_START = re.compile(r"[ \t]*(?:> ?)*[ \t]*(?:#{1,6} +|[-*+•] +(?:\[[ x]\] +)?|\d{1,3}[.)、] *)?")
_LIST_ITEM = re.compile(r"[ \t]*(?:> ?)*(?:[-*+•]|\d{1,3}[.)]) ")
_FENCE = re.compile(r"[ \t]*(?:> ?)*(?:[-*+] +)?(`{3,}|~{3,})")

# No quotation holds its own opening mark, so that a row of them is not searched again and again. Bold type is the name
# of something, unless it shouts the instruction itself.
_QUOTED = laid_out(
    r'"[^"\n]{1,300}"',
    r"“[^“”\n]{1,300}”|「[^「」\n]{1,300}」|『[^『』\n]{1,300}』|《[^《》\n]{1,300}》|‘[^‘’\n]{1,60}’",
    r"\[[^\[\]\n]{1,60}\]|【[^【】\n]{1,60}】|`[^`\n]{1,300}`|(?<!\w)'[^'\n]{1,40}'(?!\w)",
    r"\*\*(?!(?:please|just|click|tap|press|open|drag|go|hit|preview|点击|打开|拖)\b)[^*\n]{1,30}\*\*",
)
_SENTENCE_END = re.compile(r"[.!?]+(?=[\s*_)\"”’]|$)|[。！？；]+")
# What stands before the words of a sentence: spaces, emoji, emphasis, "Tip:".
_ORNAMENT = laid_out(
    r"""[^\w"“「『《‘\[【`'(]*(?:(?:tip|note|hint|pro tip|next steps?|step \d{1,2}|提示|小贴士|注意|第.步)
    [*_]{0,2}[:：][*_]{0,2}\s*)?"""
)
_CJK = re.compile(r"[\u3400-\u9fff]")
# A line without any of these holds no instruction; most lines do not.
_MAYBE = laid_out(
    r"""\b(?:click|double|right|left|tap|press|hit|select|choose|pick|push|use|find|locate|look|open|go|navigate|head|visit|
    switch|expand|access|return|bring|jump|drag|drop|preview|watch|see|view|play|review|check|scrub|inspect|export|
    download|manage|update|log|sign|toggle|top up|notice|adjust|change|edit|tweak|set|fine|custom|modify|control)""",
    r"[调修更设编点點击擊按选選打进進前转切展访回拖预預查检檢观看播导導匯下管登确找使勾]",
)


def _masked(text: str) -> str:
    """Return the text with every quotation filled up, at the same length."""
    return _QUOTED.sub(lambda found: LABEL * len(found[0]), text)


def _pieces(text: str, ends: re.Pattern[str], masked: str) -> Iterator[tuple[int, int, int]]:
    """Return (start, end of the words, end with what separates) for each part."""
    start = 0
    for found in ends.finditer(masked):
        yield start, found.start(), found.end()
        start = found.end()
    if start < len(text):
        yield start, len(text), len(text)


def _action(clause: str, masked: str, grammar: Grammar) -> Action | None:
    lead = grammar.lead.match(masked)
    begin = lead.end() if lead else 0
    for action, pattern in grammar.instructions:
        # Export and Download are known by their names, also in quotes; everything else by what is around the quotes.
        words = masked if action is Action.DO else clause
        if pattern.match(words, begin) or (begin and pattern.match(words)):
            return None if grammar.content.search(masked) else action
    return None


def _instead(action: Action, clause: str, grammar: Grammar) -> str:
    if action is Action.DO and (found := _QUOTED.search(clause)):
        name = found[0].strip("\"'“”「」『』《》‘’[]【】`* ")
        if 0 < len(name) <= LONGEST_BUTTON and not re.search(r"['\\`]", name):
            return grammar.asking.format(name)
    return grammar.sayings[action]


def _sentence(words: str, masked: str, end: str, grammar: Grammar, dictated: Dictated) -> tuple[str, list[Action]]:
    """Return what to say instead of a sentence, without its mark at the end; no actions where it stays."""
    if words in dictated:
        return words + end, []
    clauses = [(words[a:b], masked[a:b], words[b:c]) for a, b, c in _pieces(words, grammar.split, masked)]
    actions = [None if clause in dictated else _action(clause, mask, grammar) for clause, mask, _ in clauses]
    first = next((place for place, action in enumerate(actions) if action is not None), None)
    if first is None:
        return words + end, []
    parts: list[str] = []
    head = clauses[:first]
    if head and not all(grammar.condition.match(clause) for clause, _, _ in head):
        said = "".join(clause + separator for clause, _, separator in head[:-1]) + head[-1][0]
        parts.append(said.rstrip() + grammar.stop)
    found = [(action, clause[0]) for action, clause in zip(actions, clauses, strict=True) if action is not None]
    parts.extend(dict.fromkeys(_instead(action, clause, grammar) for action, clause in found))
    for (clause, _, _), action in zip(clauses[first + 1 :], actions[first + 1 :], strict=True):
        if clause and action is None and not grammar.belongs.match(clause):
            parts.append(clause[:1].upper() + clause[1:] + (end or grammar.stop))
    return grammar.gap.join(parts), [action for action, _ in found]


def _line(line: str, language: str, dictated: Dictated, actions: list[Action]) -> str:
    start = _LINE_START.match(line)
    done = start.end() if start else 0
    out, told = [line[:done]], set[str]()
    body = line[done:]
    masked = _masked(body)
    for begin, end, after in _pieces(body, _SENTENCE_END, masked):
        found_before = _ORNAMENT.match(body, begin, end)
        words_at = found_before.end() if found_before else begin
        before = body[begin:words_at]
        words, mask = body[words_at:end].rstrip(), masked[words_at:end].rstrip()
        closing = body[words_at + len(words) : end]
        if not words or len(words) > LONGEST_INSTRUCTION:
            out.append(body[begin:after])
            continue
        chinese = _CJK.search(words) is not None or (not re.search(r"[A-Za-z]", words) and language.startswith("zh"))
        text, found = _sentence(words, mask, body[end:after], CHINESE if chinese else ENGLISH, dictated)
        if not found:
            out.append(body[begin:after])
            continue
        actions.extend(found)
        if text not in told:  # once a line is enough
            told.add(text)
            if re.search(r"[*_]{2}|[*_]\w", words):  # emphasis that ends within what is gone
                before = re.sub(r"[*_]", "", before)
            out += [before, text, closing]
    return "".join(out)


def translate(text: str, *, language: str = "en", asked: str = "") -> Translation:
    """Return a text of the backend with its instructions for a screen replaced by what can be done here.

    Parameters
    ----------
    text : str
        Plain or Markdown, English or Chinese; a sentence is answered in its own language.
    language : str
        Which language counts where a sentence itself does not tell.
    asked : str
        The user's message that the text answers: a caption that it dictates is no instruction.

    Examples
    --------
    >>> translate("Done. Click the Export button to download your video!").text
    'Done. You can export the video right here: session.export().'
    >>> translate("The man clicks the shutter.").actions
    ()
    """
    actions: list[Action] = []
    dictated = Dictated(asked)
    lines = []
    fence = ""
    in_list = blank = False
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        if _LIST_ITEM.match(line):
            in_list = True
        elif line.strip() and not line.startswith((" ", "\t")):
            in_list = False
        indented = line.startswith(("    ", "\t")) and blank and not in_list
        blank = not line.strip() or (indented and blank)
        if mark or fence or indented or line.lstrip().startswith("|") or not _MAYBE.search(line):
            lines.append(line)
        else:
            lines.append(_line(line, language, dictated, actions))
    return Translation("\n".join(lines), tuple(dict.fromkeys(actions)))
