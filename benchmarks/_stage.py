"""What all renderers of the workload find on the disk; run in a process of its own, whose memory nobody inherits.

`python _stage.py FOLDER SECONDS` makes the photographs, the music, a font, the numbers for Remotion, the finished
frames that the bare encode reads, and the options of our encoder as they are in the code.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import av
import numpy as np
from _workload import (
    DISSOLVE_S,
    FADE_S,
    FPS,
    HEIGHT,
    MUSIC_FADE_S,
    THIRD_BOX,
    THIRD_PX,
    THIRD_TEXT,
    TITLE_PX,
    VIEWS,
    VOLUME,
    WIDTH,
    draft_of,
    shots_of,
    titles_of,
    write_photograph,
)

from ipynemo.backend.render.compose import Composer
from ipynemo.backend.render.encode import CRF, ENCODING, KEY_FRAME_EVERY
from ipynemo.backend.render.fonts import face_for
from ipynemo.backend.render.music import Music
from ipynemo.backend.render.scene import to_scene
from ipynemo.draft import Draft


def numbers(seconds: int) -> dict[str, object]:
    """Return the workload in numbers, for who does not speak Python."""
    shots = [
        {"number": s.number, "start_s": s.start_s, "frames": s.frames, "first": s.first, "last": s.last}
        for s in shots_of(seconds)
    ]
    third = {"text": THIRD_TEXT, "size": THIRD_PX, "box": THIRD_BOX}
    return {
        "seconds": seconds, "fps": FPS, "width": WIDTH, "height": HEIGHT, "shots": shots, "titles": titles_of(seconds),
        "third": third, "dissolve_s": DISSOLVE_S, "fade_s": FADE_S, "title_px": TITLE_PX, "volume": VOLUME,
        "music_fade_s": MUSIC_FADE_S,
    }  # fmt: skip


def write_music(path: Path, samples: np.ndarray) -> None:
    """Write stereo samples, float32, as a WAV file of 16 bits."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=48_000, layout="stereo")
        packed = np.ascontiguousarray((samples.reshape(1, -1) * 32767).astype(np.int16))
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout="stereo")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main(folder: Path, seconds: int) -> None:
    """Make everything."""
    assets = {f"p{number}": folder / f"p{number}.jpg" for number in range(len(VIEWS))}
    for number, path in enumerate(assets.values()):
        write_photograph(path, number)
    write_music(folder / "music.wav", Music("calm").read(seconds * 48_000))
    shutil.copy(face_for("A")[0].path, folder / "font.ttf")
    (folder / "film.json").write_text(json.dumps(numbers(seconds)))
    options = {**ENCODING, "crf": CRF["high"]}
    encoding = {"width": WIDTH, "height": HEIGHT, "fps": FPS, "gop": KEY_FRAME_EVERY, "options": options}
    (folder / "encoding.json").write_text(json.dumps(encoding))
    composer = Composer(to_scene(Draft(draft_of(seconds))), assets)
    with (folder / "frames.yuv").open("wb") as file:
        for number in range(seconds * FPS):
            file.write(composer.frame(number).frame.to_ndarray().data)
        file.flush()
        os.fsync(file.fileno())  # or the disk would still be at it while others are measured
    composer.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
