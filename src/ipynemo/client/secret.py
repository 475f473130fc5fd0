"""Tokens: values that show themselves to nobody, and a filter that keeps them out of logs."""

from __future__ import annotations

import logging
import re
from typing import Final, NoReturn

__all__ = ["REDACTED", "Secret", "install_log_filter"]

REDACTED: Final = "[secret]"

# The loggers that may see a request; ours join them, each by its name, because a filter on a parent does not reach the
# records of its children.
LOGGERS: Final = (
    "ipynemo",
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
)

# Signed links carry their right in the query; what is asked for is in the path.
_QUERY = re.compile(r"(https?://[^\s\"'?<>]+)\?[^\s\"'<>]+")
_BEARER = re.compile(r"(?i)\b(bearer\s+)[^\s\"',)]+")

_known: set[str] = set()


class Secret:
    """A token. Its `repr`, `str` and format are always the same; `reveal` is for the header alone."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        if len(value) >= 6:  # shorter ones stand in ordinary words and would black them out
            _known.add(value)

    def reveal(self) -> str:
        """Return the token itself."""
        return self._value

    def __repr__(self) -> str:
        return REDACTED

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not pickled.")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def redact(text: str) -> str:
    """Return `text` without tokens and without the query part of links."""
    # The longest first: one token may begin like another. It is sorted in a copy: another thread may be adding one.
    for value in sorted(_known, key=len, reverse=True):
        text = text.replace(value, REDACTED)
    return _BEARER.sub(rf"\1{REDACTED}", _QUERY.sub(rf"\1?{REDACTED}", text))


class _Filter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):
            return True  # its arguments do not fit; the handler says so
        clean = redact(message)
        if clean != message:
            record.msg, record.args = clean, ()
        if record.exc_info and not record.exc_text:
            trace = logging.Formatter().formatException(record.exc_info)
            clean = redact(trace)
            if clean != trace:
                record.exc_text = clean  # what formatters take instead of making it themselves
        return True


_filter = _Filter()


def install_log_filter() -> None:
    """Keep tokens and signed queries out of what the client and its HTTP library log."""
    ours = [name for name in tuple(logging.root.manager.loggerDict) if name.startswith("ipynemo.")]
    for name in (*LOGGERS, *ours):
        logging.getLogger(name).addFilter(_filter)  # adding it twice has no effect
