"""Rules for titles, captions and other texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ipynemo.backend.agent.rules.context import Ask, Do, Plan, Span, Tell, numbers_of, span_of
from ipynemo.backend.agent.vocabulary import ADD, CHANGE, COLOURS, NOUNS, PLACES, REMOVE, find_in

if TYPE_CHECKING:
    from ipynemo.backend.agent.board import Spot
    from ipynemo.backend.agent.clauses import Clause
    from ipynemo.backend.agent.rules.context import Context

__all__ = ["add_text_step", "look_of", "text_rule"]

KINDS = ("title", "caption", "lower_third", "card", "text")
SIZES = {"title": 84, "lower_third": 48, "caption": 40, "card": 44}

_BIGGER = r"\b(?:bigger|larger|enlarge|too (?:small|tiny))\b|太小|[更再]大|大一[些点]|大点|放大|增大|加大|变大"
_SMALLER = r"\b(?:smaller|shrink|too (?:big|large))\b|太大|[更再]小|小一[些点]|小点|缩小|减小|变小"
_BIG = r"\b(?:big|large|huge)\b|大(?:的|标题|字)|很大|超大"
_SMALL = r"\b(?:small|tiny|little(?! bit))\b|小(?:的|标题|字)|很小"
_MUCH = r"\b(?:much|a lot|far|way|twice)\b|[得多很倍]多?"
_MOVE = r"\b(?:move|shift|place|put|start|delay)\b|移到|移动|挪到|挪|放到|移至|提前|推迟|延后"
_LONGER = (
    r"\b(?:longer|extend|lengthen|too (?:short|quick|quickly|fast|soon))\b|太短|太快|更长|长一[点些]|延长|加长"
    r"|久一[点些]|更久"
)
_SHORTER = r"\b(?:shorter|shorten|too (?:long|slow))\b|太长|更短|短一[点些]|缩短"
_REPLACE = r"\b(?:replace|change|instead|swap|rename|correct|fix|rewrite|edit|update)\b|替换|改成|改为|换成|换为|改|换"


def look_of(text: str, sizes: tuple[int, ...] = ()) -> dict[str, Any]:
    """Return the look that a clause asks for: colour, place, size and weight, each only where it is said."""
    look: dict[str, Any] = {}
    explicit = re.search(r"#[0-9a-f]{6}\b", text)
    colour = explicit[0] if explicit else find_in({key: pattern for key, (pattern, _) in COLOURS.items()}, text)
    if colour:
        look["color"] = colour
    place = find_in(PLACES, re.sub(r"\bto the (?=(?:\d|start|end))", "", text))
    if place:
        look["place"] = place
    size = re.search(
        r"(?:size|字号|大小)(?: ?(?:of|to|is|为|是|改成|改为|设为|调到|:))? ?(\d{2,3})\b|\b(\d{2,3}) ?(?:px"
        r"|pt|pixels?|points?|号字|像素)",
        text,
    )
    now = max(sizes, default=0)
    much = re.search(_MUCH, text) is not None
    if size:
        look["size_px"] = min(max(int(size[1] or size[2]), 12), 400)
    elif re.search(_BIGGER, text):
        look["size_px"] = min(round((now or 64) * (1.6 if much else 1.25)), 400)
    elif re.search(_SMALLER, text):
        look["size_px"] = max(round((now or 64) * (0.6 if much else 0.8)), 12)
    elif re.search(_BIG, text):
        look["size_px"] = 110
    elif re.search(_SMALL, text):
        look["size_px"] = 36
    if re.search(r"\b(?:not bold|unbold|thin|thinner|regular weight|light weight)\b|不加粗|取消加粗|细体", text):
        look["bold"] = False
    elif re.search(r"\b(?:bold|bolder|thick|strong)\b|加粗|粗体|更粗", text):
        look["bold"] = True
    return look


def _kind(clause: Clause) -> str | None:
    return find_in({kind: NOUNS[kind] for kind in KINDS}, clause.text)


def _spots(clause: Clause, context: Context, kind: str | None) -> tuple[list[Spot], Plan]:
    """Return the texts that are meant: by their words, by their number, else all of the kind."""
    board = context.board
    for words in clause.quotes[:1]:
        spots = board.saying(words)
        if spots:
            return spots, []
    role = None if kind in (None, "text") else kind
    spots = board.texts(role)
    numbers = numbers_of(clause.text, kind or "text", len(spots))
    wrong = [n for n in numbers if not 1 <= n <= len(spots)]
    if wrong:
        return [], [Tell("no_such_text", {"kind": kind or "text", "number": wrong[0], "count": len(spots)})]
    if numbers:
        return [spots[n - 1] for n in numbers], []
    if role is None and kind == "text" and board.texts("title"):
        return spots, []
    if role and not spots:
        return [], [Tell("no_text", {"kind": kind})]
    return spots, []


def _grouped(spots: list[Spot], context: Context) -> list[tuple[int, list[int], bool]]:
    """Return track, segments, and whether these are all of the track's."""
    tracks: dict[int, list[int]] = {}
    for spot in spots:
        tracks.setdefault(spot.track, []).append(spot.segment)
    draft = context.situation.draft
    return [(track, sorted(found), len(found) == len(draft.track(track).segments)) for track, found in tracks.items()]


