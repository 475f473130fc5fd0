"""The whole job in one cell, in a real JupyterLab on the embedded backend: nothing is made up but the picture."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from browser_lab import NotebookOpener, NotebookPage
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page, expect

CELL = "import ipynemo\nstudio = ipynemo.Studio(language={language!r})\nstudio"
SHORT = "make a 5 second video of this picture"
STICKING_OUT = """() => [...document.querySelectorAll('.nemo-studio')].flatMap((root) =>
    [...root.querySelectorAll('*')].filter((el) => el.getClientRects().length && !el.closest('.nemo-timeline-stage')
        && el.getBoundingClientRect().right > root.getBoundingClientRect().right + 1).map((el) => el.className))"""


class Studio:
    """A studio that is open in a page."""

    def __init__(self, notebook: NotebookPage, number: int = 0) -> None:
        self.notebook = notebook
        self.page: Page = notebook.page
        self.root = self.page.locator(".nemo-studio").nth(number)
        self.line = self.root.locator(".nemo-studio-line")
        self.video = self.root.locator("video")

    def part(self, name: str) -> Locator:
        return self.root.locator(f'.nemo-studio-part[data-part="{name}"]')

    def states(self) -> list[str | None]:
        return [step.get_attribute("data-state") for step in self.root.locator(".nemo-studio-step").all()]

    def is_ready(self) -> None:
        expect(self.line).to_have_text("Ready. Drop a picture to begin.", timeout=60_000)
        expect(self.root.locator(".nemo-chat-input")).to_be_enabled()

    def upload(self, picture: Path) -> None:
        with self.page.expect_file_chooser() as choosing:
            self.root.locator(".nemo-drop").click()
        choosing.value.set_files(picture)
        expect(self.line).to_have_text("Your picture is here. Ask for an explanation.", timeout=60_000)

    def ask(self, text: str) -> None:
        self.root.locator(".nemo-chat-input").fill(text)
        self.root.get_by_role("button", name="Send").click()
        expect(self.line).to_contain_text("The draft is there:", timeout=60_000)

    def plays(self) -> None:
        """Wait until the video has moved on."""
        self.page.wait_for_function("(v) => v.currentTime > 0.3", arg=self.video.element_handle())
        assert self.video.evaluate("v => v.videoWidth") == 1920


def picture_of(path: Path, colour: str = "#c33c2c") -> Path:
    """Draw a robot of a kind."""
    image = Image.new("RGB", (960, 640), "#e9e4d8")
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((330, 170, 630, 520), 40, fill=colour)
    pen.ellipse((400, 250, 460, 310), fill="white")
    pen.ellipse((500, 250, 560, 310), fill="white")
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    return path


def test_the_whole_job_by_mouse_from_an_empty_cell_to_the_playing_video(
    notebook: NotebookOpener, tmp_path: Path
) -> None:
    page = notebook([CELL.format(language="en")], width=1400, height=1700)
    page.run_all()
    studio = Studio(page)
    studio.is_ready()
    assert studio.states() == ["open", "locked", "locked", "locked"]
    expect(studio.root.locator(".nemo-studio-where")).to_have_text("Local — nothing leaves this computer")
    expect(studio.root.locator(".nemo-chat-chip").first).to_have_text(
        "explain what an AI image is and how it was created"
    )
    page.screenshot("studio-1-empty")
    assert page.accessibility(".nemo-studio") == []

    studio.upload(picture_of(tmp_path / "robot.png"))
    assert studio.states() == ["done", "open", "locked", "locked"]
    page.screenshot("studio-2-uploaded")
    studio.ask(SHORT)
    assert studio.states() == ["done", "done", "open", "open"]
    expect(studio.line).to_have_text("The draft is there: 5 s. Look at it, change it, or export it.")
    page.screenshot("studio-3-draft")
    moment = studio.part("look").locator(".nemo-timeline-moment")
    expect(moment.get_by_role("img")).to_have_attribute("alt", "The video at 0:00")
    studio.part("look").locator("canvas").last.hover(position={"x": 420, "y": 110})
    expect(moment.get_by_role("img")).to_have_attribute("alt", re.compile(r"The video at 0:0[1-4]"))
    assert moment.locator("img").evaluate("(one) => one.naturalHeight") == 360
    page.screenshot("studio-3-moment")
    studio.part("look").get_by_role("tab", name="Table").click()
    expect(studio.part("look").get_by_role("row").filter(has_text="robot.png").first).to_be_visible()
    studio.part("look").get_by_role("tab", name="Timeline").click()

    studio.part("export").get_by_role("button", name="Export video").click()
    expect(studio.line).to_contain_text("Making the video… ", timeout=60_000)
    page.screenshot("studio-4-exporting")
    expect(studio.line).to_have_text("Your video is ready.", timeout=180_000)
    assert studio.states() == ["done", "done", "done", "done"]
    studio.root.locator(".nemo-player-big").click()
    studio.plays()
    page.screenshot("studio-5-playing")
    assert page.accessibility(".nemo-studio") == []
    assert [line for line in page.console if line.startswith(("error", "pageerror")) and "nemo" in line] == []

    saved = page.save()
    stored = json.dumps(saved)
    assert len(stored) < 400_000
    for secret in (page.lab.folder, page.lab.home, tmp_path):
        assert str(secret) not in stored
    assert re.search(r"nmv_|[Bb]earer", stored) is None
    page.shutdown_kernel()
    page.open(page.untrusted_copy())
    reopened = page.page.locator(".nemo-saved")
    for told in (SHORT, "Here is a draft of 5 s", "robot.png", "5.0 s · 1920×1080"):
        expect(reopened).to_contain_text(told)
    video = reopened.locator("video")
    page.page.wait_for_function(
        "(v) => v.readyState >= 1 && Math.abs(v.duration - 5) < 0.1", arg=video.element_handle()
    )
    page.screenshot("studio-6-reopened")


def test_the_whole_job_by_keyboard_alone(notebook: NotebookOpener, tmp_path: Path) -> None:
    page = notebook([CELL.format(language="en")], width=1000, height=1400, dark=True)
    page.run_all()
    studio = Studio(page)
    studio.is_ready()
    keyboard = page.page.keyboard
    pressed = 0

    def tab_to(what: Locator) -> None:
        """Press Tab until it has the focus."""
        nonlocal pressed
        handle = what.element_handle()
        for _ in range(60):
            if page.page.evaluate("(wanted) => wanted === document.activeElement", handle):
                return
            keyboard.press("Tab")
            pressed += 1
        raise AssertionError(f"Tab does not lead to {what}")

    page.page.locator(".nemo-studio-step").first.focus()  # where Tab leads from the cell
    keyboard.press("Enter")  # the first step leads to its panel
    with page.page.expect_file_chooser() as choosing:
        tab_to(studio.root.locator(".nemo-drop"))
        keyboard.press("Enter")
    choosing.value.set_files(picture_of(tmp_path / "robot.png"))
    expect(studio.line).to_have_text("Your picture is here. Ask for an explanation.", timeout=60_000)
    tab_to(studio.root.locator(".nemo-chat-input"))
    keyboard.type(SHORT)
    keyboard.press("Enter")
    expect(studio.line).to_contain_text("The draft is there: 5 s", timeout=60_000)
    tab_to(studio.part("export").get_by_role("button", name="Export video"))
    keyboard.press("Enter")
    expect(studio.line).to_have_text("Your video is ready.", timeout=180_000)
    tab_to(studio.root.locator(".nemo-player-play"))
    keyboard.press("Space")
    studio.plays()
    page.screenshot("studio-keyboard-dark")
    assert page.accessibility(".nemo-studio") == []
    assert 5 < pressed < 60


def test_two_studios_side_by_side_keep_apart(notebook: NotebookOpener, tmp_path: Path) -> None:
    cells = ["import ipynemo\none = ipynemo.Studio(language='en')\none", "two = ipynemo.Studio(language='en')\ntwo"]
    page = notebook(cells, width=1200, height=1600)
    page.run_all()
    one, two = Studio(page, 0), Studio(page, 1)
    one.is_ready()
    two.is_ready()
    one.upload(picture_of(tmp_path / "red.png"))
    hostile = "<img src=x onerror=window.nemoWasHere=1>.png"
    two.upload(picture_of(tmp_path / hostile, "#2c59d6"))
    two.ask("make a 6 second video of this picture")
    one.ask(SHORT)
    expect(one.line).to_contain_text("The draft is there: 5 s")
    expect(two.line).to_contain_text("The draft is there: 6 s")
    expect(one.root.get_by_role("log")).not_to_contain_text("6 second")
    expect(two.root).to_contain_text(hostile)
    told = page.execute(
        "print(one.session.session_id != two.session.session_id, one.session.nemo is two.session.nemo,"
        " one.timeline.draft.duration_s, two.timeline.draft.duration_s)"
    )
    assert told.strip() == "True True 5.0 6.0"
    assert page.page.evaluate("() => window.nemoWasHere") is None
    page.screenshot("studio-two")


def test_an_export_outlives_a_reload_of_the_page_and_a_restart_of_the_kernel(
    notebook: NotebookOpener, tmp_path: Path
) -> None:
    page = notebook([CELL.format(language="en")], width=1200, height=1600)
    page.run_all()
    studio = Studio(page)
    studio.is_ready()
    studio.upload(picture_of(tmp_path / "robot.png"))
    studio.ask("make a 12 second video of this picture")
    studio.part("export").get_by_role("button", name="Export video").click()
    expect(studio.line).to_contain_text("Making the video", timeout=60_000)
    page.save()
    page.open()
    studio = Studio(page)
    expect(studio.line).to_contain_text("Making the video… ", timeout=60_000)
    expect(studio.root.get_by_role("log")).to_contain_text("make a 12 second video of this picture")
    page.restart_kernel()
    page.run_all()
    studio = Studio(page)
    notice = studio.root.locator(".nemo-studio-notice")
    expect(notice).to_contain_text("is still under way.", timeout=60_000)
    page.screenshot("studio-after-restart")
    notice.get_by_role("button", name="Go on with it").click()
    expect(studio.root.get_by_role("log")).to_contain_text("make a 12 second video of this picture", timeout=60_000)
    expect(studio.line).to_contain_text("Making the video", timeout=60_000)
    expect(studio.line).to_have_text("Your video is ready.", timeout=240_000)
    studio.root.locator(".nemo-player-big").click()
    studio.plays()
    assert len(list(page.path.parent.glob("*.mp4"))) == 1


@pytest.mark.parametrize(("width", "dark", "language"), [(360, True, "zh"), (360, False, "en"), (1600, True, "en")])
def test_it_reads_well_narrow_wide_and_in_the_dark(
    notebook: NotebookOpener, tmp_path: Path, width: int, dark: bool, language: str
) -> None:
    begin = f"import ipynemo\nstudio = ipynemo.Studio(language={language!r})"
    picture_of(tmp_path / "robot.png")
    job = f"""
