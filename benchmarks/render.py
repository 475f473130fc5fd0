"""How long a render takes, beside the bare encode of the same frames, FFmpeg, MoviePy 2 and Remotion 4.

Run with `python benchmarks/render.py [--rounds 7] [--slow-rounds 1] [--without remotion …]`. Four photographs of
3000 × 2000, made on the spot, with a slow zoom and pan, dissolves of half a second, three titles, a translucent lower
third, music with a fade: 20 s of 1920 × 1080, 30 frames a second, H.264 veryfast crf 20. Peers that want packages of
their own get them on first use, below `.cache/bench`; `_peers/README.md` says what each of them does.

Everybody is a whole process, started from nothing, in turn; what counts is the median of the ratios within each round,
so that whatever else the machine does weighs on all of them. "The limit" are two processes with an encoder of one
thread each that read the finished frames from memory, and compose nothing. A peer whose film is not the one that was
asked for is not compared, and the run fails.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _measure import FailedError, Took, run, until
from _peers import environments, ffmpeg_graph
from _results import Row, options, write
from _workload import FPS, draft_of

from ipynemo.backend.children import child_environment

HERE = Path(__file__).parent
CACHE = HERE.parent / ".cache" / "bench"
QUICK, SLOW = ("limit", "ffmpeg", "overlay"), ("moviepy", "boxes", "remotion", "shell")
NAMES = {
    "limit": "the bare encode",
    "overlay": "FFmpeg, dissolves by overlay",
    "boxes": "MoviePy, cut by Pillow",
}
AIMS = {"limit": 0.85, "ffmpeg": 1.5, "moviepy": 8.0, "remotion": 8.0, "shell": 8.0}
BROWSERS = {"remotion": "chrome-for-testing", "shell": "headless-shell"}
FIRST_AIM_S, MOST_MIB = 0.5, 300
FIRST_ROUNDS = 5
SHORTEST_S = 12  # the third title has to end

Runner = Callable[[], Took]


class Stage:
    """The folder with all that is rendered, and who renders it."""

    def __init__(self, folder: Path, seconds: int) -> None:
        self.folder = folder
        self.seconds = seconds
        subprocess.run([sys.executable, HERE / "_stage.py", folder, str(seconds)], check=True)
        self.encoding: dict[str, Any] = json.loads((folder / "encoding.json").read_text())
        assets = {f"p{number}": str(folder / f"p{number}.jpg") for number in range(4)}
        order = {"draft": draft_of(seconds), "assets": assets, "out": str(folder / "ours.mp4")}
        self.order = json.dumps(order).encode() + b"\n"
        self.packing_s = 0.0  # what Remotion took to pack its page

    def film(self, who: str) -> Path:
        """Return where somebody's film goes."""
        return self.folder / f"{who}.mp4"

    def limit_command(self, first: int, last: int) -> list[str]:
        """Return the command that encodes a range of the finished frames."""
        files = [str(self.folder / name) for name in ("frames.yuv", "encoding.json")]
        out = str(self.folder / f"limit-{first}.mp4")
        return [sys.executable, str(HERE / "_peers" / "limit.py"), *files, str(first), str(last), out]

    def ours(self) -> Took:
        """Render as the embedded backend does."""
        return run(
            [sys.executable, "-m", "ipynemo.backend.render.worker"], order=self.order, environment=child_environment()
        )

    def limit(self) -> Took:
        """Encode the finished frames, in two processes; looking at all that they map would slow them down."""
        half = self.seconds * FPS // 2
        halves = (self.limit_command(0, half), self.limit_command(half, 2 * half))
        return run(*halves, environment=child_environment(), shares=False)

    def runner(self, who: str) -> tuple[str, Runner]:
        """Return a peer's name with its version, and what runs it.

        Raises
        ------
        MissingError
            It is not to be had here.
        """
        if who == "limit":
            return "", self.limit
        if who in ("ffmpeg", "overlay"):
            peer = environments.ffmpeg()
            coding = self.encoding["options"], self.encoding["gop"]
            command = ffmpeg_graph.command(
                self.folder, self.seconds, *coding, self.film(who), overlaid=who == "overlay"
            )
            return peer.version, lambda: run(command)
        if who in ("moviepy", "boxes"):
            peer = environments.moviepy(CACHE)
            asked = [*peer.command, str(self.folder), str(self.seconds), str(self.film(who))]
            return peer.version, lambda: run([*asked, *(["--boxes"] if who == "boxes" else [])])
        peer = environments.remotion(CACHE, BROWSERS[who])
        public, bundle = self.folder / "public", self.folder / "bundle"
        if not bundle.exists():
            public.mkdir()
            for path in (*self.folder.glob("p*.jpg"), self.folder / "music.wav", self.folder / "font.ttf"):
                shutil.copy(path, public)
            packed = run([*peer.command, "bundle", str(peer.folder / "film.jsx"), str(public), str(bundle)])
            self.packing_s = packed.wall_s
        render = [*peer.command, "render", str(bundle), str(self.folder / "film.json"), str(self.film(who))]
        return peer.version, lambda: run(render, environment=peer.environment)


