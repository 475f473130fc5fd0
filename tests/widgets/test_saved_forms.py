"""What stays of a widget without a kernel: a second output, escaped, small, renewed only when it has changed."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import bleach
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image
from widget_kit import clip_at

import ipynemo
from ipynemo.loop import background
from ipynemo.widgets import Player, _saved
from ipynemo.widgets._base import Face
from ipynemo.widgets._static import module, style


class Probe(Face):
    """A widget whose words are hostile."""

    _esm = module("credits.js")
    _css = style("credits.css")

    def _fallback_text(self) -> str:
        return "<script>alert(1)</script> said"


def test_the_saved_form_is_escaped_and_carries_no_script() -> None:
    probe = Probe()
    bundle, _ = probe._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert "<p>&lt;script&gt;alert(1)&lt;/script&gt; said</p>" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]
    assert f"nemo-live-{probe._saved.id}" in probe._dom_classes


def test_two_outputs_are_shown_and_only_the_second_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[dict[str, Any], bool]] = []
    monkeypatch.setattr("ipynemo.widgets._base.in_kernel", lambda: True)
    for place in (_saved, sys.modules["ipynemo.widgets._base"]):
        monkeypatch.setattr(
            place, "publish", lambda bundle, display_id=None, update=False: shown.append((bundle, update))
        )
    probe = Probe()
    probe._renew_saved()
    assert shown == []
    probe._ipython_display_()
    probe._renew_saved()
    monkeypatch.setattr(probe, "_fallback_text", lambda: "Ready")
    probe._renew_saved()
    probe._renew_saved()
    view, *saved = shown
    assert view[0] == {
        "application/vnd.jupyter.widget-view+json": probe.get_view_spec(),
        "text/html": "",
        "text/plain": "",
    }
    assert [(bundle["text/plain"], update) for bundle, update in saved] == [
        ("<script>alert(1)</script> said", False),
        ("Ready", True),
    ]


def test_a_saved_form_that_is_too_long_becomes_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr(_saved, "publish", lambda bundle, display_id=None, update=False: shown.append(bundle))
    _saved.Saved().display("<p>" + "x" * 500_000 + "</p>", "short <words>")
    assert len(shown[0]["text/html"]) < 2_000
    assert "short &lt;words&gt;" in shown[0]["text/html"]


def test_where_scripts_styles_and_media_are_stripped_the_words_and_the_link_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    player = Player(clip_at(tmp_path / "robot.mp4"), language="en")
    player._keep_poster(b"\xff\xd8\xff\xd9")
    bundle, _ = player._repr_mimebundle_()
    body = bundle["text/html"].partition("</style>")[2]
    shown = bleach.clean(
        body, tags={"a", "p", "img", "div"}, attributes=["href", "src", "alt"], protocols={"data", "https"}, strip=True
    )
    picture = '<img src="data:image/jpeg;base64,/9j/2Q==" alt="A frame of robot.mp4">'
    assert shown == f'<div>{picture}<p><a href="robot.mp4">robot.mp4</a> (5.0 s · 1280×720 · 4 B)</p></div>'


BEGUN_HERE_DONE_LATER = """
import contextvars, threading
timer = threading.Timer(0.2, contextvars.copy_context().run, [setattr, player, "clip", None])
timer.start()
"""


def make_film(path: Path) -> None:
    """Write a film that comes from black within a second."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for number in range(50):
            picture = np.full((64, 64, 3), min(200, 20 * number), np.uint8)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        film.mux(stream.encode())


def test_a_notebook_that_runs_without_a_page_keeps_the_saved_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(ipynemo.__file__).parents[1]))
    make_film(tmp_path / "a.mp4")
    cells = [
        "from ipynemo.widgets import Exporter, Player\ndisplay(Exporter(language='en'))\nPlayer(language='en')",
        "player = Player('a.mp4', language='en'); player",
        "Player('a.mp4').clip",
        BEGUN_HERE_DONE_LATER,
        "timer.join()",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    [exporter, saved_exporter, player, saved_player] = notebook.cells[0].outputs
    mime = "application/vnd.jupyter.widget-view+json"
    assert [mime in one.data for one in (exporter, saved_exporter, player, saved_player)] == [True, False, True, False]
    assert saved_exporter.data["text/plain"].startswith("Export: Nothing to export yet.")
    assert saved_player.data["text/plain"] == "Video player: No video yet. When one has been exported, it plays here."
    assert str(tmp_path) not in json.dumps(notebook)
    # a clip's own form holds a frame of it; and what comes later, from whichever cell, is kept
    [clip] = notebook.cells[2].outputs
    form = r'<video .*poster="data:image/jpeg;base64,(.*)"><img src="data:.*></video>.*'
    found = re.fullmatch(form, clip.data["text/html"])
    assert found is not None
    frame = base64.b64decode(found[1])
    assert len(frame) <= 30_000
    assert Image.open(io.BytesIO(frame)).convert("L").getpixel((50, 50)) > 100
    assert "No video yet" in notebook.cells[1].outputs[1].data["text/html"]


def test_a_player_that_is_shown_without_a_page_has_its_poster_from_the_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_film(tmp_path / "a.mp4")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys.modules["ipynemo.widgets.player"], "in_kernel", lambda: True)
    player = Player("a.mp4")
    assert player.poster.startswith("data:image/jpeg;base64,/9j/")
    assert f'poster="{player.poster}"' in player._fallback_html()
    player.clip = None
    asyncio.run_coroutine_threadsafe(player._change(clip="a.mp4"), background()).result(10)  # as an export does it
    assert player.poster != ""

    async def on_the_loop() -> None:
        player.clip = None
        player.clip = "a.mp4"  # must not wait for itself
        assert player.poster == ""

    asyncio.run_coroutine_threadsafe(on_the_loop(), background()).result(1)


def test_in_a_terminal_the_words_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    Probe()._ipython_display_()
    assert capsys.readouterr().out == "<script>alert(1)</script> said\n"


def test_importing_the_widgets_package_loads_no_widget_library() -> None:
    code = "import ipynemo.widgets, sys; print('anywidget' in sys.modules, 'ipywidgets' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False False\n"
