"""The notebooks as a newcomer runs them: top to bottom, in a folder of their own, without a network."""

from __future__ import annotations

import base64
import csv
import io
import re
import zipfile
from pathlib import Path

import av
import nbclient
import nbformat
import pytest
from PIL import Image

from notebook_kit import ROOT, decoded, executed, loaded_from_elsewhere, output_of, text_of

import demo  # isort: skip - scripts, which the kit made importable
from check_notebooks import leftovers  # isort: skip

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert [path.name for path in NOTEBOOKS] == [
        *("01_quickstart.ipynb", "02_studio.ipynb", "03_explore_a_draft.ipynb", "04_classroom.ipynb"),
        *("05_what_is_an_ai_image.ipynb", "06_make_a_real_one.ipynb"),
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_valid_and_saved_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert leftovers(path) == []


def test_outputs_left_in_a_notebook_are_found(tmp_path: Path) -> None:
    notebook = nbformat.read(NOTEBOOKS[0], as_version=4)
    code = [number for number, cell in enumerate(notebook.cells, 1) if cell.cell_type == "code"]
    notebook.cells[code[0] - 1].outputs = [nbformat.v4.new_output("stream", text="left")]
    notebook.cells[code[1] - 1].execution_count = 3
    notebook.metadata["widgets"] = {}
    nbformat.write(notebook, tmp_path / "dirty.ipynb")
    assert leftovers(tmp_path / "dirty.ipynb") == [
        "metadata.widgets",
        f"cell {code[0]} has outputs",
        f"cell {code[1]} has an execution count",
    ]


def test_the_quickstart_makes_a_clip_that_plays_and_a_page_that_needs_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = executed(ROOT / "notebooks" / "01_quickstart.ipynb", tmp_path, monkeypatch)
    with av.open(tmp_path / "explained.mp4") as clip:
        video, audio = clip.streams.video[0], clip.streams.audio[0]
        assert (video.codec_context.name, video.width, video.height) == ("h264", 1920, 1080)
        assert (video.average_rate, video.pix_fmt, audio.codec_context.name) == (30, "yuv420p", "aac")
        assert sum(1 for _ in clip.decode(video)) == 900
    with av.open(tmp_path / "explained.mp4") as clip:
        heard = sum(frame.samples / frame.sample_rate for frame in clip.decode(audio=0))
    assert heard == pytest.approx(30, abs=0.1)
    told = text_of(notebook)
    assert "Local — nothing leaves this computer" in told
    assert "Our class asks: what is this picture?" in told
    assert '<video controls preload="metadata" src="explained.mp4"' in told
    assert str(tmp_path) not in told
    page = demo.page(notebook)
    assert loaded_from_elsewhere(page) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["coffee.png", "data", "explained.mp4"]


def test_the_studio_and_its_parts_do_the_job_without_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = executed(ROOT / "notebooks" / "02_studio.ipynb", tmp_path, monkeypatch)
    assert decoded(tmp_path / "rocket.mp4") == (1920, 1080, 180)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "rocket.mp4", "rocket.png"]
    assert "What can this file tell us?" in output_of(notebook, "studio.timeline.draft.to_frame")
    # the panel's saved form followed what was said in code below it
    panel = output_of(notebook, "studio = ipynemo.Studio()", "text/html")
    for told in ("rocket.png", "make a 6 second video of this picture", "Here is a draft of 6 s", 'src="rocket.mp4"'):
        assert told in panel
    assert "make a 6 second video of this picture" in output_of(notebook, "ipynemo.Chat(session)", "text/html")
    player = output_of(notebook, "ipynemo.Player(clip", "text/html")
    assert 'src="rocket.mp4"' in player
    for shown in (panel, player):
        assert ' poster="data:image/jpeg;base64,' in shown
    assert loaded_from_elsewhere(demo.page(notebook)) == []
    assert "The text is now yellow." in output_of(notebook, "make the title yellow")
    assert str(tmp_path) not in text_of(notebook)
    assert "Warning" not in text_of(notebook)
    assert len(nbformat.writes(notebook)) < 1_100_000  # ten widgets, each with its code, and three posters


def test_the_page_of_a_notebook_with_widgets_shows_their_saved_forms_and_loads_nothing() -> None:
    kind = "application/vnd.jupyter.widget-view+json"
    state = {"application/vnd.jupyter.widget-state+json": {"version_major": 2, "version_minor": 0, "state": {}}}
    outputs = [
        nbformat.v4.new_output("display_data", {kind: {"model_id": "x"}, "text/html": "", "text/plain": "Player"}),
        nbformat.v4.new_output("display_data", {"text/html": "<p>saved</p>", "text/plain": "saved"}),
        nbformat.v4.new_output("execute_result", {kind: {"model_id": "y"}, "text/plain": "Slider(3)"}),
    ]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("x", outputs=outputs)], metadata={"widgets": state}
    )
    page = demo.page(notebook)
    assert loaded_from_elsewhere(page) == []
    assert ("<p>saved</p>" in page, "Slider(3)" in page, "html-manager" in page) == (True, True, False)
    assert notebook.metadata.widgets == state
    assert kind in notebook.cells[0].outputs[0].data  # the notebook itself stays as it is


