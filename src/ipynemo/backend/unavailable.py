"""The error for a part of the server that does not answer: the database or the storage. It may come back."""

from __future__ import annotations

from ipynemo.errors import ServerError

__all__ = ["UnavailableError"]


class UnavailableError(ServerError):
    """The database or the storage cannot be reached; nothing of the request was kept. It leaves as HTTP 503."""

    retry_after_s: float | None = 5.0

    @classmethod
    def of(cls, what: str) -> UnavailableError:
        """Return the error for "database" or "storage"."""
        return cls(f"The {what} of the backend cannot be reached at the moment.", hint="Try again in a little while.")
