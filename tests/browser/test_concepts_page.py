"""The concept widgets in a real JupyterLab: scrubbed, asked, trained, saved again; by keys, in the dark, and narrow."""

from __future__ import annotations

import json

from browser_lab import NotebookOpener, NotebookPage
from playwright.sync_api import Locator, expect

SETUP = """
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from ipynemo.widgets import EvidenceCard, NoiseSlider, PixelGrid, SaveAgain, TinyModelLab

y, x = np.mgrid[0:480, 0:640].astype(float)
sky = np.stack([60 + 0.28 * y, 120 + 0.2 * y, 205 - 0.1 * y], -1)
sky[np.hypot(x - 480, y - 130) < 60] = (250, 214, 90)
sky[y > 330 + 40 * np.sin(x / 70)] = (46, 110, 72)
sky[(abs(x - 240) < 80) & (abs(y - 250) < 100)] = (196, 88, 62)
sky[(abs(x - 210) < 16) & (abs(y - 205) < 16) | (abs(x - 272) < 16) & (abs(y - 205) < 16)] = (245, 245, 240)
info, exif = PngInfo(), Image.Exif()
info.add_itxt("parameters", "a brick robot\\nNegative prompt: blur\\nSteps: 20, Sampler: Euler a, Model: sd-tiny")
exif[0x010F], exif[0x0110] = "Canon", "EOS R5"
Image.fromarray(sky.astype(np.uint8)).save("robot.png", pnginfo=info, exif=exif)
"""
CELLS = [
    SETUP,
    "slider = NoiseSlider('robot.png', language='en'); slider",
    "card = EvidenceCard('robot.png', language='en'); card",
    "lab = TinyModelLab(kind='shapes', training_steps=250, language='en'); lab",
    "again = SaveAgain('robot.png', language='en'); again",
    "grid = PixelGrid('robot.png', language='en'); grid",
    "NoiseSlider(language='zh')",
]
NAMES = {1: "noise", 2: "evidence", 3: "lab", 4: "labels", 5: "pixels"}
FORMS = [("light-1200", 1200, False), ("light-360", 360, False), ("dark-360", 360, True), ("dark-1200", 1200, True)]

# Every burst of moves is one drawing, done when the next frame is shown; and nothing is drawn in between.
SCRUB = """async () => {
    const slider = document.querySelector('.nemo-noise input[type=range]');
    const canvas = document.querySelector('.nemo-noise-canvas');
    const own = CanvasRenderingContext2D.prototype.drawImage;
    let draws = 0;
    CanvasRenderingContext2D.prototype.drawImage = function (...given) {
        if (this.canvas === canvas) draws += 1;
        return own.apply(this, given);
    };
    const frame = () => new Promise(requestAnimationFrame);
    const looks = () => canvas.getContext('2d').getImageData(0, 0, 64, 64).data
        .reduce((sum, one) => (31 * sum + one) % 1e9, 7);
    const seen = [];
    for (const burst of [[0], [5], [6, 7, 8, 9], [30, 2, 39]]) {
        await frame();
        const before = draws;
        for (const value of burst) {
            slider.value = value;
            slider.dispatchEvent(new Event('input', { bubbles: true }));
        }
        await frame();
        seen.push([draws - before, Number(canvas.dataset.step), looks()]);
    }
    const still = draws;
    for (let n = 0; n < 10; n += 1) await frame();
    CanvasRenderingContext2D.prototype.drawImage = own;
    return { seen, idle: draws - still };
}"""
STICKING_OUT = """() => [...document.querySelectorAll('.nemo')].flatMap((root) =>
    [...root.querySelectorAll('*:not(.nemo-hidden-text)')].filter((el) => el.getClientRects().length
        && !el.closest('thead') && el.getBoundingClientRect().right > root.getBoundingClientRect().right + 1)
        .map((el) => el.className || el.tagName))"""


def live(page: NotebookPage, cell: int) -> Locator:
    """Return the living widget of a cell; the form that is saved lies hidden beside it."""
    return page.outputs(cell).locator(f".nemo-{NAMES[cell]}")


def drawn(page: NotebookPage, canvas: str) -> None:
    """Wait until a canvas shows more than one colour."""
    page.page.wait_for_function(
        """(selector) => {
            const canvas = document.querySelector(selector);
            if (!canvas?.width) return false;
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return data.some((value, place) => place % 4 < 3 && value !== data[place % 4]);
        }""",
        arg=canvas,
    )


