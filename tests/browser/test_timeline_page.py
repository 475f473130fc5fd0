"""The timeline in a real JupyterLab: three views in step, edits by mouse and keyboard, ten thousand segments."""

from __future__ import annotations

import json

import pytest
from browser_lab import NotebookOpener, NotebookPage
from playwright.sync_api import Locator, expect

DRAFT = """
from ipynemo import Draft
from ipynemo.widgets import Timeline

DRAFT = Draft({
    "t": [
        {"id": "p", "tt": 0, "n": "Pictures", "sg": [
            {"id": "p1", "st": 0, "d": 6000, "n": "robot.png", "src": "a1", "m": {"media": "image"}},
            {"id": "p2", "st": 6000, "d": 9000, "n": "noise step by step", "src": "a2", "m": {"media": "image"}},
            {"id": "p3", "st": 15000, "d": 5000, "n": "limits", "src": "a1", "m": {"media": "image"}}]},
        {"id": "m", "tt": 1, "n": "Music", "sg": [{"id": "m1", "st": 0, "d": 20000, "src": "music:calm", "vol": 0.35}]},
        {"id": "c", "tt": 7, "n": "Captions", "sg": [
            {"id": "c1", "st": 0, "d": 5000, "tx": "What can this file tell us?"},
            {"id": "c2", "st": 6000, "d": 4000, "tx": "<img src=x onerror=alert(1)> \\u202eevil"},
            {"id": "c3", "st": 15500, "d": 3000, "tx": "No label does not mean no AI."}]},
        {"id": "x", "tt": 42, "sg": [{"id": "x1", "st": 3000, "d": 4000, "n": "effect"}]}],
    "d": 20000, "m": {"title": "What is an AI image?"}})
"""

SHOWN = f"""{DRAFT}
from PIL import Image
Image.linear_gradient("L").resize((160, 90)).convert("RGB").save("a.png")
timeline = Timeline(draft=DRAFT, thumbnails={{"a1": "a.png"}}, language="en")
timeline
"""

TEN_THOUSAND = """
from ipynemo import Draft
from ipynemo.widgets import Timeline
tracks = [{"tt": tt, "n": f"Track {n}", "sg": [
    {"id": f"{n}-{i}", "st": i * 3000, "d": 2900, "n": f"clip {i}", "tx": f"words {i}" if tt == 7 else None}
    for i in range(2500)]} for n, tt in enumerate((0, 1, 7, 9))]
timeline = Timeline(draft=Draft({"t": tracks, "d": 7_500_000}), language="en")
timeline
"""

# A pixel of the canvas for a track and a moment of the whole that is in sight.
SPOT = """(canvas, [track, seconds, total]) => {
    const gutter = canvas.clientWidth < 560 ? 34 : 128;
    const lane = canvas.clientWidth < 560 ? 48 : 54;
    return [gutter + seconds / total * (canvas.clientWidth - gutter - 24), 26 + (track - 0.5) * lane];
}"""


def spot(canvas: Locator, track: int, seconds: float, total: float = 20) -> tuple[float, float]:
    """Return where on the page a moment of a track is drawn."""
    canvas.scroll_into_view_if_needed()
    x, y = canvas.evaluate(SPOT, [track, seconds, total])
    box = canvas.bounding_box()
    assert box is not None
    return box["x"] + x, box["y"] + y


def kernel(page: NotebookPage, expression: str) -> str:
    """Return what an expression says in the kernel."""
    return page.execute(f"print({expression})").strip()


def says(page: NotebookPage, expression: str, wanted: str) -> None:
    """Wait until an expression in the kernel says this."""
    for _ in range(60):
        if (now := kernel(page, expression)) == wanted:
            return
        page.page.wait_for_timeout(100)
    raise AssertionError(f"{expression} is {now}, not {wanted}")


@pytest.fixture
def shown(notebook: NotebookOpener) -> NotebookPage:
    page = notebook([SHOWN], width=1280, height=900)
    page.run_all()
    expect(page.page.locator(".nemo-timeline-canvas")).to_have_attribute("data-drawn", "8")
    return page


