"""A lesson on paper: what is folded is opened, the answers begin a sheet, nothing is loaded and nothing is cut off."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]

sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "docs")]
import make_lessons  # noqa: E402 - a script, not a package

A4_MM = (297, 210)
MARGINS_MM = 28
ANSWERS = "## Answers\n\n<details><summary>Exercise 1</summary>\n\nIt is 42.\n\n</details>"
# What lies beyond the sheet, when the page is laid out as wide as paper.
CUT_OFF = """() => [...document.querySelectorAll('main *')]
    .filter((el) => el.getClientRects().length && el.getBoundingClientRect().right > innerWidth + 1)
    .map((el) => `${el.tagName} ${el.className} ${el.getBoundingClientRect().right - innerWidth}`)"""
PRINTED = """() => addEventListener('beforeprint', () => {
    window.printed = {
        open: [...document.querySelectorAll('details')].map((one) => one.open),
        controls: document.querySelector('video').controls,
    };
})"""


def lesson() -> nbformat.NotebookNode:
    """Return a notebook with all that a sheet of paper finds hard."""
    wide = "_".join(["word"] * 60)
    outputs = [
        nbformat.v4.new_output("display_data", {"text/html": '<video controls src="clip.mp4"></video>'}),
        nbformat.v4.new_output("stream", text=f"{wide}\n"),
        nbformat.v4.new_output("display_data", {"text/html": f"<table class='dataframe'><td>{wide * 2}</td></table>"}),
    ]
    folded = nbformat.v4.new_code_cell("secret = 1", metadata={"jupyter": {"source_hidden": True}})
    return nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(f"# A lesson\n\n> {wide}"),
            folded,
            nbformat.v4.new_code_cell(f"x = '{wide}'", outputs=outputs),
            nbformat.v4.new_markdown_cell(ANSWERS, metadata={"tags": ["answers"]}),
        ]
    )


def test_a_lesson_is_printed_whole(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "lesson.html"
    file.write_text(make_lessons.page(lesson(), "lesson"), encoding="utf-8")
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    assert "secret = 1" not in page.inner_text("main")
    assert not page.get_by_text("It is 42.").is_visible()
    page.evaluate(PRINTED)
    sheets = page.pdf(prefer_css_page_size=True)
    assert sheets.count(b"/Type /Page\n") == 2  # the answers can be left out
    assert page.evaluate("window.printed") == {"open": [True], "controls": False}
    assert page.evaluate("[document.querySelector('details').open, document.querySelector('video').controls]") == [
        *(False, True),
    ]
    page.emulate_media(media="print")
    page.set_viewport_size({"width": round((A4_MM[1] - MARGINS_MM) * 96 / 25.4), "height": 1000})
    assert page.evaluate(CUT_OFF) == []
    assert {url.split(":")[0] for url in asked} <= {"file", "data"}
    page.close()
