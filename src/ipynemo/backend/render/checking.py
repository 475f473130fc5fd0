"""All that a scene needs is looked at before a single frame is encoded; what is missing or broken is named at once.

Pictures are decoded whole, because a cut-off file has a faultless beginning; of films and sounds the first moment is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipynemo.backend.render.audio import Recording
from ipynemo.backend.render.faults import BrokenAssetError, MissingAssetError
from ipynemo.backend.render.films import Film
from ipynemo.backend.render.pictures import Animation, is_picture, load_still
from ipynemo.backend.render.scene import Shot, to_scene
from ipynemo.backend.render.scores import MOODS
from ipynemo.backend.speech import check_voice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ipynemo.backend.render.scene import Scene
    from ipynemo.draft import Draft

__all__ = ["check", "check_scene", "has_all"]

ENOUGH = (320, 240)  # to find damage; a large JPEG decodes faster to a small picture


def _check_picture(path: Path) -> None:
    if not is_picture(path):
        Film(path).close()
        return
    load_still(path, ENOUGH).close()
    Animation(path).close()


def _check_sound(path: Path) -> None:
    recording = Recording(path)
    try:
        if not recording.has_samples():
            raise BrokenAssetError(f"{path.name} has no sound that can be decoded.")
    finally:
        recording.close()


def _uses(scene: Scene) -> list[tuple[str, str | None, Callable[[Path], None]]]:
    shots = [item for layer in scene.layers for item in layer if isinstance(item, Shot)]
    seen = [(shot.where, shot.source, _check_picture) for shot in shots if shot.shows_a_file]
    heard = [(sound.where, sound.source, _check_sound) for sound in scene.sounds if not (sound.own or sound.is_made)]
    return [*seen, *heard]


def has_all(scene: Scene, assets: Mapping[str, Path]) -> bool:
    """Return whether every file that a scene names is there, and every mood known; what is in them is not looked at."""
    if any(sound.mood is not None and sound.mood not in MOODS for sound in scene.sounds):
        return False
    sources = {source for _, source, _ in _uses(scene)}
    return all(source is not None and source in assets and assets[source].is_file() for source in sources)


def check_scene(scene: Scene, assets: Mapping[str, Path]) -> None:
    """Look at every asset of a scene; see `check`."""
    missing: dict[str, str] = {}
    broken: dict[str, str] = {}
    for voice in dict.fromkeys(sound.voice for sound in scene.sounds if sound.voice is not None):
        check_voice(voice)
    for sound in scene.sounds:
        if sound.mood is not None and sound.mood not in MOODS:
            broken[sound.source] = (
                f"{sound.where} asks for {sound.source[:40]!r}; there is music for the moods {', '.join(MOODS)}"
            )
    looked_at: set[tuple[str, object]] = set()
    for where, source, look in _uses(scene):
        if source is None:
            missing[where] = f"{where} names no asset"
            continue
        if (source, look) in looked_at:
            continue
        looked_at.add((source, look))
        path = assets.get(source)
        if path is None:
            missing[source] = f"asset {source!r}, used by {where}, is unknown"
        elif not path.is_file():
            missing[source] = f"asset {source!r} ({path.name}), used by {where}, is not there"
        else:
            try:
                look(path)
            except BrokenAssetError as error:
                broken[source] = f"asset {source!r}, used by {where}: {error}".rstrip(".")
    if missing:
        what = "; ".join([*missing.values(), *broken.values()])
        failure: MissingAssetError | BrokenAssetError = MissingAssetError(
            f"Nothing was rendered, because {what}.", hint="Upload it again, or take the segment out."
        )
    elif broken:
        failure = BrokenAssetError(
            f"Nothing was rendered, because of {'; '.join(broken.values())}.",
            hint="Upload another file, or take the segment out.",
        )
    else:
        return
    failure.assets = (*missing, *broken)
    raise failure


def check(draft: Draft, assets: Mapping[str, Path]) -> None:
    """Look whether a draft can be rendered, without rendering it.

    Parameters
    ----------
    draft : Draft
    assets : mapping of str to Path
        The files by asset id.

    Raises
    ------
    MissingAssetError
        A segment names an asset that is not there.
    BrokenAssetError
        An asset cannot be read, or there is no such music.
    EmptyDraftError
        Nothing in the draft has a duration.
    DraftLimitError
        It is longer or larger than can be rendered.
    """
    check_scene(to_scene(draft), assets)
