"""How people ask for a form without motion, and for a voice that reads the captions aloud."""

from __future__ import annotations

import re

__all__ = ["MOVING", "REDUCED", "VOICE", "wants_narration", "wants_reduced_motion"]

_MOTION = r"(?:motions?|movements?|moving|animations?|camera moves?)"
REDUCED = re.compile(
    rf"\b(?:reduce|reduced|reducing|less|fewer|minimi[sz]e|limit|without|avoid|no) (?:the |all |any )?{_MOTION}\b"
    rf"|\breduced-motion\b|\b{_MOTION}[- ](?:sick\w{{0,6}}|sensitiv\w{{1,4}})\b"
    r"|(?:减少|降低|不要|没有|无|去掉|关闭|避免)(?:动态|动效|晃动)(?:效果)?|减少(?:动画|运动)|晕动"
)
MOVING = re.compile(
    rf"\b(?:allow|restore|bring back|with|normal|full|un-?reduced?) (?:the |all |full |normal )?{_MOTION}\b"
    rf"|\b{_MOTION} (?:back )?on\b|\b(?:do not|don't|stop) (?:reduce|reducing) (?:the )?{_MOTION}\b"
    r"|(?:恢复|打开|允许)(?:动态|动效)|不(?:再|要)减少动态"
)
VOICE = (
    r"\b(?:narrat\w{1,6}|voice ?overs?|voice-overs?|(?:synthetic |computer )?voice|speech"
    r"|(?:read(?:ing)?|speak(?:ing)?|say(?:ing)?)(?: \w{1,8}){0,3} (?:aloud|out loud|out)|text to speech|tts)\b"
    r"|旁白|配音|朗读|人声|念出来|读出来|语音|解说声"
)
_QUIET = (
    r"\b(?:no|without|remove|delete|drop|stop|turn off|mute|take (?:out|away)|get rid of|no more)\b|去掉|删除|删掉"
    r"|取消|不要|关闭|关掉|移除|没有|无(?:旁白|配音)|停止"
)


def wants_reduced_motion(text: str) -> bool:
    """Return whether a text asks for pictures that stand still."""
    return REDUCED.search(text) is not None and MOVING.search(text) is None


def wants_narration(text: str) -> bool:
    """Return whether a text asks for a voice, and not for none."""
    said = re.search(VOICE, text)
    return said is not None and re.search(rf"(?:{_QUIET})[^,.，。]{{0,16}}$", text[: said.start()]) is None
