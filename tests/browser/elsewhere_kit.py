"""What the tests outside JupyterLab share: a backend, a cell with the widgets, a short clip, a look at each of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from browser_lab import ROOT, SCREENSHOTS
from PIL import Image
from playwright.sync_api import Page, expect

PATIENCE_MS = 60_000
TOKEN = "nmv_usr_of-the-tests"  # of tests/widgets/chat_server.py
CLIP_SECONDS = 6
CELL = """
import ipynemo, traitlets
from ipynemo.widgets import Chat, Player, Timeline, Uploader
nemo = ipynemo.Nemo("http://127.0.0.1:{port}", token="{token}")
session = nemo.create_session("Elsewhere", language="en")
uploader, chat = Uploader(session, language="en"), Chat(session, language="en")
player, timeline = Player("clip.mp4", language="en"), Timeline(session, language="en")
traitlets.dlink((chat, "draft"), (timeline, "draft"))
display(uploader, chat, player, timeline)
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Return the port of an embedded server whose agent does as it is told."""
    command = [sys.executable, str(ROOT / "tests" / "widgets" / "chat_server.py")]
    command.append(str(tmp_path_factory.mktemp("backend")))
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        yield int(json.loads(process.stdout.readline())["port"])
        process.terminate()


def cell(port: int) -> str:
    """Return the code that shows the widgets."""
    return CELL.format(port=port, token=TOKEN)


def write_clip(path: Path, size_bytes: int = 0) -> Path:
    """Write a clip of moving bands; longer than `size_bytes`, by a box that players skip."""
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        across = np.linspace(0, 255, 320, dtype=np.uint8)
        for number in range(10 * CLIP_SECONDS):
            band = np.roll(across, 5 * number)
            image = np.broadcast_to(band[None, :, None], (180, 320, 3)).copy()
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    missing = size_bytes - path.stat().st_size
    if missing > 8:
        with path.open("ab") as file:
            file.write(missing.to_bytes(4, "big") + b"free" + os.urandom(missing - 8))
    return path


def write_picture(path: Path) -> Path:
    """Write a picture that goes to the kernel in two pieces."""
    Image.effect_noise((1600, 1200), 90).save(path)
    return path


def shown(page: Page, name: str) -> None:
    """Keep a picture of the page."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled", full_page=True)


def talk(page: Page, text: str, answer: str) -> None:
    """Say something in the chat, wait for the answer."""
    box = page.get_by_role("textbox", name="Your message")
    box.fill(text)
    box.press("Enter")
    expect(page.get_by_role("log")).to_contain_text(answer, timeout=PATIENCE_MS)
    expect(page.locator(".nemo-chat")).to_have_attribute("data-state", "idle", timeout=PATIENCE_MS)


def upload(page: Page, picture: Path) -> None:
    """Choose a picture, wait until the session has it."""
    page.set_input_files(".nemo-uploader input[type=file]", [picture])
    row = page.locator(".nemo-upload-row")
    expect(row).to_have_attribute("data-state", "done", timeout=PATIENCE_MS)
    expect(row).to_contain_text("1600×1200 · uploaded")


def play(page: Page) -> str:
    """Play the clip, jump in it; return where it comes from."""
    video = page.locator(".nemo-player video")
    handle = video.element_handle()
    page.wait_for_function("(v) => v.readyState >= 2", arg=handle, timeout=PATIENCE_MS)
    assert video.evaluate("(v) => [Math.round(v.duration), v.videoWidth]") == [CLIP_SECONDS, 320]
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("(v) => v.currentTime > 0.3", arg=handle, timeout=PATIENCE_MS)
    page.get_by_role("button", name="Pause", exact=True).click()
    page.locator(".nemo-player-seek").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(v) => !v.seeking && Math.abs(v.currentTime - 5) < 0.1", arg=handle, timeout=PATIENCE_MS)
    return str(video.evaluate("(v) => v.currentSrc"))
