"""How long a render takes, beside the bare encode of the same frames, MoviePy 2 and an FFmpeg filter graph.

Run with `python benchmarks/render.py [rounds] [seconds]`. FFmpeg is measured where its command is there; MoviePy, which
needs an older Pillow than ours, where `MOVIEPY_PYTHON` names the interpreter of an environment that has it. Four
photographs of 3000 × 2000, made on the spot, with a slow zoom and pan, dissolves of half a second, three titles, a
translucent lower third, music with a fade: 1920 × 1080, 30 frames a second, H.264 veryfast crf 20.

Everybody is a whole process, started from nothing, in turn; what counts is the median of the ratios within each round,
so that whatever else the machine does weighs on all of them. "The limit" are two processes with an encoder of one
thread each that read the finished frames from memory, and compose nothing.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import cv2
import numpy as np

FPS, WIDTH, HEIGHT = 30, 1920, 1080
VIEWS = (
    ([0.5, 0.5, 1.0], [0.47, 0.52, 1.15]),
    ([0.45, 0.5, 1.15], [0.55, 0.5, 1.0]),
    ([0.5, 0.5, 1.0], [0.53, 0.47, 1.15]),
    ([0.55, 0.52, 1.15], [0.48, 0.5, 1.02]),
)
AIMS = {"limit": 0.85, "moviepy": 8.0, "ffmpeg": 1.5}


def photograph(seed: int, width: int = 3000, height: int = 2000) -> np.ndarray:
    """Make light at every scale, edges, letters and grain."""
    rng = np.random.default_rng(seed)
    out = np.full((height, width, 3), 128, np.float32)
    scales = ((6, 60), (12, 36), (25, 22), (50, 14), (100, 9), (200, 6), (400, 4), (800, 2.5), (1600, 5))
    for columns, strength in scales:
        small = rng.standard_normal((max(2, columns * height // width), columns, 3)).astype(np.float32)
        small = small * 0.4 + small.mean(axis=2, keepdims=True)
        out += strength * cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    pixels = np.clip(out, 0, 255).astype(np.uint8)
    for number in range(60):
        colour = tuple(int(v) for v in rng.integers(20, 235, 3))
        x, y, size = int(rng.integers(0, width)), int(rng.integers(0, height)), int(rng.integers(10, 220))
        if number % 3 == 0:
            cv2.circle(pixels, (x, y), size, colour, -1, cv2.LINE_AA)
        elif number % 3 == 1:
            cv2.line(pixels, (x, y), (x + 2 * size, y + 3 * size), colour, 1 + size // 20, cv2.LINE_AA)
        else:
            cv2.putText(pixels, "light", (x, y), cv2.FONT_HERSHEY_DUPLEX, 1 + size / 60, colour, 2, cv2.LINE_AA)
    grain = rng.normal(0, 3.5, (height, width, 1))
    return np.clip(cv2.GaussianBlur(pixels, (0, 0), 0.5) + grain, 0, 255).astype(np.uint8)


def draft_of(seconds: int) -> dict[str, object]:
    """Return the draft of the workload."""
    d = seconds * 1000 // 4
    shots = []
    for number, (start, end) in enumerate(VIEWS):
        meta: dict[str, object] = {"motion": {"from": start, "to": end, "ease": "linear"}}
        if number:
            meta["transition"] = {"kind": "crossfade", "d": 500}
        shots.append({"st": number * d, "d": d, "src": f"p{number}", "m": meta})
    titles = [{"st": 500 + n * seconds * 300, "d": 3500, "tx": f"Title number {n + 1}", "m": {}} for n in range(3)]
    lower = {"role": "lower_third", "background": "#101418a0"}
    third = [{"st": seconds * 200, "d": seconds * 600, "tx": "A lower third\nof two lines", "m": {"style": lower}}]
    music = [{"st": 0, "d": seconds * 1000, "src": "music:calm", "vol": 0.35, "m": {"fade_out_ms": 2000}}]
    tracks = [{"tt": 0, "sg": shots}, {"tt": 7, "sg": titles}, {"tt": 7, "sg": third}, {"tt": 1, "sg": music}]
    return {"t": tracks, "m": {"width": WIDTH, "height": HEIGHT}}


LIMIT = """
import sys, av, numpy as np
from fractions import Fraction
path, first, last, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
frames = np.memmap(path, np.uint8, "r").reshape(-1, 1620, 1920)
container = av.open(out, "w", format="mp4")
stream = container.add_stream("libx264", rate=30, options={"preset": "veryfast", "crf": "20", "profile": "high"})
stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
stream.codec_context.gop_size, stream.codec_context.thread_count = 60, 1
for number in range(first, last):
    frame = av.VideoFrame.from_ndarray(frames[number], format="yuv420p")
    frame.pts, frame.time_base = number - first, Fraction(1, 30)
    container.mux(stream.encode(frame))
