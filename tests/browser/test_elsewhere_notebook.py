"""The widgets in Notebook 7: shown, heard, played by the path relative to the notebook, and there again tomorrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_lab import Lab, NotebookOpener
from elsewhere_kit import cell, play, port, talk, upload, write_clip, write_picture
from playwright.sync_api import expect

__all__ = ["port"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Notebook 7 in place of JupyterLab, behind a prefix as JupyterHub gives it."""
    lab = Lab(tmp_path_factory.mktemp("notebook7"), app="notebook", prefix="/user/ada/")
    yield lab
    lab.close()


def test_widgets_work_and_the_saved_notebook_plays_again(
    notebook: NotebookOpener, lab: Lab, port: int, tmp_path: Path
) -> None:
    folder = lab.folder / "my lessons"
    folder.mkdir()
    write_clip(folder / "clip.mp4")
    page = notebook([cell(port)], name="my lessons/robot.ipynb", height=1500)
    assert page.page.evaluate("jupyterapp.name") == "Jupyter Notebook"
    page.run_cell(0)
    upload(page.page, write_picture(tmp_path / "robot.png"))
    talk(page.page, "say It is noise.", "It is noise.")
    talk(page.page, "edit Robots", "Robots")
    assert "/user/ada/files/my%20lessons/clip.mp4" in play(page.page)
    expect(page.page.locator(".nemo-timeline")).to_be_visible()
    page.screenshot("elsewhere-notebook7", page.outputs(0))
    # A key that is the notebook's in command mode stays in the widget.
    page.page.locator(".nemo-player-seek").focus()
    page.page.keyboard.press("x")
    assert page.page.locator(".jp-CodeCell").count() == 1
    assert page.accessibility(".nemo-player") == []

    page.save()
    page.shutdown_kernel()
    page.open()
    video = page.page.locator(".nemo-saved video")
    expect(video).to_be_visible()
    page.page.wait_for_function("(v) => v.readyState >= 2", arg=video.element_handle())
    assert "/user/ada/files/my%20lessons/clip.mp4" in video.evaluate("(v) => v.currentSrc")
    expect(page.page.locator(".nemo-saved").filter(has_text="It is noise.")).to_be_visible()
    expect(page.page.get_by_text("model not found").first).to_be_hidden()
    page.screenshot("elsewhere-notebook7-reopened")
