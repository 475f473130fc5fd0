"""Fixtures of the browser tests: `lab`, a JupyterLab for all of them, and `notebook`, which opens pages in it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from browser_lab import Lab, NotebookOpener, NotebookPage, chromium
from playwright.sync_api import Browser, expect, sync_playwright

expect.set_options(timeout=30_000)  # the machine may be busy; also where one file runs alone

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FLAGS += ["--disable-sync", "--autoplay-policy=no-user-gesture-required", "--force-color-profile=srgb"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in this folder; a whole browser on a shared machine is given a second and a third try."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for each file: while Playwright is there its event loop counts as running in this thread.

    No test of a coroutine could follow in the same process, and pytest-xdist mixes the folders.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("lab"))
    yield lab
    lab.close()


@pytest.fixture
def notebook(lab: Lab, browser: Browser, request: pytest.FixtureRequest) -> Iterator[NotebookOpener]:
    """Return a function that writes a notebook of these cells and opens it in a browser of its own.

    Its keywords: `width`, `height` of the page in pixels, `dark`, `name` of the file, `kernel`.
    """
    opened: list[NotebookPage] = []

    def open_notebook(
        cells: Sequence[str],
        *,
        width: int = 1200,
        height: int = 900,
        dark: bool = False,
        name: str | None = None,
        kernel: str = "python3",
    ) -> NotebookPage:
        stem = re.sub(r"\W+", "_", request.node.name)
        if name is None:
            shutil.rmtree(lab.folder / f"{stem}_{len(opened)}", ignore_errors=True)  # what a first try has left
        path = lab.write(name or f"{stem}_{len(opened)}/notebook.ipynb", cells, kernel)
        page = NotebookPage(lab, browser, path, width=width, height=height, dark=dark)
        opened.append(page)
        return page

    yield open_notebook
    for page in opened:
        page.close()
