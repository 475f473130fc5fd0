"""What was made last is kept for the next part of a film, by content, and no more of it than is of use."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from render_kit import BLUE, RED, draft_of, picture_like, plain, seg, text, video

from ipynemo.backend.render import BrokenAssetError, footage, plan, render
from ipynemo.backend.render.compose import Composer
from ipynemo.backend.render.keeping import Keep, forget_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    forget_all()
    yield
    forget_all()


def test_the_oldest_goes_before_another_one_is_made() -> None:
    keep: Keep[str] = Keep(2)
    alive: list[list[str]] = []

    def make(name: str) -> str:
        alive.append([key for key in "abc" if key != name and keep.has(key)])
        return name.upper()

    assert [keep.get(key, lambda key=key: make(key)) for key in "abacb"] == ["A", "B", "A", "C", "B"]
    assert alive == [[], ["a"], ["a"], ["c"]]
    keep.drop("c")
    assert (keep.has("b"), keep.has("c")) == (True, False)
    forget_all()
    assert not keep.has("b")


def test_a_picture_that_dissolves_over_a_seam_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []
    load = footage.load_still
    monkeypatch.setattr(footage, "load_still", lambda path, least: (decoded.append(path.name), load(path, least))[1])
    assets = {}
    for number, name in enumerate("ab"):
        assets[name] = tmp_path / f"{name}.png"
        Image.fromarray(picture_like(120, 80, number)).save(assets[name])
    dissolve = {"transition": {"kind": "crossfade", "d": 500}}
    draft = draft_of(
        video(seg(0, 2000, src="a", motion="zoom_in"), seg(2000, 2000, src="b", motion="pan_left", **dissolve)),
        size=(128, 72),
    )
    chunks = plan(draft, assets)
    assert [chunk.start for chunk in chunks] == [0, 60]
    for chunk in chunks:
        composer = Composer(chunk.scene, assets)
        composer.frame(0)
        composer.close()
    assert decoded == ["a.png", "b.png"]


def test_a_file_that_was_changed_is_drawn_anew(tmp_path: Path) -> None:
    draft = draft_of(video(seg(0, 1000, src="p")), size=(64, 64))
    seen = []
    for colour in (RED, BLUE):
        assets = {"p": plain(tmp_path / "p.png", colour)}
        composer = Composer(plan(draft, assets)[0].scene, assets)
        seen.append(composer.frame(0).rgb[32, 32])
        composer.close()
    assert np.abs(seen[0].astype(int) - seen[1]).max() > 100


def test_every_damaged_file_is_named_and_not_just_the_one_that_is_met_first(tmp_path: Path) -> None:
    assets = {name: plain(tmp_path / f"{name}.png", RED) for name in "abc"}
    for name in "ac":
        assets[name].write_bytes(assets[name].read_bytes()[:60])
    draft = draft_of(video(*[seg(n * 1000, 1000, src=name) for n, name in enumerate("abc")]), size=(64, 64))
    with pytest.raises(BrokenAssetError, match=r"'a'.*'c'") as caught:
        render(draft, assets, tmp_path / "out.mp4")
    assert caught.value.assets == ("a", "c")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png", "c.png"]


FORKING = """
import os, pathlib, signal, sys
from ipynemo.backend.render.crew import Crew, are_ahead, fork_ahead
fork_ahead(2)
crew = Crew(1)
pid = crew.submit(os.getpid).result(20)
assert pid == crew.pids[0] != os.getpid()
if sys.platform == "linux":  # it runs what we do, and not a module of its own
    assert are_ahead() and pathlib.Path(f"/proc/{{pid}}/cmdline").read_text().split(chr(0))[1] == "-c"
print(crew.submit(os.getppid).result(20) == os.getpid(), crew.submit(len, [1, 2]).result(20), pid, flush=True)
{end}
"""


@pytest.mark.parametrize("end", ["crew.shutdown(cancel_futures=True)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_forked_workers_work_and_end_with_their_parent(end: str) -> None:
    done: Any = subprocess.run(
        [sys.executable, "-c", FORKING.format(end=end)], capture_output=True, timeout=60, check=False
    )
    forked, counted, pid = done.stdout.split()
    assert (forked, counted) == (b"True", b"2")
    assert done.stderr == b""
    while True:  # until it is gone; the test's own limit is the time that this may take
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            break
    assert done.returncode in (0, -signal.SIGKILL)


def test_words_are_drawn_once_for_all_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    from ipynemo.backend.render import compose

    drawn: list[str] = []
    draw = compose.draw_sprite
    monkeypatch.setattr(compose, "draw_sprite", lambda tx, *a: (drawn.append(tx), draw(tx, *a))[1])
    draft = draft_of(text(seg(0, 12_000, tx="Throughout")), size=(64, 64))
    chunks = plan(draft, {})
    assert len(chunks) == 3
    for chunk in chunks:
        composer = Composer(chunk.scene, {})
        composer.frame(30)
        composer.close()
    assert drawn == ["Throughout"]
