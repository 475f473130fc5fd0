"""One server process: a bound socket, uvicorn on it, a quiet log without secrets, and a clean end."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import uvicorn

from ipynemo.backend.config import BackendConfig

if TYPE_CHECKING:
    from ipynemo.backend.turns import Respond

__all__ = ["BackendServer", "NoSecrets", "bind", "set_up_log"]

KEEP_ALIVE_S = 75  # longer than clients keep a connection, so that it is they who close it
GRACE_S = 5  # for answers that are being sent when the server is told to stop
START_ERROR = "ipynemo.errors.BackendStartError: "
SECRETS = re.compile(r"nmv_[A-Za-z0-9_-]+|clm_[A-Za-z0-9._-]+|(?<=signature=)[^\s&\"']+|(?<=[Bb]earer )[^\s\"']+")


class NoSecrets(logging.Filter):
    """Blackens tokens and signatures in whatever is logged, also in tracebacks."""

    def __init__(self, *secrets: str) -> None:
        super().__init__()
        self._known = [secret for secret in secrets if secret]

    def clean(self, text: str) -> str:
        """Return a text without secrets."""
        for secret in self._known:
            text = text.replace(secret, "…")
        return SECRETS.sub("…", text)

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean a record; none is dropped."""
        try:
            said = record.getMessage()
        except (TypeError, ValueError):  # arguments that do not fit; the handler would say so with all of them
            said = f"{record.msg} {record.args}"
        record.msg, record.args = self.clean(said), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self.clean(record.exc_text)
        return True


class ShortStart(logging.Filter):
    """Cuts the traceback from a start that failed for a reason of ours; the reason says what to do."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten a record; none is dropped."""
        said = record.getMessage() if record.name.startswith("uvicorn") else ""
        if START_ERROR in said:
            record.msg, record.args = f"no start:\n{START_ERROR}{said.rpartition(START_ERROR)[2].strip()}", None
        return True


def set_up_log(config: BackendConfig) -> None:
    """Log warnings and errors to standard error, without secrets."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(ShortStart())
    handler.addFilter(NoSecrets(*config.secrets))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket, so that the port is ours before anybody is told of it."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(256)
    except BaseException:
        listener.close()
        raise
    return listener


class BackendServer(uvicorn.Server):
    """uvicorn, set up for us.

    Parameters
    ----------
    config : BackendConfig
        The backend's settings.
    on_ready : callable
        Called once, when requests are answered.
    respond : callable, optional
        Another agent than the rule planner.
    """

    def __init__(self, config: BackendConfig, on_ready: Callable[[], None], *, respond: Respond | None = None) -> None:
        from ipynemo.backend.app import create_app

        self._on_ready = on_ready
        super().__init__(
            uvicorn.Config(
                create_app(config, respond),
                log_config=None,
                log_level="warning",
                access_log=False,  # signed links would be in it
                server_header=False,
                timeout_graceful_shutdown=GRACE_S,
                timeout_keep_alive=KEEP_ALIVE_S,
                ws="none",
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell it."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()
