"""Export and play in a real JupyterLab: from the button to the video, through reloads, restarts and reopening."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest
from browser_lab import SCREENSHOTS, NotebookOpener, NotebookPage
from playwright.sync_api import Locator, expect

BEGIN = """
import ipynemo
from ipynemo import Draft
from ipynemo.widgets import Exporter, Player

def draft(seconds):
    names = ["What can this file tell us?", "Evidence", "Noise", "Limits"]
    each = seconds * 1000 // len(names)
    told = [{"id": f"s{n}", "st": n * each, "d": each, "tx": name, "n": name} for n, name in enumerate(names)]
    said = [{"id": f"c{n}", "st": n * each, "d": each, "tx": f"Caption {n}"} for n in range(4)]
    return Draft({"t": [{"id": "a", "tt": 7, "sg": told}, {"id": "c", "tt": 7, "m": {"role": "caption"}, "sg": said}],
                  "d": seconds * 1000, "m": {"title": "Hello robot", "width": 1280, "height": 720, "fps": 30}})

nemo = ipynemo.Nemo("local")
"""
EXPORT = """
session = nemo.create_session("What is an AI image?", language="en")
exporter = Exporter(session, draft=draft(%d), language="en")
exporter
"""
PLAY = "player = Player(exporter.clip, draft=exporter.draft, language='en'); player"
BROKEN = """
broken = Exporter(session, draft=draft(4), language="en")
broken._fail(ipynemo.errors.RenderFailedError("The export failed: robot.png is missing.", hint="Look at the draft."))
broken
"""
BUSY = "import time\nwhile not stop_it: time.sleep(0.05)"

NAMES = ["What can this file tell us?", "Evidence", "Noise", "Limits"]
ALT = "A frame of the video: Words on a plain ground. It says: What can this file tell us?"
STICKING_OUT = """() => [...document.querySelectorAll('.nemo')].flatMap((root) =>
    [...root.querySelectorAll('*')].filter((el) => el.getClientRects().length
        && el.getBoundingClientRect().right > root.getBoundingClientRect().right + 1).map((el) => el.className))"""


def long_s() -> int:
    """Return a length that takes a while; another one each time, because finished parts are kept for a second try."""
    return 240 + 4 * random.randrange(30)


def stage(page: NotebookPage, wanted: str, timeout_s: float = 60) -> Locator:
    """Wait for the exporter's card to be at a stage."""
    card = page.page.locator(f'.nemo-exporter [data-stage="{wanted}"]')
    card.wait_for(timeout=timeout_s * 1000)
    return card


def video_state(page: NotebookPage, number: int = 0) -> dict[str, object]:
    """Return where a video comes from and how far it is, when it has metadata."""
    video = page.page.locator("video").nth(number)
    page.page.wait_for_function("(v) => v.readyState >= 2", arg=video.element_handle())
    read = "v => ({ time: v.currentTime, length: v.duration, source: v.src, paused: v.paused, size: v.videoWidth })"
    return dict(video.evaluate(read))


def shown_without_a_server(page: NotebookPage) -> None:
    """The notebook as HTML, opened from the disk with no network: it plays."""
    convert = [sys.executable, "-m", "nbconvert", "--to", "html", "--output", "page.html", page.path.name]
    subprocess.run(convert, cwd=page.path.parent, env=page.lab.env, check=True, capture_output=True, timeout=120)
    tab = page.context.new_page()
    page.context.set_offline(True)
    tab.goto((page.path.parent / "page.html").as_uri())
    video = tab.locator("video")
    expect(video).to_have_count(2)
    tab.wait_for_function("() => [...document.querySelectorAll('video')].every((v) => v.readyState >= 2)")
    expect(tab.get_by_text("Saved beside this notebook: my-first-robot.mp4")).to_be_visible()
    tab.screenshot(path=SCREENSHOTS / "player-nbconvert.png", full_page=True)
    tab.close()
    page.context.set_offline(False)


