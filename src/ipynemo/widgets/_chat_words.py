"""The chat's texts, and the agent's tools in words: nobody needs to know what a tool is called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ipynemo.intents import Action
from ipynemo.widgets._words import Words

__all__ = ["CHAT_WORDS", "activity", "chip_of"]

CHAT_WORDS: Final[Words] = {
    "en": {
        "name": "Chat",
        "conversation": "Conversation",
        "you": "You",
        "agent": "ipynemo",
        "input": "Your message",
        "placeholder": "Describe the video you want, or a change…",
        "placeholder_edit": "What should change?",
        "send": "Send",
        "stop": "Stop",
        "keys": "Enter sends, Shift+Enter begins a new line",
        "locked": "The chat opens as soon as there is a session.",
        "wait": "One moment: wait for the answer, or stop it.",
        "sending": "Sending… the kernel is busy; your message goes out as soon as it listens.",
        "too_long": "This is too long for one message ({n} characters at most).",
        "nothing": "Type a message first.",
        "try_saying": "Try saying",
        "welcome": "Ask for an explanation of your picture, then refine it in your own words.",
        "suggestion_1": "explain what an AI image is and how it was created",
        "suggestion_2": "convert a single product photo or AI-generated artwork into a 1080p MP4",
        "suggestion_3": "turn AI image concepts into a short explainer video for curious beginners",
        "copy": "Copy",
        "copied": "Copied",
        "more": "Show more",
        "latest": "Go to the latest message",
        "earlier": "Earlier messages are no longer shown.",
        "changed": "What changed",
        "thinking": "Thinking…",
        "still": "⏳ Still working…",
        "still_minutes": "⏳ Still working… ({n} min)",
        "stopping": "Stopping…",
        "stopped": "Stopped. What the backend had begun may still be finished.",
        "stopped_early": "Stopped.",
        "done_anyway": "Done before the stop: {changes}",
        "cut_off": "The answer ends here.",
        "StreamInterruptedError": "The answer was cut off, and the timeline has not changed since.",
        "StreamInterruptedError_hint": "Your message was not sent again. Wait a little, then ask once more.",
        "DeadlineError": "The agent took too long.",
        "DeadlineError_hint": "It may still be at work. Wait a little, then look at the timeline.",
        "new": "A new session has begun. Pictures must be uploaded again.",
        "tool_edit": "Editing the timeline…",
        "tool_story": "Looking at the picture and writing the story…",
        "tool_evidence": "Reading the traces in the file…",
        "tool_look": "Having a look…",
        "tool_sound": "Working on the sound…",
        "tool_text": "Working on the texts…",
        "tool_picture": "Working on the picture…",
        "tool_history": "Going through the last steps…",
        "tool_make": "Generating…",
        "chip_export": "Export the video",
        "chip_state": "Show the timeline",
        "chip_credits": "Show the credits",
        "chip_upload": "Upload a picture",
        "chip_edit": "Say what should change",
        "chip_again": "Ask again",
        "exporting": "Making the video…",
        "exporting_percent": "Making the video… {n} %",
        "fetching": "Fetching the file…",
        "exported": "Saved beside this notebook:",
        "export_cancelled": "Export cancelled. Nothing was saved.",
        "export_elsewhere": "The export has begun; the export panel shows how far it is.",
        "reading": "Having a look…",
        "drawing": "Drawing it…",
        "drawing_percent": "Drawing it: {n}%",
        "looks": "This is how it looks at {at}.",
        "plays": "This is {start} to {end}, small. The export is in full size.",
        "play": "Play",
        "credits_local": "Nothing is counted: everything runs on this computer, for free.",
        "credits_told": "{available} of {total} credits are left.",
        "credits_frozen": "{frozen} are reserved for work in progress.",
        "state_empty": "The timeline is still empty. Upload a picture and say what you want.",
        "upload_elsewhere": "Choose a picture, a video or a sound in the upload panel.",
        "upload_alone": 'Upload with the Uploader widget, or in a cell: session.upload("picture.png")',
    },
    "zh": {
        "name": "对话",
        "conversation": "对话内容",
        "you": "您",
        "agent": "ipynemo",
        "input": "您的消息",
        "placeholder": "描述您想要的视频，或需要的修改…",
        "placeholder_edit": "需要修改什么？",
        "send": "发送",
        "stop": "停止",
        "keys": "回车发送，Shift+回车换行",
        "locked": "有会话后即可开始对话。",
        "wait": "请稍候：等待回答，或先停止。",
        "sending": "正在发送…内核忙碌，空闲后会立即发出您的消息。",
        "too_long": "这条消息太长（最多 {n} 个字符）。",
        "nothing": "请先输入消息。",
        "try_saying": "可以这样说",
        "welcome": "请求讲解您的图片，再用自己的话继续修改。",
        "suggestion_1": "讲解什么是 AI 图像以及它是如何生成的",
        "suggestion_2": "把一张产品照片或 AI 作品变成 1080p 的 MP4 视频",
        "suggestion_3": "把 AI 图像的概念做成给初学者看的讲解短片",
        "copy": "复制",
        "copied": "已复制",
        "more": "显示更多",
        "latest": "跳到最新消息",
        "earlier": "更早的消息不再显示。",
        "changed": "改动",
        "thinking": "正在思考…",
        "still": "⏳ 仍在处理…",
        "still_minutes": "⏳ 仍在处理…（{n} 分钟）",
        "stopping": "正在停止…",
        "stopped": "已停止。后端已开始的工作可能仍会完成。",
        "stopped_early": "已停止。",
        "done_anyway": "停止前已完成：{changes}",
        "cut_off": "回答到此中断。",
        "StreamInterruptedError": "回答中断，时间线没有变化。",
        "StreamInterruptedError_hint": "消息未重复发送。请稍候再问一次。",
        "DeadlineError": "智能体用时过长。",
        "DeadlineError_hint": "它可能仍在工作。请稍候再查看时间线。",
        "new": "已开始新会话，请重新上传图片。",
        "tool_edit": "正在编辑时间线…",
        "tool_story": "正在查看图片并编写讲解…",
        "tool_evidence": "正在读取文件中的痕迹…",
        "tool_look": "正在查看…",
        "tool_sound": "正在处理声音…",
        "tool_text": "正在处理文字…",
        "tool_picture": "正在处理画面…",
        "tool_history": "正在处理历史步骤…",
        "tool_make": "正在生成…",
        "chip_export": "导出视频",
        "chip_state": "查看时间线",
        "chip_credits": "查看积分",
        "chip_upload": "上传图片",
        "chip_edit": "说出要修改的内容",
        "chip_again": "再问一次",
        "exporting": "正在生成视频…",
        "exporting_percent": "正在生成视频… {n} %",
        "fetching": "正在获取文件…",
        "exported": "已保存在此笔记本旁边：",
        "export_cancelled": "已取消导出，未保存任何文件。",
        "export_elsewhere": "导出已开始，进度见导出面板。",
        "reading": "正在查看…",
        "drawing": "正在绘制画面…",
        "drawing_percent": "正在绘制画面：{n}%",
        "looks": "{at} 处的画面是这样的。",
        "plays": "这是 {start} 到 {end} 的小尺寸预览，导出的视频是完整尺寸。",
        "play": "播放",
        "credits_local": "不计积分：一切都在本机免费运行。",
        "credits_told": "剩余 {available} / {total} 积分。",
        "credits_frozen": "其中 {frozen} 已为进行中的任务预留。",
        "state_empty": "时间线还是空的。请先上传图片并说出您的要求。",
        "upload_elsewhere": "请在上传面板中选择图片、视频或声音。",
        "upload_alone": '请使用 Uploader 组件上传，或在单元格中运行：session.upload("图片.png")',
    },
}

# The first that fits decides; a tool of which nothing is known edits.
_TOOLS: Final = (
    ("tool_history", r"undo|redo|revert"),
    ("tool_evidence", r"evidence|metadata|provenance"),
    ("tool_story", r"explain|story|script|narrat"),
    ("tool_make", r"generat|create_(?:image|video|clip|picture)|synthes|text_to"),
    ("tool_sound", r"music|audio|sound|volume|mute|bgm|voice|speech"),
    ("tool_text", r"title|caption|text|subtitle|prompt|font"),
    ("tool_look", r"^(?:get|list|read|find|search|look|describe|analy[sz]e|inspect|check|fetch|transfer)|analysis"),
    ("tool_picture", r"picture|image|motion|zoom|pan|transition|fade|aspect|crop|filter|effect"),
)


def activity(tool: str, words: Mapping[str, str]) -> str:
    """Return what a tool does, in words.

    Examples
    --------
    >>> activity("set_timeline", CHAT_WORDS["en"]), activity("set_volume", CHAT_WORDS["en"])
    ('Editing the timeline…', 'Working on the sound…')
    """
    kind = next((kind for kind, pattern in _TOOLS if re.search(pattern, tool[:80].lower())), "tool_edit")
    return words[kind]


_CHIPS: Final = {
    Action.EXPORT: "export",
    Action.STATE: "state",
    Action.SUMMARY: "state",
    Action.CREDITS: "credits",
    Action.EDIT: "edit",
    Action.DO: "edit",
}


def chip_of(action: Action) -> str:
    """Return which chip does what an answer proposes."""
    return _CHIPS[action]
