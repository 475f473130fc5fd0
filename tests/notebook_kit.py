"""What the tests of notebooks share: one is run top to bottom, in a folder of its own, and its outputs are read."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import av
import nbformat
import pytest

ROOT = Path(__file__).parents[1]

sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "docs")]
import demo  # noqa: E402 - scripts, not a package


def executed(
    path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, parameters: str | None = None
) -> nbformat.NotebookNode:
    """Return the notebook with its outputs; an error in a cell is raised.

    Parameters come in a cell behind the one that is tagged so, as papermill does it.
    """
    for name in ("NEMO_TOKEN", "NEMO_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("IPYNEMO_DATA_DIR", str(folder / "data"))
    notebook = nbformat.read(path, as_version=4)
    if parameters is not None:
        [at] = [n for n, cell in enumerate(notebook.cells, 1) if "parameters" in cell.metadata.get("tags", [])]
        notebook.cells.insert(at, nbformat.v4.new_code_cell(parameters))
    demo.run(notebook, folder)
    return notebook


def output_of(notebook: nbformat.NotebookNode, words: str, kind: str = "text/plain") -> str:
    """Return what the one code cell with these words in it gave, in a kind; streams count as plain text."""
    [cell] = [cell for cell in notebook.cells if cell.cell_type == "code" and words in cell.source]
    outputs = [output.get("data", {}).get(kind) or output.get("text", "") for output in cell.outputs]
    return "\n".join(filter(None, outputs))


def loaded_from_elsewhere(page: str) -> list[str]:
    found = re.findall(r"""<(?:script|link|img|iframe|video)[^>]*(?:src|href)=["']?https?:""", page)
    return found + re.findall(r"""cdnjs|unpkg|jsdelivr|import\(["']http""", page)


def decoded(path: Path) -> tuple[int, int, int]:
    """Return the width, the height and the number of frames of a clip, every one of them decoded."""
    with av.open(path) as clip:
        video = clip.streams.video[0]
        return video.width, video.height, sum(1 for _ in clip.decode(video))


def text_of(notebook: nbformat.NotebookNode) -> str:
    parts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            parts += [output.get("text", ""), *map(str, output.get("data", {}).values())]
    return "\n".join(parts)
