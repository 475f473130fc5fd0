"""How a command ends: an exit status, and at most one line on standard error for each thing that went wrong."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn, ParamSpec, TypeVar

import typer

from ipynemo.client.secret import redact
from ipynemo.draft.summary import plain
from ipynemo.errors import NemoError

__all__ = ["FAILED", "INTERRUPTED", "complain", "ends_well", "error_entry", "one_line", "print_json"]

FAILED: Final = 1
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it
LINE_LIMIT: Final = 1000

P = ParamSpec("P")
T = TypeVar("T")


def one_line(error: BaseException) -> str:
    """Return what an error says, in one line without control characters and without secrets."""
    if isinstance(error, NemoError):
        hint = plain(redact(error.hint), LINE_LIMIT // 2) if error.hint else ""
        message = plain(redact(error.message), LINE_LIMIT - len(hint) - 1)  # the advice must not be cut off
        return f"{message} {hint}".strip()
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return plain(redact(text), LINE_LIMIT)


def complain(text: str) -> None:
    """Write one line to standard error."""
    sys.stderr.write(f"ipynemo: {text}\n")


def error_entry(error: BaseException, session_id: str | None = None) -> dict[str, Any]:
    """Return an error as it stands in `--json` output."""
    session_id = session_id or getattr(error, "session_id", None)
    entry: dict[str, Any] = {"error": {"type": type(error).__name__, "message": one_line(error)}}
    return {**entry, "session_id": session_id} if session_id else entry


def print_json(value: dict[str, Any]) -> None:
    """Write one JSON object to standard output, in ASCII, so that no terminal or pipe can spoil it."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def stop(status: int) -> NoReturn:
    """End the command with an exit status."""
    raise typer.Exit(status)


def ends_well(command: Callable[P, T]) -> Callable[P, T]:
    """Turn what a command raises into an exit status and one line; `IPYNEMO_DEBUG=1` shows the traceback."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except (Exception, KeyboardInterrupt) as error:  # also a fault of ours is told in one line
            if os.environ.get("IPYNEMO_DEBUG"):
                raise
            interrupted = isinstance(error, KeyboardInterrupt)
            complain("Interrupted." if interrupted else one_line(error))
            if kwargs.get("as_json"):
                print_json(error_entry(error))
            stop(INTERRUPTED if interrupted else FAILED)

    return run