def read_the_transcript(page: NotebookPage) -> None:
    """By keyboard alone: open it, read it, go where it leads; it can be read by all that axe knows of."""
    folded = page.page.locator(".nemo-player-transcript").first
    told = folded.locator("li")
    expect(told.first).to_be_hidden()
    folded.locator("summary").focus()
    page.page.keyboard.press("Enter")
    expect(told).to_have_count(1)
    expect(told.locator("p")).to_have_text(
        ["Words on a plain ground."]
        + [line for n, name in enumerate(NAMES) for line in (f"In the picture: {name}", f"Caption: Caption {n}")]
    )
    page.page.keyboard.press("Tab")  # the list, which scrolls
    page.page.keyboard.press("Tab")
    expect(page.page.get_by_role("button", name="Go to 0:00–0:08")).to_be_focused()
    page.page.keyboard.press("Enter")
    assert video_state(page)["time"] == 0
    page.screenshot("player-transcript", page.outputs(2))
    assert page.accessibility(".nemo-player") == []
    expect(page.page.locator("video").first).to_have_attribute("aria-label", ALT)


def test_from_the_button_to_the_playing_video_and_the_reopened_notebook(notebook: NotebookOpener) -> None:
    page = notebook([BEGIN, EXPORT % 8, PLAY, "Player(exporter.clip, embed=True, language='en')"])
    page.run_cell(0)
    page.run_cell(1)
    stage(page, "ready")
    page.screenshot("exporter-ready", page.outputs(1))
    assert page.accessibility(".nemo-exporter") == []
    page.page.get_by_label("File name").fill("../my first robot")
    page.page.get_by_role("button", name="Export video").click()
    stage(page, "render")
    page.screenshot("exporter-render", page.outputs(1))
    assert page.accessibility(".nemo-exporter") == []
    stage(page, "done")
    page.screenshot("exporter-done", page.outputs(1))
    assert page.accessibility(".nemo-exporter") == []
    expect(page.page.locator(".nemo-exporter-file strong")).to_have_text("my-first-robot.mp4")
    assert sorted(path.name for path in page.path.parent.glob("*.mp4")) == ["my-first-robot.mp4"]
    with page.page.expect_download() as download:
        page.page.locator(".nemo-exporter-result a").click()
    assert download.value.path().stat().st_size == (page.path.parent / "my-first-robot.mp4").stat().st_size

    page.run_cell(2)
    page.run_cell(3)
    assert video_state(page)["length"] == 8
    page.page.get_by_role("button", name="Noise, at 0:04").click()
    assert video_state(page)["time"] == pytest.approx(4, abs=0.05)
    page.page.get_by_role("button", name="Show captions").first.click()
    page.page.get_by_role("button", name="Play", exact=True).first.click()
    page.page.wait_for_function("() => document.querySelector('video').currentTime > 4.5")
    page.page.get_by_role("button", name="Pause").click()
    shown = "() => [...document.querySelector('video').textTracks[0].activeCues].map((cue) => cue.text)"
    assert page.page.evaluate(shown) == ["Caption 2"]
    page.page.locator(".nemo-player-seek").first.focus()
    page.page.keyboard.press("Home")
    page.page.keyboard.press("ArrowRight")
    assert video_state(page)["time"] == pytest.approx(5, abs=0.05)
    page.page.keyboard.press(">")
    expect(page.page.locator(".nemo-player-speed").first).to_have_value("1.25")
    page.screenshot("player", page.outputs(2))
    assert page.accessibility(".nemo-player") == []
    read_the_transcript(page)

    saved = page.save()
    text = json.dumps(saved)
    assert str(page.lab.folder) not in text
    assert page.lab.token not in text
    assert len(json.dumps(saved["cells"][:3])) < 200_000
    shown_without_a_server(page)
    untrusted = page.untrusted_copy()
    page.shutdown_kernel()
    for path, name in ((page.path, "reopened"), (untrusted, "untrusted")):
        page.open(path)
        page.ready()
        expect(page.page.get_by_text("Saved beside this notebook: my-first-robot.mp4")).to_be_visible()
        state = video_state(page)
        assert "/files/" in str(state["source"])
        assert (state["length"], state["size"]) == (8, 1280)
        assert str(video_state(page, 1)["source"]).startswith("data:video/mp4;base64,")
        page.page.locator("details summary", has_text="Transcript").first.click()
        expect(page.page.locator("details").first).to_contain_text("In the picture What can this file tell us?")
        page.screenshot(f"player-{name}")
        expect(page.page.get_by_text("model not found")).to_be_hidden()


