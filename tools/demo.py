"""`make demo`: run the quickstart notebook without a screen, and leave its clip and its page in a folder.

The embedded backend does the work, with its data in that folder too; nothing is sent anywhere.
"""

from __future__ import annotations

import copy
import os
import re
import shutil
import sys
from pathlib import Path

import nbclient
import nbformat
from nbconvert import HTMLExporter

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "01_quickstart.ipynb"
CELL_LIMIT_S = 900
# The kernel warns that its messages are not encrypted; they stay on this computer.
QUIET = ["--log-level=ERROR"]


def heading(source: str) -> str | None:
    """Return the heading that a Markdown cell opens with."""
    return source.splitlines()[0].lstrip("# ") if source.startswith("#") else None


def run(notebook: nbformat.NotebookNode, folder: Path) -> None:
    """Execute the notebook in the folder, telling the headings on the way; an error in a cell is raised."""

    def told(cell_index: int, **_: object) -> None:
        before = notebook.cells[cell_index - 1]
        if before.cell_type == "markdown" and (about := heading(before.source)):
            print(f"  {about}", flush=True)

    nbclient.NotebookClient(
        notebook,
        timeout=CELL_LIMIT_S,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=QUIET,
        on_cell_execute=told,
    ).execute()


def without_widgets(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a copy in which no output asks for a living widget."""
    notebook = copy.deepcopy(notebook)
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for kind in [kind for kind in output.get("data", {}) if kind.startswith("application/vnd.jupyter.widget")]:
                del output.data[kind]
    return notebook


def page(notebook: nbformat.NotebookNode, name: str = NOTEBOOK.stem) -> str:
    """Return the notebook as a page that loads nothing from elsewhere: it has neither formulas nor diagrams.

    Widgets are shown by their saved forms, because what draws living ones would come from the network.
    """
    notebook = without_widgets(notebook)
    scripts = [
        name for name in HTMLExporter.class_trait_names() if name.endswith(("js_url", "mathjax_url", "jquery_url"))
    ]
    exporter = HTMLExporter(**dict.fromkeys(scripts, ""))
    text, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": name}})
    return re.sub(r'<script src="">\s*</script>', "", str(text))


def main() -> int:
    """Make the folder anew, run, export, and print the two paths as the last lines."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo-output").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("NEMO_TOKEN", "NEMO_API_URL"):  # this demo is the local one, whatever else is set up here
        os.environ.pop(name, None)
    os.environ["IPYNEMO_DATA_DIR"] = str(folder / "data")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    print(f"Running {NOTEBOOK.relative_to(ROOT)}; a minute or two.", flush=True)
    try:
        run(notebook, folder)
    except nbclient.exceptions.CellExecutionError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        nbformat.write(notebook, folder / NOTEBOOK.name)
    html = folder / f"{NOTEBOOK.stem}.html"
    html.write_text(page(notebook), encoding="utf-8")
    clips = sorted(folder.glob("*.mp4"))
    if not clips:
        print("The notebook made no clip.", file=sys.stderr)
        return 1
    print()
    for path in (*clips, html):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
