"""An answer while it comes: what is shown of it, and what is new since the last look.

Blocks that are complete are laid out; the paragraph that is still being written is text, sent in pieces. Talk of
buttons is replaced as it comes. Of a very long answer only the beginning is followed; the rest comes at the end.
"""

from __future__ import annotations

import re
from typing import Any, Final

from ipynemo.client.stream import TurnText
from ipynemo.events import Event, Text, TextDelta
from ipynemo.intents import translate
from ipynemo.intents.chinese import CHINESE
from ipynemo.intents.english import ENGLISH
from ipynemo.widgets._markdown import Node, clean, tree

__all__ = ["FOLLOWED", "Live", "for_widgets"]

FOLLOWED: Final = 12_000  # characters
TELLING_WORDS: Final = 4  # so much of a sentence tells whether it is an instruction
TELLING_LENGTH: Final = 24  # where words are not parted by spaces, so many characters

_FENCE = re.compile(r"^ {0,3}(```|~~~)", re.MULTILINE)
_SENTENCE_END = re.compile(r"[.!?](?=\s)|[。！？；\n]")


def _saying(saying: str) -> str:
    words = saying.partition("session.")[0].rstrip().rstrip(":：")
    return re.escape(words) + r"[:：]\s*session\.\w+\((?:'(?P<name>[^'\n]*)')?\)"


# One pattern for each, tried in turn: a group's name may stand once in a pattern.
_CODE_TALK: Final = tuple(
    dict.fromkeys(
        re.compile(_saying(saying))
        for grammar in (ENGLISH, CHINESE)
        for saying in (grammar.asking, *grammar.sayings.values())
    )
)


def for_widgets(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a translated text without the code in it, because here are buttons, and the names of asked-for buttons.

    Examples
    --------
    >>> for_widgets("Done. Just ask for it here: session.chat('Enhance').")
    ('Done. Just ask for it here.', ('Enhance',))
    """
    names: list[str] = []
    if "session." not in text:
        return text, ()

    def without(found: re.Match[str]) -> str:
        name = found["name"]
        if name and name != "…":
            names.append(name)
        return re.split(r"[:：]\s*session\.", found[0], maxsplit=1)[0]

    for pattern in _CODE_TALK:
        text = pattern.sub(without, text)
    return text, tuple(dict.fromkeys(names))


class Live:
    """The answer of one turn while it comes.

    Parameters
    ----------
    number : int
        Of the turn; goes with each message to the page.
    language : str
        Of the answers.
    """

    def __init__(self, number: int, language: str, asked: str = "") -> None:
        self.number = number
        self._language = language
        self._asked = asked
        self._text = TurnText()
        self._is_open = False  # more of the last text is to come
        self._seen = ""
        self._shown: tuple[list[Node], str] = ([], "")
        self._laid_out = ("", list[Node]())

    def add(self, event: Event) -> None:
        """Take an event of the turn."""
        self._text.add(event)
        if isinstance(event, (Text, TextDelta)):
            self._is_open = isinstance(event, TextDelta)

    @property
    def text(self) -> str:
        """All that has come, as it is to be shown."""
        self._is_open = False
        return self._translated(str(self._text))

    def news(self) -> dict[str, Any] | None:
        """Return what changes on a page that has all news so far, None where nothing does.

        `blocks` take the place of those from number `from` on; the text behind them is cut to `at` UTF-16 units, the
        page's way to count, and goes on with `text`.
        """
        now = str(self._text)
        now = now[:FOLLOWED] + " …" if len(now) > FOLLOWED else now
        if now == self._seen:
            return None
        self._seen = now
        old_blocks, old_tail = self._shown
        blocks, tail = self._look(clean(self._translated(now)))
        same = _common(old_blocks, blocks)
        at = _common(old_tail, tail) if same == len(blocks) == len(old_blocks) else 0
        self._shown = (blocks, tail)
        if same == len(blocks) == len(old_blocks) and old_tail == tail:
            return None
        return {
            "kind": "delta",
            "turn": self.number,
            "from": same,
            "had": len(old_blocks),
            "blocks": blocks[same:],
            "at": _units(tail[:at]),
            "text": tail[at:],
        }

    def whole(self) -> dict[str, Any]:
        """Return the message that a new page begins with."""
        blocks, tail = self._shown
        return {"kind": "delta", "turn": self.number, "from": 0, "had": 0, "blocks": blocks, "at": 0, "text": tail}

    def _look(self, text: str) -> tuple[list[Node], str]:
        end = _settled(text)
        if self._laid_out[0] != text[:end]:
            self._laid_out = (text[:end], tree(text[:end]))
        return self._laid_out[1], text[end:].lstrip("\n")

    def _translated(self, text: str) -> str:
        ends = list(_SENTENCE_END.finditer(text))
        done = ends[-1].end() if ends else 0
        head, tail = text[:done], text[done:]
        is_short = len(tail) < TELLING_LENGTH and len(tail.split()) < TELLING_WORDS
        if (self._is_open and is_short) or translate(tail, language=self._language, asked=self._asked).actions:
            tail = ""  # it may be half of an instruction, which is replaced when it is whole
        translation = translate(head, language=self._language, asked=self._asked)
        return for_widgets(translation.text)[0] + tail if translation.actions else head + tail


def _settled(text: str) -> int:
    """Return where the last complete block ends: at an empty line outside of a code block and a list."""
    end = text.rfind("\n\n")
    while end > 0:
        if len(_FENCE.findall(text[:end])) % 2 == 0:
            return end + 2
        end = text.rfind("\n\n", 0, end)
    return 0


def _common(one: Any, other: Any) -> int:
    """Return how many items two sequences begin with in common."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
