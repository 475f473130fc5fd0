"""How one backend server is set up: every limit, price and folder, with its unit."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ipynemo.errors import InvalidRequestError

__all__ = ["TOKEN_VARIABLE", "BackendConfig"]

TOKEN_VARIABLE = "IPYNEMO_BACKEND_TOKEN"  # noqa: S105 - a name, not a token

ACCESS = Literal["local", "served"]


@dataclass(frozen=True)
class BackendConfig:
    """The settings of a server.

    Parameters
    ----------
    data : Path
        The folder for the database, the uploaded files and the clips.
    token : str
        The bearer token of the fixed user.
    database : str, optional
        A database URL; by default SQLite in the data folder.
    fixed_user : {"local", "served"}
        Who the fixed user is: the one of this computer, or the one that a class shares.
    anonymous : bool
        Whether anonymous tokens are given out.
    anonymous_days : float
        How long such a token lives, in days; also the time for which a client id gets the same one.
    anonymous_per_hour : int
        How many new anonymous users are taken in an hour, by the whole server.
    edit_cost, credits : int
        What a turn that changes the draft costs, and what a new user has.
    plan_export : bool
        Whether the plan includes exports; off, they answer 402.
    session_days : float
        A session not used for so many days is forgotten, with its files.
    link_ttl_s : float
        How long a signed link works, in seconds.
    heartbeat_s, turn_limit_s : float
        Silence in a turn before a heartbeat is sent, and the limit for a whole turn, in seconds.
    lock_lease_s, render_lease_s : float
        How long a turn or a render stays with a server that gives no sign of life, in seconds.
    render_limit_s : float
        The limit for one render, in seconds.
    renders_at_once : int
        How many renders this server runs at the same time.
    max_data_bytes : int
        How much room files and clips may take before the oldest are removed.
    user_data_bytes : int
        How much an anonymous user's uploads may take; the fixed user has no limit of its own.
    allow_private_urls : bool
        Whether files may be fetched from private addresses, such as a school's own picture server.
    """

    data: Path
    token: str = field(repr=False)
    database: str | None = field(default=None, repr=False)
    fixed_user: ACCESS = "local"
    anonymous: bool = False
    anonymous_days: float = 7.0
    anonymous_per_hour: int = 600
    edit_cost: int = 0
    credits: int = 100
    plan_export: bool = True
    session_days: float = 90.0
    link_ttl_s: float = 3600.0
    heartbeat_s: float = 10.0
    turn_limit_s: float = 900.0
    lock_lease_s: float = 15.0
    render_lease_s: float = 4.0
    render_limit_s: float = 1800.0
    renders_at_once: int = max(1, (os.cpu_count() or 1) // 2)
    max_data_bytes: int = 20 << 30
    user_data_bytes: int = 2_000_000_000
    allow_private_urls: bool = False

    def __post_init__(self) -> None:
        if not self.token:
            raise InvalidRequestError("The backend has no token.", hint=f"Set {TOKEN_VARIABLE}.")
        for name, value in vars(self).items():
            if isinstance(value, (int, float)) and not value >= 0:
                raise InvalidRequestError(f"{name} is {value!r}.", hint="It must be 0 or more.")

    @property
    def user_id(self) -> str:
        """The id of the fixed user."""
        return f"usr_{self.fixed_user}"

    @property
    def database_url(self) -> str | None:
        """The database URL with its asynchronous driver; None for the one in the data folder."""
        if self.database is None:
            return None
        scheme, _, rest = self.database.partition("://")
        driver = {
            "sqlite": "sqlite+aiosqlite",
            "postgres": "postgresql+asyncpg",
            "postgresql": "postgresql+asyncpg",
        }.get(scheme, scheme)
        if driver not in {"sqlite+aiosqlite", "postgresql+asyncpg"}:
            raise InvalidRequestError(
                f"No database speaks {scheme!r} here.", hint="Use sqlite:///path or postgresql://user@host/name."
            )
        return f"{driver}://{rest}"