def text_rule(clause: Clause, context: Context) -> Plan | None:
    """Plan a wish about a text; None where the clause is about something else."""
    kind, quotes = _kind(clause), clause.quotes
    if kind is None and not (quotes and clause.has(f"{ADD}|{REMOVE}|{CHANGE}|{_MOVE}|^[\ue000-\uefff]")):
        return None
    if kind is None and quotes and context.named_asset(clause):
        return None
    if (
        re.match(
            r"(?:please )?(?:call|name|rename|retitle) (?:it|this|the (?:draft|project|video|clip))\b"
            r"|(?:给)?(?:项目|视频|短片).{0,4}(?:命名|取名|改名)",
            clause.text,
        )
        and quotes
    ):
        return [Do("rename_draft", {"title": quotes[0]})]
    if clause.negated:
        return [Tell("left_alone")]
    changes = re.search(r"\b(?:change|replace|rename|rewrite|instead)\b|改成|改为|换成|替换", clause.text)
    if clause.has(REMOVE) and not (changes and quotes) and not clause.has(r"\b(?:add|put|insert)\b|添加|加上"):
        return _remove(clause, context, kind)
    if len(quotes) >= 2 and clause.has(_REPLACE):
        return _replace(clause, context, kind)
    if quotes:
        return _write(clause, context, kind)
    return _change(clause, context, kind)


def _remove(clause: Clause, context: Context, kind: str | None) -> Plan:
    spots, trouble = _spots(clause, context, kind)
    if clause.quotes and not context.board.saying(clause.quotes[0]):
        return [Tell("no_text_saying", {"text": clause.quotes[0]})]
    if trouble or not spots:
        return trouble or [Tell("no_text", {"kind": kind or "text"})]
    plan: Plan = []
    for track, found, whole in sorted(_grouped(spots, context), reverse=True):
        if whole and len(found) > 1:
            plan.append(Do("remove_track", {"track": track}, f"removed_all_{kind or 'text'}"))
        else:
            plan += [Do("remove_segment", {"track": track, "segment": n}, "removed_text") for n in reversed(found)]
    return plan


def _replace(clause: Clause, context: Context, kind: str | None) -> Plan:
    old, new = clause.quotes[0], clause.quotes[1]
    if clause.has(r"[\ue000-\uefff] instead of"):
        old, new = new, old
    spots = context.board.saying(old)
    if not spots:
        return [Tell("no_text_saying", {"text": old})]
    if not new.strip():
        return [Ask("ask_new_text", {"kind": kind or "text"})]
    return [Do("set_text", {"track": s.track, "segment": s.segment, "text": new}) for s in spots[:20]]


