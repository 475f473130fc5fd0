"""`make lessons`: run both lessons without a screen, and write them as pages to read, to print and to hand out.

Each page is one file that loads nothing from elsewhere; its clip lies beside it. On paper the answers are opened, on
sheets of their own.
"""

from __future__ import annotations

import os
import shutil
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
main { max-width: 56rem; margin: 0 auto; }
figcaption { font-size: .85em; line-height: 1.3; }
blockquote { border-left: 4px solid #3b6ef5; background: #f3f6ff; padding: .6em 1em; margin: 1em 0; color: #1d2530; }
.jp-RenderedHTMLCommon blockquote table { margin-left: 0; width: 100%; }
details { margin: .4em 0; }
summary { cursor: pointer; }
@page { size: A4; margin: 15mm 14mm; }
@media print {
  body.jp-Notebook { padding: 0; font-size: 10.5pt; }
  main { max-width: none; }
  .jp-InputPrompt, .jp-OutputPrompt { display: none !important; }
  .jp-Cell { padding: 2pt 0; }
  .jp-InputArea, .jp-OutputArea, .jp-OutputArea-child, .jp-Cell-inputWrapper, .jp-Cell-outputWrapper,
  .jp-InputArea-editor, .jp-MarkdownOutput { display: block !important; overflow: visible !important; }
  .jp-CodeCell .jp-InputArea-editor pre { font-size: 8pt; white-space: pre-wrap; overflow-wrap: anywhere; }
  .jp-OutputArea-output pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  .jp-RenderedHTMLCommon table { width: 100%; table-layout: auto; font-size: 9pt; }
  .jp-RenderedHTMLCommon td, .jp-RenderedHTMLCommon th { white-space: normal !important; text-align: left; }
  h1, h2, h3, summary, .nemo-saved p { break-after: avoid; }
  figure, img, video, tr, blockquote, li, .jp-RenderedText, .ipynemo-evidence { break-inside: avoid; }
  p { orphans: 3; widows: 3; }
  .celltag_answers { break-before: page; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
</style>
<script>
addEventListener("beforeprint", () => { for (const one of document.querySelectorAll("details")) one.open = true; });
</script>
"""


def page(notebook: nbformat.NotebookNode, name: str) -> str:
    """Return a lesson that was run as one page."""
    text = demo.page(notebook, name)
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
    """Make the folder anew, with both lessons; print where they lie."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo-output/lessons").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
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
