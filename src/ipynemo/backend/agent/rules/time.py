"""Rules for time: shorter, longer, trim, cut from–to, split, keep only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ipynemo.backend.agent.rules.context import Context, Do, Plan, Tell, percent_of, span_of
from ipynemo.backend.agent.vocabulary import REMOVE
from ipynemo.backend.agent.words import TIME

if TYPE_CHECKING:
    from ipynemo.backend.agent.board import Spot
    from ipynemo.backend.agent.clauses import Clause

__all__ = ["time_rule"]

_SPLIT = (
    r"\b(?:split|divide|slice|break)\b|\bcut\b.{0,30}\b(?:in (?:two|2|half)|into (?:two|2))\b|分割|分成|拆分"
    r"|拆成|切成|切开|断开|分开"
)
_CUT = r"\b(?:cut|trim|chop|crop|clip off|shave|snip)\b|剪掉|剪去|剪切|剪|裁掉|裁剪|裁|截掉|切掉|切除|截取|截"
_KEEP = (
    r"\b(?:keep|leave|retain)\b.{0,12}\b(?:only|just)\b|\b(?:only|just) (?:keep|leave)\b|\bkeep the (?:1th|first"
    r"|last)\b|只保留|仅保留|只留|保留|截取"
)
_LONGER = (
    r"\b(?:longer|lengthen|extend|prolong|stretch|slower|double|twice as long)\b|更长|长一[点些]|延长|加长|拉长"
    r"|加倍|翻倍|变长|慢一[点些]|多(?:停留|显示|放|播|留)"
)
_SHORTER = (
    r"\b(?:shorter|shorten|condense|tighten|compress|quicker|faster|briefer|halve|half as long|too long)\b|更短"
    r"|短一[点些]|缩短|缩减|减短|压缩|减半|变短|快一[点些]|太长|再短"
)
_LENGTH = (
    r"\b(?:make|set|be|to|long|length|duration|last|lasts|run|want|need|total|only|just|into|show|hold|stay|keep"
    r"|around|about|exactly|shown|each)\b|长|时长|改|变|设|调|秒|总|弄|做|控制|压|成|到|显示|停留|持续|播"
)
_TAIL = re.compile(
    r"\b(?:last|final)\b|\boff the end\b|\bfrom the end\b|\bat the end\b|最后|后面?的?(?=[\uf000-\uf7ff])|结尾|末尾|尾"
)
_HEAD = re.compile(
    r"\b(?:first|1th)\b|\boff the (?:start|beginning|front)\b|\bfrom the (?:start|beginning)\b"
    r"|\bat the (?:start|beginning)\b|开头|前面?的?(?=[\uf000-\uf7ff])|片头|最前"
)
_FACTOR = re.compile(r"(\d{1,2}(?:\.\d)?) ?(?:times|x|倍)")
LEAST_MS, MOST_MS = 5_000, 600_000


def time_rule(clause: Clause, context: Context) -> Plan | None:
    """Plan a wish about time; None where the clause is about something else."""
    text = clause.text
    times = re.findall(TIME, text)
    splits, cuts, keeps = clause.has(_SPLIT), clause.has(_CUT), clause.has(_KEEP)
    longer, shorter = clause.has(_LONGER), clause.has(_SHORTER)
    removes = clause.has(REMOVE) and (bool(times) or span_of(clause).is_range)
    lengths = bool(times) and clause.has(_LENGTH)
    only = (
        re.fullmatch(
            rf"(?:about |around |exactly |at |in )?{TIME}(?: long| in total| total| please|长|吧)?[.!]?", text.strip()
        )
        is not None
    )
    ends = bool(times) and clause.has(r"\b(?:end|stop|finish)s? (?:at|after)\b|结束|停在")
    if not (splits or cuts or keeps or longer or shorter or removes or lengths or only or ends):
        return None
    if clause.negated:
        return [Tell("left_alone")]
    if context.situation.draft.duration_ms == 0:
        return [Tell("empty_draft")]
    meant, wrong = context.clips_meant(clause)
    if wrong:
        return [wrong]
    end = clause.find(rf"\b(?:end|stop|finish)s? (?:at|after) ({TIME})|到第?({TIME})(?:处|时)?(?:就)?(?:结束|停)")
    if end and not meant:
        return _range(context, clause.ms(end[1] or end[2]), context.situation.draft.duration_ms)
    if splits:
        return _split(clause, context, meant)
    if keeps and not (longer or shorter):
        return _keep(clause, context)
    if cuts or removes:
        plan = _cut(clause, context, meant)
        if plan is not None:
            return plan
    return _length(clause, context, meant, longer=longer, shorter=shorter)


def _split(clause: Clause, context: Context, meant: list[Spot]) -> Plan:
    times = re.findall(TIME, clause.text)
    board = context.board
    span = span_of(clause)
    if times or span.start is not None:
        at = clause.ms(times[0]) if times else span.start or 0
        spot = meant[0] if meant else board.clip_at(at)
        if spot is None:
            return [Tell("outside", {"at": f"{at / 1000:g}", "total": f"{context.situation.draft.duration_s:g}"})]
    else:
        clips = meant or board.clips()
        if not clips:
            return [Tell("no_pictures")]
        if len(clips) > 1:
            return [Tell("split_where")]
        spot = clips[0]
        at = (board.segment(spot).start_ms + board.segment(spot).end_ms) // 2
    segment = board.segment(spot)
    if not segment.start_ms < at < segment.end_ms:
        inner = segment.start_ms + at
        if not segment.start_ms < inner < segment.end_ms:
            return [Tell("outside", {"at": f"{at / 1000:g}", "total": f"{context.situation.draft.duration_s:g}"})]
        at = inner  # "split the second clip at 2 seconds" counts from the start of that clip
    return [Do("split_segment", {"track": spot.track, "segment": spot.segment, "at_s": at / 1000})]


def _keep(clause: Clause, context: Context) -> Plan:
    total = context.situation.draft.duration_ms
    span, times = span_of(clause), re.findall(TIME, clause.text)
    if span.is_range:
        start, end = span.start or 0, min(span.end or 0, total)
    elif span.at_end and span.start is not None and not _TAIL.search(clause.text):
        start, end = span.start, total
    elif times and _TAIL.search(clause.text):
        start, end = max(total - clause.ms(times[0]), 0), total
    elif times:
        start, end = 0, min(clause.ms(times[0]), total)
    else:
        return [Tell("keep_what")]
    if start >= end:
        return [Tell("outside", {"at": f"{start / 1000:g}", "total": f"{total / 1000:g}"})]
    plan: Plan = []
    if end < total:
        plan.append(Do("cut_range", {"from_s": end / 1000, "to_s": total / 1000}))
    if start > 0:
        plan.append(Do("cut_range", {"from_s": 0.0, "to_s": start / 1000}))
    return plan or [Tell("nothing_to_change")]


def _cut(clause: Clause, context: Context, meant: list[Spot]) -> Plan | None:
    text, total = clause.text, context.situation.draft.duration_ms
    span, times = span_of(clause), re.findall(TIME, text)
    if span.is_range and (span.end or 0) > (span.start or 0):
        return _range(context, span.start or 0, span.end or 0)
    if not times and span.start is None:
        return None
    ms = clause.ms(times[0]) if times else span.start or 0
    where = {"track": meant[0].track, "segment": meant[0].segment} if meant else {}
    down_to = clause.has(rf"(?:\bto|\bdown to|到|至|成|为) ?{TIME}") and not clause.has(rf"第{TIME}")
    if _TAIL.search(text) and not clause.has(rf"{TIME} ?(?:to|-|到)"):
        if meant and not clause.has(rf"\b(?:last|final) {TIME}|最后的?{TIME}") and not clause.has("off|from|at"):
            return (
                [Do("trim_segment", where | {"duration_s": ms / 1000})]
                if down_to
                else [Do("trim_segment", where | {"cut_end_s": ms / 1000})]
            )
        if meant and not _is_last_time(clause):
            return [Do("trim_segment", where | {"cut_end_s": ms / 1000})]
        if clause.has(rf"\b(?:from|after) {TIME}|{TIME}(?:之后|以后|后面)"):
            return _range(context, ms, total)
        return _range(context, max(total - ms, 0), total)
    if _HEAD.search(text):
        return [Do("trim_segment", where | {"cut_start_s": ms / 1000})] if meant else _range(context, 0, ms)
    if clause.has(
        rf"\b(?:after|past|beyond|everything from) (?:the )?{TIME}|{TIME}(?:之后|以后|后面|后的)|\b(?:after|past) \d"
    ):
        return _range(context, ms, total)
    if clause.has(rf"\bbefore {TIME}|{TIME}(?:之前|以前|前面|前的)"):
        return _range(context, 0, ms)
    if down_to:
        return [Do("trim_segment", where | {"duration_s": ms / 1000})] if meant else _range(context, ms, total)
    if clause.has(rf"(?:\bat|第|在) ?(?:the )?{TIME}"):
        return _split(clause, context, meant)
    if meant:
        return [Do("trim_segment", where | {"cut_end_s": ms / 1000})]
    return _range(context, max(total - ms, 0), total) if clause.has(_CUT) else None


def _is_last_time(clause: Clause) -> bool:
    return clause.has(rf"\b(?:last|final) {TIME}(?! ?(?:of|off|from))|最后的?{TIME}$")


def _range(context: Context, start: int, end: int) -> Plan:
    total = context.situation.draft.duration_ms
    end = min(end, total)
    if start >= end:
        return [Tell("outside", {"at": f"{start / 1000:g}", "total": f"{total / 1000:g}"})]
    if start == 0 and end == total:
        return [Tell("cut_all", {"total": f"{total / 1000:g}"})]
    return [Do("cut_range", {"from_s": start / 1000, "to_s": end / 1000})]


def _length(clause: Clause, context: Context, meant: list[Spot], *, longer: bool, shorter: bool) -> Plan | None:
    draft = context.situation.draft
    spots: list[Spot | None] = [*meant] or [None]
    plan: Plan = []
    for spot in spots:
        now = context.board.segment(spot).duration_ms if spot else draft.duration_ms
        wanted = _wanted_ms(clause, now, longer=longer, shorter=shorter)
        if wanted is None:
            return None
        if spot is None:
            if round(wanted) == now:
                return [Tell("length_already", {"total": f"{now / 1000:g}"})]
            plan.append(Do("set_duration", {"duration_s": wanted / 1000}))
        elif wanted <= 0:
            return [Tell("no_length")]
        else:
            plan.append(Do("trim_segment", {"track": spot.track, "segment": spot.segment, "duration_s": wanted / 1000}))
    return plan


def _wanted_ms(clause: Clause, now: int, *, longer: bool, shorter: bool) -> int | None:
    text = clause.text
    times = re.findall(TIME, text)
    if times:
        ms = clause.ms(times[0])
        relative = clause.has(
            rf"{TIME} ?(?:longer|shorter|faster|quicker)|\bby (?:about )?{TIME}|(?:延长|缩短|加长|拉长|缩减"
            rf"|减短|增加|减少)了?{TIME}|(?<![时全总])[长短]{TIME}|多(?:停留|显示|放|播|留)了?{TIME}|\b(?:add"
            rf"|another|extra) {TIME}"
        )
        absolute = clause.has(rf"(?:\bto|到|至|成|为) ?(?:about )?{TIME}")
        if relative and not absolute and (longer or shorter or clause.has("增加|减少|长|短")):
            return max(now - ms, 0) if shorter or clause.has("减少") else now + ms
        return ms
    share = percent_of(text)
    if share is not None and (longer or shorter):
        if clause.has(r"\bto \d|到 ?\d|至 ?\d"):
            return round(now * share)
        return round(now * (1 + share)) if longer else round(now * (1 - share))
    factor = _FACTOR.search(text)
    if factor and longer:
        more = 1 if "倍" in factor[0] and not re.search("[到成至]", text) else 0  # 延长一倍 doubles
        return round(now * (float(factor[1]) + more))
    if clause.has(r"\b(?:double|twice)\b|加倍|翻倍|两倍"):
        return now * 2
    if clause.has(r"\b(?:halve|half)\b|减半|一半"):
        return now // 2
    if not (longer or shorter):
        return None
    much, little = (
        clause.has(r"\b(?:much|a lot|way|far)\b|很多|得多|多一"),
        clause.has(r"\b(?:bit|slightly|little)\b|稍|略|一点"),
    )
    if shorter:
        return round(now * (0.5 if much else 0.85 if little else 0.75))
    return round(now * (2.0 if much else 1.2 if little else 1.35))