def _write(clause: Clause, context: Context, kind: str | None) -> Plan:
    text = clause.quotes[0].strip()
    if not text:
        return [Ask("ask_text", {"kind": kind or "title"})]
    role = "title" if kind in (None, "text") else kind
    board, count = context.board, len(context.board.texts(None if kind in (None, "text") else role))
    numbers = numbers_of(clause.text, kind or "text", count)
    sets = clause.has(rf"{CHANGE}|\b(?:should|say)\b|[标题字幕文字](?:内容)?[是为叫:]") and not clause.has(
        r"\b(?:add|insert|another|new|second)\b|添加|插入|写上|新|(?<![增更])加(?![粗大长])"
    )
    if clause.has(r"^(?:title|heading|caption|subtitle)s? ?:"):
        sets = False
    existing = board.saying(text) if sets else []
    if existing and (look_of(clause.text) or span_of(clause) != Span()):
        return _styled(clause, context, existing, kind) or [Tell("nothing_to_change")]
    spots = board.texts(None if kind in (None, "text") else role)
    if (sets or (numbers and not clause.has(r"\b(?:add|insert)\b|添加|加"))) and spots:
        wrong = [n for n in numbers if not 1 <= n <= len(spots)]
        if wrong:
            return [Tell("no_such_text", {"kind": role, "number": wrong[0], "count": len(spots)})]
        meant = [spots[n - 1] for n in numbers] or spots[:1]
        plan: Plan = [Do("set_text", {"track": s.track, "segment": s.segment, "text": text[:2000]}) for s in meant]
        return plan + (_styled(clause, context, meant, kind, quiet=True) or [])
    return [*add_text_step(clause, context, role, text)]


def add_text_step(clause: Clause, context: Context, role: str, text: str) -> Plan:
    """Plan a new text of a role, with the times, place, size and colour that the clause says."""
    args: dict[str, Any] = {"text": text[:2000]} | look_of(clause.text, (SIZES.get(role, 84),))
    span, total = span_of(clause), context.situation.draft.duration_ms
    clips, wrong = context.clips_meant(clause)
    if wrong:
        return [wrong]
    length = span.length
    if span.throughout and not span.is_range:
        args |= {"start_s": 0.0, "duration_s": total / 1000} if total else {}
    elif span.is_range:
        args |= {"start_s": (span.start or 0) / 1000, "duration_s": ((span.end or 0) - (span.start or 0)) / 1000}
    elif clips:
        clip = context.board.segment(clips[0])
        args |= {"start_s": clip.start_s, "duration_s": min(length or 3000, clip.duration_ms) / 1000}
    elif span.at_end and span.start is None:
        length = min(length or 3000, total) or length or 3000
        args |= {"start_s": max(total - length, 0) / 1000, "duration_s": length / 1000}
    else:
        if span.start is not None:
            args["start_s"] = span.start / 1000
        if span.at_end and total > (span.start or 0):
            args["duration_s"] = (total - (span.start or 0)) / 1000
        elif length:
            args["duration_s"] = length / 1000
        elif span.end:
            args |= {"start_s": (span.start or 0) / 1000, "duration_s": (span.end - (span.start or 0)) / 1000}
    if args.get("duration_s") == 0:
        return [Tell("no_length")]
    if role in ("title", "caption"):
        return [Do(f"add_{role}", args)]
    return [Do("add_text", {"role": role} | args)]


def _styled(
    clause: Clause, context: Context, spots: list[Spot], kind: str | None, *, quiet: bool = False
) -> Plan | None:
    """Plan another look or another time for texts that are there."""
    board, plan = context.board, Plan()
    sizes = tuple(_size(board.segment(s).meta, kind) for s in spots)
    look = look_of(clause.text, sizes)
    for track, found, whole in _grouped(spots, context):
        if look and whole:
            plan.append(Do("restyle_text", {"track": track, **look}))
        elif look:
            plan += [Do("restyle_text", {"track": track, "segment": n, **look}) for n in found]
    if quiet:
        return plan
    return plan + _timed(clause, context, spots)


def _size(meta: Any, kind: str | None) -> int:
    style = meta.get("style")
    size = style.get("size") if isinstance(style, dict) else None
    return int(size) if isinstance(size, (int, float)) and 12 <= size <= 400 else SIZES.get(kind or "title", 84)


