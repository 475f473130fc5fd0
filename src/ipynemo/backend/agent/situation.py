"""What the agent starts from, and the steps that a turn is made of."""

from dataclasses import dataclass, field
from typing import Any, Literal

from ipynemo.backend.explain import AssetFacts
from ipynemo.draft import Draft

__all__ = ["Call", "Result", "Say", "Situation", "Step"]


@dataclass(frozen=True)
class Situation:
    """Where a session stands when the user says something.

    Parameters
    ----------
    draft : Draft
    assets : tuple of AssetFacts
        In the order of their upload.
    language : str
        Of the session, as in "en".
    undo, redo : tuple of Draft
        What undo and redo lead to, newest last.
    history : tuple of (str, str)
        What was said before, by "user" or "model", newest last.
    """

    draft: Draft
    assets: tuple[AssetFacts, ...] = ()
    language: str = "en"
    undo: tuple[Draft, ...] = ()
    redo: tuple[Draft, ...] = ()
    history: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Say:
    """A text for the user, finished; the server sends it in pieces."""

    text: str


@dataclass(frozen=True)
class Call:
    """A tool is about to be used."""

    id: str
    name: str
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """A tool has answered.

    Parameters
    ----------
    id, name : str
        Those of its `Call`.
    response : dict
        `{"done": …}` with facts, or `{"error": "…"}`.
    draft : Draft or None
        The new draft, where the tool made one.
    history : {"edit", "undo", "redo"}
        What the new draft is to the session's history.
    """

    id: str
    name: str
    response: dict[str, Any]
    draft: Draft | None = None
    history: Literal["edit", "undo", "redo"] = "edit"


Step = Say | Call | Result
