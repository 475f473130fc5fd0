"""Rules for music, volume, fades and silence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ipynemo.backend.agent.rules.context import Do, Plan, Tell, percent_of, span_of
from ipynemo.backend.agent.vocabulary import ADD, CHANGE, GENRES, MOODS, NOUNS, REMOVE, find_in

if TYPE_CHECKING:
    from ipynemo.backend.agent.clauses import Clause
    from ipynemo.backend.agent.rules.context import Context

__all__ = ["mood_of", "sound_rule"]

_MUTE = r"\b(?:mute|silence|silent|no sound|without sound)\b|静音|消音|无声|关掉声音|关闭声音|不要声音|没有声音"
_UNMUTE = r"\b(?:unmute|un-mute|sound (?:back )?on|turn (?:the )?sound on)\b|取消静音|恢复声音|打开声音|解除静音"
_LOUDER = (
    r"\b(?:louder|turn(?: it| the \w{1,10})? up|raise|increase|boost|more volume|turn up)\b|大声|响一[点些]|调高"
    r"|调大|提高|增大|加大|大一[点些]|更响|更大声"
)
_QUIETER = (
    r"\b(?:quieter|softer|lower|turn(?: it| the \w{1,10})? down|decrease|reduce|less loud|turn down|more quiet"
    r"|too loud|not so loud)\b|小声|轻一[点些]|调低|调小|降低|减小|小一[点些]|更轻|太吵|太响|安静一[点些]"
)
_LOUD_TALK = (
    r"\b(?:louder|quieter|volume|loudness|unmute|mute|too loud|half as loud|twice as loud)\b|音量|大声|小声|静音"
    r"|太吵|太响|声音"
)
_QUIETLY = r"\b(?:quietly|softly|very quiet|low volume)\b|小声|低音量|悄悄|轻轻|轻声|安静地"
_LOUDLY = r"\b(?:loudly|very loud|high volume)\b|大声|高音量"
_NOT_MUSIC = r"\b(?:title|caption|subtitle|text|picture|clip|video|image)s?\b|标题|字幕|文字|画面|图片"


def mood_of(text: str) -> str | None:
    """Return the mood that a text names."""
    return find_in(
        MOODS,
        re.sub(
            r"\bnot (?:so |too |very )?\w{1,12},? but\b|\b(?:instead of|rather than|not) (?:the )?\w{1,10}(?: music)?",
            " ",
            text,
        ),
    )


def sound_rule(clause: Clause, context: Context) -> Plan | None:
    """Plan a wish about sound; None where the clause is about something else."""
    music_said, mood = clause.has(NOUNS["music"]), mood_of(clause.text)
    sound_said = clause.has(NOUNS["sound"]) or clause.has(_LOUD_TALK)
    asset = context.named_asset(clause)
    own = asset if asset and (asset.kind == "audio" or (asset.has_audio and music_said)) else None
    if not (music_said or sound_said or own or (mood and not clause.has(_NOT_MUSIC))):
        return None
    if clause.negated:
        return [Tell("left_alone")]
    if clause.has(_UNMUTE):
        return [Do("mute", {"track": _track(clause, context), "muted": False}, "unmuted")]
    if clause.has(_MUTE) and not clause.has(r"\bsilent movie\b"):
        return _mute(clause, context)
    if clause.has(r"\bfad(?:e|es|ing)\b|淡入|淡出|渐强|渐弱|渐入|渐出"):
        return _fade(clause, context)
    if clause.has(REMOVE) and (music_said or sound_said) and not (mood and clause.has(CHANGE)):
        return _remove(clause, context, music_said)
    trimmed = _trim(clause, context) if music_said else None
    if trimmed:
        return trimmed
    adds = clause.has(ADD) or clause.has(r"^(?:with|some|a)\b")
    loud = _level(clause, context, sure=not (mood and not sound_said))
    if (
        loud is not None
        and not (mood and music_said)
        and (context.board.music or not (adds and music_said))
        and not own
    ):
        return loud
    return _music(clause, context, mood, own)


def _track(clause: Clause, context: Context) -> int | None:
    return context.board.music if clause.has(NOUNS["music"]) else None


def _mute(clause: Clause, context: Context) -> Plan:
    if clause.has(NOUNS["music"]):
        track = context.board.music
        return [Do("mute", {"track": track})] if track else [Tell("no_music")]
    if clause.has(r"\b(?:videos?|original)\b|原声|视频") and context.board.own_sound:
        return [Do("mute", {"track": track}) for track in context.board.own_sound]
    if not (context.board.music or context.board.own_sound):
        return [Tell("no_sound")]
    return [Do("mute", {})]


def _fade(clause: Clause, context: Context) -> Plan:
    track = context.board.music
    if not track:
        return [Tell("no_music")]
    fades_in = clause.has(r"\bfad(?:e|es|ing)\b.{0,24}\bin\b|\bfade-in\b|淡入|渐强|渐入|\bin and out\b")
    fades_out = (
        clause.has(r"\bfad(?:e|es|ing)\b.{0,24}\b(?:out|away)\b|\bfade-out\b|淡出|渐弱|渐出|\bin and out\b")
        or not fades_in
    )
    span = span_of(clause)
    times = re.findall("[\uf000-\uf7ff]", clause.text)
    seconds = (clause.ms(times[0]) if times else span.length or 2000) / 1000
    off = clause.has(REMOVE) or clause.has(r"\bno fade")
    args: dict[str, Any] = {"track": track}
    args |= {"fade_in_s": 0.0 if off else seconds} if fades_in else {}
    args |= {"fade_out_s": 0.0 if off else seconds} if fades_out else {}
    return [Do("fade_audio", args)]


def _remove(clause: Clause, context: Context, music_said: bool) -> Plan:
    track = context.board.music
    if music_said:
        return [Do("remove_track", {"track": track}, "removed_music")] if track else [Tell("no_music")]
    return _mute(clause, context)


def _trim(clause: Clause, context: Context) -> Plan | None:
    """Plan when the music ends or begins: "stop the music at 10 seconds"."""
    start = clause.find(
        r"\b(?:start|begin)s?\b.{0,20}?\b(?:at|from|after) ([\uf000-\uf7ff])|从第?([\uf000-\uf7ff])(?:处"
        r"|时)?(?:才)?(?:开始|起)"
    )
    if start and context.board.music:
        total, ms = context.situation.draft.duration_ms, clause.ms(start[1] or start[2])
        if ms >= total:
            return [Tell("outside", {"at": f"{ms / 1000:g}", "total": f"{total / 1000:g}"})]
        where = {"track": context.board.music, "segment": 1}
        return [
            Do("move_segment", where | {"start_s": ms / 1000}),
            Do("trim_segment", where | {"duration_s": (total - ms) / 1000}, "silent"),
        ]
    end = clause.find(
        r"\b(?:stop|end|cut|trim|shorten|until)\b.{0,30}?([\uf000-\uf7ff])|(?:到"
        r"|在)第?([\uf000-\uf7ff])(?:处|时)?(?:停|结束)"
    )
    track = context.board.music
    if not end or not track:
        return None
    segment = context.situation.draft.track(track).segments[-1]
    ms = clause.ms(end[1] or end[2])
    if ms <= segment.start_ms:
        return None
    return [
        Do(
            "trim_segment",
            {"track": track, "segment": segment.number, "duration_s": (ms - segment.start_ms) / 1000},
            "music_ends",
        )
    ]


def _level(clause: Clause, context: Context, *, sure: bool) -> Plan | None:
    """Plan a volume; None where the clause names none."""
    percent = percent_of(clause.text)
    louder, quieter = clause.has(_LOUDER), clause.has(_QUIETER)
    full = clause.has(r"\b(?:full|max|maximum) (?:volume|loud)|最大音量|音量最大")
    half = clause.has(r"\bhalf (?:as loud|the volume|volume)\b|一半")
    if percent is None and not (louder or quieter or full or half):
        return None
    if percent is None and not sure:
        return None
    draft, track = context.situation.draft, context.board.music
    if (
        clause.has(r"\b(?:video|original|clip)(?:'?s)? (?:sound|volume|audio)\b|原声|视频(?:的)?(?:声音|音量)")
        and context.board.own_sound
    ):
        track = context.board.own_sound[0]
    track = track or (context.board.own_sound[0] if context.board.own_sound else None)
    if not track:
        return [Tell("no_music")]
    now = next((s.volume for s in draft.track(track).segments if s.volume is not None), 1.0)
    by = re.search(r"\b(?:by|to)\b|了", clause.text)
    if percent is not None and (louder or quieter) and by and by[0] != "to" and not clause.has("调到|至|到"):
        level = now + percent if louder else now - percent
    elif percent is not None:
        level = percent
    elif full:
        level = 1.0
    elif half:
        level = now / 2
    else:
        much = clause.has(r"\b(?:much|a lot|way|far)\b|很多|得多|多")
        level = now + (0.3 if much else 0.15) if louder else now * (0.4 if much else 0.65)
    level = round(min(max(level, 0.0), 1.0), 2)
    if level == now:
        return [Tell("volume_already", {"percent": round(now * 100)})]
    return [Do("set_volume", {"track": track, "volume": level})]


def _music(clause: Clause, context: Context, mood: str | None, own: Any) -> Plan | None:
    percent = percent_of(clause.text)
    volume = {"volume": percent} if percent is not None else {}
    if percent is None and (clause.has(_QUIETLY) or clause.has(_LOUDLY)):
        volume = {"volume": 0.15 if clause.has(_QUIETLY) else 0.6}
    if own is None and clause.has(
        r"\b(?:my|our|the uploaded|uploaded|own) (?:music|song|track|audio|sound|file|mp3)\b|我的(?:音乐|歌)"
        r"|上传的(?:音乐|歌|音频)|我上传"
    ):
        own = context.sounds[-1] if context.sounds else None
        if own is None:
            return [Tell("no_sound_uploaded")]
    if own is not None:
        return _needs_pictures(context) or [Do("set_music", {"music": own.id} | volume)]
    genre = clause.find(GENRES)
    if mood is None and genre:
        return [Tell("no_such_music", {"what": genre[0]})]
    track = context.board.music
    acts = (
        clause.has(f"{ADD}|{CHANGE}")
        or clause.has(r"^(?:with|some|a|the|background|different|another|new|calm|happy|curious|epic|lo)\b")
        or clause.has(r"音乐|配乐|bgm")
    )
    if not acts and mood is None:
        return None
    if mood is None and not clause.has(NOUNS["music"]):
        return None
    args: dict[str, Any] = {"music": mood or "calm"} | volume
    if track and mood in (None, _mood_now(context)):
        if not clause.has(r"\b(?:another|different|other|new|else|change)\b|另一|别的|换"):
            if volume:
                return [Do("set_volume", {"track": track} | volume)]
            return [Tell("music_already", {"music": _mood_now(context) or "…"})]
        segment = context.situation.draft.track(track).segments[0]
        seed = segment.meta.get("seed")
        args |= {"music": _mood_now(context) or "calm", "seed": (seed if isinstance(seed, int) else 1) % 1000 + 1}
    return _needs_pictures(context) or [Do("set_music", args)]


def _mood_now(context: Context) -> str | None:
    track = context.board.music
    source = context.situation.draft.track(track).segments[0].source if track else None
    return source.removeprefix("music:") if source and source.startswith("music:") else None


def _needs_pictures(context: Context) -> Plan | None:
    return [Tell("empty_draft")] if context.situation.draft.duration_ms == 0 else None
