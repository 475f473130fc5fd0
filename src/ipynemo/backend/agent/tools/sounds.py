"""Tools for sound: music, volume, fades, silence."""

from typing import Annotated

from pydantic import Field

from ipynemo import edits
from ipynemo.backend.agent.registry import Done, tool
from ipynemo.backend.agent.situation import Situation
from ipynemo.draft import Draft
from ipynemo.draft.summary import plain
from ipynemo.errors import DraftError

__all__ = ["fade_audio", "mute", "set_music", "set_volume"]

Number = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=600)]


@tool
def set_music(
    draft: Draft,
    situation: Situation,
    music: str,
    volume: Share | None = None,
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1,
) -> Done:
    """Put music under the clip, a mood or an uploaded sound, as in: add calm music."""
    asset = next((a for a in situation.assets if a.id == music), None)
    if music not in edits.MOODS and (asset is None or (asset.kind != "audio" and not asset.has_audio)):
        raise DraftError(
            f"No music {music!r}.", hint=f"Moods: {', '.join(edits.MOODS)}; or the id of an uploaded sound."
        )
    name = plain(asset.name, 60) if asset else None
    after = edits.set_music(draft, music, volume=volume, seed=seed, name=name)
    made = (segment for track in after.tracks_of("audio") for segment in track.segments)
    level = next(segment.volume for segment in made if segment.source in (music, f"music:{music}"))
    percent = round(100 * (level if level is not None else 1))
    return Done(after, {"music": name or music, "mood": None if asset else music, "percent": percent})


@tool
def set_volume(draft: Draft, track: Number, volume: Share, segment: Number | None = None) -> Done:
    """Set how loud a track is, from 0 to 1, as in: set the music to 35 %."""
    return Done(edits.set_volume(draft, track, volume, segment), {"percent": round(volume * 100)})


@tool
def fade_audio(
    draft: Draft, track: Number, fade_in_s: Seconds | None = None, fade_out_s: Seconds | None = None
) -> Draft:
    """Let a sound swell or die away, as in: fade the music out at the end."""
    return edits.fade_audio(draft, track, fade_in_s=fade_in_s, fade_out_s=fade_out_s)


@tool
def mute(draft: Draft, track: Number | None = None, muted: bool = True) -> Draft:
    """Silence a track or everything, or give the sound back, as in: mute the music."""
    return edits.mute(draft, track, muted=muted)
