"""A link that opens a session in the vendor's web editor."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from ipynemo.client.wire import data_of
from ipynemo.errors import ProtocolError

if TYPE_CHECKING:
    from ipynemo.client.wire import Wire

__all__ = ["claim_link"]


async def claim_link(wire: Wire, session_id: str, task_id: str | None) -> str:
    """Ask for a claim on a session, and return the link that holds it; see `AsyncSession.browser_link`."""
    path, doing = "/api/auth/claim-token", "make a browser link"
    asked = {"task_id": task_id, "session_id": session_id}
    answer = await wire.call("POST", path, json=asked, doing=doing, session_id=session_id)
    claim = data_of(answer, doing=doing, session_id=session_id).get("claim_token")
    if not isinstance(claim, str) or not claim:
        raise ProtocolError("The backend gave no claim for a browser link.", session_id=session_id)
    return f"{wire.settings.web_url}/workspace/claim?ct={quote(claim, safe='')}"