container.mux(stream.encode(None))
container.close()
"""

MOVIEPY = """
import sys
from moviepy import AudioFileClip, ColorClip, CompositeVideoClip, ImageClip, TextClip, VideoClip, vfx, afx
import numpy as np
from PIL import Image
folder, seconds, font = sys.argv[1], float(sys.argv[2]), sys.argv[3]
each, views, clips = seconds / 4, eval(sys.argv[4]), []
for n, (a, b) in enumerate(views):
    image, length = Image.open(f"{folder}/p{n}.jpg"), each + (0.5 if n < 3 else 0)
    def zoomed(t, image=image, a=a, b=b, length=length):
        p = t / length
        cx, cy, scale = (u + (v - u) * p for u, v in zip(a, b))
        w, h = image.width / scale, image.width / scale * 9 / 16
        x, y = (image.width - w) * cx, (image.height - h) * cy
        return np.asarray(image.resize((1920, 1080), Image.BICUBIC, box=(x, y, x + w, y + h)))
    clip = VideoClip(zoomed, duration=length).with_start(n * each)
    clips.append(clip.with_effects([vfx.CrossFadeIn(0.5)]) if n else clip)
for n in range(3):
    title = TextClip(font=font, text=f"Title number {n + 1}", font_size=84, color="white", duration=3.5,
                     margin=(20, 30))
    fades = [vfx.CrossFadeIn(0.3), vfx.CrossFadeOut(0.3)]
    clips.append(title.with_start(0.5 + n * seconds * 0.3).with_position("center").with_effects(fades))
box = ColorClip((620, 180), (16, 20, 24), duration=seconds * 0.6).with_opacity(0.63).with_start(seconds * 0.2)
words = TextClip(font=font, text="A lower third\\nof two lines", font_size=48, color="white", duration=seconds * 0.6)
clips += [box.with_position((60, 780)), words.with_start(seconds * 0.2).with_position((100, 800))]
film = CompositeVideoClip(clips, size=(1920, 1080)).with_duration(seconds)
sound = AudioFileClip(f"{folder}/music.wav").with_duration(seconds)
film = film.with_audio(sound.with_effects([afx.MultiplyVolume(0.35), afx.AudioFadeOut(2)]))
film.write_videofile(f"{folder}/moviepy.mp4", fps=30, codec="libx264", preset="veryfast", audio_codec="aac",
                     audio_bitrate="128k", threads=2, logger=None,
                     ffmpeg_params=["-crf", "20", "-movflags", "+faststart"])
