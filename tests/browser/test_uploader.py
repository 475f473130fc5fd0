"""The uploader in a real JupyterLab: large files, broken connections, busy kernels, and every way in."""

from __future__ import annotations

import os
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from browser_lab import NotebookOpener, NotebookPage
from PIL import Image
from playwright.sync_api import Locator, expect

ALONE = "from ipynemo.widgets import Uploader\nup = Uploader(language='en')\nup"
LOCAL = """
import ipynemo
from ipynemo.widgets import Uploader
session = ipynemo.Nemo("local").create_session("uploads", language="en")
up = Uploader(session, language="en")
up
"""
UNTIL_GO = "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.05)\nprint('the cell is done')"
CHOOSE = ".nemo-uploader input[type=file]"
DROP = """(zone, files) => {
    const data = new DataTransfer();
    for (const [name, text, type] of files) {
        if (name) data.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name, { type }));
        else data.setData(type, text);
    }
    for (const kind of ["dragenter", "dragover", "drop"]) {
        zone.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
    }
}"""
OVER = """(zone) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["x"], "x.png"));
    zone.dispatchEvent(new DragEvent("dragover", { dataTransfer, bubbles: true, cancelable: true }));
}"""
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg=="
PATIENCE_S = 60.0
PATIENCE_MS = 60_000


def sound(path: Path, size: int) -> Path:
    """Write a WAV file of this size, 96 kHz, 32 bit, two channels, of noise: nothing on the way can make it smaller."""
    body = size - 44
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, 96_000, 768_000, 8, 32)
    with path.open("wb") as file:
        file.write(struct.pack("<4sI4s", b"RIFF", size - 8, b"WAVE") + form + struct.pack("<4sI", b"data", body))
        while body:
            body -= file.write(os.urandom(min(body, 1 << 20)))
    return path


def picture(path: Path, color: str = "teal", size: tuple[int, int] = (800, 600)) -> Path:
    Image.linear_gradient("L").resize(size).convert("RGB").save(path)
    image = Image.open(path)
    Image.blend(image, Image.new("RGB", size, color), 0.6).save(path)
    return path


def rows(page: NotebookPage) -> Locator:
    return page.page.locator(".nemo-upload-row")


def until(there: Callable[[], Any]) -> Any:
    limit = time.monotonic() + PATIENCE_S
    while time.monotonic() < limit:
        if found := there():
            return found
        time.sleep(0.1)
    raise AssertionError("it never came")


def in_kernel(page: NotebookPage, expression: str) -> str:
    return page.execute(f"print({expression})").strip()


def spool_sum(page: NotebookPage) -> str:
    return in_kernel(page, "__import__('zlib').crc32(next(iter(up._rows)).source.read_bytes())")


def part_of(page: NotebookPage) -> float:
    return float(rows(page).first.locator("progress").evaluate("(bar) => bar.value"))


@pytest.mark.parametrize(("width", "dark"), [(1200, False), (420, False), (1200, True)])
def test_the_empty_uploader_invites_and_refuses_with_the_accepted_formats(
    notebook: NotebookOpener, tmp_path: Path, width: int, dark: bool
) -> None:
    page = notebook([ALONE], width=width, dark=dark)
    page.run_all()
    shot = f"uploader-{'dark' if dark else 'light'}-{width}"
    zone = page.page.get_by_role("button", name="Drop pictures, videos or sounds here")
    expect(zone).to_be_visible()
    page.screenshot(f"{shot}-empty", page.outputs())
    assert page.accessibility(".nemo-uploader") == []

    photo = tmp_path / "IMG_0001.HEIC"
    photo.write_bytes(b"x")
    notes, empty, big = tmp_path / "notes.txt", tmp_path / "empty.png", tmp_path / "big.mov"
    notes.write_text("not a picture")
    empty.touch()
    with big.open("wb") as file:
        file.truncate(200 * 1024 * 1024 + 1)
    page.page.set_input_files(CHOOSE, [notes, photo, empty, big, picture(tmp_path / "robot.png")])
    refused = page.page.locator(".nemo-upload-notices")
    expect(refused).to_contain_text("“notes.txt” is not a file that can be uploaded.")
    expect(refused).to_contain_text(
        "Accepted: Pictures jpg jpeg png gif webp · Videos mp4 mov avi webm mkv · Sounds mp3"
    )
    expect(refused).to_contain_text("iPhone: Settings → Camera → Formats → Most Compatible. Accepted: Pictures jpg")
    expect(refused).to_contain_text("“empty.png” is empty.")
    expect(refused).to_contain_text("“big.mov” has 209.7 MB; at most 200 MB are taken.")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("ready, goes as soon as there is a session")
    expect(rows(page).locator("img")).to_be_visible()
    page.screenshot(f"{shot}-refused", page.outputs())
    assert page.accessibility(".nemo-uploader") == []
    assert page.page.evaluate("document.querySelector('.nemo-uploader').scrollWidth") <= width

    page.page.get_by_role("button", name="Close this message").click()
    expect(refused).to_be_empty()
    page.page.set_input_files(CHOOSE, [tmp_path / "robot.png"])  # the same file again
    expect(rows(page)).to_have_count(2)
    page.page.get_by_role("button", name="Remove robot.png").or_(
        page.page.get_by_role("button", name="Cancel the upload of robot.png")
    ).first.click()
    expect(rows(page)).to_have_count(1)
    assert page.page.evaluate("document.activeElement.closest('.nemo-upload-row') !== null")  # focus is not lost