def scrubs(page: NotebookPage) -> None:
    drawn(page, ".nemo-noise-canvas")
    found = page.page.evaluate(SCRUB)
    assert [one[:2] for one in found["seen"]] == [[1, 0], [1, 59], [1, 111], [1, 999]]
    assert len({one[2] for one in found["seen"]}) == 4
    assert found["idle"] == 0


def noise(page: NotebookPage) -> None:
    scrubs(page)
    root = live(page, 1)
    slider = root.get_by_role("slider", name="Noise", exact=True)
    expect(root.get_by_text("Almost nothing of the picture is left.")).to_be_visible()
    slider.focus()
    slider.press("Home")
    slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "Step 9 of 999: picture times 1.00, noise times 0.04")
    page.page.wait_for_timeout(400)  # the kernel hears of the place where the slider rests
    assert page.execute("print(slider.t)") == "9\n"
    page.execute("slider.t = 250")
    expect(root.get_by_role("img", name="robot.png after 250 of 999 steps of added noise")).to_be_visible()
    expect(root.locator(".nemo-noise-number")).to_have_text(["× 0.72", "× 0.69"])
    expect(root.get_by_text("Illustration on your picture — not a recording of how it was made.")).to_be_visible()
    page.page.emulate_media(reduced_motion="reduce")
    root.get_by_role("button", name="Add noise").click()
    expect(root.locator(".nemo-noise-step")).to_have_text("Step 999 of 999")
    page.page.emulate_media(reduced_motion="no-preference")
    root.get_by_role("button", name="And back").click()
    root.get_by_role("button", name="Stop").click()
    slider.press("Home")
    for _ in range(19):
        slider.press("ArrowRight")


def evidence(page: NotebookPage) -> None:
    root = live(page, 2)
    drawn(page, ".nemo-evidence-picture")
    expect(root.locator("tbody tr")).to_have_count(3)
    expect(root.get_by_text("The statements point both to a camera and to AI.", exact=False)).to_be_visible()
    assert "a brick robot" not in root.inner_text()
    show = root.get_by_role("button", name="Show it here")
    show.focus()
    show.press("Enter")
    expect(root.get_by_text("a brick robot")).to_be_visible()
    expect(root.get_by_role("button", name="Hide it")).to_be_focused()


def lab(page: NotebookPage) -> None:
    root = live(page, 3)
    page.execute("lab.training_steps = 20_000")
    train, stop = (root.get_by_role("button", name=name) for name in ("Train", "Stop here"))
    train.press("Enter")
    expect(root.get_by_role("progressbar")).to_be_visible()
    expect(stop).to_be_focused()
    stop.press("Enter")
    expect(root.get_by_text("of 20,000 steps. It draws what it has learnt so far.", exact=False)).to_be_visible()
    expect(train).to_be_focused()
    page.execute("lab.training_steps = 250")
    train.click()
    expect(root.get_by_text("Trained: 250 steps on 3,520 pictures", exact=False)).to_be_visible()
    prompt = root.get_by_label("Prompt")
    expect(prompt).to_have_value("red cross")
    prompt.press("Enter")
    expect(root.locator(".nemo-lab-card")).to_have_count(1)
    root.get_by_role("button", name="green cross").click()
    expect(prompt).to_be_focused()
    root.get_by_role("button", name="Same seed, three prompts").click()
    expect(root.locator(".nemo-lab-card")).to_have_count(4)
    drawn(page, ".nemo-lab-card:nth-child(4) .nemo-lab-picture")
    expect(root.get_by_text("never shown in training", exact=True)).to_have_count(1)
    scrub = root.get_by_label("From noise to picture")
    scrub.focus()
    scrub.press("Home")
    pictures = root.locator(".nemo-lab-picture")
    expect(pictures.nth(1)).to_have_attribute("aria-label", "“green cross”, seed 0, at step 0 of 40")
    first = [data(pictures.nth(number)) for number in range(3)]
    assert first[0] == first[1] == first[2]  # one seed, one noise, whatever the prompt
    root.get_by_role("button", name="What the model takes it for").click()
    page.page.wait_for_function("() => document.querySelector('.nemo-lab-picture').dataset.step === '0'")
    page.page.wait_for_timeout(100)
    assert data(pictures.nth(0)) != data(pictures.nth(1))
    scrub.press("End")
    root.get_by_role("button", name="What it is").click()
    with page.page.expect_download() as download:
        root.get_by_role("button", name="Save “green cross”, seed 0, as PNG").click()
    assert download.value.suggested_filename == "green-cross-seed-0.png"
    prompt.fill("purple star")
    prompt.press("Enter")
    expect(root.get_by_role("alert")).to_contain_text("The model does not know these words")
    root.get_by_role("button", name="Close this message").click()


