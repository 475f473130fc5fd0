"""`ipynemo explain` and `ipynemo resume`: from pictures on the command line to clips, lines and an exit status."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from ipynemo.cli.endings import FAILED, INTERRUPTED, complain, error_entry, one_line, print_json, stop
from ipynemo.cli.watching import watch
from ipynemo.cli.work import Wish, Work
from ipynemo.client import AsyncNemo, Clip
from ipynemo.errors import NemoError

__all__ = ["explain", "resume"]

DONE: Final = 0


def clip_entry(clip: Clip) -> dict[str, Any]:
    """Return a clip as it stands in `--json` output."""
    return {
        "path": str(clip.path),
        "duration_s": clip.duration_s,
        "width_px": clip.width_px,
        "height_px": clip.height_px,
        "render_s": None if clip.render_s is None else round(clip.render_s, 3),
        "session_id": clip.session_id,
        "summary": clip.summary,
        "captions": [str(path) for path in clip.captions],
    }


def clip_line(clip: Clip) -> str:
    """Return a clip as it is told to people."""
    took = "" if clip.render_s is None else f", made in {clip.render_s:.1f} s"
    size = f"{clip.size_bytes / 1e6:.1f} MB"
    return f"{clip.path}  {clip.duration_s:.1f} s, {clip.width_px}×{clip.height_px}, {size}{took}"


def explain(sources: list[str], paths: list[Path], wish: Wish, *, cloud: bool, as_json: bool) -> None:
    """Make a clip of each picture; end the command."""
    nemo = AsyncNemo("cloud" if cloud else "local", language=wish.language)
    work = Work(sources, paths, watch(sources))
    interrupted = _run(nemo, work, lambda: work.explain(nemo, wish))
    results = [work.results[place] for place in sorted(work.results)]
    for result in results:
        if result.clip is not None and not as_json:
            sys.stdout.write(clip_line(result.clip) + "\n")
        if result.error is not None:
            complain(f"{result.source}: {one_line(result.error)}" if len(sources) > 1 else one_line(result.error))
    if interrupted:
        _say_how_to_go_on(work, cloud=cloud, captions=wish.captions)
    if as_json:
        print_json(_explain_json(work))
    stop(INTERRUPTED if interrupted else DONE if all(result.ok for result in results) else FAILED)


def resume(session_id: str, path: Path | None, *, captions: bool, cloud: bool, as_json: bool) -> None:
    """Finish the clip of a session; end the command."""
    nemo = AsyncNemo("cloud" if cloud else "local")
    clips: list[Clip] = []

    async def finish() -> None:
        clips.append(await work.resume(nemo, session_id, path, captions=captions))

    work = Work([session_id], [], watch([session_id]))
    interrupted = _run(nemo, work, finish)
    if interrupted:
        _say_how_to_go_on(work, cloud=cloud, captions=captions)
        if as_json:
            print_json(error_entry(KeyboardInterrupt("interrupted"), session_id))
        stop(INTERRUPTED)
    if as_json:
        print_json(clip_entry(clips[0]))
    else:
        sys.stdout.write(clip_line(clips[0]) + "\n")


def _run(nemo: AsyncNemo, work: Work, what: Callable[[], Awaitable[None]]) -> bool:
    """Run it to its end; return whether it was interrupted."""
    if not nemo.is_local or sys.stderr.isatty():
        sys.stderr.write(f"{nemo.where}\n")

    async def whole() -> None:
        async with nemo:
            await what()

    try:
        with work.watch:
            asyncio.run(whole())
    except KeyboardInterrupt:
        return True
    return False


def _explain_json(work: Work) -> dict[str, Any]:
    entries = []
    for place, source in enumerate(work.sources):
        result = work.results.get(place)
        if result is None:
            entry = error_entry(KeyboardInterrupt("interrupted"), work.drafted.get(place))
        elif result.clip is not None:
            entry = clip_entry(result.clip)
        else:
            entry = error_entry(result.error or NemoError("There is no clip."), result.session_id)
        entries.append({"source": source, **entry} if len(work.sources) > 1 else entry)
    return {"clips": entries} if len(entries) > 1 else entries[0]


def _say_how_to_go_on(work: Work, *, cloud: bool, captions: bool) -> None:
    open_ones = {place: work.drafted[place] for place in sorted(work.drafted) if place not in work.results}
    if not open_ones:
        complain("Interrupted before there was a draft; run the same command again.")
        return
    option = (" --cloud" if cloud else "") + (" --captions" if captions else "")
    go_on = "; ".join(
        f"ipynemo resume {session_id}{option}" + (f" -o {shlex.quote(str(work.paths[place]))}" if work.paths else "")
        for place, session_id in open_ones.items()
    )
    complain(f"Interrupted. Nothing is lost; go on with: {go_on}")