def test_a_draft_is_explored_changed_and_rendered_as_a_variation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = executed(ROOT / "notebooks" / "03_explore_a_draft.ipynb", tmp_path, monkeypatch)
    assert decoded(tmp_path / "variation.mp4") == (640, 360, 600)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cat.png", "data", "variation.mp4"]
    # the table, and the selection that followed from it: five pieces, in words
    assert "We look for evidence, not guesses." in output_of(notebook, "table = draft.to_frame()")
    assert re.search(r"4 +Captions +7 +20\.0", output_of(notebook, "groupby"))
    picked = output_of(notebook, "timeline.selection =")
    assert picked.count(" · ") == 4 + 2  # two within the facts of the picture
    assert "Here is a real, tiny model doing it. (2.1 s)" in picked
    # the edits in pandas, and those with names
    changes = output_of(notebook, "edits.set_text").splitlines()
    assert "Caption removed: 'We look for evidence, not guesses.' (0–2.14 s)" in changes
    assert "Title changed: 'What can this file tell us?' → 'Who is this cat?'" in changes
    assert "BGM 'curious' volume: 25% → 10%" in changes
    # the list beside the second drawing follows by itself
    shown = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"].values()
    followed = [model["state"]["value"] for model in shown if model["model_name"] == "TextareaModel"]
    assert [text.splitlines() for text in followed if " · " not in text] == [changes]
    assert "Who is this cat?" in output_of(notebook, "session.save")
    assert output_of(notebook, 'session.chat("undo")') == "True"
    # what stays without a kernel
    player = output_of(notebook, "Player(clip", "text/html")
    assert 'src="variation.mp4"' in player
    assert "Captions" in output_of(notebook, "Timeline(session", "text/html")
    assert str(tmp_path) not in text_of(notebook)
    assert "Warning" not in text_of(notebook)


CLASS_OF_FOUR = """
NAMES = "Ada Ben Ines Zoë"
SECONDS = 5
QUALITY = "low"
"""


def test_a_class_gets_its_clips_whatever_some_of_them_hand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = executed(ROOT / "notebooks" / "04_classroom.ipynb", tmp_path, monkeypatch, CLASS_OF_FOUR)
    assert output_of(notebook, "ipynemo.AsyncNemo") == "'Local — nothing leaves this computer'"
    # the first run: two have clips, and of two it is said what went wrong
    first = output_of(notebook, "def tell")
    assert "2 of 4 pictures have their clips." in first
    assert re.search(r"Ben\.png: .*it is a text file", first)
    assert re.search(r"Ines\.png: .*truncated.*cut short on the way", first)
    gallery = output_of(notebook, "def tell", "text/html")
    assert re.findall(r'<video controls [^>]*src="([^"]+)"', gallery) == ["clips/Ada.mp4#t=1", "clips/Zo%C3%AB.mp4#t=1"]
    with (tmp_path / "class.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["Ada", "Ben", "Ines", "Zoë"]
    assert [row["clip"] for row in rows.values()] == ["Ada.mp4", "", "", "Zoë.mp4"]
    assert [row["length"] for row in rows.values()] == ["5 s", "", "", "5 s"]
    assert "text file" in rows["Ben"]["problem"]
    assert rows["Ben"]["what_to_do"].startswith("Accepted: mp4")
    assert rows["Ada"]["problem"] == rows["Zoë"]["what_to_do"] == ""
    # the second run makes what is missing, and nothing twice
    assert "3 of 4 pictures have their clips." in output_of(notebook, "Only what is missing")
    clips = sorted((tmp_path / "clips").iterdir())
    assert [path.name for path in clips] == ["Ada.mp4", "Ben.mp4", "Zoë.mp4"]
    assert [decoded(path) for path in clips] == [(640, 360, 150)] * 3
    # the sheet, the parcel, and where things lie
    sheet = (tmp_path / "class.html").read_text("utf-8")
    assert re.findall(r'<a href="([^"]+)"', sheet) == ["clips/Ada.mp4", "clips/Ben.mp4", "clips/Zo%C3%AB.mp4"]
    for still in re.findall(r'<img src="data:image/jpeg;base64,([^"]+)"', sheet):
        with Image.open(io.BytesIO(base64.b64decode(still))) as picture:
            assert picture.size == (480, 270)
            assert max(high - low for low, high in picture.getextrema()) > 150  # not the black that it fades in from
    assert sheet.count("<img ") == 3
    with zipfile.ZipFile(tmp_path / "clips.zip") as parcel:
        assert sorted(name for name in parcel.namelist() if name.endswith(".mp4")) == ["Ada.mp4", "Ben.mp4", "Zoë.mp4"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("class", "class.csv", "class.html", "clips", "clips.zip", "data"),
    ]
    assert loaded_from_elsewhere(demo.page(notebook)) == []
    assert str(tmp_path) not in text_of(notebook)
    assert "Warning" not in text_of(notebook)


def test_an_error_in_a_cell_fails_the_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("raise ValueError('seen')")])
    nbformat.write(notebook, tmp_path / "bad.ipynb")
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="seen"):
        executed(tmp_path / "bad.ipynb", tmp_path, monkeypatch)
