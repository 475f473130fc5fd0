"""The rows of an edited frame, read cell by cell: what is no time, no text, no whole number is refused by name.

A person typed these cells, so a refusal names the row and the column as that person sees them, and says what to write.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeGuard

from ipynemo.draft.pieces import MAX_MS
from ipynemo.draft.rows import MAX_INT64
from ipynemo.errors import DraftError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Edited", "is_number", "refuse"]


def refuse(label: Any, column: str, problem: str, hint: str) -> NoReturn:
    """Raise a `DraftError` that names the row and the column and says what to do."""
    raise DraftError(f"row {label!r}, column {column}: {problem}.", hint=hint)


def is_number(value: Any) -> TypeGuard[int | float]:
    """Return whether a cell holds a finite number; `True` is none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < math.inf


@dataclass(frozen=True)
class Edited:
    """The rows as they came back.

    Parameters
    ----------
    labels : sequence
        How the user knows the rows: the frame's index.
    cells : mapping
        Column → one value a row; None for missing. A column that was dropped is not there.
    extra : sequence of str
        Which of the columns are raw keys of the segments.
    """

    labels: Sequence[Any]
    cells: Mapping[str, Sequence[Any]]
    extra: Sequence[str] = ()

    def cell(self, row: int, column: str) -> Any:
        """Return one value; None where it, or the column, is missing."""
        values = self.cells.get(column)
        return None if values is None else values[row]

    def whole(self, row: int, column: str, hint: str) -> int | None:
        """Return a whole number."""
        value = self.cell(row, column)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value // 1:
            refuse(self.labels[row], column, f"{value!r} is no whole number", hint)
        if not -MAX_INT64 <= value <= MAX_INT64:
            refuse(self.labels[row], column, f"{value!r} is too large", hint)
        return int(value)

    def text(self, row: int, column: str) -> str | None:
        """Return a text."""
        value = self.cell(row, column)
        if value is not None and not isinstance(value, str):
            refuse(self.labels[row], column, f"{value!r} is no text", f'Write it in quotes: "{value}".')
        return None if value is None else str(value)

    def ms(self, row: int, column: str, shown_ms: int | None) -> int | None:
        """Return a time in milliseconds; what the frame itself had shown is not questioned."""
        value = self.cell(row, column)
        if value is None:
            return None
        if shown_ms is not None and value == shown_ms / 1000:
            return shown_ms
        if not is_number(value):
            refuse(self.labels[row], column, f"{value!r} is no number of seconds", "Write a number such as 2.5.")
        if value < 0:
            refuse(self.labels[row], column, f"{value!r} is negative", "Times count from 0, the start of the clip.")
        if value * 1000 > MAX_MS:
            refuse(self.labels[row], column, f"{value!r} is too long", "Times are in seconds.")
        return round(value * 1000)