"""


def graph(folder: Path, seconds: int, font: str) -> list[str]:
    """Return the command of the FFmpeg filter graph, its zoom by `zoompan`."""
    each, chains = seconds / 4, []
    command = ["ffmpeg", "-v", "error", "-y"]
    for number in range(4):
        command += ["-i", str(folder / f"p{number}.jpg")]
    command += ["-i", str(folder / "music.wav")]
    for number, (a, b) in enumerate(VIEWS):
        count = round((each + (0.5 if number < 3 else 0)) * FPS)
        zoom = f"{a[2]}+({b[2] - a[2]})*on/{count}"
        at = [f"(i{s}-i{s}/zoom)*({u}+({v - u})*on/{count})" for s, u, v in zip("wh", a, b, strict=False)]
        chains.append(
            f"[{number}:v]crop=3000:1688,zoompan=z='{zoom}':x='{at[0]}':y='{at[1]}':d={count}"
            f":s={WIDTH}x{HEIGHT}:fps={FPS},format=yuv420p[v{number}]"
        )
    last = "v0"
    for number in range(1, 4):
        chains.append(f"[{last}][v{number}]xfade=duration=0.5:offset={number * each}[x{number}]")
        last = f"x{number}"
    texts = [
        f"drawtext=fontfile={font}:text='Title number {n + 1}':fontsize=84:fontcolor=white:x=(w-tw)/2:y=(h-th)/2"
        f":enable='between(t,{0.5 + n * seconds * 0.3},{4 + n * seconds * 0.3})'"
        f":alpha='min(1,min((t-{0.5 + n * seconds * 0.3})/0.3,({4 + n * seconds * 0.3}-t)/0.3))'"
        for n in range(3)
    ]
    span = f"enable='between(t,{seconds * 0.2},{seconds * 0.8})'"
    texts += [
        f"drawbox=x=60:y=780:w=620:h=180:color=0x101418@0.63:t=fill:{span}",
        f"drawtext=fontfile={font}:text='A lower third of one line':fontsize=48:fontcolor=white:x=100:y=800:{span}",
    ]
    chains.append(f"[{last}]{','.join(texts)}[out]")
    chains.append(f"[4:a]volume=0.35,afade=t=out:st={seconds - 2}:d=2[sound]")
    coding = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-g", "60", "-c:a", "aac", "-b:a", "128k"]
    return [*command, "-filter_complex", ";".join(chains), "-map", "[out]", "-map", "[sound]", *coding,
            "-movflags", "+faststart", "-t", str(seconds), str(folder / "ffmpeg.mp4")]  # fmt: skip


class Run:
    """One run of some processes beside each other, and what it took."""

    def __init__(self, *commands: list[str], order: bytes = b"") -> None:
        before, start = os.times(), time.perf_counter()
        self.first_s = 0.0
        processes = [subprocess.Popen(c, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for c in commands]
        for process in processes:
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("no pipes")
            process.stdin.write(order)
            process.stdin.flush()
            for line in process.stdout:
                if not self.first_s and b"progress" in line and b": 0.0" not in line:
                    self.first_s = time.perf_counter() - start
            process.stdin.close()
        self.peak_mib = 0
        for process in processes:
            _, status, usage = os.wait4(process.pid, 0)
            self.peak_mib = max(self.peak_mib, usage.ru_maxrss // 1024)
            if status:
                raise SystemExit(f"{commands[0][:3]} ended with {status}")
        self.wall_s = time.perf_counter() - start
        after = os.times()
        self.cpu_s = after.children_user + after.children_system - before.children_user - before.children_system


def prepare(folder: Path, seconds: int) -> None:
    """Make what all of them need; in a process of its own, whose memory nobody inherits."""
    from ipynemo.backend.render.compose import Composer
    from ipynemo.backend.render.fonts import face_for
    from ipynemo.backend.render.music import Music
    from ipynemo.backend.render.scene import to_scene
    from ipynemo.draft import Draft

    assets = {f"p{n}": folder / f"p{n}.jpg" for n in range(4)}
    for number, path in enumerate(assets.values()):
        cv2.imwrite(str(path), photograph(number)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    _write_sound(folder / "music.wav", Music("calm").read(seconds * 48_000))
    composer = Composer(to_scene(Draft(draft_of(seconds))), assets)
    with (folder / "frames.yuv").open("wb") as file:
        for number in range(seconds * FPS):
            for plane, _ in composer.frame(number).planes.each:
                file.write(np.ascontiguousarray(plane).data)
    composer.close()
    shutil.copy(face_for("A")[0].path, folder / "font.ttf")


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["--prepare"]:
        prepare(Path(sys.argv[2]), int(sys.argv[3]))
        return
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, __file__, "--prepare", name, str(seconds)], check=True)
        assets = {f"p{n}": folder / f"p{n}.jpg" for n in range(4)}
        font = str(folder / "font.ttf")
        half = seconds * FPS // 2
        files = {key: str(path) for key, path in assets.items()}
        order = {"draft": draft_of(seconds), "assets": files, "out": str(folder / "o.mp4")}
        (folder / "limit.py").write_text(LIMIT)
        (folder / "moviepy_.py").write_text(MOVIEPY)
        limit = [
            [sys.executable, str(folder / "limit.py"), str(folder / "frames.yuv"), a, b, str(folder / f"{a}.mp4")]
            for a, b in (("0", str(half)), (str(half), str(seconds * FPS)))
        ]
        runs = {
            "ipynemo": lambda: Run(
                [sys.executable, "-m", "ipynemo.backend.render.worker"], order=json.dumps(order).encode() + b"\n"
            ),
            "limit": lambda: Run(*limit),
        }
        if shutil.which("ffmpeg"):
            runs["ffmpeg"] = lambda: Run(graph(folder, seconds, font))
        if python := os.environ.get("MOVIEPY_PYTHON"):
            script = [python, str(folder / "moviepy_.py"), str(folder), str(seconds), font, repr(VIEWS)]
            runs["moviepy"] = lambda: Run(script)
        took: dict[str, list[Run]] = {who: [] for who in runs}
        for _ in range(rounds):
            for who, run in runs.items():
                took[who].append(run())
    print(f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    print(f"PyAV {av.__version__}, OpenCV {cv2.__version__}, FFmpeg {av.ffmpeg_version_info}")
    print(f"{seconds} s of film, medians of {rounds} rounds")
    print(f"{'':10}{'wall s':>9}{'CPU s':>9}{'peak MiB':>10}{'wall/ours':>11}{'CPU/ours':>10}  aim")
    for who, each in took.items():
        wall = statistics.median(a.wall_s / b.wall_s for a, b in zip(each, took["ipynemo"], strict=True))
        cpu = statistics.median(a.cpu_s / b.cpu_s for a, b in zip(each, took["ipynemo"], strict=True))
        middle = [statistics.median(getattr(run, what) for run in each) for what in ("wall_s", "cpu_s", "peak_mib")]
        aim = f"at least {AIMS[who]}" if who in AIMS else ""
        print(f"{who:10}{middle[0]:9.2f}{middle[1]:9.2f}{middle[2]:10.0f}{wall:11.2f}{cpu:10.2f}  {aim}")
    first = statistics.median(run.first_s for run in took["ipynemo"])
    print(f"first progress after {first:.2f} s, everything imported (aim: 0.5); peaks are those of the largest process")


def _write_sound(path: Path, samples: np.ndarray) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=48_000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray((samples.reshape(1, -1) * 32767).astype(np.int16)), format="s16", layout="stereo"
        )
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    main()
