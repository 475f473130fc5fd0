"""The session's state on the backend, and the draft in it."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote

from ipynemo.client.wire import Wire, data_of
from ipynemo.draft import Draft
from ipynemo.errors import DraftError, InvalidRequestError, NemoError, ProtocolError

__all__ = ["read_draft", "read_draft_or_none", "read_state", "write_draft"]

log = logging.getLogger(__name__)


def _path(session_id: str, what: str) -> str:
    return f"/api/state/nemo_agent/me/{quote(session_id, safe='')}/{what}"


async def read_state(wire: Wire, session_id: str) -> dict[str, Any]:
    """Return the state, empty where there is none yet."""
    doing = "read the state"
    answer = await wire.call("GET", _path(session_id, "latest"), doing=doing, session_id=session_id)
    state = data_of(answer, doing=doing, session_id=session_id).get("state")
    return state if isinstance(state, dict) else {}


async def read_draft(wire: Wire, session_id: str) -> Draft:
    """Return the draft in the state, as an object or as text; an empty one where there is none yet.

    Raises
    ------
    ProtocolError
        What the state holds is no draft.
    """
    raw = (await read_state(wire, session_id)).get("draft")
    try:
        if isinstance(raw, str):
            return Draft.from_json(raw) if raw.strip() else Draft()
        return Draft(raw or None)
    except DraftError as error:
        raise ProtocolError(
            f"The state holds no draft that can be read: {error.message}", session_id=session_id
        ) from error


async def read_draft_or_none(wire: Wire, session_id: str) -> Draft | None:
    """Return the draft, or None where the state cannot be read: a turn does not fail because of that."""
    try:
        return await read_draft(wire, session_id)
    except NemoError as error:
        log.info("The state of session %s could not be read: %s", session_id, type(error).__name__)
        return None


async def write_draft(wire: Wire, session_id: str, draft: Draft, *, is_local: bool) -> None:
    """Put a draft in place of the session's; the embedded backend alone takes it."""
    if not is_local:
        raise InvalidRequestError(
            "The cloud takes edits in the chat only.",
            hint="Say what to change with session.chat(…), or render a variation with session.export(draft=…).",
            session_id=session_id,
        )
    doing = "save the draft"
    body = f'{{"draft": {draft.to_json()}}}'.encode()
    answer = await wire.call("PUT", _path(session_id, "draft"), body=body, doing=doing, session_id=session_id)
    data_of(answer, doing=doing, session_id=session_id)
