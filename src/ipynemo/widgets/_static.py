"""The page's half of the widgets, from files: plain modules and styles, made whole without a build.

A widget's module reaches the page alone, so it cannot import a neighbour there. What it imports by
`import { … } from "./face.js";` is put in its place here, likewise `@import "./face.css";`; in the files all of it is
ordinary JavaScript and CSS that an editor understands.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

__all__ = ["STATIC", "module", "style"]

STATIC = Path(__file__).parent / "static"

_IMPORT = re.compile(r"^import\s*\{[^}]*\}\s*from\s*\"\./([a-z_]+\.js)\";[ \t]*\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function |const |class )", re.MULTILINE)
_CSS_IMPORT = re.compile(r"^@import \"\./([a-z_]+\.css)\";[ \t]*\n", re.MULTILINE)


def _read(name: str) -> str:
    return (STATIC / name).read_text("utf-8")


@functools.cache
def module(name: str) -> str:
    """Return a widget's module with what it imports from its neighbours in place, each of them once."""
    seen: set[str] = set()

    def whole(text: str) -> str:
        def neighbour(match: re.Match[str]) -> str:
            if match[1] in seen:
                return ""
            seen.add(match[1])
            return _EXPORT.sub("", whole(_read(match[1])))

        return _IMPORT.sub(neighbour, text)

    return whole(_read(name))


@functools.cache
def style(name: str) -> str:
    """Return a widget's style sheet with what it imports from its neighbours in place."""
    return _CSS_IMPORT.sub(lambda match: style(match[1]), _read(name))
