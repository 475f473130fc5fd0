"""What is seen while a command works: a line a picture on standard error, where that is a terminal; else nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from ipynemo.draft.summary import plain

__all__ = ["Watch", "watch"]

STAGES: Final = {
    "wait": "waiting",
    "upload": "upload",
    "chat": "chat",
    "render": "render",
    "download": "download",
    "done": "done",
    "failed": "failed",
}
NAME_WIDTH: Final = 24


class Watch:
    """Watches over several pictures and shows nothing."""

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def stage(self, place: int, stage: str, percent: float | None = None) -> None:
        """Take note that the picture at this place is at a stage, so far in percent where that is known."""

    def still_working(self, place: int) -> None:
        """Take note that nothing has come for a while."""


class LiveWatch(Watch):
    """Draws a bar a picture."""

    def __init__(self, names: Sequence[str]) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[name]}", markup=False),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[shown]}", markup=False),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._stages = ["wait" for _ in names]
        self._tasks: list[TaskID] = [
            self._progress.add_task(STAGES["wait"], total=None, start=False, name=plain(name, NAME_WIDTH), shown="")
            for name in names
        ]

    def __enter__(self) -> LiveWatch:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def stage(self, place: int, stage: str, percent: float | None = None) -> None:
        task = self._tasks[place]
        begins = self._stages[place] != stage
        if self._stages[place] == "wait":
            self._progress.start_task(task)
        self._stages[place] = stage
        ended = stage in ("done", "failed")
        self._progress.update(
            task,
            description=STAGES[stage],
            total=100 if ended else None if percent is None else 100,
            completed=100 if ended else percent or 0,
            shown="" if percent is None or ended else f"{percent:3.0f} %",
            refresh=begins,  # also a stage that is over at once is seen
        )
        if ended:
            self._progress.stop_task(task)

    def still_working(self, place: int) -> None:
        self._progress.update(self._tasks[place], shown="⏳ still working")


def watch(sources: Sequence[str]) -> Watch:
    """Return the watch that fits standard error."""
    return LiveWatch([Path(source).name for source in sources]) if sys.stderr.isatty() else Watch()
