"""What the user says → export, credits, state, upload, preview or chat.

The whole message must be the order, once politeness, punctuation and emoji are off: "Please export the video! 🙏" is
one, "make the export button bigger in the title" is not, and neither is a message with a second wish. What is not
understood is chat, because the agent can always answer.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from ipynemo.intents.grammar import laid_out
from ipynemo.intents.moments import PREVIEW_EN, PREVIEW_ZH

__all__ = ["Intent", "route"]

LONGEST_ORDER = 120  # characters; what is longer says more than an order


class Intent(StrEnum):
    """What a message asks for; everything but `CHAT` is done without the agent."""

    EXPORT = "export"
    CREDITS = "credits"
    STATE = "state"
    UPLOAD = "upload"
    PREVIEW = "preview"
    CHAT = "chat"


def _words(text: str) -> str:
    """Return alternatives for a pattern, the longest first, from a list separated by commas."""
    return "|".join(sorted((re.escape(word.strip()) for word in text.split(",")), key=len, reverse=True))


_BEFORE_EN = _words(
    "please, pls, plz, kindly, hey, hi, hello, ok, okay, alright, yes, yeah, thanks, thank you, now, then, so, just, "
    "finally, could you, can you, would you, will you, could i, can i, "
    "may i, can we, could we, i want to, i want you to, i'd like to, i would like to, i'd like you to, i need to, "
    "i need you to, i wanna, we want to, we'd like to, let's, lets, let us, let me, help me, help me to, "
    "go ahead and, it's time to, i'm ready to, ready to, how do i, how can i, how to, where can i, where do i, "
    "want to, simply, quickly, time to"
)
_AFTER_EN = _words(
    "please, pls, plz, thx, ty, thanks, thanks a lot, thank you, thank you very much, thank you so much, for me, now, "
    "right now, right away, asap, at once, then, if you can, if possible, immediately, ok, okay, will you, would you, "
    "could you, can you, cheers, already, again"
)
_BEFORE_ZH = _words(
    "请,請,请问,請問,麻烦,麻煩,帮我,幫我,帮忙,幫忙,给我,給我,我想要,我想,我要,我需要,我们,需要,能不能,能否,可不可以,可以,可否,能,"
    "你,您,现在,現在,马上,馬上,立刻,立即,直接,好的,好,那么,那,就,再,先,想要,想,要,来,來,怎么,怎麼,怎样,如何,在哪里,哪里,"
    "谢谢,謝謝,你好,您好,嗨,开始,開始,一下"
)
_AFTER_ZH = _words(
    "一下,吧,了,呢,吗,嗎,么,啊,呀,哦,喔,啦,谢谢,謝謝,谢谢你,谢谢您,谢啦,好吗,好嗎,可以吗,可以嗎,行吗,行不行,好不好,给我,給我,"
    "一次,出来,出來,下来,下來,过来,過來,现在,現在,马上,馬上,就行,就好,即可,看看"
)
_POLITENESS = re.compile(
    rf"^(?:(?:{_BEFORE_EN})(?= |$)|(?:{_BEFORE_ZH})) *| *(?:(?:^|(?<= ))(?:{_AFTER_EN})|(?:{_AFTER_ZH}))$"
)

_MINE = r"(?:(?:the|my|our|this|that|your|its|whole|entire|full|final|finished|completed?|latest|last|current) )*"
_VIDEO = (
    r"(?:explainer |video |mp4 |movie )?"
    r"(?:video|clip|movie|film|file|mp4|result|output|animation|explainer|version)(?: file| clip)?s?"
)
_MEDIUM = (
    r"(?: (?:as|to|in|into|onto|on) (?:an? |my |the |full )?(?:mp4|file|video|disk|disc|computer|laptop|pc|mac|phone|"
    r"tablet|device|desktop|drive|downloads|1080p|hd|high quality|best quality|h264)(?: file| video| format| folder)?)*"
)
_EXPORT_VERB = r"(?:re ?)?(?:export|download|render)(?: out)?"

_EXPORT_EN = rf"""
    {_EXPORT_VERB}(?: and (?:then )?(?:export|download)| or download)?(?: (?:{_MINE}(?:{_VIDEO}|project|timeline|draft)
        |it|this|that|everything))?{_MEDIUM}
  | (?:save|store) (?:{_MINE}{_VIDEO}{_MEDIUM}|(?:it|this|that)(?! *$){_MEDIUM})
  | (?:send|give|get|hand|email|mail) me (?:over )?(?:{_MINE}{_VIDEO}|it|the download link|a download link){_MEDIUM}
  | (?:send|give|hand) (?:{_MINE}{_VIDEO}|it)(?: over)? to me
  | (?:have|get) (?:the|my|that) (?:final |finished )?{_VIDEO}{_MEDIUM}
  | i (?:want|need|would like|'d like) (?:to have )?(?:the|my) (?:final |finished )?{_VIDEO}{_MEDIUM}
  | (?:start|do|run|begin|trigger|launch|make) (?:the |an? |my )?(?:video )?(?:export|download|render|rendering)
  | (?:the )?(?:video|mp4|clip|movie) (?:export|download|render)
  | (?:download|export) link
"""
_CREDITS_EN = r"""
    (?:(?:show|check|see|view|get|tell|display|give|list|query)(?: me)? |what(?:'s|s| is| are) (?=(?:the|my|our) ))?
        (?:(?:the|my|our|current|remaining|available|account|total|left) )*
        (?:credits?|balance|credits? balance|account balance|credits? status)
        (?: (?:left|remaining|available|i have|do i have|do we have|status))*
  | how (?:many|much) (?:more )?(?:credits?|balance)(?: do i| have i| do we| are| is| i| we)?(?: still| there)?
        (?: have| got)?(?: left| remaining| available)*(?: in my account| on my account)?
  | (?:do|have) (?:i|we) (?:still )?(?:have |got )?(?:any |enough |some )?(?:credits?|balance)(?: left| remaining)?
  | (?:any|are there any) credits? (?:left|remaining)
  | (?:are|is) (?:my |the )?credits? (?:used up|gone|empty)
  | (?:am i|are we) out of credits?
"""
_STATE_EN = r"""
    (?:(?:show|check|see|view|get|tell|display|give|list|print)(?: me)? |what(?:'s|s| is| are) )?
        (?:(?:the|my|our|all|current|project|session|draft|video|present|latest) )*
        (?:status|state|tracks?|timeline|track list|draft|timeline (?:tracks|summary|status|state))
        (?: (?:of|in|on) (?:the |my |this |our )?(?:project|timeline|video|session|draft))?
        (?: so far| at the moment| currently| looks? like)?
  | what(?:'s|s| is| do (?:i|we) have| have we got) (?:currently |now )?(?:in|on) (?:the|my|our)
        (?: timeline| draft| tracks)(?: so far| at the moment| currently)?
  | (?:what|which|how many) tracks (?:are there|do (?:i|we) have|are (?:in|on) (?:the|my) (?:timeline|draft))
        (?: so far)?
  | how does (?:the|my) (?:timeline|draft) look(?: like)?
"""
_FILE = (
    r"(?:file|image|picture|photo|photograph|pic|video|clip|audio|song|music|sound|media|asset|artwork|drawing|one|"
    r"something|png|jpe?g|gif|webp|mp3|mp4|wav)(?: file| clip| track)?s?"
)
_UPLOAD_EN = rf"""
    (?:upload|import|attach|send you|give you)(?: (?:an?|my|the|this|that|these|some|another|new|more|other|local|
        product|few|image|ai|own))*(?: {_FILE})?(?: (?:from|on) (?:my|the|this) (?:computer|laptop|phone|disk|
        desktop|device|drive))?(?: first| here| instead)?
  | upload (?:it|them)
  | (?:file|image|picture|photo|video) upload
  | (?:choose|select|pick|browse) (?:an?|my|the|another|some|for)? ?(?:new )?files?
"""

_ZH_WHOSE = r"(?:(?:这个|這個|这段|該|该|我的|整个|整個|最终|最終|最后的|完整|完成|做好|剪好|当前|目前|的))*"
_ZH_VIDEO = (
    rf"{_ZH_WHOSE}(?:视频|視頻|影片|成片|短片|片子|文件|檔案|作品|成品|结果|結果|项目|項目|mp4|它|这个|這個)"
    "(?:文件|檔案)?"
)
_ZH_EXPORT = r"(?:导出来?|導出|汇出|匯出|下载|下載|输出|輸出|渲染)"
_ZH_PLACE = r"(?:[为為成到至]?(?:mp4|视频|視頻|文件|檔案|本地|电脑|電腦|手机|手機|桌面|高清)(?:格式|文件|上)?)?"
_ZH_SEND = r"(?:发|發|传|傳|发送|發送)(?:给我|給我|我)?"
_EXPORT_ZH = rf"""
    {_ZH_EXPORT}(?:并|並|和)?(?:下载|下載)?(?:{_ZH_VIDEO})?{_ZH_PLACE}
  | [把将將]{_ZH_VIDEO}(?:{_ZH_EXPORT}{_ZH_PLACE}|{_ZH_SEND}|(?:保存|存){_ZH_PLACE})
  | {_ZH_SEND}{_ZH_VIDEO}
  | {_ZH_VIDEO}(?:{_ZH_EXPORT}|{_ZH_SEND})
  | (?:保存|储存|存)(?:视频|視頻|影片|成片|mp4)?(?:[到至](?:本地|电脑|電腦|手机|手機|桌面)(?:上)?)?(?<!存)
"""
_ZH_CREDIT = r"(?:积分|積分|余额|餘額|点数|點數|额度|額度)"
_CREDITS_ZH = rf"""
    (?:查询|查詢|查看|查|看看|看|显示|顯示|告诉我|告訴我)?(?:一下|我|的|还|還|现在|現在|目前|当前|账户|帳戶|账号|剩余|
    剩餘|可用)*
        {_ZH_CREDIT}(?:余额|餘額|的余额)?(?:还|還)?(?:有|剩下|剩余|剩餘|剩|是)?(?:多少|几|幾|情况|情況)?[点點个個]?
  | (?:我|账户|帳戶|账号)?(?:的|里|裡|里面|现在|現在|目前)*(?:总共|一共)?(?:还|還)?(?:有没有|有|剩下|剩余|剩餘|剩)
        (?:多少|几|幾)?[点點个個]?{_ZH_CREDIT}(?:可用|可以用|能用|剩余|剩)?
"""
_STATE_ZH = r"""
    (?:查询|查詢|查看|查|看看|看|显示|顯示|列出|展示|打开|打開)?(?:一下|我|所有|全部|当前|當前|目前|现在|現在|的|项目|
    項目|会话|會話|视频|視頻)*
        (?:状态|狀態|轨道|軌道|音轨|时间线|時間線|时间轴|時間軸|草稿)的?(?:状态|狀態|情况|情況|列表|信息|内容|內容)?
  | (?:时间线|時間線|时间轴|時間軸|轨道|軌道|草稿)[上里裡中]?(?:面)?(?:现在|現在|目前|都)*
        有(?:什么|什麼|哪些|啥)(?:内容|內容|东西|轨道)?
  | (?:现在|現在|目前|当前|一共|总共)*有(?:哪些|几条|幾條|多少条|几个|多少个)(?:轨道|軌道)
  | (?:现在|現在|目前|当前|當前|项目)?(?:是)?(?:什么|什麼|怎样的)(?:状态|狀態)
"""
_ZH_FILE = (
    r"(?:文件|檔案|图片|圖片|照片|相片|图像|图|视频|視頻|影片|音频|音頻|音乐|音樂|素材|媒体|png|jpg|mp4|mp3)"
    r"(?:文件|檔案|素材)?"
)
_UPLOAD_ZH = rf"""
    (?:上传|上傳)(?:一个|一個|一张|一張|一段|一些|几张|我的|这个|这张|这些|新的|新|本地|本地的|自己的|的|些|个|
    张)*(?:{_ZH_FILE})?
  | [把将將]?(?:我的|这个|这张|一张|一个)*{_ZH_FILE}(?:上传|上傳)
  | (?:选择|選擇)(?:一个|一個)?(?:文件|檔案)
"""

_UPLOAD_PATH = re.compile(
    r"(?:please |pls )?upload (?:https?://\S+|(?:my |the |this )?(?:file |picture |image |photo |video )?"
    r"[^\s/][^\n]{0,80}\.(?:mp4|mov|avi|webm|mkv|jpe?g|png|gif|webp|mp3|wav|m4a|aac))(?: please)?"
)

# "Perfect! Export it" is an order, "perfect timeline" is praise: the sign between decides.
_PRAISE = re.compile(
    r"^(?:great|perfect|nice|cool|super|good|done|wonderful|awesome|lovely|excellent|amazing|很好|不错|太好了|太棒了|完美|棒)"
    r"(?: (?:job|work|one|stuff))?\s*[,.!;:~—–-]+\s*"
)


_ORDERS = (
    (Intent.EXPORT, laid_out(_EXPORT_EN, _EXPORT_ZH)),
    (Intent.CREDITS, laid_out(_CREDITS_EN, _CREDITS_ZH)),
    (Intent.STATE, laid_out(_STATE_EN, _STATE_ZH)),
    (Intent.UPLOAD, laid_out(_UPLOAD_EN, _UPLOAD_ZH)),
    (Intent.PREVIEW, laid_out(PREVIEW_EN, PREVIEW_ZH)),
)

_CJK = re.compile(r"[\u3400-\u9fff]")


def _folded(text: str) -> str:
    """Return the text without differences of case, width and typography."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("‘", "'").replace("。", ".")
    return " ".join(text.split())


def _bare(folded: str) -> str:
    """Return the words alone, without punctuation and emoji; Chinese without spaces."""
    text = re.sub(r"[^\w']+|(?<!\w)'|'(?!\w)", " ", _PRAISE.sub("", folded))
    text = " ".join(text.split())
    return text.replace(" ", "") if _CJK.search(text) else text


def route(text: str) -> Intent:
    """Return what a message asks for.

    Examples
    --------
    >>> route("Please export the video! 🙏")
    <Intent.EXPORT: 'export'>
    >>> route("我的余额还有多少？")
    <Intent.CREDITS: 'credits'>
    >>> route("make the export button bigger in the title")
    <Intent.CHAT: 'chat'>
    """
    if len(text) > 2 * LONGEST_ORDER:
        return Intent.CHAT
    folded = _folded(text)
    if _UPLOAD_PATH.fullmatch(folded):
        return Intent.UPLOAD
    said = _bare(folded)
    if len(said) > LONGEST_ORDER:
        return Intent.CHAT
    while said:
        for intent, order in _ORDERS:
            if order.fullmatch(said):
                return intent
        less = _POLITENESS.sub("", said, count=1).strip()
        if less == said:
            break
        said = less
    return Intent.CHAT