await studio.ready()
studio.uploader.add({str(tmp_path / "robot.png")!r})
await studio.uploader.finished()
import asyncio
await asyncio.wrap_future(studio.chat.send("explain what an AI image is and how it was created"))
studio
"""
    page = notebook([begin, job], width=width, height=2600 if width < 400 else 1500, dark=dark)
    page.run_all()
    root = page.page.locator(".nemo-studio")
    expect(root.locator(".nemo-timeline canvas").first).to_be_visible(timeout=60_000)
    expect(root.locator('.nemo-studio-step[data-state="open"]')).to_have_count(2)
    page.screenshot(f"studio-{width}-{'dark' if dark else 'light'}-{language}")
    assert page.page.evaluate(STICKING_OUT) == []
    assert page.accessibility(".nemo-studio") == []


def test_a_backend_that_is_not_there_is_said_with_a_way_on(notebook: NotebookOpener) -> None:
    page = notebook(
        ["import ipynemo\nipynemo.Studio(nemo='http://127.0.0.1:9', language='en')"], width=900, height=1200
    )
    page.run_all()
    studio = Studio(page)
    expect(studio.line).to_have_text("Something went wrong; see below.", timeout=60_000)
    alert = studio.root.locator(".nemo-studio-header > .nemo-error")
    expect(alert).to_contain_text("cannot be reached")
    expect(studio.root.locator(".nemo-studio-where")).to_have_text("Cloud — 127.0.0.1:9")
    alert.get_by_role("button", name="Try again").click()
    expect(alert).to_contain_text("cannot be reached", timeout=60_000)
    expect(studio.root.locator(".nemo-chat-input")).to_be_disabled()
    page.screenshot("studio-no-backend")
    assert page.accessibility(".nemo-studio") == []