def in_turn(runners: dict[str, Runner], rounds: dict[str, int]) -> tuple[dict[str, list[Took]], dict[str, str]]:
    """Return what everybody took, round by round, and why some did not; every other round goes backwards."""
    took: dict[str, list[Took]] = {who: [] for who in runners}
    failed: dict[str, str] = {}
    for number in range(rounds["ours"]):
        for who in list(runners)[:: -1 if number % 2 else 1]:
            if who in failed or number >= rounds[who]:
                continue
            try:
                took[who].append(runners[who]())
            except FailedError as error:
                if who == "ours":
                    raise
                failed[who] = str(error).splitlines()[-1][:200]
            else:
                print(f"round {number + 1}, {who}: {took[who][-1]}", flush=True)
    return took, failed


def compared(who: str, name: str, each: list[Took], ours: list[Took], packing_s: float = 0.0) -> list[Row]:
    """Return the lines of a peer; `packing_s` is what it does once for all rounds, and its users for each film."""
    pairs = list(zip(each, ours[: len(each)], strict=True))

    def row(what: str, field: str, unit: str, aim: str = "", *, more: float = 0.0) -> Row:
        values = [(getattr(theirs, field), getattr(mine, field)) for theirs, mine in pairs]
        if any(value is None for pair in values for value in pair):
            return Row(f"{name}: {what}", "not told here", "")
        values = [(theirs + more, mine) for theirs, mine in values]
        middle = [statistics.median(pair[side] for pair in values) for side in (1, 0)]
        ratio = statistics.median(theirs / mine for theirs, mine in values)
        shown = [f"{value:.2f} {unit}" if unit == "s" else f"{value:.0f} {unit}" for value in middle]
        return Row(f"{name}: {what}", *shown, ratio, aim)

    rows = [
        row("wall time", "wall_s", "s", f"at least {AIMS[who]}" if who in AIMS else ""),
        *([row("wall time, packing counted", "wall_s", "s", more=packing_s)] if packing_s else []),
        row("CPU time", "cpu_s", "s"),
    ]
    if who == "limit":  # it maps all frames into its memory
        return rows
    aim = f"ours at most {MOST_MIB} MiB"
    return [
        *rows,
        row("peak of the largest process", "largest_mib", "MiB", aim),
        row("peak of all processes", "together_mib", "MiB"),
    ]


def first_frame(stage: Stage) -> list[Row]:
    """Return how soon a fresh process has a frame in its encoder, and out of it, beside the bare encode."""
    bare = [*stage.limit_command(0, stage.seconds * FPS), "--tell"]
    fresh = [sys.executable, str(HERE / "_first_frame.py")]
    environment = child_environment()
    rows = []
    for mark, what in ((b"taken", "the first frame composed and taken by the encoder"), (b"encoded", "… encoded")):
        pairs = [
            (until(mark, fresh, stage.order, environment), until(mark, bare, environment=environment))
            for _ in range(FIRST_ROUNDS)
        ]
        mine, limit = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
        ratio = statistics.median(one / other for one, other in pairs)
        rows.append(Row(what, f"{mine:.2f} s", f"{limit:.2f} s", ratio, f"ours at most {FIRST_AIM_S} s"))
    return rows