def test_the_three_views_are_in_step(shown: NotebookPage) -> None:
    page = shown.page
    canvas = page.locator(".nemo-timeline-canvas")
    expect(page.get_by_text("Tracks: 4 · Segments: 8 · 20 s")).to_be_visible()
    expect(canvas).to_have_attribute("data-drawn", "8")
    page.mouse.click(*spot(canvas, 3, 2))
    says(shown, "timeline.selection", "((3, 1),)")
    expect(page.get_by_label("Text", exact=True)).to_have_value("What can this file tell us?")
    shown.screenshot("timeline-drawn", shown.outputs())
    assert shown.accessibility(".nemo-timeline") == []

    page.locator(".nemo-timeline-tab", has_text="Table").click()
    row = page.locator(".nemo-timeline-rows [role=row][aria-selected=true]")
    expect(row).to_contain_text("What can this file tell us?")
    expect(page.locator(".nemo-timeline-rows [role=row]")).to_have_count(8)
    page.locator(".nemo-cell-name", has_text="limits").click()
    says(shown, "(timeline.selection, timeline.view)", "(((1, 3),), 'table')")
    shown.screenshot("timeline-table", shown.outputs())
    assert shown.accessibility(".nemo-timeline") == []

    page.locator(".nemo-timeline-tab", has_text="JSON").click()
    expect(page.locator(".nemo-timeline-selected pre")).to_contain_text('"n": "limits"')
    page.get_by_text("Track 3: Captions (3)").click()
    captions = page.locator("details[open] pre")
    expect(captions).to_contain_text("<img src=x onerror=alert(1)> \\u202eevil")
    shown.screenshot("timeline-json", shown.outputs())
    assert shown.accessibility(".nemo-timeline") == []

    shown.execute("timeline.selection = [(2, 1)]; timeline.playhead_s = 7.5; timeline.view = 'timeline'")
    expect(page.locator(".nemo-timeline [role=option][aria-selected=true]")).to_have_text(
        "1. Music, 0 to 20 s, volume 35%"
    )
    expect(page.locator(".nemo-timeline-clock")).to_have_text("0:07 / 0:20")
    assert [line for line in shown.console if "error" in line.split(":")[0]] == []
    pictures = page.locator(".nemo-timeline img")  # one of our own: the moment at the playhead
    assert [one.get_attribute("src").split(":")[0] for one in pictures.all() if one.get_attribute("src")] in (
        [],
        ["blob"],
    )


def test_edges_are_dragged_and_cells_are_written(shown: NotebookPage) -> None:
    page = shown.page
    canvas = page.locator(".nemo-timeline-canvas")
    (x, y), (to_x, _) = spot(canvas, 1, 15), spot(canvas, 1, 12)
    page.mouse.move(x - 4, y)
    page.mouse.down()
    page.mouse.move(to_x + 20, y, steps=4)
    page.mouse.move(to_x - 4, y, steps=4)
    expect(page.locator(".nemo-timeline-tip")).to_contain_text("6–12 s (6 s)")
    shown.screenshot("timeline-dragging", shown.outputs())
    page.mouse.up()
    says(shown, "[s.end_s for s in timeline.draft.track(1).segments]", "[6.0, 12.0, 17.0]")
    expect(page.locator(".nemo-timeline-changed summary")).to_have_text(
        "Changed since the last turn: 0 new, 2 changed, 2 moved, 0 removed"  # the music ends with the pictures
    )
    shown.screenshot("timeline-changed", shown.outputs())

    page.locator(".nemo-timeline-undo").click()
    says(shown, "timeline.draft == DRAFT", "True")
    page.locator(".nemo-timeline-redo").click()
    says(shown, "[s.end_s for s in timeline.draft.track(1).segments]", "[6.0, 12.0, 17.0]")

    page.locator(".nemo-timeline-tab", has_text="Table").click()
    page.locator(".nemo-cell-volume", has_text="35%").dblclick()
    field = page.locator(".nemo-timeline-grid .nemo-timeline-field")
    expect(field).to_have_value("35%")
    field.fill("loud")
    field.press("Enter")
    expect(page.locator(".nemo-error")).to_contain_text("'loud' is no volume.")
    page.locator(".nemo-cell-volume", has_text="35%").dblclick()
    field.fill("50")
    shown.screenshot("timeline-cell", shown.outputs())
    field.press("Enter")
    says(shown, "timeline.draft.track(2).segment(1).volume", "0.5")
    expect(page.locator(".nemo-error")).to_be_hidden()
    page.locator(".nemo-cell-text", has_text="No label").dblclick()
    field.fill("Never mind")
    field.press("Escape")
    expect(page.locator(".nemo-cell-text", has_text="No label")).to_be_visible()
    assert kernel(shown, "timeline.draft.track(3).segment(3).text") == "No label does not mean no AI."