def test_keys_alone_reach_everything(notebook: NotebookOpener, tmp_path: Path) -> None:
    page = notebook([ALONE])
    page.run_all()
    keys = page.page.keyboard
    with page.page.expect_file_chooser() as chosen:
        page.page.locator(".nemo-drop").press("Enter")
    chosen.value.set_files([picture(tmp_path / "robot.png")])
    expect(rows(page)).to_have_count(1)
    assert chosen.value.is_multiple()
    keys.press("Tab")
    assert page.page.evaluate("document.activeElement.type") == "url"
    keys.type("no address x")  # "x" would cut the cell, were it JupyterLab's
    keys.press("Enter")
    expect(page.page.locator(".nemo-upload-notices")).to_contain_text("“no address x” is not an address")
    keys.press("Tab")
    keys.press("Tab")  # the message's button
    keys.press("Enter")
    expect(page.page.locator(".nemo-upload-notices")).to_be_empty()
    page.page.get_by_role("button", name="Clear the list").focus()
    keys.press("Enter")
    expect(rows(page)).to_have_count(0)
    assert page.page.evaluate("document.activeElement.classList.contains('nemo-drop')")
    expect(page.page.locator(".nemo-upload-card [aria-live=polite]")).to_have_text("The list is empty.")
    assert page.page.locator(".jp-CodeCell").count() == 1


def test_files_and_addresses_are_dropped_and_pasted(notebook: NotebookOpener, tmp_path: Path) -> None:
    page = notebook([ALONE])
    page.run_all()
    zone = page.page.locator(".nemo-drop")
    zone.evaluate(OVER)
    expect(zone).to_contain_text("Let go to upload")
    page.screenshot("uploader-drag-over", page.outputs())
    zone.evaluate(DROP, [["a.png", PNG, "image/png"], ["b.png", PNG, "image/png"]])
    expect(rows(page)).to_have_count(2)
    expect(zone).to_contain_text("Add more files")
    zone.evaluate(DROP, [["", "https://example.org/c.png", "text/uri-list"]])
    expect(page.page.get_by_label("Address of a picture")).to_have_value("https://example.org/c.png")
    page.page.get_by_role("button", name="Add", exact=True).click()
    expect(rows(page)).to_have_count(3)
    expect(rows(page).nth(2)).to_contain_text("c.png")

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.page.evaluate(
        """async (png) => {
            const bytes = Uint8Array.from(atob(png), (c) => c.charCodeAt(0));
            const picture = new Blob([bytes], { type: "image/png" });
            await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
        }""",
        PNG,
    )
    zone.focus()
    page.page.keyboard.press("Control+V")
    expect(rows(page).nth(3)).to_contain_text("pasted-1.png")
    page.page.evaluate("() => navigator.clipboard.writeText('only words')")
    page.page.keyboard.press("Control+V")
    expect(page.page.locator(".nemo-upload-notices")).to_contain_text("There is no file and no address")
    expect(rows(page)).to_have_count(4)
    assert page.page.locator(".jp-CodeCell").count() == 1  # nothing was pasted into the notebook


