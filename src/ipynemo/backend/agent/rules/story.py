"""The rule for "explain this image" and for its options: how long, which shape, which music, without captions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ipynemo.backend.agent.rules.context import Do, Plan, Tell, numbers_of, percent_of
from ipynemo.backend.agent.rules.picture import aspect_of
from ipynemo.backend.agent.rules.sound import mood_of
from ipynemo.backend.agent.rules.wishes import wants_narration, wants_reduced_motion
from ipynemo.backend.agent.vocabulary import GENRES
from ipynemo.backend.agent.words import TIME
from ipynemo.backend.explain import evidence_for, languages

if TYPE_CHECKING:
    from ipynemo.backend.agent.clauses import Clause
    from ipynemo.backend.agent.rules.context import Context

__all__ = ["language_of", "story_rule"]

_EXPLAIN = re.compile(
    r"^(?:(?:please|pls|now|ok|okay|hi|hello|hey|so|can you|could you|would you|will you|i want you to"
    r"|i want to|i'd like you to|let's|just|first|then|and|try to|help me(?: to)?"
    r"|use this picture to) ?,? ?){0,4}"
    r"(?:re-?)?(?:explain|describe|teach|tell (?:me|us|my \w{1,12}) (?:about|what|how|the story))\b"
    r"|\bexplainer\b|\b(?:make|create|build|do|give|write|produce) (?:me |us )?(?:a |an |another )?(?:short "
    r"|quick |new )?(?:storyboard|explanation|lesson)\b"
    r"|^(?:请|帮我|麻烦|给我|先|重新|能不能|可以|你能|再|然后|现在|我想|帮忙"
    r"|用\w{0,6}){0,4}[ ,，]?(?:给\w{1,6}?)?(?:解释|讲解|介绍|说明|讲讲|讲一讲|讲一下|说说|解说|科普|分析)"
    r"|(?:解释|讲解|介绍|科普|解说)(?:一下)?(?:这|图|照|AI|ai|什么|它)"
)
_VIDEO = r"(?:video|clip|movie|film|mp4|explainer|animation)"
_MAKE = re.compile(
    rf"\b(?:make|create|build|produce|generate|do|render|give me|put together|assemble)\b(?: me| us)? (?:a|an"
    rf"|another|one|some)\b(?!.{{0,60}}\d(?:st|nd|rd|th) ).{{0,60}}?\b{_VIDEO}s?\b(?! \d)"
    rf"|\b(?:turn|convert|transform|change|make)(?:ing)?\b.{{0,60}}?\b(?:pictures?|images?|photos?"
    rf"|photographs?|artwork|concepts?|these|this|it|them|[\w ]{{1,20}}\.(?:png|jpe?g|webp"
    rf"|gif))\b.{{0,40}}?\binto\b.{{0,40}}?\b{_VIDEO}s?\b"
    r"|(?:做|制作|生成|创建|来)(?:成|出)?(?:一个|一段|一部|一条|个|段|条)?[^,，。]{0,16}?(?:视频|短片|影片|动画|讲解片)"
    r"|把.{0,16}(?:做成|变成|转成|转换成|制作成|生成).{0,12}(?:视频|短片|影片|mp4)"
)
_NOT_MAKE = re.compile(
    r"\b(?:it|this video|the video|the clip|clip|video) (?:more|shorter|longer|louder|quieter|better|vertical|square)"
)
_NO = r"(?:\b(?:no|without|skip|omit|leave out)\b[^,.]{0,24}?|不要|不带|没有|无|去掉|别加|不加)"


def language_of(text: str) -> str | None:
    """Return the language that a clause asks for the words to be in."""
    if re.search(
        r"\bin chinese\b|\bchinese (?:captions|subtitles|text|version|words)\b|用中文|中文(?:字幕|版|讲|解)"
        r"|汉语|普通话",
        text,
    ):
        return "zh"
    if re.search(
        r"\bin english\b|\benglish (?:captions|subtitles|text|version|words)\b|用英文|用英语|英文(?:字幕|版"
        r"|讲|解)|英语(?:字幕|版|讲|解)",
        text,
    ):
        return "en"
    return None


_OTHERS = {
    "fr": ("french", "法语"),
    "de": ("german", "德语"),
    "es": ("spanish", "西班牙语"),
    "ja": ("japanese", "日语"),
    "ko": ("korean", "韩语"),
    "it": ("italian", "意大利语"),
    "ru": ("russian", "俄语"),
    "ar": ("arabic", "阿拉伯语"),
    "hi": ("hindi", "印地语"),
    "pt": ("portuguese", "葡萄牙语"),
}


def other_language(text: str) -> str | None:
    """Return the language, other than English and Chinese, that a clause asks for; there need not be words for it."""
    named = (code for code, (en, zh) in _OTHERS.items() if re.search(rf"\b(?:in|to) {en}\b|用{zh}", text))
    return next(named, None)


def story_rule(clause: Clause, context: Context) -> Plan | None:
    """Plan an explainer; None where the clause does not ask for one."""
    text = clause.text
    if re.search(
        r"^(?:please |can you |and )?(?:show|reveal|display|include|add) (?:me )?(?:the "
        r"|its )?(?:\w{1,10} )?prompts?\b|^(?:请)?(?:显示|展示|公开|放入|加上)提示词",
        text,
    ):
        used = {s.source for track in context.situation.draft.tracks for s in track.segments}
        shown = [a for a in context.visuals if a.kind == "image" and (a.id in used or not used)]
        with_prompt = [a for a in shown if evidence_for(a).prompt]
        return [Do("show_prompt", {"asset": a.id}) for a in with_prompt[:20]] or [Tell("no_prompt")]
    makes = _MAKE.search(text) is not None and not _NOT_MAKE.search(text)
    reshapes = r"\b(?:turn|make|convert|change) (?:it|this|the (?:video|clip)) into\b"
    if makes and aspect_of(text) and not context.situation.draft.is_empty and re.search(reshapes, text):
        makes = False
    if not (_EXPLAIN.search(text) or makes) or clause.negated:
        return None
    wanted, own = other_language(text), context.situation.language.replace("_", "-").split("-")[0].lower()
    notes: Plan = [Tell("no_such_language")] if wanted and wanted not in languages() else []
    spoken = own if own not in ("en", "zh") and own in languages() else context.language  # what there are words for
    args: dict[str, Any] = {"language": wanted if wanted and not notes else language_of(text) or spoken}
    times = [clause.ms(char) for char in re.findall(TIME, text)]
    if times:
        args["seconds"] = times[0] / 1000
        if re.search(
            rf"{TIME} ?(?:each|per (?:picture|image|photo))|(?:每张|每个|各){TIME}|\beach\b.{{0,12}}{TIME}", text
        ):
            args["seconds"] *= max(len(context.visuals), 1)
    aspect = aspect_of(text)
    if aspect:
        args["aspect"] = aspect
    if re.search(rf"{_NO}(?:music|sound|bgm|audio|音乐|配乐|声音)|\bsilent(?:ly)?\b|静音|无声", text):
        args["music"] = "none"
    else:
        said = re.search(r"\bmusic\b|音乐|配乐|bgm|\bsoundtrack\b", text)
        mood = mood_of(text) if said else None
        genre = re.search(GENRES, text) if said and not mood else None
        notes += [Tell("no_such_music", {"what": genre[0]})] if genre else []
        args |= {"music": mood} if mood else {}
    share = percent_of(text)
    if share is not None:
        args["volume"] = share
    if re.search(rf"{_NO}(?:captions?|subtitles?|words|text|字幕|文字)", text):
        args["captions"] = False
    if re.search(rf"{_NO}(?:titles?|headings?|标题)", text):
        args["titles"] = False
    if re.search(
        r"(?<!no )(?<!without )(?:\b(?:show|with|include|reveal|display|add)\b[^,.]{0,12}\bprompt\b"
        r"|(?:显示|展示|公开|带上|包括|加上).{0,4}提示词)",
        text,
    ) and not re.search(rf"{_NO}(?:the )?(?:prompt|提示词)", text):
        args["show_prompt"] = True
    args |= {"reduced_motion": True} if wants_reduced_motion(text) else {}
    args |= {"narration": True} if wants_narration(text) else {}
    return _chosen(clause, context, args, notes)


def _chosen(clause: Clause, context: Context, args: dict[str, Any], notes: Plan) -> Plan:
    visuals = context.visuals
    named = [a for a in visuals if len(a.name) > 4 and a.name.casefold() in clause.source.casefold()]
    numbers = numbers_of(clause.text, "clip", len(visuals)) if visuals and not named else []
    wrong = [n for n in numbers if not 1 <= n <= len(visuals)]
    if wrong:
        return [Tell("no_such_upload", {"number": wrong[0], "count": len(visuals)})]
    meant = named or [visuals[n - 1] for n in numbers]
    if meant:
        args["assets"] = [a.id for a in meant]
    return [*notes, Do("explain_pictures", args)]
