"""Evidence of uploaded files: read once, from the original bytes, and kept with the file's record."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from ipynemo.errors import InvalidRequestError

if TYPE_CHECKING:
    from pathlib import Path

    from ipynemo.concepts.evidence import Evidence
    from ipynemo.formats import MediaKind

__all__ = ["evidence_text", "kept_evidence"]

log = logging.getLogger(__name__)


def evidence_text(path: Path, kind: MediaKind) -> str | None:
    """Return what a file states about its making, as JSON to keep; None where there is nothing to read it from."""
    if kind == "audio":
        return None
    from ipynemo.concepts.evidence import evidence

    try:
        found = evidence(path)
    except InvalidRequestError as error:  # the trust list, most likely; the upload itself is fine
        log.warning("the evidence of a file was not read: %s", error)
        return None
    return json.dumps(found.to_dict(private=True))


def kept_evidence(text: str | None) -> Evidence | None:
    """Return the evidence that was kept; None where there is none, or where another version wrote it differently."""
    if text is None:
        return None
    from ipynemo.concepts.evidence import Evidence

    try:
        return Evidence.from_dict(json.loads(text))
    except (ValueError, KeyError, TypeError):
        log.warning("the evidence that is kept with a file cannot be used; it is read again")
        return None