def test_cancel_works_while_a_cell_runs_and_nothing_is_left(notebook: NotebookOpener) -> None:
    page = notebook([BEGIN + "stop_it = False", EXPORT % long_s(), BUSY])
    page.run_cell(0)
    page.run_cell(1)
    stage(page, "ready")
    page.run_cell(2, wait=False)
    expect(page.page.locator(".jp-InputPrompt", has_text="[*]")).to_have_count(1)
    page.page.get_by_role("button", name="Export video").click()
    stage(page, "render")
    assert page.is_busy()
    page.page.get_by_role("button", name="Cancel").click()
    stage(page, "cancelled")
    assert page.is_busy()
    page.screenshot("exporter-cancelled", page.outputs(1))
    assert list(page.path.parent.glob("*.mp4*")) == []
    # A page that comes later is heard as well, though the one that the kernel answered is gone.
    page.interrupt()
    page.save()
    page.open()
    page.ready()
    page.page.get_by_role("button", name="Export video").click()
    stage(page, "render")
    page.page.get_by_role("button", name="Cancel").click()
    stage(page, "cancelled")


def test_a_reloaded_page_and_a_restarted_kernel_pick_the_export_up(notebook: NotebookOpener) -> None:
    again = 'exporter = Exporter(nemo.session(open("session.txt").read()), language="en"); exporter'
    page = notebook([BEGIN, EXPORT % long_s() + 'open("session.txt", "w").write(session.session_id);\nexporter', again])
    page.run_cell(0)
    page.run_cell(1)
    stage(page, "ready")
    page.page.get_by_role("button", name="Export video").click()
    stage(page, "render")
    page.save()
    page.open()
    page.ready()
    stage(page, "render")
    page.screenshot("exporter-reloaded")
    page.restart_kernel()
    page.run_cell(0)
    page.run_cell(2)
    taken = page.outputs(2).locator(".nemo-exporter")
    expect(taken.get_by_text("Picked up the export that was already under way.")).to_be_visible()
    page.screenshot("exporter-taken-up", page.outputs(2))
    expect(taken.locator('[data-stage="done"]')).to_be_visible(timeout=150_000)
    assert [path.name for path in page.path.parent.glob("*.mp4")] == ["Hello-robot.mp4"]


@pytest.mark.parametrize(("width", "dark"), [(360, False), (360, True), (1200, True)])
def test_it_reads_well_narrow_and_in_the_dark(notebook: NotebookOpener, width: int, dark: bool) -> None:
    cells = [
        BEGIN,
        EXPORT % 4,
        "exporter.export('clip')",
        PLAY,
        "Exporter(language='en')",
        "Player(language='en')",
        BROKEN,
    ]
    page = notebook(cells, width=width, dark=dark)
    for number in (0, 1, 2):
        page.run_cell(number)
    stage(page, "done")
    for number in (3, 4, 5, 6):
        page.run_cell(number)
    video_state(page)
    page.page.wait_for_selector(".nemo-player-video[poster]")
    name = f"{width}-{'dark' if dark else 'light'}"
    for number, what in (
        (1, "exporter-done"),
        (3, "player"),
        (4, "exporter-none"),
        (5, "player-empty"),
        (6, "exporter-error"),
    ):
        page.outputs(number).scroll_into_view_if_needed()
        page.screenshot(f"{what}-{name}", page.outputs(number))
    assert page.accessibility(".nemo-exporter") == []
    assert page.accessibility(".nemo-player") == []
    assert page.page.evaluate(STICKING_OUT) == []


def test_a_missing_file_is_said_and_a_file_elsewhere_comes_from_the_kernel(notebook: NotebookOpener) -> None:
    elsewhere = "import shutil, tempfile, pathlib\nother = pathlib.Path(tempfile.mkdtemp()) / 'other.mp4'\n"
    elsewhere += "shutil.copy('clip.mp4', other); Player(other, language='en')"
    gone = "gone = Player('clip.mp4', language='en'); pathlib.Path('clip.mp4').unlink(); gone"
    page = notebook([BEGIN, EXPORT % 4, "exporter.export('clip')", elsewhere, gone])
    for number in (0, 1, 2):
        page.run_cell(number)
    stage(page, "done")
    page.run_cell(3)
    assert str(video_state(page)["source"]).startswith("blob:")
    page.run_cell(4)
    expect(page.outputs(4).get_by_text("Put clip.mp4 next to the notebook, or export it again.")).to_be_visible()
    page.screenshot("player-missing", page.outputs(4))
    assert "/tmp" not in json.dumps(page.save()["cells"][3])
