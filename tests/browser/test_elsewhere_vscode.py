"""The widgets with VS Code's widget manager, in a page like its own: another theme, no server, a proxied kernel."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from elsewhere_kit import PATIENCE_MS, cell, play, port, shown, talk, upload, write_clip, write_picture
from playwright.sync_api import Browser, expect
from vscode_host import VSCode, vscode, widget_manager

__all__ = ["port"]

STUDIO = 'from ipynemo import Studio\ndisplay(Studio(session, language="en"))'
SECOND = 'display(Chat(nemo.create_session("Second", language="en"), language="en"))'


@pytest.fixture
def host(tmp_path: Path) -> Iterator[VSCode]:
    script = widget_manager()
    if script is None and not os.environ.get("IPYNEMO_REQUIRE_BROWSER"):
        pytest.skip("VS Code's widget manager comes from npm, which is not installed")
    assert script is not None, "VS Code's widget manager comes from npm"
    lessons = tmp_path / "lessons"
    lessons.mkdir()
    for name in ("clip.mp4", "hidden.mp4"):
        write_clip(lessons / name, 3_000_000)
    with vscode(lessons, script, "hidden.mp4") as host:
        yield host


def test_widgets_work_on_the_page_and_wear_its_theme(host: VSCode, browser: Browser, port: int, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": 900, "height": 900})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(host.url)
    page.wait_for_function("() => window.manager")
    host.run(cell(port))
    expect(page.locator(".nemo-timeline")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator(".nemo-saved").first).to_be_hidden()
    assert play(page).endswith("/lessons/clip.mp4")
    upload(page, write_picture(tmp_path / "robot.png"))
    talk(page, "edit Robots", "Robots")
    assert host.run("print([asset.name for asset in uploader.assets])") == "['robot.png']\n"
    shown(page, "elsewhere-vscode-dark")
    serious = [
        f"{violation['id']}: {node['target']}"
        for violation in Axe().run(page, context=".nemo").response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
    assert serious == []
    background = "(one) => getComputedStyle(one.closest('.cell-output-ipywidget-background')).backgroundColor"
    assert page.locator(".nemo-player").first.evaluate(background) == "rgb(31, 31, 31)"

    # The studio finds its parts with this manager, too.
    host.run(STUDIO)
    studio = page.locator(".nemo-studio")
    for part in ("uploader", "chat", "timeline", "exporter"):
        expect(studio.locator(f".nemo-{part} .nemo-card").first).to_be_visible(timeout=PATIENCE_MS)
    expect(studio.get_by_role("log")).to_contain_text("edit Robots")
    expect(studio.locator('.nemo-studio-step[aria-current="step"]')).to_have_text("3Look")

    # Stop is on a wire of its own; and where a page does not find that, it goes with the rest.
    host.run(SECOND)
    for number in (0, 2):  # the studio's is between them
        chat = page.locator(".nemo-chat").nth(number)
        chat.get_by_role("textbox").fill("slowly 200")
        page.keyboard.press("Enter")
        expect(chat.locator(".nemo-chat-live")).to_contain_text("word3 ")
        if number == 2:
            page.evaluate("() => { window.manager.get_model = async () => { throw new Error('model not found'); }; }")
        chat.get_by_role("button", name="Stop", exact=True).click()
        expect(chat.get_by_role("log")).to_contain_text("Stopped.")
    assert faults == []

    page.evaluate("document.body.dataset.vscodeThemeKind = document.body.className = 'vscode-light'")
    page.evaluate("document.documentElement.style.setProperty('--vscode-editor-background', '#fdf6e3')")
    shown(page, "elsewhere-vscode-light")
    assert page.locator(".nemo-player").first.evaluate(background) == "rgb(253, 246, 227)"
    context.close()


def test_a_clip_that_the_page_may_not_have_comes_from_the_kernel(host: VSCode, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 900, "height": 900})
    page = context.new_page()
    page.goto(host.url)
    page.wait_for_function("() => window.manager")
    host.run("from ipynemo.widgets import Player\ndisplay(Player('hidden.mp4', language='en'))")
    assert play(page).startswith("blob:")
    context.close()
