"""The words of the explainer, from one plain file a language; a language that is not there is told in English."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["Script", "languages", "script_for"]

_TEXTS = files("ipynemo.backend.explain") / "texts"


class Script:
    """The texts of one language.

    Parameters
    ----------
    language : str
        As its file is called: "en", "zh".
    table : dict
        The parsed text file.
    """

    def __init__(self, language: str, table: dict[str, Any]) -> None:
        self.language = language
        self.table = table
        self.columns_per_s = float(table["reading_columns_per_s"])

    def one(self, group: str, key: str, **facts: Any) -> str:
        """Return a text, its blanks filled in."""
        text: str = self.table[group][key]
        return text.format(**facts)

    def table_of(self, group: str, **facts: Any) -> dict[str, str]:
        """Return all texts of a group, their blanks filled in."""
        return {key: self.one(group, key, **facts) for key in self.table[group]}

    def some(self, group: str, key: str, **facts: Any) -> list[str]:
        """Return the sentences of a scene, their blanks filled in."""
        return [text.format(**facts) for text in self.table[group][key]]


def languages() -> list[str]:
    """Return the languages that there is a text file for."""
    return sorted(entry.name.removesuffix(".toml") for entry in _TEXTS.iterdir() if entry.name.endswith(".toml"))


@cache
def _script(language: str) -> Script:
    text = (_TEXTS / f"{language}.toml").read_text(encoding="utf-8")
    return Script(language, tomllib.loads(text))


def script_for(language: str) -> Script:
    """Return the texts for a language tag such as "zh-CN"; English where there are none for it."""
    base = language.replace("_", "-").split("-")[0].lower()
    return _script(base if base in languages() else "en")
