"""File names from outside, made fit for a folder, a header and a screen. They are shown, never used as paths."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["MAX_NAME_CHARS", "safe_name"]

MAX_NAME_CHARS = 100
MAX_NAME_BYTES = 240  # file systems take 255 bytes; this leaves room for a ".part"
MAX_SUFFIX_CHARS = 16  # a longer tail after the last dot is part of a sentence

# Controls, format characters (bidirectional overrides, zero width, soft hyphens, tags), lone surrogates, private use,
# unassigned, and the separators that end lines.
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANK = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
)  # letters and marks by class, nothing on the screen
_FORBIDDEN = re.compile(r'[<>:"|?*]')  # Windows does not take them; a colon also opens a second stream of a file there
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(?=\.|$)", re.IGNORECASE)


def safe_name(name: str) -> str:
    """Return a file name that is safe to store, to send in a header and to show.

    The last part of a path in either spelling, in Unicode NFC, without control, bidirectional and invisible characters,
    leading dots and names that Windows keeps for devices; at most 100 characters, the suffix kept. "file" where nothing
    is left.
    """
    text = re.split(r"[/\\]", re.sub(r"^[A-Za-z]:(?=.)", "", name))[-1][-4 * MAX_NAME_CHARS :]
    text = re.sub(r"\s", " ", text)  # before the controls go: a line break between two words is a space
    text = "".join(c for c in text if unicodedata.category(c) not in _DROPPED and c not in _BLANK)
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r" +", " ", _FORBIDDEN.sub("_", text)).strip(" .")
    if _RESERVED.match(text):
        text = f"_{text}"
    return _shortened(text) or "file"


def _shortened(text: str) -> str:
    stem, dot, suffix = text.rpartition(".")
    if not stem or len(suffix) > MAX_SUFFIX_CHARS or " " in suffix:
        stem, dot, suffix = text, "", ""
    stem = stem[: MAX_NAME_CHARS - len(dot + suffix)]
    while len((stem + dot + suffix).encode()) > MAX_NAME_BYTES:
        stem = stem[:-1]
    return stem.rstrip(" .") + dot + suffix
