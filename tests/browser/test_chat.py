"""The chat in a real JupyterLab, on the embedded server with an agent that says what a test needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_lab import ROOT, NotebookOpener, NotebookPage
from playwright.sync_api import Locator, Page, expect

expect.set_options(timeout=30_000)  # the machine may be busy

SERVER = ROOT / "tests" / "widgets" / "chat_server.py"
CELL = """
import ipynemo
from ipynemo import Timing
from ipynemo.widgets import Chat
nemo = ipynemo.Nemo("http://127.0.0.1:{port}", token="nmv_usr_of-the-tests", timing=Timing(still_working_s=0.7))
session = nemo.create_session("Talk", language="{language}")
chat = Chat(session, language="{language}")
chat
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Return the port of a server whose agent does as it is told."""
    command = [sys.executable, str(SERVER), str(tmp_path_factory.mktemp("backend"))]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        yield int(json.loads(process.stdout.readline())["port"])
        process.terminate()


class Talk:
    """A chat that is open in a page."""

    def __init__(self, notebook: NotebookPage) -> None:
        self.notebook = notebook
        self.page: Page = notebook.page
        self.chat = self.page.locator(".nemo-chat")
        self.box = self.page.get_by_role("textbox", name="Your message")
        self.log = self.page.get_by_role("log")
        self.live = self.page.locator(".nemo-chat-live")
        self.stop = self.page.get_by_role("button", name="Stop", exact=True)

    def type(self, text: str) -> None:
        """Say something."""
        expect(self.chat).to_have_attribute("data-state", "idle")
        self.box.fill(text)
        self.box.press("Enter")

    def say(self, text: str) -> Locator:
        """Say something, wait for the end of the answer, return its entry."""
        before = self.log.locator("> *").count()
        self.type(text)
        expect(self.log.locator("> *").nth(before + 1)).to_be_visible()
        expect(self.chat).to_have_attribute("data-state", "idle")
        return self.log.locator("> *").nth(self.log.locator("> *").count() - 1)

    def shot(self, name: str) -> None:
        """Keep a picture."""
        self.notebook.screenshot(f"chat-{name}", self.chat)


def opened(notebook: NotebookOpener, port: int, *more: str, language: str = "en", **options: object) -> Talk:
    page = notebook([CELL.format(port=port, language=language), *more], **options)
    page.run_cell(0)
    expect(page.page.locator(".nemo-chat-card, .nemo-chat .nemo-card").first).to_be_visible()
    return Talk(page)


def test_an_answer_comes_in_pieces_and_ends_as_markdown(notebook: NotebookOpener, port: int) -> None:
    talk = opened(notebook, port)
    expect(talk.page.get_by_text("Try saying")).to_be_visible()
    assert talk.page.locator(".nemo-chat-tries button").all_inner_texts() == [
        "explain what an AI image is and how it was created",
        "convert a single product photo or AI-generated artwork into a 1080p MP4",
        "turn AI image concepts into a short explainer video for curious beginners",
    ]
    talk.shot("empty")
    assert talk.notebook.accessibility(".nemo-chat") == []

    # What a screen reader hears is the log: nothing while the answer is written, the whole of it once.
    talk.page.evaluate("""() => {
        window.heard = []; window.pieces = 0;
        new MutationObserver((all) => all.forEach((one) => one.addedNodes.forEach((node) =>
            window.heard.push(node.textContent)))).observe(document.querySelector('.nemo-chat [role=log]'),
            { childList: true, subtree: true });
        new MutationObserver(() => { window.pieces += 1; }).observe(document.querySelector('.nemo-chat-tail'),
            { childList: true, characterData: true, subtree: true });
    }""")
    talk.type("slowly 40")
    expect(talk.live).to_contain_text("word5 word6")
    expect(talk.page.get_by_text("Try saying")).to_be_hidden()
    expect(talk.stop).to_be_visible()
    talk.shot("streaming")
    assert talk.notebook.accessibility(".nemo-chat") == []
    expect(talk.chat).to_have_attribute("data-state", "idle")
    expect(talk.live).to_be_hidden()
    heard = talk.page.evaluate("window.heard")
    assert [text.split(" word1 ")[0] for text in heard] == ["You: slowly 40", "ipynemo: word0"]
    assert 10 <= talk.page.evaluate("window.pieces") <= 60

    answer = talk.say("markdown")
    expect(answer.get_by_role("heading", name="What it is")).to_be_visible()
    assert answer.locator("strong").all_inner_texts() == ["AI image"]
    assert answer.locator("code").all_inner_texts() == ["taken", "x = 1"]
    assert answer.locator("ol > li > ul > li").all_inner_texts() == ["small", "many"]
    assert answer.locator("th, td").all_inner_texts() == ["Step", "Noise", "0", "100 %", "50", "0 %"]
    link = answer.get_by_role("link")
    assert [link.get_attribute(name) for name in ("href", "rel", "target")] == [
        "https://example.org/how",
        "noopener noreferrer nofollow",
        "_blank",
    ]
    talk.shot("markdown")
    assert talk.notebook.accessibility(".nemo-chat") == []
    talk.notebook.context.grant_permissions(["clipboard-read", "clipboard-write"])
    answer.get_by_role("button", name="Copy").click()
    expect(talk.page.locator(".nemo-chat-note")).to_have_text("Copied")
    assert talk.page.evaluate("navigator.clipboard.readText()").startswith("# What it is\n\nAn **AI image**")
    assert [line for line in talk.notebook.console if line.startswith("pageerror")] == []


def test_a_hostile_answer_is_text_and_runs_nothing(notebook: NotebookOpener, port: int) -> None:
    talk = opened(notebook, port)
    asked: list[str] = []
    talk.page.on("request", lambda request: asked.append(request.url))
    answer = talk.say("hostile")
    expect(answer).to_contain_text('<img src=x onerror="window.pwned=1"> <script>window.pwned=2</script>')
    expect(answer).to_contain_text("[click me](javascript:window.pwned=3)")
    expect(answer).to_contain_text("</code></pre><script>window.pwned=9</script>")
    expect(answer).to_contain_text("https://bank.example (evil.example)")
    talk.shot("hostile")
    links = answer.get_by_role("link")
    assert [links.nth(n).get_attribute("href") for n in range(links.count())] == [
        "http://127.0.0.1:9/track.png",
        "https://evil.example/login",
    ]
    inside = answer.locator(".nemo-chat-text")
    assert inside.locator("img, script, iframe, svg, style, object, [onerror], [onload]").count() == 0
    assert [hex(ord(c)) for c in inside.inner_text() if c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\x07"] == []
    assert inside.evaluate("(node) => getComputedStyle(node).unicodeBidi") == "isolate"

    long = talk.say("long 1000000")
    assert 7000 < len(long.locator(".nemo-chat-text").inner_text()) < 9000
    talk.shot("long")
    long.get_by_role("button", name="Show more").click()
    expect(long).to_contain_text("Paragraph 100:")
    talk.notebook.context.grant_permissions(["clipboard-read", "clipboard-write"])
    long.get_by_role("button", name="Copy").click()
    expect(talk.page.locator(".nemo-chat-note")).to_have_text("Copied")
    assert talk.page.evaluate("navigator.clipboard.readText().then((text) => text.length)") > 900_000

    assert talk.page.evaluate("window.pwned") is None
    assert [url for url in asked if "127.0.0.1:9/" in url or "evil" in url] == []
    assert len(json.dumps(talk.notebook.save())) < 60_000
    assert talk.notebook.accessibility(".nemo-chat") == []


def test_stop_works_while_a_cell_runs(notebook: NotebookOpener, port: int) -> None:
    talk = opened(notebook, port, "import time\nfor _ in range(600): time.sleep(0.05)")
    talk.notebook.run_cell(1, wait=False)
    talk.page.wait_for_function("() => document.querySelectorAll('.jp-InputPrompt')[1].textContent.includes('*')")
    talk.type("slowly 400")
    expect(talk.live).to_contain_text("word3")
    talk.box.fill("and then")
    talk.box.press("Enter")
    expect(talk.page.get_by_text("One moment: wait for the answer, or stop it.")).to_be_visible()
    talk.stop.click()
    expect(talk.log.locator("> *").last).to_contain_text("Stopped. What the backend had begun may still be finished.")
    assert talk.notebook.is_busy()
    expect(talk.log.locator('[data-role="agent"]')).to_contain_text("word0 word1 word2 word3")
    expect(talk.box).to_be_focused()
    expect(talk.box).to_have_value("and then")
    talk.shot("stopped")
    talk.notebook.page.evaluate("() => jupyterapp.commands.execute('notebook:interrupt-kernel')")


def test_a_reload_shows_the_answer_that_is_under_way(notebook: NotebookOpener, port: int) -> None:
    talk = opened(notebook, port)
    talk.say("say Hello")
    talk.notebook.save()
    talk.type("slowly 200")
    expect(talk.live).to_contain_text("word9")
    talk.notebook.open()
    expect(talk.live).to_contain_text("word0 word1 word2")
    assert talk.log.locator("> *").all_inner_texts()[0].endswith("say Hello")
    before = talk.live.inner_text()
    talk.page.wait_for_function(
        "(n) => document.querySelector('.nemo-chat-tail').textContent.length > n", arg=len(before)
    )
    talk.stop.click()
    expect(talk.log.locator("> *").last).to_contain_text("Stopped.")
    expect(talk.live).to_be_hidden()


def test_what_an_answer_proposes_and_what_goes_wrong_have_their_buttons(notebook: NotebookOpener, port: int) -> None:
    talk = opened(notebook, port)
    talk.type("tool 6")  # long enough for a page that is slow to show what it is at
    expect(talk.page.get_by_text("Editing the timeline…")).to_be_visible()
    talk.shot("tool")
    expect(talk.page.get_by_text("⏳ Still working…")).to_be_visible()
    expect(talk.log.locator("> *").last).to_contain_text("The tool is done.")
    silent = talk.say("edit Robots")
    expect(silent).to_contain_text("Title added: 'Robots' (1–2 s)")
    assert "raw_name" not in talk.chat.inner_text()
    assert "secret_argument" not in talk.chat.inner_text()

    proposal = talk.say("buttons")
    expect(proposal).to_contain_text("Your title is in place. You can export the video right here.")
    talk.shot("buttons")
    proposal.get_by_role("button", name="Enhance").click()
    expect(talk.log.locator("> *").last).to_contain_text("You said: Enhance")
    proposal.get_by_role("button", name="Export the video").click()
    file = talk.log.locator("> *").last.get_by_role("link")
    expect(file).to_contain_text("Talk.mp4 (2.0 s")
    assert (talk.notebook.path.parent / "Talk.mp4").stat().st_size > 1000
    talk.shot("exported")

    error = talk.say("boom")
    expect(error.locator("strong")).to_contain_text("The agent failed")
    assert "KeyError" not in talk.chat.inner_text()
    talk.shot("error")
    assert talk.notebook.accessibility(".nemo-chat") == []
    said = talk.log.locator('[data-role="user"]')
    count = said.count()
    error.get_by_role("button", name="Try again").click()
    expect(talk.log.locator('[data-role="agent"]', has_text="One moment.")).to_have_count(2)
    expect(talk.chat).to_have_attribute("data-state", "idle")
    assert said.count() == count
    talk.page.get_by_role("button", name="Close this message").click()
    expect(talk.page.locator(".nemo-chat .nemo-error")).to_have_count(0)


def test_the_keyboard_alone_is_enough(notebook: NotebookOpener, port: int) -> None:
    talk = opened(notebook, port, width=420)
    talk.box.focus()
    talk.page.keyboard.type("say one")
    talk.page.keyboard.press("Shift+Enter")
    talk.page.keyboard.type("two")
    expect(talk.box).to_have_value("say one\ntwo")
    # A word that is being composed: Enter chooses it.
    for detail in ({"isComposing": True}, {"keyCode": 229}):
        talk.box.dispatch_event("keydown", {"key": "Enter", "bubbles": True, **detail})
    expect(talk.box).to_have_value("say one\ntwo")
    assert talk.log.locator("> *").count() == 0
    talk.page.keyboard.press("Enter")
    expect(talk.log.locator('[data-role="agent"]')).to_contain_text("one")
    expect(talk.box).to_be_focused()
    expect(talk.box).to_have_value("")
    talk.page.keyboard.press("Shift+Tab")
    expect(talk.log.get_by_role("button", name="Copy")).to_be_focused()
    # A key that JupyterLab would take as an order: to cut the cell.
    talk.page.keyboard.press("x")
    expect(talk.box).to_be_visible()


def test_dark_narrow_and_chinese(notebook: NotebookOpener, port: int) -> None:
    talk = opened(notebook, port, "Chat(language='zh')", language="zh", dark=True, width=560)
    talk.page.locator(".nemo-chat").evaluate("(node) => { node.style.width = '360px'; }")
    talk.box = talk.page.get_by_role("textbox", name="您的消息")
    expect(talk.page.get_by_role("button", name="讲解什么是 AI 图像以及它是如何生成的")).to_be_visible()
    talk.shot("dark-360-empty")
    talk.say("积分")
    expect(talk.log.locator("> *").last).to_contain_text("剩余 100 / 100 积分。")
    talk.say("buttons")
    talk.say("markdown")
    talk.say("boom")
    talk.shot("dark-360")
    assert talk.notebook.accessibility(".nemo-chat") == []
    assert talk.chat.evaluate("(node) => node.scrollWidth <= node.clientWidth")
    talk.notebook.run_cell(1)
    locked = talk.page.locator(".nemo-chat").nth(1)
    expect(locked.get_by_text("有会话后即可开始对话。")).to_be_visible()
    expect(locked.get_by_role("textbox")).to_be_disabled()
    talk.notebook.screenshot("chat-no-session", locked)


def test_without_a_kernel_the_transcript_stays_and_a_new_kernel_recalls_it(notebook: NotebookOpener, port: int) -> None:
    note = 'open("session.txt", "w").write(session.session_id)'
    again = CELL.format(port=port, language="en").replace(
        'nemo.create_session("Talk", language="en")', 'nemo.session(open("session.txt").read())'
    )
    talk = opened(notebook, port, note, again)
    talk.say("edit Robots")
    talk.say("say **Hello** <b>you</b>")
    talk.notebook.run_cell(1)
    saved = json.dumps(talk.notebook.save())
    assert "of-the-tests" not in saved.replace(json.dumps(CELL.format(port=port, language="en"))[1:60], "").replace(
        'token=\\"nmv_usr_of-the-tests\\"', ""
    )
    assert str(Path.home()) not in saved
    copy = talk.notebook.untrusted_copy()
    talk.notebook.shutdown_kernel()
    talk.notebook.open(copy)
    transcript = talk.page.locator(".nemo-saved")
    expect(transcript).to_contain_text("You\nsay **Hello** <b>you</b>", use_inner_text=True)
    expect(transcript).to_contain_text("ipynemo\n**Hello** <b>you</b>", use_inner_text=True)
    talk.notebook.screenshot("chat-untrusted")

    talk.notebook.restart_kernel()
    talk.notebook.run_cell(3)  # the copy begins with a cell of its own
    recalled = talk.notebook.outputs(2).locator(".nemo-chat [role=log]")
    expect(recalled.locator("strong", has_text="Hello")).to_be_visible()
    said = recalled.locator("> *")
    expect(said).to_have_count(4)
    expect(said.nth(0)).to_contain_text("edit Robots")
    expect(said.nth(1)).to_contain_text("Title added: 'Robots' (0–1 s)")
    expect(said.nth(2)).to_contain_text("say **Hello** <b>you</b>")
    talk.notebook.screenshot("chat-recalled", talk.notebook.outputs(2))
