"""`make pictures`: the README's picture, a contact sheet of real frames of the clip that `make demo` made."""

from __future__ import annotations

import sys
from pathlib import Path

import av
from PIL import Image

COLUMNS, ROWS = 4, 2
WIDTH_PX, GAP_PX = 300, 6
BACKGROUND = "#101418"
MAX_BYTES = 300_000  # it is loaded by everyone who opens the README
MOMENTS_S = (1.5, 6.5, 11.8, 14.6, 19.4, 24.4, 26.5, 29)  # of a clip of 30 s: one of each scene, between the fades
OUT = Path(__file__).parent / "pictures" / "quickstart.jpg"


def frames_at(path: Path, shares: list[float]) -> list[Image.Image]:
    """Return the pictures at these shares of the clip's length, 0–1."""
    with av.open(path) as clip:
        stream = clip.streams.video[0]
        duration_s = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
        wanted = [share * duration_s for share in shares]
        found: list[Image.Image] = []
        for frame in clip.decode(stream):
            if len(found) < len(wanted) and frame.time is not None and frame.time >= wanted[len(found)]:
                found.append(frame.to_image())
    return found


def sheet(pictures: list[Image.Image]) -> Image.Image:
    """Return the pictures side by side, in rows."""
    height_px = round(WIDTH_PX * pictures[0].height / pictures[0].width)
    size = (COLUMNS * (WIDTH_PX + GAP_PX) + GAP_PX, ROWS * (height_px + GAP_PX) + GAP_PX)
    whole = Image.new("RGB", size, BACKGROUND)
    for place, picture in enumerate(pictures):
        row, column = divmod(place, COLUMNS)
        small = picture.resize((WIDTH_PX, height_px), Image.Resampling.LANCZOS)
        whole.paste(small, (GAP_PX + column * (WIDTH_PX + GAP_PX), GAP_PX + row * (height_px + GAP_PX)))
    return whole


def main() -> int:
    """Draw the sheet from the first clip in the folder named on the command line."""
    clips = sorted(Path(sys.argv[1]).glob("*.mp4"))
    if not clips:
        print("There is no clip; run `make demo` first.", file=sys.stderr)
        return 1
    picture = sheet(frames_at(clips[0], [moment / 30 for moment in MOMENTS_S]))
    OUT.parent.mkdir(exist_ok=True)
    picture.save(OUT, quality=85, optimize=True, progressive=True)
    size = OUT.stat().st_size
    print(f"{OUT} ({picture.width}×{picture.height}, {size / 1000:.0f} kB)")
    return 0 if size <= MAX_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
