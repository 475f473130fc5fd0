"""Tools for going back and forth between drafts."""

from typing import Annotated

from pydantic import Field

from ipynemo.backend.agent.registry import Done, tool
from ipynemo.backend.agent.situation import Situation
from ipynemo.errors import DraftError

__all__ = ["redo", "undo"]

Steps = Annotated[int, Field(ge=1, le=1000)]


@tool
def undo(situation: Situation, steps: Steps = 1) -> Done:
    """Take the last changes back, as in: undo."""
    if not situation.undo:
        raise DraftError("There is nothing to undo.")
    steps = min(steps, len(situation.undo))
    return Done(situation.undo[-steps], {"steps": steps})


@tool
def redo(situation: Situation, steps: Steps = 1) -> Done:
    """Do again what was taken back, as in: redo."""
    if not situation.redo:
        raise DraftError("There is nothing to redo.")
    steps = min(steps, len(situation.redo))
    return Done(situation.redo[-steps], {"steps": steps})
