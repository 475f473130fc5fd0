"""The options of the embedded backend, looked at before it is started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ipynemo.errors import InvalidRequestError
from ipynemo.settings import check_scheduler

__all__ = ["check_options"]

OPTIONS = frozenset({"edit_cost", "credits", "plan_export", "scheduler", "sign_certificate", "sign_key"})


def check_options(options: dict[str, Any]) -> None:
    """Look at the options.

    Raises
    ------
    InvalidRequestError
        There is no such option, the scheduler has no address, or the files for signing are not there. A message never
        repeats what was given for a key: it may be the key itself.
    """
    if unknown := options.keys() - OPTIONS:
        raise InvalidRequestError(
            f"AsyncNemo takes no {', '.join(sorted(unknown))}.",
            hint=f"The embedded backend takes {', '.join(sorted(OPTIONS))}.",
        )
    if options.get("scheduler") is not None:
        check_scheduler(options["scheduler"])
    given = {name: options.get(name) for name in ("sign_certificate", "sign_key")}
    if None in given.values() and any(value is not None for value in given.values()):
        raise InvalidRequestError(
            "To sign clips, a certificate and its key are needed.", hint="Pass both sign_certificate=… and sign_key=…."
        )
    for name, value in given.items():
        if value is not None and not _is_file(value):
            raise InvalidRequestError(f"{name} names no file that can be read.", hint="It is the path of a PEM file.")


def _is_file(value: Any) -> bool:
    try:
        return Path(value).expanduser().is_file()
    except (TypeError, ValueError, OSError, RuntimeError):
        return False
