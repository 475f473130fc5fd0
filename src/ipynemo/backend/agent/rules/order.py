"""Rules for order: move, swap, reverse, remove, start over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ipynemo.backend.agent.rules.context import Do, Plan, Tell, numbers_of, span_of
from ipynemo.backend.agent.vocabulary import NOUNS, REMOVE
from ipynemo.backend.agent.words import TIME

if TYPE_CHECKING:
    from ipynemo.backend.agent.board import Spot
    from ipynemo.backend.agent.clauses import Clause
    from ipynemo.backend.agent.rules.context import Context

__all__ = ["order_rule", "remove_rule"]

_MOVE = (
    r"\b(?:move|shift|put|place|bring|drag|start with|begin with|begin|send)\b|移动|移到|移至|挪到|挪|放到|放在"
    r"|移|调到|排到|换到"
)
_SWAP = r"\b(?:swap|exchange|switch|trade|interchange)\b|交换|对调|互换|调换"
_REVERSE = (
    r"\b(?:reverse|invert|backwards?)\b.{0,20}\b(?:order|clips?|scenes?|segments?|pictures?|sequence)\b"
    r"|\breverse order\b|\breverse (?:it|them|everything)\b|倒序|颠倒顺序|反过来|反转顺序|倒过来"
)
_ORDER = r"\b(?:re-?order|re-?arrange|order|sequence)\b|重新排列|重排|排序|顺序|排列"
_TO_START = (
    r"\b(?:to|at|in|with) (?:the )?(?:very )?(?:start|beginning|front|top|first place|first position"
    r"|1th place)\b|\b(?:first|1th)[.!]?$|\bstart with\b|\bbegin with\b|开头|最前|最开始|第一位|首位|第1位|前头"
)
_TO_END = (
    r"\b(?:to|at|in) (?:the )?(?:very )?(?:end|back|bottom|last place|last position)\b|\blast[.!]?$|结尾|末尾"
    r"|最后面?(?!一?[段张个])|最末|后头"
)
_ITEM = (
    r"(?:the )?(?:(\d{1,2})(?:th|nd|rd|st)(?: (?:clip|scene|segment|picture|image|photo|part|shot|one|video))?"
    r"|(?:clip|scene|segment|picture|image|photo|part|shot|video) ?#?(\d{1,2})|(last)(?: (?:clip|scene|segment"
    r"|picture|image|photo|part|shot|one))?)"
)
_TARGET = re.compile(rf"\b(before|after|behind|in front of|ahead of) {_ITEM}")
_CN_TARGET = re.compile(
    r"(?:移到|移动到|挪到|放到|放在|移至|排到|到)第(\d{1,2})[段张个幅]?(?:片段|图片|照片|镜头|场景"
    r"|画面)?的?(之前|前面|之后|后面|前|后)"
)
_POSITION = re.compile(
    r"\bto (?:position|place|number|slot|spot) #?(\d{1,2})\b|\bto (\d{1,2})(?:th|nd|rd|st)(?: (?:place"
    r"|position|spot))?\b|(?:移到|移动到|放到|排到|挪到|移至)第(\d{1,2})(?:位|个位置|个)?$"
)


def order_rule(clause: Clause, context: Context) -> Plan | None:
    """Plan a move of clips; None where the clause is about something else."""
    clips = context.board.clips()
    if clause.has(_REVERSE):
        return _reorder(clips, list(range(len(clips), 0, -1)), clause)
    if clause.has(_SWAP):
        numbers = numbers_of(clause.text, "clip", len(clips)) or _loose(clause, len(clips))
        if len(numbers) != 2:
            return [Tell("swap_which")] if clause.has(NOUNS["clip"]) else None
        wrong = _wrong(numbers, clips)
        if wrong:
            return wrong
        order = [
            numbers[1] if n == numbers[0] else numbers[0] if n == numbers[1] else n for n in range(1, len(clips) + 1)
        ]
        return _reorder(clips, order, clause)
    listed = clause.find(r"((?:\d{1,2}(?:[,、 ]| and ){1,2}){1,19}\d{1,2})")
    if clause.has(_ORDER) and listed:
        order = [int(n) for n in re.findall(r"\d{1,2}", listed[1])]
        if sorted(order) != list(range(1, len(clips) + 1)):
            return [Tell("order_all", {"count": len(clips)})]
        return _reorder(clips, order, clause)
    if not clause.has(_MOVE):
        return None
    return _move(clause, context, clips)


def _loose(clause: Clause, count: int) -> list[int]:
    pairs = re.findall(r"第(\d{1,2})|\b(\d{1,2})(?:th|nd|rd|st)?\b|\b(last)\b", clause.text)
    return [count if last else int(cn or en) for cn, en, last in pairs][:2]


def _wrong(numbers: list[int], clips: list[Spot]) -> Plan | None:
    bad = [n for n in numbers if not 1 <= n <= len(clips)]
    return [Tell("no_such_clip", {"number": bad[0], "count": len(clips)})] if bad else None


def _reorder(clips: list[Spot], order: list[int], clause: Clause) -> Plan:
    if len(clips) < 2:
        return [Tell("one_clip")] if clips else [Tell("no_pictures")]
    if clause.negated:
        return [Tell("left_alone")]
    if order == sorted(order):
        return [Tell("nothing_to_change")]
    return [Do("reorder_segments", {"track": clips[0].track, "order": order})]


def _move(clause: Clause, context: Context, clips: list[Spot]) -> Plan | None:
    text, count = clause.text, len(clips)
    target, cn_target, position = _TARGET.search(text), _CN_TARGET.search(text), _POSITION.search(text)
    cut = min((m.start() for m in (target, cn_target, position) if m), default=len(text))
    meant = numbers_of(text[:cut], "clip", count) or (numbers_of(text, "clip", count)[:1] if cut == len(text) else [])
    asset = context.named_asset(clause)
    if not meant and asset:
        meant = [s.segment for s in clips if context.board.segment(s).source == asset.id]
    if not meant and cut < len(text):
        meant = _loose_before(text[:cut], count)
    if not meant:
        return None
    if clause.negated:
        return [Tell("left_alone")]
    wrong = _wrong(meant, clips)
    if wrong:
        return wrong
    others = [n for n in range(1, count + 1) if n not in meant]
    if target or cn_target:
        pivot = (
            int(cn_target[1])
            if cn_target
            else count
            if target and target[4]
            else int(target[2] or target[3])
            if target
            else 1
        )
        before = (
            cn_target[2] in ("之前", "前面", "前")
            if cn_target
            else target is not None and target[1] not in ("after", "behind")
        )
        if pivot not in others:
            return _wrong([pivot], clips) or [Tell("nothing_to_change")]
        place = others.index(pivot) + (0 if before else 1)
    elif position:
        place = min(int(next(g for g in position.groups() if g)), count) - 1
    elif re.search(_TO_START, text):
        place = 0
    elif re.search(_TO_END, text):
        place = len(others)
    else:
        span = span_of(clause)
        if span.start is None:
            return None
        spot = clips[meant[0] - 1]
        return [Do("move_segment", {"track": spot.track, "segment": spot.segment, "start_s": span.start / 1000})]
    return _reorder(clips, others[:place] + meant + others[place:], clause)


def _loose_before(text: str, count: int) -> list[int]:
    found = re.findall(r"第(\d{1,2})|\b(\d{1,2})(?:th|nd|rd|st)\b|\b(last)\b", text)
    return [count if last else int(cn or en) for cn, en, last in found][:1]


def remove_rule(clause: Clause, context: Context) -> Plan | None:
    """Plan to remove clips, or everything; None where the clause is about something else."""
    if clause.has(
        r"\bstart (?:over|again|from scratch|afresh)\b|\b(?:clear|delete|remove|erase|reset) (?:everything"
        r"|all of it|all|the (?:whole )?(?:timeline|draft|project))\b$|\breset\b|重新开始|全部删除|全部清空"
        r"|清空(?:时间线|全部|所有|一切)?$|从头再来|删除全部|删除所有$"
    ):
        return [Do("clear_draft")] if not context.situation.draft.is_empty else [Tell("empty_draft")]
    if not clause.has(REMOVE) or clause.negated or re.search(TIME, clause.text):
        return None
    clips = context.board.clips()
    meant, wrong = context.clips_meant(clause)
    if wrong:
        return [wrong]
    if (
        not meant
        and clause.has(NOUNS["clip"])
        and clips
        and (len(clips) == 1 or clause.has(r"\b(?:pictures|images|photos|clips|all)\b|所有|全部"))
    ):
        return [Do("remove_track", {"track": clips[0].track}, "removed_pictures")]
    if not meant:
        return [Tell("which_clip", {"count": len(clips)})] if clause.has(NOUNS["clip"]) and clips else None
    ordered = sorted({(s.track, s.segment) for s in meant}, reverse=True)
    return [Do("remove_segment", {"track": track, "segment": segment}, "removed_clip") for track, segment in ordered]
