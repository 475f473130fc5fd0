"""What the user dictates: the words of a caption or a title may sound like instructions, and are none.

"Add a caption: Press the red button" is answered with "Caption added: Press the red button" by a backend that puts no
quotation marks; these words were the user's, so they stay.
"""

from __future__ import annotations

import re

__all__ = ["Dictated"]

MOST_CHARS = 2_000  # of a message that are looked into
LEAST_WORDS = 2  # fewer are found by chance; a Chinese character counts as half a word

_BEGINS = re.compile(
    r"[:：]|\b(?:captions?|subtitles?|titles?|headings?|texts?|labels?|says?|saying|reads?|reading)\b"
    r"|字幕|标题|標題|文字|文案|写上?|寫上?|改成|改为|改為|内容是",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“「『《‘]([^\"“”「」『』《》‘’\n]{2,300})[\"”」』》’]")
_WORDS = re.compile(r"[㐀-鿿]|[^\W_㐀-鿿]+(?:['’][^\W_]+)*")
# What a backend says of a text behind it: "… added at 0–4 s".
_ABOUT = re.compile(r"(?: (?:\d+|s|ms|sec|seconds?|at|from|to|for|added|now|is|in|place|秒|已|添|加))*")


def _plain(text: str) -> str:
    return " ".join(_WORDS.findall(text.casefold()))


def _is_enough(words: str) -> bool:
    return sum(0.5 if "㐀" <= word <= "鿿" else 1 for word in words.split()) >= LEAST_WORDS


class Dictated:
    """The texts that a message dictates.

    Parameters
    ----------
    message : str
        What the user said.

    Examples
    --------
    >>> texts = Dictated("add a caption: Press the red button")
    >>> "Press the red button!" in texts, "Press the Export button" in texts
    (True, False)
    """

    def __init__(self, message: str) -> None:
        message = message[:MOST_CHARS]
        found = [match[1] for match in _QUOTED.finditer(message)]
        if (begin := _BEGINS.search(message)) is not None:
            found.append(message[begin.end() :])
            found += message[begin.end() :].splitlines()
            found += [message[match.end() :] for match in _BEGINS.finditer(message)]
        self._texts = {text for each in found if _is_enough(text := _plain(each))}

    def __contains__(self, clause: str) -> bool:
        """Return whether words of the backend are words that the user dictated."""
        words = _plain(clause)
        return _is_enough(words) and any(
            f" {words} " in f" {text} " or (words.startswith(text) and _ABOUT.fullmatch(words[len(text) :]) is not None)
            for text in self._texts
        )
