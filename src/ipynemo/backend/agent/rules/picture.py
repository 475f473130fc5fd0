"""Rules for the pictures: the frame, motion, transitions, putting a picture in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ipynemo.backend.agent.rules.context import Do, Plan, Tell, numbers_of, span_of
from ipynemo.backend.agent.vocabulary import ADD, PLACES, REMOVE, find_in
from ipynemo.edits import ASPECTS

if TYPE_CHECKING:
    from ipynemo.backend.agent.board import Spot
    from ipynemo.backend.agent.clauses import Clause
    from ipynemo.backend.agent.rules.context import Context

__all__ = ["aspect_of", "aspect_rule", "insert_rule", "motion_rule", "transition_rule"]

_RATIOS = {"16:9": r"16 ?[:x×比/] ?9", "9:16": r"9 ?[:x×比/] ?16", "1:1": r"1 ?[:x×比/] ?1"}
_OTHER_RATIO = r"(?<![\d.:])(?:4 ?[:x×比/] ?[35]|3 ?[:x×比/] ?4|21 ?[:x×比/] ?9|2 ?: ?1|5 ?: ?4|2\.35 ?: ?1)(?![\d:])"
_SHAPES = {
    "9:16": r"\b(?:vertical(?:ly)?|upright|tiktok|tik tok|reels?|shorts|stories|for (?:the |my )?phones?"
    r"|for mobile)\b|竖屏|竖版|竖着|竖向|竖的|纵向|抖音|手机屏",
    "16:9": r"\b(?:horizontal(?:ly)?|widescreen|wide ?screen|youtube format|for youtube|for tv)\b|横屏|横版|横着"
    r"|横向|横的|宽屏",
    "1:1": r"\b(?:for instagram|instagram post)\b|方形|正方形|方的|方屏",
}
_LOOSE = {"9:16": "portrait", "16:9": "landscape", "1:1": "squared?"}  # these are also words for what a picture shows


def aspect_of(text: str) -> str | None:
    """Return the aspect that a text names: by its numbers, by its shape, by what it is made for."""
    found = find_in(_RATIOS, text) or find_in(_SHAPES, text)
    if found:
        return found
    for aspect, word in _LOOSE.items():
        as_shape = (
            rf"\b(?:make|into|to|in|as|be|turn|format|aspect|want|set|export|switch|go|it|a|an) (?:it )?(?:a |an "
            rf"|to )?{word}\b"
        )
        if re.search(
            rf"{as_shape}(?! of\b)|^{word}$|\b{word} (?:video|mode|format|version|orientation|clip|aspect"
            rf"|frame|shape)\b|, {word}\b",
            text,
        ):
            return aspect
    return None


def aspect_rule(clause: Clause, context: Context) -> Plan | None:
    """Plan another frame; None where the clause names none."""
    aspect = aspect_of(clause.text)
    if aspect is None:
        other = clause.find(_OTHER_RATIO)
        return [Tell("no_such_aspect", {"what": re.sub(r"\s|比", ":", other[0])})] if other else None
    if clause.negated:
        return [Tell("left_alone")]
    draft = context.situation.draft
    if (draft.width_px, draft.height_px) == ASPECTS[aspect] and not draft.is_empty:
        return [Tell("nothing_to_change")]
    return [Do("set_aspect", {"aspect": aspect})]


_MOTIONS = {
    "zoom_out": r"\bzoom(?:s|ed|ing)?(?: \w{1,8}){0,2} (?:out|back)\b|\bzoom-out\b|\bpull (?:out|back)\b|拉远"
    r"|缩小(?:画面|镜头|图)?|推远|拉镜头",
    "zoom_in": r"\bzoom(?:s|ed|ing)?\b|\bken burns\b|\bpush in\b|\bcloser\b|推近|推进|拉近|放大|推镜头|变焦|缩放",
    "pan_left": r"\b(?:pan|slide|move|scroll|sweep)(?: \w{1,8}){0,4} (?:to the )?left\b|(?:向|往)左(?:平?移|摇|滑)?"
    r"|左移|左摇",
    "pan_right": r"\b(?:pan|slide|move|scroll|sweep)(?: \w{1,8}){0,4} (?:to the )?right\b|(?:向|往)右(?:平?移|摇|滑)?"
    r"|右移|右摇",
    "pan_up": r"\b(?:pan|tilt|scroll|move)(?: \w{1,8}){0,4} up(?:wards?)?\b|(?:向|往)上(?:平?移|摇|滑)?|上移|上摇",
    "pan_down": r"\b(?:pan|tilt|scroll|move)(?: \w{1,8}){0,4} down(?:wards?)?\b|(?:向|往)下(?:平?移|摇|滑)?|下移|下摇",
}
_STILL = (
    r"\b(?:still|static|freeze|no (?:motion|movement|zoom(?:ing)?|pan(?:ning)?|camera)|stop (?:moving|zooming"
    r"|panning|the (?:zoom|motion|pan))|motionless|without (?:motion|movement|zoom(?:ing)?)|(?:remove|delete"
    r"|turn off) the (?:zoom|motion|pan|movement))\b|静止|不动|固定|停住|定格|(?:去掉|取消|不要|删除)(?:动画"
    r"|运动|缩放|平移|移动|动效)|别动"
)
_MOTION_TALK = (
    r"\b(?:motion|movement|animate|animation|ken burns|pan|panning)\b|\b(?:pictures?|images?|photos?|clips?|it"
    r"|them) (?:slowly )?(?:move|moving)\b|运镜|平移|动起来|动画|动效|摇镜"
)
_CENTRES = {
    "top_left": (0.25, 0.25),
    "top_right": (0.75, 0.25),
    "bottom_left": (0.25, 0.75),
    "bottom_right": (0.75, 0.75),
    "top": (0.5, 0.25),
    "bottom": (0.5, 0.75),
    "center": (0.5, 0.5),
}


def motion_rule(clause: Clause, context: Context) -> Plan | None:
    """Plan how pictures move; None where the clause is about something else."""
    still = clause.has(_STILL)
    if (
        clause.has(r"\b(?:still|move|scroll|slide)\b")
        and not still
        and not clause.has(r"\b(?:pan|zoom|left|right|up|down)\b")
        and not clause.has(_MOTION_TALK)
    ):
        return None
    motion = find_in(_MOTIONS, clause.text)
    if not still and motion is None and not clause.has(_MOTION_TALK):
        return None
    if clause.has(r"\b(?:move|slide)\b|移") and span_of(clause).start is not None:
        return None
    clips = context.board.clips()
    if not clips:
        return [Tell("no_pictures")]
    meant, wrong = context.clips_meant(clause)
    if wrong:
        return [wrong]
    shots = context.board.shots()
    drawn = [spot for spot in meant or clips if spot not in shots]
    notes: Plan = [Tell("drawn_scene", {"number": drawn[0].segment})] if meant and drawn else []
    meant, clips = [spot for spot in meant if spot in shots], shots
    if not clips or (notes and not meant):
        return notes or [Tell("drawn_scenes")]
    return notes + _moved(clause, motion, meant, clips, still=still)


def _moved(clause: Clause, motion: str | None, meant: list[Spot], clips: list[Spot], *, still: bool) -> Plan:
    """Plan a move of the clips that are meant, of all where none is."""
    if still or clause.negated or (clause.has(REMOVE) and not clause.has(ADD)):
        return [
            Do("set_motion", {"motion": "still"} | ({"segment": s.segment} if meant else {}))
            for s in meant or clips[:1]
        ]
    if clause.has(r"\bzoom in and (?:then )?out\b|\balternat|交替|放大缩小") and len(meant or clips) > 1:
        spots = (meant or clips)[:200]
        return [
            Do("set_motion", {"motion": ("zoom_in", "zoom_out")[i % 2], "segment": s.segment})
            for i, s in enumerate(spots)
        ]
    place = find_in(PLACES, clause.text)
    corner = clause.has(r"\b(?:in(?:to)?|on|onto|towards?|at)\b|到|向|至|在|推|拉|放") and motion == "zoom_in"
    segments = [s.segment for s in meant] if meant else [None]
    if place and corner:
        x, y = _CENTRES[place]
        return [Do("zoom_to", {"x": x, "y": y} | ({"segment": n} if n else {}), "set_motion") for n in segments]
    return [Do("set_motion", {"motion": motion or "zoom_in"} | ({"segment": n} if n else {})) for n in segments]


_CROSS = (
    r"\bcross[ -]?fad(?:e|es|ed|ing)\b|\bdissolves?\b|\bblend(?:s|ing)?\b|\bfad(?:e|es|ing) (?:between"
    r"|from (?:one|clip)|into (?:each|one))|\b(?:smooth|soft) transitions?\b|\b(?:add|use|with"
    r"|put) (?:some )?transitions?\b|交叉淡化|叠化|溶解|交叉溶解|渐变过渡|淡入淡出|淡化|(?:加|添加"
    r"|用)(?:上)?(?:一些)?(?:转场|过渡)|平滑过渡"
)
_HARD = (
    r"\b(?:hard|straight|jump|sharp|simple|plain) cuts?\b|\bno (?:transitions?|cross[ -]?fades?|dissolves?)\b"
    r"|\bjust cut\b|\b(?:use|with) cuts\b|\bcuts? (?:between|instead)\b|\b(?:remove|delete) (?:the "
    r"|all )?(?:transitions?|cross[ -]?fades?)\b|硬切|直接切换|直接切|无转场|不要(?:转场|过渡|叠化|淡化)|(?:去掉"
    r"|取消|删除)(?:所有|全部)?的?(?:转场|过渡|叠化|淡化)"
)
_FADE_IN = r"\bfad(?:e|es|ing)(?: it| the \w{1,10})?[ -]?(?:up |in\b|from)|淡入|渐显"
_FADE_OUT = (
    r"\bfad(?:e|es|ing)(?: it| the \w{1,10})?[ -]?(?:out\b|to (?:black|dark|white)|away)|\bfade\b.{0,12} end\b"
    r"|淡出|渐隐|渐黑"
)


def transition_rule(clause: Clause, context: Context) -> Plan | None:
    """Plan how clips change over, or how the clip begins and ends; None where the clause is about something else."""
    hard, cross = clause.has(_HARD), clause.has(_CROSS)
    fades_in, fades_out = clause.has(_FADE_IN), clause.has(_FADE_OUT)
    both = clause.has(r"\bfade in and out\b")
    if not (hard or cross or fades_in or fades_out or both):
        return None
    clips = context.board.clips()
    if not clips:
        return [Tell("no_pictures")]
    times = re.findall("[\uf000-\uf7ff]", clause.text)
    seconds = clause.ms(times[-1]) / 1000 if times else 0.5
    between_clips = clause.has("片段|之间|转场|过渡|每")
    if not (hard or cross) or (cross and clause.has("淡入淡出") and not between_clips and not clause.has("叠化|交叉")):
        if clause.negated:
            return [Tell("left_alone")]
        if context.board.music and not clause.has(r"black|dark|picture|image|video|beginning|start|黑|画面|视频|片"):
            keys = {"fade_in_s": fades_in or both, "fade_out_s": fades_out or both}
            chosen = {k: seconds if times else 2.0 for k, wanted in keys.items() if wanted}
            return [
                Do("fade_audio", {"track": context.board.music, **chosen}),
                Do("fade_picture", {k: min(v, 1.0) for k, v in chosen.items()}, "silent"),
            ]
        length = seconds if times else 1.0
        keys = {"fade_in_s": fades_in or both, "fade_out_s": fades_out or both}
        return [Do("fade_picture", {k: length for k, wanted in keys.items() if wanted})]
    if len(clips) < 2:
        return [Tell("one_clip")]
    kind = "cut" if hard or clause.negated else "crossfade"
    args = {"kind": kind} | ({"duration_s": seconds} if times and kind != "cut" else {})
    numbers = numbers_of(clause.text, "clip", len(clips))
    wrong = [n for n in numbers if not 1 <= n <= len(clips)]
    if wrong:
        return [Tell("no_such_clip", {"number": wrong[0], "count": len(clips)})]
    if numbers:
        return [Do("set_transition", args | {"segment": max(numbers)})]
    return [Do("set_transition", args)]


def insert_rule(clause: Clause, context: Context) -> Plan | None:
    """Plan to put an uploaded picture or video on the timeline; None where the clause wants something else."""
    asset = context.named_asset(clause)
    noun = clause.has(r"\b(?:pictures?|images?|photos?|videos?|footage|files?)\b|图片|照片|图像|张图|图|视频")
    if (
        not clause.has(rf"{ADD}|\b(?:use)\b")
        or not (noun or asset)
        or clause.negated
        or clause.has(r"\bbackground\b|背景")
    ):
        return None
    if asset is not None and asset.kind == "audio":
        return None
    visuals = context.visuals
    if not visuals:
        return [Tell("nothing_uploaded")]
    numbers = [] if asset else numbers_of(re.sub(r"\b(?:at|to) the .*", "", clause.text), "clip", len(visuals))
    wrong = [n for n in numbers if not 1 <= n <= len(visuals)]
    if wrong:
        return [Tell("no_such_upload", {"number": wrong[0], "count": len(visuals)})]
    used = {segment.source for track in context.situation.draft.tracks for segment in track.segments}
    fresh = [a for a in visuals if a.id not in used]
    everything = clause.has(r"\b(?:all|both|every|these|the pictures|my pictures|images|photos)\b|所有|全部|这些")
    chosen = (
        [asset]
        if asset
        else [visuals[n - 1] for n in numbers] or (fresh or visuals if everything else (fresh or visuals)[-1:])
    )
    span = span_of(clause)
    args = {"duration_s": span.length / 1000} if span.length else {}
    first = {"position": 1} if span.start == 0 or clause.has(r"\bfirst$|\b1th$|最前|开头") else {}
    return [Do("add_picture", {"asset": a.id} | args | first) for a in chosen[:50]]