def _timed(clause: Clause, context: Context, spots: list[Spot]) -> Plan:
    """Plan another start or length; of several texts only the first is moved, because they would pile up."""
    span, spot = span_of(clause), spots[0]
    segment = context.board.segment(spot)
    where = {"track": spot.track, "segment": spot.segment}
    relative = clause.find(
        r"([\uf000-\uf7ff]) ?(?:later|earlier|longer|shorter)|(?:推迟|延后|提前|延长|缩短)了?([\uf000-\uf7ff])"
    )
    if relative:
        by = clause.ms(relative[1] or relative[2])
        earlier = re.search("earlier|提前", relative[0]) is not None
        if earlier or re.search("later|推迟|延后", relative[0]):
            start = max(segment.start_ms + (-by if earlier else by), 0)
            return [Do("move_segment", where | {"start_s": start / 1000})]
        change = -by if re.search("shorter|缩短", relative[0]) else by
        return [Do("trim_segment", where | {"duration_s": max(segment.duration_ms + change, 200) / 1000})]
    if span.is_range:
        length = ((span.end or 0) - (span.start or 0)) / 1000
        return (
            [
                Do("move_segment", where | {"start_s": (span.start or 0) / 1000}),
                Do("trim_segment", where | {"duration_s": length}, "silent"),
            ]
            if length > 0
            else [Tell("no_length")]
        )
    if span.start is not None and span.length:
        return [
            Do("move_segment", where | {"start_s": span.start / 1000}),
            Do("trim_segment", where | {"duration_s": span.length / 1000}, "silent"),
        ]
    plan: Plan = []
    lengthens = clause.find(
        r"(?:to|be|is|成|到|为) ?([\uf000-\uf7ff])|([\uf000-\uf7ff]) long|\b(?:make|let"
        r"|keep) .{0,24} ([\uf000-\uf7ff])$"
    )
    longer, shorter = clause.has(_LONGER), clause.has(_SHORTER)
    if span.length or ((longer or shorter or clause.has(r"\blong\b|^(?:make|let|keep)\b|时长")) and lengthens):
        said = next((group for group in lengthens.groups() if group), None) if lengthens else None
        ms = span.length or (clause.ms(said) if said else 0)
        return [Do("trim_segment", where | {"duration_s": ms / 1000})] if ms else [Tell("no_length")]
    if longer or shorter:
        factor = 1.5 if longer else 0.67
        every = spots if len(spots) < 10 else spots[:1]
        return [
            Do(
                "trim_segment",
                {"track": s.track, "segment": s.segment}
                | {"duration_s": max(round(context.board.segment(s).duration_ms * factor), 200) / 1000},
            )
            for s in every
        ]
    if span.end is not None and span.end > segment.start_ms:
        return [Do("trim_segment", where | {"duration_s": (span.end - segment.start_ms) / 1000})]
    if span.throughout:
        total = context.situation.draft.duration_s
        return [
            Do("move_segment", where | {"start_s": 0.0}),
            Do("trim_segment", where | {"duration_s": total}, "silent"),
        ]
    if span.start is not None:
        plan.append(Do("move_segment", where | {"start_s": span.start / 1000}))
    elif span.at_end:
        start = max(context.situation.draft.duration_ms - segment.duration_ms, 0)
        plan.append(Do("move_segment", where | {"start_s": start / 1000}))
    return plan


def _change(clause: Clause, context: Context, kind: str | None) -> Plan | None:
    wants_new = clause.has(
        r"\b(?:add|insert|put|write|give|create|need|want|another|new|include|have)\b|添加|增加|加|插入|写|来"
    ) and not clause.has(r"\b(?:bigger|larger|smaller|longer|shorter)\b")
    spots, trouble = _spots(clause, context, kind)
    look = look_of(clause.text)
    moves = look if clause.has(r"\bgive\b") else clause.has(_MOVE) and (look or span_of(clause) != Span())
    definite = clause.has(r"\b(?:the|my|all|every|these|those|each|its)\b|把|将|所有|全部") and bool(spots)
    if wants_new and not (moves and definite):
        return [Ask("ask_text", {"kind": "title" if kind in (None, "text") else kind})]
    if trouble or not spots:
        return trouble or [Tell("no_text", {"kind": kind or "text"})]
    plan = _styled(clause, context, spots, kind)
    if plan:
        return plan
    if clause.has(rf"{CHANGE}"):
        return [Ask("ask_new_text", {"kind": kind or "text"})]
    return None
