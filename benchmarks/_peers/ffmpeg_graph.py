"""The workload as one FFmpeg command: `zoompan`, `xfade`, `drawtext`, with the options that our encoder has.

`xfade` is what FFmpeg has for dissolves. It works without subsampled colour; overlays that fade in, which few would
think of, are faster, and are what `overlaid` asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    VOLUME,
    WIDTH,
    shots_of,
    titles_of,
)

if TYPE_CHECKING:
    from pathlib import Path

CROP = 1688  # lines of a photograph that have the frame's shape: zoompan keeps the shape that it is given


def _zoom(number: int, seconds: int, then: str) -> str:
    """Return the chain that moves a photograph; `on` is the number of the frame."""
    shot = shots_of(seconds)[number]
    (ax, ay, a), (bx, by, b) = shot.first, shot.last
    zoom = f"{a}*pow({b / a},min(on/{shot.frames - 1},1))"
    along = f"((1/{a}-1/zoom)/(1/{a}-1/{b}))"
    x = f"max(0,min(iw-iw/zoom,({ax}+({bx - ax})*{along})*iw-iw/zoom/2))"
    y = f"max(0,min(ih-ih/zoom,({ay}+({by - ay})*{along})*2000-{(2000 - CROP) // 2}-ih/zoom/2))"
    return (
        f"[{number}:v]crop=3000:{CROP},zoompan=z='{zoom}':x='{x}':y='{y}':d={shot.frames}"
        f":s={WIDTH}x{HEIGHT}:fps={FPS},{then}[v{number}]"
    )


def _texts(folder: Path, seconds: int) -> list[str]:
    font = f"fontfile={folder / 'font.ttf'}:fontcolor=white"
    texts = []
    for number, (start, end) in enumerate(titles_of(seconds), 1):
        alpha = f"min(1,min((t-{start})/{FADE_S},({end}-t)/{FADE_S}))"
        texts.append(
            f"drawtext={font}:text='Title number {number}':fontsize={TITLE_PX}:x=(w-tw)/2:y=(h-th)/2"
            f":enable='between(t,{start},{end})':alpha='{alpha}'"
        )
    span = f"enable='between(t,{seconds * 0.2},{seconds * 0.8})'"
    left, top, width, height = THIRD_BOX
    texts.append(f"drawbox=x={left}:y={top}:w={width}:h={height}:color=0x101418@0.63:t=fill:{span}")
    for line, (text, size) in enumerate(zip(THIRD_TEXT.split("\n"), (THIRD_PX, THIRD_PX * 0.68), strict=True)):
        y = top + 22 + line * 62
        texts.append(f"drawtext={font}:text='{text}':fontsize={size}:x={left + 35}:y={y}:{span}")
    return texts


def _dissolved(seconds: int) -> tuple[list[str], str]:
    """Return the chains by which one photograph gives way to the next, and the name of what comes out."""
    chains, last = [_zoom(0, seconds, "format=yuv420p")], "v0"
    for shot in shots_of(seconds)[1:]:
        fade = f"xfade=transition=fade:duration={DISSOLVE_S}:offset={shot.start_s}"
        chains += [_zoom(shot.number, seconds, "format=yuv420p"), f"[{last}][v{shot.number}]{fade}[x{shot.number}]"]
        last = f"x{shot.number}"
    return [*chains, f"[{last}]format=yuv420p[x]"], "x"


def _overlaid(seconds: int) -> tuple[list[str], str]:
    """Return the same with overlays that fade in."""
    chains, last = [f"color=black:s={WIDTH}x{HEIGHT}:r={FPS}:d={seconds},format=yuv420p[x]"], "x"
    for shot in shots_of(seconds):
        seen = f"enable='between(t,{shot.start_s},{shot.start_s + shot.frames / FPS})'"
        comes = f"format=yuva420p,fade=t=in:d={DISSOLVE_S}:alpha=1" if shot.number else "format=yuv420p"
        chains.append(_zoom(shot.number, seconds, f"{comes},setpts=PTS+{shot.start_s}/TB"))
        chains.append(f"[{last}][v{shot.number}]overlay=format=yuv420:eof_action=pass:{seen}[x{shot.number}]")
        last = f"x{shot.number}"
    return chains, last


def command(
    folder: Path, seconds: int, encoding: dict[str, str], gop: int, out: Path, *, overlaid: bool = False
) -> list[str]:
    """Return the command; `folder` has the photographs, the music and the font."""
    parts = ["ffmpeg", "-v", "error", "-nostdin", "-y"]
    shots = shots_of(seconds)
    for shot in shots:
        parts += ["-i", str(folder / f"p{shot.number}.jpg")]
    parts += ["-i", str(folder / "music.wav")]
    chains, last = _overlaid(seconds) if overlaid else _dissolved(seconds)
    chains.append(f"[{last}]{','.join(_texts(folder, seconds))}[out]")
    chains.append(f"[{len(shots)}:a]volume={VOLUME},afade=t=out:st={seconds - MUSIC_FADE_S}:d={MUSIC_FADE_S}[sound]")
    coding = ["-c:v", "libx264", "-g", str(gop)]
    for name, value in encoding.items():
        coding += [f"-{name}:v" if name == "profile" else f"-{name}", value]
    coding += ["-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart", "-t", str(seconds)]
    return [*parts, "-filter_complex", ";".join(chains), "-map", "[out]", "-map", "[sound]", *coding, str(out)]