def test_the_keyboard_is_enough(shown: NotebookPage) -> None:
    page = shown.page
    page.locator(".nemo-timeline-list").focus()
    for key in ("ArrowDown", "End", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    says(shown, "timeline.selection", "((3, 2),)")
    expect(page.locator(".nemo-timeline-list")).to_have_attribute("aria-label", "Track 3 of 4: Captions, segments: 3")
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowRight")
    says(shown, "timeline.selection", "((3, 1), (3, 2))")
    frames = page.locator(".nemo-timeline-scroller")
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.wait_for_function("(e) => e.scrollWidth > 2 * e.clientWidth", arg=frames.element_handle())
    shown.screenshot("timeline-keyboard", shown.outputs())
    page.keyboard.press("0")
    page.wait_for_function("(e) => e.scrollWidth <= e.clientWidth", arg=frames.element_handle())
    page.keyboard.press("Enter")
    expect(page.get_by_label("Text", exact=True)).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Is this real?")
    page.keyboard.press("Enter")
    expect(page.locator(".nemo-timeline-list")).to_be_focused()
    says(shown, "timeline.draft.track(3).segment(2).text", "Is this real?")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Delete")
    says(shown, "len(timeline.draft.track(3).segments)", "2")
    expect(page.get_by_text("Removed. Undo brings it back.")).to_be_visible()
    page.keyboard.press("Control+z")
    says(shown, "len(timeline.draft.track(3).segments)", "3")
    page.get_by_role("slider", name="Playhead").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    says(shown, "timeline.playhead_s", "2.0")


LONG_TASKS = """() => {
    window.nemoLong = [];
    new PerformanceObserver((list) => window.nemoLong.push(...list.getEntries().map((e) => Math.round(e.duration))))
        .observe({ entryTypes: ["longtask"] });
}"""


def test_ten_thousand_segments_scroll_and_zoom(notebook: NotebookOpener) -> None:
    shown = notebook([TEN_THOUSAND], width=1280, height=900)
    shown.run_all()
    page = shown.page
    canvas = page.locator(".nemo-timeline-canvas")
    expect(page.get_by_text("Tracks: 4 · Segments: 10000 · 2:04:59")).to_be_visible()
    page.wait_for_function("() => Number(document.querySelector('.nemo-timeline-canvas').dataset.drawn) > 1000")
    assert int(canvas.get_attribute("data-drawn") or 0) <= 4 * canvas.evaluate("(c) => c.clientWidth")
    page.evaluate(LONG_TASKS)
    x, y = spot(canvas, 2, 3750, 7500)
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    for _ in range(16):
        page.mouse.wheel(0, -240)
    page.keyboard.up("Control")
    page.wait_for_function("() => Number(document.querySelector('.nemo-timeline-canvas').dataset.drawn) < 100")
    for _ in range(30):
        page.mouse.wheel(400, 0)
    page.keyboard.press("End")
    page.wait_for_timeout(300)
    frames = int(canvas.get_attribute("data-frames") or 0)
    print(json.dumps({"frames": frames, "long_tasks_ms": page.evaluate("() => window.nemoLong")}))
    shown.screenshot("timeline-10000", shown.outputs())
    assert int(canvas.get_attribute("data-drawn") or 0) < 100
    assert page.locator(".nemo-timeline *").count() < 220
    page.locator(".nemo-timeline-tab", has_text="Table").click()
    grid = page.locator(".nemo-timeline-grid")
    grid.evaluate("(e) => { e.scrollTop = 34 * 7000; }")
    expect(page.locator(".nemo-cell-name", has_text="clip 2004")).to_be_visible()
    assert page.locator(".nemo-timeline-rows [role=row]").count() <= 22
    grid.focus()
    page.keyboard.press("Control+End")
    says(shown, "timeline.selection", "((4, 2500),)")
    expect(page.locator(".nemo-timeline-rows [role=row][aria-selected=true]")).to_contain_text("clip 2499")


@pytest.mark.parametrize(("width", "dark"), [(1280, True), (420, False)])
def test_it_is_readable_dark_and_narrow(notebook: NotebookOpener, width: int, dark: bool) -> None:
    name = "dark" if dark else "narrow"
    shown = notebook([SHOWN.replace('"en"', '"zh"' if dark else '"en"')], width=width, height=900, dark=dark)
    shown.run_all()
    page = shown.page
    canvas = page.locator(".nemo-timeline-canvas")
    expect(canvas).to_have_attribute("data-drawn", "8")
    page.mouse.click(*spot(canvas, 3, 2))
    expect(page.locator(".nemo-timeline [role=option][aria-selected=true]")).to_have_count(1)
    shown.screenshot(f"timeline-{name}", shown.outputs())
    assert shown.accessibility(".nemo-timeline") == []
    page.locator(".nemo-timeline-tab").nth(1).click()
    expect(page.locator(".nemo-timeline-rows [role=row]")).to_have_count(8)
    shown.screenshot(f"timeline-{name}-table", shown.outputs())
    assert shown.accessibility(".nemo-timeline") == []
    assert page.locator(".nemo-timeline .nemo-card").evaluate("(e) => e.scrollWidth - e.clientWidth") <= 0


def test_an_untrusted_notebook_shows_bars_and_a_table(shown: NotebookPage) -> None:
    shown.save()
    shown.shutdown_kernel()
    shown.open(shown.untrusted_copy())
    saved = shown.page.locator(".jp-RenderedHTMLCommon", has_text="Timeline (4 tracks)")
    expect(saved).to_be_visible()
    expect(saved.get_by_text("<img src=x onerror=alert(1)> evil").first).to_be_visible()
    assert saved.locator("table tbody tr").count() == 8
    shown.screenshot("timeline-untrusted", saved)


CLOUD = f"""{DRAFT}
import asyncio, ipynemo
from ipynemo import edits
from ipynemo.errors import ServerError

session = ipynemo.AsyncNemo("https://cloud.example", token="nmv_usr_test").session("s", language="en")
ANSWER = {{}}

async def chat(text, as_is=False):
    ANSWER.clear()
    while not ANSWER:
        await asyncio.sleep(0.02)
    if "error" in ANSWER:
        raise ServerError("The backend failed.", status=500)
    return ipynemo.Reply("Done.", draft=ANSWER["draft"])

session.chat = chat
timeline = Timeline(session, draft=DRAFT)
timeline
"""


def test_an_edit_on_the_cloud_waits_for_its_confirmation(notebook: NotebookOpener) -> None:
    shown = notebook([CLOUD], width=1280, height=900)
    shown.run_all()
    page = shown.page
    canvas = page.locator(".nemo-timeline-canvas")
    expect(canvas).to_have_attribute("data-drawn", "8")
    page.mouse.click(*spot(canvas, 2, 2))
    volume = page.get_by_label("Volume", exact=True)
    for answer, kept in (("error=True", "35%"), ("draft=edits.set_volume(DRAFT, 2, 0.8)", "80%")):
        volume.fill("80")
        volume.press("Enter")
        expect(page.locator(".nemo-timeline-status")).to_have_text(
            "Sent as a chat message; waiting for the backend to confirm…"
        )
        expect(volume).to_have_value("80%")
        expect(page.locator(".nemo-timeline [role=option]")).to_contain_text("volume 80%, not confirmed yet")
        shown.screenshot("timeline-pending", shown.outputs())
        assert kernel(shown, "timeline.draft is DRAFT") == "True"
        shown.execute(f"ANSWER.update({answer})")
        expect(page.locator(".nemo-timeline-status")).to_have_text("")
        expect(volume).to_have_value(kept)
    expect(page.locator(".nemo-timeline [role=option]")).to_contain_text("volume 80%, changed")
    expect(page.locator(".nemo-error")).to_be_hidden()


PLAYED = """
import ipynemo
from PIL import Image
from ipynemo import Draft
from ipynemo.widgets import Chat, Timeline
nemo = ipynemo.Nemo("local")
session = nemo.create_session("Played", language="en")
for name, colour in (("red", (208, 32, 32)), ("blue", (32, 64, 208))):
    Image.new("RGB", (320, 180), colour).save(f"{name}.png")
session.upload("red.png", "blue.png")
red, blue = (info["id"] for info in session.state()["video_infos"])
fade = {"transition": {"kind": "fade", "d": 600}}
draft = session.save(Draft({"t": [{"tt": 0, "n": "Pictures", "sg": [
    {"id": "a", "src": red, "st": 0, "d": 2000, "m": fade}, {"id": "b", "src": blue, "st": 2000, "d": 2000}]},
    {"tt": 1, "n": "Music", "sg": [{"id": "m", "src": "music:calm", "st": 0, "d": 4000}]}], "d": 4000}))
timeline, chat = Timeline(session), Chat(session)
display(timeline, chat)
"""

# The colour amid a picture or a video, in sixteenths.
COLOUR = """(e) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.drawImage(e, 0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((value) => Math.round(value / 16));
}"""
SHOWS = f"([e, wanted]) => String(({COLOUR})(e)) === String(wanted)"
RUNS = "(v) => v.currentTime > 0.2 && v.muted && !v.paused"
RED, BLUE = [13, 2, 2], [2, 4, 13]


def test_a_range_plays_at_the_playhead_and_in_the_chat(notebook: NotebookOpener) -> None:
    shown = notebook([PLAYED], width=1100, height=1300)
    shown.run_all()
    page = shown.page
    picture = page.locator(".nemo-timeline-moment img")
    page.wait_for_function("(e) => e.naturalWidth === 640", arg=picture.element_handle())
    assert picture.evaluate(COLOUR) == RED  # not the black that it fades in from
    shown.screenshot("timeline-play", shown.outputs())

    page.locator(".nemo-timeline-list").focus()
    page.keyboard.press("p")
    video = page.locator(".nemo-timeline-moment video").element_handle()
    page.wait_for_function(RUNS, arg=video)
    assert video.evaluate("(v) => [v.videoWidth, v.videoHeight, Math.round(v.duration * 10)]") == [640, 360, 40]
    shown.screenshot("timeline-playing", shown.outputs())
    assert shown.accessibility(".nemo-timeline") == []
    video.evaluate("(v) => { v.pause(); v.currentTime = 2.5; }")
    page.wait_for_function(SHOWS, arg=[video, BLUE])
    expect(page.locator(".nemo-timeline-moment figcaption")).to_have_text("0:02")
    page.get_by_role("button", name="Stop").first.click()
    expect(picture).to_be_visible()

    page.get_by_role("button", name="Play from here").click()  # from what was kept
    again = page.locator(".nemo-timeline-moment video").element_handle()
    page.wait_for_function(RUNS, arg=again)
    shown.execute("from ipynemo import edits; timeline.edit(edits.remove_segment(draft, track=1, segment=1))")
    expect(page.locator(".nemo-timeline-moment video")).to_have_count(0)  # it was of another draft
    page.wait_for_function(SHOWS, arg=[picture.element_handle(), BLUE])

    page.locator(".nemo-chat-input").fill("play the last second")
    page.locator(".nemo-chat-input").press("Enter")
    expect(page.locator(".nemo-chat-log").get_by_text("This is 0:01 to 0:02, small.")).to_be_visible()
    film = page.locator(".nemo-chat-screen video")
    page.wait_for_function("(v) => v.currentTime > 0.2 && v.muted", arg=film.element_handle())
    shown.screenshot("chat-preview", shown.outputs())
    assert shown.accessibility(".nemo-chat") == []
    shown.save()
    shown.open()  # a page that is new waits to be asked
    film = page.locator(".nemo-chat-screen video")
    page.locator(".nemo-chat-play").click()
    page.wait_for_function("(v) => v.currentTime > 0.2", arg=film.element_handle())
