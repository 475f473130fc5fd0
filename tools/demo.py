"""`make demo`: run the quickstart notebook without a screen, and leave its clip and its page in a folder.

The embedded backend does the work, with its data in that folder too; nothing is sent anywhere.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import nbclient
import nbformat
from nbconvert import HTMLExporter

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "01_quickstart.ipynb"
CELL_LIMIT_S = 900
# A page that is read without a network has no use for scripts from elsewhere; the notebook has no formulas.
NO_SCRIPTS = {"mathjax_url": "", "require_js_url": "", "jquery_url": "", "mermaid_js_url": ""}


def first_line(source: str) -> str:
    """Return what a cell is about: its first line."""
    return next((line.strip("# ") for line in source.splitlines() if line.strip()), "")


def run(notebook: nbformat.NotebookNode, folder: Path) -> None:
    """Execute the notebook in the folder, telling the headings and cells on the way."""

    def told(cell: nbformat.NotebookNode, cell_index: int) -> None:
        before = notebook.cells[cell_index - 1] if cell_index else cell
        about = before if before.cell_type == "markdown" else cell
        print(f"  [{cell_index + 1}/{len(notebook.cells)}] {first_line(about.source)}", flush=True)

    client = nbclient.NotebookClient(
        notebook, timeout=CELL_LIMIT_S, resources={"metadata": {"path": str(folder)}}, on_cell_execute=told
    )
    client.execute()


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
    page, _ = HTMLExporter(**NO_SCRIPTS).from_notebook_node(notebook, {"metadata": {"name": NOTEBOOK.stem}})
    html = folder / f"{NOTEBOOK.stem}.html"
    html.write_text(page, encoding="utf-8")
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
