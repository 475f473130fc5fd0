"""The vocabulary of the rules: what things are called, in English and Chinese, as patterns over folded text."""

from __future__ import annotations

import re

__all__ = [
    "ADD",
    "CHANGE",
    "COLOURS",
    "GENRES",
    "MOODS",
    "NOUNS",
    "PLACES",
    "REMOVE",
    "STYLE_START",
    "VERB_START",
    "find_in",
]


def _any(*words: str) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


def find_in(table: dict[str, str], text: str) -> str | None:
    """Return the key of the table whose pattern comes first in the text; the longer one where two begin together."""
    found = [(m.start(), -len(m[0]), key) for key, pattern in table.items() if (m := re.search(pattern, text))]
    return min(found)[2] if found else None


NOUNS: dict[str, str] = {
    "title": r"\b(?:titles?|headings?|headlines?)\b|标题|题目",
    "caption": r"\b(?:captions?|subtitles?|subs)\b|字幕|说明文字",
    "lower_third": r"\blower[ -]thirds?\b|下三分之一|人名条",
    "card": r"\b(?:cards?|panels?)\b|卡片",
    "text": r"\b(?:texts?|words|labels?|writing|letters)\b|文字|文本|文案|字体|字号",
    "music": r"\b(?:music|soundtrack|bgm|songs?|tunes?|melody|background (?:track|audio)|audio track)\b"
    r"|背景音乐|音乐|配乐|背景音|bgm|歌曲|歌",
    "sound": r"\b(?:sounds?|audio|volume|loudness)\b|声音|音量|音频|原声|音效",
    "clip": r"\b(?:clips?|segments?|scenes?|shots?|pictures?|images?|photos?|parts?|sections?|slides?|pics?)\b"
    r"|片段|段落|段|镜头|场景|画面|图片|照片|图像|部分|张图|图",
}

ADD = (
    r"\b(?:add|put|insert|include|write|give|use|play|want|need|attach|overlay|append|bring|show|display|have|start"
    r"|create|get|lay|place)\b"
    r"|添加|增加|加上|加入|加个|加一|插入|放上|放一|放个|配上|配个|配一|配|写上|来一|来个|来点|用上|使用"
    r"|换上|放|加|要|上个|显示"
)
REMOVE = (
    r"\b(?:remove|delete|drop|erase|clear|kill|discard|lose|hide|strip|eliminate|get rid of|take (?:out|away|off|down)"
    r"|throw (?:out|away)|cut out|turn off|switch off|no more|no|without|omit|leave out|skip)\b"
    r"|\btake (?:the |all |my )?\w{1,12}(?: \w{1,12})? (?:out|away|off)\b"
    r"|删除|删掉|删去|删了|删|去掉|去除|移除|拿掉|撤掉|取消|清除|清空|关掉|关闭|不想要|不要|不需要|不带|没有"
    r"|无|隐藏|扔掉"
)
CHANGE = (
    r"\b(?:change|replace|set|edit|update|rename|rewrite|correct|fix|swap|make|turn|switch|modify|adjust|alter|let"
    r"|should be|should say|should read|render|reword|retitle)\b"
    r"|改成|改为|换成|换为|改叫|修改|更改|替换|更换|设置|用|设为|设成|调成|调到|调整|变成|变为|改|换|变|调|设"
)

# A fragment that begins like this is a wish of its own.
VERB_START = re.compile(
    r"(?:(?:please|pls|kindly|also|then|now|next|finally|lastly|first|just|and|so|but|afterwards|later|i want to|i want"
    r"|i'd like to|i would like to|i need|we need to|let's|let us|can you|could you|would you|will you|you should|go"
    r"|do not|don't|dont|never|at the end|at the start|请|麻烦|帮我|帮忙|并|再|也|然后|最后|接着|还|先"
    r"|能不能|可以|同时|不要|别)"
    r"[ ,，]{0,2}){0,4}"
    r"(?:(?:add|put|insert|include|write|give|use|play|attach|overlay|append|show|display|create|place"
    r"|remove|delete|drop"
    r"|erase|clear|kill|hide|get rid|take|throw|turn|switch|change|replace|set|edit|update|rename|rewrite|correct|fix"
    r"|swap|make|modify|adjust|let|title it|name it|call it|explain|describe|tell|shorten|lengthen|extend"
    r"|trim|cut|split"
    r"|divide|slice|move|reorder|rearrange|reverse|shift|zoom|pan|freeze|hold|keep|crossfade|cross-fade"
    r"|dissolve|fade|mute"
    r"|unmute|silence|undo|redo|revert|lower|raise|increase|decrease|reduce|double|halve|loop|export"
    r"|translate|speed|slow"
    r"|crop|rotate|flip|convert|build|generate|produce|render|narrate|apply|center|centre|bring|improve"
    r"|polish|have|leave"
    r"|color|colour|restore|lay|start|end|finish|skip|omit|stretch|exchange|do)\b"
    r"|添加|增加|加|插入|放|配|写|来|用|删|去掉|去除|移|拿|撤|取消|清|关|改|换|变|调|设|把|将|给|让|使|解释|讲解|介绍"
    r"|说明|缩短|延长|剪|裁|切|分割|拆|交换|对调|倒|推|拉|摇|平移|静音|恢复|重做|只|保留|做|生成|转|翻译"
    r"|导出|在第?[\uf000-\uf7ff]"
    r"|从[\d第\uf000-\uf7ff]|截|重新|增大|减小|放大|缩小|叠化|淡)"
)

