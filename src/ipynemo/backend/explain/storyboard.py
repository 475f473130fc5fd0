"""The storyboard: uploaded pictures in, a draft of an explainer out, made from the facts of those pictures.

Deterministic: the same files and wishes give the same draft, down to its ids.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ipynemo import edits
from ipynemo.backend.explain.abouts import about_for
from ipynemo.backend.explain.captions import shorten, timed
from ipynemo.backend.explain.facts import PictureFacts, read_facts
from ipynemo.backend.explain.scenes import OPENING_MOTION, left_out, lengths_ms, values_of, words_for
from ipynemo.backend.explain.script import Script, script_for
from ipynemo.draft import Draft
from ipynemo.draft.summary import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ipynemo.backend.explain.assets import AssetFacts

__all__ = ["DEFAULT_MS", "LEAST_MS", "MOST_MS", "Board", "Wishes", "fit_for", "storyboard"]

DEFAULT_MS = 30_000  # for each picture
NARRATED_MS = 45_000  # saying the captions takes longer than reading them
LEAST_MS = 5_000  # also for each picture
MOST_MS = 600_000
CROSSFADE_MS, FADE_IN_MS = 750, 1200
# A white page that comes out of the dark, or goes into it, any faster than this is a flash by FFmpeg's
# `photosensitivity`; so it is there from the first frame on.
BRIGHT, BRIGHT_CROSSFADE_MS = 0.7, 1300
CARD_DELAY_MS = 300
UNLIKE = 1.35  # from here on, cutting a picture to the frame's shape would lose too much of it
PLACES = {"title": [0.5, 0.36], "facts": [0.5, 0.64]}  # over the picture, above the captions
PLACES_AROUND = {"title": [0.5, 0.16], "facts": [0.5, 0.8]}  # where a tall frame leaves room
MUSIC_VOLUME = 0.25
NAME_LIMIT = 60
FACTS_SQUARE_PX = 36  # on one line also where the frame is narrow


@dataclass(frozen=True)
class Wishes:
    """What the user asked for.

    Parameters
    ----------
    total_ms : int or None
        Of the whole clip; None for 30 s a picture.
    music : str or None
        A mood; None for silence.
    reduced_motion : bool
        Pictures stand still; scenes change by crossfades.
    narration : bool
        A synthetic voice reads the captions aloud. It needs more time, so without a length there are 45 s a picture.
    """

    language: str = "en"
    total_ms: int | None = None
    aspect: str = "16:9"
    music: str | None = "curious"
    music_volume: float = MUSIC_VOLUME
    captions: bool = True
    titles: bool = True
    show_prompt: bool = False
    reduced_motion: bool = False
    narration: bool = False


@dataclass
class Board:
    """A storyboard.

    Parameters
    ----------
    draft : Draft
    total_ms : int
        How long it is.
    facts : list of PictureFacts
        Of the pictures that it explains.
    left_out : list of str
        Names of what was uploaded and found no place.
    """

    draft: Draft
    total_ms: int
    facts: list[PictureFacts] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def fit_for(asset: AssetFacts, width_px: int, height_px: int) -> str:
    """Return how a picture fills a frame: cut to its shape where that loses little, else whole over a blurred copy."""
    if not asset.width_px or not asset.height_px:
        return "cover"
    ratio = asset.width_px / asset.height_px / (width_px / height_px)
    return "blur" if max(ratio, 1 / ratio) > UNLIKE else "cover"


def _share(total_ms: int | None, count: int, each_ms: int) -> tuple[int, list[int]]:
    """Return how many pieces find a place, and where each ends."""
    fitting = min(count, MOST_MS // LEAST_MS)
    total = each_ms * fitting if total_ms is None else total_ms
    total = min(max(total, LEAST_MS * fitting), MOST_MS)
    return fitting, [round(total * i / fitting) for i in range(fitting + 1)]


class _Maker:
    """Collects the segments of every track."""

    def __init__(self, wishes: Wishes, script: Script, *, several: bool) -> None:
        self.wishes, self.script = wishes, script
        self.size = edits.ASPECTS[wishes.aspect]
        self.tracks: dict[str, list[dict[str, Any]]] = {"pictures": [], "cards": [], "titles": [], "captions": []}
        self.places = PLACES
        self.several = several
        self.count = 0
        self.bright = self.bright_before = False  # the picture that is being told, and the one before it

    def put(self, track: str, start_ms: int, duration_ms: int, **keys: Any) -> None:
        if duration_ms > 0:
            self.count += 1
            self.tracks[track].append({"id": f"s{self.count}", "st": start_ms, "d": duration_ms, **keys})

    def shot(self, name: str, asset: AssetFacts | None, start_ms: int, duration_ms: int, **meta: Any) -> None:
        """Add a segment of pictures; without an asset it is a scene that needs none."""
        first = not self.tracks["pictures"]
        kind, fade = ("fade", FADE_IN_MS) if first else ("crossfade", CROSSFADE_MS)
        if self.bright or self.bright_before:
            kind, fade = ("cut", 0) if first else ("crossfade", BRIGHT_CROSSFADE_MS)
        meta["transition"] = {"kind": kind, "d": min(fade, duration_ms // 2)} if fade else {"kind": kind}
        source = {"src": asset.id} if asset else {}
        video = {"in": 0} if asset and asset.kind == "video" else {}
        self.put("pictures", start_ms, duration_ms, n=name, **source, **video, m=meta)

    def picture(self, name: str, asset: AssetFacts, scene: str, start_ms: int, duration_ms: int, motion: Any) -> None:
        """Add a picture or a video as it is."""
        fit = fit_for(asset, *self.size)
        self.places = PLACES_AROUND if fit == "blur" and self.size[1] > self.size[0] else PLACES
        self.shot(name, asset, start_ms, duration_ms, media=asset.kind, motion=motion, fit=fit, scene=scene)

    def fact(self, text: str, start_ms: int, duration_ms: int) -> None:
        style: dict[str, Any] = {"role": "lower_third", "place": list(self.places["facts"])}
        style |= {"size": FACTS_SQUARE_PX} if self.size[0] == self.size[1] else {}
        self.put("cards", start_ms, duration_ms, tx=text, m={"style": style})

    def title(self, text: str, start_ms: int, duration_ms: int) -> None:
        if self.wishes.titles:
            style = {"role": "title", "place": list(self.places["title"])}
            self.put("titles", start_ms, duration_ms, tx=text, m={"style": style})

    def say(self, sentences: list[str], start_ms: int, duration_ms: int) -> None:
        if self.wishes.captions or self.wishes.narration:  # what is said is also written
            for caption in timed(sentences, start_ms, duration_ms, self.script.columns_per_s):
                style = {"style": {"role": "caption"}}
                self.put("captions", caption.start_ms, caption.duration_ms, tx=caption.text, m=style)

    def scenes(self, facts: PictureFacts | None, start_ms: int, end_ms: int, number: int = 0) -> None:
        """Add the scenes of the `number`th picture that is told, from 0; or those of none."""
        start = start_ms
        asset = facts.asset if facts else None
        self.bright_before, self.bright = self.bright, facts is not None and facts.lightness > BRIGHT
        for scene, length in lengths_ms(end_ms - start_ms, without=left_out(facts, number)):
            if scene == "opening":
                self._opening(facts, start, length)
            else:
                about = about_for(scene, facts, self.script, length, show_prompt=self.wishes.show_prompt)
                self.shot(self._name(scene, facts), asset, start, length, media="image", scene=scene, about=about)
            self.say(words_for(scene, facts, self.script), start, length)
            start += length

    def _name(self, scene: str, facts: PictureFacts | None) -> str:
        """Return what a scene is called in the timeline and in the player; with the file where there are several."""
        name = self.script.one("names", scene)
        if facts is None or not self.several:
            return name
        return plain(self.script.one("names", "several", name=shorten(facts.name, 24), scene=name), NAME_LIMIT)

    def _opening(self, facts: PictureFacts | None, start: int, length: int) -> None:
        if facts:
            self.picture(self._name("opening", facts), facts.asset, "opening", start, length, OPENING_MOTION)
        self.title(self.script.one("title", "picture" if facts else "none"), start, length)
        if facts:
            delay = min(CARD_DELAY_MS * 2, length // 4)
            self.fact(self.script.one("card", "facts", **values_of(facts)), start + delay, length - delay)

    def video(self, asset: AssetFacts, start_ms: int, end_ms: int) -> int:
        """Add a video with its title; return where it ends, which may be earlier than it could."""
        end_ms = min(end_ms, start_ms + asset.duration_ms) if asset.duration_ms else end_ms
        end_ms = max(end_ms, start_ms + 1000)
        name = plain(asset.name, NAME_LIMIT) or asset.id
        self.picture(name, asset, "video", start_ms, end_ms - start_ms, "still")
        facts = {"width": asset.width_px or "?", "height": asset.height_px or "?", "format": asset.format.upper()}
        facts["seconds"] = f"{(asset.duration_ms or end_ms - start_ms) / 1000:.4g}"
        length = min(3000, end_ms - start_ms)
        self.title(plain(asset.name, 40) or asset.id, start_ms, length)
        self.fact(self.script.one("card", "video_facts", **facts), start_ms, length)
        self.say(self.script.some("opening", "video", **facts), start_ms, min(6000, end_ms - start_ms))
        return end_ms

    def draft(self, title: str, total_ms: int) -> Draft:
        raw = edits.blank(self.wishes.aspect, title).raw
        raw["m"]["language"] = self.script.language
        last = self.tracks["pictures"][-1]
        last["m"]["fade_out_ms"] = min(600, last["d"] // 3)
        roles = {"pictures": (0, "pictures"), "cards": (7, "card"), "titles": (7, "title"), "captions": (7, "caption")}
        for key, (tt, role) in roles.items():
            if self.tracks[key]:
                track = {"id": f"t{len(raw['t']) + 1}", "tt": tt, "n": self.script.one("tracks", key)}
                raw["t"].append(track | {"sg": self.tracks[key], "m": {"role": role}})
        raw["d"] = total_ms
        draft = Draft(raw)
        if self.wishes.music:
            draft = edits.set_music(draft, self.wishes.music, volume=self.wishes.music_volume)
            draft = edits.rename_track(draft, len(draft.tracks), self.script.one("tracks", "music"))
        draft = edits.reduce_motion(draft) if self.wishes.reduced_motion else draft
        return edits.narrate(draft, self.script.language) if self.wishes.narration else draft


def storyboard(assets: Sequence[AssetFacts], wishes: Wishes) -> Board:
    """Return the draft of an explainer for these files.

    Parameters
    ----------
    assets : sequence of AssetFacts
        In the order in which they are told. Sounds find no place of their own; without a picture or a video the
        explainer is made of words alone.
    wishes : Wishes
    """
    script = script_for(wishes.language)
    each_ms = NARRATED_MS if wishes.narration else DEFAULT_MS
    shown = [asset for asset in assets if asset.kind in ("image", "video")]
    maker = _Maker(wishes, script, several=len(shown) > 1)
    unused = [plain(asset.name, NAME_LIMIT) for asset in assets if asset.kind == "audio"]
    if not shown:
        total = min(max(wishes.total_ms or each_ms, LEAST_MS), MOST_MS)
        maker.scenes(None, 0, total)
        return Board(maker.draft(script.one("title", "none"), total), total, [], unused)
    fitting, ends = _share(wishes.total_ms, len(shown), each_ms)
    unused += [plain(asset.name, NAME_LIMIT) for asset in shown[fitting:]]
    facts, start = [], 0
    for asset, share_start, share_end in zip(shown, ends, ends[1:], strict=False):
        end = start + share_end - share_start
        if asset.kind == "video":
            start = maker.video(asset, start, end)
        else:
            facts.append(read_facts(asset))
            maker.scenes(facts[-1], start, end, len(facts) - 1)
            start = end
    title = script.one("title", "picture")
    return Board(maker.draft(title, start), start, facts, unused)
