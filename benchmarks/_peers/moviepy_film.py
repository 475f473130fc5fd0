"""The workload in MoviePy 2; run by the Python of an environment that has it, as `moviepy_film.py FOLDER SECONDS OUT`.

As its users write it: pictures that are `resized` and placed by functions of time. With `--boxes` each frame is cut
from its photograph by Pillow instead, in one step and at fractions of a pixel, which MoviePy leaves to those who know.
"""

import sys
from pathlib import Path

import numpy as np
from moviepy import AudioFileClip, ColorClip, CompositeVideoClip, ImageClip, TextClip, VideoClip, afx, vfx
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))
import _workload as work


def resized(shot: work.Shot, path: Path, duration: float) -> VideoClip:
    """Return a photograph that moves, as the documentation does it."""
    image = ImageClip(str(path)).with_duration(duration)
    return image.resized(lambda t: shot.place(t)[2]).with_position(lambda t: shot.place(t)[:2])


def cut(shot: work.Shot, path: Path, duration: float) -> VideoClip:
    """Return a photograph that moves, by Pillow."""
    image = Image.open(path).convert("RGB")

    def frame(t: float) -> np.ndarray:
        x, y, factor = shot.place(t)
        box = (-x / factor, -y / factor, (work.WIDTH - x) / factor, (work.HEIGHT - y) / factor)
        return np.asarray(image.resize((work.WIDTH, work.HEIGHT), Image.Resampling.BICUBIC, box=box))

    return VideoClip(frame, duration=duration)


def main() -> None:
    """Make the film."""
    moving = cut if "--boxes" in sys.argv else resized
    folder, seconds, out = [arg for arg in sys.argv[1:] if not arg.startswith("--")]
    at, length, font = Path(folder), int(seconds), str(Path(folder) / "font.ttf")
    clips = []
    for shot in work.shots_of(length):
        clip = moving(shot, at / f"p{shot.number}.jpg", shot.frames / work.FPS).with_start(shot.start_s)
        clips.append(clip.with_effects([vfx.CrossFadeIn(work.DISSOLVE_S)]) if shot.number else clip)
    fades = [vfx.CrossFadeIn(work.FADE_S), vfx.CrossFadeOut(work.FADE_S)]
    for number, (start, _) in enumerate(work.titles_of(length), 1):
        title = TextClip(font=font, text=f"Title number {number}", font_size=work.TITLE_PX, color="white",
                         duration=work.TITLE_S, margin=(20, 30))  # fmt: skip
        clips.append(title.with_start(start).with_position("center").with_effects(fades))
    left, top, width, height = work.THIRD_BOX
    start, duration = length * 0.2, length * 0.6
    box = ColorClip((width, height), (16, 20, 24), duration=duration).with_opacity(0.63).with_start(start)
    clips.append(box.with_position((left, top)))
    for line, text in enumerate(work.THIRD_TEXT.split("\n")):
        size = round(work.THIRD_PX * (1, 0.68)[line])
        words = TextClip(font=font, text=text, font_size=size, color="white", duration=duration, margin=(0, 20))
        clips.append(words.with_start(start).with_position((left + 35, top - 4 + line * 62)))
    film = CompositeVideoClip(clips, size=(work.WIDTH, work.HEIGHT)).with_duration(length)
    sound = AudioFileClip(str(at / "music.wav")).with_duration(length)
    film = film.with_audio(sound.with_effects([afx.MultiplyVolume(work.VOLUME), afx.AudioFadeOut(work.MUSIC_FADE_S)]))
    film.write_videofile(
        out, fps=work.FPS, codec="libx264", preset="veryfast", audio_codec="aac", audio_bitrate="128k", threads=2,
        logger=None, temp_audiofile_path=folder, ffmpeg_params=["-crf", "20", "-movflags", "+faststart"],
    )  # fmt: skip


main()
