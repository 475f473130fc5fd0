"""What the package promises: its names, their docstrings, the error tree as drawn, typing."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ipynemo
from ipynemo import errors

ROOT = Path(__file__).parents[1]

PUBLIC = [
    "Asset",
    "AsyncNemo",
    "AsyncSession",
    "Chat",
    "Clip",
    "Credits",
    "CreditsBadge",
    "Draft",
    "Evidence",
    "EvidenceCard",
    "Explained",
    "Exporter",
    "Nemo",
    "NemoError",
    "NoiseSlider",
    "PixelGrid",
    "Player",
    "Preview",
    "Render",
    "Reply",
    "SaveAgain",
    "Segment",
    "Session",
    "SessionInfo",
    "Still",
    "Studio",
    "Timeline",
    "Timing",
    "TinyModelLab",
    "Track",
    "Uploader",
    "captions",
    "concepts",
    "edits",
    "errors",
    "events",
    "evidence",
    "evidence_frame",
]

MODULES = sorted(
    info.name
    for info in pkgutil.walk_packages(ipynemo.__path__, "ipynemo.")
    if not info.name.endswith("__main__") and ".versions" not in info.name and not info.name.endswith(".env")
)


def test_the_public_names_are_exactly_these() -> None:
    assert ipynemo.__all__ == PUBLIC == sorted(PUBLIC)


@pytest.mark.parametrize("name", ["ipynemo", *MODULES])
def test_a_modules_all_is_what_it_says(name: str) -> None:
    module = importlib.import_module(name)
    names = list(getattr(module, "__all__", []))
    assert [n for n in names if not hasattr(module, n)] == []
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ["ipynemo", *MODULES])
def test_a_module_opens_with_its_idea(name: str) -> None:
    assert (importlib.import_module(name).__doc__ or "").strip()


def documented(value: object) -> bool:
    return bool((inspect.getdoc(value) or "").strip())


def members(cls: type) -> list[tuple[str, object]]:
    return [(name, value) for name, value in vars(cls).items() if not name.startswith("_")]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(getattr(module, name), id=f"{module.__name__}.{name}")
        for module in (ipynemo, ipynemo.edits, ipynemo.errors, ipynemo.events)
        for name in module.__all__
        if callable(getattr(module, name)) or inspect.ismodule(getattr(module, name))
    ],
)
def test_every_public_name_says_what_it_is(value: object) -> None:
    if value is ipynemo.events.Event:  # a union of the events, which has no docstring of its own
        return
    assert documented(value)
    if inspect.isclass(value):
        undocumented = [
            name
            for name, member in members(value)
            if (inspect.isfunction(member) or isinstance(member, property | classmethod | staticmethod))
            and not documented(getattr(member, "__func__", member))
        ]
        assert undocumented == []


def drawn_tree() -> dict[str, str]:
    """Return child → parent, as the docstring of `ipynemo.errors` draws them."""
    tree: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^([\s│├└─]*)([A-Z]\w+Error)\b", line)
        if match is None:
            continue
        depth, name = len(match[1]), match[2]
        while above and above[-1][0] >= depth:
            above.pop()
        if above:
            tree[name] = above[-1][1]
        above.append((depth, name))
    return tree


def test_the_error_tree_in_the_docstring_is_the_real_one() -> None:
    real = {
        name: value.__bases__[0].__name__
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, errors.NemoError) and value is not errors.NemoError
    }
    assert drawn_tree() == real
    assert sorted([*real, "NemoError"]) == sorted(errors.__all__)


def subclasses(cls: type) -> set[type]:
    return {cls}.union(*(subclasses(child) for child in cls.__subclasses__()))


def test_every_error_of_the_package_stands_under_the_root() -> None:
    for name in MODULES:
        importlib.import_module(name)
    ours = [
        value
        for name in MODULES
        for value in vars(importlib.import_module(name)).values()
        if inspect.isclass(value)
        and value.__name__.endswith("Error")
        and value.__module__.startswith("ipynemo")
        and not value.__name__.startswith("_")
    ]
    assert set(ours) <= subclasses(errors.NemoError)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_are_true(name: str) -> None:
    module = importlib.import_module(name)
    at_hand = {public: getattr(ipynemo, public) for public in PUBLIC}  # an example need not import what everybody has
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.testmod(module, extraglobs=at_hand, optionflags=flags)
    assert result.failed == 0


def test_the_package_s_own_example_is_true() -> None:
    assert doctest.testmod(ipynemo) == doctest.TestResults(failed=0, attempted=3)


def test_the_package_ships_its_types() -> None:
    assert (Path(ipynemo.__file__).parent / "py.typed").read_text() == ""


CALLER = """
import ipynemo
from ipynemo import edits


async def main() -> float:
    async with ipynemo.AsyncNemo("local") as nemo:
        session = await nemo.create_session("x", language="en")
        await session.upload("a.png", on_progress=lambda done, total: None)
        async for event in session.stream("hello"):
            print(event)
        reply = await session.chat("explain")
        draft = edits.set_volume(await session.draft(), track=1, volume=0.5)
        reveal_type(reply.text)
        clip = await session.export("a.mp4", draft=draft)
        return clip.duration_s


def blocking() -> str | None:
    with ipynemo.Nemo() as nemo:
        return nemo.create_session("x").export().summary
"""


def test_a_caller_s_code_is_typed(tmp_path: Path) -> None:
    caller = tmp_path / "caller.py"
    caller.write_text(CALLER)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", f"--config-file={ROOT / 'pyproject.toml'}", str(caller)],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=ROOT,
        check=False,
    )
    assert 'Revealed type is "str"' in done.stdout.replace("builtins.", "")
    assert done.returncode == 0, done.stdout