COLOURS: dict[str, tuple[str, str]] = {
    "#ff3b30": (r"\bred\b|红色|红", "red"),
    "#ff9500": (r"\borange\b|橙色|橘色|橙", "orange"),
    "#ffd60a": (r"\byellow\b|黄色|黄", "yellow"),
    "#d4af37": (r"\bgold(?:en)?\b|金色", "gold"),
    "#34c759": (r"\bgreen\b|绿色|绿", "green"),
    "#30d5c8": (r"\b(?:turquoise|teal|cyan)\b|青色|青", "turquoise"),
    "#3b82f6": (r"\bblue\b|蓝色|蓝", "blue"),
    "#af52de": (r"\b(?:purple|violet)\b|紫色|紫", "purple"),
    "#ff6fae": (r"\bpink\b|粉红色?|粉色", "pink"),
    "#a2714d": (r"\bbrown\b|棕色|褐色", "brown"),
    "#9aa0a6": (r"\bgr[ae]y\b|灰色|灰", "grey"),
    "#c0c0c0": (r"\bsilver\b|银色", "silver"),
    "#000000": (r"\bblack\b(?! and white)|黑色|黑", "black"),
    "#ffffff": (r"(?<!and )\bwhite\b|白色|白", "white"),
}

PLACES: dict[str, str] = {
    "top_left": r"\b(?:top|upper)[ -]left\b|左上",
    "top_right": r"\b(?:top|upper)[ -]right\b|右上",
    "bottom_left": r"\b(?:bottom|lower)[ -]left\b|左下",
    "bottom_right": r"\b(?:bottom|lower)[ -]right\b|右下",
    "top": r"\b(?:(?:at|to|on|near) (?:the )?(?:very )?top|top of|top|higher up)\b|顶部|顶端|上方|上面|最上|上边",
    "bottom": r"\b(?:bottom|lower part)\b|底部|底端|下方|下面|最下|下边",
    "center": r"\b(?:center|centre|middle|centered|centred)\b|中央|中间|居中|正中|中心",
}

MOODS: dict[str, str] = {
    "calm": r"\b(?:calm(?:er|ing)?|relax(?:ing|ed)?|peaceful|soft(?:er)?|gentle|gentler|soothing|serene|quiet|mellow"
    r"|slow"
    r"|ambient|meditative|sad|emotional)\b|平静|舒缓|安静(?!地)|轻柔|放松|柔和|宁静|温柔|悠扬|抒情|轻音乐",
    "happy": r"\b(?:happy|happier|cheerful|upbeat|joyful|fun|funny|bright|playful|lively|sunny|positive|energetic)\b"
    r"|欢快|快乐|开心|活泼|愉快|轻快|欢乐|明快|喜庆|轻松",
    "curious": r"\b(?:curious|curiosity|mysterious|mystery|wonder|thoughtful|inquisitive|intriguing|science"
    r"|exploring)\b"
    r"|好奇|神秘|探索|悬疑|思考|科学|科技感|科技",
    "epic": r"\b(?:epic|dramatic|cinematic|heroic|grand|powerful|intense|majestic|inspiring|orchestral)\b"
    r"|史诗|宏大|震撼|激昂|大气|壮丽|戏剧|励志|热血",
    "lofi": r"\b(?:lo[ -]?fi|chill(?:ed|out)?|chillhop|study|laid[ -]back)\b|低保真|慵懒|学习|洛菲",
}

GENRES = (
    r"\b(?:jazz|rock|pop|classical|hip[ -]?hop|rap|techno|metal|country|folk|blues|reggae|piano|guitar|violin|opera"
    r"|electronic|edm|disco|latin|salsa|punk|r&b|funk|soul|house|drum(?:s| and bass)?|choir|trap|k-?pop|christmas"
    r"|beethoven|mozart|taylor swift|beatles)\b"
    r"|爵士|摇滚|流行|古典|嘻哈|说唱|电子|金属|乡村|民谣|钢琴|吉他|小提琴|歌剧|交响|古筝|二胡|周杰伦|中国风"
)

# What comes after "to" in "change the title to …" and is a look, a place or a time, not a text.
STYLE_START = re.compile(
    r"(?:be |a |an |the |be in |second |at the |in the |very ){0,2}(?:"
    + _any(*(pattern for pattern, _ in COLOURS.values()))
    + r"|#[0-9a-f]{6}|bold\b|(?:bigger|larger|smaller|big|large|small|huge|tiny)(?: size)?\b|size \d{1,3}\b"
    r"|(?:(?:top|bottom|upper|lower)(?:[ -](?:left|right))?|center|centre|middle|left|right|start|beginning|end|front)"
    r"(?: corner)?\b|\d{1,2}:\d\d\b|\d{1,4}(?:\.\d{1,3})? ?(?:s|secs?|px|pt|pixels|percent|seconds?|minutes?|mins?)\b"
    r"|\d{1,3} ?%|[\uf000-\uf7ff]|\d{1,3}$|(?:one|two|three|four|five|six|seven|eight|nine|ten|twenty) seconds?\b"
    r"|更?大一?[点些]?|更?小一?[点些]?|加?粗体?|居中|[左右]?[上下顶底左右][部方面边端角]?|正?中[间央]?"
    r"|第?[\d一二两三四五六七八九十]{1,4}秒钟?处?"
    r"|字号 ?\d{1,3}|第?[\d一二三四五]段)"
    r"(?=$|[,.;!?，。；！？、的并再然后\n\ue000-\uf7ff]| ?(?:and|at|in|on|for|from|please|with|then|now|text"
    r"|letters|style)\b| ?$)"
)
