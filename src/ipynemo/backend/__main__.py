"""`python -m ipynemo.backend`: the server as a child process of whoever uses it.

The token comes by the environment, never by the command line, which every user of the computer can read. When the
server answers requests, one line goes to standard output: `{"port": 12345}`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from ipynemo.backend.config import TOKEN_VARIABLE, BackendConfig, database_given
from ipynemo.errors import NemoError

__all__ = ["main"]

NOT_OPTIONS = {"data", "token"}
READERS: dict[str, Any] = {"int": int, "float": float, "str | None": str, "ACCESS": str}


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m ipynemo.backend", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--parent", type=int, help="end when this process has ended, or standard input has")
    for field in fields(BackendConfig):  # every setting has its option
        if field.name in NOT_OPTIONS or field.default is MISSING:
            continue
        option = f"--{field.name.replace('_', '-')}"
        if field.type == "bool":
            parser.add_argument(option, action=argparse.BooleanOptionalAction, default=field.default)
        else:
            parser.add_argument(option, type=READERS[str(field.type)], default=field.default)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the server until it is told to stop; return the exit status."""
    given = vars(_arguments(argv))
    host, port, parent = (given.pop(name) for name in ("host", "port", "parent"))
    try:
        given["database"] = database_given(given["database"])
        config = BackendConfig(token=os.environ.pop(TOKEN_VARIABLE, ""), **given)
        from ipynemo.backend import running
        from ipynemo.backend.lifeline import watch_parent

        running.set_up_log(config)
        listener = running.bind(host, port)

        def ready() -> None:
            sys.stdout.write(json.dumps({"port": listener.getsockname()[1]}) + "\n")
            sys.stdout.flush()

        server = running.BackendServer(config, ready)
        if parent is not None:
            watch_parent(parent, lambda: setattr(server, "should_exit", True))
        asyncio.run(server.serve([listener]))
    except (NemoError, OSError) as error:
        logging.getLogger(__name__).debug("stopped", exc_info=True)
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0 if server.started else 1


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    os._exit(status)  # a thread of a turn may still compute; nobody waits for it any more
