"""Rules for talk: questions are answered and not done, greetings are returned, what cannot be done is said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ipynemo.backend.agent.rules.asking import question_about
from ipynemo.backend.agent.rules.context import Ask, Do, Plan, Tell, numbers_of
from ipynemo.backend.agent.vocabulary import NOUNS, VERB_START
from ipynemo.draft.summary import plain

if TYPE_CHECKING:
    from ipynemo.backend.agent.clauses import Clause
    from ipynemo.backend.agent.rules.context import Context
    from ipynemo.concepts.evidence import Question

__all__ = ["better_rule", "cannot_rule", "history_rule", "question_rule", "small_talk"]

MOST_FILES = 5  # that one answer speaks of

_REQUEST = re.compile(
    r"^(?:(?:hey|hi|hello|ok|okay|so|and|also|please|now|then)[ ,]{1,2}){0,2}"
    r"(?:(?:can|could|would|will|may|might) (?:you|we|i)(?: please| also| maybe| just)?"
    r"|(?:would|do) you mind|is it possible to|how about|what about|what if we|what if you|why not"
    r"|why don't (?:we|you)|shall we|can it|could it|let's)\b ?"
    r"|^(?:(?:你|您|我们)?(?:能不能|可不可以|可以|能否|能|可否)(?:帮我|给我|请)?)"
)
_ASKS = re.compile(
    r"^(?:(?:and|so|but|ok|hey|hi|hello|well)[ ,]{1,2}){0,2}(?:what|what's|whats|which|how|who|whose|when"
    r"|where|why|is|are|was|were|does|did|has|am|should|shall"
    r"|do (?:you|i|we|they)|have (?:you|i|we)|can i|tell me (?:what|which|how|who|if|whether)|is there"
    r"|are there|i wonder|do not you know)\b"
)
_ASKS_CN = re.compile(
    r"什么|多长|多少|多久|几[个段张条秒]|哪[个些里一]|谁|为什么|为何|怎么(?!样都)|怎样|如何|是否|是不是"
    r"|有没有|吗$|吗[?？。]?$|呢$|多大|能做什么"
)
_ACTS_CN = re.compile(r"加|添加|删|去掉|改|换|剪|切|移|放|配|调|缩|延|变|做成|静音|撤销|重做|讲解|解释|生成|设")

_HOW_TO = re.compile(
    r"^how (?:do|can|could|to|should|would|does one)\b|怎么(?:加|添加|删|改|换|剪|用|做到|操作|导出)|如何"
)


def question_rule(clause: Clause, context: Context) -> Plan | None:
    """Answer a question; None where the clause asks for something to be done."""
    text = clause.text.strip()
    request = _REQUEST.match(text)
    if request and not re.match(r"(?:可以|能|你能|你可以)?(?:做|干)(?:些|点)?什么|.{0,8}什么", text[:14]):
        rest = text[request.end() :]
        if VERB_START.match(rest) or _ACTS_CN.search(rest) or (re.match(r"how|what", request[0]) and rest):
            clause.text = rest.rstrip("吗嘛么?？ ") or rest
            return None
    chinese = _ASKS_CN.search(text) is not None and not re.search(r"解释|讲解|介绍|说明一下|讲讲", text)
    english = _ASKS.match(text) is not None
    if chinese and not clause.asks and not re.search(r"吗|呢|[?？]", text) and _ACTS_CN.match(text):
        chinese = False
    if not (english or chinese or (clause.asks and not VERB_START.match(text) and not _ACTS_CN.match(text))):
        return None
    if re.match(r"what an? ai image|^how about\b|^what about\b", text) and not clause.asks:
        return None
    return _answer(clause, context)


def _answer(clause: Clause, context: Context) -> Plan:
    text, board, draft = clause.text, context.board, context.situation.draft
    if re.search(
        r"\bwhat (?:else )?(?:can|could|do) (?:you|i)\b|\bcan you do\b|\bhow (?:does this|do you) work"
        r"|\bwhat are you\b|\bwho are you\b|能做什么|会做什么|可以做什么|会什么|能干什么|能干嘛|你是谁"
        r"|怎么用",
        text,
    ):
        return [Tell("help")]
    if re.search(
        r"\bwhat(?:'s| is| are)? (?:an? )?ai (?:image|picture|photo|art)s?\b|什么(?:是"
        r"|叫)(?:一?张?)? ?ai ?(?:图|图像|图片|生成)|ai ?(?:图像|图片|图)是什么",
        text,
    ):
        return [Tell("ai_image")]
    if re.search(r"\bprompt\b|提示词", text):
        return _read(clause, context, tell="prompt")
    about = question_about(text)
    if about in ("model", "signer"):
        return _read(clause, context, about)
    if _HOW_TO.search(text) and not re.search(r"\b(?:made|created|generated)\b|怎么(?:做|生成|来)的", text):
        return [Tell("export")] if re.search(r"\b(?:export|download|save)\b|导出|下载|保存", text) else [Tell("help")]
    if about is not None:
        return _read(clause, context, about)
    if re.search(
        r"\b(?:moods?|kinds? of music|sort of music|which music (?:can|do)|what music (?:can|do|could)"
        r"|have you got|do you have)\b|(?:哪些|什么|几种)(?:音乐|配乐).{0,4}(?:可以|能|有)|有(?:哪些"
        r"|什么)(?:风格|音乐可)",
        text,
    ) and re.search(NOUNS["music"], text):
        return [Tell("moods")]
    if re.search(rf"{NOUNS['music']}|{NOUNS['sound']}|\bloud\b", text):
        return [_music(context)]
    if re.search(r"\b(?:uploaded|uploads?|files?)\b|上传了|文件", text):
        names = ", ".join(plain(a.name, 60) for a in context.situation.assets[:20])
        return [Tell("uploads_are", {"names": names}) if names else Tell("uploads_none")]
    if re.search(
        r"\bhow long\b|\b(?:length|duration|seconds|minutes)\b|\bhow much time\b|多长|多久|时长|几秒|几分钟|长度", text
    ):
        return [Tell("length_is", {"total": f"{draft.duration_s:g}"}) if draft.duration_ms else Tell("empty_is")]
    if re.search(
        r"\b(?:aspect|resolution|format|how (?:big|large|wide|high)|dimensions|pixels|vertical|portrait"
        r"|landscape|square)\b|比例|分辨率|尺寸|多大|横屏|竖屏|像素",
        text,
    ):
        return [Tell("frame_is", {"width": draft.width_px or 1920, "height": draft.height_px or 1080})]
    if re.search(r"\bhow many\b|多少[个段张条]|几[个段张条]", text):
        facts = {
            "clips": len(board.clips()),
            "titles": len(board.texts("title")),
            "captions": len(board.texts("caption")),
        }
        return [Tell("counts_are", facts)]
    if re.search("|".join(NOUNS[kind] for kind in ("title", "caption", "card", "text")), text):
        spots = (
            board.texts("title")
            if re.search(NOUNS["title"], text)
            else board.texts("caption")
            if re.search(NOUNS["caption"], text)
            else board.texts()
        )
        told = "; ".join(
            f"“{plain(board.segment(s).text or '', 60)}” ({board.segment(s).start_s:g}–{board.segment(s).end_s:g} s)"
            for s in spots[:8]
        )
        return [Tell("texts_are", {"texts": told}) if told else Tell("texts_none")]
    if re.search(
        r"\b(?:pictures?|images?|order|scenes?|timeline|tracks?|draft|clip|video|status|happening|changed"
        r"|there|in it|on it|look like)\b"
        r"|时间线|轨道|草稿|里面有|有什么|状态|现在",
        text,
    ):
        return [Tell("tracks_are", {"summary": draft.summary()}) if not draft.is_empty else Tell("empty_is")]
    return [Tell("question")]


def _read(clause: Clause, context: Context, question: Question = "made", *, tell: str = "") -> Plan:
    """Plan to read what the uploaded files state about themselves: those that are named, else all."""
    visuals = context.visuals
    named = context.named_asset(clause)
    numbers = [n for n in numbers_of(clause.text, "clip", len(visuals)) if 1 <= n <= len(visuals)] if visuals else []
    meant = [named] if named in visuals else [visuals[n - 1] for n in numbers] or visuals
    args = {"language": context.language} | ({} if question == "made" else {"question": question})
    plan: Plan = [Do("read_file_evidence", {"asset": asset.id, **args}, tell) for asset in meant[:MOST_FILES] if asset]
    return plan or [Tell("no_evidence")]


def _music(context: Context) -> Tell:
    track = context.board.music
    if not track:
        return Tell("music_none")
    segment = context.situation.draft.track(track).segments[0]
    source = (segment.source or "").removeprefix("music:")
    name = source if (segment.source or "").startswith("music:") else plain(segment.name or source, 60)
    return Tell(
        "music_is", {"music": name or "—", "percent": round(100 * (1.0 if segment.volume is None else segment.volume))}
    )


_UNDO = re.compile(
    r"^(?:please |pls |ok,? |oops,? |no,? |oh no,? |请|帮我|再){0,2}(?:undo|revert|roll back|rollback"
    r"|go back|step back|take (?:that|it|this) back|never ?mind,? undo|撤销|撤回|回退|后退|还原|返回上一步"
    r"|上一步|恢复上一步|退回)"
)
_REDO = re.compile(
    r"^(?:please |请|帮我|再){0,2}(?:redo|re-do|do (?:it|that) again|重做|恢复(?:撤销|刚才)?$|取消撤销|反撤销|重新应用)"
)


def history_rule(clause: Clause, context: Context) -> Plan | None:
    """Plan undo or redo."""
    text = clause.text
    back, again = _UNDO.match(text), _REDO.match(text)
    if not (back or again) or clause.negated:
        return None
    stack = context.situation.undo if back else context.situation.redo
    if not stack:
        return [Tell("no_undo" if back else "no_redo")]
    steps = 1
    many = re.search(r"(\d{1,3}) ?(?:times|steps?|changes?|edits?|x\b|步|次)|\b(?:last|past) (\d{1,3})\b", text)
    if many:
        steps = max(1, int(many[1] or many[2]))
    elif re.search(r"\btwice\b", text):
        steps = 2
    elif re.search(r"\b(?:everything|all)\b|全部|所有", text):
        steps = len(stack)
    return [Do("undo" if back else "redo", {"steps": min(steps, len(stack), 1000)})]


_BETTER = re.compile(
    r"\b(?:better|improve|nicer|polish|cooler|fancier|prettier|more (?:interesting|exciting|professional"
    r"|engaging|beautiful|fun|dynamic|attractive)|spice it up|enhance|optimi[sz]e|jazz it up|make it (?:nice"
    r"|good|great|cool|pop|awesome|amazing|perfect|professional|beautiful))\b"
    r"|更好|好一[点些]|更好看|好看[一点些]|更漂亮|优化|改进|美化|完善|更专业|更高级|更精彩|更吸引|提升|更有趣|好点"
)


def better_rule(clause: Clause, context: Context) -> Plan | None:
    """Ask once what "better" means."""
    del context
    if (
        _BETTER.search(clause.text)
        and not re.search(rf"{NOUNS['music']}|{NOUNS['title']}", clause.text)
        and not clause.negated
    ):
        return [Ask("better")]
    return None


_CANNOT: tuple[tuple[str, str], ...] = (
    (
        "cannot_voice",
        (r"\bsing(?:s|ing)?\b|唱歌|唱出来|\b(?:my|his|her|their|celebrity) voice\b|我的声音"),
    ),
    ("cannot_translate", r"\btranslat\w{1,5}\b|翻译|译成"),
    ("cannot_sound_effect", r"\b(?:sound effects?|sfx|applause|explosion|drum ?roll)\b|音效|掌声|爆炸声"),
    (
        "cannot_retouch",
        (
            r"\b(?:remove|replace|change|blur|delete|erase) the (?:background|sky|person|people|face|object"
            r"|watermark|tree|car|dog|cat|man|woman|logo)\b|\b(?:retouch|photoshop|upscale|denoise|colou?ri[sz]e"
            r"|inpaint|face ?swap|smile|younger|older)\b|抠图|换背景|去背景|修图|去水印|换脸|美颜|上色|超分"
            r"|换天空|去掉路人"
        ),
    ),
    (
        "cannot_draw",
        (
            r"\b(?:stickers?|emojis?|logos?|draw|paint|sketch|arrows?|generate (?:a|an|another) (?:image"
            r"|picture)|new (?:image|picture) of|subscribe button|gif of)\b|贴纸|表情|标志|箭头|画一[个张只]"
            r"|生成(?:一张)?图|贴图"
        ),
    ),
    (
        "cannot_speed",
        (
            r"\b(?:slow motion|slow-motion|slow-mo|slowmo|time ?lapse|fast forward|playback speed"
            r"|speed (?:it )?up|slow (?:it )?down|\d(?:\.\d)?x speed|reverse the video|backwards)\b|慢动作|快进"
            r"|倍速|(?<!慢)慢放|加速|减速|倒放|变速"
        ),
    ),
    (
        "cannot_format",
        (
            r"\b(?:4k|8k|2160p|720p|480p|60 ?fps|24 ?fps|resolution|bitrate|as (?:a )?gif|webm|mov file|avi)\b"
            r"|分辨率|帧率|码率|转成gif|高清"
        ),
    ),
    (
        "cannot_share",
        (
            r"\b(?:publish|post (?:it|this) (?:on|to)|share|upload (?:it|this) to|email|send (?:it|this) to"
            r"|tweet)\b|发布|分享|发到|上传到|发给"
        ),
    ),
    (
        "export",
        (
            r"^(?:please |now |then |and |请|帮我|现在){0,3}(?:export|download|render|save (?:it|this"
            r"|the \w{1,8}))\b|^(?:请|帮我|现在){0,3}(?:导出|下载|保存|渲染)"
        ),
    ),
    (
        "cannot_effect",
        (
            r"\b(?:filters?|effects?|glitch|sparkles?|particles|confetti|fireworks|snow|rain|vignette|sepia"
            r"|black and white|greyscale|grayscale|brightness|contrast|saturation|brighter|darker|blur|sharpen"
            r"|rotate|flip|mirror|crop|3d|green screen|split screen|picture in picture|transparent|shake"
            r"|warm(?:er)?|cool(?:er)? colou?rs)\b|滤镜|特效|黑白|亮度|对比度|饱和度|模糊|锐化|旋转|翻转|镜像"
            r"|粒子|烟花|画中画|绿幕|分屏|变亮|变暗|亮一点|暗一点|调色"
        ),
    ),
)


def cannot_rule(clause: Clause, context: Context) -> Plan | None:
    """Say what cannot be done, with what can."""
    del context
    if clause.negated:
        return None
    found = [(m.start(), key, m) for key, pattern in _CANNOT if (m := re.search(pattern, clause.text))]
    if not found:
        return None
    _, key, match = min(found, key=lambda f: f[0])
    # What the rest of the clause asks for may be possible, so it is left to the other rules.
    clause.text = f"{clause.text[: match.start()]} {clause.text[match.end() :]}".strip()
    return [Tell(key)]


_TALK: tuple[tuple[str, str], ...] = (
    (
        "hello",
        (
            r"(?:hi|hello|hey|good (?:morning|evening|afternoon)|greetings|你好|您好|嗨|哈喽|早上好|晚上好"
            r"|大家好)(?: there| all)?[!.。！~ ]*"
        ),
    ),
    (
        "thanks",
        (
            r"(?:ok |okay |great,? |perfect,? )?(?:thanks?|thank you|thx|ty|cheers|谢谢|多谢|感谢|谢了)(?: you"
            r"| a lot| so much| very much|你|您|啦|了)?[!.。！ ]*"
        ),
    ),
    (
        "fine",
        (
            r"(?:ok(?:ay)?|fine|good|great|nice|cool|perfect|super|wow|yes|no|yep|nope|all right|alright"
            r"|well done|never ?mind|好的?|好吧|行|可以|不错|很好|嗯|是的?|不用了?|没事|太棒了?|对)(?: it is"
            r"| then| job|了|啊|呀|哦)?[!.。！ ]*"
        ),
    ),
    ("help", r"(?:help|help me|commands?|menu|options|帮助|帮忙|帮帮我|菜单|指令|功能)[!.。！? ]*"),
)


def small_talk(clause: Clause, context: Context) -> Plan | None:
    """Return a greeting, tell what there is, offer help."""
    text = clause.text.strip()
    if re.fullmatch(
        r"(?:show (?:me )?(?:the )?)?(?:status|tracks|timeline|state|summary|状态|时间线|轨道)[!.。 ]*", text
    ):
        draft = context.situation.draft
        return [Tell("empty_is") if draft.is_empty else Tell("tracks_are", {"summary": draft.summary()})]
    key = next((key for key, pattern in _TALK if re.fullmatch(pattern, text)), None)
    return [Tell(key)] if key else None
