"""The notebooks as a newcomer runs them: top to bottom, in a folder of their own, without a network."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import av
import nbclient
import nbformat
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

sys.path.insert(0, str(ROOT / "tools"))
import demo  # noqa: E402 - scripts, not a package
from check_notebooks import leftovers  # noqa: E402


def test_there_are_notebooks() -> None:
    assert [path.name for path in NOTEBOOKS] == ["01_quickstart.ipynb"]


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


def executed(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> nbformat.NotebookNode:
    """Return the notebook with its outputs; an error in a cell is raised."""
    for name in ("NEMO_TOKEN", "NEMO_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("IPYNEMO_DATA_DIR", str(folder / "data"))
    notebook = nbformat.read(path, as_version=4)
    demo.run(notebook, folder)
    return notebook


def text_of(notebook: nbformat.NotebookNode) -> str:
    parts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            parts += [output.get("text", ""), *map(str, output.get("data", {}).values())]
    return "\n".join(parts)


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
    assert re.findall(r"""<(?:script|link|img|iframe)[^>]*(?:src|href)=["']?https?:""", page) == []
    assert re.findall(r"""cdnjs|unpkg|jsdelivr|import\(["']http""", page) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["coffee.png", "data", "explained.mp4"]


def test_an_error_in_a_cell_fails_the_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("raise ValueError('seen')")])
    nbformat.write(notebook, tmp_path / "bad.ipynb")
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="seen"):
        executed(tmp_path / "bad.ipynb", tmp_path, monkeypatch)
