"""Finding what the user means on the timeline: "the title", "the second clip", "the last caption", "the music"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ipynemo.draft.drawn import is_drawn
from ipynemo.edits import text_role

if TYPE_CHECKING:
    from ipynemo.draft import Draft
    from ipynemo.draft.values import Segment

__all__ = ["Board", "Spot"]

_NAMES = (
    ("caption", ("caption", "subtitle", "字幕")),
    ("card", ("card", "卡片")),
    ("lower_third", ("lower third",)),
    ("title", ("title", "标题", "heading")),
)
MANY = 6  # a nameless text track with more segments than this is taken for captions


@dataclass(frozen=True, slots=True)
class Spot:
    """A segment on a track, both counted from 1."""

    track: int
    segment: int


class Board:
    """A draft, to be asked where things are.

    Parameters
    ----------
    draft : Draft
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    def segment(self, spot: Spot) -> Segment:
        """Return the segment at a spot."""
        return self.draft.track(spot.track).segment(spot.segment)

    def texts(self, role: str | None = None) -> list[Spot]:
        """Return the texts of a role, or all, in the order of their times."""
        found: list[tuple[int, Spot]] = []
        for track in self.draft.tracks_of("text"):
            for segment in track.segments:
                spot = Spot(track.number, segment.number)
                if role is None or self.role(spot) == role:
                    found.append((segment.start_ms, spot))
        return [spot for _, spot in sorted(found, key=lambda pair: (pair[0], pair[1].track, pair[1].segment))]

    def role(self, spot: Spot) -> str:
        """Return what a text is: by its style, its track's metadata, its track's name, else by how many there are."""
        track = self.draft.track(spot.track)
        role = text_role(track.meta, track.segment(spot.segment).meta)
        if role:
            return role
        name = (track.name or "").lower()
        named = next((role for role, words in _NAMES if any(word in name for word in words)), None)
        return named or ("title" if len(track.segments) <= MANY else "caption")

    def saying(self, words: str) -> list[Spot]:
        """Return the texts that say these words, exactly or else within."""
        wanted = " ".join(words.casefold().split())
        texts = [(spot, " ".join((self.segment(spot).text or "").casefold().split())) for spot in self.texts()]
        return [s for s, text in texts if text == wanted] or [s for s, text in texts if wanted and wanted in text]

    @property
    def main(self) -> int | None:
        """The number of the track that carries the pictures."""
        return next((t.number for t in self.draft.tracks_of("video") if t.segments), None)

    def clips(self) -> list[Spot]:
        """Return the clips of the main picture track, in order."""
        if self.main is None:
            return []
        return [Spot(self.main, segment.number) for segment in self.draft.track(self.main).segments]

    def shots(self) -> list[Spot]:
        """Return the clips without the scenes that are drawn, which have no camera."""
        return [spot for spot in self.clips() if not is_drawn(self.segment(spot).meta)]

    def clip_at(self, ms: int) -> Spot | None:
        """Return the clip that is shown at a moment."""
        return next((s for s in self.clips() if self.segment(s).start_ms <= ms < self.segment(s).end_ms), None)

    @property
    def music(self) -> int | None:
        """The number of the music's track: by its role or name, else the first audio track."""
        tracks = [t for t in self.draft.tracks_of("audio") if t.segments and t.meta.get("role") != "narration"]
        for track in tracks:
            name = (track.name or "").lower()
            if track.meta.get("role") == "music" or any(word in name for word in ("music", "bgm", "音乐")):
                return track.number
        return tracks[0].number if tracks else None

    @property
    def own_sound(self) -> list[int]:
        """The numbers of the tracks with videos that have a sound of their own."""
        return [
            track.number
            for track in self.draft.tracks_of("video")
            if any(segment.meta.get("media") != "image" for segment in track.segments)
        ]
