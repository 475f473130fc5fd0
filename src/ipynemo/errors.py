"""Every error that ipynemo raises on purpose, one tree under `NemoError`.

::

    NemoError
    ├── AuthenticationError        1001, 1010, 1011, HTTP 401: the token is missing, wrong or expired
    ├── PermissionDeniedError      HTTP 403
    ├── SessionNotFoundError       1002, HTTP 404
    ├── OutOfCreditsError          2001
    ├── PlanError                  HTTP 402: the subscription does not include this; credits would not help
    ├── UnsupportedFileError       4001
    ├── FileTooLargeError          4002, HTTP 413
    ├── InvalidRequestError        HTTP 400, 422
    ├── RateLimitError             HTTP 429
    ├── ServerError                HTTP 5xx, and error codes that the protocol does not list
    ├── ProtocolError              an answer that is not the protocol's: an HTML page, truncated JSON
    ├── ConnectionFailedError      the request was never delivered, or a read failed for good
    ├── StreamInterruptedError     a turn was cut off and the state shows no change
    ├── DeadlineError              a wait reached its limit
    ├── TurnFailedError            the agent itself reported a failure
    ├── NothingToExportError       the draft has no segment
    ├── RenderFailedError          the renderer reported a failure
    │   └── RenderCancelledError   somebody cancelled the render
    ├── BackendStartError          the embedded backend could not be started
    ├── UnknownPromptError         a word that the tiny model was never shown
    └── DraftError                 an edit that the draft cannot take
        ├── NoSuchTrackError
        └── NoSuchSegmentError

An error says what happened, where, and what to try: `hint` is the advice, and it is part of `str(error)`.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "AuthenticationError",
    "BackendStartError",
    "ConnectionFailedError",
    "DeadlineError",
    "DraftError",
    "FileTooLargeError",
    "InvalidRequestError",
    "NemoError",
    "NoSuchSegmentError",
    "NoSuchTrackError",
    "NothingToExportError",
    "OutOfCreditsError",
    "PermissionDeniedError",
    "PlanError",
    "ProtocolError",
    "RateLimitError",
    "RenderCancelledError",
    "RenderFailedError",
    "ServerError",
    "SessionNotFoundError",
    "StreamInterruptedError",
    "TurnFailedError",
    "UnknownPromptError",
    "UnsupportedFileError",
]


class NemoError(Exception):
    """The root of the tree; catch it to catch everything that ipynemo raises on purpose.

    Parameters
    ----------
    message : str
        What happened, and where, in one sentence.
    hint : str, optional
        What to try next.
    session_id, render_id : str, optional
        What the error is about, so that the work can be picked up again.
    code : int, optional
        The `code` of the protocol's envelope.
    status : int, optional
        The HTTP status.
    received : str, optional
        What had come before the error: the text of a turn, or the beginning of an answer that could not be read.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        session_id: str | None = None,
        render_id: str | None = None,
        code: int | None = None,
        status: int | None = None,
        received: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.session_id = session_id
        self.render_id = render_id
        self.code = code
        self.status = status
        self.received = received

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # Keyword arguments are lost by the default pickling of exceptions.
        return (type(self), (self.message,), dict(self.__dict__))


class AuthenticationError(NemoError):
    """The token is missing, wrong or expired (codes 1001, 1010, 1011, HTTP 401)."""


class PermissionDeniedError(NemoError):
    """The token is good, but not for this (HTTP 403)."""


class SessionNotFoundError(NemoError):
    """The session does not exist, or no longer (code 1002, HTTP 404)."""


class OutOfCreditsError(NemoError):
    """The credits are used up (code 2001).

    Attributes
    ----------
    link : str or None
        Where an anonymous user registers, or a registered one tops up.
    """

    link: str | None = None


class PlanError(NemoError):
    """The subscription does not include this (HTTP 402); more credits would not help."""


class UnsupportedFileError(NemoError):
    """The file is of a type that is not accepted (code 4001)."""


class FileTooLargeError(NemoError):
    """The file is larger than the backend takes (code 4002, HTTP 413)."""


class InvalidRequestError(NemoError):
    """The backend refused the request as wrongly formed (HTTP 400, 422)."""


class RateLimitError(NemoError):
    """Too many requests (HTTP 429).

    Attributes
    ----------
    retry_after_s : float or None
        How long the backend asks to wait, in seconds.
    """

    retry_after_s: float | None = None


class ServerError(NemoError):
    """The backend failed (HTTP 5xx), or answered with an error code that the protocol does not list.

    Attributes
    ----------
    retry_after_s : float or None
        How long the backend asks to wait, in seconds.
    """

    retry_after_s: float | None = None


class ProtocolError(NemoError):
    """An answer that is not the protocol's: an HTML page, truncated JSON, a missing field."""


class ConnectionFailedError(NemoError):
    """The request was never delivered, or a read failed for good."""


class StreamInterruptedError(NemoError):
    """A turn was cut off and the state shows no change; the message was not sent again (it would be charged twice)."""


class DeadlineError(NemoError):
    """A wait reached its limit; the limits are in `ipynemo.Timing`."""


class TurnFailedError(NemoError):
    """The agent itself reported a failure.

    Attributes
    ----------
    reply : Reply or None
        What the turn had brought until then: text, tools, changes, draft.
    """

    reply: Any = None


class NothingToExportError(NemoError):
    """The draft has no segment yet, so there is nothing to export."""


class RenderFailedError(NemoError):
    """The renderer reported a failure, also at the second try."""


class RenderCancelledError(RenderFailedError):
    """The render was cancelled."""


class BackendStartError(NemoError):
    """The embedded backend could not be started."""


class UnknownPromptError(NemoError):
    """A prompt with a word that the tiny model was never shown."""


class DraftError(NemoError):
    """An edit that the draft cannot take."""


class NoSuchTrackError(DraftError):
    """The draft has no such track; tracks are counted from 1."""


class NoSuchSegmentError(DraftError):
    """The track has no such segment; segments are counted from 1."""
