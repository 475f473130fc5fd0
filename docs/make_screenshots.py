"""`make pictures`: the README's two pictures of the studio, from a real JupyterLab in a real browser."""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent / "tests" / "browser"))

from browser_lab import Lab, NotebookPage, chromium  # noqa: E402 - the harness of the tests
from playwright.sync_api import sync_playwright  # noqa: E402

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FLAGS += ["--disable-sync", "--force-color-profile=srgb"]
MAX_BYTES = 300_000  # each; they are loaded by everyone who opens the README
QUESTION = "explain what an AI image is and how it was created"
LIMIT_S = 900.0
AT_S = 6.4  # of the video: the scene that shows what the file says

PICTURE = """
import skimage.data
from skimage.io import imsave
imsave("coffee.png", skimage.data.coffee())
"""
STUDIO = """
import ipynemo
studio = ipynemo.Studio(language="en")
studio
"""
AGAIN = """
import asyncio
await studio.ready()
studio.uploader.add("coffee.png")
await studio.uploader.finished()
reply = await asyncio.wrap_future(studio.chat.send("{question}"))
"""


def keep(name: str, data: bytes) -> int:
    """Write a screenshot as a small JPEG; return its size in bytes."""
    path = DOCS / "pictures" / f"{name}.jpg"
    path.parent.mkdir(exist_ok=True)
    Image.open(io.BytesIO(data)).convert("RGB").save(path, quality=84, optimize=True, progressive=True)
    size = path.stat().st_size
    print(f"{path} ({size / 1000:.0f} kB)")
    return size


def whole_job(page: NotebookPage) -> bytes:
    """Go through the job with the mouse; return the panel with the video in it."""
    page.run_all()
    root, limit_ms = page.page.locator(".nemo-studio"), LIMIT_S * 1000
    line = root.locator(".nemo-studio-line")
    line.filter(has_text="Ready.").wait_for(timeout=limit_ms)
    root.locator('.nemo-uploader input[type="file"]').set_input_files(page.path.parent / "coffee.png")
    line.filter(has_text="Your picture is here.").wait_for(timeout=limit_ms)
    root.get_by_role("button", name=QUESTION).click()
    line.filter(has_text="The draft is there:").wait_for(timeout=limit_ms)
    root.get_by_role("button", name="Export video").click()
    line.filter(has_text="Your video is ready.").wait_for(timeout=limit_ms)
    seek = """async (v, at) => {
        v.currentTime = at;
        await new Promise((done) => v.addEventListener("seeked", done, { once: true }));
    }"""
    root.locator("video").evaluate(seek, AT_S)
    page.execute(f"studio.timeline.playhead_s = {AT_S}")
    page.page.wait_for_timeout(700)
    return root.screenshot(animations="disabled")


def draft_in_the_dark(page: NotebookPage) -> bytes:
    """Return the panel with a draft, a segment picked, in the dark."""
    page.run_all()
    root = page.page.locator(".nemo-studio")
    root.locator(".nemo-studio-line").filter(has_text="The draft is there:").wait_for(timeout=LIMIT_S * 1000)
    page.execute("studio.timeline.selection = [(2, 2)]; studio.timeline.playhead_s = 6.4")
    page.page.wait_for_timeout(500)
    return root.screenshot(animations="disabled")


def main() -> int:
    """Make both pictures."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab = Lab(Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        try:
            cells = [PICTURE, STUDIO]
            page = NotebookPage(lab, browser, lab.write("one/a.ipynb", cells), width=1340, height=2000, dark=False)
            sizes = [keep("studio", whole_job(page))]
            page.close()
            cells = [PICTURE, STUDIO, AGAIN.format(question=QUESTION)]
            page = NotebookPage(lab, browser, lab.write("two/a.ipynb", cells), width=1340, height=2000, dark=True)
            sizes.append(keep("studio-dark", draft_in_the_dark(page)))
            page.close()
        finally:
            browser.close()
            lab.close()
    return 0 if max(sizes) <= MAX_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
