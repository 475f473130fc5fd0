"""The widgets in Voila: the clip from beside the notebook where Voila may serve it, else from the kernel."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser_lab import ROOT
from elsewhere_kit import PATIENCE_MS, cell, play, port, shown, talk, upload, write_clip, write_picture
from playwright.sync_api import Browser, Page, expect

from ipynemo.cli.labbing import copy_notebooks

__all__ = ["port"]

PATIENCE_S = 60.0


@contextlib.contextmanager
def voila(folder: Path, *arguments: str, cwd: Path) -> Iterator[str]:
    """Run Voila, started in `cwd`; yield its address."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEMO_", "JUPYTER", "JPY_"))}
    for name in ("home", "config", "data", "runtime", "ipython"):
        (folder / name).mkdir(exist_ok=True)
    env = kept | {
        "HOME": str(folder / "home"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
        "IPYNEMO_DATA_DIR": str(folder / "nemo"),
        "PYTHONPATH": str(ROOT / "src"),
    }
    with socket.socket() as probe:  # Voila cannot tell which port it was given
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "voila.log"
    command = [sys.executable, "-m", "voila", "--no-browser", "--Voila.ip=127.0.0.1", f"--port={port}", *arguments]
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    try:
        limit = time.monotonic() + PATIENCE_S
        while "is running at" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < limit, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()  # it ends its kernels
        process.wait(PATIENCE_S)


@pytest.fixture
def lessons(tmp_path: Path, port: int) -> Path:
    """Return a folder as `ipynemo lab` makes it, with a notebook and a clip in a folder below."""
    folder = tmp_path / "lessons"
    copy_notebooks(folder)
    (folder / "robots").mkdir()
    write_clip(folder / "robots" / "clip.mp4", 4_000_000)
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# Robots"), nbformat.v4.new_code_cell(cell(port))],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(notebook, folder / "robots" / "robot.ipynb")
    return folder


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return a function that opens an address and waits for the widgets."""
    contexts = []

    def open_page(address: str) -> Page:
        contexts.append(browser.new_context(viewport={"width": 1000, "height": 900}))
        page: Page = contexts[-1].new_page()
        page.goto(address)
        expect(page.locator(".nemo-timeline")).to_be_visible(timeout=PATIENCE_MS)
        return page

    yield open_page
    for context in contexts:
        context.close()


def test_with_our_setting_a_picture_goes_up_the_chat_answers_and_the_clip_is_served(
    lessons: Path, tmp_path: Path, visit: Callable[..., Page]
) -> None:
    with voila(tmp_path, "--theme=dark", cwd=lessons) as address:
        page = visit(f"{address}voila/render/robots/robot.ipynb")
        assert play(page).endswith("/robots/clip.mp4")
        upload(page, write_picture(tmp_path / "robot.png"))
        talk(page, "say It is noise.", "It is noise.")
        talk(page, "edit Robots", "Robots")
        page.locator(".nemo-player-seek").focus()
        page.keyboard.press("x")
        expect(page.locator(".nemo-player")).to_be_visible()
        expect(page.locator(".nemo-saved").first).to_be_hidden()
        dark = "(one) => getComputedStyle(one).getPropertyValue('--nemo-accent').trim()"
        assert page.locator(".nemo-chat").evaluate(dark) == "#7aa2ff"
        shown(page, "elsewhere-voila-dark")
        serious = [
            violation["id"]
            for violation in Axe().run(page, context=".nemo").response["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
        assert serious == []


def test_without_a_setting_the_clip_comes_from_the_kernel(
    lessons: Path, tmp_path: Path, visit: Callable[..., Page]
) -> None:
    with voila(tmp_path, str(lessons / "robots" / "robot.ipynb"), cwd=tmp_path) as address:
        page = visit(address)
        refused = page.request.get(f"{address}voila/files/clip.mp4")
        assert refused.status == 403
        assert play(page).startswith("blob:")
        shown(page, "elsewhere-voila")