def data(canvas: Locator) -> str:
    return str(canvas.evaluate("(canvas) => canvas.toDataURL()"))


def labels(page: NotebookPage) -> None:
    root = live(page, 4)
    drawn(page, ".nemo-labels-picture")
    root.get_by_role("button", name="JPEG, keeping its EXIF").click()
    expect(root.get_by_text("Statements that vanished: 1.", exact=False)).to_be_visible()
    root.get_by_role("button", name="PNG", exact=True).click()
    expect(root.locator(".nemo-gone")).to_have_count(3)
    expect(root.get_by_text("The pixels are the same, every one of them.")).to_be_visible()
    expect(root.get_by_role("button", name="PNG", exact=True)).to_have_attribute("aria-pressed", "true")


def pixels(page: NotebookPage) -> None:
    root = live(page, 5)
    drawn(page, ".nemo-pixels-picture")
    across = root.get_by_label("Across")
    across.focus()
    across.press("Home")
    expect(root.get_by_text("Pixels 1–8 across, 237–244 down")).to_be_visible()
    expect(root.locator("tbody tr").first.locator("td").first).to_have_text("126 167 181 ")
    root.get_by_role("img", name="The picture robot.png; a frame marks the pixels shown").click(
        position={"x": 10, "y": 10}
    )
    expect(root.get_by_role("status")).not_to_contain_text("237–244 down")
    page.execute("grid.centre = (0.303, 0.394)")
    expect(root.get_by_text("Pixels 191–198 across, 186–193 down")).to_be_visible()
    widths = "(cells) => cells.map((cell) => cell.getBoundingClientRect().width)"
    assert min(root.locator("tbody td").evaluate_all(widths)) > 30
    for name, canvas in (("Squares", ".nemo-pixels-cut"), ("Smaller map", "[data-map='map'] canvas")):
        root.get_by_role("button", name=name).click()
        drawn(page, canvas)
        expect(page.page.locator(canvas)).to_be_visible()
        page.screenshot(f"concept-pixels-{name.split()[0].lower()}", root)
    assert page.accessibility(".nemo-pixels") == []
    expect(root.get_by_text("Stand-in: averages of the picture", exact=False)).to_be_visible()
    root.get_by_role("button", name="Pixels").click()


def test_a_lesson_with_all_of_them(notebook: NotebookOpener) -> None:
    page = notebook(CELLS, height=1000)
    page.run_all()
    for step in (noise, evidence, lab, labels, pixels):
        step(page)
    for form, width, dark in FORMS:
        page.page.set_viewport_size({"width": width, "height": 4200 if width == 360 else 1800})
        if dark != page.dark:
            page.dark = dark
            page.run_command("apputils:change-theme", {"theme": f"JupyterLab {'Dark' if dark else 'Light'}"})
            page.page.wait_for_selector(f'body[data-jp-theme-light="{str(not dark).lower()}"]', state="attached")
        for number, name in NAMES.items():
            page.outputs(number).scroll_into_view_if_needed()
            page.screenshot(f"concept-{name}-{form}", live(page, number))
        assert page.accessibility(".nemo") == []
        assert page.page.evaluate(STICKING_OUT) == []
    assert [line for line in page.console if "pageerror" in line] == []

    saved = json.dumps(page.save(), ensure_ascii=False)
    for secret in (str(page.lab.folder), page.lab.token, "a brick robot\\nNegative prompt: blur\\n\\nTo keep"):
        assert secret not in saved
    page.page.set_viewport_size({"width": 1200, "height": 1000})
    page.shutdown_kernel()
    scrubs(page)  # what is computed once needs no kernel
    page.open(page.untrusted_copy())
    for text in ("Step 258 of 999: 0.71 / 0.71", "EOS R5, a camera", "never shown in training", "786,432 / 16,384"):
        expect(page.page.get_by_text(text, exact=False).first).to_be_attached()
    page.screenshot("concept-reopened")