def films_of(stage: Stage, peers: list[str]) -> dict[str, Any]:
    """Return what `_films.py` finds of the films."""
    paths = [stage.film(who) for who in ("ours", *peers)]
    done = subprocess.run(
        [sys.executable, HERE / "_films.py", str(stage.seconds), *paths, stage.folder / "limit-0.mp4"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    bare = found.pop("limit-0")
    if found["ours"]["wrong"]:
        raise SystemExit(f"Our film is not what was asked for: {', '.join(found['ours']['wrong'])}.")
    if bare["x264"] != found["ours"]["x264"]:
        raise SystemExit(f"The bare encode has other options than ours:\n{bare['x264']}\n{found['ours']['x264']}")
    return found


def main() -> int:
    """Measure, print, write; return 1 where a peer's film is wrong."""
    parser = options(__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="of ours and the bare encode (default 7)")
    parser.add_argument("--ffmpeg-rounds", type=int, default=3, help="of them with FFmpeg (default 3)")
    parser.add_argument("--slow-rounds", type=int, default=1, help="of them with MoviePy and Remotion (default 1)")
    parser.add_argument("--seconds", type=int, default=20, help="length of the film (default 20)")
    parser.add_argument("--without", nargs="+", default=[], choices=[*QUICK[1:], *SLOW], help="leave these peers out")
    given = parser.parse_args()
    if given.seconds < SHORTEST_S or given.rounds < 1:
        parser.error(f"at least {SHORTEST_S} seconds and 1 round")
    with tempfile.TemporaryDirectory(prefix="ipynemo-bench-") as folder:
        stage = Stage(Path(folder), given.seconds)
        runners: dict[str, Runner] = {"ours": stage.ours}
        names, missing = dict(NAMES), {}
        for who in (*QUICK, *SLOW):
            if who in given.without:
                missing[who] = "left out"
                continue
            try:
                version, runners[who] = stage.runner(who)
            except (environments.MissingError, FailedError) as error:
                missing[who] = " ".join(str(error).split())[:200]
                print(f"*** {who} is missing: {missing[who]}", flush=True)
            else:
                names.setdefault(who, version)
        rounds = dict.fromkeys(("ours", "limit"), given.rounds)
        rounds |= dict.fromkeys(QUICK[1:], given.ffmpeg_rounds) | dict.fromkeys(SLOW, given.slow_rounds)
        took, failed = in_turn(runners, rounds)
        there = [who for who in took if took[who] and who not in failed and who not in ("ours", "limit")]
        films = films_of(stage, there)
        first = first_frame(stage)
    wrong = {who: films[who]["wrong"] for who in there if films[who]["wrong"]}
    rows = []
    for who in (*QUICK, *SLOW):
        name = names.get(who, who)
        if why := missing.get(who) or failed.get(who) or ", ".join(wrong.get(who, [])):
            rows.append(Row(name, "", f"not compared: {why}"))
        elif took.get(who):
            rows += compared(who, name, took[who], took["ours"], stage.packing_s if who in BROWSERS else 0.0)
    note = (
        f"{given.seconds} s of film, whole processes in turn. The ratio is the peer's figure to ours, the median of "
        f"{given.rounds} rounds with the bare encode, {given.ffmpeg_rounds} with FFmpeg, {given.slow_rounds} with "
        "MoviePy and Remotion; every other round goes backwards. CPU time is that of all processes; "
        "their memory together is the sum of what each has of it (PSS). Remotion's page is packed once, beforehand, as "
        "a server may do it; its command packs before each film, which one line adds, as a first time without its "
        "cache. Its browser's start counts; the others hear music that is there, ours makes it."
    )
    packages = ["av", "numpy", "opencv-python-headless", "pillow"]
    write("Renderer: beside its peers", note, rows, packages)
    note = (
        "From the start of a fresh interpreter, imports and the start of the other worker included; medians of "
        f"{FIRST_ROUNDS}, in turn. The peer is the bare encode of finished frames. x264 gives a frame back once it has "
        "seen about a dozen more. The ratio is our time to the peer's."
    )
    write("Renderer: the first frame", note, first, packages)
    note = (
        "Each film has the size, the frames and the sound that were asked for, or it is not compared; the PSNR is that "
        "of its light against ours where there is no text. The peers are x264 veryfast crf 20, ours and the bare encode"
        " are veryfast as `backend/render/encode.py` sets it. All have AAC of 128 kbit/s. MoviePy and FFmpeg leave the "
        "colours in BT.601, which alone holds them near 35 dB. The ratio is their size to ours."
    )
    write("Renderer: the films compared", note, [_film_row(names[w], films["ours"], films[w]) for w in there], packages)
    for who, why in wrong.items():
        print(f"*** The film of {names[who]} is wrong: {', '.join(why)}")
    return int(bool(wrong))


def _film_row(name: str, ours: dict[str, Any], peer: dict[str, Any]) -> Row:
    sizes = [f"{film['bytes'] / 1e6:.2f} MB" for film in (ours, peer)]
    alike = f"{peer['psnr']:.1f} dB" if peer["psnr"] is not None else "wrong"
    return Row(f"{name}: size; alike to {alike}", *sizes, peer["bytes"] / ours["bytes"])


if __name__ == "__main__":
    sys.exit(main())
