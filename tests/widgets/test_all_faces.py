"""All widgets alike: the same words in every language, modules that are whole, nothing that makes HTML of text."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from ipynemo.widgets._base import Face
from ipynemo.widgets._static import STATIC, module
from ipynemo.widgets._words import COMMON, LANGUAGES


def faces() -> list[type[Face]]:
    """Return every widget of the package."""
    import ipynemo.widgets

    for path in sorted(Path(ipynemo.widgets.__file__).parent.glob("[a-z]*.py")):
        __import__(f"ipynemo.widgets.{path.stem}")
    found, todo = [], [Face]
    while todo:
        kinds = todo.pop().__subclasses__()
        todo += kinds
        found += [kind for kind in kinds if kind.__module__.startswith("ipynemo.")]
    return sorted({kind.__name__: kind for kind in found}.values(), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("face", faces(), ids=lambda face: face.__name__)
def test_every_widget_says_the_same_in_every_language(face: type[Face]) -> None:
    for words in (COMMON, face.WORDS):
        assert {language: sorted(texts) for language, texts in words.items()} == {
            language: sorted(words["en"]) for language in LANGUAGES
        }
        for key, text in words["en"].items():
            assert places(words["zh"][key]) == places(text), key


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("face", faces(), ids=lambda face: face.__name__)
def test_every_text_that_a_page_asks_for_is_there(face: type[Face]) -> None:
    known = set(COMMON["en"]).union(*(cls.WORDS["en"] for cls in face.__mro__ if issubclass(cls, Face)))
    asked = set(re.findall(r'\b(?:say\(model, |words\()"(\w+)"', str(face._esm)))
    assert asked - known == set()


# -- modules and styles -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("face", faces(), ids=lambda face: face.__name__)
def test_a_module_is_whole_and_gets_nothing_from_elsewhere(face: type[Face]) -> None:
    script, sheet = str(face._esm), str(face._css)
    assert re.findall(r"^\s*import\b", script, re.MULTILINE) == []
    assert re.findall(r"^export (?!default )", script, re.MULTILINE) == []
    assert script.count("\nexport default ") == 1
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", script) == []
    assert re.findall(r"@import|url\(\s*['\"]?https?:", sheet) == []
    assert ".nemo-icon" in sheet


def test_a_shared_module_is_put_in_once() -> None:
    assert module("player.js").count("function follow(") == 1


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_a_file_of_javascript_stays_readable(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 400
