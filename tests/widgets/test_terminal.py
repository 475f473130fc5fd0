"""The widgets where there is no page: plain Python and a terminal's IPython get text, and no exception."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ipynemo import widgets

NAMES = [name for name in widgets.__all__ if name != "Studio"]  # which is a session and a backend as well
COLOURS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
LIMIT_S = 120.0


def said(command: list[str], lines: str, folder: Path) -> str:
    env = os.environ | {
        "HOME": str(folder),
        "IPYTHONDIR": str(folder / "ipython"),
        "IPYNEMO_DATA_DIR": str(folder / "data"),
        "PYTHONPATH": str(Path(widgets.__file__).parents[2]),
        "TERM": "dumb",
    }
    done = subprocess.run(command, input=lines, capture_output=True, text=True, env=env, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr + done.stdout, done.stderr + done.stdout
    assert "Error" not in done.stderr, done.stderr
    return COLOURS.sub("", done.stdout)


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Return what each widget says of itself."""
    return {name: getattr(widgets, name)(language="en")._fallback_text() for name in NAMES}


def test_in_plain_python_a_widget_is_its_words(tmp_path: Path, texts: dict[str, str]) -> None:
    lines = ["import ipynemo", *(f"print(repr(ipynemo.{name}(language='en')))" for name in NAMES)]
    lines.append("print(repr(ipynemo.Studio(language='en')))")  # it begins to work, and the script ends
    shown, studio, _ = said([sys.executable, "-"], "\n".join(lines) + "\n", tmp_path).partition("<Studio: ")
    assert studio
    assert shown == "".join(f"<{name}: {text}>\n" for name, text in texts.items())


def test_in_a_terminals_ipython_a_widget_is_its_words(tmp_path: Path, texts: dict[str, str]) -> None:
    command = [
        sys.executable,
        "-m",
        "IPython",
        "--simple-prompt",
        "--no-banner",
        "--colors=NoColor",
        "--no-confirm-exit",
    ]
    lines = ["import ipynemo", *(f"ipynemo.{name}(language='en')" for name in NAMES)]
    lines += ["from IPython.display import display", "chat = ipynemo.Chat(language='en')", "display(chat)"]
    shown = said(command, "\n".join(lines) + "\n", tmp_path)
    for number, name in enumerate(NAMES, 2):
        first = texts[name].splitlines()[0]
        assert re.search(rf"Out\[{number}\]: {re.escape(first)}", shown), shown
    assert shown.count(texts["Chat"].splitlines()[0]) == 2
