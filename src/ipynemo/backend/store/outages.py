"""Which failures of a query mean that the database is away, or too busy: the same query may succeed later."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

__all__ = ["is_outage"]

# Classes of SQLSTATE: connection lost, rolled back for another transaction's sake, out of resources, told to go away.
TRANSIENT = ("08", "40", "53", "57P", "25P03")


def is_outage(error: BaseException) -> bool:
    """Return whether a failed query may succeed later.

    While a connection is made, the driver's own errors come through; later they are wrapped by SQLAlchemy.
    """
    if isinstance(error, (OSError, InterfaceError, PoolTimeoutError)):  # a TimeoutError is an OSError
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = getattr(getattr(error, "orig", error), "sqlstate", None)
    return isinstance(state, str) and state.startswith(TRANSIENT)
