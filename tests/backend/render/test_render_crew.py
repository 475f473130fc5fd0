"""Other processes encode: the same film, progress from all, a death that costs one chunk, and a clean end."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any

import pytest
from render_kit import RED, draft_of, plain, seg, text, video

from ipynemo.backend.render import EmptyDraftError, encode, plan, render
from ipynemo.backend.render.crew import Crew
from ipynemo.backend.render.sharing import Sharing
from ipynemo.errors import RenderCancelledError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    made = Crew(1)
    yield made
    made.shutdown(cancel_futures=True)


@pytest.fixture
def film(tmp_path: Path) -> tuple[Any, dict[str, Path]]:
    segments = [seg(n * 1000, 1000, src="p", motion="zoom_in") for n in range(6)]
    words = text(seg(0, 6000, tx="Counted"))
    return draft_of(video(*segments), words, size=(64, 64)), {"p": plain(tmp_path / "p.png", RED)}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_job_is_done_elsewhere_and_its_errors_come_back(crew: Crew) -> None:
    assert crew.submit(os.getpid).result(20) == crew.pids[-1] != os.getpid()
    with pytest.raises(ZeroDivisionError):
        crew.submit(divmod, 1, 0).result(20)
    with pytest.raises(EmptyDraftError, match="nothing to render"):
        crew.submit(plan, draft_of(), {}).result(20)
    with pytest.raises(TypeError, match="cannot be done in another process"):
        crew.submit(test_a_job_is_done_elsewhere_and_its_errors_come_back).result(20)


def test_the_film_is_the_same_whoever_encodes_it(crew: Crew, film: tuple[Any, dict[str, Path]], tmp_path: Path) -> None:
    draft, assets = film
    told: list[float] = []
    alone = render(draft, assets, tmp_path / "alone.mp4", workers=1).path.read_bytes()
    shared = render(draft, assets, tmp_path / "shared.mp4", executor=crew, on_progress=told.append)
    assert shared.path.read_bytes() == alone
    assert told == sorted(told)
    with ThreadPoolExecutor(3) as pool:
        assert render(draft, assets, tmp_path / "threads.mp4", executor=pool).path.read_bytes() == alone


def test_a_worker_that_dies_costs_only_its_chunk(film: tuple[Any, dict[str, Path]], tmp_path: Path) -> None:
    draft, assets = film
    chunks = plan(draft, assets)
    made = Crew(1)
    first = made.pids[0]
    sharing = Sharing(chunks, assets, tmp_path, made, here=False)
    killed: list[int] = []

    def on_frames(done: int) -> None:
        if done > 40 and not killed:
            killed.append(done)
            os.kill(first, signal.SIGKILL)

    sharing.run(on_frames)
    made.shutdown(cancel_futures=True)
    assert killed
    assert len(made.pids) == 2
    assert {path.name for path in tmp_path.glob("*.mp4")} >= {f"{chunk.key}.mp4" for chunk in chunks}


class Recorder(Executor):
    """Takes two jobs at once, notes them, and says that they are done."""

    def __init__(self) -> None:
        self._max_workers = 2
        self.begun: list[int] = []

    def submit(self, _work: Any, /, *args: Any, **_: Any) -> Future[Any]:
        self.begun.append(args[0].start)
        done: Future[Any] = Future()
        done.set_result(None)
        return done


def test_everybody_has_as_many_frames_and_the_end_is_encoded_last(tmp_path: Path) -> None:
    segments = [*(seg(n * 1000, 1000, src="p") for n in range(4)), seg(4000, 7000, src="p")]
    chunks = plan(draft_of(video(*segments), size=(64, 64)), {"p": plain(tmp_path / "p.png", RED)})
    assert [chunk.frames for chunk in chunks] == [30, 30, 30, 30, 180, 30]
    recorder = Recorder()
    Sharing(chunks, {"p": tmp_path / "p.png"}, tmp_path, recorder, here=False).run(lambda _: None)
    assert set(recorder.begun[:2]) == {0, 120}
    assert set(recorder.begun[2:5]) == {30, 60, 90}
    assert recorder.begun[5:] == [300]


def test_whoever_is_sent_away_goes_at_once_and_takes_what_is_unfinished_along(tmp_path: Path) -> None:
    draft = draft_of(text(seg(0, 8000, tx="Long")), size=(3840, 2160))
    made = Crew(1)
    future = made.submit_told(lambda _: None, encode, plan(draft, {})[0], {}, tmp_path)
    while not list(tmp_path.iterdir()):
        time.sleep(0.01)
    made.shutdown(cancel_futures=True)
    with pytest.raises((BrokenProcessPool, RenderCancelledError)):
        future.result(0)
    assert not any(map(alive, made.pids))
    assert list(tmp_path.iterdir()) == []
