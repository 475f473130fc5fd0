"""The same server for a class: one address, a shared token or anonymous users, an end with Ctrl-C."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import secrets
import socket
import sys
from pathlib import Path

from ipynemo.backend.config import TOKEN_VARIABLE, BackendConfig, database_given
from ipynemo.errors import BackendStartError, InvalidRequestError
from ipynemo.settings import data_dir

__all__ = ["banner", "is_loopback", "serve"]

SERVE_TOKEN_VARIABLE = "NEMO_SERVE_TOKEN"  # noqa: S105 - a name, not a token
MIN_TOKEN_LENGTH = 16


def is_loopback(host: str) -> bool:
    """Return whether only this computer can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _own_address() -> str:
    """Return the address by which others reach this computer, as far as it can tell itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a documentation address; nothing is sent
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()


def banner(*, host: str, port: int, data: Path, anonymous: bool, token: str | None, generated: bool) -> str:
    """Return what the teacher reads: where it runs, what a pupil sets, and how to put TLS in front.

    Parameters
    ----------
    token : str, optional
        The shared token; a given one is not repeated, a `generated` one has to be shown somewhere.
    """
    everywhere = host in {"0.0.0.0", "::", ""}  # noqa: S104 - compared, not bound
    name = _own_address() if everywhere else host
    name = f"[{name}]" if ":" in name else name
    lines = [f"ipynemo serves on http://{name}:{port}, data in {data}", "", "A pupil sets:"]
    lines.append(f"  export NEMO_API_URL=http://{name}:{port}")
    if token is not None:
        lines.append(f"  export NEMO_TOKEN={token if generated else '(the token that you set)'}")
    if anonymous:
        nothing = "nothing else: " if token is None else "or, instead of the token, nothing: "
        lines.append(f"  ({nothing}everyone then gets a user of their own)")
    if not is_loopback(host):
        lines += [
            "",
            "Tokens and pictures travel unencrypted. For TLS, serve on --host 127.0.0.1 and put Caddy in front,",
            "which gets the certificate by itself; its Caddyfile is:",
            "  nemo.school.example {",
            f"      reverse_proxy 127.0.0.1:{port} {{",
            "          flush_interval -1",
            "      }",
            "  }",
        ]
    return "\n".join([*lines, "", "Ctrl-C stops it."])


def _token(given: str | None, *, host: str, anonymous: bool) -> tuple[str, bool, bool]:
    """Return the token, whether it was made just now, and whether anybody is to know it."""
    token = given or os.environ.get(SERVE_TOKEN_VARIABLE) or os.environ.get(TOKEN_VARIABLE) or ""
    token = token.strip()
    if not token:
        if not is_loopback(host) and not anonymous:
            raise InvalidRequestError(
                f"Serving on {host} lets others in, so it needs a token.",
                hint=f"Set {SERVE_TOKEN_VARIABLE} to a long random text, or pass --anonymous.",
            )
        return secrets.token_urlsafe(24), True, not anonymous
    if not token.isascii() or not token.isprintable() or " " in token:
        raise InvalidRequestError("The token has characters that no header can carry.", hint="Use letters and digits.")
    if len(token) < MIN_TOKEN_LENGTH and not is_loopback(host):
        raise InvalidRequestError(
            f"The token is shorter than {MIN_TOKEN_LENGTH} characters.", hint="Use a long random one."
        )
    return token, False, True


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    data: Path | None = None,
    database: str | None = None,
    storage: str | None = None,
    scheduler: str | None = None,
    anonymous: bool = False,
    edit_cost: int = 0,
    credits: int = 100,  # noqa: A002 - the protocol's word
    token: str | None = None,
    session_days: float = 30.0,
    plan_export: bool = True,
    user_gb: float = 2.0,
    renders_at_once: int | None = None,
    database_connections: int = 10,
    cache_gb: float = 4.0,
) -> None:
    """Serve until Ctrl-C.

    Parameters
    ----------
    host, port : str, int
        Where to listen; anything but loopback demands a token, or `anonymous`.
    data : Path, optional
        The folder for files and, by default, the database.
    database : str, optional
        A database URL, such as `postgresql://user@host/name`, without a password; by default `IPYNEMO_DATABASE_URL`,
        which may have one, else SQLite in the data folder.
    storage : str, optional
        Where uploads and clips lie: `file:///folder` or `s3://bucket/prefix`; by default the data folder.
    scheduler : str, optional
        The Dask scheduler whose workers make the renders, `tcp://host:port`; by default this computer makes them.
    anonymous : bool
        Whether everyone who asks gets a user of their own, for 7 days.
    edit_cost, credits : int
        What a turn that changes the draft costs, and what every user has to spend.
    token : str, optional
        The token of the shared user; else `NEMO_SERVE_TOKEN` or `IPYNEMO_BACKEND_TOKEN`; else, on loopback, a
        random one.
    session_days : float
        A session not used for so many days is forgotten.
    plan_export : bool
        Whether exports are part of the plan.
    user_gb : float
        How much room the files of each user of `anonymous` have.
    renders_at_once : int, optional
        How many renders this server runs at the same time; by default as many as it has processors, which they share.
    database_connections : int
        How many connections this server keeps to a PostgreSQL, besides the one that listens for news.
    cache_gb : float
        How much room copies of files from a bucket may take.

    Raises
    ------
    InvalidRequestError
        There is no token, or one too short, or a database URL with a password.
    BackendStartError
        The address cannot be used, or the server did not start.
    """
    secret, generated, shared = _token(token, host=host, anonymous=anonymous)
    folder = (data or data_dir()).expanduser().absolute()
    config = BackendConfig(
        data=folder,
        token=secret,
        database=database_given(database),
        storage=storage,
        scheduler=scheduler,
        fixed_user="served",
        anonymous=anonymous,
        edit_cost=edit_cost,
        credits=credits,
        session_days=session_days,
        plan_export=plan_export,
        user_data_bytes=round(user_gb * 1e9),
        renders_at_once=BackendConfig.renders_at_once if renders_at_once is None else renders_at_once,
        database_connections=database_connections,
        cache_bytes=round(cache_gb * 1e9),
    )
    try:
        from ipynemo.backend import running
    except ModuleNotFoundError as error:
        raise BackendStartError(
            f"The backend needs {error.name}.", hint='Install it: pip install "ipynemo[local]"'
        ) from error
    running.set_up_log(config)
    try:
        listener = running.bind(host, port)
    except OSError as error:
        raise BackendStartError(
            f"{host}:{port} cannot be used: {error.strerror or error}.", hint="Choose another --port or --host."
        ) from error
    text = banner(
        host=host,
        port=listener.getsockname()[1],
        data=folder,
        anonymous=anonymous,
        token=secret if shared else None,
        generated=generated,
    )

    def ready() -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    try:
        server = running.BackendServer(config, ready)
        asyncio.run(server.serve([listener]))
    except KeyboardInterrupt:
        return
    finally:
        listener.close()
    if not server.started:
        raise BackendStartError("The server did not start.", hint="The lines above say why.")
