"""What the agent says, from one plain file a language; a language that is not there is told in English."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["Messages", "languages", "messages_for"]

_FILES = files("ipynemo.backend.agent") / "messages"


class Messages:
    """The messages of one language.

    Parameters
    ----------
    language : str
    table : dict
        The parsed file: groups of messages with blanks.
    """

    def __init__(self, language: str, table: dict[str, dict[str, str]]) -> None:
        self.language = language
        self.table = table

    def has(self, group: str, key: str) -> bool:
        """Return whether there is such a message."""
        return key in self.table.get(group, {})

    def get(self, group: str, key: str, **facts: Any) -> str:
        """Return a message, its blanks filled in; a word that is not in the file stands for itself."""
        template = self.table.get(group, {}).get(key)
        return template.format(**facts) if template is not None else key


def languages() -> list[str]:
    """Return the languages that there is a message file for."""
    return sorted(entry.name.removesuffix(".toml") for entry in _FILES.iterdir() if entry.name.endswith(".toml"))


@cache
def _messages(language: str) -> Messages:
    return Messages(language, tomllib.loads((_FILES / f"{language}.toml").read_text(encoding="utf-8")))


def messages_for(language: str) -> Messages:
    """Return the messages for a language tag such as "zh-CN"; English where there are none for it."""
    base = language.replace("_", "-").split("-")[0].lower()
    return _messages(base if base in languages() else "en")
