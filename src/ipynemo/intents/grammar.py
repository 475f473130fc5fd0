"""How a language tells somebody to operate a screen: the form that `english` and `chinese` fill in.

Every pattern is tried at the beginning of one clause only, after the words that lead in ("then", "you can"), and
reaches a bounded number of characters, so that the cost grows with the text and no further.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["LABEL", "Action", "Grammar", "laid_out"]

LABEL = "\ufffc"  # stands for each character of something quoted, so that quotations are neither split nor read


class Action(StrEnum):
    """What an instruction for the screen comes to here."""

    EXPORT = "export"
    STATE = "state"
    EDIT = "edit"
    SUMMARY = "summary"
    CREDITS = "credits"
    DO = "do"


def laid_out(*patterns: str) -> re.Pattern[str]:
    """Return alternatives as one pattern; line breaks and indentation are layout, every other space is meant."""
    flat = [re.sub(r"\n\s*(\| )?", lambda found: "|" if found[1] else "", pattern) for pattern in patterns]
    return re.compile("|".join(flat), re.IGNORECASE)


@dataclass(frozen=True)
class Grammar:
    """One language's way of giving such an instruction.

    Parameters
    ----------
    split : pattern
        What stands between two clauses.
    lead : pattern
        What may come before the verb of an instruction.
    instructions : tuple of (Action, pattern)
        The first that matches behind the lead decides.
    content : pattern
        What tells that a clause is about the picture after all.
    condition : pattern
        A clause that only prepares an instruction: "when you are ready".
    belongs : pattern
        A clause behind an instruction that is a part of it: "choose MP4", "to save it".
    sayings : dict
        What is said instead.
    asking : str
        What is said instead of a button with a name, which takes the place of `{}`.
    stop, gap : str
        The end of a sentence, and what stands between two.
    """

    split: re.Pattern[str]
    lead: re.Pattern[str]
    instructions: tuple[tuple[Action, re.Pattern[str]], ...]
    content: re.Pattern[str]
    condition: re.Pattern[str]
    belongs: re.Pattern[str]
    sayings: dict[Action, str]
    asking: str
    stop: str
    gap: str
