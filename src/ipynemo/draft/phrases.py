"""The words in which the difference of two drafts is told, one table a language; every table has the same keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ipynemo.draft.summary import plain

__all__ = ["PHRASES", "Phrases"]

PHRASES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        # names and values
        "quoted": "'{text}'",
        "nothing": "nothing",
        "unset": "unset",
        "custom": "custom",
        "untitled": "untitled",
        "a_key": "a key",
        "seconds": "{n} s",
        "span": "{start}–{end} s",
        "whole": "{name} ({span})",
        "whole_loud": "{name} ({span}, {volume})",
        "kind_timed": "{kind} ({length})",
        "type": "Type {n}",
        # where
        "head": "{label} {name}",
        "here": "{label} {n}",
        "here_track": "{label} {n} (track {track})",
        "piece": "Segment",
        "track": "Track {n}",
        "draft": "Draft",
        # lines
        "change": "{head}: {was} → {now}",
        "changed": "{what} changed",
        "key_changed": "{where}: {key} changed",
        "added": "{label} added: {what}",
        "removed": "{label} removed: {what}",
        "track_added": "Track {n} added: {label} (empty)",
        "track_removed": "Track {n} removed: {label} (empty)",
        "changed_track": "{head} moved from track {was} to track {now}",
        "moved": "{head} moved: {was} → {now}",
        "moved_later": "{label}: {count} segments moved {by} s later",
        "moved_earlier": "{label}: {count} segments moved {by} s earlier",
        "tracks_reordered": "Tracks reordered",
        "segments_reordered": "{label}: segments reordered",
        "style": "{head} style changed",
        "style_parts": "{head} style changed: {parts}",
        "length": "Length: {was} → {now}",
        "size": "Size: {was} → {now}",
        "size_changed": "Draft: size changed",
        "aspect": "Aspect ratio: {was} → {now} ({pixels_was} → {pixels_now})",
        "motion_reduced": "Motion reduced: pictures stand still",
        "motion_back": "Motion no longer reduced",
        "draft_changed": "Draft changed",
        "more_one": "and 1 more change",
        "more_many": "and {n} more changes",
        # what the change of a value is headed by
        "of_text": "{label} changed",
        "of_name": "{label} renamed",
        "of_source": "{head} source replaced",
        "of_volume": "{head} volume",
        "of_in": "{head} starts in its source at",
        "of_lengthened": "{head} lengthened",
        "of_trimmed": "{head} trimmed",
        "of_moved_lengthened": "{head} moved and lengthened",
        "of_moved_trimmed": "{head} moved and trimmed",
        "of_motion": "{head} motion",
        "of_transition": "{head} transition",
        "of_track_name": "{head} renamed",
        "of_track_type": "{head} type",
        "of_title": "Draft title",
        # what has changed where both values read the same
        "the_text": "{here}: text",
        "the_name": "{here}: name",
        "the_source": "{head} source",
        "the_volume": "{here}: volume",
        "the_in": "{here}: in",
        "the_length": "{head} length",
        "the_time": "{head} time",
        "the_motion": "{head} motion",
        "the_transition": "{head} transition",
        "the_track_name": "{head}: name",
        "the_track_type": "{head}: type",
        "the_title": "Draft: title",
    },
    "zh": {
        "quoted": "“{text}”",
        "nothing": "无",
        "unset": "未设置",
        "custom": "自定义",
        "untitled": "未命名",
        "a_key": "某个键",
        "seconds": "{n} 秒",
        "span": "{start}–{end} 秒",
        "whole": "{name}（{span}）",
        "whole_loud": "{name}（{span}，{volume}）",
        "kind_timed": "{kind}（{length}）",
        "type": "类型 {n}",
        "head": "{label}{name}",
        "here": "{label}第 {n} 段",
        "here_track": "{label}第 {n} 段（轨道 {track}）",
        "piece": "轨道",
        "track": "轨道 {n}",
        "draft": "草稿",
        "change": "{head}：{was} → {now}",
        "changed": "{what}已更改",
        "key_changed": "{where}：{key} 已更改",
        "added": "已添加{label}：{what}",
        "removed": "已删除{label}：{what}",
        "track_added": "已添加轨道 {n}：{label}（空）",
        "track_removed": "已删除轨道 {n}：{label}（空）",
        "changed_track": "{head}已从轨道 {was} 移到轨道 {now}",
        "moved": "{head}已移动：{was} → {now}",
        "moved_later": "{label}：{count} 段后移 {by} 秒",
        "moved_earlier": "{label}：{count} 段前移 {by} 秒",
        "tracks_reordered": "轨道顺序已更改",
        "segments_reordered": "{label}：各段顺序已更改",
        "style": "{head}的样式已更改",
        "style_parts": "{head}的样式已更改：{parts}",
        "length": "总时长：{was} → {now}",
        "size": "画面尺寸：{was} → {now}",
        "size_changed": "草稿：画面尺寸已更改",
        "aspect": "画面比例：{was} → {now}（{pixels_was} → {pixels_now}）",
        "motion_reduced": "已减少动态：画面静止",
        "motion_back": "不再减少动态",
        "draft_changed": "草稿已更改",
        "more_one": "另有 1 处更改",
        "more_many": "另有 {n} 处更改",
        "of_text": "{label}文字已更改",
        "of_name": "{label}已重命名",
        "of_source": "{head}的素材已替换",
        "of_volume": "{head}的音量",
        "of_in": "{head}在素材中的起点",
        "of_lengthened": "{head}已变长",
        "of_trimmed": "{head}已变短",
        "of_moved_lengthened": "{head}已移动并变长",
        "of_moved_trimmed": "{head}已移动并变短",
        "of_motion": "{head}的运动",
        "of_transition": "{head}的切换",
        "of_track_name": "{head}已重命名",
        "of_track_type": "{head}的类型",
        "of_title": "草稿标题",
        "the_text": "{here}：文字",
        "the_name": "{here}：名称",
        "the_source": "{head}的素材",
        "the_volume": "{here}：音量",
        "the_in": "{here}：素材起点",
        "the_length": "{head}的长度",
        "the_time": "{head}的时间",
        "the_motion": "{head}的运动",
        "the_transition": "{head}的切换",
        "the_track_name": "{head}：名称",
        "the_track_type": "{head}：类型",
        "the_title": "草稿标题",
    },
}

# What the timeline's summary calls the tracks, and the settings that the edits know; in English they stand as they are.
_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {},
    "zh": {
        "Video": "视频",
        "BGM": "背景音乐",
        "Title": "标题",
        "Caption": "字幕",
        "Track": "轨道",
        "untitled": "未命名",
        "still": "静止",
        "zoom in": "放大",
        "zoom out": "缩小",
        "pan left": "向左平移",
        "pan right": "向右平移",
        "pan up": "向上平移",
        "pan down": "向下平移",
        "cut": "硬切",
        "crossfade": "交叉淡化",
        "fade": "淡入",
    },
}


class Phrases:
    """The table of one language, English where there is none for it.

    Parameters
    ----------
    language : str
        As in `zh` or `zh-CN`.
    """

    def __init__(self, language: str) -> None:
        code = language[:2].lower()
        self.language = code if code in PHRASES else "en"
        self._table, self._names = PHRASES[self.language], _NAMES[self.language]

    def say(self, key: str, /, **values: object) -> str:
        """Return a phrase with its values filled in."""
        return self._table[key].format(**values)

    def named(self, english: str) -> str:
        """Return what something is called that has an English name of our own."""
        if english.startswith("Type "):
            return self.say("type", n=english.removeprefix("Type "))
        return self._names.get(english, english)

    def quoted(self, value: str | None) -> str:
        """Return a text of the draft in quotes."""
        shown = plain(value) if value else ""
        return self.say("quoted", text=shown) if shown else self.say("nothing")
