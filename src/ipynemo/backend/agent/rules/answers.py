"""Answers to what the agent asked: "make it better" – "What should be better?" – "the music"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ipynemo.backend.agent.messages import languages, messages_for
from ipynemo.backend.agent.rules.context import Do, Plan, Tell
from ipynemo.backend.agent.rules.text import SIZES, add_text_step

if TYPE_CHECKING:
    from ipynemo.backend.agent.clauses import Clause
    from ipynemo.backend.agent.quotes import Masked
    from ipynemo.backend.agent.rules.context import Context

__all__ = ["answer_to", "asked"]

_QUESTIONS = ("better", "text_title", "text_caption", "text_other", "new_text")


def asked(context: Context) -> str | None:
    """Return which question the agent asked last, if the last thing that it said ends with one."""
    said = next((text for who, text in reversed(context.situation.history) if who == "model"), "")
    for language in languages():
        for key in _QUESTIONS:
            if said.rstrip().endswith(messages_for(language).get("ask", key)):
                return key
    return None


def answer_to(question: str, masked: Masked, found: list[Clause], context: Context) -> Plan | None:
    """Return what an answer means; None where the message is a wish of its own."""
    if question == "better":
        return _better(masked.folded, context)
    text = masked.texts[0] if masked.texts else masked.original.strip()
    if not masked.texts and (len(found) > 1 or _is_wish(masked.folded)):
        return None
    if not text or not found:
        return None
    if question == "new_text":
        return _new_text(text, context)
    role = {"text_title": "title", "text_caption": "caption"}.get(question, "title")
    return add_text_step(found[0], context, role, text) if masked.texts else [Do(f"add_{role}", {"text": text[:2000]})]


def _is_wish(folded: str) -> bool:
    return (
        re.match(
            r"(?:please |no,? |stop|cancel|never ?mind|nothing|forget|undo|add |remove |delete |make "
            r"|explain|what |how |cut |trim |mute|"
            r"put |move |change |set |export|help|算了|不用|取消|撤销|删除|加|改成|换成|把|讲解|解释|剪)",
            folded.strip(),
        )
        is not None
    )


def _new_text(text: str, context: Context) -> Plan | None:
    """Set the text that the user spoke of before the question."""
    users = [said for who, said in context.situation.history if who == "user"]
    before = (users[-1] if users else "").lower()
    kind = "caption" if re.search(r"caption|subtitle|字幕", before) else "title"
    spots = context.board.texts(kind) or context.board.texts()
    if not spots:
        return None
    return [Do("set_text", {"track": spots[0].track, "segment": spots[0].segment, "text": text[:2000]})]


_SHORTER = r"\b(?:short(?:er)?|length|tighter|quicker|faster|pace|1th|1)\b|短|快|节奏"
_MOTION = r"\b(?:motion|movement|moving|zoom|lively|livelier|dynamic|2th|2)\b|动|运镜|放大"
_MUSIC = r"\b(?:music|sound|audio|3th|3)\b|音乐|配乐|声音"
_CAPTIONS = r"\b(?:captions?|subtitles?|texts?|words|letters|bigger|4th|4)\b|字幕|文字|字|大一?点"
_SMOOTH = r"\b(?:smooth(?:er)?|changes?|transitions?|crossfades?|5th|5)\b|平滑|切换|过渡|转场|叠化"
_ALL = (
    r"\b(?:all|everything|whatever|anything|any|you (?:choose|decide|pick)|up to you|surprise me|i don't know"
    r"|dunno|better|yes|sure|both)\b|都|全部|随便|你定|你决定|看着办|不知道|可以|好的?$|更好"
)


def _better(folded: str, context: Context) -> Plan | None:
    """Return the improvements that an answer names; only bare answers, because a whole wish is planned as such."""
    if re.search(r"\d ?(?:s|sec|%|秒|分)|[\ue000-\uefff]", folded) or re.search(
        r"\b(?:add|remove|delete|put|cut|trim|undo|explain|no|not|don't|mute|what|how)\b|加|删|去掉|剪|撤销"
        r"|不要|讲解|什么",
        folded,
    ):
        return None
    everything = re.search(_ALL, folded) is not None
    named = [re.search(p, folded) is not None for p in (_SHORTER, _MOTION, _MUSIC, _CAPTIONS, _SMOOTH)]
    if not (everything or any(named)) or len(folded) > 80:
        return None
    vague = not any(named)
    shorter, motion, music, captions, smooth = named
    plan: Plan = []
    draft, board = context.situation.draft, context.board
    if shorter and draft.duration_ms:
        plan.append(Do("set_duration", {"duration_s": round(draft.duration_ms * 0.75) / 1000}))
    if (music or vague) and not board.music and draft.duration_ms:
        plan.append(Do("set_music", {"music": "curious", "volume": 0.25}))
    elif music and board.music:
        return None if re.search(r"\b(?:louder|quieter)\b|大声|小声", folded) else _other_music(context)
    if (motion or vague) and board.shots():
        still = [s for s in board.shots() if board.segment(s).meta.get("motion") in (None, "still")]
        plan += [Do("set_motion", {"motion": "zoom_in", "segment": s.segment}) for s in (still or [])[:100]]
    if (smooth or vague) and len(board.clips()) > 1:
        cuts = [s for s in board.clips()[1:] if not _crosses(board.segment(s).meta)]
        plan += [Do("set_transition", {"kind": "crossfade"})] if cuts else []
    if captions:
        for track in {s.track for s in board.texts("caption")}:
            plan.append(Do("restyle_text", {"track": track, "size_px": round(SIZES["caption"] * 1.25)}))
    return plan or [Tell("better_nothing")]


def _crosses(meta: Any) -> bool:
    transition = meta.get("transition")
    return isinstance(transition, dict) and transition.get("kind") == "crossfade"


def _other_music(context: Context) -> Plan:
    track = context.board.music
    segment = context.situation.draft.track(track or 1).segments[0]
    mood = (segment.source or "").removeprefix("music:")
    seed = segment.meta.get("seed")
    if not (segment.source or "").startswith("music:"):
        return [Tell("better_nothing")]
    return [Do("set_music", {"music": mood, "seed": (seed if isinstance(seed, int) else 1) % 1000 + 1})]
