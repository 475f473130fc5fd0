"""The two lessons as a class runs them, and as a teacher prints them: what they claim is what comes out."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

import ipynemo
from ipynemo.concepts.tiny.judge import judge_of
from notebook_kit import ROOT, decoded, executed, loaded_from_elsewhere, output_of, text_of

import make_lessons  # isort: skip - a script, which the kit made importable

A_SHORT_CLIP = 'SECONDS = 5\nQUALITY = "low"'


def pictures_of(notebook: nbformat.NotebookNode, words: str) -> dict[str, np.ndarray]:
    """Return the pictures that a cell shows, by what is said of them."""
    shown = BeautifulSoup(output_of(notebook, words, "text/html"), "html.parser").find_all("img")
    data = [(image["alt"], base64.b64decode(image["src"].split(",")[1])) for image in shown]
    return {alt: np.asarray(Image.open(io.BytesIO(file))) for alt, file in data}


def check_page(text: str, answers: int) -> BeautifulSoup:
    """Check what holds for both pages: one file, every picture described, answers folded at the end."""
    assert loaded_from_elsewhere(text) == []
    assert re.findall(r"@import|url\([\"']?https?:", text) == []
    page = BeautifulSoup(text, "html.parser")
    assert [tag for tag in page.find_all(src=True) if not tag["src"].startswith("data:") and tag.name != "video"] == []
    described = [image.get("alt", "") for image in page.find_all("img")]
    assert len(described) > 15
    assert [alt for alt in described if len(alt) < 1 or alt.startswith("No description")] == []
    folded = page.select(".celltag_answers details")
    assert (len(folded), [one for one in folded if one.has_attr("open")]) == (answers, [])
    assert "def show(" not in page.get_text()  # what is folded in the notebook is not printed
    assert "A folded cell:" in page.get_text()
    return page


def test_what_is_an_ai_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = executed(ROOT / "notebooks" / "05_what_is_an_ai_image.ipynb", tmp_path, monkeypatch, A_SHORT_CLIP)
    # 1. noise by hand: who knows the noise has the picture
    assert output_of(notebook, "height, width, colours").startswith("133 × 200 pixels × 3 colours = 79,800 numbers")
    assert "off by 0.000000 at most" in output_of(notebook, "other_noise =")
    known = pictures_of(notebook, "other_noise =")
    picture = pictures_of(notebook, "picture_share = 0.72")["your picture"].astype(int)
    assert np.abs(known["minus the noise that was added"] - picture).max() <= 1
    assert np.abs(known["minus some other noise"] - picture).mean() > 60
    assert "step 258: 0.71 × picture, 0.71 × noise" in pictures_of(notebook, "alpha_bar(t)")
    assert "not a recording of how it was made" in output_of(notebook, "NoiseSlider(PICTURE")
    # 2. a model's own way: from noise to a seven
    way = pictures_of(notebook, "seven = model.draw")
    assert list(way)[::5] == ["step 0: nothing but noise", "step 40: the picture"]
    judge = judge_of("digits")
    assert [judge.name(image) for image in way.values()][::5] == [None, "7"]
    assert output_of(notebook, "TinyModelLab(model").count("Looks like: 7;") == 3
    # 3. what five files say
    found = ipynemo.evidence_frame(tmp_path / "evidence")
    assert found["file"].tolist() == [
        *("1_nothing.png", "2_camera.jpg", "3_generator.png", "4_conflict.jpg", "5_signed.jpg"),
    ]
    assert found["level"].tolist() == ["none", "stated", "stated", "stated", "signed"]
    assert found["conflict"].tolist() == [False, False, False, True, False]
    assert found["camera"].fillna("").tolist()[1] == "Pinhole & Sons Shoebox 2"
    assert found["models"].fillna("").tolist()[2] == "cat-painter"
    assert found[["signer", "signature"]].fillna("").values.tolist()[4] == ["Honest Pictures Ltd", "unknown"]
    assert "made with Stable Diffusion web UI, model cat-painter" in output_of(notebook, "evidence_frame(", "text/html")
    assert "Both are shown; nothing is decided." in output_of(notebook, "card =")
    assert "We cannot check who that is." in output_of(notebook, 'EvidenceCard(folder / "5_signed.jpg"')
    saved = output_of(notebook, "again.save(")
    assert "model cat-painter (gone)" in saved
    assert "The pixels are the same, every one of them." in saved
    assert "it does not fit the file" in output_of(notebook, "changed[-200]")
    # 5. the clip
    assert output_of(notebook, "ipynemo.AsyncNemo") == "'Local — nothing leaves this computer'"
    assert decoded(tmp_path / "my_clip.mp4") == (640, 360, 150)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("cat.png", "changed.jpg", "data", "evidence", "my_clip.mp4"),
    ]
    told = text_of(notebook)
    assert (str(tmp_path) in told, "Warning" in told, "a cat made of light" in told) == (False, False, False)
    page = check_page(make_lessons.page(notebook, "05_what_is_an_ai_image"), answers=7)
    assert page.title.get_text() == "05_what_is_an_ai_image"
    assert page.select_one('a[href="06_make_a_real_one.html"]') is not None
    assert [video["src"] for video in page.find_all("video")] == ["my_clip.mp4"]
    assert len(page.select("blockquote")) == 6  # the exercises


def test_make_a_real_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = executed(ROOT / "notebooks" / "06_make_a_real_one.ipynb", tmp_path, monkeypatch, A_SHORT_CLIP)
    judge = judge_of("shapes")
    # 1. it learns
    first, last = map(float, re.findall(r"error: ([\d.]+) at first, ([\d.]+) in the end", text_of(notebook))[0])
    assert (first > 0.9, last < 0.4) == (True, True)
    assert "Trained: 1,500 steps on 3,520 pictures" in output_of(notebook, "lab = TinyModelLab")
    # 2. one seed, one picture; what was asked for is there
    assert "exactly the same: True" in output_of(notebook, "once, twice")
    drawn = pictures_of(notebook, "crosses = lab.compare")
    assert len({image.tobytes() for image in drawn.values()}) == 6
    assert [f"{judge.name(image)}, seed" in caption for caption, image in drawn.items()] == [True] * 6
    guided = pictures_of(notebook, "weak_to_strong")
    assert judge.name(guided["guidance 1"]) == "blue square"
    assert judge.name(guided["guidance 0"]) != "blue square"
    # 3. never shown
    shown = output_of(notebook, "never shown:")
    assert "green cross, blue circle, yellow triangle" in shown
    assert "is a green cross among the training pictures? False" in shown
    assert output_of(notebook, "for seed in range(12)").startswith("12 of 12 look like a green cross")
    assert "this model was never shown “star”" in output_of(notebook, '"green star"')
    # 4. copied or new
    many, few = output_of(notebook, "def near"), output_of(notebook, "pictures=22")
    assert re.findall(r": (not )?nearer than chance", many) == ["not ", "not ", "not "]
    assert re.findall(r": (not )?nearer than chance", few) == ["", "", "not "]
    # 5. the label is true, and read back
    found = ipynemo.evidence(tmp_path / "my_ai_image.png")
    assert (found.level, found.generators, found.prompt) == ("stated", ("ipynemo tiny diffusion model",), "green cross")
    assert found.source_types == ("trainedAlgorithmicMedia",)
    settings = dict(found.records[-1].settings)
    assert (settings["seed"], settings["steps"], settings["guidance"]) == ("3", "40", "1.5")
    with Image.open(tmp_path / "my_ai_image.png") as picture:
        assert judge.name(np.asarray(picture)[16::32, 16::32]) == "green cross"
    assert output_of(notebook, "found.answer").endswith("asks for it: green cross\n")
    # 6. the clip, and what it says of itself
    assert decoded(tmp_path / "my_ai_image.mp4") == (640, 360, 150)
    assert ipynemo.evidence(tmp_path / "my_ai_image.mp4").source_types == ("compositeSynthetic",)
    assert re.fullmatch(r"The prompt is on a card at [\d.]+ s\.\n", output_of(notebook, "show the prompt"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "my_ai_image.mp4", "my_ai_image.png"]
    told = text_of(notebook)
    assert (str(tmp_path) in told, "Warning" in told) == (False, False)
    page = check_page(make_lessons.page(notebook, "06_make_a_real_one"), answers=6)
    assert [video["src"] for video in page.find_all("video")] == ["my_ai_image.mp4"]
    assert len(page.select("blockquote")) == 6


@pytest.mark.parametrize("name", make_lessons.LESSONS)
def test_the_minutes_of_a_plan_are_a_lesson(name: str) -> None:
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    times = [(int(a), int(b)) for a, b in re.findall(r"^\| (\d+)–(\d+) \|", notebook.cells[0].source, re.MULTILINE)]
    assert (times[0][0], times[-1][1]) == (0, 45)
    assert [end for _, end in times[:-1]] == [start for start, _ in times[1:]]
    sources = "\n".join(cell.source for cell in notebook.cells)
    asked = re.findall(r"^> \*\*Exercise (\d) – ([^.?*]+)", sources, re.MULTILINE)
    answered = re.findall(r"<strong>Exercise (\d)</strong> – ([^<?]+)", notebook.cells[-1].source)
    assert asked == answered
    assert [number for number, _ in asked] == list("123456")


def test_an_error_in_a_lesson_fails_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notebooks").mkdir()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("raise ValueError('seen')")])
    nbformat.write(notebook, tmp_path / "notebooks" / "bad.ipynb")
    monkeypatch.setattr(make_lessons, "ROOT", tmp_path)
    monkeypatch.setattr(make_lessons, "LESSONS", ("bad",))
    monkeypatch.setattr("sys.argv", ["make_lessons.py", str(tmp_path / "out")])
    monkeypatch.setenv("IPYNEMO_DATA_DIR", "")
    assert make_lessons.main() == 1
    assert "seen" in capsys.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []
