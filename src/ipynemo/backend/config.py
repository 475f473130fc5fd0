"""How one backend server is set up: every limit, price and folder, with its unit."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from ipynemo.errors import InvalidRequestError
from ipynemo.settings import check_scheduler

__all__ = ["DATABASE_VARIABLE", "TOKEN_VARIABLE", "BackendConfig", "database_given"]

TOKEN_VARIABLE = "IPYNEMO_BACKEND_TOKEN"  # noqa: S105 - a name, not a token
DATABASE_VARIABLE = "IPYNEMO_DATABASE_URL"  # for a URL with a password, which no command line should show

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
    storage : str, optional
        Where uploads and clips lie: `file:///folder` or `s3://bucket/prefix`; by default the data folder.
    scheduler : str, optional
        The Dask scheduler whose workers make the renders: `tcp://host:port`, or `tls://host:port`; by default they are
        made on this computer.
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
        How many renders this server runs at the same time, each in its share of the processors.
    max_data_bytes : int
        How much room files and clips may take before the oldest are removed.
    user_data_bytes : int
        How much an anonymous user's uploads may take; the fixed user has no limit of its own.
    allow_private_urls : bool
        Whether files may be fetched from private addresses, such as a school's own picture server.
    database_connections : int
        How many connections this server keeps to a PostgreSQL, besides the one that listens for news.
    database_wait_s : float
        How long a server that starts waits for a PostgreSQL that is not there yet, in seconds.
    cache_bytes : int
        How much room copies of files from a remote storage may take in the data folder.
    """

    data: Path
    token: str = field(repr=False)
    database: str | None = field(default=None, repr=False)
    storage: str | None = None
    scheduler: str | None = None
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
    renders_at_once: int = os.cpu_count() or 1
    max_data_bytes: int = 20 << 30
    user_data_bytes: int = 2_000_000_000
    allow_private_urls: bool = False
    database_connections: int = 10
    database_wait_s: float = 15.0
    cache_bytes: int = 4_000_000_000

    def __post_init__(self) -> None:
        if not self.token:
            raise InvalidRequestError("The backend has no token.", hint=f"Set {TOKEN_VARIABLE}.")
        for name, value in vars(self).items():
            if isinstance(value, (int, float)) and not value >= 0:
                raise InvalidRequestError(f"{name} is {value!r}.", hint="It must be 0 or more.")
        if not self.database_connections:
            raise InvalidRequestError("database_connections is 0.", hint="It must be 1 or more.")
        if self.scheduler is not None:
            check_scheduler(self.scheduler)

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
        place, _, query = rest.partition("?")
        query = query.replace("sslmode=", "ssl=")  # libpq's word, which managed databases give, and asyncpg's
        return f"{driver}://{place}?{query}" if query else f"{driver}://{place}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never stand in a log: the token, and what is secret in the database URL and the environment."""
        password = urlsplit(self.database).password if self.database else None
        known = [self.token, self.database, password, unquote(password or "")]
        known += [os.environ.get(name) for name in ("PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")]
        return tuple(sorted({secret for secret in known if secret}, key=len, reverse=True))


def database_given(argument: str | None) -> str | None:
    """Return the database URL to use: the argument, else that of the environment.

    Raises
    ------
    InvalidRequestError
        The argument holds a password, which every user of the computer could read in the list of processes.
    """
    if argument is None:
        return os.environ.get(DATABASE_VARIABLE, "").strip() or None
    if urlsplit(argument).password is not None:
        raise InvalidRequestError(
            "A command line can be read by every user of the computer, so no password belongs there.",
            hint=f"Put the whole URL into {DATABASE_VARIABLE}, or the password into PGPASSWORD or ~/.pgpass.",
        )
    return argument
