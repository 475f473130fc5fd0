"""Errors as a widget shows them: what happened, what to do next, and the button that does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from ipynemo.errors import (
    BackendStartError,
    ConnectionFailedError,
    DeadlineError,
    DraftError,
    NemoError,
    OutOfCreditsError,
    ProtocolError,
    RateLimitError,
    RenderFailedError,
    ServerError,
    SessionNotFoundError,
    StreamInterruptedError,
    TurnFailedError,
)

__all__ = ["Action", "failure", "unexpected"]

Action = Literal["retry", "new_session", "top_up"]

_RETRY: Final = (
    BackendStartError,
    ConnectionFailedError,
    DeadlineError,
    ProtocolError,
    RateLimitError,
    RenderFailedError,
    ServerError,
    StreamInterruptedError,
    TurnFailedError,
)


def _action(error: NemoError) -> Action | None:
    if isinstance(error, OutOfCreditsError):
        return "top_up" if error.link else None
    if isinstance(error, SessionNotFoundError):
        return "new_session"
    return "retry" if isinstance(error, _RETRY) else None


def failure(error: NemoError, words: Mapping[str, str]) -> dict[str, Any]:
    """Return an error for the page: `message`, `hint`, `action`, `link`.

    The texts are the widget's own, in its language, where it has some for this error; else the error's.
    """
    name = type(error).__name__
    link = error.link if isinstance(error, OutOfCreditsError) else None
    own = words.get(name)
    message = error.message if own is None or isinstance(error, DraftError) else own
    hint = words.get(f"{name}_hint") if own is not None else error.hint
    return {"message": message, "hint": hint or "", "action": _action(error), "link": link}


def unexpected(what: str, words: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page shows for an error that nobody foresaw; the log has the rest."""
    return {
        "message": words["unexpected"].format(what=what),
        "hint": words["unexpected_hint"],
        "action": "retry",
        "link": None,
    }
