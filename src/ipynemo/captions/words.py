"""The words of descriptions, from one plain file a language; a language that is not there is told in English."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

__all__ = ["Words", "languages", "words_for"]

_FILES = files("ipynemo.captions") / "texts"


class Words:
    """The words of one language.

    Parameters
    ----------
    table : dict
        The parsed file: groups of sentences with blanks.
    """

    def __init__(self, table: dict[str, dict[str, str]]) -> None:
        self.table = table

    def has(self, group: str, key: str) -> bool:
        """Return whether there is such a sentence."""
        return key in self.table[group]

    def get(self, group: str, key: str, **blanks: str) -> str:
        """Return a sentence, its blanks filled in."""
        return self.table[group][key].format(**blanks)


def languages() -> list[str]:
    """Return the languages that there is a file for."""
    return sorted(entry.name.removesuffix(".toml") for entry in _FILES.iterdir() if entry.name.endswith(".toml"))


@cache
def _words(language: str) -> Words:
    return Words(tomllib.loads((_FILES / f"{language}.toml").read_text(encoding="utf-8")))


def words_for(language: str) -> Words:
    """Return the words for a language tag such as `zh-CN`; English where there are none for it."""
    base = language.replace("_", "-").partition("-")[0].lower()
    return _words(base if base in languages() else "en")
