"""The page's half against Python's: the same traits, the same messages in both directions, and no other way."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest
from ipywidgets import DOMWidget
from test_all_faces import faces

from ipynemo.widgets._base import Face
from ipynemo.widgets._static import module

FACES = pytest.mark.parametrize("face", faces(), ids=lambda face: face.__name__)
PACKAGE = Path(importlib.import_module("ipynemo.widgets").__file__ or "").parent

# What ipywidgets and anywidget keep for themselves.
THEIRS = {*DOMWidget.class_traits(sync=True), "_esm", "_css", "_anywidget_id"}


def script_of(face: type[Face]) -> str:
    """Return the whole module without comments."""
    script = re.sub(r"/\*.*?\*/", "", module(face.__module__.rpartition(".")[2] + ".js"), flags=re.DOTALL)
    return re.sub(r"^\s*//.*$", "", script, flags=re.MULTILINE)


def sources_of(face: type[Face]) -> list[ast.Module]:
    """Return the trees of the widget's modules in Python: its own, and the private ones that it imports."""
    seen: dict[str, ast.Module] = {}
    todo = [cls.__module__ for cls in face.__mro__ if issubclass(cls, Face)]
    while todo:
        name = todo.pop()
        path = PACKAGE / f"{name.rpartition('.')[2]}.py"
        if name not in seen and path.exists():
            seen[name] = tree = ast.parse(path.read_text("utf-8"))
            found = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
            todo += [one for one in found if one.startswith("ipynemo.widgets._")]
    return list(seen.values())


def strings_of(face: type[Face]) -> set[str]:
    return {
        node.value
        for tree in sources_of(face)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@FACES
def test_the_page_reads_the_traits_that_are_sent_and_no_others(face: type[Face]) -> None:
    script = script_of(face)
    read = set(re.findall(r'model\.get\("(\w+)"\)', script))
    for names in re.findall(r"follow\(\s*model,\s*\[([^\]]*)\]", script):
        read |= set(re.findall(r'"(\w+)"', names))
    read |= set(re.findall(r'"change:(\w+)"', script))
    read |= set(parts_of(script))
    sent = set(face.class_traits(sync=True)) - THEIRS
    assert read - sent == set(), "the page reads what nobody sends"
    assert sent - read - {"language", "busy", "error"} == set(), "nobody reads what is sent"


def parts_of(script: str) -> list[str]:
    """Return the parts that the studio seats, which it reads by a name in a variable."""
    places = re.findall(r"^const PLACES = \{(.*)\};$", script, re.MULTILINE)
    return re.findall(r"(\w+):", "".join(places))


@FACES
def test_the_page_sets_no_trait(face: type[Face]) -> None:
    assert re.findall(r"model\.set\(|save_changes", script_of(face)) == []


@FACES
def test_what_the_page_says_is_understood(face: type[Face]) -> None:
    said = set(re.findall(r'(?:model\.send|sendControl)\([^;]*?kind: "(\w+)"', script_of(face)))
    assert said - strings_of(face) == set()


@FACES
def test_what_python_says_is_heard(face: type[Face]) -> None:
    script = script_of(face)
    said = {
        value.value
        for tree in sources_of(face)
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == "kind"
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    }
    assert {kind for kind in said if not re.search(rf'"{kind}"|\b{kind}:', script)} == set()
