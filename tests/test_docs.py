"""The documents are true: the sentences that can be said are understood, the links lead somewhere."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import skimage.data
from skimage.io import imsave

from ipynemo.backend.agent import AssetFacts, Result, Say, Situation, respond
from ipynemo.draft import Draft

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])

ROWS = [line for line in (ROOT / "docs" / "agent.md").read_text("utf-8").splitlines() if line.startswith("| ")]
SENTENCES = [sentence for row in ROWS for sentence in re.findall(r'"([^"]+)"', row.split("|")[2])]

# An explained photograph is like that before anything is said.
ALREADY_SO = {"explain what an AI image is and how it was created", "crossfade between all clips"}


@pytest.fixture(scope="module")
def photograph(tmp_path_factory: pytest.TempPathFactory) -> AssetFacts:
    path = tmp_path_factory.mktemp("picture") / "coffee.png"
    imsave(path, skimage.data.coffee())
    return AssetFacts("a1", "coffee.png", "image", path, None, 600, 400, "png")


def said_and_drafts(message: str, situation: Situation) -> tuple[str, list[Draft]]:
    steps = list(respond(message, situation))
    text = "\n".join(step.text for step in steps if isinstance(step, Say))
    return text, [step.draft for step in steps if isinstance(step, Result) and step.draft is not None]


@cache
def explained(photograph: AssetFacts) -> Draft:
    return said_and_drafts("explain this image", Situation(Draft(), (photograph,)))[1][-1]


def test_there_are_sentences_in_both_languages() -> None:
    assert len(SENTENCES) > 30
    assert sum(bool(re.search("[\u4e00-\u9fff]", sentence)) for sentence in SENTENCES) > 5


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_of_the_document_does_something(sentence: str, photograph: AssetFacts) -> None:
    draft = explained(photograph)
    before = Draft({**draft.raw, "m": {**draft.raw["m"], "title": "before"}})
    situation = Situation(draft, (photograph,), undo=(before,), redo=(before,))
    text, drafts = said_and_drafts(sentence, situation)
    assert not re.search("not understand|did not work|没有?听懂|不明白|没能", text), text
    if sentence == "show tracks":
        assert text.startswith("Timeline (")
    else:
        assert drafts
        assert drafts[-1] != draft or sentence in ALREADY_SO


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_pictures_of_a_document_exist(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", document.read_text("utf-8"))
    missing = [t for t in targets if not t.startswith("https://") and not (document.parent / t).exists()]
    assert missing == []


def test_the_picture_of_the_readme_is_light() -> None:
    assert (ROOT / "docs" / "pictures" / "quickstart.jpg").stat().st_size < 300_000


def test_the_first_screen_of_the_readme_has_the_two_commands_and_the_picture() -> None:
    first = "\n".join((ROOT / "README.md").read_text("utf-8").splitlines()[:12])
    assert [part for part in ("make demo", "make test", "docs/pictures/quickstart.jpg") if part not in first] == []


def test_the_commands_of_the_readme_are_those_of_the_command_line() -> None:
    from ipynemo.cli.app import app

    commands = {command.callback.__name__ for command in app.registered_commands if command.callback is not None}
    shown = set(re.findall(r"^ipynemo (\w+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE))
    assert commands == {"explain", "resume", "serve", "lab"}
    assert shown <= commands