def test_pictures_and_a_path_become_assets_and_stay_in_the_saved_notebook(
    notebook: NotebookOpener, tmp_path: Path
) -> None:
    page = notebook([LOCAL, "seen = []\nup.observe(lambda change: seen.append(len(change['new'])), 'assets')\nup"])
    page.run_all()
    picture(page.lab.folder / "from-disk.png", "orange")
    assert page.page.locator(".nemo-uploader").count() == 2  # two views of one widget
    page.page.set_input_files(
        f"{CHOOSE} >> nth=0", [picture(tmp_path / "robot.png"), picture(tmp_path / "cat.jpg", "red")]
    )
    first = page.outputs(0).locator(".nemo-upload-row")
    expect(first).to_have_count(2)
    expect(page.outputs(1).locator(".nemo-upload-row")).to_have_count(2)
    in_kernel(page, f"up.add({str(page.lab.folder / 'from-disk.png')!r})")
    for number, name in enumerate(["robot.png", "cat.jpg", "from-disk.png"]):
        expect(first.nth(number)).to_have_attribute("data-state", "done", timeout=PATIENCE_MS)
        expect(first.nth(number)).to_contain_text(name)
        expect(first.nth(number)).to_contain_text("800×600 · uploaded")
        expect(first.nth(number).locator("img")).to_be_visible()
    assert in_kernel(page, "[asset.name for asset in up.assets], max(seen)") == (
        "['robot.png', 'cat.jpg', 'from-disk.png'] 3"
    )
    broken = tmp_path / "broken.png"
    broken.write_text("this is no picture")
    page.page.set_input_files(f"{CHOOSE} >> nth=1", [broken])
    expect(first.nth(3)).to_contain_text("its content is not what its name says")
    page.page.locator(".nemo-upload-address").first.fill("http://127.0.0.1:1/robot.png")
    page.page.locator(".nemo-upload-address").first.press("Enter")
    expect(first.nth(4)).to_have_attribute("data-state", "failed", timeout=PATIENCE_MS)
    page.screenshot("uploader-assets", page.outputs(0))
    assert page.accessibility(".nemo-uploader") == []

    saved = page.save()
    assert len(str(saved)) < 60_000
    assert str(page.lab.folder) not in str(saved["cells"][0]["outputs"])
    page.shutdown_kernel()
    page.open(page.untrusted_copy())
    kept = page.page.locator(".nemo-saved, .jp-OutputArea-output").filter(has_text="robot.png").first
    expect(kept).to_contain_text("from-disk.png")
    page.screenshot("uploader-reopened-untrusted")


def test_200_mb_become_an_asset_while_the_kernel_stays_small(notebook: NotebookOpener, tmp_path: Path) -> None:
    page = notebook([LOCAL])
    page.run_all()
    thirty, large = sound(tmp_path / "thirty.wav", 30_000_000), sound(tmp_path / "large.wav", 200_000_000)
    page.page.set_input_files(CHOOSE, [thirty])
    expect(rows(page).first).to_have_attribute("data-state", "done", timeout=PATIENCE_MS)
    kernel = psutil.Process(int(in_kernel(page, "__import__('os').getpid()")))
    before, most = kernel.memory_info().rss, 0
    page.page.set_input_files(CHOOSE, [large])
    second = rows(page).nth(1)
    is_shown = False
    while second.get_attribute("data-state") not in ("done", "failed"):
        most = max(most, kernel.memory_info().rss)
        if not is_shown and "MB/s" in second.inner_text():
            page.screenshot("uploader-200-mb", page.outputs())
            is_shown = True
        time.sleep(0.1)
    expect(second).to_contain_text("200.0 MB")
    expect(second).to_have_attribute("data-state", "done", timeout=PATIENCE_MS)
    assert is_shown
    assert most - before < 32e6
    assert (
        in_kernel(page, "[(a.name, a.kind) for a in up.assets]") == "[('thirty.wav', 'audio'), ('large.wav', 'audio')]"
    )


def test_an_upload_goes_on_where_it_was_after_the_connection_broke(notebook: NotebookOpener, tmp_path: Path) -> None:
    page = notebook([ALONE])
    page.run_all()
    large = sound(tmp_path / "large.wav", 60_000_000)
    kernel = "jupyterapp.shell.currentWidget.sessionContext.session.kernel"
    page.page.evaluate("() => { window.seen = []; }")
    page.page.evaluate(f"() => {{ {kernel}.connectionStatusChanged.connect((_, is) => window.seen.push(is)); }}")
    page.uplink(10_000_000)
    page.page.set_input_files(CHOOSE, [large])
    for part in (0.1, 0.4):
        until(lambda part=part: part_of(page) > part)
        page.page.evaluate(f"() => {kernel}._ws.close(4000)")
    expect(rows(page)).to_have_attribute("data-state", "waiting", timeout=PATIENCE_MS)
    assert page.page.evaluate("window.seen") == ["connecting", "connected", "connecting", "connected"]
    assert spool_sum(page) == str(zlib.crc32(large.read_bytes()))
    assert in_kernel(page, "len(up.files)") == "1"


@pytest.mark.parametrize("subshells", ["perCommTarget", "disabled"])
def test_an_upload_begun_while_a_cell_runs_is_not_lost(
    notebook: NotebookOpener, tmp_path: Path, subshells: str
) -> None:
    page = notebook([LOCAL, UNTIL_GO])
    page.ready()
    page.page.evaluate("(how) => { jupyterapp.serviceManager.kernels.commsOverSubshells = how; }", subshells)
    page.run_cell(0)
    page.run_cell(1, wait=False)
    until(page.is_busy)
    page.page.set_input_files(CHOOSE, [sound(tmp_path / "one.wav", 5_000_000), picture(tmp_path / "two.png")])
    go = page.path.with_name("go")
    if subshells == "disabled":  # as with kernels that have none
        expect(rows(page).nth(0)).to_contain_text("waiting for the kernel, which is busy. Nothing is lost.")
        page.screenshot("uploader-kernel-busy", page.outputs())
        go.touch()
    expect(rows(page).nth(0)).to_have_attribute("data-state", "done", timeout=PATIENCE_MS)
    expect(rows(page).nth(1)).to_have_attribute("data-state", "done", timeout=PATIENCE_MS)
    if subshells != "disabled":
        assert page.is_busy()
        go.touch()
    expect(page.outputs(1)).to_contain_text("the cell is done", timeout=PATIENCE_MS)
    assert in_kernel(page, "len(up.assets)") == "2"


def test_several_large_files_side_by_side_and_one_is_cancelled(notebook: NotebookOpener, tmp_path: Path) -> None:
    page = notebook([ALONE])
    page.run_all()
    files = [sound(tmp_path / f"{name}.wav", 20_000_000) for name in ("one", "two", "three")]
    page.uplink(6_000_000)
    page.page.set_input_files(CHOOSE, files)
    bars = [rows(page).nth(number).locator("progress") for number in range(3)]
    until(lambda: all(bar.evaluate("(bar) => bar.value") > 0.05 for bar in bars))
    page.screenshot("uploader-side-by-side", page.outputs())
    page.page.get_by_role("button", name="Cancel the upload of two.wav").click()
    expect(rows(page)).to_have_count(2)
    page.uplink(None)
    for number in range(2):
        expect(rows(page).nth(number)).to_have_attribute("data-state", "waiting", timeout=PATIENCE_MS)
    count = "[row.name for row in up._rows], sum(1 for row in up._rows if row.source.stat().st_size == 20_000_000)"
    assert in_kernel(page, count) == "['one.wav', 'three.wav'] 2"
    folders = "len(list(__import__('pathlib').Path(__import__('tempfile').gettempdir()).glob('ipynemo-upload-*')))"
    before = int(in_kernel(page, folders))
    page.page.get_by_role("button", name="Clear the list").click()
    until(lambda: int(in_kernel(page, folders)) == before - 2)


def test_a_reloaded_page_goes_on_when_the_same_file_is_chosen_again(notebook: NotebookOpener, tmp_path: Path) -> None:
    page = notebook([ALONE])
    page.run_all()
    page.save()
    large = sound(tmp_path / "large.wav", 190_000_000)
    page.uplink(15_000_000)
    page.page.set_input_files(CHOOSE, [large])
    until(lambda: part_of(page) > 0.1)
    page.open()
    page.ready()
    expect(rows(page)).to_contain_text("paused. Choose the same file again to go on.")
    page.screenshot("uploader-paused", page.outputs())
    arrived = int(in_kernel(page, "next(iter(up._rows)).spool.arrived"))
    assert 0 < arrived < 190_000_000
    page.uplink(None)
    expect(rows(page)).to_contain_text(f"{arrived / 1e6:.1f} MB of 190.0 MB")
    page.page.set_input_files(CHOOSE, [large])
    until(lambda: rows(page).count() == 1 and part_of(page) >= 0.8 * arrived / 190e6)
    expect(rows(page)).to_have_attribute("data-state", "waiting", timeout=PATIENCE_MS)
    assert rows(page).count() == 1
    assert spool_sum(page) == str(zlib.crc32(large.read_bytes()))


def test_a_restarted_kernel_is_told_plainly(notebook: NotebookOpener, tmp_path: Path) -> None:
    page = notebook([ALONE])
    page.run_all()
    page.page.set_input_files(CHOOSE, [sound(tmp_path / "large.wav", 190_000_000)])
    until(lambda: part_of(page) > 0.02)
    page.restart_kernel()  # which JupyterLab may wait for without end where its page is held to a speed
    expect(rows(page)).to_contain_text("The kernel was restarted, which ended this upload.")
    page.page.set_input_files(CHOOSE, [picture(tmp_path / "robot.png")])
    expect(page.page.locator(".nemo-upload-notices")).to_contain_text("Run the cell again")
    page.screenshot("uploader-kernel-gone", page.outputs())
    page.run_all()
    expect(rows(page)).to_have_count(0)
    page.page.set_input_files(CHOOSE, [tmp_path / "robot.png"])
    expect(rows(page)).to_have_attribute("data-state", "waiting", timeout=PATIENCE_MS)
