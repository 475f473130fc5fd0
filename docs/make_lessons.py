"""`make lessons`: run both lessons without a screen, and write them as pages to read, to print and to hand out.

Each page is one file that loads nothing from elsewhere; its clip lies beside it. On paper the answers are opened, on
sheets of their own.
"""

from __future__ import annotations

import copy
import os
import sys
import tempfile
from pathlib import Path

import nbclient
import nbformat

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import demo  # noqa: E402 - a script, not a package

LESSONS = ("05_what_is_an_ai_image", "06_make_a_real_one")

# JupyterLab's page is made for a screen: it has a column for numbers of cells, and boxes that a sheet would cut.
STYLE = """<style>
main { max-width: 60rem; margin: 0 auto; }
figcaption { font-size: .85em; line-height: 1.3; }
.jp-RenderedHTMLCommon blockquote { border-left: 4px solid #3b6ef5; background: #f3f6ff; color: #1d2530;
  padding: .6em 1em; margin: 1em 0; overflow-wrap: anywhere; }
details { margin: .4em 0; }
summary { cursor: pointer; }
video { max-width: 100%; height: auto; }
.jp-OutputArea-output pre { word-break: normal !important; overflow-wrap: anywhere; }
.jp-RenderedHTMLCommon table.dataframe :is(td, th) { text-align: left !important; white-space: normal; }
@page { size: A4; margin: 15mm 14mm; }
@media print {
  body.jp-Notebook { padding: 0; --jp-content-font-size1: 13px; --jp-content-line-height: 1.45; }
  main { max-width: none; }
  .jp-InputPrompt, .jp-OutputPrompt { display: none !important; }
  .jp-Cell { padding: 2pt 0; }
  .jp-InputArea, .jp-OutputArea, .jp-OutputArea-child, .jp-Cell-inputWrapper, .jp-Cell-outputWrapper,
  .jp-InputArea-editor, .jp-MarkdownOutput { display: block !important; overflow: visible !important; }
  .jp-InputArea-editor pre { font-size: 8.5pt; white-space: pre-wrap; overflow-wrap: anywhere; }
  .jp-RenderedHTMLCommon { overflow-wrap: anywhere; box-sizing: border-box; width: auto !important; padding-right: 0; }
  .jp-RenderedHTMLCommon table { font-size: 9pt; overflow-wrap: normal; }
  .jp-RenderedHTMLCommon :is(td, th):last-child { overflow-wrap: anywhere; }
  h1, h2, h3, summary, .jp-CodeCell .jp-Cell-inputWrapper, p:has(+ ul, + table) { break-after: avoid; }
  figure, img, video, table, blockquote, li, details, .jp-OutputArea-output,
  .jp-InputArea-editor { break-inside: avoid; }
  .jp-OutputArea-output:has(details), .jp-OutputArea-output details { break-inside: auto; }  /* a clip's transcript */
  p { orphans: 3; widows: 3; }
  .jp-OutputArea-child:not(:last-child), .jp-MarkdownCell:has(+ .jp-CodeCell) { break-after: avoid; }
  video { max-width: 105mm !important; }
  .celltag_answers { break-before: page; }
}
</style>
<script>
// On paper nothing can be unfolded, and nothing plays.
const folded = () => document.querySelectorAll("details:not([open])");
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...folded()];
  for (const one of opened) one.open = true;
  for (const one of document.querySelectorAll("video")) one.controls = false;
});
addEventListener("afterprint", () => {
  for (const one of opened) one.open = false;
  for (const one of document.querySelectorAll("video")) one.controls = true;
});
</script>
"""


def without_folded(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a copy in which the cells that are folded in the notebook are a line: they show nothing."""
    notebook = copy.deepcopy(notebook)
    for place, cell in enumerate(notebook.cells):
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            line = f"*(A folded cell: {len(cell.source.splitlines())} lines of Python, to be read in the notebook.)*"
            notebook.cells[place] = nbformat.v4.new_markdown_cell(line)
    return notebook


def page(notebook: nbformat.NotebookNode, name: str) -> str:
    """Return a lesson that was run as one page."""
    text = demo.page(without_folded(notebook), name)
    for lesson in LESSONS:
        text = text.replace(f'href="{lesson}.ipynb"', f'href="{lesson}.html"')
    return text.replace("</head>", f"{STYLE}</head>", 1)


def make(name: str, folder: Path) -> Path:
    """Run a lesson in the folder and write its page there; an error in a cell is raised."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    demo.run(notebook, folder)
    path = folder / f"{name}.html"
    path.write_text(page(notebook, name), encoding="utf-8")
    return path


def main() -> int:
    """Make both pages; print where they lie."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo-output/lessons").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("NEMO_TOKEN", "NEMO_API_URL"):
        os.environ.pop(name, None)
    pages = []
    with tempfile.TemporaryDirectory() as data:
        os.environ["IPYNEMO_DATA_DIR"] = data
        for name in LESSONS:
            print(f"Running notebooks/{name}.ipynb; a minute or two.", flush=True)
            try:
                pages.append(make(name, folder))
            except nbclient.exceptions.CellExecutionError as error:
                print(error, file=sys.stderr)
                return 1
    print(*pages, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
