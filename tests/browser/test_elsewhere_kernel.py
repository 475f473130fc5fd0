"""The widgets with ipykernel 7.3 while a cell runs; the other files of this folder have the newest one."""

from __future__ import annotations

import sys
from pathlib import Path

from browser_lab import ROOT, Lab, NotebookOpener
from elsewhere_kit import PATIENCE_MS, TOKEN, port
from PIL import Image
from playwright.sync_api import expect

sys.path.insert(0, str(ROOT / "tests" / "kernels"))

from kernel_envs import kernel_python

__all__ = ["port"]

VERSION = "7.3"
WIDGETS = """
import ipykernel, ipynemo
from ipynemo import Draft
from ipynemo.widgets import Chat, Exporter, Uploader
nemo = ipynemo.Nemo("http://127.0.0.1:{port}", token="{token}")
session = nemo.create_session("Busy", language="en")
titles = [{{"id": f"s{{n}}", "st": 1000 * n, "d": 1000, "tx": f"Title {{n}}"}} for n in range(120)]
look = {{"width": 1280, "height": 720, "fps": 30}}
draft = Draft({{"t": [{{"id": "a", "tt": 7, "sg": titles}}], "d": 120_000, "m": look}})
uploader, chat = Uploader(session, language="en"), Chat(session, language="en")
exporter = Exporter(session, draft=draft, language="en")
display(uploader, chat, exporter)
"""
BUSY = "import time\nwhile True: time.sleep(0.05)"


def test_while_a_cell_runs_an_answer_is_stopped_an_export_cancelled_and_a_picture_uploaded(
    lab: Lab, notebook: NotebookOpener, port: int, tmp_path: Path
) -> None:
    lab.add_kernel("older", kernel_python(VERSION))
    page = notebook([WIDGETS.format(port=port, token=TOKEN), BUSY], kernel="older")
    page.run_cell(0)
    assert page.execute("print(ipykernel.__version__)").startswith(VERSION)
    expect(page.page.locator('.nemo-exporter [data-stage="ready"]')).to_be_visible()
    page.run_cell(1, wait=False)
    expect(page.page.locator(".jp-InputPrompt", has_text="[*]")).to_have_count(1)

    page.page.get_by_role("textbox", name="Your message").fill("slowly 1000")
    page.page.keyboard.press("Enter")
    expect(page.page.locator(".nemo-chat-live")).to_contain_text("word3 ")
    page.page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.page.locator(".nemo-chat")).to_have_attribute("data-state", "idle")
    expect(page.page.get_by_role("log")).to_contain_text("Stopped.")

    page.page.get_by_role("button", name="Export video").click()
    expect(page.page.locator('.nemo-exporter [data-stage="render"]')).to_be_visible(timeout=PATIENCE_MS)
    page.page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.page.locator('.nemo-exporter [data-stage="cancelled"]')).to_be_visible(timeout=PATIENCE_MS)

    picture = tmp_path / "robot.png"
    Image.effect_noise((1600, 1200), 90).save(picture)  # of two pieces
    page.page.set_input_files(".nemo-uploader input[type=file]", [picture])
    row = page.page.locator(".nemo-upload-row")
    expect(row).to_have_attribute("data-state", "done", timeout=PATIENCE_MS)
    page.screenshot("elsewhere-ipykernel-7.3", page.outputs(0))

    assert page.is_busy()
    page.interrupt()
    expect(page.outputs(1)).to_contain_text("KeyboardInterrupt")
    known = "[asset.name for asset in uploader.assets], exporter.view['stage'], chat.turn['state']"
    assert page.execute(f"print({known})").strip() == "['robot.png'] cancelled idle"
